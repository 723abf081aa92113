"""Versions: the distinct texts of an article. What a version says of itself is as its first capture says it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from storage.index.engine.database import insert_columns, insert_rows, reserve_ids
from storage.index.rows.entry import Entry
from storage.index.rows.interning import LONGEST_NAME, Names
from storage.index.rows.orphans import Swept
from storage.index.schema.tables import (
    CaptureGroupRow,
    CaptureRow,
    SiteRow,
    VersionAuthorRow,
    VersionParagraphRow,
    VersionRow,
    VersionTagRow,
)
from storage.model import Article


@dataclass(slots=True, kw_only=True)
class Draft:
    """A version that is to be written, or written anew from an earlier capture than the one it stands on."""

    version_id: int
    first: Entry
    """The earliest capture that shows it, of this batch."""
    replaces: int | None
    """Capture whose words the index has now; None for a new version."""
    paragraph_ids: tuple[int, ...] = ()

    @property
    def is_new(self) -> bool:
        """True for a text that the article did not have."""
        return self.replaces is None

    @property
    def article(self) -> Article:
        """What the capture says."""
        assert self.first.article is not None
        return self.first.article


@dataclass(frozen=True, slots=True)
class _Held:
    version_id: int
    capture_id: int
    order: tuple[datetime, str]


def assign_versions(connection: Connection, entries: Sequence[Entry]) -> list[Draft]:
    """Give each entry that shows an article its version's id; returns what is to be written."""
    showing: dict[tuple[int, str], list[Entry]] = {}
    for entry in entries:
        if entry.article_id is not None and entry.digest is not None:
            showing.setdefault((entry.article_id, entry.digest), []).append(entry)
    if not showing:
        return []
    held = _held(connection, {article_id for article_id, _ in showing})
    new_ids = iter(reserve_ids(connection, VersionRow, len(set(showing) - set(held))))
    drafts: list[Draft] = []
    for key, its_entries in showing.items():
        first = min(its_entries, key=lambda entry: entry.order)
        before = held.get(key)
        version_id = before.version_id if before else next(new_ids)
        if before is None:
            drafts.append(Draft(version_id=version_id, first=first, replaces=None))
        elif first.order < before.order:
            drafts.append(Draft(version_id=version_id, first=first, replaces=before.capture_id))
        for entry in its_entries:
            entry.version_id = version_id
    return drafts


def may_be_drafts(connection: Connection, entries: Sequence[Entry], ids: Mapping[tuple[int, str], int]) -> list[Entry]:
    """Those entries for which a version may have to be written, as far as can be told before; `ids` are the articles'
    by site and canonical URL. Another writer may have written some by then.
    """
    held = _held(connection, set(ids.values()))
    found: list[Entry] = []
    for entry in entries:
        if entry.article is None or entry.digest is None:
            continue
        article_id = ids.get((entry.site_id, entry.article.canonical_url))
        before = held.get((article_id, entry.digest)) if article_id is not None else None
        if before is None or entry.order < before.order:
            found.append(entry)
    return found


_HELD = (
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


def _held(connection: Connection, article_ids: Iterable[int]) -> dict[tuple[int, str], _Held]:
    rows = connection.execute(_HELD, {"ids": sorted(article_ids)})
    return {
        (row.article_id, row.digest): _Held(row.id, row.capture_id, (row.fetched_at, row.record_id)) for row in rows
    }


def write_versions(
    connection: Connection, names: Names, drafts: Sequence[Draft], urls: Mapping[str, int], swept: Swept
) -> None:
    """Write what drafts say, in place of what later captures had said."""
    if not drafts:
        return
    _take_out(connection, [draft for draft in drafts if not draft.is_new], swept)
    rows = [_version_row(draft, urls) for draft in drafts]
    insert_rows(connection, VersionRow, [row for row, draft in zip(rows, drafts, strict=True) if draft.is_new])
    anew = [row | {"of": row["id"]} for row, draft in zip(rows, drafts, strict=True) if not draft.is_new]
    anew.sort(key=lambda row: row["of"])
    if anew:
        for row in anew:
            for settled in ("id", "number", "current"):
                del row[settled]
        connection.execute(update(VersionRow).where(VersionRow.id == bindparam("of")), anew)
    _write_paragraphs(connection, names, drafts)
    _write_names(connection, names, drafts)


def link_groups_to_pages(connection: Connection, capture_ids: Sequence[int], groups: Sequence[Sequence[int]]) -> None:
    """Write which groups of links stand on which captured pages."""
    columns: dict[str, list[int]] = {"capture_id": [], "position": [], "group_id": []}
    for capture_id, of_page in zip(capture_ids, groups, strict=True):
        columns["capture_id"] += [capture_id] * len(of_page)
        columns["position"] += range(len(of_page))
        columns["group_id"] += of_page
    insert_columns(connection, CaptureGroupRow, columns)


def _version_row(draft: Draft, urls: Mapping[str, int]) -> dict[str, Any]:
    article = draft.article
    published, modified, image = article.published, article.modified, article.image
    return {
        "id": draft.version_id,
        "article_id": draft.first.article_id,
        "capture_id": draft.first.capture_id,
        "number": 1,
        "current": True,
        "digest": draft.first.digest,
        "headline": article.headline,
        "dek": article.dek,
        "language": article.language[:LONGEST_NAME] if article.language else None,
        "published_at": published.at if published else None,
        "published_source": published.source if published else None,
        "modified_at": modified.at if modified else None,
        "modified_source": modified.source if modified else None,
        "section": article.section[:LONGEST_NAME] if article.section else None,
        "access": article.access.value if article.access else None,
        "live": article.live,
        "noarchive": article.noarchive,
        "image_url_id": urls[image.url] if image else None,
        "image_caption": image.caption if image else None,
        "length": len(article.paragraphs),
        "extractor": draft.first.reading.extractor,
        "counted": False,
    }


def _write_paragraphs(connection: Connection, names: Names, drafts: Sequence[Draft]) -> None:
    texts = (paragraph.text for draft in drafts for paragraph in draft.article.paragraphs)
    ids, _ = names.paragraphs.ids(connection, texts)
    columns: dict[str, list[Any]] = {"version_id": [], "position": [], "paragraph_id": [], "role": []}
    for draft in drafts:
        paragraphs = draft.article.paragraphs
        draft.paragraph_ids = tuple(ids[paragraph.text] for paragraph in paragraphs)
        columns["version_id"] += [draft.version_id] * len(paragraphs)
        columns["position"] += range(len(paragraphs))
        columns["paragraph_id"] += draft.paragraph_ids
        columns["role"] += [paragraph.role.value for paragraph in paragraphs]
    insert_columns(connection, VersionParagraphRow, columns)


def _write_names(connection: Connection, names: Names, drafts: Sequence[Draft]) -> None:
    bylines = {draft.version_id: names_of(draft.article.authors) for draft in drafts}
    tags = {draft.version_id: names_of(draft.article.tags) for draft in drafts}
    author_ids, _ = names.authors.ids(connection, (name for line in bylines.values() for name in line))
    tag_ids, _ = names.tags.ids(connection, (name for line in tags.values() for name in line))
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


def names_of(names: Iterable[str]) -> list[str]:
    """Names as they are kept."""
    return [name[:LONGEST_NAME] for name in names if name]


OF_VERSION = (VersionParagraphRow, VersionAuthorRow, VersionTagRow)
"""Tables whose rows belong to a version."""


def _take_out(connection: Connection, replaced: Sequence[Draft], swept: Swept) -> None:
    """Take out what later captures had said of versions."""
    if not replaced:
        return
    captures = [draft.replaces for draft in replaced if draft.replaces is not None]
    drop_words(connection, [draft.version_id for draft in replaced], captures, swept)
    # Paragraphs that are printed there no more were counted perhaps.
    sites = {draft.first.site_id for draft in replaced}
    connection.execute(update(SiteRow).where(SiteRow.id.in_(sites)).values(relearn=True))


def drop_words(connection: Connection, version_ids: Sequence[int], captures: Sequence[int], swept: Swept) -> None:
    """Take out what versions say, and their first captures' links; note what may be of no use any more."""
    for table, column, into in (
        (VersionParagraphRow, VersionParagraphRow.paragraph_id, swept.paragraphs),
        (VersionAuthorRow, VersionAuthorRow.author_id, swept.authors),
        (VersionTagRow, VersionTagRow.tag_id, swept.tags),
    ):
        into.update(connection.scalars(select(column).where(table.version_id.in_(version_ids))))
        connection.execute(delete(table).where(table.version_id.in_(version_ids)))
    images = select(VersionRow.image_url_id).where(VersionRow.id.in_(version_ids))
    swept.urls.update(url_id for url_id in connection.scalars(images) if url_id is not None)
    swept.groups.update(
        connection.scalars(select(CaptureGroupRow.group_id).where(CaptureGroupRow.capture_id.in_(captures)))
    )
    connection.execute(delete(CaptureGroupRow).where(CaptureGroupRow.capture_id.in_(captures)))
