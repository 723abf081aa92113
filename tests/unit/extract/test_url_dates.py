"""Publication dates from URLs, for pages without a date."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.extract import extract_page
from storage.page_date import SourcedDate

TEXT = "".join(f"<p>Sentence number {n} of a story about rain that falls on hills and fields.</p>" for n in range(40))
HEAD = "<head><meta property=og:type content=article></head>"
PAGE = f"<html lang=en>{HEAD}<body><article><h1>Rain falls on the hills</h1>{TEXT}</article></body></html>".encode()
FORMS = (
    "{0.year}/{0.month:02}/{0.day:02}/rain-falls",
    "world/{0.year}/{0.month}/{0.day}/rain-falls.html",
    "{0.year}-{0.month:02}-{0.day:02}-rain-falls",
    "story/{0.year}-{0.month:02}-{0.day:02}/rain-falls",
    "{0.year}-{0.month:02}/{0.day:02}/content_4711.htm",
    "{0.year}{0.month:02}/{0.day:02}/rain-falls",
    "{0.year}/{0.month:02}{0.day:02}/4711",
    "future/{0.year}{0.month:02}{0.day:02}-rain-falls",
    "a/{0.year}{0.month:02}{0.day:02}_4711",
    "rain-falls-{0.year}-{0.month:02}-{0.day:02}",
    "{0.year}/{0.month:02}/{0.day:02}",
)


def published(path: str) -> SourcedDate | None:
    article = extract_page(PAGE, f"https://news.example/{path}").article
    assert article is not None
    return article.published


@given(st.dates(date(1996, 1, 1), date(2040, 12, 31)), st.sampled_from(FORMS))
def test_days_in_urls(day: date, form: str) -> None:
    """Also months of two digits, in November and December."""
    expected = datetime(day.year, day.month, day.day, tzinfo=UTC)
    assert published(form.format(day)) == SourcedDate(at=expected, is_day=True, source="url")


@pytest.mark.parametrize(
    "path",
    [
        "2026/11/rain-falls",
        "2026/12/rain-falls",
        "news/2026-11-rain-falls.html",
        "2026/11/10-best-books-of-the-year",
        "2026/11/7-of-the-best-books",
        "2026/112/rain-falls",
        "2026/11/32/rain-falls",
        "2026/11/31/rain-falls",
        "2026/13/01/rain-falls",
    ],
)
def test_other_numbers_are_no_day(path: str) -> None:
    """Neither a number that begins a headline, nor a day that does not exist."""
    assert published(path) is None
