"""WARC files: exact bytes, written once, read by offset or in order, checked and repaired."""
