"""The same text elsewhere: articles that share most paragraphs of their bodies, such as the copy of a news agency."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, func, select

from storage.index.conditions.visibility import shown_versions
from storage.index.queries.articles import article_lines
from storage.index.schema.tables import (
    ArticleRow,
    BoilerplateRow,
    ParagraphRow,
    VersionParagraphRow,
    VersionRow,
)
from storage.index.views.articles import ArticleLine
from storage.index.views.exclusions import NOTHING, Exclusions
from storage.model import BODY_ROLES

_BODY = sorted(role.value for role in BODY_ROLES)
_SHORTEST = 30
"""Characters of a paragraph that says something: many articles have the same shorter ones by chance."""
_TOO_OFTEN = 400
"""A paragraph that stands in so many versions tells nothing, though no site of its own may print it often."""
_MOST_PARAGRAPHS = 60
"""Of a body that are looked for elsewhere."""
_CANDIDATES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """An article that has much of another's text."""

    article: ArticleLine
    shared: int
    """Paragraphs that both have."""
    of: int
    """Paragraphs of the text that was looked for, as far as they can tell anything."""


def copies(
    connection: Connection, version_id: int, exclude: Exclusions = NOTHING, *, limit: int = 20
) -> tuple[Copy, ...]:
    """Articles that share most paragraphs with a version, or it with them; those that share most first.

    Boilerplate does not count. Of an article the version that shares most does.
    """
    paragraphs = _telling(connection, version_id)
    if not paragraphs:
        return ()
    count = func.count(VersionParagraphRow.paragraph_id.distinct())
    by_version = (
        select(VersionRow.article_id, VersionRow.id, count.label("shared"))
        .join(VersionRow, VersionRow.id == VersionParagraphRow.version_id)
        .where(
            VersionParagraphRow.paragraph_id.in_(paragraphs),
            VersionRow.article_id != select(_OWN.c.article_id).where(_OWN.c.id == version_id).scalar_subquery(),
            *shown_versions(connection, exclude),
        )
        .group_by(VersionRow.article_id, VersionRow.id)
        .having(count >= min(2, len(paragraphs)))
        .order_by(count.desc(), VersionRow.id)
        .limit(_CANDIDATES)
    )
    most: dict[int, tuple[int, int]] = {}
    for article_id, other_id, shared in connection.execute(by_version):
        most.setdefault(article_id, (shared, other_id))
    lengths = _lengths(connection, [other_id for _, other_id in most.values()])
    found = [
        (article_id, shared)
        for article_id, (shared, other_id) in most.items()
        if 2 * shared > min(len(paragraphs), lengths.get(other_id, 0))
    ]
    lines = {line.id: line for line in article_lines(connection, [article_id for article_id, _ in found], exclude)}
    same = [
        Copy(article=lines[article_id], shared=shared, of=len(paragraphs))
        for article_id, shared in found
        if article_id in lines
    ]
    same.sort(key=lambda copy: (-copy.shared, copy.article.published or copy.article.first_seen, copy.article.id))
    return tuple(same[:limit])


_OWN = VersionRow.__table__.alias("own")
_PRINTED = VersionParagraphRow.__table__.alias("printed")


def _telling(connection: Connection, version_id: int) -> list[int]:
    """Paragraphs of a version's body by which its text can be known."""
    few = (
        select(func.count())
        .select_from(
            select(_PRINTED.c.version_id)
            .where(_PRINTED.c.paragraph_id == VersionParagraphRow.paragraph_id)
            .limit(_TOO_OFTEN)
            .correlate(VersionParagraphRow)
            .subquery()
        )
        .scalar_subquery()
    )
    rows = connection.scalars(
        select(VersionParagraphRow.paragraph_id)
        .join(VersionRow, VersionRow.id == VersionParagraphRow.version_id)
        .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
        .join(ParagraphRow, ParagraphRow.id == VersionParagraphRow.paragraph_id)
        .where(VersionParagraphRow.version_id == version_id, *_counts(), few < _TOO_OFTEN)
        .order_by(VersionParagraphRow.position)
        .limit(_MOST_PARAGRAPHS)
    )
    return list(dict.fromkeys(rows))


def _counts() -> tuple[ColumnElement[bool], ...]:
    """What a paragraph has to fulfil to count, joined with its article and its text."""
    learnt = (
        select(BoilerplateRow.paragraph_id)
        .where(
            and_(
                BoilerplateRow.site_id == ArticleRow.site_id,
                BoilerplateRow.paragraph_id == VersionParagraphRow.paragraph_id,
                BoilerplateRow.verdict,
            )
        )
        .exists()
    )
    return VersionParagraphRow.role.in_(_BODY), func.length(ParagraphRow.text) >= _SHORTEST, ~learnt


def _lengths(connection: Connection, version_ids: list[int]) -> dict[int, int]:
    """How many paragraphs of each version count."""
    rows = connection.execute(
        select(VersionParagraphRow.version_id, func.count(VersionParagraphRow.paragraph_id.distinct()))
        .join(VersionRow, VersionRow.id == VersionParagraphRow.version_id)
        .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
        .join(ParagraphRow, ParagraphRow.id == VersionParagraphRow.paragraph_id)
        .where(VersionParagraphRow.version_id.in_(version_ids), *_counts())
        .group_by(VersionParagraphRow.version_id)
    )
    return {row[0]: row[1] for row in rows}
