"""Text to moments: ISO 8601, RFC 2822, and dates as newspapers print them in many languages.

A time without a zone is read in `zone`, which the caller takes from another date of the same page, else as UTC. A date
without a time is its midnight in UTC, so that the day stays the day. Nothing here asks the clock.
"""

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

from newsarchive.extract import months

_ISO = re.compile(
    r"^\s*([12]\d{3})-?(\d\d)-?(\d\d)(?:[T\s]+(\d{1,2}):?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?\s*([ap]m)?\s*(Z|UTC|GMT|"
    r"[+-]\d\d?:?(?:\d\d)?|[A-Z]{2,5})?)?",
    re.IGNORECASE,
)
CLOCK = re.compile(
    r"(?<!\d)(\d{1,2})\s*(?:[:.h時时点시]|시\s)\s*(\d\d)(?::(\d\d))?\s*(?:分|분)?(?:\s*(a\.?\s?m\.?|p\.?\s?m\.?|"
    r"[πμ]\.?\s?μ\.?|[صم](?!\w)|صباح\w*|مساء\w*))?",
    re.IGNORECASE,
)
_AFTERNOON = re.compile("오후|下午|午後|晚上")
_HOUR = re.compile(r"(?<![\d.])(\d{1,2})\s*(a\.?m\.?|p\.?m\.?)\b", re.IGNORECASE)
_OFFSET = re.compile(r"(?:GMT|UTC)?\s*([+-])(\d\d?):?(\d\d)?\b")
_OFFSET_IN_PRINT = re.compile(r"((?:GMT|UTC)\s*[+-]\d\d?(?::?\d\d)?|(?<=\d\s)[+-]\d\d:?\d\d)(?!\d)")
_ZONES = {
    "z": 0, "utc": 0, "gmt": 0, "bst": 1, "ist": 5.5, "cet": 1, "cest": 2, "mez": 1, "mesz": 2, "eet": 2, "eest": 3,
    "msk": 3, "мск": 3, "est": -5, "edt": -4, "et": -5, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8,
    "pdt": -7, "jst": 9, "kst": 9, "hkt": 8, "sgt": 8, "wib": 7, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
    "sast": 2, "eat": 3, "wat": 1, "pkt": 5, "gst": 4,
}  # fmt: skip
_ZONE_NAME = re.compile(r"\b(" + "|".join(sorted(_ZONES, key=len, reverse=True)) + r")\b", re.IGNORECASE)


def _plain(word: str) -> str:
    """Lower case, and without marks on Latin letters: "Août" and "AOUT" are one word."""
    return unicodedata.normalize(
        "NFC", "".join(c for c in unicodedata.normalize("NFD", word.casefold()) if not "\u0300" <= c <= "\u036f")
    )


_STEMS = {_plain(stem): month for month, stems in months.by_number().items() for stem in stems}
_LONGEST = max(map(len, _STEMS))
_DIGITS = {ord(c): str(unicodedata.digit(c)) for c in "٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९๐๑๒๓๔๕๖๗๘๙０１２３４５６７８９"}
_YEAR = re.compile(r"\d{4}")
_LINE = 300
"""Characters of a line in which a date is looked for."""

_CJK = re.compile(r"(\d{4})\s*[年년.]\s*(\d{1,2})\s*[月월.]\s*(\d{1,2})\s*[日일]?")
_YEAR_FIRST = re.compile(r"(?<!\d)((?:19|20)\d\d)[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})([-/.])\s?(\d{1,2})\2\s?((?:19|20)\d\d)(?!\d)")
LETTER = r"(?:[^\W\d_]|[\u0300-\u036f\u0610-\u065f\u0900-\u0963\u0e31-\u0e4e\u200c])"
"""A letter, or a mark that Hindi, Thai or Arabic writes above or below one."""
_NAMED = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|º|ª|\.|-го)?,?(?:\s+(?:de|of|di|den|d'|"
    rf"ngày))?[\s-]+({LETTER}{{2,14}}(?:\s{LETTER}{{2,8}})?)\.?,?(?:\s+(?:de|del|of))?,?[\s-]+(\d{{4}})"
)
_MONTH_FIRST = re.compile(
    rf"(?<![^\W\d_])({LETTER}{{3,14}})\.?[\s-]+(\d{{1,2}})(?:st|nd|rd|th|\.)?(?:,|\s)\s*(\d{{4}})"
)
_YEAR_NAMED = re.compile(rf"(?<!\d)((?:19|20)\d\d)\.?\s+({LETTER}{{3,14}})\.?\s+(\d{{1,2}})(?!\d)")
_IN_WORDS = ((_NAMED, (3, 2, 1)), (_MONTH_FIRST, (3, 1, 2)), (_YEAR_NAMED, (1, 2, 3)))
"""Dates with a month's name, and which of their groups are year, month and day."""
_VIETNAMESE = re.compile(r"(?<!\d)(\d{1,2})\s+tháng\s+(\d{1,2})(?:,|\s+năm)?\s+(\d{4})")
_PERSIAN = tuple("فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند".split())
_PERSIAN_DAY = re.compile(rf"(?<!\d)(\d{{1,2}})\s+({'|'.join(_PERSIAN)})(?:\s*ماه)?\s+(1[34]\d\d)(?!\d)")
_PERSIAN_NUMBERS = re.compile(r"(?<!\d)(1[34]\d\d)/(\d{1,2})/(\d{1,2})(?!\d)")
_THAI_YEARS = 543
"""A Thai year is the Buddhist one."""


def iso(text: str, zone: tzinfo | None = None) -> datetime | None:
    """Read a machine's date: ISO 8601 in its many dialects, RFC 2822, seconds or milliseconds since 1970.

    >>> iso("2019-11-18T10:00:00-0500").isoformat()
    '2019-11-18T15:00:00+00:00'
    >>> iso("Mon, 18 Nov 2019 10:00:00 GMT").isoformat()
    '2019-11-18T10:00:00+00:00'
    """
    text = text.strip()[:80]
    if text.isdigit() and len(text) in (10, 13):
        return _sane(datetime.fromtimestamp(int(text[:10]), UTC))
    match = _ISO.match(text)
    if not match:
        return printed(text, zone)
    year, month, day, hour, minute, second, half, offset = match.groups()
    if hour and not offset and (named := _ZONE_NAME.search(text[match.end() :])):
        offset = named[1]
    return _built(
        (int(year), int(month), int(day)), _time(hour, minute, second, half) if hour else None, _zone(offset) or zone
    )


def has_zone(text: str) -> tzinfo | None:
    """Return the zone that a machine's date states, else None."""
    match = _ISO.match(text.strip()[:80])
    return _zone(match[8]) if match and match[8] else None


def has_time(text: str) -> bool:
    """Say whether a date comes with a time of day."""
    match = _ISO.match(text.strip()[:80])
    return bool(match and match[4]) or bool(CLOCK.search(text[:80])) or text.strip().isdigit()


def printed(text: str, zone: tzinfo | None = None, *, day_first: bool = True) -> datetime | None:
    """Read the first whole date (day, month and year) in a line of print.

    >>> printed("Publié le 18 août 2019 à 10h05").isoformat()
    '2019-08-18T10:05:00+00:00'
    >>> printed("2019年11月18日 10:05").isoformat()
    '2019-11-18T10:05:00+00:00'
    >>> printed("no date in 2019")
    """
    if not _YEAR.search(text, 0, _LINE):  # most lines of a page have none
        return None
    text = text[:_LINE].translate(_DIGITS)
    found = _day(text, day_first=day_first)
    if found is None:
        return None
    day, start, end = found
    # The clock stands beside the date: after it, or shortly before.
    around = text[end : end + 50]
    clock = clock_in(around)
    if clock is None:
        around = text[max(0, start - 25) : start]
        clock = clock_in(around)
    return _built(day, clock, (_zone_in(around) if clock else None) or zone)


def _day(text: str, *, day_first: bool) -> tuple[tuple[int, int, int], int, int] | None:
    """Find year, month and day, and where they stand."""
    if persian := _persian(text):
        return persian
    for pattern in (_CJK, _YEAR_FIRST):
        if match := pattern.search(text):
            return (int(match[1]), int(match[2]), int(match[3])), match.start(), match.end()
    if "tháng" in text and (match := _VIETNAMESE.search(text)):
        return (int(match[3]), int(match[2]), int(match[1])), match.start(), match.end()
    for pattern, (year, name, day) in _IN_WORDS:
        for match in pattern.finditer(text):
            if month := _month(match[name]):
                return (int(match[year]), month, int(match[day])), match.start(), match.end()
    if match := _YEAR_LAST.search(text):
        first, second = int(match[1]), int(match[3])
        month, day = (second, first) if (day_first and second <= 12) or first > 12 else (first, second)
        return (int(match[4]), month, day), match.start(), match.end()
    return None


def _persian(text: str) -> tuple[tuple[int, int, int], int, int] | None:
    """Find a day of Iran's calendar."""
    if match := _PERSIAN_DAY.search(text):
        return _from_persian(int(match[3]), _PERSIAN.index(match[2]) + 1, int(match[1])), match.start(), match.end()
    if match := _PERSIAN_NUMBERS.search(text):
        return _from_persian(int(match[1]), int(match[2]), int(match[3])), match.start(), match.end()
    return None


def _from_persian(year: int, month: int, day: int) -> tuple[int, int, int]:
    """Return the Gregorian day of one in Iran's solar calendar, by the leap years of its 33-year cycle.

    >>> _from_persian(1403, 2, 28), _from_persian(1399, 12, 30)
    ((2024, 5, 17), (2021, 3, 20))
    """
    before = 365 * (year + 1595) + (year + 1595) // 33 * 8 + ((year + 1595) % 33 + 3) // 4
    days = before - 355_668 + day + ((month - 1) * 31 if month < 7 else (month - 7) * 30 + 186)
    try:
        there = date.fromordinal(days - 365)
    except (ValueError, OverflowError):
        return 0, 0, 0
    return there.year, there.month, there.day


def _month(word: str) -> int | None:
    word = _plain(word)
    if word[:1] == "\u05d1":
        # Hebrew writes "in May" as one word.
        word = word[1:]
    for size in range(min(len(word), _LONGEST), 1, -1):
        month = _STEMS.get(word[:size])
        if month and (size >= 4 or len(word) <= size + 1 or not word.isascii()):
            return month
        if month and len(word) > size + 1:
            return None
    return None


def in_digits(text: str) -> str:
    """Return a text with every script's digits written as 0 to 9."""
    return text.translate(_DIGITS)


def clock_in(text: str) -> tuple[int, int, int] | None:
    """Return hour, minute and second of the first time of day in a line; None where there is none."""
    if match := CLOCK.search(text):
        half = match[4] or ("pm" if _AFTERNOON.search(text[: match.start()]) else None)
        return _time(match[1], match[2], match[3], half)
    if match := _HOUR.search(text):
        return _time(match[1], "0", None, match[2])
    return None


def _time(hour: str | None, minute: str | None, second: str | None, half: str | None) -> tuple[int, int, int]:
    if hour is None:
        return 0, 0, 0
    hours = int(hour)
    if half and hours <= 12:
        hours = hours % 12 + (12 if half.lower().startswith(("p", "μ", "م")) else 0)
    return hours, int(minute or 0), min(int(second or 0), 59)


def _zone(name: str | None) -> tzinfo | None:
    if not name:
        return None
    if match := _OFFSET.fullmatch(name.strip()):
        hours, minutes = int(match[2]), int(match[3] or 0)
        if hours > 14 or minutes > 59:
            return None
        shift = timedelta(hours=hours, minutes=minutes)
        return timezone(shift if match[1] == "+" else -shift)
    hours_east = _ZONES.get(name.strip().casefold())
    return None if hours_east is None else timezone(timedelta(hours=hours_east))


def _zone_in(text: str) -> tzinfo | None:
    if match := _OFFSET_IN_PRINT.search(text):
        return _zone(match[1])
    match = _ZONE_NAME.search(text)
    return _zone(match[1]) if match else None


def _built(day: tuple[int, int, int], clock: tuple[int, int, int] | None, zone: tzinfo | None) -> datetime | None:
    year, month, date = day
    if 2440 < year < 2640:
        year -= _THAI_YEARS
    hour, minute, second = clock or (0, 0, 0)
    try:
        moment = datetime(year, month, date, hour % 24, minute, second, tzinfo=(zone if clock else None) or UTC)
        return _sane(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _sane(moment: datetime) -> datetime | None:
    """Newspapers are older than the web, but not their pages' dates: what lies outside 1800 to 2100 is a slip."""
    return moment if 1800 <= moment.year <= 2100 else None
