"""Politeness over several runs, as seen by the server: saved back-off, hours, budgets, contact."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive
from newsarchive.crawl.run import crawl
from storage.callbacks import utc_now
from storage.errors import ConfigError
from storage.index.frontier import host_state

CONFIG = """
{top}
delay = "0s"
timeout = "5s"
reader_processes = 1
commit_seconds = 0.1
requisites = false
[[site]]
name = "example"
url = "{url}/"
allow_private = true
{site}
"""
Make = Callable[..., Archive]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Create an archive of one site, with further settings of the site or the archive."""
    with ExitStack() as stack:

        def made(server: Any, site: str = "", top: str = 'contact = "tests@localhost"', url: str = "") -> Archive:
            text = CONFIG.format(url=url or server.base, site=site, top=top)
            (tmp_path / "newsarchive.toml").write_text(text)
            return stack.enter_context(Archive.open(tmp_path))

        yield made


def plain(status: int, body: bytes = b"", head: str = "") -> bytes:
    return f"HTTP/1.1 {status} X\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def feed(*links: str) -> bytes:
    items = "".join(f"<item><title>{link}</title><link>{link}</link></item>" for link in links)
    body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{items}</channel></rss>'
    return plain(200, body.encode(), "Content-Type: application/rss+xml\r\n")


def html(text: str) -> bytes:
    return plain(200, f"<html><body><p>{text}</p></body></html>".encode(), "Content-Type: text/html\r\n")


def paths(server: Any) -> list[str]:
    return [each.path for each in server.log]


def later(hours: float) -> Callable[[], datetime]:
    return lambda: utc_now() + timedelta(hours=hours)


def test_robots_is_fetched_once_a_day_however_often_cron_runs(server: Any, make: Make) -> None:
    """A run uses the rules of the archive's own capture; after a day it fetches them again."""
    server.say("/robots.txt", plain(200, b"User-agent: *\nDisallow: /no\n"))
    server.say("/", feed("/no/1", "/yes/1"))
    archive = make(server)
    crawl(archive)
    for hours in (1, 2, 12):
        crawl(archive, now=later(hours))
    assert paths(server).count("/robots.txt") == 1
    assert "/no/1" not in paths(server)
    assert len(server.of("/")) > 1
    crawl(archive, now=later(25))
    assert paths(server).count("/robots.txt") == 2


def test_a_redirected_robots_is_loaded_through_its_redirect(server: Any, make: Make) -> None:
    """The archive's captures of the redirect and of its target give the same rules."""
    server.say("/robots.txt", plain(301, b"", "Location: /rules/robots.txt\r\n"))
    server.say("/rules/robots.txt", plain(200, b"User-agent: *\nDisallow: /no\n"))
    server.say("/", feed("/no/1"))
    archive = make(server)
    crawl(archive)
    server.say("/", feed("/no/1", "/no/2", "/yes"))
    crawl(archive, now=later(2))
    assert sorted(set(paths(server))) == ["/", "/robots.txt", "/rules/robots.txt", "/yes"]
    assert (paths(server).count("/robots.txt"), paths(server).count("/rules/robots.txt")) == (1, 1)


def test_a_backed_off_host_stays_so_in_the_next_run(server: Any, make: Make) -> None:
    """After Retry-After of ten minutes, a run five minutes later sends no request and reports no problem."""
    server.say("/", feed("/a", "/b"))
    for name in "ab":
        server.say(f"/{name}", plain(429, b"", "Retry-After: 600\r\n"))
    archive = make(server)
    first = crawl(archive)
    assert first.problems == ("127.0.0.1 answers 429: backed off for 600 s",)
    asked = len(server.log)
    second = crawl(archive, now=later(5 / 60))
    assert (len(server.log), second.problems, second.run.counters) == (asked, (), {})
    (host,) = archive.index.read(host_state.load_backoffs)
    assert (host.host, host.refusal_count, host.reason) == ("127.0.0.1", 1, "answers 429")
    for name in "ab":
        server.say(f"/{name}", html(f"story {name}"))
    crawl(archive, now=later(0.5))
    assert len(server.log) > asked


@pytest.mark.slow
def test_the_state_of_a_recovered_host_is_deleted(server: Any, said: Callable[[bytes], Any], make: Make) -> None:
    """After one refusal and enough good responses nothing is saved."""
    server.say("/", feed(*(f"/{n}" for n in range(30))))
    refused: list[int] = []

    def answer(number: int) -> Any:
        if not refused:
            refused.append(number)
            return said(plain(503, b"", "Retry-After: 0\r\n"))
        return said(html(f"story {number}"))

    for number in range(30):
        server.answers[f"/{number}"] = partial(answer, number)
    archive = make(server)
    crawl(archive)
    assert (len(refused), archive.index.read(host_state.load_backoffs)) == (1, ())


def test_crawls_stay_within_their_hours(server: Any, make: Make) -> None:
    """Outside its hours a site gets no requests, which is not a problem; inside them it is crawled."""
    server.say("/", html("front"))
    archive = make(server, 'hours = "22:00-06:00"')
    noon = utc_now().replace(hour=12) + timedelta(days=1)
    report = crawl(archive, now=lambda: noon)
    assert (server.log, report.problems) == ([], ())
    assert report.notes == ("example: outside its hours (22:00-06:00)",)
    crawl(archive, now=lambda: noon.replace(hour=23))
    assert paths(server) == ["/robots.txt", "/"]


@pytest.mark.slow
@pytest.mark.parametrize(("budget", "most"), [("max_pages = 4", 4), ('max_bytes = "6kB"', 8), ('max_time = "3s"', 50)])
def test_a_budget_ends_the_crawl_of_a_site_in_order(budget: str, most: int, server: Any, make: Make) -> None:
    """The remaining URLs stay due, and the next run continues."""
    server.say("/", feed(*(f"/{n}" for n in range(60))))
    for number in range(60):
        server.say(f"/{number}", html(f"story {number} " + "x" * 500), pause=0.12)
    archive = make(server, budget)
    report = crawl(archive)
    asked = [path for path in paths(server) if path != "/robots.txt"]
    assert 2 <= len(asked) <= most
    assert report.problems == ()
    assert any("budget" in note for note in report.notes)
    crawl(archive)
    again = [path for path in paths(server) if path != "/robots.txt"]
    assert len(again) > len(asked)
    assert len(set(again)) == len(again)


def test_a_crawl_delay_beyond_its_cap_is_capped_and_noted(server: Any, make: Make) -> None:
    """A delay of an hour is cut, and a note says so."""
    server.say("/robots.txt", plain(200, b"User-agent: *\nCrawl-delay: 3600\n"))
    server.say("/", feed("/a"))
    server.say("/a", html("a"))
    report = crawl(make(server, top='contact = "tests@localhost"\nmax_crawl_delay = "0.3s"'))
    assert report.notes == ("127.0.0.1 has a Crawl-delay of 3600 s, which was cut to 0.3 s",)
    assert min(after.began - before.ended for before, after in pairwise(server.log)) >= 0.29


def test_sites_of_others_need_a_contact(server: Any, make: Make) -> None:
    """Without it they get no request; a site on this machine is crawled."""
    with pytest.raises(ConfigError, match="contact is not set"):
        crawl(make(server, top="", url="http://news.example"))
    with pytest.raises(ConfigError, match="user_agent does not contain the contact"):
        crawl(make(server, top='contact = "me@mine.example"\nuser_agent = "Mozilla/5.0"', url="http://news.example"))
    server.say("/", html("front"))
    assert crawl(make(server, top="")).run.outcome == "finished"


def test_the_user_agent_is_honest(server: Any, make: Make) -> None:
    """Name, version and contact, on every request."""
    server.say("/", html("front"))
    crawl(make(server))
    assert all(b"User-Agent: newsarchive/" in each.request for each in server.log)
    assert all(b"(+tests@localhost)" in each.request for each in server.log)


def test_a_head_without_end_is_cut(server: Any, make: Make) -> None:
    """Headers of more than a megabyte are recorded up to there, as truncated, and nothing hangs."""
    server.say("/", feed("/big", "/small"))
    server.say("/big", b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %b\r\n" % (n, b"y" * 1_000) for n in range(3_000)))
    server.say("/small", html("small"))
    archive = make(server)
    report = crawl(archive)
    assert report.run.counters["truncated"] == 1
    assert "/small" in paths(server)
