"""Settling: the conclusions that need more than one capture. Afterwards the index depends on its captures alone.

Each step is a transaction of its own and leaves marks for what is still to be done, so a crash between them costs
nothing: the next `settle` goes on.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, or_, select, update
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


def settle(write: Write) -> Settled:
    """All of it."""
    resolved: Resolved = write(_resolve)
    learnt, unlearnt, refreshed = learn_all(write)
    write(name_sites)
    return Settled(
        resolved=len(resolved.capture_ids),
        unread=tuple(sorted(resolved.unread)),
        learnt=learnt,
        unlearnt=unlearnt,
        refreshed=refreshed,
    )


def learn_all(write: Write) -> tuple[int, int, int]:
    """Learn each site's boilerplate; returns how many became it, how many no longer are, and documents refreshed."""
    learnt, unlearnt = 0, 0
    for site_id in write(_sites_to_learn):
        more, less = write(partial(learn, site_id=site_id))
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


def _sites_to_learn(connection: Connection) -> list[int]:
    uncounted = (
        select(ArticleRow.site_id)
        .join(VersionRow, VersionRow.article_id == ArticleRow.id)
        .where(~VersionRow.counted)
        .distinct()
    )
    return sorted(connection.scalars(select(SiteRow.id).where(or_(SiteRow.relearn, SiteRow.id.in_(uncounted)))))


def learn(connection: Connection, site_id: int) -> tuple[int, int]:
    """Count a site's paragraphs and judge them; returns how many became boilerplate, and how many no longer are."""
    relearn = connection.scalar(select(SiteRow.relearn).where(SiteRow.id == site_id))
    before = {
        row.paragraph_id: row
        for row in connection.execute(select(BoilerplateRow).where(BoilerplateRow.site_id == site_id))
    }
    counts = {row.paragraph_id: row for row in connection.execute(_counts(site_id, everything=bool(relearn)))}
    verdicts = _judge(connection, site_id, counts)
    _store(connection, site_id, before, counts, verdicts)
    flipped = [
        paragraph_id
        for paragraph_id in before.keys() | counts.keys()
        if verdicts.get(paragraph_id, False) != (paragraph_id in before and before[paragraph_id].verdict)
    ]
    _mark_stale(connection, site_id, flipped)
    connection.execute(
        update(VersionRow)
        .where(~VersionRow.counted, VersionRow.article_id.in_(_articles_of(site_id)))
        .values(counted=True)
    )
    connection.execute(update(SiteRow).where(SiteRow.id == site_id).values(relearn=False))
    learnt = sum(verdicts.get(paragraph_id, False) for paragraph_id in flipped)
    return learnt, len(flipped) - learnt


def _articles_of(site_id: int) -> Select[int]:
    return select(ArticleRow.id).where(ArticleRow.site_id == site_id)


def _counts(site_id: int, *, everything: bool) -> AnySelect:
    """Paragraphs that two articles of the site carry at least: of all, or of those that may have changed."""
    from_end = VersionRow.length - 1 - VersionParagraphRow.position
    conditions: list[ColumnElement[bool]] = [
        ArticleRow.site_id == site_id,
        VersionParagraphRow.role.in_(COUNTED),
        ParagraphRow.text != VersionRow.headline,
        or_(VersionRow.dek.is_(None), ParagraphRow.text != VersionRow.dek),
    ]
    if not everything:
        new = (
            select(VersionParagraphRow.paragraph_id)
            .join(VersionRow, VersionRow.id == VersionParagraphRow.version_id)
            .where(~VersionRow.counted, VersionRow.article_id.in_(_articles_of(site_id)))
        )
        held = select(BoilerplateRow.paragraph_id).where(BoilerplateRow.site_id == site_id)
        conditions.append(VersionParagraphRow.paragraph_id.in_(new.union(held)))
    articles = func.count(VersionRow.article_id.distinct())
    return (
        select(
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
        .group_by(VersionParagraphRow.paragraph_id)
        .having(articles >= 2)
    )


def _judge(connection: Connection, site_id: int, counts: Mapping[int, AnyRow]) -> dict[int, bool]:
    dates = list(
        connection.scalars(
            select(ArticleRow.dated_at).where(ArticleRow.site_id == site_id).order_by(ArticleRow.dated_at)
        )
    )
    candidates: dict[int, tuple[Candidate, int]] = {}
    for paragraph_id, row in counts.items():
        candidate = Candidate(
            length=row.length, articles=row.articles, first_from_start=row.first_from_start,
            last_from_start=row.last_from_start, first_from_end=row.first_from_end, last_from_end=row.last_from_end,
        )  # fmt: skip
        window = _window(dates, row.first_seen_at, row.last_seen_at)
        if may_be_boilerplate(candidate, window):
            candidates[paragraph_id] = (candidate, window)
    samples = {paragraph_id: _sample(connection, site_id, paragraph_id) for paragraph_id in candidates}
    carriers = _carriers(connection, {one for sample in samples.values() for one in sample}, counts.keys())
    return {
        paragraph_id: is_boilerplate(candidate, window, [carriers[one] for one in samples[paragraph_id]], paragraph_id)
        for paragraph_id, (candidate, window) in candidates.items()
    }


def _window(dates: Sequence[datetime], first: datetime, last: datetime) -> int:
    """Articles of the site between two dates, but so many at least as tell something."""
    between = bisect_right(dates, last) - bisect_left(dates, first)
    return in_its_time(between, len(dates))


def _sample(connection: Connection, site_id: int, paragraph_id: int) -> list[int]:
    """The newest articles that carry a paragraph."""
    carrying = (
        select(VersionRow.article_id)
        .join(VersionParagraphRow, VersionParagraphRow.version_id == VersionRow.id)
        .where(VersionParagraphRow.paragraph_id == paragraph_id)
    )
    return list(
        connection.scalars(
            select(ArticleRow.id)
            .join(UrlRow, UrlRow.id == ArticleRow.url_id)
            .where(ArticleRow.site_id == site_id, ArticleRow.id.in_(carrying))
            .order_by(ArticleRow.dated_at.desc(), UrlRow.url)
            .limit(SAMPLE)
        )
    )


def _carriers(connection: Connection, article_ids: Iterable[int], shared: Iterable[int]) -> dict[int, Carrier]:
    """What is to be known of articles to tell whether they are different stories."""
    texts: dict[int, dict[int, int]] = {}
    ids = sorted(article_ids)
    for some in parts(ids):
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
    several = set(shared)
    return {
        article_id: Carrier(
            shared={one: length for one, length in texts.get(article_id, {}).items() if one in several},
            length=sum(texts.get(article_id, {}).values()),
        )
        for article_id in ids
    }


def _store(
    connection: Connection,
    site_id: int,
    before: Mapping[int, AnyRow],
    counts: Mapping[int, AnyRow],
    verdicts: Mapping[int, bool],
) -> None:
    for some in parts(before.keys() - counts.keys()):
        these = BoilerplateRow.paragraph_id.in_(some)
        connection.execute(delete(BoilerplateRow).where(BoilerplateRow.site_id == site_id, these))
    rows = []
    for paragraph_id, row in sorted(counts.items()):
        now = (row.articles, row.first_seen_at, row.last_seen_at, verdicts.get(paragraph_id, False))
        was = before.get(paragraph_id)
        if was is None or now != (was.articles_seen, was.first_seen_at, was.last_seen_at, was.verdict):
            rows.append(
                {"site_id": site_id, "paragraph_id": paragraph_id,
                 **dict(zip(("articles_seen", "first_seen_at", "last_seen_at", "verdict"), now, strict=True))}
            )  # fmt: skip
    if rows:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        inserting = dialect.insert(BoilerplateRow)
        now_is = {name: inserting.excluded[name] for name in rows[0] if name not in {"site_id", "paragraph_id"}}
        connection.execute(
            inserting.on_conflict_do_update(index_elements=["site_id", "paragraph_id"], set_=now_is), rows
        )


def _mark_stale(connection: Connection, site_id: int, flipped: Sequence[int]) -> None:
    """Documents are to be written anew that carry a flipped paragraph, or were written while verdicts changed."""
    for some in parts(flipped):
        carrying = select(VersionParagraphRow.version_id).where(VersionParagraphRow.paragraph_id.in_(some))
        connection.execute(
            update(SearchDocumentRow)
            .where(SearchDocumentRow.site_id == site_id, SearchDocumentRow.version_id.in_(carrying))
            .values(stale=True)
        )
    left_out = (
        select(func.count())
        .select_from(VersionParagraphRow)
        .join(
            BoilerplateRow,
            and_(BoilerplateRow.site_id == site_id, BoilerplateRow.paragraph_id == VersionParagraphRow.paragraph_id),
        )
        .where(
            VersionParagraphRow.version_id == SearchDocumentRow.version_id,
            VersionParagraphRow.role.in_(COUNTED),
            BoilerplateRow.verdict,
        )
        .scalar_subquery()
    )
    new = select(VersionRow.id).where(~VersionRow.counted, VersionRow.article_id.in_(_articles_of(site_id)))
    connection.execute(
        update(SearchDocumentRow)
        .where(SearchDocumentRow.version_id.in_(new), SearchDocumentRow.left_out != left_out)
        .values(stale=True)
    )


def _refresh_some(connection: Connection) -> int:
    stale = select(SearchDocumentRow.version_id).where(SearchDocumentRow.stale).order_by(SearchDocumentRow.doc_id)
    some = list(connection.scalars(stale.limit(_REFRESHED_AT_ONCE)))
    refresh(connection, some)
    return len(some)
