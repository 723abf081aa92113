"""Find the site of a capture: the one that it belongs to, and the one that requested it."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from storage.index import Index
from storage.index.rows.site_registry import site_name_from_host
from storage.model import Capture, CrawlRun, Discovery, Site, UrlKind
from storage.warc.reader import CaptureRecord


def get_discovery(
    record: CaptureRecord, site_for: Callable[[str], Site | None], former_names: Mapping[str, str]
) -> Discovery:
    """Return the discovery of a capture from its file, or one derived from its URL, with its site's present name."""
    discovery = record.discovery
    if discovery is None:
        url, site = record.capture.url, site_for(record.capture.url)
        kind = UrlKind.ROBOTS if url.endswith("/robots.txt") and url.count("/") == 3 else UrlKind.ARTICLE
        discovery = Discovery(site=site.name if site else site_name_from_host(url), kind=kind)
    present = former_names.get(discovery.site)
    return discovery if present is None else replace(discovery, site=present)


class SiteLookup:
    """Finds sites of captures. A host that belongs to no site counts as a site of the host's name.

    The index has rows for such hosts. They are not registered here: a registered site owns its subdomains, and the
    result of an import would then depend on the order of its files.
    """

    def __init__(self, index: Index, former_names: Mapping[str, str] = MappingProxyType({})) -> None:
        """Build the lookup; `former_names`: present names of sites by their former ones."""
        self._index, self._former_names = index, former_names
        self._by_name: dict[str, Site] = {}
        self._by_run: dict[tuple[str | None, str], Site] = {}
        self._lock = threading.Lock()

    def get_discovery(self, record: CaptureRecord) -> Discovery:
        """Return the discovery of a capture from its file, or one derived from its URL."""
        return get_discovery(record, self._index.find_site, self._former_names)

    def register_run(self, run: CrawlRun) -> CrawlRun:
        """Remember a run's sites with their configuration at that time; return the run with their present names."""
        sites = {(name := self._former_names.get(site.name, site.name)): replace(site, name=name) for site in run.sites}
        self._by_run.update({(run.id, name): site for name, site in sites.items()})
        return replace(run, sites=tuple(sites.values()))

    def requesting_site(self, name: str, capture: Capture) -> Site:
        """Return the site for which a capture was made: from its run, from the index, or one of its host alone."""
        with self._lock:
            site = self._by_run.get((capture.crawl, name)) or self._by_name.get(name)
            if site is None:
                self._by_name.update({site.name: site for site in self._index.sites()})
                host = site_name_from_host(capture.url)
                site = self._by_name.setdefault(name, Site(name=name, url=f"http://{host}/", hosts=(host,)))
            return site
