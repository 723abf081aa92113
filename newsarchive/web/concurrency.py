"""Limit on heavy requests: exports, CDX listings and WARC slices that run at once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Generic, TypeVar

from storage.errors import ArchiveError
from storage.index.engine.work_limit import WorkLimit

T = TypeVar("T")


class TooBusy(ArchiveError):
    """The limit of concurrent heavy requests is reached."""

    def __init__(self) -> None:
        super().__init__(
            "this archive is serving as many large requests as it allows at once; nothing was changed. Try again later"
        )


class HeavyRequests:
    """Limit on concurrent heavy requests."""

    def __init__(self, limit: int) -> None:
        self._slots = threading.BoundedSemaphore(limit)

    @contextmanager
    def slot(self, work: WorkLimit) -> Iterator[None]:
        """Hold a slot while the block runs, and count its CPU time; TooBusy if all are taken."""
        if not self._slots.acquire(blocking=False):
            raise TooBusy
        try:
            with work.measure():
                yield
        finally:
            self._slots.release()

    def stream(self, items: Iterator[T], work: WorkLimit) -> "HeavyStream[T]":
        """Return the items of a streamed response, holding a slot until it ends; TooBusy if all slots are taken.

        The first item is made at once: its error is then a response of its own, since nothing has been sent.
        """
        if not self._slots.acquire(blocking=False):
            raise TooBusy
        stream = HeavyStream(work.limit(items), self._slots.release)
        stream.begin()
        return stream


class HeavyStream(Generic[T]):
    """Items of a response. Its slot is released once: at the end, at an error, or when the client disconnects."""

    def __init__(self, items: Iterator[T], release: Callable[[], None]) -> None:
        self._items = items
        self._release: Callable[[], None] | None = release
        self._first: list[T] = []

    def begin(self) -> None:
        """Make the first item."""
        with suppress(StopIteration):
            self._first = [next(self)]

    def __iter__(self) -> "HeavyStream[T]":
        """Return the iterator itself."""
        return self

    def __next__(self) -> T:
        """Return the next item."""
        if self._first:
            return self._first.pop()
        try:
            return next(self._items)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Release the slot and close the source of the items."""
        release, self._release = self._release, None
        if release is not None:
            try:
                close = getattr(self._items, "close", None)
                if close is not None:
                    close()
            finally:
                release()

    def __del__(self) -> None:
        """Release the slot of a generator that was never started, whose `finally` does not run."""
        self.close()
