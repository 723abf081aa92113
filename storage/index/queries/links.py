"""Links to an article: from other articles, and from listings, on which it stands at a place for some time.

links to any of its URLs --> link groups --> captured pages: versions of articles, or listings
captures of a listing, in order --> the place of an article in each --> spans of captures that show it at one place
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select

from storage.grouping import group_pairs
from storage.index.conditions.visibility import conditions_on_time, visible_captures, visible_versions
from storage.index.engine.dialect import values_table
from storage.index.engine.statements import AnyRow, build_query, fetch_by_ids, load_statements
from storage.index.queries.articles import link_target, load_article_lines, load_links, load_url_ids
from storage.index.queries.timeline import load_page_ids
from storage.index.reader import ReadScope
from storage.index.schema.tables import CaptureGroupRow, CaptureRow, LinkGroupRow, LinkRow, VersionRow
from storage.index.views.articles import ALL_CAPTURES, ArticleLine, CaptureFilters
from storage.model import LinkKind, Outcome

_MAX_LINKS = 2_000  # links to an article that are evaluated


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlink:
    """An article that links to another."""

    article: ArticleLine
    kind: LinkKind
    label: str
    """Label of the group of links; "" if it has none."""
    anchor: str


def list_backlinks(scope: ReadScope, article_id: int, *, limit: int = 100) -> tuple[Backlink, ...]:
    """Return the articles that link to an article, newest first, each with one link."""
    found = scope.connection.execute(
        select(VersionRow.article_id, LinkGroupRow.kind, LinkGroupRow.label, LinkRow.anchor)
        .join(LinkGroupRow, LinkGroupRow.id == LinkRow.group_id)
        .join(CaptureGroupRow, CaptureGroupRow.group_id == LinkRow.group_id)
        .join(VersionRow, VersionRow.capture_id == CaptureGroupRow.capture_id)
        .where(
            LinkRow.url_id.in_(load_url_ids(scope.connection, article_id)),
            VersionRow.article_id != article_id,
            *visible_versions(scope),
        )
        .limit(_MAX_LINKS)
    ).all()
    links: dict[int, AnyRow] = {}
    for row in sorted(found, key=lambda row: (row.article_id, row.kind, row.label, row.anchor)):
        links.setdefault(row.article_id, row)
    articles = load_article_lines(scope, list(links))
    articles.sort(key=lambda line: (line.dated_at, line.id), reverse=True)
    return tuple(
        Backlink(article=article, kind=LinkKind(link.kind), label=link.label, anchor=link.anchor)
        for article in articles[:limit]
        for link in [links[article.id]]
    )


_MAX_PLACES = 5_000  # link groups with an article that are evaluated
_LISTINGS_AT_ONCE = 50
MAX_CAPTURES = 500
"""Captures of a listing whose placements are told at once."""


class _Place(NamedTuple):
    block: int
    position: int
    label: str
    box_size: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Consecutive captures of a listing that show an article at one place. Example: `next(archive.placements())`."""

    article_id: int
    article_url: str
    """Canonical URL of the article, as in exports of articles."""
    url: str
    """URL of the listing."""
    title: str | None
    """Title of the listing."""
    block: int
    """Position on the page of the block with the link, from 1."""
    label: str
    """Label of the block; "" if it has none."""
    position: int
    """Position within the block, from 1."""
    box_size: str
    """Size that the page's markup declares for the box: "640x360" (pixels), "50%" or "8 columns"; "" if none."""
    first: datetime
    """First of the captures."""
    last: datetime
    """Last of the captures."""
    until: datetime | None
    """The next capture of the listing, which shows the article elsewhere or not at all; None if there is none yet, or
    if the first capture after the period that was asked for still shows it there."""
    captures: int
    """Number of the captures."""

    @property
    def minutes(self) -> int:
        """Whole minutes from the first to the last capture: the article was there at least so long."""
        return int((self.last - self.first).total_seconds() // 60)


def list_article_placements(
    scope: ReadScope, article_id: int, period: CaptureFilters = ALL_CAPTURES
) -> tuple[Placement, ...]:
    """Return the placements of an article on the captures of a period, by listing, oldest first."""
    since, until = period.since, period.until
    # The newest: without the oldest a placement begins too late, without the newest it would end too early.
    named = {"ids": load_url_ids(scope.connection, article_id), "limit": _MAX_PLACES}
    rows = scope.connection.execute(_PLACES, named).all()
    captures = _load_listing_captures(scope, sorted({row.capture_id for row in rows}))
    seen: dict[int, dict[datetime, _Place]] = {}
    for row in rows:
        place = _Place(row.block + 1, row.position + 1, row.label, row.box_size or "")
        for url_id, at in captures.get(row.capture_id, ()):
            listing = seen.setdefault(url_id, {})
            listing[at] = min(listing.get(at, place), place)
    found: list[Placement] = []
    article_urls = _load_article_urls(scope.connection, [article_id])
    for url_id, url, title in _load_listing_names(scope.connection, sorted(seen)):
        time, listed = CaptureRow.fetched_at, [CaptureRow.url_id == url_id, *_listing_captures(scope)]
        places = seen[url_id]
        first, last = min(places), max(places)
        after = scope.connection.scalar(select(func.min(time)).where(time > last, *listed))
        query = select(time).where(time.between(first, after or last), *listed).order_by(time)
        times = scope.connection.scalars(query).all()
        steps = ((at, {article_id: places[at]} if at in places else {}) for at in times if not since or at >= since)
        found += _build_placements(steps, until, (url, title), article_urls)
    return tuple(found)


def list_listing_placements(
    scope: ReadScope, url: str, period: CaptureFilters, most: int | None = MAX_CAPTURES
) -> tuple[Placement, ...]:
    """Return the placements of all articles on the captures of a listing in a period, oldest first.

    ValueError for a period with more than `most` captures.
    """
    found = iter_listing_placements(scope, url, period, most)
    return tuple(sorted(found, key=lambda one: (one.first, one.block, one.position, one.article_id)))


def iter_listing_placements(
    scope: ReadScope, url: str, period: CaptureFilters, most: int | None = None
) -> Iterator[Placement]:
    """Yield the placements of `list_listing_placements`, those first that end first; few captures are in memory."""
    at, pages = CaptureRow.fetched_at, load_page_ids(scope.connection, url)
    captures = (
        select(at, CaptureRow.id, CaptureRow.is_read, CaptureRow.refers_to_id)
        .where(CaptureRow.url_id.in_(pages), *_listing_captures(scope))
        .order_by(at, CaptureRow.record_id)
    )
    within = conditions_on_time(at, period.since, period.until)
    rows = [*scope.connection.execute(captures.where(*within).limit(most and most + 1))]
    if most and len(rows) > most:
        raise ValueError(f"{url} has more than {most} captures in this period: name a shorter one")
    if rows and period.until:
        rows += scope.connection.execute(captures.where(at >= period.until).limit(1))  # it may show the same places
    title = next((title for _, _, title in _load_listing_names(scope.connection, pages)), None)
    article_urls: dict[int, str] = {}
    steps = _iter_shown_places(scope, rows, article_urls)
    yield from _build_placements(steps, period.until, (url, title), article_urls)


def _iter_shown_places(
    scope: ReadScope, rows: Sequence[AnyRow], article_urls: dict[int, str]
) -> Iterator[tuple[datetime, Mapping[int, _Place]]]:
    """Yield the time of each capture and the first place of each article on it, whose URLs `article_urls` then has."""
    last: Mapping[int, _Place] = {}
    for start in range(0, len(rows), _LISTINGS_AT_ONCE):
        some = rows[start : start + _LISTINGS_AT_ONCE]
        # An unread revisit shows what its original shows.
        sources = [row.id if row.is_read or row.refers_to_id is None else row.refers_to_id for row in some]
        columns = LinkRow.__table__.c.position, link_target(scope)
        shown: dict[int, dict[int, _Place]] = {source: {} for source in sources}
        for source, groups in load_links(scope, sorted(shown), *columns).items():
            for block, (group, items) in enumerate(groups, 1):
                for item in (each for each in items if each.article_id is not None):
                    place = _Place(block, item.position + 1, group.label, item.box_size or "")
                    shown[source].setdefault(item.article_id, place)
        needed = {*last, *(article_id for places in shown.values() for article_id in places)}
        for article_id in article_urls.keys() - needed:
            del article_urls[article_id]
        article_urls.update(_load_article_urls(scope.connection, needed - article_urls.keys()))
        # On PostgreSQL an article may have been merged with another one since its links were read.
        shown = {
            source: {key: places[key] for key in places if key in article_urls} for source, places in shown.items()
        }
        last = shown[sources[-1]]
        yield from ((row.fetched_at, shown[source]) for row, source in zip(some, sources, strict=True))


def _build_placements(
    steps: Iterable[tuple[datetime, Mapping[int, _Place]]], until: datetime | None, listing: tuple[str, str | None],
    article_urls: Mapping[int, str],
) -> Iterator[Placement]:  # fmt: skip
    """Yield the spans of consecutive captures that show an article at the same place, up to the end of a period."""
    runs: dict[int, tuple[_Place, datetime, datetime, int]] = {}

    def end_run(article_id: int, at: datetime | None) -> Placement:
        place, first, last, captures = runs.pop(article_id)
        return Placement(
            article_id=article_id, article_url=article_urls[article_id], url=listing[0], title=listing[1],
            **place._asdict(), first=first, last=last, until=at, captures=captures,
        )  # fmt: skip

    for at, shown in steps:
        for article_id in [each for each, run in runs.items() if shown.get(each) != run[0]]:
            yield end_run(article_id, at)
        if until is not None and at >= until:
            break
        for article_id, place in shown.items():
            _, first, _, captures = runs.get(article_id, (place, at, at, 0))
            runs[article_id] = (place, first, at, captures + 1)
    for article_id in [*runs]:
        yield end_run(article_id, None)


def _load_article_urls(connection: Connection, article_ids: Iterable[int]) -> dict[int, str]:
    return {row.id: row.url for row in fetch_by_ids(connection, _ARTICLE_URLS, article_ids)}


def _listing_captures(scope: ReadScope) -> list[ColumnElement[bool]]:
    return [CaptureRow.outcome == Outcome.LISTING.value, *visible_captures(scope)]


def _load_listing_captures(scope: ReadScope, capture_ids: Sequence[int]) -> dict[int, list[tuple[int, datetime]]]:
    """Return URL and time of the captures that show what each of these shows: itself and its unread revisits."""
    here = _listing_captures(scope)
    table, wanted = values_table(scope.connection, capture_ids, "wanted")
    read = select(wanted, CaptureRow.url_id, CaptureRow.fetched_at).join(table, wanted == CaptureRow.id)
    again = select(wanted, CaptureRow.url_id, CaptureRow.fetched_at).join(table, wanted == CaptureRow.refers_to_id)
    # An unread revisit shows what its original shows.
    statements = read.where(*here), again.where(~CaptureRow.is_read, *here)
    rows = (row for statement in statements for row in scope.connection.execute(statement))
    return group_pairs((capture_id, (url_id, at)) for capture_id, url_id, at in rows)


def _load_listing_names(connection: Connection, url_ids: Sequence[int]) -> list[tuple[int, str, str | None]]:
    """Return ids, URLs and titles of listings."""
    return [(row.id, row.url, row.title or None) for row in connection.execute(_LISTING_NAMES, {"ids": url_ids})]


_SQL = load_statements("storage.index.queries", "queries.sql")
_PLACES, _ARTICLE_URLS, _LISTING_NAMES = (
    build_query(_SQL[name], ["ids"]) for name in ("places", "article-urls", "listing-names")
)
