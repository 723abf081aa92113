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
_BETWEEN = re.compile(r"\|(?![^(]*\))")  # alternatives, but not those within parentheses
"""The beginning of a pattern: alternatives or a letter that may be missing."""
_SIGNS = re.compile(r"^\W+")
_MAX_LETTERS = 1_000  # first letters of lines that patterns are kept for


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
        return _as_printed(self._pattern.search(_lower(text)), text)


class LinePhrases:
    """Patterns that lines begin with, after white space and signs, ignoring case; `end`: what must follow.

    A line is matched only against those that begin with its first letter: a few of two hundred.
    """

    __slots__ = ("_compiled", "_end", "_groups")

    def __init__(self, patterns: Iterable[str], end: str) -> None:
        self._groups, self._end = group_by_letter(map(_fold_letters, patterns)), end
        self._compiled: dict[str, re.Pattern[str]] = {}

    def match(self, text: str) -> bool:
        """Return whether a line matches from its beginning."""
        low = _lower(text)
        return (self._compiled.get(low[:1]) or self._select(low)).match(low) is not None

    def find(self, text: str) -> str | None:
        """Return the beginning of a line that matches, as it is printed; None for none."""
        low = _lower(text)
        return _as_printed(self._select(low).match(low), text)

    def _select(self, line: str) -> re.Pattern[str]:
        """Return the patterns that begin with the first letter of a line or, if signs precede it, with one of these."""
        key = _find_first_letter(line)
        letter = key.strip()
        pattern = self._compiled.get(key)
        if pattern is None:
            if len(self._compiled) > _MAX_LETTERS:
                self._compiled.clear()
            # A pattern that begins with a backslash begins with a sign or a digit.
            others = [each for each in self._groups.get("", ()) if each[0] != "\\" or not key.isalpha()]
            own = [f"{letter}(?:{'|'.join(self._groups[letter])})"] if letter and letter in self._groups else []
            grouped = "|".join(own + others) or "(?!)"
            pattern = self._compiled[key] = re.compile(rf"\W*(?:{grouped}){self._end}")
        return pattern


def _as_printed(found: re.Match[str] | None, text: str) -> str | None:
    # Lower-casing "İ" changes the length of the text and so the positions: the match is returned in lower case.
    if found is None or len(found.string) != len(text):
        return found and found[0]
    return text[found.start() : found.end()]


# One line is matched against table after table.
@lru_cache(maxsize=8)
def _lower(text: str) -> str:
    low = text.lower()
    return low if low.isascii() else _fold_letters(low.replace("i\u0307", "i"))


@lru_cache(maxsize=8)
def _find_first_letter(line: str) -> str:
    """Return the first letter or digit of a line, after a blank if signs precede it; "" or a blank for none."""
    letter = _SIGNS.sub("", line)[:1]
    return letter if line.startswith(letter) else f" {letter}"


def _fold_letters(text: str) -> str:
    """Replace the Turkish dotless i and the final sigma by their plain forms."""
    return text.replace("ı", "i").replace("ς", "σ")
