"""Which site a URL belongs to."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from storage.index.schema.tables import SiteHostRow, SiteRow
from storage.model import Site
from storage.surt import host_of, without_www


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSite:
    """A site as the index has it."""

    id: int
    name: str
    url: str
    hosts: tuple[str, ...]
    """All of them, the front page's first."""
    configured: bool

    def as_model(self) -> Site:
        """As the archive's noun."""
        return Site(name=self.name, url=self.url, hosts=tuple(host for host in self.hosts if host != host_of(self.url)))


class SiteBook:
    """All sites, found by host. A configured site has its hosts, with or without "www.", and what lies below them:
    news.example has sport.news.example, www.news.example does not; the longest host that matches decides.
    A site that only imports made known has its own host alone.
    """

    def __init__(self, sites: Iterable[KnownSite], *, made_of: object = None) -> None:
        self.made_of = made_of
        """The rows that it was made of; None where it was made of none."""
        self.sites = tuple(sorted(sites, key=lambda site: (not site.configured, site.name)))
        self.by_name = {site.name: site for site in self.sites}
        self._exact: dict[str, KnownSite] = {}
        self._parents: dict[str, KnownSite] = {}
        for site in self.sites:
            for host in site.hosts if site.configured else ():
                self._exact.setdefault(host, site)
                self._parents.setdefault(host, site)
        for site in self.sites:  # the configured ones come first
            for host in site.hosts:
                self._exact.setdefault(without_www(host), site)
        self._of_host: dict[str, KnownSite | None] = {}

    def find(self, url: str) -> KnownSite | None:
        """The site that a URL's host belongs to."""
        host = host_of(url)
        if host not in self._of_host:
            if len(self._of_host) > 50_000:
                self._of_host.clear()
            self._of_host[host] = self._match(host)
        return self._of_host[host]

    def model_for(self, url: str) -> Site | None:
        """The configured site that a URL belongs to, as the archive's noun."""
        site = self.find(url)
        return site.as_model() if site and site.configured else None

    def site_of(self, url: str) -> int | None:
        """Id of that site."""
        site = self.find(url)
        return site.id if site else None

    def configured_for(self, url: str, asked_for: str) -> KnownSite | None:
        """The configured site of a capture: by its host, else the one it was fetched for."""
        site = self.find(url)
        if site is not None and site.configured:
            return site
        named = self.by_name.get(asked_for)
        return named if named is not None and named.configured else None

    def _match(self, host: str) -> KnownSite | None:
        found = self._exact.get(host) or self._exact.get(without_www(host))
        below = host
        while found is None and "." in below:
            below = below.partition(".")[2]
            found = self._parents.get(below)
        return found


def name_by_host(url: str) -> str:
    """Name of the site that an import makes of a URL whose host is no known site's.

    >>> name_by_host("https://www.news.example/a")
    'news.example'
    """
    return without_www(host_of(url)) or "unknown"


_HOSTS = select(SiteHostRow.site_id, SiteHostRow.host).order_by(SiteHostRow.host)
_SITES = select(SiteRow.id, SiteRow.name, SiteRow.url, SiteRow.configured)


def keep_book(connection: Connection, *, to_change: bool = False) -> None:
    """Have the sites stay as they are until the transaction ends, or have nobody file anything while they change.

    Else what one machine files by the sites it knows would escape another one that makes a site known meanwhile. SQLite
    has one writer.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_TO_CHANGE if to_change else _TO_KEEP)


_TO_KEEP = select(func.pg_advisory_xact_lock_shared(6872, 1))
_TO_CHANGE = select(func.pg_advisory_xact_lock(6872, 1))


def load_book(connection: Connection, known: SiteBook | None = None) -> SiteBook:
    """All sites, as the database has them now: `known`, where that is still so."""
    found = connection.execute(_HOSTS).all(), connection.execute(_SITES).all()
    if known is not None and known.made_of == found:
        return known
    hosts: dict[int, list[str]] = {}
    for site_id, host in found[0]:
        hosts.setdefault(site_id, []).append(host)
    sites = (
        KnownSite(id=row.id, name=row.name, url=row.url, hosts=tuple(hosts.get(row.id, ())), configured=row.configured)
        for row in found[1]
    )
    return SiteBook(sites, made_of=found)
