"""What people look at: articles, versions and captures. Each query is a function that returns nouns."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, and_, bindparam, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from storage.index.boilerplate.rule import COUNTED
from storage.index.conditions.filters import conditions
from storage.index.conditions.visibility import after, current_version, shown_articles, shown_captures, shown_versions
from storage.index.engine.database import AnyRow, AnySelect
from storage.index.rows.interning import short_digest
from storage.index.schema.tables import (
    ArticleRow,
    AuthorRow,
    BoilerplateRow,
    CaptureGroupRow,
    CaptureRow,
    CrawlRow,
    LinkGroupRow,
    LinkRow,
    ParagraphRow,
    SiteRow,
    TagRow,
    UrlRow,
    VersionAuthorRow,
    VersionParagraphRow,
    VersionRow,
    VersionTagRow,
    WarcFileRow,
)
from storage.index.views.articles import (
    ArticleLine,
    ArticleView,
    CaptureFilters,
    CaptureView,
    Filters,
    LinkGroupView,
    LinkView,
    ParagraphView,
    VersionLine,
    VersionView,
)
from storage.index.views.exclusions import NOTHING, Exclusions
from storage.model import Access, LinkKind, Outcome, RecordPlace, RefersTo, Role

CaptureOrder = Literal["newest", "oldest", "urlkey"]

MOST_LINKED_FROM = 100
_BEYOND_IDS = 1 << 31

_REDIRECT = UrlRow.__table__.alias("redirect")
_REFERRED = UrlRow.__table__.alias("referred")
_CANONICAL = UrlRow.__table__.alias("canonical")
_IMAGE = UrlRow.__table__.alias("image")

_CAPTURES = (
    select(
        CaptureRow,
        UrlRow.url,
        UrlRow.urlkey,
        SiteRow.name.label("site"),
        WarcFileRow.name.label("warc"),
        CrawlRow.run.label("crawl"),
        _REDIRECT.c.url.label("redirect_url"),
        _REFERRED.c.url.label("refers_to_url"),
    )
    .join(UrlRow, UrlRow.id == CaptureRow.url_id)
    .join(SiteRow, SiteRow.id == CaptureRow.site_id)
    .join(WarcFileRow, WarcFileRow.id == CaptureRow.warc_file_id)
    .join(CrawlRow, CrawlRow.id == CaptureRow.crawl_id, isouter=True)
    .join(_REDIRECT, _REDIRECT.c.id == CaptureRow.redirect_url_id, isouter=True)
    .join(_REFERRED, _REFERRED.c.id == CaptureRow.refers_to_url_id, isouter=True)
)


def is_id(number: int) -> bool:
    """False for a number that names nothing and that a database would refuse to compare with an id of 32 bits."""
    return 0 < number < _BEYOND_IDS


def _capture(row: AnyRow) -> CaptureView:
    named = (row.refers_to_record, row.refers_to_url, row.refers_to_date)
    return CaptureView(
        id=row.id, url=row.url, urlkey=row.urlkey, site=row.site, record_id=row.record_id,
        place=RecordPlace(warc=row.warc, offset=row.warc_offset, length=row.warc_length), kind=row.kind,
        fetched_at=row.fetched_at, date=row.warc_date, status=row.status, mime=row.mime,
        payload_digest=row.payload_digest, payload_size=row.payload_size, truncated=row.truncated,
        outcome=Outcome(row.outcome), reason=row.reason, title=row.title, entries=row.entries,
        redirect_url=row.redirect_url,
        refers_to=RefersTo(record_id=named[0], url=named[1], date=named[2]) if any(named) else None,
        refers_to_id=row.refers_to_id, crawl=row.crawl, article_id=row.article_id, version_id=row.version_id,
    )  # fmt: skip


def captures(
    connection: Connection, filters: CaptureFilters, *, order: CaptureOrder, limit: int | None, offset: int
) -> Iterator[CaptureView]:
    """Captures, streamed."""
    by: dict[str, tuple[Any, ...]] = {
        "newest": (CaptureRow.fetched_at.desc(), CaptureRow.record_id.desc()),
        "oldest": (CaptureRow.fetched_at, CaptureRow.record_id),
        "urlkey": (UrlRow.urlkey, CaptureRow.fetched_at, CaptureRow.record_id),
    }
    wanted = _capture_conditions(connection, filters)
    if limit is not None or offset:
        # Which ones first, then all of them: else each that is passed over would be looked up in every table.
        named = select(CaptureRow.id).where(*wanted).order_by(*by[order]).limit(limit).offset(offset)
        if order == "urlkey" or filters.url or filters.urlkey or filters.urlkey_prefix:
            named = named.join(UrlRow, UrlRow.id == CaptureRow.url_id)
        wanted = [CaptureRow.id.in_(named.correlate(None))]
    asked = _CAPTURES.where(*wanted).order_by(*by[order])
    streaming = {"stream_results": True, "yield_per": 500}
    for row in connection.execute(asked, execution_options=streaming):
        yield _capture(row)


def _capture_conditions(connection: Connection, filters: CaptureFilters) -> list[ColumnElement[bool]]:
    asked: tuple[tuple[Any, Callable[[Any], ColumnElement[bool]]], ...] = (
        (filters.url, lambda url: UrlRow.digest == short_digest(url)),
        (filters.urlkey, lambda key: UrlRow.urlkey == key),
        (filters.urlkey_prefix, lambda prefix: and_(UrlRow.urlkey >= prefix, UrlRow.urlkey < after(prefix))),
        # By their ids, so that the indexes of captures give the order too.
        (filters.site, lambda name: CaptureRow.site_id == _id(SiteRow.id, SiteRow.name == name)),
        (filters.article_id, lambda article_id: CaptureRow.article_id == article_id),
        (filters.outcome, lambda outcome: CaptureRow.outcome == outcome.value),
        (filters.crawl, lambda run: CaptureRow.crawl_id == _id(CrawlRow.id, CrawlRow.run == run)),
        (filters.warc, lambda name: CaptureRow.warc_file_id == _id(WarcFileRow.id, WarcFileRow.name == name)),
        (filters.since, lambda moment: CaptureRow.fetched_at >= moment),
        (filters.until, lambda moment: CaptureRow.fetched_at < moment),
    )
    narrowed = [condition(value) for value, condition in asked if value is not None]
    return narrowed + shown_captures(connection, filters.exclude)


def _id(of: InstrumentedAttribute[int], condition: ColumnElement[bool]) -> ColumnElement[int]:
    return select(of).where(condition).correlate(None).scalar_subquery()


def capture(
    connection: Connection, condition: ColumnElement[bool], exclude: Exclusions = NOTHING
) -> CaptureView | None:
    """The capture of which a condition holds."""
    row = connection.execute(_CAPTURES.where(condition, *shown_captures(connection, exclude))).first()
    return _capture(row) if row else None


_VERSIONS = (
    select(
        VersionRow, ArticleRow.site_id, SiteRow.name.label("site"), SiteRow.title.label("site_title"),
        _CANONICAL.c.url.label("canonical_url"),
        _IMAGE.c.url.label("image"),
    )
    .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
    .join(SiteRow, SiteRow.id == ArticleRow.site_id)
    .join(_CANONICAL, _CANONICAL.c.id == ArticleRow.url_id)
    .join(_IMAGE, _IMAGE.c.id == VersionRow.image_url_id, isouter=True)
)  # fmt: skip


def version(connection: Connection, version_id: int, exclude: Exclusions = NOTHING) -> VersionView | None:
    """One version, whole."""
    shown = shown_articles(connection, exclude) + shown_versions(connection, exclude)
    row = connection.execute(_VERSIONS.where(VersionRow.id == version_id, *shown)).first()
    if row is None:
        return None
    first = capture(connection, CaptureRow.id == row.capture_id)
    assert first is not None
    seen = connection.execute(
        select(func.min(CaptureRow.fetched_at).label("first"), func.max(CaptureRow.fetched_at).label("last")).where(
            CaptureRow.version_id == version_id, *shown_captures(connection, exclude)
        )
    ).one()
    return VersionView(
        id=row.id, article_id=row.article_id, number=row.number, site=row.site, url=first.url,
        canonical_url=row.canonical_url, headline=row.headline, dek=row.dek, authors=_authors(connection, version_id),
        published=row.published_at, published_source=row.published_source, modified=row.modified_at,
        modified_source=row.modified_source, section=row.section, tags=_tags(connection, version_id),
        language=row.language, image=row.image, image_caption=row.image_caption,
        access=Access(row.access) if row.access else None, live=row.live, noarchive=row.noarchive, digest=row.digest,
        extractor=row.extractor,
        first_seen=seen.first, last_seen=seen.last, paragraphs=_paragraphs(connection, version_id, row.site_id),
        link_groups=link_groups(connection, row.capture_id, exclude), capture=first, site_title=row.site_title,
    )  # fmt: skip


def _authors(connection: Connection, version_id: int) -> tuple[str, ...]:
    asked = select(AuthorRow.name).join(VersionAuthorRow, VersionAuthorRow.author_id == AuthorRow.id)
    mine = asked.where(VersionAuthorRow.version_id == version_id).order_by(VersionAuthorRow.position)
    return tuple(connection.scalars(mine))


def _tags(connection: Connection, version_id: int) -> tuple[str, ...]:
    asked = select(TagRow.name).join(VersionTagRow, VersionTagRow.tag_id == TagRow.id)
    return tuple(
        connection.scalars(asked.where(VersionTagRow.version_id == version_id).order_by(VersionTagRow.position))
    )


def _paragraphs(connection: Connection, version_id: int, site_id: int) -> tuple[ParagraphView, ...]:
    learnt = and_(
        BoilerplateRow.site_id == site_id,
        BoilerplateRow.paragraph_id == VersionParagraphRow.paragraph_id,
        VersionParagraphRow.role.in_(COUNTED),
    )
    rows = connection.execute(
        select(VersionParagraphRow.role, ParagraphRow.text, func.coalesce(BoilerplateRow.verdict, false()).label("out"))
        .join(ParagraphRow, ParagraphRow.id == VersionParagraphRow.paragraph_id)
        .join(BoilerplateRow, learnt, isouter=True)
        .where(VersionParagraphRow.version_id == version_id)
        .order_by(VersionParagraphRow.position)
    )
    return tuple(ParagraphView(role=Role(row.role), text=row.text, boilerplate=row.out) for row in rows)


def link_groups(connection: Connection, capture_id: int, exclude: Exclusions = NOTHING) -> tuple[LinkGroupView, ...]:
    """Links on a captured page, each with the article that it leads to."""
    groups = connection.execute(
        select(LinkGroupRow.id, LinkGroupRow.kind, LinkGroupRow.label)
        .join(CaptureGroupRow, CaptureGroupRow.group_id == LinkGroupRow.id)
        .where(CaptureGroupRow.capture_id == capture_id)
        .order_by(CaptureGroupRow.position)
    ).all()
    if not groups:
        return ()
    held = shown_articles(connection, exclude)
    article = select(func.min(ArticleRow.id)).where(ArticleRow.url_id == UrlRow.id, *held).scalar_subquery()
    shown = select(func.min(CaptureRow.article_id)).where(CaptureRow.url_id == UrlRow.id)
    if held:
        shown = shown.join(ArticleRow, ArticleRow.id == CaptureRow.article_id).where(*held)
    links: dict[int, list[LinkView]] = {}
    for row in connection.execute(
        select(
            LinkRow.group_id,
            UrlRow.url,
            LinkRow.anchor,
            func.coalesce(article, shown.scalar_subquery()).label("article_id"),
        )
        .join(UrlRow, UrlRow.id == LinkRow.url_id)
        .where(LinkRow.group_id.in_({group.id for group in groups}))
        .order_by(LinkRow.group_id, LinkRow.position)
    ):
        link = LinkView(url=row.url, anchor=row.anchor, article_id=row.article_id)
        links.setdefault(row.group_id, []).append(link)
    return tuple(
        LinkGroupView(kind=LinkKind(group.kind), label=group.label, links=tuple(links.get(group.id, ())))
        for group in groups
    )


def article(connection: Connection, article_id: int, exclude: Exclusions = NOTHING) -> ArticleView | None:
    """One article with its history."""
    shown = shown_articles(connection, exclude) + shown_versions(connection, exclude)
    row = connection.execute(_articles(connection, exclude).where(ArticleRow.id == article_id, *shown)).first()
    if row is None:
        return None
    current = version(connection, row.version_id, exclude)
    assert current is not None
    # All addresses that show it are among these, and its captures are theirs. They are asked for by themselves: with
    # one question inside the other, PostgreSQL goes through all captures.
    named = select(ArticleRow.url_id).where(ArticleRow.id == article_id)
    urls = connection.scalars(select(CaptureRow.url_id).where(CaptureRow.article_id == article_id).union(named)).all()
    mine = CaptureRow.url_id.in_(urls)
    held = _CAPTURES.where(mine, *shown_captures(connection, exclude))
    all_captures = connection.execute(held.order_by(CaptureRow.fetched_at, CaptureRow.record_id))
    return ArticleView(
        id=row.id, site=row.site, url=row.url, state=row.state, first_seen=row.first_seen_at,
        last_seen=row.last_seen_at, current=current, versions=_version_lines(connection, article_id, exclude),
        captures=tuple(_capture(one) for one in all_captures),
        linked_from=_linked_from(connection, article_id, exclude),
    )  # fmt: skip


def _version_lines(connection: Connection, article_id: int, exclude: Exclusions) -> tuple[VersionLine, ...]:
    rows = connection.execute(
        select(
            VersionRow.id, VersionRow.number, VersionRow.headline, VersionRow.digest,
            func.min(CaptureRow.fetched_at).label("first"), func.max(CaptureRow.fetched_at).label("last"),
            func.count().label("captures"),
        )
        .join(CaptureRow, CaptureRow.version_id == VersionRow.id)
        .where(VersionRow.article_id == article_id, *shown_captures(connection, exclude))
        .group_by(VersionRow.id, VersionRow.number, VersionRow.headline, VersionRow.digest)
        .order_by(VersionRow.number)
    )  # fmt: skip
    return tuple(
        VersionLine(
            id=row.id, number=row.number, headline=row.headline, digest=row.digest, first_seen=row.first,
            last_seen=row.last, captures=row.captures,
        )
        for row in rows
    )  # fmt: skip


def _linked_from(connection: Connection, article_id: int, exclude: Exclusions) -> tuple[ArticleLine, ...]:
    shown = select(CaptureRow.url_id).where(CaptureRow.article_id == article_id)
    urls = shown.union(select(ArticleRow.url_id).where(ArticleRow.id == article_id))
    pages = (
        select(VersionRow.article_id)
        .join(CaptureGroupRow, CaptureGroupRow.capture_id == VersionRow.capture_id)
        .join(LinkRow, LinkRow.group_id == CaptureGroupRow.group_id)
        .where(LinkRow.url_id.in_(urls), *shown_versions(connection, exclude))
    )
    shown_here = shown_articles(connection, exclude)
    asked = _articles(connection, exclude).where(ArticleRow.id.in_(pages), ArticleRow.id != article_id, *shown_here)
    return tuple(_line(row) for row in connection.execute(_newest(asked).limit(MOST_LINKED_FROM)))


_COUNTED = VersionRow.__table__.alias("counted_versions")


def _articles(connection: Connection, exclude: Exclusions) -> AnySelect:
    return (
        select(
            ArticleRow, SiteRow.name.label("site"), UrlRow.url, VersionRow.id.label("version_id"),
            VersionRow.headline, VersionRow.dek, VersionRow.section, VersionRow.language, VersionRow.published_at,
            select(func.count()).select_from(_COUNTED).where(_COUNTED.c.article_id == ArticleRow.id)
            .scalar_subquery().label("versions"),
        )
        .join(SiteRow, SiteRow.id == ArticleRow.site_id)
        .join(UrlRow, UrlRow.id == ArticleRow.url_id)
        .join(VersionRow, and_(VersionRow.article_id == ArticleRow.id, current_version(connection, exclude)))
    )  # fmt: skip


def _newest(asked: AnySelect) -> AnySelect:
    return asked.order_by(ArticleRow.dated_at.desc(), UrlRow.url)


def _line(row: AnyRow) -> ArticleLine:
    return ArticleLine(
        id=row.id, site=row.site, url=row.url, headline=row.headline, dek=row.dek, section=row.section,
        published=row.published_at, first_seen=row.first_seen_at, state=row.state, versions=row.versions,
        language=row.language,
    )  # fmt: skip


def articles(
    connection: Connection, filters: Filters, *, limit: int, offset: int, behind: int | None = None
) -> tuple[ArticleLine, ...]:
    """Articles by date, newest first; those that follow on the article with the id `behind`, where that is given."""
    asked = _articles(connection, filters.exclude).where(*conditions(connection, filters))
    if behind is not None:
        last = select(ArticleRow.dated_at, UrlRow.url).join(UrlRow, UrlRow.id == ArticleRow.url_id)
        row = connection.execute(last.where(ArticleRow.id == behind)).first()
        if row is None:
            return ()
        at = ArticleRow.dated_at
        asked = asked.where(at <= row.dated_at, or_(at < row.dated_at, UrlRow.url > row.url))
    return tuple(_line(row) for row in connection.execute(_newest(asked).limit(limit).offset(offset)))


def article_lines(connection: Connection, ids: Sequence[int], exclude: Exclusions = NOTHING) -> list[ArticleLine]:
    """Articles by their ids, as many of them as are shown, in no order."""
    shown = shown_articles(connection, exclude) + shown_versions(connection, exclude)
    asked = _articles(connection, exclude).where(ArticleRow.id.in_(bindparam("ids", expanding=True)), *shown)
    return [_line(row) for row in connection.execute(asked, {"ids": list(ids)})] if ids else []


def find_article(connection: Connection, url: str, exclude: Exclusions = NOTHING) -> int | None:
    """The article that a URL names, or else the one that its newest capture shows."""
    at = {"digest": short_digest(url)}
    named = (
        select(ArticleRow.id)
        .join(UrlRow, UrlRow.id == ArticleRow.url_id)
        .where(UrlRow.digest == bindparam("digest"), *shown_articles(connection, exclude))
        .order_by(ArticleRow.last_seen_at.desc())
        .limit(1)
    )
    shown = (
        select(CaptureRow.article_id)
        .join(UrlRow, UrlRow.id == CaptureRow.url_id)
        .where(
            UrlRow.digest == bindparam("digest"),
            CaptureRow.article_id.is_not(None),
            *shown_captures(connection, exclude),
        )
        .order_by(CaptureRow.fetched_at.desc())
        .limit(1)
    )
    return connection.scalar(named, at) or connection.scalar(shown, at)
