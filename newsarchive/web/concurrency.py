"""Limit on heavy requests: exports, CDX listings and WARC slices that run at once."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from typing import Any, TypeVar

from storage.errors import ArchiveError
from storage.index.engine.database import WorkLimit

T = TypeVar("T")


class TooBusy(ArchiveError):
    """The limit of concurrent heavy requests is reached."""


class HeavyRequests:
    """Limit on concurrent heavy requests, of all processes that are forked later."""

    def __init__(self, limit: int) -> None:
        self._slots = get_context("fork").BoundedSemaphore(limit)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a slot while the block runs; TooBusy if all are taken."""
        if not self._slots.acquire(block=False):
            raise TooBusy
        try:
            yield
        finally:
            self._slots.release()

    def stream(self, items: Iterator[T], work: WorkLimit) -> Generator[T, None, None]:
        """Return the items of a streamed response, holding a slot until it ends; TooBusy if all slots are taken.

        The first item is made at once: its error is then a response of its own, since nothing has been sent.
        """
        stream = self._hold_while_streaming(items, work)
        next(stream)
        return stream

    def _hold_while_streaming(self, items: Iterator[T], work: WorkLimit) -> Generator[Any, None, None]:
        """Yield None once the first item is made, then the items. From the first None on, closing releases the slot."""
        with self.slot():
            limited = work.limit(items)
            first = tuple(islice(limited, 1))
            yield None
            yield from first
            yield from limited
