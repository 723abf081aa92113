"""What changed between two versions of an article: paragraphs matched first, then words within them."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from re import compile as pattern

WORD = pattern(r"\s+|\w+|[^\w\s]")


class Change(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of text with one fate."""

    change: Change
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One paragraph in the comparison, in the order of the newer version."""

    pieces: tuple[Piece, ...]

    @property
    def changed(self) -> bool:
        """True where any of it is new or gone."""
        return any(piece.change is not Change.SAME for piece in self.pieces)


def compare(older: Sequence[str], newer: Sequence[str]) -> tuple[Line, ...]:
    """Compare two texts given as paragraphs.

    >>> [line.changed for line in compare(["One.", "Two."], ["One.", "Two!"])]
    [False, True]
    """
    lines: list[Line] = []
    matcher = SequenceMatcher(None, older, newer, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            lines += [_whole(Change.SAME, text) for text in newer[c:d]]
        else:
            lines += _matched(older[a:b], newer[c:d])
    return tuple(lines)


def _matched(older: Sequence[str], newer: Sequence[str]) -> list[Line]:
    """Pair paragraphs that are rewritten rather than replaced; what has no partner is whole new or whole gone."""
    lines: list[Line] = []
    left = list(older)
    for text in newer:
        partner = next((old for old in left if _alike(old, text)), None)
        if partner is None:
            lines.append(_whole(Change.ADDED, text))
            continue
        at = left.index(partner)
        lines += [_whole(Change.REMOVED, old) for old in left[:at]]
        del left[: at + 1]
        lines.append(Line(pieces=_words(partner, text)))
    return lines + [_whole(Change.REMOVED, old) for old in left]


def _alike(older: str, newer: str) -> bool:
    words = SequenceMatcher(None, WORD.findall(older), WORD.findall(newer), autojunk=False)
    return words.quick_ratio() >= 0.5 and words.ratio() >= 0.5


def _words(older: str, newer: str) -> tuple[Piece, ...]:
    old, new = WORD.findall(older), WORD.findall(newer)
    pieces: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece(change=Change.SAME, text="".join(new[c:d])))
            continue
        if b > a:
            pieces.append(Piece(change=Change.REMOVED, text="".join(old[a:b])))
        if d > c:
            pieces.append(Piece(change=Change.ADDED, text="".join(new[c:d])))
    return tuple(pieces)


def _whole(change: Change, text: str) -> Line:
    return Line(pieces=(Piece(change=change, text=text),))
