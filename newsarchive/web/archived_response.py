"""What a capture holds: the answer that was archived, revisits resolved."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace

from newsarchive.web.context import Door
from storage.errors import NotFound, PayloadError, StorageError
from storage.index.views.cdx import CdxLine
from storage.warc.codings import decode_entity
from storage.warc.payload import entity_of, http_headers
from storage.warc.reader import is_http, read_record
from storage.warc.record import Headers, header
from storage.warc.streaming import Flow, flowing

LARGE = 1 << 20
"""Bytes of a body that are held whole; more flows from the file to the client in pieces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An archived answer."""

    status: int
    """Of a 304 the status of the answer that it confirms; 200 for a resource record."""
    headers: Headers
    """As the server sent them, in order."""
    entity: bytes
    """The body, transfer coding undone and content coding kept: what the payload digest is over."""

    def get(self, name: str) -> str | None:
        """The first value of a header, or None."""
        return header(self.headers, name)

    def decoded(self, limit: int) -> bytes:
        """The body with its content coding undone; PayloadError where that cannot be done within so many bytes."""
        return decode_entity(self.entity, self.headers, limit)


def held(door: Door, line: CdxLine) -> Held:
    """The answer that a capture holds.

    A revisit has the headers of its own record and the body of its original, which may be archived under another URL:
    it is what this URL answered all the same. NotFound where the original is not held; WarcError or StorageError where
    the record cannot be read.
    """
    own = _answer(door, line)
    if line.kind != "revisit":
        return own
    first = _answer(door, _original(door, line))
    # A 304 says nothing of what it confirms: the headers that go with the body are the original's.
    if own.status == 304 or not own.headers:
        return first
    return Held(status=own.status, headers=own.headers, entity=first.entity)


@contextmanager
def held_in_pieces(door: Door, line: CdxLine) -> Iterator[Flow]:
    """The same answer, open: for what may be too large to be held whole."""
    with ExitStack() as opened:

        def flow(one: CdxLine) -> Flow:
            with _readable(one):
                return opened.enter_context(flowing(door.archive.places.file(one.warc), one.offset))

        own = flow(line)
        if line.kind == "revisit":
            first = flow(_original(door, line))
            own = first if own.status == 304 or not own.headers else replace(own, pieces=first.pieces)
        yield own


def beginning(pieces: Iterator[bytes]) -> bytes:
    """As much of a body as is held whole: all of it, where it is shorter."""
    begin: list[bytes] = []
    size = 0
    while size < LARGE and (piece := next(pieces, None)) is not None:
        begin.append(piece)
        size += len(piece)
    return b"".join(begin)


def poured(opened: ExitStack, begin: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """A body as it is sent; what was opened for it is closed behind it."""
    with opened:
        yield begin
        yield from pieces


def _original(door: Door, line: CdxLine) -> CdxLine:
    original = door.archive.index.cdx_line(line.refers_to_id) if line.refers_to_id is not None else None
    if original is None or original.kind == "revisit":
        raise NotFound(
            f"this capture of {line.url} says that it was the same as one that the archive does not hold; only its "
            "headers are there. Import the WARC file with the original: newsarchive import FILE"
        )
    return original


def _answer(door: Door, line: CdxLine) -> Held:
    with _readable(line):
        record = read_record(door.archive.places.file(line.warc), line.offset)
    if record.type == "resource" or not is_http(record):
        content_type = record.get("Content-Type")
        return Held(status=200, headers=(("Content-Type", content_type),) if content_type else (), entity=record.block)
    status, headers = http_headers(record.block)
    return Held(status=status or 200, headers=headers, entity=entity_of(record.block, headers))


@contextmanager
def _readable(line: CdxLine) -> Iterator[None]:
    """A file that cannot be opened or read is no mistake of ours, and no gap in the archive."""
    try:
        yield
    except OSError as problem:
        raise StorageError(
            f"{line.warc} cannot be read ({problem.strerror or problem}); nothing was changed. See to the disk, then: "
            "newsarchive verify"
        ) from problem


def coding_of(headers: Headers) -> str | None:
    """The content coding that an answer's headers name, or None."""
    coding = (header(headers, "Content-Encoding") or "").strip().lower()
    return coding if coding and coding != "identity" else None


def is_taken(coding: str | None, accepted: str) -> bool:
    """True where a client that accepts this (Accept-Encoding) undoes the coding itself."""
    takes = set(_tokens(accepted))
    return coding is None or all(part.strip() in takes for part in coding.split(","))


def as_read(held: Held, accepted: str, limit: int) -> tuple[bytes, str | None]:
    """The body as a client takes it, and its content coding: kept where the client undoes it, else undone.

    One that cannot be undone is handed over as it is.
    """
    coding = coding_of(held.headers)
    if is_taken(coding, accepted):
        return held.entity, coding
    with suppress(PayloadError):
        return held.decoded(limit), None
    return held.entity, coding


def _tokens(accepted: str) -> Iterator[str]:
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        if weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}:
            yield name.strip()
