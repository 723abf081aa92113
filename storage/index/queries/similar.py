"""Similar articles: those that share most paragraphs of their bodies, such as syndicated agency copy."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, func, select

from storage.index.conditions.visibility import visible_versions
from storage.index.queries.articles import load_article_lines
from storage.index.schema.tables import ArticleRow, BoilerplateRow, ParagraphRow, VersionParagraphRow, VersionRow
from storage.index.views.articles import ArticleLine
from storage.index.views.exclusions import Exclusions
from storage.model import BODY_ROLES

_BODY = sorted(role.value for role in BODY_ROLES)
_MIN_LENGTH = 30
"""Characters of a paragraph that is compared: many articles share shorter ones by chance."""
_MAX_VERSIONS = 400
"""Versions from which on a paragraph is ignored, though it may be no boilerplate of any one site."""
_MAX_PARAGRAPHS = 60
"""Paragraphs of a body that are compared."""
_CANDIDATES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarArticle:
    """An article that shares paragraphs with another."""

    article: ArticleLine
    shared: int
    """Number of shared paragraphs."""
    paragraphs: int
    """Number of paragraphs that were compared."""


def find_similar_articles(
    connection: Connection, exclude: Exclusions, version_id: int, *, limit: int = 20
) -> tuple[SimilarArticle, ...]:
    """Return articles that share most of their paragraphs, or of the version's, those with most shared ones first.

    Boilerplate does not count. Of an article the version that shares most does.
    """
    paragraphs = _select_distinctive_paragraphs(connection, version_id)
    if not paragraphs:
        return ()
    count = func.count(VersionParagraphRow.paragraph_id.distinct())
    by_version = (
        select(VersionRow.article_id, VersionRow.id, count.label("shared"))
        .join(VersionRow, VersionRow.id == VersionParagraphRow.version_id)
        .where(
            VersionParagraphRow.paragraph_id.in_(paragraphs),
            # A text that is no version has no article, and equals none.
            VersionRow.article_id != select(_OWN.c.article_id).where(_OWN.c.id == version_id).scalar_subquery(),
            *visible_versions(connection, exclude),
        )
        .group_by(VersionRow.article_id, VersionRow.id)
        .having(count >= min(2, len(paragraphs)))
        .order_by(count.desc(), VersionRow.id)
        .limit(_CANDIDATES)
    )
    most: dict[int, tuple[int, int]] = {}
    for article_id, other_id, shared in connection.execute(by_version):
        most.setdefault(article_id or 0, (shared, other_id))
    lengths = _count_paragraphs(connection, [other_id for _, other_id in most.values()])
    found = [
        (article_id, shared)
        for article_id, (shared, other_id) in most.items()
        if 2 * shared > min(len(paragraphs), lengths.get(other_id, 0))
    ]
    lines = {line.id: line for line in load_article_lines(connection, exclude, [article_id for article_id, _ in found])}
    same = [
        SimilarArticle(article=lines[article_id], shared=shared, paragraphs=len(paragraphs))
        for article_id, shared in found
        if article_id in lines
    ]
    same.sort(key=lambda copy: (-copy.shared, copy.article.dated_at, copy.article.id))
    return tuple(same[:limit])


_OWN = VersionRow.__table__.alias("own")
_PRINTED = VersionParagraphRow.__table__.alias("printed")


def _select_distinctive_paragraphs(connection: Connection, version_id: int) -> list[int]:
    """Return the ids of a version's paragraphs that occur in few versions."""
    few = (
        select(func.count())
        .select_from(
            select(_PRINTED.c.version_id)
            .where(_PRINTED.c.paragraph_id == VersionParagraphRow.paragraph_id)
            .limit(_MAX_VERSIONS)
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
        .where(VersionParagraphRow.version_id == version_id, *_paragraph_conditions(), few < _MAX_VERSIONS)
        .order_by(VersionParagraphRow.position)
        .limit(_MAX_PARAGRAPHS)
    )
    return list(dict.fromkeys(rows))


def _paragraph_conditions() -> tuple[ColumnElement[bool], ...]:
    """Return conditions on paragraphs that are compared, joined with article and text."""
    learnt = (
        select(BoilerplateRow.paragraph_id)
        .where(
            and_(
                BoilerplateRow.site_id == ArticleRow.site_id,
                BoilerplateRow.paragraph_id == VersionParagraphRow.paragraph_id,
                BoilerplateRow.is_boilerplate,
            )
        )
        .exists()
    )
    return VersionParagraphRow.role.in_(_BODY), func.length(ParagraphRow.text) >= _MIN_LENGTH, ~learnt


def _count_paragraphs(connection: Connection, version_ids: list[int]) -> dict[int, int]:
    """Return the number of paragraphs of each version that are compared."""
    rows = connection.execute(
        select(VersionParagraphRow.version_id, func.count(VersionParagraphRow.paragraph_id.distinct()))
        .join(VersionRow, VersionRow.id == VersionParagraphRow.version_id)
        .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
        .join(ParagraphRow, ParagraphRow.id == VersionParagraphRow.paragraph_id)
        .where(VersionParagraphRow.version_id.in_(version_ids), *_paragraph_conditions())
        .group_by(VersionParagraphRow.version_id)
    )
    return {row[0]: row[1] for row in rows}
