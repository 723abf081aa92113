import sqlite3
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.index.schema.upgrade import MIGRATIONS
from storage.index.search.query import SearchQuery, SearchTerm, parse_query, to_fts5, to_tsquery
from storage.index.search.snippet import WIDTH, MatchFinder, make_snippet
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
            (SearchTerm(("rela",), is_prefix=True),),
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


@given(st.text(max_size=60))
def test_each_query_is_good_fts5(text: str) -> None:
    """FTS5 accepts the rendering of any text."""
    database = sqlite3.connect(":memory:")
    script = MIGRATIONS / "versions" / "0001_sqlite.sql"
    database.execute(next(each for each in script.read_text("utf-8").split("\n\n") if "VIRTUAL TABLE" in each))
    wanted = to_fts5(parse_query(text, Filters()), SPOKEN)
    if wanted is not None:
        assert database.execute("SELECT rowid FROM search WHERE search MATCH ?", (wanted,)).fetchall() == []
    database.close()


def test_the_same_tree_in_two_languages() -> None:
    """FTS5 and PostgreSQL get the same words; stems are a column of FTS5, and marked by "=" in PostgreSQL."""
    query = parse_query('tariffs "rare earth" coal* OR 经济 -iron', Filters())
    assert to_fts5(query, SPOKEN) == (
        '((("tariffs" OR "tariff")) AND ({headline dek body names} : "rare earth")'
        ' AND ({headline dek body names} : "coal"* OR {headline dek body names} : "经济")) NOT (("iron"))'
    )
    assert to_tsquery(query, SPOKEN) == (
        "((('tariffs' | 'tariff' | '=tariff' | '=tariffs')) & (('rare' <-> 'earth'))"
        " & (('coal':*) | ('经济'))) & !(('iron' | '=iron'))"
    )


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
