"""A cache that is bounded by the bytes it holds, not by a number of things."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """Something that knows about how much memory it takes."""

    @property
    def size(self) -> int:
        """Return bytes."""
        ...


T = TypeVar("T", bound=Sized)


class ByteCache(Generic[T]):
    """Keeps what was asked for last. Safe to use from many threads; two may make the same thing at once."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._things: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what the key stands for, made anew where it is not held."""
        with self._lock:
            if (thing := self._things.get(key)) is not None:
                self._things.move_to_end(key)
                return thing
        thing = make()
        with self._lock:
            if key not in self._things:
                self._things[key] = thing
                self._held += thing.size
            while self._held > self._limit and len(self._things) > 1:
                _, old = self._things.popitem(last=False)
                self._held -= old.size
        return thing
