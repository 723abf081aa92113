"""The fields of an article as `extract`, `export`, the JSON API, Parquet and the Datasette copy write them.

A new field is added in three places: storage.model.Article; VersionRow with its migration; and here, to ArticleFields,
FIELDS and `_scalars`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from storage.model import BODY_ROLES, Access, Article, LinkGroup, Paragraph, Role


def format_time(moment: datetime) -> str:
    """Return a time as ISO 8601 in UTC with "Z"; fractions of a second only where there are any.

    >>> format_time(datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC))
    '2026-11-25T01:02:03Z'
    """
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParagraphView:
    """One paragraph of a version, in reading order."""

    role: Role
    text: str
    boilerplate: bool = False
    """The site prints it under so many articles that it is not counted as this one's text."""

    @property
    def is_body(self) -> bool:
        """True if it belongs to the article's own text."""
        return self.role in BODY_ROLES and not self.boilerplate


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleFields:
    """One text of an article, as all outputs write it. FIELDS describes the fields."""

    url: str
    canonical_url: str
    headline: str
    dek: str | None
    authors: tuple[str, ...]
    published: datetime | None
    published_source: str | None
    modified: datetime | None
    modified_source: str | None
    language: str | None
    section: str | None
    tags: tuple[str, ...]
    all_paragraphs: tuple[ParagraphView, ...]
    """In reading order, boilerplate marked."""
    links: tuple[LinkGroup, ...]
    access: Access | None
    image: str | None
    image_caption: str | None
    live_blog: bool
    noarchive: bool

    @property
    def paragraphs(self) -> tuple[ParagraphView, ...]:
        """The paragraphs without boilerplate."""
        return tuple(each for each in self.all_paragraphs if not each.boilerplate)

    @property
    def boilerplate(self) -> tuple[str, ...]:
        """The texts of paragraphs that the site prints under many articles."""
        return tuple(each.text for each in self.all_paragraphs if each.boilerplate)

    @property
    def body(self) -> str:
        """The article's own text, a blank line between paragraphs."""
        return "\n\n".join(each.text for each in self.all_paragraphs if each.is_body)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureFields:
    """The WARC record that a version was read from."""

    warc: str
    offset: int
    length: int
    fetched_at: datetime
    status: int | None
    payload_digest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedArticle(ArticleFields):
    """One text of an article with what only an archive knows: a line of an export."""

    site: str
    versions: int
    first_seen: datetime
    last_seen: datetime
    capture: CaptureFields


class FieldType(Enum):
    """Type of a field's value."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    TIME = "time"
    TEXTS = "texts"
    PARAGRAPHS = "paragraphs"
    LINKS = "links"
    CAPTURE = "capture"


FLAT_TYPES = frozenset({FieldType.TEXT, FieldType.INTEGER, FieldType.BOOLEAN, FieldType.TIME, FieldType.TEXTS})
"""Types that fit into a cell of a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputField:
    """One key of the output."""

    name: str
    type: FieldType
    description: str
    column: str | None = None
    """Column of the table `versions`; None for what other tables hold."""
    archive_only: bool = False
    """True for what a single page does not say: `extract` leaves it out."""
    flat: bool = True
    """False for what tables leave out although it would fit into a cell."""


def _text(name: str, description: str, **more: Any) -> OutputField:
    return OutputField(name=name, type=FieldType.TEXT, description=description, **more)


FIELDS = (
    _text("url", "URL that this version was fetched from"),
    _text("canonical_url", "URL that the page names as its own; with `site` it identifies the article"),
    _text("site", "Name of the site in newsarchive.toml, or host of an imported page", archive_only=True),
    _text("headline", "Headline, as printed", column="headline"),
    _text("dek", "Subheading below the headline", column="dek"),
    OutputField(name="authors", type=FieldType.TEXTS, description="Names, in the order of the byline"),
    OutputField(
        name="published", type=FieldType.TIME, column="published_at",
        description="Publication date that the page or its source gives; never the time of fetching",
    ),
    _text("published_source", "Where that date is from: json-ld, meta, feed ...", column="published_source"),
    OutputField(
        name="modified", type=FieldType.TIME, column="modified_at", description="Modification date that the page gives"
    ),
    _text("modified_source", "Where that date is from", column="modified_source"),
    _text("language", "Primary language subtag (BCP 47), such as en or zh", column="language"),
    _text("section", "Section of the site", column="section"),
    OutputField(name="tags", type=FieldType.TEXTS, description="Tags, as printed"),
    _text("body", "The article's own text, a blank line between paragraphs"),
    OutputField(
        name="paragraphs", type=FieldType.PARAGRAPHS,
        description="Paragraphs in reading order with their roles, boilerplate left out",
    ),
    OutputField(
        name="boilerplate", type=FieldType.TEXTS, archive_only=True, flat=False,
        description="Texts of paragraphs that the site prints under many articles",
    ),
    OutputField(name="links", type=FieldType.LINKS, description="Groups of links, in the order of the page"),
    _text("access", "free or paywalled; null if the page does not say", column="access"),
    _text("image", "URL of the lead image"),
    _text("image_caption", "Caption of the lead image", column="image_caption"),
    OutputField(name="live_blog", type=FieldType.BOOLEAN, column="is_live_blog", description="True for a live blog"),
    OutputField(
        name="noarchive", type=FieldType.BOOLEAN, column="noarchive",
        description="True if the page's robots meta element says noarchive",
    ),
    OutputField(
        name="versions", type=FieldType.INTEGER, archive_only=True, description="Number of versions of the article"
    ),
    OutputField(name="first_seen", type=FieldType.TIME, archive_only=True, description="First capture of the article"),
    OutputField(name="last_seen", type=FieldType.TIME, archive_only=True, description="Last capture of the article"),
    OutputField(
        name="capture", type=FieldType.CAPTURE, archive_only=True, description="WARC record of this version's page"
    ),
)  # fmt: skip
"""Every key that is written, in its order."""
CAPTURE_FIELDS = (
    OutputField(name="warc", type=FieldType.TEXT, description="Name of the WARC file"),
    OutputField(name="offset", type=FieldType.INTEGER, description="First byte of the record in the file"),
    OutputField(name="length", type=FieldType.INTEGER, description="Length of the record in bytes"),
    OutputField(name="fetched_at", type=FieldType.TIME, description="Time of the request"),
    OutputField(name="status", type=FieldType.INTEGER, description="HTTP status"),
    OutputField(name="payload_digest", type=FieldType.TEXT, description="Digest of the HTTP entity"),
)
TABLE_FIELDS = (*(field for field in FIELDS if field.flat and field.type in FLAT_TYPES), *CAPTURE_FIELDS)
"""Columns of CSV and of the Datasette copy: what fits into a cell, the fields of `capture` last."""
_STORED = tuple((field.name, field.column) for field in FIELDS if field.column is not None)


def from_article(article: Article) -> ArticleFields:
    """Return the fields of an article that was read from a page."""
    return ArticleFields(
        url=article.url,
        canonical_url=article.canonical_url,
        authors=article.authors,
        tags=article.tags,
        all_paragraphs=tuple(ParagraphView(role=each.role, text=each.text) for each in article.paragraphs),
        links=article.link_groups,
        image=article.image.url if article.image else None,
        **_scalars(article),
    )


def _scalars(article: Article) -> dict[str, Any]:
    """Return the fields that are columns of `versions`."""
    published, modified = article.published, article.modified
    return {
        "headline": article.headline,
        "dek": article.dek,
        "published": published.at if published else None,
        "published_source": published.source if published else None,
        "modified": modified.at if modified else None,
        "modified_source": modified.source if modified else None,
        "language": article.language,
        "section": article.section,
        "access": article.access,
        "image_caption": article.image.caption if article.image else None,
        "live_blog": article.live,
        "noarchive": article.noarchive,
    }


def to_columns(article: Article) -> dict[str, Any]:
    """Return the values of an article by column of `versions`."""
    values = _scalars(article)
    columns = {column: values[name] for name, column in _STORED}
    return columns | {"access": article.access.value if article.access else None}


def from_columns(row: Any) -> dict[str, Any]:
    """Return the fields of ArticleFields that a row of `versions` holds, by name."""
    values = {name: getattr(row, column) for name, column in _STORED}
    return values | {"access": Access(row.access) if row.access else None}


def article_to_json(article: ArticleFields) -> dict[str, Any]:
    """Return an article as dicts, lists, strings and numbers, its keys in the order of FIELDS."""
    is_archived = isinstance(article, ArchivedArticle)
    return {
        field.name: None if (value := getattr(article, field.name)) is None else _ENCODERS[field.type](value)
        for field in FIELDS
        if is_archived or not field.archive_only
    }


def table_row(line: Mapping[str, Any]) -> list[str | int | None]:
    """Return the values of TABLE_FIELDS from the JSON of an archived article, lists joined by "; "."""
    values = {**line["capture"], **line}
    row = (values[field.name] for field in TABLE_FIELDS)
    return ["; ".join(value) if isinstance(value, list) else value for value in row]


def links_to_json(groups: Iterable[LinkGroup]) -> list[dict[str, Any]]:
    """Return groups of links as dicts."""
    return [
        {
            "kind": group.kind.value,
            "label": group.label,
            "links": [{"url": link.url, "anchor": link.anchor} for link in group.links],
        }
        for group in groups
    ]


def paragraphs_to_json(paragraphs: Iterable[ParagraphView | Paragraph]) -> list[dict[str, str]]:
    """Return paragraphs as dicts of role and text."""
    return [{"role": each.role.value, "text": each.text} for each in paragraphs]


def _capture_to_json(capture: CaptureFields) -> dict[str, Any]:
    return {
        field.name: None if (value := getattr(capture, field.name)) is None else _ENCODERS[field.type](value)
        for field in CAPTURE_FIELDS
    }


_ENCODERS: Mapping[FieldType, Callable[[Any], Any]] = {
    FieldType.TEXT: str,
    FieldType.INTEGER: int,
    FieldType.BOOLEAN: bool,
    FieldType.TIME: format_time,
    FieldType.TEXTS: list,
    FieldType.PARAGRAPHS: paragraphs_to_json,
    FieldType.LINKS: links_to_json,
    FieldType.CAPTURE: _capture_to_json,
}
