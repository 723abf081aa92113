"""What points to an article: other articles, and the listings on which it stood.

links to any of its URLs --> link groups --> captured pages: versions of articles, or listings
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, union

from storage.index.conditions.visibility import shown_captures, shown_versions
from storage.index.engine.arrays import numbers
from storage.index.engine.database import AnyRow
from storage.index.queries.articles import article_lines
from storage.index.schema.tables import (
    ArticleRow,
    CaptureGroupRow,
    CaptureRow,
    LinkGroupRow,
    LinkRow,
    SourceRow,
    UrlRow,
    VersionRow,
)
from storage.index.views.articles import ArticleLine
from storage.index.views.exclusions import NOTHING, Exclusions
from storage.model import LinkKind, Outcome

_MOST_LINKS = 2_000
"""Links that are looked at, of all that lead to an article."""
_MOST_LOOKS = 5_000
"""Captures of listings that are looked at, of all on which an article stood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointedFrom:
    """An article that points to another."""

    article: ArticleLine
    kind: LinkKind
    label: str
    """Of the group of links in which it does; "" where that has none."""
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an article stood in one group of links of one listing."""

    url: str
    """Of the listing."""
    title: str | None
    """The listing's own name for itself."""
    label: str
    """Of the group of links; "" where that has none."""
    first: datetime
    last: datetime
    """The last capture that shows it there."""
    captures: int
    """That show it there."""
    group: int
    """The group's place on the page where it stood highest, from 1."""
    position: int
    """The best place within the group, from 1."""


def pointed_from(
    connection: Connection, article_id: int, exclude: Exclusions = NOTHING, *, limit: int = 100
) -> tuple[PointedFrom, ...]:
    """Articles that link to an article, newest first; of many links of one the first on its page."""
    found = connection.execute(
        select(VersionRow.article_id, LinkGroupRow.kind, LinkGroupRow.label, LinkRow.anchor)
        .join(LinkGroupRow, LinkGroupRow.id == LinkRow.group_id)
        .join(CaptureGroupRow, CaptureGroupRow.group_id == LinkRow.group_id)
        .join(VersionRow, VersionRow.capture_id == CaptureGroupRow.capture_id)
        .where(
            LinkRow.url_id.in_(_urls(connection, article_id)),
            VersionRow.article_id != article_id,
            *shown_versions(connection, exclude),
        )
        .limit(_MOST_LINKS)
    ).all()
    links: dict[int, AnyRow] = {}
    for row in sorted(found, key=lambda row: (row.article_id, row.kind, row.label, row.anchor)):
        links.setdefault(row.article_id, row)
    articles = article_lines(connection, list(links), exclude)
    articles.sort(key=lambda line: (line.published or line.first_seen, line.id), reverse=True)
    return tuple(
        PointedFrom(
            article=article,
            kind=LinkKind(links[article.id].kind),
            label=links[article.id].label,
            anchor=links[article.id].anchor,
        )
        for article in articles[:limit]
    )


def _urls(connection: Connection, article_id: int) -> Sequence[int]:
    """Ids of all URLs under which an article is known."""
    shown = select(CaptureRow.url_id).where(CaptureRow.article_id == article_id)
    named = select(ArticleRow.url_id).where(ArticleRow.id == article_id)
    return connection.scalars(union(shown, named)).all()


def standings(
    connection: Connection, article_id: int, exclude: Exclusions = NOTHING, *, limit: int = 50
) -> tuple[Standing, ...]:
    """Where an article stood on listings and for how long, the longest first."""
    places = connection.execute(
        select(
            CaptureGroupRow.capture_id, LinkGroupRow.label, CaptureGroupRow.position.label("place"), LinkRow.position
        )
        .join(CaptureGroupRow, CaptureGroupRow.group_id == LinkRow.group_id)
        .join(LinkGroupRow, LinkGroupRow.id == LinkRow.group_id)
        .where(LinkRow.url_id.in_(_urls(connection, article_id)))
        .limit(_MOST_LOOKS)
    ).all()
    looks = _looks(connection, sorted({place.capture_id for place in places}), exclude)
    found: dict[tuple[int, str], _Stood] = {}
    for capture_id, label, place, position in places:
        for url_id, at in looks.get(capture_id, ()):
            one = found.setdefault((url_id, label), _Stood(at, at, (place, position)))
            one.first, one.last, one.captures = min(one.first, at), max(one.last, at), one.captures + 1
            one.best = min(one.best, (place, position))
    named = _listings(connection, {url_id for url_id, _ in found})
    longest = sorted(found.items(), key=lambda item: (-item[1].captures, named[item[0][0]], item[0][1]))
    return tuple(
        Standing(
            url=named[url_id][0],
            title=named[url_id][1] or None,
            label=label,
            first=one.first,
            last=one.last,
            captures=one.captures,
            group=one.best[0] + 1,
            position=one.best[1] + 1,
        )
        for (url_id, label), one in longest[:limit]
    )


@dataclass(slots=True)
class _Stood:
    first: datetime
    last: datetime
    best: tuple[int, int]
    captures: int = 0


def _looks(
    connection: Connection, capture_ids: Sequence[int], exclude: Exclusions
) -> dict[int, list[tuple[int, datetime]]]:
    """Captures of listings among these, and revisits of them that were not read: URL and moment of each."""
    here = [CaptureRow.outcome == Outcome.LISTING.value, *shown_captures(connection, exclude)]
    table, wanted = numbers(connection, capture_ids, "wanted")
    read = select(wanted, CaptureRow.url_id, CaptureRow.fetched_at).join(table, wanted == CaptureRow.id)
    again = select(wanted, CaptureRow.url_id, CaptureRow.fetched_at).join(table, wanted == CaptureRow.refers_to_id)
    looks: dict[int, list[tuple[int, datetime]]] = {}
    # A revisit that was not read shows what its original showed.
    for asked in (read.where(*here), again.where(~CaptureRow.is_read, *here)):
        for capture_id, url_id, at in connection.execute(asked):
            looks.setdefault(capture_id, []).append((url_id, at))
    return looks


def _listings(connection: Connection, url_ids: set[int]) -> dict[int, tuple[str, str]]:
    """URLs of listings, and what they call themselves."""
    rows = connection.execute(
        select(UrlRow.id, UrlRow.url, SourceRow.title)
        .join(SourceRow, SourceRow.url_id == UrlRow.id, isouter=True)
        .where(UrlRow.id.in_(url_ids))
    )
    return {row.id: (row.url, row.title or "") for row in rows}
