"""When an article was published and changed, and what says so.

Sources in the order of trust: JSON-LD, meta elements, microdata, <time>, the visible page, the URL, and last the feed
or sitemap that named the page. The moment of fetching is never taken for a date; it only gives "3 hours ago" a meaning.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from newsarchive.extract import zones
from newsarchive.extract.blocks import Block
from newsarchive.extract.heads import Head
from newsarchive.extract.jsonld import Node, text_of
from newsarchive.extract.moments import has_time, has_zone, iso, printed
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
    r"\b(?:updated?|modified|changed|last update|aktualisiert|geändert|stand|mis à jour|modifié|actualizad[oa]|"
    r"modificad[oa]|atualizad[oa]|aggiornat[oa]|bijgewerkt|uppdaterad|opdateret|oppdatert)\b"
    r"|обновлен|изменен|оновлен|更新|수정|güncelle|تحديث",
    re.IGNORECASE,
)
_AGO = (
    re.compile(r"\b(\d{1,3}|an?|one)\s+(min(?:ute)?|hour|hr|day)s?\.?\s+ago\b", re.IGNORECASE),
    re.compile(r"\bvor\s+(\d{1,3}|einer|einem)\s+(Min|Stunde|Tag)", re.IGNORECASE),
    re.compile(r"\bil y a\s+(\d{1,3}|une?)\s+(min|heure|jour)", re.IGNORECASE),
    re.compile(r"\bhace\s+(\d{1,3}|una?)\s+(min|hora|día)", re.IGNORECASE),
    re.compile(r"(\d{1,3})\s*(分钟|分鐘|分|小时|小時|時間|天|日)前"),
    re.compile(r"(\d{1,3})\s+(мин|час|д)[а-я]*\s+назад"),
)  # fmt: skip
_UNITS = {
    "min": 1,
    "分": 1,
    "мин": 1,
    "h": 60,
    "st": 60,
    "小": 60,
    "時": 60,
    "час": 60,
    "d": 1440,
    "t": 1440,
    "j": 1440,
    "天": 1440,
    "日": 1440,
    "д": 1440,
}
_URL_DATE = re.compile(r"/((?:19|20)\d\d)[/-]?(0?[1-9]|1[0-2])[/-]?(0?[1-9]|[12]\d|3[01])(?=[/_.-]|$)")
_URL_YMD = re.compile(r"(?<!\d)((?:19|20)\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?!\d)")
_SHORT = 160
"""A date line is short: a date in longer text is part of the story."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that dates are read from."""

    url: str
    node: Node | None
    head: Head
    around: list[Block]
    """Blocks about the headline, in order of the page."""
    discovery: Discovery | None
    fetched_at: datetime | None


def dates(evidence: Evidence) -> tuple[Dated | None, Dated | None]:
    """Return (published, modified)."""
    zone = _stated_zone(evidence)
    published = _published(evidence, zone)
    modified = _modified(evidence, zone)
    # Many publishers write both times alike: that is no change.
    if modified and published and modified.at <= published.at:
        modified = None
    return published, modified


def _stated_zone(evidence: Evidence) -> tzinfo | None:
    """Return the zone that any of the page's machine dates states."""
    for text in _machine_texts(
        evidence, ("datePublished", "dateModified", "dateCreated"), _PUBLISHED_META + _MODIFIED_META
    ):
        if (zone := has_zone(text)) is not None and zone is not UTC:
            return zone
    return None


def _machine_texts(evidence: Evidence, keys: Iterable[str], metas: Iterable[str]) -> list[str]:
    node = evidence.node or {}
    return [text_of(node.get(key)) for key in keys if node.get(key)] + evidence.head.all(*metas)


def _published(evidence: Evidence, zone: tzinfo | None) -> Dated | None:
    node = evidence.node or {}
    found = _first([text_of(node.get(k)) for k in ("datePublished", "dateCreated", "uploadDate")], "json-ld", zone)
    found = _finer(found, _first(evidence.head.all(*_PUBLISHED_META), "meta", zone))
    found = _finer(found, _time_elements(evidence, zone, updated=False))
    if found is None:
        found = _visible(evidence, zone, updated=False) or _from_url(evidence.url, zone)
    named = _named_by_source(evidence.discovery)
    return _finer(found, named)


def _modified(evidence: Evidence, zone: tzinfo | None) -> Dated | None:
    node = evidence.node or {}
    return (
        _first([text_of(node.get("dateModified"))], "json-ld", zone)
        or _first(evidence.head.all(*_MODIFIED_META), "meta", zone)
        or _time_elements(evidence, zone, updated=True)
        or _visible(evidence, zone, updated=True)
    )


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
    bare = first.at.hour == first.at.minute == first.at.second == 0
    # A day begins 14 hours earlier in the east, and ends 12 hours later in the west.
    same = timedelta(hours=-14) <= second.at - first.at < timedelta(hours=36)
    return second if bare and same else first


def _time_elements(evidence: Evidence, zone: tzinfo | None, *, updated: bool) -> Dated | None:
    for block in evidence.around:
        if not block.zone & zones.DATE:
            continue
        for element in [block.element, *block.element.iter("time")]:
            prop = (element.get("itemprop") or "").lower()
            if element.tag != "time" and prop not in ("datepublished", "datemodified"):
                continue
            text = element.get("datetime") or element.get("content") or element.text_content()
            changed = prop == "datemodified" or (prop != "datepublished" and bool(_UPDATED.search(block.text)))
            moment = iso(text, zone) if changed == updated else None
            if moment:
                return Dated(at=moment, source="microdata" if prop else "time")
    return None


def _visible(evidence: Evidence, zone: tzinfo | None, *, updated: bool) -> Dated | None:
    american = (evidence.head.language or "").lower().replace("_", "-") == "en-us"
    for block in evidence.around:
        if len(block.text) > _SHORT and not block.zone & zones.DATE:
            continue
        text = block.text[: 2 * _SHORT]
        mark = _UPDATED.search(text)
        if updated:
            if not mark:
                continue
            text = (
                text[mark.end() :]
                if printed(text[mark.end() :]) or _ago(text[mark.end() :], evidence.fetched_at)
                else text
            )
        elif mark:
            text = text[: mark.start()]
        moment = printed(text, zone, day_first=not american) or _ago(text, evidence.fetched_at)
        if moment:
            return Dated(at=moment, source="visible")
    return None


def _ago(text: str, fetched_at: datetime | None) -> datetime | None:
    """Read "3 hours ago", which the moment of fetching gives a meaning."""
    if fetched_at is None or len(text) > _SHORT:
        return None
    for pattern in _AGO:
        if match := pattern.search(text):
            count = int(match[1]) if match[1].isdecimal() else 1
            unit = match[2].lower()
            minutes = next((m for stem, m in _UNITS.items() if unit.startswith(stem)), 0)
            return fetched_at - timedelta(minutes=count * minutes) if minutes else None
    return None


def _from_url(url: str, zone: tzinfo | None) -> Dated | None:
    match = _URL_DATE.search(url) or _URL_YMD.search(url.rpartition("/")[2])
    moment = iso(f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}", zone) if match else None
    return Dated(at=moment, source="url") if moment else None


def _named_by_source(discovery: Discovery | None) -> Dated | None:
    if discovery is None or discovery.published is None:
        return None
    source = "sitemap" if discovery.via_kind is UrlKind.SITEMAP else "feed"
    return Dated(at=discovery.published.astimezone(UTC), source=source)
