"""Find the date of publication where the metadata and the lines near the headline give none.

Sources in order of trust: dates elsewhere on the page, the data of a script, a day without a year, and the title.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.blocks import Block
from newsarchive.extract.parse_date import (
    find_clock,
    month_number,
    parse_iso_date,
    parse_printed_date,
    to_ascii_digits,
)
from storage.page_date import PageDate

OTHER_TEXTS = (
    zones.RELATED | zones.LATEST | zones.COMMENTS | zones.NAV | zones.MENU | zones.CAPTION | zones.FIGCAPTION
    | zones.QUOTE | zones.EMBED | zones.AD | zones.CONSENT | zones.PLAYER
)  # fmt: skip
"""Zones whose dates are those of other articles, pictures, or the day on which the page was sent."""
_LABEL_LENGTH = 60
"""Longest line, in characters, that can be taken for a date line without other evidence."""
_DATE_DIGITS = 5
"""Digits of a date: a day and a year."""
_DATE_AND_TIME_DIGITS = 8
_LONGEST_DATE_LINE = 110
_SCRIPT_DATE = re.compile(
    r"[\"']?(?:datePublished|date_published|publishedAt|published_at|publishedDate|publishDate|publish_date|"
    r"publicationDate|publication_date|pubDate|datePosted|firstPublished|published_time)[\"']?\s{0,3}[:=,]\s{0,3}\\?[\"']"
    r"([12]\d{3}-\d\d-\d\d[^\"'\\<>]{0,30}|\d\d?-\d\d?-[12]\d{3})"
)
_MAX_SCRIPT = 300_000
"""Characters of a script in which a date is looked for."""
_DAY_FIRST = re.compile(r"(\d\d?)-(\d\d?)-(\d{4})")
_WORD = r"[^\W\d_]{3,14}"
_MONTH_AND_DAY = re.compile(
    rf"(?<!\w)(?:(?P<month>{_WORD})\.?\s(?P<day>\d\d?)(?:st|nd|rd|th)?|"
    rf"(?P<first>\d\d?)(?:st|nd|rd|th|\.|º)?\s(?:de\s)?(?P<second>{_WORD})|"
    r"(?P<dotted>\d\d?)\.(?P<number>\d\d?)\.(?=\s|$))(?![\w/]|\.\d)"
)
_MAX_YEARLESS_LINE = 60
_PUBLISHED_PROPERTIES = ("datepublished", "pubdate")


def is_date_line(block: Block) -> bool:
    """Return whether a block is a line that gives a date, not a sentence in which one occurs."""
    if block.zone & (zones.DATE | zones.BYLINE) or len(block.text) <= _LABEL_LENGTH:
        return True
    if _begins_with_day(block.text):
        return True
    digits = sum(map(str.isdigit, block.text))
    is_sentence = block.text.endswith((".", "!", "?", "。"))
    return len(block.text) < _LONGEST_DATE_LINE and digits >= (_DATE_AND_TIME_DIGITS if is_sentence else _DATE_DIGITS)


def _begins_with_day(text: str) -> bool:
    # Also after a bracket or a bullet.
    return any(map(str.isdigit, text[:3]))


def group_date_lines(blocks: Iterable[Block]) -> tuple[list[Block], list[Block]]:
    """Return the date lines outside and inside of boxes that may belong to other texts, without captions."""
    lines = [block for block in blocks if is_date_line(block) and not _is_caption(block)]
    other = [block for block in lines if block.zone & OTHER_TEXTS]
    return [block for block in lines if not block.zone & OTHER_TEXTS], other


def _is_caption(block: Block) -> bool:
    """Return whether a block is the caption of a picture; a class such as "credit" is also that of a byline."""
    if not block.zone & zones.CAPTION or block.zone & zones.FIGCAPTION:
        return block.zone & zones.FIGCAPTION != 0
    digits = sum(map(str.isdigit, block.text))
    return not _begins_with_day(block.text) and 3 * digits < sum(map(str.isalpha, block.text))


def marked_elements(root: HtmlElement) -> Iterator[HtmlElement]:
    """Yield the elements of a page, hidden ones included, whose microdata says that they give its publication."""
    for element in root.iter("time", "span", "div", "p", "abbr"):
        prop = element.get("itemprop")
        if (prop and prop.lower() in _PUBLISHED_PROPERTIES) or (element.tag == "time" and "pubdate" in element.attrib):
            yield element


def find_marked_date(root: HtmlElement, zone: tzinfo | None) -> PageDate | None:
    """Return the date of the first element that is marked as the date of publication."""
    for element in marked_elements(root):
        text = element.get("datetime") or element.get("content") or element.text_content()
        if at := parse_iso_date(text[:200], zone):
            return at
    return None


def distant_blocks(blocks: list[Block], nearby: list[Block]) -> list[Block]:
    """Return the date lines outside the lines near the headline, in page order, without those of other articles."""
    near = {block.index for block in nearby}
    return [
        block
        for block in blocks
        if block.index not in near and len(block.text) < 80 and not block.zone & OTHER_TEXTS and is_date_line(block)
    ]


def find_script_date(root: HtmlElement, zone: tzinfo | None) -> PageDate | None:
    """Return the date of publication in the data of a script, if the scripts name only one day.

    >>> from lxml.html import fromstring
    >>> find_script_date(fromstring('<div><script>d={"publishDate":"2025-05-27"}</script></div>'), None).isoformat()
    '2025-05-27'
    """
    found: PageDate | None = None
    for script in root.iter("script"):
        for match in _SCRIPT_DATE.finditer((script.text or "")[:_MAX_SCRIPT]):
            text = match[1]
            if day_first := _DAY_FIRST.fullmatch(text):
                text = f"{day_first[3]}-{int(day_first[2]):02}-{int(day_first[1]):02}"
            at = parse_iso_date(text, zone)
            if at is None:
                continue
            if found is not None and abs(found.at - at.at) > timedelta(hours=26):
                return None
            found = found or at
    return found


def find_yearless_date(blocks: Iterable[Block], latest: datetime | None) -> PageDate | None:
    """Return the first day without a year, in the last such year before a time that the page was there."""
    if latest is None:
        return None
    for block in blocks:
        near = len(block.text) <= _MAX_YEARLESS_LINE and not block.zone & OTHER_TEXTS
        if near and (at := parse_yearless_date(block.text, latest)):
            return at
    return None


def parse_yearless_date(text: str, latest: datetime) -> PageDate | None:
    """Parse a day with the name of a month and no year: the last such day that is not after `latest`.

    >>> parse_yearless_date("Posted on May 10, 1:52 PM", datetime(2022, 8, 1, tzinfo=UTC)).isoformat()
    '2022-05-10T13:52:00'
    >>> parse_yearless_date("12. Dezember", datetime(2022, 8, 1, tzinfo=UTC)).isoformat()
    '2021-12-12'
    >>> parse_yearless_date("19.5. 8:15", datetime(2022, 8, 1, tzinfo=UTC)).isoformat()
    '2022-05-19T08:15:00'
    """
    text = to_ascii_digits(text)
    for match in _MONTH_AND_DAY.finditer(text):
        name, day = match["month"] or match["second"], int(match["day"] or match["first"] or match["dotted"])
        month = month_number(name) if name else int(match["number"])
        if not month:
            continue
        clock = find_clock(text[match.end() :])
        hour, minute, second = clock or (0, 0, 0)
        for year in (latest.year, latest.year - 1, latest.year - 2, latest.year - 3, latest.year - 4):
            try:
                at = datetime(year, month, day, hour % 24, minute % 60, second, tzinfo=UTC)
            except ValueError:
                continue
            # A day is 14 hours ahead in the east.
            if at <= latest + timedelta(hours=14):
                return PageDate(at=at, is_day=clock is None)
    return None


def find_title_date(texts: Iterable[str], zone: tzinfo | None) -> PageDate | None:
    """Return the date in the title or description of a page."""
    return next((at for text in texts if text and (at := parse_printed_date(text[:300], zone))), None)
