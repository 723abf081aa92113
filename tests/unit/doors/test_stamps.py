"""Timestamps, addresses and what else the doors read."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from newsarchive.export.lines import harmless
from newsarchive.export.sorting import in_order
from newsarchive.web.api.cdx_query import read_key, read_query, resume_key
from newsarchive.web.timestamps import behind, earliest, middle, stamp
from newsarchive.web.wb_url import asked_url, in_path, mended

MOMENTS = st.datetimes(datetime(1000, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS)
def test_a_stamp_is_read_back(moment: datetime) -> None:
    """To the second; every shorter form of it contains the moment."""
    digits = stamp(moment)
    assert earliest(digits) == moment.replace(microsecond=0)
    assert middle(digits) == moment.replace(microsecond=500_000)
    for length in (4, 6, 8, 10, 12, 14):
        first, after = earliest(digits[:length]), behind(digits[:length])
        assert first is not None
        assert after is not None
        assert first <= moment < after


@given(st.text("0123456789x٣", max_size=16))
def test_any_digits_are_a_moment_or_none(digits: str) -> None:
    """Never an error."""
    for read in (earliest, behind, middle):
        found = read(digits)
        assert found is None or found.tzinfo is not None


def test_a_capture_is_nearest_to_its_own_stamp() -> None:
    """One late in its second is, and not one of the second before."""
    late = datetime(2026, 3, 1, 6, 0, 4, 990_000, tzinfo=UTC)
    before = datetime(2026, 3, 1, 6, 0, 3, 999_000, tzinfo=UTC)
    asked = middle(stamp(late))
    assert asked is not None
    assert abs(late - asked) < abs(before - asked)
    assert abs(late - asked) <= timedelta(milliseconds=500)


def request(raw_path: bytes, query: bytes = b"") -> Request:
    """A request for a path, as a server hands it on."""
    return Request({"type": "http", "raw_path": raw_path, "query_string": query, "path": "/", "headers": []})


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
def test_the_url_behind_a_prefix_is_taken_to_the_character(path: bytes, query: bytes, url: str) -> None:
    """Quoting is the archived URL's own, but for clients that quote all of it once more."""
    assert asked_url(request(path, query), "/x/") == url


@given(st.text(max_size=60))
def test_an_address_in_a_path_is_harmless(text: str) -> None:
    """No character of a URL ends a path, a Link header or a line."""
    assert not set(in_path(mended(text))) & set(' <>"#\\\r\n\t')
    in_path(mended(text)).encode("ascii")


@given(st.text(max_size=80).filter(lambda text: "\0" not in text), MOMENTS, st.text("abc:-0", min_size=1))
def test_a_resume_key_is_read_back(key: str, moment: datetime, record_id: str) -> None:
    """Whatever a urlkey holds."""
    written = resume_key((key, moment, record_id))
    assert written.replace("-", "").replace("_", "").isalnum()
    assert read_key(written) == (key, moment, record_id)


NAMES = st.sampled_from(
    "url limit from to closest filter fl page pageSize sort collapse output matchType resumeKey offset".split()
)
VALUES = st.text(max_size=20) | st.sampled_from("1 -1 2026 prefix =status:200 true json status:2".split())


@given(st.lists(st.tuples(NAMES, VALUES), max_size=6), st.sampled_from(["pywb", "wayback"]))
def test_any_query_is_one_or_refused(words: list[tuple[str, str]], form: str) -> None:
    """With ValueError and nothing else; never more lines than are allowed."""
    try:
        asked = read_query([("url", "news.example"), *words], form, 100)  # type: ignore[arg-type]
    except ValueError:
        return
    assert 0 <= asked.limit <= 100


@given(st.text(max_size=30))
def test_no_cell_is_a_formula(text: str) -> None:
    """Whatever a headline begins with, a spreadsheet takes it for text."""
    cell = harmless(text)
    assert not cell.lstrip(" \u00a0\u3000").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    assert cell.removeprefix("'") == text.replace("\0", "").removeprefix("'") or cell == f"'{text}".replace("\0", "")


@given(
    st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=6), max_size=40),
    st.integers(1, 9),
)
def test_lines_are_sorted_in_any_memory(lines: list[str], run: int) -> None:
    """As Python sorts them, duplicates kept."""
    assert list(in_order(lines, run)) == sorted(lines)
