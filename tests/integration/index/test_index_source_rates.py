"""Source rates: the schedule gets the content of each source, and its rates are stored."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsarchive.config.schema import Config, SiteConfig
from newsarchive.operations.health import check_health
from newsarchive.schedule.visits import planner
from storage.index import Index
from storage.index.frontier import host_state
from storage.index.frontier.url_queue import DueQuery, select_due_urls
from storage.index.queries.articles import list_articles
from storage.index.queries.status import get_status, list_source_health
from storage.model import (
    Capture,
    DiscoveredUrl,
    Discovery,
    Ingest,
    NextVisit,
    Outcome,
    Reading,
    Site,
    SourceRates,
    UrlKind,
    VisitResult,
)
from storage.page_date import PageDate
from tests.sizes import few_and_all

MORNING = datetime(2026, 3, 1, 6, tzinfo=UTC)
SITE = Site(name="news", url="https://news.example/")
FEEDS = ("https://news.example/feed", "https://news.example/world/feed")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
Make = Callable[..., Capture]


def page(item: int) -> str:
    return f"https://news.example/{item}"


def reading(
    capture: Capture,
    items: Sequence[int],
    *,
    outcome: Outcome = Outcome.FEED,
    modified: datetime | None = None,
    dated: bool = True,
) -> Ingest:
    """Make the reading of a feed; item n was published n minutes after the morning began."""
    found = tuple(
        DiscoveredUrl(
            url=page(item),
            discovery=Discovery(
                site="news",
                kind=UrlKind.ARTICLE,
                via=capture.url,
                via_kind=UrlKind.FEED,
                published=PageDate.from_time(MORNING + MINUTE * item) if dated else None,
            ),
            due_at=capture.fetched_at,
            priority=10,
            modified=modified,
        )
        for item in items
    )
    how = Discovery(site="news", kind=UrlKind.FEED)
    return Ingest(capture=capture, discovery=how, reading=Reading(outcome=outcome, reason=""), discovered_urls=found)


class Listener:
    """A schedule that records its input, and learns as the real one does."""

    def __init__(self) -> None:
        self.heard: list[VisitResult] = []
        self._plan = planner()

    def __call__(self, seen: VisitResult) -> NextVisit:
        self.heard.append(seen)
        return self._plan(seen)


windows = st.lists(
    st.tuples(st.sampled_from(FEEDS), st.sets(st.integers(1, 12), min_size=1), st.booleans()), min_size=1, max_size=8
)


@pytest.mark.parametrize("examples", few_and_all(6, 25))
def test_the_schedule_gets_the_content_of_each_source(index: Index, examples: int, capture_of: Make) -> None:
    """New items are those that the previous check lacked, first named ones those that nothing had named before."""

    @settings(max_examples=examples, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(windows)
    def holds(happenings: list[tuple[str, set[int], bool]]) -> None:
        index.reset()
        index.register_sites([SITE])
        listener = Listener()
        before: dict[str, set[int]] = {}
        named: set[int] = set()
        expected = []
        batch: list[Ingest] = []
        for minute, (feed, items, ends_batch) in enumerate(happenings):
            batch.append(reading(capture_of(feed, minute), sorted(items)))
            fresh = items - before.get(feed, set())
            was = len(before[feed]) if feed in before else None
            expected.append((len(items), len(fresh), len(items - named), was))
            before[feed] = items
            named |= items
            if ends_batch or minute == len(happenings) - 1:
                index.commit(batch, listener)
                batch = []
        heard = [
            (
                s.source_check.item_count,
                len(s.source_check.new_item_dates),
                s.source_check.first_named_count,
                s.source_check.previous_count,
            )
            for s in listener.heard
            if s.source_check
        ]
        assert heard == expected

    holds()


def test_rates_are_stored_between_commits(index: Index, capture_of: Make) -> None:
    """The schedule gets the rates that it returned for the previous capture, to the fourth digit."""
    index.register_sites([SITE])
    listener = Listener()
    for step in range(6):
        index.commit([reading(capture_of(FEEDS[0], step * 30), range(step * 4 + 1, step * 4 + 11))], listener)
    given_back = [seen.source_rates for seen in listener.heard]
    assert given_back[0] is None
    plan = planner()
    for seen, after in zip(listener.heard, given_back[1:], strict=False):
        left = plan(seen).source_rates
        assert left is not None
        assert after is not None
        assert _rounded(left) == _rounded(after)
    (health,) = index.ask(list_source_health)
    assert (health.url, health.state, health.failures) == (FEEDS[0], "fine", 0)
    assert health.items_per_day


def _rounded(habits: SourceRates) -> SourceRates:
    return replace(
        habits,
        watched_hours=tuple(round(each, 3) for each in habits.watched_hours),
        items_by_hour=tuple(round(each, 3) for each in habits.items_by_hour),
    )


def test_a_304_is_a_check_without_new_items(index: Index, capture_of: Make) -> None:
    """A response that could not be read is no check."""
    index.register_sites([SITE])
    listener = Listener()
    index.commit([reading(capture_of(FEEDS[0], 0), range(1, 11))], listener)
    same = capture_of(FEEDS[0], 30, kind="revisit", profile="server-not-modified", status=304, payload_size=0)
    index.commit([reading(same, (), outcome=Outcome.NOT_MODIFIED)], listener)
    index.commit([reading(capture_of(FEEDS[0], 60, status=500), (), outcome=Outcome.ERROR)], listener)
    unchanged, failed = listener.heard[1:]
    assert unchanged.source_check is not None
    assert (
        unchanged.source_check.item_count,
        unchanged.source_check.new_item_dates,
        unchanged.source_check.previous_count,
    ) == (10, (), 10)
    assert failed.source_check is None
    assert failed.source_rates is not None


def test_a_feed_that_lost_items_is_overflowing(index: Index, capture_of: Make) -> None:
    """No item in common with the previous check: it is, until it has recovered."""
    index.register_sites([SITE])
    plan = planner()
    index.commit([reading(capture_of(FEEDS[0], 0), range(1, 11))], plan)
    index.commit([reading(capture_of(FEEDS[0], 30), range(21, 31))], plan)
    index.commit([reading(capture_of(FEEDS[0], 60), range(41, 51))], plan)
    assert index.ask(list_source_health)[0].state == "overflowing"
    for step in range(60):
        index.commit([reading(capture_of(FEEDS[0], 70 + step), range(41, 51))], plan)
    assert index.ask(list_source_health)[0].state != "overflowing"


def test_a_silent_feed_is_found(index: Index, capture_of: Make, tmp_path: Path) -> None:
    """Six items an hour for eight days, then none: it is silent, until the next item."""
    index.register_sites([SITE])
    plan = planner()
    hours = 8 * 24
    readings = [
        reading(capture_of(FEEDS[0], hour * 60), range(max(hour * 6 - 20, 1), hour * 6 + 1), dated=False)
        for hour in range(1, hours)
    ]
    index.commit(readings, plan)
    assert index.ask(list_source_health)[0].state == "fine"
    last = range((hours - 1) * 6 - 20, (hours - 1) * 6 + 1)
    index.commit([reading(capture_of(FEEDS[0], (hours + hour) * 60), last) for hour in range(24)], plan)
    (health,) = index.ask(list_source_health)
    assert (health.state, health.habits is not None) == ("silent", True)
    config = Config(folder=tmp_path, sites=(SiteConfig(name=SITE.name, url=SITE.url),))
    at = MORNING + (hours + 23) * 60 * MINUTE
    findings = check_health(index, config, at).findings
    assert [each.code for each in findings if FEEDS[0] in each.subject] == ["source-silent"]
    index.commit([reading(capture_of(FEEDS[0], (hours + 25) * 60), range(2000, 2020))], plan)
    assert index.ask(list_source_health)[0].state != "silent"


def test_a_page_that_its_source_reports_as_modified_is_due_at_once(index: Index, capture_of: Make) -> None:
    """Modified since its capture: due. Before: as scheduled. A source that reports all pages each time is ignored."""
    index.register_sites([SITE])
    plan = planner()
    how = Discovery(site="news", kind=UrlKind.ARTICLE)
    looks = [
        Ingest(capture=capture_of(page(n), 5), discovery=how, reading=Reading(outcome=Outcome.ARTICLE, reason=""))
        for n in range(1, 11)
    ]
    index.commit(looks, plan)

    def due(minute: int) -> set[str]:
        now = MORNING + MINUTE * minute
        return {
            one.url
            for one in index.read(select_due_urls, DueQuery(now=now, sites=["news"], limit=99, per_host=99))
            if one.url not in FEEDS
        }

    feed = [reading(capture_of(FEEDS[0], 20), (1, 2), modified=MORNING + 4 * MINUTE)]
    index.commit(feed, plan)
    assert due(21) == set()
    index.commit([reading(capture_of(FEEDS[0], 30), (2, 3), modified=MORNING + 25 * MINUTE)], plan)
    assert due(31) == {page(2), page(3)}
    index.commit([reading(capture_of(FEEDS[1], 40), range(1, 11), modified=MORNING + 39 * MINUTE)], plan)
    assert due(41) == {page(2), page(3)}
    index.commit([reading(capture_of(FEEDS[0], 50), (4, 5), modified=MORNING + 9 * DAY)], plan)
    assert due(51) == {page(2), page(3)}, "a date that is not yet cannot be when it changed"


def test_backfill_urls_are_left_to_the_backfill(index: Index) -> None:
    """URLs with a priority number from 1,000 on are returned only on request, and counted separately."""
    index.register_sites([SITE])
    how = Discovery(site="news", kind=UrlKind.ARTICLE)
    due = [DiscoveredUrl(url=page(n), discovery=how, due_at=MORNING, priority=n) for n in (10, 50, 1010, 1050)]
    index.add_urls(due)
    asked = {"sites": ["news"], "limit": 9, "per_host": 9}
    assert [one.url for one in index.read(select_due_urls, DueQuery(now=MORNING, **asked))] == [page(10), page(50)]  # type: ignore[arg-type]
    everything = index.read(select_due_urls, DueQuery(now=MORNING, **asked, max_priority=9_999))  # type: ignore[arg-type]
    assert [one.url for one in everything] == [page(10), page(50), page(1010), page(1050)]
    (site,) = index.ask(get_status, MORNING).sites
    assert (site.due, site.scheduled, site.older) == (2, 0, 2)


def test_duplicates_at_other_urls_are_not_new(
    index: Index, capture_of: Make, article_at: Callable[..., Ingest]
) -> None:
    """With a canonical URL they are one article; without, they are duplicates that are not visited again."""
    index.register_sites([SITE])
    listener = Listener()
    texts = ("Rain is expected in the north until the weekend, the weather service said on Sunday.",)
    index.commit([article_at(page(0), *texts, minute=0, headline="Rain")], listener)
    amp = [
        article_at(f"{page(0)}?amp={n}", *texts, minute=n, headline="Rain", canonical_url=page(0)) for n in range(1, 9)
    ]
    index.commit(amp, listener)
    assert len(index.ask(list_articles)) == 1
    index.commit([article_at(page(n), *texts, minute=20 + n, headline="Rain") for n in range(1, 40)], listener)
    index.commit([article_at(page(99), *texts, minute=70, headline="Another day's rain")], listener)
    assert [seen.is_duplicate for seen in listener.heard] == [False] * 9 + [True] * 39 + [False]
    now = MORNING + 30 * DAY
    due = {one.url for one in index.read(select_due_urls, DueQuery(now=now, sites=["news"], limit=99, per_host=99))}
    assert due == {page(0), page(99)}
    brought = index.read(host_state.select_first_captures, 0, ["news"])
    assert {one.url for one in brought if one.has_new_article} == {page(0), page(99)}
