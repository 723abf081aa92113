from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from storage.index import Index
from storage.index.engine.dialect import ranges_table, values_table
from storage.index.queries.aggregates import count_articles_dated_between

BEGIN = datetime(2026, 3, 1, 6, tzinfo=UTC)


def test_lists_are_tables(index: Index) -> None:
    """A list is a table with named columns in either database."""
    with index._database.read_transaction() as connection:
        listed, value = values_table(connection, [3, 1], "listed")
        assert sorted(connection.scalars(select(value).select_from(listed))) == [1, 3]
        pairs = [(BEGIN, BEGIN + timedelta(days=1)), (BEGIN, BEGIN)]
        table, number, begin, behind = ranges_table(connection, pairs, "pairs")
        rows = connection.execute(select(number, begin, behind).select_from(table).order_by(number)).all()
        assert [tuple(row) for row in rows] == [(0, *pairs[0]), (1, *pairs[1])]


def test_an_empty_archive_has_no_dated_articles(index: Index) -> None:
    """Each period has its count, even one that ends with the latest possible time."""
    last = datetime.max.replace(tzinfo=UTC)
    with index._database.read_transaction() as connection:
        assert count_articles_dated_between(connection, 1, []) == []
        assert count_articles_dated_between(connection, 1, [(BEGIN, BEGIN), (BEGIN, last), (last, last)]) == [0, 0, 0]
