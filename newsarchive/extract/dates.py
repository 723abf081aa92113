"""When an article was published and changed, and what says so.

Sources in the order of trust: JSON-LD, meta elements, microdata, <time>, the visible page, the URL, and last the feed
or sitemap that named the page. The moment of fetching is never taken for a date; it only gives "3 hours ago" a meaning.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import islice

from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.blocks import Block, folded
from newsarchive.extract.evidence import SILENCE, Silence
from newsarchive.extract.html_head import Head
from newsarchive.extract.jsonld import Node, text_of
from newsarchive.extract.parse_date import CLOCK, has_time, has_zone, iso, printed
from newsarchive.extract.relative_dates import relative
from newsarchive.extract.site_layout import LaidOut
from storage.model import Dated, Discovery, UrlKind

_PUBLISHED_META = (
    "article:published_time og:published_time og:article:published_time bt:pubdate parsely-pub-date sailthru.date "
    "article.published"
    " publish-date publish_date publication_date publicationdate pubdate date_published datepublished "
    "article:published published"
    " published_at dc.date.issued dcterms.issued dcterms.created dc.date.created dcterms.date dc.date date "
    "rnews:datepublished cxenseparse:recs:publishtime"
    " displaydate originalpublicationdate article_date_original ptime firstpublished weibo:article:create_at"
).split()
_MODIFIED_META = (
    "article:modified_time og:modified_time og:updated_time og:article:modified_time article:modified "
    "article.updated datemodified lastmod last-modified"
    " dcterms.modified dc.date.modified rnews:datemodified revision_date modified_date article:updated_time "
    "weibo:article:update_at"
).split()
_UPDATED = re.compile(
    r"(?<![^\W\d_])(?:updated?|modified|changed|last update|aktualisiert|geändert|stand|mis à jour|modifi[eé]|"
    r"modifica(?:to|d[oa])?|ultima modifica|actualizad[oa]|atualizad[oa]|aggiornat[oa]|aggiornamento|bijgewerkt|"
    r"última actualización|última atualização|uppdaterad|opdateret|oppdatert|päivitetty|zaktualizowano|aktualizacja|"
    r"aktualizováno|diperbarui|cập nhật)(?![^\W\d_])|обновлен|изменен|оновлен|更新|수정|업데이트|güncelle|ενημέρωση|"
    r"ενημερώθηκε|تحديث|به ?روز ?رسانی|בעדכון|עודכן|अपडेट|अद्यतन|อัปเดต|อัพเดท|แก้ไขล่าสุด",
    re.IGNORECASE,
)
_OF_CHANGES = tuple(
    "updat modif chang last aktuali geänd stand mis última ultima actuali atuali aggiorna bijgewerkt uppdatera opdater "
    "oppdater päivitetty diperbarui cập обновлен изменен оновлен 更新 수정 업데이트 güncelle ενημ تحديث روز "
    "עודכן בעדכון अपडेट अद्यतन อัปเดต อัพเดท แก้ไขล่าสุด".split()
)
"""What a line with one of those words has in it, in lower case: most have none."""
_AS_OF = ("stand",)
"""Words for the state of a text: where no other date stands beside them, that is when it was published."""
_URL_MONTH, _URL_DAY = r"(0[1-9]|1[0-2])", r"(0[1-9]|[12]\d|3[01])"
_URL_DATE = re.compile(
    r"/((?:19|20)\d\d)(?:"
    # One digit stands for a month or day only between marks, and "/2026/11/10-best-books" is of no tenth.
    r"[/-](0?[1-9]|1[0-2])[/-](0?[1-9]|[12]\d|3[01])(?=[/.]|$)"
    rf"|[/-]?{_URL_MONTH}[/-]?{_URL_DAY}(?=[/.]|$)"
    rf"|-?{_URL_MONTH}-?{_URL_DAY}(?=[_-])"
    r")"
)
_URL_YMD = re.compile(rf"(?<!\d)((?:19|20)\d\d)-?{_URL_MONTH}-?{_URL_DAY}(?!\d)")
_MOST_TIMES = 20
_SHORT = 160
"""A date line is short: a date in longer text is part of the story."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """All that dates are read from."""

    url: str
    node: Node | None
    head: Head
    around: list[Block]
    """Blocks about the headline, in order of the page."""
    discovery: Discovery | None
    fetched_at: datetime | None


def dates(clues: Clues, laid: LaidOut, hear: Silence = SILENCE) -> tuple[Dated | None, Dated | None]:
    """Return (published, modified)."""
    zone = _stated_zone(clues)
    published = _published(clues, zone, laid, hear)
    modified = hear.first("modified", _modified_by(clues, zone, laid))
    # Many publishers write both times alike: that is no change.
    if modified and published and modified.at <= published.at:
        modified = None
    return published, modified


def _stated_zone(clues: Clues) -> tzinfo | None:
    """Return the zone that any of the page's machine dates states."""
    for text in _machine_texts(
        clues, ("datePublished", "dateModified", "dateCreated"), _PUBLISHED_META + _MODIFIED_META
    ):
        if (zone := has_zone(text)) is not None and zone is not UTC:
            return zone
    return None


def _machine_texts(clues: Clues, keys: Iterable[str], metas: Iterable[str]) -> list[str]:
    node = clues.node or {}
    return [text_of(node.get(key)) for key in keys if node.get(key)] + clues.head.all(*metas)


def _published(clues: Clues, zone: tzinfo | None, laid: LaidOut, hear: Silence) -> Dated | None:
    """Return the first date that a source gives, or the time of that same day where it is a bare day."""
    said: list[Dated | None] = []
    found: Dated | None = None
    for dated in _published_by(clues, zone, laid):
        said.append(dated)
        found = _finer(found, dated)
        if found is not None and not hear.listens and not _is_bare(found):
            return found
    if found is None or hear.listens:
        said += [_visible(clues, zone, updated=False), _from_url(clues.url, zone)]
        found = next((dated for dated in (found, *said[-2:]) if dated), None)
    said.append(_named_by_source(clues.discovery))
    found = _finer(found, said[-1])
    for dated in said:
        if dated is not None:
            hear.claim("published", dated.source, dated.at, taken=dated is found)
    return found


def _published_by(clues: Clues, zone: tzinfo | None, laid: LaidOut) -> Iterator[Dated | None]:
    node = clues.node or {}
    yield _first(laid.texts("published"), "layout", zone)
    yield _first([text_of(node.get(k)) for k in ("datePublished", "dateCreated", "uploadDate")], "json-ld", zone)
    yield _first(clues.head.all(*_PUBLISHED_META), "meta", zone)
    yield _time_elements(clues, zone, updated=False)


def _modified_by(clues: Clues, zone: tzinfo | None, laid: LaidOut) -> Iterator[tuple[str, Dated | None]]:
    node = clues.node or {}
    yield "layout", _first(laid.texts("modified"), "layout", zone)
    yield "json-ld", _first([text_of(node.get("dateModified"))], "json-ld", zone)
    yield "meta", _first(clues.head.all(*_MODIFIED_META), "meta", zone)
    yield "time", _time_elements(clues, zone, updated=True)
    yield "visible", _visible(clues, zone, updated=True)


def _first(texts: Iterable[str], source: str, zone: tzinfo | None) -> Dated | None:
    """Return the first text that is a date; one with a time of day is better than one without."""
    best: Dated | None = None
    for text in texts:
        moment = iso(text, zone) if text else None
        if moment is None:
            continue
        if has_time(text):
            return Dated(at=moment, source=source)
        best = best or Dated(at=moment, source=source)
    return best


def _finer(first: Dated | None, second: Dated | None) -> Dated | None:
    """Return the first, unless it is a bare day and the second tells the time of that same day."""
    if first is None or second is None:
        return first or second
    # A day begins 14 hours earlier in the east, and ends 12 hours later in the west.
    same = timedelta(hours=-14) <= second.at - first.at < timedelta(hours=36)
    return second if _is_bare(first) and same else first


def _is_bare(dated: Dated) -> bool:
    """Say whether a date is a day without a time."""
    return dated.at.hour == dated.at.minute == dated.at.second == 0


def _dated(block: Block) -> Iterator[tuple[HtmlElement, str]]:
    """Yield the elements that may give a block's date, each with the words that say which date it is.

    These are the block's own element, and each <time> whose text stands in the block: with what comes before it.
    """
    if block.zone & zones.DATE:
        yield block.element, block.text
    elif len(block.text) > _SHORT:
        return
    end = 0
    for element in islice(block.element.iter("time"), _MOST_TIMES):
        said = folded(str(element.text_content()))
        at = block.text.find(said, end)
        if element is not block.element and (at >= 0 or block.zone & zones.DATE):
            yield element, block.text[end : at + len(said)] if at >= 0 else block.text
            end = max(end, at + len(said))


def _change_told(text: str) -> re.Match[str] | None:
    """Return where a line says that what follows is the time of a change."""
    low = text.lower()
    return _UPDATED.search(text) if any(map(low.__contains__, _OF_CHANGES)) else None


_change_in_line = lru_cache(maxsize=512)(_change_told)
"""The same, for short lines: each is asked about for both dates."""


def _time_elements(clues: Clues, zone: tzinfo | None, *, updated: bool) -> Dated | None:
    for block in clues.around:
        for element, words in _dated(block):
            prop = (element.get("itemprop") or "").lower()
            if element.tag != "time" and prop not in ("datepublished", "datemodified"):
                continue
            text = element.get("datetime") or element.get("content") or element.text_content()
            changed = prop == "datemodified" or (prop != "datepublished" and _change_told(words) is not None)
            moment = iso(text, zone) if changed == updated else None
            if moment:
                return Dated(at=moment, source="microdata" if prop else "time")
    return None


def _visible(clues: Clues, zone: tzinfo | None, *, updated: bool) -> Dated | None:
    american = (clues.head.language or "").lower().replace("_", "-") == "en-us"
    for block in clues.around:
        if len(block.text) > _SHORT and not block.zone & zones.DATE:
            continue
        text = block.text[: 2 * _SHORT]
        mark = _change_in_line(text)
        if updated:
            if not mark:
                continue
            after = text[mark.end() :]
            text = after if printed(after) or relative(after, clues.fetched_at, zone) else _with_clock(text, mark)
        elif mark and mark[0].casefold() not in _AS_OF:
            text = text[: mark.start()]
        moment = printed(text, zone, day_first=not american) or relative(text, clues.fetched_at, zone)
        if moment:
            return Dated(at=moment, source="visible")
    return None


def _with_clock(text: str, mark: re.Match[str]) -> str:
    """Return a line of "... 12 March, 7:15, updated 11:40" without the first time of day."""
    clock = CLOCK.search(text, 0, mark.start())
    if clock is None or CLOCK.search(text, mark.end()) is None:
        return text
    return text[: clock.start()] + text[clock.end() :]


def _from_url(url: str, zone: tzinfo | None) -> Dated | None:
    match = _URL_DATE.search(url) or _URL_YMD.search(url.rpartition("/")[2])
    if match is None:
        return None
    year, month, day = filter(None, match.groups())
    moment = iso(f"{year}-{int(month):02}-{int(day):02}", zone)
    return Dated(at=moment, source="url") if moment else None


def _named_by_source(discovery: Discovery | None) -> Dated | None:
    if discovery is None or discovery.published is None:
        return None
    source = "sitemap" if discovery.via_kind is UrlKind.SITEMAP else "feed"
    return Dated(at=discovery.published.astimezone(UTC), source=source)
