"""Read what a payload says: bytes in, nouns out. Pure: no network, no disk, no clock, no state, no locale."""

from newsarchive.extract.page import extract_page, read

__all__ = ["extract_page", "read"]
