"""An archive with alerts, a clock that stands still, and servers on the loopback that take mail and webhooks."""

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from newsarchive.alerts.delivery import send_hits
from newsarchive.alerts.matching import find_hits, open_store
from newsarchive.archive import Archive
from storage.warc.record import HTTP_RESPONSE, build_member, new_record_id, sha256, warc_date

PAGE = (
    '<script type="application/ld+json">{{"@type": "NewsArticle", "headline": {quoted}, "author": "Ada Berg"}}</script>'
    "<h1>{headline}</h1><article><p>{text} It was the first such day in a long while, as all in town agree.</p>"
    "<p>The mayor said that the town had waited for it, and thanked all who had worked on it for years.</p></article>"
)


@dataclass
class Sink:
    """A server that takes what alerts send."""

    port: int = 0
    got: list[dict[str, Any]] = field(default_factory=list)
    """Mails as dicts of `to` and `text`; webhooks as dicts of `headers`, `path` and `body`."""
    answer: str = ""
    """SMTP reply to the end of a mail, or HTTP status, if not that of success."""
    hang: threading.Event = field(default_factory=threading.Event)
    is_slow: bool = False
    """Accepts what is sent, and never says so."""
    is_dripping: bool = False
    """Answers a webhook byte by byte, without an end."""
    pages: dict[str, str] = field(default_factory=dict)
    """Pages of a site on the same server."""
    on_accepted: Callable[[], None] = lambda: None

    @property
    def ids(self) -> list[str]:
        """Ids of the messages, in their order."""
        return [each["id"] for each in self.got]


class SmtpHandler(socketserver.StreamRequestHandler):
    """As much of SMTP as smtplib needs."""

    sink: Sink

    def handle(self) -> None:
        """Serve one connection."""
        self.say("220 sink")
        to = ""
        while line := self.rfile.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            if verb.upper() == "RCPT":
                to = rest.partition("<")[2].rstrip(">")
            if verb.upper() == "DATA":
                self.say("354 go on")
                text = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    text += part
                named = {"id": text.partition(b"Message-ID: ")[2].partition(b"\r\n")[0].decode().strip(), "to": to}
                if self.sink.is_slow:
                    self.sink.hang.wait(20)
                    return
                if not self.sink.answer:
                    self.sink.got.append({**named, "text": text.decode()})
                    self.sink.on_accepted()
                self.say(self.sink.answer or "250 accepted")
            elif verb.upper() == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 sink")

    def say(self, line: str) -> None:
        """Send a reply."""
        self.wfile.write(line.encode() + b"\r\n")


class HookHandler(BaseHTTPRequestHandler):
    """Takes webhooks."""

    sink: Sink

    def do_GET(self) -> None:
        """Serve a page."""
        page = self.sink.pages.get(self.path)
        self.send_response(404 if page is None else 200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write((page or "").encode())

    def do_POST(self) -> None:
        """Serve one request."""
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.sink.is_slow:
            self.sink.hang.wait(20)
            return
        if self.sink.is_dripping:
            with suppress(OSError):
                while not self.sink.hang.wait(0.05):
                    self.wfile.write(b"H")
            return
        named = {"id": self.headers["webhook-id"], "headers": dict(self.headers), "path": self.path}
        if not self.sink.answer:
            self.sink.got.append({**named, "body": body})
            self.sink.on_accepted()
        self.send_response(int(self.sink.answer or 204))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def serve_sink(handler: type[Any], server: type[Any]) -> Iterator[Sink]:
    """Run a server in a thread."""
    sink = Sink()
    with server(("127.0.0.1", 0), type("Handler", (handler,), {"sink": sink})) as listening:
        listening.daemon_threads = True
        sink.port = listening.server_address[1]
        threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True).start()
        yield sink
        sink.hang.set()
        listening.shutdown()


@pytest.fixture
def smtp() -> Iterator[Sink]:
    """A server that takes mail."""
    with serve_sink(SmtpHandler, socketserver.ThreadingTCPServer) as sink:
        yield sink


@pytest.fixture
def hook() -> Iterator[Sink]:
    """A server that takes webhooks."""
    with serve_sink(HookHandler, ThreadingHTTPServer) as sink:
        yield sink


@dataclass
class Desk:
    """An archive with alerts, whose clock stands still."""

    archive: Archive
    folder: Path
    now: datetime = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
    _written: int = 0

    def add(self, *headlines: str, text: str = "The harbour was opened.", url: str = "", day: int = 9) -> None:
        """Import an article with each headline."""
        members = []
        for number, headline in enumerate(headlines):
            page = PAGE.format(headline=headline, quoted=json.dumps(headline), text=text).encode()
            block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(
                page
            )
            at = datetime(2026, 3, day, 5, number % 60, tzinfo=UTC)
            self._written += 1
            fields = [
                ("WARC-Record-ID", f"<{new_record_id()}>"),
                ("WARC-Date", warc_date(at)),
                ("WARC-Target-URI", url or f"https://news.example/2026/03/story-{self._written}.html"),
                ("WARC-Block-Digest", sha256(block + page)),
                ("WARC-Payload-Digest", sha256(page)),
                ("Content-Type", HTTP_RESPONSE),
            ]
            members.append(build_member("response", fields, block + page))
        source = self.folder.parent / f"source-{self._written}.warc.gz"
        source.write_bytes(b"".join(members))
        self.archive.import_files([source])

    def run(self, *, sends: bool = True) -> None:
        """Find hits and send what is due, as a process does."""
        with closing(open_store(self.folder)) as store:
            find_hits(self.archive, store, self.now)
            if sends:
                send_hits(self.archive, store, self.now)

    def wait(self, **span: float) -> None:
        """Move the clock."""
        self.now += timedelta(**span)

    def tellings(self) -> list[dict[str, Any]]:
        """Return what is kept of deliveries."""
        with closing(open_store(self.folder)) as store:
            return [dict(row) for row in store.execute("SELECT * FROM tellings ORDER BY id")]

    def reopen(self) -> None:
        """Open the archive again, by its file as it is now."""
        self.archive.close()
        self.archive = Archive.open(self.folder, now=lambda: self.now)


@pytest.fixture(params=["sqlite", "postgresql"])
def index_line(request: pytest.FixtureRequest) -> str:
    """The setting `index` of each database."""
    return f'index = "{request.getfixturevalue("postgres_url")}"' if request.param == "postgresql" else ""


@pytest.fixture
def desk_of(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Makes an archive with lines in its newsarchive.toml."""
    desks: list[Desk] = []

    def make(*lines: str, index: str = "", smtp: Sink | None = None) -> Desk:
        folder = tmp_path / f"desk-{len(desks)}"
        Archive.init(folder).close()
        toml = folder / "newsarchive.toml"
        mail = 'mail_server = "127.0.0.1"\nmail_tls = "none"\nmail_from = "archive@paper.example"'
        mail += f"\nmail_port = {smtp.port if smtp else 25}"
        toml.write_text("\n".join([index, mail, toml.read_text(), *lines]))
        desk = Desk(Archive.open(folder), folder)
        desks.append(desk)
        desk.reopen()
        return desk

    yield make
    for desk in desks:
        desk.archive.close()
