"""Server-side request forgery: by pages, redirects and host names."""

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from scrapy import Request

from newsarchive.archive import Archive
from newsarchive.crawl import event_loop
from newsarchive.crawl.download.client import RecordingClient
from newsarchive.crawl.download.connect import GuardedEndpoints
from newsarchive.crawl.run import crawl
from newsarchive.urls.ssrf import AddressGuard, url_refusal_reason
from storage.callbacks import utc_now
from storage.index.queries.articles import iter_captures
from storage.index.views.articles import CaptureFilters

PUBLIC = "93.184.215.14"

TRICKS: Sequence[tuple[str, str, Sequence[str]]] = (
    # A URL; what is said of it; what DNS says of its host, where it is asked.
    ("http://127.0.0.1:{port}/", "loopback address", ()),
    ("http://127.8.9.10:{port}/", "loopback address", ()),
    ("http://127.1:{port}/", "loopback address", ()),
    ("http://2130706433:{port}/", "loopback address", ()),
    ("http://0x7f000001:{port}/", "loopback address", ()),
    ("http://0x7f.0.0.1:{port}/", "loopback address", ()),
    ("http://0177.0.0.1:{port}/", "loopback address", ()),
    ("http://017700000001:{port}/", "loopback address", ()),
    ("http://127.0.0.1.:{port}/", "loopback address", ("127.0.0.1",)),
    ("http://%31%32%37.0.0.1:{port}/", "invalid hostname", ()),
    ("http://\uff11\uff12\uff17.0.0.1:{port}/", "loopback address", ()),
    ("http://127\u30020\u30020\u30021:{port}/", "loopback address", ()),
    ("http://\u2460\u2461\u2466.0.0.1:{port}/", "loopback address", ()),
    ("http://localhost:{port}/", "loopback address", ("127.0.0.1",)),
    ("http://LOCALHOST.:{port}/", "loopback address", ("127.0.0.1",)),
    ("http://127.0.0.1.nip.example:{port}/", "loopback address", ("127.0.0.1",)),
    ("http://rebinding.example:{port}/", "loopback address", ("127.0.0.1",)),
    ("http://0.0.0.0:{port}/", "address of this machine", ()),
    ("http://0:{port}/", "address of this machine", ()),
    ("http://[::]:{port}/", "address of this machine", ()),
    ("http://[::1]:{port}/", "loopback address", ()),
    ("http://[0:0:0:0:0:0:0:1]:{port}/", "loopback address", ()),
    ("http://[::ffff:127.0.0.1]:{port}/", "loopback address", ()),
    ("http://[::ffff:7f00:1]:{port}/", "loopback address", ()),
    ("http://[::127.0.0.1]:{port}/", "loopback address", ()),
    ("http://[::ffff:0:127.0.0.1]:{port}/", "loopback address", ()),
    ("http://[64:ff9b::7f00:1]/", "loopback address", ()),
    ("http://[64:ff9b:1::a00:1]/", "NAT64 address of a private network", ()),
    ("http://[2002:7f00:1::]/", "loopback address", ()),
    ("http://[2001:0:4136:e378:8000:63bf:80ff:fffe]/", "Teredo tunnel", ()),
    ("http://[2606:4700::5efe:a00:1]/", "private address", ()),
    ("http://[fe80::1]/", "link-local address", ()),
    ("http://[fc00::1]/", "private address", ()),
    ("http://[fd00:ec2::254]/latest/meta-data/", "private address", ()),
    ("http://[fec0::1]/", "site-local address", ()),
    ("http://[ff02::1]/", "multicast address", ()),
    ("http://169.254.169.254/latest/meta-data/", "where clouds keep their metadata", ()),
    ("http://metadata.google.internal/", "where clouds keep their metadata", ("169.254.169.254",)),
    ("http://[::ffff:a9fe:a9fe]/", "where clouds keep their metadata", ()),
    ("http://100.100.100.200/latest/", "address behind a carrier's NAT", ()),
    ("http://10.0.0.1/", "private address", ()),
    ("http://172.16.0.1/", "private address", ()),
    ("http://192.168.1.1/", "private address", ()),
    ("http://router.example/", "private address", ("192.168.1.1",)),
    ("http://192.0.0.192/latest/", "address of a protocol", ()),
    ("http://198.18.0.1/", "address for benchmarks", ()),
    ("http://224.0.0.1/", "multicast address", ()),
    ("http://255.255.255.255/", "reserved address", ()),
    ("http://news.example@127.0.0.1:{port}/", "contains a password", ()),
    ("http://news.example\\@127.0.0.1:{port}/", "contains a password", ()),
    ("http://127.0.0.1:22/", "port of another protocol", ()),
    ("gopher://127.0.0.1:6379/_INFO", "not http or https", ()),
    ("file:///etc/passwd", "not http or https", ()),
    ("http://127.0.0.1\t:{port}/", "loopback address", ()),
)
"""Fifty-four ways to a place that is none of the public internet's."""

OURS = [
    trick for trick in TRICKS if trick[1] == "loopback address" and "{port}" in trick[0] and "127.8" not in trick[0]
]
"""Those that lead to this very machine: with allow_private, a server here answers."""


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, Sequence[str]]:
    """Answers of DNS. Other names are resolved by the system, which are addresses only."""
    known: dict[str, Sequence[str]] = {}
    real = socket.getaddrinfo

    def answer(host: str, port: Any, *rest: Any, **more: Any) -> Any:
        if host not in known:
            return real(host, port, *rest, **more)
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port or 0))
            for each in known[host]
        ]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return known


def fetch(url: str, guard: AddressGuard) -> str:
    """Return why a URL is refused, or "answered"."""
    if why := url_refusal_reason(url):
        return why
    target = Request(url).url  # as the spider makes it: IDNA, escapes

    async def main() -> Any:
        reactor = event_loop.reactor()
        client = RecordingClient(reactor, GuardedEndpoints(reactor, guard), now=utc_now)
        fetched = await client.fetch(target, (), seconds=5, limit=10_000)
        await client.close()
        return fetched

    fetched = event_loop.run(main())
    return "answered" if fetched.attempts else fetched.describe_error()


def host_in(url: str) -> str:
    return urlsplit(Request(url).url).hostname or ""


@pytest.mark.parametrize(("url", "reason", "dns"), TRICKS, ids=[trick[0] for trick in TRICKS])
def test_a_malicious_record_is_refused_with_its_reason(
    url: str, reason: str, dns: Sequence[str], server: Any, names: dict[str, Sequence[str]]
) -> None:
    """Whatever the notation and whatever DNS answers, nothing is connected to, and the reason names the address."""
    url = url.format(port=server.port)
    if dns:
        names[host_in(url)] = dns
    assert reason in fetch(url, AddressGuard())
    assert (server.connections, server.log) == (0, [])


@pytest.mark.parametrize(("url", "dns"), [(url, dns) for url, _, dns in OURS], ids=[trick[0] for trick in OURS])
def test_with_allow_private_every_notation_works(
    url: str, dns: Sequence[str], server: Any, names: dict[str, Sequence[str]]
) -> None:
    """A configured private host is connected to in any notation of its name."""
    url = url.format(port=server.port)
    host = host_in(url)
    if dns:
        names[host] = dns
    guard = AddressGuard([host])
    if ":" in host:  # the server listens on IPv4 only
        assert guard.refusal_reason(host, host) is None
    else:
        assert fetch(url, guard) == "answered"


def test_an_address_is_checked_at_each_connection(server: Any, names: dict[str, Sequence[str]]) -> None:
    """A name that had a public address before and has a private one now (DNS rebinding) is refused."""
    host = "rebinding.example"
    names[host] = (PUBLIC, "127.0.0.1")
    told = fetch(f"http://{host}:{server.port}/", _Unreachable())
    assert "not a public host: loopback address 127.0.0.1" in told
    assert server.connections == 0


class _Unreachable(AddressGuard):
    """Refuses the public address, so that the other one is tried."""

    def refusal_reason(self, host: str, address: str) -> str | None:
        return "nobody listens" if address == PUBLIC else super().refusal_reason(host, address)


CONFIG = """
contact = "tests@localhost"
delay = "0s"
reader_processes = 1
commit_seconds = 0.1
[[site]]
name = "example"
url = "{url}/"
allow_private = true
"""


@pytest.mark.parametrize("way", ["a redirect of robots.txt", "a redirect of a page", "an image"])
def test_a_page_cannot_lead_to_a_private_address(way: str, server: Any, tmp_path: Path) -> None:
    """The target of a redirect is checked like any URL, even of a private host: another name of this machine is not
    connected to. The redirect itself is recorded.
    """
    target = f"http://localhost:{server.port}/secret"
    moved = f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()
    body = f'<html><body><article><p>Text.</p><img src="{target}"></article></body></html>'.encode()
    shown = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    path = "/robots.txt" if "robots" in way else "/"
    server.say(path, shown if way == "an image" else moved)
    (tmp_path / "newsarchive.toml").write_text(CONFIG.format(url=server.base))
    with Archive.open(tmp_path) as archive:
        report = crawl(archive)
        held = {view.url for view in archive.index.stream(iter_captures, CaptureFilters())}
    # Another host than the site's own is asked for a page's parts only, and a robots.txt follows its redirect.
    assert report.run.counters.get("blocked", 0) == (0 if way == "a redirect of a page" else 1)
    assert f"{server.base}{path}" in held
    assert target not in held
    assert "/secret" not in [each.path for each in server.log]
