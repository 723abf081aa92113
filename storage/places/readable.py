"""What a reader of WARC files asks for: a name, and the bytes. A path has both, and so has a file of any place."""

from typing import BinaryIO, Literal, Protocol

OPEN = ".open"
"""Ends the name of a WARC file that is being written; it goes when the file is closed."""
ENDINGS = (".warc.gz", ".warc")
"""What the names of closed WARC files end with."""


class Readable(Protocol):
    """A WARC file that can be opened, wherever it lies."""

    @property
    def name(self) -> str:
        """Its name, without folder."""

    def open(self, mode: Literal["rb"], /) -> BinaryIO:
        """Open it for reading, seekable. StorageError or OSError where its bytes cannot be had."""


def warc_name(file: Readable) -> str:
    """Return the name that a WARC file has in the index, whether it is open or closed."""
    return file.name.removesuffix(OPEN)
