"""Runs of the crawler: when each began and ended, and the sites that it crawled."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, select, update

from storage.index.engine.statements import IDS, fetch_by_ids, insert_rows
from storage.index.rows.interning import LookupTables
from storage.index.schema.base import Base
from storage.index.schema.tables import CrawlRow, CrawlSiteRow
from storage.index.write.sites import register_sites
from storage.model import CrawlRun


def begin_crawl(connection: Connection, lookups: LookupTables, run: CrawlRun) -> None:
    """Note the start of a run, and its sites as they were configured then."""
    register_sites(connection, lookups, run.sites, described_at=run.started_at)
    crawl_id = ensure_crawl(connection, run.id)
    connection.execute(update(CrawlRow).where(CrawlRow.id == crawl_id).values(started_at=run.started_at))
    names = sorted(site.name for site in run.sites)
    rows = [{"crawl_id": crawl_id, "site_id": lookups.sites.by_name[name].id} for name in names]
    insert_rows(connection, CrawlSiteRow, rows, conflict_columns=["crawl_id", "site_id"])


def end_crawl(connection: Connection, run: CrawlRun) -> None:
    """Note the end of a run."""
    end: dict[str, Any] = {"finished_at": run.finished_at, "outcome": run.outcome, "counters": dict(run.counters)}
    connection.execute(update(CrawlRow).where(CrawlRow.id == ensure_crawl(connection, run.id)).values(end))


def ensure_crawl(connection: Connection, run_id: str) -> int:
    """Return the id of a run's row, which is inserted if there is none."""
    return ensure_named_ids(connection, CrawlRow, "run", {run_id}, counters={})[run_id]


def ensure_named_ids(
    connection: Connection, table: type[Base], key: str, wanted: Collection[str], **values: object
) -> dict[str, int]:
    """Return the ids of rows by their unique key; those that are missing are inserted with these values."""
    name = table.__table__.c[key]
    query = select(name, table.__table__.c.id).where(name.in_(IDS))
    found = dict(fetch_by_ids(connection, query, wanted))
    if missing := sorted(set(wanted) - set(found)):
        insert_rows(connection, table, [{key: each, **values} for each in missing], conflict_columns=[key])
        found = dict(fetch_by_ids(connection, query, wanted))
    return found
