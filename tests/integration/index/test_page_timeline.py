"""Pages over time: the nearest capture, the calendar, links on a listing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from storage.index import Index
from storage.index.queries.articles import get_capture
from storage.index.queries.listings import get_link_presence, get_listing, list_listing_times
from storage.index.queries.timeline import (
    find_adjacent_capture,
    find_nearest_capture,
    get_adjacent_times,
    get_capture_span,
    list_capture_times,
    list_days,
    list_nearby_urls,
    list_years,
    select_archived_urls,
)
from storage.index.views.articles import Exclusions
from storage.index.views.history import CaptureSpan, DayCount
from storage.model import (
    Capture,
    Discovery,
    Ingest,
    Link,
    LinkGroup,
    LinkKind,
    NextVisit,
    Outcome,
    Reading,
    RefersTo,
    UrlKind,
    VisitResult,
)

Plan = Callable[[VisitResult], NextVisit]
MORNING = datetime(2026, 3, 1, 6, tzinfo=UTC)
PAGE = "https://www.news.example/Page"


@pytest.fixture
def ingest(capture_of: Callable[..., Capture]) -> Callable[..., Ingest]:
    """Return a factory of ingests of pages that are no articles; keywords change the capture."""

    def make(url: str, minute: int = 0, outcome: Outcome = Outcome.OTHER, **changes: object) -> Ingest:
        capture = capture_of(url, minute, **changes)
        return Ingest(
            capture=capture,
            discovery=Discovery(site="news", kind=UrlKind.LISTING),
            reading=Reading(outcome=outcome, reason="", content_digest=capture.payload_digest),
        )

    return make


def front(page: Ingest, *names: str) -> Ingest:
    """Return the same page as a front page with links to articles in one group."""
    links = tuple(Link(url=f"https://news.example/{name}", anchor=f"On {name}") for name in names)
    group = LinkGroup(kind=LinkKind.LISTING, label="Latest", links=links)
    return replace(page, reading=replace(page.reading, outcome=Outcome.LISTING, link_groups=(group,)))


def at(minute: float) -> datetime:
    """Return a time in the morning."""
    return MORNING + timedelta(minutes=minute)


def minute_of(index: Index, url: str, moment: datetime) -> float | None:
    """Return the minute of the nearest capture."""
    found = index.ask(find_nearest_capture, url, moment)
    return None if found is None else (found.fetched_at - MORNING) / timedelta(minutes=1)


def test_the_nearest_capture_is_found_on_either_side(index: Index, ingest: Callable[..., Ingest], plan: Plan) -> None:
    """All spellings of a page count: http and https, with and without www, percent-encoded or not."""
    index.commit([ingest(PAGE, 0), ingest("http://news.example/Page", 10), ingest("https://news.example/中", 3)], plan)
    assert [minute_of(index, PAGE, at(minute)) for minute in (-9, 1, 6, 99)] == [0, 0, 10, 10]
    assert minute_of(index, "https://news.example/%E4%B8%AD", at(0)) == 3
    assert minute_of(index, "https://news.example/%e4%b8%ad#top", at(0)) == 3
    assert minute_of(index, "https://news.example/page", at(0)) is None  # another page: capitals count


def test_a_capture_of_that_very_second_goes_before_nearer_ones(
    index: Index, ingest: Callable[..., Ingest], plan: Plan
) -> None:
    """A replay URL has a second: a capture within it takes precedence over nearer ones."""
    early, late = ingest(PAGE, 0), ingest(PAGE, 1)
    early = replace(early, capture=replace(early.capture, fetched_at=at(0) - timedelta(microseconds=20_000)))
    late = replace(late, capture=replace(late.capture, fetched_at=at(0) + timedelta(microseconds=900_000)))
    index.commit([early, late], plan)
    found = index.ask(find_nearest_capture, PAGE, at(0))
    assert found is not None
    assert found.fetched_at == late.capture.fetched_at


def test_errors_and_redirects_to_itself_give_way(index: Index, ingest: Callable[..., Ingest], plan: Plan) -> None:
    """Captures that show the page take precedence; an error is returned if there are no others."""
    index.commit(
        [
            ingest(PAGE, 0),
            ingest(PAGE, 50, Outcome.ERROR, status=503),
            ingest("http://news.example/Page", 55, Outcome.REDIRECT, status=301, redirect_url=PAGE),
            ingest("https://news.example/down", 5, Outcome.ERROR, status=500),
            ingest("https://news.example/moved", 5, Outcome.REDIRECT, status=301, redirect_url=PAGE),
        ],
        plan,
    )
    assert minute_of(index, PAGE, at(54)) == 0
    assert minute_of(index, PAGE, at(50)) == 50  # asked for to the second
    assert minute_of(index, "https://news.example/down", at(0)) == 5
    assert index.ask(find_nearest_capture, "https://news.example/down", at(5), to_the_second=False) is not None
    assert minute_of(index, "https://news.example/moved", at(0)) == 5
    assert index.ask(
        select_archived_urls, [PAGE, "http://news.example/Page", "https://news.example/down", "https://x.example/"]
    ) == {PAGE, "http://news.example/Page"}


def test_a_revisit_counts_where_its_original_is_held(index: Index, ingest: Callable[..., Ingest], plan: Plan) -> None:
    """A revisit without an archived original does not show the page."""
    first = ingest(PAGE, 0)
    known = RefersTo(record_id=first.capture.record_id, url=PAGE, date=first.capture.date)
    lost = RefersTo(record_id="urn:uuid:lost", url="https://news.example/lost", date="2020-01-01T00:00:00Z")
    again = ingest(
        PAGE, 20, Outcome.NOT_MODIFIED, kind="revisit", refers_to=known, payload_digest=first.capture.payload_digest
    )
    orphan = ingest(PAGE, 40, Outcome.NOT_MODIFIED, kind="revisit", refers_to=lost, payload_digest="sha256:ff")
    index.commit([first, again, orphan], plan)
    assert minute_of(index, PAGE, at(41)) == 20
    index.settle()
    assert minute_of(index, PAGE, at(41)) == 20
    beside = index.ask(get_adjacent_times, PAGE, at(0))
    assert beside == (None, at(20))
    newest = index.ask(find_adjacent_capture, PAGE, at(20), again.capture.record_id, later=True)
    found = index.ask(get_capture, newest or 0)
    assert found is not None
    assert found.record_id == orphan.capture.record_id


def test_excluded_articles_are_in_no_response(index: Index, ingest: Callable[..., Ingest], plan: Plan) -> None:
    """Excluded captures are not nearest, counted, nearby or on a listing."""
    secret = "https://news.example/secret/1"
    listing = front(ingest("https://news.example/", 0), "secret/1", "open")
    index.commit([ingest(secret, 0), ingest(PAGE, 0), ingest(PAGE, 90), listing], plan)
    shown = index.excluding(Exclusions(urlkeys=("example,news)/secret/",), embargoes=(("news.example", at(60)),)))
    assert shown.ask(find_nearest_capture, secret, at(0)) is None
    assert shown.ask(list_years, secret) == ()
    assert shown.ask(select_archived_urls, [secret, PAGE]) == {PAGE}
    assert shown.ask(list_nearby_urls, f"{secret}x") == ("https://news.example/", PAGE)
    span = shown.ask(get_capture_span, PAGE)
    assert span is not None
    assert (span.captures, span.last) == (1, at(0))
    view = shown.ask(get_listing, "https://news.example/")
    assert view is not None
    assert [link.url for link in view.groups[0].links] == ["https://news.example/open"]


def test_a_calendar_counts_by_year_and_day(index: Index, ingest: Callable[..., Ingest], plan: Plan) -> None:
    """Years and days are in UTC, empty years included; the captures of a day are newest first."""
    day = 24 * 60
    index.commit([ingest(PAGE, minute) for minute in (0, 1, day, 800 * day)], plan)
    assert index.ask(list_years, PAGE) == ((2026, 3), (2027, 0), (2028, 1))
    assert index.ask(list_days, PAGE, 2026) == (
        DayCount(date(2026, 3, 1), 2, at(0)),
        DayCount(date(2026, 3, 2), 1, at(day)),
    )
    found = index.ask(list_capture_times, PAGE, at(0), at(day), limit=10)
    assert [each.fetched_at for each in found] == [at(1), at(0)]
    assert index.ask(list_capture_times, PAGE, at(0), at(day), limit=1, offset=1) == found[1:]


def test_nearby_urls_are_next_in_the_order_of_urls(index: Index, ingest: Callable[..., Ingest], plan: Plan) -> None:
    """They are of the same host, as many before a URL as behind it."""
    urls = [f"https://news.example/{path}" for path in ("a/b?x=1", "a/c", "d", "e")]
    index.commit([ingest(url, number) for number, url in enumerate([*urls, "https://news.example.org/d"])], plan)
    assert [*index.ask(list_nearby_urls, "https://news.example/a/b?x=2")] == urls
    assert [*index.ask(list_nearby_urls, "https://news.example/a/z/y", limit=2)] == urls[1:3]
    assert [*index.ask(list_nearby_urls, "https://news.example/q", limit=2)] == urls[3:]
    assert index.ask(list_nearby_urls, "https://other.example/") == ()
    assert index.ask(list_nearby_urls, "nonsense") == ()


def test_the_duration_of_a_link_on_a_listing_is_shown(index: Index, ingest: Callable[..., Ingest], plan: Plan) -> None:
    """A link's presence is from its first to its last capture, unchanged captures included."""
    home = "https://news.example/"
    first = front(ingest(home, 0), "a", "b")
    again = ingest(
        home,
        10,
        Outcome.NOT_MODIFIED,
        kind="revisit",
        payload_digest=first.capture.payload_digest,
        refers_to=RefersTo(record_id=first.capture.record_id, url=home, date=first.capture.date),
    )
    index.commit([first, again, front(ingest(home, 20), "c", "a"), front(ingest(home, 30), "c")], plan)
    index.settle()
    view = index.ask(get_listing, home, at(25))
    assert view is not None
    assert (view.number, view.captures, view.before, view.after) == (3, 4, at(10), at(30))
    assert [link.url.rpartition("/")[2] for link in view.groups[0].links] == ["c", "a"]
    assert index.ask(
        get_link_presence, home, ["https://news.example/a", "https://news.example/b", "https://news.example/z"]
    ) == {
        "https://news.example/a": CaptureSpan(first=at(0), last=at(20), captures=3),
        "https://news.example/b": CaptureSpan(first=at(0), last=at(10), captures=2),
    }
    unchanged = index.ask(get_listing, home, at(10))
    assert unchanged is not None
    assert [link.url.rpartition("/")[2] for link in unchanged.groups[0].links] == ["a", "b"]
    assert index.ask(list_listing_times, home, limit=2) == (at(30), at(20))
    assert index.ask(list_listing_times, home, since=at(10), until=at(30), limit=9) == (at(20), at(10))
    assert index.ask(get_listing, "https://news.example/none") is None
