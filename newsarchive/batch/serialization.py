"""Serialize dataclasses with pickle, and load nothing else.

pickle is several times faster than JSON over these classes. But a pickle may name any function to be called, and these
files are in a folder that several machines write to: so only dataclasses and enums of ours are looked up.
"""

import importlib
import io
import pickle
from dataclasses import is_dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

FORMAT = 3
"""Version of everything that is pickled into files: raise it when a pickled class, module or field is renamed, added or
removed. Files of another version are ignored, and their work is done again."""
_OUR_PACKAGES = ("storage.", "newsarchive.")
_STANDARD_CLASSES = frozenset(("datetime", name) for name in ("datetime", "date", "timedelta", "timezone"))


def dump(value: object) -> bytes:
    """Return a dataclass as bytes."""
    return pickle.dumps(value, protocol=5)


def load(data: bytes) -> Any:
    """Return what was dumped; pickle.UnpicklingError for anything else."""
    return _RestrictedUnpickler(io.BytesIO(data)).load()


class _RestrictedUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return _find_class(module, name)


@lru_cache(maxsize=256)
def _find_class(module: str, name: str) -> Any:
    if (module, name) in _STANDARD_CLASSES or module.startswith(_OUR_PACKAGES):
        try:
            found = getattr(importlib.import_module(module), name, None)
        except ImportError:
            found = None  # a module of another version
        if isinstance(found, type) and (module == "datetime" or is_dataclass(found) or issubclass(found, Enum)):
            return found
    raise pickle.UnpicklingError(f"{module}.{name} is not a dataclass of this version")
