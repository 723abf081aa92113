"""Save single pages into the archive, now: a crawl of the named URLs alone."""

from collections.abc import Iterable
from functools import partial
from urllib.parse import urlsplit

from newsarchive.archive import Archive
from newsarchive.config.schema import SiteConfig
from newsarchive.crawl.named_pages import NamedPages
from newsarchive.crawl.run import CrawlReport, OnProgress, crawl
from newsarchive.ingest.discovery import MAX_REDIRECTS
from newsarchive.ingest.site_layouts import SiteLayouts
from newsarchive.urls.ssrf import url_refusal_reason
from storage.errors import ConfigError
from storage.index.rows.site_registry import site_name_from_host
from storage.urls import url_host


def save(
    archive: Archive, urls: Iterable[str], *, progress: OnProgress | None = None, sole_process: bool = False
) -> tuple[NamedPages, list[CrawlReport]]:
    """Fetch pages with their requisites, whether they are due or not; return their captures and the runs' reports.

    A page of a host that no site has is kept under a site of the host's name. Raises ConfigError for what is no URL.
    """
    pages = NamedPages(archive.index, map(clean_url, urls), partial(find_site, archive))
    runs: list[CrawlReport] = []
    while len(runs) < MAX_REDIRECTS and not (runs and runs[-1].is_interrupted) and (sites := pages.begin_run()):
        runs.append(crawl(archive, sites, pages=pages, progress=progress, sole_process=sole_process))
    archive.index.update_search()
    return pages, runs


def clean_url(url: str) -> str:
    """Return a URL without its fragment; ConfigError if it is none."""
    if refusal := url_refusal_reason(url):
        raise ConfigError.create("no-url", url=url, refusal=refusal)
    parts = urlsplit(url.strip())
    return parts._replace(path=parts.path or "/", fragment="").geturl()


def find_site(archive: Archive, url: str) -> SiteConfig:
    """Return the configured site of a URL's host, else the one that the index has, else one of the host alone."""
    if (configured := SiteLayouts(archive.config.sites).find_site(url)) is not None:
        return configured
    alone = SiteConfig(name=site_name_from_host(url), url=f"{urlsplit(url).scheme}://{url_host(url)}/")
    known = archive.index.find_site(url) or alone
    found = SiteConfig(name=known.name, url=known.url, hosts=known.hosts)
    return next((site for site in archive.config.sites if site.name == found.name), found)
