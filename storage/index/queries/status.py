"""Status of the archive: sites, runs, WARC files, sources, boilerplate, alarms and page events."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import Connection, and_, exists, func, literal, or_, select, text

from storage.grouping import group_pairs
from storage.index.boilerplate.rule import comparison_window
from storage.index.conditions.visibility import (
    visible_articles,
    visible_captures,
    visible_targets,
    visible_urls,
    visible_versions,
)
from storage.index.conditions.withheld import load_mask
from storage.index.engine.statements import build_query, load_statements
from storage.index.frontier.source_rates import read_rates
from storage.index.queries.aggregates import count_outcomes_by_site, list_site_counts
from storage.index.schema.tables import (
    SOURCES,
    ArticleRow,
    BoilerplateRow,
    CaptureRow,
    CrawlRow,
    CrawlSiteRow,
    FrontierRow,
    LaneRow,
    ParagraphRow,
    SiteRow,
    SourceRateRow,
    SourceRow,
    UrlRow,
    VersionParagraphRow,
    VersionRow,
)
from storage.index.search.matches import count_between
from storage.index.views.articles import BoilerplateView, Exclusions, Filters, SourceView, WarcFileView
from storage.index.views.status import CrawlView, SiteStatus, Status
from storage.model import BACKFILL_PRIORITY, SourceRates, UrlKind

_STATEMENTS = load_statements("storage.index.queries", "status.sql")
_SITES_OF_CRAWLS = build_query(_STATEMENTS["sites-of-crawls"], ["ids"])


def get_status(connection: Connection, exclude: Exclusions, now: datetime | None = None) -> Status:
    """Return the status of the archive by site; exclusions do not apply to numbers of files."""
    daily, is_due = FrontierRow.priority < BACKFILL_PRIORITY, FrontierRow.due_at <= (now or datetime.now(UTC))
    columns = (
        func.count().filter(daily, is_due).label("due"),
        func.count().filter(daily, ~is_due).label("scheduled"),
        func.count().filter(~daily, is_due, FrontierRow.last_fetched_at.is_(None)).label("older"),
        func.min(FrontierRow.due_at).filter(daily).label("next_due"),
    )
    queue = select(LaneRow.site, *columns).join_from(FrontierRow, LaneRow).where(FrontierRow.due_at.is_not(None))
    queue = queue.group_by(LaneRow.site)
    if exclude:
        queue = queue.join(UrlRow, UrlRow.id == FrontierRow.url_id).where(*visible_targets(connection, exclude))
    waiting = {row.pop("site"): row for row in map(dict, connection.execute(queue).mappings())}
    outcomes = count_outcomes_by_site(connection, exclude)
    shown = visible_articles(connection, exclude) + visible_versions(connection, exclude)
    of_site = (
        select(func.count())
        .select_from(ArticleRow)
        .join(VersionRow, VersionRow.article_id == ArticleRow.id)
        .where(ArticleRow.site_id == SiteRow.id, ~VersionRow.is_variant, *shown)
        .correlate(SiteRow)
        .scalar_subquery()
    )
    versions: dict[str, int] = dict(connection.execute(select(SiteRow.name, of_site)).all())
    sites = tuple(
        SiteStatus(
            **asdict(site),
            versions=versions[site.name],
            outcomes=outcomes.get(site.name, {}),
            # Nothing asks for URLs of a site that no longer is, or never was, in newsarchive.toml.
            **(waiting.get(site.name, {}) if site.configured else {}),
        )
        for site in list_site_counts(connection, exclude)
    )
    files = connection.execute(text(_STATEMENTS["total-of-files"])).one()
    last = next(iter(list_crawls(connection, exclude, limit=1)), None)
    totals = {name: sum(getattr(site, name) for site in sites) for name in ("articles", "versions", "captures")}
    return Status(sites=sites, warc_files=files.files, warc_bytes=int(files.bytes), last_crawl=last, **totals)


def list_crawls(
    connection: Connection, exclude: Exclusions, *, limit: int = 50, offset: int = 0, run: str | None = None,
    counted: bool = True,
) -> tuple[CrawlView, ...]:  # fmt: skip
    """Return runs, newest first, with the number of their captures if `counted`; or the run with a name.

    With exclusions, runs of excluded sites only are left out, and so are counters, which count everything.
    """
    count = select(func.count()).where(CaptureRow.crawl_id == CrawlRow.id, *visible_captures(connection, exclude))
    captured = count.scalar_subquery() if counted else literal(0)
    statement = select(CrawlRow, captured.label("captures")).order_by(CrawlRow.run.desc()).limit(limit).offset(offset)
    if exclude.hidden:
        of_run = CrawlSiteRow.crawl_id == CrawlRow.id
        seen = SiteRow.id == CrawlSiteRow.site_id, SiteRow.name.not_in(sorted(exclude.hidden))
        statement = statement.where(or_(exists().where(of_run, *seen), ~exists().where(of_run)))
    if run is not None:
        statement = statement.where(CrawlRow.run == run)
    rows = connection.execute(statement).all()
    named = connection.execute(_SITES_OF_CRAWLS, {"ids": [row.id for row in rows]})
    sites = group_pairs((crawl_id, name) for crawl_id, name in named if name not in exclude.hidden)
    return tuple(
        CrawlView(
            id=row.run, sites=tuple(sites.get(row.id, ())), started_at=row.started_at, finished_at=row.finished_at,
            outcome=row.outcome, counters={} if exclude else row.counters, captures=row.captures,
        )
        for row in rows
    )  # fmt: skip


def get_crawl(connection: Connection, exclude: Exclusions, run: str) -> CrawlView | None:
    """Return the run with a name, or None."""
    return next(iter(list_crawls(connection, exclude, limit=1, run=run)), None)


def list_warc_files(connection: Connection) -> tuple[WarcFileView, ...]:
    """Return all WARC files by name."""
    rows = connection.execute(text(_STATEMENTS["warc-files"]))
    return tuple(WarcFileView(**row._asdict()) for row in rows)


def count_captures_and_versions(connection: Connection) -> tuple[int, int]:
    """Return the numbers of captures and of article versions in the index, as `get_status` counts them."""
    captures = connection.scalar(select(func.count()).select_from(CaptureRow)) or 0
    # The rows of paywall stubs have no article.
    counted = (~VersionRow.is_variant, VersionRow.article_id.is_not(None))
    return captures, connection.scalar(select(func.count()).select_from(VersionRow).where(*counted)) or 0


def list_sources(connection: Connection, exclude: Exclusions, site: str | None = None) -> tuple[SourceView, ...]:
    """Return feeds, sitemaps and listings by URL."""
    statement = (
        select(SourceRow, UrlRow.url, SiteRow.name.label("site"))
        .join(UrlRow, UrlRow.id == SourceRow.url_id)
        .join(SiteRow, SiteRow.id == SourceRow.site_id)
        .where(*visible_urls(exclude, SourceRow.url_id.expression), SiteRow.name.not_in(sorted(exclude.hidden)))
        .order_by(UrlRow.url)
    )
    if site is not None:
        statement = statement.where(SiteRow.name == site)
    return tuple(
        SourceView(
            url=row.url, site=row.site, kind=UrlKind(row.kind), title=row.title, entries=row.entries,
            first_seen=row.first_seen_at, last_seen=row.last_seen_at, last_changed=row.last_changed_at,
        )
        for row in connection.execute(statement)
    )  # fmt: skip


def list_boilerplate(
    connection: Connection, exclude: Exclusions, site: str, *, limit: int | None = None
) -> tuple[BoilerplateView, ...]:
    """Return the paragraphs that several articles of a site carry, the most frequent first."""
    if site in exclude.hidden:
        return ()
    site_id = connection.scalar(select(SiteRow.id).where(SiteRow.name == site)) or 0
    visible = visible_versions(connection, exclude)
    printed = and_(VersionParagraphRow.paragraph_id == ParagraphRow.id, VersionRow.id == VersionParagraphRow.version_id)
    shown = [exists().where(printed, *visible)] if visible else []
    most = connection.execute(
        select(BoilerplateRow, ParagraphRow.text)
        .join(ParagraphRow, ParagraphRow.id == BoilerplateRow.paragraph_id)
        .where(BoilerplateRow.site_id == site_id, *shown)
        .order_by(BoilerplateRow.articles_seen.desc(), ParagraphRow.text)
        .limit(limit)
    ).all()
    mask = load_mask(connection, exclude)
    of_site = (ArticleRow.site_id == site_id, *visible_articles(connection, exclude))
    held = connection.scalar(select(func.count()).select_from(ArticleRow).where(*of_site)) or 0
    spans = [(row.first_seen_at, row.last_seen_at) for row in most]
    between = count_between(connection, exclude, Filters(site=site), spans)
    return tuple(
        BoilerplateView(
            site=site, text=mask.apply(row.text), articles_seen=row.articles_seen,
            articles=comparison_window(articles, held),
            first_seen=row.first_seen_at, last_seen=row.last_seen_at, verdict=row.is_boilerplate,
        )
        for row, articles in zip(most, between, strict=True)
    )  # fmt: skip


SourceState = Literal["failing", "silent", "overflowing", "redundant", "new", "fine"]
FAILING_AFTER = 3
"""Consecutive failures after which a source counts as failing."""
RECOVERED_FACTOR = 0.99
"""Interval factor from which on a source that lost items counts as recovered."""
_MIN_DISCOVERY_SHARE, _MIN_NEW_ITEMS = 0.1, 10.0
"""A source is "redundant" if, after so many new items, it named less than this share of them before other sources."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """State and statistics of a feed, sitemap or listing."""

    url: str
    site: str
    kind: UrlKind
    title: str | None
    last_fetched_at: datetime
    """Time of the newest capture, failed ones included."""
    due_at: datetime | None
    failures: int
    """Consecutive failed captures."""
    habits: SourceRates | None
    """Learnt statistics; None before it was read for the first time."""

    @property
    def state(self) -> SourceState:
        """In a word; the worst first."""
        habits = self.habits
        if self.failures >= FAILING_AFTER:
            return "failing"
        if habits is None or not habits.new_items:
            return "silent" if habits is not None and habits.silent_since else "new"
        if habits.silent_since:
            return "silent"
        if habits.lost_at and habits.interval_factor < RECOVERED_FACTOR:
            return "overflowing"
        is_late = habits.first_named_items / habits.new_items < _MIN_DISCOVERY_SHARE
        return "redundant" if is_late and habits.new_items >= _MIN_NEW_ITEMS else "fine"

    @property
    def failure_line(self) -> str:
        """Line for people about a failed fetch: how to see the answer."""
        return f"{self.url} was not fetched or not read; it is fetched again. Its answer: newsarchive show {self.url}"

    @property
    def items_per_day(self) -> float | None:
        """Average number of items a day; None if unknown."""
        watched = sum(self.habits.watched_hours) if self.habits else 0.0
        return 24 * sum(self.habits.items_by_hour) / watched if self.habits and watched else None


def list_source_health(
    connection: Connection, exclude: Exclusions, sites: Sequence[str] | None = None
) -> tuple[SourceHealth, ...]:
    """Return sources that were fetched, by site and URL, without further pages of listings."""
    statement = (
        select(
            SourceRateRow,
            LaneRow.site, FrontierRow.kind, FrontierRow.last_fetched_at, FrontierRow.due_at,
            FrontierRow.failure_count, UrlRow.url, SourceRow.title, SourceRateRow.url_id.label("learnt"),
        )
        .select_from(FrontierRow)
        .join(LaneRow, LaneRow.id == FrontierRow.lane_id)
        .join(UrlRow, UrlRow.id == FrontierRow.url_id)
        .join(SourceRateRow, SourceRateRow.url_id == FrontierRow.url_id, isouter=True)
        .join(SourceRow, SourceRow.url_id == FrontierRow.url_id, isouter=True)
        .where(
            text(f"frontier.{SOURCES}"), FrontierRow.last_fetched_at.is_not(None),
            FrontierRow.priority < BACKFILL_PRIORITY,
            or_(
                FrontierRow.kind != UrlKind.LISTING.value, FrontierRow.via_kind.is_(None),
                FrontierRow.via_kind != UrlKind.LISTING.value,
            ),
            LaneRow.site.not_in(sorted(exclude.hidden)), *visible_urls(exclude, FrontierRow.url_id.expression),
        )
        .order_by(LaneRow.site, UrlRow.url)
    )  # fmt: skip
    if sites is not None:
        statement = statement.where(LaneRow.site.in_(list(sites)))
    return tuple(
        SourceHealth(
            url=row.url, site=row.site, kind=UrlKind(row.kind), title=row.title, last_fetched_at=row.last_fetched_at,
            due_at=row.due_at, failures=row.failure_count,
            habits=None if row.learnt is None else read_rates(row),
        )
        for row in connection.execute(statement)
    )  # fmt: skip
