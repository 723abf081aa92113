"""Comparison of two texts: paragraphs are matched first, then words within them.

    equal paragraphs -------> pairs, the k-th occurrence with the k-th
    remaining paragraphs ---> pairs with mostly the same words
    all pairs --------------> the heaviest chain that keeps both orders; pairs outside it were moved

The work grows linearly with the length, because a hostile article may have thousands of equal paragraphs.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from newsarchive.diff.word_diff import DiffBudget, DiffPiece, TextChange, diff_words, similarity_terms

__all__ = ["DiffPiece", "ParagraphChange", "ParagraphPair", "TextChange", "align_paragraphs", "compare_paragraphs"]

REWRITTEN = 0.5
"""Share of common words from which a paragraph counts as rewritten, not as replaced."""
MOVED = 0.7
"""The same for a paragraph at another position."""
_IN_PLACE = 0.15
_COMMON = 20
"""Words in more older paragraphs than this are not used to find candidates."""
_CANDIDATES = 4
_WORDS = 400
"""Words of a paragraph by which candidates are found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParagraphPair:
    """Positions of a paragraph in both versions; None in the one that does not have it."""

    older: int | None
    newer: int | None
    moved: bool = False
    """True if its order among the paragraphs differs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParagraphChange:
    """One paragraph of the comparison, in the order of the newer version."""

    pieces: tuple[DiffPiece, ...]
    moved: bool = False
    """True if its order among the paragraphs differs."""

    @property
    def is_changed(self) -> bool:
        """True if any text was added or removed, or if it was moved."""
        return self.moved or any(piece.change is not TextChange.SAME for piece in self.pieces)


def compare_paragraphs(older: Sequence[str], newer: Sequence[str]) -> tuple[ParagraphChange, ...]:
    """Compare two texts given as paragraphs.

    >>> [line.is_changed for line in compare_paragraphs(["One.", "Two."], ["One.", "Two!"])]
    [False, True]
    """
    effort = DiffBudget()
    lines: list[ParagraphChange] = []
    for pair in align_paragraphs(older, newer):
        if pair.older is None:
            lines.append(_unpaired_change(TextChange.ADDED, newer[pair.newer or 0]))
        elif pair.newer is None:
            lines.append(_unpaired_change(TextChange.REMOVED, older[pair.older]))
        else:
            pieces = diff_words(older[pair.older], newer[pair.newer], effort)
            lines.append(ParagraphChange(pieces=pieces, moved=pair.moved))
    return tuple(lines)


def _unpaired_change(change: TextChange, text: str) -> ParagraphChange:
    return ParagraphChange(pieces=(DiffPiece(change=change, text=text),))


def align_paragraphs(older: Sequence[str], newer: Sequence[str]) -> tuple[ParagraphPair, ...]:
    """Match paragraphs, in the order of the newer text; removed ones at their old position, before added ones."""
    matched = _match_equal(older, newer)
    in_place = _heaviest_chain(matched, older)
    matched += _match_similar(older, newer, matched, in_place)
    matched.sort(key=itemgetter(1))
    return tuple(_merge_pairs(len(older), len(newer), matched, _heaviest_chain(matched, older)))


Positions = list[tuple[int, int]]


def _match_equal(older: Sequence[str], newer: Sequence[str]) -> Positions:
    """Match equal paragraphs, the k-th occurrence with the k-th, in the newer order."""
    places: dict[str, list[int]] = defaultdict(list)
    for at, text in enumerate(older):
        places[text].append(at)
    used: Counter[str] = Counter()
    pairs: Positions = []
    for at, text in enumerate(newer):
        if used[text] < len(places.get(text, ())):
            pairs.append((places[text][used[text]], at))
            used[text] += 1
    return pairs


def _heaviest_chain(pairs: Positions, older: Sequence[str]) -> Positions:
    """Return the pairs with most text that are in order in both versions; the input is in the newer order."""
    weights = [0] * (len(older) + 1)
    ends: list[int] = [-1] * (len(older) + 1)
    before: list[int] = []
    # A Fenwick tree over positions in the older version: the heaviest chain that ends before a position.
    for number, (at, _) in enumerate(pairs):
        best, last, step = 0, -1, at
        while step:
            if weights[step] > best:
                best, last = weights[step], ends[step]
            step &= step - 1
        before.append(last)
        weight, step = best + 1 + len(older[at]), at + 1
        while step <= len(older):
            if weights[step] < weight:
                weights[step], ends[step] = weight, number
            step += step & -step
    heaviest, step = (0, -1), len(older)
    while step:
        heaviest = max(heaviest, (weights[step], ends[step]))
        step &= step - 1
    chain: Positions = []
    number = heaviest[1]
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]


def _match_similar(older: Sequence[str], newer: Sequence[str], matched: Positions, in_place: Positions) -> Positions:
    """Match the remaining paragraphs with mostly the same words, the most similar first."""
    taken_old, taken_new = {old for old, _ in matched}, {new for _, new in matched}
    old_words = {at: Counter(similarity_terms(text)) for at, text in enumerate(older) if at not in taken_old}
    paragraphs_by_word: dict[str, list[int]] = defaultdict(list)
    for at, words in old_words.items():
        for word in list(words)[:_WORDS]:
            paragraphs_by_word[word].append(at)
    anchors_old, anchors_new = [old for old, _ in in_place], [new for _, new in in_place]
    gaps: dict[int, list[int]] = defaultdict(list)
    for at in old_words:
        gaps[bisect_left(anchors_old, at)].append(at)
    place: Counter[int] = Counter()
    found: list[tuple[float, int, int]] = []
    for at, text in enumerate(newer):
        if at in taken_new:
            continue
        words = Counter(similarity_terms(text))
        gap = bisect_left(anchors_new, at)
        same_place = gaps[gap][place[gap] : place[gap] + 1]
        place[gap] += 1
        for candidate in {*same_place, *_candidates(words, paragraphs_by_word)}:
            stays = bisect_left(anchors_old, candidate) == gap
            alike = _similarity(old_words[candidate], words)
            if alike >= (REWRITTEN if stays else MOVED):
                found.append((-alike - (_IN_PLACE if stays else 0.0), candidate, at))
    return _pick_best(found)


def _candidates(words: Counter[str], paragraphs_by_word: Mapping[str, Sequence[int]]) -> list[int]:
    shared: Counter[int] = Counter()
    for word in list(words)[:_WORDS]:
        of_word = paragraphs_by_word.get(word, ())
        if len(of_word) <= _COMMON:
            shared.update(of_word)
    return [at for at, _ in shared.most_common(_CANDIDATES)]


def _similarity(one: Counter[str], other: Counter[str]) -> float:
    return 2 * (one & other).total() / (one.total() + other.total())


def _pick_best(found: list[tuple[float, int, int]]) -> Positions:
    pairs: Positions = []
    old_taken: set[int] = set()
    new_taken: set[int] = set()
    for _, old, new in sorted(found):
        if old not in old_taken and new not in new_taken:
            pairs.append((old, new))
            old_taken.add(old)
            new_taken.add(new)
    return pairs


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
