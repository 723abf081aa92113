"""Parse dates relative to the time of the capture: "3 hours ago", "yesterday, 18:40".

The current time is never used: without the time of the capture there is no date.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from newsarchive.extract.parse_date import find_clock, to_ascii_digits
from newsarchive.extract.word_tables import alternatives, table_lines
from storage.page_date import PageDate

_ONE = r"an?|one|eine[rmn]?|une?|un[oa]?|uma?|een|en|ett|én|один|одну|jedn\w+|bir|ένα|μία"
_FIXED_PHRASES = {word: int(minutes) for word, minutes in map(str.split, table_lines("fixed_phrase"))}
"""Units without a number, in languages with a singular and a dual form."""
_FIXED_PHRASE = re.compile(rf"(?:منذ|قبل|لפני|לפני)\s+({'|'.join(_FIXED_PHRASES)})(?!\w)")
_MINUTES = (1, 60, 1440, 10080)
_TODAY = re.compile(rf"\b(?:{alternatives('today')})\b|{alternatives('today_unspaced')}", re.IGNORECASE)
_YESTERDAY = re.compile(rf"\b(?:{alternatives('yesterday')})\b|{alternatives('yesterday_unspaced')}", re.IGNORECASE)
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_MAX_LINE = 160
"""Longest line that can be a date."""


@dataclass(frozen=True, slots=True)
class _Language:
    """The forms of "N units ago" in one language."""

    words: tuple[str, ...]
    """A word of each form, case-folded: lines without any of them are skipped."""
    pattern: re.Pattern[str]
    units: tuple[re.Pattern[str], ...]
    """Minutes, hours, days, weeks."""


def _required_words(pattern: str) -> list[str]:
    """Return the longest word that each form requires.

    >>> _required_words("(?:for )?NUMBER UNIT siden"), _required_words("NUMBER UNIT (?:ein|zwei)")
    (['siden'], ['ein', 'zwei'])
    """
    needed = re.sub(r"\(\?:[^)]*\)\?|NUMBER|UNIT|\\s\?|\\\.\?| \?", " ", pattern)
    choice = re.search(r"\(\?:([^)]*)\)", needed)
    ways = choice[1].split("|") if choice else [needed]
    return [max(way.split(), key=len).casefold() for way in ways]


def _languages() -> list[_Language]:
    found = []
    for line in table_lines("relative_date"):
        columns = re.split(r"\s+\|\s+", line.strip())
        units, forms = columns[:4], columns[4:]
        number, unit = rf"(\d{{1,3}}|{_ONE})", f"({'|'.join(units)})"
        pattern = "|".join(forms).replace("NUMBER", number).replace("UNIT", unit).replace(" ", r"\s+")
        edged = rf"(?<!\w)(?:{pattern})(?!\w)" if unit.isascii() else pattern
        found.append(
            _Language(
                tuple(mark for each in forms for mark in _required_words(each)),
                re.compile(edged, re.IGNORECASE),
                tuple(re.compile(f"(?:{each})$", re.IGNORECASE) for each in units),
            )
        )
    return found


_LANGUAGES = _languages()
_ALL_WORDS = tuple({mark: None for language in _LANGUAGES for mark in language.words})
"""Of all languages, to skip the many lines without any of them."""


def parse_relative_date(text: str, fetched_at: datetime | None, zone: tzinfo | None = None) -> PageDate | None:
    """Parse "3 hours ago" or "today at 10:05" in two dozen languages; None without the time of the capture.

    >>> at = datetime(2026, 5, 19, 12, tzinfo=UTC)
    >>> parse_relative_date("Updated 3 hours ago", at).isoformat()
    '2026-05-19T09:00:00Z'
    >>> parse_relative_date("vor einer Stunde", at).isoformat()
    '2026-05-19T11:00:00Z'
    >>> parse_relative_date("gestern, 18:40 Uhr", at).isoformat()
    '2026-05-18T18:40:00'
    """
    if fetched_at is None or len(text) > _MAX_LINE:
        return None
    text = to_ascii_digits(text)
    low = text.casefold()
    languages = _LANGUAGES if any(map(low.__contains__, _ALL_WORDS)) else ()
    for language in languages:
        if any(mark in low for mark in language.words) and (match := language.pattern.search(text)):
            pattern = [group for group in match.groups() if group]
            count = int(pattern[0]) if pattern[0].isdecimal() else 1
            for minutes, unit in zip(_MINUTES, language.units, strict=True):
                if unit.match(pattern[1]):
                    return PageDate.from_time(fetched_at - timedelta(minutes=count * minutes))
    if match := _FIXED_PHRASE.search(text):
        return PageDate.from_time(fetched_at - timedelta(minutes=_FIXED_PHRASES[match[1]]))
    return _parse_today_or_yesterday(text, fetched_at, zone)


def is_relative_date(text: str) -> bool:
    """Return whether a line has a relative date, or "today" with a time of day."""
    return parse_relative_date(text, _ANY_TIME) is not None


def _parse_today_or_yesterday(text: str, fetched_at: datetime, zone: tzinfo | None) -> PageDate | None:
    """Parse "today" or "yesterday" with a time of day; without one, the word may be in a line that is not a date."""
    clock = find_clock(text)
    if clock is None or clock[0] > 23 or clock[1] > 59:
        return None
    back = 0 if _TODAY.search(text) else 1 if _YESTERDAY.search(text) else None
    if back is None:
        return None
    local = fetched_at.astimezone(zone or UTC) - timedelta(days=back)
    local = local.replace(hour=clock[0], minute=clock[1], second=clock[2], microsecond=0)
    return PageDate.from_time(local if zone else local.replace(tzinfo=None))
