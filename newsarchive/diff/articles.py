"""Two versions of an article held against each other, as a reader wants to see it: what changed, and was it said?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from newsarchive.diff.paragraphs import align
from newsarchive.diff.word_diff import Change, Effort, Piece, changes
from storage.index.views.articles import ParagraphView, VersionView
from storage.model import BODY_ROLES, Role

SHOWN = BODY_ROLES | {Role.CAPTION, Role.CORRECTION}
"""Roles that are compared. Teasers, share buttons and the like change with every look, and are none of the article."""


class RowKind(StrEnum):
    """What became of a paragraph."""

    SAME = "same"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    """It stands here now, and stood elsewhere before; its words may have changed too."""
    LEFT = "left"
    """It stood here before, and stands elsewhere now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One paragraph of the comparison."""

    kind: RowKind
    role: Role
    pieces: tuple[Piece, ...]
    older: int | None
    """Its number in the older version, from 1; None where it is not there."""
    newer: int | None

    @property
    def before(self) -> tuple[Piece, ...]:
        """The older version's words."""
        return tuple(piece for piece in self.pieces if piece.change is not Change.ADDED)

    @property
    def after(self) -> tuple[Piece, ...]:
        """The newer version's words."""
        return tuple(piece for piece in self.pieces if piece.change is not Change.REMOVED)


class Verdict(StrEnum):
    """Whether readers were told of a change."""

    UNCHANGED = "unchanged"
    """Headline, dek and text are the same."""
    NOTED = "noted"
    """A correction or editor's note stands there that did not before."""
    DATED = "dated"
    """No such note, but the page names a later time of modification."""
    SILENT = "silent"
    """Neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Whether readers were told of a change, and what that is read from."""

    verdict: Verdict
    notes: tuple[str, ...]
    """Corrections and editor's notes of the newer version that the older one has not."""
    modified_before: datetime | None
    modified_after: datetime | None
    live: bool
    """A live blog: it changes by its nature."""


class Fact(NamedTuple):
    """What a version says of itself beside its text, where the two differ; "" where it says nothing."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All that differs between two versions."""

    headline: Row
    dek: Row | None
    """None where neither version has one."""
    byline: Row | None
    rows: tuple[Row, ...]
    facts: tuple[Fact, ...]
    notice: Notice
    left_out: int
    """Paragraphs of both versions that are not compared: boilerplate, teasers and the like."""

    def count(self, *kinds: RowKind) -> int:
        """Paragraphs with one of these fates."""
        return sum(row.kind in kinds for row in self.rows)

    @property
    def characters_added(self) -> int:
        """Characters that came, white space apart."""
        return self._characters(Change.ADDED)

    @property
    def characters_removed(self) -> int:
        """Characters that went, white space apart."""
        return self._characters(Change.REMOVED)

    def _characters(self, change: Change) -> int:
        rows = [self.headline, *(row for row in (self.dek,) if row), *self.rows]
        texts = (piece.text for row in rows for piece in row.pieces if piece.change is change)
        return sum(len("".join(text.split())) for text in texts)


def compare_versions(older: VersionView, newer: VersionView) -> Comparison:
    """Compare two versions of an article."""
    effort = Effort()
    before, after = _compared(older), _compared(newer)
    rows = _rows(before, after, effort)
    headline = _line(older.headline, newer.headline, Role.HEADING, effort)
    dek = _line(older.dek or "", newer.dek or "", Role.DEK, effort)
    assert headline is not None
    all_of_both = len(older.paragraphs) + len(newer.paragraphs)
    return Comparison(
        headline=headline,
        dek=dek,
        byline=_line(", ".join(older.authors), ", ".join(newer.authors), Role.BYLINE, effort),
        rows=rows,
        facts=tuple(_facts(older, newer)),
        notice=_notice(older, newer, changed=any(_differs(row) for row in (headline, dek, *rows))),
        left_out=all_of_both - len(before) - len(after),
    )


def _compared(version: VersionView) -> list[ParagraphView]:
    return [each for each in version.paragraphs if each.role in SHOWN and not each.boilerplate]


def _differs(row: Row | None) -> bool:
    return row is not None and row.kind is not RowKind.SAME and row.role is not Role.CAPTION


def _line(before: str, after: str, role: Role, effort: Effort) -> Row | None:
    if not before and not after and role is not Role.HEADING:
        return None
    kind = RowKind.SAME if before == after else RowKind.CHANGED
    return Row(kind=kind, role=role, pieces=changes(before, after, effort), older=None, newer=None)


def _rows(before: Sequence[ParagraphView], after: Sequence[ParagraphView], effort: Effort) -> tuple[Row, ...]:
    rows: list[Row] = []
    pairs = align([each.text for each in before], [each.text for each in after])
    moved_from = {pair.older: pair for pair in pairs if pair.moved}
    told = 0
    for pair in pairs:
        # Where a paragraph stood that stands elsewhere now, a mark is left.
        if pair.older is not None and not pair.moved:
            rows += [_left(before, old, moved_from[old].newer) for old in range(told, pair.older) if old in moved_from]
            told = pair.older + 1
        rows.append(_row(before, after, pair.older, pair.newer, moved=pair.moved, effort=effort))
    rows += [_left(before, old, moved_from[old].newer) for old in range(told, len(before)) if old in moved_from]
    return tuple(rows)


def _left(before: Sequence[ParagraphView], older: int, newer: int | None) -> Row:
    gone = (Piece(change=Change.SAME, text=before[older].text),)
    return Row(
        kind=RowKind.LEFT,
        role=before[older].role,
        pieces=gone,
        older=older + 1,
        newer=None if newer is None else newer + 1,
    )


def _row(
    before: Sequence[ParagraphView],
    after: Sequence[ParagraphView],
    older: int | None,
    newer: int | None,
    *,
    moved: bool,
    effort: Effort,
) -> Row:
    old = None if older is None else before[older]
    new = None if newer is None else after[newer]
    shown = new or old
    assert shown is not None
    if old is None or new is None:
        kind, change = (RowKind.ADDED, Change.ADDED) if old is None else (RowKind.REMOVED, Change.REMOVED)
        pieces: tuple[Piece, ...] = (Piece(change=change, text=shown.text),)
    else:
        kind = RowKind.MOVED if moved else RowKind.SAME if old.text == new.text else RowKind.CHANGED
        pieces = changes(old.text, new.text, effort)
    return Row(
        kind=kind,
        role=shown.role,
        pieces=pieces,
        older=None if older is None else older + 1,
        newer=None if newer is None else newer + 1,
    )


def _facts(older: VersionView, newer: VersionView) -> list[Fact]:
    def said(version: VersionView) -> dict[str, str]:
        return {
            "Section": version.section or "",
            "Tags": ", ".join(version.tags),
            "Published": _moment(version.published),
            "Modified": _moment(version.modified),
            "Lead image": version.image or "",
            "Image caption": version.image_caption or "",
            "Access": version.access.value if version.access else "",
            "Address": version.url,
        }

    before, after = said(older), said(newer)
    return [Fact(name, before[name], after[name]) for name in before if before[name] != after[name]]


def _moment(when: datetime | None) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S} UTC" if when else ""


def _notice(older: VersionView, newer: VersionView, *, changed: bool) -> Notice:
    old_notes = {each.text for each in older.paragraphs if each.role is Role.CORRECTION}
    notes = tuple(each.text for each in newer.paragraphs if each.role is Role.CORRECTION and each.text not in old_notes)
    if not changed:
        verdict = Verdict.UNCHANGED
    elif notes:
        verdict = Verdict.NOTED
    elif newer.modified is not None and newer.modified != older.modified:
        verdict = Verdict.DATED
    else:
        verdict = Verdict.SILENT
    return Notice(
        verdict=verdict,
        notes=notes,
        modified_before=older.modified,
        modified_after=newer.modified,
        live=older.live or newer.live,
    )
