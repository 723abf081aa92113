"""The frontier hands out what may be fetched, fairly and in order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from storage.index import Index
from storage.index.frontier import url_queue
from storage.index.frontier.url_queue import DueQuery, select_due_urls
from storage.index.queries.status import get_status
from storage.model import DiscoveredUrl, Discovery, Ingest, NextVisit, Site, UrlKind, VisitResult

Make = Callable[..., Ingest]
Plan = Callable[[VisitResult], NextVisit]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def found(url: str, *, site: str = "news", ago: int = 0, priority: int = 5, via: str | None = None) -> DiscoveredUrl:
    """A URL that became due some minutes ago."""
    discovery = Discovery(
        site=site, kind=UrlKind.ARTICLE, via=via, via_kind=UrlKind.FEED if via else None, title="T" if via else None
    )
    return DiscoveredUrl(url=url, discovery=discovery, due_at=NOW - timedelta(minutes=ago), priority=priority)


def paths(index: Index, *, sites: tuple[str, ...] = ("news",), limit: int = 100, per_host: int = 100,
          exclude: frozenset[int] = frozenset()) -> list[str]:  # fmt: skip
    """Paths of what is due."""
    due = index.read(select_due_urls, DueQuery(now=NOW, sites=sites, limit=limit, per_host=per_host, exclude=exclude))
    return [one.url.rpartition("/")[2] for one in due]


def test_what_is_due_comes_in_order(index: Index) -> None:
    """Lowest priority number first, then longest due; what is not due or not asked for stays."""
    index.add_urls(
        [
            found("https://news.example/late", ago=1),
            found("https://news.example/early", ago=9),
            found("https://news.example/urgent", priority=1),
            found("https://news.example/future", ago=-1),
            found("https://other.example/other", site="other", ago=99),
        ]
    )
    assert paths(index) == ["urgent", "early", "late"]
    assert paths(index, sites=("news", "other")) == ["urgent", "other", "early", "late"]
    assert paths(index, limit=2) == ["urgent", "early"]
    assert paths(index, sites=()) == []
    assert index.read(url_queue.next_due_at, ["news"]) == NOW - timedelta(minutes=9)
    assert index.read(url_queue.next_due_at, ["nowhere"]) is None


def test_a_huge_host_does_not_starve_others(index: Index) -> None:
    """Of one host comes only so much at a time, however long its queue."""
    index.add_urls([found(f"https://huge.example/{number}", ago=99) for number in range(50)])
    index.add_urls([found("https://small.example/small", ago=1), found("https://tiny.example:8080/tiny")])
    chosen = paths(index, limit=10, per_host=3)
    assert len(chosen) == 5
    assert {"small", "tiny"} <= set(chosen)


def test_what_is_under_way_is_not_handed_out_again(index: Index) -> None:
    """Excluded URLs do not come, nor do they take the place of others."""
    index.add_urls([found(f"https://news.example/{number}", ago=9 - number) for number in range(6)])
    under_way = index.read(select_due_urls, DueQuery(now=NOW, sites=["news"], limit=3, per_host=3, exclude=()))
    assert paths(index, per_host=3, exclude=frozenset(due.url_id for due in under_way)) == ["3", "4", "5"]


def test_seeds_are_put_in_once(index: Index) -> None:
    """Adding what is there changes neither count nor time."""
    seeds = [found("https://news.example/", ago=5), found("https://news.example/feed", ago=5)]
    assert index.add_urls(seeds) == 2
    assert index.add_urls([*seeds, found("https://news.example/", ago=500)]) == 0
    assert [
        due.due_at for due in index.read(select_due_urls, DueQuery(now=NOW, sites=["news"], limit=9, per_host=9))
    ] == [seeds[0].due_at] * 2


def test_a_better_source_tells_more_until_the_page_is_captured(index: Index, article_at: Make, plan: Plan) -> None:
    """A feed's word counts more than a page's; once captured, nothing that is found changes how it was found."""
    url = "https://news.example/a"
    index.add_urls([found(url)])
    page, feed = "https://news.example/", "https://news.example/feed"
    link = Discovery(site="news", kind=UrlKind.ARTICLE, via=page, via_kind=UrlKind.LISTING, anchor="A")
    index.add_urls([DiscoveredUrl(url=url, discovery=link, due_at=NOW, priority=5)])
    [due] = index.read(select_due_urls, DueQuery(now=NOW, sites=["news"], limit=1, per_host=1))
    assert due.discovery.via is None  # the owner's own word is best
    other = "https://news.example/b"
    index.add_urls([DiscoveredUrl(url=other, discovery=link, due_at=NOW, priority=5)])
    index.add_urls([found(other, via=feed, priority=3)])
    [due] = [
        one
        for one in index.read(select_due_urls, DueQuery(now=NOW, sites=["news"], limit=9, per_host=9))
        if one.url == other
    ]
    assert (due.discovery.via, due.discovery.title, due.priority) == (feed, "T", 3)
    index.commit([article_at(other, "Text.")], plan)
    index.add_urls([found(other, via=feed, priority=1)])
    [due] = [
        one
        for one in index.read(select_due_urls, DueQuery(now=NOW, sites=["news"], limit=9, per_host=9))
        if one.url == other
    ]
    assert (due.discovery.via, due.priority) == (None, 3)


def test_validators_are_the_newest_200s(index: Index, article_at: Make, plan: Plan) -> None:
    """What is sent back is what the newest 200 answer gave; other answers leave it alone."""
    url = "https://news.example/a"
    first, second, error = (article_at(url, f"Text {minute}.", minute=minute) for minute in range(3))
    index.commit([replace(second, capture=replace(second.capture, etag='"2"'))], plan)
    index.commit([replace(first, capture=replace(first.capture, etag='"1"', last_modified="yesterday"))], plan)
    index.commit([replace(error, capture=replace(error.capture, status=503, etag='"x"'))], plan)
    [due] = index.read(select_due_urls, DueQuery(now=NOW, sites=["news"], limit=9, per_host=9))
    assert (due.etag, due.last_modified) == ('"2"', None)


def test_sources_tell_how_they_fare(index: Index, plan: Plan, article_at: Make) -> None:
    """An archive's status counts what is due and what is planned, site by site."""
    index.register_sites([Site(name="news", url="https://news.example/")])
    index.add_urls([found("https://news.example/a"), found("https://news.example/b", ago=-60)])
    [site] = index.ask(get_status, NOW).sites
    assert (site.due, site.scheduled, site.next_due) == (1, 1, NOW)
