"""Bytes on the newsroom's sockets, and how many of them a WARC file holds unchanged."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from warcio.archiveiterator import ArchiveIterator

from tests.newsroom.exchange_log import LoggedExchange, read_log

_ARTICLE = re.compile(r"-(\d{5,6})(?:\.html)?$")
"""The newsroom's articles end in their number, on whatever page they are."""
_NO_ARTICLES = 90_000
"""From this number on they are pages that only look like articles."""
_PAGE = re.compile(rb"\r\ncontent-type: *text/html", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """Exchanges as the server saw them."""

    exchanges: int
    pages: int
    """Whole answers with status 200 that were HTML."""
    articles: frozenset[int]
    """Numbers of the articles among them."""
    responses: frozenset[bytes]
    """Digests of what was sent, heads and bodies as they were."""
    requests: frozenset[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Share of it in WARC files."""

    responses: int
    exact: int
    """Of the responses, those that are what the server sent, to the byte."""
    requests: int
    exact_requests: int
    revisits: int

    def told(self) -> tuple[str, str]:
        """Cells of a table: responses, requests."""
        return (
            f"{self.exact:,} of {self.responses:,}" if self.responses else "none",
            f"{self.exact_requests:,} of {self.requests:,}" if self.requests else "none",
        )


def wire(log: Path) -> Wire:
    """Read the newsroom's log."""
    urls: list[str] = []
    exchanges = 0
    responses, requests = set(), set()
    for logged in read_log(log):
        exchanges += 1
        responses.add(_digest(logged.response))
        requests.add(_digest(logged.request))
        if _is_page(logged):
            urls.append(logged.url)
    return Wire(
        exchanges=exchanges,
        pages=len(urls),
        articles=articles_at(urls),
        responses=frozenset(responses),
        requests=frozenset(requests),
    )


def _is_page(logged: LoggedExchange) -> bool:
    head = logged.response.partition(b"\r\n\r\n")[0]
    status = head[:12].rpartition(b" ")[2]
    whole = logged.complete and logged.request.startswith(b"GET ")
    return whole and status == b"200" and _PAGE.search(head) is not None


def articles_at(urls: Iterable[str]) -> frozenset[int]:
    """Numbers of the articles that these URLs lead to, each once.

    >>> articles_at(["http://x/2026/05/04/quay-opens-10011.html", "http://x/amp/quay-opens-10011", "http://x/town/"])
    frozenset({10011})
    """
    found = (_ARTICLE.search(urlsplit(url).path) for url in urls)
    return frozenset(number for each in found if each and (number := int(each[1])) < _NO_ARTICLES)


def compare_warcs(warcs: Sequence[Path], sent: Wire) -> Kept:
    """Hold WARC files against what was on the wire."""
    responses = exact = requests = exact_requests = revisits = 0
    for kind, block in _blocks(warcs):
        if kind == "response":
            responses += 1
            exact += _digest(block) in sent.responses
        elif kind == "request":
            requests += 1
            exact_requests += _digest(block) in sent.requests
        revisits += kind == "revisit"
    return Kept(responses=responses, exact=exact, requests=requests, exact_requests=exact_requests, revisits=revisits)


def _blocks(warcs: Sequence[Path]) -> Iterable[tuple[str, bytes]]:
    """Types and blocks of records, the blocks as they are stored."""
    for warc in warcs:
        with warc.open("rb") as file:
            for record in ArchiveIterator(file, no_record_parse=True):
                yield record.rec_type, record.raw_stream.read()


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
