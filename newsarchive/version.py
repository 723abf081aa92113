"""The version, in one place: the package's metadata, the User-Agent and the WARC files' software line come from it."""

VERSION = "0.1.0"

EXTRACTOR = "3"
"""Which way of reading pages this is, as it stands in the index beside what was read.

Raised with each release that reads any page otherwise than the one before: `newsarchive reextract` goes by it.
"""
