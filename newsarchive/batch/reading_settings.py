"""The settings that a page's reading depends on: processes with equal settings read a record equally."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from newsarchive.batch.serialization import FORMAT
from newsarchive.config.schema import Config, SiteConfig
from newsarchive.ingest.site_layouts import SiteLayouts
from newsarchive.ingest.site_lookup import get_discovery
from newsarchive.version import EXTRACTOR, VERSION
from storage.index.rows.site_registry import KnownSite, SiteRegistry
from storage.model import Discovery, Site
from storage.urls import url_host
from storage.warc.reader import CaptureRecord


@dataclass(frozen=True, kw_only=True)
class ReadingSettings:
    """Settings for reading pages, sent to the processes that read."""

    timeout: float = 30.0
    """Seconds that one page may take."""
    max_size: int = 10_000_000
    """Decoded bytes up to which a page is read."""
    sites: tuple[Site, ...] = ()
    """Registered sites: they give the site of captures whose file does not."""
    layout_sites: tuple[SiteConfig, ...] = ()
    """All sites with their hosts and layouts; empty if no site has layouts."""
    version: str = VERSION
    extractor: str = EXTRACTOR

    @property
    def cache_key(self) -> str:
        """A digest of the settings and of the version of the files that hold readings."""
        values = (self.timeout, self.max_size, self.sites, self.layout_sites, self.version, self.extractor, FORMAT)
        return hashlib.sha256(repr(values).encode()).hexdigest()[:16]

    @cached_property
    def layouts(self) -> SiteLayouts:
        """The layouts by site."""
        return SiteLayouts(self.layout_sites)

    @cached_property
    def _registry(self) -> SiteRegistry:
        return SiteRegistry(
            KnownSite(
                id=number, name=site.name, url=site.url, hosts=(url_host(site.url), *site.hosts), configured=True
            )
            for number, site in enumerate(self.sites)
        )  # fmt: skip

    def get_discovery(self, record: CaptureRecord) -> Discovery:
        """Return the discovery of a capture from its file, or one derived from its URL."""
        return get_discovery(record, self._registry.find_site)


def build_reading_settings(config: Config, sites: Iterable[Site]) -> ReadingSettings:
    """Return the reading settings of an archive with these registered sites."""
    return ReadingSettings(
        timeout=config.read_timeout.total_seconds(),
        max_size=config.read_limit,
        sites=tuple(sites),
        layout_sites=_list_layout_sites(config.sites),
    )


def _list_layout_sites(sites: Sequence[SiteConfig]) -> tuple[SiteConfig, ...]:
    if all(site.layouts is None for site in sites):
        return ()
    return tuple(SiteConfig(name=site.name, url=site.url, hosts=site.hosts, layouts=site.layouts) for site in sites)
