"""What changed between two versions of an article: paragraphs matched first, then words within them.

    same text --------> pairs, the k-th time it is printed with the k-th
    what is left -----> pairs whose words are mostly the same
    all pairs --------> the heaviest chain that keeps both orders; pairs outside it were moved

Work grows with the texts' length, not with its square: an article may be made to have thousands of equal paragraphs.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from newsarchive.diff.word_diff import Change, Effort, Piece, changes, likeness

__all__ = ["Change", "Line", "Pair", "Piece", "align", "compare"]

REWRITTEN = 0.5
"""Share of words in common from which on a paragraph counts as rewritten, not as replaced."""
MOVED = 0.7
"""The same for a paragraph that stands among others now."""
_IN_PLACE = 0.15
_COMMON = 20
"""A word that more of the older paragraphs have says little about which of them is meant."""
_CANDIDATES = 4
_WORDS = 400
"""Of a paragraph, that partners are looked for by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A paragraph's place in both versions; None in one of them where it is new or gone."""

    older: int | None
    newer: int | None
    moved: bool = False
    """True where it stands among other paragraphs than before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One paragraph in the comparison, in the order of the newer version."""

    pieces: tuple[Piece, ...]
    moved: bool = False
    """True where it stands among other paragraphs than before."""

    @property
    def changed(self) -> bool:
        """True where any of it is new or gone, or where it was moved."""
        return self.moved or any(piece.change is not Change.SAME for piece in self.pieces)


def compare(older: Sequence[str], newer: Sequence[str]) -> tuple[Line, ...]:
    """Compare two texts given as paragraphs.

    >>> [line.changed for line in compare(["One.", "Two."], ["One.", "Two!"])]
    [False, True]
    """
    effort = Effort()
    lines: list[Line] = []
    for pair in align(older, newer):
        if pair.older is None:
            lines.append(_whole(Change.ADDED, newer[pair.newer or 0]))
        elif pair.newer is None:
            lines.append(_whole(Change.REMOVED, older[pair.older]))
        else:
            pieces = changes(older[pair.older], newer[pair.newer], effort)
            lines.append(Line(pieces=pieces, moved=pair.moved))
    return tuple(lines)


def _whole(change: Change, text: str) -> Line:
    return Line(pieces=(Piece(change=change, text=text),))


def align(older: Sequence[str], newer: Sequence[str]) -> tuple[Pair, ...]:
    """Match paragraphs, in the order of the newer text; what is gone stands where it was, before what came there."""
    matched = _same(older, newer)
    in_place = _chain(matched, older)
    matched += _rewritten(older, newer, matched, in_place)
    matched.sort(key=itemgetter(1))
    return tuple(_in_order(len(older), len(newer), matched, _chain(matched, older)))


Places = list[tuple[int, int]]


def _same(older: Sequence[str], newer: Sequence[str]) -> Places:
    """Paragraphs with the same text, the k-th of the older with the k-th of the newer version; in the newer order."""
    places: dict[str, list[int]] = defaultdict(list)
    for at, text in enumerate(older):
        places[text].append(at)
    used: Counter[str] = Counter()
    pairs: Places = []
    for at, text in enumerate(newer):
        if used[text] < len(places.get(text, ())):
            pairs.append((places[text][used[text]], at))
            used[text] += 1
    return pairs


def _chain(pairs: Places, older: Sequence[str]) -> Places:
    """The pairs, of those in the newer order, that keep the older order too and have most text together."""
    weights = [0] * (len(older) + 1)
    ends: list[int] = [-1] * (len(older) + 1)
    before: list[int] = []
    # A Fenwick tree over places in the older version: the heaviest chain that ends before a place.
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
    chain: Places = []
    number = heaviest[1]
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]


def _rewritten(older: Sequence[str], newer: Sequence[str], matched: Places, in_place: Places) -> Places:
    """Pairs of paragraphs without a partner whose words are mostly the same, the likest first."""
    taken_old, taken_new = {old for old, _ in matched}, {new for _, new in matched}
    old_words = {at: Counter(likeness(text)) for at, text in enumerate(older) if at not in taken_old}
    bearers: dict[str, list[int]] = defaultdict(list)
    for at, words in old_words.items():
        for word in list(words)[:_WORDS]:
            bearers[word].append(at)
    anchors_old, anchors_new = [old for old, _ in in_place], [new for _, new in in_place]
    gaps: dict[int, list[int]] = defaultdict(list)
    for at in old_words:
        gaps[bisect_left(anchors_old, at)].append(at)
    place: Counter[int] = Counter()
    found: list[tuple[float, int, int]] = []
    for at, text in enumerate(newer):
        if at in taken_new:
            continue
        words = Counter(likeness(text))
        gap = bisect_left(anchors_new, at)
        same_place = gaps[gap][place[gap] : place[gap] + 1]
        place[gap] += 1
        for candidate in {*same_place, *_candidates(words, bearers)}:
            stays = bisect_left(anchors_old, candidate) == gap
            alike = _alike(old_words[candidate], words)
            if alike >= (REWRITTEN if stays else MOVED):
                found.append((-alike - (_IN_PLACE if stays else 0.0), candidate, at))
    return _best(found)


def _candidates(words: Counter[str], bearers: Mapping[str, Sequence[int]]) -> list[int]:
    shared: Counter[int] = Counter()
    for word in list(words)[:_WORDS]:
        of_word = bearers.get(word, ())
        if len(of_word) <= _COMMON:
            shared.update(of_word)
    return [at for at, _ in shared.most_common(_CANDIDATES)]


def _alike(one: Counter[str], other: Counter[str]) -> float:
    return 2 * (one & other).total() / (one.total() + other.total())


def _best(found: list[tuple[float, int, int]]) -> Places:
    pairs: Places = []
    old_taken: set[int] = set()
    new_taken: set[int] = set()
    for _, old, new in sorted(found):
        if old not in old_taken and new not in new_taken:
            pairs.append((old, new))
            old_taken.add(old)
            new_taken.add(new)
    return pairs


def _in_order(olds: int, news: int, matched: Places, in_place: Places) -> list[Pair]:
    partners = {new: old for old, new in matched}
    held = {old for old, _ in matched}
    staying = {new for _, new in in_place}
    lines: list[Pair] = []
    told = begin = 0
    for old_end, new_end in [*in_place, (olds, news)]:
        lines += [Pair(older=old, newer=None) for old in range(told, old_end) if old not in held]
        for new in range(begin, min(new_end + 1, news)):
            old = partners.get(new)
            lines.append(Pair(older=old, newer=new, moved=old is not None and new not in staying))
        told, begin = old_end, new_end + 1
    return lines
