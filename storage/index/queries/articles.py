"""Queries for articles, versions and captures."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import ColumnClause, ColumnElement, Connection, and_, bindparam, func, or_, select

from storage.article_fields import ParagraphView, from_columns
from storage.article_parts import Entity, EntityRelation, LiveUpdate, Media, MediaKind
from storage.grouping import group_pairs
from storage.index.conditions import visibility
from storage.index.conditions.withheld import find_withheld_urls, load_text_masks
from storage.index.engine.statements import IDS, STREAMING, AnyRow, AnySelect, build_query, load_statements
from storage.index.queries.observations import ArticleHistory, load_histories
from storage.index.reader import ReadScope
from storage.index.rows.interning import short_digest
from storage.index.rows.version_parts import SELECT_VERSIONS, load_authors, load_paragraphs, load_tags
from storage.index.schema.tables import (
    ArticleRow,
    CaptureRow,
    CrawlRow,
    LinkRow,
    SiteRow,
    UrlRow,
    VersionRow,
    WarcFileRow,
)
from storage.index.search.matches import list_article_ids
from storage.index.views import articles as views
from storage.model import LinkKind, Outcome, RecordPlace, RefersTo
from storage.observations import ObservedSpan
from storage.page_date import PageDate

CaptureOrder = Literal["newest", "oldest"]

_AT_ONCE = 500
_BEYOND_IDS = 1 << 31

REDIRECT = UrlRow.__table__.alias("redirect")
REFERRED = UrlRow.__table__.alias("referred")

_CAPTURES = (
    select(
        CaptureRow, UrlRow.url, UrlRow.urlkey, SiteRow.name.label("site"), WarcFileRow.name.label("warc"),
        CrawlRow.run.label("crawl"), VersionRow.number.label("version_number"),
        REDIRECT.c.url.label("redirect_url"), REFERRED.c.url.label("refers_to_url"),
    )
    .join(UrlRow, UrlRow.id == CaptureRow.url_id)
    .join(SiteRow, SiteRow.id == CaptureRow.site_id)
    .join(WarcFileRow, WarcFileRow.id == CaptureRow.warc_file_id)
    .join(CrawlRow, CrawlRow.id == CaptureRow.crawl_id, isouter=True)
    .join(VersionRow, VersionRow.id == CaptureRow.version_id, isouter=True)
    .join(REDIRECT, REDIRECT.c.id == CaptureRow.redirect_url_id, isouter=True)
    .join(REFERRED, REFERRED.c.id == CaptureRow.refers_to_url_id, isouter=True)
)  # fmt: skip


def _is_valid_id(number: int) -> bool:
    """Return True if a number fits the id columns of 32 bits; PostgreSQL fails to compare others."""
    return 0 < number < _BEYOND_IDS


def _capture_view(row: AnyRow, exclude: views.Exclusions) -> views.CaptureView:
    named = (row.refers_to_record, row.refers_to_url, row.refers_to_date)
    if exclude and row.refers_to_url != row.url:
        named = (None, None, None)  # the original may be withheld, and this record is not of that page
    reason = str(row.reason)
    if row.outcome == Outcome.SOFT_ERROR.value:
        # It is read as an article, and known by other captures.
        reason = f"the site sends this text in place of articles; read alone it is one: {reason}"
    return views.CaptureView(
        id=row.id, url=row.url, urlkey=row.urlkey, site=row.site, record_id=row.record_id,
        place=RecordPlace(warc=row.warc, offset=row.warc_offset, length=row.warc_length), kind=row.kind,
        fetched_at=row.fetched_at, date=row.warc_date, status=row.status, mime=row.mime,
        payload_digest=row.payload_digest, payload_size=row.payload_size, truncated=row.truncated,
        outcome=Outcome(row.outcome), reason=reason, title=row.title, entries=row.entries,
        redirect_url=row.redirect_url,
        refers_to=RefersTo(record_id=named[0], url=named[1], date=named[2]) if any(named) else None,
        refers_to_id=row.refers_to_id, crawl=row.crawl, article_id=row.article_id, version_id=row.version_id,
        version_number=row.version_number,
    )  # fmt: skip


def iter_captures(
    scope: ReadScope, filters: views.CaptureFilters = views.ALL_CAPTURES, *,
    order: CaptureOrder = "newest", limit: int | None = None, offset: int = 0, before: views.CaptureView | None = None,
) -> Iterator[views.CaptureView]:  # fmt: skip
    """Yield captures; all, or those that are older than one. What is written meanwhile may show in later ones."""
    by: dict[str, tuple[Any, ...]] = {
        "newest": (CaptureRow.fetched_at.desc(), CaptureRow.record_id.desc()),
        "oldest": (CaptureRow.fetched_at, CaptureRow.record_id),
    }
    wanted = _capture_conditions(scope, filters)
    if before is not None:
        at = CaptureRow.fetched_at
        wanted += [at <= before.fetched_at, or_(at < before.fetched_at, CaptureRow.record_id < before.record_id)]
    # Ids first: skipped rows would be joined with every table, and as a subquery they would be joined last, because the
    # planner of PostgreSQL reorders no more than eight tables.
    named = select(CaptureRow.id).where(*wanted).order_by(*by[order]).limit(limit).offset(offset)
    if filters.url:
        named = named.join(UrlRow, UrlRow.id == CaptureRow.url_id)
    for ids in scope.connection.scalars(named, execution_options=STREAMING).partitions():
        yield from load_captures(scope, ids)


def load_captures(scope: ReadScope, ids: Sequence[int]) -> list[views.CaptureView]:
    """Return the visible ones of some captures, in the order of the ids."""
    query = _CAPTURES.where(CaptureRow.id.in_(IDS), *visibility.visible_captures(scope))
    rows = {row.id: row for row in scope.connection.execute(query, {"ids": list(ids)})}
    return [_capture_view(rows[capture_id], scope.exclude) for capture_id in ids if capture_id in rows]


def list_captures(
    scope: ReadScope, before: views.CaptureView | None, filters: views.CaptureFilters
) -> Sequence[views.CaptureView]:
    """Return a batch of captures that are older than one, newest first."""
    return tuple(iter_captures(scope, filters, limit=_AT_ONCE, before=before))


def _capture_conditions(scope: ReadScope, filters: views.CaptureFilters) -> visibility.Conditions:
    def id_of(of: ColumnClause[int], condition: ColumnElement[bool]) -> ColumnElement[int]:
        return select(of).where(condition).correlate(None).scalar_subquery()

    candidates: tuple[tuple[Any, Callable[[Any], ColumnElement[bool]]], ...] = (
        (filters.url, lambda url: UrlRow.digest == short_digest(url)),
        # By id, so that the indexes of captures also provide the order.
        (filters.site, lambda name: CaptureRow.site_id == id_of(SiteRow.id, SiteRow.name == name)),
        (filters.article_id, lambda article_id: CaptureRow.article_id == article_id),
        (filters.outcome, lambda outcome: CaptureRow.outcome.in_(list(map(str, views.list_values(outcome))))),
        (filters.crawl, lambda run: CaptureRow.crawl_id == id_of(CrawlRow.id, CrawlRow.run == run)),
        (filters.warc, lambda name: CaptureRow.warc_file_id == id_of(WarcFileRow.id, WarcFileRow.name == name)),
    )
    conditions = [condition(value) for value, condition in candidates if value is not None]
    conditions += visibility.conditions_on_time(CaptureRow.fetched_at, filters.since, filters.until)
    return conditions + visibility.visible_captures(scope)


def get_capture(scope: ReadScope, capture_id: int) -> views.CaptureView | None:
    """Return the capture with an id, or None."""
    return _find_capture(scope, CaptureRow.id == capture_id) if _is_valid_id(capture_id) else None


def get_capture_of_record(scope: ReadScope, record_id: str) -> views.CaptureView | None:
    """Return the capture of a WARC record, or None."""
    return _find_capture(scope, CaptureRow.record_id == record_id)


def _find_capture(scope: ReadScope, condition: ColumnElement[bool]) -> views.CaptureView | None:
    row = scope.connection.execute(_CAPTURES.where(condition, *visibility.visible_captures(scope))).first()
    return _capture_view(row, scope.exclude) if row else None


def get_version(scope: ReadScope, version_id: int, history: ArticleHistory | None = None) -> views.VersionView | None:
    """Return one version with its paragraphs and links, or None. The history is loaded if it is not given."""
    if not _is_valid_id(version_id):
        return None
    visible = visibility.visible_articles(scope) + visibility.visible_versions(scope)
    row = scope.connection.execute(SELECT_VERSIONS.where(VersionRow.id == version_id, *visible)).first()
    if row is None:
        return None
    first = get_capture(scope, row.capture_id)
    assert first is not None
    history = history or load_histories(scope, [row.article_id])[row.article_id]
    spans = tuple(span for span in history.spans if span.version == row.number)
    paragraphs = load_paragraphs(scope.connection, [version_id])
    version = views.VersionView(
        id=row.id, article_id=row.article_id, number=row.number, site=row.site, site_title=row.site_title,
        url=first.url, canonical_url=row.canonical_url, image=scope.exclude.name_url(row.image),
        authors=load_authors(scope.connection, [version_id])[version_id], extractor=row.extractor,
        tags=load_tags(scope.connection, [version_id])[version_id], changed=tuple(row.changed.split()),
        digest=f"sha256:{row.digest.hex()}", first_seen=spans[0].first_seen, last_seen=spans[-1].last_seen, spans=spans,
        all_paragraphs=tuple(paragraphs[version_id]), **load_parts(scope, paragraphs)[version_id],
        links=load_link_groups(scope, row.capture_id), capture=first, **from_columns(row),
    )  # fmt: skip
    return load_text_masks(scope, [version_id])[version_id].apply_to_article(version)


def load_link_groups(scope: ReadScope, capture_id: int) -> tuple[views.LinkGroupView, ...]:
    """Return the links on a captured page, each with the article that it leads to."""
    target = link_target(scope)
    return tuple(
        views.LinkGroupView(
            kind=LinkKind(group.kind),
            label=group.label,
            links=tuple(
                views.LinkView(url=row.url, anchor=row.anchor, box_size=row.box_size or "", article_id=row.article_id)
                for row in links
            ),
        )
        for group, links in load_links(scope, [capture_id], target).get(capture_id, ())
    )


def link_target(scope: ReadScope) -> ColumnElement[int | None]:
    """Return a column of `load_links`, `article_id`: the article that the link leads to."""
    held = visibility.visible_articles(scope)
    article = select(func.min(ArticleRow.id)).where(ArticleRow.url_id == UrlRow.id, *held).scalar_subquery()
    captured = select(func.min(CaptureRow.article_id)).where(CaptureRow.url_id == UrlRow.id)
    if held:
        captured = captured.join(ArticleRow, ArticleRow.id == CaptureRow.article_id).where(*held)
    return func.coalesce(article, captured.scalar_subquery()).label("article_id")


def load_links(
    scope: ReadScope, capture_ids: Sequence[int], *columns: ColumnElement[Any]
) -> dict[int, list[tuple[AnyRow, list[AnyRow]]]]:
    """Return the link groups of captured pages, each with its visible links, for which more columns are read."""
    groups = scope.connection.execute(_GROUPS, {"ids": list(capture_ids)}).all()
    group_ids = {group.id for group in groups}
    query = (
        select(LinkRow.group_id, UrlRow.url, LinkRow.anchor, LinkRow.box_size, *columns)
        .join(UrlRow, UrlRow.id == LinkRow.url_id)
        .where(LinkRow.group_id.in_(IDS))
        .order_by(LinkRow.group_id, LinkRow.position)
    )
    rows = scope.connection.execute(query, {"ids": sorted(group_ids)}).all() if group_ids else ()
    withheld = find_withheld_urls(scope, {row.url for row in rows})
    links = group_pairs((row.group_id, row) for row in rows if row.url not in withheld)
    return group_pairs((group.capture_id, (group, links.get(group.id, []))) for group in groups)


def load_parts(scope: ReadScope, paragraphs: Mapping[int, Sequence[ParagraphView]]) -> dict[int, dict[str, Any]]:
    """Return media, entities and live updates of versions, whose paragraphs are given, but no withheld URL."""
    rows = {name: scope.connection.execute(query, {"ids": list(paragraphs)}).all() for name, query in _PARTS.items()}
    urls = {url for some in rows.values() for row in some for url in (row.url, row.transcript_url) if url}
    withheld = find_withheld_urls(scope, urls)
    parts: dict[int, dict[str, Any]] = {version_id: dict.fromkeys(rows, ()) for version_id in paragraphs}
    for row in rows["media"]:
        above = sum(not each.boilerplate for each in paragraphs[row.version_id][: row.place])
        transcript = None if row.transcript_url in withheld else row.transcript_url
        named = {name: getattr(row, name) for name in ("url", "caption", "credit", "alt", "duration")}
        media = Media(kind=MediaKind(row.kind), place=above, transcript_url=transcript, **named)
        parts[row.version_id]["media"] += (media,) if row.url not in withheld else ()
    for row in rows["entities"]:
        entity = Entity(relation=EntityRelation(row.relation), type=row.type, name=row.name, url=row.url)
        parts[row.version_id]["entities"] += (entity,) if row.url not in withheld else ()
    for row in rows["live_updates"]:
        named = {name: getattr(row, name) for name in ("headline", "text", "published", "modified")}
        url = None if row.url in withheld else row.url
        parts[row.version_id]["live_updates"] += (LiveUpdate(**named, url=url),)
    return parts


_SQL = load_statements("storage.index.queries", "queries.sql")
_PARTS = {name: build_query(_SQL[name.replace("_", "-")], ["ids"]) for name in ("media", "entities", "live_updates")}
_GROUPS = build_query(_SQL["groups"], ["ids"])


def get_article(scope: ReadScope, article_id: int) -> views.ArticleView | None:
    """Return one article with its history, or None."""
    if not _is_valid_id(article_id):
        return None
    visible = visibility.visible_articles(scope) + visibility.visible_versions(scope)
    row = scope.connection.execute(_select_articles(scope).where(ArticleRow.id == article_id, *visible)).first()
    if row is None:
        return None
    history = load_histories(scope, [article_id])[article_id]
    current = get_version(scope, row.version_id, history)
    assert current is not None
    # All captures of its URLs are its captures. Two queries: with a subquery PostgreSQL scans all captures.
    mine = CaptureRow.url_id.in_(load_url_ids(scope.connection, article_id))
    held = _CAPTURES.where(mine, *visibility.visible_captures(scope))
    all_captures = scope.connection.execute(held.order_by(CaptureRow.fetched_at, CaptureRow.record_id))
    return views.ArticleView(
        id=row.id, site=row.site, url=row.url, state=row.state, first_seen=row.first_seen_at,
        last_seen=row.last_seen_at, current=current,
        versions=_load_version_lines(scope, article_id, history.spans),
        history=history.spans, metadata_changes=history.metadata_changes,
        captures=tuple(_capture_view(one, scope.exclude) for one in all_captures),
    )  # fmt: skip


def load_url_ids(connection: Connection, article_id: int) -> Sequence[int]:
    """Return the ids of all URLs of an article."""
    shown = select(CaptureRow.url_id).where(CaptureRow.article_id == article_id)
    return connection.scalars(shown.union(select(ArticleRow.url_id).where(ArticleRow.id == article_id))).all()


def _load_version_lines(
    scope: ReadScope, article_id: int, spans: Sequence[ObservedSpan]
) -> tuple[views.VersionLine, ...]:
    rows = scope.connection.execute(
        select(VersionRow.id, VersionRow.number, VersionRow.headline, VersionRow.digest, VersionRow.changed)
        .where(VersionRow.article_id == article_id, *visibility.visible_versions(scope))
        .order_by(VersionRow.number, VersionRow.is_variant, VersionRow.digest)
    )
    first_rows: dict[int, AnyRow] = {}
    for row in rows:
        first_rows.setdefault(row.number, row)
    seen = {number: tuple(span for span in spans if span.version == number) for number in first_rows}
    return tuple(
        views.VersionLine(
            id=row.id, number=row.number, headline=row.headline, digest=f"sha256:{row.digest.hex()}",
            first_seen=seen[row.number][0].first_seen, last_seen=seen[row.number][-1].last_seen,
            captures=sum(span.looks for span in seen[row.number]), changed=tuple(row.changed.split()),
            spans=seen[row.number],
        )
        for row in first_rows.values()
        if seen[row.number]
    )  # fmt: skip


_COUNTED = VersionRow.__table__.alias("counted_versions")
_NEWEST_FIRST = (ArticleRow.dated_at.desc(), UrlRow.url)


def count_versions(scope: ReadScope) -> ColumnElement[int]:
    """Return a column, `versions`: the number of visible versions of an article."""
    mine = _COUNTED.c.article_id == ArticleRow.id, ~_COUNTED.c.is_variant
    counted = select(func.count()).select_from(_COUNTED).where(*mine, *visibility.visible_versions(scope, _COUNTED))
    return counted.scalar_subquery().label("versions")


def _select_articles(scope: ReadScope) -> AnySelect:
    return (
        select(
            ArticleRow, SiteRow.name.label("site"), UrlRow.url, VersionRow.id.label("version_id"),
            VersionRow.headline, VersionRow.dek, VersionRow.section, VersionRow.language, VersionRow.published,
            count_versions(scope),
        )
        .join(SiteRow, SiteRow.id == ArticleRow.site_id)
        .join(UrlRow, UrlRow.id == ArticleRow.url_id)
        .join(VersionRow, and_(VersionRow.article_id == ArticleRow.id, visibility.current_version(scope)))
    )  # fmt: skip


def _article_line(row: AnyRow) -> views.ArticleLine:
    return views.ArticleLine(
        id=row.id, site=row.site, url=row.url, headline=row.headline, dek=row.dek, section=row.section,
        published=PageDate.parse(row.published) if row.published else None, first_seen=row.first_seen_at,
        state=row.state, versions=row.versions, language=row.language,
    )  # fmt: skip


def list_articles(
    scope: ReadScope, filters: views.Filters = views.EVERYTHING, *, limit: int = 50, offset: int = 0,
    after_id: int | None = None,
) -> tuple[views.ArticleLine, ...]:  # fmt: skip
    """Return articles by date, newest first, or those after the one with `after_id`. Ignores `filters.query`."""
    if filters.selects_texts:
        ids = list_article_ids(scope, filters, limit, offset, after_id)
        lines = {line.id: line for line in load_article_lines(scope, ids)}
        return tuple(lines[article_id] for article_id in ids if article_id in lines)
    statement = _select_articles(scope).where(*visibility.filter_conditions(scope, filters))
    if after_id is not None:
        last = select(ArticleRow.dated_at, UrlRow.url).join(UrlRow, UrlRow.id == ArticleRow.url_id)
        row = scope.connection.execute(last.where(ArticleRow.id == after_id)).first()
        if row is None:
            return ()
        at = ArticleRow.dated_at
        statement = statement.where(at <= row.dated_at, or_(at < row.dated_at, UrlRow.url > row.url))
    statement = statement.order_by(*_NEWEST_FIRST).limit(limit).offset(offset)
    return tuple(map(_article_line, scope.connection.execute(statement)))


def list_newest_articles(scope: ReadScope, sites: Sequence[str], limit: int) -> list[tuple[views.ArticleLine, ...]]:
    """Return the newest articles of each of some sites."""
    query = _select_articles(scope).where(ArticleRow.site_id == bindparam("site"))
    query = query.where(*visibility.filter_conditions(scope, views.EVERYTHING)).order_by(*_NEWEST_FIRST).limit(limit)
    ids = visibility.load_site_ids(scope.connection, sites)
    return [tuple(map(_article_line, scope.connection.execute(query, {"site": ids[name]}))) for name in sites]


def load_article_lines(scope: ReadScope, ids: Sequence[int]) -> list[views.ArticleLine]:
    """Return the visible articles with these ids, unordered."""
    visible = visibility.visible_articles(scope) + visibility.visible_versions(scope)
    statement = _select_articles(scope).where(ArticleRow.id.in_(IDS), *visible)
    return [_article_line(row) for row in scope.connection.execute(statement, {"ids": list(ids)})] if ids else []


def find_article_id(scope: ReadScope, url: str) -> int | None:
    """Return the id of the article with a canonical URL, or of the one that the URL's newest capture shows."""
    here = UrlRow.digest == short_digest(url)
    named = (
        select(ArticleRow.id)
        .join(UrlRow, UrlRow.id == ArticleRow.url_id)
        .where(here, *visibility.visible_articles(scope))
        .order_by(ArticleRow.last_seen_at.desc())
        .limit(1)
    )
    captured = (
        select(CaptureRow.article_id)
        .join(UrlRow, UrlRow.id == CaptureRow.url_id)
        .where(here, CaptureRow.article_id.is_not(None), *visibility.visible_captures(scope))
        .order_by(CaptureRow.fetched_at.desc())
        .limit(1)
    )
    return scope.connection.scalar(named) or scope.connection.scalar(captured)


_CLASSIFIED = [outcome.value for outcome in (Outcome.ARTICLE, Outcome.LISTING, Outcome.OTHER, Outcome.MEDIA,
                                          Outcome.PAYWALL_STUB)]  # fmt: skip


def list_page_outcomes(connection: Connection, site: str, *, limit: int = 5000) -> list[tuple[str, Outcome]]:
    """Return the URLs of a site's newest `limit` captures, each as ARTICLE if one of them is, else as its newest is."""
    rows = connection.execute(
        select(UrlRow.url, CaptureRow.outcome)
        .join(CaptureRow, CaptureRow.url_id == UrlRow.id)
        .join(SiteRow, SiteRow.id == CaptureRow.site_id)
        .where(SiteRow.name == site, CaptureRow.outcome.in_(_CLASSIFIED))
        .order_by(CaptureRow.fetched_at.desc(), CaptureRow.record_id)
        .limit(limit)
    )
    newest: dict[str, Outcome] = {}
    for row in rows:
        outcome = Outcome(row.outcome)
        newest[row.url] = outcome if outcome is Outcome.ARTICLE else newest.get(row.url, outcome)
    return list(newest.items())
