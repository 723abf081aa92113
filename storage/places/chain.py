"""The chain of WARC files: a line of JSON for each closed file, with the SHA-256 of the line before.

    file synced --> link appended, fsync --> file renamed

A file gets its final name after its link: wherever a process is killed, a closed file without a link was put there by
somebody else, and the next start completes the rename. The head of a chain is the SHA-256 of its last line, without the
line end. Each machine has a chain beside its WARC files: CHAIN-5e1f2a3b4c5d. The manual has the format (proof).
"""

import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from storage.callbacks import utc_now
from storage.places.folder import raise_write_error, sync_folder, write_all

log = logging.getLogger(__name__)

PREFIX = "CHAIN-"
START = "0" * 64
"""Head of a chain without links."""


class Reason(StrEnum):
    """Reason of a link."""

    CLOSED = "closed"
    CRASH = "crash"
    """The file was left open by a crash; a torn end was cut off."""
    IMPORT = "import"
    UPGRADE = "upgrade"
    """The file is older than the chain."""
    FOUND = "found"
    """The file was put into the folder, and accepted with `verify --repair`."""
    TAKEDOWN = "takedown"
    """Records were replaced by tombstones: the only reason for which a file changes."""
    UPLOADED = "uploaded"
    RETURNED = "returned"
    """The file was moved from the bucket to the folder."""
    CROSSED = "crossed"
    """The link holds the heads of other chains."""


MOVES = frozenset({Reason.UPLOADED, Reason.RETURNED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One line of a chain. Fields that are empty are left out of the line."""

    reason: str
    file: str = ""
    size: int = 0
    sha256: str = ""
    was: str = ""
    """SHA-256 of the file before a takedown."""
    note: str = ""
    heads: Mapping[str, str] = field(default_factory=dict)
    """Heads of other chains, by the chain's name."""
    at: str = ""
    """Time in UTC; never before that of the link before."""
    previous: str = ""
    """Head of the chain before this link."""

    def to_line(self) -> bytes:
        """Return the canonical line, without the line end."""
        stated = {name: value for name, value in asdict(self).items() if value}
        return json.dumps(stated, sort_keys=True, separators=(",", ":")).encode()


def format_at(time: datetime) -> str:
    """Return a time as links have it."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def parse_link(line: bytes) -> Link:
    """Return the link of a line, without fields that are unknown here. ValueError if it is none."""
    stated = json.loads(line)
    if not isinstance(stated, dict) or not stated.get("reason"):
        raise ValueError("no link")
    known = {each.name: stated[each.name] for each in fields(Link) if each.name in stated}
    if any(not isinstance(value, {"size": int, "heads": dict}.get(name, str)) for name, value in known.items()):
        raise ValueError("a field of a wrong type")
    return Link(**known)


@dataclass(slots=True, kw_only=True)
class FoldedChain:
    """The links of a chain, and where they contradict each other."""

    name: str
    lines: list[bytes] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    """Head after each link."""
    files: dict[str, int] = field(default_factory=dict)
    """Position of the link that has the present SHA-256 of each file."""
    breaks: list[str] = field(default_factory=list)
    """Contradictions, each with the number of its link."""
    torn: bytes = b""
    """Last line without line end: its writer was killed."""

    @property
    def head(self) -> str:
        """Head of the chain."""
        return self.heads[-1] if self.heads else START

    def find(self, file: str) -> Link | None:
        """Return the link that has the present SHA-256 of a file, or None."""
        return self.links[self.files[file]] if file in self.files else None


def fold_chain(name: str, data: bytes) -> FoldedChain:
    """Read the lines of a chain; contradictions are noted, not raised."""
    chain = FoldedChain(name=name)
    *chain.lines, chain.torn = data.split(b"\n")
    at = ""
    for position, line in enumerate(chain.lines):
        try:
            link = parse_link(line)
        except ValueError:
            link = Link(reason="unreadable", at=at)
        known, said = chain.find(link.file), f"link {position + 1} ({link.file or link.reason})"
        if link.previous != chain.head:
            what = "was changed, or a link was removed, inserted or moved"
            chain.breaks.append(f"{said} does not follow the link before: one of the two {what}")
        if link.at < at:
            chain.breaks.append(f"{said} is back-dated to {link.at}: the link before it is of {at}")
        if known and known.sha256 != (link.was if link.reason == Reason.TAKEDOWN else link.sha256):
            chain.breaks.append(f"{said} gives the file another SHA-256 than before")
        at = max(at, link.at)
        if link.file and link.reason not in MOVES:
            chain.files[link.file] = position
        chain.links.append(link)
        chain.heads.append(hashlib.sha256(line).hexdigest())
    return chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The chain of this machine. Several processes may append to it."""

    path: Path
    now: Callable[[], datetime] = utc_now

    def load(self) -> FoldedChain:
        """Return its links; none if there is no file."""
        with suppress(FileNotFoundError):
            return fold_chain(self.path.name, self.path.read_bytes())
        return FoldedChain(name=self.path.name)

    def find(self, file: str) -> Link | None:
        """Return the link that has the present SHA-256 of a file, or None."""
        return self.load().find(file)

    def append(self, *links: Link) -> None:
        """Append links, with time and head, and flush them to disk; DiskFull or StorageError if that fails.

        A file that the chain has keeps its link: nothing but a takedown changes it, and a move is noted once.
        """
        try:
            with self._lock() as fd:
                chain = self.load()
                size = os.fstat(fd).st_size - len(chain.torn)
                os.ftruncate(fd, size)
                note = f"an incomplete line of {len(chain.torn)} bytes was cut off" if chain.torn else ""
                if note:
                    log.warning("%s: %s", self.path.name, note)
                data = self._format(chain, [link for link in links if _is_new(link, chain)], note)
                try:
                    write_all(fd, data)
                    os.fsync(fd)
                except OSError:
                    os.ftruncate(fd, size)
                    raise
            if not size:
                sync_folder(self.path.parent)
        except OSError as problem:
            raise_write_error(self.path, problem)

    def _format(self, chain: FoldedChain, links: list[Link], note: str) -> bytes:
        head, data = chain.head, b""
        # A clock that was set back must not look like a link that was back-dated.
        at = max(format_at(self.now()), chain.links[-1].at if chain.links else "")
        for link in links:
            note = "; ".join(filter(None, (link.note, note)))
            line = replace(link, at=at, previous=head, note=note).to_line()
            head, data, note = hashlib.sha256(line).hexdigest(), data + line + b"\n", ""
        return data

    @contextmanager
    def _lock(self) -> Iterator[int]:
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield fd
        finally:
            os.close(fd)


def _is_new(link: Link, chain: FoldedChain) -> bool:
    known = chain.find(link.file)
    if known is None or link.reason == Reason.TAKEDOWN:
        return known is None or known.sha256 != link.sha256
    last = next(each for each in reversed(chain.links) if each.file == link.file)
    return link.reason in MOVES and last.reason != link.reason
