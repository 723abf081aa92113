"""Output of a site's own spider for one response, as the metadata record behind the response holds it.

    response <--WARC-Refers-To-- metadata, application/json: {"spider": ..., "item": ..., "requests": [...], "error": ...}

An item is the reading of its response, and the requests are the URLs that it makes due. A rebuild needs no spider.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

from storage.article_fields import FIELDS, FieldType, links_to_json, paragraphs_to_json
from storage.model import Access, Article, Image, Link, LinkGroup, LinkKind, Outcome, Paragraph, Reading, Role, UrlKind
from storage.page_date import PageDate, SourcedDate
from storage.urls import resolve_url
from storage.warc.record import Record, sha256

SPIDER = "spider"
"""Source of the dates that an item states."""
MARK = b'{"spider":'
_DERIVED = ("canonical_url", "published_source", "modified_source")
_PAGES = ("html", "xml")


class ArticleItem(dict[str, Any]):
    """An article, as a site's own spider yields it: the reading of its response.

    Its fields are those of `newsarchive extract`, as text, lists of texts, true or false; a headline is required. `url`
    is the article's own address if it is not that of the response. `body` has a blank line between paragraphs; instead,
    `paragraphs` is a list of {"role": ..., "text": ...}. Dates are ISO 8601, or dates and times of Python's.
    Example: `ArticleItem(headline="Bridge opens", body="First.\\n\\nSecond.", published="2026-11-28T06:30:00+01:00")`.
    """

    def __init__(self, **fields: Any) -> None:
        """Check the fields; ValueError names the wrong one."""
        super().__init__()
        for name, value in fields.items():
            if name not in _READERS:
                near = get_close_matches(name, _READERS, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"fields: {', '.join(_READERS)}"
                raise ValueError(f"an ArticleItem has no field {name!r}; {hint}")
            if value is None or value in ("", [], ()):
                continue
            try:
                self[name] = _READERS[name](value)
            except (AttributeError, KeyError, TypeError, ValueError) as problem:
                raise ValueError(f"the field {name!r} of an ArticleItem cannot be {value!r:.80}: {problem}") from None
        if "headline" not in self:
            raise ValueError("an ArticleItem needs a headline")
        if "body" in self:
            self["paragraphs"] = [*self.pop("body"), *self.get("paragraphs", ())]

    def to_article(self, url: str) -> Article:
        """Return the article, given the URL of the response."""
        dates = {name: _sourced(self[name]) for name in ("published", "modified") if name in self}
        lists = {name: tuple(self.get(name, ())) for name in ("authors", "organisations", "author_links", "tags")}
        texts = {name: self.get(name) for name in ("dek", "kicker", "section", "language")}
        own_url = resolve_url(url, self.get("url", url)).partition("#")[0]
        image = self.get("image")
        return Article(
            url=url, canonical_url=own_url if own_url.startswith(("http://", "https://")) else url,
            headline=self["headline"], **texts, **lists, **dates,
            image=Image(url=resolve_url(url, image), caption=self.get("image_caption")) if image else None,
            access=Access(self["access"]) if "access" in self else None,
            live=self.get("live_blog", False), noarchive=self.get("noarchive", False), declared=True,
            paragraphs=tuple(Paragraph(role=Role(each["role"]), text=each["text"]) for each in self.get("paragraphs", ())),
            link_groups=tuple(_read_group(each, url) for each in self.get("links", ())),
        )  # fmt: skip


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text is expected, not {type(value).__name__}")
    return " ".join(value.split())


def _texts(value: Any) -> list[str]:
    if isinstance(value, str | Mapping):
        raise TypeError("a list of texts is expected")
    return [_text(each) for each in value]


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("True or False is expected")
    return value


def _date(value: Any) -> str:
    return PageDate.parse(value.isoformat() if isinstance(value, date | datetime) else value).isoformat()


def _sourced(stated: str) -> SourcedDate:
    return SourcedDate(**asdict(PageDate.parse(stated)), source=SPIDER)


def _paragraphs(value: Any) -> list[dict[str, str]]:
    given = [each if isinstance(each, Mapping) else {"role": "text", "text": each} for each in value]
    lines = [Paragraph(role=Role(each["role"]), text="\n".join(map(_text, each["text"].split("\n")))) for each in given]
    return paragraphs_to_json(each for each in lines if each.text.strip())


def _body(value: Any) -> list[dict[str, str]]:
    return paragraphs_to_json(
        Paragraph(role=Role.TEXT, text=text) for each in value.split("\n\n") if (text := _text(each))
    )


def _read_group(group: Mapping[str, Any], base: str = "") -> LinkGroup:
    links = [
        Link(url=resolve_url(base, _text(each["url"])), anchor=_text(each.get("anchor", ""))) for each in group["links"]
    ]
    return LinkGroup(kind=LinkKind(group["kind"]), label=_text(group.get("label", "")), links=tuple(links))


_BY_TYPE: Mapping[FieldType, Callable[[Any], Any]] = {
    FieldType.TEXT: _text,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: _date,
    FieldType.TEXTS: _texts,
    FieldType.PARAGRAPHS: _paragraphs,
    FieldType.LINKS: lambda value: links_to_json(map(_read_group, value)),
}
_READERS = {
    field.name: _BY_TYPE[field.type] for field in FIELDS if not field.archive_only and field.name not in _DERIVED
} | {"body": _body, "access": lambda value: Access(value).value}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpiderRequest:
    """A GET request that a spider yields: its URL becomes due."""

    url: str
    callback: str
    """Name of the spider's method that gets the response; behind a blank its arguments as JSON, if it has any."""
    kind: str
    """A UrlKind: how often the URL is fetched depends on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpiderOutput:
    """What a spider's callback yielded for a response."""

    spider: str
    item: ArticleItem | None = None
    """The reading of the response; None if the common readers read it."""
    requests: tuple[SpiderRequest, ...] = ()
    error: str = ""
    """The exception that ended the callback."""

    def to_block(self) -> bytes:
        """Return the block of the metadata record."""
        requests = [asdict(each) for each in self.requests]
        return json.dumps(
            {"spider": self.spider, "item": self.item, "requests": requests, "error": self.error}
        ).encode()

    def reading(self, url: str, mime: str | None, extractor: str) -> Reading | None:
        """Return the reading of the response; None if the common readers read it."""
        what, digest = f"the site's spider {self.spider}", sha256(self.to_block())
        if self.error:
            return Reading(outcome=Outcome.ERROR, reason=f"{what} failed: {self.error}", extractor=extractor)
        if self.item is not None:
            article, reason = self.item.to_article(url), f"ArticleItem of {what}"
            return Reading(
                outcome=Outcome.ARTICLE, reason=reason, article=article, title=article.headline, content_digest=digest,
                extractor=extractor,
            )  # fmt: skip
        if not self.requests or any(name in (mime or "html") for name in _PAGES):
            return None
        links = tuple(Link(url=each.url, anchor="") for each in self.requests if each.kind == UrlKind.ARTICLE)
        return Reading(
            outcome=Outcome.LISTING, reason=f"{len(self.requests)} requests of {what}", content_digest=digest,
            link_groups=(LinkGroup(kind=LinkKind.LISTING, label="", links=links),), extractor=extractor,
        )  # fmt: skip


def parse_output(record: Record) -> SpiderOutput | None:
    """Return the output in a metadata record; None if another tool wrote it."""
    if not record.block.startswith(MARK):
        return None
    try:
        found = json.loads(record.block)
        item = ArticleItem(**found["item"]) if found["item"] is not None else None
        requests = tuple(SpiderRequest(**{**each, "kind": UrlKind(each["kind"]).value}) for each in found["requests"])
        return SpiderOutput(spider=str(found["spider"]), item=item, requests=requests, error=str(found["error"]))
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
