"""The WARC files of an archive, in the folder and in the bucket, as one set of files.

    folder/NAME.warc.gz.open   being written, on this machine
    folder/NAME.warc.gz        closed
    bucket/NAME.warc.gz        closed and uploaded; may be in the folder too
    folder/CHAIN-MACHINE       the chain of the files that this machine closed
    folder/STAMP-HEAD-...tsr   tokens of time servers; also in bucket/stamps/
    bucket/chains/MACHINE/     its links, each some after the others: objects that never change

A name means one file wherever it is read from: the folder is tried first.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal

from storage.errors import FileMissing, StorageError
from storage.places.bucket import Bucket
from storage.places.chain import PREFIX, Chain, ParsedChain, parse_chain
from storage.places.file_names import ENDINGS, OPEN, warc_name
from storage.places.folder import write_atomic
from storage.places.signing import load_signers, public_hex

TOKEN = re.compile(r"STAMP-[0-9a-f]{64}-[A-Za-z0-9.-]{1,180}\.tsr")
"""Name of a token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """Size and modification time of a file, without reading it."""

    size: int
    modified_at: datetime
    """Aware, UTC: last write, or upload to the bucket."""
    fingerprint: str
    """Changes whenever the bytes change; hexadecimal digits and hyphens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The folder and the bucket of an archive's WARC files. Plain settings, which can be passed to any process."""

    folder: Path
    bucket: Bucket | None = None
    """None: all files stay in the folder."""
    machine: str = ""
    """Id of this machine, which is in the names of the files that it writes; "" before it has written any."""
    key: Path | None = None
    """File of the key that signs the chain; None: it is not signed."""

    def file(self, name: str) -> "WarcFile":
        """Return the file of that name, open or closed, without checking that it exists."""
        return WarcFile(places=self, name=name)

    def files(self) -> "list[WarcFile]":
        """Return all files, open ones included, sorted by name, which is by creation.

        BucketUnreachable or BucketRefused if the bucket cannot be listed: there are no partial lists.
        """
        found = {file.name: file for file in self.local_files()}
        for each in self.bucket.list_files() if self.bucket else ():
            here = found.get(each.name) or WarcFile(places=self, name=each.name, size=each.size)
            found[each.name] = replace(here, bucket_size=each.size)
        return [found[name] for name in sorted(found)]

    def local_files(self) -> "list[WarcFile]":
        """Return the files in the folder, sorted by name; none without a folder."""
        found = []
        for path in self.folder.iterdir() if self.folder.exists() else ():
            # A pipe or device would be read forever; a name that is no text cannot be in an index.
            is_text = os.fsencode(path.name).decode(errors="replace") == path.name
            if not warc_name(path).endswith(ENDINGS) or not is_text or not (path.is_file() or path.is_dir()):
                continue
            with suppress(FileNotFoundError):  # closed meanwhile: it is listed by its other name
                size = path.stat().st_size
                is_open = path.name.endswith(OPEN)
                found.append(WarcFile(places=self, name=warc_name(path), size=size, is_open=is_open, is_local=True))
        by_name = {file.name: file for file in sorted(found, key=lambda file: not file.is_open)}
        return [by_name[name] for name in sorted(by_name)]

    @property
    def chain(self) -> Chain:
        """The chain of this machine."""
        return Chain(path=self.folder / (PREFIX + self.machine), key=self.key)

    def load_chains(self) -> list[ParsedChain]:
        """Return the chains of all machines that the folder and the bucket have, this machine's too."""
        found = {path.name: path.read_bytes() for path in sorted(self.folder.glob(f"{PREFIX}*")) if path.is_file()}
        copies: dict[str, bytes] = {}
        parts = [(part, self.bucket.open(part)) for part in self.bucket.list_names("chains")] if self.bucket else []
        for part, file in parts:
            name = PREFIX + part.split("/")[1]
            copies[name] = copies.get(name, b"") + file.read()
        for name in [name for name, data in found.items() if copies.get(name, b"").startswith(data)]:
            if name != self.chain.path.name:  # a copy of another machine's, which has gone on
                del found[name]
        chains = [parse_chain(name, data, check_signatures=True) for name, data in {**copies, **found}.items()]
        for chain in chains:
            copied = copies.get(chain.name, b"").split(b"\n")[:-1]
            if differing := [at for at, line in enumerate(copied) if chain.lines[at : at + 1] != [line]]:
                chain.breaks.append(f"link {differing[0] + 1} differs from its copy in the bucket")
            chain.uploaded = min([len(copied), *differing])
            with suppress(OSError, StorageError):  # a key that only its owner may read, or a damaged one
                if chain.links and chain.name == self.chain.path.name and self.key and self.key.exists():
                    key, old = load_signers(self.key, chain.key)
                    if old is None and public_hex(key) != chain.key:
                        chain.breaks.append("its last links are not signed with the key of the archive, signing.key")
        return chains

    def restore_chain(self) -> bool:
        """Get this machine's chain from the bucket if the folder has lost it: a new one would contradict its copy."""
        path = self.chain.path
        chains = [] if self.bucket is None or path.exists() else self.load_chains()
        if copy := b"".join(line + b"\n" for each in chains if each.name == path.name for line in each.lines):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, copy, mode=0o640)
        return bool(copy)

    def upload_chain(self) -> None:
        """Upload the links of this machine's chain that the bucket lacks, as one object."""
        if self.bucket is None or not self.machine:
            return
        folder, path = f"chains/{self.machine}", self.chain.path
        lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
        parts = self.bucket.list_names(folder)
        done = int(parts[-1].rpartition("-")[2]) if parts else 0
        if new := lines[done:]:
            self.bucket.put_small(f"{folder}/{done + 1:08}-{len(lines):08}", b"".join(line + b"\n" for line in new))
        self.exchange_stamps()

    def exchange_stamps(self) -> None:
        """Copy tokens of time servers between folder and bucket; what cannot be copied now is by the next call."""
        here = {path.name for path in self.folder.glob("STAMP-*.tsr")}
        with suppress(StorageError, OSError):
            there = {name.partition("/")[2] for name in self.bucket.list_names("stamps")} if self.bucket else here
            for name in sorted(here ^ there):
                if self.bucket and name in here:
                    self.bucket.put_small(f"stamps/{name}", (self.folder / name).read_bytes())
                elif self.bucket and TOKEN.fullmatch(name):
                    write_atomic(self.folder / name, self.bucket.open(f"stamps/{name}").read(100_000), mode=0o640)
                    os.utime(self.folder / name, (0, 0))  # by the age of its tokens a machine knows when to stamp

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading, seekable; files being written are read up to their current end.

        FileMissing or NotInBucket if it does not exist, BucketUnreachable, BucketRefused, OSError if it cannot be read.
        """
        for path in self._paths(name):
            with suppress(FileNotFoundError):
                return path.open("rb")
        return self._require_bucket(name).open(name)

    def stat(self, name: str) -> FileState:
        """Return the state of a file; raises the errors of `open`."""
        for path in self._paths(name):
            with suppress(FileNotFoundError):
                state = path.stat()
                size, at, ns = state.st_size, datetime.fromtimestamp(state.st_mtime, tz=UTC), state.st_mtime_ns
                break
        else:
            stored = self._require_bucket(name).stat(name)
            size, at = stored.size, stored.modified_at.astimezone(UTC)
            ns = int(at.timestamp() * 1e9)
        return FileState(size=size, modified_at=at, fingerprint=f"{size:x}-{ns:x}")

    def _require_bucket(self, name: str) -> Bucket:
        if self.bucket is None:
            raise FileMissing(name=name, place=self.folder)
        return self.bucket

    def _paths(self, name: str) -> Iterator[Path]:
        """Yield the paths to try in the folder, the first one twice: the file may be closed in between."""
        paths = (self.folder / each for each in (name, name + OPEN, name))
        return (path for path in paths if path.is_file() or path.is_dir())


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcFile:
    """One WARC file of an archive; a `Readable`, which can be passed to another process."""

    places: Places
    name: str
    """As in the index: the same open or closed."""
    size: int = 0
    """Bytes when it was listed; 0 if it was not."""
    is_open: bool = False
    """True: it was being written, or left open by a crash, when it was listed."""
    is_local: bool = False
    bucket_size: int | None = None
    """Its size in the bucket; None if it was not there."""

    @property
    def is_remote(self) -> bool:
        """True: the bucket had it when it was listed."""
        return self.bucket_size is not None

    def open(self, mode: Literal["rb"] = "rb", /) -> BinaryIO:
        """Open it for reading; raises the errors of `Places.open`."""
        del mode
        return self.places.open(self.name)
