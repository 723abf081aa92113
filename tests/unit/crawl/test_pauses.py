from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.crawl.pauses import Pause, after_refusal, after_silence, read_retry_after

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(("value", "seconds"), [
    ("0", 0.0), (" 120 ", 120.0), ("Wed, 25 Nov 2026 12:00:30 GMT", 30.0), ("Wednesday, 25-Nov-26 12:01:00 GMT", 60.0),
    ("Wed, 25 Nov 2026 11:00:00 GMT", 0.0), ("soon", None), ("-5", None), ("1.5", None), ("", None), (None, None),
])  # fmt: skip
def test_retry_after_is_read_in_both_forms(value: str | None, seconds: float | None) -> None:
    """Seconds or a date (RFC 9110, 10.2.3); what is neither says nothing."""
    assert read_retry_after(value, NOON) == seconds


@given(st.text(max_size=40))
def test_no_header_is_too_odd(value: str) -> None:
    """Never an exception, never a negative time."""
    assert (read_retry_after(value, NOON) or 0.0) >= 0.0


def test_refusals_without_a_time_double() -> None:
    """30 s after the first 429, twice as long after each further one, an hour at most; long ones close the host."""
    pauses = [after_refusal(429, None, count, NOON) for count in (1, 2, 3, 4, 12)]
    assert [(pause.seconds, pause.closes) for pause in pauses] == [
        (30.0, False),
        (60.0, False),
        (120.0, False),
        (240.0, True),
        (3600.0, True),
    ]


def test_what_the_host_asks_for_counts() -> None:
    """Retry-After is kept to, up to a day."""
    assert after_refusal(503, "7", 5, NOON) == Pause(seconds=7.0, reason="answers 503")
    assert after_refusal(503, "999999", 1, NOON).seconds == 86_400


def test_the_third_silence_closes_a_host() -> None:
    """A connection may fail; three in a row mean that nobody is there."""
    pauses = [after_silence(count, 1.0) for count in (1, 2, 3)]
    assert [(pause.seconds, pause.closes) for pause in pauses] == [(2.0, False), (4.0, False), (3600.0, True)]
