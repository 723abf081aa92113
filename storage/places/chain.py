"""The chain of WARC files: a line of JSON for each closed file, with the SHA-256 of the line before.

    file synced --> link appended, fsync --> file renamed

So a closed file without a link was put there by somebody else, and after a kill the next start completes the rename.
The head of a chain is the SHA-256 of its last line. Each machine has its own, CHAIN-5e1f2a3b4c5d. Format: help proof.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from storage.callbacks import utc_now
from storage.places.folder import open_private, report_write_errors, sync_folder, write_all
from storage.places.signing import is_signed, load_signers, public_hex

PREFIX = "CHAIN-"
START = "0" * 64
"""Head of a chain without links."""
LOST = "the key before was lost"
MOVES = frozenset({"uploaded", "returned"})
KeyPeriod = tuple[str, int]
"""Name of a chain, and how many of its keys had been lost by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLink:
    """One line of a chain. Its fields are described in the manual (proof); empty ones are left out of the line."""

    reason: str
    file: str = ""
    size: int = 0
    sha256: str = ""
    was: str = ""
    records: str = ""
    note: str = ""
    heads: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    at: str = ""
    previous: str = ""
    signature: str = ""
    endorsement: str = ""

    def to_line(self) -> bytes:
        """Return the canonical line, without the line end."""
        return _format_line({name: value for name, value in asdict(self).items() if value})


def _format_line(stated: Mapping[str, object]) -> bytes:
    return json.dumps(stated, sort_keys=True, separators=(",", ":")).encode()


def _parse_line(line: bytes) -> tuple[ChainLink, dict[str, object]]:
    """Return the link of a line, without fields that are unknown here, and all fields."""
    stated = json.loads(line)
    known = {name: value for name, value in stated.items() if name in ChainLink.__dataclass_fields__}
    typed = [(value, {"size": int, "heads": dict}.get(name, str)) for name, value in known.items()]
    if not all(isinstance(*each) for each in [*typed, *((head, str) for head in known.get("heads", {}).values())]):
        raise ValueError("a field of a wrong type")
    return ChainLink(**known), stated


@dataclass(slots=True, kw_only=True)
class ParsedChain:
    """The links of a chain, where they contradict each other, and an incomplete last line."""

    name: str
    lines: list[bytes] = field(default_factory=list)
    links: list[ChainLink] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)
    """Position of the link that has the present SHA-256 of each file."""
    breaks: list[str] = field(default_factory=list)
    torn: bytes = b""
    key: str = ""
    """Public key of the last links; "" if they are not signed."""
    uploaded: int = 0
    """Number of its first links that the bucket has, too."""
    periods: list[KeyPeriod] = field(default_factory=list)

    @property
    def head(self) -> str:
        """Head of the chain."""
        return self.heads[-1] if self.heads else START

    def find(self, file: str) -> ChainLink | None:
        """Return the link that has the present SHA-256 of a file, or None."""
        return self.links[self.files[file]] if file in self.files else None


def parse_chain(name: str, data: bytes, *, check_signatures: bool = False) -> ParsedChain:
    """Read the lines of a chain; contradictions are noted, not raised."""
    chain = ParsedChain(name=name)
    *chain.lines, chain.torn = data.split(b"\n")
    lost = 0
    for line in chain.lines:
        try:
            link, stated = _parse_line(line)
        except (ValueError, TypeError, AttributeError, RecursionError):
            link, stated = ChainLink(reason="unreadable"), {}
        chain.breaks += _find_breaks(chain, link, stated if check_signatures else None, line)
        chain.key = link.key or chain.key
        if link.file and link.reason not in MOVES:
            chain.files[link.file] = len(chain.links)
        chain.links.append(link)
        chain.periods.append((name, lost := lost + (link.note == LOST)))
        chain.heads.append(hashlib.sha256(line).hexdigest())
    return chain


def _find_breaks(chain: ParsedChain, link: ChainLink, stated: dict[str, object] | None, line: bytes) -> list[str]:
    """Return how a link contradicts the chain before it; without `stated`, its form and signature are not checked."""
    at = chain.links[-1].at if chain.links else ""
    signed = {name: value for name, value in (stated or {}).items() if name not in {"signature", "endorsement"}}

    def lacks(signature: str, key: str) -> bool:
        return bool(key or signature) and stated is not None and not is_signed(_format_line(signed), signature, key)

    wrong = {
        "does not follow the link before: a link was changed, removed, inserted or moved": link.previous != chain.head,
        f"is back-dated: the link before it is of {at}": link.at < at,
        "is not in the form that the archive writes": stated is not None and line != _format_line(stated),
        "is not signed with the archive's key": lacks(link.signature, link.key or chain.key),
        "replaces the key without its signature": bool(link.key and link.note != LOST)
        and lacks(link.endorsement, chain.key),
    }
    subject = f"link {len(chain.links) + 1} ({link.file or link.reason})"
    return [f"{subject} {what}" for what, is_wrong in wrong.items() if is_wrong]


def format_at(time: datetime) -> str:
    """Return a time as links have it."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The chain of this machine. Several processes may append to it."""

    path: Path
    key: Path | None = None
    """File of the key that signs links; None: they are not signed."""
    now: Callable[[], datetime] = utc_now

    def load(self, files: Collection[str] | None = None) -> ParsedChain:
        """Return its links; with `files`, only those of these files, with keys or other heads, the first and the last.

        Such a part has the chain's head and key; its breaks mean nothing. To parse a whole chain takes long.
        """
        lines = self.path.read_bytes().split(b"\n") if self.path.exists() else [b""]
        if files is not None:
            names, marks = tuple(json.dumps(file).encode() for file in files), (b'"key":', b'"heads":')
            needed = [
                each
                for each in lines[3:-2]
                if any(mark in each for mark in marks) or each.partition(b'"file":')[2].startswith(names)
            ]
            lines = [*lines[:3], *needed, *lines[max(3, len(lines) - 2) :]]
        return parse_chain(self.path.name, b"\n".join(lines))

    def append(self, *links: ChainLink) -> None:
        """Append links, with time and head, and flush them to disk; DiskFull or StorageError if that fails.

        A file that the chain has keeps its link: nothing but a takedown changes it, and a move is noted once.
        """
        with report_write_errors(self.path), open(self.path, "a+b", 0, opener=open_private) as file:
            fd = file.fileno()
            fcntl.flock(fd, fcntl.LOCK_EX)
            chain = self.load([link.file for link in links])
            size = os.fstat(fd).st_size - len(chain.torn)
            os.ftruncate(fd, size)
            data = self._format(chain, [link for link in links if _is_new(link, chain)])
            try:
                write_all(fd, data)
                os.fsync(fd)
            except OSError:
                os.ftruncate(fd, size)
                raise
            if not size:
                sync_folder(self.path.parent)

    def _format(self, chain: ParsedChain, links: list[ChainLink]) -> bytes:
        head, data = chain.head, b""
        # A clock that was set back must not look like a link that was back-dated.
        at = max(format_at(self.now()), chain.links[-1].at if chain.links else "")
        cut = f"an incomplete line of {len(chain.torn)} bytes was cut off" if chain.torn else ""
        key, old = load_signers(self.key, chain.key) if self.key else (None, None)
        if key and public_hex(key) != chain.key:
            note = LOST if chain.key and old is None else ""
            links = [ChainLink(reason="key", key=public_hex(key), note=note), *links]
        for link in links:
            stated = replace(link, at=at, previous=head, note=link.note or cut)
            body, cut = stated.to_line(), cut if link.note else ""
            signers = (key, old if link.key else None)
            signature, endorsement = (each.sign(body).hex() if each else "" for each in signers)
            line = replace(stated, signature=signature, endorsement=endorsement).to_line()
            head, data = hashlib.sha256(line).hexdigest(), data + line + b"\n"
        return data


def _is_new(link: ChainLink, chain: ParsedChain) -> bool:
    known = chain.find(link.file)
    if known is None or link.reason == "takedown":
        return known is None or known.sha256 != link.sha256
    return link.reason in MOVES and link.reason != [each.reason for each in chain.links if each.file == link.file][-1]
