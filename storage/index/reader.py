"""What may be asked of the index. Who shows the archive holds a Reader that leaves out what is not to be seen."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Literal

from sqlalchemy import Connection

from storage.index.engine.database import Database
from storage.index.frontier import backlog
from storage.index.queries import aggregates, articles, calendar, cdx, listings, profile, timeline, watching
from storage.index.queries import status as counts
from storage.index.queries.edited import edited
from storage.index.queries.export import export, lines
from storage.index.queries.links import PointedFrom, Standing, pointed_from, standings
from storage.index.queries.similar import Copy, copies
from storage.index.queries.slices import slice_lines
from storage.index.queries.taxonomy import Tally, spellings, tally
from storage.index.schema.tables import CaptureRow
from storage.index.search.facets import Exploration, best_versions, explore
from storage.index.search.results import search
from storage.index.views.articles import (
    ALL_CAPTURES,
    EVERYTHING,
    ArticleLine,
    ArticleView,
    BoilerplateView,
    CaptureFilters,
    CaptureView,
    Filters,
    SearchPage,
    SourceView,
    VersionView,
    WarcFileView,
)
from storage.index.views.cdx import CdxLine, CdxQuery
from storage.index.views.exclusions import NOTHING, Exclusions
from storage.index.views.history import Beside, DayCount, HeldUrl, ListingView, Moment, Span, Stood, YearCount
from storage.index.views.status import (
    CapturedDay,
    CrawlView,
    LastCrawl,
    OutcomeCount,
    SiteCount,
    SiteProfile,
    SiteStatus,
    Status,
)
from storage.model import Outcome

_LINES_AT_ONCE = 100
"""Of a streamed search: no connection is held while its reader takes them."""


class Reader:
    """The questions that the index answers. Every method here takes `exclude` into account: what it names is not there.

    An Index is a Reader that leaves nothing out; `showing` makes one that does.
    """

    def __init__(self, database: Database, exclude: Exclusions = NOTHING, timeout: float | None = None) -> None:
        self._database = database
        self.exclude = exclude
        self._timeout = timeout

    def showing(self, exclude: Exclusions, *, timeout: float | None = None) -> "Reader":
        """The same index without what is excluded; a question that takes longer than `timeout` seconds is given up."""
        return Reader(self._database, exclude, timeout)

    def _reading(self) -> AbstractContextManager[Connection]:
        return self._database.reading(timeout=self._timeout)

    def _open(self, filters: Filters) -> Filters:
        return replace(filters, exclude=self.exclude) if self.exclude else filters

    def _open_captures(self, filters: CaptureFilters) -> CaptureFilters:
        return replace(filters, exclude=self.exclude) if self.exclude else filters

    def search(
        self,
        text: str,
        filters: Filters = EVERYTHING,
        *,
        limit: int = 20,
        offset: int = 0,
        order: Literal["newest", "rank"] = "newest",
    ) -> SearchPage:
        """Articles that match, one hit each. A query that makes no sense finds what it can and says so."""
        with self._reading() as connection:
            return search(connection, text, self._open(filters), limit=limit, offset=offset, order=order)

    def explore(
        self,
        text: str,
        filters: Filters = EVERYTHING,
        *,
        limit: int = 20,
        offset: int = 0,
        order: Literal["newest", "rank"] = "newest",
    ) -> Exploration:
        """A page of a search with by what it can be narrowed, and when what it found is dated."""
        with self._reading() as connection:
            return explore(connection, text, self._open(filters), limit=limit, offset=offset, order=order)

    def search_lines(
        self, text: str, filters: Filters = EVERYTHING, *, limit: int, order: Literal["newest", "rank"] = "newest"
    ) -> Iterator[dict[str, Any]]:
        """What a search finds, one line an article in the form of an export, streamed in the search's order."""
        with self._reading() as connection:
            version_ids = best_versions(connection, text, self._open(filters), limit=limit, order=order)
        for begin in range(0, len(version_ids), _LINES_AT_ONCE):
            with self._reading() as connection:
                held = list(lines(connection, version_ids[begin : begin + _LINES_AT_ONCE]))
            yield from held

    def article(self, article_id: int) -> ArticleView | None:
        """One article with its history."""
        with self._reading() as connection:
            return articles.article(connection, article_id, self.exclude) if articles.is_id(article_id) else None

    def pointed_from(self, article_id: int, *, limit: int = 100) -> tuple[PointedFrom, ...]:
        """Articles that link to an article, newest first."""
        with self._reading() as connection:
            return pointed_from(connection, article_id, self.exclude, limit=limit)

    def standings(self, article_id: int, *, limit: int = 50) -> tuple[Standing, ...]:
        """Where an article stood on listings and for how long, the longest first."""
        with self._reading() as connection:
            return standings(connection, article_id, self.exclude, limit=limit)

    def copies(self, version_id: int, *, limit: int = 20) -> tuple[Copy, ...]:
        """Articles that share most paragraphs with a version, those that share most first."""
        with self._reading() as connection:
            return copies(connection, version_id, self.exclude, limit=limit)

    def tally(self, filters: Filters) -> Tally:
        """How many articles filters choose, by year and by site (`filters.query` is not looked at)."""
        with self._reading() as connection:
            return tally(connection, self._open(filters))

    def spellings(self, author: str) -> tuple[str, ...]:
        """How an author's name is printed; case and accents do not matter."""
        with self._reading() as connection:
            return spellings(connection, author, self.exclude)

    def find_article(self, url: str) -> int | None:
        """The article that a URL names or has shown."""
        with self._reading() as connection:
            return articles.find_article(connection, url, self.exclude)

    def version(self, version_id: int) -> VersionView | None:
        """One version, whole."""
        with self._reading() as connection:
            return articles.version(connection, version_id, self.exclude) if articles.is_id(version_id) else None

    def articles(
        self, filters: Filters = EVERYTHING, *, limit: int = 50, offset: int = 0, behind: int | None = None
    ) -> tuple[ArticleLine, ...]:
        """Articles by date, newest first (`filters.query` is not looked at); those that follow on the article `behind`,
        by its id.
        """
        with self._reading() as connection:
            return articles.articles(connection, self._open(filters), limit=limit, offset=offset, behind=behind)

    def edited(self, limit: int) -> tuple[ArticleLine, ...]:
        """Articles that were edited after they had been published, the last one first; looks at the newest versions."""
        with self._reading() as connection:
            return edited(connection, limit=limit, exclude=self.exclude)

    def capture(self, capture_id: int) -> CaptureView | None:
        """One capture by its id."""
        with self._reading() as connection:
            found = CaptureRow.id == capture_id
            return articles.capture(connection, found, self.exclude) if articles.is_id(capture_id) else None

    def capture_of_record(self, record_id: str) -> CaptureView | None:
        """One capture by its record's id."""
        with self._reading() as connection:
            return articles.capture(connection, CaptureRow.record_id == record_id, self.exclude)

    def captures(
        self,
        filters: CaptureFilters = ALL_CAPTURES,
        *,
        order: Literal["newest", "oldest", "urlkey"] = "newest",
        limit: int | None = None,
        offset: int = 0,
    ) -> Iterator[CaptureView]:
        """Captures, streamed. Order "urlkey" is that of a CDX file: by urlkey, then time."""
        with self._reading() as connection:
            yield from articles.captures(
                connection, self._open_captures(filters), order=order, limit=limit, offset=offset
            )

    def cdx(self, asked: CdxQuery) -> Iterator[CdxLine]:
        """Captures in the order of a CDX file, or by distance from a moment; streamed."""
        with self._reading() as connection:
            yield from cdx.lines(connection, asked, self.exclude)

    def cdx_pages(self, asked: CdxQuery) -> int:
        """How many pages of `asked.page_size` there are."""
        with self._reading() as connection:
            return cdx.count_pages(connection, asked, self.exclude)

    def cdx_line(self, capture_id: int) -> CdxLine | None:
        """One capture by its id, as a CDX file names it, or None."""
        with self._reading() as connection:
            return cdx.line(connection, capture_id, self.exclude)

    def cdx_line_at(self, warc: str, offset: int) -> CdxLine | None:
        """The capture whose record begins there, or None."""
        with self._reading() as connection:
            return cdx.line_at(connection, warc, offset, self.exclude)

    def export(self, filters: Filters = EVERYTHING, *, all_versions: bool = False) -> Iterator[dict[str, Any]]:
        """One line an article (or version), streamed in the order of articles' URLs."""
        with self._reading() as connection:
            yield from export(connection, self._open(filters), all_versions=all_versions)

    def slice_lines(self, filters: Filters = EVERYTHING) -> Iterator[CdxLine]:
        """Captures of the articles that filters choose, or of a whole site, in the order of a CDX file; streamed."""
        with self._reading() as connection:
            yield from slice_lines(connection, self._open(filters))

    def status(self, now: datetime | None = None) -> Status:
        """What the archive holds, site by site."""
        with self._reading() as connection:
            return counts.status(connection, now or datetime.now(UTC), self.exclude)

    def sites_held(self) -> tuple[SiteStatus, ...]:
        """All sites by name, with what is held of each; no outcomes, nothing of what waits to be fetched."""
        with self._reading() as connection:
            return counts.sites_held(connection, self.exclude)

    def crawls(self, *, limit: int = 50, offset: int = 0) -> tuple[CrawlView, ...]:
        """Runs, newest first."""
        with self._reading() as connection:
            return counts.crawls(connection, limit=limit, offset=offset, exclude=self.exclude)

    def last_crawl(self) -> LastCrawl | None:
        """The newest run; None where there was none."""
        with self._reading() as connection:
            return counts.last_crawl(connection, self.exclude)

    def crawl(self, run: str) -> CrawlView | None:
        """One run by its name."""
        with self._reading() as connection:
            return next(iter(counts.crawls(connection, limit=1, run=run, exclude=self.exclude)), None)

    def crawl_outcomes(self, run: str) -> tuple[OutcomeCount, ...]:
        """What the captures of a run turned out to be, the most frequent first."""
        with self._reading() as connection:
            return profile.crawl_outcomes(connection, run, self.exclude)

    def outcomes_of_sites(
        self, since: date | None = None, *, site: str | None = None
    ) -> Mapping[str, Mapping[Outcome, int]]:
        """Captures by outcome, by the sites' names; all of them, or those from a day on, or one site's."""
        with self._reading() as connection:
            return aggregates.outcomes_of_sites(connection, self.exclude, since=since, site=site)

    def site_profile(self, site: str) -> SiteProfile:
        """Sections and authors of a site's newest articles."""
        with self._reading() as connection:
            return profile.site_profile(connection, site, self.exclude)

    def site_counts(self, site: str | None = None) -> tuple[SiteCount, ...]:
        """All sites by name, or one, with what is held of each."""
        with self._reading() as connection:
            return aggregates.site_counts(connection, self.exclude, site=site)

    def captures_per_day(self, since: date, *, site: str | None = None) -> tuple[CapturedDay, ...]:
        """Days with captures, oldest first, from a day on."""
        with self._reading() as connection:
            return aggregates.captures_per_day(connection, since, self.exclude, site=site)

    def articles_per_day(self, site: str, since: date) -> Mapping[date, int]:
        """Articles of a site by the day of their date, from a day on; a day without any is not there."""
        with self._reading() as connection:
            return (
                {}
                if site in self.exclude.hidden
                else aggregates.articles_per_day(connection, site, since, self.exclude)
            )

    def warc_files(self) -> tuple[WarcFileView, ...]:
        """All WARC files the index knows, by name."""
        with self._reading() as connection:
            return counts.warc_files(connection)

    def knows_warc(self, name: str) -> bool:
        """True where the index knows a WARC file of that name."""
        with self._reading() as connection:
            return cdx.knows_warc(connection, name)

    def sources(self, site: str | None = None) -> tuple[SourceView, ...]:
        """Feeds, sitemaps and listings, by URL."""
        with self._reading() as connection:
            return counts.sources(connection, site, self.exclude)

    def source_health(self, sites: Sequence[str] | None = None) -> tuple[watching.SourceHealth, ...]:
        """How the sources that were asked for fare, by site and URL."""
        with self._reading() as connection:
            return watching.source_health(connection, sites, self.exclude)

    def alarms(
        self, sites: Sequence[str] | None = None, *, standing: bool = True, limit: int = 100
    ) -> tuple[watching.AlarmView, ...]:
        """What a person should know of sources, newest first: what still stands, or all there ever was."""
        with self._reading() as connection:
            return watching.alarms(connection, sites, standing=standing, limit=limit, exclude=self.exclude)

    def page_events(self, site: str | None = None, *, limit: int = 100) -> tuple[watching.PageEvent, ...]:
        """Articles' pages that went (confirmed by a second look) or came back, newest first."""
        with self._reading() as connection:
            return watching.page_events(connection, site, limit=limit, exclude=self.exclude)

    def named_by(self, url: str) -> tuple[backlog.Named, ...]:
        """What the newest capture of a listing names, in its order."""
        with self._reading() as connection:
            return backlog.named_by(connection, url)

    def waiting_older(self, site: str, deepest: int) -> int:
        """How many URLs of a site wait for a backfill that goes to that priority number."""
        with self._reading() as connection:
            return backlog.waiting_older(connection, site, deepest)

    def past(self, sites: Sequence[str], now: datetime) -> tuple[backlog.Past, ...]:
        """What waits for a backfill, by site; sites of which nothing does are left out, and so is what was put off."""
        with self._reading() as connection:
            return backlog.past(connection, sites, now)

    def boilerplate(self, site: str, *, limit: int | None = None) -> tuple[BoilerplateView, ...]:
        """Paragraphs that several articles of a site carry, the most printed first."""
        with self._reading() as connection:
            return () if site in self.exclude.hidden else counts.boilerplate(connection, site, limit=limit)

    def nearest(self, url: str, moment: datetime, *, to_the_second: bool = True) -> CaptureView | None:
        """The capture of a page that is nearest to a moment; one of that second even where it is an error."""
        with self._reading() as connection:
            return timeline.nearest(connection, url, moment, self.exclude, to_the_second=to_the_second)

    def beside(self, url: str, moment: datetime) -> Beside:
        """When a page was captured before and after that second."""
        with self._reading() as connection:
            return timeline.beside(connection, url, moment, self.exclude)

    def neighbour(self, url: str, moment: datetime, record_id: str, *, later: bool) -> int | None:
        """The id of a page's capture before or after another."""
        with self._reading() as connection:
            return timeline.neighbour(connection, url, (moment, record_id), self.exclude, later=later)

    def span(self, url: str) -> Span | None:
        """How many captures there are of a page, and from when to when."""
        with self._reading() as connection:
            return timeline.span(connection, url, self.exclude)

    def held(self, urls: Iterable[str]) -> frozenset[str]:
        """Those of some URLs of which there is a capture that is no error."""
        with self._reading() as connection:
            return timeline.held(connection, urls, self.exclude)

    def around(self, url: str, *, limit: int = 20) -> tuple[HeldUrl, ...]:
        """URLs that there are captures of and that begin like this one."""
        with self._reading() as connection:
            return timeline.around(connection, url, self.exclude, limit=limit)

    def years(self, url: str) -> tuple[YearCount, ...]:
        """Captures of a page by year."""
        with self._reading() as connection:
            return calendar.years(connection, url, self.exclude)

    def days(self, url: str, year: int) -> tuple[DayCount, ...]:
        """Captures of a page by day of a year."""
        with self._reading() as connection:
            return calendar.days(connection, url, year, self.exclude)

    def moments(self, url: str, since: datetime, until: datetime, *, limit: int, offset: int = 0) -> tuple[Moment, ...]:
        """Captures of a page between two moments, newest first."""
        with self._reading() as connection:
            return calendar.moments(connection, url, since, until, self.exclude, limit=limit, offset=offset)

    def listing_at(self, url: str, moment: datetime | None = None) -> ListingView | None:
        """A listing as it was at a moment, or as it was last."""
        with self._reading() as connection:
            return listings.listing_at(connection, url, moment, self.exclude)

    def nth_listing(self, url: str, number: int) -> datetime | None:
        """When a listing was captured for the nth time."""
        with self._reading() as connection:
            return listings.nth_listing(connection, url, number, self.exclude)

    def listing_moments(self, url: str, *, limit: int, offset: int = 0) -> tuple[datetime, ...]:
        """When a listing was captured, newest first."""
        with self._reading() as connection:
            return listings.listing_moments(connection, url, self.exclude, limit=limit, offset=offset)

    def stood(self, url: str, items: Iterable[str]) -> dict[str, Stood]:
        """How long some URLs stood on a listing."""
        with self._reading() as connection:
            return listings.stood(connection, url, items, self.exclude)
