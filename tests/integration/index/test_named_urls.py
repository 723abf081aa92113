"""What a source names is still fetched, whatever the page answers."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from newsarchive.crawl.run_state import RunState
from newsarchive.crawl.url_pattern_yields import ParkingRules, UrlPatternYields
from newsarchive.ingest.originals import ArchivedOriginals
from newsarchive.schedule.visits import planner
from storage.index import Index
from storage.index.frontier import host_state
from storage.index.frontier.url_queue import DueQuery, select_due_urls
from storage.index.queries.visit_schedule import get_visit_schedule
from storage.index.schema.tables import FrontierRow, UrlRow
from storage.model import (
    BACKFILL_PRIORITY,
    Capture,
    DiscoveredUrl,
    Discovery,
    Ingest,
    Outcome,
    Reading,
    RecordPlace,
    RefersTo,
    Site,
    UrlKind,
)

MORNING = datetime(2026, 3, 1, 6, tzinfo=UTC)
FEED, PAGE = "https://news.example/feed", "https://news.example/a"
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
SORRY = "https://news.example/sorry"
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
Make = Callable[..., Capture]
PLAN = planner()


def day(number: float) -> int:
    """Return the minute of the morning at which a day begins."""
    return round(number * 24 * 60)


def feed(capture: Capture, *urls: str, modified: datetime | None = None) -> Ingest:
    """Make the reading of a feed that lists these URLs."""
    listed = Discovery(site="news", kind=UrlKind.ARTICLE, via=FEED, via_kind=UrlKind.FEED)
    found = tuple(
        DiscoveredUrl(url=url, discovery=listed, due_at=capture.fetched_at, priority=10, modified=modified)
        for url in urls
    )
    how = Discovery(site="news", kind=UrlKind.FEED)
    return Ingest(
        capture=capture, discovery=how, reading=Reading(outcome=Outcome.FEED, reason=""), discovered_urls=found
    )


def odd(capture: Capture, outcome: Outcome = Outcome.REDIRECT, **facts: object) -> Ingest:
    """Make the reading of a page that is no article."""
    how = Discovery(site="news", kind=UrlKind.ARTICLE, via=FEED, via_kind=UrlKind.FEED)
    return Ingest(
        capture=replace(capture, **facts),  # type: ignore[arg-type]  # fields of the class
        discovery=how,
        reading=Reading(outcome=outcome, reason=""),
    )


def schedule_of(index: Index, url: str = PAGE) -> tuple[datetime | None, str | None]:
    """Return when a URL is fetched again, and why not."""
    rows = index.read(
        lambda connection: connection.execute(
            select(FrontierRow.due_at, FrontierRow.ended_by)
            .join(UrlRow, UrlRow.id == FrontierRow.url_id)
            .where(UrlRow.url == url)
        ).all()
    )
    [(due_at, ended_by)] = rows
    return due_at, ended_by


@pytest.mark.parametrize("outcome", [Outcome.REDIRECT, Outcome.EMPTY, Outcome.OTHER, Outcome.CHALLENGE, Outcome.GONE])
def test_a_url_that_a_feed_names_is_fetched_until_it_is_an_article(
    index: Index, capture_of: Make, article_at: Callable[..., Ingest], outcome: Outcome
) -> None:
    """Forty odd answers, the last ones a month apart; then the article, and its plan begins."""
    index.commit([feed(capture_of(FEED), PAGE)], PLAN)
    at = MORNING
    for _ in range(12):
        minute = round((at - MORNING) / MINUTE)
        index.commit([feed(capture_of(FEED, minute), PAGE), odd(capture_of(PAGE, minute), outcome)], PLAN)
        due, ended = schedule_of(index)
        assert due is not None
        assert ended is None
        assert at < due <= at + 30 * DAY
        at = due
    index.commit([article_at(PAGE, "The article.", minute=round((at - MORNING) / MINUTE))], PLAN)
    assert schedule_of(index) == (at + timedelta(hours=1), None)


def test_a_source_with_the_same_bytes_as_before_names_the_same(index: Index, capture_of: Make) -> None:
    """As after a 304: it is captured as a revisit, which is not read again, and all it names is looked at again."""
    first = capture_of(FEED)
    index.commit([feed(first, PAGE)], PLAN)
    at = MORNING
    for _ in range(12):
        minute = round((at - MORNING) / MINUTE)
        named = RefersTo(record_id=first.record_id, url=FEED, date=first.date)
        same = replace(
            capture_of(FEED, minute + 1), kind="revisit", profile="identical-payload-digest", refers_to=named
        )
        unread = Reading(outcome=Outcome.NOT_MODIFIED, reason="the same bytes as an earlier capture")
        revisit = replace(feed(same), reading=unread, discovered_urls=())
        index.commit([revisit, odd(capture_of(PAGE, minute + 2), Outcome.CONSENT_WALL)], PLAN)
        due, ended = schedule_of(index)
        assert (due is None, ended) == (False, None)
        at = due or at


def test_a_url_that_no_source_names_any_more_is_given_up(index: Index, capture_of: Make) -> None:
    """The feed lists another page now; this one never was an article, at none of the ages at which one is checked."""
    index.commit([feed(capture_of(FEED), PAGE)], PLAN)
    index.commit([odd(capture_of(PAGE, 1))], PLAN)
    assert schedule_of(index)[0] is not None
    index.commit([feed(capture_of(FEED, 2), "https://news.example/b")], PLAN)
    index.commit([odd(capture_of(PAGE, 20))], PLAN)
    assert schedule_of(index) == (MORNING + 61 * MINUTE, None)
    index.commit([odd(capture_of(PAGE, day(31)))], PLAN)
    assert schedule_of(index) == (None, "no_article")


def test_the_last_reading_of_a_source_counts_for_two_months(index: Index, capture_of: Make) -> None:
    """A feed that answers 404 since does not name its pages for ever."""
    index.commit([feed(capture_of(FEED), PAGE)], PLAN)
    index.commit([odd(capture_of(PAGE, day(50)))], PLAN)
    assert schedule_of(index)[0] is not None
    index.commit([odd(capture_of(PAGE, day(81)))], PLAN)
    assert schedule_of(index) == (None, "no_article")


def test_a_new_mention_makes_a_page_due_that_was_given_up(index: Index, capture_of: Make) -> None:
    """A feed lists it again; mentions in each reading are no new ones."""
    index.commit([odd(capture_of(PAGE)), odd(capture_of(PAGE, day(31)))], PLAN)
    assert schedule_of(index) == (None, "no_article")
    index.commit([feed(capture_of(FEED, day(39)), PAGE)], PLAN)
    assert schedule_of(index) == (MORNING + 39 * DAY, None)
    index.commit([odd(capture_of(PAGE, day(39)))], PLAN)
    due, _ = schedule_of(index)
    index.commit([feed(capture_of(FEED, day(39) + 1), PAGE)], PLAN)
    assert schedule_of(index) == (due, None)


def test_a_new_mention_makes_an_article_due_whose_plan_is_over(
    index: Index, capture_of: Make, article_at: Callable[..., Ingest]
) -> None:
    """At most once a day, however often a list changes."""
    index.commit([article_at(PAGE, "Text.", minute=day(number)) for number in range(0, 60, 10)], PLAN)
    assert schedule_of(index) == (None, "plan")
    index.commit([feed(capture_of(FEED, day(50) + 5), PAGE)], PLAN)
    assert schedule_of(index) == (MORNING + 51 * DAY, None)


def test_an_article_that_a_source_names_is_fetched_monthly_after_its_plan(
    index: Index, capture_of: Make, article_at: Callable[..., Ingest]
) -> None:
    """Its plan is over on day 50, and the feed lists it still."""
    index.commit([feed(capture_of(FEED, day(49)), PAGE)], PLAN)
    index.commit([article_at(PAGE, "Text.", minute=day(number)) for number in range(0, 60, 10)], PLAN)
    assert schedule_of(index) == (MORNING + 80 * DAY, None)


def test_a_single_410_ends_nothing_and_a_confirmed_one_does(
    index: Index, capture_of: Make, article_at: Callable[..., Ingest]
) -> None:
    """Two days of nothing but 410 end the visits even while a feed names the page; a 503 between begins anew."""
    index.commit([feed(capture_of(FEED), PAGE), article_at(PAGE, "Text.")], PLAN)
    gone = [odd(capture_of(PAGE, day(number)), Outcome.GONE, status=410) for number in (1, 2, 2.5)]
    for one in gone:
        index.commit([one], PLAN)
        assert schedule_of(index)[0] is not None
    index.commit([odd(capture_of(PAGE, day(2.9)), Outcome.ERROR, status=503)], PLAN)
    index.commit([odd(capture_of(PAGE, day(3.5)), Outcome.GONE, status=410)], PLAN)
    assert schedule_of(index)[0] is not None
    index.commit([odd(capture_of(PAGE, day(5.6)), Outcome.GONE, status=410)], PLAN)
    assert schedule_of(index) == (None, "gone")


def test_a_redirect_to_an_article_is_followed_seldom(
    index: Index, capture_of: Make, article_at: Callable[..., Ingest]
) -> None:
    """A feed may list nothing but redirects to its pages: they are fetched once, then after a day."""
    link = "https://news.example/go?to=a"
    index.commit([feed(capture_of(FEED), link)], PLAN)
    index.commit([odd(capture_of(link), redirect_url=PAGE, status=301)], PLAN)
    assert schedule_of(index, link)[0] == MORNING + 10 * MINUTE
    index.commit([article_at(PAGE, "Text.", minute=1)], PLAN)
    index.commit([odd(capture_of(link, 10), redirect_url=PAGE, status=301)], PLAN)
    due, _ = schedule_of(index, link)
    assert due is not None
    assert due >= MORNING + DAY


def test_a_304_of_a_shell_is_no_article(index: Index, capture_of: Make, article_at: Callable[..., Ingest]) -> None:
    """The page became a shell of scripts, and the shell has not changed since: the pauses of odd answers grow."""
    index.commit([article_at(PAGE, "Text.")], PLAN)
    index.commit([odd(capture_of(PAGE, 60), Outcome.OTHER)], PLAN)
    unchanged = odd(capture_of(PAGE, 70, kind="revisit", profile="server-not-modified"), Outcome.NOT_MODIFIED)
    index.commit([unchanged], PLAN)
    assert schedule_of(index)[0] == MORNING + (70 + 40) * MINUTE


def test_an_outage_parks_no_url_pattern_for_good(
    index: Index, capture_of: Make, article_at: Callable[..., Ingest]
) -> None:
    """During it the pages of a section were redirects; when one of them is an article, the others are due again."""
    index.register_sites([Site(name="news", url="https://news.example/")])
    yields = UrlPatternYields({"news": ParkingRules(after=2)})
    state = RunState(index, NoOriginals(), yields, ["news"])
    state.restore(MORNING)
    urls = [f"https://news.example/story/{number}" for number in range(3)]
    how = Discovery(site="news", kind=UrlKind.ARTICLE, via="https://news.example/world", via_kind=UrlKind.LISTING)
    later = MORNING + 30 * DAY
    index.add_urls([DiscoveredUrl(url=urls[2], discovery=how, due_at=later, priority=20)])
    index.commit([replace(odd(capture_of(url)), discovery=how) for url in urls[:2]], PLAN)
    assert len(state.update_pattern_yields(MORNING)) > 0
    index.commit([article_at(urls[0], "The article.", minute=10)], PLAN)
    state.update_pattern_yields(MORNING + 10 * MINUTE)
    assert schedule_of(index, urls[2])[0] == MORNING + 10 * MINUTE
    assert index.read(host_state.load_url_patterns) == ()


def test_the_schedule_of_a_url_names_its_sources_and_its_last_answer(index: Index, capture_of: Make) -> None:
    """What `show` says: of a URL that never was an article, too."""
    index.commit([feed(capture_of(FEED), PAGE)], PLAN)
    index.commit([odd(capture_of(PAGE, 5), redirect_url=SORRY, status=302)], PLAN)
    schedule = index.ask(get_visit_schedule, PAGE, MORNING + DAY)
    assert schedule is not None
    assert schedule.due_at == MORNING + 15 * MINUTE
    assert schedule.named_by == (FEED,)
    assert schedule.outcome is Outcome.REDIRECT
    assert index.ask(get_visit_schedule, "https://news.example/unknown", MORNING) is None


class NoOriginals(ArchivedOriginals):
    """Originals of revisits, of which there are none."""

    def __init__(self) -> None:
        pass

    def find_place(self, refers_to: RefersTo) -> RecordPlace | None:
        return None

    def read_block(self, place: RecordPlace) -> bytes:
        raise AssertionError(place)


def test_a_page_that_is_new_in_a_known_sitemap_is_left_to_no_backfill(index: Index, capture_of: Make) -> None:
    """Whatever date the sitemap gives it: a lastmod may lie. At the first reading, and of very many, it is believed."""

    def sitemap(minute: int, *urls: str) -> Ingest:
        how = Discovery(site="news", kind=UrlKind.ARTICLE, via=FEED, via_kind=UrlKind.SITEMAP)
        found = tuple(
            DiscoveredUrl(url=url, discovery=how, due_at=MORNING, modified=LONG_AGO, priority=BACKFILL_PRIORITY + 5_130)
            for url in urls
        )
        reading = Reading(outcome=Outcome.SITEMAP, reason="")
        return Ingest(
            capture=capture_of(FEED, minute), discovery=Discovery(site="news", kind=UrlKind.SITEMAP),
            reading=reading, discovered_urls=found,
        )  # fmt: skip

    old = [f"https://news.example/old/{number}" for number in range(3)]
    index.commit([sitemap(0, *old)], PLAN)
    due = DueQuery(now=MORNING + 2 * DAY, sites=["news"], limit=100, per_host=100)
    assert [one.url for one in index.read(select_due_urls, due) if one.url != FEED] == []
    index.commit([sitemap(day(1), *old, PAGE)], PLAN)
    assert [(one.url, one.priority) for one in index.read(select_due_urls, due) if one.url != FEED] == [(PAGE, 30)]
    many = [f"https://news.example/imported/{number}" for number in range(60)]
    index.commit([sitemap(day(1.5), *old, PAGE, *many)], PLAN)
    assert [one.url for one in index.read(select_due_urls, due) if one.url != FEED] == [PAGE]
