"""Durations and sizes as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.config.units import format_duration, humanize_size, parse_duration, parse_size


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=9999)))
def test_a_written_duration_reads_back(length: timedelta) -> None:
    """What is printed can be typed in again."""
    assert abs(parse_duration(format_duration(length)) - length) <= timedelta(
        microseconds=length.total_seconds() / 10**9
    )


@given(st.integers(min_value=0, max_value=10**15))
def test_a_written_size_reads_back(count: int) -> None:
    """A number of bytes is read to the byte, and can be printed for people."""
    assert parse_size(f"{count}B") == count
    assert humanize_size(count)


@pytest.mark.parametrize(
    "text", ["", " ", "1", "h", "1 hour", "-1h", "1h,5m", "1h 5", "\N{ARABIC-INDIC DIGIT ONE}h", "1e3s", "9" * 30 + "w"]
)
def test_no_duration(text: str) -> None:
    """A number without a unit could mean anything; it is refused as other nonsense is."""
    with pytest.raises(ValueError, match=r"duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["", "1", "GB", "1 GiB", "-1B", "1PB"])
def test_no_size(text: str) -> None:
    """As with durations."""
    with pytest.raises(ValueError, match="is not a size"):
        parse_size(text)
