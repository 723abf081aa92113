"""Authors, tags and paragraphs of stored versions, and digests of these parts, by which versions are numbered.

Boilerplate is not among the digested parts, nor is a dek that was learnt: a site's new disclaimer makes no version of
the articles above it.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnClause, Connection, String, and_, cast, false, func, literal, or_, select

from storage.article_fields import ParagraphView
from storage.index.engine.statements import IDS, AnySelect, batches, build_query
from storage.index.rows.duplicates import ROWS_SQL
from storage.index.schema.tables import (
    ArticleRow,
    BoilerplateRow,
    ParagraphRow,
    SiteRow,
    UrlRow,
    VersionParagraphRow,
    VersionRow,
)
from storage.model import BODY_ROLES, BOILERPLATE_ROLES, Role
from storage.observations import ChangeKind

_CANONICAL = UrlRow.__table__.alias("canonical")
_IMAGE = UrlRow.__table__.alias("image")
SELECT_VERSIONS: AnySelect = (
    select(
        VersionRow, SiteRow.name.label("site"), SiteRow.title.label("site_title"),
        _CANONICAL.c.url.label("canonical_url"), _IMAGE.c.url.label("image"),
    )
    .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
    .join(SiteRow, SiteRow.id == ArticleRow.site_id)
    .join(_CANONICAL, _CANONICAL.c.id == ArticleRow.url_id)
    .join(_IMAGE, _IMAGE.c.id == VersionRow.image_url_id, isouter=True)
)  # fmt: skip
"""Versions with their site, and the URLs of their article and of their lead image."""


def load_authors(connection: Connection, version_ids: Sequence[int], query: Any = None) -> dict[int, tuple[str, ...]]:
    """Return the authors of each version, in the order of the byline; or the names that another query gives."""
    names: dict[int, tuple[str, ...]] = dict.fromkeys(version_ids, ())
    for version_id, name in connection.execute(_AUTHORS if query is None else query, {"ids": list(version_ids)}).all():
        names[version_id] = (*names[version_id], name)
    return names


def load_tags(connection: Connection, version_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return the tags of each version, as printed."""
    return load_authors(connection, version_ids, _TAGS)


def load_paragraphs(connection: Connection, version_ids: Sequence[int]) -> dict[int, list[ParagraphView]]:
    """Return the paragraphs of each version in reading order, boilerplate marked."""
    paragraphs: dict[int, list[ParagraphView]] = {version_id: [] for version_id in version_ids}
    rows = connection.execute(_PARAGRAPHS, {"ids": list(version_ids)}).all()  # one by one takes twice as long
    for version_id, role, text, is_boilerplate in rows:
        paragraphs[version_id].append(ParagraphView(role=Role(role), text=text, boilerplate=is_boilerplate))
    return paragraphs


_AUTHORS, _TAGS = (build_query(ROWS_SQL[name], ["ids"]) for name in ("authors", "tags"))
BOILERPLATE_JOIN = and_(
    BoilerplateRow.site_id == ArticleRow.site_id,
    BoilerplateRow.paragraph_id == VersionParagraphRow.paragraph_id,
    VersionParagraphRow.role.in_(sorted(role.value for role in BOILERPLATE_ROLES)),
)
"""Joins the paragraphs of versions to what their article's site has learnt of them."""
_IS_BESIDE = VersionRow.beside.like(literal("% ").concat(cast(VersionParagraphRow.position, String)).concat(" %"))


def select_paragraphs(column: ColumnClause[Any]) -> AnySelect:
    """Return a selection of version, role, one column of the text and whether it is boilerplate, in reading order."""
    return (
        select(
            VersionParagraphRow.version_id,
            VersionParagraphRow.role,
            column,
            func.coalesce(or_(BoilerplateRow.is_boilerplate, _IS_BESIDE), false()),
        )
        .join(ParagraphRow, ParagraphRow.id == VersionParagraphRow.paragraph_id)
        .join(VersionRow, VersionRow.id == VersionParagraphRow.version_id)
        .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
        .join(BoilerplateRow, BOILERPLATE_JOIN, isouter=True)
        .where(VersionParagraphRow.version_id.in_(IDS))
        .order_by(VersionParagraphRow.version_id, VersionParagraphRow.position)
    )


_PARAGRAPHS = select_paragraphs(ParagraphRow.text)


_KINDS: dict[str, ChangeKind] = {
    Role.CAPTION.value: ChangeKind.CAPTION,
    Role.CORRECTION.value: ChangeKind.CORRECTION,
    **{role.value: ChangeKind.BODY for role in BODY_ROLES},
}


def load_part_digests(connection: Connection, version_ids: Sequence[int]) -> dict[int, str]:
    """Return the digests of the parts of versions, as `versions.parts` holds them."""
    found: dict[int, str] = {}
    for some in batches(version_ids):
        paragraphs: dict[int, dict[ChangeKind, list[bytes]]] = {version_id: {} for version_id in some}
        for version_id, role, digest, is_boilerplate in connection.execute(_PARAGRAPH_DIGESTS, {"ids": some}):
            kind = _KINDS.get(role)
            if kind is not None and not is_boilerplate:
                marked = digest + role.encode() if kind is ChangeKind.BODY else digest
                paragraphs[version_id].setdefault(kind, []).append(marked)
        authors = load_authors(connection, some)
        for row in connection.execute(_VERSIONS, {"ids": some}):
            parts = paragraphs[row.id]
            captions = [*parts.get(ChangeKind.CAPTION, ()), (row.image_caption or "").encode()]
            found[row.id] = format_parts(
                {
                    ChangeKind.HEADLINE: [row.headline.encode()],
                    ChangeKind.DEK: [b"" if row.is_dek_learnt else (row.dek or "").encode()],
                    ChangeKind.BODY: parts.get(ChangeKind.BODY, ()),
                    ChangeKind.BYLINE: [name.encode() for name in authors[row.id]],
                    ChangeKind.SECTION: [(row.section or "").encode()],
                    ChangeKind.CAPTION: captions,
                    ChangeKind.CORRECTION: parts.get(ChangeKind.CORRECTION, ()),
                }
            )
    return found


def format_parts(parts: dict[ChangeKind, Iterable[bytes]]) -> str:
    """Return parts as one line of digests; empty parts are left out.

    >>> format_parts({ChangeKind.HEADLINE: [b"Rain"], ChangeKind.DEK: [b""]})
    'headline:a6d20aa6a4c7'
    """
    contents = ((kind, [text for text in texts if text]) for kind, texts in parts.items())
    digests = {kind: hashlib.sha256(b"\0".join(texts)).hexdigest()[:12] for kind, texts in contents if texts}
    return " ".join(f"{kind.value}:{digest}" for kind, digest in digests.items())


_PARAGRAPH_DIGESTS = select_paragraphs(ParagraphRow.digest)
_VERSIONS = build_query(ROWS_SQL["parts"], ["ids"])
