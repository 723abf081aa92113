"""Carries closed WARC files between folder and bucket. Nothing goes at one place before it is whole at the other.

upload   folder -> bucket: put, never over another; size and digest compared; then noted
free     noted? the bucket asked once more? -> the folder's file goes
fetch    bucket -> folder: NAME.fetching, goes on where it was broken off; fsync; digest compared; renamed
remove   the folder's file is the same? -> the bucket's object goes
"""

import fcntl
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from storage.errors import BucketRefused, BytesDiffer, NotInBucket
from storage.places.bucket import Bucket, Stored
from storage.places.digests import Digests, digests_in, digests_of
from storage.places.folder import is_same_file, refused, sync_folder
from storage.places.upload_log import Ledger, Noted

FETCHING = ".fetching"
_PIECE = 1 << 23


class Carrier:
    """Carries the files of one folder to and from one bucket. Several processes may do so at once."""

    def __init__(self, folder: Path, bucket: Bucket) -> None:
        self._folder = folder
        self._bucket = bucket
        self._ledger = Ledger(folder, bucket.url)

    def noted(self) -> dict[str, Noted]:
        """What was found whole in the bucket before, by name."""
        return self._ledger.read()

    def tidy(self, here: Callable[[], Collection[str]]) -> None:
        """Forget what was noted of files that are not `here` any more, where there are many of them."""
        self._ledger.tidy(here)

    def upload(self, name: str, sha256: str | None = None) -> bool:
        """Bring a closed file into the bucket, compare, and note it. False where another process is about it.

        BytesDiffer where the bucket has other bytes under that name, or the folder's file is not the one of `sha256`;
        BucketUnreachable, BucketRefused, StorageError where it could not be done. The file stays in any case.
        """
        with self._alone(name) as path:
            if path is None:
                return False
            with path.open("rb") as file:
                written = os.fstat(file.fileno()).st_mtime_ns
                digests = digests_of(file)
            if sha256 is not None and sha256 != digests.sha256:
                raise BytesDiffer(name, "the index")
            if not self._bucket.has(name):
                self._bucket.put(name, path)
            stored = self._compared(name, digests)
            self._ledger.add(
                Noted(
                    name=name, bucket=self._bucket.url, size=stored.size, sha256=digests.sha256, tag=stored.tag,
                    written_ns=written,
                )
            )  # fmt: skip
            return True

    def free(self, name: str, noted: Noted | None = None) -> int:
        """Remove a file from the folder that was noted, and is in the bucket still; returns its bytes, 0 if it stays.

        `noted` spares reading the list for each of many. BytesDiffer, BucketUnreachable and the like where it is not
        certain that the bucket has it; the file stays then.
        """
        noted = noted or self.noted().get(name)
        if noted is None:
            return 0
        with self._alone(name) as path:
            if path is None:
                return 0
            state, stored = path.stat(), self._bucket.look(name)
            here, there = (state.st_size, state.st_mtime_ns), (stored.size, stored.tag)
            if here != (noted.size, noted.written_ns) or there != (noted.size, noted.tag):
                with path.open("rb") as file:
                    self._compared(name, digests_of(file))
            try:
                path.unlink()
                sync_folder(self._folder)
            except OSError as problem:
                refused(path, problem)
            return noted.size

    def fetch(self, name: str, sha256: str | None) -> bool:
        """Bring a file into the folder, whole and compared with `sha256`, or with the server's mark where that is None.

        False where it is there, or another process is about it. BytesDiffer where the bucket's file is not that one.
        """
        final = self._folder / name
        part = final.with_name(name + FETCHING)
        if final.exists():
            return False
        try:
            with part.open("ab+") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return False
                if not is_same_file(part, file.fileno()):
                    return False
                if final.exists():
                    part.unlink()  # another process was through before this one began
                    return False
                stored = self._bucket.look(name)
                if not self._is_it(self._fetched(stored, file), stored, sha256):
                    part.unlink()
                    raise BytesDiffer(name, "the index" if sha256 else self._bucket.url)
                part.rename(final)
                sync_folder(self._folder)
        except OSError as problem:
            refused(part, problem)
        return True

    def _fetched(self, stored: Stored, file: BinaryIO) -> Digests:
        """Have a file hold on the disk what the bucket has, what it holds already taken for the begin of that."""
        if file.seek(0, os.SEEK_END) > stored.size:
            file.truncate(0)
        file.writelines(self._pieces(stored.name, file.seek(0, os.SEEK_END), stored.size))
        file.flush()
        os.fsync(file.fileno())
        file.seek(0)
        return digests_of(file)

    def remove(self, name: str) -> bool:
        """Remove a file from the bucket of which the folder holds the same bytes; False where another is about it."""
        with self._alone(name) as path:
            if path is None:
                return False
            with path.open("rb") as file:
                digests = digests_of(file)
                # Whoever brought it here may have been killed before it was on the disk under its name.
                os.fsync(file.fileno())
            sync_folder(self._folder)
            with suppress(NotInBucket):
                self._compared(name, digests)
                self._bucket.delete(name)
            return True

    def _compared(self, name: str, digests: Digests) -> Stored:
        """The bucket's file, its bytes on its disk and those of the digests; BytesDiffer where they are not."""
        stored = self._bucket.look(name)
        if stored.size != digests.size:
            raise BytesDiffer(name, self._bucket.url)
        if not digests.are_marked(stored.tag) and self._sha256_there(stored) != digests.sha256:
            raise BytesDiffer(name, self._bucket.url)
        self._bucket.sync(name)
        return stored

    def _is_it(self, found: Digests, stored: Stored, sha256: str | None) -> bool:
        if found.size != stored.size:
            return False
        if sha256 or found.are_marked(stored.tag):
            return sha256 in {None, found.sha256}
        # Nobody knows what it should be: at least it comes twice the same.
        return self._sha256_there(stored) == found.sha256

    def _sha256_there(self, stored: Stored) -> str:
        """What the bucket's bytes are now: nothing of it comes from what this process has read before."""
        return digests_in(self._pieces(stored.name, 0, stored.size)).sha256

    def _pieces(self, name: str, begin: int, end: int) -> Iterator[bytes]:
        while begin < end:
            piece, _ = self._bucket.read(name, begin, min(begin + _PIECE, end))
            if not piece:
                return
            begin += len(piece)
            yield piece

    @contextmanager
    def _alone(self, name: str) -> Iterator[Path | None]:
        """A closed file of the folder that no other process carries; None where one does, or it is gone.

        BucketRefused where the bucket is the folder: its file is the only one, and must not go.
        """
        if self._bucket.lies_in(self._folder):
            raise BucketRefused(self._bucket.url, "it is the folder of the WARC files itself")
        path = self._folder / name
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            yield None
            return
        except OSError as problem:
            refused(path, problem)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
            else:
                yield path if is_same_file(path, fd) else None
        finally:
            os.close(fd)
