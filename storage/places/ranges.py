"""A remote file that is read by ranges, with a cache and read-ahead.

one record            a request of 64 kB, cached: web pages read the same records repeatedly
sequential reading    requests that double up to 4 MB; these are not cached
"""

import io
import threading
from collections import OrderedDict
from typing import BinaryIO, Protocol

FIRST_RANGE = 1 << 16
MAX_READ_AHEAD = 1 << 22
CACHE_SIZE = 1 << 25
"""Bytes that a process caches."""


class RangeReader(Protocol):
    """A store of files that can be read by ranges."""

    def read(self, name: str, begin: int, end: int) -> tuple[bytes, int]:
        """Return the bytes of a range, fewer at the end, and the size of the file."""


def open_by_ranges(place: RangeReader, name: str) -> BinaryIO:
    """Open a file; its first range is fetched at once, so that a missing file is an error here."""
    return io.BufferedReader(_RangedFile(place, name), FIRST_RANGE)


class _RangeCache:
    """LRU cache of first ranges. Thread-safe; the files never change."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._pieces: OrderedDict[tuple[RangeReader, str, int], tuple[bytes, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[RangeReader, str, int]) -> tuple[bytes, int] | None:
        with self._lock:
            found = self._pieces.get(key)
            if found is not None:
                self._pieces.move_to_end(key)
            return found

    def put(self, key: tuple[RangeReader, str, int], piece: tuple[bytes, int]) -> None:
        with self._lock:
            old = self._pieces.pop(key, None)
            self._size += len(piece[0]) - (len(old[0]) if old else 0)
            self._pieces[key] = piece
            while self._size > self._most:
                _, (gone, _) = self._pieces.popitem(last=False)
                self._size -= len(gone)


_cache = _RangeCache(CACHE_SIZE)


class _RangedFile(io.RawIOBase):
    """One file, its ranges fetched as they are read."""

    def __init__(self, place: RangeReader, name: str) -> None:
        self._place = place
        self._at = 0
        self._begin = 0
        self._step = FIRST_RANGE
        self.name = name
        self._window, self._size = self._first(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError(f"{self.name} has no byte {base + offset}")
        self._at = base + offset
        return self._at

    def readinto(self, into: "bytearray | memoryview") -> int:  # type: ignore[override]  # what BufferedReader gives
        if self._at >= self._size:
            return 0
        behind = self._begin + len(self._window)
        if not self._begin <= self._at < behind:
            self._fetch(goes_on=self._at == behind)
        start = self._at - self._begin
        count = min(len(into), len(self._window) - start)
        into[:count] = self._window[start : start + count]
        self._at += count
        return count

    def _fetch(self, *, goes_on: bool) -> None:
        if goes_on:
            self._step = min(self._step * 2, MAX_READ_AHEAD)
            self._window, self._size = self._place.read(self.name, self._at, self._at + self._step)
        else:
            self._step = FIRST_RANGE
            self._window, self._size = self._first(self._at)
        self._begin = self._at

    def _first(self, begin: int) -> tuple[bytes, int]:
        key = (self._place, self.name, begin)
        found = _cache.get(key)
        if found is None:
            found = self._place.read(self.name, begin, begin + FIRST_RANGE)
            _cache.put(key, found)
        return found
