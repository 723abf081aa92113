"""Links to an article: from other articles, and from listings.

links to any of its URLs --> link groups --> captured pages: versions of articles, or listings
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from storage.index.conditions.visibility import visible_captures, visible_versions
from storage.index.engine.dialect import values_table
from storage.index.engine.statements import AnyRow
from storage.index.queries.articles import load_article_lines, load_url_ids
from storage.index.schema.tables import (
    CaptureGroupRow,
    CaptureRow,
    LinkGroupRow,
    LinkRow,
    SourceRow,
    UrlRow,
    VersionRow,
)
from storage.index.views.articles import ArticleLine
from storage.index.views.exclusions import Exclusions
from storage.model import LinkKind, Outcome

_MAX_LINKS = 2_000
"""Links to an article that are evaluated."""
_MAX_CAPTURES = 5_000
"""Captures of listings with an article that are evaluated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlink:
    """An article that links to another."""

    article: ArticleLine
    kind: LinkKind
    label: str
    """Label of the group of links; "" if it has none."""
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPlacement:
    """Placement of an article in one group of links of one listing."""

    url: str
    """URL of the listing."""
    title: str | None
    """Title of the listing."""
    label: str
    """Label of the group of links; "" if it has none."""
    first: datetime
    """First capture that shows it there."""
    last: datetime
    """Last capture that shows it there."""
    captures: int
    """Number of captures that show it there."""
    group: int
    """Best position of the group on the page, from 1."""
    position: int
    """Best position within that group, from 1."""


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


def list_listing_placements(
    connection: Connection, exclude: Exclusions, article_id: int, *, limit: int = 50
) -> tuple[ListingPlacement, ...]:
    """Return the placements of an article on listings, those with most captures first."""
    places = connection.execute(
        select(
            CaptureGroupRow.capture_id, LinkGroupRow.label, CaptureGroupRow.position.label("place"), LinkRow.position
        )
        .join(CaptureGroupRow, CaptureGroupRow.group_id == LinkRow.group_id)
        .join(LinkGroupRow, LinkGroupRow.id == LinkRow.group_id)
        .where(LinkRow.url_id.in_(load_url_ids(connection, article_id)))
        .limit(_MAX_CAPTURES)
    ).all()
    looks = _load_listing_captures(connection, exclude, sorted({place.capture_id for place in places}))
    found: dict[tuple[int, str], _Presence] = {}
    for capture_id, label, place, position in places:
        for url_id, at in looks.get(capture_id, ()):
            one = found.setdefault((url_id, label), _Presence(at, at, (place, position)))
            one.first, one.last, one.count = min(one.first, at), max(one.last, at), one.count + 1
            one.best = min(one.best, (place, position))
    names = (
        select(UrlRow.id, UrlRow.url, SourceRow.title)
        .join(SourceRow, SourceRow.url_id == UrlRow.id, isouter=True)
        .where(UrlRow.id.in_({url_id for url_id, _ in found}))
    )
    named = {row.id: (row.url, row.title or "") for row in connection.execute(names)}
    longest = sorted(found.items(), key=lambda item: (-item[1].count, named[item[0][0]], item[0][1]))
    return tuple(
        ListingPlacement(
            url=named[url_id][0],
            title=named[url_id][1] or None,
            label=label,
            first=one.first,
            last=one.last,
            captures=one.count,
            group=one.best[0] + 1,
            position=one.best[1] + 1,
        )
        for (url_id, label), one in longest[:limit]
    )


@dataclass(slots=True)
class _Presence:
    first: datetime
    last: datetime
    best: tuple[int, int]
    count: int = 0


def _load_listing_captures(
    connection: Connection, exclude: Exclusions, capture_ids: Sequence[int]
) -> dict[int, list[tuple[int, datetime]]]:
    """Return URL and time of the captures that show what each of these shows: itself and its unread revisits."""
    here = [CaptureRow.outcome == Outcome.LISTING.value, *visible_captures(connection, exclude)]
    table, wanted = values_table(connection, capture_ids, "wanted")
    read = select(wanted, CaptureRow.url_id, CaptureRow.fetched_at).join(table, wanted == CaptureRow.id)
    again = select(wanted, CaptureRow.url_id, CaptureRow.fetched_at).join(table, wanted == CaptureRow.refers_to_id)
    looks: dict[int, list[tuple[int, datetime]]] = {}
    # An unread revisit shows what its original shows.
    for statement in (read.where(*here), again.where(~CaptureRow.is_read, *here)):
        for capture_id, url_id, at in connection.execute(statement):
            looks.setdefault(capture_id, []).append((url_id, at))
    return looks
