"""A file that is read by ranges from far away, as if it lay here.

one record     a request of 64 kB, kept for a while: pages ask for the same records again and again
a walk         requests that double up to 4 MB while the reading goes straight on; these are not kept
"""

import io
import threading
from collections import OrderedDict
from typing import BinaryIO, Protocol

FIRST = 1 << 16
MOST_AHEAD = 1 << 22
KEPT = 1 << 25
"""Bytes of what was read that a process keeps."""


class Ranges(Protocol):
    """What can be read so."""

    def read(self, name: str, begin: int, end: int) -> tuple[bytes, int]:
        """Return the bytes of a range, fewer at the end, and the size of the whole."""


def ranged(place: Ranges, name: str) -> BinaryIO:
    """Open a file of a place; its first bytes are asked for at once, so that one that is not there is told of here."""
    return io.BufferedReader(_Ranged(place, name), FIRST)


class _Kept:
    """What was read last, by where it stands. Safe to share between threads; files here never change."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._pieces: OrderedDict[tuple[Ranges, str, int], tuple[bytes, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[Ranges, str, int]) -> tuple[bytes, int] | None:
        with self._lock:
            found = self._pieces.get(key)
            if found is not None:
                self._pieces.move_to_end(key)
            return found

    def put(self, key: tuple[Ranges, str, int], piece: tuple[bytes, int]) -> None:
        with self._lock:
            old = self._pieces.pop(key, None)
            self._size += len(piece[0]) - (len(old[0]) if old else 0)
            self._pieces[key] = piece
            while self._size > self._most:
                _, (gone, _) = self._pieces.popitem(last=False)
                self._size -= len(gone)


_kept = _Kept(KEPT)


class _Ranged(io.RawIOBase):
    """The bytes of one file, fetched as they are asked for."""

    def __init__(self, place: Ranges, name: str) -> None:
        self._place = place
        self._at = 0
        self._begin = 0
        self._step = FIRST
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
            self._step = min(self._step * 2, MOST_AHEAD)
            self._window, self._size = self._place.read(self.name, self._at, self._at + self._step)
        else:
            self._step = FIRST
            self._window, self._size = self._first(self._at)
        self._begin = self._at

    def _first(self, begin: int) -> tuple[bytes, int]:
        key = (self._place, self.name, begin)
        found = _kept.get(key)
        if found is None:
            found = self._place.read(self.name, begin, begin + FIRST)
            _kept.put(key, found)
        return found
