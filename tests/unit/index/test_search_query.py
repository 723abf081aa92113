from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.index.search.query import SearchQuery, SearchTerm, parse_query
from storage.index.search.snippet import WIDTH, MatchFinder, is_one_edit, make_snippet
from storage.index.views.articles import Filters

SPOKEN = (None, "en", "de")


def test_a_query_is_read_as_meant() -> None:
    """Words, phrases, prefixes, alternatives, exclusions and filters are parsed."""
    query = parse_query(
        'tariffs "rare earth" rela* coal OR iron -steel site:news since:2026-02 author:"Ann A."', Filters()
    )
    assert query == SearchQuery(
        every=(
            (SearchTerm(("tariffs",), typed=("tariffs",)),),
            (SearchTerm(("rare", "earth")),),
            (SearchTerm(("rela*",)),),
            (SearchTerm(("coal",), typed=("coal",)), SearchTerm(("iron",), typed=("iron",))),
        ),
        never=(SearchTerm(("steel",), typed=("steel",)),),
        filters=Filters(site="news", author="Ann A.", since=datetime(2026, 2, 1, tzinfo=UTC)),
    )


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("date:2026", datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        ("date:2026-12", datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        ("since:2024-02-29", datetime(2024, 2, 29, tzinfo=UTC), None),
        ("until:2024-02-29", None, datetime(2024, 3, 1, tzinfo=UTC)),
    ],
)
def test_dates_are_spans(text: str, since: datetime | None, until: datetime | None) -> None:
    """A year, month or day is a range; `until` includes it."""
    filters = parse_query(text, Filters()).filters
    assert (filters.since, filters.until) == (since, until)


@pytest.mark.parametrize("text", ["since:soon", "since:2026-13", "since:2026-02-30", "date:9999", "date:1-2-3-4"])
def test_an_invalid_date_is_reported(text: str) -> None:
    """An invalid date filters nothing and is reported."""
    query = parse_query(text, Filters())
    assert query.filters == Filters()
    assert len(query.problems) == 1


@given(st.lists(st.text(max_size=400), max_size=5), st.text(max_size=30))
def test_a_snippet_is_cut_from_the_real_text(paragraphs: list[str], asked: str) -> None:
    """A snippet without its ellipses is part of one paragraph, and of limited length."""
    marker = MatchFinder(parse_query(asked, Filters()), SPOKEN)
    shown = "".join(segment.text for segment in make_snippet(paragraphs, marker, "en"))
    assert any(shown.strip("\u2026") in paragraph for paragraph in [*paragraphs, ""])
    assert len(shown) <= WIDTH + 2


def test_a_snippet_shows_the_match() -> None:
    """A long paragraph is cut around its first match, between words."""
    text = "filler " * 100 + "here the tariffs are named " + "filler " * 100
    marker = MatchFinder(parse_query("tariff", Filters()), SPOKEN)
    segments = make_snippet(["nothing here", text], marker, "en")
    assert [segment.text for segment in segments if segment.is_match] == ["tariffs"]
    assert segments[0].text == segments[-1].text == "\u2026"
    assert segments[1].text.startswith("filler")


def test_a_snippet_begins_before_a_match_of_several_words() -> None:
    """Where no space precedes the match, as in a long address, the cut is not moved to a space within it."""
    text = "x" * 400 + "-rare earth " + "filler " * 100
    marker = MatchFinder(parse_query('"rare earth"', Filters()), SPOKEN)
    segments = make_snippet([text], marker, "en")
    assert [segment.text for segment in segments if segment.is_match] == ["rare earth"]
    assert segments[1].text == "x" * (WIDTH // 3 - 1) + "-"


def test_edits_are_filters_of_the_query() -> None:
    """is:corrected, is:edited and changed:KIND, several of which must all hold; what is not understood is said."""
    query = parse_query("is:corrected changed:byline changed:tags harbour", Filters())
    assert (query.filters.corrected, query.filters.changed) == (True, ("byline", "tags"))
    assert [leaf.words for leaf in query.leaves] == [("harbour",)]
    assert parse_query("-is:corrected is:edited", Filters()).filters == Filters(corrected=False, edited=True)
    for text in ("is:nice", "changed:weather", "-changed:byline"):
        asked = parse_query(text, Filters())
        assert asked.filters == Filters()
        assert "was ignored" in asked.problems[0]


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("t*f", SearchTerm(("t*f",))),
        ("*iff", SearchTerm(("*iff",))),
        ("tarif~1", SearchTerm(("tarif",), is_fuzzy=True)),
        ("tarif~", SearchTerm(("tarif",), is_fuzzy=True)),
        ("rare near/5 earth", SearchTerm(("rare", "earth"), between=5)),
        ("headline:Zürich", SearchTerm(("zurich",), typed=("Zürich",), field="headline")),
        ('dek:"rare earth"', SearchTerm(("rare", "earth"), field="dek")),
        ("url:2026", SearchTerm(("2026",), typed=("2026",), field="url")),
    ],
)
def test_patterns_fields_and_nearness_are_read_as_meant(text: str, term: SearchTerm) -> None:
    """Each is one term, without a note."""
    query = parse_query(text, Filters())
    assert (query.every, query.problems) == (((term,),), ())


def test_a_range_of_dates_includes_both_ends() -> None:
    """date:FROM..TO takes years, months and days."""
    filters = parse_query("date:2026-01..2026-03", Filters()).filters
    assert (filters.since, filters.until) == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))


@pytest.mark.parametrize("text", ["rare near/5 rare", '"rare earth" near/5 metal', "rare near/500 earth"])
def test_what_near_cannot_do_is_reported(text: str) -> None:
    """It is searched for as far as possible."""
    query = parse_query(text, Filters())
    assert query.every
    assert "near/" in query.problems[0]


@given(st.text(alphabet="abcd", max_size=6), st.text(alphabet="abcd", max_size=6))
def test_one_edit_is_a_letter_missing_added_replaced_or_swapped(word: str, other: str) -> None:
    """Compared with all words that one edit makes."""
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    made = {word}
    made |= {a + b[1:] for a, b in cuts} | {a + b[1::-1] + b[2:] for a, b in cuts if len(b) > 1}
    made |= {a + letter + b[keep:] for a, b in cuts for letter in "abcd" for keep in (0, 1) if len(b) >= keep}
    assert is_one_edit(word, other) == (other in made)
