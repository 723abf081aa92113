"""Health, diagnostics, metrics, notifications and timetables."""
