from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.newsroom import OPENS, Clock, Newsroom


def test_the_clock_stands_until_it_is_moved() -> None:
    """Time passes only when it is set, in UTC."""
    clock = Clock()
    assert clock.now() == OPENS
    assert clock.advance(timedelta(hours=2)) == OPENS + timedelta(hours=2)
    clock.set(datetime(2026, 5, 6, 9, tzinfo=timezone(timedelta(hours=2))))
    assert clock.now() == datetime(2026, 5, 6, 7, tzinfo=UTC)
    assert clock.now().tzinfo is UTC


def test_a_clock_that_runs_starts_where_it_was_set() -> None:
    """It runs forward from there."""
    clock = Clock(OPENS, runs=True)
    assert OPENS <= clock.now() <= clock.now()


def test_a_timestamp_without_a_zone_is_refused() -> None:
    """A time without a time zone is an error."""
    with pytest.raises(ValueError, match="time zone"):
        Clock().set(datetime(2026, 5, 4))  # noqa: DTZ001 - the mistake that is tested


def test_pages_change_only_at_listed_times(newsroom: Newsroom) -> None:
    """Between two change times all pages are constant, so that responses can be cached."""
    assert newsroom.last_change(OPENS) <= OPENS
    assert newsroom.last_change(OPENS + timedelta(minutes=20)) == OPENS + timedelta(minutes=20)
    assert newsroom.last_change(OPENS + timedelta(minutes=24, seconds=59)) == OPENS + timedelta(minutes=20)
    midnight = datetime(2026, 5, 20, tzinfo=UTC)
    assert newsroom.last_change(midnight + timedelta(hours=3)) == midnight
