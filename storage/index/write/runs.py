"""Runs, sites and WARC files: what the index is told besides captures."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from sqlalchemy import Connection, and_, bindparam, delete, func, or_, select, text, update

from storage.index.engine.database import AnySelect, insert_rows, parts
from storage.index.rows.interning import Names, short_digest
from storage.index.rows.site_book import KnownSite, keep_book, load_book
from storage.index.schema.tables import (
    Base,
    CaptureRow,
    CrawlRow,
    CrawlSiteRow,
    SiteHostRow,
    SiteRow,
    UrlRow,
    WarcFileRow,
)
from storage.index.write.filing import refile_urls
from storage.index.write.move_captures import hand_over, move_captures, take_out_empty_sites
from storage.model import CrawlRun, RefersTo, Site
from storage.surt import host_of

Asked: TypeAlias = tuple[AnySelect, dict[str, Any]]
"""A statement, and what is to be put into it."""


class Closed(Protocol):
    """What is known of a WARC file that will not grow any more."""

    @property
    def name(self) -> str:
        """File name, without folder and without ".open"."""

    @property
    def size(self) -> int:
        """In bytes."""

    @property
    def sha256(self) -> str:
        """Of the whole file, in hexadecimal."""


def register_sites(
    connection: Connection, names: Names, sites: Sequence[Site], *, described_at: datetime | None = None
) -> None:
    """Make sites known, or known better. The owner's word counts (`described_at` None), else the newest run's."""
    book = load_book(connection)
    touched: set[str] = set()
    same: list[str] = []
    hosts_of: dict[str, set[str]] = {}
    changed: dict[str, Site] = {}
    described = {row.id: row.configured_at for row in connection.execute(_DESCRIBED)}
    for site in sites:
        known = book.by_name.get(site.name)
        if known is not None and not _counts_more(known, described[known.id], described_at):
            continue
        hosts = {host for host in (host_of(site.url), *(host.lower() for host in site.hosts)) if host}
        if known is not None and (known.url, set(known.hosts), known.configured) == (site.url, hosts, True):
            same.append(site.name)
            continue
        touched |= hosts | set(known.hosts if known else ())
        changed[site.name] = site
        hosts_of[site.name] = hosts
    if changed:
        keep_book(connection, to_change=True)
    _describe(connection, changed.values(), hosts_of, described_at)
    for some in parts(same):
        known_as = SiteRow.name.in_(some)
        connection.execute(update(SiteRow).where(known_as).values(configured_at=described_at))
    names.book = book = load_book(connection)
    # Where no URL is known there is nothing to file anew: a new archive may have a thousand sites.
    if touched and connection.scalar(select(UrlRow.id).limit(1)) is not None:
        names.forget()
        move_captures(connection, names, touched, {site.name for site in sites})
        hand_over(connection, book)
        take_out_empty_sites(connection)
        names.book = book = load_book(connection)
        refile_urls(connection, book, touched)


_DESCRIBED = select(SiteRow.id, SiteRow.configured_at)


def _counts_more(known: KnownSite, before: datetime | None, described_at: datetime | None) -> bool:
    """Whether a description counts more than what is known, which dates from `before` (None: the owner's word)."""
    if not known.configured or described_at is None:
        return True
    return before is not None and before <= described_at


def _describe(
    connection: Connection, sites: Collection[Site], hosts: Mapping[str, Iterable[str]], described_at: datetime | None
) -> None:
    """Write what sites are, and their hosts by the sites' names."""
    if not sites:
        return
    ordered = sorted(sites, key=lambda site: site.name)
    now = {"configured": True, "configured_at": described_at}
    rows = [{"name": site.name, "url": site.url, "relearn": False, **now} for site in ordered]
    insert_rows(connection, SiteRow, rows, once_by=["name"])
    connection.execute(
        update(SiteRow).where(SiteRow.name == bindparam("of")).values(url=bindparam("at"), **now),
        [{"of": site.name, "at": site.url} for site in ordered],
    )
    ids: dict[str, int] = {}
    for some in parts(hosts):
        ids.update((row.name, row.id) for row in connection.execute(_NAMED, {"names": some}))
    for part in parts(ids.values()):
        connection.execute(delete(SiteHostRow).where(SiteHostRow.site_id.in_(part)))
    theirs = [{"site_id": ids[site.name], "host": host} for site in ordered for host in sorted(hosts[site.name])]
    insert_rows(connection, SiteHostRow, theirs)


_NAMED = select(SiteRow.name, SiteRow.id).where(SiteRow.name.in_(bindparam("names", expanding=True)))


def begin_crawl(connection: Connection, names: Names, run: CrawlRun) -> None:
    """Note a run's begin, and its sites as they were configured then."""
    register_sites(connection, names, run.sites, described_at=run.started_at)
    crawl_id = _crawl(connection, run.id)
    connection.execute(update(CrawlRow).where(CrawlRow.id == crawl_id).values(started_at=run.started_at))
    book = names.book
    rows = [
        {"crawl_id": crawl_id, "site_id": book.by_name[site.name].id}
        for site in sorted(run.sites, key=lambda site: site.name)
    ]
    insert_rows(connection, CrawlSiteRow, rows, once_by=["crawl_id", "site_id"])


def end_crawl(connection: Connection, run: CrawlRun) -> None:
    """Note a run's end."""
    end: dict[str, Any] = {
        "finished_at": run.finished_at, "outcome": run.outcome, "counters": dict(run.counters),
    }  # fmt: skip
    connection.execute(update(CrawlRow).where(CrawlRow.id == _crawl(connection, run.id)).values(end))


def _crawl(connection: Connection, run_id: str) -> int:
    insert_rows(connection, CrawlRow, [{"run": run_id, "counters": {}}], once_by=["run"])
    return connection.scalars(select(CrawlRow.id).where(CrawlRow.run == run_id)).one()


def warc_opened(connection: Connection, name: str, run_id: str | None) -> None:
    """Note a WARC file that is being written."""
    _warc_file(connection, name, run_id)


def warc_closed(connection: Connection, file: Closed, run_id: str | None) -> None:
    """Note a WARC file that is whole."""
    _warc_file(connection, file.name, run_id)
    whole = {"state": "closed", "size": file.size, "sha256": file.sha256}
    connection.execute(update(WarcFileRow).where(WarcFileRow.name == file.name).values(whole))


def _warc_file(connection: Connection, name: str, run_id: str | None) -> None:
    insert_rows(connection, WarcFileRow, [{"name": name, "state": "open"}], once_by=["name"])
    if run_id is not None:
        crawl_id = _crawl(connection, run_id)
        connection.execute(update(WarcFileRow).where(WarcFileRow.name == name).values(crawl_id=crawl_id))


def warc_digests(connection: Connection) -> dict[str, str]:
    """The sha256 of each closed WARC file, by name."""
    asked = select(WarcFileRow.name, WarcFileRow.sha256).where(WarcFileRow.sha256.is_not(None))
    return {name: digest for name, digest in connection.execute(asked).all() if digest}


def indexed_to(connection: Connection, warc: str) -> int:
    """Offset behind the last record of that file that is indexed."""
    last = connection.execute(
        select(CaptureRow.warc_offset, CaptureRow.warc_length)
        .join(WarcFileRow, WarcFileRow.id == CaptureRow.warc_file_id)
        .where(WarcFileRow.name == warc)
        .order_by(CaptureRow.warc_offset.desc())
        .limit(1)
    ).first()
    return last.warc_offset + last.warc_length if last else 0


_WHOLE = (CaptureRow.kind == "response", CaptureRow.truncated.is_(None), CaptureRow.payload_size > 0)


_ORIGINAL = (
    select(CaptureRow.record_id, UrlRow.url, CaptureRow.warc_date, CaptureRow.payload_digest)
    .join(UrlRow, UrlRow.id == CaptureRow.url_id)
    .where(*_WHOLE)
)
# Made once: each exchange asks, and making a statement costs more than running it.
_BY_DIGEST = (
    _ORIGINAL.where(CaptureRow.status == 200, CaptureRow.payload_digest == bindparam("payload_digest"))
    .order_by(CaptureRow.fetched_at, CaptureRow.record_id)
    .limit(1)
)
_BY_URL = _ORIGINAL.where(
    CaptureRow.id
    == select(func.coalesce(CaptureRow.refers_to_id, CaptureRow.id))
    .join(UrlRow, UrlRow.id == CaptureRow.url_id)
    .where(
        UrlRow.digest == bindparam("url_digest"),
        or_(and_(*_WHOLE, CaptureRow.status == 200), CaptureRow.refers_to_id.is_not(None)),
    )
    .order_by(CaptureRow.fetched_at.desc(), CaptureRow.record_id.desc())
    .limit(1)
    .scalar_subquery()
)


def by_digest(payload_digest: str) -> Asked:
    """What to ask for the first whole 200 response with that payload."""
    return _BY_DIGEST, {"payload_digest": payload_digest}


def all_by_digest(connection: Connection, payload_digest: str, limit: int) -> list[tuple[RefersTo, str]]:
    """Whole 200 responses with that payload, the first ones first, each with the name of its file."""
    asked = (
        _ORIGINAL.add_columns(WarcFileRow.name)
        .join(WarcFileRow, WarcFileRow.id == CaptureRow.warc_file_id)
        .where(CaptureRow.status == 200, CaptureRow.payload_digest == payload_digest)
        .order_by(CaptureRow.fetched_at, CaptureRow.record_id)
        .limit(limit)
    )
    return [(refers_to(row[:4]), row[4]) for row in connection.execute(asked)]


def by_url(url: str) -> Asked:
    """What to ask for the whole 200 response that the latest capture of that URL is, or stands for.

    A page that went A, B, A ends with a revisit of the first A: a 304 after it is about A.
    """
    return _BY_URL, {"url_digest": short_digest(url)}


def refers_to(row: Sequence[Any]) -> RefersTo:
    """Return the answer to one of these."""
    record_id, url, date, payload_digest = row
    return RefersTo(record_id=record_id, url=url, date=date, payload_digest=payload_digest)


def reset(connection: Connection, names: Names) -> None:
    """Empty all tables."""
    names.forget()
    tables = [table.name for table in Base.metadata.tables.values()]
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"TRUNCATE {', '.join(sorted(tables))} RESTART IDENTITY"))
        return
    connection.execute(text("INSERT INTO search(search) VALUES ('delete-all')"))
    _empty(connection, tables)


def _empty(connection: Connection, tables: Iterable[str]) -> None:
    # Rows point at each other in circles: references are looked at when all are gone.
    connection.execute(text("PRAGMA defer_foreign_keys=ON"))
    for name in tables:
        connection.execute(text(f"DELETE FROM {name}"))  # noqa: S608 - our own names
