"""Nouns that go between processes by the hundred: what a page says is links and paragraphs, and each has its task."""

from collections.abc import Iterable
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar

T = TypeVar("T")


def carried(noun: type[T]) -> type[T]:
    """Have pickle take a frozen, slotted dataclass apart and put it together by its slots.

    As dataclasses do it, each field of each object is looked up by name, which takes three times as long.
    """
    names = [field.name for field in fields(noun)]  # type: ignore[arg-type] # a dataclass, which mypy has no type for
    put = [getattr(noun, name).__set__ for name in names]
    take = attrgetter(*names)

    def state(self: T) -> Any:
        return take(self) if len(names) > 1 else (take(self),)

    def set_state(self: T, values: Iterable[Any]) -> None:
        for put_one, value in zip(put, values, strict=True):
            put_one(self, value)

    noun.__getstate__ = state  # type: ignore[method-assign,assignment]
    noun.__setstate__ = set_state  # type: ignore[attr-defined]
    return noun
