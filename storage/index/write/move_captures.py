"""Move captures between sites, when sites are registered or change their hosts after pages of theirs were indexed.

Afterwards the index is as if the sites had been known from the beginning.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from storage.index.engine.statements import IDS, AnyRow, batches, fetch_by_ids, insert_rows, reserve_ids
from storage.index.frontier.source_status import recompute_sources
from storage.index.rows.interning import LookupTables
from storage.index.rows.metadata_changes import delete_article_changes
from storage.index.rows.orphans import OrphanCandidates, delete_orphans
from storage.index.rows.site_assignment import find_sites, is_on_host
from storage.index.rows.site_registry import SiteRegistry
from storage.index.schema.tables import (
    ArticleRow,
    BoilerplateRow,
    CaptureGroupRow,
    CaptureRow,
    FrontierRow,
    SiteHostRow,
    SiteRow,
    UrlRow,
    VersionRow,
)
from storage.index.write.articles import recompute_articles
from storage.index.write.compare_pages import compare_pages, delete_empty_articles, separate_pages
from storage.index.write.versions import VERSION_CONTENT, delete_content

_BATCH = 200
"""Conditions of one query: SQLite limits the depth of expressions to a thousand."""


def move_captures(
    connection: Connection, lookups: LookupTables, hosts: Iterable[str], requesting_sites: Iterable[str]
) -> None:
    """Assign captures of these hosts, or requested by these sites, to the sites they belong to now."""
    rows = _select_captures(connection, hosts, requesting_sites)
    sites = find_sites(connection, lookups, [(row.url, row.requesting_site) for row in rows])
    moved = [(row, site.id) for row, site in zip(rows, sites, strict=True) if row.site_id != site.id]
    if not moved:
        return
    connection.execute(
        update(CaptureRow).where(CaptureRow.id == bindparam("of")),
        [{"of": row.id, "site_id": site_id} for row, site_id in moved],
    )
    for some in batches({row.page_version_id for row, _ in moved if row.page_version_id is not None}):
        separate_pages(connection, VersionRow.id.in_(some))
    # The captures that show articles, now that each page has one of its own, with their new sites.
    sites_of = {row.id: site_id for row, site_id in moved}
    query = select(CaptureRow.id, CaptureRow.article_id).where(CaptureRow.id.in_(IDS))
    _move_articles(connection, [(row, sites_of[row.id]) for row in fetch_by_ids(connection, query, sites_of)])
    while compare_pages(connection):
        pass
    recompute_sources(connection, {row.url_id for row, _ in moved})
    touched = {site_id for row, new in moved for site_id in (row.site_id, new)}
    connection.execute(update(SiteRow).where(SiteRow.id.in_(touched)).values(needs_relearning=True))


def _select_captures(connection: Connection, hosts: Iterable[str], requesting_sites: Iterable[str]) -> list[AnyRow]:
    """Return captures of these hosts, or requested by these sites, in the order of their ids."""
    wanted = [
        *(is_on_host(host) for host in sorted(hosts)),
        *(CaptureRow.requesting_site == name for name in sorted(requesting_sites)),
    ]
    found: dict[int, AnyRow] = {}
    for start in range(0, len(wanted), _BATCH):
        query = (
            select(
                CaptureRow.id, CaptureRow.site_id, CaptureRow.url_id, CaptureRow.article_id, CaptureRow.requesting_site,
                CaptureRow.page_version_id, UrlRow.url,
            )
            .join(UrlRow, UrlRow.id == CaptureRow.url_id)
            .where(or_(*wanted[start : start + _BATCH]))
        )  # fmt: skip
        found.update({row.id: row for row in connection.execute(query)})
    return [found[capture_id] for capture_id in sorted(found)]


def _move_articles(connection: Connection, moved: Sequence[tuple[AnyRow, int]]) -> None:
    leaving: dict[tuple[int, int], set[int]] = {}
    for row, site_id in moved:
        if row.article_id is not None:
            leaving.setdefault((row.article_id, site_id), set()).add(row.id)
    touched: set[int] = set()
    orphans = OrphanCandidates()
    for (article_id, site_id), captures in sorted(leaving.items()):
        target = _article_at(connection, article_id, site_id)
        touched |= {article_id, target}
        _move_versions(connection, article_id, target, captures, orphans)
    delete_article_changes(connection, touched)
    recompute_articles(connection, touched - delete_empty_articles(connection, touched))
    delete_orphans(connection, orphans)


def _article_at(connection: Connection, article_id: int, site_id: int) -> int:
    """The article of the same URL at another site, made if need be."""
    there = select(ArticleRow).where(ArticleRow.id == article_id)
    row = dict(connection.execute(there).mappings().one())
    row |= {"id": reserve_ids(connection, ArticleRow, 1)[0], "site_id": site_id}
    insert_rows(connection, ArticleRow, [row], conflict_columns=["site_id", "url_id"])
    query = select(ArticleRow.id).where(ArticleRow.site_id == site_id, ArticleRow.url_id == row["url_id"])
    return connection.scalars(query).one()


_VERSIONS = (
    select(VersionRow, CaptureRow.fetched_at, CaptureRow.record_id)
    .join(CaptureRow, CaptureRow.id == VersionRow.capture_id)
    .where(VersionRow.article_id == bindparam("article"))
    .order_by(VersionRow.id)
)


def _move_versions(
    connection: Connection, article_id: int, target: int, captures: set[int], orphans: OrphanCandidates
) -> None:
    """Move what these captures show of an article to another article."""
    existing = {row.digest: row for row in connection.execute(_VERSIONS, {"article": target})}
    for version in connection.execute(_VERSIONS, {"article": article_id}).all():
        showing = connection.execute(
            select(CaptureRow.id)
            .where(CaptureRow.version_id == version.id)
            .order_by(CaptureRow.is_read.desc(), CaptureRow.fetched_at, CaptureRow.record_id)
        )
        ids = list(showing.scalars())
        going = [capture_id for capture_id in ids if capture_id in captures]
        if going:
            staying = [capture_id for capture_id in ids if capture_id not in captures]
            version_id = _move_version(connection, version, existing.get(version.digest), (going, staying), orphans)
            site_id = select(ArticleRow.site_id).where(ArticleRow.id == target).scalar_subquery()
            new = {
                "article_id": target,
                "site_id": site_id,
                "digest": version.digest,
                "is_compared": False,
                "parts": None,  # another site may have learnt other boilerplate
            }
            connection.execute(update(VersionRow).where(VersionRow.id == version_id).values(new))
            shown = {"article_id": target, "version_id": version_id, "page_version_id": version_id}
            connection.execute(update(CaptureRow).where(CaptureRow.id.in_(going)).values(shown))


def _move_version(
    connection: Connection,
    version: AnyRow,
    existing: AnyRow | None,
    captures: tuple[list[int], list[int]],
    orphans: OrphanCandidates,
) -> int:
    """Return the version of a text at its new site; `existing` is the one that the site has already."""
    going, staying = captures
    if staying:
        # Readings of later captures are not stored: that of the version's first capture is used for both.
        stays = version.capture_id if version.capture_id in staying else staying[0]
        goes = version.capture_id if version.capture_id in going else going[0]
        version_id = existing.id if existing is not None else _copy(connection, version, goes)
        if stays != version.capture_id:
            _copy_groups(connection, version.capture_id, stays)
            connection.execute(update(VersionRow).where(VersionRow.id == version.id).values(capture_id=stays))
        return version_id
    if existing is None:
        return int(version.id)
    loser, winner = version, existing
    if (version.fetched_at, version.record_id) < (existing.fetched_at, existing.record_id):
        loser, winner = existing, version
    shown = {"version_id": winner.id, "page_version_id": winner.id}
    connection.execute(update(CaptureRow).where(CaptureRow.version_id == loser.id).values(shown))
    delete_content(connection, [loser.id], [loser.capture_id], orphans)
    connection.execute(delete(VersionRow).where(VersionRow.id == loser.id))
    return int(winner.id)


def _copy(connection: Connection, version: AnyRow, capture_id: int) -> int:
    """Insert a second version for a text that captures of two sites show."""
    version_id = reserve_ids(connection, VersionRow, 1)[0]
    row = {name: version._mapping[name] for name in VersionRow.__table__.c.keys()}  # noqa: SIM118, SLF001 - public
    # A temporary digest, as digests are unique in each article: the row still belongs to the old one.
    row |= {"id": version_id, "capture_id": capture_id, "digest": f"moving {version_id}", "is_counted": False}
    insert_rows(connection, VersionRow, [row])
    for table in VERSION_CONTENT:
        rows = connection.execute(select(table).where(table.version_id == version.id)).mappings()
        insert_rows(connection, table, [{**one, "version_id": version_id} for one in rows])
    if capture_id != version.capture_id:
        _copy_groups(connection, version.capture_id, capture_id)
    return version_id


def _copy_groups(connection: Connection, source: int, target: int) -> None:
    groups = select(CaptureGroupRow).where(CaptureGroupRow.capture_id == source)
    rows = connection.execute(groups).mappings()
    copies = [{**one, "capture_id": target} for one in rows]
    insert_rows(connection, CaptureGroupRow, copies, conflict_columns=["capture_id", "position"])


def transfer_requests(connection: Connection, registry: SiteRegistry) -> None:
    """Set the requesting site of captures and URLs that had a host's name there to the site that has the host now."""
    for unknown in registry.sites:
        owner = registry.find(unknown.url)
        if unknown.configured or owner is None or not owner.configured:
            continue
        for column in (CaptureRow.requesting_site, FrontierRow.site):
            connection.execute(update(column.class_).where(column == unknown.name).values({column.key: owner.name}))


def delete_empty_sites(connection: Connection) -> None:
    """Delete sites that are known from imports only and have no captures any more."""
    used = select(CaptureRow.id).where(CaptureRow.site_id == SiteRow.id).exists()
    empty = connection.scalars(select(SiteRow.id).where(~SiteRow.configured, ~used)).all()
    if not empty:
        return
    connection.execute(update(UrlRow).where(UrlRow.site_id.in_(empty)).values(site_id=None))
    for table in (SiteHostRow, BoilerplateRow):
        connection.execute(delete(table).where(table.site_id.in_(empty)))
    connection.execute(delete(SiteRow).where(SiteRow.id.in_(empty)))
