"""Phrase searches in PostgreSQL: signatures save reading texts, and the hits are those of SQLite."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, text

from storage.index import Filters, Index
from storage.index.search.candidates import find_newest_matches, select_all_matches
from storage.index.search.query import SearchQuery, parse_query
from storage.index.search.results import search_articles
from storage.index.text.bigram_signature import MAX_BIGRAMS
from storage.index.views.exclusions import NO_EXCLUSIONS, Exclusions
from storage.model import Ingest, NextVisit, Site, VisitResult
from tests.sizes import few_and_all

Make = Callable[..., Ingest]
Plan = Callable[[VisitResult], NextVisit]
WORDS = ("rare", "earth", "metals", "of", "the", "Ōland", "中国", "经济", "国", "12")
STORIES = 60
PHRASES = st.builds(
    lambda minus, words, gap, ending: f'{minus}"{gap.join(words)}{ending}"' if ending != "*" else f"{'-'.join(words)}*",
    st.sampled_from(("", "", "-")),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4),
    st.sampled_from((" ", "-")),
    st.sampled_from(("", "", "*", ".")),
)
QUERIES = st.lists(st.one_of(PHRASES, st.sampled_from((*WORDS, "OR", "OR", "-the", "r*"))), min_size=1, max_size=5)


def stories(article_at: Make) -> list[Ingest]:
    """Short texts of few words, so that most bigrams occur."""
    chance = random.Random(7)

    def some(most: int) -> str:
        return " ".join(chance.choices(WORDS, k=chance.randint(1, most)))

    return [
        article_at(
            f"https://news.example/{number}", some(9), some(3), headline=some(4), dek=some(3) if number % 3 else None,
            tags=(some(2),), authors=("Rare Earth",) if number % 9 == 0 else (), minute=number,
        )
        for number in range(STORIES)
    ]  # fmt: skip


@pytest.fixture
def both(postgres_url: str, sqlite_url: str, article_at: Make, plan: Plan) -> Iterator[tuple[Index, Index]]:
    """The same articles in PostgreSQL and in SQLite."""
    indexes = (Index.open(postgres_url), Index.open(sqlite_url))
    brought = stories(article_at)
    for index in indexes:
        index.register_sites([Site(name="news", url="https://news.example/")])
        index.commit(brought, plan)
    yield indexes
    for index in indexes:
        index.close()


def found(index: Index, query: str) -> Sequence[str]:
    """Return the URLs of the hits, in order."""
    return [hit.url for hit in index.ask(search_articles, query, Filters(), limit=STORIES).hits]


@contextmanager
def without_signatures(index: Index) -> Iterator[None]:
    """Remove all signatures, as if all texts were too long."""
    run(index, "ALTER TABLE search_documents RENAME bigram_signature TO held")
    run(index, "ALTER TABLE search_documents ADD bigram_signature bytea")
    yield
    run(index, "ALTER TABLE search_documents DROP bigram_signature")
    run(index, "ALTER TABLE search_documents RENAME held TO bigram_signature")


def run(index: Index, statement: str) -> None:
    """Execute a statement on the database of an index."""
    with index._database.engine.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize("examples", few_and_all(20, 80))
def test_signatures_change_nothing_of_what_is_found(both: tuple[Index, Index], examples: int) -> None:
    """Hits are the same with and without signatures and in SQLite; so are exports and ranked searches."""
    postgres, sqlite = both
    asked: dict[str, Sequence[str]] = {}

    @settings(max_examples=examples, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(QUERIES.map(" ".join))
    def compared(query: str) -> None:
        asked[query] = found(postgres, query)
        assert asked[query] == found(sqlite, query)
        ranked = postgres.ask(search_articles, query, Filters(), limit=STORIES, order="rank").hits
        assert sorted(hit.url for hit in ranked) == sorted(asked[query])
        if parse_query(query, Filters()).every:
            with postgres._database.read_transaction() as connection:
                taken = connection.execute(
                    select_all_matches(connection, NO_EXCLUSIONS, parse_query(query, Filters()), ("en", None))
                ).all()
            assert len(taken) == len(asked[query])

    compared()
    assert {bool(urls) for urls in asked.values()} == {True, False}
    with without_signatures(postgres):
        for query, urls in asked.items():
            assert found(postgres, query) == urls


def test_a_text_is_compared_only_if_its_signature_matches(both: tuple[Index, Index]) -> None:
    """A text is not read if its signature lacks a bigram; for false positives and without one the text decides."""
    index, _ = both
    whole = found(index, '"rare earth"')
    assert 3 < len(whole) < STORIES
    for signature in ("'\\xffffff'", "NULL"):
        run(index, f"UPDATE search_documents SET bigram_signature = {signature}")
        assert found(index, '"rare earth"') == whole
    run(index, "UPDATE search_documents SET bigram_signature = '\\x00'")
    assert found(index, '"rare earth"') == []
    # Of words that stand anywhere, signatures are not asked.
    for query in ("rare earth", '"rare" "earth"', "rare-e*", 'rare OR "earth metals"', 'rare -"rare earth"'):
        assert len(found(index, query)) > 3


def test_long_texts_are_read(postgres_url: str, article_at: Make, plan: Plan) -> None:
    """A text with too many bigrams has no signature; its phrases are found up to tsvector's last position."""
    index = Index.open(postgres_url)
    index.register_sites([Site(name="news", url="https://news.example/")])
    words = [f"w{number}" for number in range(20_000)]
    for number, length in enumerate((MAX_BIGRAMS - 10, MAX_BIGRAMS + 10, 20_000)):
        index.commit([article_at(f"https://news.example/{number}", " ".join(words[:length]))], plan)
    assert len(found(index, '"w10 w11 w12"')) == 3
    assert len(found(index, f'"w{MAX_BIGRAMS} w{MAX_BIGRAMS + 1}"')) == 2
    assert len(found(index, '"w9000 w9001"')) == 1
    assert len(found(index, '"w9001 w9000"')) == 0
    with index._database.read_transaction() as connection:
        held = connection.scalars(
            text("SELECT length(bigram_signature) FROM search_documents ORDER BY version_id")
        ).all()
    assert held == [1536, None, None]
    index.close()


def test_signatures_lie_in_the_rows(both: tuple[Index, Index]) -> None:
    """Signatures are stored in line, wherever the words are: that makes them cheap. SQLite has none."""
    postgres, sqlite = both
    with postgres._database.read_transaction() as connection:
        kept = text(
            "SELECT attstorage FROM pg_attribute WHERE attrelid = 'search_documents'::regclass AND attname = :name"
        )
        assert connection.scalar(kept, {"name": "bigram_signature"}) in {"m", b"m"}
    with sqlite._database.read_transaction() as connection:
        assert connection.scalar(text("SELECT count(bigram_signature) FROM search_documents")) == 0


def test_phrases_are_looked_for_by_the_inverted_index(both: tuple[Index, Index]) -> None:
    """The GIN index finds the rows with the words without reading texts, and signatures are checked before texts."""
    index, _ = both
    index._database.analyze()
    asked: list[Any] = []
    with index._database.read_transaction() as connection:
        event.listen(connection, "before_execute", lambda _, statement, *rest: asked.append(statement))
        connection.execute(
            select_all_matches(connection, NO_EXCLUSIONS, parse_query('"rare earth" metals', Filters()), ("en",))
        ).all()
        written = asked[-1].compile(connection.engine, compile_kwargs={"literal_binds": True})
        steps = "\n".join(row[0] for row in connection.execute(text(f"EXPLAIN {written}")))
    (condition,) = (line for line in steps.splitlines() if "Index Cond: " in line and "terms" in line)
    assert "<->" not in condition
    assert "'rare' & 'earth'" in condition.replace("''", "'")
    (filtered,) = (line.strip() for line in steps.splitlines() if "get_bit" in line)
    assert filtered.startswith("Filter: CASE WHEN")
    assert filtered.index("get_bit") < filtered.index("<->")


@pytest.mark.parametrize(("given", "taken"), [("4MB", "32MB"), ("1GB", "1GB")])
def test_existing_rows_are_cached(both: tuple[Index, Index], given: str, taken: str) -> None:
    """work_mem is raised for a search if it is small, and not reduced if it is large; afterwards it is as before."""
    index, _ = both
    with index._database.engine.connect() as connection:
        connection.exec_driver_sql(f"SET work_mem = '{given}'")
        connection.commit()
        for asked in (select_all_matches, newest_of):
            asked(connection, NO_EXCLUSIONS, parse_query('"rare earth"', Filters()), ("en",))
            assert connection.scalar(text("SHOW work_mem")) == taken
            connection.rollback()
            assert connection.scalar(text("SHOW work_mem")) == given
        connection.exec_driver_sql("RESET work_mem")


def newest_of(connection: Connection, exclude: Exclusions, query: SearchQuery, spoken: Sequence[str | None]) -> None:
    """Run the query of a search page."""
    find_newest_matches(connection, exclude, query, spoken, 10, with_score=False)
