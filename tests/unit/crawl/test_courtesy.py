from datetime import UTC, datetime, timedelta

import pytest

from newsarchive.crawl.hosts import Host
from newsarchive.crawl.politeness import (
    Answer,
    PolitenessSettings,
    backoff_to_save,
    pace,
    record_answer,
    restore_backoff,
)
from newsarchive.crawl.robots import RobotsAnswer
from storage.index.frontier.host_state import HostMemory

NOW = datetime(2026, 11, 25, tzinfo=UTC)
MANNERS = PolitenessSettings(delay=1.0, max_delay=30.0, max_crawl_delay=300.0)
OK = Answer(status=200)


def pauses(host: Host, *answers: Answer, took: float = 0.1, crawl_delay: float | None = None) -> list[float]:
    return [record_answer(host, answer, took, MANNERS, crawl_delay, NOW).seconds for answer in answers]


def test_a_slow_host_gets_a_longer_pause_within_bounds() -> None:
    """Twice the time of its answers, the site's delay at least, max_delay at most."""
    assert pauses(Host("a"), OK, took=0.1) == [1.0]
    assert pauses(Host("a"), OK, took=4.0) == [8.0]
    assert pauses(Host("a"), OK, took=400.0) == [30.0]


def test_one_slow_answer_is_no_slow_host() -> None:
    """The pause follows the answers slowly, and comes back."""
    host = Host("a")
    pauses(host, *[OK] * 20)
    first = pauses(host, OK, took=10.0)[0]
    assert 5.0 < first < 10.0
    assert pauses(host, *[OK] * 20)[-1] == 1.0


def test_no_delay_means_none() -> None:
    """A delay of "0s" is the owner's word for a server of their own."""
    assert record_answer(Host("a"), OK, 5.0, PolitenessSettings(delay=0.0), None, NOW).seconds == 0.0


@pytest.mark.parametrize(("asked", "given"), [(0.2, 1.0), (10.0, 10.0), (9_999.0, 300.0)])
def test_a_crawl_delay_counts_up_to_its_cap(asked: float, given: float) -> None:
    """Never less than ours, never more than max_crawl_delay."""
    assert pauses(Host("a"), OK, crawl_delay=asked) == [given]


@pytest.mark.parametrize("status", [429, 503])
def test_refusals_double_and_strain_and_both_recover(status: int) -> None:
    """30, 60, 120 s; then, asked again, slowly; ten good answers later twice as fast."""
    host = Host("a")
    assert pauses(host, *[Answer(status=status)] * 3) == [30.0, 60.0, 120.0]
    assert pauses(host, *[OK] * 40) == [*[8.0] * 9, *[4.0] * 10, *[2.0] * 10, *[1.0] * 11]
    assert (host.refusals, host.strain) == (0, 0)


def test_retry_after_is_taken_at_its_word() -> None:
    """In seconds or as a date; and never less than the usual pause."""
    assert pauses(Host("a"), Answer(status=429, retry_after="7")) == [7.0]
    assert pauses(Host("a"), Answer(status=503, retry_after="Wed, 25 Nov 2026 00:01:30 GMT")) == [90.0]
    assert pauses(Host("a"), Answer(status=429, retry_after="0")) == [2.0]


def test_the_third_403_in_a_row_means_us() -> None:
    """One page may be forbidden; a host that forbids everything wants peace. robots.txt does not count."""
    forbidden = Answer(status=403)
    assert pauses(Host("a"), *[forbidden] * 4) == [1.0, 1.0, 30.0, 60.0]
    assert pauses(Host("a"), forbidden, forbidden, OK, forbidden, forbidden) == [1.0] * 5
    robots = Answer(status=403, robots=RobotsAnswer(status=403))
    assert pauses(Host("a"), *[robots] * 5) == [1.0] * 5


def test_a_guarded_host_is_left_for_a_day() -> None:
    """What is never connected to is not tried every few seconds."""
    pause = record_answer(Host("a"), Answer(silent=True, guarded=True), 0.0, MANNERS, None, NOW)
    assert (pause.seconds, pause.closes) == (86_400.0, True)


def test_what_is_remembered_is_what_is_taken_up() -> None:
    """The next run treats a host as this one left it: same patience, same strain, the rest of the pause."""
    host = Host("a", ready_at=100.0, refusals=4, strain=4, reason="answers 429")
    memory = backoff_to_save(host, NOW, 40.0)
    assert memory == HostMemory(
        name="a", ready_at=NOW + timedelta(seconds=60), refusals=4, strain=4, reason="answers 429"
    )
    later = Host("a")
    assert restore_backoff(later, memory, NOW + timedelta(seconds=45), 1_000.0) == 15.0
    assert (later.ready_at, later.refusals, later.strain) == (1_015.0, 4, 4)
    assert pace(later, MANNERS, None) == 16.0


def test_a_host_in_good_standing_is_forgotten() -> None:
    """Nothing to remember: no row."""
    assert backoff_to_save(Host("a", ready_at=100.5), NOW, 100.0) is None


def test_a_clock_that_was_wrong_closes_no_host_for_years() -> None:
    """Whatever moment was noted, a day is the longest that a host is left."""
    memory = HostMemory(name="a", ready_at=NOW + timedelta(days=4_000), refusals=1, strain=0, reason="")
    assert restore_backoff(Host("a"), memory, NOW, 0.0) == 86_400.0
