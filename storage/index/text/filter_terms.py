"""What a document is beside its words, as further terms of the inverted index: so a filter is part of its question.

    s3fa90c11                         its site, by a sum over the name
    len                               its language
    a82600 b10325 c1290 d161 e20      its day since 1800, and the 8, 64, 512 and 4096 days that it lies in
    n90c153fa n1d0a6e21               its authors, tags and section, by sums over the names
    r1 r2                             one in 4 has the first of these, one in 16 the second ...: they stand for all

Nothing in them is a surrogate key: a rebuild makes the same. Two names may have the same sum, so what a mark finds is
looked at once more. SQLite, whose index tells names from text by itself, is asked for the first two alone.
"""

import re
from binascii import crc32
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import islice

from storage.index.text.docids import BEGIN, dated

SIGN = "\ue000"
"""Stands before a mark among the words of SQLite's index: no text has it in a word."""
_LEVELS = "abcde"
_BITS = 3
_DAY = timedelta(days=1)
_SUBTAG = re.compile(r"[a-z0-9]{1,8}")
_MOST_THINNED = 8
_MOST_NAMES = 200
"""Of one document."""


def marks_of(doc_id: int, site: str, language: str | None, headline: str, names: Iterable[str] = ()) -> list[str]:
    """The marks of a document.

    >>> marks_of(4200 << 29, "news", "en", "Steel", ["Ada Berg"])
    ['s1dd39950', 'len', 'a0', 'b0', 'c0', 'd0', 'e0', 'n4c5bf0e5']
    """
    day = day_of_key(doc_id)
    drawn = crc32(f"{doc_id >> 29} {site} {headline}".encode("utf-8", "replace"))
    return [
        of_site(site),
        *of_language(language),
        *(f"{level}{day >> _BITS * place}" for place, level in enumerate(_LEVELS)),
        *dict.fromkeys(of_name(name) for name in islice(names, _MOST_NAMES) if name),
        *(f"r{often}" for often in range(1, _MOST_THINNED + 1) if drawn % 4**often == 0),
    ]


def of_site(name: str) -> str:
    """The mark of a site."""
    return f"s{_sum(name)}"


def of_language(language: str | None) -> tuple[str, ...]:
    """The mark of a language; of what is no subtag, a sum over it, which is longer than any."""
    if language is None:
        return ()
    return (f"l{language}" if _SUBTAG.fullmatch(language) else f"lx{_sum(language)}",)


def of_name(name: str) -> str:
    """The mark of an author, tag or section, as printed."""
    return f"n{_sum(name)}"


def _sum(text: str) -> str:
    return f"{crc32(text.encode('utf-8', 'replace')):08x}"


def among_words(marks: str) -> str:
    """Those of a document's marks that SQLite's index gets: its keys are in the order of days, and skip by themselves.

    >>> among_words("s3fa90c11 len a82600 r1") == f"{SIGN}s3fa90c11 {SIGN}len"
    True
    """
    return " ".join(SIGN + mark for mark in marks.split() if mark[0] in "sl")


def day_of_key(doc_id: int) -> int:
    """The day of a document's key, from 1800 on."""
    return (dated(doc_id) - BEGIN) // _DAY


def days_between(first: int, last: int) -> list[str]:
    """Few marks that together mean all days from one to another.

    >>> days_between(6, 24), days_between(5, 5), days_between(9, 8)
    (['a6', 'a7', 'b1', 'b2', 'a24'], ['a5'], [])
    """
    begin, behind = first, last + 1
    before: list[str] = []
    after: list[str] = []
    for level in _LEVELS:
        is_last = level == _LEVELS[-1]
        while begin < behind and (begin % (1 << _BITS) or is_last):
            before.append(f"{level}{begin}")
            begin += 1
        while begin < behind and behind % (1 << _BITS):
            behind -= 1
            after.append(f"{level}{behind}")
        begin, behind = begin >> _BITS, behind >> _BITS
    return [*before, *reversed(after)]


def thinned(versions: int, most: int) -> tuple[Sequence[str], float]:
    """The mark of so few of so many versions, at most, and what part of all they are; no mark where all are few.

    >>> thinned(1000, 2000), thinned(600_000, 40_000)
    (((), 1.0), (('r2',), 0.0625))
    """
    often = next((often for often in range(_MOST_THINNED) if versions <= most * 4**often), _MOST_THINNED)
    return ((f"r{often}",) if often else ()), 4.0**-often
