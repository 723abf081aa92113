"""Filing captures under sites, and sites that imports make known."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select, update

from storage.index.engine.database import insert_rows
from storage.index.rows.entry import Entry
from storage.index.rows.interning import Names
from storage.index.rows.site_book import KnownSite, SiteBook, keep_book, load_book, name_by_host
from storage.index.schema.tables import SiteHostRow, SiteRow, UrlRow
from storage.surt import host_key, host_of


def file_under_sites(connection: Connection, names: Names, entries: Sequence[Entry]) -> None:
    """Give each entry its site; hosts that belong to none get one of their own."""
    keep_book(connection)
    names.book = load_book(connection, names.book)
    places = [(entry.capture.url, entry.discovery.site) for entry in entries]
    for entry, site in zip(entries, sites_of(connection, names, places), strict=True):
        entry.site_id = site.id


def sites_of(connection: Connection, names: Names, places: Sequence[tuple[str, str]]) -> list[KnownSite]:
    """Sites of captures, told by URL and by the site that each was fetched for."""
    book = names.book
    strangers: dict[str, str] = {}
    for url, asked_for in places:
        if book.configured_for(url, asked_for) is None:
            name, origin = name_by_host(url), _origin(url)
            strangers[name] = min(origin, strangers.get(name, origin))
    if _add_strangers(connection, book, strangers):
        names.book = book = load_book(connection)
        refile_urls(connection, book, strangers)
    return [book.configured_for(url, asked_for) or book.by_name[name_by_host(url)] for url, asked_for in places]


def _add_strangers(connection: Connection, book: SiteBook, strangers: Mapping[str, str]) -> bool:
    """Make rows for sites that are known by host alone; True where some are new."""
    new = sorted(set(strangers) - set(book.by_name))
    for name in sorted(set(strangers) & set(book.by_name)):
        site = book.by_name[name]
        if not site.configured and strangers[name] < site.url:
            connection.execute(update(SiteRow).where(SiteRow.id == site.id).values(url=strangers[name]))
    if not new:
        return False
    keep_book(connection, to_change=True)
    rows = [{"name": name, "url": strangers[name], "configured": False, "relearn": False} for name in new]
    insert_rows(connection, SiteRow, rows, once_by=["name"])
    ids = connection.execute(select(SiteRow.name, SiteRow.id).where(SiteRow.name.in_(new)))
    hosts = [{"site_id": site_id, "host": name} for name, site_id in ids]
    insert_rows(connection, SiteHostRow, hosts, once_by=["site_id", "host"])
    return True


def refile_urls(connection: Connection, book: SiteBook, hosts: Iterable[str]) -> None:
    """Let URLs of these hosts, and of hosts below them, point to the site that they belong to now."""
    for host in sorted(hosts):
        here = select(UrlRow.id, UrlRow.url, UrlRow.site_id).where(of_host(host)).order_by(UrlRow.id)
        rows = connection.execute(here).all()
        changes = [
            {"of": row.id, "site_id": site_id} for row in rows if (site_id := book.site_of(row.url)) != row.site_id
        ]
        if changes:
            connection.execute(update(UrlRow).where(UrlRow.id == bindparam("of")), changes)


def of_host(host: str) -> ColumnElement[bool]:
    """URLs of a host, with or without "www.", and of hosts below it."""
    key = host_key(host)
    # ")" follows the host, "," a host below it; "*" and "-" come next after them.
    here = and_(UrlRow.urlkey >= f"{key})", UrlRow.urlkey < f"{key}*")
    below = and_(UrlRow.urlkey >= f"{key},", UrlRow.urlkey < f"{key}-")
    return or_(here, below)


def _origin(url: str) -> str:
    scheme = url.partition("://")[0].lower()
    return f"{scheme}://{host_of(url)}/"
