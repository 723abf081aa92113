"""The frontier returns the URLs that may be fetched, fairly and in order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from storage.index import Index
from storage.index.frontier import url_queue
from storage.index.frontier.backlog import load_backfill_backlog
from storage.index.frontier.host_state import select_first_captures
from storage.index.frontier.url_queue import DueQuery, select_due_urls
from storage.index.queries.status import get_status, list_source_health
from storage.index.queries.visit_schedule import get_visit_schedule
from storage.model import DiscoveredUrl, Discovery, Ingest, NextVisit, Site, UrlKind, VisitEnd, VisitResult
from storage.page_date import PageDate

Make = Callable[..., Ingest]
Plan = Callable[[VisitResult], NextVisit]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def found(url: str, *, site: str = "news", ago: int = 0, priority: int = 5, via: str | None = None) -> DiscoveredUrl:
    """Return a URL that became due some minutes ago."""
    discovery = Discovery(
        site=site, kind=UrlKind.ARTICLE, via=via, via_kind=UrlKind.FEED if via else None, title="T" if via else None
    )
    return DiscoveredUrl(url=url, discovery=discovery, due_at=NOW - timedelta(minutes=ago), priority=priority)


def paths(index: Index, *, sites: tuple[str, ...] = ("news",), limit: int = 100, per_host: int = 100,
          exclude: frozenset[int] = frozenset()) -> list[str]:  # fmt: skip
    """Return the paths of due URLs."""
    due = index.read(select_due_urls, DueQuery(now=NOW, sites=sites, limit=limit, per_host=per_host, exclude=exclude))
    return [one.url.rpartition("/")[2] for one in due]


def test_due_urls_come_in_order(index: Index) -> None:
    """Lowest priority number first, then longest due; URLs that are not due or of other sites are left out."""
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
    assert index.read(url_queue.next_due_by_site, ["news"]) == {"news": NOW - timedelta(minutes=9)}
    assert index.read(url_queue.next_due_by_site, ["nowhere"]) == {}


def test_a_huge_host_does_not_starve_others(index: Index) -> None:
    """The URLs of one host are limited, however many are due."""
    index.add_urls([found(f"https://huge.example/{number}", ago=99) for number in range(50)])
    index.add_urls([found("https://small.example/small", ago=1), found("https://tiny.example:8080/tiny")])
    chosen = paths(index, limit=10, per_host=3)
    assert len(chosen) == 5
    assert {"small", "tiny"} <= set(chosen)


def test_excluded_urls_are_left_out(index: Index) -> None:
    """They do not count against the limit either."""
    index.add_urls([found(f"https://news.example/{number}", ago=9 - number) for number in range(6)])
    under_way = index.read(select_due_urls, DueQuery(now=NOW, sites=["news"], limit=3, per_host=3, exclude=()))
    assert paths(index, per_host=3, exclude=frozenset(due.url_id for due in under_way)) == ["3", "4", "5"]


def test_urls_are_found_whenever_they_are_due(index: Index) -> None:
    """A URL that was put off for ever too, and any number of them; those that the frontier lacks are left out."""
    names = [f"https://news.example/{number}" for number in range(700)]
    index.add_urls([found(url, ago=-number) for number, url in enumerate(names)])
    (first,) = index.read(url_queue.find_urls, names[:1])
    assert (first.url, first.discovery.site, first.due_at) == (names[0], "news", NOW)
    index.write(url_queue.reschedule, {first.url_id: None})
    known = index.read(url_queue.find_urls, [*names, "https://news.example/unknown"])
    assert sorted(each.url for each in known) == sorted(names)
    assert max(known, key=lambda each: each.due_at).url == names[0], "never comes last"


def test_visits_that_a_person_ended_can_be_resumed(index: Index) -> None:
    """The schedule says who ended them; other URLs are due as before."""
    index.add_urls([found("https://news.example/a", ago=2), found("https://news.example/b", ago=1)])
    index.write(url_queue.end_visits, ["https://news.example/a", "https://news.example/unknown"])
    assert paths(index) == ["b"]
    schedule = index.ask(get_visit_schedule, "https://news.example/a", NOW)
    assert schedule is not None
    assert (schedule.due_at, schedule.ended_by) == (None, VisitEnd.PERSON)
    (due,) = index.read(url_queue.find_urls, ["https://news.example/a"])
    index.write(url_queue.advance_due_times, {due.url_id: NOW})
    assert paths(index) == ["b", "a"]
    schedule = index.ask(get_visit_schedule, "https://news.example/a", NOW)
    assert schedule is not None
    assert schedule.ended_by is None


def test_seeds_are_added_once(index: Index) -> None:
    """Adding known URLs changes neither their number nor their due times."""
    seeds = [found("https://news.example/", ago=5), found("https://news.example/feed", ago=5)]
    assert index.add_urls(seeds) == 2
    assert index.add_urls([*seeds, found("https://news.example/", ago=500)]) == 0
    assert [
        due.due_at for due in index.read(select_due_urls, DueQuery(now=NOW, sites=["news"], limit=9, per_host=9))
    ] == [seeds[0].due_at] * 2


def test_the_best_source_gives_the_discovery_until_the_page_is_captured(
    index: Index, article_at: Make, plan: Plan
) -> None:
    """A feed has precedence over a page; after the capture the discovery does not change any more."""
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


def test_validators_come_from_the_newest_200(index: Index, article_at: Make, plan: Plan) -> None:
    """ETag and Last-Modified are those of the newest 200 response; other responses do not change them."""
    url = "https://news.example/a"
    first, second, error = (article_at(url, f"Text {minute}.", minute=minute) for minute in range(3))
    index.commit([replace(second, capture=replace(second.capture, etag='"2"'))], plan)
    index.commit([replace(first, capture=replace(first.capture, etag='"1"', last_modified="yesterday"))], plan)
    index.commit([replace(error, capture=replace(error.capture, status=503, etag='"x"'))], plan)
    [due] = index.read(select_due_urls, DueQuery(now=NOW, sites=["news"], limit=9, per_host=9))
    assert (due.etag, due.last_modified) == ('"2"', None)


def test_the_status_counts_due_and_scheduled_urls(index: Index, plan: Plan, article_at: Make) -> None:
    """The status of an archive has both numbers for each site."""
    index.register_sites([Site(name="news", url="https://news.example/")])
    index.add_urls([found("https://news.example/a"), found("https://news.example/b", ago=-60)])
    [site] = index.ask(get_status, NOW).sites
    assert (site.due, site.scheduled, site.next_due) == (1, 1, NOW)


@pytest.mark.parametrize("stated", ["2026-06-11T06:30:00+08:00", "2026-06-11", "2026-06-11T06:30:00"])
def test_a_source_s_date_keeps_offset_and_precision_until_the_page_is_fetched(index: Index, stated: str) -> None:
    """The record of the capture then says what the source said, and a rebuild from it finds the same."""
    seed = found("https://news.example/a", via="https://news.example/feed")
    date = PageDate.parse(stated)
    index.add_urls([replace(seed, discovery=replace(seed.discovery, published=date))])
    [due] = index.read(select_due_urls, DueQuery(now=NOW, sites=["news"], limit=1, per_host=1))
    assert due.discovery.published == date
    assert due.discovery.published.isoformat() == stated


def test_no_site_has_nothing(index: Index) -> None:
    """An empty list of names is a list of names to both databases."""
    index.add_urls([found("https://news.example/a", priority=700)])
    assert index.read(load_backfill_backlog, [], NOW) == ()
    assert index.read(select_first_captures, 0, []) == ()
    assert index.ask(list_source_health, []) == ()
    assert paths(index, sites=()) == []
