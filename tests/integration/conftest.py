"""What an index holds, in words that do not depend on the order in which it came to hold it."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from sqlalchemy import Table, select

from storage.index import Index
from storage.index.schema.tables import METADATA
from storage.index.search.documents import STANDING_BITS, load_documents

Tables = dict[str, list[str]]
Dump = Callable[..., Tables]

KEYS = {
    "sites": "name", "urls": "url", "crawls": "run", "warc_files": "name", "captures": "record_id",
    "paragraphs": "text", "authors": "name", "tags": "name", "link_groups": "digest",
}  # fmt: skip
UNPLANNED = {"due_at", "ended_by", "priority", "failure_count", "unchanged_count"}
OF_THE_SCHEDULE = {"host_backoff", "url_patterns", "source_rates", "search_changes"}
"""Tables that a crawl keeps for the next one, and that no WARC file knows of; and the change log."""


def dump_of(index: Index, *, waiting: bool = True) -> Tables:
    """All tables, surrogate ids replaced by what they stand for, without what only the schedule knows.

    Without `waiting`, URLs that were found and not fetched yet are left out.
    """
    rows: dict[str, list[dict[str, Any]]] = {}
    tables = [table for table in METADATA.tables.values() if table.name not in OF_THE_SCHEDULE]
    with index._database.read_transaction() as connection:
        for table in tables:
            rows[table.name] = [dict(row) for row in connection.execute(select(table)).mappings()]
        documents = [dict(one) for one in load_documents(connection, [row["id"] for row in rows["articles"]])]
    names: dict[str, dict[Any, Any]] = {name: {row["id"]: row[key] for row in rows[name]} for name, key in KEYS.items()}
    names["articles"] = {
        row["id"]: (names["sites"][row["site_id"]], names["urls"][row["url_id"]]) for row in rows["articles"]
    }
    names["versions"] = {
        row["id"]: (names["sites"][row["site_id"]], names["urls"][row["page_url_id"]], row["digest"])
        for row in rows["versions"]
    }
    names["lanes"] = {row["id"]: (row["site"], row["host"]) for row in rows["lanes"]}
    if not waiting:
        _leave_out_waiting(tables, rows)
    tables = [table for table in tables if table.name != "lanes"]  # named in the frontier; empty ones stay
    dumped = {table.name: sorted(repr(_named(table, row, names)) for row in rows[table.name]) for table in tables}
    return dumped | {"documents": sorted(_describe_document(one, names) for one in documents)}


def _leave_out_waiting(tables: Iterable[Table], rows: dict[str, list[dict[str, Any]]]) -> None:
    """Take out URLs that were not fetched yet, and those that only they were told by."""
    rows["frontier"] = [row for row in rows["frontier"] if row["last_fetched_at"] is not None]
    used = {
        row[key.parent.name]
        for table in tables
        for key in table.foreign_keys
        if key.column.table.name == "urls"
        for row in rows[table.name]
    }
    rows["urls"] = [row for row in rows["urls"] if row["id"] in used]


def _describe_document(values: dict[str, Any], names: dict[str, dict[Any, Any]]) -> str:
    """What the search folder has of a version."""
    tables = {"version": "versions", "article": "articles", "site": "sites", "capture_site": "sites"}
    article_id = values["standing"] >> STANDING_BITS
    assert article_id == values["article"]
    values |= {"standing": values["standing"] - (article_id << STANDING_BITS)}
    values |= {"author_id": [names["authors"][author_id] for author_id in values["author_id"]]}
    return repr({key: names[tables[key]][value] if key in tables else value for key, value in values.items()})


def _named(table: Table, row: dict[str, Any], names: dict[str, dict[Any, Any]]) -> dict[str, Any]:
    line = {}
    for column, value in row.items():
        if column == "id" or (table.name == "frontier" and column in UNPLANNED):
            continue
        keys = [key.column.table.name for key in table.c[column].foreign_keys]
        line[column] = names[keys[0]][value] if keys and value is not None else value
    return line


def lines_of_one(left: Tables, right: Tables) -> dict[str, tuple[set[str], set[str]]]:
    """Lines of each table that only one of two dumps has."""
    return {
        table: (set(left[table]) - set(right[table]), set(right[table]) - set(left[table]))
        for table in left
        if left[table] != right[table]
    }


@pytest.fixture
def dump() -> Dump:
    """Gives all rows of an index as lines that can be compared with another index's."""
    return dump_of


@pytest.fixture
def different() -> Callable[[Tables, Tables], dict[str, tuple[set[str], set[str]]]]:
    """Tells the lines that only one of two dumps has."""
    return lines_of_one
