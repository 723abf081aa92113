"""Response models of the JSON API. Their names are a promise to other programs: add to them, do not change them.

Each is a view of the index under another name; times are ISO 8601 in UTC, dates of pages as StatedDate says.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeAlias, get_type_hints

from pydantic import AliasPath, BaseModel, BeforeValidator, ConfigDict, Field, create_model

from storage.article_fields import FIELDS, PART_TYPES, FieldType
from storage.index.queries.links import Placement
from storage.index.search.facets import Trend
from storage.index.views.articles import ArticleLine, CaptureView, SearchHit, SourceView, VersionView
from storage.index.views.history import ChangeView
from storage.index.views.status import CrawlView, SiteCount
from storage.observations import MetadataEvent
from storage.page_date import PageDate

StatedDate: TypeAlias = Annotated[
    str,
    BeforeValidator(lambda value: value.isoformat() if isinstance(value, PageDate) else value),
    Field(
        description="ISO 8601 as the page states it: a day, or a time with its UTC offset if it states one",
        examples=["2026-06-11T06:30:00+08:00", "2026-06-11", "2026-06-11T06:30:00"],
    ),
]
Next: TypeAlias = Annotated[str | None, Field(description="Cursor of the next page; null at the end.")]


class _View(BaseModel):
    """Base of models that are created: for docstrings of theirs, pydantic would search the source of all modules."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class ApiModel(_View, use_attribute_docstrings=True):
    """Base of all other models: made from a view's attributes; docstrings become descriptions in OpenAPI."""


def fields_of(view: type, names: str, name: str = "", about: str | None = None) -> Any:
    """Return a model with fields of a view: dates as pages state them, members of enumerations as their values."""
    fields: dict[str, Any] = {}
    for field in names.split():
        hint: Any = get_type_hints(view)[field]
        is_enum = isinstance(hint, type) and issubclass(hint, StrEnum)
        fields[field] = (StatedDate | None if hint == PageDate | None else str if is_enum else hint, ...)
    return create_model(name or view.__name__, __base__=_View, __doc__=about, **fields)


def list_of(name: str, about: str, /, **items: Any) -> Any:
    """Return the model of a response with lists: a class of a name, with the types of its fields."""
    fields: dict[str, Any] = {field: (kind, ...) for field, kind in items.items()}
    return create_model(name, __base__=_View, __doc__=about, **fields)


# Made from the views, in the order of the fields in JSON.
SiteSummary: Any = fields_of(
    SiteCount, "name url title articles captures first_capture last_capture", "SiteSummary", "A site, with totals."
)
_ArticleSummary: Any = fields_of(ArticleLine, "id site url headline dek section published first_seen state versions")
_CaptureDetail: Any = fields_of(
    CaptureView,
    "id url site record_id kind fetched_at status mime payload_digest payload_size truncated outcome reason "
    "redirect_url article_id version_id version_number",
)
_MetadataChangeItem: Any = fields_of(MetadataEvent, "field old new seen_before seen record_before record")
_SearchResult: Any = fields_of(
    SearchHit,
    "article_id version_id number versions matching site url headline snippet dek authors section language published "
    "first_seen state papers copies",
)
_CrawlSummary: Any = fields_of(CrawlView, "id sites started_at finished_at outcome counters captures")
SourceSummary: Any = fields_of(
    SourceView,
    "url site kind title entries first_seen last_seen last_changed",
    "SourceSummary",
    "A feed, sitemap or listing.",
)


class ProblemDetails(ApiModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    """Explanation, with a remedy if there is one."""


SiteList = list_of("SiteList", "All sites, by name.", sites=tuple[SiteSummary, ...])


class ArticleSummary(_ArticleSummary, ApiModel):  # type: ignore[misc]
    """An article in a list."""

    id: int
    """Id in this index; it changes when the index is rebuilt. The URL is permanent."""
    url: str
    """Canonical URL."""
    state: str
    """live, gone or moved."""


ArticlePage = list_of(
    "ArticlePage", "A page of articles, newest first.", articles=tuple[ArticleSummary, ...], next=Next
)


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


class CaptureDetail(_CaptureDetail, ApiModel):  # type: ignore[misc]
    """One capture of a URL."""

    record_id: str
    """WARC-Record-ID."""
    kind: str
    """response, revisit or resource."""
    outcome: str
    """article, listing, feed, redirect, gone, challenge ..."""
    version_number: int | None
    """Number of the version that it shows."""
    warc: str = Field(validation_alias=AliasPath("place", "warc"))
    """Name of the WARC file: /warcs/{warc} with Range returns the record."""
    offset: int = Field(validation_alias=AliasPath("place", "offset"))
    length: int = Field(validation_alias=AliasPath("place", "length"))


CapturePage = list_of(
    "CapturePage", "A page of captures of a URL, oldest first.", captures=tuple[CaptureDetail, ...], next=Next
)


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


class MetadataChangeItem(_MetadataChangeItem, ApiModel):  # type: ignore[misc]
    """A changed date, tag or image address, which makes no version.

    `seen_before` and `record_before` are time and WARC-Record-ID of the capture with the old value, `seen` and `record`
    those of the capture with the new one.
    """

    field: str
    """published, modified, tags or image."""


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


_HINTS = get_type_hints(VersionView)
_NESTED: Mapping[FieldType, Any] = {
    FieldType.DATE: StatedDate | None,
    FieldType.TEXTS: tuple[str, ...],
    FieldType.PARAGRAPHS: tuple[ParagraphItem, ...],
    FieldType.LINKS: tuple[LinkGroupItem, ...],
    **{
        kind: tuple[fields_of(part, " ".join(get_type_hints(part)), f"{part.__name__}Item", part.__doc__), ...]  # type: ignore[misc]
        for kind, part in PART_TYPES.items()
    },
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
_ArticleFields: Any = create_model("ArticleFields", __base__=_View, **_ARTICLE_FIELDS)


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


class SimilarItem(ApiModel):
    """A similar article."""

    article: ArticleSummary
    share: float
    """Of the text, 0 to 1."""
    is_copy: bool


class SimilarList(ApiModel):
    """Copies, then articles about the same subject."""

    similar: tuple[SimilarItem, ...]


class SnippetPart(ApiModel):
    """A piece of a text; `is_match` marks a match of the query."""

    text: str
    is_match: bool


class SearchResult(_SearchResult, ApiModel):  # type: ignore[misc]
    """An article found by a search, in its newest matching version."""

    matching: int
    """Number of matching versions."""
    headline: Annotated[str, BeforeValidator(lambda parts: "".join(part.text for part in parts))]
    snippet: tuple[SnippetPart, ...]


class SearchResults(ApiModel):
    """A page of search results."""

    total: int
    """Number of matching articles; with `stories`, without copies in other sites."""
    articles: int
    """Number of matching articles, copies included."""
    suggestion: str | None
    """The query with unknown words replaced by similar ones; null if something was found or nothing is similar."""
    hits: tuple[SearchResult, ...]
    problems: tuple[str, ...]
    """Parts of the query that were invalid, and their interpretation."""
    next: Next


class CrawlSummary(_CrawlSummary, ApiModel):  # type: ignore[misc]
    """A run of the crawler."""

    outcome: str | None
    """finished, stopped, failed or interrupted; null while it runs."""


CrawlPage = list_of("CrawlPage", "Runs, newest first.", crawls=tuple[CrawlSummary, ...], next=Next)


SourceList = list_of("SourceList", "Feeds, sitemaps and listings, by URL.", sources=tuple[SourceSummary, ...])


class Trends(ApiModel):
    """Several searches over the same periods."""

    step: str
    """day, week, month or year, in UTC."""
    trends: tuple[Trend, ...]


class ChangePage(ApiModel):
    """A page of changes, those seen last first."""

    total: int
    since: date | None
    """If they are too many to count: the first day that is counted; `until` the day before has those before."""
    changes: tuple[ChangeView, ...]
    next: Next


_Placement: Any = fields_of(
    Placement, "article_id article_url url title block label position first last until captures"
)


class PlacementSpan(_Placement, ApiModel):  # type: ignore[misc]
    """Consecutive captures of a listing that show an article at the same place."""

    minutes: int
    """Whole minutes from the first to the last capture: the article was there at least so long."""


Placements = list_of("Placements", "Placements by listing, oldest first.", placements=tuple[PlacementSpan, ...])
