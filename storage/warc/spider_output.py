"""Output of a site's own spider for one response, as the metadata record behind the response holds it.

    response <--WARC-Refers-To-- metadata, newsarchive-spider: {"spider", "item", "requests", "error"}

An item is the reading of its response, and the requests are the URLs that it makes due. A rebuild needs no spider.
"""

import json
from dataclasses import MISSING, dataclass, fields
from datetime import date
from difflib import get_close_matches
from enum import Enum
from typing import Any, NamedTuple

from storage.article_fields import FIELDS, PART_TYPES, FieldType
from storage.article_parts import Image
from storage.model import Access, Article, Link, LinkGroup, LinkKind, Outcome, Paragraph, Reading, Role, UrlKind
from storage.page_date import PageDate, SourcedDate
from storage.urls import resolve_url
from storage.warc.record import Record, header, parse_fields, sha256

FIELD = "newsarchive-spider"
"""Field of the metadata record that has the output."""
SPIDER = "the site's spider "
"""Part of the reason of each reading by it, and of each complete response that it has not read."""
_DERIVED = ("canonical_url", "published_source", "modified_source")
_FIELDS = {each.name: each.type for each in FIELDS if not each.archive_only and each.name not in _DERIVED}
_TYPES: dict[FieldType, tuple[type, ...]] = {
    FieldType.TEXT: (str,),
    FieldType.BOOLEAN: (bool,),
    FieldType.DATE: (str, date),
}


_TIMES = ("published", "modified")
_MAX_NUMBER = 10_000_000  # of seconds, and of paragraphs above a medium


class ArticleItem(dict[str, Any]):
    r"""An article, as a site's own spider yields it: the reading of its response.

    Its fields are those of `newsarchive extract`, as text, lists of texts, true or false; a headline is required. `url`
    is the article's own address if it is not that of the response. `body` has a blank line between paragraphs; instead,
    `paragraphs` is a list of {"role": ..., "text": ...}. Dates are ISO 8601, or dates and times of Python's.
    Example: `ArticleItem(headline="Bridge opens", body="First.\n\nSecond.", published="2026-11-28T06:30:00+01:00")`.
    """

    def __init__(self, **fields: Any) -> None:
        super().__init__()
        for name, value in fields.items():
            if name not in _FIELDS:
                near = get_close_matches(name, _FIELDS, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"fields: {', '.join(_FIELDS)}"
                raise ValueError(f"an ArticleItem has no field {name!r}; {hint}")
            expected = _TYPES.get(_FIELDS[name], (list, tuple))
            try:
                if value is not None and not isinstance(value, expected):
                    raise TypeError(f"{expected[0].__name__} is expected")
                if value is not None and value != "":
                    self[name] = _clean(_FIELDS[name], value)
            except (AttributeError, KeyError, TypeError, ValueError) as problem:
                raise ValueError(f"the field {name!r} of an ArticleItem cannot be {value!r:.80}: {problem}") from None
        if not self.get("headline"):
            raise ValueError("an ArticleItem needs a headline")

    def to_article(self, url: str) -> Article:
        """Return the article, given the URL of the response. ValueError for a wrong URL, role, access, link or part."""
        own_url = resolve_url(url, self.get("url", url)).partition("#")[0]
        given: dict[str, Any] = {name: self.get(name) for name in ("headline", "dek", "kicker", "section", "language")}
        given |= {name: tuple(self.get(name, ())) for name in ("authors", "organisations", "author_links", "tags")}
        for name, kind in _FIELDS.items():
            if kind in PART_TYPES:
                given[name] = tuple(_read_part(PART_TYPES[kind], each, url) for each in self.get(name, ()))
        given |= {name: _parse_date(self[name]) for name in ("published", "modified") if name in self}
        image, body = self.get("image"), [{"role": "text", "text": each} for each in self.get("body", "").split("\n\n")]
        return Article(
            **given,
            url=url,
            canonical_url=own_url if own_url.startswith(("http://", "https://")) else url,
            image=Image(url=resolve_url(url, image), caption=self.get("image_caption")) if image else None,
            access=Access(self["access"]) if "access" in self else None,
            live=self.get("live_blog", False),
            noarchive=self.get("noarchive", False),
            declared=True,
            paragraphs=tuple(
                Paragraph(role=Role(each["role"]), text=_collapse(each["text"]))
                for each in (*body, *self.get("paragraphs", ()))
                if each["text"].strip()
            ),
            link_groups=tuple(_read_group(each, url) for each in self.get("links", ())),
        )


def _clean(kind: FieldType, value: Any) -> Any:
    if kind is FieldType.DATE:
        return PageDate.parse(value.isoformat() if isinstance(value, date) else value).isoformat()
    return [_collapse(each) for each in value] if kind is FieldType.TEXTS else value


def _collapse(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.strip().split("\n"))


def _parse_date(stated: str) -> SourcedDate:
    day = PageDate.parse(stated)
    return SourcedDate(at=day.at, offset=day.offset, is_day=day.is_day, source="spider")


def _read_group(group: dict[str, Any], base: str) -> LinkGroup:
    links = (Link(url=resolve_url(base, each["url"]), anchor=each.get("anchor", "")) for each in group["links"])
    return LinkGroup(kind=LinkKind(group["kind"]), label=group.get("label", ""), links=tuple(links))


def _read_part(part: type[Any], given: Any, base: str) -> Any:
    """Return a picture, an entity or a live update; ValueError for a field that it does not have, or a wrong value."""
    known = {field.name: field for field in fields(part)}
    if not isinstance(given, dict) or given.keys() - known.keys():
        raise ValueError(f"{part.__name__} is an object with some of the fields {', '.join(known)}, not {given!r:.80}")
    values: dict[str, Any] = {}
    for name, field in known.items():
        kind: Any = field.type
        is_enum = isinstance(kind, type) and issubclass(kind, Enum)
        value = given.get(name, None if field.default is MISSING else field.default)
        is_valid = isinstance(value, str if is_enum else kind) and not isinstance(value, bool)
        if value is not None and name.endswith("url"):
            value = resolve_url(base, str(value))
            is_valid = is_valid and value.startswith(("http://", "https://"))
        elif value is not None and name in _TIMES:
            value = PageDate.parse(str(value)).isoformat()
        if not is_valid or (isinstance(value, int) and not 0 <= value < _MAX_NUMBER):
            raise ValueError(f"{name} of {part.__name__} cannot be {value!r:.80}")
        values[name] = kind(value) if is_enum else value
    return part(**values)


class SpiderRequest(NamedTuple):
    """A GET request that a spider yields: its URL becomes due.

    `callback`: the method that gets the response, and behind a blank its arguments as JSON, if any. `kind`: a UrlKind.
    """

    url: str
    callback: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpiderOutput:
    """Output of a spider's callback for a response."""

    spider: str
    item: ArticleItem | None = None
    """The reading of the response; None if the common readers read it."""
    requests: tuple[SpiderRequest, ...] = ()
    error: str = ""
    """The exception that ended the callback."""

    def to_json(self) -> str:
        """Return the value of FIELD."""
        return json.dumps([self.spider, self.item, self.requests, self.error])

    def reading(self, url: str, mime: str | None, extractor: str) -> Reading | None:
        """Return the reading of the response; None if the common readers read it."""
        what, digest = f"{SPIDER}{self.spider}", sha256(self.to_json().encode())
        if self.error:
            reason = f"a complete response, but {what} failed: {self.error}"
            return Reading(outcome=Outcome.ERROR, reason=reason, extractor=extractor)
        if self.item is None and (not self.requests or any(name in (mime or "html") for name in ("html", "xml"))):
            return None
        links = tuple(Link(url=each.url, anchor="") for each in self.requests if each.kind == UrlKind.ARTICLE)
        article = self.item.to_article(url) if self.item else None
        return Reading(
            outcome=Outcome.ARTICLE if article else Outcome.LISTING,
            reason=f"output of {what}",
            extractor=extractor,
            article=article,
            title=article.headline if article else None,
            content_digest=digest,
            link_groups=() if article else (LinkGroup(kind=LinkKind.LISTING, label="", links=links),),
        )


def parse_output(record: Record) -> SpiderOutput | None:
    """Return the output in a metadata record; None if it has none."""
    try:
        spider, item, requests, error = json.loads(header(parse_fields(record.block), FIELD) or "")
        known = tuple(SpiderRequest(url, callback, UrlKind(kind).value) for url, callback, kind in requests)
        return SpiderOutput(spider=spider, item=ArticleItem(**item) if item else None, requests=known, error=error)
    except (TypeError, ValueError, RecursionError):
        return None
