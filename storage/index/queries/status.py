"""Status of the archive: sites, runs, WARC files, sources, boilerplate, alarms and page events."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import Connection, and_, exists, func, literal, or_, select, text

from storage.grouping import group_pairs
from storage.index.boilerplate.rule import comparison_window
from storage.index.conditions.visibility import visible_articles, visible_captures, visible_targets, visible_versions
from storage.index.conditions.withheld import load_mask
from storage.index.engine.statements import build_query, fetch_by_ids, load_statements
from storage.index.frontier.source_rates import read_rates
from storage.index.queries.aggregates import count_outcomes_by_site, list_site_counts
from storage.index.reader import ReadScope
from storage.index.schema.tables import (
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
    UrlRow,
    VersionParagraphRow,
    VersionRow,
)
from storage.index.search.matches import count_between
from storage.index.views.articles import BoilerplateView, Filters, SourceView, WarcFileView
from storage.index.views.status import CrawlView, SiteStatus, Status
from storage.model import BACKFILL_PRIORITY, SourceRates, UrlKind


def get_status(scope: ReadScope, now: datetime | None = None) -> Status:
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
    if scope.exclude:
        queue = queue.join(UrlRow, UrlRow.id == FrontierRow.url_id).where(*visible_targets(scope))
    waiting = {row.pop("site"): row for row in map(dict, scope.connection.execute(queue).mappings())}
    outcomes = count_outcomes_by_site(scope)
    shown = visible_articles(scope) + visible_versions(scope)
    of_site = (
        select(func.count())
        .select_from(ArticleRow)
        .join(VersionRow, VersionRow.article_id == ArticleRow.id)
        .where(ArticleRow.site_id == SiteRow.id, ~VersionRow.is_variant, *shown)
        .correlate(SiteRow)
        .scalar_subquery()
    )
    versions: dict[str, int] = dict(scope.connection.execute(select(SiteRow.name, of_site)).all())
    sites = tuple(
        SiteStatus(
            **asdict(site),
            versions=versions[site.name],
            outcomes=outcomes.get(site.name, {}),
            # Nothing asks for URLs of a site that no longer is, or never was, in newsarchive.toml.
            **(waiting.get(site.name, {}) if site.configured else {}),
        )
        for site in list_site_counts(scope)
    )
    sizes = text("SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes FROM warc_files")
    files = scope.connection.execute(sizes).one()
    last = next(iter(list_crawls(scope, limit=1)), None)
    totals = {name: sum(getattr(site, name) for site in sites) for name in ("articles", "versions", "captures")}
    return Status(sites=sites, warc_files=files.files, warc_bytes=int(files.bytes), last_crawl=last, **totals)


def list_crawls(
    scope: ReadScope, *, limit: int = 50, offset: int = 0, run: str | None = None, counted: bool = True
) -> tuple[CrawlView, ...]:
    """Return runs, newest first, with the number of their captures if `counted`; or the run with a name.

    With exclusions, runs of excluded sites only are left out, and so are counters, which count everything.
    """
    count = select(func.count()).where(CaptureRow.crawl_id == CrawlRow.id, *visible_captures(scope))
    captured = count.scalar_subquery() if counted else literal(0)
    statement = select(CrawlRow, captured.label("captures")).order_by(CrawlRow.run.desc()).limit(limit).offset(offset)
    if scope.exclude.hidden:
        of_run = CrawlSiteRow.crawl_id == CrawlRow.id
        seen = SiteRow.id == CrawlSiteRow.site_id, SiteRow.name.not_in(sorted(scope.exclude.hidden))
        statement = statement.where(or_(exists().where(of_run, *seen), ~exists().where(of_run)))
    if run is not None:
        statement = statement.where(CrawlRow.run == run)
    rows = scope.connection.execute(statement).all()
    named = fetch_by_ids(scope.connection, _SITES_OF_RUNS, (row.id for row in rows))
    sites = group_pairs((crawl_id, name) for crawl_id, name in named if name not in scope.exclude.hidden)
    return tuple(
        CrawlView(
            id=row.run, sites=tuple(sites.get(row.id, ())), started_at=row.started_at, finished_at=row.finished_at,
            outcome=row.outcome, counters={} if scope.exclude else row.counters, captures=row.captures,
        )
        for row in rows
    )  # fmt: skip


_SQL = load_statements("storage.index.queries", "queries.sql")
_SITES_OF_RUNS = build_query(_SQL["sites-of-runs"], ["ids"])


def get_crawl(scope: ReadScope, run: str) -> CrawlView | None:
    """Return the run with a name, or None."""
    return next(iter(list_crawls(scope, limit=1, run=run)), None)


def list_warc_files(connection: Connection) -> tuple[WarcFileView, ...]:
    """Return all WARC files by name."""
    return tuple(WarcFileView(**row._asdict()) for row in connection.execute(text(_SQL["warc-files"])))


def count_captures_and_versions(connection: Connection) -> tuple[int, int]:
    """Return the numbers of captures and of article versions in the index, as `get_status` counts them."""
    captures, versions = connection.execute(text(_SQL["captures-and-versions"])).one()
    return captures, versions


def list_sources(scope: ReadScope, site: str | None = None) -> tuple[SourceView, ...]:
    """Return feeds, sitemaps and listings by URL."""
    rows = scope.connection.execute(_SOURCES, {"site": site})
    shown = (row for row in rows if not scope.exclude.excludes(row.url, row.site))
    return tuple(SourceView(**{**row._mapping, "kind": UrlKind(row.kind)}) for row in shown)  # noqa: SLF001 - public


_SOURCES = build_query(_SQL["sources"], (), ["first_seen", "last_seen", "last_changed"])


def list_boilerplate(scope: ReadScope, site: str, *, limit: int | None = None) -> tuple[BoilerplateView, ...]:
    """Return the paragraphs that several articles of a site carry, the most frequent first."""
    if site in scope.exclude.hidden:
        return ()
    site_id = scope.connection.scalar(select(SiteRow.id).where(SiteRow.name == site)) or 0
    visible = visible_versions(scope)
    printed = and_(VersionParagraphRow.paragraph_id == ParagraphRow.id, VersionRow.id == VersionParagraphRow.version_id)
    shown = [exists().where(printed, *visible)] if visible else []
    most = scope.connection.execute(
        select(BoilerplateRow, ParagraphRow.text)
        .join(ParagraphRow, ParagraphRow.id == BoilerplateRow.paragraph_id)
        .where(BoilerplateRow.site_id == site_id, *shown)
        .order_by(BoilerplateRow.articles_seen.desc(), ParagraphRow.text)
        .limit(limit)
    ).all()
    mask = load_mask(scope)
    of_site = (ArticleRow.site_id == site_id, *visible_articles(scope))
    held = scope.connection.scalar(select(func.count()).select_from(ArticleRow).where(*of_site)) or 0
    between = count_between(scope, Filters(site=site), [(row.first_seen_at, row.last_seen_at) for row in most])
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


def list_source_health(scope: ReadScope, sites: Sequence[str] | None = None) -> tuple[SourceHealth, ...]:
    """Return sources that were fetched, by site and URL, without further pages of listings."""
    wanted = scope.connection.scalars(text("SELECT DISTINCT site FROM lanes")) if sites is None else sites
    chosen = {"sites": list(wanted), "backfill": BACKFILL_PRIORITY}
    return tuple(
        SourceHealth(
            url=row.url, site=row.site, kind=UrlKind(row.kind), title=row.title, last_fetched_at=row.last_fetched_at,
            due_at=row.due_at, failures=row.failure_count, habits=None if row.hours is None else read_rates(row),
        )
        for row in scope.connection.execute(_SOURCE_HEALTH, chosen)
        if not scope.exclude.excludes(row.url, row.site)
    )  # fmt: skip


_RATES = {column.name: column.type for column in SourceRateRow.__table__.c}
_SOURCE_HEALTH = build_query(_SQL["source-health"], ["sites"], ["last_fetched_at", "due_at"], **_RATES)
