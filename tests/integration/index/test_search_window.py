"""A search reads a window of the newest matches: hits and counts are the same as if it read all."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from storage.index import Filters, Index
from storage.index.conditions.filters import filter_conditions
from storage.index.search import candidates as search_candidates
from storage.index.search import facets as search_facets
from storage.index.search.facets import search_with_facets
from storage.index.search.query import parse_query
from storage.index.search.results import search_articles
from storage.index.views.exclusions import NO_EXCLUSIONS
from storage.model import Ingest, NextVisit, Site, VisitResult
from storage.page_date import SourcedDate

Make = Callable[..., Ingest]
Plan = Callable[[VisitResult], NextVisit]
BEGIN = datetime(2019, 5, 1, 12, tzinfo=UTC)
LANGUAGES = ("en", "de", "pt-br?", None)
STORIES = 120
ASKED = (
    ("steel", Filters()),
    ("steel", Filters(language="de")),
    ("steel", Filters(language="DE", site="other")),
    ("steel", Filters(language="pt-br?")),
    ("steel", Filters(language="fr")),
    ("", Filters(language="en")),
    ("", Filters(language="en", site="news")),
    ("seldom", Filters()),
    ("seldom", Filters(site="other")),
    ("st*", Filters(site="nowhere")),
    ("steel -odd", Filters(since=BEGIN + timedelta(days=300))),
    ("steel", Filters(since=BEGIN + timedelta(days=200), until=BEGIN + timedelta(days=201, hours=1))),
    ("steel", Filters(until=BEGIN + timedelta(days=90))),
    ("steel", Filters(section="World", language="en")),
    ("odd OR seldom", Filters(author="Ann")),
    ("", Filters(author="ann", section="home")),
    ("steel", Filters(byline="bob b.", language="pt-br?")),
    ("steel", Filters(author="Nobody")),
    ("steel", Filters(section="Nowhere")),
    ("seldom", Filters(tag="Metals", site="news")),
    ('"steel number"', Filters()),
    ('"number 7"', Filters()),
    ('odd "steel number" -"number 9"', Filters(language="de")),
)


@pytest.fixture
def years(index: Index, article_at: Make, plan: Plan) -> Index:
    """An index with articles of three years."""
    fill(index, article_at, plan)
    return index


def fill(index: Index, article_at: Make, plan: Plan) -> None:
    """Write articles of three years, unevenly distributed, in several languages, of two sites."""
    index.register_sites([Site(name=name, url=f"https://{name}.example/") for name in ("news", "other")])
    stories = [
        article_at(
            f"https://{'other' if number % 5 == 0 else 'news'}.example/{number}",
            f"Steel, number {number}." + (" Odd." if number % 2 else "") + (" Seldom." if number % 40 == 7 else ""),
            site="other" if number % 5 == 0 else "news",
            headline=f"Steel {number}",
            language=LANGUAGES[number % 4],
            published=SourcedDate(
                at=BEGIN + timedelta(days=(number * number) % 1000, hours=number % 24), source="meta"
            ),
            section="World" if number % 3 else "Home",
            authors=("Ann A.",) if number % 2 else ("Bob B.",),
            tags=("Metals", "Trade") if number % 7 == 0 else (),
        )
        for number in range(STORIES)
    ]
    index.commit(stories, plan)


def found(index: Index, query: str, filters: Filters) -> Sequence[str]:
    """Return the URLs of the hits, in order."""
    return [hit.url.rpartition("/")[2] for hit in index.ask(search_articles, query, filters, limit=STORIES).hits]


def test_the_size_of_a_page_does_not_change_the_list(years: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hits and their order are the same for any size of the first window of days."""
    whole = {asked: found(years, *asked) for asked in ASKED}
    assert {len(each) for each in whole.values()} >= {0, 3, 30, 120}
    monkeypatch.setattr(search_candidates, "WINDOW", 1)
    monkeypatch.setattr(search_candidates, "_ENOUGH_PHRASES", 1)
    for first, least, most in ((1, 3, 32), (5, 1.5, 2), (50, 3, 3)):
        monkeypatch.setattr(search_candidates, "_FIRST_WINDOWS", first)
        monkeypatch.setattr(search_candidates, "_FIRST_WINDOWS_OF_PHRASES", first)
        monkeypatch.setattr(search_candidates, "_MIN_GROWTH", least)
        monkeypatch.setattr(search_candidates, "_MAX_GROWTH", most)
        for (query, filters), names in whole.items():
            for limit in (1, 4):
                page = years.ask(search_articles, query, filters, limit=limit)
                assert [hit.url.rpartition("/")[2] for hit in page.hits] == names[:limit]
                assert page.exact == (len(names) < 4 * limit)


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(author="ann", section="world"),
        Filters(since=BEGIN + timedelta(days=100, hours=5), until=BEGIN + timedelta(days=700)),
    ],
)
def test_matches_beyond_the_window_are_counted(years: Index, filters: Filters, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a small archive, the histogram is exact beyond the window."""
    whole = years.ask(search_with_facets, "odd", filters, limit=STORIES)
    assert whole.page.exact
    monkeypatch.setattr(search_candidates, "WINDOW", 8)
    part = years.ask(search_with_facets, "odd", filters, limit=1)
    assert not part.page.exact
    assert any(bar.is_estimate for bar in part.histogram.bars)
    assert counted(part) == counted(whole)


def counted(found: search_facets.FacetedSearch) -> Counter[datetime]:
    """Return the numbers of articles by begin of the period."""
    return Counter({bar.begin: bar.articles for bar in found.histogram.bars})


def test_a_language_is_that_of_the_first_capture(index: Index, article_at: Make, plan: Plan) -> None:
    """An older capture of the same text in another language changes the version's language."""
    index.register_sites([Site(name="news", url="https://news.example/")])
    for minute, language in ((9, "en"), (1, "de")):
        index.commit([article_at("https://news.example/a", "Steel.", minute=minute, language=language)], plan)
    assert index.ask(search_articles, "steel", Filters(language="de")).total == 1
    assert index.ask(search_articles, "steel", Filters(language="en")).total == 0
    assert index.ask(search_articles, "", Filters(language="en")).total == 0


def test_a_tag_is_asked_for_by_its_id(years: Index) -> None:
    """A condition on a tag has its id, for which the planner has statistics; an unknown tag matches nothing."""
    with years._database.read_transaction() as connection:
        (known,) = filter_conditions(connection, NO_EXCLUSIONS, Filters(tag="Metals"))
        assert "version_tags" in str(known)
        assert "tags.name" not in str(known)
        (unknown,) = filter_conditions(connection, NO_EXCLUSIONS, Filters(tag="Nobody's"))
        assert "version_tags" not in str(unknown)
    assert len(found(years, "", Filters(tag="Metals"))) == 18
    assert found(years, "steel", Filters(tag="Nobody's")) == []


def test_words_are_found_by_the_inverted_index_alone(
    postgres_url: str, article_at: Make, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL uses the GIN index and does not match words row by row, whatever its cost estimates are."""
    monkeypatch.setattr(search_candidates, "WINDOW", 40)
    monkeypatch.setattr(search_candidates, "_FIRST_WINDOWS", 1)
    index = Index.open(postgres_url)
    fill(index, article_at, plan)
    index._database.analyze()
    asked: list[Any] = []
    with index._database.read_transaction() as connection:
        event.listen(connection, "before_execute", lambda _, statement, *rest: asked.append(statement))
        query = parse_query("steel", Filters(language="de"))
        assert (
            len(
                search_candidates.find_newest_matches(
                    connection, NO_EXCLUSIONS, query, ("en", "de"), 10, with_score=True
                ).rows
            )
            == 30
        )
        looking = [statement for statement in asked if "@@" in str(statement)]
        assert len(looking) == 2
        for statement in looking:
            written = statement.compile(connection.engine, compile_kwargs={"literal_binds": True})
            steps = "\n".join(row[0] for row in connection.execute(text(f"EXPLAIN {written}")))
            assert "Bitmap Index Scan on ix_search_documents_terms" in steps
            assert "Filter: (terms" not in steps
    index.close()
