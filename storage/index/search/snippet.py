"""Snippets: excerpts of the printed text with the matches marked."""

from collections.abc import Iterable, Sequence

from storage.index.search.query import SearchQuery, SearchTerm
from storage.index.text.analyzer import Term, analyze, split_terms, stem_variants
from storage.index.views.articles import TextSegment

WIDTH = 240
ELLIPSIS = "\u2026"


class MatchFinder:
    """Finds the terms of a query in texts."""

    def __init__(self, query: SearchQuery, languages: Iterable[str | None]) -> None:
        spoken = tuple(languages)
        self._words: set[str] = set()
        self._prefixes: list[str] = []
        self._phrases: list[SearchTerm] = []
        self._stems: set[str] = set()
        for leaf in query.leaves:
            if leaf.typed:
                self._words.update(leaf.words)
                for raw in leaf.typed:
                    self._stems |= stem_variants(raw, spoken)
            elif len(leaf.words) == 1 and leaf.is_prefix:
                self._prefixes.append(leaf.words[0])
            else:
                self._phrases.append(leaf)

    def count_matches(self, text: str, language: str | None) -> int:
        """Estimate how many terms a text contains, without their positions."""
        words, stems = analyze(text, language)
        printed = set(words)
        found = len(self._words & printed) + len(self._stems & (stems | printed))
        found += sum(leaf.words[0] in printed for leaf in self._phrases)
        if self._prefixes:
            prefixes = tuple(self._prefixes)
            found += any(word.startswith(prefixes) for word in printed)
        return found

    def find_spans(self, text: str, language: str | None) -> list[tuple[int, int]]:
        """Return the positions of matches in a text, in order and without overlap."""
        found = list(split_terms(text))
        marked: set[tuple[int, int]] = set()
        for term in found:
            marked.update(self._in_term(term, language))
        for leaf in self._phrases:
            marked.update(_find_phrase(found, leaf))
        return _merge_spans(marked)

    def _in_term(self, term: Term, language: str | None) -> Iterable[tuple[int, int]]:
        if term.is_run:
            starts = tuple(prefix for prefix in self._prefixes if len(prefix) == 1)
            for place, word in enumerate(term.words):
                if starts and word.startswith(starts):
                    yield _span_in_term(term, place, 1)
            return
        word = term.words[0]
        if (
            word in self._words
            or word in self._stems
            or (self._stems and not self._stems.isdisjoint(stem_variants(term.raw, [language])))
            or word.startswith(tuple(self._prefixes))
        ):
            yield term.start, term.end


def _find_phrase(found: Sequence[Term], leaf: SearchTerm) -> Iterable[tuple[int, int]]:
    flat = [(word, *_span_in_term(term, place, 2)) for term in found for place, word in enumerate(term.words)]
    length = len(leaf.words)
    for at in range(len(flat) - length + 1):
        words = tuple(word for word, _, _ in flat[at : at + length])
        if words == leaf.words or (
            leaf.is_prefix and words[:-1] == leaf.words[:-1] and words[-1].startswith(leaf.words[-1])
        ):
            yield flat[at][1], flat[at + length - 1][2]


def _span_in_term(term: Term, place: int, width: int) -> tuple[int, int]:
    """Return the position of a bigram in a run; for a run whose folding changes its length, the whole run."""
    if not term.is_run:
        return term.start, term.end
    if len(term.raw) != len(term.words):
        return term.start, term.end
    start = term.start + place
    return start, min(start + width, term.end)


def _merge_spans(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def split_segments(text: str, spans: Sequence[tuple[int, int]]) -> tuple[TextSegment, ...]:
    """Split a text into segments; those in the spans are matches.

    >>> split_segments("rare earth", [(5, 10)])
    (TextSegment(text='rare ', is_match=False), TextSegment(text='earth', is_match=True))
    """
    segments: list[TextSegment] = []
    at = 0
    for start, end in spans:
        if start > at:
            segments.append(TextSegment(text[at:start], is_match=False))
        segments.append(TextSegment(text[start:end], is_match=True))
        at = end
    if at < len(text):
        segments.append(TextSegment(text[at:], is_match=False))
    return tuple(segments)


def make_snippet(paragraphs: Sequence[str], marker: MatchFinder, language: str | None) -> tuple[TextSegment, ...]:
    """Return the paragraph with most matches, cut to WIDTH around the first of them."""
    if not paragraphs:
        return ()
    best = max(paragraphs, key=lambda paragraph: marker.count_matches(paragraph, language))
    return _cut_to_width(best, marker.find_spans(best, language))


def _cut_to_width(text: str, spans: Sequence[tuple[int, int]]) -> tuple[TextSegment, ...]:
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
    segments = split_segments(text[begin:end], inside)
    before = (TextSegment(ELLIPSIS, is_match=False),) if begin else ()
    after = (TextSegment(ELLIPSIS, is_match=False),) if end < len(text) else ()
    return before + segments + after
