"""The bytes of a foreign file from front to back, decompressed where it is, with memory of where gzip members lie."""

import re
import zlib
from typing import BinaryIO

from storage.warc.members import LARGEST, is_magic, next_member

FEED = 1 << 14
"""Small, for a bomb of this size inflates to 16 MB at most."""


class BrokenStream(EOFError):
    """The file cannot be read on as it was; what follows has to be looked for. Never leaves this package."""

    def __init__(self, offset: int, what: str) -> None:
        super().__init__(what)
        self.offset = offset
        self.what = what


class Source:
    """A file that is not compressed."""

    def __init__(self, file: BinaryIO) -> None:
        self.buffer = bytearray()
        """What was read and not yet taken."""
        self.at = 0
        """Where the buffer begins in the decompressed file."""
        self._file = file

    def more(self) -> bool:
        """Read on; False at the end. BrokenStream at damage, again and again, until `resume` goes on behind it."""
        piece = self._file.read(FEED)
        self.buffer += piece
        return bool(piece)

    def need(self, count: int) -> bool:
        """Read until so many bytes are in the buffer; False where the file ends before."""
        while len(self.buffer) < count:
            if not self.more():
                return False
        return True

    def find(self, pattern: "re.Pattern[bytes]", within: int) -> "re.Match[bytes] | None":
        """Find a pattern in the next bytes, not far beyond `within` of them."""
        while (found := pattern.search(self.buffer)) is None:
            if len(self.buffer) > within or not self.more():
                return None
        return found

    def take(self, count: int) -> bytes:
        """Return the next bytes, or as many as there are."""
        self.need(count)
        taken = bytes(self.buffer[:count])
        self.drop(len(taken))
        return taken

    def drop(self, count: int) -> None:
        """Forget the next bytes of the buffer."""
        del self.buffer[:count]
        self.at += count

    def put_back(self, taken: bytes) -> None:
        """Undo a take."""
        self.buffer[:0] = taken
        self.at -= len(taken)

    def skip(self, count: int) -> None:
        """Pass over bytes without keeping them."""
        while count and self.need(1):
            step = min(count, len(self.buffer))
            self.drop(step)
            count -= step

    def place(self) -> int:
        """Return the offset in the file that tells a human where we are."""
        return self.at

    def resume(self, offset: int, content: "re.Pattern[bytes]") -> bool:
        """Go on behind damage, at a gzip member with such content; False where there is none."""
        del offset, content
        return False

    def member(self, begin: int) -> bytes | None:
        """Return the gzip member whose content is what stood from `begin` to here; None where it is none or more."""
        del begin
        return None


class GzipSource(Source):
    """A file of gzip members; records may begin and end with them, or not."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self._raw = b""
        self._begin_at(0)

    def _begin_at(self, offset: int) -> None:
        """Stand before a member."""
        self._offset = offset
        self._length = 0
        self._content_at = self.at + len(self.buffer)
        self._inflater = zlib.decompressobj(31)
        self._is_inside = False
        self._copy: bytearray | None = bytearray()

    def place(self) -> int:
        """Return where the gzip member begins that was read last."""
        return self._offset

    def more(self) -> bool:
        """Inflate on, never over the end of a member."""
        if not self._is_inside and not self._enter():
            return False
        self._raw = self._raw or self._file.read(FEED)
        if not self._raw:
            raise BrokenStream(self._offset, "the file ends within a gzip member,")
        before = self._inflater.copy()
        try:
            self.buffer += self._inflater.decompress(self._raw)
        except zlib.error as problem:
            self._salvage(before)
            raise BrokenStream(self._offset, f"a damaged gzip member ({problem}) stands") from None
        self._used(len(self._raw) - len(self._inflater.unused_data))
        self._is_inside = not self._inflater.eof
        return True

    def _enter(self) -> bool:
        while len(self._raw) < 4 and (piece := self._file.read(FEED)):
            self._raw += piece
        if not self._raw:
            return False
        self._begin_at(self._offset + self._length)
        if not is_magic(self._raw):
            raise BrokenStream(self._offset, "something that is no gzip member stands")
        self._is_inside = True
        return True

    def _used(self, count: int) -> None:
        if self._copy is not None:
            self._copy += self._raw[:count]
            if len(self._copy) > LARGEST:
                self._copy = None
        self._length += count
        self._raw = self._raw[count:]

    def _salvage(self, before: "zlib._Decompress") -> None:
        """Take what the damaged piece gives up to the damage."""
        for at in range(len(self._raw)):
            try:
                self.buffer += before.decompress(self._raw[at : at + 1])
            except zlib.error:
                return

    def resume(self, offset: int, content: "re.Pattern[bytes]") -> bool:
        """Go on behind damage."""
        found = next_member(self._file, offset, content)
        if found is None:
            return False
        self._file.seek(found)
        self.drop(len(self.buffer))
        self._raw = b""
        self._begin_at(found)
        return True

    def member(self, begin: int) -> bytes | None:
        """Return the gzip member."""
        if begin == self._content_at:
            while self._is_inside and not self.buffer:
                self.more()  # the trailer, perhaps
            if not self._is_inside and not self.buffer and self._copy is not None:
                return bytes(self._copy)
        # Held no longer: a file may be one member for all its records.
        self._copy = None
        return None
