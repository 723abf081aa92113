"""Word diff of a paragraph, with bounded work.

    text -> tokens (words, spaces, punctuation) -> Myers (1986): fewest changes -> runs -> pieces

Scripts without spaces (Chinese, Japanese, Thai ...) are compared by character, combining marks with their letter.
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


class TextChange(StrEnum):
    """Change of a piece of text."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffPiece:
    """A run of text with the same change."""

    change: TextChange
    text: str


@dataclass(slots=True)
class DiffBudget:
    """Steps that a comparison may take over all paragraphs; the rest is reported as removed and added as a whole."""

    remaining: int = 2_000_000


def tokenize(text: str) -> list[str]:
    """Split a text into words, white space and punctuation; joined they are the text.

    >>> tokenize("Don't stop, 東京!")
    ["Don't", ' ', 'stop', ',', ' ', '東', '京', '!']
    """
    return _TOKEN.findall(text)


def similarity_terms(text: str) -> list[str]:
    """Return the terms by which paragraphs are compared: words, and character pairs in scripts without spaces.

    >>> similarity_terms("The 東京都 mayor")
    ['the', '東京', '京都', 'mayor']
    """
    found: list[str] = []
    before = ""
    for token in tokenize(text):
        single = _CHARACTER.match(token) is not None
        if single and before:
            found.append(before + token)
        elif not single and _WORD.match(token):
            found.append(token.casefold())
        before = token if single else ""
    return found or [text]


def diff_words(older: str, newer: str, effort: DiffBudget | None = None) -> tuple[DiffPiece, ...]:
    """Compare two texts word by word, in the order of the newer one; removed text precedes added text.

    >>> [(piece.change.value, piece.text) for piece in diff_words("12 spoke", "14 spoke")]
    [('removed', '12'), ('added', '14'), ('same', ' spoke')]
    """
    if older == newer:
        return (DiffPiece(change=TextChange.SAME, text=older),) if older else ()
    old, new = tokenize(older), tokenize(newer)
    start = _common_prefix(old, new)
    end = _common_prefix(old[start:][::-1], new[start:][::-1])
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    runs = [
        _Run("".join(old[:start]), "", ""),
        *_diff_runs(middle_old, middle_new, effort or DiffBudget()),
        _Run("".join(old[len(old) - end :]), "", ""),
    ]
    return tuple(_pieces(_merge_small_gaps(runs)))


def _common_prefix(one: Sequence[str], other: Sequence[str]) -> int:
    length = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        length += 1
    return length


@dataclass(slots=True)
class _Run:
    """Common text, followed by text of the older and of the newer text only."""

    same: str
    removed: str
    added: str


def _diff_runs(old: Sequence[str], new: Sequence[str], effort: DiffBudget) -> list[_Run]:
    kept = _match_tokens(old, new, effort) if old and new else []
    runs: list[_Run] = []
    at_old = at_new = 0
    for left, right in [*kept, (len(old), len(new))]:
        if left > at_old or right > at_new or not runs:
            runs.append(_Run("", "".join(old[at_old:left]), "".join(new[at_new:right])))
        if left < len(old):
            runs.append(_Run(old[left], "", ""))
        at_old, at_new = left + 1, right + 1
    return runs


def _match_tokens(old: Sequence[str], new: Sequence[str], effort: DiffBudget) -> list[tuple[int, int]]:
    """Return the positions of unchanged tokens for the fewest changes; none if the budget is exhausted."""
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
            effort.remaining -= 1 + x - begin
            if x >= len(old) and y >= len(new):
                return _trace_back(history, len(old), len(new))
        effort.remaining -= changed  # the copy of `furthest`
        if effort.remaining <= 0:
            return []
    return []


def _trace_back(history: Sequence[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
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


def _merge_small_gaps(runs: Sequence[_Run]) -> list[_Run]:
    """Merge changes with little common text between them: a replaced phrase shares a space or an "of" by chance.

    Common text is little if it is no longer than the changes on both sides.
    """
    tidy: list[_Run] = []
    for run in _merge_runs(runs):
        tidy.append(run)
        while len(tidy) > 1 and tidy[-1].same and (tidy[-1].removed or tidy[-1].added) and _is_small_gap(*tidy[-2:]):
            last = tidy.pop()
            tidy[-1].removed += last.same + last.removed
            tidy[-1].added += last.same + last.added
    return tidy


def _is_small_gap(before: _Run, run: _Run) -> bool:
    length = len(run.same)
    return length <= max(len(before.removed), len(before.added)) and length <= max(len(run.removed), len(run.added))


def _merge_runs(runs: Sequence[_Run]) -> Iterator[_Run]:
    """Merge runs so that each but the first begins with common text, and each but the last ends with a change."""
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


def _pieces(runs: Sequence[_Run]) -> Iterator[DiffPiece]:
    for run in runs:
        for change, text in (
            (TextChange.SAME, run.same),
            (TextChange.REMOVED, run.removed),
            (TextChange.ADDED, run.added),
        ):
            if text:
                yield DiffPiece(change=change, text=text)
