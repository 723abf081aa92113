"""The commit: a batch of captures becomes rows, in one transaction. Read `commit` first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from sqlalchemy import Connection, delete, select, update

from storage.callbacks import VisitPlan
from storage.index.engine.statements import IDS, AnyRow, insert_rows, reserve_ids
from storage.index.frontier.source_status import update_sources
from storage.index.frontier.url_queue import add_discovered
from storage.index.frontier.visits import schedule_next_visits
from storage.index.rows.entry import CommitEntry, create_entry, is_read
from storage.index.rows.interning import LookupTables
from storage.index.rows.metadata_changes import delete_capture_metadata, write_capture_metadata
from storage.index.rows.orphans import OrphanCandidates, delete_orphans
from storage.index.rows.site_assignment import assign_sites
from storage.index.schema.tables import CaptureRow, CrawlRow, WarcFileRow
from storage.index.text.sanitize import sanitize_ingest
from storage.index.views.articles import CommitResult
from storage.index.write.articles import affected_articles, recompute_articles
from storage.index.write.compare_pages import mark_alternates, mark_redirected_pages
from storage.index.write.revisits import link_revisits, reopen_revisits
from storage.index.write.runs import ensure_named_ids
from storage.index.write.versions import assign_versions, write_capture_groups, write_versions
from storage.model import Article, Capture, Ingest, Reading, RecordPlace


def commit(connection: Connection, lookups: LookupTables, batch: Sequence[Ingest], plan: VisitPlan) -> CommitResult:
    """Write a batch. The result does not depend on the order of captures, nor on how they are divided into batches."""
    orphans = OrphanCandidates()
    if not (entries := load_new_entries(connection, batch)):
        return CommitResult(known=len(batch))
    assign_sites(connection, lookups, entries)
    targets = set(_link_targets(entries, (entry.article for entry in entries if entry.article)))
    # All at once, in the order of their keys: two writers that inserted URLs twice in a transaction could wait for each
    # other.
    urls, made = lookups.urls.ensure_ids(connection, chain(_referenced_urls(entries), targets))
    for entry in entries:
        entry.url_id = urls[entry.capture.url]
    # Which of several sources of a URL is kept is decided later; the others may become orphans.
    orphans.urls.update(urls[via] for via in set(made).intersection(_via_urls(entries)))

    drafts = assign_versions(connection, entries, urls)
    link_revisits(connection, entries, urls)
    write_captures(connection, entries, urls)
    reopen_revisits(connection, entries)
    mark_redirected_pages(connection, entries)
    mark_alternates(connection, entries)

    linked = set(_link_targets(entries, (draft.article for draft in drafts)))
    orphans.urls.update(urls[url] for url in targets.intersection(made) - linked)
    write_versions(connection, lookups, drafts, urls, orphans)
    # Those of articles whose content is written, and of pages that are no articles.
    pages = [(draft.first_entry.capture_id, draft.article.link_groups) for draft in drafts]
    pages += [(entry.capture_id, entry.link_groups) for entry in entries if entry.article is None and entry.link_groups]
    groups = lookups.ensure_group_ids(connection, (groups for _, groups in pages), urls)
    write_capture_groups(connection, [capture_id for capture_id, _ in pages], groups)
    recompute_articles(connection, affected_articles(connection, entries))
    update_sources(connection, entries)

    add_discovered(connection, lookups, entries, urls, orphans)
    schedule_next_visits(connection, lookups, entries, urls, plan, orphans)
    if delete_orphans(connection, orphans):
        lookups.clear_cache()
    return CommitResult(known=len(batch) - len(entries), versions=sum(draft.is_new for draft in drafts))


def load_new_entries(connection: Connection, batch: Sequence[Ingest]) -> list[CommitEntry]:
    """Return entries of captures that the index does not hold, or without a reading; those with a reading first."""
    ingests = _deduplicate(sanitize_ingest(ingest) for ingest in batch)
    existing = {row.record_id: row for row in connection.execute(_EXISTING_CAPTURES, {"ids": list(ingests)})}
    entries: list[CommitEntry] = []
    for record_id, ingest in ingests.items():
        row = existing.get(record_id)
        if row is None:
            entries.append(create_entry(ingest))
        elif not row.is_read and is_read(ingest):
            entry = create_entry(
                replace(ingest, capture=min(ingest.capture, _existing_copy(ingest, row), key=_copy_order))
            )
            entry.capture_id, entry.is_upgrade = row.id, True
            entries.append(entry)
        elif _copy_order(ingest.capture) < _copy_order(_existing_copy(ingest, row)):
            moved = _columns_of_copies(connection, [ingest.capture])[0]
            connection.execute(update(CaptureRow).where(CaptureRow.id == row.id).values(moved))
    # Originals before the revisits that point to them.
    entries.sort(key=lambda entry: (not entry.is_read, entry.sort_key))
    new = [entry for entry in entries if not entry.is_upgrade]
    for entry, capture_id in zip(new, reserve_ids(connection, CaptureRow, len(new)), strict=True):
        entry.capture_id = capture_id
    unread = [entry.capture_id for entry in entries if entry.is_upgrade]
    if unread:
        delete_capture_metadata(connection, unread)
        connection.execute(update(CaptureRow).where(CaptureRow.refers_to_id.in_(unread)).values(refers_to_id=None))
        connection.execute(delete(CaptureRow).where(CaptureRow.id.in_(unread)))
    return entries


_CAPTURE = (CaptureRow.id, CaptureRow.record_id, CaptureRow.is_read, CaptureRow.warc_offset, CaptureRow.warc_length)
_EXISTING_CAPTURES = (
    select(*_CAPTURE, WarcFileRow.name.label("warc"), CrawlRow.run)
    .join(WarcFileRow, WarcFileRow.id == CaptureRow.warc_file_id)
    .join(CrawlRow, CrawlRow.id == CaptureRow.crawl_id, isouter=True)
    .where(CaptureRow.record_id.in_(IDS))
)


def _existing_copy(ingest: Ingest, row: AnyRow) -> Capture:
    """Return a capture with the file that the index has for it."""
    place = RecordPlace(warc=row.warc, offset=row.warc_offset, length=row.warc_length)
    return replace(ingest.capture, place=place, crawl=row.run)


def _copy_order(capture: Capture) -> tuple[bool, str, int]:
    """Return the key by which one of several copies of a record is chosen: of a crawl's own file, else by file name."""
    return capture.crawl is None, capture.place.warc, capture.place.offset


def _deduplicate(batch: Iterable[Ingest]) -> dict[str, Ingest]:
    ingests: dict[str, Ingest] = {}
    for ingest in batch:
        before = ingests.setdefault(ingest.capture.record_id, ingest)
        if before is not ingest:
            best, other = sorted((before, ingest), key=lambda each: _copy_order(each.capture))
            is_other_read = is_read(other) and not is_read(best)
            best = replace(other, capture=best.capture, discovery=best.discovery) if is_other_read else best
            ingests[best.capture.record_id] = best
    return ingests


def _referenced_urls(entries: Iterable[CommitEntry]) -> Iterator[str]:
    """Yield URLs that captures, articles and the frontier refer to."""
    for entry in entries:
        capture = entry.capture
        refers_to = capture.refers_to and capture.refers_to.url
        canonical_url = entry.article and entry.article.canonical_url
        yield from filter(None, (capture.url, capture.redirect_url, refers_to, canonical_url))
        yield from (found.url for found in entry.ingest.discovered_urls)
    yield from _via_urls(entries)


def _via_urls(entries: Iterable[CommitEntry]) -> Iterator[str]:
    """Yield URLs of pages on which others were discovered."""
    for entry in entries:
        discoveries = (entry.discovery, *(found.discovery for found in entry.ingest.discovered_urls))
        yield from (each.via for each in discoveries if each.via)


def _link_targets(entries: Iterable[CommitEntry], articles: Iterable[Article]) -> Iterator[str]:
    """Yield URLs that links and images refer to: of listings, and of articles whose content will be written."""
    listings = (entry.ingest.reading for entry in entries if entry.article is None)
    pages: Iterable[Article | Reading] = chain(articles, listings)
    for page in pages:
        if isinstance(page, Article):
            yield from [page.image.url] if page.image else ()
            yield from (each.url for each in page.media)
        yield from (link.url for group in page.link_groups for link in group.links)


def write_captures(connection: Connection, entries: Sequence[CommitEntry], urls: Mapping[str, int]) -> None:
    """Write the rows of captures."""
    rows = []
    copies = _columns_of_copies(connection, [entry.capture for entry in entries])
    for entry, copy in zip(entries, copies, strict=True):
        capture, refers_to = entry.capture, entry.capture.refers_to
        rows.append(
            {name: getattr(capture, name) for name in _OF_CAPTURE}
            | {name: getattr(entry, name) for name in _OF_ENTRY}
            | copy
            | {
                "id": entry.capture_id,
                "requesting_site": entry.discovery.site,
                "warc_date": capture.date,
                "refers_to_record": refers_to.record_id if refers_to else None,
                "refers_to_url_id": urls[refers_to.url] if refers_to and refers_to.url else None,
                "refers_to_date": refers_to.date if refers_to else None,
                "redirect_url_id": urls[capture.redirect_url] if capture.redirect_url else None,
                "outcome": entry.outcome.value,
                "entries": entry.item_count,
                "content_digest": None if entry.content_digest == capture.payload_digest else entry.content_digest,
                "noarchive": capture.noarchive or (entry.article is not None and entry.article.noarchive),
                "extractor": entry.ingest.reading.extractor if entry.is_read else None,
            }
        )
    insert_rows(connection, CaptureRow, rows)
    write_capture_metadata(connection, entries)


_OF_CAPTURE = (
    "record_id kind fetched_at status mime payload_digest payload_size truncated profile etag last_modified".split()
)
_OF_ENTRY = "url_id site_id refers_to_id reason title is_read article_id version_id page_version_id".split()
"""Columns of captures that are called as the fields of a capture or entry that they hold."""


def _columns_of_copies(connection: Connection, captures: Sequence[Capture]) -> list[dict[str, Any]]:
    """Return the columns of captures that name the file with their record, and the run that wrote it."""
    runs = {capture.crawl for capture in captures if capture.crawl}
    crawls = ensure_named_ids(connection, CrawlRow, "run", runs, counters={})
    warcs = {capture.place.warc for capture in captures}
    files = ensure_named_ids(connection, WarcFileRow, "name", warcs, state="open")
    return [
        {
            "crawl_id": crawls.get(capture.crawl or ""),
            "warc_file_id": files[capture.place.warc],
            "warc_offset": capture.place.offset,
            "warc_length": capture.place.length,
        }
        for capture in captures
    ]
