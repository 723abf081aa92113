"""Register and rename sites: their names, front pages and hosts, and the captures that are theirs then.

Captures move between sites when sites are registered or change their hosts after pages of theirs were indexed.
Afterwards the index is as if the sites had been known from the beginning.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from storage.grouping import group_pairs
from storage.index.conditions.visibility import load_site_ids
from storage.index.engine.statements import IDS, AnyRow, batches, change_by_ids, fetch_by_ids, insert_rows, reserve_ids
from storage.index.frontier.source_status import recompute_sources
from storage.index.rows.interning import LookupTables
from storage.index.rows.metadata_changes import delete_article_changes
from storage.index.rows.orphans import OrphanCandidates, delete_orphans
from storage.index.rows.site_assignment import find_sites, is_on_host, reassign_urls
from storage.index.rows.site_registry import SiteRegistry, load_registry, lock_registry
from storage.index.schema.tables import (
    ArticleRow,
    BoilerplateRow,
    CaptureGroupRow,
    CaptureRow,
    CrawlSiteRow,
    FrontierRow,
    LaneRow,
    SiteBoxRow,
    SiteHostRow,
    SiteRow,
    UrlPatternRow,
    UrlRow,
    VersionRow,
)
from storage.index.write.articles import recompute_articles
from storage.index.write.compare_pages import TEXTS, compare_pages, delete_empty_articles, separate_pages
from storage.index.write.versions import VERSION_CONTENT, delete_content
from storage.model import Site
from storage.urls import url_host


def register_sites(
    connection: Connection, lookups: LookupTables, sites: Sequence[Site], *, described_at: datetime | None = None
) -> None:
    """Insert or update sites, and move captures that belong to them now.

    The owner's configuration (`described_at` None) overrides that of runs, and a newer run's that of an older one.
    """
    registry = load_registry(connection)
    changed_hosts: set[str] = set()
    unchanged: list[str] = []
    changed: dict[str, Site] = {}
    before = {row.id: row.configured_at for row in connection.execute(select(SiteRow.id, SiteRow.configured_at))}
    for site in sites:
        known = registry.by_name.get(site.name)
        if known is not None and known.configured and described_at is not None:
            by_run_at = before[known.id]  # None: by the owner
            if by_run_at is None or by_run_at > described_at:
                continue
        hosts = {host for host in (url_host(site.url), *(host.lower() for host in site.hosts)) if host}
        if known is not None and (known.url, set(known.hosts), known.configured) == (site.url, hosts, True):
            unchanged.append(site.name)
            continue
        changed_hosts |= hosts | set(known.hosts if known else ())
        changed[site.name] = replace(site, hosts=tuple(sorted(hosts)))
    if changed:
        lock_registry(connection, exclusive=True)
        _write_descriptions(connection, changed.values(), described_at)
    described = update(SiteRow).where(SiteRow.name.in_(IDS)).values(configured_at=described_at)
    change_by_ids(connection, described, unchanged)
    lookups.sites = registry = load_registry(connection)
    # A new archive with a thousand sites has no URLs yet, and nothing to move.
    if changed_hosts and connection.scalar(select(UrlRow.id).limit(1)) is not None:
        lookups.clear_cache()
        move_captures(connection, lookups, changed_hosts, {site.name for site in sites})
        transfer_requests(connection, registry)
        delete_empty_sites(connection)
        lookups.sites = registry = load_registry(connection)
        reassign_urls(connection, registry, changed_hosts)


def _write_descriptions(connection: Connection, sites: Iterable[Site], described_at: datetime | None) -> None:
    """Insert or update sites, given with all of their hosts."""
    ordered = sorted(sites, key=lambda site: site.name)
    source = {"configured": True, "configured_at": described_at}
    rows = [{"name": site.name, "url": site.url, "needs_relearning": False, **source} for site in ordered]
    insert_rows(connection, SiteRow, rows, conflict_columns=["name"], update_columns=["url", *source])
    ids = load_site_ids(connection, (site.name for site in ordered))
    change_by_ids(connection, delete(SiteHostRow).where(SiteHostRow.site_id.in_(IDS)), ids.values())
    host_rows = [{"site_id": ids[site.name], "host": host} for site in ordered for host in site.hosts]
    insert_rows(connection, SiteHostRow, host_rows)


def rename_sites(connection: Connection, lookups: LookupTables, names: Mapping[str, str]) -> list[str]:
    """Rename sites, given by former and present name; return the former names of those that the index had.

    Articles, captures and boilerplate keep their site's row; URLs that are due, URL patterns and the requesting site of
    captures get the new name. Learnt rates belong to URLs, and need no change.
    """
    renamed: list[str] = []
    lock_registry(connection, exclusive=True)
    for former, present in sorted(names.items()):
        registry = load_registry(connection)
        old, new = registry.by_name.get(former), registry.by_name.get(present)
        if old is None:
            continue
        if new is None:
            connection.execute(update(SiteRow).where(SiteRow.id == old.id).values(name=present))
        connection.execute(delete(UrlPatternRow).where(UrlPatternRow.site == present))
        for table, name in ((UrlPatternRow, "site"), (CaptureRow, "requesting_site")):
            connection.execute(update(table).where(table.__table__.c[name] == former).values({name: present}))
        _move_lanes(connection, former, present)
        if new is not None:
            # Such as one that a crawl found nothing to do for: everything is handed over to it.
            twice = select(CrawlSiteRow.crawl_id).where(CrawlSiteRow.site_id == new.id)
            of_old = CrawlSiteRow.site_id == old.id
            connection.execute(delete(CrawlSiteRow).where(of_old, CrawlSiteRow.crawl_id.in_(twice)))
            connection.execute(update(CrawlSiteRow).where(of_old).values(site_id=new.id))
            connection.execute(delete(SiteHostRow).where(SiteHostRow.site_id == old.id))
            connection.execute(update(SiteRow).where(SiteRow.id == old.id).values(configured=False))
            lookups.clear_cache()
            lookups.sites = load_registry(connection)
            hosts = {*old.hosts, *new.hosts}
            move_captures(connection, lookups, hosts, {new.name})
            reassign_urls(connection, load_registry(connection), hosts)
            delete_empty_sites(connection)
        renamed.append(former)
    if renamed:
        lookups.clear_cache()
        lookups.sites = load_registry(connection)
    return renamed


_BATCH = 200  # conditions of one query: SQLite limits the depth of expressions to a thousand
_CAPTURES = select(CaptureRow, UrlRow.url).join(UrlRow, UrlRow.id == CaptureRow.url_id)


def move_captures(
    connection: Connection, lookups: LookupTables, hosts: Iterable[str], requesting_sites: Iterable[str]
) -> None:
    """Assign captures of these hosts, or requested by these sites, to the sites they belong to now."""
    wanted = [
        *(is_on_host(host) for host in sorted(hosts)),
        *(CaptureRow.requesting_site == name for name in sorted(requesting_sites)),
    ]
    found: dict[int, AnyRow] = {}
    for start in range(0, len(wanted), _BATCH):
        here = _CAPTURES.where(or_(*wanted[start : start + _BATCH]))
        found |= {row.id: row for row in connection.execute(here)}
    rows = [found[capture_id] for capture_id in sorted(found)]
    sites = find_sites(connection, lookups, [(row.url, row.requesting_site) for row in rows])
    moved = [(row, site.id) for row, site in zip(rows, sites, strict=True) if row.site_id != site.id]
    if not moved:
        return
    connection.execute(
        update(CaptureRow).where(CaptureRow.id == bindparam("of")),
        [{"of": row.id, "site_id": site_id} for row, site_id in moved],
    )
    for some in batches({row.page_version_id for row, _ in moved if row.page_version_id is not None}):
        separate_pages(connection, some)
    # The captures that show articles, now that each page has one of its own, with their new sites.
    sites_of = {row.id: site_id for row, site_id in moved}
    query = select(CaptureRow.id, CaptureRow.article_id).where(CaptureRow.id.in_(IDS))
    _move_articles(connection, [(row, sites_of[row.id]) for row in fetch_by_ids(connection, query, sites_of)])
    while compare_pages(connection):
        pass
    recompute_sources(connection, {row.url_id for row, _ in moved})
    touched = {site_id for row, new in moved for site_id in (row.site_id, new)}
    connection.execute(update(SiteRow).where(SiteRow.id.in_(touched)).values(needs_relearning=True))


def _move_articles(connection: Connection, moved: Sequence[tuple[AnyRow, int]]) -> None:
    leaving = group_pairs(
        ((showing.article_id, site_id), showing.id) for showing, site_id in moved if showing.article_id is not None
    )
    touched: set[int] = set()
    orphans = OrphanCandidates()
    for (article_id, site_id), captures in sorted(leaving.items()):
        # The article of the same URL at another site, made if need be.
        row = dict(connection.execute(select(ArticleRow).where(ArticleRow.id == article_id)).mappings().one())
        row |= {"id": reserve_ids(connection, ArticleRow, 1)[0], "site_id": site_id}
        insert_rows(connection, ArticleRow, [row], conflict_columns=["site_id", "url_id"])
        there = (ArticleRow.site_id == site_id, ArticleRow.url_id == row["url_id"])
        target = connection.scalars(select(ArticleRow.id).where(*there)).one()
        touched |= {article_id, target}
        _move_versions(connection, article_id, target, set(captures), orphans)
    delete_article_changes(connection, touched)
    recompute_articles(connection, touched - delete_empty_articles(connection, touched))
    delete_orphans(connection, orphans)


_VERSIONS = TEXTS.where(VersionRow.article_id == bindparam("article")).order_by(VersionRow.id)


def _move_versions(
    connection: Connection, article_id: int, target: int, captures: set[int], orphans: OrphanCandidates
) -> None:
    """Move what these captures show of an article to another article."""
    existing = {row.digest: row for row in connection.execute(_VERSIONS, {"article": target})}
    for version in connection.execute(_VERSIONS, {"article": article_id}).all():
        showing = select(CaptureRow.id).where(CaptureRow.version_id == version.id)
        order = CaptureRow.is_read.desc(), CaptureRow.fetched_at, CaptureRow.record_id
        ids = connection.scalars(showing.order_by(*order)).all()
        going = [capture_id for capture_id in ids if capture_id in captures]
        if going:
            staying = [capture_id for capture_id in ids if capture_id not in captures]
            version_id = _move_version(connection, version, existing.get(version.digest), (going, staying), orphans)
            site_id = select(ArticleRow.site_id).where(ArticleRow.id == target).scalar_subquery()
            new = {"article_id": target, "site_id": site_id, "digest": version.digest, "is_compared": False}
            new["parts"] = None  # another site may have learnt other boilerplate
            connection.execute(update(VersionRow).where(VersionRow.id == version_id).values(new))
            shown = {"article_id": target, "version_id": version_id, "page_version_id": version_id}
            connection.execute(update(CaptureRow).where(CaptureRow.id.in_(going)).values(shown))


def _move_version(
    connection: Connection, version: AnyRow, existing: AnyRow | None, captures: tuple[list[int], list[int]],
    orphans: OrphanCandidates,
) -> int:  # fmt: skip
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
    row |= {"id": version_id, "capture_id": capture_id, "digest": version_id.to_bytes(32), "is_counted": False}
    insert_rows(connection, VersionRow, [row])
    for table in VERSION_CONTENT:
        rows = connection.execute(select(table).where(table.version_id == version.id)).mappings()
        insert_rows(connection, table, [{**one, "version_id": version_id} for one in rows])
    if capture_id != version.capture_id:
        _copy_groups(connection, version.capture_id, capture_id)
    return version_id


def _copy_groups(connection: Connection, source: int, target: int) -> None:
    groups = select(CaptureGroupRow).where(CaptureGroupRow.capture_id == source)
    copies = [{**one, "capture_id": target} for one in connection.execute(groups).mappings()]
    insert_rows(connection, CaptureGroupRow, copies, conflict_columns=["capture_id", "position"])


def transfer_requests(connection: Connection, registry: SiteRegistry) -> None:
    """Set the requesting site of captures and URLs that had a host's name there to the site that has the host now."""
    for unknown in registry.sites:
        owner = registry.find(unknown.url)
        if unknown.configured or owner is None or not owner.configured:
            continue
        asked_for = update(CaptureRow).where(CaptureRow.requesting_site == unknown.name)
        connection.execute(asked_for.values(requesting_site=owner.name))
        _move_lanes(connection, unknown.name, owner.name)


def _move_lanes(connection: Connection, former: str, present: str) -> None:
    """Hand the URLs of a site in the frontier over. Its lanes stay, as other writers may know their ids."""
    old, new = LaneRow.__table__.alias(), LaneRow.__table__.alias()
    hosts = connection.scalars(select(old.c.host).where(old.c.site == former).order_by(old.c.host)).all()
    lanes = [{"site": present, "host": host} for host in hosts]
    insert_rows(connection, LaneRow, lanes, conflict_columns=["site", "host"])
    same = select(old.c.id, new.c.id).join(new, new.c.host == old.c.host)
    same = same.where(old.c.site == former, new.c.site == present)
    for old_id, new_id in connection.execute(same).all():
        connection.execute(update(FrontierRow).where(FrontierRow.lane_id == old_id).values(lane_id=new_id))


def delete_empty_sites(connection: Connection) -> None:
    """Delete sites that are known from imports only and have no captures any more."""
    used = select(CaptureRow.id).where(CaptureRow.site_id == SiteRow.id).exists()
    empty = connection.scalars(select(SiteRow.id).where(~SiteRow.configured, ~used)).all()
    connection.execute(update(UrlRow).where(UrlRow.site_id.in_(empty)).values(site_id=None))
    for table in (SiteHostRow, BoilerplateRow, SiteBoxRow):
        connection.execute(delete(table).where(table.site_id.in_(empty)))
    connection.execute(delete(SiteRow).where(SiteRow.id.in_(empty)))
