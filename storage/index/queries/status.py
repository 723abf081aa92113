"""What the archive holds, counted."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, or_, select

from storage.index.boilerplate.rule import in_its_time
from storage.index.conditions.visibility import begins, shown_articles, shown_captures, shown_urls, shown_versions
from storage.index.queries.aggregates import dated_between, outcomes_of_sites, site_counts
from storage.index.schema.tables import (
    ArticleRow,
    BoilerplateRow,
    CaptureRow,
    CrawlRow,
    CrawlSiteRow,
    FrontierRow,
    ParagraphRow,
    SearchDocumentRow,
    SiteRow,
    SourceRow,
    UrlRow,
    VersionRow,
    WarcFileRow,
)
from storage.index.views.articles import BoilerplateView, SourceView, WarcFileView
from storage.index.views.exclusions import NOTHING, Exclusions
from storage.index.views.status import CrawlView, LastCrawl, SiteStatus, Status
from storage.model import BACKFILL, Outcome, UrlKind


def status(connection: Connection, now: datetime, exclude: Exclusions = NOTHING) -> Status:
    """What the archive holds, site by site; files and what waits to be fetched are counted whole."""
    outcomes = outcomes_of_sites(connection, exclude)
    sites = sites_held(connection, exclude, outcomes=outcomes, waiting=_waiting(connection, now))
    files = connection.execute(
        select(func.count().label("files"), func.coalesce(func.sum(WarcFileRow.size), 0).label("bytes"))
    ).one()
    last = crawls(connection, limit=1, exclude=exclude)
    return Status(
        sites=sites,
        articles=sum(site.articles for site in sites),
        versions=sum(site.versions for site in sites),
        captures=sum(site.captures for site in sites),
        warc_files=files.files,
        warc_bytes=int(files.bytes),
        last_crawl=last[0] if last else None,
    )


def sites_held(
    connection: Connection,
    exclude: Exclusions = NOTHING,
    *,
    outcomes: Mapping[str, Mapping[Outcome, int]] = MappingProxyType({}),
    waiting: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> tuple[SiteStatus, ...]:
    """Sites with what is held of each; outcomes and what waits, where they are given."""
    versions = _versions(connection, exclude)
    return tuple(
        SiteStatus(
            name=site.name, url=site.url, title=site.title, configured=site.configured, articles=site.articles,
            versions=versions[site.name], captures=site.captures, outcomes=outcomes.get(site.name, {}),
            first_capture=site.first_capture, last_capture=site.last_capture, **waiting.get(site.name, {}),
        )
        for site in site_counts(connection, exclude)
    )  # fmt: skip


def _versions(connection: Connection, exclude: Exclusions) -> dict[str, int]:
    """Versions by their sites' names."""
    # One document a version, written with it: these are counted without a look at the versions' articles.
    of_site = select(func.count()).where(SearchDocumentRow.site_id == SiteRow.id).scalar_subquery()
    versions = {row.name: row.versions for row in connection.execute(select(SiteRow.name, of_site.label("versions")))}
    if not exclude:
        return versions
    # Only sites of which something may be left out are counted one by one.
    blocked = exists().where(UrlRow.site_id == SiteRow.id, begins(UrlRow.urlkey.expression, exclude.urlkeys))
    touched = select(SiteRow.id).where(or_(SiteRow.name.in_([name for name, _ in exclude.embargoes]), blocked))
    shown = (
        select(SiteRow.name, func.count(VersionRow.id).label("versions"))
        .select_from(SiteRow)
        .outerjoin(ArticleRow, and_(ArticleRow.site_id == SiteRow.id, *shown_articles(connection, exclude)))
        .outerjoin(VersionRow, and_(VersionRow.article_id == ArticleRow.id, *shown_versions(connection, exclude)))
        .where(SiteRow.id.in_(touched))
        .group_by(SiteRow.name)
    )
    return versions | {row.name: row.versions for row in connection.execute(shown)}


def _waiting(connection: Connection, now: datetime) -> Mapping[str, dict[str, Any]]:
    daily = FrontierRow.priority < BACKFILL
    past = and_(FrontierRow.priority >= BACKFILL, FrontierRow.looked_at.is_(None), FrontierRow.due_at <= now)
    rows = connection.execute(
        select(
            FrontierRow.site,
            func.sum(case((and_(daily, FrontierRow.due_at <= now), 1), else_=0)).label("due"),
            func.sum(case((and_(daily, FrontierRow.due_at > now), 1), else_=0)).label("scheduled"),
            func.sum(case((past, 1), else_=0)).label("older"),
            func.min(case((daily, FrontierRow.due_at))).label("next_due"),
        )
        .where(FrontierRow.due_at.is_not(None))
        .group_by(FrontierRow.site)
    )  # fmt: skip
    return {
        row.site: {
            "due": int(row.due),
            "scheduled": int(row.scheduled),
            "older": int(row.older),
            "next_due": row.next_due,
        }
        for row in rows
    }


def crawls(
    connection: Connection,
    *,
    limit: int,
    offset: int = 0,
    run: str | None = None,
    exclude: Exclusions = NOTHING,
) -> tuple[CrawlView, ...]:
    """Runs, newest first; or the one of that name.

    Where something is excluded, so are runs that were for hidden sites alone, and counters, which count all.
    """
    shown = shown_captures(connection, exclude)
    captured = select(func.count()).where(CaptureRow.crawl_id == CrawlRow.id, *shown).scalar_subquery()
    asked = select(CrawlRow, captured.label("captures")).order_by(CrawlRow.run.desc()).limit(limit).offset(offset)
    asked = asked.where(*_shown_runs(exclude))
    if run is not None:
        asked = asked.where(CrawlRow.run == run)
    rows = connection.execute(asked).all()
    sites: dict[int, list[str]] = {}
    for crawl_id, name in connection.execute(
        select(CrawlSiteRow.crawl_id, SiteRow.name)
        .join(SiteRow, SiteRow.id == CrawlSiteRow.site_id)
        .where(CrawlSiteRow.crawl_id.in_([row.id for row in rows]))
        .order_by(SiteRow.name)
    ):
        if name not in exclude.hidden:
            sites.setdefault(crawl_id, []).append(name)
    return tuple(
        CrawlView(
            id=row.run, sites=tuple(sites.get(row.id, ())), started_at=row.started_at, finished_at=row.finished_at,
            outcome=row.outcome, counters={} if exclude else row.counters, captures=row.captures,
        )
        for row in rows
    )  # fmt: skip


def _shown_runs(exclude: Exclusions) -> list[ColumnElement[bool]]:
    """Runs that were for a site that is shown, or for none that is known."""
    if not exclude.hidden:
        return []
    of_run = CrawlSiteRow.crawl_id == CrawlRow.id
    seen = SiteRow.name.not_in(sorted(exclude.hidden))
    return [or_(exists().where(of_run, SiteRow.id == CrawlSiteRow.site_id, seen), ~exists().where(of_run))]


def last_crawl(connection: Connection, exclude: Exclusions = NOTHING) -> LastCrawl | None:
    """The newest run; None where there was none."""
    asked = select(CrawlRow).where(*_shown_runs(exclude)).order_by(CrawlRow.run.desc()).limit(1)
    row = connection.execute(asked).first()
    if row is None:
        return None
    return LastCrawl(id=row.run, started_at=row.started_at, finished_at=row.finished_at, outcome=row.outcome)


def warc_files(connection: Connection) -> tuple[WarcFileView, ...]:
    """All WARC files, by name."""
    held = select(func.count()).where(CaptureRow.warc_file_id == WarcFileRow.id).scalar_subquery()
    rows = connection.execute(
        select(WarcFileRow, CrawlRow.run.label("crawl"), held.label("captures"))
        .join(CrawlRow, CrawlRow.id == WarcFileRow.crawl_id, isouter=True)
        .order_by(WarcFileRow.name)
    )
    return tuple(
        WarcFileView(
            name=row.name, state=row.state, crawl=row.crawl, size=row.size, sha256=row.sha256, captures=row.captures
        )
        for row in rows
    )


def sources(connection: Connection, site: str | None, exclude: Exclusions = NOTHING) -> tuple[SourceView, ...]:
    """Feeds, sitemaps and listings, by URL."""
    asked = (
        select(SourceRow, UrlRow.url, SiteRow.name.label("site"))
        .join(UrlRow, UrlRow.id == SourceRow.url_id)
        .join(SiteRow, SiteRow.id == SourceRow.site_id)
        .where(*shown_urls(exclude, SourceRow.url_id.expression), SiteRow.name.not_in(sorted(exclude.hidden)))
        .order_by(UrlRow.url)
    )
    if site is not None:
        asked = asked.where(SiteRow.name == site)
    return tuple(
        SourceView(
            url=row.url, site=row.site, kind=UrlKind(row.kind), title=row.title, entries=row.entries,
            first_seen=row.first_seen_at, last_seen=row.last_seen_at, last_changed=row.last_changed_at,
        )
        for row in connection.execute(asked)
    )  # fmt: skip


def boilerplate(connection: Connection, site: str, *, limit: int | None = None) -> tuple[BoilerplateView, ...]:
    """Paragraphs that several articles of a site carry, the most printed first."""
    site_id = connection.scalar(select(SiteRow.id).where(SiteRow.name == site)) or 0
    most = connection.execute(
        select(BoilerplateRow, ParagraphRow.text)
        .join(ParagraphRow, ParagraphRow.id == BoilerplateRow.paragraph_id)
        .where(BoilerplateRow.site_id == site_id)
        .order_by(BoilerplateRow.articles_seen.desc(), ParagraphRow.text)
        .limit(limit)
    ).all()
    held = connection.scalar(select(func.count()).select_from(ArticleRow).where(ArticleRow.site_id == site_id)) or 0
    between = dated_between(connection, site_id, [(row.first_seen_at, row.last_seen_at) for row in most])
    return tuple(
        BoilerplateView(
            site=site, text=row.text, articles_seen=row.articles_seen, articles=in_its_time(articles, held),
            first_seen=row.first_seen_at, last_seen=row.last_seen_at, verdict=row.verdict,
        )
        for row, articles in zip(most, between, strict=True)
    )  # fmt: skip
