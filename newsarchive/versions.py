"""What changed between two versions of an article: paragraphs matched first, then words within them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from re import compile as pattern

WORD = pattern(r"\s+|\w+|[^\w\s]")

LONGEST = 20_000
"""Words, spaces and marks in a pair of paragraphs that are compared word by word: the time grows with their square."""
ONLY_WORDS = pattern(r"\w+")


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
    words = [_counted(text) for text in older]
    for text in newer:
        mine = _counted(text)
        at = next((at for at, theirs in enumerate(words) if _alike(theirs, mine)), None)
        if at is None:
            lines.append(_whole(Change.ADDED, text))
            continue
        lines += [_whole(Change.REMOVED, old) for old in left[:at]]
        lines.append(Line(pieces=_words(left[at], text)))
        del left[: at + 1], words[: at + 1]
    return lines + [_whole(Change.REMOVED, old) for old in left]


Counted = tuple[list[str], Counter[str]]


def _counted(text: str) -> Counted:
    # Words alone: the white space between them is half of any two texts, and would make all of them alike.
    words = ONLY_WORDS.findall(text)
    return words, Counter(words)


def _alike(older: Counted, newer: Counted) -> bool:
    """Whether half of the words are the same, in the same order."""
    most = (older[1] & newer[1]).total()  # in any order, which is known much sooner
    if 4 * most < len(older[0]) + len(newer[0]):
        return False
    return SequenceMatcher(None, older[0], newer[0], autojunk=False).ratio() >= 0.5


def _words(older: str, newer: str) -> tuple[Piece, ...]:
    old, new = WORD.findall(older), WORD.findall(newer)
    if len(old) + len(new) > LONGEST:
        return (Piece(change=Change.REMOVED, text=older), Piece(change=Change.ADDED, text=newer))
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
