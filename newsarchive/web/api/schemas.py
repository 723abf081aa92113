"""Response models of the JSON API. Their names are a promise to other programs: add to them, do not change them.

Each is a view of the index, described in schemas.toml; times are ISO 8601 in UTC, dates of pages a StatedDate.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from importlib.resources import files
from typing import Annotated, Any, TypeAlias, get_type_hints

from pydantic import AliasPath, BaseModel, BeforeValidator, ConfigDict, Field, create_model

from newsarchive.diff.articles import Comparison, EditNotice, ParagraphDiff
from storage.article_fields import FIELDS, PART_TYPES, FieldType
from storage.index.queries.links import Placement
from storage.index.search.facets import Trend
from storage.index.views import articles
from storage.index.views.history import ChangeView, ListingView
from storage.index.views.status import CrawlView, SiteCount
from storage.observations import MetadataEvent, ObservedSpan
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
_TEXTS = tomllib.loads(files("newsarchive.web.api").joinpath("schemas.toml").read_text("utf-8"))


class _View(BaseModel):
    """Base of the models: each is made from the attributes of a view."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class _OfDataclasses(_View, use_attribute_docstrings=True):
    """Base of those with dataclasses in them, whose docstrings are descriptions; pydantic takes long to find these."""


def define(name: str, view: type | None = None, names: str = "", /, *bases: Any, **given: Any) -> Any:
    """Return a model with fields of a view, by default none, and with given ones, as described in schemas.toml.

    Dates of a view are as pages state them, members of enumerations are their values.
    """
    texts = {"about": view and view.__doc__} | _TEXTS.get(name, {})
    kinds: dict[str, Any] = {}
    for field in names.split():
        hint: Any = get_type_hints(view)[field]
        is_enum = isinstance(hint, type) and issubclass(hint, StrEnum)
        kinds[field] = StatedDate | None if hint == PageDate | None else str if is_enum else hint
    fields: dict[str, Any] = {
        field: (Annotated[kind, Field(description=texts[field])] if field in texts else kind, ...)
        for field, kind in (kinds | given).items()
    }
    return create_model(name, __base__=bases or _View, __doc__=texts["about"], **fields)


ProblemDetails: Any = define("ProblemDetails", type=str, title=str, status=int, detail=str)
SiteSummary: Any = define("SiteSummary", SiteCount, "name url title articles captures first_capture last_capture")
SiteList: Any = define("SiteList", sites=tuple[SiteSummary, ...])
ArticleSummary: Any = define(
    "ArticleSummary", articles.ArticleLine, "id site url headline dek section published first_seen state versions"
)
ArticlePage: Any = define("ArticlePage", articles=tuple[ArticleSummary, ...], next=Next)
ParagraphItem: Any = define("ParagraphItem", role=str, text=str)
MarkedParagraph: Any = define("MarkedParagraph", None, "", ParagraphItem, boilerplate=bool)
LinkItem: Any = define("LinkItem", url=str, anchor=str, article_id=int | None)
LinkGroupItem: Any = define("LinkGroupItem", kind=str, label=str, links=tuple[LinkItem, ...])
CaptureDetail: Any = define(
    "CaptureDetail",
    articles.CaptureView,
    "id url site record_id kind fetched_at status mime payload_digest payload_size truncated outcome reason "
    "redirect_url article_id version_id version_number",
    warc=Annotated[str, Field(validation_alias=AliasPath("place", "warc"))],
    offset=Annotated[int, Field(validation_alias=AliasPath("place", "offset"))],
    length=Annotated[int, Field(validation_alias=AliasPath("place", "length"))],
)
CapturePage: Any = define("CapturePage", captures=tuple[CaptureDetail, ...], next=Next)
SpanItem: Any = define(
    "SpanItem",
    ObservedSpan,
    "state version first_seen last_seen changed",
    captures=Annotated[int, Field(validation_alias="looks")],
    changed_back=Annotated[bool, Field(validation_alias="is_changed_back")],
    back=Annotated[bool, Field(validation_alias="is_back")],
)
MetadataChangeItem: Any = define(
    "MetadataChangeItem", MetadataEvent, "field old new seen_before seen record_before record"
)
_SeenVersion: Any = define(
    "SeenVersion", articles.VersionView, "id number digest first_seen last_seen changed", spans=tuple[SpanItem, ...]
)
VersionSummary: Any = define("VersionSummary", None, "", _SeenVersion, headline=str, captures=int)
_HINTS = get_type_hints(articles.VersionView)
_NESTED: Mapping[FieldType, Any] = {
    FieldType.DATE: StatedDate | None,
    FieldType.TEXTS: tuple[str, ...],
    FieldType.PARAGRAPHS: tuple[ParagraphItem, ...],
    FieldType.LINKS: tuple[LinkGroupItem, ...],
    **{
        kind: tuple[define(f"{part.__name__}Item", part, " ".join(get_type_hints(part))), ...]  # type: ignore[misc]
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
_PARTS: dict[str, Any] = {"all_paragraphs": tuple[MarkedParagraph, ...], "capture": CaptureDetail}
VersionDetail: Any = define("VersionDetail", articles.VersionView, "article_id", _ArticleFields, _SeenVersion, **_PARTS)
ArticleDetail: Any = define(
    "ArticleDetail",
    articles.ArticleView,
    "id site url state first_seen last_seen",
    current=VersionDetail,
    versions=tuple[VersionSummary, ...],
    history=tuple[SpanItem, ...],
    metadata_changes=tuple[MetadataChangeItem, ...],
)
ParagraphDifference: Any = define("ParagraphDifference", ParagraphDiff, "kind role pieces older newer", _OfDataclasses)
FieldDifference: Any = define(
    "FieldDifference",
    field=Annotated[str, Field(validation_alias="name")],
    old=Annotated[str, Field(validation_alias="before")],
    new=Annotated[str, Field(validation_alias="after")],
)
EditNoticeItem: Any = define("EditNoticeItem", EditNotice, "verdict notes modified_before modified_after live")
_DIFFERENCE = ParagraphDifference | None
Differences: Any = define(
    "Differences", Comparison, "changed left_out", headline=ParagraphDifference, dek=_DIFFERENCE, byline=_DIFFERENCE,
    paragraphs=Annotated[tuple[ParagraphDifference, ...], Field(validation_alias="rows")],
    fields=Annotated[tuple[FieldDifference, ...], Field(validation_alias="facts")], notice=EditNoticeItem,
)  # fmt: skip
VersionComparison: Any = define("VersionComparison", older=_SeenVersion, newer=_SeenVersion, differences=Differences)
ArticleLinks: Any = define("ArticleLinks", links=tuple[LinkGroupItem, ...], linked_from=tuple[ArticleSummary, ...])
SimilarItem: Any = define("SimilarItem", article=ArticleSummary, share=float, is_copy=bool)
SimilarList: Any = define("SimilarList", similar=tuple[SimilarItem, ...])
SnippetPart: Any = define("SnippetPart", text=str, is_match=bool)
SearchResult: Any = define(
    "SearchResult",
    articles.SearchHit,
    "article_id version_id number versions matching site url headline snippet dek authors section language published "
    "first_seen state papers copies",
    _OfDataclasses,
    headline=Annotated[str, BeforeValidator(lambda parts: "".join(part.text for part in parts))],
    snippet=tuple[SnippetPart, ...],
)
SearchResults: Any = define(
    "SearchResults", articles.SearchPage, "total articles suggestion problems", hits=tuple[SearchResult, ...], next=Next
)
CrawlSummary: Any = define("CrawlSummary", CrawlView, "id sites started_at finished_at outcome counters captures")
CrawlPage: Any = define("CrawlPage", crawls=tuple[CrawlSummary, ...], next=Next)
SourceSummary: Any = define(
    "SourceSummary", articles.SourceView, "url site kind title entries first_seen last_seen last_changed"
)
SourceList: Any = define("SourceList", sources=tuple[SourceSummary, ...])
Trends: Any = define("Trends", None, "", _OfDataclasses, step=str, trends=tuple[Trend, ...])
ChangePage: Any = define(
    "ChangePage", None, "", _OfDataclasses, total=int, since=date | None, changes=tuple[ChangeView, ...], next=Next
)
PlacementSpan: Any = define(
    "PlacementSpan",
    Placement,
    "article_id article_url url title block label position box_size first last until captures",
    minutes=int,
)
ListedLink: Any = define("ListedLink", None, "", LinkItem, box_size=str)
ListedGroup: Any = define("ListedGroup", kind=str, label=str, links=tuple[ListedLink, ...])
ListingDetail: Any = define(
    "ListingDetail", ListingView, "number captures before after first last", capture=CaptureDetail,
    groups=tuple[ListedGroup, ...],
)  # fmt: skip
Placements: Any = define("Placements", placements=tuple[PlacementSpan, ...])
