"""The text analyzer: it splits text into terms; the engine stores, finds and ranks them.

    "Zürich's tariffs: 中国经济"  ->  zurich s tariffs 中国 国经 经济 济      (words, in order: phrases and prefixes)
                                     tariff                                (stems that differ from the words: a set)

A word is a run of letters, marks and digits. It is folded: compatibility forms decomposed, case folded, accents removed
(but not the vowel signs of Indic scripts, which distinguish words). Scripts without spaces between words are split into
overlapping bigrams; the last character of a run is a term too, so that each character begins some term and a search
for one character is a prefix search.
"""

import re
import threading
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

import Stemmer

_CHARACTERS = tomllib.loads(files("storage.index.text").joinpath("characters.toml").read_text("utf-8"))
_MARKS = "".join(
    chr(point)
    for first, last in _CHARACTERS["marks"]
    for point in range(first, last + 1)
    if unicodedata.category(chr(point)).startswith("M")
)
_UNSPACED = "".join(f"{chr(first)}-{chr(last)}" for first, last in _CHARACTERS["unspaced"])
_JOINERS = "\u00ad\u200b-\u200d\u2060\ufeff"
_TOKEN = re.compile(
    rf"[A-Za-z]\.(?:[A-Za-z]\.)+(?![^\W_])"
    rf"|(?:[^\W_{_UNSPACED}]|[{_MARKS}])(?:[^\W_{_UNSPACED}]|[{_MARKS}{_JOINERS}])*"
    rf"|[{_UNSPACED}][{_UNSPACED}{_MARKS}]*"
)
_ASCII_TOKEN = re.compile(r"[A-Za-z]\.(?:[A-Za-z]\.)+(?![A-Za-z0-9])|[A-Za-z0-9]+")
"""The same in ASCII text, four times as fast."""
_RUN = re.compile(f"[{_UNSPACED}]")
_CLUSTER = re.compile(rf"[^{_MARKS}][{_MARKS}]*")
_DROPPED = re.compile(f"[{_JOINERS}\u0640]|(?![A-Za-z0-9])[\x00-\x7f]")
"""Invisible joiners, the Arabic tatweel, the dots of U.S., and what NFKC gives beside letters: ⑴ becomes (1)."""
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th",
                          "ŀ": "l", "ŧ": "t", "ĸ": "k"})  # fmt: skip
"""Letters that Unicode does not decompose and people type without their strokes."""

_REMEMBERED = 30_000
LONGEST_TERM = 80

GONE = "-"
"""Marks the hash of a term that no later text has."""
SHARED = "?"
"""Marks the hash of a term that no later text has, but of another term of the text that one has."""
MOVED = "+"
"""Marks the hash of a term that only the next text's headline or dek lacks."""
ADDED = "*"
"""Marks the hash of a term that the next text has, and the text itself lacks."""
_STEMMERS = tomllib.loads(files("storage.index.text").joinpath("stemmers.toml").read_text("utf-8"))


class Term(NamedTuple):
    """One term of a text with its position."""

    words: tuple[str, ...]
    """Folded; several (bigrams) for a run of an unspaced script."""
    is_run: bool
    start: int
    end: int
    raw: str


def split_terms(text: str) -> Iterator[Term]:
    """Yield the terms of a text in order, with their positions.

    >>> [term.words for term in split_terms("Zürich's U.S. 中国经")]
    [('zurich',), ('s',), ('us',), ('中国', '国经', '经')]
    """
    for match in (_ASCII_TOKEN if text.isascii() else _TOKEN).finditer(text):
        raw = match[0]
        is_run = _RUN.match(raw) is not None
        words = _bigrams(raw) if is_run else (fold_word(raw),)
        if words and words[0]:
            yield Term(words, is_run, match.start(), match.end(), raw)


def analyze(text: str, language: str | None) -> tuple[list[str], set[str]]:
    """Return the words of a text in order, and the stems that differ from their words.

    >>> analyze("The tariffs", "en")
    (['the', 'tariffs'], {'tariff'})
    """
    words: list[str] = []
    stems: list[str] = []
    known = get_stemmer(language)
    # No token contains white space, and most pieces between it are in the cache.
    for of_piece, its_stems in map(known.__getitem__, text.split()):
        words += of_piece
        stems += its_stems
    return words, set(stems)


def split_words(text: str) -> list[str]:
    """Return the words of a text in order, without stems, which take most of the time.

    >>> split_words("The U.S. tariffs")
    ['the', 'us', 'tariffs']
    """
    if not text.isascii():
        return analyze(text, None)[0]
    return [word.replace(".", "")[:LONGEST_TERM] for word in _ASCII_TOKEN.findall(text.lower())]


@lru_cache(maxsize=65536)
def fold_word(word: str) -> str:
    """Return a word without compatibility forms, case and accents.

    >>> fold_word("ZÜRICH"), fold_word("Łódź"), fold_word("Straße"), fold_word("ﬁlm")
    ('zurich', 'lodz', 'strasse', 'film')
    """
    return _strip_accents(_lower(word))[:LONGEST_TERM]


def fold_text(text: str) -> str:
    """Return the folded words of a short text, separated by single spaces.

    >>> fold_text(" Ökonomie  & Märkte ")
    'okonomie markte'
    """
    return " ".join(fold_word(term.raw) for term in split_terms(text))


class _StemCache(dict[str, tuple[tuple[str, ...], tuple[str, ...]]]):
    """Words and stems by the text between two spaces, for one language. Filled on demand.

    Stemmers need the accents, so stems are taken before accents are removed.
    """

    def __init__(self, algorithm: str | None) -> None:
        super().__init__()
        self._algorithm = algorithm
        self._own = threading.local()  # stemmer objects are not thread-safe

    def __missing__(self, piece: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        words: list[str] = []
        stems: list[str] = []
        is_ascii = piece.isascii()
        for raw in (_ASCII_TOKEN if is_ascii else _TOKEN).findall(piece):
            if not is_ascii and _RUN.match(raw):
                words += _bigrams(raw)
            elif word := fold_word(raw):
                words.append(word)
                stem = self.stem(raw)
                if stem and stem != word:
                    stems.append(stem)
        entry = tuple(words), tuple(stems)
        if len(piece) <= LONGEST_TERM:
            if len(self) > _REMEMBERED:
                self.clear()
            self[piece] = entry
        return entry

    def stem(self, word: str) -> str:
        """Return the stem of a word, folded."""
        if self._algorithm is None and not word.isascii():
            return fold_word(word)
        try:
            stemmer = self._own.stemmer
        except AttributeError:
            # In texts without a known language or stemmer, words in Latin script are mostly English.
            stemmer = self._own.stemmer = Stemmer.Stemmer(self._algorithm or "english", 0)
        return _strip_accents(stemmer.stemWord(_lower(word)))[:LONGEST_TERM]


_stem_cache = lru_cache(maxsize=64)(_StemCache)


def get_stemmer(language: str | None) -> _StemCache:
    """Return the stemmer of a language (primary subtag).

    >>> get_stemmer("de").stem("Häuser"), get_stemmer("zh").stem("tariffs")
    ('haus', 'tariff')
    """
    return _stem_cache(_STEMMERS.get(language or ""))


def stem_variants(word: str, languages: Iterable[str | None]) -> set[str]:
    """Return the stems that a word has in any of these languages.

    >>> sorted(stem_variants("tariffs", ["en", "zh"]))
    ['tariff']
    """
    return {get_stemmer(language).stem(word) for language in languages}


@lru_cache(maxsize=65_536)
def hash_term(term: str) -> str:
    """Return one of a million values for a term: they take up less space than the terms."""
    return f"{crc32(term.encode()) & 0xFFFFF:x}"


def _lower(word: str) -> str:
    if word.isascii():
        return word.lower().replace(".", "")
    return unicodedata.normalize("NFC", _DROPPED.sub("", unicodedata.normalize("NFKC", word).casefold()))


def _strip_accents(word: str) -> str:
    if word.isascii():
        return word
    apart = unicodedata.normalize("NFD", word.translate(_LETTERS))
    # Combining classes: 1-6 overlays, 10-36 Hebrew and Arabic points, from 200 on marks above and below.
    # Others (nukta, virama, kana voicing, Thai and Tibetan vowels) are part of the letter.
    classes = ((char, unicodedata.combining(char)) for char in apart)
    kept = (char for char, place in classes if not (1 <= place <= 6 or 10 <= place <= 36 or place >= 200))
    return unicodedata.normalize("NFC", "".join(kept))


@lru_cache(maxsize=16384)
def _bigrams(run: str) -> tuple[str, ...]:
    characters = _CLUSTER.findall(_strip_accents(_lower(run)))
    if not characters:
        return ()
    return (*(first + second for first, second in pairwise(characters)), characters[-1])
