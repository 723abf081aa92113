"""Read the authors of an article: separate names, without "By", job titles and agencies."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.blocks import Block, normalize_space
from newsarchive.extract.headline import is_site_name, site_names, text_key
from newsarchive.extract.html_head import Head
from newsarchive.extract.jsonld import JsonLd, node_types, resolve_references, text_of
from newsarchive.extract.page_input import DEFAULT_INPUT, PageInput

_BYLINE_LEAD = re.compile(
    r"^\s*(?:(?:written|posted|published|reported|story|article|text|words|report|reporting|interview|analysis|"
    r"opinion|review)\s+by|by|from|von|vom|par|por|de|di|da|door|av|af|tekst|przez|autor(?:in|ka|es|a)?|auteur|"
    r"автор(?:ы)?|текст|"
    r"yazan|penulis|oleh|tác giả|προς|του|της|των|γράφει [οη]|"
    r"από|كتب(?:ت)?|بقلم|מאת|作者|文|文/图|记者|記者|撰文|編集|基者|"
    r"글|기자)\s*[:：/|]?\s+|^\s*(?:作者|文|记者|記者|撰文|글|بقلم|מאת|Автор|автор|Autor|Author|Auteur|Haber|"
    r"Muhabir|Texto|Testo|Tekst)s?\s*[:：/|]\s*",
    re.IGNORECASE,
)
_BARE_LEADS = frozenset(("by", "von", "vom", "par", "por", "autor", "auteur", "author", "автор", "text", "words"))
"""Words before a name that is in another element."""
_CHINESE_DESK = re.compile(r"^[〔（(【\[]?(?:本報)?(?:記者|记者)\s?([\u4e00-\u9fff]{2,4})[／/\s]")
"""The beginning of an article in Chinese newspapers: 〔記者林靜宜／桃河報導〕."""
_BY_CJK = re.compile(r"^(?:记者|記者|作者|文/)\s*")
_SPLIT = re.compile(
    r"\s*[,;|/·•、،&\uff0c\uff0f\uff5c\n]\s*|\s+(?:and|und|et|y|e|og|och|en|i|и|та|ve|dan|và|with|mit|avec|con|και)\s+|"
    r"\s*\band\b\s+",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\b(?:staff|writer|reporter|editor|editorial|correspondent|contributor|contributing|columnist|journalist|bureau|"
    r"chief|producer|photographer|freelance|special to|senior|associate|"
    r"redakt(?:eur|ion|or)\w*|korrespondent\w*|journaliste|redact(?:or|ie|eur)\w*|redacción|redazione|redação|"
    r"correspon\w+|jornalista|giornalista|periodista|обозреватель|корреспондент|редакц\w+|"
    r"consultant|certified|(?:article|story|text|words) by$|more (?:about|from|by)|(?:view|see) (?:all|full)|posts by|"
    r"dpa|agencies|agency|news desk|newsroom|web desk|team|published|updated|contact|follow)\b|"
    r"(?:记者|報導|报道|기자)$|編集部",
    re.IGNORECASE,
)
_AGENCIES = frozenset(
    (
        "ap|associated press|the associated press|ap news|reuters|afp|agence france presse|dpa|apa|sda|ansa|efe|upi|pti"
        "|ians|ani|tass|тасс|interfax|интерфакс|риа новости|xinhua|新华社|kyodo|共同通信|yonhap|연합뉴스|ukrinform"
        "|press association|pa media|canadian press|the canadian press|australian associated press|aap|lusa|belga|anp"
        "|bloomberg|ritzau|ntb|tt|stt|pap|čtk|mti|anadolu agency|aa|dha|iha|bernama|antara|cnn wire"
        "|newswire|tribune news service"
    ).split("|")
)
"""News agencies, which appear in bylines."""
_FIRST_UNSPACED = "\u0e00"
"""First letter of the scripts in which most names are written without spaces."""
_DEGREE = re.compile(r"(?:[A-Z]\.?){2,5}|Ph\.?\s?D\.?|M\.?Sc\.?|B\.?Sc\.?|Jr\.?|Sr\.?|Esq\.?|MBChB")
_PARENS = re.compile(r"\([^)]{0,80}\)|\[[^\]]{0,80}\]")
_TRAIL = re.compile(
    r"\s+(?:[-–—|@]|for|für|pour|in|at|on)\s+.*$|\s*@\w+.*$|\s+\S+@\S+.*$|[\s,;:.·|–—-]+$", re.IGNORECASE
)
_WEEKDAY = re.compile(r"(?:^|\s+)(?:on\s+)?(?:mon|tues|wednes|thurs|fri|satur|sun)day$", re.IGNORECASE)
_OTHER_ARTICLES = zones.RELATED | zones.LATEST | zones.COMMENTS
"""Zones whose bylines belong to other articles."""
_NOT_BYLINES = zones.BIO | zones.COMMENTS
_MAX_AUTHORS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Authors:
    """The authors of an article."""

    names: tuple[str, ...]
    """Persons; if no person is named, the news agency."""
    agencies: tuple[str, ...]
    """News agencies named beside them."""


def read_authors(
    jsonld: JsonLd,
    head: Head,
    nearby: list[Block],
    page_input: PageInput = DEFAULT_INPUT,
    layout_texts: Sequence[str] = (),
) -> Authors:
    """Return the authors' names, from the layout, else from JSON-LD, meta elements, or the visible byline."""
    site = site_names(head, page_input.url)
    agencies: list[str] = []

    def parse_names(texts: Sequence[str]) -> tuple[str, ...]:
        names: list[str] = []
        for text in texts:
            _add_names(text, names, agencies, site)
        return tuple(names[:_MAX_AUTHORS])

    def candidates() -> Iterator[tuple[str, tuple[str, ...]]]:
        yield "layout", parse_names(layout_texts)
        names, organisations = _authors_from_jsonld(jsonld, site)
        agencies.extend(organisations)
        yield "json-ld", tuple(names[:_MAX_AUTHORS])
        yield "meta", parse_names(_authors_from_meta(head))
        yield "visible", parse_names(_find_byline(nearby))

    names = page_input.evidence.first("authors", candidates()) or ()
    wire_agencies = tuple(dict.fromkeys(agencies))
    if wire_agencies:
        page_input.evidence.add_claim("agencies", "bylines", wire_agencies, taken=not names)
    return Authors(names=names or wire_agencies[:1], agencies=wire_agencies)


def _authors_from_jsonld(jsonld: JsonLd, site: set[str]) -> tuple[list[str], list[str]]:
    names: list[str] = []
    agencies: list[str] = []
    value: Any = resolve_references(jsonld.article.get("author") or jsonld.article.get("creator"), jsonld.nodes)
    for item in value if isinstance(value, list) else [value]:
        text = text_of(item.get("name") if isinstance(item, dict) else item)
        if isinstance(item, dict) and "Organization" in "".join(node_types(item)):
            if text and not is_site_name(text, site):
                agencies.append(text)
        else:
            _add_names(text, names, agencies, site)
    return names, agencies


def _authors_from_meta(head: Head) -> list[str]:
    return head.all(
        "author",
        "article:author_name",
        "byl",
        "parsely-author",
        "sailthru.author",
        "dc.creator",
        "dcterms.creator",
        "authors",
    ) or head.all("article:author")


def _find_byline(nearby: list[Block]) -> list[str]:
    """Return the texts near the headline that their markup or first word marks as a byline."""
    nearby = [block for block in nearby if not block.zone & _OTHER_ARTICLES]
    linked = [a.text for b in nearby for a in b.anchors if "author" in a.rel and a.text]
    if linked:
        return linked
    named = [text for b in nearby if b.zone != zones.BIO for text in _marked_parts(b)]
    if named:
        return named
    desk = next((match[1] for b in nearby if (match := _CHINESE_DESK.match(b.text))), None)
    if desk:
        return [desk]
    marked = [b for b in nearby if b.zone & zones.BYLINE and not b.zone & _NOT_BYLINES and len(b.text) < 120]
    for block in marked:
        if _BYLINE_LEAD.match(block.text):
            return [block.text]
    for block in nearby:
        if len(block.text) < 80 and _BYLINE_LEAD.match(block.text) and block.tag not in ("h1", "h2"):
            names: list[str] = []
            _add_names(block.text, names, [], set())
            if names and all(2 <= len(n.split()) <= 4 and not n[:1].islower() for n in names):
                return [block.text]
    return [b.text for b in marked if len(b.text) < 60 and 2 <= len(b.text.split()) <= 4][:1]


def _marked_parts(block: Block) -> list[str]:
    """Return the texts of the child elements of a block that are marked as a byline, beside others that are not."""
    if len(block.text) > 200:
        return []
    texts = []
    for element in block.element:
        text = normalize_space(str(element.text_content())) if _names_author(element) else ""
        if text and text != block.text:
            texts.append(text)
    return [text for text in texts if len(text) < 80 and split_byline(text)]


def _names_author(element: HtmlElement) -> bool:
    return zones.zones_of_names(element.get("class") or "") & zones.BYLINE != 0 or element.get("itemprop") == "author"


def _add_names(text: str, names: list[str], agencies: list[str], site: set[str]) -> None:
    for name in split_byline(text):
        name_key = text_key(name)
        if name_key in _AGENCIES:
            agencies.append(name)
        elif name not in names and not is_site_name(name, site):
            names.append(name)


def _is_degree_or_place(part: str, before: Sequence[str]) -> bool:
    """Return whether a part of a byline is a degree ("PhD"), or one word after a name ("Jane Roe, Geneva")."""
    if max(part) >= _FIRST_UNSPACED or text_key(part) in _AGENCIES:
        return False
    follows_name = bool(before) and all(len(each.split()) > 1 for each in before)
    return _DEGREE.fullmatch(part) is not None or (" " not in part and follows_name)


def split_byline(text: str) -> list[str]:
    """Return the names in a byline.

    >>> split_byline("By Jane Roe and John Q. Public, Staff Writers")
    ['Jane Roe', 'John Q. Public']
    """
    text = text.strip()[:400]
    if text.startswith(("http://", "https://", "www.")):
        return []
    text = _BYLINE_LEAD.sub("", _PARENS.sub(" ", text))
    names: list[str] = []
    parts = _SPLIT.split(text)
    for at, part in enumerate(parts):
        if any(map(str.isdigit, "".join(parts[at + 1 : at + 2]))):
            # "Jane Roe Monday, November 18": the weekday belongs to the date. Without a date it may be a name.
            part = _WEEKDAY.sub("", part)
        part = _TRAIL.sub("", _BYLINE_LEAD.sub("", _BY_CJK.sub("", part))).strip(" \t.:;-–—|*\"'“”")
        if not part or _ROLE.search(part) or any(c.isdigit() for c in part) or len(part) > 60 or len(part.split()) > 6:
            continue
        if not any(c.isalpha() for c in part) or "@" in part or _is_degree_or_place(part, parts[:at]):
            continue
        if part.lower() in _BARE_LEADS:
            continue
        if part.islower() and len(part.split()) != 2:
            continue
        if part.isupper() and len(part) > 4 and part.isascii():
            part = part.title()
        if part not in names:
            names.append(part)
    return names
