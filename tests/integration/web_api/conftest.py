"""A small archive with known content, served by the APIs in this process and on a socket."""

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
import uvicorn
from starlette.testclient import TestClient

from newsarchive.access.access_rules import AccessRules
from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from newsarchive.web.serve_options import DEFAULT_OPTIONS, ServeOptions
from storage.model import CrawlRun, Discovery, Exchange, Site, UrlKind
from storage.warc.writer import WarcWriter
from tests.rebuilding import rebuild

MORNING = datetime(2026, 3, 1, 6, tzinfo=UTC)
HOST = "http://news.example"
STORY, LOOKS = f"{HOST}/2026/03/01/harbour-wall", 3
CHINESE = f"{HOST}/%E6%B8%AF%E5%8F%A3"
"""The word for a harbour, percent-encoded."""
OLD, GONE, SECRET = f"{HOST}/old", f"{HOST}/gone", f"{HOST}/private/salaries"
SHEET, PICTURE = f"{HOST}/style.css", f"{HOST}/wall.png"
PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de") + bytes(300)
TEXTS = ("The harbour wall holds, says the harbour master, and will hold for another hundred years.",) * 1


def page(headline: str, *texts: str) -> bytes:
    """Return an article page."""
    body = "".join(f"<p>{text}</p>" for text in texts)
    facts = f'{{"@type": "NewsArticle", "headline": "{headline}", "datePublished": "2026-03-01T05:00:00Z"}}'
    return (
        f"<!doctype html><html lang=en><head><title>{headline}</title><link rel=stylesheet href=/style.css>"
        f'<script type="application/ld+json">{facts}</script></head><body><article><h1>{headline}</h1>{body}'
        f"<img src=/wall.png></article></body></html>"
    ).encode()


def paragraphs(word: str) -> tuple[str, ...]:
    """Return enough text for an article."""
    return tuple(
        f"Paragraph {number} tells of the {word} at some length, so that it is taken for a paragraph of an article."
        for number in range(8)
    )


def answer(body: bytes, *headers: str, status: str = "200 OK", mime: str = "text/html; charset=utf-8") -> bytes:
    """Return an HTTP response as sent over a socket."""
    lines = (f"HTTP/1.1 {status}", f"Content-Type: {mime}", f"Content-Length: {len(body)}", *headers)
    return "\r\n".join((*lines, "", "")).encode() + body


def chunked(body: bytes, *headers: str) -> bytes:
    """Return a compressed response in chunked transfer coding."""
    squeezed = gzip.compress(body, mtime=0)
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (squeezed[:100], squeezed[100:]))  # two chunks
    lines = ("HTTP/1.1 200 OK", "Content-Type: text/html; charset=utf-8", "Content-Encoding: gzip", *headers)
    head = "\r\n".join((*lines, "Transfer-Encoding: chunked", "", ""))
    return head.encode() + pieces + b"0\r\n\r\n"


def exchange(url: str, response: bytes, minute: float, kind: UrlKind = UrlKind.ARTICLE) -> Exchange:
    """Return a request and its response, at a minute of the morning."""
    path = url.removeprefix(HOST) or "/"
    return Exchange(
        url=url,
        started_at=MORNING + timedelta(minutes=minute),
        request=f"GET {path} HTTP/1.1\r\nHost: news.example\r\n\r\n".encode(),
        response=response,
        peer="192.0.2.1",
        discovery=Discovery(site="news", kind=kind, via=f"{HOST}/"),
    )


FIRST = page("The wall holds", *paragraphs("harbour wall"))
SECOND = page("The wall falls", *paragraphs("fallen wall"))


def _exchanges() -> Iterator[tuple[Exchange, ...]]:
    """Yield groups of exchanges, one WARC file each: the original of a revisit must be indexed first."""
    yield (
        exchange(STORY, chunked(FIRST, 'ETag: "1"', "Set-Cookie: a=1", "Set-Cookie: b=2"), 0),
        exchange(SHEET, answer(b"h1 { color: navy }" * 20, mime="text/css"), 0.1, UrlKind.ASSET),
        exchange(PICTURE, answer(PNG, mime="image/png"), 0.2, UrlKind.ASSET),
        exchange(OLD, answer(b"", "Location: /2026/03/01/harbour-wall", status="301 Moved Permanently"), 0.3),
        exchange(GONE, answer(b"<p>Nothing here</p>", status="404 Not Found"), 0.4),
        exchange(CHINESE, answer(page("A harbour", *paragraphs("port"))), 0.5),
        exchange(SECRET, answer(page("What they earn", *paragraphs("salary"))), 0.6),
    )
    yield (
        exchange(STORY, chunked(FIRST, 'ETag: "1"', "X-Look: second"), 10),
        exchange(f"{STORY}?from=feed", chunked(FIRST), 10.5),
        exchange(STORY, b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n', 20),
        exchange(STORY, answer(SECOND), 30),
    )


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An archive of eleven captures: responses, both kinds of revisit, a redirect, an error, page requisites."""
    folder = tmp_path_factory.mktemp("web-api") / "morgue"
    with Archive.init(folder) as archive:
        site = Site(name="news", url=f"{HOST}/")
        for number, exchanges in enumerate(_exchanges()):
            run = CrawlRun(id=f"2026030106{number:02}00Z-abcd", sites=(site,), started_at=MORNING)
            writer = WarcWriter(
                archive.config.warc_folder, run=run, info={"software": "a test"}, originals=archive.index, host="test"
            )
            for each in exchanges:
                writer.write(each)
            writer.close()
            rebuild(archive)
        yield archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A client and its archive."""

    client: TestClient
    archive: Archive


Opened = Callable[..., TestClient]


@pytest.fixture
def opened(small: Archive) -> Iterator[Opened]:
    """Make clients of the small archive in this process; `blocked` are SURT prefixes of excluded URLs."""
    clients: list[TestClient] = []

    def make(*, blocked: tuple[str, ...] = (), options: ServeOptions = DEFAULT_OPTIONS) -> TestClient:
        app = create_app(small, options)
        if blocked:
            app.state.access._rules = replace(AccessRules.from_config(small.config), blocked=blocked)
        client = TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False)
        clients.append(client.__enter__())
        return client

    yield make
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def client(opened: Opened) -> TestClient:
    """A client without access rules."""
    return opened()


@contextmanager
def served(archive: Archive, options: ServeOptions = DEFAULT_OPTIONS) -> Iterator[str]:
    """Serve on a loopback socket; yield the URL."""
    server = uvicorn.Server(
        uvicorn.Config(create_app(archive, options), host="127.0.0.1", port=options.port, log_level="warning")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def address(small: Archive) -> Iterator[str]:
    """The URL of a server of the small archive."""
    with served(small, replace(DEFAULT_OPTIONS, port=0)) as where:
        yield where
