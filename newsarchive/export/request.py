"""Selection, source and callbacks of an export."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar

from storage.callbacks import ignore_progress, utc_now
from storage.index.engine.database import WorkLimit
from storage.index.queries import articles, cdx, export, links, status
from storage.index.reader import IndexPin, Reader
from storage.index.views.articles import EVERYTHING, AnyOf, CaptureFilters, Exclusions, Filters, list_values
from storage.index.views.cdx import CdxLine
from storage.model import UrlKind
from storage.places import Places

if TYPE_CHECKING:
    from newsarchive.archive import Archive

T = TypeVar("T")

MAX_MISSED = 20
NAMES_WITHHELD = "the record names a page that is withheld"
"""Cause for which a capture is not copied though nothing is damaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """Source, selection and callbacks of one export."""

    index: Reader
    """A Reader with exclusions exports nothing that is excluded."""
    places: Places
    filters: Filters = EVERYTHING
    all_versions: bool = False
    """Every version instead of the latest. Formats of records always have all captures of an article."""
    title: str = "newsarchive"
    """Title of a WACZ."""
    operator: str = ""
    """Operator of the archive, for the warcinfo record."""
    public_url: str = ""
    """URL of the archive for readers, for permalinks; "" if it has none."""
    rules: str = ""
    """Digest of the access rules."""
    now: Callable[[], datetime] = utc_now
    report_progress: Callable[[int], None] = ignore_progress
    """Called now and then with the number of articles or records that are written."""
    report_missed: Callable[[str], None] = ignore_progress
    """Called with the cause for each capture that cannot be copied; captures of one cause get the same text."""

    @classmethod
    def build(cls, archive: "Archive", exclude: Exclusions, work: WorkLimit | None = None, **chosen: Any) -> Self:
        """Return the request of an export of an archive; `chosen` are the other fields by name."""
        return cls(
            # Of one index: a rebuild may replace it meanwhile.
            index=archive.index.excluding(exclude, pin=IndexPin(), work=work), places=archive.places, now=archive.now,
            title=archive.folder.name or "newsarchive", operator=archive.config.operator,
            public_url=archive.config.serve.public_url, **chosen,
        )  # fmt: skip

    def iter_articles(self) -> Iterator[dict[str, Any]]:
        """Yield the JSON of each article or version."""
        return self.index.stream(export.iter_export_lines, self.filters, all_versions=self.all_versions)

    def iter_captures(self) -> Iterator[CdxLine]:
        """Yield the captures of the articles, in CDX order."""
        return self.index.stream(cdx.iter_cdx_lines_of_articles, self.filters)

    def iter_placements(self, article_urls: Sequence[str] | None = None) -> Iterator[links.Placement]:
        """Yield the placements of articles on all listings, or of all articles on the listings of the sites."""
        if article_urls is None:
            for url in _list_listing_urls(self.index, self.filters.site):
                yield from self.index.stream(links.iter_listing_placements, url, CaptureFilters())
        for article_url in article_urls or ():
            if article_id := self.index.ask(articles.find_article_id, article_url):
                yield from self.index.ask(links.list_article_placements, article_id)

    def track(self, items: Iterable[T], every: int) -> Iterator[T]:
        """Yield items, and report progress after each `every` of them."""
        for count, item in enumerate(items, 1):
            yield item
            if count % every == 0:
                self.report_progress(count)


def iter_placements(index: Reader, filters: CaptureFilters) -> Iterator[links.Placement]:
    """Return the placements on the listing with a URL, or on those of sites or of all sites, by their URLs."""
    urls = [filters.url] if filters.url is not None else []
    if filters.url is None or filters.site is not None:
        urls = [url for url in _list_listing_urls(index, filters.site) if filters.url in (None, url)]
    return (one for url in urls for one in index.ask(links.list_listing_placements, url, filters, most=None))


def _list_listing_urls(index: Reader, site: AnyOf) -> list[str]:
    names = (None,) if site is None else sorted({*list_values(site)})
    return [each.url for name in names for each in index.ask(status.list_sources, name) if each.kind is UrlKind.LISTING]


@dataclass(slots=True)
class MissedCaptures:
    """Captures that could not be copied: their number in all and by cause, because there may be millions."""

    count: int = 0
    by_cause: Counter[str] = field(default_factory=Counter)
    """The first causes."""

    def add(self, cause: str) -> None:
        """Count one capture."""
        self.count += 1
        if cause in self.by_cause or len(self.by_cause) < MAX_MISSED or cause == NAMES_WITHHELD:
            self.by_cause[cause] += 1
