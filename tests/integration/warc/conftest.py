"""WARC files with one exchange of each kind."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from isal import igzip

from storage.model import Capture, CrawlRun, Discovery, Exchange, RefersTo, Site, UrlKind
from storage.warc.writer import WarcWriter

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
RUN = CrawlRun(
    id="20260301T120000Z-3f9a",
    sites=(Site(name="harbour", url="http://harbour.example/", hosts=("www.harbour.example",)),),
    started_at=BEGAN,
)
PAGE = ("<html><head><title>Ferry late again</title></head><body>" + "<p>Näheres folgt. 明天见。</p>" * 20).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"


@dataclass
class Known:
    """Committed originals, as the index would return them."""

    digests: dict[str, RefersTo] = field(default_factory=dict)
    urls: dict[str, RefersTo] = field(default_factory=dict)

    def find_original_by_digest(self, payload_digest: str) -> RefersTo | None:
        return self.digests.get(payload_digest)

    def find_original_by_url(self, url: str) -> RefersTo | None:
        return self.urls.get(url)

    def commit(self, capture: Capture) -> None:
        """Add a committed response to the originals."""
        if capture.kind == "response" and capture.payload_digest and not capture.truncated:
            original = RefersTo(record_id=capture.record_id, url=capture.url, date=capture.date)
            self.digests.setdefault(capture.payload_digest, original)
            if capture.status == 200:
                self.urls[capture.url] = original


def exchange(path: str, response: bytes, *, seconds: int = 0, truncated: str | None = None) -> Exchange:
    """Return an exchange with the site, so many seconds into the run."""
    url = f"http://harbour.example/{path}"
    return Exchange(
        url=url,
        started_at=BEGAN + timedelta(seconds=seconds),
        request=f"GET /{path} HTTP/1.1\r\nHost: harbour.example\r\n\r\n".encode(),
        response=response,
        peer="192.0.2.7",
        protocols=("http/1.1",),
        truncated=truncated,
        discovery=Discovery(site="harbour", kind=UrlKind.ARTICLE, via="http://harbour.example/", title="Ferry\nlate"),
    )


def chunked(body: bytes, size: int = 40) -> bytes:
    """Return a chunked body, with an extension on the first chunk and a trailer."""
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    framed = [b"%X%s\r\n%s\r\n" % (len(piece), b";first" if piece is pieces[0] else b"", piece) for piece in pieces]
    return b"".join([*framed, b"0\r\nX-Trailer: yes\r\n\r\n"])


EXCHANGES = {
    "plain": exchange("plain", HEAD + b"Content-Length: %d\r\n\r\n" % len(PAGE) + PAGE),
    "chunked": exchange("chunked", HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(PAGE + b"<!-- c -->")),
    "gzipped": exchange("gzipped", HEAD + b"Content-Encoding: gzip\r\n\r\n" + igzip.compress(PAGE * 400, mtime=0)),
    "odd": exchange("odd", b"HTTP/1.0 200\nX-Odd : \xe9\nno colon\nSet-Cookie: a=1\nSet-Cookie: b=2\n folded\n\n<p>x"),
    "moved": exchange("moved", b"HTTP/1.1 301 Moved Permanently\r\nLocation: /plain#top\r\nContent-Length: 0\r\n\r\n"),
    "cut": exchange("cut", HEAD + b"Content-Length: 5000\r\n\r\n<p>Half a p", truncated="disconnect"),
    "noise": exchange("noise", b"SSH-2.0-OpenSSH_9.9\r\n"),
    "again": exchange("again", HEAD + b"X-Served: twice\r\n\r\n" + PAGE, seconds=60),
    "unchanged": exchange("plain", b'HTTP/1.1 304 Not Modified\r\nETag: "7"\r\n\r\n', seconds=120),
}


WriterOf = Callable[..., WarcWriter]


@pytest.fixture
def known() -> Known:
    """No originals yet."""
    return Known()


@pytest.fixture
def run() -> CrawlRun:
    """The run of the files."""
    return RUN


@pytest.fixture
def exchanges() -> dict[str, Exchange]:
    """One exchange of each kind."""
    return EXCHANGES


@pytest.fixture
def writer_of(tmp_path: Path, known: Known) -> WriterOf:
    """Return a function that makes a writer with the given options."""

    def made(**wanted: object) -> WarcWriter:
        folder = tmp_path / "warc"
        folder.mkdir(exist_ok=True)
        given = {"run": RUN, "info": {"software": "newsarchive"}, "originals": known, "host": "desk"} | wanted
        return WarcWriter(folder, **given)  # type: ignore[arg-type]  # a test's own choice

    return made


@pytest.fixture
def archived(writer_of: WriterOf, known: Known, tmp_path: Path) -> tuple[Path, dict[str, Capture]]:
    """A closed file with one exchange of each kind, and the captures that the writer returned."""
    writer = writer_of()
    captures: dict[str, Capture] = {}
    for name, one in EXCHANGES.items():
        captures[name] = writer.write(one)
        writer.sync()
        known.commit(captures[name])
    writer.write_run_end(RUN)
    closed = writer.close()
    assert closed is not None
    return tmp_path / "warc" / closed.name, captures
