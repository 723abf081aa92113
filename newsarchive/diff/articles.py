"""Comparison of two versions of an article: changed text and metadata, and whether the page mentions the change."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from newsarchive.diff.paragraphs import DiffBudget, DiffPiece, ParagraphPair, TextChange, align_paragraphs, diff_words
from storage.article_fields import ArticleFields, ParagraphView
from storage.model import BODY_ROLES, Role
from storage.observations import ChangeKind
from storage.page_date import PageDate

COMPARED_ROLES = BODY_ROLES | {Role.CAPTION, Role.CORRECTION}
"""Roles that are compared. Teasers, share buttons and the like change with every fetch and are left out."""

_KINDS = {role: ChangeKind(role.value) for role in (Role.DEK, Role.BYLINE, Role.CAPTION, Role.CORRECTION)}
"""Kinds of change by role; other roles are the body's."""
_FIELD_KINDS = {ChangeKind.HEADLINE: "headline", ChangeKind.SECTION: "section", ChangeKind.CAPTION: "image_caption"}


class RowKind(StrEnum):
    """Change of a paragraph."""

    SAME = "same"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    """Moved to this position; its words may have changed too."""
    LEFT = "left"
    """Moved away from this position."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParagraphDiff:
    """One paragraph of the comparison."""

    kind: RowKind
    role: Role
    pieces: tuple[DiffPiece, ...]
    older: int | None
    """Number in the older version, from 1; None if it is new."""
    newer: int | None

    @property
    def before(self) -> tuple[DiffPiece, ...]:
        """The words of the older version."""
        return tuple(piece for piece in self.pieces if piece.change is not TextChange.ADDED)

    @property
    def after(self) -> tuple[DiffPiece, ...]:
        """The words of the newer version."""
        return tuple(piece for piece in self.pieces if piece.change is not TextChange.REMOVED)


class EditVerdict(StrEnum):
    """Classification of an edit by how the page mentions it."""

    UNCHANGED = "unchanged"
    """Nothing that makes a version differs."""
    NOTED = "noted"
    """The newer version has a new correction or editor's note."""
    DATED = "dated"
    """No such note, but a later modification date."""
    SILENT = "silent"
    """Neither note nor date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditNotice:
    """Classification of an edit, with its evidence."""

    verdict: EditVerdict
    notes: tuple[str, ...]
    """Corrections and editor's notes that only the newer version has."""
    modified_before: PageDate | None
    modified_after: PageDate | None
    live: bool
    """True for a live blog, which is edited by its nature."""


class MetadataChange(NamedTuple):
    """A metadata field that differs between the versions; "" if a version does not have it."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All differences between two versions."""

    headline: ParagraphDiff
    dek: ParagraphDiff | None
    """None if neither version has one."""
    byline: ParagraphDiff | None
    rows: tuple[ParagraphDiff, ...]
    facts: tuple[MetadataChange, ...]
    notice: EditNotice
    left_out: int
    """Number of paragraphs of both versions that are not compared: boilerplate, teasers and the like."""
    changed: tuple[ChangeKind, ...]
    """Kinds of change between the versions."""

    def count(self, *kinds: RowKind) -> int:
        """Count the paragraphs with one of these kinds of change."""
        return sum(row.kind in kinds for row in self.rows)

    def count_characters(self, change: TextChange) -> int:
        """Count the characters without white space that were added, or removed."""
        rows = [self.headline, *(row for row in (self.dek,) if row), *self.rows]
        texts = (piece.text for row in rows for piece in row.pieces if piece.change == change)
        return sum(len("".join(text.split())) for text in texts)


def choose_versions(numbers: Collection[int], a: int | None, b: int | None) -> tuple[int, int]:
    """Return the older and the newer of two versions; `b` is the newest by default, and `a` the one before `b`.

    >>> choose_versions([1, 2, 4], None, None), choose_versions([1, 2, 4], 4, 1), choose_versions([3], None, None)
    ((2, 4), (1, 4), (3, 3))
    """
    newest = max(numbers) if b is None else b
    oldest = max((number for number in numbers if number < newest), default=newest) if a is None else a
    return min(oldest, newest), max(oldest, newest)


def compare_versions(older: ArticleFields, newer: ArticleFields) -> Comparison:
    """Compare two versions of an article."""
    effort = DiffBudget()
    before, after = _compared_paragraphs(older), _compared_paragraphs(newer)
    rows = _compare_paragraphs(before, after, effort)
    headline = _compare_line(older.headline, newer.headline, Role.HEADING, effort)
    dek = _compare_line(older.dek or "", newer.dek or "", Role.DEK, effort)
    assert headline is not None
    byline = _compare_line(", ".join(older.authors), ", ".join(newer.authors), Role.BYLINE, effort)
    all_of_both = len(older.all_paragraphs) + len(newer.all_paragraphs)
    lines = [row for row in (dek, byline, *rows) if row is not None and row.kind is not RowKind.SAME]
    kinds = {_KINDS.get(row.role, ChangeKind.BODY) for row in lines}
    kinds |= {kind for kind in _FIELD_KINDS if getattr(older, _FIELD_KINDS[kind]) != getattr(newer, _FIELD_KINDS[kind])}
    changed = tuple(kind for kind in ChangeKind if kind in kinds)
    return Comparison(
        headline=headline,
        dek=dek,
        byline=byline,
        rows=rows,
        facts=tuple(_metadata_changes(older, newer)),
        notice=_edit_notice(older, newer, changed=bool(changed)),
        left_out=all_of_both - len(before) - len(after),
        changed=changed,
    )


def _compared_paragraphs(version: ArticleFields) -> list[ParagraphView]:
    return [each for each in version.all_paragraphs if each.role in COMPARED_ROLES and not each.boilerplate]


def _compare_line(before: str, after: str, role: Role, effort: DiffBudget) -> ParagraphDiff | None:
    if not before and not after and role is not Role.HEADING:
        return None
    kind = RowKind.SAME if before == after else RowKind.CHANGED
    return ParagraphDiff(kind=kind, role=role, pieces=diff_words(before, after, effort), older=None, newer=None)


def _compare_paragraphs(
    before: Sequence[ParagraphView], after: Sequence[ParagraphView], effort: DiffBudget
) -> tuple[ParagraphDiff, ...]:
    pairs = align_paragraphs([each.text for each in before], [each.text for each in after])
    moved = {pair.older: pair for pair in pairs if pair.moved}

    def left_rows(span: range) -> Iterator[ParagraphDiff]:
        """Yield the rows that moved paragraphs leave at their old positions."""
        for older in span:
            if older in moved:
                pieces = (DiffPiece(change=TextChange.SAME, text=before[older].text),)
                yield _numbered_row(RowKind.LEFT, before[older].role, pieces, moved[older])

    rows: list[ParagraphDiff] = []
    reported = 0
    for pair in pairs:
        if pair.older is not None and not pair.moved:
            rows += left_rows(range(reported, pair.older))
            reported = pair.older + 1
        rows.append(_paragraph_row(before, after, pair, effort))
    rows += left_rows(range(reported, len(before)))
    return tuple(rows)


def _paragraph_row(
    before: Sequence[ParagraphView], after: Sequence[ParagraphView], pair: ParagraphPair, effort: DiffBudget
) -> ParagraphDiff:
    older = None if pair.older is None else before[pair.older]
    newer = None if pair.newer is None else after[pair.newer]
    if older is None or newer is None:
        kind = RowKind.ADDED if older is None else RowKind.REMOVED
    else:
        kind = RowKind.MOVED if pair.moved else RowKind.SAME if older.text == newer.text else RowKind.CHANGED
    shown = newer or older
    assert shown is not None
    pieces = diff_words(older.text if older else "", newer.text if newer else "", effort)
    return _numbered_row(kind, shown.role, pieces, pair)


def _numbered_row(kind: RowKind, role: Role, pieces: tuple[DiffPiece, ...], pair: ParagraphPair) -> ParagraphDiff:
    older, newer = (None if at is None else at + 1 for at in (pair.older, pair.newer))
    return ParagraphDiff(kind=kind, role=role, pieces=pieces, older=older, newer=newer)


def _metadata_changes(older: ArticleFields, newer: ArticleFields) -> list[MetadataChange]:
    def metadata(version: ArticleFields) -> dict[str, str]:
        return {
            "Section": version.section or "",
            "Tags": ", ".join(version.tags),
            "Published": version.published.isoformat() if version.published else "",
            "Modified": version.modified.isoformat() if version.modified else "",
            "Lead image": version.image or "",
            "Image caption": version.image_caption or "",
            "Access": version.access.value if version.access else "",
            "URL": version.url,
        }

    before, after = metadata(older), metadata(newer)
    return [MetadataChange(name, before[name], after[name]) for name in before if before[name] != after[name]]


def _edit_notice(older: ArticleFields, newer: ArticleFields, *, changed: bool) -> EditNotice:
    old_notes = {each.text for each in older.all_paragraphs if each.role is Role.CORRECTION}
    new_notes = (each.text for each in newer.all_paragraphs if each.role is Role.CORRECTION)
    notes = tuple(text for text in new_notes if text not in old_notes)
    is_dated = newer.modified is not None and newer.modified != older.modified
    verdict = EditVerdict.NOTED if notes else EditVerdict.DATED if is_dated else EditVerdict.SILENT
    verdict, live = verdict if changed else EditVerdict.UNCHANGED, older.live_blog or newer.live_blog
    return EditNotice(
        verdict=verdict, notes=notes, modified_before=older.modified, modified_after=newer.modified, live=live
    )
