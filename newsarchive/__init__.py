"""Layer 1: fetch, read, ingest, schedule, show: the application.

The public API is what `__all__` names; it is imported on first use, so that commands start quickly.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from newsarchive.archive import Archive
    from newsarchive.batch.read_warc import read_warc
    from newsarchive.extract.page import extract_page
    from storage.errors import ArchiveError
    from storage.model import Article, Capture, Reading

__all__ = ["Archive", "ArchiveError", "Article", "Capture", "Reading", "extract_page", "read_warc"]

_HOMES = {
    "Archive": "newsarchive.archive",
    "ArchiveError": "storage.errors",
    "Article": "storage.model",
    "Capture": "storage.model",
    "Reading": "storage.model",
    "extract_page": "newsarchive.extract.page",
    "read_warc": "newsarchive.batch.read_warc",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
