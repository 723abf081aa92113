"""The older pages of a site are fetched by a backfill, not by its daily crawl."""

import itertools
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive
from newsarchive.cli.crawl import describe_backlog
from newsarchive.crawl.backfill import backfill, find_pending_backfills
from newsarchive.crawl.run import crawl
from storage.index.queries.status import get_status

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PAGES, ON_PAGE, MAPS = 12, 4, 6
CONFIG = """
contact = "tests@localhost"
delay = "0s"
reader_processes = 1
commit_seconds = 0.1
requisites = false
[[site]]
name = "gazette"
url = "{url}/"
allow_private = true
"""


def clock(begin: datetime) -> Callable[[], datetime]:
    """A clock with a given start."""
    started = time.monotonic()
    return lambda: begin + timedelta(seconds=time.monotonic() - started)


def reply(body: str, mime: str = "text/html") -> bytes:
    data = body.encode()
    return f"HTTP/1.1 200 OK\r\nContent-Type: {mime}\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data


def page_of(number: int) -> str:
    """Return a page of the listing: its articles are as many months old, and have no date in their URLs."""
    cards = "".join(
        f'<article><h2><a href="/story/{number}-{each}">Harbour story number {number}-{each} is told at length</a></h2>'
        "</article>"
        for each in range(ON_PAGE)
    )
    onward = (
        f'<nav class="pagination"><a rel="next" href="/page/{number + 1}/">Next</a></nav>' if number < PAGES else ""
    )
    return f"<html><head><title>Gazette {number}</title></head><body><main>{cards}</main>{onward}</body></html>"


def story(name: str, published: datetime) -> str:
    data = {
        "@context": "https://schema.org", "@type": "NewsArticle", "headline": f"Story {name}",
        "datePublished": published.isoformat(),
    }  # fmt: skip
    text = "".join(
        f"<p>Paragraph {n} of story {name}: the harbour was busy again, and the harbour master said why.</p>"
        for n in range(6)
    )
    return (
        f'<html><head><title>Story {name}</title><script type="application/ld+json">{json.dumps(data)}</script></head>'
        f"<body><article><h1>Story {name}</h1>{text}</article></body></html>"
    )


def sitemap(entries: dict[str, datetime], kind: str = "url") -> str:
    whole = "urlset" if kind == "url" else "sitemapindex"
    items = "".join(f"<{kind}><loc>{url}</loc><lastmod>{at:%Y-%m-%d}</lastmod></{kind}>" for url, at in entries.items())
    return f'<?xml version="1.0"?><{whole} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{items}</{whole}>'


@pytest.fixture
def gazette(server: Any) -> Any:
    """A site of twelve pages of articles, a month a page, and of a sitemap for each of the last six months."""
    base = server.base
    for number in range(1, PAGES + 1):
        server.say("/" if number == 1 else f"/page/{number}/", reply(page_of(number)))
        for each in range(ON_PAGE):
            name = f"{number}-{each}"
            server.say(f"/story/{name}", reply(story(name, NOW - DAY * (30 * (number - 1) + each))))
    index = {}
    for month in range(MAPS):
        at = NOW - DAY * 30 * month
        index[f"{base}/map-{month}.xml"] = at
        entries = {f"{base}/mapped/{month}-{each}": at - DAY * each for each in range(3)}
        server.say(f"/map-{month}.xml", reply(sitemap(entries), "application/xml"))
        for each in range(3):
            server.say(f"/mapped/{month}-{each}", reply(story(f"m{month}-{each}", at - DAY * each)))
    server.say("/sitemap.xml", reply(sitemap(index, "sitemap"), "application/xml"))
    server.say("/robots.txt", reply(f"User-agent: *\nAllow: /\nSitemap: {base}/sitemap.xml\n", "text/plain"))
    return server


@pytest.fixture
def archive(gazette: Any, tmp_path: Path) -> Iterator[Archive]:
    """An archive of it, crawled once."""
    (tmp_path / "newsarchive.toml").write_text(CONFIG.format(url=gazette.base))
    with ExitStack() as stack:
        opened = stack.enter_context(Archive.open(tmp_path))
        crawl(opened, now=clock(NOW))
        yield opened


def asked(server: Any, since: int = 0) -> list[str]:
    return [each.path for each in server.log[since:]]


def test_the_daily_crawl_does_not_fetch_old_pages(gazette: Any, archive: Archive) -> None:
    """It fetches recent pages, and the first page of a listing; old URLs are in the frontier, and wait."""
    paths = set(asked(gazette))
    assert {"/", "/page/2/", "/page/5/", "/story/5-0", "/mapped/0-0", "/map-0.xml"} <= paths
    assert not {"/page/6/", "/story/6-0", "/map-3.xml", "/mapped/3-0"} & paths
    (site,) = archive.index.ask(get_status, archive.now()).sites
    assert site.older > 0
    before = len(gazette.log)
    crawl(archive, now=clock(NOW + timedelta(minutes=1)))
    assert [path for path in asked(gazette, before) if path != "/robots.txt"] == []


def test_a_crawl_reports_waiting_pages_and_the_backfill_command(gazette: Any, archive: Archive) -> None:
    """Their number and oldest month; a backfill to that month fetches all of them, and then nothing is reported."""
    now = NOW + timedelta(minutes=1)
    (waiting,) = find_pending_backfills(archive, ["gazette"], now)
    (line,) = describe_backlog([waiting])
    assert line == (
        f"gazette: {waiting.url_count} older pages were not fetched. To fetch back to {waiting.until:%B %Y}: "
        f"newsarchive backfill gazette --until {waiting.until:%Y-%m-%d}"
    )
    assert waiting.url_count == archive.index.ask(get_status, archive.now()).sites[0].older >= 5
    backfill(archive, "gazette", waiting.until, now=clock(now))
    for _ in range(8):  # what it brought to light is older still
        for more in find_pending_backfills(archive, ["gazette"], NOW + DAY / 2):
            backfill(archive, "gazette", more.until, now=clock(NOW + DAY / 24))
    assert find_pending_backfills(archive, ["gazette"], NOW + DAY / 2) == ()
    assert {f"/story/{number}-{each}" for number in range(1, PAGES + 1) for each in range(ON_PAGE)} <= set(
        asked(gazette)
    )
    assert describe_backlog(()) == []


def test_with_history_every_crawl_goes_back(gazette: Any, tmp_path: Path) -> None:
    """The first crawl fetches everything that is young enough, by pages and sitemaps, and ends at the date."""
    config = CONFIG.replace("[[site]]", 'history = "225d"\n[[site]]')
    (tmp_path / "newsarchive.toml").write_text(config.format(url=gazette.base))
    with Archive.open(tmp_path) as opened:
        crawl(opened, now=clock(NOW))
    paths = set(asked(gazette))
    assert {f"/story/{number}-0" for number in range(1, 9)} <= paths
    assert {f"/mapped/{month}-0" for month in range(MAPS)} <= paths
    assert not {"/page/10/", "/story/10-0"} & paths


def test_links_of_the_front_page_are_fetched_whatever_date_is_in_their_url(gazette: Any, tmp_path: Path) -> None:
    """Such as an anniversary: editors linked it today. A link on an old page alone waits."""
    front = page_of(1).replace(
        "</main>", '<article><h2><a href="/2009/11/05/wall">The wall, a dossier</a></h2></article></main>'
    )
    gazette.say("/", reply(front))
    gazette.say("/2009/11/05/wall", reply(story("wall", NOW - DAY * 6000)))
    (tmp_path / "newsarchive.toml").write_text(CONFIG.format(url=gazette.base))
    with Archive.open(tmp_path) as opened:
        crawl(opened, now=clock(NOW))
    assert "/2009/11/05/wall" in asked(gazette)


def test_a_backfill_reaches_its_date_and_ends(gazette: Any, archive: Archive) -> None:
    """Pages and sitemaps back to the date, and one page of a listing beyond it, to see its dates."""
    before = len(gazette.log)
    report, waited, left = backfill(archive, "gazette", NOW - DAY * 225, now=clock(NOW + DAY / 48))
    paths = asked(gazette, before)
    assert report.run.outcome == "finished"
    assert {f"/page/{number}/" for number in (6, 7, 8, 9)} == {p for p in paths if p.startswith("/page/")}
    assert {f"/story/{number}-0" for number in (6, 7, 8)} <= set(paths)
    assert {f"/map-{month}.xml" for month in (2, 3, 4, 5)} <= set(paths)
    assert {f"/mapped/{month}-{each}" for month in range(2, 6) for each in range(3)} <= set(paths)
    assert not [path for path in paths if path.startswith(("/story/10", "/page/10"))]
    assert left < waited + 3
    again = len(gazette.log)
    backfill(archive, "gazette", NOW - DAY * 225, now=clock(NOW + DAY / 36))
    assert [path for path in asked(gazette, again) if path.startswith(("/story/", "/mapped/"))] == []


def test_the_date_in_a_url_or_a_sitemap_counts(gazette: Any, archive: Archive) -> None:
    """Pages of an earlier month than the date are not fetched."""
    before = len(gazette.log)
    backfill(archive, "gazette", NOW - DAY * 70, now=clock(NOW + DAY / 48))
    paths = asked(gazette, before)
    assert "/mapped/2-0" in paths
    assert not [path for path in paths if path.startswith(("/mapped/4", "/mapped/5", "/map-4", "/map-5"))]


def test_a_budget_ends_a_backfill_and_the_next_one_continues(gazette: Any, archive: Archive) -> None:
    """In runs of ten requests everything is fetched, and nothing twice."""
    before = len(gazette.log)
    until = NOW - DAY * 400
    runs = 0
    for run in itertools.count(1):
        start = len(gazette.log)
        now = clock(NOW + DAY / 48 + timedelta(seconds=30 * run))
        report, _, left = backfill(archive, "gazette", until, max_pages=10, now=now)
        assert len([path for path in asked(gazette, start) if path != "/robots.txt"]) <= 10
        runs = run
        if report.run.outcome == "finished":
            break
    assert runs > 3
    paths = Counter(path for path in asked(gazette, before) if path != "/robots.txt")
    assert {f"/story/{number}-{each}" for number in range(6, PAGES + 1) for each in range(ON_PAGE)} <= set(paths)
    old = {path: count for path, count in paths.items() if path.startswith(("/story/", "/mapped/", "/page/", "/map-"))}
    assert max(old.values()) == 1
    assert left == 0


def test_a_byte_budget_ends_a_backfill(gazette: Any, archive: Archive) -> None:
    """Except for the requests in progress."""
    before = len(gazette.log)
    until = NOW - DAY * 400
    _, _, left = backfill(archive, "gazette", until, max_bytes=4_000, now=clock(NOW + DAY / 48))
    assert 1 <= len(asked(gazette, before)) < 12
    assert left > 0


def test_due_urls_are_fetched_before_old_ones(gazette: Any, archive: Archive) -> None:
    """A backfill first does the work of the daily crawl."""
    before = len(gazette.log)
    backfill(archive, "gazette", NOW - DAY * 400, now=clock(NOW + DAY))
    paths = [path for path in asked(gazette, before) if path != "/robots.txt"]
    old = [number for number, path in enumerate(paths) if path in ("/page/6/", "/map-3.xml", "/mapped/2-0")]
    due = [number for number, path in enumerate(paths) if path == "/" or path.startswith(("/story/1-", "/story/2-"))]
    assert due
    assert max(due) < min(old)
