"""Count the paragraphs that articles of a site share, within the database, as there may be many.

    versions' paragraphs -> shared_paragraphs: those to count -> counted_paragraphs: number of articles, positions

Both tables are temporary: the transaction that creates them drops them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Integer, MetaData, Table, bindparam, func, or_, select, text, update

from storage.index.boilerplate.rule import COUNTED
from storage.index.engine.dialect import analyze_tables
from storage.index.engine.statements import STREAMING, AnyRow, load_statements
from storage.index.schema.tables import ArticleRow, BoilerplateRow

_LARGE = 4
"""From this fraction of all articles on, a scan of all paragraphs costs less than one by versions."""

TABLES = MetaData()
"""The temporary tables."""
_SHARED = Table(
    "shared_paragraphs",
    TABLES,
    Column("paragraph_id", Integer, primary_key=True, autoincrement=False),
    Column("length", Integer, nullable=False),
    prefixes=["TEMPORARY"],
)
_COUNTED = Table(
    "counted_paragraphs",
    TABLES,
    *(Column(name, Integer, primary_key=True, autoincrement=False) for name in ("site_id", "paragraph_id")),
    *(Column(name, Integer, nullable=False) for name in ("length", "articles")),
    *(Column(f"{edge}_from_start", Integer, nullable=False) for edge in ("first", "last")),
    *(Column(f"{edge}_from_end", Integer, nullable=False) for edge in ("first", "last")),
    *(Column(f"{edge}_seen_at", ArticleRow.dated_at.type, nullable=False) for edge in ("first", "last")),
    Column("is_boilerplate", Boolean, nullable=False, comment="The decision so far"),
    prefixes=["TEMPORARY"],
    sqlite_with_rowid=False,
)


def select_all_paragraphs(connection: Connection, site_ids: Sequence[int]) -> None:
    """Select all paragraphs of sites that more than one version has."""
    of_sites = connection.scalar(select(func.count()).where(ArticleRow.site_id.in_(site_ids))) or 0
    of_all = connection.scalar(select(func.count()).select_from(ArticleRow)) or 0
    if of_sites * _LARGE >= of_all:
        connection.execute(_SHARED_BY_ANY)
    else:
        connection.execute(_SHARED_BY_SITES, {"sites": site_ids})


def count_articles(connection: Connection, site_ids: Sequence[int], *, everything: bool) -> None:
    """Count the articles of sites that carry the selected paragraphs, at least two, and their positions."""
    parameters = {"sites": site_ids, "roles": COUNTED}
    analyze_tables(connection, [_SHARED.name])
    connection.execute(_COUNT_BY_VERSION if everything else _COUNT_BY_PARAGRAPH, parameters)
    analyze_tables(connection, [_COUNTED.name])


def read_counts(connection: Connection, fewest: int) -> Iterator[Sequence[AnyRow]]:
    """Yield batches of counts of paragraphs that at least `fewest` articles have, or that were boilerplate, by key."""
    return connection.execute(_COUNTED_ROWS, {"fewest": fewest}, execution_options=STREAMING).partitions()


def read_previous_counts(connection: Connection, site_ids: Sequence[int], fewest: int) -> Iterator[Sequence[AnyRow]]:
    """Yield batches of the stored counts of the same paragraphs: rows of `boilerplate`."""
    values = {"sites": site_ids, "fewest": fewest}
    return connection.execute(_PREVIOUS_ROWS, values, execution_options=STREAMING).partitions()


def store_counts(connection: Connection, site_ids: Sequence[int], *, everything: bool) -> None:
    """Update the stored counts of sites' paragraphs to the new ones. Decisions stay as they are."""
    connection.execute(_GONE if everything else _GONE_OF_SHARED, {"sites": site_ids})
    connection.execute(_STORE)


def store_decisions(connection: Connection, changed: Mapping[tuple[int, int], bool]) -> None:
    """Change the decisions on paragraphs, by the ids of site and paragraph."""
    rows = [{"site": site, "paragraph": paragraph, "now": now} for (site, paragraph), now in sorted(changed.items())]
    connection.execute(_DECIDE, rows)


def read_lost_boilerplate(
    connection: Connection, site_ids: Sequence[int], *, everything: bool
) -> Iterator[Sequence[AnyRow]]:
    """Yield batches of paragraphs (site_id, paragraph_id) that were boilerplate and that `store_counts` will delete."""
    query = _LOST if everything else _LOST_OF_SHARED
    return connection.execute(query, {"sites": site_ids}, execution_options=STREAMING).partitions()


def _for_sites(sql: str) -> Any:
    return text(sql).bindparams(bindparam("sites", expanding=True))


_STATEMENTS = load_statements("storage.index.boilerplate", "counting.sql")
_SHARED_BY_ANY = text(_STATEMENTS["share-by-any"])
_SHARED_BY_SITES = _for_sites(_STATEMENTS["share-by-sites"])
SHARED_WITH_NEW = _for_sites(_STATEMENTS["share-with-new"])
"""Selects those of the paragraphs of `select_all_paragraphs` that an uncounted version has."""
SHARED_TOO = text(_STATEMENTS["share-one"])
"""Selects one more paragraph."""
_COUNT, _UNCOUNTED = _STATEMENTS["count"], _STATEMENTS["uncounted"]
_ROLES: Any = bindparam("roles", expanding=True)
_COUNT_BY_VERSION = _for_sites(
    _COUNT.format(tables="articles CROSS JOIN versions CROSS JOIN version_paragraphs CROSS JOIN shared_paragraphs")
).bindparams(_ROLES)
_COUNT_BY_PARAGRAPH = _for_sites(
    _COUNT.format(tables="shared_paragraphs CROSS JOIN version_paragraphs CROSS JOIN versions CROSS JOIN articles")
).bindparams(_ROLES)

_COUNTED_ROWS = (
    select(_COUNTED)
    .where(or_(_COUNTED.c.articles >= bindparam("fewest"), _COUNTED.c.is_boilerplate))
    .order_by(_COUNTED.c.site_id, _COUNTED.c.paragraph_id)
)
_PREVIOUS_ROWS = _for_sites(_STATEMENTS["stored-counts"]).columns(*BoilerplateRow.__table__.c)

_OF_SHARED = "AND boilerplate.paragraph_id IN (SELECT paragraph_id FROM shared_paragraphs)"
_WAS_LEARNT = "SELECT boilerplate.site_id, boilerplate.paragraph_id {} AND boilerplate.is_boilerplate"
_LOST = _for_sites(_WAS_LEARNT.format(_UNCOUNTED))
_LOST_OF_SHARED = _for_sites(_WAS_LEARNT.format(f"{_UNCOUNTED} {_OF_SHARED}"))
_GONE = _for_sites(f"DELETE {_UNCOUNTED}")
_GONE_OF_SHARED = _for_sites(f"DELETE {_UNCOUNTED} {_OF_SHARED}")
_STORE = text(_STATEMENTS["store"])
_DECIDE = (
    update(BoilerplateRow)
    .where(BoilerplateRow.site_id == bindparam("site"), BoilerplateRow.paragraph_id == bindparam("paragraph"))
    .values(is_boilerplate=bindparam("now"))
)
