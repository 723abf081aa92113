"""The archived HTTP response of a capture, revisits resolved."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from newsarchive.web.context import RequestContext
from storage.errors import NotFound, StorageError
from storage.index.queries.cdx import get_cdx_line
from storage.index.views.cdx import CdxLine
from storage.warc.record import Headers, header
from storage.warc.streaming import ResponseStream, open_response

MAX_IN_MEMORY = 1 << 20
"""Bytes of a body that is read whole; a larger one is streamed from the file to the client."""
_REFUSED = re.compile(r"q=0(\.0{1,3})?")


@contextmanager
def open_archived_response(context: RequestContext, line: CdxLine) -> Iterator[ResponseStream]:
    """Open the archived response of a capture as a stream: for bodies that may be too large for memory.

    A revisit has the headers of its own record and the body of its original, which may be archived under another URL.
    NotFound if the original is not archived; WarcError or StorageError if the record cannot be read.
    """
    with ExitStack() as opened:

        def open_line(line: CdxLine) -> ResponseStream:
            # An unreadable file is neither a bug nor a gap in the archive.
            with StorageError.replace_os_errors("warc-unreadable", warc=line.warc):
                return opened.enter_context(open_response(context.archive.places.file(line.warc), line.offset))

        own = open_line(line)
        if line.kind == "revisit":
            original = context.whole_index.ask(get_cdx_line, line.refers_to_id) if line.refers_to_id else None
            if original is None or original.kind == "revisit":
                raise NotFound.create("original-missing", url=line.url)
            first = open_line(original)
            # A 304 does not describe the response that it confirms: the headers of the body are the original's.
            own = first if own.status == 304 or not own.headers else replace(own, chunks=first.chunks)
        yield own


def read_beginning(chunks: Iterator[bytes]) -> bytes:
    """Return up to MAX_IN_MEMORY bytes of a body, and the rest of the piece that reaches it."""
    start: list[bytes] = []
    size = 0
    while size < MAX_IN_MEMORY and (piece := next(chunks, None)) is not None:
        start.append(piece)
        size += len(piece)
    return b"".join(start)


def stream_body(opened: ExitStack, start: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield a body; close its resources at the end."""
    with opened:
        yield start
        yield from chunks


def content_coding(headers: Headers) -> str | None:
    """Return the content coding of a response, or None."""
    coding = (header(headers, "Content-Encoding") or "").strip().lower()
    return coding if coding and coding != "identity" else None


def accepts_coding(coding: str | None, accepted: str) -> bool:
    """Return True if a client with this Accept-Encoding can decode the content coding."""
    given = (part.partition(";") for part in accepted.lower().split(","))
    names = {name.strip() for name, _, weight in given if not _REFUSED.fullmatch(weight.replace(" ", ""))}
    return coding is None or all(part.strip() in names for part in coding.split(","))
