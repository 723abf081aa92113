"""Tables of words and patterns in the languages of newspapers, from words.txt and phrases.txt, and their matching.

words("feed_type")         the words of a section
entries("agency")          its entries, which may contain spaces
alternatives("today")      its entries as a part of a regular expression: "today|heute|hoy"
"""

import re
from functools import lru_cache
from importlib.resources import files

_SECTION = re.compile(r"^\[(\w+)\]\n((?:(?!\[\w+\]\n|#).*\n)*)", re.MULTILINE)
_TEXTS = (files("newsarchive.extract").joinpath(file).read_text("utf-8") for file in ("words.txt", "phrases.txt"))
_TABLES: dict[str, str] = {name: table for text in _TEXTS for name, table in _SECTION.findall(text)}
_QUANTIFIERS = frozenset("?*+{")
"""Quantifiers of regular expressions: a letter before one of them may be missing or repeated."""


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


def group_by_letter(patterns: list[str]) -> str:
    """Return patterns as one, grouped by first letter, so that a line is matched against a few of two hundred.

    >>> group_by_letter(["read (?:more|also)", "related", "e?mail"])
    'r(?:ead (?:more|also)|elated)|(?:e?mail)'
    """
    by_letter: dict[str, list[str]] = {}
    for pattern in patterns:
        letter = "" if not pattern[0].isalpha() or pattern[1:2] in _QUANTIFIERS else pattern[0]
        by_letter.setdefault(letter, []).append(pattern.removeprefix(letter))
    return "|".join(f"{letter}(?:{'|'.join(rest)})" for letter, rest in by_letter.items())


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


# One line is matched against table after table.
@lru_cache(maxsize=8)
def _lower(text: str) -> str:
    low = text.lower()
    return low if low.isascii() else _fold_letters(low.replace("i\u0307", "i"))


def _fold_letters(text: str) -> str:
    """Replace the Turkish dotless i and the final sigma by their plain forms."""
    return text.replace("ı", "i").replace("ς", "σ")
