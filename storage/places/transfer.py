"""The upload log: one JSON line for each file that was verified in the bucket. It is in the folder of the WARC files.

The log is only a cache: a file that it lacks, or that differs in the bucket, is compared and uploaded again, and before
a file is deleted the bucket is asked. Lines of files that left the folder stay, some 300 bytes each.
"""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from storage.errors import BucketRefused, BytesDiffer, NotInBucket
from storage.places.bucket import Bucket, BucketObject
from storage.places.chain import Chain, ChainLink
from storage.places.digests import Digests, digest_chunks, digest_file
from storage.places.folder import lock_file, open_private, report_write_errors, sync_folder, write_all

NAME = "uploaded.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedFile:
    """A file whose copies in folder and bucket were the same."""

    name: str
    bucket: str
    """URL of the bucket."""
    size: int
    sha256: str
    """64 hexadecimal digits."""
    tag: str | None
    """ETag of the object."""
    written_ns: int
    """Modification time of the file in the folder, in nanoseconds: the entry does not hold for a changed file."""


class UploadLog:
    """The log of a folder, for one bucket."""

    def __init__(self, folder: Path, bucket: str) -> None:
        self._path = folder / NAME
        self._bucket = bucket

    def read(self) -> dict[str, UploadedFile]:
        """Return the newest entry of each file by name. Incomplete lines are skipped."""
        found: dict[str, UploadedFile] = {}
        with report_write_errors(self._path), suppress(FileNotFoundError):
            for line in self._path.read_bytes().splitlines():
                with suppress(ValueError, TypeError):
                    entry = UploadedFile(**json.loads(line))
                    found |= {entry.name: entry} if entry.bucket == self._bucket else {}
        return found

    def add(self, entry: UploadedFile) -> None:
        """Add an entry and flush it to disk. DiskFull or StorageError if that fails."""
        with report_write_errors(self._path), open(self._path, "ab", 0, opener=open_private) as file:
            # A line end comes first too: an incomplete line before must not spoil this one.
            write_all(file.fileno(), b"\n" + json.dumps(asdict(entry)).encode() + b"\n")
            os.fsync(file.fileno())


# upload          put without overwriting; size and digest compared; added to the upload log
# remove_local    in the upload log, and the bucket still has it? then the folder's file is deleted
# download        into NAME.fetching, resumed after an interruption; fsync; digest compared; renamed
# remove_remote   the folder has the same bytes? then the bucket's object is deleted

FETCHING = ".fetching"
_PIECE = 1 << 23


class BucketTransfer:
    """Transfers files between folder and bucket. A copy is deleted only after the other one is verified."""

    def __init__(self, folder: Path, bucket: Bucket, chain: Chain | None = None) -> None:
        self._chain = chain
        self._folder = folder
        self._bucket = bucket
        self.log = UploadLog(folder, bucket.url)
        """The files that were verified in the bucket."""

    def upload(self, name: str, sha256: str | None = None) -> bool:
        """Upload a closed file, verify it, and log it. False if another process is transferring it.

        BytesDiffer if the bucket has different bytes under that name, or the folder's file does not match `sha256`;
        BucketUnreachable, BucketRefused or StorageError if it failed. The folder's file is kept in any case.
        """
        with self._lock_file(name) as path:
            if path is None:
                return False
            with path.open("rb") as file:
                written = os.fstat(file.fileno()).st_mtime_ns
                digests = digest_file(file)
            link = self._chain.load([name]).find(name) if self._chain else None
            for known, where in ((sha256, "the index"), (link and link.sha256, "the chain")):
                if known not in {None, digests.sha256}:
                    raise BytesDiffer(name=name, bucket=where)
            if not self._bucket.exists(name):
                self._bucket.put(name, path)
            stored = self._verify_upload(name, digests)
            self._note_move("uploaded", name, digests)
            self.log.add(
                UploadedFile(
                    name=name, bucket=self._bucket.url, size=stored.size, sha256=digests.sha256, tag=stored.etag,
                    written_ns=written,
                )
            )  # fmt: skip
            return True

    def remove_local(self, name: str, uploaded: UploadedFile | None = None) -> int:
        """Delete a logged file from the folder if the bucket still has it; returns its size, 0 if it is kept.

        `uploaded` is its log entry, if the caller has it. BytesDiffer, BucketUnreachable and the like, with the file
        kept, if the bucket's copy cannot be verified.
        """
        uploaded = uploaded or self.log.read().get(name)
        if uploaded is None:
            return 0
        with self._lock_file(name) as path:
            if path is None:
                return 0
            state, stored = path.stat(), self._bucket.stat(name)
            here, there = (state.st_size, state.st_mtime_ns), (stored.size, stored.etag)
            if here != (uploaded.size, uploaded.written_ns) or there != (uploaded.size, uploaded.tag):
                with path.open("rb") as file:
                    self._verify_upload(name, digest_file(file))
            with report_write_errors(path):
                path.unlink()
                sync_folder(self._folder)
            return uploaded.size

    def download(self, name: str, sha256: str | None) -> bool:
        """Download a file into the folder and compare it with `sha256`, or with the ETag if that is None.

        False if it exists, or another process is transferring it. BytesDiffer if it does not match.
        """
        final = self._folder / name
        part = final.with_name(name + FETCHING)
        if final.exists():
            return False
        with report_write_errors(part), lock_file(part, os.O_RDWR | os.O_CREAT | os.O_APPEND) as fd:
            if fd is None:
                return False
            if final.exists():
                part.unlink()  # another process finished it before this one locked it
                return False
            stored = self._bucket.stat(name)
            with open(fd, "ab+", closefd=False) as file:
                if file.seek(0, os.SEEK_END) > stored.size:
                    file.truncate(0)
                file.writelines(self._read_chunks(name, file.seek(0, os.SEEK_END), stored.size))
                file.flush()
                os.fsync(fd)
                file.seek(0)
                found = digest_file(file)
            # Where no digest is known, the object is read twice and compared.
            known = sha256 or (found.sha256 if found.match_etag(stored.etag) else "")
            if found.size != stored.size or found.sha256 != (known or self._bucket_sha256(stored)):
                part.unlink()
                raise BytesDiffer(name=name, bucket="the index" if sha256 else self._bucket.url)
            part.rename(final)
            sync_folder(self._folder)
        return True

    def remove_remote(self, name: str) -> bool:
        """Delete a file from the bucket if the folder has the same bytes; False if another process has it."""
        with self._lock_file(name) as path:
            if path is None:
                return False
            with path.open("rb") as file:
                digests = digest_file(file)
                # The process that downloaded it may have been killed before its fsync.
                os.fsync(file.fileno())
            sync_folder(self._folder)
            with suppress(NotInBucket):
                self._verify_upload(name, digests)
                self._note_move("returned", name, digests)
                self._bucket.delete(name)
            return True

    def _note_move(self, reason: str, name: str, digests: Digests) -> None:
        if self._chain is not None and self._chain.load([name]).find(name):
            link = ChainLink(reason=reason, file=name, size=digests.size, sha256=digests.sha256, note=self._bucket.url)
            self._chain.append(link)

    def _verify_upload(self, name: str, digests: Digests) -> BucketObject:
        """Return the bucket's object, flushed to its disk, if it has these digests; else BytesDiffer."""
        stored = self._bucket.stat(name)
        is_whole = stored.size == digests.size
        if not is_whole or not (digests.match_etag(stored.etag) or self._bucket_sha256(stored) == digests.sha256):
            raise BytesDiffer(name=name, bucket=self._bucket.url)
        self._bucket.sync(name)
        return stored

    def _bucket_sha256(self, stored: BucketObject) -> str:
        """Return the digest of the object, read again without any cache."""
        return digest_chunks(self._read_chunks(stored.name, 0, stored.size)).sha256

    def _read_chunks(self, name: str, begin: int, end: int) -> Iterator[bytes]:
        while begin < end:
            piece, _ = self._bucket.read(name, begin, min(begin + _PIECE, end))
            if not piece:
                return
            begin += len(piece)
            yield piece

    @contextmanager
    def _lock_file(self, name: str) -> Iterator[Path | None]:
        """Lock a closed file of the folder; None if another process has it, or it is gone.

        BucketRefused if the bucket is the folder: then its file is the only copy.
        """
        if self._bucket.is_folder(self._folder):
            raise BucketRefused(bucket=self._bucket.url, reason="it is the folder of the WARC files itself")
        path = self._folder / name
        with ExitStack() as stack:
            fd = None
            with report_write_errors(path), suppress(FileNotFoundError):
                fd = stack.enter_context(lock_file(path))
            yield None if fd is None else path
