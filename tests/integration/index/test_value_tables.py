from datetime import UTC, datetime

from sqlalchemy import select

from storage.index import Index
from storage.index.engine.dialect import values_table
from storage.index.rows.interning import LookupTables
from storage.index.schema.tables import UrlRow
from storage.index.search.matches import count_between
from storage.index.views.articles import EVERYTHING
from storage.urls import surt

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


URLS = (
    "https://www.News.example/A/b?Z=1&a=2", "https://news.example/2026/Harbour?a=1&B=2", "https://news.example",
    "https://news.example/%7Eann/%C3%9C", "https://bücher.example/Ü/é", "http://[::1]:80/x", "urn:x", "",
    "https://news.example/(a)/)b", "https://news.example/" + "a" * 700, "https://NEWS.example:8443/İI",
)  # fmt: skip


def test_the_key_of_a_url_is_computed_from_it(index: Index) -> None:
    """Both databases have the key that `surt` gives, of any spelling, and find and sort URLs by it."""
    index._database.write(lambda connection: LookupTables().urls.ensure_ids(connection, URLS))
    with index._database.read_transaction() as connection:
        keys = {row.url: row.urlkey for row in connection.execute(select(UrlRow.url, UrlRow.urlkey))}
        first = select(UrlRow.urlkey).where(UrlRow.urlkey >= "example,news)", UrlRow.urlkey < "example,news*")
        found = connection.scalars(first.order_by(UrlRow.urlkey)).all()
    assert keys == {url: surt(url) for url in URLS}
    assert found == sorted(key for key in map(surt, URLS) if key.startswith("example,news)"))
