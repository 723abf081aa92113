"""APIs for programs: JSON, CDX, Memento, exports, WARC files; one module each, with a `router`."""
