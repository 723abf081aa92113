"""Read what a page states for machines: JSON-LD (schema.org), and its <head>.

Errors are tolerated: many publishers send broken JSON.
"""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from html import unescape
from typing import Any, cast

from lxml.html import HtmlElement

from newsarchive.extract.blocks import normalize_space
from newsarchive.extract.word_tables import words

Node = dict[str, Any]
"""One JSON object."""

_ARTICLE_TYPES = frozenset(words("article_type"))
_NOT_OF_PAGE = frozenset({"comment", "comments", "liveBlogUpdate"})
"""Properties whose articles are not that of the page: what readers wrote, and the entries of a live blog."""
_LIVE = "LiveBlogPosting"
_MAX_BLOCK = 2_000_000
_MAX_NODES = 5_000

# No nested quantifiers: whatever publishers break (a bare quote in a description, an extra comma, a block cut short),
# repairing it must take linear time.
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_CONTROL = re.compile(r"[\x00-\x1f]+")
_STRING_FIELD = re.compile(
    r'"(headline|datePublished|dateModified|dateCreated|articleSection|description|name|@type|inLanguage|'
    r'isAccessibleForFree)"\s*:\s*"((?:[^"\\]|\\.){0,2000})"'
)
_AUTHOR_FIELD = re.compile(r'"author"\s*:[\[{\s]*+(?:"@type"\s*:\s*"\w+"\s*,\s*)?"name"\s*:\s*"([^"\\]{2,100})"')


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonLd:
    """The JSON-LD of a page."""

    nodes: Sequence[Node]
    """All typed objects in order, including those in @graph and nested ones."""
    article: Node
    """The node of the page's article; empty for none."""


def read_jsonld(root: HtmlElement, url: str) -> JsonLd:
    """Return the JSON-LD of the page with a URL."""
    nodes: list[Node] = []
    for script in root.iter("script"):
        kind = script.get("type") or ""
        if "ld+json" in kind.lower() and script.text:
            nodes.extend(_typed_objects(_parse_block(script.text)))
            if len(nodes) > _MAX_NODES:
                break
    del nodes[_MAX_NODES:]
    return JsonLd(nodes=nodes, article=_find_article(nodes, url))


def _parse_block(text: str) -> Any:
    """Parse one block; if it is invalid, repair it; if that fails, return its plain string fields."""
    text = text[:_MAX_BLOCK].strip().removeprefix("<!--").removeprefix("<![CDATA[")
    text = text.removesuffix("-->").removesuffix("]]>").strip().rstrip(";")
    for attempt in (text, _TRAILING_COMMA.sub(r"\1", _CONTROL.sub(" ", text))):
        try:
            return json.loads(attempt, strict=False)
        except RecursionError:
            return None
        except ValueError:
            continue
    fields: Node = {}
    for match in _STRING_FIELD.finditer(text):
        key = match[1]
        if key == "name" or (key == "@type" and match[2] not in _ARTICLE_TYPES):
            continue
        with suppress(ValueError):
            fields.setdefault(key, json.loads(f'"{match[2]}"', strict=False))
    if author := _AUTHOR_FIELD.search(text):
        fields["author"] = author[1]
    return fields


def _typed_objects(value: Any) -> Iterator[Node]:
    """Yield typed objects, parents before children, without recursion, without _NOT_OF_PAGE."""
    stack = [value]
    count = 0
    while stack and count < _MAX_NODES:
        item = stack.pop()
        count += 1
        if isinstance(item, list):
            stack.extend(reversed(item))
        elif isinstance(item, dict):
            if "@type" in item:
                yield item
            stack.extend(v for k, v in reversed(item.items()) if isinstance(v, dict | list) and k not in _NOT_OF_PAGE)


def node_types(node: Node) -> frozenset[str]:
    """Return the types of a node without their vocabulary.

    >>> sorted(node_types({"@type": ["http://schema.org/NewsArticle", "Thing"]}))
    ['NewsArticle', 'Thing']
    """
    values = (each for each in as_list(node.get("@type")) if isinstance(each, str))
    return frozenset(each.rpartition("/")[2].rpartition(":")[2] for each in values)


def _find_article(nodes: Sequence[Node], url: str) -> Node:
    """Return the node of the page's article: the one with the URL of the page, else the first with a headline."""
    candidates = [node for node in nodes if node_types(node) & _ARTICLE_TYPES]
    titled = [n for n in candidates if text_of(n.get("headline")) or text_of(n.get("name")) or n.get("datePublished")]
    if not titled:
        return {}
    path = _path(url)
    chosen = next((node for node in titled if path and any(path in u for u in _urls(node))), titled[0])
    headline = text_of(chosen.get("headline"))
    # Missing values are taken from other nodes with the same headline: live blogs are often described twice.
    for other in titled[:50]:
        if other is not chosen and headline and text_of(other.get("headline")) == headline:
            chosen = {**other, **{key: value for key, value in chosen.items() if value}}
    return chosen


def _path(url: str) -> str:
    return url.partition("://")[2].partition("#")[0].partition("?")[0].rstrip("/")


def _urls(node: Node) -> list[str]:
    main = node.get("mainEntityOfPage")
    within = [main.get("@id"), main.get("url")] if isinstance(main, dict) else []
    values = [node.get("url"), node.get("@id"), main, *within]
    return [v for v in values if isinstance(v, str)]


def find_live_blog(jsonld: JsonLd, url: str) -> Node:
    """Return the live blog: the article, or another node with the URL of the page; empty for none."""
    path = _path(url)
    live = [node for node in jsonld.nodes if _LIVE in node_types(node)]
    if _LIVE in node_types(jsonld.article):
        return jsonld.article
    return next((node for node in live if not path or any(_path(each) == path for each in _urls(node))), {})


def text_of(value: Any) -> str:
    """Return the first plain text of a value: a string, the first of a list, the name or @value of an object.

    >>> text_of([{"name": "Rock &amp; roll"}])
    'Rock & roll'
    """
    for _ in range(5):
        if isinstance(value, list):
            value = value[0] if value else None
        elif isinstance(value, dict):
            value = value.get("name") or value.get("@value") or value.get("headline")
        else:
            break
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return " ".join(unescape(unescape(str(value))).split())


def as_list(value: Any) -> list[Any]:
    """Return a list as it is, and any other value as the only item of one."""
    return value if isinstance(value, list) else [value]


def resolve_references(value: Any, nodes: Sequence[Node]) -> Any:
    """Replace {"@id": ...} references by the nodes that they name."""
    if isinstance(value, list):
        return [resolve_references(v, nodes) for v in value[:50]]
    if isinstance(value, dict) and "@id" in value and "name" not in value:
        return next((n for n in nodes if n.get("@id") == value["@id"] and "name" in n), cast("Node", value))
    return value


# Read the <head> and the microdata of a page in one pass: meta elements, link elements, the title.


@dataclass(slots=True)
class Head:
    """Names are in lower case, white space in values is collapsed, the order is that of the page."""

    meta: dict[str, list[str]] = field(default_factory=dict)
    """By name, property, itemprop or http-equiv."""
    links: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """(rel, attributes) of <link> elements."""
    title: str = ""
    language: str = ""

    def first(self, *names: str) -> str:
        """Return the first value of one of the names, in the order of the names; "" for none."""
        return next((value for name in names for value in self.meta.get(name, ()) if value), "")

    def all(self, *names: str) -> list[str]:
        """Return all values of the names."""
        return [value for name in names for value in self.meta.get(name, ()) if value]

    def link(self, rel: str) -> str:
        """Return the URL of the first link with a relation; "" for none."""
        return next((attributes.get("href", "") for name, attributes in self.links if rel in name.split()), "")


def read_head(root: HtmlElement) -> Head:
    """Return the meta and link elements, title and language of a page."""
    # XHTML sent as text/html declares its language in xml:lang, and the HTML parser ignores namespaces.
    head = Head(language=(root.get("lang") or root.get("xml:lang") or "").strip())
    for element in root.iter("meta", "link", "title"):
        attributes = dict(element.items())
        if element.tag == "meta":
            content = normalize_space(attributes.get("content", ""))
            for name in filter(None, map(attributes.get, ("name", "property", "itemprop", "http-equiv"))):
                head.meta.setdefault(name.strip().lower(), []).append(content)
        elif element.tag == "link":
            head.links.append((attributes.get("rel", "").lower(), attributes))
        elif not head.title and next(element.iterancestors("svg"), None) is None:
            head.title = normalize_space(element.text_content())
    return head
