"""All places of an archive's WARC files as one: which there are, how large they are, and their bytes.

    folder/NAME.warc.gz.open   being written, on this machine
    folder/NAME.warc.gz        closed
    bucket/NAME.warc.gz        closed, and uploaded; the folder may have it still, or not

A name stands for one file, whichever place it is read from: the folder goes first, being nearer.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal

from storage.errors import FileMissing
from storage.places.bucket import Bucket
from storage.places.readable import ENDINGS, OPEN, warc_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a place says of a file now, without its bytes being read."""

    size: int
    changed: datetime
    """Aware, UTC: when it was written last, or put into the bucket."""
    mark: str
    """Another one where the bytes are others; hexadecimal digits and hyphens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the WARC files of an archive lie. Plain settings: any process can be handed it, and opens what it needs."""

    folder: Path
    bucket: Bucket | None = None
    """None where all files stay in the folder."""

    def file(self, name: str) -> "WarcFile":
        """The file of that name, open or closed, wherever it lies; nothing is looked at yet."""
        return WarcFile(places=self, name=name)

    def files(self) -> "list[WarcFile]":
        """All files, open ones included, in the order of their names (that of their begin).

        BucketUnreachable or BucketRefused where the bucket cannot say what it holds: half a list is none.
        """
        found = {file.name: file for file in self.local()}
        for each in self.bucket.files() if self.bucket else ():
            here = found.get(each.name)
            size = here.size if here else each.size
            found[each.name] = WarcFile(
                places=self, name=each.name, size=size, is_local=here is not None, stored=each.size,
                is_open=here is not None and here.is_open,
            )  # fmt: skip
        return [found[name] for name in sorted(found)]

    def local(self) -> "list[WarcFile]":
        """Those that the folder has, in the order of their names; none where there is no folder."""
        found = []
        for path in self.folder.iterdir() if self.folder.exists() else ():
            if not warc_name(path).endswith(ENDINGS):
                continue
            with suppress(FileNotFoundError):  # closed meanwhile: it is found by its other name
                size = path.stat().st_size
                is_open = path.name.endswith(OPEN)
                found.append(WarcFile(places=self, name=warc_name(path), size=size, is_open=is_open, is_local=True))
        by_name = {file.name: file for file in sorted(found, key=lambda file: not file.is_open)}
        return [by_name[name] for name in sorted(by_name)]

    def are_empty(self) -> bool:
        """True where there is no WARC file at all; the bucket is asked only where the folder has none."""
        return not self.local() and next(self.bucket.files() if self.bucket else iter(()), None) is None

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading, seekable; open files are read as far as they have come.

        FileMissing where no place has it, NotInBucket where the bucket was asked in vain; BucketUnreachable or
        BucketRefused where the bucket cannot be asked. OSError of a disk that does not give what it holds.
        """
        for path in self._paths(name):
            with suppress(FileNotFoundError):
                return path.open("rb")
        if self.bucket is None:
            raise FileMissing(name, str(self.folder))
        return self.bucket.open(name)

    def look(self, name: str) -> Look:
        """What is known of a file; the errors of `open`."""
        for path in self._paths(name):
            with suppress(FileNotFoundError):
                state = path.stat()
                changed = datetime.fromtimestamp(state.st_mtime, tz=UTC)
                return Look(size=state.st_size, changed=changed, mark=f"{state.st_size:x}-{state.st_mtime_ns:x}")
        if self.bucket is None:
            raise FileMissing(name, str(self.folder))
        stored = self.bucket.look(name)
        changed = stored.changed.astimezone(UTC)
        return Look(size=stored.size, changed=changed, mark=f"{stored.size:x}-{int(changed.timestamp() * 1e9):x}")

    def _paths(self, name: str) -> tuple[Path, Path, Path]:
        """Where to look in the folder: a file that is closed while we look is there under the first name the second
        time.
        """
        closed = self.folder / name
        return closed, closed.with_name(name + OPEN), closed


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcFile:
    """One WARC file of an archive; a `Readable`. Can be handed to another process."""

    places: Places
    name: str
    """As in the index: the same whether it is open or closed."""
    size: int = 0
    """Bytes when it was listed; 0 where it was named only."""
    is_open: bool = False
    """True where it was being written, or lay as a crash had left it, when it was listed."""
    is_local: bool = False
    stored: int | None = None
    """Bytes that the bucket has of it; None where it has none."""

    @property
    def is_remote(self) -> bool:
        """True where the bucket had it when it was listed."""
        return self.stored is not None

    def open(self, mode: Literal["rb"] = "rb", /) -> BinaryIO:
        """Open it for reading; errors as `Places.open` has them."""
        del mode
        return self.places.open(self.name)
