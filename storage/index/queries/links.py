"""Links to an article from other articles.

links to any of its URLs --> link groups --> captured pages: versions of articles
"""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from storage.index.conditions.visibility import visible_versions
from storage.index.engine.statements import AnyRow
from storage.index.queries.articles import load_article_lines, load_url_ids
from storage.index.schema.tables import CaptureGroupRow, LinkGroupRow, LinkRow, VersionRow
from storage.index.views.articles import ArticleLine
from storage.index.views.exclusions import Exclusions
from storage.model import LinkKind

_MAX_LINKS = 2_000
"""Links to an article that are evaluated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlink:
    """An article that links to another."""

    article: ArticleLine
    kind: LinkKind
    label: str
    """Label of the group of links; "" if it has none."""
    anchor: str


def list_backlinks(
    connection: Connection, exclude: Exclusions, article_id: int, *, limit: int = 100
) -> tuple[Backlink, ...]:
    """Return the articles that link to an article, newest first, each with one link."""
    found = connection.execute(
        select(VersionRow.article_id, LinkGroupRow.kind, LinkGroupRow.label, LinkRow.anchor)
        .join(LinkGroupRow, LinkGroupRow.id == LinkRow.group_id)
        .join(CaptureGroupRow, CaptureGroupRow.group_id == LinkRow.group_id)
        .join(VersionRow, VersionRow.capture_id == CaptureGroupRow.capture_id)
        .where(
            LinkRow.url_id.in_(load_url_ids(connection, article_id)),
            VersionRow.article_id != article_id,
            *visible_versions(connection, exclude),
        )
        .limit(_MAX_LINKS)
    ).all()
    links: dict[int, AnyRow] = {}
    for row in sorted(found, key=lambda row: (row.article_id, row.kind, row.label, row.anchor)):
        links.setdefault(row.article_id, row)
    articles = load_article_lines(connection, exclude, list(links))
    articles.sort(key=lambda line: (line.dated_at, line.id), reverse=True)
    return tuple(
        Backlink(article=article, kind=LinkKind(link.kind), label=link.label, anchor=link.anchor)
        for article in articles[:limit]
        for link in [links[article.id]]
    )
