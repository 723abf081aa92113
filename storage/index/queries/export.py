"""Export: one line an article or version, for other programs. DESIGN: keys and their order are a promise."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, and_, bindparam, false, func, select

from storage.index.boilerplate.rule import COUNTED
from storage.index.conditions.filters import conditions
from storage.index.conditions.visibility import current_version
from storage.index.engine.database import AnyRow, AnySelect
from storage.index.schema.tables import (
    ArticleRow,
    AuthorRow,
    BoilerplateRow,
    CaptureGroupRow,
    CaptureRow,
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
from storage.index.search.results import matching_versions
from storage.index.views.articles import Filters
from storage.model import BODY_ROLES

_AT_ONCE = 200
_BODY = frozenset(role.value for role in BODY_ROLES)
_CANONICAL = UrlRow.__table__.alias("canonical")
_IMAGE = UrlRow.__table__.alias("image")
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)


def export(connection: Connection, filters: Filters, *, all_versions: bool) -> Iterator[dict[str, Any]]:
    """Lines in the order of sites, canonical URLs and version numbers; a bounded number of them is in memory."""
    streaming = {"stream_results": True, "yield_per": 1000}
    chosen = connection.scalars(
        chosen_versions(connection, filters, all_versions=all_versions), execution_options=streaming
    )
    for version_ids in chosen.partitions(_AT_ONCE):
        yield from lines(connection, version_ids)


def chosen_versions(connection: Connection, filters: Filters, *, all_versions: bool) -> Select[int]:
    """Ids of the versions that filters choose, in the order of an export."""
    chosen = (
        select(VersionRow.id)
        .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
        .join(SiteRow, SiteRow.id == ArticleRow.site_id)
        .join(UrlRow, UrlRow.id == ArticleRow.url_id)
        .where(*conditions(connection, filters))
        .order_by(SiteRow.name, UrlRow.url, VersionRow.number)
    )
    if not all_versions:
        chosen = chosen.where(current_version(connection, filters.exclude))
    if filters.query is not None:
        chosen = chosen.where(VersionRow.id.in_(matching_versions(connection, filters.query, filters)))
    return chosen


def lines(connection: Connection, version_ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Lines of these versions, in their order."""
    ids = {"ids": list(version_ids)}
    rows = {row.id: row for row in connection.execute(_VERSIONS, ids)}
    paragraphs = _gathered(connection, _PARAGRAPHS, ids)
    authors = _gathered(connection, _AUTHORS, ids)
    tags = _gathered(connection, _TAGS, ids)
    links = _link_groups(connection, ids)
    for version_id in version_ids:
        yield _line(
            rows[version_id],
            paragraphs.get(version_id, []),
            [row.name for row in authors.get(version_id, [])],
            [row.name for row in tags.get(version_id, [])],
            links.get(version_id, []),
        )


def _line(
    row: AnyRow,
    paragraphs: Sequence[AnyRow],
    authors: list[str],
    tags: list[str],
    links: list[dict[str, Any]],
) -> dict[str, Any]:
    own = [paragraph for paragraph in paragraphs if not paragraph.is_boilerplate]
    return {
        "url": row.url,
        "canonical_url": row.canonical_url,
        "site": row.site,
        "headline": row.headline,
        "dek": row.dek,
        "authors": authors,
        "published": iso(row.published_at),
        "modified": iso(row.modified_at),
        "language": row.language,
        "section": row.section,
        "tags": tags,
        "body": "\n\n".join(paragraph.text for paragraph in own if paragraph.role in _BODY),
        "paragraphs": [{"role": paragraph.role, "text": paragraph.text} for paragraph in own],
        "boilerplate": [paragraph.text for paragraph in paragraphs if paragraph.is_boilerplate],
        "links": links,
        "access": row.access,
        "image": row.image,
        "versions": row.versions,
        "first_seen": iso(row.first_seen_at),
        "last_seen": iso(row.last_seen_at),
        "capture": {
            "warc": row.warc,
            "offset": row.warc_offset,
            "length": row.warc_length,
            "fetched_at": iso(row.fetched_at),
            "status": row.status,
            "payload_digest": row.payload_digest,
        },
    }


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC; fractions only where there are any.

    >>> iso(datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC))
    '2026-11-25T01:02:03Z'
    """
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def _gathered(connection: Connection, asked: AnySelect, ids: Mapping[str, Any]) -> dict[int, list[AnyRow]]:
    gathered: dict[int, list[AnyRow]] = {}
    for row in connection.execute(asked, ids):
        gathered.setdefault(row.version_id, []).append(row)
    return gathered


def _link_groups(connection: Connection, ids: Mapping[str, Any]) -> dict[int, list[dict[str, Any]]]:
    of_version: dict[int, list[dict[str, Any]]] = {}
    groups: dict[int, list[list[dict[str, str]]]] = {}
    for row in connection.execute(_GROUPS, ids):
        links: list[dict[str, str]] = []
        groups.setdefault(row.group_id, []).append(links)
        of_version.setdefault(row.version_id, []).append({"kind": row.kind, "label": row.label, "links": links})
    for link in connection.execute(_LINKS, {"ids": sorted(groups)}) if groups else ():
        for links in groups[link.group_id]:
            links.append({"url": link.url, "anchor": link.anchor})
    return of_version


_COUNTED = VersionRow.__table__.alias("counted")
_VERSIONS = (
    select(
        VersionRow.id, UrlRow.url, _CANONICAL.c.url.label("canonical_url"), SiteRow.name.label("site"),
        VersionRow.headline, VersionRow.dek, VersionRow.published_at, VersionRow.modified_at, VersionRow.language,
        VersionRow.section, VersionRow.access, _IMAGE.c.url.label("image"), ArticleRow.first_seen_at,
        ArticleRow.last_seen_at, WarcFileRow.name.label("warc"), CaptureRow.warc_offset, CaptureRow.warc_length,
        CaptureRow.fetched_at, CaptureRow.status, CaptureRow.payload_digest,
        select(func.count()).select_from(_COUNTED).where(_COUNTED.c.article_id == VersionRow.article_id)
        .scalar_subquery().label("versions"),
    )
    .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
    .join(SiteRow, SiteRow.id == ArticleRow.site_id)
    .join(_CANONICAL, _CANONICAL.c.id == ArticleRow.url_id)
    .join(CaptureRow, CaptureRow.id == VersionRow.capture_id)
    .join(UrlRow, UrlRow.id == CaptureRow.url_id)
    .join(WarcFileRow, WarcFileRow.id == CaptureRow.warc_file_id)
    .join(_IMAGE, _IMAGE.c.id == VersionRow.image_url_id, isouter=True)
    .where(VersionRow.id.in_(_IDS))
)  # fmt: skip
_PARAGRAPHS = (
    select(
        VersionParagraphRow.version_id,
        VersionParagraphRow.role,
        ParagraphRow.text,
        func.coalesce(BoilerplateRow.verdict, false()).label("is_boilerplate"),
    )
    .join(ParagraphRow, ParagraphRow.id == VersionParagraphRow.paragraph_id)
    .join(VersionRow, VersionRow.id == VersionParagraphRow.version_id)
    .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
    .join(
        BoilerplateRow,
        and_(
            BoilerplateRow.site_id == ArticleRow.site_id,
            BoilerplateRow.paragraph_id == VersionParagraphRow.paragraph_id,
            VersionParagraphRow.role.in_(COUNTED),
        ),
        isouter=True,
    )
    .where(VersionParagraphRow.version_id.in_(_IDS))
    .order_by(VersionParagraphRow.version_id, VersionParagraphRow.position)
)
_AUTHORS = (
    select(VersionAuthorRow.version_id, AuthorRow.name)
    .join(AuthorRow, AuthorRow.id == VersionAuthorRow.author_id)
    .where(VersionAuthorRow.version_id.in_(_IDS))
    .order_by(VersionAuthorRow.version_id, VersionAuthorRow.position)
)
_TAGS = (
    select(VersionTagRow.version_id, TagRow.name)
    .join(TagRow, TagRow.id == VersionTagRow.tag_id)
    .where(VersionTagRow.version_id.in_(_IDS))
    .order_by(VersionTagRow.version_id, VersionTagRow.position)
)
_GROUPS = (
    select(VersionRow.id.label("version_id"), LinkGroupRow.id.label("group_id"), LinkGroupRow.kind, LinkGroupRow.label)
    .join(CaptureGroupRow, CaptureGroupRow.capture_id == VersionRow.capture_id)
    .join(LinkGroupRow, LinkGroupRow.id == CaptureGroupRow.group_id)
    .where(VersionRow.id.in_(_IDS))
    .order_by(VersionRow.id, CaptureGroupRow.position)
)
_LINKS = (
    select(LinkRow.group_id, UrlRow.url, LinkRow.anchor)
    .join(UrlRow, UrlRow.id == LinkRow.url_id)
    .where(LinkRow.group_id.in_(_IDS))
    .order_by(LinkRow.group_id, LinkRow.position)
)
