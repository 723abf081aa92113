"""Crawl news sites, archive their pages, and read the articles again.

The public API is what `__all__` names (docs: newsarchive help python). It is stable: see "Stability" there. Everything
else of newsarchive, storage and spiders is the inside of the application, and changes without notice.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from newsarchive.archive import Archive
    from newsarchive.batch.read_warc import read_warc
    from newsarchive.library import extract_page
    from storage.errors import ArchiveError
    from storage.model import Article, Capture, Outcome, Reading

__all__ = ["Archive", "ArchiveError", "Article", "Capture", "Outcome", "Reading", "extract_page", "read_warc"]

_HOMES = {
    "Archive": "newsarchive.archive",
    "ArchiveError": "storage.errors",
    "Article": "storage.model",
    "Capture": "storage.model",
    "Outcome": "storage.model",
    "Reading": "storage.model",
    "extract_page": "newsarchive.library",
    "read_warc": "newsarchive.batch.read_warc",
}

if not TYPE_CHECKING:  # a name that is none of these is an error to type checkers too

    def __getattr__(name: str) -> Any:
        """Import a public name on its first use, so that programs and commands start quickly."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
