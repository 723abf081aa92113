"""Word diff of a paragraph, with bounded work.

    text -> tokens (words, spaces, punctuation) -> longest common subsequence -> runs -> pieces

Scripts without spaces (Chinese, Japanese, Thai ...) are compared by character, combining marks with their letter.
"""

import re
import tomllib
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter
from pathlib import Path
from typing import Any

from rapidfuzz.distance import Indel, Postfix, Prefix

from storage.grouping import group_pairs

_SPACES = r"\s\u200b\ufeff"
_CHARACTERS = tomllib.loads(Path(__file__).with_name("characters.toml").read_text("utf-8"))
_PUNCTUATION, _UNSPACED, _MARKS = ("".join(_CHARACTERS[name]) for name in ("punctuation", "unspaced", "marks"))
NUMERALS = "零〇一二三四五六七八九十百千万萬億亿兆"
_TOKEN = re.compile(
    rf"[{_SPACES}]+"
    rf"|(?:\d[\d.,]{{0,30}}|[{NUMERALS}])[{NUMERALS}]+"  # a number is one word
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
    """Pairs of tokens to compare over all paragraphs; what exceeds it is reported as removed and added as a whole.

    The default takes 50 MB and a twentieth of a second at most.
    """

    remaining: int = 400_000_000


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
    start = Prefix.similarity(old, new)
    end = Postfix.similarity(old[start:], new[start:])
    middle = _diff_runs(old[start : len(old) - end], new[start : len(new) - end], effort or DiffBudget())
    runs = [_Run("".join(old[:start]), "", ""), *middle, _Run("".join(old[len(old) - end :]), "", "")]
    texts = (
        text
        for run in _merge_small_gaps(runs)
        for text in ((TextChange.SAME, run.same), (TextChange.REMOVED, run.removed), (TextChange.ADDED, run.added))
    )
    return tuple(DiffPiece(change=change, text=text) for change, text in texts if text)


@dataclass(slots=True)
class _Run:
    """Common text, followed by text of the older and of the newer text only."""

    same: str
    removed: str
    added: str


def _diff_runs(old: Sequence[str], new: Sequence[str], effort: DiffBudget) -> Iterator[_Run]:
    """Yield the runs for the fewest changes; one of all tokens if the budget does not suffice."""
    if len(old) * len(new) > effort.remaining:
        yield _Run("", "".join(old), "".join(new))
        return
    effort.remaining -= len(old) * len(new)
    for step in Indel.opcodes(old, new):
        before = "".join(old[step.src_start : step.src_end])
        is_same = step.tag == "equal"
        yield _Run(before, "", "") if is_same else _Run("", before, "".join(new[step.dest_start : step.dest_end]))


def _merge_small_gaps(runs: Sequence[_Run]) -> list[_Run]:
    """Merge changes with little common text between them: a replaced phrase shares a space or an "of" by chance.

    Common text is little if it is no longer than the changes on both sides.
    """
    tidy: list[_Run] = []
    for run in _merge_runs(runs):
        tidy.append(run)
        while len(tidy) > 1:
            last, changes = tidy[-1], [max(len(each.removed), len(each.added)) for each in tidy[-2:]]
            if not 0 < len(last.same) <= min(changes):
                break
            tidy.pop()
            tidy[-1].removed += last.same + last.removed
            tidy[-1].added += last.same + last.added
    return tidy


def _merge_runs(runs: Iterable[_Run]) -> list[_Run]:
    """Merge runs so that each but the first begins with common text, and each but the last ends with a change."""
    merged = [_Run("", "", "")]
    for run in runs:
        last = merged[-1]
        if run.same and (last.removed or last.added):
            merged.append(run)
        else:
            last.same += run.same
            last.removed += run.removed
            last.added += run.added
    return merged


# Comparison of two texts: paragraphs are matched first, then words within them.
#
#     equal paragraphs -------> pairs, the k-th occurrence with the k-th
#     remaining paragraphs ---> pairs with mostly the same words
#     all pairs --------------> the heaviest chain that keeps both orders; pairs outside it were moved
#
# The work grows linearly with the length, because a hostile article may have thousands of equal paragraphs.

REWRITTEN = 0.5
"""Share of common words from which a paragraph counts as rewritten, not as replaced."""
MOVED = 0.7
"""The same for a paragraph at another position."""
_IN_PLACE = 0.15
_COMMON = 20  # words in more older paragraphs than this are not used to find candidates
_CANDIDATES = 4
_WORDS = 400  # words of a paragraph by which candidates are found


@dataclass(frozen=True, slots=True, kw_only=True)
class ParagraphPair:
    """Positions of a paragraph in both versions; None in the one that does not have it."""

    older: int | None
    newer: int | None
    moved: bool = False
    """True if its order among the paragraphs differs."""


def align_paragraphs(older: Sequence[str], newer: Sequence[str]) -> tuple[ParagraphPair, ...]:
    """Match paragraphs, in the order of the newer text; removed ones at their old position, before added ones."""
    # Equal paragraphs, the k-th occurrence with the k-th, in the newer order.
    places = {text: deque(at) for text, at in group_pairs((text, at) for at, text in enumerate(older)).items()}
    matched = [(places[text].popleft(), at) for at, text in enumerate(newer) if places.get(text)]
    matched += _match_similar(older, newer, matched, heaviest_chain(matched, older))
    matched.sort(key=itemgetter(1))
    return tuple(_merge_pairs(len(older), len(newer), matched, heaviest_chain(matched, older)))


Positions = list[tuple[int, int]]


def heaviest_chain(pairs: Positions, older: Sequence[str]) -> Positions:
    """Return the pairs with most text that are in order in both versions; the input is in the newer order."""
    # The ends of chains in the older version, with weight and chain: of two the further one is the heavier one.
    ends: list[tuple[int, int, Any]] = []
    for pair in pairs:
        place = bisect_left(ends, pair[:1])
        _, before, chain = ends[place - 1] if place else (0, 0, None)
        weight, heavier = before + 1 + len(older[pair[0]]), place
        while heavier < len(ends) and ends[heavier][1] <= weight:
            heavier += 1
        ends[place:heavier] = [(pair[0], weight, (pair, chain))]
    found: Positions = []
    chain = ends[-1][2] if ends else None
    while chain is not None:
        pair, chain = chain
        found.append(pair)
    return found[::-1]


def _match_similar(older: Sequence[str], newer: Sequence[str], matched: Positions, in_place: Positions) -> Positions:
    """Match the remaining paragraphs with mostly the same words, the most similar first."""
    taken_old, taken_new = {old for old, _ in matched}, {new for _, new in matched}
    old_words = {at: Counter(similarity_terms(text)) for at, text in enumerate(older) if at not in taken_old}
    paragraphs_by_word = group_pairs((word, at) for at, words in old_words.items() for word in list(words)[:_WORDS])
    anchors_old, anchors_new = [old for old, _ in in_place], [new for _, new in in_place]
    gaps = group_pairs((bisect_left(anchors_old, at), at) for at in old_words)
    place: Counter[int] = Counter()
    found: list[tuple[float, int, int]] = []
    for at, text in enumerate(newer):
        if at in taken_new:
            continue
        words = Counter(similarity_terms(text))
        gap = bisect_left(anchors_new, at)
        same_place = gaps.get(gap, [])[place[gap] : place[gap] + 1]
        place[gap] += 1
        for candidate in {*same_place, *_candidates(words, paragraphs_by_word)}:
            stays = bisect_left(anchors_old, candidate) == gap
            old = old_words[candidate]
            alike = 2 * (old & words).total() / (old.total() + words.total())
            if alike >= (REWRITTEN if stays else MOVED):
                found.append((-alike - (_IN_PLACE if stays else 0.0), candidate, at))
    pairs: Positions = []
    for _, candidate, at in sorted(found):
        if candidate not in taken_old and at not in taken_new:
            pairs.append((candidate, at))
            taken_old.add(candidate)
            taken_new.add(at)
    return pairs


def _candidates(words: Counter[str], paragraphs_by_word: Mapping[str, Sequence[int]]) -> list[int]:
    shared: Counter[int] = Counter()
    for word in list(words)[:_WORDS]:
        of_word = paragraphs_by_word.get(word, ())
        if len(of_word) <= _COMMON:
            shared.update(of_word)
    return [at for at, _ in shared.most_common(_CANDIDATES)]


def _merge_pairs(olds: int, news: int, matched: Positions, in_place: Positions) -> list[ParagraphPair]:
    partners = {new: old for old, new in matched}
    matched_old = {old for old, _ in matched}
    staying = {new for _, new in in_place}
    lines: list[ParagraphPair] = []
    reported = begin = 0
    for old_end, new_end in [*in_place, (olds, news)]:
        lines += [ParagraphPair(older=old, newer=None) for old in range(reported, old_end) if old not in matched_old]
        for new in range(begin, min(new_end + 1, news)):
            old = partners.get(new)
            lines.append(ParagraphPair(older=old, newer=new, moved=old is not None and new not in staying))
        reported, begin = old_end, new_end + 1
    return lines
