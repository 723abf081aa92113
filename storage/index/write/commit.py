"""The commit: a batch of captures becomes rows, in one transaction. Read `commit` first."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from storage.index.engine.database import AnySelect, insert_rows, reserve_ids
from storage.index.frontier.source_status import note_sources
from storage.index.frontier.url_queue import note_found
from storage.index.frontier.visits import note_captures
from storage.index.rows.entry import Entry, entry_of, is_read
from storage.index.rows.interning import Names
from storage.index.rows.orphans import Swept, sweep
from storage.index.schema.tables import CaptureRow, CrawlRow, WarcFileRow
from storage.index.text.sanitize import storable_ingest
from storage.index.views.articles import Committed
from storage.index.write.articles import article_ids, assign_articles, recompute, touched_articles
from storage.index.write.filing import file_under_sites
from storage.index.write.revisits import follow_originals, reopen_revisits
from storage.index.write.search_documents import write_documents
from storage.index.write.versions import Draft, assign_versions, link_groups_to_pages, may_be_drafts, write_versions
from storage.model import Article, Ingest, NextLook, RecordPlace, Seen


def commit(
    connection: Connection, names: Names, batch: Sequence[Ingest], plan: Callable[[Seen], NextLook]
) -> Committed:
    """Write a batch. What it leaves behind does not depend on how captures are cut into batches, nor on their order."""
    swept = Swept()
    entries = fresh_entries(connection, batch)
    if not entries:
        return Committed(known=len(batch))
    file_under_sites(connection, names, entries)
    ahead = _linked_ahead(connection, names, entries)
    urls, made = names.urls.ids(connection, chain(_urls(entries), ahead))
    for entry in entries:
        entry.url_id = urls[entry.capture.url]
    # Which source of several is remembered is decided later: one that nothing else names may then be of no use.
    swept.urls.update(urls[via] for via in set(made).intersection(_sources(entries)))

    new_articles = assign_articles(connection, entries, urls)
    drafts = assign_versions(connection, entries)
    follow_originals(connection, entries, urls)
    write_captures(connection, entries, urls)
    reopen_revisits(connection, entries)

    linked = set(_linked(entries, (draft.article for draft in drafts)))
    swept.urls.update(urls[url] for url in ahead.intersection(made) - linked)
    urls |= names.urls.ids(connection, linked)[0]
    write_versions(connection, names, drafts, urls, swept)
    write_groups(connection, names, drafts, entries, urls)
    moved_in_time = recompute(connection, touched_articles(connection, entries))
    write_documents(connection, drafts, moved_in_time)
    note_sources(connection, entries)

    found = note_found(connection, names, entries, urls, swept)
    note_captures(connection, names, entries, urls, plan, swept)
    if sweep(connection, swept):
        names.forget()
    return Committed(
        captures=sum(not entry.is_upgrade for entry in entries),
        known=len(batch) - len(entries),
        articles=new_articles,
        versions=sum(draft.is_new for draft in drafts),
        found=found,
    )


def fresh_entries(connection: Connection, batch: Sequence[Ingest]) -> list[Entry]:
    """Entries for captures that the index does not hold, or holds unread; those with a reading of their own first."""
    ingests = _once_each(storable_ingest(ingest) for ingest in batch)
    held = {row.record_id: row for row in connection.execute(_HELD, {"ids": list(ingests)})}
    entries: list[Entry] = []
    for record_id, ingest in ingests.items():
        row = held.get(record_id)
        if row is None:
            entries.append(entry_of(ingest))
        elif not row.is_read and is_read(ingest):
            held_at = RecordPlace(warc=row.warc, offset=row.warc_offset, length=row.warc_length)
            place = min(ingest.capture.place, held_at, key=_place)
            entry = entry_of(replace(ingest, capture=replace(ingest.capture, place=place)))
            entry.capture_id, entry.is_upgrade = row.id, True
            entries.append(entry)
        elif _place(ingest.capture.place) < (row.warc, row.warc_offset):
            _move_record(connection, row.id, ingest.capture.place)
    # Originals before the revisits that point to them.
    entries.sort(key=lambda entry: (not entry.is_read, entry.order))
    new = [entry for entry in entries if not entry.is_upgrade]
    for entry, capture_id in zip(new, reserve_ids(connection, CaptureRow, len(new)), strict=True):
        entry.capture_id = capture_id
    _forget_unread(connection, [entry.capture_id for entry in entries if entry.is_upgrade])
    return entries


_HELD = (
    select(
        CaptureRow.id,
        CaptureRow.record_id,
        CaptureRow.is_read,
        CaptureRow.warc_offset,
        CaptureRow.warc_length,
        WarcFileRow.name.label("warc"),
    )
    .join(WarcFileRow, WarcFileRow.id == CaptureRow.warc_file_id)
    .where(CaptureRow.record_id.in_(bindparam("ids", expanding=True)))
)


def _place(place: RecordPlace) -> tuple[str, int]:
    """A record that lies in several files counts where it comes first by name."""
    return place.warc, place.offset


def _once_each(batch: Iterable[Ingest]) -> dict[str, Ingest]:
    ingests: dict[str, Ingest] = {}
    for ingest in batch:
        before = ingests.setdefault(ingest.capture.record_id, ingest)
        if before is not ingest:
            kept = ingest if is_read(ingest) and not is_read(before) else before
            place = min(before.capture.place, ingest.capture.place, key=_place)
            ingests[kept.capture.record_id] = replace(kept, capture=replace(kept.capture, place=place))
    return ingests


def _move_record(connection: Connection, capture_id: int, place: RecordPlace) -> None:
    files = _named_rows(connection, WarcFileRow, "name", {place.warc: {"state": "open"}})
    where = {"warc_file_id": files[place.warc], "warc_offset": place.offset, "warc_length": place.length}
    connection.execute(update(CaptureRow).where(CaptureRow.id == capture_id).values(where))


def _forget_unread(connection: Connection, capture_ids: Sequence[int]) -> None:
    if capture_ids:
        pointing = update(CaptureRow).where(CaptureRow.refers_to_id.in_(capture_ids))
        connection.execute(pointing.values(refers_to_id=None))
        connection.execute(delete(CaptureRow).where(CaptureRow.id.in_(capture_ids)))


def _urls(entries: Iterable[Entry]) -> Iterator[str]:
    """URLs that captures, articles and the frontier point to."""
    for entry in entries:
        capture = entry.capture
        yield capture.url
        if capture.redirect_url:
            yield capture.redirect_url
        if capture.refers_to and capture.refers_to.url:
            yield capture.refers_to.url
        if entry.article:
            yield entry.article.canonical_url
        for found in entry.ingest.found:
            yield found.url
    yield from _sources(entries)


def _sources(entries: Iterable[Entry]) -> Iterator[str]:
    """URLs that are said to have named others."""
    for entry in entries:
        if entry.discovery.via:
            yield entry.discovery.via
        for found in entry.ingest.found:
            if found.discovery.via:
                yield found.discovery.via


def _linked_ahead(connection: Connection, names: Names, entries: Sequence[Entry]) -> set[str]:
    """URLs that links will point to, as far as that can be told before there are versions.

    Of two writers that make URLs twice in a transaction each, one may wait for the other's first URLs while that waits
    for its own: PostgreSQL ends one of them. Made all at once, in the order of their keys, they do not. SQLite has one
    writer.
    """
    if connection.dialect.name != "postgresql":
        return set()
    canonical = {entry.article.canonical_url for entry in entries if entry.article}
    held = names.urls.held(connection, canonical)
    shown = {
        (entry.site_id, held[entry.article.canonical_url]): (entry.site_id, entry.article.canonical_url)
        for entry in entries
        if entry.article and entry.article.canonical_url in held
    }
    ids = {shown[key]: article_id for key, article_id in article_ids(connection, shown).items()}
    return set(_linked(entries, (entry.article for entry in may_be_drafts(connection, entries, ids) if entry.article)))


def _linked(entries: Iterable[Entry], articles: Iterable[Article]) -> Iterator[str]:
    """URLs that links and images point to: of listings, and of articles whose words are to be written."""
    for article in articles:
        if article.image:
            yield article.image.url
        for group in article.link_groups:
            for link in group.links:
                yield link.url
    for entry in entries:
        if entry.article is None:
            for group in entry.reading.link_groups:
                for link in group.links:
                    yield link.url


def write_captures(connection: Connection, entries: Sequence[Entry], urls: Mapping[str, int]) -> None:
    """One row a capture."""
    runs = {entry.capture.crawl for entry in entries if entry.capture.crawl}
    crawls = _named_rows(connection, CrawlRow, "run", {run: {"counters": {}} for run in runs})
    warcs = {entry.capture.place.warc for entry in entries}
    files = _named_rows(connection, WarcFileRow, "name", {name: {"state": "open"} for name in warcs})
    insert_rows(connection, CaptureRow, [_capture_row(entry, urls, crawls, files) for entry in entries])


def _named_rows(
    connection: Connection, table: type[CrawlRow | WarcFileRow], column: str, wanted: Mapping[str, dict[str, Any]]
) -> dict[str, int]:
    found = _ids_of(connection, table, column, wanted)
    missing = sorted(set(wanted) - set(found))
    if missing:
        insert_rows(connection, table, [{column: name, **wanted[name]} for name in missing], once_by=[column])
        found = _ids_of(connection, table, column, wanted)
    return found


def _ids_of(
    connection: Connection, table: type[CrawlRow | WarcFileRow], column: str, wanted: Iterable[str]
) -> dict[str, int]:
    rows = connection.execute(_by_name(table, column), {"names": list(wanted)})
    return {row[0]: row[1] for row in rows}


@cache
def _by_name(table: type[CrawlRow | WarcFileRow], column: str) -> AnySelect:
    columns = table.__table__.c
    return select(columns[column], columns.id).where(columns[column].in_(bindparam("names", expanding=True)))


def _capture_row(
    entry: Entry, urls: Mapping[str, int], crawls: Mapping[str, int], files: Mapping[str, int]
) -> dict[str, Any]:
    capture = entry.capture
    refers_to = capture.refers_to
    return {
        "id": entry.capture_id,
        "url_id": entry.url_id,
        "site_id": entry.site_id,
        "asked_for": entry.discovery.site,
        "crawl_id": crawls.get(capture.crawl or ""),
        "warc_file_id": files[capture.place.warc],
        "warc_offset": capture.place.offset,
        "warc_length": capture.place.length,
        "record_id": capture.record_id,
        "kind": capture.kind,
        "fetched_at": capture.fetched_at,
        "warc_date": capture.date,
        "status": capture.status,
        "mime": capture.mime,
        "payload_digest": capture.payload_digest,
        "payload_size": capture.payload_size,
        "truncated": capture.truncated,
        "profile": capture.profile,
        "refers_to_record": refers_to.record_id if refers_to else None,
        "refers_to_url_id": urls[refers_to.url] if refers_to and refers_to.url else None,
        "refers_to_date": refers_to.date if refers_to else None,
        "refers_to_id": entry.refers_to_id,
        "redirect_url_id": urls[capture.redirect_url] if capture.redirect_url else None,
        "outcome": entry.outcome.value,
        "reason": entry.reason,
        "title": entry.title,
        "entries": entry.entries,
        "content_digest": entry.content_digest,
        "is_read": entry.is_read,
        "extractor": entry.reading.extractor if entry.is_read else None,
        "etag": capture.etag,
        "last_modified": capture.last_modified,
        "article_id": entry.article_id,
        "version_id": entry.version_id,
    }


def write_groups(
    connection: Connection, names: Names, drafts: Sequence[Draft], entries: Sequence[Entry], urls: Mapping[str, int]
) -> None:
    """Link groups of articles whose words are written, and of pages that are no articles."""
    pages = [(draft.first.capture_id, draft.article.link_groups) for draft in drafts]
    pages += [(entry.capture_id, entry.groups) for entry in entries if entry.article is None and entry.groups]
    groups = names.group_ids(connection, (groups for _, groups in pages), urls)
    link_groups_to_pages(connection, [capture_id for capture_id, _ in pages], groups)
