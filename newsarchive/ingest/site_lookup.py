"""Which site a capture belongs to, and as which site it was asked for."""

import threading
from collections.abc import Callable

from storage.index import Index
from storage.index.rows.site_book import name_by_host
from storage.model import Capture, CrawlRun, Discovery, Site, UrlKind
from storage.warc.reader import Kept


def discovery_of(kept: Kept, site_for: Callable[[str], Site | None]) -> Discovery:
    """Return how a capture came to be: what its file says, or as much as its URL tells."""
    if kept.discovery is not None:
        return kept.discovery
    url = kept.capture.url
    kind = UrlKind.ROBOTS if url.endswith("/robots.txt") and url.count("/") == 3 else UrlKind.ARTICLE
    site = site_for(url)
    return Discovery(site=site.name if site else name_by_host(url), kind=kind)


class Sites:
    """Which site a capture belongs to; a host that no site claims goes by its own name.

    The index makes rows for such hosts. They are never registered here: what is registered owns what lies below it, and
    an import would then be filed by the order of its files.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._by_name: dict[str, Site] = {}
        self._by_run: dict[tuple[str | None, str], Site] = {}
        self._lock = threading.Lock()

    def discovery(self, kept: Kept) -> Discovery:
        """How a capture came to be: what its file says, or as much as its URL tells."""
        return discovery_of(kept, self._index.site_for)

    def of_run(self, run: CrawlRun) -> None:
        """Note a run's sites as it had them."""
        self._by_run.update({(run.id, site.name): site for site in run.sites})

    def asking(self, name: str, capture: Capture) -> Site:
        """The site for which a capture was made: as its run had it, else as the index has it, else its host alone."""
        with self._lock:
            site = self._by_run.get((capture.crawl, name)) or self._by_name.get(name)
            if site is None:
                self._by_name.update({site.name: site for site in self._index.sites()})
                host = name_by_host(capture.url)
                site = self._by_name.setdefault(name, Site(name=name, url=f"http://{host}/", hosts=(host,)))
            return site
