"""Buffered reading of a foreign file, decompressed if need be, with the positions of its gzip members."""

import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

from storage.warc.gzip_members import MAX_RECORD_SIZE, find_member, is_gzip_start

READ_SIZE = 1 << 14
"""Small: a decompression bomb of this size inflates to 16 MB at most."""


class BrokenStream(EOFError):
    """The stream is damaged and has to be resumed behind the damage. Internal to this package."""

    def __init__(self, offset: int, what: str) -> None:
        super().__init__(what)
        self.offset = offset
        self.what = what


class ByteStream:
    """A file that is not compressed, or a part of one, which comes in pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.buffer = bytearray()
        """Bytes that were read from the file and not yet consumed."""
        self.position = 0
        """Offset of the buffer in the decompressed file."""
        self._pieces = pieces

    def fill(self) -> bool:
        """Read more into the buffer; False at the end. BrokenStream at damage, until `resume` is called."""
        piece = next(self._pieces, None)
        self.buffer += piece or b""
        return piece is not None

    def ensure(self, count: int) -> bool:
        """Fill the buffer with at least `count` bytes; False if the file ends before."""
        while len(self.buffer) < count:
            if not self.fill():
                return False
        return True

    def find(self, pattern: "re.Pattern[bytes]", within: int) -> "re.Match[bytes] | None":
        """Search for a pattern in about the next `within` bytes."""
        while (found := pattern.search(self.buffer)) is None:
            if len(self.buffer) > within or not self.fill():
                return None
        return found

    def read(self, count: int) -> bytes:
        """Return the next bytes, fewer at the end."""
        self.ensure(count)
        taken = bytes(self.buffer[:count])
        self.discard(len(taken))
        return taken

    def discard(self, count: int) -> None:
        """Drop bytes from the front of the buffer."""
        del self.buffer[:count]
        self.position += count

    def unread(self, taken: bytes) -> None:
        """Undo a read."""
        self.buffer[:0] = taken
        self.position -= len(taken)

    def skip(self, count: int) -> None:
        """Skip bytes without keeping them."""
        while count and self.ensure(1):
            step = min(count, len(self.buffer))
            self.discard(step)
            count -= step

    def file_offset(self) -> int:
        """Return the current offset in the file, for messages."""
        return self.position

    def resume(self, offset: int, content: "re.Pattern[bytes]") -> bool:
        """Resume behind damage, at a gzip member with such content; False if there is none."""
        del offset, content
        return False

    def current_member(self, begin: int) -> bytes | None:
        """Return the gzip member whose whole content is the bytes from `begin` to here; None if there is none."""
        del begin
        return None


class GzipByteStream(ByteStream):
    """A file of gzip members, which need not coincide with records."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(iter(()))
        self._file = file
        self._raw = b""
        self._start_member(0)

    def _start_member(self, offset: int) -> None:
        """Reset the state to the start of a member."""
        self._offset = offset
        self._length = 0
        self._content_at = self.position + len(self.buffer)
        self._inflater = zlib.decompressobj(31)
        self._is_inside = False
        self._copy: bytearray | None = bytearray()

    def file_offset(self) -> int:
        """Return the offset of the current gzip member."""
        return self._offset

    def fill(self) -> bool:
        """Inflate more, never beyond the end of a member."""
        if not self._is_inside and not self._open_member():
            return False
        self._raw = self._raw or self._file.read(READ_SIZE)
        if not self._raw:
            raise BrokenStream(self._offset, "the file ends within a gzip member")
        before = self._inflater.copy()
        try:
            self.buffer += self._inflater.decompress(self._raw)
        except zlib.error as problem:
            with suppress(zlib.error):  # byte by byte, up to the damage
                for at in range(len(self._raw)):
                    self.buffer += before.decompress(self._raw[at : at + 1])
            raise BrokenStream(self._offset, f"corrupt gzip member ({problem})") from None
        count = len(self._raw) - len(self._inflater.unused_data)
        if self._copy is not None:
            self._copy += self._raw[:count]
            if len(self._copy) > MAX_RECORD_SIZE:
                self._copy = None
        self._length += count
        self._raw = self._raw[count:]
        self._is_inside = not self._inflater.eof
        return True

    def _open_member(self) -> bool:
        while len(self._raw) < 4 and (piece := self._file.read(READ_SIZE)):
            self._raw += piece
        if not self._raw:
            return False
        self._start_member(self._offset + self._length)
        if not is_gzip_start(self._raw):
            raise BrokenStream(self._offset, "no gzip member")
        self._is_inside = True
        return True

    def resume(self, offset: int, content: "re.Pattern[bytes]") -> bool:
        """Resume behind damage."""
        if (found := find_member(self._file, offset, content)) is None:
            return False
        self._file.seek(found)
        self.discard(len(self.buffer))
        self._raw = b""
        self._start_member(found)
        return True

    def current_member(self, begin: int) -> bytes | None:
        """Return the gzip member."""
        if begin == self._content_at:
            while self._is_inside and not self.buffer:
                self.fill()  # reads the trailer, if it is missing
            if not self._is_inside and not self.buffer and self._copy is not None:
                return bytes(self._copy)
        # No copy is kept beyond the first record: the file may be a single member.
        self._copy = None
        return None
