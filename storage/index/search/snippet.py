"""Snippets: excerpts of the printed text with the matches marked."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from storage.index.search.query import SearchQuery
from storage.index.text.analyzer import Term, analyze, get_stemmer, split_terms, split_words, stem_variants
from storage.index.views.articles import TextSegment

WIDTH = 240
ELLIPSIS = "\u2026"
_PIECE = re.compile(r"\S+")
_WORD = r"(?<![^\W_]){}(?![^\W_])"


class MatchFinder:
    """Finds the terms of a query in texts."""

    def __init__(self, query: SearchQuery, languages: Iterable[str | None]) -> None:
        spoken = tuple(languages)
        self._words: set[str] = set()
        self._patterns: list[re.Pattern[str]] = []
        self._phrases: list[tuple[re.Pattern[str], ...]] = []
        self._stems: set[str] = set()
        self._forms: list[tuple[str, set[str]]] = []  # of each word its stems
        for leaf in query.leaves:
            if leaf.field == "url":
                continue
            if leaf.is_fuzzy:
                self._patterns.append(match_one_edit(leaf.words[0]))
            elif leaf.typed or leaf.between is not None:
                self._words.update(leaf.words)
                stems = set().union(*(stem_variants(raw, spoken) for raw in leaf.typed))
                self._stems |= stems
                self._forms += [(word, stems) for word in leaf.words]
            elif len(leaf.words) == 1 and leaf.has_wildcard:
                self._patterns.append(match_letters(leaf.words[0]))
            else:
                self._phrases.append(tuple(map(match_letters, leaf.words)))

    def choose_text(self, texts: Sequence[str], language: str | None) -> str:
        """Return the text with most terms, of several the first; a word as it was typed counts twice a form."""
        if self._forms and not (self._phrases or self._patterns):
            for text in texts:  # without folding and stemming, which takes longer than all else
                lowered = text.lower()
                if all(word in lowered and re.search(_WORD.format(word), lowered) for word, _ in self._forms):
                    return text
        best, most = texts[0], 0
        greatest = 2 * len(self._forms) + len(self._phrases) + bool(self._patterns)
        for text in texts:
            if most < greatest and (found := self._count_matches(text, language)) > most:
                best, most = text, found
        return best

    def _count_matches(self, text: str, language: str | None) -> int:
        words, stems = analyze(text, language) if self._forms else (split_words(text), set())
        printed = set(words)
        forms = stems | printed
        found = sum(2 if word in printed else not its.isdisjoint(forms) for word, its in self._forms)
        if self._phrases or self._patterns:
            lines = "\n".join(printed)
            found += sum(phrase[0].search(lines) is not None for phrase in self._phrases)
            found += any(pattern.search(lines) for pattern in self._patterns)
        return found

    def _is_similar(self, word: str) -> bool:
        """Return whether a word matches a pattern, or differs in one letter from a fuzzy word."""
        return any(pattern.fullmatch(word) for pattern in self._patterns)

    def find_spans(self, text: str, language: str | None) -> list[tuple[int, int]]:
        """Return the positions of matches in a text, in order and without overlap."""
        found = list(split_terms(text)) if self._phrases else self._find_candidates(text, language)
        marked = {span for term in found for span in self._in_term(term, language)}
        flat = [(word, *_span_in_term(term, place, 2)) for term in found for place, word in enumerate(term.words)]
        for phrase in self._phrases:
            for at in range(len(flat) - len(phrase) + 1):
                if all(pattern.fullmatch(word) for pattern, (word, _, _) in zip(phrase, flat[at:], strict=False)):
                    marked.add((flat[at][1], flat[at + len(phrase) - 1][2]))
        merged: list[tuple[int, int]] = []
        for start, end in sorted(marked):
            if merged and start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return merged

    def _find_candidates(self, text: str, language: str | None) -> list[Term]:
        """Return the terms of those pieces between white space that have a wanted word or stem, or match a pattern."""
        found: list[Term] = []
        known, wanted = get_stemmer(language), self._words | self._stems
        for match in _PIECE.finditer(text) if self._words or self._patterns else ():
            words, stems = known[match[0]]
            has_form = not (wanted.isdisjoint(words) and self._stems.isdisjoint(stems))
            if has_form or (self._patterns and any(map(self._is_similar, words))):
                at = match.start()
                found += (term._replace(start=at + term.start, end=at + term.end) for term in split_terms(match[0]))
        return found

    def _in_term(self, term: Term, language: str | None) -> Iterable[tuple[int, int]]:
        if term.is_run:
            for place, word in enumerate(term.words):
                if self._is_similar(word):
                    yield _span_in_term(term, place, 1)
            return
        word = term.words[0]
        if (
            word in self._words
            or word in self._stems
            or (self._stems and not self._stems.isdisjoint(get_stemmer(language)[term.raw][1]))
            or self._is_similar(word)
        ):
            yield term.start, term.end


def match_letters(word: str) -> re.Pattern[str]:
    """Return a pattern for a line with a word in which an asterisk stands for any letters."""
    return re.compile(f"^{'.*'.join(map(re.escape, word.split('*')))}$", re.MULTILINE)


@lru_cache(maxsize=64)
def match_one_edit(word: str) -> re.Pattern[str]:
    """Return a pattern for a line with a word, or with one in which a letter is missing, added, replaced or swapped.

    >>> [bool(match_one_edit("tariff").fullmatch(it)) for it in ("tarif", "tarriff", "tarifs", "tairff", "traif")]
    [True, True, True, True, False]
    """
    pattern = ".?"
    for at in range(len(word) - 1, -1, -1):
        letter, rest = re.escape(word[at]), re.escape(word[at + 1 :])
        swapped = "|" + re.escape(word[at + 1]) + letter + re.escape(word[at + 2 :]) if word[at + 1 :] else ""
        pattern = f"(?:{letter}{pattern}|.?{rest}|.{letter}{rest}{swapped})"
    return re.compile(f"^{pattern}$", re.MULTILINE)


def _span_in_term(term: Term, place: int, width: int) -> tuple[int, int]:
    """Return the position of a bigram in a run; for a run whose folding changes its length, the whole run."""
    if not term.is_run or len(term.raw) != len(term.words):
        return term.start, term.end
    start = term.start + place
    return start, min(start + width, term.end)


def split_segments(text: str, spans: Sequence[tuple[int, int]]) -> tuple[TextSegment, ...]:
    """Split a text into segments; those in the spans are matches.

    >>> split_segments("rare earth", [(5, 10)])
    (TextSegment(text='rare ', is_match=False), TextSegment(text='earth', is_match=True))
    """
    segments: list[TextSegment] = []
    at = 0
    for start, end in spans:
        segments += (TextSegment(text[at:start], is_match=False), TextSegment(text[start:end], is_match=True))
        at = end
    segments.append(TextSegment(text[at:], is_match=False))
    return tuple(each for each in segments if each.text)


def make_snippet(paragraphs: Sequence[str], marker: MatchFinder, language: str | None) -> tuple[TextSegment, ...]:
    """Return the paragraph with most matches, cut to WIDTH around the first of them."""
    if not paragraphs:
        return ()
    text = marker.choose_text(paragraphs, language)
    spans = marker.find_spans(text, language)
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
    omitted = (TextSegment(ELLIPSIS, is_match=False),)
    segments = split_segments(text[begin:end], inside)
    return (omitted if begin else ()) + segments + (omitted if end < len(text) else ())
