"""Publication rates learnt from the checks of a source, and the visits planned by them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.schedule.source_rates import (
    FACTOR_AFTER_LOSS,
    HOURS_PER_WEEK,
    MIN_INTERVAL_FACTOR,
    ExpectedRates,
    hour_of_week,
    learn_rates,
)
from newsarchive.schedule.visits import DEFAULT_INTERVALS, first_named_share, plan_next_visit
from storage.model import NextVisit, Outcome, SourceCheck, SourceRates, UrlKind, VisitResult

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def read(*fresh: datetime | None, items: int = 20, news: int | None = None, before: int | None = 20) -> SourceCheck:
    return SourceCheck(
        item_count=items,
        new_item_dates=fresh,
        first_named_count=len(fresh) if news is None else news,
        previous_count=before,
    )


def watched(items: Iterable[datetime], end: datetime, *, every: timedelta = HOUR, dated: bool = True) -> SourceRates:
    """Return the rates of a source with items at these times, checked at an interval from Monday on."""
    left = sorted(items)
    rates = learn_rates(None, read(before=None), MONDAY)
    at = MONDAY
    while at < end:
        at += every
        fresh = [item for item in left if item <= at]
        left = left[len(fresh) :]
        rates = learn_rates(rates, read(*(item if dated else None for item in fresh)), at)
    return rates


def at_hours(hours: Sequence[int], days: Iterable[int]) -> list[datetime]:
    """Return one item per hour, at these hours of these days; day 0 is Monday."""
    return [MONDAY + DAY * day + HOUR * hour + MINUTE * 30 for day in days for hour in hours]


def visit(
    read: SourceCheck | None,
    rates: SourceRates | None,
    at: datetime,
    kind: UrlKind = UrlKind.FEED,
    further: bool = False,
) -> NextVisit:
    return plan_next_visit(
        VisitResult(
            kind=kind, outcome=Outcome.FEED if read else Outcome.ERROR, status=200, fetched_at=at,
            changed=bool(read and read.new_item_dates), failure_count=0, unchanged_count=0, first_seen_at=MONDAY,
            source_check=read,
            source_rates=rates, is_next_page=further,
        )
    )  # fmt: skip


def interval(rates: SourceRates, at: datetime, kind: UrlKind = UrlKind.FEED, further: bool = False) -> timedelta:
    """Return the interval of a source after a check without new items."""
    due_at = visit(read(), rates, at, kind, further).due_at
    assert due_at is not None
    return due_at - at


@pytest.mark.parametrize("dated", [True, False])
def test_the_learnt_rate_is_the_real_one(dated: bool) -> None:
    """After a week, a source with one item per hour has that rate, whether its items are dated or not."""
    rates = watched(at_hours(range(24), range(7)), MONDAY + 7 * DAY, dated=dated)
    assert sum(map(ExpectedRates(rates).rate_at, range(HOURS_PER_WEEK))) == pytest.approx(168, rel=0.05)


def test_hours_of_the_week_have_rates_of_their_own() -> None:
    """After four weeks, a source of weekday mornings is expected to publish then and at no other time."""
    days = [week * 7 + day for week in range(4) for day in range(5)]
    expected = ExpectedRates(watched(at_hours(range(6, 12), days), MONDAY + 28 * DAY))
    assert expected.rate_at(2 * 24 + 8) > 0.7
    assert expected.rate_at(2 * 24 + 20) < 0.05
    assert expected.rate_at(5 * 24 + 8) < 0.2
    assert expected.rate_at(6 * 24 + 20) < 0.05


def test_item_dates_count_rather_than_the_time_of_the_check() -> None:
    """The rates of a source that is checked daily follow the dates of its items."""
    items = at_hours([9, 10], range(21))
    rates = watched(items, MONDAY + 21 * DAY, every=DAY)
    expected = ExpectedRates(rates)
    assert expected.rate_at(9) > 0.5
    assert expected.rate_at(20) < 0.1


def test_the_first_check_gives_a_rate() -> None:
    """It follows from the dates of the items, without one that is pinned to the top."""
    dates = [MONDAY - HOUR * hour for hour in range(19)]
    pinned = MONDAY - 20 * DAY
    rates = learn_rates(None, read(*dates, pinned, before=None), MONDAY)
    assert ExpectedRates(rates).overall == pytest.approx(1, rel=0.1)
    assert rates.new_items == rates.first_named_items == 0, "items of the first check do not count as new"


def test_an_older_check_does_not_change_the_schedule() -> None:
    """Captures may be indexed in any order; rates are only updated forward in time."""
    rates = watched(at_hours(range(24), range(2)), MONDAY + 2 * DAY)
    assert learn_rates(rates, read(None, None), MONDAY + DAY) == rates


def test_no_common_item_means_that_items_were_missed() -> None:
    """It is recorded, the source is checked more often, and gradually less often again."""
    end = MONDAY + 14 * DAY
    steady = watched(at_hours(range(24), range(14)), end, every=30 * MINUTE)
    later = end + HOUR
    lost = learn_rates(steady, read(*[later] * 20, items=20), later)
    assert (lost.lost_at, lost.interval_factor) == (later, FACTOR_AFTER_LOSS)
    assert interval(lost, later + MINUTE) < interval(steady, later + MINUTE)
    rates = lost
    for minute in range(100):
        rates = learn_rates(rates, read(), later + MINUTE * (minute + 1))
    assert rates.interval_factor == 1.0
    assert rates.lost_at == later


def test_items_that_another_source_lists_were_not_missed() -> None:
    """Checks without a common item are no loss if all items are known already."""
    rates = watched(at_hours(range(24), range(2)), MONDAY + 2 * DAY)
    at = MONDAY + 3 * DAY
    assert learn_rates(rates, read(*[None] * 20, news=0), at).lost_at is None


def test_an_empty_feed_has_not_missed_items() -> None:
    """A feed that is empty once, and complete again, has missed none."""
    rates = watched(at_hours(range(24), range(2)), MONDAY + 2 * DAY)
    empty = learn_rates(rates, read(items=0), MONDAY + 2 * DAY + HOUR)
    again = learn_rates(empty, read(*[None] * 20, before=0), MONDAY + 2 * DAY + 2 * HOUR)
    assert (empty.lost_at, again.lost_at) == (None, None)


def test_the_interval_has_a_lower_bound() -> None:
    """However often items are missed, the settings' intervals are respected."""
    rates = watched(at_hours(range(24), range(2)), MONDAY + 2 * DAY)
    at = MONDAY + 2 * DAY
    for _ in range(20):
        at += HOUR
        rates = learn_rates(rates, read(*[at] * 20), at)
    assert rates.interval_factor == MIN_INTERVAL_FACTOR
    assert interval(rates, at + MINUTE) == DEFAULT_INTERVALS.source_min_interval


def test_a_busy_feed_of_ten_items_is_checked_before_they_are_replaced() -> None:
    """Ten items per hour, ten listed: checked so often that half of them are hardly ever replaced."""
    items = [MONDAY + MINUTE * 6 * number for number in range(240 * 14)]
    rates = learn_rates(None, read(before=None, items=10), MONDAY)
    at, left = MONDAY, items
    while at < MONDAY + 14 * DAY:
        at += 20 * MINUTE
        fresh, left = [i for i in left[:20] if i <= at], [i for i in left[:20] if i > at] + left[20:]
        rates = learn_rates(rates, read(*fresh, items=10, before=10), at)
    due_at = visit(read(items=10, before=10), rates, at).due_at
    assert due_at is not None
    assert ExpectedRates(rates).time_of(at, 5, due_at) == due_at, "fewer than five items are expected until then"


def test_silence_is_reported_by_the_rate_of_the_source() -> None:
    """With one item per hour it is reported after half a day, until the source publishes again."""
    end = MONDAY + 14 * DAY
    rates = watched(at_hours(range(24), range(14)), end)
    at = end
    while rates.silent_since is None:
        at += HOUR
        rates = learn_rates(rates, read(), at)
    assert 6 * HOUR < at - end < 30 * HOUR
    rate = ExpectedRates(rates).overall
    for _ in range(200):
        at += HOUR
        rates = learn_rates(rates, read(), at)
    assert ExpectedRates(rates).overall == pytest.approx(rate, rel=0.3), "the silence has changed the rate"
    assert learn_rates(rates, read(at), at + HOUR).silent_since is None


def test_a_quiet_weekend_is_not_silence() -> None:
    """A source that publishes on weekdays is not reported on Sunday evening, a new one neither."""
    weekdays = [day for day in range(21) if day % 7 < 5]
    for weeks in range(1, 4):
        known = watched(at_hours(range(6, 22), weekdays), MONDAY + 7 * weeks * DAY)
        assert known.silent_since is None


def test_a_weekly_source_is_reported_after_three_missed_weeks() -> None:
    """A regular source is reported before its pause becomes improbable by its rate alone."""
    weeks = [MONDAY + 3 * DAY + 6 * HOUR + 7 * DAY * week for week in range(6)]
    rates = watched(weeks, weeks[-1] + 20 * DAY, every=3 * HOUR)
    assert rates.silent_since is None
    assert watched(weeks, weeks[-1] + 23 * DAY, every=3 * HOUR).silent_since is not None


def test_an_unreadable_source_can_be_silent() -> None:
    """A feed that has answered 404 since yesterday is as silent as one without new items."""
    end = MONDAY + 14 * DAY
    rates = watched(at_hours(range(24), range(14)), end)
    after = visit(None, rates, end + 2 * DAY)
    assert after.source_rates is not None
    assert after.source_rates.silent_since == end + 2 * DAY


def test_a_source_that_is_never_first_is_checked_rarely() -> None:
    """A sitemap of items that the feed listed before gets the longest interval; the feed does not."""
    items = at_hours(range(24), range(14))
    feed = watched(items, MONDAY + 14 * DAY)
    sitemap = learn_rates(None, read(before=None), MONDAY)
    at = MONDAY
    for _ in range(14 * 24):
        at += HOUR
        sitemap = learn_rates(sitemap, read(at, news=0), at)
    assert first_named_share(feed) > 0.9
    assert first_named_share(sitemap) < 0.01
    assert interval(feed, at + MINUTE) < HOUR
    assert interval(sitemap, at + MINUTE, UrlKind.SITEMAP) == DEFAULT_INTERVALS.source_max_interval
    assert interval(sitemap, at + MINUTE, UrlKind.LISTING) == DEFAULT_INTERVALS.listing_max_interval


def test_a_sitemap_of_old_pages_is_checked_monthly() -> None:
    """If nothing in it is younger than a month, its interval is a month."""
    old = SourceCheck(
        item_count=500, new_item_dates=(None,) * 500, first_named_count=500, newest_item_at=MONDAY - 400 * DAY
    )
    due_at = visit(old, None, MONDAY, UrlKind.SITEMAP).due_at
    assert due_at == MONDAY + DEFAULT_INTERVALS.archive_sitemap_interval


def test_a_sitemap_that_gets_new_items_is_no_archive_whatever_dates_it_gives_them() -> None:
    """A lastmod of 2001 under every page does not make its interval a month."""
    lies = SourceCheck(item_count=9, new_item_dates=(None,), first_named_count=1, newest_item_at=MONDAY - 9_000 * DAY)
    rates = visit(lies, None, MONDAY, UrlKind.SITEMAP).source_rates
    later = visit(replace(lies, previous_count=8), rates, MONDAY + 30 * DAY, UrlKind.SITEMAP)
    assert later.due_at is not None
    assert later.due_at <= MONDAY + 31 * DAY


def test_a_next_page_of_a_listing_is_checked_rarely_until_it_lists_items_first() -> None:
    """The second page of a section repeats the first, and is needed only if that one missed something."""
    backlog = SourceCheck(item_count=20, new_item_dates=(None,) * 20, first_named_count=20)
    first = visit(backlog, None, MONDAY, UrlKind.LISTING, further=True)
    assert first.due_at is not None
    assert first.due_at > MONDAY + 5 * DAY
    rates = first.source_rates
    at = MONDAY
    for _ in range(100):
        at += HOUR
        rates = learn_rates(rates, read(*[None] * 5), at)
    assert rates is not None
    assert interval(rates, at + MINUTE, UrlKind.LISTING, further=True) < DAY


counts = st.lists(st.floats(0, 1e4), min_size=HOURS_PER_WEEK, max_size=HOURS_PER_WEEK).map(tuple)
any_rates = st.builds(
    SourceRates,
    first_read_at=st.just(MONDAY),
    last_read_at=st.just(MONDAY + DAY),
    last_new_at=st.just(MONDAY),
    watched_hours=counts,
    items_by_hour=counts,
    bursts=st.floats(0, 1e5),
    new_items=st.floats(0, 1e5),
    first_named_items=st.floats(0, 1e5),
    longest_gap=st.floats(0, 1e7),
    capacity=st.integers(0, 50_000),
    interval_factor=st.floats(0.1, 1),
    newest_item_at=st.none() | st.datetimes(timezones=st.just(UTC), max_value=datetime(2026, 3, 1)),  # noqa: DTZ001
    lost_at=st.none(),
    silent_since=st.none() | st.just(MONDAY),
)
any_check = st.builds(
    SourceCheck,
    item_count=st.integers(0, 100),
    new_item_dates=st.lists(st.none() | st.just(MONDAY), max_size=50).map(tuple),
    first_named_count=st.integers(0, 50),
    previous_count=st.none() | st.integers(0, 100),
    newest_item_at=st.none(),
)


@given(any_rates, any_check, st.sampled_from([UrlKind.FEED, UrlKind.SITEMAP, UrlKind.LISTING]), st.booleans())
def test_the_intervals_of_the_settings_are_respected(
    rates: SourceRates, read: SourceCheck, kind: UrlKind, further: bool
) -> None:
    """Whatever the rates, never sooner than the minimum, never later than the maximum, and never given up."""
    at = MONDAY + DAY + HOUR
    found = visit(read, rates, at, kind, further)
    assert found.due_at is not None
    shortest = (
        DEFAULT_INTERVALS.listing_min_interval if kind is UrlKind.LISTING else DEFAULT_INTERVALS.source_min_interval
    )
    longest = (
        DEFAULT_INTERVALS.listing_max_interval if kind is UrlKind.LISTING else DEFAULT_INTERVALS.source_max_interval
    )
    if further or kind is UrlKind.SITEMAP:
        longest = DEFAULT_INTERVALS.archive_sitemap_interval
    assert shortest <= found.due_at - at <= longest


@given(any_rates, st.integers(0, HOURS_PER_WEEK - 1), st.integers(0, 400))
def test_longer_silence_is_never_more_probable(rates: SourceRates, start: int, hours: int) -> None:
    """A probability is between 0 and 1, and falls with each further hour."""
    begin = MONDAY + HOUR * start
    assert hour_of_week(begin) == start
    expected = ExpectedRates(rates)
    chance = expected.silence_probability(begin, begin + HOUR * hours)
    assert 0 <= expected.silence_probability(begin, begin + HOUR * (hours + 1)) <= chance <= 1
