"""What the JSON API answers with. These names are a promise to other programs: add to them, do not change them.

Each is a view of the index under another name; times are ISO 8601 in UTC.
"""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict

from storage.index.views.articles import Hit, SearchPage


class Shape(BaseModel):
    """Base of all: made from a view's attributes, its docstrings shown in the API's description."""

    model_config = ConfigDict(from_attributes=True, frozen=True, use_attribute_docstrings=True)


class Problem(Shape):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    """In words, with what to do."""


class Site(Shape):
    """A news site, and what is archived of it."""

    name: str
    url: str
    """Front page."""
    title: str | None
    articles: int
    versions: int
    captures: int
    first_capture: datetime | None
    last_capture: datetime | None


class Sites(Shape):
    """All sites, by name."""

    sites: tuple[Site, ...]


class ArticleLine(Shape):
    """An article in a list."""

    id: int
    """Of this index; another after a rebuild. What lasts is the URL."""
    site: str
    url: str
    """Canonical."""
    headline: str
    dek: str | None
    section: str | None
    published: datetime | None
    first_seen: datetime
    state: str
    """live, gone or moved."""
    versions: int


class Articles(Shape):
    """A page of articles, newest first."""

    articles: tuple[ArticleLine, ...]
    next: str | None
    """Cursor of the page that follows; null at the end."""


class Paragraph(Shape):
    """A block of text, in reading order."""

    role: str
    """text, heading, quote, list, table, code: the body; caption, dek, byline, disclaimer ...: what is around it."""
    text: str
    boilerplate: bool
    """The site prints it under so many articles that it is none of this one's text."""


class Link(Shape):
    """A link of a group."""

    url: str
    anchor: str
    article_id: int | None
    """The article that it leads to, where the archive holds it."""


class LinkGroup(Shape):
    """Links that stand together on a page."""

    kind: str
    """related, latest, inline or listing."""
    label: str
    """The group's own heading; empty where it has none."""
    links: tuple[Link, ...]


class Place(Shape):
    """Where a record lies: /warcs/{warc} with Range gives it."""

    warc: str
    offset: int
    length: int


class Capture(Shape):
    """What the archive holds of a URL at one moment."""

    id: int
    url: str
    site: str
    record_id: str
    """WARC-Record-ID."""
    kind: str
    """response, revisit or resource."""
    fetched_at: datetime
    status: int | None
    mime: str | None
    payload_digest: str | None
    payload_size: int
    truncated: str | None
    outcome: str
    """article, listing, feed, redirect, gone, challenge ..."""
    reason: str
    redirect_url: str | None
    article_id: int | None
    version_id: int | None
    place: Place


class Captures(Shape):
    """A page of captures of a URL, oldest first."""

    captures: tuple[Capture, ...]
    next: str | None
    """Cursor of the page that follows; null at the end."""


class VersionLine(Shape):
    """A version in a list."""

    id: int
    number: int
    """From 1, in the order of first captures."""
    headline: str
    digest: str
    first_seen: datetime
    last_seen: datetime
    captures: int


class Versions(Shape):
    """All texts that an article has had."""

    versions: tuple[VersionLine, ...]


class Version(Shape):
    """One text of an article, whole."""

    id: int
    article_id: int
    number: int
    site: str
    url: str
    """Where its first capture was made."""
    canonical_url: str
    headline: str
    dek: str | None
    authors: tuple[str, ...]
    published: datetime | None
    published_source: str | None
    """What vouches for the date: json-ld, meta, feed ..."""
    modified: datetime | None
    modified_source: str | None
    section: str | None
    tags: tuple[str, ...]
    language: str | None
    image: str | None
    image_caption: str | None
    access: str | None
    """free or paywalled; null where the page says nothing of it."""
    live: bool
    """True for a live blog."""
    digest: str
    first_seen: datetime
    last_seen: datetime
    body: str
    """The article's own text, a blank line between paragraphs."""
    paragraphs: tuple[Paragraph, ...]
    link_groups: tuple[LinkGroup, ...]
    capture: Capture
    """The first that showed this text."""


class Article(Shape):
    """An article with its history."""

    id: int
    site: str
    url: str
    state: str
    first_seen: datetime
    last_seen: datetime
    current: Version
    versions: tuple[VersionLine, ...]


class Links(Shape):
    """The link graph around an article."""

    links: tuple[LinkGroup, ...]
    """Where its current version points to."""
    linked_from: tuple[ArticleLine, ...]
    """Articles that point to it, newest first; at most 100."""


class Segment(Shape):
    """A piece of a text; `is_match` where it is what was searched for."""

    text: str
    is_match: bool


class Found(Shape):
    """An article that a search found, by its newest version that matches."""

    article_id: int
    version_id: int
    number: int
    versions: int
    matching: int
    """How many of them match."""
    site: str
    url: str
    headline: str
    snippet: tuple[Segment, ...]
    dek: str | None
    authors: tuple[str, ...]
    section: str | None
    language: str | None
    published: datetime | None
    first_seen: datetime
    state: str

    @classmethod
    def of(cls, hit: Hit) -> Self:
        """As the index found it."""
        return cls(
            article_id=hit.article_id, version_id=hit.version_id, number=hit.number, versions=hit.versions,
            matching=hit.matching, site=hit.site, url=hit.url, headline="".join(part.text for part in hit.headline),
            snippet=tuple(Segment(text=text, is_match=is_match) for text, is_match in hit.snippet), dek=hit.dek,
            authors=hit.authors, section=hit.section, language=hit.language, published=hit.published,
            first_seen=hit.first_seen, state=hit.state,
        )  # fmt: skip


class SearchResult(Shape):
    """A page of a search."""

    total: int
    """Articles that match; at least so many where `exact` is false."""
    exact: bool
    hits: tuple[Found, ...]
    problems: tuple[str, ...]
    """What of the query was not understood, and how it was taken."""
    next: str | None
    """Cursor of the page that follows; null at the end."""

    @classmethod
    def of(cls, page: SearchPage, following: str | None) -> Self:
        """As the index found it."""
        hits = tuple(Found.of(hit) for hit in page.hits)
        return cls(total=page.total, exact=page.exact, hits=hits, problems=page.problems, next=following)


class Crawl(Shape):
    """A run of the crawler."""

    id: str
    sites: tuple[str, ...]
    started_at: datetime | None
    finished_at: datetime | None
    outcome: str | None
    """finished, stopped, failed or interrupted; null while it runs."""
    counters: dict[str, int]
    captures: int


class Crawls(Shape):
    """Runs, newest first."""

    crawls: tuple[Crawl, ...]
    next: str | None
    """Cursor of the page that follows; null at the end."""


class Source(Shape):
    """A feed, sitemap or listing."""

    url: str
    site: str
    kind: str
    title: str | None
    entries: int
    first_seen: datetime
    last_seen: datetime
    last_changed: datetime


class Sources(Shape):
    """Feeds, sitemaps and listings, by URL."""

    sources: tuple[Source, ...]
