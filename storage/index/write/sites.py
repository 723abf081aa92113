"""Register and rename sites: their names, front pages and hosts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, update

from storage.index.engine.statements import IDS, change_by_ids, fetch_by_ids, insert_rows
from storage.index.rows.interning import LookupTables
from storage.index.rows.site_assignment import reassign_urls
from storage.index.rows.site_registry import KnownSite, load_registry, lock_registry
from storage.index.schema.tables import (
    CaptureRow,
    CrawlSiteRow,
    FrontierRow,
    SiteHostRow,
    SiteRow,
    UrlPatternRow,
    UrlRow,
)
from storage.index.write.move_captures import delete_empty_sites, move_captures, transfer_requests
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
    hosts_by_site: dict[str, set[str]] = {}
    changed: dict[str, Site] = {}
    before = {row.id: row.configured_at for row in connection.execute(_DESCRIBED)}
    for site in sites:
        known = registry.by_name.get(site.name)
        if known is not None and not _overrides(known, before[known.id], described_at):
            continue
        hosts = {host for host in (url_host(site.url), *(host.lower() for host in site.hosts)) if host}
        if known is not None and (known.url, set(known.hosts), known.configured) == (site.url, hosts, True):
            unchanged.append(site.name)
            continue
        changed_hosts |= hosts | set(known.hosts if known else ())
        changed[site.name] = site
        hosts_by_site[site.name] = hosts
    if changed:
        lock_registry(connection, exclusive=True)
    _write_descriptions(connection, changed.values(), hosts_by_site, described_at)
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


_DESCRIBED = select(SiteRow.id, SiteRow.configured_at)


def _overrides(known: KnownSite, before: datetime | None, described_at: datetime | None) -> bool:
    """Return whether a description overrides the known one, which is of the time `before` (None: of the owner)."""
    if not known.configured or described_at is None:
        return True
    return before is not None and before <= described_at


def _write_descriptions(
    connection: Connection, sites: Collection[Site], hosts: Mapping[str, Iterable[str]], described_at: datetime | None
) -> None:
    """Insert or update sites, and their hosts by the sites' names."""
    if not sites:
        return
    ordered = sorted(sites, key=lambda site: site.name)
    source = {"configured": True, "configured_at": described_at}
    rows = [{"name": site.name, "url": site.url, "needs_relearning": False, **source} for site in ordered]
    insert_rows(connection, SiteRow, rows, conflict_columns=["name"])
    connection.execute(
        update(SiteRow).where(SiteRow.name == bindparam("of")).values(url=bindparam("at"), **source),
        [{"of": site.name, "at": site.url} for site in ordered],
    )
    query = select(SiteRow.name, SiteRow.id).where(SiteRow.name.in_(IDS))
    ids = {row.name: row.id for row in fetch_by_ids(connection, query, hosts)}
    change_by_ids(connection, delete(SiteHostRow).where(SiteHostRow.site_id.in_(IDS)), ids.values())
    host_rows = [{"site_id": ids[site.name], "host": host} for site in ordered for host in sorted(hosts[site.name])]
    insert_rows(connection, SiteHostRow, host_rows)


def rename_sites(connection: Connection, lookups: LookupTables, names: Mapping[str, str]) -> list[str]:
    """Rename sites, given by former and present name; return the former names of those that the index had.

    Articles, captures and boilerplate keep their site's row; URLs that are due, URL patterns and the requesting site of
    captures get the new name. Alarms and learnt rates belong to URLs, and need no change.
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
        for column in (UrlPatternRow.site, FrontierRow.site, CaptureRow.requesting_site):
            connection.execute(update(column.class_).where(column == former).values({column.key: present}))
        if new is not None:
            _merge(connection, lookups, old, new)
        renamed.append(former)
    if renamed:
        lookups.clear_cache()
        lookups.sites = load_registry(connection)
    return renamed


def _merge(connection: Connection, lookups: LookupTables, old: KnownSite, new: KnownSite) -> None:
    """Hand everything over to a site that the index has too, such as one that a crawl found nothing to do for."""
    twice = select(CrawlSiteRow.crawl_id).where(CrawlSiteRow.site_id == new.id)
    connection.execute(delete(CrawlSiteRow).where(CrawlSiteRow.site_id == old.id, CrawlSiteRow.crawl_id.in_(twice)))
    connection.execute(update(CrawlSiteRow).where(CrawlSiteRow.site_id == old.id).values(site_id=new.id))
    connection.execute(delete(SiteHostRow).where(SiteHostRow.site_id == old.id))
    connection.execute(update(SiteRow).where(SiteRow.id == old.id).values(configured=False))
    lookups.clear_cache()
    lookups.sites = load_registry(connection)
    hosts = {*old.hosts, *new.hosts}
    move_captures(connection, lookups, hosts, {new.name})
    reassign_urls(connection, load_registry(connection), hosts)
    delete_empty_sites(connection)
