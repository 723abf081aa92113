"""Filter terms of search documents."""

from hypothesis import given
from hypothesis import strategies as st

from storage.index.text.filter_terms import (
    build_filter_terms,
    choose_sample,
    day_range_terms,
    language_terms,
    site_term,
)

DAYS = st.integers(0, 200_000)


@given(DAYS, DAYS, DAYS)
def test_a_range_of_days_has_the_documents_of_those_days(first: int, last: int, day: int) -> None:
    """A document has one of the terms of a range of days if and only if its day is in the range."""
    marks = build_filter_terms(day * 86_400 << 29, "news", "en", "Steel")
    asked = day_range_terms(first, last)
    assert (not set(marks).isdisjoint(asked)) == (first <= day <= last)
    assert len(asked) <= 7 * 2 * 4 + 200_000 // 4096 + 1


def test_the_newest_years_are_few_search_terms() -> None:
    """A range of ten years needs few terms: each costs an index lookup."""
    assert len(day_range_terms(80_000, 83_650)) < 40


@given(st.text(max_size=12))
def test_each_language_has_its_own_search_term(language: str) -> None:
    """Any language has one term, which no other language has and both databases take as one word."""
    (mark,) = language_terms(language)
    assert mark.isascii()
    assert mark.isalnum()
    assert mark != language_terms("en")[0] or language == "en"
    assert language_terms(None) == ()


def test_a_search_term_is_the_same_after_a_rebuild() -> None:
    """Filter terms depend on no surrogate key, but on the date in the document id."""
    key = 7_000_000_000 << 29
    assert build_filter_terms(key + 1, "news", "en", "Steel") == build_filter_terms(key + 77, "news", "en", "Steel")
    assert site_term("news") != site_term("other")


def test_the_sample_has_about_the_requested_size() -> None:
    """Of twenty thousand documents one in sixteen is in the second sample, all of which are in the first."""
    drawn = [set(build_filter_terms(number * 977 << 29, "news", "en", f"Steel {number}")) for number in range(20_000)]
    (mark,), part = choose_sample(800_000, 50_000)
    assert (mark, part) == ("r2", 1 / 16)
    assert 0.8 < sum("r2" in marks for marks in drawn) / (20_000 * part) < 1.2
    assert all("r1" in marks for marks in drawn if "r2" in marks)
