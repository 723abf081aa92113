"""Politeness as two hundred servers see it: no request to any of them comes sooner than they and the owner ask for."""

import asyncio
import socket
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive
from newsarchive.crawl.run import crawl

HOSTS = 200
REQUESTS = 10_000
SLACK = 0.002
"""Seconds: a server notes an answer's end when the kernel has taken it, which is a moment before we have it."""
TOP = """
contact = "tests@localhost"
delay = "0.05s"
max_delay = "0.08s"
workers = 1
concurrency = 64
requisites = false
log_files = 0
"""
SITE = """
[[site]]
name = "s{n}"
url = "http://s{n}.test:{port}/"
delay = "{delay}s"
allow_private = true
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one host asks for."""

    delay: float
    """Seconds, by newsarchive.toml."""
    crawl_delay: float | None
    """By its robots.txt."""
    refuses: int | None
    """The page to which it answers 429 once, with a Retry-After of a second."""

    @property
    def least(self) -> float:
        """Seconds between an answer's end and the next request."""
        return max(self.delay, self.crawl_delay or 0.0)


def plan(n: int) -> Plan:
    """A mix: some hosts are fast, some slow, some say so themselves, some lose patience once."""
    return Plan(
        delay=(0.05, 0.1, 0.2, 0.4)[n % 4],
        crawl_delay=(None, 0.3, None, None, 0.15)[n % 5],
        refuses=7 if n % 10 == 3 else None,
    )


@dataclass
class Servers:
    """All hosts, on one port: they are told apart by the Host header."""

    pages: int
    log: dict[str, list[tuple[str, float, float, int]]] = field(default_factory=lambda: defaultdict(list))
    """By host: path, when the request was there, when the answer was away, its status."""

    def __post_init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()
        self._ready.wait()

    def close(self) -> None:
        """End them."""
        self.loop.call_soon_threadsafe(self.loop.stop)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512))
        self.port: int = server.sockets[0].getsockname()[1]
        self._ready.set()
        self.loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                began = self.loop.time()
                path = head.split(" ", 2)[1]
                host = head.partition("Host: ")[2].partition("\r\n")[0].partition(":")[0]
                status, mime, body, more = self._answer(int(host[1:].partition(".")[0]), host, path)
                lines = f"HTTP/1.1 {status} X\r\nContent-Type: {mime}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
                writer.write(lines.encode() + body)
                await writer.drain()
                self.log[host].append((path, began, self.loop.time(), status))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, n: int, host: str, path: str) -> tuple[int, str, bytes, str]:
        asked = plan(n)
        if path == "/robots.txt":
            delay = f"Crawl-delay: {asked.crawl_delay}\n" if asked.crawl_delay else ""
            return 200, "text/plain", f"User-agent: *\n{delay}Disallow: /no\n".encode(), ""
        if path == "/":
            items = "".join(f"<item><title>{k}</title><link>/{k}.bin</link></item>" for k in range(self.pages))
            feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>{n}</title>{items}</channel></rss>'
            return 200, "application/rss+xml", feed.encode(), ""
        refused = asked.refuses is not None and path == f"/{asked.refuses}.bin"
        if refused and not any(each[0] == path for each in self.log[host]):
            return 429, "text/plain", b"later", "Retry-After: 1\r\n"
        return 200, "application/octet-stream", f"{host}{path}".encode(), ""


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    """Two hundred hosts by name, all of them here."""
    real = socket.getaddrinfo

    def answer(host: str, *rest: Any, **more: Any) -> Any:
        return real("127.0.0.1" if host.endswith(".test") else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    servers = Servers(pages=REQUESTS // HOSTS - 2)
    yield servers
    servers.close()


@pytest.mark.slow
def test_no_host_is_asked_sooner_than_it_asks_for(servers: Servers, tmp_path: Path) -> None:
    """10,000 requests to 200 hosts with mixed delays: by the servers' own clocks no gap is shorter than delay,
    Crawl-delay and Retry-After demand, no host has two requests at once, and each gets all of its own.
    """
    sites = "".join(SITE.format(n=n, port=servers.port, delay=plan(n).delay) for n in range(HOSTS))
    (tmp_path / "newsarchive.toml").write_text(TOP + sites)
    with Archive.open(tmp_path) as archive:
        report = crawl(archive)
    assert (report.run.outcome, report.problems) == ("finished", ())
    assert len(servers.log) == HOSTS
    assert sum(len(asked) for asked in servers.log.values()) >= REQUESTS
    for host, asked in servers.log.items():
        least = plan(int(host[1:].partition(".")[0])).least
        assert len(asked) >= REQUESTS // HOSTS
        for (path, _, ended, status), (_, began, _, _) in pairwise(asked):
            wanted = 1.0 if status == 429 else 0.0 if path == "/robots.txt" else least
            assert began - ended >= wanted - SLACK, (host, path, status)
