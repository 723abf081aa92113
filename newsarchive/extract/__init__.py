"""Read what a payload says: bytes in, nouns out. Pure: no network, no disk, no clock, no state, no locale."""

from newsarchive.extract.as_json import as_json
from newsarchive.extract.page import extract_page, read

__all__ = ["as_json", "extract_page", "read"]
