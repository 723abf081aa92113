"""Crawl news sites, archive their pages, and read the articles again.

The public API is what `__all__` names; it is stable (newsarchive help python). The rest changes without notice.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from newsarchive.batch.read_warc import read_warc
    from newsarchive.crawl.site_spider import SiteSpider
    from newsarchive.jobs.crawl_process import CrawlResult, SaveResult
    from newsarchive.library.public import Archive, extract_page
    from storage.article_fields import ArchivedArticle
    from storage.errors import ArchiveError
    from storage.index.queries.links import Placement
    from storage.index.views.articles import CaptureView, SearchHit
    from storage.index.views.history import ChangeView, ListingCapture
    from storage.model import Article, Capture, Outcome, Reading
    from storage.warc.spider_output import ArticleItem

__all__ = [
    "Archive", "ArchiveError", "ArchivedArticle", "Article", "ArticleItem", "Capture", "CaptureView", "ChangeView",
    "CrawlResult", "ListingCapture", "Outcome", "Placement", "Reading", "SaveResult", "SearchHit", "SiteSpider",
    "extract_page", "read_warc",
]  # fmt: skip

_HOMES = {
    "newsarchive.batch.read_warc": ("read_warc",),
    "newsarchive.crawl.site_spider": ("SiteSpider",),
    "newsarchive.jobs.crawl_process": ("CrawlResult", "SaveResult"),
    "newsarchive.library.public": ("Archive", "extract_page"),
    "storage.article_fields": ("ArchivedArticle",),
    "storage.errors": ("ArchiveError",),
    "storage.index.queries.links": ("Placement",),
    "storage.index.views.articles": ("CaptureView", "SearchHit"),
    "storage.index.views.history": ("ChangeView", "ListingCapture"),
    "storage.model": ("Article", "Capture", "Outcome", "Reading"),
    "storage.warc.spider_output": ("ArticleItem",),
}

if not TYPE_CHECKING:  # a name that is none of these is an error to type checkers too

    def __getattr__(name: str) -> Any:
        """Import a public name on its first use, so that programs and commands start quickly."""
        for module, names in _HOMES.items():
            if name in names:
                return getattr(import_module(module), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
