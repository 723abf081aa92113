"""WorkLimit: the CPU time that the work for one client may take, and whether the client still waits for it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from storage.errors import QueryTooLong

T = TypeVar("T")


class WorkLimit:
    """Limit on the CPU time of the queries of one client, in whatever thread they run. Thread-safe."""

    def __init__(self, cpu_seconds: float) -> None:
        self._cpu_seconds = cpu_seconds
        self._used = 0.0
        self._thread = threading.local()
        self._lock = threading.Lock()
        self.is_cancelled = False
        """True if nobody waits for the work any more."""
        self._stops: list[Callable[[], None]] = []

    @contextmanager
    def measure(self) -> Iterator[None]:
        """Count the CPU time of this thread while the block runs; blocks may be nested."""
        if getattr(self._thread, "began", None) is not None:
            yield
            return
        self._thread.began = time.thread_time()
        try:
            yield
        finally:
            with self._lock:
                self._used += time.thread_time() - self._thread.began
            self._thread.began = None

    @property
    def is_over(self) -> bool:
        """True if the time is used up or the work was cancelled."""
        began = getattr(self._thread, "began", None)
        running = 0.0 if began is None else time.thread_time() - began
        return self.is_cancelled or self._used + running > self._cpu_seconds

    def check(self) -> None:
        """Raise QueryTooLong if the work must end."""
        if self.is_over:
            raise QueryTooLong.create()

    def limit(self, items: Iterator[T]) -> Iterator[T]:
        """Yield items, counting the CPU time of each; QueryTooLong when the work is over."""
        while True:
            with self.measure():
                self.check()
                try:
                    item = next(items)
                except StopIteration:
                    return
            yield item

    def cancel(self) -> None:
        """End the work: its client has left. Running statements are stopped."""
        with self._lock:
            self.is_cancelled = True
            for stop in self._stops:
                # The statement has ended, or its connection is broken.
                with suppress(Exception):
                    stop()

    @contextmanager
    def stopping(self, stop: Callable[[], None]) -> Iterator[None]:
        """While the block runs, `cancel` calls `stop`."""
        with self._lock:
            self._stops.append(stop)
        try:
            self.check()
            yield
        finally:
            with self._lock:
                self._stops.remove(stop)
