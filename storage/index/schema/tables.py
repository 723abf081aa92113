"""The schema on one page. Users query it by hand: names are plain, and every table and column has a comment.

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
    return mapped_column(sa.Integer, primary_key=True, comment="Surrogate key; differs after a rebuild")


def _column(comment: str) -> Mapped[Any]:
    return mapped_column(comment=comment)


def _to(target: str, comment: str, *, primary_key: bool = False, index: bool = False) -> Mapped[Any]:
    return mapped_column(sa.ForeignKey(target), comment=comment, primary_key=primary_key, index=index)


def _url_key(comment: str) -> Mapped[int]:
    return mapped_column(sa.ForeignKey("urls.id"), primary_key=True, autoincrement=False, comment=comment)


def _partial(name: str, *columns: str, where: str, postgresql_where: str | None = None) -> sa.Index:
    return sa.Index(name, *columns, sqlite_where=sa.text(where), postgresql_where=sa.text(postgresql_where or where))


class SiteRow(Base):
    """News sites: configured ones, and one per host for imported pages of other hosts."""

    __tablename__ = "sites"

    id: Mapped[int] = _id()
    name: Mapped[str] = mapped_column(unique=True, comment="Short name, as in newsarchive.toml; else the host")
    url: Mapped[str] = _column("Front page")
    title: Mapped[str | None] = _column("The site's title, from the newest capture of its front page")
    configured: Mapped[bool] = _column("False if the site is known from imported pages only")
    configured_at: Mapped[datetime | None] = _column(
        "Start of the run whose configuration describes the site; null: newsarchive.toml describes it"
    )
    needs_relearning: Mapped[bool] = _column("True if all of its boilerplate must be counted again")


class SiteHostRow(Base):
    """Hosts whose URLs belong to a site."""

    __tablename__ = "site_hosts"
    __table_args__ = (sa.PrimaryKeyConstraint("site_id", "host"), {"sqlite_with_rowid": False})

    site_id: Mapped[int] = _to("sites.id", "The site")
    host: Mapped[str] = _column('Host in lower case, with ":port" unless it is the scheme\'s default')


class UrlRow(Base):
    """URLs that were fetched, linked to or are to be fetched, each once."""

    __tablename__ = "urls"

    id: Mapped[int] = _id()
    site_id: Mapped[int | None] = _to("sites.id", "The site that its host belongs to; null for other hosts")
    url: Mapped[str] = _column("Absolute URL without fragment, as found")
    key_head: Mapped[str] = _column(
        "Beginning of urlkey: the host in reverse order; all of it where the rest of url has another spelling"
    )
    key_at: Mapped[int] = _column("Place in url from which on urlkey is the same in lower case")
    urlkey: Mapped[str] = mapped_column(
        # An SQLite file has it in the index alone.
        sa.Computed("key_head || lower(substr(url, key_at))"),
        index=True,
        comment="SURT form, sorts by host; its first 600 characters",
    )
    digest: Mapped[bytes] = mapped_column(unique=True, comment="First 16 bytes of the SHA-256 of url")


SOURCES = "kind IN ('feed', 'listing', 'sitemap')"
"""Condition of the index on sources; a query that is to use that index repeats it literally."""


class LaneRow(Base):
    """Hosts of sites: requests of a site to one host are made one at a time."""

    __tablename__ = "lanes"
    __table_args__ = (sa.UniqueConstraint("site", "host"),)

    id: Mapped[int] = _id()
    site: Mapped[str] = _column("Name of the site for which URLs are fetched")
    host: Mapped[str] = _column("Host of these URLs")


class FrontierRow(Base):
    """The crawl frontier, the only queue: what to fetch, when, and how each URL was discovered."""

    __tablename__ = "frontier"
    __table_args__ = (
        _partial("ix_frontier_lane", "lane_id", "priority", "due_at", "url_id", where="due_at IS NOT NULL"),
        _partial("ix_frontier_via_id", "via_id", where="via_id IS NOT NULL"),
        # Sources are few among all URLs.
        _partial("ix_frontier_sources", "lane_id", "url_id", where=SOURCES),
    )

    url_id: Mapped[int] = _url_key("The URL")
    lane_id: Mapped[int] = _to("lanes.id", "The site for which it is fetched, and its host")
    kind: Mapped[str] = _column("What it is expected to be: article, listing, feed, sitemap or asset")
    via_id: Mapped[int | None] = _to("urls.id", "The feed, sitemap or page on which it was discovered")
    via_kind: Mapped[str | None] = _column("Kind of that page: feed, sitemap, listing or article")
    title: Mapped[str | None] = _column("Title that the feed or sitemap gives for it")
    published: Mapped[str | None] = _column(
        "Publication date that the feed or sitemap states, ISO 8601; without a time or an offset if it has none"
    )
    anchor: Mapped[str | None] = _column("Text of the link by which it was discovered")
    redirect_count: Mapped[int] = _column("Redirects and canonical links in a row that led to it")
    callback: Mapped[str | None] = _column("Method of the site's own spider that gets the response; null without one")
    due_at: Mapped[datetime | None] = _column("When to fetch it next; null: never")
    priority: Mapped[int] = _column("Lower numbers are fetched first")
    ended_by: Mapped[str | None] = _column(
        "Why it is not fetched again: plan, gone, alternate, no_article or person; null: it is, or it is refused"
    )
    failure_count: Mapped[int] = _column("Fetches in a row that failed, or brought no article of a page")
    unchanged_count: Mapped[int] = _column("Fetches in a row that brought nothing new")
    last_fetched_at: Mapped[datetime | None] = _column("Time of its newest capture; null: none yet")
    validated_at: Mapped[datetime | None] = _column("Time of the capture that etag and last_modified are of")
    etag: Mapped[str | None] = _column("ETag of the newest 200 response, for If-None-Match")
    last_modified: Mapped[str | None] = _column("Last-Modified of the newest 200 response, for If-Modified-Since")


class HostBackoffRow(Base):
    """Hosts that asked for slower requests or did not respond; kept for the next run."""

    __tablename__ = "host_backoff"

    host: Mapped[str] = mapped_column(primary_key=True, comment="Host name")
    ready_at: Mapped[datetime | None] = _column("No requests are sent to it before this time")
    refusal_count: Mapped[int] = _column("Responses 429 or 503 in a row")
    backoff_level: Mapped[int] = _column("How many times its delay is doubled at present")
    reason: Mapped[str] = _column("Why requests are held back")
    updated_at: Mapped[datetime] = _column("When this row was written")


class UrlPatternRow(Base):
    """URL patterns whose newest captures brought no new article; unproductive ones are parked."""

    __tablename__ = "url_patterns"
    __table_args__ = (sa.PrimaryKeyConstraint("site", "pattern"),)

    site: Mapped[str] = _column("Name of the site")
    pattern: Mapped[str] = _column("Host, path template and query keys")
    unproductive_count: Mapped[int] = _column("First captures in a row that brought no new article")
    example_url: Mapped[str] = _column("The newest of its URLs")
    parked_at: Mapped[datetime | None] = _column("Since when its URLs are not fetched; null: they are")


class CrawlRow(Base):
    """Runs of the crawler."""

    __tablename__ = "crawls"

    id: Mapped[int] = _id()
    run: Mapped[str] = mapped_column(unique=True, comment="Name of the run, as in isPartOf of the WARC files")
    started_at: Mapped[datetime | None] = _column("Start; null if only its records are known")
    finished_at: Mapped[datetime | None] = _column("End; null while it runs")
    outcome: Mapped[str | None] = _column("finished, stopped, failed or interrupted; null while it runs")
    counters: Mapped[dict[str, Any]] = _column("Counters of the run, by name")


class CrawlSiteRow(Base):
    """Sites that a run crawled."""

    __tablename__ = "crawl_sites"
    __table_args__ = (sa.PrimaryKeyConstraint("crawl_id", "site_id"), {"sqlite_with_rowid": False})

    crawl_id: Mapped[int] = _to("crawls.id", "The run")
    site_id: Mapped[int] = _to("sites.id", "The site", index=True)


class WarcFileRow(Base):
    """WARC files, from which all other tables are derived."""

    __tablename__ = "warc_files"

    id: Mapped[int] = _id()
    name: Mapped[str] = mapped_column(unique=True, comment="File name, without folder")
    crawl_id: Mapped[int | None] = _to("crawls.id", "The run that wrote it; null for imported files", index=True)
    state: Mapped[str] = _column("open while it is being written, then closed")
    size: Mapped[int | None] = mapped_column(sa.BigInteger, comment="Size in bytes; null while it is open")
    sha256: Mapped[str | None] = _column("SHA-256 of the file, in hexadecimal; null while it is open")


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
    url_id: Mapped[int] = _to("urls.id", "The URL that was requested")
    site_id: Mapped[int] = _to("sites.id", "The site it belongs to: by its host, else the requesting site")
    requesting_site: Mapped[str] = _column("Name of the site for which it was fetched")
    crawl_id: Mapped[int | None] = _to("crawls.id", "The run; null for imported records")
    warc_file_id: Mapped[int] = _to("warc_files.id", "The WARC file that holds the record")
    warc_offset: Mapped[int] = mapped_column(sa.BigInteger, comment="Offset of the record in that file")
    warc_length: Mapped[int] = mapped_column(
        sa.BigInteger, comment="Length of the record in that file, in compressed bytes"
    )
    record_id: Mapped[str] = mapped_column(unique=True, comment="WARC-Record-ID, without angle brackets")
    kind: Mapped[str] = _column("Type of the record: response, revisit or resource")
    fetched_at: Mapped[datetime] = _column("When the request was sent")
    warc_date: Mapped[str] = _column("WARC-Date, exactly as in the record")
    status: Mapped[int | None] = _column("HTTP status; null if the response is not HTTP")
    mime: Mapped[str | None] = _column("Media type by the response's Content-Type")
    payload_digest: Mapped[str | None] = _column("Digest of the payload, content coding kept")
    payload_size: Mapped[int] = mapped_column(sa.BigInteger, comment="Size of the payload in bytes; 0 for a revisit")
    truncated: Mapped[str | None] = _column("Why the response is truncated; null if it is complete")
    profile: Mapped[str | None] = _column("Profile of a revisit: identical-payload-digest or server-not-modified")
    refers_to_record: Mapped[str | None] = _column("Of a revisit: WARC-Refers-To, without angle brackets")
    refers_to_url_id: Mapped[int | None] = _to("urls.id", "Of a revisit: WARC-Refers-To-Target-URI")
    refers_to_date: Mapped[str | None] = _column("Of a revisit: WARC-Refers-To-Date")
    refers_to_id: Mapped[int | None] = mapped_column(
        # A batch may bring a revisit before its original.
        sa.ForeignKey("captures.id", deferrable=True, initially="DEFERRED"),
        comment="Of a revisit: the original capture; null if the archive does not hold it",
    )
    redirect_url_id: Mapped[int | None] = _to("urls.id", "Target of a redirect")
    outcome: Mapped[str] = _column("What the response turned out to be: article, listing, feed, challenge, gone ...")
    reason: Mapped[str] = _column("Why it was classified so")
    title: Mapped[str | None] = _column("Title of the page or feed")
    entries: Mapped[int] = _column("Number of items of a feed or sitemap, or of links of a listing")
    content_digest: Mapped[str | None] = _column(
        "SHA-256 of the payload, content coding undone; null: the same as payload_digest, or none"
    )
    is_read: Mapped[bool] = _column("False for a revisit that takes its reading from its original")
    extractor: Mapped[str | None] = _column("Version of the extractor that read it; null where is_read is false")
    etag: Mapped[str | None] = _column("ETag header of the response")
    last_modified: Mapped[str | None] = _column("Last-Modified header of the response")
    noarchive: Mapped[bool] = _column(
        "True if this response says noarchive: by its robots meta element or X-Robots-Tag"
    )
    article_id: Mapped[int | None] = _to("articles.id", "The article that it shows")
    version_id: Mapped[int | None] = _column("The version of that article that it shows")
    page_version_id: Mapped[int | None] = _column(
        "The text of its own page, also where that is a duplicate of another page's or a soft error"
    )


class DailyCapturesRow(Base):
    """Number of captures by site, day and outcome, maintained by triggers on captures."""

    __tablename__ = "daily_captures"
    __table_args__ = (sa.PrimaryKeyConstraint("site_id", "day", "outcome"), {"sqlite_with_rowid": False})

    site_id: Mapped[int] = _to("sites.id", "The site")
    day: Mapped[str] = _column("Day in UTC, such as 2026-03-01")
    outcome: Mapped[str] = _column("Outcome, as in captures")
    captures: Mapped[int] = _column("Number of captures")


class ArticleRow(Base):
    """Articles: one row per canonical URL of a site, or for several with the same text."""

    __tablename__ = "articles"
    __table_args__ = (
        sa.UniqueConstraint("url_id", "site_id"),
        sa.Index("ix_articles_dated", "dated_at"),
        sa.Index("ix_articles_site_dated", "site_id", "dated_at"),
    )

    id: Mapped[int] = _id()
    site_id: Mapped[int] = _to("sites.id", "The site")
    url_id: Mapped[int] = _to("urls.id", "Canonical URL")
    first_seen_at: Mapped[datetime] = _column("Time of the first capture that shows it")
    last_seen_at: Mapped[datetime] = _column("Time of the last capture that shows it")
    dated_at: Mapped[datetime] = _column("Publication date by its current version, else first_seen_at")
    state: Mapped[str] = _column("live, gone or moved, by the newest capture of its URLs")


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
    article_id: Mapped[int | None] = _to(
        "articles.id", "The article; null: a duplicate of another page's text, or a soft error"
    )
    site_id: Mapped[int] = _to("sites.id", "The site of the page")
    page_url_id: Mapped[int] = _to("urls.id", "Canonical URL that the page names")
    duplicate_of_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("versions.id", deferrable=True, initially="DEFERRED"),
        comment="The version of the article that has the same text, from another page of it",
    )
    capture_id: Mapped[int] = _to("captures.id", "The first capture that shows this text", index=True)
    number: Mapped[int] = _column(
        "From 1, in the order of first captures; the same for rows that differ in boilerplate or their reading only"
    )
    is_variant: Mapped[bool] = _column("True if another row with its number stands for both")
    is_current: Mapped[bool] = _column("True for the version that the newest capture of the article shows")
    digest: Mapped[bytes] = _column(
        "SHA-256 over headline, dek, byline, section, body paragraphs, captions and corrections, the page's own"
        " address left out"
    )
    changed: Mapped[str] = _column(
        "Kinds of change from the text that was seen before it: headline, dek, body, byline, section, caption,"
        " correction; empty for the first text"
    )
    is_corrected: Mapped[bool] = _column("True if it has a correction, editor's note or retraction")
    parts: Mapped[str | None] = _column(
        "Digests of its parts without boilerplate, by kind of change; null for an article's only version"
    )
    masked_digest: Mapped[bytes] = _column(
        "First 16 bytes of a SHA-256 over headline and body without numbers, times and addresses"
    )
    evidence: Mapped[int] = _column(
        "What says that it is an article: 2 its source's title for it, 1 its metadata, 0 neither"
    )
    headline: Mapped[str] = _column("Headline, as printed")
    dek: Mapped[str | None] = _column("Subheading below the headline")
    kicker: Mapped[str | None] = _column("Line above the headline that names its subject or series")
    organisations: Mapped[str | None] = _column("News agencies, desks and publishers in the byline, one a line")
    author_links: Mapped[str | None] = _column("URLs of the authors' pages and profiles, one a line")
    language: Mapped[str | None] = mapped_column(
        index=True, comment="Primary language subtag (BCP 47), such as en or zh"
    )
    published: Mapped[str | None] = _column(
        "Publication date as the page or its source states it, ISO 8601; without a time or an offset if none is"
    )
    published_at: Mapped[datetime | None] = _column("The same in UTC, to sort and filter by")
    published_source: Mapped[str | None] = _column("Where that date is from: json-ld, meta, feed ...")
    modified: Mapped[str | None] = _column("Modification date as the page states it, in the same form")
    modified_at: Mapped[datetime | None] = _column("The same in UTC")
    modified_source: Mapped[str | None] = _column("Where that date is from")
    section: Mapped[str | None] = mapped_column(index=True, comment="Section of the site")
    access: Mapped[str | None] = _column("free or paywalled; null if the page does not say")
    is_live_blog: Mapped[bool] = _column("True for a live blog")
    noarchive: Mapped[bool] = _column("True if the page or its X-Robots-Tag says noarchive")
    image_url_id: Mapped[int | None] = _to("urls.id", "Lead image")
    image_caption: Mapped[str | None] = _column("Caption of the lead image")
    paragraph_count: Mapped[int] = _column("Number of paragraphs of all roles")
    extractor: Mapped[str | None] = _column("Version of the extractor that read its first capture")
    is_dek_learnt: Mapped[bool] = _column("True if dek is from where the site's other pages have theirs")
    beside: Mapped[str | None] = _column(
        "Positions, each between blanks, of paragraphs in boxes that are beside the text on the site's other pages:"
        " they count as boilerplate"
    )
    is_counted: Mapped[bool] = _column("False until its paragraphs are counted for boilerplate")
    is_compared: Mapped[bool] = _column("False until it is compared with the texts of other pages")


class CaptureMetadataRow(Base):
    """Dates, tags and lead image by each capture that was read as an article."""

    __tablename__ = "capture_metadata"

    capture_id: Mapped[int] = mapped_column(
        sa.ForeignKey("captures.id"), primary_key=True, autoincrement=False, comment="The capture"
    )
    published: Mapped[str | None] = _column("Publication date that the page prints, ISO 8601")
    modified: Mapped[str | None] = _column("Modification date that the page prints, ISO 8601")
    tags: Mapped[str | None] = _column("Tags, joined by semicolons")
    image: Mapped[str | None] = _column("URL of the lead image")


class MetadataChangeRow(Base):
    """Changes of a date, of tags or of the image address between two captures of one URL of an article."""

    __tablename__ = "metadata_changes"
    __table_args__ = (sa.PrimaryKeyConstraint("capture_id", "field"), {"sqlite_with_rowid": False})

    capture_id: Mapped[int] = _to("captures.id", "The capture that shows the new value")
    field: Mapped[str] = _column("published, modified, tags or image")
    article_id: Mapped[int] = _to("articles.id", "The article", index=True)
    before_id: Mapped[int] = _to("captures.id", "The capture before it, which shows the old value", index=True)
    old: Mapped[str | None] = _column("Old value; null: none")
    new: Mapped[str | None] = _column("New value; null: none")


class ChangeRow(Base):
    """Changes of articles that were seen: edits, and articles that were gone, moved, or back."""

    __tablename__ = "changes"
    __table_args__ = (
        sa.PrimaryKeyConstraint("article_id", "capture_id"),
        _partial("ix_changes_unclassified", "article_id", where="kinds IS NULL"),
        {"sqlite_with_rowid": False},
    )

    article_id: Mapped[int] = _to("articles.id", "The article")
    capture_id: Mapped[int] = _to("captures.id", "The first capture that shows the change", index=True)
    before_id: Mapped[int] = _to("captures.id", "The last capture that shows what was before", index=True)
    seen_at: Mapped[datetime] = mapped_column(index=True, comment="Time of the first capture that shows the change")
    seen_before_at: Mapped[datetime] = _column("Time of the last capture that shows what was before")
    event: Mapped[str] = _column("edited, gone, moved or back")
    number: Mapped[int | None] = _column("Number of the version that is shown now; null: none")
    before_number: Mapped[int] = _column("Number of the version that was shown last")
    texts: Mapped[str] = _column("Digest of the two versions, by which an outdated comparison is found")
    kinds: Mapped[str | None] = _column("Kinds of the edit, the most important first; null: not compared yet")
    notice: Mapped[str | None] = _column(
        "noted: the page has a new note on it; dated: a later modification date; silent: neither"
    )
    added: Mapped[int] = _column("Number of characters added, without white space")
    removed: Mapped[int] = _column("Number of characters removed, without white space")
    older: Mapped[str | None] = _column("Excerpt of what was before, at the most telling place")
    newer: Mapped[str | None] = _column("Excerpt of what is there now")


class ParagraphRow(Base):
    """Texts of paragraphs, each once however often it is printed."""

    __tablename__ = "paragraphs"

    id: Mapped[int] = _id()
    digest: Mapped[bytes] = mapped_column(unique=True, comment="First 16 bytes of the SHA-256 of text")
    text: Mapped[str] = _column("The text")


class VersionParagraphRow(Base):
    """Paragraphs of versions, in reading order."""

    __tablename__ = "version_paragraphs"
    __table_args__ = (sa.PrimaryKeyConstraint("version_id", "position"), {"sqlite_with_rowid": False})

    version_id: Mapped[int] = _to("versions.id", "The version")
    position: Mapped[int] = _column("From 0")
    paragraph_id: Mapped[int] = _to("paragraphs.id", "The text", index=True)
    role: Mapped[str] = _column("Role in that version: text, heading, quote, caption, disclaimer ...")


class AuthorRow(Base):
    """Names of authors, each once."""

    __tablename__ = "authors"

    id: Mapped[int] = _id()
    name: Mapped[str] = mapped_column(unique=True, comment="Name, as printed")
    folded: Mapped[str] = mapped_column(index=True, comment="Name in lower case without accents, for comparison")


class VersionAuthorRow(Base):
    """Authors of versions, in the order of the byline."""

    __tablename__ = "version_authors"
    __table_args__ = (sa.PrimaryKeyConstraint("version_id", "position"), {"sqlite_with_rowid": False})

    version_id: Mapped[int] = _to("versions.id", "The version")
    position: Mapped[int] = _column("From 0")
    author_id: Mapped[int] = _to("authors.id", "The author", index=True)


class TagRow(Base):
    """Tags and keywords, each once."""

    __tablename__ = "tags"

    id: Mapped[int] = _id()
    name: Mapped[str] = mapped_column(unique=True, comment="Tag, as printed")


class VersionTagRow(Base):
    """Tags of versions, in the order of the page."""

    __tablename__ = "version_tags"
    __table_args__ = (sa.PrimaryKeyConstraint("version_id", "position"), {"sqlite_with_rowid": False})

    version_id: Mapped[int] = _to("versions.id", "The version")
    position: Mapped[int] = _column("From 0")
    tag_id: Mapped[int] = _to("tags.id", "The tag", index=True)


class VersionMediaRow(Base):
    """Pictures, videos, audios and embedded objects of versions, in the order of the page."""

    __tablename__ = "version_media"
    __table_args__ = (sa.PrimaryKeyConstraint("version_id", "position"), {"sqlite_with_rowid": False})

    version_id: Mapped[int] = _to("versions.id", "The version")
    position: Mapped[int] = _column("From 0")
    kind: Mapped[str] = _column("image, video, audio, podcast or embed")
    url_id: Mapped[int] = _to("urls.id", "The file, or the player where the page names no file", index=True)
    caption: Mapped[str | None] = _column("Caption, as printed; of a video or audio without one, its title")
    credit: Mapped[str | None] = _column("Photographer, agency or rights holder")
    alt: Mapped[str | None] = _column("Text alternative of a picture, title of a frame")
    place: Mapped[int] = _column("Number of the version's paragraphs above it, boilerplate counted")
    duration: Mapped[int | None] = _column("Seconds; null if the page does not say")
    transcript_url: Mapped[str | None] = _column("URL of a transcript, subtitles or captions")


class VersionEntityRow(Base):
    """What the JSON-LD of versions names as subject, mention or source of the article."""

    __tablename__ = "version_entities"
    __table_args__ = (sa.PrimaryKeyConstraint("version_id", "position"), {"sqlite_with_rowid": False})

    version_id: Mapped[int] = _to("versions.id", "The version")
    position: Mapped[int] = _column("From 0")
    relation: Mapped[str] = _column("Property of schema.org: about, mentions, isBasedOn or sourceOrganization")
    type: Mapped[str | None] = _column("Type of schema.org, such as Person or Place")
    name: Mapped[str] = _column("Its name, else its URL")
    url: Mapped[str | None] = _column("Its sameAs, url or @id")


class VersionLiveUpdateRow(Base):
    """Entries of live blogs, by the JSON-LD of versions, in the order of the page."""

    __tablename__ = "version_live_updates"
    __table_args__ = (sa.PrimaryKeyConstraint("version_id", "position"), {"sqlite_with_rowid": False})

    version_id: Mapped[int] = _to("versions.id", "The version")
    position: Mapped[int] = _column("From 0")
    headline: Mapped[str | None] = _column("Headline of the entry")
    paragraph_id: Mapped[int] = _to("paragraphs.id", "Its text", index=True)
    published: Mapped[str | None] = _column("Its publication date as the page states it, ISO 8601")
    modified: Mapped[str | None] = _column("Its modification date in the same form")
    url: Mapped[str | None] = _column("Its own URL")


class VersionBoxesRow(Base):
    """Named boxes of the pages of versions, from which site_boxes is learnt."""

    __tablename__ = "version_boxes"

    version_id: Mapped[int] = _to("versions.id", "The version", primary_key=True)
    boxes: Mapped[bytes] = _column("JSON, compressed by zlib: names of the boxes by what they hold of the article")


class LinkGroupRow(Base):
    """Groups of links, each once: the same list on many pages is one row."""

    __tablename__ = "link_groups"

    id: Mapped[int] = _id()
    digest: Mapped[bytes] = mapped_column(unique=True, comment="First 16 bytes of a SHA-256 over kind, label and links")
    kind: Mapped[str] = _column("related, latest, inline or listing")
    label: Mapped[str] = _column("Visible heading of the group; empty if it has none")


class LinkRow(Base):
    """Links of link groups, in the order of the page."""

    __tablename__ = "links"
    __table_args__ = (sa.PrimaryKeyConstraint("group_id", "position"), {"sqlite_with_rowid": False})

    group_id: Mapped[int] = _to("link_groups.id", "The group")
    position: Mapped[int] = _column("From 0")
    url_id: Mapped[int] = _to("urls.id", "Target of the link", index=True)
    anchor: Mapped[str] = _column("Link text")


class CaptureGroupRow(Base):
    """Link groups of captured listings, and of the first capture of each version."""

    __tablename__ = "capture_groups"
    __table_args__ = (sa.PrimaryKeyConstraint("capture_id", "position"), {"sqlite_with_rowid": False})

    capture_id: Mapped[int] = _to("captures.id", "The captured page")
    position: Mapped[int] = _column("From 0, in the order of the page")
    group_id: Mapped[int] = _to("link_groups.id", "The group", index=True)


class BoilerplateRow(Base):
    """Paragraphs that at least two articles of a site carry; those printed everywhere are boilerplate."""

    __tablename__ = "boilerplate"
    __table_args__ = (
        sa.PrimaryKeyConstraint("site_id", "paragraph_id"),
        _partial("ix_boilerplate_learnt", "site_id", where="is_boilerplate = 1", postgresql_where="is_boilerplate"),
        {"sqlite_with_rowid": False},
    )

    site_id: Mapped[int] = _to("sites.id", "The site")
    paragraph_id: Mapped[int] = _to("paragraphs.id", "The paragraph", index=True)
    articles_seen: Mapped[int] = _column("Number of articles of the site that carry it")
    first_seen_at: Mapped[datetime] = _column("Date of the oldest of them")
    last_seen_at: Mapped[datetime] = _column("Date of the newest of them")
    is_boilerplate: Mapped[bool] = _column("True: boilerplate, not counted as part of any body")


class SiteBoxRow(Base):
    """Boxes of a site's pages that hold the dek, or that stand beside the text: learnt from 200 of its articles."""

    __tablename__ = "site_boxes"
    __table_args__ = (sa.PrimaryKeyConstraint("site_id", "box"), {"sqlite_with_rowid": False})

    site_id: Mapped[int] = _to("sites.id", "The site")
    box: Mapped[str] = _column("Tag, classes, id and naming attributes, as in a CSS selector")
    holds: Mapped[str] = _column("dek or beside")
    articles: Mapped[int] = _column("Number of the articles in which it holds that")
    others: Mapped[int] = _column("Number of the articles in which it holds another part")


class SourceRow(Base):
    """Feeds, sitemaps and listings that were read."""

    __tablename__ = "sources"

    url_id: Mapped[int] = _url_key("URL of the source")
    site_id: Mapped[int] = _to("sites.id", "The site", index=True)
    kind: Mapped[str] = _column("feed, sitemap or listing")
    title: Mapped[str | None] = _column("Its title, by the newest reading")
    entries: Mapped[int] = _column("Number of items or links in the newest reading")
    first_seen_at: Mapped[datetime] = _column("Time of the first capture that could be read as a source")
    last_seen_at: Mapped[datetime] = _column("Time of the newest capture that could be read as a source")
    last_changed_at: Mapped[datetime] = _column("Time of the capture since which it is unchanged")


class SourceRateRow(Base):
    """Publication rates of feeds, sitemaps and listings, learnt from each reading; older weeks count less."""

    __tablename__ = "source_rates"

    url_id: Mapped[int] = _url_key("The source")
    first_read_at: Mapped[datetime] = _column("Time of the first reading")
    last_read_at: Mapped[datetime] = _column("Time of the newest reading")
    last_new_at: Mapped[datetime] = _column("When it last had an item that the previous reading lacked")
    items_per_day: Mapped[float] = _column("New items per day, on average")
    discovery_share: Mapped[float] = _column("Share of its new items that it named first, 0 to 1")
    new_items: Mapped[float] = _column("Items that appeared since the first reading")
    first_named_items: Mapped[float] = _column("Those of them that no other source had named before")
    bursts: Mapped[float] = _column("Times at which items appeared, several at once counted once")
    longest_gap: Mapped[float] = _column("Longest time without a new item, in seconds")
    capacity: Mapped[int] = _column("Number of items that it holds at most")
    interval_factor: Mapped[float] = _column("Below 1 after items were lost: its interval is multiplied by this")
    newest_item_at: Mapped[datetime | None] = _column("Latest date of an item")
    lost_at: Mapped[datetime | None] = _column(
        "Newest reading that had no item in common with the previous one: items may have been missed"
    )
    silent_since: Mapped[datetime | None] = _column(
        "Since when it has been silent for longer than its rate explains; null: it is not"
    )
    hours: Mapped[dict[str, Any]] = _column(
        "watched and items: for each of 168 hours from Monday 0:00 UTC the hours observed and the items seen"
    )
    item_count: Mapped[int] = _column("Number of items in the newest reading")
    item_ids: Mapped[bytes | None] = _column(
        "Ids of these items' URLs, 8 bytes each, in ascending order; null if there are too many"
    )


class SearchChangeRow(Base):
    """Changes that the search folder has to follow; written by triggers in the transaction that makes them."""

    __tablename__ = "search_changes"
    __table_args__ = (
        sa.Index("ix_search_changes_transaction", "transaction_id").ddl_if(dialect="postgresql"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
        primary_key=True,
        comment="In SQLite in the order of commits",
    )
    transaction_id: Mapped[int | None] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
        comment="PostgreSQL: the transaction, by which a reader finds what was committed since; SQLite: null",
    )
    article_id: Mapped[int | None] = _column("An article that changed, or that is gone")
    site_id: Mapped[int | None] = _column("The site of paragraph_id")
    paragraph_id: Mapped[int | None] = _column(
        "A paragraph that became boilerplate of a site or ceased to be: articles that carry it change"
    )
