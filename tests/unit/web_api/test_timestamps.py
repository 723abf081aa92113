"""Parsers of the APIs: timestamps, archived URLs, resume keys, CDX queries."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.export.articles import csv_cell
from newsarchive.export.cdxj import sort_lines
from newsarchive.urls.wb_url import (
    archived_url,
    ensure_scheme,
    format_timestamp,
    quote_url,
    timestamp_end,
    timestamp_middle,
    timestamp_start,
)
from newsarchive.web.api.cdx import format_resume_key, parse_query, parse_resume_key

MOMENTS = st.datetimes(datetime(1000, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS)
def test_a_timestamp_round_trips(time: datetime) -> None:
    """To the second; every shorter timestamp contains the time."""
    digits = format_timestamp(time)
    assert timestamp_start(digits) == time.replace(microsecond=0)
    assert timestamp_middle(digits) == time.replace(microsecond=500_000)
    for length in (4, 6, 8, 10, 12, 14):
        first, after = timestamp_start(digits[:length]), timestamp_end(digits[:length])
        assert first is not None
        assert after is not None
        assert first <= time < after


@given(st.text("0123456789x٣", max_size=16))
def test_any_digits_are_a_time_or_none(digits: str) -> None:
    """Never an exception."""
    for read in (timestamp_start, timestamp_end, timestamp_middle):
        found = read(digits)
        assert found is None or found.tzinfo is not None


@pytest.mark.parametrize("digits", ["9999", "999912", "99991231", "99991231235959"])
def test_a_span_can_be_added_to_any_time(digits: str) -> None:
    """Also to the last: pages add hours and days."""
    for found in (timestamp_start(digits), timestamp_end(digits), timestamp_middle(digits)):
        assert found is not None
        assert found + timedelta(days=7) > found


def test_a_capture_is_nearest_to_its_own_timestamp() -> None:
    """Also late in its second, when a capture of the second before is close."""
    late = datetime(2026, 3, 1, 6, 0, 4, 990_000, tzinfo=UTC)
    before = datetime(2026, 3, 1, 6, 0, 3, 999_000, tzinfo=UTC)
    parsed = timestamp_middle(format_timestamp(late))
    assert parsed is not None
    assert abs(late - parsed) < abs(before - parsed)
    assert abs(late - parsed) <= timedelta(milliseconds=500)


def request(raw_path: bytes, query: bytes = b"") -> dict[str, Any]:
    """Return the scope of a request for a path, as the server passes it."""
    return {"type": "http", "raw_path": raw_path, "query_string": query, "path": "/", "headers": []}


@pytest.mark.parametrize(
    ("path", "query", "url"),
    [
        (b"/x/http://news.example/a", b"", "http://news.example/a"),
        (b"/x/http:/news.example/a", b"", "http://news.example/a"),
        (b"/x/news.example", b"", "http://news.example"),
        (b"/x/http://news.example/a%2Fb%20c", b"q=%C3%BC&x", "http://news.example/a%2Fb%20c?q=%C3%BC&x"),
        (b"/x/http%3A//news.example/a%3Fb%3D1", b"", "http://news.example/a?b=1"),
        (b"/x/HTTP://news.example/", b"", "http://news.example/"),
        (b"/x/", b"", "http://"),
    ],
)
def test_the_archived_url_is_unchanged(path: bytes, query: bytes, url: str) -> None:
    """Its quoting is kept, except that of clients that quote the whole URL once more."""
    assert archived_url(request(path, query), "/x/") == url


@given(st.text(max_size=60))
def test_a_quoted_url_is_safe(text: str) -> None:
    """No character of a URL ends a path, a Link header or a line."""
    assert not set(quote_url(ensure_scheme(text))) & set(' <>"#\\\r\n\t')
    quote_url(ensure_scheme(text)).encode("ascii")


@given(st.text(max_size=80).filter(lambda text: "\0" not in text), MOMENTS, st.text("abc:-0", min_size=1))
def test_a_resume_key_round_trips(key: str, time: datetime, record_id: str) -> None:
    """With any characters in the urlkey."""
    written = format_resume_key((key, time, record_id))
    assert written.replace("-", "").replace("_", "").isalnum()
    assert parse_resume_key(written) == (key, time, record_id)


NAMES = st.sampled_from(
    "url limit from to closest filter fl page pageSize sort collapse output matchType resumeKey offset".split()
)
VALUES = st.text(max_size=20) | st.sampled_from("1 -1 2026 prefix =status:200 true json status:2".split())


@given(st.lists(st.tuples(NAMES, VALUES), max_size=6), st.sampled_from(["pywb", "wayback"]))
def test_any_query_is_parsed_or_refused(parameters: list[tuple[str, str]], form: str) -> None:
    """Only ValueError is raised; the limit is never exceeded."""
    try:
        parsed = parse_query([("url", "news.example"), *parameters], form, 100)  # type: ignore[arg-type]
    except ValueError:
        return
    assert 0 <= parsed.limit <= 100


@given(st.text(max_size=30))
def test_no_cell_is_a_formula(text: str) -> None:
    """A spreadsheet takes any headline as text."""
    cell = str(csv_cell(text))
    assert not cell.lstrip(" \u00a0\u3000").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    assert cell.removeprefix("'") == text.replace("\0", "").removeprefix("'") or cell == f"'{text}".replace("\0", "")


@given(
    st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=6), max_size=40),
    st.integers(1, 9),
)
def test_lines_are_sorted_with_any_run_length(lines: list[str], run: int) -> None:
    """As Python sorts them, duplicates kept."""
    assert list(sort_lines(lines, run)) == sorted(lines)
