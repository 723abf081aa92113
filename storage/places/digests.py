"""The digests of a file that is carried, taken in one reading."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """What a file's bytes are known by."""

    size: int
    sha256: str
    """64 hexadecimal digits."""
    md5: str
    """32 hexadecimal digits: what S3 servers mark an object with that was put in one piece, and no defence."""

    def are_marked(self, tag: str | None) -> bool:
        """Tell whether a server's mark is that of these bytes. Another one says nothing yet.

        It may be of an object that was put in parts, or encrypted with a key of the owner's.

        >>> Digests(size=1, sha256="", md5="0cc175b9c0f1b6a8").are_marked('"0CC175b9c0f1b6a8"')
        True
        """
        return (tag or "").removeprefix("W/").strip('"').lower() == self.md5


def digests_of(file: BinaryIO) -> Digests:
    """Read a file from where it stands to its end."""
    return digests_in(iter(lambda: file.read(_PIECE), b""))


def digests_in(pieces: Iterable[bytes]) -> Digests:
    """Take the digests of bytes that come in pieces."""
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    for piece in pieces:
        sha256.update(piece)
        md5.update(piece)
        size += len(piece)
    return Digests(size=size, sha256=sha256.hexdigest(), md5=md5.hexdigest())
