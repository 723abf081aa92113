"""Who wrote it: separate names, without "By", roles and agencies."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.blocks import Block, folded
from newsarchive.extract.headline import is_site_name, key, site_names
from newsarchive.extract.html_head import Head
from newsarchive.extract.jsonld import Node, resolve, text_of, types
from newsarchive.extract.page_input import AS_USUAL, Asked

_LEAD = re.compile(
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
"""What leads to a name that stands in another element."""
_DESK = re.compile(r"^[〔（(【\[]?(?:本報)?(?:記者|记者)\s?([\u4e00-\u9fff]{2,4})[／/\s]")
"""How Chinese newspapers begin a story: 〔記者林靜宜／桃河報導〕."""
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
"""News agencies: they stand in bylines, and are no persons."""
_WITHOUT_SPACES = "\u0e00"
"""From here on stand most of the letters of scripts that put no space into a name."""
_DEGREE = re.compile(r"(?:[A-Z]\.?){2,5}|Ph\.?\s?D\.?|M\.?Sc\.?|B\.?Sc\.?|Jr\.?|Sr\.?|Esq\.?|MBChB")
_PARENS = re.compile(r"\([^)]{0,80}\)|\[[^\]]{0,80}\]")
_TRAIL = re.compile(
    r"\s+(?:[-–—|@]|for|für|pour|in|at|on)\s+.*$|\s*@\w+.*$|\s+\S+@\S+.*$|[\s,;:.·|–—-]+$", re.IGNORECASE
)
_WEEKDAY = re.compile(r"(?:^|\s+)(?:on\s+)?(?:mon|tues|wednes|thurs|fri|satur|sun)day$", re.IGNORECASE)
_OF_OTHER_STORIES = zones.RELATED | zones.LATEST | zones.COMMENTS
"""Who is named there has written something else."""
_MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Authors:
    """Who wrote it."""

    names: tuple[str, ...]
    """Persons; where no person is named, the agency that is."""
    agencies: tuple[str, ...]
    """News agencies named beside them."""


def authors(
    node: Node | None,
    found: list[Node],
    head: Head,
    around: list[Block],
    asked: Asked = AS_USUAL,
    laid_out: Sequence[str] = (),
) -> Authors:
    """Return the authors' names: those that a layout names, else from JSON-LD, meta elements, or the visible byline."""
    site = site_names(head, asked.url)
    agencies: list[str] = []

    def taken(texts: Sequence[str]) -> tuple[str, ...]:
        names: list[str] = []
        for text in texts:
            _take(text, names, agencies, site)
        return tuple(names[:_MOST])

    def candidates() -> Iterator[tuple[str, tuple[str, ...]]]:
        yield "layout", taken(laid_out)
        names, organisations = _from_json(node, found, site)
        agencies.extend(organisations)
        yield "json-ld", tuple(names[:_MOST])
        yield "meta", taken(_from_meta(head))
        yield "visible", taken(_visible(around))

    names = asked.hear.first("authors", candidates()) or ()
    wires = tuple(dict.fromkeys(agencies))
    if wires:
        asked.hear.claim("agencies", "bylines", wires, taken=not names)
    return Authors(names=names or wires[:1], agencies=wires)


def _from_json(node: Node | None, found: list[Node], site: set[str]) -> tuple[list[str], list[str]]:
    names: list[str] = []
    agencies: list[str] = []
    value: Any = resolve((node or {}).get("author") or (node or {}).get("creator"), found)
    for item in value if isinstance(value, list) else [value]:
        text = text_of(item.get("name") if isinstance(item, dict) else item)
        if isinstance(item, dict) and "Organization" in "".join(types(item)):
            if text and not is_site_name(text, site):
                agencies.append(text)
        else:
            _take(text, names, agencies, site)
    return names, agencies


def _from_meta(head: Head) -> list[str]:
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


def _visible(around: list[Block]) -> list[str]:
    """Return the lines near the headline that their markup, or their first word, calls a byline."""
    around = [block for block in around if not block.zone & _OF_OTHER_STORIES]
    linked = [a.text for b in around for a in b.anchors if "author" in a.rel and a.text]
    if linked:
        return linked
    named = [text for b in around if b.zone != zones.BIO for text in _marked_within(b)]
    if named:
        return named
    desk = next((match[1] for b in around if (match := _DESK.match(b.text))), None)
    if desk:
        return [desk]
    marked = [
        b for b in around if b.zone & zones.BYLINE and not b.zone & (zones.BIO | zones.COMMENTS) and len(b.text) < 120
    ]
    for block in marked:
        if _LEAD.match(block.text):
            return [block.text]
    for block in around:
        if len(block.text) < 80 and _LEAD.match(block.text) and block.tag not in ("h1", "h2"):
            names: list[str] = []
            _take(block.text, names, [], set())
            if names and all(2 <= len(n.split()) <= 4 and not n[:1].islower() for n in names):
                return [block.text]
    return [b.text for b in marked if len(b.text) < 60 and 2 <= len(b.text.split()) <= 4][:1]


def _marked_within(block: Block) -> list[str]:
    """Return what stands in a block's own elements that call themselves a byline, beside others that do not."""
    if len(block.text) > 200:
        return []
    found = []
    for element in block.element:
        text = folded(str(element.text_content())) if _is_signature(element) else ""
        if text and text != block.text:
            found.append(text)
    return [text for text in found if len(text) < 80 and split(text)]


def _is_signature(element: HtmlElement) -> bool:
    """Say whether an element says by its class, or as microdata, that it names an author."""
    return zones.hinted(element.get("class") or "") & zones.BYLINE != 0 or element.get("itemprop") == "author"


def _take(text: str, names: list[str], agencies: list[str], site: set[str]) -> None:
    """Split a byline into names and agencies, and add them."""
    for name in split(text):
        own = key(name)
        if own in _AGENCIES:
            agencies.append(name)
        elif name not in names and not is_site_name(name, site):
            names.append(name)


def _is_title(part: str, before: Sequence[str]) -> bool:
    """Say whether a part of a byline is a degree ("PhD"), or one word after a name ("Jane Roe, Geneva")."""
    if max(part) >= _WITHOUT_SPACES or key(part) in _AGENCIES:
        return False
    return _DEGREE.fullmatch(part) is not None or (
        " " not in part and bool(before) and all(len(each.split()) > 1 for each in before)
    )


def split(text: str) -> list[str]:
    """Return the names in a byline.

    >>> split("By Jane Roe and John Q. Public, Staff Writers")
    ['Jane Roe', 'John Q. Public']
    """
    text = text.strip()[:400]
    if text.startswith(("http://", "https://", "www.")):
        return []
    text = _LEAD.sub("", _PARENS.sub(" ", text))
    names: list[str] = []
    parts = _SPLIT.split(text)
    for at, part in enumerate(parts):
        if any(map(str.isdigit, "".join(parts[at + 1 : at + 2]))):
            # "Jane Roe Monday, November 18": the day is the date's. Alone, it may be a name.
            part = _WEEKDAY.sub("", part)
        part = _TRAIL.sub("", _LEAD.sub("", _BY_CJK.sub("", part))).strip(" \t.:;-–—|*\"'“”")
        if not part or _ROLE.search(part) or any(c.isdigit() for c in part) or len(part) > 60 or len(part.split()) > 6:
            continue
        if not any(c.isalpha() for c in part) or "@" in part or _is_title(part, parts[:at]):
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
