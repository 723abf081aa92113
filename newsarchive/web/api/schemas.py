"""Response models of the JSON API. Their names are a promise to other programs: add to them, do not change them.

Each is a view of the index under another name; times are ISO 8601 in UTC, dates of pages as StatedDate says.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeAlias, get_type_hints

from pydantic import AliasPath, BaseModel, BeforeValidator, ConfigDict, Field, create_model

from storage.article_fields import FIELDS, FieldType
from storage.index.views.articles import VersionView
from storage.index.views.history import ChangeView
from storage.page_date import PageDate


def _format_stated(value: Any) -> Any:
    return value.isoformat() if isinstance(value, PageDate) else value


StatedDate: TypeAlias = Annotated[
    str,
    BeforeValidator(_format_stated),
    Field(
        description="ISO 8601 as the page states it: a day, or a time with its UTC offset if it states one",
        examples=["2026-06-11T06:30:00+08:00", "2026-06-11", "2026-06-11T06:30:00"],
    ),
]


class ApiModel(BaseModel):
    """Base of all models: made from a view's attributes; docstrings become descriptions in OpenAPI."""

    model_config = ConfigDict(from_attributes=True, frozen=True, use_attribute_docstrings=True)


class ProblemDetails(ApiModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    """Explanation, with a remedy if there is one."""


class SiteSummary(ApiModel):
    """A news site with its archived totals."""

    name: str
    url: str
    """Front page."""
    title: str | None
    articles: int
    versions: int
    captures: int
    first_capture: datetime | None
    last_capture: datetime | None


class SiteList(ApiModel):
    """All sites, by name."""

    sites: tuple[SiteSummary, ...]


class ArticleSummary(ApiModel):
    """An article in a list."""

    id: int
    """Id in this index; it changes when the index is rebuilt. The URL is permanent."""
    site: str
    url: str
    """Canonical URL."""
    headline: str
    dek: str | None
    section: str | None
    published: StatedDate | None
    first_seen: datetime
    state: str
    """live, gone or moved."""
    versions: int


class ArticlePage(ApiModel):
    """A page of articles, newest first."""

    articles: tuple[ArticleSummary, ...]
    next: str | None
    """Cursor of the next page; null at the end."""


class ParagraphItem(ApiModel):
    """A block of text, in reading order."""

    role: str
    """text, heading, quote, list, table, code: the body; caption, dek, byline, disclaimer ...: around it."""
    text: str


class MarkedParagraph(ParagraphItem):
    """A block of text, boilerplate or not."""

    boilerplate: bool
    """True for what the site prints under many articles."""


class LinkItem(ApiModel):
    """A link of a group."""

    url: str
    anchor: str
    article_id: int | None
    """Id of the linked article, if it is archived."""


class LinkGroupItem(ApiModel):
    """A group of links on a page."""

    kind: str
    """related, latest, inline or listing."""
    label: str
    """Heading of the group; empty if it has none."""
    links: tuple[LinkItem, ...]


class CaptureDetail(ApiModel):
    """One capture of a URL."""

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
    version_number: int | None
    """Number of the version that it shows."""
    warc: str = Field(validation_alias=AliasPath("place", "warc"))
    """Name of the WARC file: /warcs/{warc} with Range returns the record."""
    offset: int = Field(validation_alias=AliasPath("place", "offset"))
    length: int = Field(validation_alias=AliasPath("place", "length"))


class CapturePage(ApiModel):
    """A page of captures of a URL, oldest first."""

    captures: tuple[CaptureDetail, ...]
    next: str | None
    """Cursor of the next page; null at the end."""


class SpanItem(ApiModel):
    """Captures in a row that found the same. What stood between two captures is not known."""

    state: str
    """shown, gone or moved."""
    version: int | None
    """Number of the version; null unless a text was shown."""
    first_seen: datetime
    last_seen: datetime
    captures: int = Field(validation_alias="looks")
    changed: tuple[str, ...]
    """Kinds of change from the text that was seen before."""
    changed_back: bool = Field(validation_alias="is_changed_back")
    """True if the text differs from the one seen before, and had been seen before that."""
    back: bool = Field(validation_alias="is_back")
    """True if the article was gone or moved before."""


class MetadataChangeItem(ApiModel):
    """A changed date, tag or image address, which makes no version."""

    field: str
    """published, modified, tags or image."""
    old: str | None
    new: str | None
    seen_before: datetime
    """Capture with the old value."""
    seen: datetime
    """Capture with the new value."""
    record_before: str
    """WARC-Record-ID of the capture with the old value."""
    record: str
    """WARC-Record-ID of the capture with the new value."""


class _SeenVersion(ApiModel):
    id: int
    number: int
    """From 1, in the order of first captures."""
    digest: str
    first_seen: datetime
    """First capture that shows this text."""
    last_seen: datetime
    """Last capture that shows it; between the two another text may have been seen: see `spans`."""
    changed: tuple[str, ...]
    """Kinds of change from the text that was seen before it; empty for the first."""
    spans: tuple[SpanItem, ...]
    """When it was seen, oldest first."""


class VersionSummary(_SeenVersion):
    """A version in a list."""

    headline: str
    captures: int


class VersionList(ApiModel):
    """All versions of an article."""

    versions: tuple[VersionSummary, ...]


_HINTS = get_type_hints(VersionView)
_NESTED: Mapping[FieldType, Any] = {
    FieldType.DATE: StatedDate | None,
    FieldType.TEXTS: tuple[str, ...],
    FieldType.PARAGRAPHS: tuple[ParagraphItem, ...],
    FieldType.LINKS: tuple[LinkGroupItem, ...],
}
_OF_THE_ARTICLE = frozenset(
    {"version", "versions", "changed", "history", "metadata_changes", "first_seen", "last_seen", "capture"}
)
"""Fields of an export line that the models below have in another form."""
_ARTICLE_FIELDS: dict[str, Any] = {
    field.name: (_NESTED.get(field.type) or _HINTS.get(field.name, str), Field(description=field.description))
    for field in FIELDS
    if field.name not in _OF_THE_ARTICLE
}
_ArticleFields: Any = create_model("ArticleFields", __base__=ApiModel, **_ARTICLE_FIELDS)


class VersionDetail(_ArticleFields, _SeenVersion):  # type: ignore[misc]  # made from the table of article fields
    """One text of an article: the fields of an export line, and its place among the article's versions."""

    article_id: int
    all_paragraphs: tuple[MarkedParagraph, ...]
    """Paragraphs and boilerplate in the order of the page."""
    capture: CaptureDetail
    """The first that shows this text."""


class ArticleDetail(ApiModel):
    """An article with its history."""

    id: int
    site: str
    url: str
    state: str
    first_seen: datetime
    last_seen: datetime
    current: VersionDetail
    versions: tuple[VersionSummary, ...]
    history: tuple[SpanItem, ...]
    """Spans of captures, oldest first."""
    metadata_changes: tuple[MetadataChangeItem, ...]
    """Changes of dates, tags and the image address, oldest first."""


class ArticleLinks(ApiModel):
    """The link graph around an article."""

    links: tuple[LinkGroupItem, ...]
    """Links of its current version."""
    linked_from: tuple[ArticleSummary, ...]
    """Articles that link to it, newest first; at most 100."""


class SnippetPart(ApiModel):
    """A piece of a text; `is_match` marks a match of the query."""

    text: str
    is_match: bool


class SearchResult(ApiModel):
    """An article found by a search, in its newest matching version."""

    article_id: int
    version_id: int
    number: int
    versions: int
    matching: int
    """Number of matching versions."""
    site: str
    url: str
    headline: Annotated[str, BeforeValidator(lambda parts: "".join(part.text for part in parts))]
    snippet: tuple[SnippetPart, ...]
    dek: str | None
    authors: tuple[str, ...]
    section: str | None
    language: str | None
    published: StatedDate | None
    first_seen: datetime
    state: str


class SearchResults(ApiModel):
    """A page of search results."""

    total: int
    """Number of matching articles."""
    exact: bool = True
    """Always true: all matches are counted."""
    hits: tuple[SearchResult, ...]
    problems: tuple[str, ...]
    """Parts of the query that were invalid, and their interpretation."""
    next: str | None
    """Cursor of the next page; null at the end."""


class CrawlSummary(ApiModel):
    """A run of the crawler."""

    id: str
    sites: tuple[str, ...]
    started_at: datetime | None
    finished_at: datetime | None
    outcome: str | None
    """finished, stopped, failed or interrupted; null while it runs."""
    counters: dict[str, int]
    captures: int


class CrawlPage(ApiModel):
    """Runs, newest first."""

    crawls: tuple[CrawlSummary, ...]
    next: str | None
    """Cursor of the next page; null at the end."""


class SourceSummary(ApiModel):
    """A feed, sitemap or listing."""

    url: str
    site: str
    kind: str
    title: str | None
    entries: int
    first_seen: datetime
    last_seen: datetime
    last_changed: datetime


class SourceList(ApiModel):
    """Feeds, sitemaps and listings, by URL."""

    sources: tuple[SourceSummary, ...]


class ChangePage(ApiModel):
    """A page of changes, those seen last first."""

    total: int
    changes: tuple[ChangeView, ...]
    next: str | None
    """Cursor of the next page; null at the end."""
