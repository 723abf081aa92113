"""Reading again: what captures said to an earlier version of the reading code gives way to what they say now.

All captures of an article go together. Its versions stand on words that only the captures' bytes still hold, so none of
them can be taken back alone. Afterwards the index is as if these captures had always been read so; ids of captures, and
of articles that are still shown, stay what they were.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, or_, select, update

from storage.index.engine.database import AnyRow, parts
from storage.index.frontier.source_status import recount_sources
from storage.index.queries.export import lines
from storage.index.rows.interning import Names
from storage.index.rows.orphans import Swept, sweep
from storage.index.schema.tables import ArticleRow, CaptureRow, SiteRow, SourceRow, UrlRow, VersionRow, WarcFileRow
from storage.index.text.sanitize import bounded
from storage.index.write.articles import recompute
from storage.index.write.commit import commit
from storage.index.write.revisits import resolve_waiting
from storage.index.write.search_documents import take_out, write_documents
from storage.index.write.versions import drop_words
from storage.model import Ingest, NextLook, Outcome, RecordPlace, Seen

FAILED = (Outcome.UNREADABLE.value, Outcome.TOO_LARGE.value)
"""Outcomes that say nothing of the page: another time, or with other limits, it may be read."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which captures are to be read again. What is None does not narrow anything."""

    extractor: str
    """The version of the reading code that reads now."""
    by_site: Mapping[str, str] = field(default_factory=dict)
    """The same for captures that were asked for on behalf of some sites, by the site's name."""
    everything: bool = False
    """Also what this version has read already; else what another has, and what could not be read."""
    sites: tuple[str, ...] | None = None
    since: datetime | None = None
    """Fetched then or later."""
    until: datetime | None = None
    """Fetched before then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A capture that is to be read again, and where its record lies."""

    capture_id: int
    record_id: str
    place: RecordPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleChange:
    """What reading again made of an article."""

    url: str
    """Canonical."""
    what: tuple[str, ...]
    """Names of the fields of an export line that are others now; ("new",) or ("gone",)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageChange:
    """A page that is taken for something else now."""

    url: str
    fetched_at: datetime
    before: Outcome
    now: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """What reading some captures again changed."""

    captures: int
    articles: tuple[ArticleChange, ...]
    pages: tuple[PageChange, ...]


def count(connection: Connection, wanted: Wanted) -> int:
    """How many captures are to be read again, those apart that only go with others of their article."""
    asked = select(func.count()).select_from(CaptureRow).where(*_conditions(connection, wanted))
    return connection.scalar(asked) or 0


def asked_for(connection: Connection) -> list[str]:
    """Names of all sites on whose behalf captures were made; hosts where they were made for none."""
    return sorted(connection.scalars(select(CaptureRow.asked_for).distinct()))


def unknown_sites(connection: Connection, names: Sequence[str]) -> list[str]:
    """Those of the names that no site has."""
    known = set(connection.scalars(select(SiteRow.name).where(SiteRow.name.in_(names))))
    return [name for name in names if name not in known]


def units(reading: Callable[[], AbstractContextManager[Connection]], wanted: Wanted) -> Iterator[tuple[Held, ...]]:
    """Captures that are to be read again, each article's together, each once.

    Between units other work may be done in the database, and what they give be written.
    """
    after = 0
    given: set[int] = set()
    while True:
        with reading() as connection:
            chosen, together = _next(connection, wanted, after)
        if not chosen:
            return
        for capture_id in chosen:
            if capture_id not in given:
                unit = together[capture_id]
                given.update(held.capture_id for held in unit)
                yield unit
        after = chosen[-1]
        given = {capture_id for capture_id in given if capture_id > after}


def _next(connection: Connection, wanted: Wanted, after: int) -> tuple[list[int], dict[int, tuple[Held, ...]]]:
    """The next captures in the order of their ids, and those that go with each."""
    asked = (
        select(CaptureRow.id, CaptureRow.article_id)
        .where(*_conditions(connection, wanted), CaptureRow.id > after)
        .order_by(CaptureRow.id)
        .limit(_AT_ONCE)
    )
    rows = connection.execute(asked).all()
    chosen = [row.id for row in rows]
    articles = sorted({row.article_id for row in rows if row.article_id is not None})
    held = _held(connection, or_(CaptureRow.id.in_(chosen), CaptureRow.article_id.in_(articles)))
    by_article: dict[int, list[Held]] = {}
    for article_id, one in held:
        if article_id is not None:
            by_article.setdefault(article_id, []).append(one)
    return chosen, {
        one.capture_id: (one,) if article_id is None else tuple(by_article[article_id]) for article_id, one in held
    }


def _held(connection: Connection, condition: ColumnElement[bool]) -> list[tuple[int | None, Held]]:
    rows = connection.execute(
        select(
            CaptureRow.id,
            CaptureRow.article_id,
            CaptureRow.record_id,
            CaptureRow.warc_offset,
            CaptureRow.warc_length,
            WarcFileRow.name,
        )
        .join(WarcFileRow, WarcFileRow.id == CaptureRow.warc_file_id)
        .where(CaptureRow.is_read, condition)
        .order_by(CaptureRow.id)
    )
    return [
        (
            row.article_id,
            Held(
                capture_id=row.id,
                record_id=row.record_id,
                place=RecordPlace(warc=row.name, offset=row.warc_offset, length=row.warc_length),
            ),
        )
        for row in rows
    ]


def _conditions(connection: Connection, wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [CaptureRow.is_read.is_(True)]
    if not wanted.everything:
        conditions.append(or_(_read_by_another(wanted), CaptureRow.outcome.in_(FAILED)))
    if wanted.sites is not None:
        ids = connection.scalars(select(SiteRow.id).where(SiteRow.name.in_(wanted.sites))).all()
        conditions.append(CaptureRow.site_id.in_(ids))
    if wanted.since is not None:
        conditions.append(CaptureRow.fetched_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(CaptureRow.fetched_at < wanted.until)
    return conditions


def _read_by_another(wanted: Wanted) -> ColumnElement[bool]:
    others = CaptureRow.asked_for.not_in(sorted(wanted.by_site))
    return or_(
        and_(others, CaptureRow.extractor.is_distinct_from(wanted.extractor)),
        *(
            and_(CaptureRow.asked_for == site, CaptureRow.extractor.is_distinct_from(extractor))
            for site, extractor in sorted(wanted.by_site.items())
        ),
    )


def read_again(
    connection: Connection, names: Names, batch: Sequence[Ingest], plan: Callable[[Seen], NextLook]
) -> Reread:
    """Let captures say what they say now; with one capture of an article all of them have to be in the batch.

    Conclusions that need all captures (boilerplate, the sites' titles) are left to `settle`.
    """
    swept = Swept()
    rows = _rows(connection, batch)
    articles = {row.article_id for row in rows if row.article_id is not None}
    before = _as_told(connection, articles)
    url_ids = _retract(connection, rows, articles, swept)
    commit(connection, names, batch, plan)
    resolved = resolve_waiting(connection)
    recount_sources(connection, url_ids)
    after = _rows(connection, batch)
    articles |= {row.article_id for row in after if row.article_id is not None}
    _take_out_empty(connection, articles | resolved.article_ids, swept)
    write_documents(connection, [], recompute(connection, articles | resolved.article_ids))
    if sweep(connection, swept):
        names.forget()
    return Reread(
        captures=len(rows),
        articles=tuple(_article_changes(before, _as_told(connection, articles))),
        pages=tuple(_page_changes(rows, after)),
    )


def _rows(connection: Connection, batch: Sequence[Ingest]) -> list[AnyRow]:
    """The rows of captures, in the order of their ids."""
    rows: list[AnyRow] = []
    for records in parts({bounded(ingest.capture.record_id) for ingest in batch}):
        rows += connection.execute(
            select(CaptureRow, UrlRow.url)
            .join(UrlRow, UrlRow.id == CaptureRow.url_id)
            .where(CaptureRow.record_id.in_(records))
        )
    return sorted(rows, key=lambda row: row.id)


def _retract(connection: Connection, rows: Sequence[AnyRow], articles: set[int], swept: Swept) -> set[int]:
    """Make captures such as are held and not read yet; returns the URLs of which something else may be true now."""
    followers = _followers(connection, {row.id for row in rows}, articles)
    versions: dict[int, int] = {}
    for some in parts(articles):
        of_these = select(VersionRow.id, VersionRow.capture_id).where(VersionRow.article_id.in_(some))
        versions.update((row.id, row.capture_id) for row in connection.execute(of_these))
    take_out(connection, versions)
    for some in parts({row.id for row in rows} | set(versions.values())):
        drop_words(connection, [], some, swept)
    url_ids = {row.url_id for row in rows} | set(followers.values())
    for some in parts({row.id for row in rows} | followers.keys()):
        _unread(connection, some)
    for some in parts(versions):
        drop_words(connection, some, [], swept)
        connection.execute(delete(VersionRow).where(VersionRow.id.in_(some)))
    for some in parts(url_ids):
        connection.execute(delete(SourceRow).where(SourceRow.url_id.in_(some)))
    of_articles = sorted({row.site_id for row in rows if row.article_id is not None})
    connection.execute(update(SiteRow).where(SiteRow.id.in_(of_articles)).values(relearn=True))
    return url_ids


def _followers(connection: Connection, captures: set[int], articles: set[int]) -> dict[int, int]:
    """Revisits that show what these captures show, through others of their kind too, with their URLs."""
    found: dict[int, int] = {}
    shown = sorted(articles)
    newest = sorted(captures)
    while newest or shown:
        rows: list[AnyRow] = []
        for column, ids in ((CaptureRow.refers_to_id, newest), (CaptureRow.article_id, shown)):
            for some in parts(ids):
                rows += connection.execute(
                    select(CaptureRow.id, CaptureRow.url_id).where(column.in_(some), CaptureRow.is_read.is_(False))
                )
        shown = []
        newest = [row.id for row in rows if row.id not in found]
        found.update((row.id, row.url_id) for row in rows)
    return found


def _unread(connection: Connection, captures: Sequence[int]) -> None:
    """What a capture shows, and for a revisit what it says too, is to be found out anew."""
    these = CaptureRow.id.in_(captures)
    connection.execute(update(CaptureRow).where(these).values(is_read=False, article_id=None, version_id=None))
    waiting = {
        "refers_to_id": None,
        "outcome": Outcome.NOT_MODIFIED.value,
        "title": None,
        "entries": 0,
        "content_digest": None,
        "extractor": None,
    }
    connection.execute(update(CaptureRow).where(these, CaptureRow.kind == "revisit").values(waiting))


def _take_out_empty(connection: Connection, articles: Iterable[int], swept: Swept) -> None:
    """Take out articles that no capture shows any more."""
    for some in parts(articles):
        shown = select(CaptureRow.id).where(CaptureRow.article_id == ArticleRow.id).exists()
        empty = connection.execute(select(ArticleRow.id, ArticleRow.url_id).where(ArticleRow.id.in_(some), ~shown))
        gone = {row.id: row.url_id for row in empty}
        swept.urls.update(gone.values())
        connection.execute(delete(ArticleRow).where(ArticleRow.id.in_(sorted(gone))))


_CURRENT = select(VersionRow.id, VersionRow.article_id).where(
    VersionRow.article_id.in_(bindparam("ids", expanding=True)), VersionRow.current
)


def _as_told(connection: Connection, articles: set[int]) -> dict[int, dict[str, Any]]:
    """The export lines of articles."""
    told: dict[int, dict[str, Any]] = {}
    for some in parts(articles, 200):
        current = {row.id: row.article_id for row in connection.execute(_CURRENT, {"ids": list(some)})}
        told.update(zip(current.values(), lines(connection, list(current)), strict=True))
    return told


def _article_changes(before: dict[int, dict[str, Any]], now: dict[int, dict[str, Any]]) -> Iterator[ArticleChange]:
    for article_id in sorted(before.keys() | now.keys()):
        was, told = before.get(article_id), now.get(article_id)
        if was is None or told is None:
            known = was or told
            assert known is not None
            yield ArticleChange(url=known["canonical_url"], what=("gone",) if told is None else ("new",))
        elif what := tuple(name for name in told if told[name] != was[name]):
            yield ArticleChange(url=told["canonical_url"], what=what)


def _page_changes(before: Sequence[AnyRow], now: Sequence[AnyRow]) -> Iterator[PageChange]:
    for was, told in zip(before, now, strict=True):
        if was.outcome != told.outcome:
            yield PageChange(
                url=told.url, fetched_at=told.fetched_at, before=Outcome(was.outcome), now=Outcome(told.outcome)
            )
