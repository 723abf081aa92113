"""Save single pages into the archive, now: a crawl of the named URLs alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from newsarchive.archive import Archive
from newsarchive.config.schema import SiteConfig
from newsarchive.crawl.download.ssrf import url_refusal_reason
from newsarchive.crawl.named_pages import NamedPages
from newsarchive.crawl.run import CrawlReport, OnProgress, crawl
from newsarchive.ingest.discovery import MAX_REDIRECTS
from newsarchive.ingest.site_layouts import SiteLayouts
from storage.errors import ConfigError
from storage.index.queries.aggregates import FAILED_OUTCOMES
from storage.index.queries.articles import find_article_id, get_capture_of_record
from storage.index.rows.site_registry import site_name_from_host
from storage.model import Outcome
from storage.urls import url_host

NO_PAGE = FAILED_OUTCOMES | {Outcome.GONE, Outcome.REDIRECT}
"""Outcomes of responses that are kept, and are not the page that was to be saved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPage:
    """Result for one URL."""

    url: str
    final_url: str
    """Where its redirects end."""
    reason: str
    """Why the response is classified so, or why there is none."""
    outcome: Outcome | None = None
    """None if nothing was received."""
    article: int | None = None
    headline: str | None = None
    kind: str | None = None
    """Of the record: response, or revisit if nothing has changed."""
    warc: str | None = None
    """File of the record."""
    offset: int | None = None

    @property
    def is_saved(self) -> bool:
        """True if the archive has a new capture of the page, and not of an error in its place."""
        return self.outcome is not None and self.outcome not in NO_PAGE


def save(
    archive: Archive, urls: Sequence[str], *, progress: OnProgress | None = None, sole_process: bool = False
) -> tuple[list[SavedPage], list[CrawlReport]]:
    """Fetch pages with their requisites, whether they are due or not; return the results and the reports of the runs.

    A page is kept under the site of its host; if no site has the host, under one of the host's name without sources.
    A redirect to another site's host makes another run. Raises ConfigError for what is no URL, and like `crawl`.
    """
    cleaned = [clean_url(url) for url in urls]
    pages = NamedPages(archive.index, dict.fromkeys(cleaned), partial(find_site, archive))
    runs: list[CrawlReport] = []
    while len(runs) < MAX_REDIRECTS and not (runs and runs[-1].is_interrupted) and (sites := pages.begin_run()):
        runs.append(crawl(archive, sites, pages=pages, progress=progress, sole_process=sole_process))
    archive.index.update_search()
    return [_describe_result(archive, pages, url) for url in cleaned], runs


def clean_url(url: str) -> str:
    """Return a URL without its fragment; ConfigError if it is none.

    >>> clean_url("https://news.example#b")
    'https://news.example/'
    """
    url = url.strip().partition("#")[0]
    if refusal := url_refusal_reason(url):
        raise ConfigError(
            f"{url!r} is not fetched ({refusal}); nothing was done. Write a URL like https://news.example/a"
        )
    return url if urlsplit(url).path else f"{url}/"


def find_site(archive: Archive, url: str) -> SiteConfig:
    """Return the configured site of a URL's host, else the one that the index has, else one of the host alone."""
    known = archive.index.find_site(url)
    name = known.name if known is not None else site_name_from_host(url)
    by_name = {site.name: site for site in archive.config.sites}
    front_page = known.url if known is not None else f"{urlsplit(url).scheme}://{url_host(url)}/"
    alone = SiteConfig(name=name, url=front_page, hosts=known.hosts if known is not None else ())
    return SiteLayouts(archive.config.sites).find_site(url) or by_name.get(name, alone)


def _describe_result(archive: Archive, pages: NamedPages, url: str) -> SavedPage:
    final, passed = url, {url}
    while (capture := pages.captures.get(final)) and capture.redirect_url and capture.redirect_url not in passed:
        passed.add(final := capture.redirect_url)
    view = archive.index.ask(get_capture_of_record, capture.record_id) if capture is not None else None
    if capture is None or view is None:
        reason = pages.postponed.get(final, "the run ended before it")
        return SavedPage(url=url, final_url=final, reason=reason)
    is_article = view.outcome in (Outcome.ARTICLE, Outcome.NOT_MODIFIED)
    article_id = (view.article_id or archive.index.ask(find_article_id, final)) if is_article else None
    article = archive.article(article_id) if article_id is not None else None
    return SavedPage(
        url=url, final_url=final, reason=view.reason, outcome=view.outcome,
        article=article_id, headline=article.current.headline if article is not None else None,
        kind=view.kind, warc=view.place.warc, offset=view.place.offset,
    )  # fmt: skip
