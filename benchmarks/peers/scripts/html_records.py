"""The HTML pages of a WARC file, as warcio reads them, for extractors that know nothing of WARC."""

import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import brotli
from warcio.archiveiterator import ArchiveIterator

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# warcio itself knows no zstd, fails with the brotli of today, and takes the trailer behind chunks for content.
_UNDO: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: zlib.decompress(body, 47),
    "br": brotli.decompress,
    "zstd": zstd.decompress,
}


def pages(warc: str, most: int) -> Iterator[tuple[str, bytes]]:
    """URLs and payloads of the first answers with status 200 that are HTML, codings undone."""
    count = 0
    with Path(warc).open("rb") as file:
        for record in ArchiveIterator(file):
            head = record.http_headers
            if record.rec_type != "response" or head.get_statuscode() != "200":
                continue
            if not (head.get_header("Content-Type") or "").startswith("text/html"):
                continue
            body = record.raw_stream.read()
            if head.get_header("Transfer-Encoding") == "chunked":
                body = unchunked(body)
            undo = _UNDO.get(head.get_header("Content-Encoding") or "")
            yield record.rec_headers.get_header("WARC-Target-URI"), undo(body) if undo else body
            count += 1
            if count == most:
                return


def unchunked(body: bytes) -> bytes:
    r"""A body without its chunks, extensions and trailer.

    >>> unchunked(b"4;a=1\r\nWiki\r\n0\r\nX: y\r\n\r\n")
    b'Wiki'
    """
    pieces = []
    at = 0
    while size := int(body[at : (end := body.index(b"\r\n", at))].partition(b";")[0], 16):
        pieces.append(body[end + 2 : end + 2 + size])
        at = end + 2 + size + 2
    return b"".join(pieces)
