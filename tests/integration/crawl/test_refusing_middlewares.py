"""Downloader middlewares that pass a request on for some URLs and not for others."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest

from newsarchive.archive import Archive
from newsarchive.crawl.run import CrawlReport, crawl

CONFIG = """
delay = "0s"
reader_processes = 1
commit_seconds = 0.2
[scrapy]
DOWNLOADER_MIDDLEWARES = {{ "{module}.{middleware}" = 500 }}
[[site]]
name = "lantern"
url = "{url}/"
allow_private = true
"""
STORIES = ("/news/2026/first", "/news/2026/second", "/news/2026/third")
FEED = '<?xml version="1.0"?><rss version="2.0"><channel><title>N</title>{}</channel></rss>'.format(
    "".join(f"<item><title>{path}</title><link>{path}</link></item>" for path in STORIES)
)


def response(body: str, mime: str) -> bytes:
    """Return an HTTP response."""
    return (
        f"HTTP/1.1 200 OK\r\nContent-Type: {mime}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
    ).encode()


class EachItsOwn:
    """Fails on articles, with another text for each."""

    def process_request(self, request: Request) -> None:
        """Fail."""
        if "/news/" in request.url:
            raise ValueError(f"no answer for {request.url}")


class Cancelled:
    """Fails on articles like a task that was cancelled."""

    async def process_request(self, request: Request) -> None:
        """Fail."""
        if "/news/" in request.url:
            raise asyncio.CancelledError


class Forgetful:
    """Takes the meta of requests away."""

    def process_request(self, request: Request) -> None:
        """Remove what the crawl has noted in a request."""
        request.meta.clear()


class OtherRobots:
    """Fails on the robots.txt to which another one redirects."""

    def process_request(self, request: Request) -> None:
        """Fail."""
        if request.url.endswith("/robots2.txt"):
            raise KeyError("robots")


class IgnoredRobots:
    """Refuses each robots.txt."""

    def process_request(self, request: Request) -> None:
        """Refuse."""
        if request.url.endswith("/robots.txt"):
            raise IgnoreRequest


Run = Callable[[type], CrawlReport]


@pytest.fixture
def run(server: Any, tmp_path: Path) -> Run:
    """Crawl a site with a feed of three articles as its front page, with a middleware."""
    server.say("/", response(FEED, "application/rss+xml"))

    def run_with(middleware: type) -> CrawlReport:
        text = CONFIG.format(url=server.base, module=__name__, middleware=middleware.__name__)
        (tmp_path / "newsarchive.toml").write_text(text)
        with Archive.open(tmp_path) as archive:
            return crawl(archive, max_time=20)

    return run_with


@pytest.mark.parametrize("middleware", [EachItsOwn, Cancelled])
def test_requests_that_a_middleware_fails_on_are_put_off_alone(server: Any, run: Run, middleware: type) -> None:
    """The others of the site are fetched, the run ends, and the report names the cause once, whatever its text."""
    report = run(middleware)
    (problem,) = report.problems
    assert "/news/2026/" in problem
    assert (report.run.outcome, report.run.counters["refused"]) == ("finished", 3)
    assert {each.path for each in server.log} == {"/robots.txt", "/"}


def test_a_middleware_may_clear_the_meta_of_a_request(server: Any, run: Run) -> None:
    """The crawl keeps what it knows of a request apart from the request."""
    report = run(Forgetful)
    assert (report.problems, report.run.outcome) == ((), "finished")
    assert {each.path for each in server.log} == {"/robots.txt", "/", *STORIES}


def test_a_robots_txt_that_a_middleware_did_not_pass_on_permits_nothing(server: Any, run: Run) -> None:
    """Also one that another redirects to: it was not asked for, so that nothing is known of it."""
    server.say("/robots.txt", b"HTTP/1.1 301 Moved\r\nLocation: /robots2.txt\r\nContent-Length: 0\r\n\r\n")
    server.say("/robots2.txt", response("User-agent: *\nDisallow: /\n", "text/plain"))
    report = run(OtherRobots)
    (problem,) = report.problems
    assert "/robots2.txt" in problem
    assert [each.path for each in server.log] == ["/robots.txt"]


def test_a_refused_robots_txt_is_named(server: Any, run: Run) -> None:
    """A middleware may refuse requests, but without its robots.txt nothing of a site is fetched."""
    report = run(IgnoredRobots)
    (problem,) = report.problems
    assert "IgnoreRequest" in problem
    assert "/robots.txt" in problem
    assert server.log == []
