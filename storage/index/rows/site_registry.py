"""The registry of sites: the site that a URL belongs to, by its host."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection, select

from storage.grouping import group_pairs
from storage.index.engine.dialect import lock_until_commit
from storage.index.schema.tables import SiteHostRow, SiteRow
from storage.model import Site
from storage.urls import strip_www, url_host


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSite:
    """A site in the index."""

    id: int
    name: str
    url: str
    hosts: tuple[str, ...]
    """All of them, the front page's first."""
    configured: bool

    def to_site(self) -> Site:
        """Return it as a Site of the model."""
        return Site(name=self.name, url=self.url, hosts=tuple(one for one in self.hosts if one != url_host(self.url)))


class SiteRegistry:
    """All sites, found by host.

    A configured site has its hosts, with or without "www.", and the hosts below them: news.example has
    sport.news.example, www.news.example does not; the longest host that matches decides. A site that is known from
    imported pages only has its own host alone.
    """

    def __init__(self, sites: Iterable[KnownSite], *, made_of: object = None) -> None:
        self.source_rows = made_of
        """Rows that it was built from, or None."""
        self.sites = tuple(sorted(sites, key=lambda site: (not site.configured, site.name)))
        self.by_name = {site.name: site for site in self.sites}
        self._exact: dict[str, KnownSite] = {}
        for site in self.sites:
            for host in site.hosts if site.configured else ():
                self._exact.setdefault(host, site)
        self._parents = dict(self._exact)
        for site in self.sites:  # the configured ones come first
            for host in site.hosts:
                self._exact.setdefault(strip_www(host), site)
        self._find_by_host = lru_cache(maxsize=50_000)(self._match_host)

    def find(self, url: str) -> KnownSite | None:
        """Return the site that a URL's host belongs to."""
        return self._find_by_host(url_host(url))

    def _match_host(self, host: str) -> KnownSite | None:
        found = self._exact.get(host) or self._exact.get(strip_www(host))
        while found is None and "." in host:
            host = host.partition(".")[2]
            found = self._parents.get(host)
        return found

    def find_site(self, url: str) -> Site | None:
        """Return the configured site that a URL belongs to."""
        site = self.find(url)
        return site.to_site() if site and site.configured else None

    def find_id(self, url: str) -> int | None:
        """Return the id of the site that a URL belongs to."""
        site = self.find(url)
        return site.id if site else None

    def find_configured(self, url: str, requesting_site: str) -> KnownSite | None:
        """Return the configured site of a capture: by its host, else the requesting site."""
        site = self.find(url)
        if site is not None and site.configured:
            return site
        named = self.by_name.get(requesting_site)
        return named if named is not None and named.configured else None


def site_name_from_host(url: str) -> str:
    """Return the name of the site that an import creates for a URL whose host belongs to no known site.

    >>> site_name_from_host("https://www.news.example/a")
    'news.example'
    """
    return strip_www(url_host(url)) or "unknown"


_LOCK = (6872, 1)
_HOSTS = select(SiteHostRow.site_id, SiteHostRow.host).order_by(SiteHostRow.host)
_SITES = select(SiteRow.id, SiteRow.name, SiteRow.url, SiteRow.configured)


def lock_registry(connection: Connection, *, exclusive: bool = False) -> None:
    """Lock the registry until the transaction ends: shared to assign captures to sites, exclusive to change sites.

    Without it, captures that one machine assigns by the sites it knows would be missed by another one that registers a
    site at the same time.
    """
    lock_until_commit(connection, _LOCK, exclusive=exclusive)


def load_registry(connection: Connection, known: SiteRegistry | None = None) -> SiteRegistry:
    """Return all sites, as the database has them now: `known` if that is still up to date."""
    found = connection.execute(_HOSTS).all(), connection.execute(_SITES).all()
    if known is not None and known.source_rows == found:
        return known
    hosts = group_pairs((row.site_id, row.host) for row in found[0])
    sites = (
        KnownSite(id=row.id, name=row.name, url=row.url, hosts=tuple(hosts.get(row.id, ())), configured=row.configured)
        for row in found[1]
    )
    return SiteRegistry(sites, made_of=found)
