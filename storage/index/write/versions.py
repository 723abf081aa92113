"""Versions: the distinct texts of an article. All fields of a version are from its first capture."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from storage.article_fields import to_columns
from storage.index.engine.statements import insert_columns, insert_rows, reserve_ids
from storage.index.rows.entry import CommitEntry
from storage.index.rows.interning import MAX_NAME_LENGTH, LookupTables
from storage.index.rows.orphans import OrphanCandidates
from storage.index.schema.tables import (
    CaptureGroupRow,
    CaptureRow,
    SiteRow,
    VersionAuthorRow,
    VersionParagraphRow,
    VersionRow,
    VersionTagRow,
)
from storage.model import Article, Role


@dataclass(slots=True, kw_only=True)
class VersionDraft:
    """A version to write, or to write again from an earlier capture than its first one so far."""

    version_id: int
    first_entry: CommitEntry
    """Earliest capture of this batch that shows it."""
    replaced_capture_id: int | None
    """Capture whose content is replaced; None for a new version."""
    paragraph_ids: tuple[int, ...] = ()

    @property
    def is_new(self) -> bool:
        """True for a new text of the article."""
        return self.replaced_capture_id is None

    @property
    def article(self) -> Article:
        """Article that the capture shows."""
        assert self.first_entry.article is not None
        return self.first_entry.article


@dataclass(frozen=True, slots=True)
class _ExistingVersion:
    version_id: int
    capture_id: int
    order: tuple[datetime, str]


def assign_versions(connection: Connection, entries: Sequence[CommitEntry]) -> list[VersionDraft]:
    """Set the version id of each entry that shows an article. Return the versions to write."""
    showing: dict[tuple[int, str], list[CommitEntry]] = {}
    for entry in entries:
        if entry.article_id is not None and entry.digest is not None:
            showing.setdefault((entry.article_id, entry.digest), []).append(entry)
    if not showing:
        return []
    existing = _load_existing_versions(connection, {article_id for article_id, _ in showing})
    new_ids = iter(reserve_ids(connection, VersionRow, len(set(showing) - set(existing))))
    drafts: list[VersionDraft] = []
    for key, its_entries in showing.items():
        first = min(its_entries, key=lambda entry: entry.sort_key)
        before = existing.get(key)
        version_id = before.version_id if before else next(new_ids)
        if before is None:
            drafts.append(VersionDraft(version_id=version_id, first_entry=first, replaced_capture_id=None))
        elif first.sort_key < before.order:
            drafts.append(VersionDraft(version_id=version_id, first_entry=first, replaced_capture_id=before.capture_id))
        for entry in its_entries:
            entry.version_id = version_id
    return drafts


def select_possible_drafts(
    connection: Connection, entries: Sequence[CommitEntry], ids: Mapping[tuple[int, str], int]
) -> list[CommitEntry]:
    """Return the entries for which a version may have to be written; another writer may have written some by then.

    `ids` are those of the articles, by site and canonical URL.
    """
    existing = _load_existing_versions(connection, set(ids.values()))
    found: list[CommitEntry] = []
    for entry in entries:
        if entry.article is None or entry.digest is None:
            continue
        article_id = ids.get((entry.site_id, entry.article.canonical_url))
        before = existing.get((article_id, entry.digest)) if article_id is not None else None
        if before is None or entry.sort_key < before.order:
            found.append(entry)
    return found


_EXISTING_VERSIONS = (
    select(
        VersionRow.article_id,
        VersionRow.digest,
        VersionRow.id,
        VersionRow.capture_id,
        CaptureRow.fetched_at,
        CaptureRow.record_id,
    )
    .join(CaptureRow, CaptureRow.id == VersionRow.capture_id)
    .where(VersionRow.article_id.in_(bindparam("ids", expanding=True)))
)


def _load_existing_versions(
    connection: Connection, article_ids: Iterable[int]
) -> dict[tuple[int, str], _ExistingVersion]:
    rows = connection.execute(_EXISTING_VERSIONS, {"ids": sorted(article_ids)})
    return {
        (row.article_id, row.digest): _ExistingVersion(row.id, row.capture_id, (row.fetched_at, row.record_id))
        for row in rows
    }


def write_versions(
    connection: Connection,
    lookups: LookupTables,
    drafts: Sequence[VersionDraft],
    urls: Mapping[str, int],
    orphans: OrphanCandidates,
) -> None:
    """Write the content of drafts, in place of that of later captures."""
    if not drafts:
        return
    _delete_replaced_content(connection, [draft for draft in drafts if not draft.is_new], orphans)
    rows = [_version_row(draft, urls) for draft in drafts]
    insert_rows(connection, VersionRow, [row for row, draft in zip(rows, drafts, strict=True) if draft.is_new])
    rewritten = [row | {"of": row["id"]} for row, draft in zip(rows, drafts, strict=True) if not draft.is_new]
    rewritten.sort(key=lambda row: row["of"])
    if rewritten:
        for row in rewritten:
            for name in ("id", "number", "is_variant", "is_current", "changed"):
                del row[name]
        connection.execute(update(VersionRow).where(VersionRow.id == bindparam("of")), rewritten)
    _write_paragraphs(connection, lookups, drafts)
    _write_names(connection, lookups, drafts)


def write_capture_groups(connection: Connection, capture_ids: Sequence[int], groups: Sequence[Sequence[int]]) -> None:
    """Write which link groups are on which captured pages."""
    columns: dict[str, list[int]] = {"capture_id": [], "position": [], "group_id": []}
    for capture_id, of_page in zip(capture_ids, groups, strict=True):
        columns["capture_id"] += [capture_id] * len(of_page)
        columns["position"] += range(len(of_page))
        columns["group_id"] += of_page
    insert_columns(connection, CaptureGroupRow, columns)


def _version_row(draft: VersionDraft, urls: Mapping[str, int]) -> dict[str, Any]:
    article = draft.article
    return {
        "id": draft.version_id,
        "article_id": draft.first_entry.article_id,
        "capture_id": draft.first_entry.capture_id,
        "number": 1,
        "is_variant": False,
        "is_current": True,
        "changed": "",
        "is_corrected": any(paragraph.role is Role.CORRECTION for paragraph in article.paragraphs),
        "parts": None,
        "digest": draft.first_entry.digest,
        **to_columns(article),
        "language": article.language[:MAX_NAME_LENGTH] if article.language else None,
        "section": article.section[:MAX_NAME_LENGTH] if article.section else None,
        "image_url_id": urls[article.image.url] if article.image else None,
        "paragraph_count": len(article.paragraphs),
        "extractor": draft.first_entry.reading.extractor,
        "is_counted": False,
    }


def _write_paragraphs(connection: Connection, lookups: LookupTables, drafts: Sequence[VersionDraft]) -> None:
    texts = (paragraph.text for draft in drafts for paragraph in draft.article.paragraphs)
    ids, _ = lookups.paragraphs.ensure_ids(connection, texts)
    columns: dict[str, list[Any]] = {"version_id": [], "position": [], "paragraph_id": [], "role": []}
    for draft in drafts:
        paragraphs = draft.article.paragraphs
        draft.paragraph_ids = tuple(ids[paragraph.text] for paragraph in paragraphs)
        columns["version_id"] += [draft.version_id] * len(paragraphs)
        columns["position"] += range(len(paragraphs))
        columns["paragraph_id"] += draft.paragraph_ids
        columns["role"] += [paragraph.role.value for paragraph in paragraphs]
    insert_columns(connection, VersionParagraphRow, columns)


def _write_names(connection: Connection, lookups: LookupTables, drafts: Sequence[VersionDraft]) -> None:
    bylines = {draft.version_id: storable_names(draft.article.authors) for draft in drafts}
    tags = {draft.version_id: storable_names(draft.article.tags) for draft in drafts}
    author_ids, _ = lookups.authors.ensure_ids(connection, (name for line in bylines.values() for name in line))
    tag_ids, _ = lookups.tags.ensure_ids(connection, (name for line in tags.values() for name in line))
    insert_rows(
        connection,
        VersionAuthorRow,
        [
            {"version_id": version_id, "position": position, "author_id": author_ids[name]}
            for version_id, line in bylines.items()
            for position, name in enumerate(line)
        ],
    )
    insert_rows(
        connection,
        VersionTagRow,
        [
            {"version_id": version_id, "position": position, "tag_id": tag_ids[name]}
            for version_id, line in tags.items()
            for position, name in enumerate(line)
        ],
    )


def storable_names(names: Iterable[str]) -> list[str]:
    """Return names as they are stored."""
    return [name[:MAX_NAME_LENGTH] for name in names if name]


VERSION_CONTENT = (VersionParagraphRow, VersionAuthorRow, VersionTagRow)
"""Tables whose rows belong to a version."""


def _delete_replaced_content(
    connection: Connection, replaced: Sequence[VersionDraft], orphans: OrphanCandidates
) -> None:
    """Delete the content of versions that was of later captures."""
    if not replaced:
        return
    captures = [draft.replaced_capture_id for draft in replaced if draft.replaced_capture_id is not None]
    delete_content(connection, [draft.version_id for draft in replaced], captures, orphans)
    # Paragraphs that are no longer in these versions may have been counted.
    sites = {draft.first_entry.site_id for draft in replaced}
    connection.execute(update(SiteRow).where(SiteRow.id.in_(sites)).values(needs_relearning=True))


def delete_content(
    connection: Connection, version_ids: Sequence[int], captures: Sequence[int], orphans: OrphanCandidates
) -> None:
    """Delete the content of versions, and the links of their first captures; note possible orphans."""
    for table, column, into in (
        (VersionParagraphRow, VersionParagraphRow.paragraph_id, orphans.paragraphs),
        (VersionAuthorRow, VersionAuthorRow.author_id, orphans.authors),
        (VersionTagRow, VersionTagRow.tag_id, orphans.tags),
    ):
        into.update(connection.scalars(select(column).where(table.version_id.in_(version_ids))))
        connection.execute(delete(table).where(table.version_id.in_(version_ids)))
    images = select(VersionRow.image_url_id).where(VersionRow.id.in_(version_ids))
    orphans.urls.update(url_id for url_id in connection.scalars(images) if url_id is not None)
    orphans.groups.update(
        connection.scalars(select(CaptureGroupRow.group_id).where(CaptureGroupRow.capture_id.in_(captures)))
    )
    connection.execute(delete(CaptureGroupRow).where(CaptureGroupRow.capture_id.in_(captures)))
