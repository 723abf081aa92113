"""Filter terms: properties of a document as terms of the inverted index, so that it can evaluate filters too.

    s3fa90c11                         site, a checksum of its name
    len                               language
    a82600 b10325 c1290 d161 e20      day since 1800, and the blocks of 8, 64, 512 and 4096 days that it is in
    n90c153fa n1d0a6e21               authors, tags and section, checksums of the names
    r1 r2                             sample: one document in 4 has the first of these, one in 16 the second ...

They contain no surrogate keys, so a rebuild makes the same terms. Two names may have the same checksum, so matches are
checked once more. SQLite's index has columns, which tell names from text: it gets the first two kinds only.
"""

import re
from binascii import crc32
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import islice

from storage.index.text.docids import EPOCH, doc_id_time

TERM_PREFIX = "\ue000"
"""Prefix of a filter term in SQLite's index: no word of a text contains it."""
_LEVELS = "abcde"
_BITS_PER_LEVEL = 3
_DAY = timedelta(days=1)
_SUBTAG = re.compile(r"[a-z0-9]{1,8}")
_MAX_SAMPLE_LEVEL = 8
_MAX_NAMES = 200
"""Names of one document."""


def build_filter_terms(
    doc_id: int, site: str, language: str | None, headline: str, names: Iterable[str] = ()
) -> list[str]:
    """Return the filter terms of a document.

    >>> build_filter_terms(4200 << 29, "news", "en", "Steel", ["Ada Berg"])
    ['s1dd39950', 'len', 'a0', 'b0', 'c0', 'd0', 'e0', 'n4c5bf0e5']
    """
    day = doc_id_day(doc_id)
    drawn = crc32(f"{doc_id >> 29} {site} {headline}".encode("utf-8", "replace"))
    return [
        site_term(site),
        *language_terms(language),
        *(f"{level}{day >> _BITS_PER_LEVEL * place}" for place, level in enumerate(_LEVELS)),
        *dict.fromkeys(name_term(name) for name in islice(names, _MAX_NAMES) if name),
        *(f"r{often}" for often in range(1, _MAX_SAMPLE_LEVEL + 1) if drawn % 4**often == 0),
    ]


def site_term(name: str) -> str:
    """Return the term of a site."""
    return f"s{_checksum(name)}"


def language_terms(language: str | None) -> tuple[str, ...]:
    """Return the term of a language; for anything but a subtag a checksum, which is longer than any subtag."""
    if language is None:
        return ()
    return (f"l{language}" if _SUBTAG.fullmatch(language) else f"lx{_checksum(language)}",)


def name_term(name: str) -> str:
    """Return the term of an author, tag or section, as printed."""
    return f"n{_checksum(name)}"


def _checksum(text: str) -> str:
    return f"{crc32(text.encode('utf-8', 'replace')):08x}"


def select_sqlite_terms(marks: str) -> str:
    """Return the terms that SQLite's index gets. Its keys are sorted by day, so it needs no terms for days.

    >>> select_sqlite_terms("s3fa90c11 len a82600 r1") == f"{TERM_PREFIX}s3fa90c11 {TERM_PREFIX}len"
    True
    """
    return " ".join(TERM_PREFIX + mark for mark in marks.split() if mark[0] in "sl")


def doc_id_day(doc_id: int) -> int:
    """Return the day of a document id, counted from 1800."""
    return (doc_id_time(doc_id) - EPOCH) // _DAY


def day_range_terms(first: int, last: int) -> list[str]:
    """Return the fewest terms that together cover all days from one to another.

    >>> day_range_terms(6, 24), day_range_terms(5, 5), day_range_terms(9, 8)
    (['a6', 'a7', 'b1', 'b2', 'a24'], ['a5'], [])
    """
    begin, end = first, last + 1
    before: list[str] = []
    after: list[str] = []
    for level in _LEVELS:
        is_last = level == _LEVELS[-1]
        while begin < end and (begin % (1 << _BITS_PER_LEVEL) or is_last):
            before.append(f"{level}{begin}")
            begin += 1
        while begin < end and end % (1 << _BITS_PER_LEVEL):
            end -= 1
            after.append(f"{level}{end}")
        begin, end = begin >> _BITS_PER_LEVEL, end >> _BITS_PER_LEVEL
    return [*before, *reversed(after)]


def choose_sample(versions: int, most: int) -> tuple[Sequence[str], float]:
    """Return the term of a sample of at most `most` versions, and its share of all; no term if all are few enough.

    >>> choose_sample(1000, 2000), choose_sample(600_000, 40_000)
    (((), 1.0), (('r2',), 0.0625))
    """
    often = next((often for often in range(_MAX_SAMPLE_LEVEL) if versions <= most * 4**often), _MAX_SAMPLE_LEVEL)
    return ((f"r{often}",) if often else ()), 4.0**-often
