"""Digests of files, computed in one pass: of a file that is transferred, and of one that is read anyway."""

import hashlib
import io
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO, Literal

from storage.places.file_names import Readable

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """Size and digests of a file."""

    size: int
    sha256: str
    """64 hexadecimal digits."""
    md5: str
    """32 hexadecimal digits: the ETag that S3 servers give an object put in one part. Not used for security."""

    def match_etag(self, etag: str | None) -> bool:
        """Return whether an ETag is the MD5 of these bytes. A different one proves nothing.

        It may be of an object that was put in parts, or encrypted with a customer's key.

        >>> Digests(size=1, sha256="", md5="0cc175b9c0f1b6a8").match_etag('"0CC175b9c0f1b6a8"')
        True
        """
        return (etag or "").removeprefix("W/").strip('"').lower() == self.md5


def digest_file(file: BinaryIO) -> Digests:
    """Digest a file from its current position to its end."""
    return digest_chunks(iter(lambda: file.read(_CHUNK), b""))


def digest_chunks(chunks: Iterable[bytes]) -> Digests:
    """Digest bytes that come in chunks."""
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    for chunk in chunks:
        sha256.update(chunk)
        md5.update(chunk)
        size += len(chunk)
    return Digests(size=size, sha256=sha256.hexdigest(), md5=md5.hexdigest())


class HashingReader:
    """A `Readable` that digests another one while it is read in order, so that it need not be read twice."""

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._until = 0
        self.name = file.name

    def open(self, mode: Literal["rb"] = "rb", /) -> BinaryIO:
        """Open the other file."""
        return io.BufferedReader(_ObservedFile(self._file.open(mode), self._update), _CHUNK)

    def size_and_sha256(self) -> tuple[int, str]:
        """Return the file's size and sha256, after reading what was not read yet."""
        with self._file.open("rb") as rest:
            rest.seek(self._until)
            while chunk := rest.read(_CHUNK):
                self._update(self._until, chunk)
            return rest.seek(0, os.SEEK_END), self._digest.hexdigest()

    def _update(self, at: int, chunk: bytes) -> None:
        """Digest the part of a chunk that follows what has been digested."""
        if at <= self._until < at + len(chunk):
            self._digest.update(memoryview(chunk)[self._until - at :])
            self._until = at + len(chunk)


class _ObservedFile(io.RawIOBase):
    """A file that reports each read to a callback."""

    def __init__(self, file: BinaryIO, on_read: Callable[[int, bytes], None]) -> None:
        self._file = file
        self._on_read = on_read

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def readinto(self, into: "bytearray | memoryview") -> int:  # type: ignore[override]  # what BufferedReader gives
        at = self._file.tell()
        chunk = self._file.read(len(into))
        into[: len(chunk)] = chunk
        self._on_read(at, chunk)
        return len(chunk)

    def close(self) -> None:
        self._file.close()
        super().close()
