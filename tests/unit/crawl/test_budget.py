from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.config.units import Hours, parse_hours
from newsarchive.crawl.budget import Budget, Budgets

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_each_site_has_its_own_budget() -> None:
    """Requests, bytes and time are limited for one site alone; a site without limits is not counted."""
    budgets = Budgets({"a": Budget(pages=2), "b": Budget(size=1_000), "c": Budget(seconds=60), "d": Budget()}, 0.0)
    for site in "abcd":
        budgets.record_request(site)
        budgets.record_request(site)
        budgets.record_response(site, 999)
    assert [budgets.exhausted_reason(site, 59.0, NOON) for site in "abcd"] == [
        "its budget of 2 requests is spent", None, None, None,
    ]  # fmt: skip
    budgets.record_response("b", 1)
    assert budgets.exhausted_reason("b", 59.0, NOON) == "its budget of 1 kB is spent"
    assert budgets.exhausted_reason("c", 60.0, NOON) == "its budget of 60 s is spent"
    assert budgets.exhausted_reason("d", 1e9, NOON) is None


def test_a_site_is_crawled_only_in_its_hours() -> None:
    """Outside of them it gets no requests, and the reason is reported."""
    budgets = Budgets({"a": Budget(hours=parse_hours("22:00-06:00"))}, 0.0)
    assert budgets.exhausted_reason("a", 0.0, NOON) == "outside its hours (22:00-06:00)"
    assert Budgets({"a": Budget(hours=parse_hours("10:00-13:00"))}, 0.0).exhausted_reason("a", 0.0, NOON) is None


@pytest.mark.parametrize(
    "text", ["22-06", "25:00-26:00", "22:00-22:00", "22:00", "", "22:00-06:00 Mars/Olympus", "00:00-24:30"]
)
def test_invalid_hours_are_refused(text: str) -> None:
    """With an example of what is meant."""
    with pytest.raises(ValueError, match=r"must be (hours|a range of hours)|unknown time zone"):
        parse_hours(text)


@given(st.integers(0, 1439), st.integers(0, 1440), st.integers(0, 100_000))
def test_hours_open_at_their_stated_time(start: int, end: int, minutes: int) -> None:
    """From the first minute to before the last, also past midnight."""
    if start == end:
        return
    moment = NOON + timedelta(minutes=minutes)
    since_start = (moment.hour * 60 + moment.minute - start) % 1440
    assert Hours(start, end).contains(moment) is (since_start < ((end - start) % 1440 or 1440))


def test_a_zones_clock_changes_with_its_summer() -> None:
    """In Berlin 22:00 is 21:00 UTC in winter and 20:00 UTC in summer."""
    night = parse_hours("22:00-06:00 Europe/Berlin")
    opened = {
        month: [night.contains(datetime(2026, month, 10, hour, tzinfo=UTC)) for hour in (19, 20, 21)]
        for month in (1, 7)
    }
    assert opened == {1: [False, False, True], 7: [False, True, True]}
    assert str(night) == "22:00-06:00 Europe/Berlin"
