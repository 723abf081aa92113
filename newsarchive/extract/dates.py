"""Find the date of publication where the metadata and the lines near the headline give none.

Sources in order of trust: dates elsewhere on the page, the data of a script, a day without a year, and the title.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import chain, islice

from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.blocks import MAX_BLOCKS, Block, ends_sentence, normalize_space
from newsarchive.extract.jsonld import text_of
from newsarchive.extract.page_input import PageParts
from newsarchive.extract.parse_date import (
    ASCII_DIGITS,
    CLOCK,
    find_clock,
    month_number,
    parse_iso_date,
    parse_printed_date,
    parse_relative_date,
    stated_zone,
)
from newsarchive.extract.word_tables import alternatives, words
from storage.model import UrlKind
from storage.page_date import PageDate, SourcedDate

OTHER_TEXTS = (
    zones.RELATED | zones.LATEST | zones.COMMENTS | zones.NAV | zones.MENU | zones.CAPTION | zones.FIGCAPTION
    | zones.QUOTE | zones.EMBED | zones.AD | zones.CONSENT | zones.PLAYER
)  # fmt: skip
"""Zones whose dates are those of other articles, pictures, or the day on which the page was sent."""
_LABEL_LENGTH = 60  # longest line, in characters, that can be taken for a date line without other evidence
_LINES_OF_DATE = 6  # lines under a headline among which its date is looked for first
_DATE_DIGITS = 5  # digits of a date: a day and a year
_DATE_AND_TIME_DIGITS = 8
_LONGEST_DATE_LINE = 110
_SCRIPT_DATE = re.compile(
    r"(?:datePublished|date_published|publishedAt|published_at|publishedDate|publishDate|publish_date|"
    r"publicationDate|publication_date|pubDate|datePosted|firstPublished|published_time)[\"']?\s{0,3}[:=,]\s{0,3}\\?[\"']"
    r"([12]\d{3}-\d\d-\d\d[^\"'\\<>]{0,30}|\d\d?-\d\d?-[12]\d{3})"
)
_MAX_SCRIPT = 300_000  # characters of a script in which a date is looked for
_DAY_FIRST = re.compile(r"(\d\d?)-(\d\d?)-(\d{4})")
_WORD = r"[^\W\d_]{3,14}"
_MONTH_AND_DAY = re.compile(
    rf"(?<!\w)(?:(?P<month>{_WORD})\.?\s(?P<day>\d\d?)(?:st|nd|rd|th)?|"
    rf"(?P<first>\d\d?)(?:st|nd|rd|th|\.|º)?\s(?:de\s)?(?P<second>{_WORD})|"
    r"(?P<dotted>\d\d?)\.(?P<number>\d\d?)\.(?=\s|$))(?![\w/]|\.\d)"
)
_MAX_DATE_WORDS = 6  # most words of a line with a full stop that may be a date
_MAX_YEARLESS_LINE = 60


def is_date_line(block: Block) -> bool:
    """Return whether a block is a line that gives a date, not a sentence in which one occurs."""
    is_marked = bool(block.zone & (zones.DATE | zones.BYLINE))
    # The day may be after a bracket or a bullet.
    if is_marked or len(block.text) <= _LABEL_LENGTH or any(map(str.isdigit, block.text[:3])):
        return True
    if len(block.text) >= _LONGEST_DATE_LINE:
        return False
    is_sentence = block.text.endswith((".", "!", "?", "。"))
    return sum(map(str.isdigit, block.text)) >= (_DATE_AND_TIME_DIGITS if is_sentence else _DATE_DIGITS)


def group_date_lines(blocks: Iterable[Block]) -> tuple[list[Block], list[Block]]:
    """Return the date lines outside and inside of boxes that may belong to other texts, without captions of figures."""
    lines = [block for block in blocks if is_date_line(block) and not block.zone & zones.FIGCAPTION]
    other = [block for block in lines if block.zone & OTHER_TEXTS]
    return [block for block in lines if not block.zone & OTHER_TEXTS], other


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


def parse_yearless_date(text: str, latest: datetime) -> PageDate | None:
    """Parse a day with the name of a month and no year: the last such day that is not after `latest`.

    >>> parse_yearless_date("Posted on May 10, 1:52 PM", datetime(2022, 8, 1, tzinfo=UTC)).isoformat()
    '2022-05-10T13:52:00'
    >>> parse_yearless_date("12. Dezember", datetime(2022, 8, 1, tzinfo=UTC)).isoformat()
    '2021-12-12'
    >>> parse_yearless_date("19.5. 8:15", datetime(2022, 8, 1, tzinfo=UTC)).isoformat()
    '2022-05-19T08:15:00'
    """
    text = text.translate(ASCII_DIGITS)
    for match in _MONTH_AND_DAY.finditer(text):
        name, day = match["month"] or match["second"], int(match["day"] or match["first"] or match["dotted"])
        month = month_number(name) if name else int(match["number"])
        if not month:
            continue
        clock = find_clock(text[match.end() :])
        hour, minute, second = clock or (0, 0, 0)
        for year in range(latest.year, latest.year - 5, -1):
            try:
                at = datetime(year, month, day, hour % 24, minute % 60, second, tzinfo=UTC)
            except ValueError:
                continue
            # A day is 14 hours ahead in the east.
            if at <= latest + timedelta(hours=14):
                return PageDate(at=at, is_day=clock is None)
    return None


# Read the dates of an article: when it was published and modified, and the source of each date.
#
# Sources in order of trust: JSON-LD, meta elements, microdata, <time>, the visible page, the URL, the feed or sitemap
# that listed the page, and last the fallbacks above and the date of the last change. The time of the fetch is never
# taken for a date; it only resolves "3 hours ago".

_PUBLISHED_KEYS = ("datePublished", "dateCreated", "uploadDate")
_PUBLISHED_META = words("published_meta")
_MODIFIED_META = words("modified_meta")
_UPDATE_WORDS = re.compile(
    rf"(?<![^\W\d_])(?:{alternatives('update_word')})(?![^\W\d_])|{alternatives('update_word_unspaced')}", re.IGNORECASE
)
_UPDATE_PREFIXES = tuple(words("update_prefix"))
"""Parts of those words in lower case, to skip the many lines that contain none."""
_BETWEEN_DATES = re.compile(
    r"[|·•;()]|\s[/–—-]\s|(?<=\d)[,،、]?\s+(?=[^\W\d_]{2,}\s?[:：])|"
    rf"\s(?=(?:{alternatives('published_word')})(?![^\W\d_]))",
    re.IGNORECASE,
)
_STATUS_WORDS = ("stand",)
"""Words for the state of a text: unless another date is beside them, the date is that of publication."""
_URL_MONTH, _URL_DAY = r"(0[1-9]|1[0-2])", r"(0[1-9]|[12]\d|3[01])"
_URL_DATE = re.compile(
    r"/((?:19|20)\d\d)(?:"
    # A single digit is a month or day only between separators, and "/2026/11/10-best-books" has no day.
    r"[/-](0?[1-9]|1[0-2])[/-](0?[1-9]|[12]\d|3[01])(?=[/.]|$)"
    rf"|[/-]?{_URL_MONTH}[/-]?{_URL_DAY}(?=[/.]|$)"
    rf"|-?{_URL_MONTH}-?{_URL_DAY}(?=[_-])"
    r")"
)
_URL_DMY = re.compile(rf"/{_URL_DAY}-{_URL_MONTH}-((?:19|20)\d\d)(?=[/.?]|$)")
_URL_YMD = re.compile(rf"(?<!\d)((?:19|20)\d\d)-?{_URL_MONTH}-?{_URL_DAY}(?!\d)")
_MAX_TIME_ELEMENTS = 20
_MAX_CARD_LEVELS = 8  # elements around the date of another article, in the same one as its headline
_MAX_DISTANT = 500  # short lines away from the headline in which a date is looked for
_MAX_DATE_LINE = 160  # a date line is short: a date in a longer text is part of the story
WEAK_SOURCES = ("feed", "sitemap", "elsewhere", "title", "script", "modified")
"""Sources whose date says nothing about what the page is: pages of every kind have them."""
_WESTERNMOST, _EASTERNMOST = -12 * 60, 14 * 60
"""Offsets of time zones, in minutes east of UTC."""
_ONE_DAY = timedelta(hours=40)
"""Times at most that far apart can be one day, in the zones of the page, its server and UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DateSources:
    """Everything that dates are read from."""

    parts: PageParts
    nearby: list[Block]
    """Blocks near the headline, in page order."""
    headline: int | None = None
    """The block that prints the headline."""
    zone: tzinfo | None = None
    """The time zone that a machine-readable date of the page states."""
    language: str = ""
    """The language that the page states, in lower case: "en-us"; "" for none."""
    times: dict[HtmlElement, list[tuple[str, str, PageDate | None]]] = field(default_factory=dict)
    """Of an element and the first <time> below it: itemprop, text, date. Thousands of lines can be of one element."""

    def jsonld_texts(self, keys: Iterable[str]) -> list[str]:
        """Return the values of JSON-LD keys."""
        article = self.parts.jsonld.article
        return [text_of(article[key]) for key in keys if article.get(key)]


def read_dates(sources: DateSources) -> tuple[SourcedDate | None, SourcedDate | None]:
    """Return (published, modified)."""
    texts = sources.jsonld_texts(("datePublished", "dateModified", "dateCreated"))
    stated = map(stated_zone, texts + sources.parts.head.all(*_PUBLISHED_META, *_MODIFIED_META))
    head = sources.parts.head
    language = text_of(sources.parts.jsonld.article.get("inLanguage")) or head.language or head.first("og:locale")
    zone = next((zone for zone in stated if zone is not None and zone is not UTC), None)
    # Far above the headline may be the day on which the page was sent, far below the date of a teaser.
    nearby = sorted(sources.nearby, key=lambda block: not _is_beside_headline(block, sources))
    sources = replace(sources, nearby=nearby, zone=zone, language=language.lower().replace("_", "-"))
    changes = _stated_dates(sources, "modified", ("dateModified",), _MODIFIED_META)
    printed = ((dated.source, dated) for dated in _line_dates(sources, updated=True))
    modified = sources.parts.evidence.first("modified", chain(changes, printed))
    published = _choose_published(sources, modified)
    # Many publishers send the same time twice: the article was not modified.
    if modified and published and published.source != "modified" and not _is_later(modified, published):
        modified = None
    return published, modified


def _is_beside_headline(block: Block, sources: DateSources) -> bool:
    at = sources.headline or 0
    is_dated = block.index == at - 1 and block.zone & (zones.DATE | zones.HEADER) == zones.DATE
    return is_dated or at < block.index <= at + _LINES_OF_DATE


def _choose_published(sources: DateSources, modified: SourcedDate | None) -> SourcedDate | None:
    """Return the first date of a source; if it has no time of day, the time that a later source gives for that day."""
    evidence = sources.parts.evidence
    candidates: list[SourcedDate | None] = []
    found: SourcedDate | None = None
    for _, dated in _stated_dates(sources, "published", _PUBLISHED_KEYS, _PUBLISHED_META):
        candidates.append(dated)
        found = _more_precise(found, dated)
        if found is not None and not _is_day_only(found) and not evidence.is_recording:
            break
    if found is None or _is_day_only(found) or _is_doubtful(found, modified) or evidence.is_recording:
        printed = [*_printed_dates(sources)]
        candidates += printed
        found = _choose_printed(found, printed, modified)
    if (discovery := sources.parts.page_input.discovery) is not None:
        source = "sitemap" if discovery.via_kind is UrlKind.SITEMAP else "feed"
        candidates.append(_with_source(discovery.published, source))
        found = _more_precise(found, candidates[-1])
    if found is None or evidence.is_recording:
        candidates += islice(filter(None, _fallback_dates(sources, modified)), None if evidence.is_recording else 1)
        found = next((dated for dated in (found, *candidates) if dated), None)
    # A date in UTC may not be stated where the page is written.
    if found is not None and found.offset == 0 and not found.is_day and found.source in ("json-ld", "meta"):
        found_there = _in_printed_offset(found, sources)
        candidates = [found_there if dated is found else dated for dated in candidates]
        found = found_there
    for dated in candidates:
        if dated is not None:
            evidence.add_claim("published", dated.source, dated, taken=dated is found)
    return found


def _in_printed_offset(dated: SourcedDate, sources: DateSources) -> SourcedDate:
    """Return a time in UTC with the offset in which a line near the headline prints the same moment."""
    for block in group_date_lines(sources.nearby)[0]:
        printed = _parse_line(block.text[:_MAX_DATE_LINE], replace(sources, zone=None))
        if printed is None or printed.is_day or printed.offset is not None:
            continue
        minutes = round((printed.at - dated.at.replace(second=0, microsecond=0)).total_seconds() / 60)
        if minutes and minutes % 15 == 0 and _WESTERNMOST <= minutes <= _EASTERNMOST:
            return replace(dated, offset=minutes)
    return dated


def _printed_dates(sources: DateSources) -> Iterator[SourcedDate]:
    """Yield the dates that the page prints near the headline, and that of its URL."""
    for blocks in group_date_lines(sources.nearby):
        yield from _line_dates(replace(sources, nearby=blocks))
    if dated := _url_date(sources):
        yield dated


def _is_doubtful(claimed: SourcedDate, modified: SourcedDate | None) -> bool:
    """Return whether metadata claims a publication after the last change, or at it: templates may know no other."""
    if claimed.source == "layout" or modified is None or modified.source not in ("json-ld", "meta"):
        return False
    return claimed.at.date() > modified.at.date() or (_is_day_only(claimed) and claimed.at == modified.at)


def _choose_printed(
    claimed: SourcedDate | None, printed: list[SourcedDate], modified: SourcedDate | None
) -> SourcedDate | None:
    """Choose between a date that metadata claims and those that the page prints."""
    url = next((dated for dated in printed if dated.source == "url"), None)
    first = printed[0] if printed else None
    if first is None or claimed is None:
        if url is None or first is None or first.source == "microdata":
            return claimed or first
        # Of several lines, the one that names the day of the URL is that of the article.
        return next((dated for dated in printed if dated is not url and abs(dated.at - url.at) < _ONE_DAY), first)
    agree = all(abs(dated.at - first.at) < _ONE_DAY for dated in printed)
    if _is_doubtful(claimed, modified) and agree and claimed.at - first.at > _ONE_DAY:
        return first
    return next((dated for dated in printed if _more_precise(claimed, dated) is dated), claimed)


def _fallback_dates(sources: DateSources, modified: SourcedDate | None) -> Iterator[SourcedDate | None]:
    """Yield dates that are used only where nothing else gives one."""
    near = {block.index for block in sources.nearby}
    short = (b for b in sources.parts.content.blocks[:MAX_BLOCKS] if b.index not in near and len(b.text) < 80)
    dates = (b for b in short if not b.zone & OTHER_TEXTS and is_date_line(b))
    distant = replace(sources, nearby=[*islice(dates, _MAX_DISTANT)])
    for dated in _printed_dates(distant):
        yield replace(dated, source="elsewhere")
    titles = (sources.parts.head.title, *sources.parts.head.all("og:title", "description", "og:description"))
    title_dates = (parse_printed_date(text[:300], sources.zone) for text in titles if text)
    yield _with_source(next(filter(None, title_dates), None), "title")
    yield _with_source(find_script_date(sources.parts.page.root, sources.zone), "script")
    # A time at which the page was there.
    if latest := modified.at if modified else sources.parts.page_input.fetched_at:
        short = (b for b in sources.nearby if len(b.text) <= _MAX_YEARLESS_LINE and not b.zone & OTHER_TEXTS)
        lines = (b.text for b in short if len(b.text.split()) <= _MAX_DATE_WORDS or not ends_sentence(b.text))
        yearless = (parse_yearless_date(text, latest) for text in lines)
        yield _with_source(next(filter(None, yearless), None), "visible")
    changed = modified or next(_line_dates(distant, updated=True), None)
    yield replace(changed, source="modified") if changed else None
    sentences = [block for block in sources.nearby if not block.zone & OTHER_TEXTS and not is_date_line(block)]
    yield next(_line_dates(replace(sources, nearby=sentences)), None)


def _stated_dates(
    sources: DateSources, field: str, keys: Iterable[str], metas: Iterable[str]
) -> Iterator[tuple[str, SourcedDate | None]]:
    """Yield the sources that state a date for machines, and the dates: the layout and the metadata."""
    yield "layout", _first_date(sources.parts.layout_matches.texts(field), "layout", sources.zone)
    yield "json-ld", _first_date(sources.jsonld_texts(keys), "json-ld", sources.zone)
    yield "meta", _first_date(sources.parts.head.all(*metas), "meta", sources.zone)
    if (named := f'itemprop="date{field.capitalize()}"').encode() in sources.parts.page.html:
        texts = list(map(str, sources.parts.page.root.xpath(f"//*[@{named}]/@content")))
        # Of several days, some are those of other articles.
        yield "microdata", _first_date(texts if len({t[:10] for t in texts}) == 1 else (), "microdata", sources.zone)


def _first_date(texts: Iterable[str], source: str, zone: tzinfo | None) -> SourcedDate | None:
    """Return the first text that is a date, preferring one with a time of day."""
    best: SourcedDate | None = None
    for text in texts:
        dated = _with_source(parse_iso_date(text, zone) if text else None, source)
        if dated is not None and not dated.is_day:
            return dated
        best = best or dated
    return best


def _with_source(date: PageDate | None, source: str) -> SourcedDate | None:
    return SourcedDate(at=date.at, offset=date.offset, is_day=date.is_day, source=source) if date else None


def _is_later(second: PageDate, first: PageDate) -> bool:
    """Return whether a date is after another; if one is a day, by the days on which both are where they are stated."""
    if not (first.is_day or second.is_day):
        return second.at > first.at
    day, before = second.day, first.day
    return day > before or (day == before and not second.is_day)


def _more_precise(first: SourcedDate | None, second: SourcedDate | None) -> SourcedDate | None:
    """Return the first date, unless it is a day only and the second has the time of that day."""
    if first is None or second is None:
        return first or second
    # A day begins 14 hours earlier in the east, and ends 12 hours later in the west.
    same = timedelta(hours=-14) <= second.at - first.at < timedelta(hours=36)
    return second if _is_day_only(first) and not _is_day_only(second) and same else first


def _is_day_only(dated: SourcedDate) -> bool:
    """Return whether a date has no time of day; some systems print midnight for that."""
    return dated.is_day or dated.at.hour == dated.at.minute == dated.at.second == 0


def _find_update_word(text: str) -> re.Match[str] | None:
    """Return the match of a word such as "updated" in a line."""
    low = text.lower()
    return _UPDATE_WORDS.search(text) if any(map(low.__contains__, _UPDATE_PREFIXES)) else None


def _line_dates(sources: DateSources, *, updated: bool = False) -> Iterator[SourcedDate]:
    """Yield the dates of the lines, in order: of each line the date that its markup states, else the one printed."""
    blocks = sources.parts.content.blocks
    for block in sources.nearby:
        beside = (line for line in blocks[max(0, block.index - 1) : block.index + 2] if line.index != sources.headline)
        headings = [line for line in beside if line.tag in zones.HEADINGS and line.link_share > 0.9]
        around = (block.element, *islice(block.element.iterancestors(), _MAX_CARD_LEVELS))
        if headings and headings[0].element.getparent() in around:
            continue  # the date of another article
        if dated := _time_element_date(block, sources, updated) or _visible_date(block, sources, updated):
            yield dated


def _time_element_date(block: Block, sources: DateSources, updated: bool) -> SourcedDate | None:
    """Return the date of the element of a block, or of a <time> in it; the words before it say which one it is."""
    own, is_dated, end = block.element, block.zone & zones.DATE != 0, 0
    if not is_dated and len(block.text) > _MAX_DATE_LINE:
        return None
    if own not in sources.times:
        found = dict.fromkeys((own, *islice(own.iter("time"), _MAX_TIME_ELEMENTS)))
        sources.times[own] = [_read_time(each, sources.zone) for each in found]
    for number, (prop, text, date) in enumerate(sources.times[own]):
        at = block.text.find(text, end) if number else -1
        words = block.text[end : at + len(text)] if at >= 0 else block.text
        if date is not None and (at >= 0 or is_dated):
            changed = prop == "datemodified" or (prop != "datepublished" and _find_update_word(words) is not None)
            if changed == updated:
                return _with_source(date, "microdata" if prop else "time")
        end = max(end, at + len(text)) if number and (at >= 0 or is_dated) else end
    return None


def _read_time(element: HtmlElement, zone: tzinfo | None) -> tuple[str, str, PageDate | None]:
    """Return itemprop, text and date of an element; no text of one that has no date."""
    prop = (element.get("itemprop") or "").lower()
    if element.tag != "time" and prop not in ("datepublished", "datemodified"):
        return prop, "", None
    text = str(element.text_content())
    return prop, normalize_space(text), parse_iso_date(element.get("datetime") or element.get("content") or text, zone)


def _visible_date(block: Block, sources: DateSources, updated: bool) -> SourcedDate | None:
    if len(block.text) > _MAX_DATE_LINE and not block.zone & zones.DATE:
        return None
    text = block.text[: 2 * _MAX_DATE_LINE]
    if update_word := _find_update_word(text):
        sign = _BETWEEN_DATES.search(text, update_word.end())
        if updated:
            after = text[update_word.end() :]
            text = after if _parse_line(after, sources) else _remove_first_clock(text, update_word)
        elif update_word[0].casefold() not in _STATUS_WORDS:
            is_first = sign is not None and not any(map(str.isdigit, text[: update_word.start()]))
            # "Updated: March 6 | Published: March 5" names the publication last.
            text = text[sign.end() :] if sign and is_first else text[: update_word.start()]
    elif updated:
        return None
    return _parse_line(text, sources, day_first=sources.language != "en-us")


def _parse_line(text: str, sources: DateSources, *, day_first: bool = True) -> SourcedDate | None:
    date = parse_printed_date(text, sources.zone, day_first=day_first, language=sources.language[:2])
    relative = None if date else parse_relative_date(text, sources.parts.page_input.fetched_at, sources.zone)
    return _with_source(date, "visible") or _with_source(relative, "relative")


def _remove_first_clock(text: str, update_word: re.Match[str]) -> str:
    """Return a line such as "... 12 March, 7:15, updated 11:40" without the first time of day."""
    clock = CLOCK.search(text, 0, update_word.start())
    if clock is None or CLOCK.search(text, update_word.end()) is None:
        return text
    return text[: clock.start()] + text[clock.end() :]


def _url_date(sources: DateSources) -> SourcedDate | None:
    match = _URL_DATE.search(sources.parts.page.url) or _URL_YMD.search(sources.parts.page.url.rpartition("/")[2])
    if match is not None:
        year, month, day = filter(None, match.groups())
    elif day_first := _URL_DMY.search(sources.parts.page.url):
        day, month, year = day_first.groups()
    else:
        return None
    return _with_source(parse_iso_date(f"{year}-{int(month):02}-{int(day):02}"), "url")
