"""The fields of an article as `extract`, `export`, the JSON API, Parquet and the Datasette copy write them.

A new field is added to storage.model.Article, VersionRow with its migration, ArticleFields and article_fields.txt.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from storage.agencies import find_agencies
from storage.article_parts import Entity, LiveUpdate, Media
from storage.model import BODY_ROLES, Access, Article, LinkGroup, Paragraph, RecordPlace, Role
from storage.observations import MetadataEvent, ObservedSpan
from storage.page_date import PageDate, SourcedDate


def format_time(moment: datetime) -> str:
    """Return a time as ISO 8601 in UTC with "Z"; fractions of a second only where there are any.

    >>> format_time(datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC))
    '2026-11-25T01:02:03Z'
    """
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


_OBEYED = frozenset({"", "robots", "googlebot", "newsarchive"})
"""Robots whose rules are obeyed; "" for rules before which none is named."""
_WITH_VALUE = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})
_ROBOT = re.compile(r"[^\s:]+")


def asks_noarchive(headers: Iterable[tuple[str, str]]) -> bool:
    """Return whether an X-Robots-Tag among HTTP headers says noarchive, to all robots or to one that is obeyed."""
    return any(name.lower() == "x-robots-tag" and _says_noarchive(value[:4096].lower()) for name, value in headers)


def _says_noarchive(value: str) -> bool:
    """Return whether rules say noarchive. The name of a robot, with a colon, counts for all rules up to the next name.

    >>> _says_noarchive("googlebot: noindex, noarchive"), _says_noarchive("noindex, otherbot: noarchive")
    (True, False)
    """
    robot = ""
    for part in value.split(","):
        name, colon, rule = map(str.strip, part.partition(":"))
        if colon and name not in _WITH_VALUE and _ROBOT.fullmatch(name):
            robot = name
        if robot in _OBEYED and (rule if colon else name) == "noarchive":
            return True
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class ParagraphView(Paragraph):
    """One paragraph of a version, in reading order."""

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
    kicker: str | None = None
    authors: tuple[str, ...]
    organisations: tuple[str, ...] = ()
    author_links: tuple[str, ...] = ()
    published: PageDate | None
    published_source: str | None
    modified: PageDate | None
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
    media: tuple[Media, ...] = ()
    entities: tuple[Entity, ...] = ()
    live_updates: tuple[LiveUpdate, ...] = ()

    @property
    def paragraphs(self) -> tuple[ParagraphView, ...]:
        """The paragraphs without boilerplate."""
        return tuple(each for each in self.all_paragraphs if not each.boilerplate)

    @property
    def boilerplate(self) -> tuple[str, ...]:
        """The texts of paragraphs that the site prints under many articles."""
        return tuple(each.text for each in self.all_paragraphs if each.boilerplate)

    @property
    def corrections(self) -> tuple[str, ...]:
        """The corrections, editor's notes and retractions."""
        return tuple(each.text for each in self.all_paragraphs if each.role is Role.CORRECTION)

    @property
    def agencies(self) -> tuple[str, ...]:
        """The news agencies that its byline, dateline or closing line names."""
        own = [each.text for each in self.all_paragraphs if each.is_body]
        return find_agencies((*self.organisations, *self.authors), own)

    @property
    def body(self) -> str:
        """The article's own text, a blank line between paragraphs."""
        return "\n\n".join(each.text for each in self.all_paragraphs if each.is_body)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as dicts, lists, strings and numbers: one line of an export (`newsarchive help export`)."""
        return article_to_json(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureFields(RecordPlace):
    """The WARC record that a version was read from."""

    fetched_at: datetime
    status: int | None
    payload_digest: str | None
    record_id: str
    """WARC-Record-ID; no key of the output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedArticle(ArticleFields):
    """One text of an article, with what only an archive knows. Example: `next(archive.articles()).headline`."""

    site: str
    site_title: str | None
    digest: str
    version: int
    versions: int
    changed: tuple[str, ...]
    history: tuple[ObservedSpan, ...]
    metadata_changes: tuple[MetadataEvent, ...]
    first_seen: datetime
    last_seen: datetime
    capture: CaptureFields


class FieldType(Enum):
    """Type of a field's value."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    TIME = "time"
    DATE = "date"
    """Of a page: a day, or a time with its own offset."""
    TEXTS = "texts"
    PARAGRAPHS = "paragraphs"
    LINKS = "links"
    MEDIA = "media"
    ENTITIES = "entities"
    LIVE_UPDATES = "live_updates"
    CAPTURE = "capture"
    HISTORY = "history"
    METADATA_CHANGES = "metadata_changes"


PART_TYPES: Mapping[FieldType, type[Any]] = {
    FieldType.MEDIA: Media,
    FieldType.ENTITIES: Entity,
    FieldType.LIVE_UPDATES: LiveUpdate,
}
"""Types whose values are lists of objects with the fields of a class."""
CELL_TYPES = frozenset(map(FieldType, ("text", "integer", "boolean", "time", "date", "texts")))
"""Types that fit into a cell of a table."""


@dataclass(frozen=True, slots=True)
class OutputField:
    """One key of the output."""

    name: str
    type: FieldType
    description: str
    column: str | None = None
    """Column of the table `versions`; None for what other tables hold."""
    archive_only: bool = False
    """True for what a single page does not say: `extract` leaves it out."""
    is_cell: bool = True
    """False for what tables leave out although it would fit into a cell."""


def _read_field(line: str) -> OutputField:
    name, type_, column, limits, description = line.split(" | ")
    stored = None if column == "-" else column
    return OutputField(name, FieldType(type_), description, stored, "archive" in limits, "cell" not in limits)


_, *_TABLES = Path(__file__).with_suffix(".txt").read_text("utf-8").split("\n\n")
FIELDS, CAPTURE_FIELDS = (tuple(map(_read_field, table.splitlines())) for table in _TABLES)
"""Every key that is written, in its order, and those of `capture`."""
TABLE_FIELDS = (*(field for field in FIELDS if field.is_cell and field.type in CELL_TYPES), *CAPTURE_FIELDS)
"""Columns of CSV and of the Datasette copy: what fits into a cell, the fields of `capture` last."""
_DATES = tuple(field.name for field in FIELDS if field.type is FieldType.DATE)
"""Each is stored in two columns: the date as stated, and with "_at" the same in UTC."""
_LISTS = tuple(field.name for field in FIELDS if field.type is FieldType.TEXTS and field.column is not None)
"""Lists that are stored in one column, one value a line."""
_STORED = tuple((field.name, field.column) for field in FIELDS if field.column is not None)


def from_article(article: Article) -> ArticleFields:
    """Return the fields of an article that was read from a page."""
    return ArticleFields(
        url=article.url, canonical_url=article.canonical_url, authors=article.authors, tags=article.tags,
        all_paragraphs=tuple(ParagraphView(role=each.role, text=each.text) for each in article.paragraphs),
        links=article.link_groups, image=article.image.url if article.image else None,
        media=article.media, entities=article.entities, live_updates=article.live_updates, **_scalars(article),
    )  # fmt: skip


def _scalars(article: Article) -> dict[str, Any]:
    """Return the fields that are columns of `versions`."""
    values = {name: getattr(article, name, None) for name, _ in _STORED}
    for name in _DATES:
        date: SourcedDate | None = values[name]
        values[name] = PageDate(at=date.at, offset=date.offset, is_day=date.is_day) if date else None
        values[f"{name}_source"] = date.source if date else None
    return values | {"image_caption": article.image.caption if article.image else None, "live_blog": article.live}


def to_columns(article: Article) -> dict[str, Any]:
    """Return the values of an article by column of `versions`."""
    values = _scalars(article)
    columns = {column: values[name] for name, column in _STORED}
    for name in _DATES:
        stated: PageDate | None = values[name]
        columns[name] = stated.isoformat() if stated else None
        columns[f"{name}_at"] = stated.at if stated else None
    columns |= {name: "\n".join(values[name]) or None for name in _LISTS}
    return columns | {"access": article.access.value if article.access else None}


def from_columns(row: Any) -> dict[str, Any]:
    """Return the fields of ArticleFields that a row of `versions` holds, by name."""
    values = {name: getattr(row, column) for name, column in _STORED}
    values |= {name: PageDate.parse(values[name]) if values[name] else None for name in _DATES}
    values |= {name: tuple(values[name].split("\n")) if values[name] else () for name in _LISTS}
    return values | {"access": Access(row.access) if row.access else None}


def article_to_json(article: ArticleFields) -> dict[str, Any]:
    """Return an article as dicts, lists, strings and numbers, its keys in the order of FIELDS."""
    is_archived = isinstance(article, ArchivedArticle)
    return _encode(article, [field for field in FIELDS if is_archived or not field.archive_only])


def _encode(values: object, fields: Iterable[OutputField]) -> dict[str, Any]:
    return {
        field.name: None if (value := getattr(values, field.name)) is None else _ENCODERS[field.type](value)
        for field in fields
    }


def table_row(line: Mapping[str, Any]) -> list[str | int | None]:
    """Return the values of TABLE_FIELDS from the JSON of an archived article, lists joined by "; "."""
    values = {**line["capture"], **line}
    row = (values[field.name] for field in TABLE_FIELDS)
    return ["; ".join(value) if isinstance(value, list) else value for value in row]


def links_to_json(groups: Iterable[LinkGroup]) -> list[dict[str, Any]]:
    """Return groups of links as dicts."""
    links = ((group, [{"url": link.url, "anchor": link.anchor} for link in group.links]) for group in groups)
    return [{"kind": group.kind.value, "label": group.label, "links": of_group} for group, of_group in links]


def paragraphs_to_json(paragraphs: Iterable[ParagraphView | Paragraph]) -> list[dict[str, str]]:
    """Return paragraphs as dicts of role and text."""
    return [{"role": each.role.value, "text": each.text} for each in paragraphs]


def history_to_json(spans: Iterable[ObservedSpan]) -> list[dict[str, Any]]:
    """Return spans of captures as dicts."""
    return [
        {"state": span.state.value, "version": span.version}
        | {"first_seen": format_time(span.first_seen), "last_seen": format_time(span.last_seen)}
        | {"captures": span.looks, "changed": list(span.changed)}
        | {"changed_back": span.is_changed_back, "back": span.is_back}
        for span in spans
    ]


_ENCODERS: Mapping[FieldType, Callable[[Any], Any]] = {
    FieldType.TEXT: str,
    FieldType.INTEGER: int,
    FieldType.BOOLEAN: bool,
    FieldType.TIME: format_time,
    FieldType.DATE: PageDate.isoformat,
    FieldType.TEXTS: list,
    FieldType.PARAGRAPHS: paragraphs_to_json,
    FieldType.LINKS: links_to_json,
    **dict.fromkeys(PART_TYPES, lambda parts: [asdict(each) for each in parts]),
    FieldType.CAPTURE: lambda capture: _encode(capture, CAPTURE_FIELDS),
    FieldType.HISTORY: history_to_json,
    FieldType.METADATA_CHANGES: lambda changes: [
        {**change._asdict(), "seen_before": format_time(change.seen_before), "seen": format_time(change.seen)}
        for change in changes
    ],
}
