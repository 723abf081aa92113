"""What readings of a source teach, and what follows from it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.schedule import AS_USUAL, next_look
from newsarchive.schedule.habits import HURRY, IN_A_HURRY, learn
from newsarchive.schedule.rates import Rates, hour_of_week
from newsarchive.schedule.source_visits import credit
from storage.model import HOURS, Habits, NextLook, Outcome, Read, Seen, UrlKind

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def read(*fresh: datetime | None, items: int = 20, news: int | None = None, before: int | None = 20) -> Read:
    return Read(items=items, fresh=fresh, news=len(fresh) if news is None else news, before=before)


def watched(items: Iterable[datetime], end: datetime, *, every: timedelta = HOUR, dated: bool = True) -> Habits:
    """What is learnt of a source that brings items at these moments, read at an interval from Monday on."""
    left = sorted(items)
    habits = learn(None, read(before=None), MONDAY)
    at = MONDAY
    while at < end:
        at += every
        fresh = [item for item in left if item <= at]
        left = left[len(fresh) :]
        habits = learn(habits, read(*(item if dated else None for item in fresh)), at)
    return habits


def at_hours(hours: Sequence[int], days: Iterable[int]) -> list[datetime]:
    """One item an hour, at these hours of these days, the first being Monday."""
    return [MONDAY + DAY * day + HOUR * hour + MINUTE * 30 for day in days for hour in hours]


def look(
    read: Read | None, habits: Habits | None, at: datetime, kind: UrlKind = UrlKind.FEED, further: bool = False
) -> NextLook:
    return next_look(
        Seen(
            kind=kind, outcome=Outcome.FEED if read else Outcome.ERROR, status=200, fetched_at=at,
            changed=bool(read and read.fresh), failures=0, unchanged=0, first_seen_at=MONDAY, read=read,
            habits=habits, further=further,
        )
    )  # fmt: skip


def wait(habits: Habits, at: datetime, kind: UrlKind = UrlKind.FEED, further: bool = False) -> timedelta:
    """How long a source is left alone after a reading that brought nothing."""
    due_at = look(read(), habits, at, kind, further).due_at
    assert due_at is not None
    return due_at - at


@pytest.mark.parametrize("dated", [True, False])
def test_the_rate_is_what_really_came(dated: bool) -> None:
    """A source that brings one item an hour is known for it after a week, whether it dates them or not."""
    habits = watched(at_hours(range(24), range(7)), MONDAY + 7 * DAY, dated=dated)
    assert Rates(habits).expected(MONDAY, MONDAY + 7 * DAY) == pytest.approx(168, rel=0.05)


def test_hours_of_the_week_are_told_apart() -> None:
    """After four weeks, a source of weekday mornings is expected to bring something then and at no other time."""
    days = [week * 7 + day for week in range(4) for day in range(5)]
    rates = Rates(watched(at_hours(range(6, 12), days), MONDAY + 28 * DAY))
    assert rates.at(2 * 24 + 8) > 0.7
    assert rates.at(2 * 24 + 20) < 0.05
    assert rates.at(5 * 24 + 8) < 0.2
    assert rates.at(6 * 24 + 20) < 0.05


def test_dates_are_believed_over_the_time_of_reading() -> None:
    """Read once in a day, a source that dates its items is known for the hours at which it published them."""
    items = at_hours([9, 10], range(21))
    habits = watched(items, MONDAY + 21 * DAY, every=DAY)
    rates = Rates(habits)
    assert rates.at(9) > 0.5
    assert rates.at(20) < 0.1


def test_the_first_reading_says_how_often_items_came_before() -> None:
    """Dates of what a feed holds are its rhythm, before it was ever watched; one that is kept on top is not."""
    dates = [MONDAY - HOUR * hour for hour in range(19)]
    pinned = MONDAY - 20 * DAY
    habits = learn(None, read(*dates, pinned, before=None), MONDAY)
    assert Rates(habits).overall == pytest.approx(1, rel=0.1)
    assert habits.fresh == habits.news == 0, "what came before is no merit of the source's"


def test_an_older_reading_teaches_nothing() -> None:
    """Captures may be indexed in any order; habits go forward only."""
    habits = watched(at_hours(range(24), range(2)), MONDAY + 2 * DAY)
    assert learn(habits, read(None, None), MONDAY + DAY) == habits


def test_no_overlap_means_that_items_were_lost() -> None:
    """Nothing of the reading before is left: it is told, the source is read sooner, and calms down again."""
    end = MONDAY + 14 * DAY
    calm = watched(at_hours(range(24), range(14)), end, every=30 * MINUTE)
    later = end + HOUR
    lost = learn(calm, read(*[later] * 20, items=20), later)
    assert (lost.lost_at, lost.haste) == (later, HURRY)
    assert wait(lost, later + MINUTE) < wait(calm, later + MINUTE)
    habits = lost
    for minute in range(100):
        habits = learn(habits, read(), later + MINUTE * (minute + 1))
    assert habits.haste == 1.0
    assert habits.lost_at == later


def test_what_another_source_has_named_was_not_lost() -> None:
    """Nothing of the reading before is left, and all of it is known already: no alarm."""
    habits = watched(at_hours(range(24), range(2)), MONDAY + 2 * DAY)
    at = MONDAY + 3 * DAY
    assert learn(habits, read(*[None] * 20, news=0), at).lost_at is None


def test_an_empty_reading_is_no_loss() -> None:
    """A feed that is empty for once, and whole again, has lost nothing."""
    habits = watched(at_hours(range(24), range(2)), MONDAY + 2 * DAY)
    empty = learn(habits, read(items=0), MONDAY + 2 * DAY + HOUR)
    again = learn(empty, read(*[None] * 20, before=0), MONDAY + 2 * DAY + 2 * HOUR)
    assert (empty.lost_at, again.lost_at) == (None, None)


def test_haste_has_an_end() -> None:
    """However often items are lost, the bounds of the settings hold."""
    habits = watched(at_hours(range(24), range(2)), MONDAY + 2 * DAY)
    at = MONDAY + 2 * DAY
    for _ in range(20):
        at += HOUR
        habits = learn(habits, read(*[at] * 20), at)
    assert habits.haste == IN_A_HURRY
    assert wait(habits, at + MINUTE) == AS_USUAL.source_interval


def test_a_busy_feed_of_ten_items_is_read_before_they_have_gone() -> None:
    """Ten items an hour, ten places: read so often that half of them can have gone only by a rare chance."""
    items = [MONDAY + MINUTE * 6 * number for number in range(240 * 14)]
    habits = learn(None, read(before=None, items=10), MONDAY)
    at, left = MONDAY, items
    while at < MONDAY + 14 * DAY:
        at += 20 * MINUTE
        fresh, left = [i for i in left[:20] if i <= at], [i for i in left[:20] if i > at] + left[20:]
        habits = learn(habits, read(*fresh, items=10, before=10), at)
    due_at = look(read(items=10, before=10), habits, at).due_at
    assert due_at is not None
    assert Rates(habits).expected(at, due_at) < 5


def test_a_silent_source_is_told_in_its_own_time() -> None:
    """One that brings an item an hour is told of after half a day, and no more once it is back."""
    end = MONDAY + 14 * DAY
    habits = watched(at_hours(range(24), range(14)), end)
    at = end
    while habits.silent_at is None:
        at += HOUR
        habits = learn(habits, read(), at)
    assert 6 * HOUR < at - end < 30 * HOUR
    rate = Rates(habits).overall
    for _ in range(200):
        at += HOUR
        habits = learn(habits, read(), at)
    assert Rates(habits).overall == pytest.approx(rate, rel=0.3), "silence has become its habit"
    assert learn(habits, read(at), at + HOUR).silent_at is None


def test_a_quiet_weekend_is_no_silence() -> None:
    """A source of weekdays, and one that is new, are not told of on Sunday evening."""
    weekdays = [day for day in range(21) if day % 7 < 5]
    for weeks in range(1, 4):
        known = watched(at_hours(range(6, 22), weekdays), MONDAY + 7 * weeks * DAY)
        assert known.silent_at is None


def test_a_weekly_source_that_misses_three_weeks_is_told_of() -> None:
    """Regular as it is, it need not wait until chance could not have done it."""
    weeks = [MONDAY + 3 * DAY + 6 * HOUR + 7 * DAY * week for week in range(6)]
    habits = watched(weeks, weeks[-1] + 20 * DAY, every=3 * HOUR)
    assert habits.silent_at is None
    assert watched(weeks, weeks[-1] + 23 * DAY, every=3 * HOUR).silent_at is not None


def test_a_source_that_cannot_be_read_can_be_silent() -> None:
    """A feed that answers 404 since yesterday is as silent as one that says nothing new."""
    end = MONDAY + 14 * DAY
    habits = watched(at_hours(range(24), range(14)), end)
    after = look(None, habits, end + 2 * DAY)
    assert after.habits is not None
    assert after.habits.silent_at == end + 2 * DAY


def test_news_that_another_source_was_first_to_name_is_no_merit() -> None:
    """A sitemap of what the feed had named before sinks to the longest interval; the feed does not."""
    items = at_hours(range(24), range(14))
    feed = watched(items, MONDAY + 14 * DAY)
    sitemap = learn(None, read(before=None), MONDAY)
    at = MONDAY
    for _ in range(14 * 24):
        at += HOUR
        sitemap = learn(sitemap, read(at, news=0), at)
    assert credit(feed) > 0.9
    assert credit(sitemap) < 0.01
    assert wait(feed, at + MINUTE) < HOUR
    assert wait(sitemap, at + MINUTE, UrlKind.SITEMAP) == AS_USUAL.source_longest
    assert wait(sitemap, at + MINUTE, UrlKind.LISTING) == AS_USUAL.listing_longest


def test_a_sitemap_of_long_ago_is_left_alone_for_longest() -> None:
    """Nothing in it is younger than a month: it is looked at once a month."""
    old = Read(items=500, fresh=(None,) * 500, news=500, newest=MONDAY - 400 * DAY)
    due_at = look(old, None, MONDAY, UrlKind.SITEMAP).due_at
    assert due_at == MONDAY + AS_USUAL.archive_interval


def test_a_further_page_of_a_listing_has_to_earn_its_visits() -> None:
    """The second page of a section names what the first has named: it is read when that one has lost something."""
    backlog = Read(items=20, fresh=(None,) * 20, news=20)
    first = look(backlog, None, MONDAY, UrlKind.LISTING, further=True)
    assert first.due_at is not None
    assert first.due_at > MONDAY + 5 * DAY
    habits = first.habits
    at = MONDAY
    for _ in range(100):
        at += HOUR
        habits = learn(habits, read(*[None] * 5), at)
    assert habits is not None
    assert wait(habits, at + MINUTE, UrlKind.LISTING, further=True) < DAY


counts = st.lists(st.floats(0, 1e4), min_size=HOURS, max_size=HOURS).map(tuple)
habit = st.builds(
    Habits,
    since=st.just(MONDAY),
    read_at=st.just(MONDAY + DAY),
    fresh_at=st.just(MONDAY),
    watched=counts,
    items=counts,
    bursts=st.floats(0, 1e5),
    fresh=st.floats(0, 1e5),
    news=st.floats(0, 1e5),
    gap=st.floats(0, 1e7),
    capacity=st.integers(0, 50_000),
    haste=st.floats(0.1, 1),
    newest=st.none() | st.datetimes(timezones=st.just(UTC), max_value=datetime(2026, 3, 1)),  # noqa: DTZ001
    lost_at=st.none(),
    silent_at=st.none() | st.just(MONDAY),
)
reads = st.builds(
    Read,
    items=st.integers(0, 100),
    fresh=st.lists(st.none() | st.just(MONDAY), max_size=50).map(tuple),
    news=st.integers(0, 50),
    before=st.none() | st.integers(0, 100),
    newest=st.none(),
)


@given(habit, reads, st.sampled_from([UrlKind.FEED, UrlKind.SITEMAP, UrlKind.LISTING]), st.booleans())
def test_whatever_was_learnt_the_bounds_of_the_settings_hold(
    habits: Habits, read: Read, kind: UrlKind, further: bool
) -> None:
    """Never sooner than the shortest interval, never later than the longest; and never given up."""
    at = MONDAY + DAY + HOUR
    found = look(read, habits, at, kind, further)
    assert found.due_at is not None
    shortest = AS_USUAL.listing_interval if kind is UrlKind.LISTING else AS_USUAL.source_interval
    longest = AS_USUAL.listing_longest if kind is UrlKind.LISTING else AS_USUAL.source_longest
    if further or kind is UrlKind.SITEMAP:
        longest = AS_USUAL.archive_interval
    assert shortest <= found.due_at - at <= longest


@given(habit, st.integers(0, HOURS - 1), st.integers(0, 400))
def test_silence_grows_no_likelier_with_time(habits: Habits, start: int, hours: int) -> None:
    """A chance is between none and certainty, and each further hour takes from it."""
    begin = MONDAY + HOUR * start
    assert hour_of_week(begin) == start
    rates = Rates(habits)
    chance = rates.chance_of_silence(begin, begin + HOUR * hours)
    assert 0 <= rates.chance_of_silence(begin, begin + HOUR * (hours + 1)) <= chance <= 1
