"""Doors for programs: JSON, CDX, Memento, feeds, files; a module each, with a `router`."""
