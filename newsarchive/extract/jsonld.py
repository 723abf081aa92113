"""What a page says of itself in JSON-LD (schema.org NewsArticle and kin), read leniently: many are broken."""

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any, cast

from lxml.html import HtmlElement

Node = dict[str, Any]
"""One JSON object."""

_ARTICLE_TYPES = frozenset(
    "Article NewsArticle AnalysisNewsArticle AskPublicNewsArticle BackgroundNewsArticle OpinionNewsArticle "
    "ReportageNewsArticle"
    " ReviewNewsArticle AdvertiserContentArticle SatiricalArticle ScholarlyArticle TechArticle Report BlogPosting "
    "LiveBlogPosting"
    " SocialMediaPosting MedicalScholarlyArticle Review CriticReview".split()
)
_LIVE = "LiveBlogPosting"
_LISTING_TYPES = frozenset("CollectionPage ItemList SearchResultsPage".split())
_LARGEST = 2_000_000
_MOST_NODES = 5_000

# Linear on purpose: what publishers break (a bare quote in a description, a comma too many, a block cut short) must not
# cost more than the page. No nested quantifiers.
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_CONTROL = re.compile(r"[\x00-\x1f]+")
_STRING_FIELD = re.compile(
    r'"(headline|datePublished|dateModified|dateCreated|articleSection|description|name|@type|inLanguage|'
    r'isAccessibleForFree)"\s*:\s*"((?:[^"\\]|\\.){0,2000})"'
)


def nodes(root: HtmlElement) -> list[Node]:
    """Return all typed objects of a page's JSON-LD blocks, in order, @graph and nesting opened."""
    found: list[Node] = []
    for script in root.iter("script"):
        kind = script.get("type") or ""
        if "ld+json" in kind.lower() and script.text:
            found.extend(_opened(_parsed(script.text)))
            if len(found) > _MOST_NODES:
                break
    return found[:_MOST_NODES]


def _parsed(text: str) -> Any:
    """Parse one block; where it is broken, mend it; where that fails, take its plain string fields."""
    text = (
        text[:_LARGEST]
        .strip()
        .removeprefix("<!--")
        .removeprefix("<![CDATA[")
        .removesuffix("-->")
        .removesuffix("]]>")
        .strip()
        .rstrip(";")
    )
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
        try:
            fields.setdefault(key, json.loads(f'"{match[2]}"', strict=False))
        except ValueError:
            continue
    if author := re.search(
        r'"author"\s*:\s*[\[{\s]*(?:"@type"\s*:\s*"\w+"\s*,\s*)?"name"\s*:\s*"([^"\\]{2,100})"', text
    ):
        fields["author"] = author[1]
    return fields


def _opened(value: Any) -> Iterator[Node]:
    """Yield typed objects, parents before children, without recursion."""
    stack = [value]
    count = 0
    while stack and count < _MOST_NODES:
        item = stack.pop()
        count += 1
        if isinstance(item, list):
            stack.extend(reversed(item))
        elif isinstance(item, dict):
            if "@type" in item:
                yield item
            stack.extend(v for v in reversed(list(item.values())) if isinstance(v, dict | list))


def types(node: Node) -> frozenset[str]:
    """Return a node's types without their vocabulary.

    >>> sorted(types({"@type": ["http://schema.org/NewsArticle", "Thing"]}))
    ['NewsArticle', 'Thing']
    """
    value = node.get("@type")
    values = value if isinstance(value, list) else [value]
    return frozenset(v.rpartition("/")[2].rpartition(":")[2] for v in values if isinstance(v, str))


def article(found: list[Node], url: str) -> Node | None:
    """Return the node that is this page's article: the one that names its URL, else the first with a headline.

    What it leaves out is taken from others under the same headline: a live blog is often told twice.
    """
    candidates = [node for node in found if types(node) & _ARTICLE_TYPES]
    titled = [n for n in candidates if text_of(n.get("headline")) or text_of(n.get("name")) or n.get("datePublished")]
    if not titled:
        return None
    path = _path(url)
    chosen = next((node for node in titled if path and any(path in u for u in _urls(node))), titled[0])
    headline = text_of(chosen.get("headline"))
    for other in titled:
        if other is not chosen and headline and text_of(other.get("headline")) == headline:
            chosen = {**other, **{key: value for key, value in chosen.items() if value}}
    return chosen


def _path(url: str) -> str:
    return url.partition("://")[2].partition("?")[0].rstrip("/")


def _urls(node: Node) -> list[str]:
    """Return the URLs a node names itself by."""
    values = [node.get("url"), node.get("@id"), node.get("mainEntityOfPage")]
    main = values[2]
    if isinstance(main, dict):
        values += [main.get("@id"), main.get("url")]
    return [v for v in values if isinstance(v, str)]


def is_live(found: list[Node], node: Node | None, url: str) -> bool:
    """Say whether the article, or something else that names itself by this page's URL, is a live blog."""
    path = _path(url)
    if node is not None and _LIVE in types(node):
        return True
    return any(_LIVE in types(n) and any(path in u for u in _urls(n)) for n in found)


def is_listing(found: list[Node]) -> bool:
    """Say whether the page calls itself a collection."""
    return any(types(node) & _LISTING_TYPES for node in found)


def text_of(value: Any) -> str:
    """Return the first plain text of a value: a string, a list's first, an object's name or @value.

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


def texts_of(value: Any) -> list[str]:
    """Return all plain texts of a value that may be one or many."""
    values = value if isinstance(value, list) else [value]
    return [text for v in values if (text := text_of(v))]


def resolve(value: Any, found: list[Node]) -> Any:
    """Follow {"@id": ...} references to the node they name."""
    if isinstance(value, list):
        return [resolve(v, found) for v in value[:50]]
    if isinstance(value, dict) and "@id" in value and "name" not in value:
        return next((n for n in found if n.get("@id") == value["@id"] and "name" in n), cast("Node", value))
    return value
