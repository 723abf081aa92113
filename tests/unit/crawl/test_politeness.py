from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsarchive.crawl.hosts import Host, HostQueues
from newsarchive.crawl.politeness import (
    HostBackoff,
    Pause,
    PolitenessSettings,
    ResponseSummary,
    parse_retry_after,
    pause_after_failure,
    pause_after_refusal,
    record_response,
    request_interval,
)
from newsarchive.crawl.robots import RobotsResponse
from storage.index.frontier.host_state import SavedBackoff

NOW = datetime(2026, 11, 25, tzinfo=UTC)
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SETTINGS = PolitenessSettings(delay=1.0, max_delay=30.0, max_crawl_delay=300.0)
OK = ResponseSummary(status=200)


def save(host: Host, clock: float) -> dict[str, SavedBackoff | None]:
    """Return what is saved of a host for the next run."""
    backoff = HostBackoff(now=lambda: NOW, clock=lambda: clock)
    backoff.save(host)
    return backoff.pending_changes()


def restore(saved: SavedBackoff | None, now: datetime, clock: float) -> Host:
    """Return the host as the next run restores it."""
    hosts = HostQueues()
    assert saved is not None
    HostBackoff(now=lambda: now, clock=lambda: clock).restore([saved], hosts)
    return hosts.get_by_name("a")


def pauses(host: Host, *responses: ResponseSummary, took: float = 0.1, crawl_delay: float | None = None) -> list[float]:
    return [record_response(host, response, took, SETTINGS, crawl_delay, NOW).seconds for response in responses]


def test_a_slow_host_gets_a_longer_pause_within_bounds() -> None:
    """Twice its response time, the site's delay at least, max_delay at most."""
    assert pauses(Host("a"), OK, took=0.1) == [1.0]
    assert pauses(Host("a"), OK, took=4.0) == [8.0]
    assert pauses(Host("a"), OK, took=400.0) == [30.0]


def test_one_slow_response_does_not_make_a_slow_host() -> None:
    """The pause follows the response times slowly, and recovers."""
    host = Host("a")
    pauses(host, *[OK] * 20)
    first = pauses(host, OK, took=10.0)[0]
    assert 5.0 < first < 10.0
    assert pauses(host, *[OK] * 20)[-1] == 1.0


def test_a_zero_delay_is_no_delay() -> None:
    """Delay = "0s" is for a server of the owner's own."""
    assert record_response(Host("a"), OK, 5.0, PolitenessSettings(delay=0.0), None, NOW).seconds == 0.0


@pytest.mark.parametrize(("asked", "given"), [(0.2, 1.0), (10.0, 10.0), (9_999.0, 300.0)])
def test_a_crawl_delay_counts_up_to_its_cap(asked: float, given: float) -> None:
    """Never less than the site's delay, never more than max_crawl_delay."""
    assert pauses(Host("a"), OK, crawl_delay=asked) == [given]


@pytest.mark.parametrize("status", [429, 503])
def test_refusals_raise_pauses_and_delay_and_both_recover(status: int) -> None:
    """30, 60, 120 s; then long delays, halved after each ten good responses."""
    host = Host("a")
    assert pauses(host, *[ResponseSummary(status=status)] * 3) == [30.0, 60.0, 120.0]
    assert pauses(host, *[OK] * 40) == [*[8.0] * 9, *[4.0] * 10, *[2.0] * 10, *[1.0] * 11]
    assert (host.refusals, host.backoff_level) == (0, 0)


def test_retry_after_is_followed() -> None:
    """In seconds or as a date; the pause is never shorter than the normal one."""
    assert pauses(Host("a"), ResponseSummary(status=429, retry_after="7")) == [7.0]
    assert pauses(Host("a"), ResponseSummary(status=503, retry_after="Wed, 25 Nov 2026 00:01:30 GMT")) == [90.0]
    assert pauses(Host("a"), ResponseSummary(status=429, retry_after="0")) == [2.0]


def test_the_third_403_in_a_row_counts_as_a_refusal() -> None:
    """One page may be forbidden; a host that forbids everything refuses us. robots.txt does not count."""
    forbidden = ResponseSummary(status=403)
    assert pauses(Host("a"), *[forbidden] * 4) == [1.0, 1.0, 30.0, 60.0]
    assert pauses(Host("a"), forbidden, forbidden, OK, forbidden, forbidden) == [1.0] * 5
    robots = ResponseSummary(status=403, robots=RobotsResponse(status=403))
    assert pauses(Host("a"), *[robots] * 5) == [1.0] * 5


def test_a_blocked_host_is_backed_off_for_an_hour() -> None:
    """A host that is never connected to is not tried every few seconds."""
    pause = record_response(Host("a"), ResponseSummary(no_response=True, is_blocked=True), 0.0, SETTINGS, None, NOW)
    assert (pause.seconds, pause.is_long) == (3600.0, True)


def test_saved_back_off_is_restored() -> None:
    """The next run restores refusals, back-off level and the rest of the pause."""
    host = Host("a", ready_at=100.0, refusals=4, backoff_level=4, backoff_reason="answers 429")
    memory = save(host, 40.0)["a"]
    assert memory == SavedBackoff(
        host="a", ready_at=NOW + timedelta(seconds=60), refusal_count=4, backoff_level=4, reason="answers 429"
    )
    later = restore(memory, NOW + timedelta(seconds=45), 1_000.0)
    assert (later.ready_at, later.refusals, later.backoff_level) == (1_015.0, 4, 4)
    assert request_interval(later, SETTINGS, None) == 16.0


def test_a_host_without_back_off_is_not_saved() -> None:
    """There is nothing to restore, so there is no row."""
    assert save(Host("a", ready_at=100.5), 100.0) == {}


def test_a_wrong_clock_does_not_back_off_for_years() -> None:
    """Whatever time was saved, the longest back-off is a day."""
    memory = SavedBackoff(host="a", ready_at=NOW + timedelta(days=4_000), refusal_count=1, backoff_level=0, reason="")
    assert restore(memory, NOW, 0.0).ready_at == 86_400.0


@pytest.mark.parametrize(("value", "seconds"), [
    ("0", 0.0), (" 120 ", 120.0), ("Wed, 25 Nov 2026 12:00:30 GMT", 30.0), ("Wednesday, 25-Nov-26 12:01:00 GMT", 60.0),
    ("Wed, 25 Nov 2026 11:00:00 GMT", 0.0), ("soon", None), ("-5", None), ("1.5", None), ("", None), (None, None),
])  # fmt: skip
def test_retry_after_is_parsed_in_both_forms(value: str | None, seconds: float | None) -> None:
    """Seconds or a date (RFC 9110, 10.2.3); anything else is ignored."""
    assert parse_retry_after(value, NOON) == seconds


@example("30\x1f")
@given(st.text(max_size=40))
def test_any_header_is_accepted(value: str) -> None:
    """Never an exception or a negative time."""
    assert (parse_retry_after(value, NOON) or 0.0) >= 0.0


def test_refusals_without_a_time_double() -> None:
    """30 s after the first 429, doubled after each further one, an hour at most; long pauses are not waited for."""
    pauses = [pause_after_refusal(429, None, count, NOON) for count in (1, 2, 3, 4, 12)]
    assert [(pause.seconds, pause.is_long) for pause in pauses] == [
        (30.0, False),
        (60.0, False),
        (120.0, False),
        (240.0, True),
        (3600.0, True),
    ]


def test_a_retry_after_replaces_our_pause() -> None:
    """It is followed up to a day."""
    assert pause_after_refusal(503, "7", 5, NOON) == Pause(seconds=7.0, reason="answers 503")
    assert pause_after_refusal(503, "999999", 1, NOON).seconds == 86_400


def test_the_third_failure_in_a_row_backs_off() -> None:
    """One connection may fail; after three in a row the host is taken for down."""
    pauses = [pause_after_failure(count, 1.0) for count in (1, 2, 3)]
    assert [(pause.seconds, pause.is_long) for pause in pauses] == [(2.0, False), (4.0, False), (3600.0, True)]
