"""Replace readings: what an earlier extractor read from captures gives way to what the present one reads.

All captures of a page are replaced together: its texts are made from readings that are stored only in part, so none can
be withdrawn alone. Afterwards the index is as if these captures had always been read so; ids of captures, and
of articles that are still shown, stay the same.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update

from storage.article_fields import ArticleFields
from storage.callbacks import VisitPlan
from storage.grouping import group_pairs
from storage.index.conditions.visibility import conditions_on_time, load_site_ids
from storage.index.engine.statements import IDS, AnyRow, batches, change_by_ids, fetch_by_ids
from storage.index.frontier.source_status import recompute_sources
from storage.index.frontier.url_queue import remove_urls
from storage.index.reader import ReadScope
from storage.index.rows.identity import Page
from storage.index.rows.interning import LookupTables
from storage.index.rows.metadata_changes import delete_article_changes, delete_capture_metadata
from storage.index.rows.orphans import OrphanCandidates, delete_orphans
from storage.index.schema.tables import ArticleRow, CaptureRow, SiteRow, UrlRow, VersionRow, WarcFileRow
from storage.index.text.sanitize import shorten_name
from storage.index.write.articles import recompute_articles
from storage.index.write.commit import commit
from storage.index.write.compare_pages import delete_empty_articles, separate_pages
from storage.index.write.revisits import resolve_waiting_revisits
from storage.index.write.versions import delete_content
from storage.model import Ingest, Outcome, RecordPlace
from storage.urls import surt

FAILED = (Outcome.UNREADABLE.value, Outcome.TOO_LARGE.value)
"""Outcomes that say nothing about the page: with other limits it may be readable."""
LoadArticles = Callable[[ReadScope, Sequence[int]], Iterable[ArticleFields]]
"""Loads versions, by which changes of articles are found."""
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RereadFilter:
    """Captures to read again. A field that is None selects all."""

    extractor: str
    """Version of the present extractor."""
    by_site: Mapping[str, str] = field(default_factory=dict)
    """The same for captures with some requesting sites, by the site's name."""
    everything: bool = False
    """Also captures that this version has read; otherwise those that another one has, or that could not be read."""
    sites: tuple[str, ...] | None = None
    since: datetime | None = None
    """Fetched then or later."""
    until: datetime | None = None
    """Fetched before then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RereadCapture:
    """A capture to read again, and the place of its record."""

    capture_id: int
    record_id: str
    place: RecordPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleChange:
    """Changes of an article by a new reading."""

    url: str
    """Canonical."""
    what: tuple[str, ...]
    """Names of the fields of its export line that changed; or ("new",) or ("gone",)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageChange:
    """A page whose outcome changed."""

    url: str
    fetched_at: datetime
    before: Outcome
    now: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingChanges:
    """Changes by new readings of some captures."""

    captures: int
    articles: tuple[ArticleChange, ...]
    pages: tuple[PageChange, ...]


def count_captures_to_reread(connection: Connection, wanted: RereadFilter) -> int:
    """Return the number of captures to read again, without those that only go with others of their article."""
    query = select(func.count()).select_from(CaptureRow).where(*_conditions(connection, wanted))
    return connection.scalar(query) or 0


def list_requesting_sites(connection: Connection) -> list[str]:
    """Return the requesting sites of all captures, by name; hosts for captures without one."""
    return sorted(connection.scalars(select(CaptureRow.requesting_site).distinct()))


def iterate_units(
    reading: Callable[[], AbstractContextManager[Connection]], wanted: RereadFilter
) -> Iterator[tuple[RereadCapture, ...]]:
    """Yield captures to read again, each once, those of one page together.

    Between units the database may be used for other work, such as writing their new readings.
    """
    after = 0
    given: set[int] = set()
    while True:
        with reading() as connection:
            chosen, together = _load_next(connection, wanted, after)
        if not chosen:
            return
        for capture_id in chosen:
            if capture_id not in given:
                unit = together[capture_id]
                given.update(capture.capture_id for capture in unit)
                yield unit
        after = chosen[-1]
        given = {capture_id for capture_id in given if capture_id > after}


def _load_next(
    connection: Connection, wanted: RereadFilter, after: int
) -> tuple[list[int], dict[int, tuple[RereadCapture, ...]]]:
    """Return the next captures in the order of their ids, and those that go with each."""
    query = (
        select(CaptureRow.id, VersionRow.page_url_id)
        .join(VersionRow, VersionRow.id == CaptureRow.page_version_id, isouter=True)
        .where(*_conditions(connection, wanted), CaptureRow.id > after)
        .order_by(CaptureRow.id)
        .limit(_BATCH)
    )
    rows = connection.execute(query).all()
    chosen = [row.id for row in rows]
    urls = sorted({row.page_url_id for row in rows if row.page_url_id is not None})
    texts = select(VersionRow.id).where(VersionRow.page_url_id.in_(urls))
    columns = CaptureRow.id, CaptureRow.record_id, CaptureRow.warc_offset, CaptureRow.warc_length, WarcFileRow.name
    together = connection.execute(
        select(*columns, VersionRow.site_id, VersionRow.page_url_id)
        .join(WarcFileRow, WarcFileRow.id == CaptureRow.warc_file_id)
        .join(VersionRow, VersionRow.id == CaptureRow.page_version_id, isouter=True)
        .where(CaptureRow.is_read, or_(CaptureRow.id.in_(chosen), CaptureRow.page_version_id.in_(texts)))
        .order_by(CaptureRow.id)
    )
    captures: list[tuple[Page | None, RereadCapture]] = []
    for row in together:
        place = RecordPlace(warc=row.name, offset=row.warc_offset, length=row.warc_length)
        page = None if row.page_url_id is None else (row.site_id, row.page_url_id)
        captures.append((page, RereadCapture(capture_id=row.id, record_id=row.record_id, place=place)))
    by_page = group_pairs(captures)
    return chosen, {one.capture_id: (one,) if page is None else tuple(by_page[page]) for page, one in captures}


def _conditions(connection: Connection, wanted: RereadFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [CaptureRow.is_read.is_(True)]
    if not wanted.everything:
        site, extractor = CaptureRow.requesting_site, CaptureRow.extractor
        others = and_(site.not_in(sorted(wanted.by_site)), extractor.is_distinct_from(wanted.extractor))
        named = (and_(site == name, extractor.is_distinct_from(by)) for name, by in sorted(wanted.by_site.items()))
        conditions.append(or_(others, *named, CaptureRow.outcome.in_(FAILED)))
    if wanted.sites is not None:
        conditions.append(CaptureRow.site_id.in_(load_site_ids(connection, wanted.sites).values()))
    return conditions + conditions_on_time(CaptureRow.fetched_at, wanted.since, wanted.until)


def replace_readings(
    connection: Connection, lookups: LookupTables, batch: Sequence[Ingest], plan: VisitPlan, load_articles: LoadArticles
) -> ReadingChanges:
    """Replace the readings of captures; with one capture of a page all of them must be in the batch.

    Conclusions that need all captures (identity of pages, boilerplate, sites' titles) are left to `settle`.
    """
    orphans = OrphanCandidates()
    rows = _load_rows(connection, batch)
    for some in batches({row.page_version_id for row in rows if row.page_version_id is not None}):
        separate_pages(connection, some)
    rows = _load_rows(connection, batch)
    articles = {row.article_id for row in rows if row.article_id is not None}
    before = _lines_by_article(connection, articles, load_articles)
    url_ids = _retract(connection, rows, articles, orphans)
    commit(connection, lookups, batch, plan)
    resolved = resolve_waiting_revisits(connection)
    recompute_sources(connection, url_ids)
    after = _load_rows(connection, batch)
    articles |= {row.article_id for row in after if row.article_id is not None}
    _delete_empty_articles(connection, articles | resolved.article_ids, orphans)
    recompute_articles(connection, articles | resolved.article_ids)
    if delete_orphans(connection, orphans):
        lookups.clear_cache()
    return ReadingChanges(
        captures=len(rows),
        articles=tuple(_article_changes(before, _lines_by_article(connection, articles, load_articles))),
        pages=tuple(
            PageChange(url=new.url, fetched_at=new.fetched_at, before=Outcome(old.outcome), now=Outcome(new.outcome))
            for old, new in zip(rows, after, strict=True)
            if old.outcome != new.outcome
        ),
    )


def _load_rows(connection: Connection, batch: Sequence[Ingest]) -> list[AnyRow]:
    """Return the rows of captures, in the order of their ids."""
    query = select(CaptureRow, UrlRow.url).join(UrlRow, UrlRow.id == CaptureRow.url_id)
    records = {shorten_name(ingest.capture.record_id) for ingest in batch}
    rows = fetch_by_ids(connection, query.where(CaptureRow.record_id.in_(IDS)), records)
    return sorted(rows, key=lambda row: row.id)


def _retract(connection: Connection, rows: Sequence[AnyRow], articles: set[int], orphans: OrphanCandidates) -> set[int]:
    """Withdraw the readings of captures. Return the ids of URLs whose state may change by that."""
    captures = {row.id for row in rows}
    followers = _find_followers(connection, captures, articles)
    query = select(VersionRow.id, VersionRow.capture_id).where(VersionRow.article_id.in_(IDS))
    versions = {row.id: row.capture_id for row in fetch_by_ids(connection, query, articles)}
    for some in batches(captures | set(versions.values())):
        delete_content(connection, [], some, orphans)
    url_ids = {row.url_id for row in rows} | set(followers.values())
    captures |= followers.keys()
    delete_capture_metadata(connection, captures)
    delete_article_changes(connection, articles)
    # What these show is cleared, and of revisits what they took from their originals.
    clearing = update(CaptureRow).where(CaptureRow.id.in_(IDS))
    shown = dict.fromkeys(("article_id", "version_id", "page_version_id"))
    change_by_ids(connection, clearing.values(is_read=False, **shown), captures)
    taken = dict.fromkeys(("refers_to_id", "title", "content_digest", "extractor"))
    waiting = {"outcome": Outcome.NOT_MODIFIED.value, "entries": 0, **taken}
    change_by_ids(connection, clearing.where(CaptureRow.kind == "revisit").values(waiting), captures)
    for some in batches(versions):
        delete_content(connection, some, [], orphans)
    change_by_ids(connection, delete(VersionRow).where(VersionRow.id.in_(IDS)), versions)
    of_articles = sorted({row.site_id for row in rows if row.article_id is not None})
    connection.execute(update(SiteRow).where(SiteRow.id.in_(of_articles)).values(needs_relearning=True))
    return url_ids


def _find_followers(connection: Connection, captures: set[int], articles: set[int]) -> dict[int, int]:
    """Return revisits that take their reading from these captures, directly or by other revisits, with their URLs."""
    unread = select(CaptureRow.id, CaptureRow.url_id).where(CaptureRow.is_read.is_(False))
    following = unread.where(CaptureRow.refers_to_id.in_(IDS))
    rows = fetch_by_ids(connection, following, captures)
    rows += fetch_by_ids(connection, unread.where(CaptureRow.article_id.in_(IDS)), articles)
    found: dict[int, int] = {}
    while rows:
        newest = [row.id for row in rows if row.id not in found]
        found.update((row.id, row.url_id) for row in rows)
        rows = fetch_by_ids(connection, following, newest)
    return found


def _delete_empty_articles(connection: Connection, articles: Iterable[int], orphans: OrphanCandidates) -> None:
    """Delete articles that no capture shows any more."""
    query = select(ArticleRow.id, ArticleRow.url_id).where(ArticleRow.id.in_(IDS))
    urls = {row.id: row.url_id for row in fetch_by_ids(connection, query, articles)}
    orphans.urls.update(urls[gone] for gone in delete_empty_articles(connection, urls))


_CURRENT = select(VersionRow.id, VersionRow.article_id).where(VersionRow.article_id.in_(IDS), VersionRow.is_current)


def _lines_by_article(
    connection: Connection, ids: set[int], load_articles: LoadArticles
) -> dict[int, Mapping[str, Any]]:
    """Return the export lines of articles, by their current versions."""
    lines: dict[int, Mapping[str, Any]] = {}
    for some in batches(ids, 200):
        current = {row.id: row.article_id for row in connection.execute(_CURRENT, {"ids": list(some)})}
        found = (each.to_dict() for each in load_articles(ReadScope(connection), list(current)))
        lines.update(zip(current.values(), found, strict=True))
    return lines


def _article_changes(
    before: Mapping[int, Mapping[str, Any]], after: Mapping[int, Mapping[str, Any]]
) -> Iterator[ArticleChange]:
    for article_id in sorted(before.keys() | after.keys()):
        old, new = before.get(article_id), after.get(article_id)
        if new is None:
            yield ArticleChange(url=before[article_id]["canonical_url"], what=("gone",))
        elif changed := (("new",) if old is None else tuple(name for name in new if new[name] != old[name])):
            yield ArticleChange(url=new["canonical_url"], what=changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakedownTargets:
    """Captures of articles that are to be removed."""

    urls: frozenset[str]
    record_ids: list[str]
    files: list[str]


def select_takedown(
    connection: Connection, urls: Sequence[str], own: Collection[str] = (), record_ids: Collection[str] = ()
) -> TakedownTargets:
    """Return the captures of these URLs in all spellings, of the articles that they show, and revisits of those.

    With an article go all URLs that show it alone, a lead image that no other article has, its `own` requisites, and
    further captures by their record ids.
    """
    keys = sorted({surt(url) for url in urls})
    found = set(connection.scalars(select(UrlRow.id).where(UrlRow.urlkey.in_(keys))))
    at_urls = CaptureRow.url_id.in_(sorted(found))
    articles = set(connection.scalars(select(ArticleRow.id).join(CaptureRow).where(at_urls)))
    articles |= set(connection.scalars(select(ArticleRow.id).where(ArticleRow.url_id.in_(sorted(found)))))
    of_articles = CaptureRow.article_id.in_(sorted(articles))
    found |= set(connection.scalars(select(ArticleRow.url_id).where(ArticleRow.id.in_(sorted(articles)))))
    shown = set(connection.scalars(select(CaptureRow.url_id).where(of_articles)))
    # A front page that was once taken for the article shows other things at other times.
    others = or_(CaptureRow.article_id.not_in(sorted(articles)), CaptureRow.outcome == Outcome.LISTING.value)
    mixed = connection.scalars(select(CaptureRow.url_id).where(CaptureRow.url_id.in_(sorted(shown)), others))
    elsewhere = _OTHERS.c.image_url_id == VersionRow.image_url_id, _OTHERS.c.article_id.not_in(sorted(articles))
    own_images = select(VersionRow.image_url_id).where(
        VersionRow.article_id.in_(sorted(articles)),
        VersionRow.image_url_id.is_not(None),
        ~select(_OTHERS.c.id).where(*elsewhere).exists(),
    )
    found |= shown.difference(mixed) | {url_id for url_id in connection.scalars(own_images) if url_id is not None}
    found |= {row.id for row in fetch_by_ids(connection, select(UrlRow.id).where(UrlRow.url.in_(IDS)), own)}
    more = CaptureRow.record_id.in_([shorten_name(each) for each in sorted(record_ids)])
    removed = or_(CaptureRow.url_id.in_(sorted(found)), of_articles, more)
    originals = connection.scalars(select(CaptureRow.id).where(removed)).all()
    rows = connection.execute(
        select(CaptureRow.record_id, WarcFileRow.name)
        .join(WarcFileRow, WarcFileRow.id == CaptureRow.warc_file_id)
        .where(or_(removed, CaptureRow.refers_to_id.in_(originals)))
    ).all()
    return TakedownTargets(
        urls=frozenset(connection.scalars(select(UrlRow.url).where(UrlRow.id.in_(sorted(found))))),
        record_ids=sorted(row.record_id for row in rows),
        files=sorted({row.name for row in rows}),
    )


def select_assets(connection: Connection, urls: Collection[str]) -> set[str]:
    """Return those of some URLs whose captures are requisites of pages."""
    query = select(UrlRow.url).join(CaptureRow, CaptureRow.url_id == UrlRow.id)
    query = query.where(UrlRow.url.in_(IDS), CaptureRow.outcome == Outcome.ASSET.value)
    return {row.url for row in fetch_by_ids(connection, query, urls)}


_OTHERS = VersionRow.__table__.alias("other_versions")


def delete_captures(connection: Connection, lookups: LookupTables, records: Sequence[str], urls: Sequence[str]) -> None:
    """Delete captures with what only they show: articles, versions, paragraphs, search documents, links."""
    orphans = OrphanCandidates()
    rows = fetch_by_ids(connection, select(CaptureRow).where(CaptureRow.record_id.in_(IDS)), set(records))
    articles = {row.article_id for row in rows if row.article_id is not None}
    url_ids = _retract(connection, rows, articles, orphans)
    ids = [row.id for row in rows]
    change_by_ids(connection, update(CaptureRow).where(CaptureRow.refers_to_id.in_(IDS)).values(refers_to_id=None), ids)
    change_by_ids(connection, delete(CaptureRow).where(CaptureRow.id.in_(IDS)), ids)
    _delete_empty_articles(connection, articles, orphans)
    of_urls = select(UrlRow.id).where(UrlRow.urlkey.in_(sorted({surt(url) for url in urls})))
    orphans.urls.update(url_ids, connection.scalars(of_urls))
    remove_urls(connection, of_urls)
    recompute_sources(connection, url_ids)
    delete_orphans(connection, orphans)
    lookups.clear_cache()
