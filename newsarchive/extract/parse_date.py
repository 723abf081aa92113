"""Parse dates: ISO 8601, RFC 2822, dates as newspapers print them in many languages, and "3 hours ago".

A time without a zone is read in `zone`, which callers take from another date of the page; without that it has no
offset. A date without a time is a day. The current time is never used: relative dates need the time of the capture.
"""

import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from importlib.resources import files

from newsarchive.extract.word_tables import alternatives, table_lines
from storage.page_date import PageDate

_ISO = re.compile(
    r"^\s*([12]\d{3})-?(\d\d)-?(\d\d)(?!\d{4}-)(?:[T\s]+(\d{1,2}):?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?\s*([ap]m)?\s*(Z|UTC|GMT|"
    r"[+-]\d\d?:?(?:\d\d)?|[A-Z]{2,5})?)?",
    re.IGNORECASE,
)
_WEEK_DATE = re.compile(r"\d{4}-?W\d\d-?[1-7](?!\d)")
CLOCK = re.compile(
    r"(?<!\d)(\d{1,2})\s*(?:[:.h時时点시]|시\s)\s*(\d\d)(?::(\d\d))?\s*(?:分|분)?(?:\s*(a\.?\s?m\.?|p\.?\s?m\.?|"
    r"[πμ]\.?\s?μ\.?|[صم](?!\w)|صباح\w*|مساء\w*))?",
    re.IGNORECASE,
)
_AFTERNOON = re.compile("오후|下午|午後|晚上")
_HOUR = re.compile(r"(?<![\d.])(\d{1,2})\s*(a\.?m\.?|p\.?m\.?)\b", re.IGNORECASE)
_OFFSET = re.compile(r"(?:GMT|UTC)?\s*([+-])(\d\d?):?(\d\d)?\b")
_PRINTED_OFFSET = re.compile(r"((?:GMT|UTC)\s*[+-]\d\d?(?::?\d\d)?|(?<=\d\s)[+-]\d\d:?\d\d)(?!\d)")
_ZONES = {name: float(hours) for name, hours in map(str.split, table_lines("zone_offset"))}
_ZONE_NAME = re.compile(r"\b(" + "|".join(sorted(_ZONES, key=len, reverse=True)) + r")\b", re.IGNORECASE)


def stems_by_month() -> dict[int, list[str]]:
    """Return the stems of each month, 1 to 12, in the languages of newspapers.

    A word names a month if it begins with one of its stems; the longest stem wins. months.txt has a paragraph for each
    month, and "_" for a space within a name, or at the end of a stem that is a whole word.
    """
    months = files("newsarchive.extract").joinpath("months.txt").read_text("utf-8").split("\n\n")
    return {number: [stem.replace("_", " ") for stem in month.split()] for number, month in enumerate(months, 1)}


def _fold_word(word: str) -> str:
    """Return a word in lower case, without marks on Latin letters: "Août" and "AOUT" are equal."""
    spread = unicodedata.normalize("NFD", word.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in spread if not "\u0300" <= c <= "\u036f"))


_STEMS = {_fold_word(stem): month for month, stems in stems_by_month().items() for stem in stems}
_SOUTH_SLAVIC = ("hr", "bs", "sh")  # languages in which "listopad" is October; it is November in Polish and Czech
_LONGEST_STEM = max(map(len, _STEMS))
_DIGITS = (chr(number) for number in (*range(0x660, 0x1A9A), *range(0xFF10, 0xFF1A)))
ASCII_DIGITS = {ord(digit): str(unicodedata.digit(digit)) for digit in _DIGITS if digit.isdecimal()}
"""For str.translate: the digits of other scripts as 0 to 9."""
_FILLERS = re.compile(alternatives("date_filler"))
_ERA = re.compile(r"(明治|大正|昭和|平成|令和|民[国國])\s*(\d{1,3}|元)\s*(?=年)")
_ERA_STARTS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018, "民国": 1911, "民國": 1911}
_YEAR = re.compile(r"\d{4}")
_MAX_LINE = 300  # characters of a line in which a date is looked for

_CJK = re.compile(r"(\d{4})\s*[年년.]\s*(\d{1,2})\s*[月월.]\s*(\d{1,2})\s*[日일]?")
_YEAR_FIRST = re.compile(r"(?<!\d)((?:19|20)\d\d)[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})([-/.])\s?(\d{1,2})\2\s?((?:19|20)\d\d)(?!\d)")
_SHORT_YEAR = re.compile(r"(?<![\w./:-])(\d\d(?=\.)|\d\d?(?=/))([./])(\d\d(?=\.)|\d\d?(?=/))\2(\d\d)(?![\w./:-])")
"""A day such as "02.12.26" or "2/12/26"; with a full stop and single digits it may be the number of a version."""
_MARKS = r"\u0300-\u036f\u0610-\u065f\u0900-\u0963\u0981-\u0eff\u102b-\u103e\u17b4-\u17d3\u200c\u200d"
LETTER = rf"(?:[^\W\d_]|(?!\w)[{_MARKS}])"
"""A letter, or a combining mark of Hindi, Thai or Arabic."""
_DAY_MONTH_YEAR = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|º|ª|\.|-го)?,?(?:\s+(?:de|of|di|den|d'|"
    rf"ngày))?[\s-]+({LETTER}{{2,14}}(?:\s{LETTER}{{2,8}}|\.[ก-ฮ])?|[ก-ฮ]\.[ก-ฮ])\.?,?"
    # In Arabic, the name of the month in another calendar; in Thai, the name of the era.
    rf"(?:\s?[/(]\s?{LETTER}{{2,14}}\)?|\s?พ\.ศ\.|\s+(?:de|del|of))?,?[\s-]+(\d{{4}})",
    re.IGNORECASE,
)
_MONTH_DAY_YEAR = re.compile(
    rf"(?<![^\W\d_])({LETTER}{{3,14}})\.?[\s-]+(\d{{1,2}})(?:st|nd|rd|th|\.)?(?:,|\s)\s*(\d{{4}})"
)
_YEAR_MONTH_DAY = re.compile(
    rf"(?<!\d)((?:19|20)\d\d)(?:\.|-ųjų|(?:\(e\))?ko)?(?:\s+m\.)?\s+({LETTER}{{3,14}})\.?(?:\s+mėn\.)?\s+(\d{{1,2}})(?!\d)"
)
_YEAR_DAY_MONTH = re.compile(rf"(?<!\d)((?:19|20)\d\d)\.?\s+gada\s+(\d{{1,2}})\.?\s+({LETTER}{{3,14}})")
_MONTH_NAME_PATTERNS = (
    (_DAY_MONTH_YEAR, (3, 2, 1)), (_MONTH_DAY_YEAR, (3, 1, 2)), (_YEAR_MONTH_DAY, (1, 2, 3)),
    (_YEAR_DAY_MONTH, (1, 3, 2)),
)  # fmt: skip
"""Patterns of dates with the name of a month, and their groups for year, month and day."""
_VIETNAMESE = re.compile(r"(?<!\d)(\d{1,2})\s+tháng\s+(\d{1,2})(?:,|\s+năm)?\s+(\d{4})")
_NUMBER_PATTERNS = ((_CJK, (1, 2, 3)), (_YEAR_FIRST, (1, 2, 3)), (_VIETNAMESE, (3, 2, 1)))
"""Patterns of dates in numbers, and their groups for year, month and day."""
_PERSIAN = tuple("فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند".split())
_PERSIAN_DAY = re.compile(rf"(?<!\d)(\d{{1,2}})\s+({'|'.join(_PERSIAN)})(?:\s*ماه)?\s+(1[34]\d\d)(?!\d)")
_PERSIAN_NUMBERS = re.compile(r"(?<!\d)(1[34]\d\d)/(\d{1,2})/(\d{1,2})(?!\d)")
_BUDDHIST_OFFSET = 543  # the Thai calendar counts Buddhist years
_Three = tuple[int, int, int]  # year, month and day; or hour, minute and second


def parse_iso_date(text: str, zone: tzinfo | None = None) -> PageDate | None:
    """Parse a machine-readable date: ISO 8601 in its variants, RFC 2822, seconds or milliseconds since 1970.

    >>> parse_iso_date("2019-11-18T10:00:00-0500").isoformat()
    '2019-11-18T10:00:00-05:00'
    >>> parse_iso_date("Mon, 18 Nov 2019 10:00:00 GMT").isoformat()
    '2019-11-18T10:00:00Z'
    """
    text = text.strip()[:80]
    if text.isdigit() and len(text) in (10, 13):
        return _check_year(PageDate.from_time(datetime.fromtimestamp(int(text[:10]), UTC)))
    match = _match_iso(text)
    if not match:
        return parse_printed_date(text, zone)
    year, month, day, hour, minute, second, half, offset = match.groups()
    if hour and not offset and (named := _ZONE_NAME.search(match.string[match.end() :])):
        offset = named[1]
    clock = _parse_clock(hour, minute, second, half) if hour else None
    return _build_datetime((int(year), int(month), int(day)), clock, _parse_zone(offset) or zone)


def _match_iso(text: str) -> re.Match[str] | None:
    """Match an ISO 8601 date, where a week date (2026-W24-4) is replaced by that of the calendar."""
    if week := _WEEK_DATE.match(text):
        with suppress(ValueError):
            text = date.fromisoformat(week[0]).isoformat() + text[week.end() :]
    return _ISO.match(text)


def stated_zone(text: str) -> tzinfo | None:
    """Return the time zone stated in a machine-readable date, else None."""
    match = _match_iso(text.strip()[:80])
    return _parse_zone(match[8]) if match and match[8] else None


def parse_printed_date(
    text: str, zone: tzinfo | None = None, *, day_first: bool = True, language: str = ""
) -> PageDate | None:
    """Parse the first complete date (day, month and year) in a line of text.

    The language of the page decides where one name is another month elsewhere: "listopad" is October in Croatian.

    >>> parse_printed_date("Publié le 18 août 2019 à 10h05").isoformat()
    '2019-08-18T10:05:00'
    >>> parse_printed_date("2019年11月18日 10:05").isoformat()
    '2019-11-18T10:05:00'
    >>> parse_printed_date("no date in 2019")
    """
    if "年" in text:
        text = _ERA.sub(lambda era: str(_ERA_STARTS[era[1]] + int(era[2].replace("元", "1"))), text)
    # Most lines of a page have none.
    if not _YEAR.search(text, 0, _MAX_LINE) and not _SHORT_YEAR.search(text, 0, _MAX_LINE):
        return None
    text = text[:_MAX_LINE] if text.isascii() else _FILLERS.sub(" ", text[:_MAX_LINE].translate(ASCII_DIGITS))
    found = _find_day(text, day_first=day_first, language=language)
    if found is None:
        return None
    day, match = found
    # The time of day is next to the date: after it, or shortly before.
    around = text[match.end() : match.end() + 50]
    clock = find_clock(around)
    if clock is None:
        around = text[max(0, match.start() - 25) : match.start()]
        clock = find_clock(around)
    named = (_PRINTED_OFFSET.search(around) or _ZONE_NAME.search(around)) if clock else None
    return _build_datetime(day, clock, (_parse_zone(named[1]) if named else None) or zone)


def _find_day(text: str, *, day_first: bool, language: str) -> tuple[_Three, re.Match[str]] | None:
    """Return (year, month, day), and where the text has it."""
    if match := _PERSIAN_DAY.search(text):
        return _persian_to_gregorian(int(match[3]), _PERSIAN.index(match[2]) + 1, int(match[1])), match
    if match := _PERSIAN_NUMBERS.search(text):
        return _persian_to_gregorian(int(match[1]), int(match[2]), int(match[3])), match
    for pattern, (year, number, day) in _NUMBER_PATTERNS:
        if match := pattern.search(text):
            return (int(match[year]), int(match[number]), int(match[day])), match
    for pattern, (year, name, day) in _MONTH_NAME_PATTERNS:
        for match in pattern.finditer(text):
            if month := month_number(match[name], language):
                return (int(match[year]), month, int(match[day])), match
    if (match := _YEAR_LAST.search(text) or _SHORT_YEAR.search(text)) is None:
        return None
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    month, day = (second, first) if (day_first and second <= 12) or first > 12 else (first, second)
    # In English, the order of day and month is that of the country.
    is_unclear = year < 100 and match[2] == "/" and language == "en" and day_first and max(first, second) <= 12
    return None if is_unclear else ((year + 2000 if year < 100 else year, month, day), match)


def _persian_to_gregorian(year: int, month: int, day: int) -> _Three:
    """Convert a date of the Iranian solar calendar, by the leap years of its 33-year cycle.

    >>> _persian_to_gregorian(1403, 2, 28), _persian_to_gregorian(1399, 12, 30)
    ((2024, 5, 17), (2021, 3, 20))
    """
    before = 365 * (year + 1595) + (year + 1595) // 33 * 8 + ((year + 1595) % 33 + 3) // 4
    days = before - 355_668 + day + ((month - 1) * 31 if month < 7 else (month - 7) * 30 + 186)
    try:
        local = date.fromordinal(days - 365)
    except (ValueError, OverflowError):
        return 0, 0, 0
    return local.year, local.month, local.day


def month_number(word: str, language: str = "") -> int | None:
    """Return the month, 1 to 12, that a word names in one of the languages; None for another word."""
    word = _fold_word(word)
    if language in _SOUTH_SLAVIC and word.startswith("listopad"):
        return 10
    if word[:1] == "\u05d1":
        # Hebrew writes "in May" as one word.
        word = word[1:]
    for size in range(min(len(word) + 1, _LONGEST_STEM), 1, -1):
        month = _STEMS.get(f"{word} "[:size])
        if month and (size >= 4 or len(word) <= size + 1):
            return month
    return None


def find_clock(text: str) -> _Three | None:
    """Return hour, minute and second of the first time of day in a line; None for none."""
    if match := CLOCK.search(text):
        half = match[4] or ("pm" if _AFTERNOON.search(text[: match.start()]) else None)
        return _parse_clock(match[1], match[2], match[3], half)
    return _parse_clock(match[1], "0", None, match[2]) if (match := _HOUR.search(text)) else None


def _parse_clock(hour: str, minute: str | None, second: str | None, half: str | None) -> _Three:
    hours = int(hour)
    if half and hours <= 12:
        hours = hours % 12 + (12 if half.lower().startswith(("p", "μ", "م")) else 0)
    return hours, int(minute or 0), min(int(second or 0), 59)


def _parse_zone(name: str | None) -> tzinfo | None:
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


def _build_datetime(date: _Three, clock: _Three | None, zone: tzinfo | None) -> PageDate | None:
    year, month, day = date
    if 2440 < year < 2640:
        year -= _BUDDHIST_OFFSET
    hour, minute, second = clock or (0, 0, 0)
    try:
        local = datetime(year, month, day, hour % 24, minute, second, tzinfo=zone) + timedelta(days=hour // 24)
        return _check_year(PageDate.from_time(local) if clock else PageDate(at=local.replace(tzinfo=UTC), is_day=True))
    except (ValueError, OverflowError):
        return None


def _check_year(date: PageDate) -> PageDate | None:
    """Return a date between 1800 and 2100, else None: articles may be older than the web, other years are errors.

    The first day of Unix time, wherever it begins, is that of a system without a date.
    """
    return date if 1800 <= date.at.year <= 2100 and abs(date.at.timestamp()) > 86_399 else None


# Parse dates relative to the time of the capture: "3 hours ago", "yesterday, 18:40".

_ONE = r"an?|one|eine[rmn]?|une?|un[oa]?|uma?|een|en|ett|én|один|одну|jedn\w+|bir|ένα|μία"
_FIXED_PHRASES = {word: int(minutes) for word, minutes in map(str.split, table_lines("fixed_phrase"))}
"""Units without a number, in languages with a singular and a dual form."""
_FIXED_PHRASE = re.compile(rf"(?:منذ|قبل|لפני|לפני)\s+({'|'.join(_FIXED_PHRASES)})(?!\w)")
_MINUTES = (1, 60, 1440, 10080)
_TODAY = re.compile(rf"\b(?:{alternatives('today')})\b|{alternatives('today_unspaced')}", re.IGNORECASE)
_YESTERDAY = re.compile(rf"\b(?:{alternatives('yesterday')})\b|{alternatives('yesterday_unspaced')}", re.IGNORECASE)
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_MAX_RELATIVE_LINE = 160  # longest line that can be a date


@dataclass(frozen=True, slots=True)
class _Language:
    """The forms of "N units ago" in one language."""

    words: tuple[str, ...]  # a word of each form, case-folded: lines without any of them are skipped
    pattern: re.Pattern[str]
    units: tuple[re.Pattern[str], ...]  # minutes, hours, days, weeks


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
        required = tuple(word for each in forms for word in _required_words(each))
        ends = tuple(re.compile(f"(?:{each})$", re.IGNORECASE) for each in units)
        found.append(_Language(required, re.compile(edged, re.IGNORECASE), ends))
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
    if fetched_at is None or len(text) > _MAX_RELATIVE_LINE:
        return None
    text = text.translate(ASCII_DIGITS)
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
    # "Today" or "yesterday" with a time of day; without one, the word may be in a line that is not a date.
    clock = find_clock(text)
    if clock is None or clock[0] > 23 or clock[1] > 59:
        return None
    back = 0 if _TODAY.search(text) else 1 if _YESTERDAY.search(text) else None
    if back is None:
        return None
    local = fetched_at.astimezone(zone or UTC) - timedelta(days=back)
    local = local.replace(hour=clock[0], minute=clock[1], second=clock[2], microsecond=0)
    return PageDate.from_time(local if zone else local.replace(tzinfo=None))


def is_relative_date(text: str) -> bool:
    """Return whether a line has a relative date, or "today" with a time of day."""
    return parse_relative_date(text, _ANY_TIME) is not None
