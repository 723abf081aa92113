"""Prefix searches find the same with and without expansion, and in PostgreSQL."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from storage.index import Filters, Index
from storage.index.search import candidates as search_candidates
from storage.index.search.candidates import expand_prefixes, select_all_matches
from storage.index.search.query import parse_query
from storage.index.search.results import search_articles
from storage.index.views.exclusions import NO_EXCLUSIONS
from storage.model import Ingest, NextVisit, Site, VisitResult

Make = Callable[..., Ingest]
Plan = Callable[[VisitResult], NextVisit]
TEXTS = (
    "Harbour works begin. The harbours of the north.",
    "Harbinger of spring, said the Harbour-Master.",
    "Hard times. New York waits.",
    "New Yorkers wait for the harvest.",
    "Öre and Øresund: a bridge.",
    "中国经济增长。国会。",
    "国际 harb",
    "Nothing of the kind.",
)
ASKED = (
    "har*", "harb*", "harbour*", "harbours*", "harbourses*", "h*", "ore*", "国", "中", '"the harb"', "new-york*",
    "har* -harb*", "harb* OR new", "har* spring", "har* har*", "-harb* hard", "z*", "s1*", "len*",
)  # fmt: skip


@pytest.fixture
def texts(index: Index, article_at: Make, plan: Plan) -> Index:
    """An index of a few short articles."""
    index.register_sites([Site(name="news", url="https://news.example/")])
    for number, words in enumerate(TEXTS):
        index.commit([article_at(f"https://news.example/{number}", words, headline=f"Number {number}")], plan)
    return index


def found(index: Index, query: str) -> list[str]:
    """Return the URLs of the hits, in order."""
    return [hit.url for hit in index.ask(search_articles, query, Filters(), limit=20).hits]


def test_expanded_prefixes_find_the_same(texts: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few words, too many to expand, or a ranked search: the hits are the same."""
    spelt = {query: found(texts, query) for query in ASKED}
    monkeypatch.setattr(search_candidates, "_MAX_EXPANSIONS", 0)
    for query, urls in spelt.items():
        assert found(texts, query) == urls
        assert sorted(urls) == sorted(
            hit.url for hit in texts.ask(search_articles, query, Filters(), limit=20, order="rank").hits
        )
        with texts._database.read_transaction() as connection:
            assert len(urls) == len(
                connection.execute(
                    select_all_matches(connection, NO_EXCLUSIONS, parse_query(query, Filters()), ("en", None))
                ).all()
            )


def test_prefixes_are_counted_by_article(texts: Index) -> None:
    """The numbers of hits were counted by hand."""
    counts = {query: len(found(texts, query)) for query in ("harb*", "har*", "new-york*", "国", "har* -harb*", "z*")}
    assert counts == {"harb*": 3, "har*": 5, "new-york*": 2, "国": 2, "har* -harb*": 2, "z*": 0}


def test_only_texts_are_indexed(texts: Index) -> None:
    """A prefix is expanded into words of texts only; no object is left in the database that would block a writer."""
    with texts._database.read_transaction() as connection:
        leaf = expand_prefixes(connection, parse_query("harb*", Filters())).every[0][0]
        if texts._database.is_postgres:
            assert leaf.expansions == ()
            return
        assert leaf.expansions == ("harb", "harbing", "harbinger", "harbour", "harbours")
        assert connection.scalar(text("SELECT count(*) FROM sqlite_master WHERE name = 'search_words'")) == 0
