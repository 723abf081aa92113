"""Read payloads: bytes in, a Reading out. Pure functions: no network, disk, clock, state or locale.

Modules that need a parser are imported on first use, so that commands that read no page start quickly.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from newsarchive.extract.serialize import reading_to_json

if TYPE_CHECKING:
    from newsarchive.extract.page import extract_page, read

__all__ = ["extract_page", "read", "reading_to_json"]


def __getattr__(name: str) -> Any:
    if name in ("extract_page", "read"):
        return getattr(import_module("newsarchive.extract.page"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
