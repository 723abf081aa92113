"""A recorded news site, served on the loopback interface as it was at one of three times.

The recording, `lantern.tar.xz`, is package data. `index.json` in it lists the pages:

    {"origin": "http://lantern.example", "times": [TIME, ...], "not_found": PAGE, "pages": {TARGET: [PAGE, ...]}}

A page is `[status, media type, Location or null, Last-Modified or null, name of the body]`, one for each time, or null
while there is no page. Bodies are members named by their digest; their origin is replaced when they are served.
"""

import gzip
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any

RECORDING = "lantern.tar.xz"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPage:
    """A page at one time."""

    status: int
    mime: str
    location: str | None
    last_modified: datetime | None
    body: bytes
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSite:
    """All pages at all times."""

    origin: str
    times: tuple[datetime, ...]
    not_found: RecordedPage
    pages: dict[str, tuple[RecordedPage | None, ...]]
    """By request target: path and query."""


@cache
def load_recording() -> RecordedSite:
    """Load the recording from the package."""
    data = resources.files(__package__).joinpath(RECORDING)
    with data.open("rb") as file, tarfile.open(fileobj=file, mode="r:xz") as tar:
        members = {member.name: read.read() for member in tar if (read := tar.extractfile(member))}
    index = json.loads(members["index.json"])

    def parse(page: list[Any]) -> RecordedPage:
        status, mime, location, changed, name = page
        time, body = changed and datetime.fromisoformat(changed), members[name]
        return RecordedPage(
            status=status, mime=mime, location=location, last_modified=time, body=body, etag=f'"{name}"'
        )

    return RecordedSite(
        origin=index["origin"],
        times=tuple(datetime.fromisoformat(time) for time in index["times"]),
        not_found=parse(index["not_found"]),
        pages={target: tuple(page and parse(page) for page in pages) for target, pages in index["pages"].items()},
    )


class DemoServer(ThreadingHTTPServer):
    """A running server; `advance` moves it to the next recorded time."""

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.site = load_recording()
        self.url = f"http://127.0.0.1:{self.server_port}/"
        self.number = 0

    @property
    def time(self) -> datetime:
        """The site's time."""
        return self.site.times[self.number]

    def advance(self) -> None:
        """Move to the next recorded time; IndexError after the last."""
        self.site.times[self.number + 1]
        self.number += 1


@contextmanager
def serve_demo_site(port: int = 0) -> Iterator[DemoServer]:
    """Serve the recorded site on a port of the loopback interface; 0: a free one."""
    with DemoServer(port) as server:
        thread = threading.Thread(target=server.serve_forever, name="demo site", daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD, with conditional requests and gzip."""

    protocol_version = "HTTP/1.1"
    server_version = "lantern"
    sys_version = ""

    @property
    def _demo(self) -> DemoServer:
        assert isinstance(self.server, DemoServer)
        return self.server

    def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002
        """Return the site's time for the Date header."""
        return format_datetime(self._demo.time, usegmt=True)

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def do_GET(self) -> None:
        """Send the page, or for HEAD its headers."""
        site, number = self._demo.site, self._demo.number
        page = site.pages.get(self.path, {number: None})[number] or site.not_found  # at the present time
        origin = self._demo.url.rstrip("/")
        recorded = site.origin
        is_unchanged = page.status == 200 and self.headers["If-None-Match"] == page.etag
        self.send_response(304 if is_unchanged else page.status)
        self.send_header("ETag", page.etag)
        if page.last_modified:
            self.send_header("Last-Modified", format_datetime(page.last_modified, usegmt=True))
        if is_unchanged:
            self.end_headers()
            return
        if page.location:
            self.send_header("Location", page.location.replace(recorded, origin))
        is_packed = page.mime == "application/gzip"
        body = (gzip.decompress(page.body) if is_packed else page.body).replace(recorded.encode(), origin.encode())
        body = gzip.compress(body, mtime=0) if is_packed else body
        self.send_header("Content-Type", page.mime)
        if page.mime.startswith("text/") and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - the base class's name
