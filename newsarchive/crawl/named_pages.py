"""Queue of a crawl that fetches only named pages, what they redirect to, and their requisites.

Links of the pages wait for the next crawl of their site. A redirect to another site's host is named in another run.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from newsarchive.config.schema import SiteConfig
from newsarchive.crawl.refill import IndexQueue
from newsarchive.ingest.discovery import SOURCE, is_on_site_host
from storage.index import Index
from storage.index.frontier import url_queue
from storage.index.frontier.url_queue import DueQuery
from storage.model import Capture, DiscoveredUrl, Discovery, DueUrl, Reading, UrlKind


class NamedPages(IndexQueue):
    """Selects the named URLs, whether they are due or not, and those of their redirects and requisites."""

    def __init__(self, index: Index, urls: Iterable[str], find_site: Callable[[str], SiteConfig]) -> None:
        self.urls = tuple(urls)
        """As they were named, in their order."""
        self.captures: dict[str, Capture] = {}
        """The newest capture of each page."""
        self.postponed: dict[str, str] = {}
        """Why URLs were not fetched."""
        super().__init__(index)
        self._find_site = find_site
        self._next_run = list(self.urls)
        self._sites: dict[str, SiteConfig] = {}
        """Sites of the named URLs and of the targets of their redirects."""
        self._waiting: set[str] = set()

    def begin_run(self) -> tuple[SiteConfig, ...]:
        """Begin a run with the URLs that have not been named in one; return their sites."""
        named = {url: self._find_site(url) for url in self._next_run if url not in self._sites}
        self._sites |= named
        self._waiting, self._next_run = set(named), []
        return tuple({site.name: replace(site, requisites=True) for site in named.values()}.values())

    def follow(self, url: str) -> str:
        """Return where the redirects of a URL ended."""
        passed = {url}
        while (capture := self.captures.get(url)) and capture.redirect_url and capture.redirect_url not in passed:
            passed.add(url := capture.redirect_url)
        return url

    def list_seeds(self, now: datetime) -> list[DiscoveredUrl]:
        """Return the named URLs for the frontier, which may have them already."""
        seeds = [(url, Discovery(site=self._sites[url].name, kind=UrlKind.ARTICLE)) for url in sorted(self._waiting)]
        return [DiscoveredUrl(url=url, discovery=found, due_at=now, priority=SOURCE) for url, found in seeds]

    def select_due(self, query: DueQuery) -> list[DueUrl]:
        """Return the URLs that may be fetched now."""
        found = self._index.read(url_queue.find_urls, sorted(self._waiting))
        chosen = [
            replace(due, due_at=query.now, discovery=replace(due.discovery, site=site.name)) if site else due
            for due in found
            if due.url_id not in query.exclude
            and ((site := self._sites.get(due.url)) or (due.due_at <= query.now and due.discovery.site in query.sites))
        ]
        # A requisite may have been found after `now`: it waits for the next query.
        self._waiting.difference_update(due.url for due in chosen)
        return chosen

    def record_capture(self, due: DueUrl, capture: Capture) -> None:
        """Record the capture of a URL; what a page redirects to is fetched next, once."""
        site, target = self._sites.get(due.url), capture.redirect_url
        if site is None:
            return
        self.captures[due.url] = capture
        if target is not None and target not in self._sites:
            if is_on_site_host(site.to_site(), target):
                self._sites[target] = site
                self._waiting.add(target)
            else:
                self._next_run.append(target)

    def record_reading(self, reading: Reading) -> None:
        """Record what was read of a URL, whose links are in the frontier now."""
        image = reading.article.image if reading.article is not None else None
        self._waiting.update(reading.requisites, [image.url] if image is not None else [])
