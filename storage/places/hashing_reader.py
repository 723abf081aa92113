"""A file that is measured while it is read: who has walked over it need not fetch it once more for its digest."""

import hashlib
import io
import os
from collections.abc import Callable
from typing import BinaryIO, Literal

from storage.places.readable import Readable

_PIECE = 1 << 20


class Measured:
    """A `Readable` that takes the digest of all that is read of another, as far as the bytes come in order."""

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._until = 0
        self.name = file.name

    def open(self, mode: Literal["rb"] = "rb", /) -> BinaryIO:
        """Open it, as the other is opened."""
        return io.BufferedReader(_Watched(self._file.open(mode), self._took), _PIECE)

    def measure(self) -> tuple[int, str]:
        """Return its size and sha256; what was not read yet is read for that."""
        with self._file.open("rb") as rest:
            rest.seek(self._until)
            while piece := rest.read(_PIECE):
                self._took(self._until, piece)
            return rest.seek(0, os.SEEK_END), self._digest.hexdigest()

    def _took(self, at: int, piece: bytes) -> None:
        """Bytes of the file were read; those that stand behind what is measured already are measured too."""
        if at <= self._until < at + len(piece):
            self._digest.update(memoryview(piece)[self._until - at :])
            self._until = at + len(piece)


class _Watched(io.RawIOBase):
    """What is read of a file, told to who measures."""

    def __init__(self, file: BinaryIO, took: Callable[[int, bytes], None]) -> None:
        self._file = file
        self._took = took

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, into: "bytearray | memoryview") -> int:  # type: ignore[override]  # what BufferedReader gives
        at = self._file.tell()
        piece = self._file.read(len(into))
        into[: len(piece)] = piece
        self._took(at, piece)
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()
