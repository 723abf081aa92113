from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.index.search.query import SearchQuery, SearchTerm, parse_query
from storage.index.search.snippet import WIDTH, MatchFinder, make_snippet, match_one_edit
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


def word(text: str, field: str = "all") -> SearchTerm:
    """Return the term of a word."""
    return SearchTerm((text,), typed=(text,), field=field)


A, B, C, D = map(word, "abcd")
EITHER = SearchQuery(every=((A, B),))


@pytest.mark.parametrize(
    ("text", "every", "never"),
    [
        ("(a OR b) c", ((EITHER,), (C,)), ()),
        ("c (a OR b)", ((C,), (EITHER,)), ()),
        ("a OR (b c)", ((A, SearchQuery(every=((B,), (C,)))),), ()),
        ("(a b) OR (c -d)", ((SearchQuery(((A,), (B,))), SearchQuery(((C,),), (D,))),), ()),
        ("a -(b c)", ((A,),), (SearchQuery(every=((B,), (C,))),)),
        ("a NOT b NOT (c)", ((A,),), (B, C)),
        ("a AND b", ((A,), (B,)), ()),
        ("((a)) (b)", ((A,), (B,)), ()),
        ("() a ( )", ((A,),), ()),
        ("headline:(a OR url:b)", ((SearchQuery(((word("a", "headline"), word("b", "url")),)),),), ()),
        ("(a) near/5 (b)", ((SearchTerm(("a", "b"), between=5),),), ()),
        ("((a -b)) (-c)", ((SearchQuery(((A,),), (B,)),), (SearchQuery(never=(C,)),)), ()),
        ("f(x)", ((SearchTerm(("f", "x")),),), ()),
    ],
)
def test_parentheses_group(text: str, every: object, never: object) -> None:
    """Groups nest, are excluded as a whole, and are searched in one field; those in a word are part of it."""
    query = parse_query(text, Filters())
    assert (query.every, query.never, query.problems) == (every, never, ())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("(a b", "not closed"),
        ("a) b", "no opening one"),
        (f"{'(' * 30}a b{')' * 30}", "parentheses in each other"),
        ("(a OR b) near/3 c", "near/3"),
        ("(a site:x) OR b", "stands for the whole query"),
        ("a OR site:x", "stands for the whole query"),
        ("a -site:x", "-site: is not understood"),
        ("author:x author:y a", "only the first"),
    ],
)
def test_parentheses_that_cannot_be_meant_are_reported(text: str, problem: str) -> None:
    """They are searched for as far as possible."""
    query = parse_query(text, Filters())
    assert problem in " ".join(query.problems)
    assert "a" in {each for leaf in query.leaves for each in leaf.words}


def test_several_values_of_a_filter_are_alternatives() -> None:
    """As those of a facet are; a filter that is chosen beside the query takes precedence."""
    query = parse_query("site:(x OR y) site:z lang:en lang:de agency:dpa", Filters(language="fr"))
    assert query.filters == Filters(site=("x", "y", "z"), language="fr", agency="dpa")
    assert not query.problems


@given(st.text(alphabet='ab ()"-:', max_size=40))
def test_any_text_is_a_query(text: str) -> None:
    """Whatever its parentheses: each word is searched for or excluded, once."""
    query = parse_query(text, Filters())
    parts, leaves = [query], 0
    for part in parts:
        inner = [one for either in part.every for one in either] + list(part.never)
        leaves += sum(isinstance(one, SearchTerm) for one in inner)
        parts += [one for one in inner if isinstance(one, SearchQuery)]
    assert all(part is query or part.every or part.never for part in parts)
    assert bool(leaves) == bool(set(text) & set("ab"))


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


@pytest.mark.parametrize(
    "text", ["since:soon", "since:2026-13", "since:2026-02-30", "since:7", "date:10000", "date:1-2-3-4"]
)
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
    """A cut is not moved into the match if no space precedes it, as in a long address."""
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
    assert bool(match_one_edit(word).fullmatch(other)) == (other in made)
