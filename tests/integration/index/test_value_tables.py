from datetime import UTC, datetime

from sqlalchemy import select

from storage.index import Index
from storage.index.engine.dialect import values_table
from storage.index.search.matches import count_between
from storage.index.views.articles import EVERYTHING

BEGIN = datetime(2026, 3, 1, 6, tzinfo=UTC)


def test_lists_are_tables(index: Index) -> None:
    """A list is a table with named columns in either database."""
    with index._database.read_transaction() as connection:
        listed, value = values_table(connection, [3, 1], "listed")
        assert sorted(connection.scalars(select(value).select_from(listed))) == [1, 3]


def test_an_empty_archive_has_no_dated_articles(index: Index) -> None:
    """Each period has its count, even one that ends with the latest possible time."""
    last = datetime.max.replace(tzinfo=UTC)
    assert index.ask(count_between, EVERYTHING, []) == []
    assert index.ask(count_between, EVERYTHING, [(BEGIN, BEGIN), (BEGIN, last), (last, last)]) == [0, 0, 0]
