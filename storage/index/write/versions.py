"""Versions: the distinct texts of an article. All fields of a version are from its first capture."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Any, TypeAlias

from sqlalchemy import Connection, bindparam, delete, select, update

from storage.article_fields import to_columns
from storage.grouping import group_pairs
from storage.index.engine.statements import AnyRow, build_query, insert_columns, insert_rows, reserve_ids, update_rows
from storage.index.rows.entry import CommitEntry
from storage.index.rows.identity import Page, find_evidence
from storage.index.rows.interning import MAX_NAME_LENGTH, LookupTables
from storage.index.rows.orphans import OrphanCandidates
from storage.index.schema.base import Base
from storage.index.schema.tables import (
    CaptureGroupRow,
    SiteRow,
    VersionAuthorRow,
    VersionBoxesRow,
    VersionEntityRow,
    VersionLiveUpdateRow,
    VersionMediaRow,
    VersionParagraphRow,
    VersionRow,
    VersionTagRow,
)
from storage.index.text.masked_digest import masked_digest
from storage.index.write.articles import SQL, ensure_articles
from storage.model import Article, Outcome, Role


@dataclass(slots=True, kw_only=True)
class VersionDraft:
    """A version to write, or to write again from an earlier capture than its first one so far."""

    version_id: int
    first_entry: CommitEntry
    """Earliest capture of this batch that shows it."""
    replaced_capture_id: int | None
    """Capture whose content is replaced; None for a new version."""

    @property
    def is_new(self) -> bool:
        """True for a new text of the article."""
        return self.replaced_capture_id is None

    @property
    def article(self) -> Article:
        """Article that the capture shows."""
        assert self.first_entry.article is not None
        return self.first_entry.article


def assign_versions(
    connection: Connection, entries: Sequence[CommitEntry], urls: Mapping[str, int]
) -> list[VersionDraft]:
    """Set article and version of each entry that shows an article. Return the versions to write.

    A text that its page has already is what `compare_pages` found that it is; a new one is a version of the article of
    its page until then.
    """
    for entry in entries:
        if entry.article is not None:
            entry.page_url_id = urls[entry.article.canonical_url]
    texts = group_pairs(((entry.page, entry.digest or b""), entry) for entry in entries if entry.article is not None)
    if not texts:
        return []
    existing = _load_existing(connection, {page for page, _ in texts})
    of_page = {page: one.article_id for (page, _), one in existing.items() if one.article_id is not None}
    without: dict[Page, list[CommitEntry]] = {}
    for (page, digest), same in texts.items():
        if page not in of_page and (page, digest) not in existing:
            without.setdefault(page, []).extend(same)
    ids, new_articles = ensure_articles(connection, without)
    if len(without) > new_articles:
        # Another writer may have inserted their texts, too.
        existing |= _load_existing(connection, without.keys())
    of_page |= ids
    drafts: list[VersionDraft] = []
    new_ids = iter(reserve_ids(connection, VersionRow, len(texts.keys() - existing.keys())))
    for (page, digest), same in texts.items():
        drafts += _assign_text(same, existing.get((page, digest)), of_page.get(page), new_ids)
    return drafts


def _assign_text(
    entries: Sequence[CommitEntry], before: AnyRow | None, article_id: int | None, new_ids: Iterator[int]
) -> Iterator[VersionDraft]:
    """Set what captures with the same text of a page show. Yield the version to write, if there is one."""
    first = min(entries, key=lambda entry: entry.sort_key)
    if before is None:
        version_id = shown_by = next(new_ids)
    else:
        version_id, shown_by, article_id = before.id, before.shown_by, before.article_id
    for entry in entries:
        entry.page_version_id, entry.version_id, entry.article_id = version_id, shown_by, article_id
        if shown_by is None:
            entry.outcome = Outcome.SOFT_ERROR
    if before is None or first.sort_key < (before.fetched_at, before.record_id):
        replaced = before.capture_id if before else None
        yield VersionDraft(version_id=version_id, first_entry=first, replaced_capture_id=replaced)


_EXISTING_VERSIONS = build_query(SQL["existing-versions"], ["ids"], ["fetched_at"])


def _load_existing(connection: Connection, pages: Collection[Page]) -> dict[tuple[Page, bytes], AnyRow]:
    rows = connection.execute(_EXISTING_VERSIONS, {"ids": sorted({url_id for _, url_id in pages})})
    return {(page, row.digest): row for row in rows if (page := (row.site_id, row.page_url_id)) in pages}


def write_versions(
    connection: Connection, lookups: LookupTables, drafts: Sequence[VersionDraft], urls: Mapping[str, int],
    orphans: OrphanCandidates,
) -> None:  # fmt: skip
    """Write the content of drafts, in place of that of later captures."""
    if replaced := [draft for draft in drafts if draft.replaced_capture_id is not None]:
        captures = [draft.replaced_capture_id or 0 for draft in replaced]
        delete_content(connection, [draft.version_id for draft in replaced], captures, orphans)
        # Paragraphs that are no longer in these versions may have been counted.
        sites = {draft.first_entry.site_id for draft in replaced}
        connection.execute(update(SiteRow).where(SiteRow.id.in_(sites)).values(needs_relearning=True))
    rows = [_version_row(draft, urls) for draft in drafts]
    insert_rows(connection, VersionRow, [row for row, draft in zip(rows, drafts, strict=True) if draft.is_new])
    kept = {"id", "article_id", "duplicate_of_id", "number", "is_variant", "is_current", "changed"}
    rewritten = (
        {"of": row["id"]} | {name: value for name, value in row.items() if name not in kept}
        for row, draft in zip(rows, drafts, strict=True)
        if not draft.is_new
    )
    update_rows(connection, update(VersionRow).where(VersionRow.id == bindparam("of")), rewritten)
    _write_content(connection, lookups, drafts, urls)


def _write_content(
    connection: Connection, lookups: LookupTables, drafts: Sequence[VersionDraft], urls: Mapping[str, int]
) -> None:
    articles = [draft.article for draft in drafts]
    # At once: two writers that inserted texts twice in a transaction could wait for each other.
    printed: Iterable[Any] = chain.from_iterable((*each.paragraphs, *each.live_updates) for each in articles)
    paragraphs, _ = lookups.paragraphs.ensure_ids(connection, (each.text for each in printed))
    authors, tags = (
        [[name[:MAX_NAME_LENGTH] for name in names if name] for names in map(attrgetter(part), articles)]
        for part in ("authors", "tags")
    )
    author_ids, _ = lookups.authors.ensure_ids(connection, chain.from_iterable(authors))
    tag_ids, _ = lookups.tags.ensure_ids(connection, chain.from_iterable(tags))
    paragraph_id: _Getters = {"paragraph_id": lambda each: paragraphs[each.text]}
    url_id: _Getters = {"url_id": lambda each: urls[each.url]}
    contents: tuple[tuple[type[Base], Iterable[Sequence[Any]], _Getters, str], ...] = (
        (VersionParagraphRow, [each.paragraphs for each in articles], paragraph_id, "role.value"),
        (VersionAuthorRow, authors, {"author_id": author_ids.__getitem__}, ""),
        (VersionTagRow, tags, {"tag_id": tag_ids.__getitem__}, ""),
        (VersionMediaRow, [each.media for each in articles], url_id, _OF_MEDIA),
        (VersionEntityRow, [each.entities for each in articles], {}, "relation.value type name url"),
        (VersionLiveUpdateRow, [each.live_updates for each in articles], paragraph_id, _OF_UPDATES),
    )
    for table, parts, getters, attributes in contents:
        items = list(chain.from_iterable(parts))
        columns: dict[str, list[Any]] = {
            "version_id": [draft.version_id for draft, some in zip(drafts, parts, strict=True) for _ in some],
            "position": [position for some in parts for position in range(len(some))],
        }
        columns |= {name: list(map(get, items)) for name, get in getters.items()}
        columns |= {name.partition(".")[0]: list(map(attrgetter(name), items)) for name in attributes.split()}
        insert_columns(connection, table, columns)
    boxes = {draft.version_id: draft.article.boxes for draft in drafts if draft.article.boxes}
    insert_columns(connection, VersionBoxesRow, {"version_id": [*boxes], "boxes": [*boxes.values()]})


_Getters: TypeAlias = dict[str, Callable[[Any], Any]]
_OF_MEDIA = "kind.value caption credit alt place duration transcript_url"
_OF_UPDATES = "headline published modified url"


def write_capture_groups(connection: Connection, capture_ids: Sequence[int], groups: Sequence[Sequence[int]]) -> None:
    """Write which link groups are on which captured pages."""
    columns: dict[str, list[int]] = {"capture_id": [], "position": [], "group_id": []}
    for capture_id, of_page in zip(capture_ids, groups, strict=True):
        columns["capture_id"] += [capture_id] * len(of_page)
        columns["position"] += range(len(of_page))
        columns["group_id"] += of_page
    insert_columns(connection, CaptureGroupRow, columns)


_OF_ENTRY = ("article_id", "site_id", "page_url_id", "capture_id", "digest")
_UNTIL_ORDERED = {"number": 1, "is_variant": False, "is_current": True, "changed": "", "parts": None}
"""Columns that depend on the other versions of the article."""


def _version_row(draft: VersionDraft, urls: Mapping[str, int]) -> dict[str, Any]:
    article, first = draft.article, draft.first_entry
    return {
        **{name: getattr(first, name) for name in _OF_ENTRY},
        **_UNTIL_ORDERED,
        **to_columns(article),
        "id": draft.version_id,
        "duplicate_of_id": None,
        "is_corrected": any(paragraph.role is Role.CORRECTION for paragraph in article.paragraphs),
        "masked_digest": masked_digest(article),
        "evidence": find_evidence(article, first.discovery).value,
        "language": article.language[:MAX_NAME_LENGTH] if article.language else None,
        "section": article.section[:MAX_NAME_LENGTH] if article.section else None,
        "image_url_id": urls[article.image.url] if article.image else None,
        "paragraph_count": len(article.paragraphs),
        "extractor": first.ingest.reading.extractor,
        "is_dek_learnt": False,
        "beside": None,
        "is_counted": first.version_id != draft.version_id,  # of duplicates and soft errors nothing is
        "is_compared": False,
    }


VERSION_CONTENT = (
    VersionParagraphRow, VersionAuthorRow, VersionTagRow, VersionMediaRow, VersionEntityRow, VersionLiveUpdateRow,
    VersionBoxesRow,
)  # fmt: skip
"""Tables whose rows belong to a version."""


def delete_content(
    connection: Connection, version_ids: Sequence[int], captures: Sequence[int], orphans: OrphanCandidates
) -> None:
    """Delete the content of versions, and the links of their first captures; note possible orphans."""
    into = {
        "paragraph_id": orphans.paragraphs, "author_id": orphans.authors, "tag_id": orphans.tags,
        "url_id": orphans.urls,
    }  # fmt: skip
    for table in VERSION_CONTENT:
        for column in table.__table__.c:
            if column.name in into:
                found = connection.scalars(select(column).where(table.version_id.in_(version_ids)))
                into[column.name].update(found)
        connection.execute(delete(table).where(table.version_id.in_(version_ids)))
    named = select(VersionRow.image_url_id, VersionRow.page_url_id).where(VersionRow.id.in_(version_ids))
    orphans.urls.update(url_id for row in connection.execute(named) for url_id in row if url_id is not None)
    of_captures = CaptureGroupRow.capture_id.in_(captures)
    orphans.groups.update(connection.scalars(select(CaptureGroupRow.group_id).where(of_captures)))
    connection.execute(delete(CaptureGroupRow).where(of_captures))
