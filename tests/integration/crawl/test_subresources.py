"""One request at a time to each host, with its pause: also for redirects of robots.txt and for subresources of rendered
pages. A failure of one of these does not affect others.
"""

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive
from newsarchive.crawl.run import crawl
from storage.index.frontier import host_state
from storage.index.queries.articles import iter_captures
from storage.index.views.articles import ALL_CAPTURES

CHROMIUM = os.environ.get("NEWSARCHIVE_CHROMIUM") or shutil.which("chromium") or ""
needs_browser = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: apt install chromium")
DELAY = 0.3
SLACK = 0.001
"""Seconds: timers of the system may fire that much early."""
TOP = """
contact = "tests@localhost"
delay = "{delay}s"
timeout = "20s"
reader_processes = 1
commit_seconds = 0.1
requisites = false
browser = "{browser}"
render_time = "{render_time}"
"""
SITE = """
[[site]]
name = "{name}"
url = "http://{name}.test:{port}/"
hosts = ["{other}.test"]
allow_private = true
{more}
"""
Make = Callable[..., Archive]


@pytest.fixture
def two(server: Any) -> Iterator[tuple[Any, Any]]:
    """Two hosts: a.test and b.test."""
    other = type(server)()
    yield server, other
    other.close()


@pytest.fixture
def make(two: tuple[Any, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Create an archive of one site or both; every name is resolved to this machine."""
    real = socket.getaddrinfo

    def answer(host: Any, *rest: Any, **more: Any) -> Any:
        here = isinstance(host, str) and host.endswith(".test")
        return real("127.0.0.1" if here else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with ExitStack() as stack:

        def made(names: str, more: str = "", render_time: str = "40s", delay: float = DELAY) -> Archive:
            text = TOP.format(browser=CHROMIUM, render_time=render_time, delay=delay)
            for name, other in (pair for pair in ("ab", "ba") if pair[0] in names):
                port = two["ab".index(name)].port
                text += SITE.format(name=name, port=port, other=other, more=more if name == "a" else "")
            (tmp_path / "newsarchive.toml").write_text(text)
            return stack.enter_context(Archive.open(tmp_path))

        yield made


def plain(status: int, body: bytes = b"", *head: str) -> bytes:
    lines = "".join(f"{line}\r\n" for line in head)
    return f"HTTP/1.1 {status} X\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


def html(body: str) -> bytes:
    return plain(200, f"<!DOCTYPE html><html><body>{body}</body></html>".encode(), "Content-Type: text/html")


def feed(*links: str) -> bytes:
    items = "".join(f"<item><title>{link}</title><link>{link}</link></item>" for link in links)
    body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{items}</channel></rss>'
    return plain(200, body.encode(), "Content-Type: application/rss+xml")


def url(server: Any, name: str, path: str) -> str:
    return f"http://{name}.test:{server.port}{path}"


def pages(server: Any, count: int, pause: float = 0.15) -> None:
    """Serve a front page that is a feed, and the pages that it lists."""
    server.say("/", feed(*(f"/page/{n}" for n in range(count))))
    for number in range(count):
        server.say(f"/page/{number}", html(f"<p>story {number}</p>"), pause=pause)


def paths(server: Any) -> list[str]:
    return [each.path for each in server.log]


def too_early(server: Any, pause: float = DELAY) -> list[tuple[str, str, float]]:
    """Return the requests that came before the previous response, or within the pause after it."""
    return [
        (before.path, after.path, round(after.began - before.answered, 3))
        for before, after in pairwise(server.log)
        if after.began - before.answered < pause - SLACK
    ]


@pytest.mark.slow
def test_a_redirected_robots_is_requested_in_the_turn_of_its_host(two: tuple[Any, Any], make: Make) -> None:
    """It waits for the request in progress to that host and for the pause after it; the host's pages wait for it."""
    a, b = two
    a.say("/robots.txt", plain(301, b"", f"Location: {url(b, 'b', '/for-a.txt')}"), pause=0.6)
    b.say("/for-a.txt", plain(200, b"User-agent: *\nDisallow: /page/1\nCrawl-delay: 1\n"), pause=0.2)
    pages(a, 3)
    pages(b, 8)
    report = crawl(make("ab"))
    assert report.run.outcome == "finished"
    assert report.problems == ()
    assert (too_early(a, 1.0), too_early(b)) == ([], [])
    assert paths(a)[:2] == ["/robots.txt", "/"]
    assert sorted(paths(a)[2:]) == ["/page/0", "/page/2"]
    assert paths(b).count("/for-a.txt") == 1
    assert len(paths(b)) == 11


def test_two_hosts_may_have_each_others_robots(two: tuple[Any, Any], make: Make) -> None:
    """Neither host waits for the other for ever."""
    a, b = two
    a.say("/robots.txt", plain(302, b"", f"Location: {url(b, 'b', '/for-a.txt')}"))
    b.say("/robots.txt", plain(302, b"", f"Location: {url(a, 'a', '/for-b.txt')}"))
    a.say("/for-b.txt", plain(200, b"User-agent: *\nDisallow: /page/0\n"))
    pages(a, 2, pause=0.0)
    pages(b, 2, pause=0.0)
    crawl(make("ab", delay=0.1), max_time=30)
    assert sorted(paths(a)) == ["/", "/for-b.txt", "/page/0", "/page/1", "/robots.txt"]
    assert sorted(paths(b)) == ["/", "/for-a.txt", "/page/1", "/robots.txt"]
    assert (too_early(a, 0.1), too_early(b, 0.1)) == ([], [])


@pytest.mark.parametrize("location", ["http://a..b/robots.txt", "http://%31/"])
def test_a_robots_redirected_to_an_invalid_url_allows_all(location: str, two: tuple[Any, Any], make: Make) -> None:
    """Like the sixth redirect in a row (RFC 9309, 2.3.1.2): the URLs that wait for it are requested in this run."""
    a, _ = two
    a.say("/robots.txt", plain(301, b"", f"Location: {location}"))
    pages(a, 1)
    report = crawl(make("a", delay=0.0), max_time=30)
    assert paths(a) == ["/robots.txt", "/", "/page/0"]
    assert report.problems == ()


@pytest.mark.slow
def test_an_interrupted_robots_is_requested_again_by_the_next_run(two: tuple[Any, Any], make: Make) -> None:
    """The host is not backed off because a run was stopped: the next one gets its rules and pages."""
    a, _ = two
    rules = plain(200, b"User-agent: *\nDisallow: /page/0\n")
    a.say("/robots.txt", rules[:-10], then="hang")
    pages(a, 2)
    archive = make("a", delay=0.0)
    stopped = crawl(archive, max_time=1)
    assert (stopped.run.outcome, stopped.problems) == ("stopped", ())
    kept = list(archive.index.stream(iter_captures, ALL_CAPTURES))
    assert [(each.url.rpartition("/")[2], each.truncated) for each in kept] == [("robots.txt", "unspecified")]
    assert archive.index.read(host_state.load_backoffs) == ()
    a.say("/robots.txt", rules)
    again = crawl(archive)
    assert (again.run.outcome, again.problems) == ("finished", ())
    assert paths(a)[1:] == ["/robots.txt", "/", "/page/1"]


def shell(*parts: str) -> bytes:
    """Return a page that a script fills with the bodies of some URLs."""
    asked = ", ".join(f'"{part}"' for part in parts)
    return html(
        f"<h1></h1><script>Promise.allSettled([{asked}].map(each => fetch(each).then(it => it.text())))"
        ".then(all => document.querySelector('h1').textContent = all.map(one => one.value).join(' '))</script>"
    )


@pytest.mark.slow
@needs_browser
def test_subresources_wait_for_their_hosts(two: tuple[Any, Any], make: Make) -> None:
    """Those on another site's host in that host's turn, those on the page's own host one after another; meanwhile no
    other page of that host is requested.
    """
    a, b = two
    a.say("/", shell("/data/1", "/data/2", url(b, "b", "/api/1"), url(b, "b", "/api/2")))
    for path in ("/data/1", "/data/2"):
        a.say(path, plain(200, b"own"), pause=0.1)
    for path in ("/api/1", "/api/2"):
        b.say(path, plain(200, b"other", "Access-Control-Allow-Origin: *"), pause=0.1)
    pages(b, 24)
    report = crawl(make("ab", more="render = true"))
    assert report.run.outcome == "finished"
    assert (too_early(a), too_early(b)) == ([], [])
    assert {"/data/1", "/data/2"} <= set(paths(a))
    assert {"/api/1", "/api/2", "/page/23"} <= set(paths(b))
    assert report.run.counters["rendered"] == 1
    # The other site's pages were under way while its data were asked for.
    assert paths(b)[-1].startswith("/page/")


@pytest.mark.slow
@needs_browser
def test_a_subresource_that_is_not_admitted_in_time_is_late(two: tuple[Any, Any], make: Make) -> None:
    """The pause of its host is longer than the page's timeout: the page is rendered without it, which is counted."""
    a, b = two
    a.say("/", shell(url(b, "b", "/api/1"), "/data"))
    a.say("/data", plain(200, b"own"))
    b.say("/robots.txt", plain(200, b"User-agent: *\nDisallow: /no\nCrawl-delay: 60\n"))
    b.say("/api/1", plain(200, b"other", "Access-Control-Allow-Origin: *"))
    report = crawl(make("a", more="render = true", render_time="10s"), max_time=60)
    assert report.run.counters["late"] == 1
    assert report.run.counters["rendered"] == 1
    assert (paths(b), "/data" in paths(a)) == (["/robots.txt"], True)


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize("obey", [True, False])
def test_robots_is_obeyed_for_subresources(obey: bool, two: tuple[Any, Any], make: Make) -> None:
    """Disallowed ones are not requested, and counted, unless the site has obey_robots = false."""
    a, b = two
    a.say("/", shell(url(b, "b", "/no/1")))
    b.say("/robots.txt", plain(200, b"User-agent: *\nDisallow: /no\n"))
    b.say("/no/1", plain(200, b"other", "Access-Control-Allow-Origin: *"))
    more = f"render = true\nobey_robots = {str(obey).lower()}"
    report = crawl(make("a", more=more))
    assert report.run.counters.get("disallowed", 0) == obey
    assert paths(b) == (["/robots.txt"] if obey else ["/no/1"])
