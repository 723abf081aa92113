"""Settling: the conclusions that need more than one capture. Afterwards the index depends on its captures alone.

Each step is a transaction of its own and leaves marks for what is still to be done, so a crash between them costs
nothing: the next `settle` goes on.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.index.articles import recompute
from storage.index.boilerplate import (
    COUNTED,
    SAMPLE,
    Candidate,
    Carrier,
    in_its_time,
    is_boilerplate,
    may_be_boilerplate,
)
from storage.index.database import AnyRow, AnySelect, parts
from storage.index.documents import refresh, write_documents
from storage.index.revisits import Resolved, resolve_waiting
from storage.index.sources import name_sites, recount_sources
from storage.index.tables import (
    ArticleRow,
    BoilerplateRow,
    CaptureRow,
    ParagraphRow,
    SearchDocumentRow,
    SiteRow,
    UrlRow,
    VersionParagraphRow,
    VersionRow,
)
from storage.index.views import Settled

T = TypeVar("T")
Write = Callable[[Callable[[Connection], Any]], Any]

_REFRESHED_AT_ONCE = 200
_SITES_AT_ONCE, _VERSIONS_AT_ONCE = 200, 1_000
"""Sites that are learnt in one transaction, and new versions of them, at most; a larger site has one of its own."""

Place: TypeAlias = tuple[int, int]
"""A site's id and a paragraph's: the same text is another site's boilerplate or not."""


class _Unlearnt(NamedTuple):
    """A site of which there is something to learn."""

    id: int
    everything: bool
    """All of its paragraphs are to be counted, not only those that new versions carry."""
    versions: int
    """That have not been counted."""


def settle(write: Write) -> Settled:
    """All of it."""
    resolved: Resolved = write(_resolve)
    learnt, unlearnt, refreshed = learn_all(write)
    write(name_sites)
    return Settled(
        resolved=len(resolved.capture_ids),
        unread=tuple(resolved.unread),
        learnt=learnt,
        unlearnt=unlearnt,
        refreshed=refreshed,
    )


def learn_all(write: Write) -> tuple[int, int, int]:
    """Learn each site's boilerplate; returns how many became it, how many no longer are, and documents refreshed."""
    learnt, unlearnt = 0, 0
    for site_ids in _together(write(_sites_to_learn)):
        more, less = write(partial(learn, site_ids=site_ids))
        learnt, unlearnt = learnt + more, unlearnt + less
    return learnt, unlearnt, refresh_stale(write)


def refresh_stale(write: Write) -> int:
    """Write anew what waits for it in the search index; returns how many documents."""
    refreshed = 0
    while done := write(_refresh_some):
        refreshed += done
    return refreshed


def _resolve(connection: Connection) -> Resolved:
    resolved = resolve_waiting(connection)
    url_ids: set[int] = set()
    for some in parts(resolved.capture_ids):
        url_ids.update(connection.scalars(select(CaptureRow.url_id).where(CaptureRow.id.in_(some))))
    recount_sources(connection, url_ids)
    write_documents(connection, [], recompute(connection, resolved.article_ids | _at(connection, url_ids)))
    return resolved


def _at(connection: Connection, url_ids: Iterable[int]) -> set[int]:
    """Articles that have been shown at these URLs."""
    found: set[int] = set()
    for some in parts(url_ids):
        here = CaptureRow.url_id.in_(some)
        shown = select(CaptureRow.article_id).where(here, CaptureRow.article_id.is_not(None)).distinct()
        found.update(article_id for article_id in connection.scalars(shown) if article_id is not None)
    return found


def _sites_to_learn(connection: Connection) -> list[_Unlearnt]:
    uncounted = (
        select(ArticleRow.site_id, func.count().label("versions"))
        .join(VersionRow, VersionRow.article_id == ArticleRow.id)
        .where(~VersionRow.counted)
        .group_by(ArticleRow.site_id)
        .subquery()
    )
    asked = (
        select(SiteRow.id, SiteRow.relearn, func.coalesce(uncounted.c.versions, 0))
        .join(uncounted, uncounted.c.site_id == SiteRow.id, isouter=True)
        .where(or_(SiteRow.relearn, uncounted.c.versions.is_not(None)))
        .order_by(SiteRow.id)
    )
    return [_Unlearnt(*row) for row in connection.execute(asked)]


def _together(sites: Iterable[_Unlearnt]) -> Iterator[list[int]]:
    """Sites to learn in one transaction: of a thousand small ones, a question for each costs most of the time."""
    some: list[int] = []
    versions = 0
    for site in sites:
        if site.everything:
            yield [site.id]
            continue
        if some and (len(some) >= _SITES_AT_ONCE or versions + site.versions > _VERSIONS_AT_ONCE):
            yield some
            some, versions = [], 0
        some.append(site.id)
        versions += site.versions
    if some:
        yield some


def learn(connection: Connection, site_ids: Sequence[int]) -> tuple[int, int]:
    """Count sites' paragraphs and judge them; returns how many became boilerplate, and how many no longer are."""
    # One at a time learns of a site, and what others bring in meanwhile is counted the next time.
    connection.execute(
        select(SiteRow.id).where(SiteRow.id.in_(site_ids)).order_by(SiteRow.id).with_for_update(key_share=True)
    )
    uncounted = select(VersionRow.id).where(~VersionRow.counted, VersionRow.article_id.in_(_articles_of(site_ids)))
    new = list(connection.scalars(uncounted))
    everything = connection.scalar(select(func.count()).where(SiteRow.id.in_(site_ids), SiteRow.relearn))
    held = connection.execute(select(BoilerplateRow).where(BoilerplateRow.site_id.in_(site_ids)))
    before: dict[Place, AnyRow] = {(row.site_id, row.paragraph_id): row for row in held}
    counted = connection.execute(_counts(site_ids, everything=bool(everything)))
    counts: dict[Place, AnyRow] = {(row.site_id, row.paragraph_id): row for row in counted}
    verdicts = _judge(connection, site_ids, counts)
    _store(connection, before, counts, verdicts)
    flipped = [
        place
        for place in before.keys() | counts.keys()
        if verdicts.get(place, False) != (place in before and before[place].verdict)
    ]
    _mark_stale(connection, site_ids, flipped)
    for some in parts(new):
        connection.execute(update(VersionRow).where(VersionRow.id.in_(some)).values(counted=True))
    connection.execute(update(SiteRow).where(SiteRow.id.in_(site_ids), SiteRow.relearn).values(relearn=False))
    learnt = sum(verdicts.get(place, False) for place in flipped)
    return learnt, len(flipped) - learnt


def _articles_of(site_ids: Sequence[int]) -> Select[int]:
    return select(ArticleRow.id).where(ArticleRow.site_id.in_(site_ids))


def _counts(site_ids: Sequence[int], *, everything: bool) -> AnySelect:
    """Paragraphs that two articles of a site carry at least: of all, or of those that may have changed."""
    from_end = VersionRow.length - 1 - VersionParagraphRow.position
    conditions: list[ColumnElement[bool]] = [
        ArticleRow.site_id.in_(site_ids),
        VersionParagraphRow.role.in_(COUNTED),
        ParagraphRow.text != VersionRow.headline,
        or_(VersionRow.dek.is_(None), ParagraphRow.text != VersionRow.dek),
    ]
    if not everything:
        new = (
            select(VersionParagraphRow.paragraph_id)
            .join(VersionRow, VersionRow.id == VersionParagraphRow.version_id)
            .where(~VersionRow.counted, VersionRow.article_id.in_(_articles_of(site_ids)))
        )
        held = select(BoilerplateRow.paragraph_id).where(BoilerplateRow.site_id.in_(site_ids))
        conditions.append(VersionParagraphRow.paragraph_id.in_(new.union(held)))
    articles = func.count(VersionRow.article_id.distinct())
    return (
        select(
            ArticleRow.site_id,
            VersionParagraphRow.paragraph_id,
            func.max(func.length(ParagraphRow.text)).label("length"),
            articles.label("articles"),
            func.min(VersionParagraphRow.position).label("first_from_start"),
            func.max(VersionParagraphRow.position).label("last_from_start"),
            func.min(from_end).label("first_from_end"),
            func.max(from_end).label("last_from_end"),
            func.min(ArticleRow.dated_at).label("first_seen_at"),
            func.max(ArticleRow.dated_at).label("last_seen_at"),
        )
        .join(VersionRow, VersionRow.id == VersionParagraphRow.version_id)
        .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
        .join(ParagraphRow, ParagraphRow.id == VersionParagraphRow.paragraph_id)
        .where(*conditions)
        .group_by(ArticleRow.site_id, VersionParagraphRow.paragraph_id)
        .having(articles >= 2)
    )


def _judge(connection: Connection, site_ids: Sequence[int], counts: Mapping[Place, AnyRow]) -> dict[Place, bool]:
    dates: dict[int, list[datetime]] = {site_id: [] for site_id in site_ids}
    dated = select(ArticleRow.site_id, ArticleRow.dated_at).where(ArticleRow.site_id.in_(site_ids))
    for site_id, date in connection.execute(dated.order_by(ArticleRow.dated_at)):
        dates[site_id].append(date)
    candidates: dict[Place, tuple[Candidate, int]] = {}
    for place, row in counts.items():
        candidate = Candidate(
            length=row.length, articles=row.articles, first_from_start=row.first_from_start,
            last_from_start=row.last_from_start, first_from_end=row.first_from_end, last_from_end=row.last_from_end,
        )  # fmt: skip
        window = _window(dates[row.site_id], row.first_seen_at, row.last_seen_at)
        if may_be_boilerplate(candidate, window):
            candidates[place] = (candidate, window)
    samples = {place: _sample(connection, *place) for place in candidates}
    carriers = _carriers(connection, {one: site_id for (site_id, _), ids in samples.items() for one in ids}, counts)
    return {
        place: is_boilerplate(candidate, window, [carriers[one] for one in samples[place]], place[1])
        for place, (candidate, window) in candidates.items()
    }


def _window(dates: Sequence[datetime], first: datetime, last: datetime) -> int:
    """Articles of the site between two dates, but so many at least as tell something."""
    between = bisect_right(dates, last) - bisect_left(dates, first)
    return in_its_time(between, len(dates))


def _sample(connection: Connection, site_id: int, paragraph_id: int) -> list[int]:
    """The newest articles of a site that carry a paragraph."""
    return list(connection.scalars(_CARRYING, {"site_id": site_id, "paragraph_id": paragraph_id}))


_CARRYING = (
    select(ArticleRow.id)
    .join(UrlRow, UrlRow.id == ArticleRow.url_id)
    .where(
        ArticleRow.site_id == bindparam("site_id"),
        ArticleRow.id.in_(
            select(VersionRow.article_id)
            .join(VersionParagraphRow, VersionParagraphRow.version_id == VersionRow.id)
            .where(VersionParagraphRow.paragraph_id == bindparam("paragraph_id"))
        ),
    )
    .order_by(ArticleRow.dated_at.desc(), UrlRow.url)
    .limit(SAMPLE)
)


def _carriers(connection: Connection, sites: Mapping[int, int], shared: Collection[Place]) -> dict[int, Carrier]:
    """What is to be known of articles (ids, and those of their sites) to tell whether they are different stories."""
    texts: dict[int, dict[int, int]] = {}
    for some in parts(sites):
        rows = connection.execute(
            select(VersionRow.article_id, VersionParagraphRow.paragraph_id, func.length(ParagraphRow.text))
            .join(VersionParagraphRow, VersionParagraphRow.version_id == VersionRow.id)
            .join(ParagraphRow, ParagraphRow.id == VersionParagraphRow.paragraph_id)
            .where(
                VersionRow.article_id.in_(some),
                VersionRow.current,
                VersionParagraphRow.role.in_(COUNTED),
            )
        )
        for article_id, paragraph_id, length in rows:
            texts.setdefault(article_id, {})[paragraph_id] = length
    return {
        article_id: Carrier(
            shared={one: length for one, length in texts.get(article_id, {}).items() if (site_id, one) in shared},
            length=sum(texts.get(article_id, {}).values()),
        )
        for article_id, site_id in sites.items()
    }


def _store(
    connection: Connection,
    before: Mapping[Place, AnyRow],
    counts: Mapping[Place, AnyRow],
    verdicts: Mapping[Place, bool],
) -> None:
    for site_id, paragraph_ids in _by_site(before.keys() - counts.keys()).items():
        for some in parts(paragraph_ids):
            these = BoilerplateRow.paragraph_id.in_(some)
            connection.execute(delete(BoilerplateRow).where(BoilerplateRow.site_id == site_id, these))
    rows = []
    for place, row in sorted(counts.items()):
        now = (row.articles, row.first_seen_at, row.last_seen_at, verdicts.get(place, False))
        was = before.get(place)
        if was is None or now != (was.articles_seen, was.first_seen_at, was.last_seen_at, was.verdict):
            names = ("site_id", "paragraph_id", "articles_seen", "first_seen_at", "last_seen_at", "verdict")
            rows.append(dict(zip(names, (*place, *now), strict=True)))
    if rows:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        inserting = dialect.insert(BoilerplateRow)
        now_is = {name: inserting.excluded[name] for name in rows[0] if name not in {"site_id", "paragraph_id"}}
        connection.execute(
            inserting.on_conflict_do_update(index_elements=["site_id", "paragraph_id"], set_=now_is), rows
        )


def _by_site(places: Iterable[Place]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for site_id, paragraph_id in places:
        found.setdefault(site_id, []).append(paragraph_id)
    return found


def _mark_stale(connection: Connection, site_ids: Sequence[int], flipped: Iterable[Place]) -> None:
    """Documents are to be written anew that carry a flipped paragraph, or were written while verdicts changed."""
    for site_id, paragraph_ids in _by_site(flipped).items():
        for some in parts(paragraph_ids):
            carrying = select(VersionParagraphRow.version_id).where(VersionParagraphRow.paragraph_id.in_(some))
            connection.execute(
                update(SearchDocumentRow)
                .where(SearchDocumentRow.site_id == site_id, SearchDocumentRow.version_id.in_(carrying))
                .values(stale=True)
            )
    left_out = (
        select(func.count())
        .select_from(VersionParagraphRow)
        .join(BoilerplateRow, BoilerplateRow.paragraph_id == VersionParagraphRow.paragraph_id)
        .where(
            BoilerplateRow.site_id == SearchDocumentRow.site_id,
            VersionParagraphRow.version_id == SearchDocumentRow.version_id,
            VersionParagraphRow.role.in_(COUNTED),
            BoilerplateRow.verdict,
        )
        .scalar_subquery()
    )
    new = select(VersionRow.id).where(~VersionRow.counted, VersionRow.article_id.in_(_articles_of(site_ids)))
    connection.execute(
        update(SearchDocumentRow)
        .where(SearchDocumentRow.version_id.in_(new), SearchDocumentRow.left_out != left_out)
        .values(stale=True)
    )


def _refresh_some(connection: Connection) -> int:
    stale = select(SearchDocumentRow.version_id).where(SearchDocumentRow.stale).order_by(SearchDocumentRow.doc_id)
    some = list(connection.scalars(stale.limit(_REFRESHED_AT_ONCE).with_for_update(skip_locked=True)))
    refresh(connection, some)
    return len(some)
