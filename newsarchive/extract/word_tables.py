"""Tables of words and patterns in the languages of newspapers, from words.txt and phrases.txt, and their matching.

words("feed_type")         the words of a section
entries("agency")          its entries, which may contain spaces
alternatives("today")      its entries as a part of a regular expression: "today|heute|hoy"
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from itertools import chain

_SECTION = re.compile(r"^\[(\w+)\]\n((?:(?!\[\w+\]\n|#).*\n)*)", re.MULTILINE)
_TEXTS = (files("newsarchive.extract").joinpath(file).read_text("utf-8") for file in ("words.txt", "phrases.txt"))
_TABLES: dict[str, str] = {name: table for text in _TEXTS for name, table in _SECTION.findall(text)}
_QUANTIFIERS = frozenset("?*+{")
"""Quantifiers of regular expressions: a letter before one of them may be missing or repeated."""
_START = re.compile(r"(?:\(\?:((?:[^()]|\([^()]*\))*)\)|(\w)(?=\?))(?:(\?)|(?![?*+{]))(.*)")
"""The beginning of a pattern: alternatives or a letter that may be missing."""
_BETWEEN = re.compile(r"\|(?![^(]*\))")  # alternatives, but not those within parentheses
_LITERAL = re.compile(r"[\w ]*(?![?*+{])")  # all matches begin with it
_SIGNS = re.compile(r"^\W+")
_MAX_SIGNS = 8  # before a pattern that may begin with signs
# Greek capitals are printed without accents, and Indian letters with a nukta often without it, as two signs or as one.
_FOLDED = str.maketrans(
    "ıςάέήίϊΐόύϋΰώ\u0958\u0959\u095a\u095b\u095c\u095d\u095e\u095f\u09dc\u09dd\u09df",
    "iσαεηιιιουυυωकखगजडढफयডঢয",
    "\u093c\u09bc",
)


def table_lines(name: str) -> list[str]:
    """Return the lines of a section."""
    return _TABLES[name].strip().splitlines()


def words(name: str) -> tuple[str, ...]:
    """Return the words of a section, which are separated by white space."""
    return tuple(_TABLES[name].split())


def entries(name: str) -> list[str]:
    """Return the entries of a section: one per line, or several separated by " / "."""
    return [entry for line in table_lines(name) for entry in line.strip().split(" / ") if entry]


def alternatives(name: str) -> str:
    """Return the entries of a section as the alternatives of a regular expression."""
    return "|".join(entries(name))


def group_by_letter(patterns: Iterable[str]) -> dict[str, list[str]]:
    """Return what follows the first letter in each pattern, by that letter; under "" whole patterns without one.

    >>> group_by_letter(["read (?:more|also)", "(?:my )?rss", "e?mail", "[0-9]+ replies"])
    {'r': ['ead (?:more|also)', 'ss'], 'm': ['y rss', 'ail'], 'e': ['mail'], '': ['[0-9]+ replies']}
    """
    groups: dict[str, list[str]] = {}
    for pattern in chain.from_iterable(map(_expand_start, patterns)):
        letter = pattern[0] if pattern[0].isalpha() and pattern[1:2] not in _QUANTIFIERS else ""
        groups.setdefault(letter, []).append(pattern.removeprefix(letter))
    return groups


def _expand_start(pattern: str) -> Iterator[str]:
    """Yield a pattern once with each of the alternatives that it begins with."""
    start = _START.fullmatch(pattern)
    options = _BETWEEN.split(start[1] or start[2]) + [""] * bool(start[3]) if start else ()
    if start is None or not all(rests := [option + start[4] for option in options]):
        yield pattern
        return
    for rest in rests:
        yield from _expand_start(rest)


class Phrases:
    """Patterns of short lines, ignoring case.

    Matched in lower case, because re.IGNORECASE takes ten times as long, for each line of each page.
    """

    __slots__ = ("_pattern",)

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(_fold_letters(pattern))

    def match(self, text: str) -> bool:
        """Return whether a line matches from its beginning."""
        return self._pattern.match(_lower(text)) is not None

    def search(self, text: str) -> bool:
        """Return whether a line contains a match."""
        return self._pattern.search(_lower(text)) is not None

    def find(self, text: str) -> str | None:
        """Return the first match as it is printed in the text; None for none.

        >>> Phrases("abone ol").find("Okumak için ABONE OL!")
        'ABONE OL'
        """
        low = _lower(text)
        found = self._pattern.search(low)
        if found is None:
            return None
        # Lower-casing "İ" changes the length of the text and so the positions: the match is returned in lower case.
        return text[found.start() : found.end()] if len(low) == len(text) else found[0]


class LinePhrases:
    """Patterns that lines begin with, after white space and signs, ignoring case; `end`: what must follow.

    Of two hundred patterns, only those with the first letter of a line are compiled and matched, and only if the line
    begins like one of them.
    """

    __slots__ = ("_compiled", "_end", "_groups", "_others", "_starts")

    def __init__(self, patterns: Iterable[str], end: str) -> None:
        self._groups, self._end = group_by_letter(map(_fold_letters, patterns)), end
        others = "|".join(self._groups.pop("", ()))
        self._others = re.compile(rf"\W*(?:{others}){end}") if others else None
        self._starts = {
            letter: tuple({letter + _LITERAL.findall(rest)[0] for rest in rests})
            for letter, rests in self._groups.items()
        }
        self._compiled: dict[str, re.Pattern[str]] = {}

    def match(self, text: str) -> bool:
        """Return whether a line matches from its beginning."""
        return self.find_match(text) is not None

    def find(self, text: str) -> str | None:
        """Return the beginning of a line up to the end of its match, as it is printed; None for none."""
        found = self.find_match(text)
        if found is None:
            return None
        low = _lower(text)
        end = len(low) - len(found.string) + found.end()
        return text[:end] if len(low) == len(text) else low[:end]

    def find_match(self, text: str) -> re.Match[str] | None:
        """Return the match of a line in lower case, or of that line without the signs before it; None for none."""
        low, line = _lower_line(text)
        letter = line[:1]
        if line.startswith(self._starts.get(letter, ())):
            if letter not in self._compiled:
                rests = "|".join(self._groups[letter])
                self._compiled[letter] = re.compile(f"{letter}(?:{rests}){self._end}")
            if found := self._compiled[letter].match(line):
                return found
        return self._others.match(low) if self._others is not None else None


# One line is matched against table after table.
@lru_cache(maxsize=8)
def _lower(text: str) -> str:
    low = text.lower()
    return low if low.isascii() else _fold_letters(low.replace("i\u0307", "i"))


@lru_cache(maxsize=8)
def _lower_line(text: str) -> tuple[str, str]:
    """Return a line in lower case from the last signs before its first letter or digit, and from that."""
    low = _lower(text)
    if low[:1].isalnum():
        return low, low
    line = _SIGNS.sub("", low)
    return low[max(0, len(low) - len(line) - _MAX_SIGNS) :], line


def _fold_letters(text: str) -> str:
    """Replace dotless i, final sigma, and letters with a Greek accent or an Indian nukta by their plain forms."""
    return text if text.isascii() else text.translate(_FOLDED)
