"""Read the authors of an article: separate names, without "By", job titles and agencies."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from newsarchive.extract.blocks import Block
from newsarchive.extract.headline import is_site_name, site_names, text_key
from newsarchive.extract.html_head import Head
from newsarchive.extract.jsonld import JsonLd, as_list, node_types, resolve_references, text_of
from newsarchive.extract.names import AGENCIES, BARE_LEADS, is_organisation, is_person_name, split_byline
from newsarchive.extract.page_input import PageParts
from newsarchive.extract.tree import resolve_link
from newsarchive.extract.urls import host
from newsarchive.extract.word_tables import words

_PAGE_TYPES = frozenset(("WebPage", "ItemPage", "AboutPage", "CollectionPage", "Recipe", "HowTo", "VideoObject"))
_SHORT_WORD = 3
"""Words up to this length may be in an address by chance."""
_MAX_AUTHORS = 20
_MAX_LINKS = 40
_MAX_LINK = 2000
"""Characters of a URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authors:
    """The authors of an article."""

    names: tuple[str, ...]
    """Persons; if no person is named, the first organisation."""
    organisations: tuple[str, ...]
    """News agencies, desks and publishers that the byline names."""


def read_authors(parts: PageParts, printed: Callable[[], list[str]]) -> Authors:
    """Return the authors' names, from the layout, else from JSON-LD, meta elements, or the visible byline.

    `printed` returns the texts of that byline (bylines.py), and is called only if nothing else names an author.
    """
    jsonld, head, url = parts.jsonld, parts.head, parts.page_input.url
    site = site_names(head, url)
    agencies: list[str] = []

    def parse_names(texts: Sequence[str]) -> tuple[str, ...]:
        names: list[str] = []
        for text in texts:
            _add_names(text, names, agencies, site)
        return tuple(names[:_MAX_AUTHORS])

    def candidates() -> Iterator[tuple[str, tuple[str, ...]]]:
        yield "layout", parse_names(parts.layout_matches.texts("authors"))
        yield "json-ld", _authors_from_jsonld(jsonld, agencies, site)
        yield "meta", parse_names(_authors_from_meta(head))
        yield "visible", parse_names(printed())
        yield "the owner of the site", _owner(jsonld, head, url)

    names = parts.evidence.first("authors", candidates()) or ()
    organisations = tuple(dict.fromkeys(agencies))
    if organisations:
        parts.evidence.add_claim("organisations", "bylines", organisations, taken=True)
    return Authors(names=names or organisations[:1], organisations=organisations)


def _authors_from_jsonld(jsonld: JsonLd, agencies: list[str], site: set[str]) -> tuple[str, ...]:
    sources = as_list(resolve_references(jsonld.article.get("sourceOrganization"), jsonld.nodes))
    named = (text_of(each.get("name") if isinstance(each, dict) else each) for each in sources)
    agencies += [text for text in named if text_key(text) in AGENCIES]
    names: list[str] = []
    for item in as_list(resolve_references(_author_value(jsonld), jsonld.nodes)):
        text = text_of(item.get("name") if isinstance(item, dict) else item)
        if isinstance(item, dict) and "Organization" in "".join(node_types(item)):
            if text and not is_site_name(text, site):
                agencies.append(text)
        else:
            _add_names(text, names, agencies, site)
    return tuple(names[:_MAX_AUTHORS])


def find_author_links(jsonld: JsonLd, nearby: list[Block], names: tuple[str, ...], base: str) -> tuple[str, ...]:
    """Return the URLs of the authors' pages: those that JSON-LD states, and the links of the names in the byline."""
    keys = {text_key(name) for name in names}
    hrefs = [
        href
        for item in as_list(resolve_references(_author_value(jsonld), jsonld.nodes))[:_MAX_AUTHORS]
        if isinstance(item, dict) and text_key(text_of(item.get("name"))) in keys
        for href in (item.get("url"), *as_list(item.get("sameAs")))
    ]
    hrefs += [anchor.href for block in nearby for anchor in block.anchors if text_key(anchor.text) in keys]
    links = (resolve_link(base, href) for href in hrefs if isinstance(href, str))
    return tuple(dict.fromkeys(link for link in links if link and len(link) <= _MAX_LINK))[:_MAX_LINKS]


def _owner(jsonld: JsonLd, head: Head, url: str) -> tuple[str, ...]:
    """Return the author that bears the name of the site: on a personal site, whose address has one of the names."""
    address = host(url).replace("-", "")
    for text in (text_of(_author_value(jsonld)), *_authors_from_meta(head)):
        if is_person_name(text):
            words = [word for word in text_key(text).split() if len(word) > _SHORT_WORD]
            if 0 < sum(word in address for word in words) < len(words):
                return (text,)
    return ()


def _author_value(jsonld: JsonLd) -> Any:
    """Return the author of the article, else that of the page, else the only person that is described."""
    for node in (jsonld.article, *(node for node in jsonld.nodes if node_types(node) & _PAGE_TYPES)):
        if value := node.get("author") or node.get("creator"):
            return value
    persons = [node for node in jsonld.nodes if "Person" in node_types(node) and node.get("name")]
    return persons[0] if len({text_of(node["name"]) for node in persons}) == 1 else None


def _authors_from_meta(head: Head) -> list[str]:
    named = head.all(*words("author_meta"))
    label = head.first("twitter:label1").strip(" :").casefold()
    if not named and label in BARE_LEADS:
        named = head.all("twitter:data1")[:1]
    return named or head.all("article:author")


def _add_names(text: str, names: list[str], organisations: list[str], site: set[str]) -> None:
    for name in split_byline(text):
        if is_site_name(name, site):
            continue
        if is_organisation(name):
            organisations.append(name)
        elif name not in names:
            names.append(name)
