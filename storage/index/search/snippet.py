"""Snippets: what a search found, cut and marked in the real text."""

from collections.abc import Iterable, Sequence

from storage.index.search.query import Leaf, Query
from storage.index.text.analyzer import Term, analyse, stems_in, terms
from storage.index.views.articles import Segment

WIDTH = 240
ELLIPSIS = "\u2026"


class Marker:
    """Finds a query's leaves in texts."""

    def __init__(self, query: Query, languages: Iterable[str | None]) -> None:
        spoken = tuple(languages)
        self._words: set[str] = set()
        self._prefixes: list[str] = []
        self._phrases: list[Leaf] = []
        self._stems: set[str] = set()
        for leaf in query.leaves:
            if leaf.raws:
                self._words.update(leaf.words)
                for raw in leaf.raws:
                    self._stems |= stems_in(raw, spoken)
            elif len(leaf.words) == 1 and leaf.is_prefix:
                self._prefixes.append(leaf.words[0])
            else:
                self._phrases.append(leaf)

    def count(self, text: str, language: str | None) -> int:
        """How much of what was looked for a text seems to have; quickly, without looking where."""
        words, stems = analyse(text, language)
        printed = set(words)
        found = len(self._words & printed) + len(self._stems & (stems | printed))
        found += sum(leaf.words[0] in printed for leaf in self._phrases)
        if self._prefixes:
            prefixes = tuple(self._prefixes)
            found += any(word.startswith(prefixes) for word in printed)
        return found

    def spans(self, text: str, language: str | None) -> list[tuple[int, int]]:
        """Where the text has what was looked for: in order, without overlap."""
        found = list(terms(text))
        marked: set[tuple[int, int]] = set()
        for term in found:
            marked.update(self._in_term(term, language))
        for leaf in self._phrases:
            marked.update(_phrase(found, leaf))
        return _merged(marked)

    def _in_term(self, term: Term, language: str | None) -> Iterable[tuple[int, int]]:
        if term.is_run:
            starts = tuple(prefix for prefix in self._prefixes if len(prefix) == 1)
            for place, word in enumerate(term.words):
                if starts and word.startswith(starts):
                    yield _within(term, place, 1)
            return
        word = term.words[0]
        if (
            word in self._words
            or word in self._stems
            or (self._stems and not self._stems.isdisjoint(stems_in(term.raw, [language])))
            or word.startswith(tuple(self._prefixes))
        ):
            yield term.start, term.end


def _phrase(found: Sequence[Term], leaf: Leaf) -> Iterable[tuple[int, int]]:
    flat = [(word, *_within(term, place, 2)) for term in found for place, word in enumerate(term.words)]
    length = len(leaf.words)
    for at in range(len(flat) - length + 1):
        words = tuple(word for word, _, _ in flat[at : at + length])
        if words == leaf.words or (
            leaf.is_prefix and words[:-1] == leaf.words[:-1] and words[-1].startswith(leaf.words[-1])
        ):
            yield flat[at][1], flat[at + length - 1][2]


def _within(term: Term, place: int, width: int) -> tuple[int, int]:
    """Where a pair of a run stands; for a run whose characters fold to others, the whole run."""
    if not term.is_run:
        return term.start, term.end
    if len(term.raw) != len(term.words):
        return term.start, term.end
    start = term.start + place
    return start, min(start + width, term.end)


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def mark(text: str, spans: Sequence[tuple[int, int]]) -> tuple[Segment, ...]:
    """A text in pieces, those in the spans marked.

    >>> mark("rare earth", [(5, 10)])
    (Segment(text='rare ', is_match=False), Segment(text='earth', is_match=True))
    """
    segments: list[Segment] = []
    at = 0
    for start, end in spans:
        if start > at:
            segments.append(Segment(text[at:start], is_match=False))
        segments.append(Segment(text[start:end], is_match=True))
        at = end
    if at < len(text):
        segments.append(Segment(text[at:], is_match=False))
    return tuple(segments)


def snippet(paragraphs: Sequence[str], marker: Marker, language: str | None) -> tuple[Segment, ...]:
    """The paragraph that has most of what was looked for, cut to size around its first match."""
    if not paragraphs:
        return ()
    best = max(paragraphs, key=lambda paragraph: marker.count(paragraph, language))
    return _cut(best, marker.spans(best, language))


def _cut(text: str, spans: Sequence[tuple[int, int]]) -> tuple[Segment, ...]:
    begin = 0
    if len(text) > WIDTH and spans:
        begin = max(0, min(spans[0][0] - WIDTH // 3, len(text) - WIDTH))
        space = text.find(" ", begin, spans[0][0])
        begin = space + 1 if begin and space >= 0 else begin
    end = begin + WIDTH
    if end < len(text):
        space = text.rfind(" ", begin + WIDTH // 2, end)
        end = space if space > 0 else end
    inside = [(max(start, begin) - begin, min(stop, end) - begin) for start, stop in spans if begin <= start < end]
    segments = mark(text[begin:end], inside)
    before = (Segment(ELLIPSIS, is_match=False),) if begin else ()
    after = (Segment(ELLIPSIS, is_match=False),) if end < len(text) else ()
    return before + segments + after
