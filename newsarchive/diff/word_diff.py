"""What changed within one paragraph, word by word. Bounded work, whatever the two texts are.

    text --tokens--> words, spaces, marks --Myers (1986): fewest changes--> runs --tidied--> pieces

Scripts without spaces (Chinese, Japanese, Thai ...) are compared character by character, marks kept with their letter.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

_SPACES = r"\s\u200b\ufeff"
_PUNCTUATION = (
    r"!-/:-@\[-`{-~\u00a1-\u00bf\u2010-\u2027\u2030-\u205e\u3001-\u3003\u3008-\u3020\u3030\uff01-\uff0f\uff1a-\uff20"
    r"\uff3b-\uff40\uff5b-\uff65\u060c\u061b\u061f\u06d4\u0964\u0965"
)
_UNSPACED = (
    r"\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0eb3\u0ec0-\u0ec6\u0f40-\u0f6c\u1000-\u102a\u1780-\u17b3"
    r"\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    r"\uff66-\uff9f\U00020000-\U000323af"
)
_MARKS = (
    r"\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u0f71-\u0f84\u102b-\u103e"
    r"\u17b4-\u17d3\u200c\u200d\u3099\u309a\ufe00-\ufe0f"
)
_TOKEN = re.compile(
    rf"[{_SPACES}]+"
    rf"|[{_UNSPACED}][{_MARKS}]*"
    rf"|[^{_SPACES}{_PUNCTUATION}{_UNSPACED}]+(?:['’][^{_SPACES}{_PUNCTUATION}{_UNSPACED}]+)*"
    rf"|[{_PUNCTUATION}]"
)
_WORD = re.compile(rf"[^{_SPACES}{_PUNCTUATION}]")
_CHARACTER = re.compile(f"[{_UNSPACED}]")


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


@dataclass(slots=True)
class Effort:
    """Steps that a comparison may take over all its paragraphs; what is left then is shown whole gone and whole new."""

    left: int = 2_000_000


def tokens(text: str) -> list[str]:
    """Words, white space and marks of a text; joined they are the text.

    >>> tokens("Don't stop, 東京!")
    ["Don't", ' ', 'stop', ',', ' ', '東', '京', '!']
    """
    return _TOKEN.findall(text)


def likeness(text: str) -> list[str]:
    """What two paragraphs are held against each other by: words, and pairs of characters where there are no spaces.

    >>> likeness("The 東京都 mayor")
    ['the', '東京', '京都', 'mayor']
    """
    found: list[str] = []
    before = ""
    for token in tokens(text):
        single = _CHARACTER.match(token) is not None
        if single and before:
            found.append(before + token)
        elif not single and _WORD.match(token):
            found.append(token.casefold())
        before = token if single else ""
    return found or [text]


def changes(older: str, newer: str, effort: Effort | None = None) -> tuple[Piece, ...]:
    """Compare two texts word by word, in the order of the newer one; what went stands before what came.

    >>> [(piece.change.value, piece.text) for piece in changes("12 spoke", "14 spoke")]
    [('removed', '12'), ('added', '14'), ('same', ' spoke')]
    """
    if older == newer:
        return (Piece(change=Change.SAME, text=older),) if older else ()
    old, new = tokens(older), tokens(newer)
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    runs = [
        _Run("".join(old[:start]), "", ""),
        *_runs(middle_old, middle_new, effort or Effort()),
        _Run("".join(old[len(old) - end :]), "", ""),
    ]
    return tuple(_pieces(_tidied(runs)))


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    length = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        length += 1
    return length


@dataclass(slots=True)
class _Run:
    """What both texts have, then what only the older and only the newer one has."""

    same: str
    removed: str
    added: str


def _runs(old: Sequence[str], new: Sequence[str], effort: Effort) -> list[_Run]:
    kept = _matches(old, new, effort) if old and new else []
    runs: list[_Run] = []
    at_old = at_new = 0
    for left, right in [*kept, (len(old), len(new))]:
        if left > at_old or right > at_new or not runs:
            runs.append(_Run("", "".join(old[at_old:left]), "".join(new[at_new:right])))
        if left < len(old):
            runs.append(_Run(old[left], "", ""))
        at_old, at_new = left + 1, right + 1
    return runs


def _matches(old: Sequence[str], new: Sequence[str], effort: Effort) -> list[tuple[int, int]]:
    """Positions of tokens that stay, for the fewest changes; none where that takes more steps than are left."""
    furthest = {1: 0}
    history: list[dict[int, int]] = []
    for changed in range(len(old) + len(new) + 1):
        history.append(dict(furthest))
        for diagonal in range(-changed, changed + 1, 2):
            down = diagonal == -changed or (diagonal != changed and furthest[diagonal - 1] < furthest[diagonal + 1])
            x = begin = furthest[diagonal + 1] if down else furthest[diagonal - 1] + 1
            y = x - diagonal
            while x < len(old) and y < len(new) and old[x] == new[y]:
                x, y = x + 1, y + 1
            furthest[diagonal] = x
            effort.left -= 1 + x - begin
            if x >= len(old) and y >= len(new):
                return _way_back(history, len(old), len(new))
        effort.left -= changed  # the copy of what was reached
        if effort.left <= 0:
            return []
    return []


def _way_back(history: Sequence[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for changed in range(len(history) - 1, -1, -1):
        furthest, diagonal = history[changed], x - y
        down = diagonal == -changed or (diagonal != changed and furthest[diagonal - 1] < furthest[diagonal + 1])
        before = diagonal + 1 if down else diagonal - 1
        from_x = furthest[before] if changed else 0
        from_y = from_x - before if changed else 0
        while x > from_x and y > from_y:
            x, y = x - 1, y - 1
            kept.append((x, y))
        x, y = from_x, from_y
    return kept[::-1]


def _tidied(runs: Sequence[_Run]) -> list[_Run]:
    """Join changes that only little text stands between: a phrase that was replaced shares a space, an "of" by chance.

    Little is what is no longer than the changes on both its sides are.
    """
    tidy: list[_Run] = []
    for run in _joined(runs):
        tidy.append(run)
        while len(tidy) > 1 and tidy[-1].same and (tidy[-1].removed or tidy[-1].added) and _is_little(*tidy[-2:]):
            last = tidy.pop()
            tidy[-1].removed += last.same + last.removed
            tidy[-1].added += last.same + last.added
    return tidy


def _is_little(before: _Run, run: _Run) -> bool:
    length = len(run.same)
    return length <= max(len(before.removed), len(before.added)) and length <= max(len(run.removed), len(run.added))


def _joined(runs: Sequence[_Run]) -> Iterator[_Run]:
    """Runs of which each but the first begins with text that stays, and each but the last ends with a change."""
    waiting = _Run("", "", "")
    for run in runs:
        if waiting.removed or waiting.added:
            if run.same:
                yield waiting
                waiting = _Run(run.same, run.removed, run.added)
                continue
            waiting.removed += run.removed
            waiting.added += run.added
        else:
            waiting = _Run(waiting.same + run.same, run.removed, run.added)
    yield waiting


def _pieces(runs: Sequence[_Run]) -> Iterator[Piece]:
    for run in runs:
        for change, text in ((Change.SAME, run.same), (Change.REMOVED, run.removed), (Change.ADDED, run.added)):
            if text:
                yield Piece(change=change, text=text)
