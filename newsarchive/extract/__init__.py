"""Read what a payload says: bytes in, nouns out. Pure: no network, no disk, no clock, no state, no locale.

What needs a parser is imported when it is first asked for: commands that read no page start quickly.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from newsarchive.extract.serialize import as_json

if TYPE_CHECKING:
    from newsarchive.extract.page import extract_page, read

__all__ = ["as_json", "extract_page", "read"]


def __getattr__(name: str) -> Any:
    if name in ("extract_page", "read"):
        return getattr(import_module("newsarchive.extract.page"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
