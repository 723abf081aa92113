"""Floor 1: fetch, read, ingest, schedule, show: the application."""
