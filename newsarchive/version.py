"""The version, in one place: the package's metadata, the User-Agent and the WARC files' software line come from it."""

VERSION = "0.1.0"

EXTRACTOR = "3"
"""Version of the extraction code, stored in the index with each reading.

Raised by each release that reads any page differently; `newsarchive reextract` selects captures by it.
"""
