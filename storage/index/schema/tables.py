"""The schema on one page. Users query it by hand: names are plain, and every table and column has a comment.

Comments of columns are those of migrations/versions/0001_postgresql.sql, from which the manual has them.

    sites ---- urls ---- frontier ---- lanes     what to fetch next, by site and host
      |          |------ sources                 feeds, sitemaps, listings
      |          |
      |       captures ---- warc_files, crawls   one row per response or revisit record
      |          |  |------ capture_groups --- link_groups --- links --- urls
      |          |
      |--- articles --- versions --- version_paragraphs --- paragraphs
      |       |            |-------- version_authors, version_tags, version_media, version_entities,
      |       |            |         version_live_updates
      |       |--- metadata_changes --- captures --- capture_metadata
      |--- boilerplate ------------------------------------ paragraphs
      |--- site_boxes     learnt from version_boxes ------- versions

    source_rates ---- urls                       what the schedule has learnt about feeds, sitemaps, listings
    daily_captures                               counts, maintained by triggers on captures
    host_backoff, url_patterns                   crawl state that is kept between runs
    search_changes                               what the search folder has to follow

Texts that are printed many times (paragraphs, link groups, names) are stored once and found by their digest.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


def format_utc(value: datetime | None) -> str | None:
    """Return a time as SQLite stores it: text that sorts, with a fraction of a second only if there is one."""
    return None if value is None else value.astimezone(UTC).isoformat(" ").removesuffix("+00:00")


def _parse_time(value: str | None) -> datetime | None:
    if value is None:
        return None
    time = datetime.fromisoformat(value)
    # A value that was set by hand may be a date alone, or have an offset.
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime: timestamptz in PostgreSQL, UTC text that sorts in SQLite."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """Convert to what the driver takes. SQLAlchemy's own conversion for SQLite takes twice as long."""
        return format_utc if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """Convert to an aware datetime in UTC."""
        return _parse_time if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert what the PostgreSQL driver returns to UTC."""
        del dialect
        return value and value.astimezone(UTC)


class Base(DeclarativeBase):
    """Root of the tables. The docstring of each is the table's comment in the database."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - the name and form that SQLAlchemy asks for
        # PostgreSQL must sort and compare by code point, as SQLite and Python do, whatever the database's locale.
        str: sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
        datetime: UtcDateTime,
        bytes: sa.LargeBinary,
        dict[str, Any]: sa.JSON().with_variant(JSONB(), "postgresql"),
    }

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.metadata.tables[cls.__tablename__].comment = (cls.__doc__ or "").removesuffix(".")


def _id() -> Mapped[int]:
    return mapped_column(sa.Integer, primary_key=True)


def _to(target: str, *, primary_key: bool = False, index: bool = False) -> Mapped[Any]:
    return mapped_column(sa.ForeignKey(target), primary_key=primary_key, index=index)


def _url_key() -> Mapped[int]:
    return mapped_column(sa.ForeignKey("urls.id"), primary_key=True, autoincrement=False)


def _partial(name: str, *columns: str, where: str, postgresql_where: str | None = None) -> sa.Index:
    return sa.Index(name, *columns, sqlite_where=sa.text(where), postgresql_where=sa.text(postgresql_where or where))


class SiteRow(Base):
    """News sites: configured ones, and one per host for imported pages of other hosts."""

    __tablename__ = "sites"

    id: Mapped[int] = _id()
    name: Mapped[str] = mapped_column(unique=True)
    url: Mapped[str]
    title: Mapped[str | None]
    configured: Mapped[bool]
    configured_at: Mapped[datetime | None]
    needs_relearning: Mapped[bool]


class SiteHostRow(Base):
    """Hosts whose URLs belong to a site."""

    __tablename__ = "site_hosts"
    __table_args__ = (sa.PrimaryKeyConstraint("site_id", "host"), {"sqlite_with_rowid": False})

    site_id: Mapped[int] = _to("sites.id")
    host: Mapped[str]


class UrlRow(Base):
    """URLs that were fetched, linked to or are to be fetched, each once."""

    __tablename__ = "urls"

    id: Mapped[int] = _id()
    site_id: Mapped[int | None] = _to("sites.id")
    url: Mapped[str]
    key_head: Mapped[str]
    key_at: Mapped[int]
    urlkey: Mapped[str] = mapped_column(
        # An SQLite file has it in the index alone.
        sa.Computed("key_head || lower(substr(url, key_at))"),
        index=True,
    )
    digest: Mapped[bytes] = mapped_column(unique=True)


SOURCES = "kind IN ('feed', 'listing', 'sitemap')"
"""Condition of the index on sources; a query that is to use that index repeats it literally."""


class LaneRow(Base):
    """Hosts of sites: requests of a site to one host are made one at a time."""

    __tablename__ = "lanes"
    __table_args__ = (sa.UniqueConstraint("site", "host"),)

    id: Mapped[int] = _id()
    site: Mapped[str]
    host: Mapped[str]


class FrontierRow(Base):
    """The crawl frontier, the only queue: what to fetch, when, and how each URL was discovered."""

    __tablename__ = "frontier"
    __table_args__ = (
        _partial("ix_frontier_lane", "lane_id", "priority", "due_at", "url_id", where="due_at IS NOT NULL"),
        _partial("ix_frontier_via_id", "via_id", where="via_id IS NOT NULL"),
        # Sources are few among all URLs.
        _partial("ix_frontier_sources", "lane_id", "url_id", where=SOURCES),
    )

    url_id: Mapped[int] = _url_key()
    lane_id: Mapped[int] = _to("lanes.id")
    kind: Mapped[str]
    via_id: Mapped[int | None] = _to("urls.id")
    via_kind: Mapped[str | None]
    title: Mapped[str | None]
    published: Mapped[str | None]
    anchor: Mapped[str | None]
    redirect_count: Mapped[int]
    callback: Mapped[str | None]
    due_at: Mapped[datetime | None]
    priority: Mapped[int]
    ended_by: Mapped[str | None]
    failure_count: Mapped[int]
    unchanged_count: Mapped[int]
    last_fetched_at: Mapped[datetime | None]
    validated_at: Mapped[datetime | None]
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]


class HostBackoffRow(Base):
    """Hosts that asked for slower requests or did not respond; kept for the next run."""

    __tablename__ = "host_backoff"

    host: Mapped[str] = mapped_column(primary_key=True)
    ready_at: Mapped[datetime | None]
    refusal_count: Mapped[int]
    backoff_level: Mapped[int]
    reason: Mapped[str]
    updated_at: Mapped[datetime]


class UrlPatternRow(Base):
    """URL patterns whose newest captures brought no new article; unproductive ones are parked."""

    __tablename__ = "url_patterns"
    __table_args__ = (sa.PrimaryKeyConstraint("site", "pattern"),)

    site: Mapped[str]
    pattern: Mapped[str]
    unproductive_count: Mapped[int]
    example_url: Mapped[str]
    parked_at: Mapped[datetime | None]


class CrawlRow(Base):
    """Runs of the crawler."""

    __tablename__ = "crawls"

    id: Mapped[int] = _id()
    run: Mapped[str] = mapped_column(unique=True)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    counters: Mapped[dict[str, Any]]


class CrawlSiteRow(Base):
    """Sites that a run crawled."""

    __tablename__ = "crawl_sites"
    __table_args__ = (sa.PrimaryKeyConstraint("crawl_id", "site_id"), {"sqlite_with_rowid": False})

    crawl_id: Mapped[int] = _to("crawls.id")
    site_id: Mapped[int] = _to("sites.id", index=True)


class WarcFileRow(Base):
    """WARC files, from which all other tables are derived."""

    __tablename__ = "warc_files"

    id: Mapped[int] = _id()
    name: Mapped[str] = mapped_column(unique=True)
    crawl_id: Mapped[int | None] = _to("crawls.id", index=True)
    state: Mapped[str]
    size: Mapped[int | None] = mapped_column(sa.BigInteger)
    sha256: Mapped[str | None]


def _to_versions(column: str) -> sa.ForeignKeyConstraint:
    name = f"fk_captures_{column}"
    return sa.ForeignKeyConstraint(
        [column], ["versions.id"], name=name, use_alter=True, deferrable=True, initially="DEFERRED"
    )


class CaptureRow(Base):
    """Captures: one row per response, revisit or resource record of a WARC file."""

    __tablename__ = "captures"
    __table_args__ = (
        sa.Index("ix_captures_url", "url_id", "fetched_at"),
        sa.Index("ix_captures_site", "site_id", "fetched_at"),
        sa.Index("ix_captures_warc", "warc_file_id", "warc_offset"),
        _partial(
            "ix_captures_payload",
            "payload_digest",
            where="kind = 'response' AND truncated IS NULL AND payload_size > 0 AND payload_digest IS NOT NULL",
        ),
        # Covers what a page about a run lists and counts.
        _partial("ix_captures_crawl", "crawl_id", "fetched_at", "outcome", "status", where="crawl_id IS NOT NULL"),
        _partial("ix_captures_listing", "url_id", "fetched_at", "record_id", where="outcome = 'listing'"),
        _partial("ix_captures_article", "article_id", where="article_id IS NOT NULL"),
        _partial("ix_captures_asking", "site_id", "article_id", where="noarchive = 1", postgresql_where="noarchive"),
        _partial("ix_captures_version", "version_id", where="version_id IS NOT NULL"),
        _partial("ix_captures_page_version", "page_version_id", where="page_version_id IS NOT NULL"),
        _partial("ix_captures_redirect", "redirect_url_id", where="redirect_url_id IS NOT NULL"),
        _partial("ix_captures_refers_record", "refers_to_record", where="refers_to_record IS NOT NULL"),
        _partial("ix_captures_refers_url", "refers_to_url_id", where="refers_to_url_id IS NOT NULL"),
        _partial("ix_captures_original", "refers_to_id", where="refers_to_id IS NOT NULL"),
        _partial("ix_captures_pending", "id", where="kind = 'revisit' AND refers_to_id IS NULL"),
        _to_versions("version_id"),
        _to_versions("page_version_id"),
    )

    id: Mapped[int] = _id()
    url_id: Mapped[int] = _to("urls.id")
    site_id: Mapped[int] = _to("sites.id")
    requesting_site: Mapped[str]
    crawl_id: Mapped[int | None] = _to("crawls.id")
    warc_file_id: Mapped[int] = _to("warc_files.id")
    warc_offset: Mapped[int] = mapped_column(sa.BigInteger)
    warc_length: Mapped[int] = mapped_column(sa.BigInteger)
    record_id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    fetched_at: Mapped[datetime]
    warc_date: Mapped[str]
    status: Mapped[int | None]
    mime: Mapped[str | None]
    payload_digest: Mapped[str | None]
    payload_size: Mapped[int] = mapped_column(sa.BigInteger)
    truncated: Mapped[str | None]
    profile: Mapped[str | None]
    refers_to_record: Mapped[str | None]
    refers_to_url_id: Mapped[int | None] = _to("urls.id")
    refers_to_date: Mapped[str | None]
    refers_to_id: Mapped[int | None] = mapped_column(
        # A batch may bring a revisit before its original.
        sa.ForeignKey("captures.id", deferrable=True, initially="DEFERRED")
    )
    redirect_url_id: Mapped[int | None] = _to("urls.id")
    outcome: Mapped[str]
    reason: Mapped[str]
    title: Mapped[str | None]
    entries: Mapped[int]
    content_digest: Mapped[str | None]
    is_read: Mapped[bool]
    extractor: Mapped[str | None]
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    noarchive: Mapped[bool]
    article_id: Mapped[int | None] = _to("articles.id")
    version_id: Mapped[int | None]
    page_version_id: Mapped[int | None]


class DailyCapturesRow(Base):
    """Number of captures by site, day and outcome, maintained by triggers on captures."""

    __tablename__ = "daily_captures"
    __table_args__ = (sa.PrimaryKeyConstraint("site_id", "day", "outcome"), {"sqlite_with_rowid": False})

    site_id: Mapped[int] = _to("sites.id")
    day: Mapped[str]
    outcome: Mapped[str]
    captures: Mapped[int]


class ArticleRow(Base):
    """Articles: one row per canonical URL of a site, or for several with the same text."""

    __tablename__ = "articles"
    __table_args__ = (
        sa.UniqueConstraint("url_id", "site_id"),
        sa.Index("ix_articles_dated", "dated_at"),
        sa.Index("ix_articles_site_dated", "site_id", "dated_at"),
    )

    id: Mapped[int] = _id()
    site_id: Mapped[int] = _to("sites.id")
    url_id: Mapped[int] = _to("urls.id")
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    dated_at: Mapped[datetime]
    state: Mapped[str]


class VersionRow(Base):
    """Distinct texts of pages, the versions of articles; all fields are from the first capture that shows the text."""

    __tablename__ = "versions"
    __table_args__ = (
        sa.UniqueConstraint("digest", "site_id", "page_url_id"),
        sa.Index("ix_versions_page", "page_url_id"),
        sa.Index("ix_versions_masked", "masked_digest", "site_id", "page_url_id", "evidence"),
        _partial("ix_versions_duplicate", "duplicate_of_id", where="duplicate_of_id IS NOT NULL"),
        _partial("ix_versions_uncompared", "id", where="is_compared = 0", postgresql_where="NOT is_compared"),
        _partial("ix_versions_image", "image_url_id", where="image_url_id IS NOT NULL"),
        # Covers lists and counts of articles by their current version. It has all versions: a partial index of the
        # current ones SQLite would rather scan and sort than use the index on the articles' dates.
        sa.Index("ix_versions_current", "article_id", "is_current", "is_variant"),
        _partial("ix_versions_uncounted", "id", where="is_counted = 0", postgresql_where="NOT is_counted"),
        _partial("ix_versions_corrected", "id", where="is_corrected = 1", postgresql_where="is_corrected"),
        _partial("ix_versions_variant", "article_id", where="is_variant = 1", postgresql_where="is_variant"),
        _partial("ix_versions_changed", "id", where="changed <> ''"),
        _partial("ix_versions_without_parts", "article_id", where="parts = ''"),
    )

    id: Mapped[int] = _id()
    article_id: Mapped[int | None] = _to("articles.id")
    site_id: Mapped[int] = _to("sites.id")
    page_url_id: Mapped[int] = _to("urls.id")
    duplicate_of_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("versions.id", deferrable=True, initially="DEFERRED")
    )
    capture_id: Mapped[int] = _to("captures.id", index=True)
    number: Mapped[int]
    is_variant: Mapped[bool]
    is_current: Mapped[bool]
    digest: Mapped[bytes]
    changed: Mapped[str]
    is_corrected: Mapped[bool]
    parts: Mapped[str | None]
    masked_digest: Mapped[bytes]
    evidence: Mapped[int]
    headline: Mapped[str]
    dek: Mapped[str | None]
    kicker: Mapped[str | None]
    organisations: Mapped[str | None]
    author_links: Mapped[str | None]
    language: Mapped[str | None] = mapped_column(index=True)
    published: Mapped[str | None]
    published_at: Mapped[datetime | None]
    published_source: Mapped[str | None]
    modified: Mapped[str | None]
    modified_at: Mapped[datetime | None]
    modified_source: Mapped[str | None]
    section: Mapped[str | None] = mapped_column(index=True)
    access: Mapped[str | None]
    is_live_blog: Mapped[bool]
    noarchive: Mapped[bool]
    image_url_id: Mapped[int | None] = _to("urls.id")
    image_caption: Mapped[str | None]
    paragraph_count: Mapped[int]
    extractor: Mapped[str | None]
    is_dek_learnt: Mapped[bool]
    beside: Mapped[str | None]
    is_counted: Mapped[bool]
    is_compared: Mapped[bool]


class CaptureMetadataRow(Base):
    """Dates, tags and lead image by each capture that was read as an article."""

    __tablename__ = "capture_metadata"

    capture_id: Mapped[int] = mapped_column(sa.ForeignKey("captures.id"), primary_key=True, autoincrement=False)
    published: Mapped[str | None]
    modified: Mapped[str | None]
    tags: Mapped[str | None]
    image: Mapped[str | None]


class MetadataChangeRow(Base):
    """Changes of a date, of tags or of the image address between two captures of one URL of an article."""

    __tablename__ = "metadata_changes"
    __table_args__ = (sa.PrimaryKeyConstraint("capture_id", "field"), {"sqlite_with_rowid": False})

    capture_id: Mapped[int] = _to("captures.id")
    field: Mapped[str]
    article_id: Mapped[int] = _to("articles.id", index=True)
    before_id: Mapped[int] = _to("captures.id", index=True)
    old: Mapped[str | None]
    new: Mapped[str | None]


class ChangeRow(Base):
    """Changes of articles that were seen: edits, and articles that were gone, moved, or back."""

    __tablename__ = "changes"
    __table_args__ = (
        sa.PrimaryKeyConstraint("article_id", "capture_id"),
        _partial("ix_changes_unclassified", "article_id", where="kinds IS NULL"),
        {"sqlite_with_rowid": False},
    )

    article_id: Mapped[int] = _to("articles.id")
    capture_id: Mapped[int] = _to("captures.id", index=True)
    before_id: Mapped[int] = _to("captures.id", index=True)
    seen_at: Mapped[datetime] = mapped_column(index=True)
    seen_before_at: Mapped[datetime]
    event: Mapped[str]
    number: Mapped[int | None]
    before_number: Mapped[int]
    texts: Mapped[str]
    kinds: Mapped[str | None]
    notice: Mapped[str | None]
    added: Mapped[int]
    removed: Mapped[int]
    older: Mapped[str | None]
    newer: Mapped[str | None]


class ParagraphRow(Base):
    """Texts of paragraphs, each once however often it is printed."""

    __tablename__ = "paragraphs"

    id: Mapped[int] = _id()
    digest: Mapped[bytes] = mapped_column(unique=True)
    text: Mapped[str]


class VersionParagraphRow(Base):
    """Paragraphs of versions, in reading order."""

    __tablename__ = "version_paragraphs"
    __table_args__ = (sa.PrimaryKeyConstraint("version_id", "position"), {"sqlite_with_rowid": False})

    version_id: Mapped[int] = _to("versions.id")
    position: Mapped[int]
    paragraph_id: Mapped[int] = _to("paragraphs.id", index=True)
    role: Mapped[str]


class AuthorRow(Base):
    """Names of authors, each once."""

    __tablename__ = "authors"

    id: Mapped[int] = _id()
    name: Mapped[str] = mapped_column(unique=True)
    folded: Mapped[str] = mapped_column(index=True)


class VersionAuthorRow(Base):
    """Authors of versions, in the order of the byline."""

    __tablename__ = "version_authors"
    __table_args__ = (sa.PrimaryKeyConstraint("version_id", "position"), {"sqlite_with_rowid": False})

    version_id: Mapped[int] = _to("versions.id")
    position: Mapped[int]
    author_id: Mapped[int] = _to("authors.id", index=True)


class TagRow(Base):
    """Tags and keywords, each once."""

    __tablename__ = "tags"

    id: Mapped[int] = _id()
    name: Mapped[str] = mapped_column(unique=True)


class VersionTagRow(Base):
    """Tags of versions, in the order of the page."""

    __tablename__ = "version_tags"
    __table_args__ = (sa.PrimaryKeyConstraint("version_id", "position"), {"sqlite_with_rowid": False})

    version_id: Mapped[int] = _to("versions.id")
    position: Mapped[int]
    tag_id: Mapped[int] = _to("tags.id", index=True)


class VersionMediaRow(Base):
    """Pictures, videos, audios and embedded objects of versions, in the order of the page."""

    __tablename__ = "version_media"
    __table_args__ = (sa.PrimaryKeyConstraint("version_id", "position"), {"sqlite_with_rowid": False})

    version_id: Mapped[int] = _to("versions.id")
    position: Mapped[int]
    kind: Mapped[str]
    url_id: Mapped[int] = _to("urls.id", index=True)
    caption: Mapped[str | None]
    credit: Mapped[str | None]
    alt: Mapped[str | None]
    place: Mapped[int]
    duration: Mapped[int | None]
    transcript_url: Mapped[str | None]


class VersionEntityRow(Base):
    """Subjects, mentions and sources of versions, as their JSON-LD names them."""

    __tablename__ = "version_entities"
    __table_args__ = (sa.PrimaryKeyConstraint("version_id", "position"), {"sqlite_with_rowid": False})

    version_id: Mapped[int] = _to("versions.id")
    position: Mapped[int]
    relation: Mapped[str]
    type: Mapped[str | None]
    name: Mapped[str]
    url: Mapped[str | None]


class VersionLiveUpdateRow(Base):
    """Entries of live blogs, by the JSON-LD of versions, in the order of the page."""

    __tablename__ = "version_live_updates"
    __table_args__ = (sa.PrimaryKeyConstraint("version_id", "position"), {"sqlite_with_rowid": False})

    version_id: Mapped[int] = _to("versions.id")
    position: Mapped[int]
    headline: Mapped[str | None]
    paragraph_id: Mapped[int] = _to("paragraphs.id", index=True)
    published: Mapped[str | None]
    modified: Mapped[str | None]
    url: Mapped[str | None]


class VersionBoxesRow(Base):
    """Named boxes of the pages of versions, from which site_boxes is learnt."""

    __tablename__ = "version_boxes"

    version_id: Mapped[int] = _to("versions.id", primary_key=True)
    boxes: Mapped[bytes]


class LinkGroupRow(Base):
    """Groups of links, each once: the same list on many pages is one row."""

    __tablename__ = "link_groups"

    id: Mapped[int] = _id()
    digest: Mapped[bytes] = mapped_column(unique=True)
    kind: Mapped[str]
    label: Mapped[str]


class LinkRow(Base):
    """Links of link groups, in the order of the page."""

    __tablename__ = "links"
    __table_args__ = (sa.PrimaryKeyConstraint("group_id", "position"), {"sqlite_with_rowid": False})

    group_id: Mapped[int] = _to("link_groups.id")
    position: Mapped[int]
    url_id: Mapped[int] = _to("urls.id", index=True)
    anchor: Mapped[str]


class CaptureGroupRow(Base):
    """Link groups of captured listings, and of the first capture of each version."""

    __tablename__ = "capture_groups"
    __table_args__ = (sa.PrimaryKeyConstraint("capture_id", "position"), {"sqlite_with_rowid": False})

    capture_id: Mapped[int] = _to("captures.id")
    position: Mapped[int]
    group_id: Mapped[int] = _to("link_groups.id", index=True)


class BoilerplateRow(Base):
    """Paragraphs that at least two articles of a site carry; those printed everywhere are boilerplate."""

    __tablename__ = "boilerplate"
    __table_args__ = (
        sa.PrimaryKeyConstraint("site_id", "paragraph_id"),
        _partial("ix_boilerplate_learnt", "site_id", where="is_boilerplate = 1", postgresql_where="is_boilerplate"),
        {"sqlite_with_rowid": False},
    )

    site_id: Mapped[int] = _to("sites.id")
    paragraph_id: Mapped[int] = _to("paragraphs.id", index=True)
    articles_seen: Mapped[int]
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    is_boilerplate: Mapped[bool]


class SiteBoxRow(Base):
    """Boxes of a site's pages that hold the dek, or that stand beside the text: learnt from 200 of its articles."""

    __tablename__ = "site_boxes"
    __table_args__ = (sa.PrimaryKeyConstraint("site_id", "box"), {"sqlite_with_rowid": False})

    site_id: Mapped[int] = _to("sites.id")
    box: Mapped[str]
    holds: Mapped[str]
    articles: Mapped[int]
    others: Mapped[int]


class SourceRow(Base):
    """Feeds, sitemaps and listings that were read."""

    __tablename__ = "sources"

    url_id: Mapped[int] = _url_key()
    site_id: Mapped[int] = _to("sites.id", index=True)
    kind: Mapped[str]
    title: Mapped[str | None]
    entries: Mapped[int]
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    last_changed_at: Mapped[datetime]


class SourceRateRow(Base):
    """Publication rates of feeds, sitemaps and listings, learnt from each reading; older weeks count less."""

    __tablename__ = "source_rates"

    url_id: Mapped[int] = _url_key()
    first_read_at: Mapped[datetime]
    last_read_at: Mapped[datetime]
    last_new_at: Mapped[datetime]
    items_per_day: Mapped[float]
    discovery_share: Mapped[float]
    new_items: Mapped[float]
    first_named_items: Mapped[float]
    bursts: Mapped[float]
    longest_gap: Mapped[float]
    capacity: Mapped[int]
    interval_factor: Mapped[float]
    newest_item_at: Mapped[datetime | None]
    lost_at: Mapped[datetime | None]
    silent_since: Mapped[datetime | None]
    hours: Mapped[dict[str, Any]]
    item_count: Mapped[int]
    item_ids: Mapped[bytes | None]


class SearchChangeRow(Base):
    """Changes that the search folder has to follow; written by triggers in the transaction that makes them."""

    __tablename__ = "search_changes"
    __table_args__ = (
        sa.Index("ix_search_changes_transaction", "transaction_id").ddl_if(dialect="postgresql"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True)
    transaction_id: Mapped[int | None] = mapped_column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"))
    article_id: Mapped[int | None]
    site_id: Mapped[int | None]
    paragraph_id: Mapped[int | None]
