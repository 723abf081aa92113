"""Assign captures and URLs to sites, and create sites for imported pages of other hosts."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select, update

from storage.index.conditions.visibility import load_site_ids
from storage.index.engine.statements import insert_rows, update_rows
from storage.index.rows.entry import CommitEntry
from storage.index.rows.interning import LookupTables
from storage.index.rows.site_registry import KnownSite, SiteRegistry, load_registry, lock_registry, site_name_from_host
from storage.index.schema.tables import SiteHostRow, SiteRow, UrlRow
from storage.urls import surt_host, url_host


def assign_sites(connection: Connection, lookups: LookupTables, entries: Sequence[CommitEntry]) -> None:
    """Set the site of each entry; hosts that belong to no site get one of their own."""
    lock_registry(connection)
    lookups.sites = load_registry(connection, lookups.sites)
    requests = [(entry.capture.url, entry.discovery.site) for entry in entries]
    for entry, site in zip(entries, find_sites(connection, lookups, requests), strict=True):
        entry.site_id = site.id


def find_sites(connection: Connection, lookups: LookupTables, requests: Sequence[tuple[str, str]]) -> list[KnownSite]:
    """Return the sites of captures by URL and requesting site."""
    registry = lookups.sites
    unknown: dict[str, str] = {}
    for url, requesting_site in requests:
        if registry.find_configured(url, requesting_site) is None:
            name, origin = site_name_from_host(url), f"{url.partition('://')[0].lower()}://{url_host(url)}/"
            unknown[name] = min(origin, unknown.get(name, origin))
    if _add_unknown_sites(connection, registry, unknown):
        lookups.sites = registry = load_registry(connection)
        reassign_urls(connection, registry, unknown)
    return [
        registry.find_configured(url, requesting_site) or registry.by_name[site_name_from_host(url)]
        for url, requesting_site in requests
    ]


def _add_unknown_sites(connection: Connection, registry: SiteRegistry, unknown: Mapping[str, str]) -> bool:
    """Insert sites that are known by host alone. Return whether some are new."""
    new = sorted(set(unknown) - set(registry.by_name))
    for name in sorted(set(unknown) & set(registry.by_name)):
        site = registry.by_name[name]
        if not site.configured and unknown[name] < site.url:
            connection.execute(update(SiteRow).where(SiteRow.id == site.id).values(url=unknown[name]))
    if not new:
        return False
    lock_registry(connection, exclusive=True)
    rows = [{"name": name, "url": unknown[name], "configured": False, "needs_relearning": False} for name in new]
    insert_rows(connection, SiteRow, rows, conflict_columns=["name"])
    hosts = [{"site_id": site_id, "host": name} for name, site_id in load_site_ids(connection, new).items()]
    insert_rows(connection, SiteHostRow, hosts, conflict_columns=["site_id", "host"])
    return True


def reassign_urls(connection: Connection, registry: SiteRegistry, hosts: Iterable[str]) -> None:
    """Set the site of URLs of these hosts, and of hosts below them, to the one they belong to now."""
    for host in sorted(hosts):
        here = select(UrlRow.id, UrlRow.url, UrlRow.site_id).where(is_on_host(host)).order_by(UrlRow.id)
        found = ((row, registry.find_id(row.url)) for row in connection.execute(here).all())
        changes = ({"of": row.id, "site_id": site_id} for row, site_id in found if site_id != row.site_id)
        update_rows(connection, update(UrlRow).where(UrlRow.id == bindparam("of")), changes)


def is_on_host(host: str) -> ColumnElement[bool]:
    """Return the condition for URLs of a host, with or without "www.", and of hosts below it."""
    key = surt_host(host)
    # ")" follows the host, "," a host below it; "*" and "-" come next after them.
    here = and_(UrlRow.urlkey >= f"{key})", UrlRow.urlkey < f"{key}*")
    below = and_(UrlRow.urlkey >= f"{key},", UrlRow.urlkey < f"{key}-")
    return or_(here, below)
