"""What a page's reading depends on besides its record: who reads by equal terms reads equally, wherever that is."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from newsarchive.config.schema import Config, SiteConfig
from newsarchive.ingest.site_layouts import SiteLayouts
from newsarchive.ingest.site_lookup import discovery_of
from newsarchive.version import EXTRACTOR, VERSION
from storage.index.rows.site_book import KnownSite, SiteBook
from storage.model import Discovery, Site
from storage.surt import host_of
from storage.warc.reader import Kept


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How pages are read. Travels to the processes that do it."""

    timeout: float = 30.0
    """Seconds that one page may take."""
    limit: int = 10_000_000
    """Bytes, codings undone, up to which a page is read."""
    sites: tuple[Site, ...] = ()
    """Registered sites: they say for which site a capture was made whose file does not tell."""
    laid_out: tuple[SiteConfig, ...] = ()
    """Sites with what decides by which layouts their pages are read; none where no site has any."""
    version: str = VERSION
    extractor: str = EXTRACTOR

    @property
    def key(self) -> str:
        """Differs where any of it differs."""
        said = (self.timeout, self.limit, self.sites, self.laid_out, self.version, self.extractor)
        return hashlib.sha256(repr(said).encode()).hexdigest()[:16]

    @cached_property
    def layouts(self) -> SiteLayouts:
        """By site."""
        return SiteLayouts(self.laid_out)

    @cached_property
    def _book(self) -> SiteBook:
        return SiteBook(
            KnownSite(
                id=number, name=site.name, url=site.url, hosts=(host_of(site.url), *site.hosts), configured=True
            )
            for number, site in enumerate(self.sites)
        )  # fmt: skip

    def discovery(self, kept: Kept) -> Discovery:
        """How a capture came to be."""
        return discovery_of(kept, self._book.model_for)


def terms_of(config: Config, sites: Iterable[Site]) -> Terms:
    """Return by what terms an archive's pages are read, its registered sites given."""
    return Terms(
        timeout=config.read_timeout.total_seconds(),
        limit=config.read_limit,
        sites=tuple(sites),
        laid_out=_laid_out(config.sites),
    )


def _laid_out(sites: Sequence[SiteConfig]) -> tuple[SiteConfig, ...]:
    if all(site.layouts is None for site in sites):
        return ()
    return tuple(SiteConfig(name=site.name, url=site.url, hosts=site.hosts, layouts=site.layouts) for site in sites)
