"""The schema on one page. Users query it by hand: names are plain, and every table and column says what it holds.

    sites ---- urls ---- frontier                what is to be fetched next
      |          |------ sources                 feeds, sitemaps, listings and how they fare
      |          |
      |       captures ---- warc_files, crawls   one row for one response or revisit record
      |          |  |------ capture_groups --- link_groups --- links --- urls
      |          |
      |--- articles --- versions --- version_paragraphs --- paragraphs
      |                    |-------- version_authors, version_tags
      |                    |-------- search_documents
      |--- boilerplate ------------------------------------ paragraphs

    habits, alarms ---- urls                     what is learnt of feeds, sitemaps, listings, and told of them
    days                                         captures counted, by triggers (migration 0005)
    hosts, families                              what the crawl remembers of whom to leave in peace

Texts that are printed again and again (paragraphs, link groups, names) are rows of their own, found by their digest.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


def _as_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    return value.astimezone(UTC).isoformat(" ", "microseconds").removesuffix("+00:00")


def _from_text(value: str | None) -> datetime | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(value)
    # Whoever sets a moment by hand may write a day alone, or an offset.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment. PostgreSQL keeps it as timestamptz, SQLite as UTC text that sorts."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """To what the driver takes. SQLAlchemy takes twice as long for SQLite's text, and rows are full of moments."""
        return _as_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """To an aware moment in UTC."""
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The same, of what the driver gives."""
        del dialect
        return value and value.astimezone(UTC)


class Base(DeclarativeBase):
    """Root of the tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - the name and form that SQLAlchemy asks for
        # PostgreSQL is to sort and compare by code point, as SQLite and Python do, whatever the database's own habit.
        str: Text().with_variant(Text(collation="C"), "postgresql"),
        datetime: UtcDateTime,
        bytes: LargeBinary,
        dict[str, Any]: JSON().with_variant(JSONB(), "postgresql"),
    }


def _id() -> Mapped[int]:
    return mapped_column(Integer, primary_key=True, comment="Surrogate key; another after a rebuild")


def _to(target: str, comment: str, *, primary_key: bool = False, index: bool = False) -> Mapped[Any]:
    return mapped_column(ForeignKey(target), comment=comment, primary_key=primary_key, index=index)


class SiteRow(Base):
    """A news site."""

    __tablename__ = "sites"
    __table_args__ = {"comment": "News sites: those configured, and one a host for imported pages of others"}  # noqa: RUF012

    id: Mapped[int] = _id()
    name: Mapped[str] = mapped_column(unique=True, comment="Short name, as in newsarchive.toml; else the host")
    url: Mapped[str] = mapped_column(comment="Front page")
    title: Mapped[str | None] = mapped_column(comment="What its front page calls itself, by its newest reading")
    configured: Mapped[bool] = mapped_column(comment="False where only imported pages made it known")
    configured_at: Mapped[datetime | None] = mapped_column(
        comment="Begin of the run that describes it; null where the owner's configuration does"
    )
    relearn: Mapped[bool] = mapped_column(comment="True where its boilerplate is to be counted anew, all of it")


class SiteHostRow(Base):
    """A host whose URLs belong to a site."""

    __tablename__ = "site_hosts"
    __table_args__ = (
        PrimaryKeyConstraint("site_id", "host"),
        {"comment": "Hosts whose URLs belong to a site", "sqlite_with_rowid": False},
    )

    site_id: Mapped[int] = _to("sites.id", "The site")
    host: Mapped[str] = mapped_column(comment='Host, lower case, with ":port" where it is not the scheme\'s own')


class UrlRow(Base):
    """A URL: identity only."""

    __tablename__ = "urls"
    __table_args__ = {"comment": "Every URL that was fetched, linked to or is to be fetched, once"}  # noqa: RUF012

    id: Mapped[int] = _id()
    site_id: Mapped[int | None] = _to("sites.id", "The site whose host it has; null for other hosts")
    url: Mapped[str] = mapped_column(comment="Absolute, no fragment, as it stood")
    urlkey: Mapped[str] = mapped_column(index=True, comment="SURT form for sorting by host; its first 600 characters")
    digest: Mapped[bytes] = mapped_column(unique=True, comment="First 16 bytes of the SHA-256 of url")


SOURCES = "kind IN ('feed', 'listing', 'sitemap')"
"""What the index of these has; a query that is to go by it says it to the letter."""


class FrontierRow(Base):
    """What is known of fetching a URL."""

    __tablename__ = "frontier"
    __table_args__ = (
        Index(
            "ix_frontier_lane",
            "site",
            "host",
            "priority",
            "due_at",
            "url_id",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index(
            "ix_frontier_via_id",
            "via_id",
            sqlite_where=text("via_id IS NOT NULL"),
            postgresql_where=text("via_id IS NOT NULL"),
        ),
        # Few among all that is known.
        Index("ix_frontier_sources", "site", "url_id", sqlite_where=text(SOURCES), postgresql_where=text(SOURCES)),
        {"comment": "What is to be fetched, when, and how it came to be known. The only queue there is"},
    )

    url_id: Mapped[int] = mapped_column(ForeignKey("urls.id"), primary_key=True, autoincrement=False, comment="The URL")
    site: Mapped[str] = mapped_column(comment="Name of the site on whose behalf it is fetched")
    host: Mapped[str] = mapped_column(comment="Host of the URL: asked politely, one request at a time")
    kind: Mapped[str] = mapped_column(comment="Why it is asked for: article, listing, feed, sitemap or asset")
    via_id: Mapped[int | None] = _to("urls.id", "The feed, sitemap or page that named it")
    via_kind: Mapped[str | None] = mapped_column(comment="What named it: feed, sitemap, listing or article")
    title: Mapped[str | None] = mapped_column(comment="The source's own title for it")
    published_at: Mapped[datetime | None] = mapped_column(comment="The source's own publication date for it")
    anchor: Mapped[str | None] = mapped_column(comment="Text of the link that named it")
    due_at: Mapped[datetime | None] = mapped_column(comment="When to fetch it; null: not again")
    priority: Mapped[int] = mapped_column(comment="Lower goes first")
    failures: Mapped[int] = mapped_column(comment="Failed captures in a row")
    unchanged: Mapped[int] = mapped_column(comment="Captures in a row that brought nothing new")
    looked_at: Mapped[datetime | None] = mapped_column(comment="Its newest capture; null: none yet")
    validated_at: Mapped[datetime | None] = mapped_column(comment="The capture whose validators these are")
    etag: Mapped[str | None] = mapped_column(comment="ETag of the newest 200 answer, to be sent back")
    last_modified: Mapped[str | None] = mapped_column(comment="Last-Modified of the newest 200 answer, to be sent back")


class HostRow(Base):
    """A host that wants patience."""

    __tablename__ = "hosts"
    __table_args__ = {"comment": "Hosts that asked for patience or gave no answer: known to the next run too"}  # noqa: RUF012

    name: Mapped[str] = mapped_column(primary_key=True, comment="Host name")
    ready_at: Mapped[datetime | None] = mapped_column(comment="Nothing is asked of it before")
    refusals: Mapped[int] = mapped_column(comment="Answers in a row that asked for patience")
    strain: Mapped[int] = mapped_column(comment="How often its delay is doubled at present")
    reason: Mapped[str] = mapped_column(comment="Why it is left in peace")
    noted_at: Mapped[datetime] = mapped_column(comment="When this was noted")


class FamilyRow(Base):
    """URLs of one shape."""

    __tablename__ = "families"
    __table_args__ = (
        PrimaryKeyConstraint("site", "family"),
        {"comment": "Families of URLs whose last captures brought nothing new"},
    )

    site: Mapped[str] = mapped_column(comment="Name of the site")
    family: Mapped[str] = mapped_column(comment="Host, path template and query keys")
    barren: Mapped[int] = mapped_column(comment="First captures in a row that brought nothing new")
    example: Mapped[str] = mapped_column(comment="The newest of these URLs")
    parked_at: Mapped[datetime | None] = mapped_column(comment="Since when it is not asked for; null: it is")


class CrawlRow(Base):
    """One run."""

    __tablename__ = "crawls"
    __table_args__ = {"comment": "Runs of the crawler"}  # noqa: RUF012

    id: Mapped[int] = _id()
    run: Mapped[str] = mapped_column(unique=True, comment="Its name, as in the WARC files' isPartOf")
    started_at: Mapped[datetime | None] = mapped_column(comment="Begin; null where only its records are known")
    finished_at: Mapped[datetime | None] = mapped_column(comment="End; null while it runs")
    outcome: Mapped[str | None] = mapped_column(comment="finished, stopped, failed or interrupted; null while it runs")
    counters: Mapped[dict[str, Any]] = mapped_column(comment="What it counted, by name")


class CrawlSiteRow(Base):
    """A site that a run was for."""

    __tablename__ = "crawl_sites"
    __table_args__ = (
        PrimaryKeyConstraint("crawl_id", "site_id"),
        {"comment": "Sites that a run was for", "sqlite_with_rowid": False},
    )

    crawl_id: Mapped[int] = _to("crawls.id", "The run")
    site_id: Mapped[int] = _to("sites.id", "The site", index=True)


class WarcFileRow(Base):
    """One WARC file."""

    __tablename__ = "warc_files"
    __table_args__ = {"comment": "WARC files: the truth that all else here is derived from"}  # noqa: RUF012

    id: Mapped[int] = _id()
    name: Mapped[str] = mapped_column(unique=True, comment="File name, without folder")
    crawl_id: Mapped[int | None] = _to("crawls.id", "The run that wrote it; null for imported files", index=True)
    state: Mapped[str] = mapped_column(comment="open while it grows, then closed")
    size: Mapped[int | None] = mapped_column(BigInteger, comment="Bytes; null while it grows")
    sha256: Mapped[str | None] = mapped_column(comment="Of the whole file, in hexadecimal; null while it grows")


def _where(name: str, *columns: str, condition: str) -> Index:
    return Index(f"ix_captures_{name}", *columns, sqlite_where=text(condition), postgresql_where=text(condition))


class CaptureRow(Base):
    """What the archive holds of one URL at one moment."""

    __tablename__ = "captures"
    __table_args__ = (
        Index("ix_captures_url", "url_id", "fetched_at"),
        Index("ix_captures_site", "site_id", "fetched_at"),
        Index("ix_captures_warc", "warc_file_id", "warc_offset"),
        _where(
            "payload",
            "payload_digest",
            condition="kind = 'response' AND truncated IS NULL AND payload_size > 0 AND payload_digest IS NOT NULL",
        ),
        # What a page about a run lists and counts, without a look at the captures themselves.
        _where("crawl", "crawl_id", "fetched_at", "outcome", "status", condition="crawl_id IS NOT NULL"),
        _where("listing", "url_id", "fetched_at", "record_id", condition="outcome = 'listing'"),
        _where("article", "article_id", condition="article_id IS NOT NULL"),
        _where("version", "version_id", condition="version_id IS NOT NULL"),
        _where("redirect", "redirect_url_id", condition="redirect_url_id IS NOT NULL"),
        _where("refers_record", "refers_to_record", condition="refers_to_record IS NOT NULL"),
        _where("refers_url", "refers_to_url_id", condition="refers_to_url_id IS NOT NULL"),
        _where("original", "refers_to_id", condition="refers_to_id IS NOT NULL"),
        _where("gone", "url_id", "fetched_at", condition="outcome = 'gone'"),
        _where("pending", "id", condition="kind = 'revisit' AND refers_to_id IS NULL"),
        ForeignKeyConstraint(
            ["version_id"],
            ["versions.id"],
            name="fk_captures_version_id",
            use_alter=True,
            deferrable=True,
            initially="DEFERRED",
        ),
        {"comment": "One row for one response, revisit or resource record of a WARC file"},
    )

    id: Mapped[int] = _id()
    url_id: Mapped[int] = _to("urls.id", "What was asked for")
    site_id: Mapped[int] = _to("sites.id", "The site it belongs to: by its host, else the one it was fetched for")
    asked_for: Mapped[str] = mapped_column(comment="Name of the site on whose behalf it was fetched")
    crawl_id: Mapped[int | None] = _to("crawls.id", "The run; null for imported records")
    warc_file_id: Mapped[int] = _to("warc_files.id", "Where the record lies")
    warc_offset: Mapped[int] = mapped_column(BigInteger, comment="Of the record's first byte in the file")
    warc_length: Mapped[int] = mapped_column(BigInteger, comment="Of the record in the file, compressed, in bytes")
    record_id: Mapped[str] = mapped_column(unique=True, comment="WARC-Record-ID, without angle brackets")
    kind: Mapped[str] = mapped_column(comment="response, revisit or resource")
    fetched_at: Mapped[datetime] = mapped_column(comment="When the capture began")
    warc_date: Mapped[str] = mapped_column(comment="WARC-Date to the character")
    status: Mapped[int | None] = mapped_column(comment="HTTP status; null where the answer is no HTTP")
    mime: Mapped[str | None] = mapped_column(comment="Media type the answer claims")
    payload_digest: Mapped[str | None] = mapped_column(comment="Digest of the entity, content coding kept")
    payload_size: Mapped[int] = mapped_column(BigInteger, comment="Bytes of that entity; 0 for a revisit's")
    truncated: Mapped[str | None] = mapped_column(comment="Why the answer is not whole; null where it is")
    profile: Mapped[str | None] = mapped_column(comment="Of a revisit: identical-payload-digest or server-not-modified")
    refers_to_record: Mapped[str | None] = mapped_column(comment="Of a revisit: record id that it names as original")
    refers_to_url_id: Mapped[int | None] = _to("urls.id", "Of a revisit: URL that it names as original's")
    refers_to_date: Mapped[str | None] = mapped_column(comment="Of a revisit: date that it names as original's")
    refers_to_id: Mapped[int | None] = mapped_column(
        # A batch may bring a revisit before its original.
        ForeignKey("captures.id", deferrable=True, initially="DEFERRED"),
        comment="Of a revisit: its original, once the archive holds it",
    )
    redirect_url_id: Mapped[int | None] = _to("urls.id", "Where a redirect leads")
    outcome: Mapped[str] = mapped_column(
        comment="What it turned out to be: article, listing, feed, challenge, gone ..."
    )
    reason: Mapped[str] = mapped_column(comment="Why that outcome")
    title: Mapped[str | None] = mapped_column(comment="The page's or feed's own name for itself")
    entries: Mapped[int] = mapped_column(comment="Items of a feed or sitemap, links of a listing")
    content_digest: Mapped[str | None] = mapped_column(comment="SHA-256 of the entity, content coding undone")
    is_read: Mapped[bool] = mapped_column(comment="False for a revisit that shows what its original showed")
    extractor: Mapped[str | None] = mapped_column(
        comment="Version of the code that read it; null before that was noted, and where is_read is false"
    )
    etag: Mapped[str | None] = mapped_column(comment="ETag, as the server sent it")
    last_modified: Mapped[str | None] = mapped_column(comment="Last-Modified, as the server sent it")
    article_id: Mapped[int | None] = _to("articles.id", "The article that it shows")
    version_id: Mapped[int | None] = mapped_column(comment="The version of it that it shows")


class DayRow(Base):
    """Captures of one day."""

    __tablename__ = "days"
    __table_args__ = (
        PrimaryKeyConstraint("site_id", "day", "outcome"),
        {
            "comment": "Captures by site, day and outcome; the database counts them as they come and go",
            "sqlite_with_rowid": False,
        },
    )

    site_id: Mapped[int] = _to("sites.id", "The site")
    day: Mapped[str] = mapped_column(comment="Day in UTC, such as 2026-03-01")
    outcome: Mapped[str] = mapped_column(comment="What they turned out to be, as in captures")
    captures: Mapped[int] = mapped_column(comment="How many")


class ArticleRow(Base):
    """An article: one canonical URL of one site."""

    __tablename__ = "articles"
    __table_args__ = (
        UniqueConstraint("site_id", "url_id"),
        Index("ix_articles_dated", "dated_at"),
        Index("ix_articles_site_dated", "site_id", "dated_at"),
        {"comment": "Articles: one row for one canonical URL of one site"},
    )

    id: Mapped[int] = _id()
    site_id: Mapped[int] = _to("sites.id", "The site")
    url_id: Mapped[int] = _to("urls.id", "Canonical URL", index=True)
    first_seen_at: Mapped[datetime] = mapped_column(comment="First capture that shows it")
    last_seen_at: Mapped[datetime] = mapped_column(comment="Last capture that shows it")
    dated_at: Mapped[datetime] = mapped_column(comment="Publication by its current version, else first_seen_at")
    state: Mapped[str] = mapped_column(comment="live, gone or moved: by the newest capture of its URLs")


class VersionRow(Base):
    """One text of an article."""

    __tablename__ = "versions"
    __table_args__ = (
        UniqueConstraint("article_id", "digest"),
        Index(
            "ix_versions_image",
            "image_url_id",
            sqlite_where=text("image_url_id IS NOT NULL"),
            postgresql_where=text("image_url_id IS NOT NULL"),
        ),
        Index("ix_versions_digest", "digest"),
        # What lists and counts ask of an article's current version. Of all versions: an index of the current ones alone
        # SQLite would rather walk through, and sort, than go by the articles' dates.
        Index("ix_versions_current", "article_id", "current", "section", "language"),
        Index("ix_versions_uncounted", "id", sqlite_where=text("counted = 0"), postgresql_where=text("NOT counted")),
        {"comment": "Distinct texts of articles; what is said here is as the first capture of that text says it"},
    )

    id: Mapped[int] = _id()
    article_id: Mapped[int] = _to("articles.id", "The article")
    capture_id: Mapped[int] = _to("captures.id", "The first capture that shows this text", index=True)
    number: Mapped[int] = mapped_column(comment="From 1, in the order of first captures")
    current: Mapped[bool] = mapped_column(comment="True for the version that the newest capture shows; one an article")
    digest: Mapped[str] = mapped_column(comment="SHA-256 over headline, dek and body paragraphs")
    headline: Mapped[str] = mapped_column(comment="As printed")
    dek: Mapped[str | None] = mapped_column(comment="The line under the headline")
    language: Mapped[str | None] = mapped_column(index=True, comment="Primary subtag of BCP 47, such as en or zh")
    published_at: Mapped[datetime | None] = mapped_column(comment="Publication date that page or source give")
    published_source: Mapped[str | None] = mapped_column(comment="What vouches for it: json-ld, meta, feed ...")
    modified_at: Mapped[datetime | None] = mapped_column(comment="Modification date that the page gives")
    modified_source: Mapped[str | None] = mapped_column(comment="What vouches for it")
    section: Mapped[str | None] = mapped_column(index=True, comment="Section of the site")
    access: Mapped[str | None] = mapped_column(comment="free or paywalled; null where the page says nothing")
    live: Mapped[bool] = mapped_column(comment="True for a live blog")
    noarchive: Mapped[bool] = mapped_column(comment="True where the page's robots meta says noarchive")
    image_url_id: Mapped[int | None] = _to("urls.id", "Lead image")
    image_caption: Mapped[str | None] = mapped_column(comment="Caption of the lead image")
    length: Mapped[int] = mapped_column(comment="Paragraphs, of all roles")
    extractor: Mapped[str | None] = mapped_column(comment="Version of the code that read its first capture")
    counted: Mapped[bool] = mapped_column(comment="False until its paragraphs are counted for boilerplate")


class ParagraphRow(Base):
    """One text, however often it is printed."""

    __tablename__ = "paragraphs"
    __table_args__ = {"comment": "Texts of paragraphs, each once"}  # noqa: RUF012

    id: Mapped[int] = _id()
    digest: Mapped[bytes] = mapped_column(unique=True, comment="First 16 bytes of the SHA-256 of text")
    text: Mapped[str] = mapped_column(comment="The text")


class VersionParagraphRow(Base):
    """A paragraph's place in a version."""

    __tablename__ = "version_paragraphs"
    __table_args__ = (
        PrimaryKeyConstraint("version_id", "position"),
        {"comment": "Which paragraphs a version has, in reading order", "sqlite_with_rowid": False},
    )

    version_id: Mapped[int] = _to("versions.id", "The version")
    position: Mapped[int] = mapped_column(comment="From 0")
    paragraph_id: Mapped[int] = _to("paragraphs.id", "The text", index=True)
    role: Mapped[str] = mapped_column(comment="What it is there: text, heading, quote, caption, disclaimer ...")


class AuthorRow(Base):
    """An author's name."""

    __tablename__ = "authors"
    __table_args__ = {"comment": "Names of authors, each once, as printed"}  # noqa: RUF012

    id: Mapped[int] = _id()
    name: Mapped[str] = mapped_column(unique=True, comment="As printed")
    folded: Mapped[str] = mapped_column(index=True, comment="Lower case without accents, for comparing")


class VersionAuthorRow(Base):
    """An author of a version."""

    __tablename__ = "version_authors"
    __table_args__ = (
        PrimaryKeyConstraint("version_id", "position"),
        {"comment": "Authors of versions, in the order of the byline", "sqlite_with_rowid": False},
    )

    version_id: Mapped[int] = _to("versions.id", "The version")
    position: Mapped[int] = mapped_column(comment="From 0")
    author_id: Mapped[int] = _to("authors.id", "The author", index=True)


class TagRow(Base):
    """A tag."""

    __tablename__ = "tags"
    __table_args__ = {"comment": "Tags and keywords, each once, as printed"}  # noqa: RUF012

    id: Mapped[int] = _id()
    name: Mapped[str] = mapped_column(unique=True, comment="As printed")


class VersionTagRow(Base):
    """A tag of a version."""

    __tablename__ = "version_tags"
    __table_args__ = (
        PrimaryKeyConstraint("version_id", "position"),
        {"comment": "Tags of versions, in the page's order", "sqlite_with_rowid": False},
    )

    version_id: Mapped[int] = _to("versions.id", "The version")
    position: Mapped[int] = mapped_column(comment="From 0")
    tag_id: Mapped[int] = _to("tags.id", "The tag", index=True)


class LinkGroupRow(Base):
    """Links that stand together, however often they do."""

    __tablename__ = "link_groups"
    __table_args__ = {"comment": "Groups of links, each once: the same list on many pages is one row"}  # noqa: RUF012

    id: Mapped[int] = _id()
    digest: Mapped[bytes] = mapped_column(unique=True, comment="First 16 bytes of a SHA-256 over kind, label and links")
    kind: Mapped[str] = mapped_column(comment="related, latest, inline or listing")
    label: Mapped[str] = mapped_column(comment="The group's visible heading; empty where it has none")


class LinkRow(Base):
    """One link of a group."""

    __tablename__ = "links"
    __table_args__ = (
        PrimaryKeyConstraint("group_id", "position"),
        {"comment": "Links of groups, in the page's order", "sqlite_with_rowid": False},
    )

    group_id: Mapped[int] = _to("link_groups.id", "The group")
    position: Mapped[int] = mapped_column(comment="From 0")
    url_id: Mapped[int] = _to("urls.id", "Where it leads", index=True)
    anchor: Mapped[str] = mapped_column(comment="Its visible text")


class CaptureGroupRow(Base):
    """A group of links on a captured page."""

    __tablename__ = "capture_groups"
    __table_args__ = (
        PrimaryKeyConstraint("capture_id", "position"),
        {"comment": "Link groups of listings, and of the first capture of each version", "sqlite_with_rowid": False},
    )

    capture_id: Mapped[int] = _to("captures.id", "The captured page")
    position: Mapped[int] = mapped_column(comment="From 0, in the page's order")
    group_id: Mapped[int] = _to("link_groups.id", "The group", index=True)


class BoilerplateRow(Base):
    """A paragraph that several articles of a site carry."""

    __tablename__ = "boilerplate"
    __table_args__ = (
        PrimaryKeyConstraint("site_id", "paragraph_id"),
        Index("ix_boilerplate_learnt", "site_id", sqlite_where=text("verdict = 1"), postgresql_where=text("verdict")),
        {"comment": "Paragraphs that at least two articles of a site carry", "sqlite_with_rowid": False},
    )

    site_id: Mapped[int] = _to("sites.id", "The site")
    paragraph_id: Mapped[int] = _to("paragraphs.id", "The paragraph", index=True)
    articles_seen: Mapped[int] = mapped_column(comment="Articles of the site that carry it")
    first_seen_at: Mapped[datetime] = mapped_column(comment="Date of the oldest of them")
    last_seen_at: Mapped[datetime] = mapped_column(comment="Date of the newest of them")
    verdict: Mapped[bool] = mapped_column(comment="True: boilerplate, no part of any body")


class SourceRow(Base):
    """A feed, sitemap or listing."""

    __tablename__ = "sources"
    __table_args__ = {"comment": "Feeds, sitemaps and listings that were read, and how they fare"}  # noqa: RUF012

    url_id: Mapped[int] = mapped_column(ForeignKey("urls.id"), primary_key=True, autoincrement=False, comment="Its URL")
    site_id: Mapped[int] = _to("sites.id", "The site", index=True)
    kind: Mapped[str] = mapped_column(comment="feed, sitemap or listing")
    title: Mapped[str | None] = mapped_column(comment="Its own name, by its newest reading")
    entries: Mapped[int] = mapped_column(comment="Items or links in its newest reading")
    first_seen_at: Mapped[datetime] = mapped_column(comment="First capture that could be read as such")
    last_seen_at: Mapped[datetime] = mapped_column(comment="Newest capture that could be read as such")
    last_changed_at: Mapped[datetime] = mapped_column(comment="The capture since which its content is as it is")


class HabitsRow(Base):
    """What the schedule has learnt of a source."""

    __tablename__ = "habits"
    __table_args__ = {  # noqa: RUF012
        "comment": "When feeds, sitemaps and listings bring something: learnt as they are read, old weeks counting less"
    }

    url_id: Mapped[int] = mapped_column(
        ForeignKey("urls.id"), primary_key=True, autoincrement=False, comment="The source"
    )
    since: Mapped[datetime] = mapped_column(comment="First reading")
    read_at: Mapped[datetime] = mapped_column(comment="Newest reading")
    fresh_at: Mapped[datetime] = mapped_column(comment="When it last brought what its reading before did not have")
    daily: Mapped[float] = mapped_column(comment="Items a day, on the average")
    owed: Mapped[float] = mapped_column(comment="Share of its items that nothing had named before, from 0 to 1")
    fresh: Mapped[float] = mapped_column(comment="Items that came since the first reading")
    news: Mapped[float] = mapped_column(comment="Those of them that nothing had named before")
    bursts: Mapped[float] = mapped_column(comment="Moments at which items came, several at once counted as one")
    gap: Mapped[float] = mapped_column(comment="Seconds of the longest time without anything fresh")
    capacity: Mapped[int] = mapped_column(comment="Items that it holds")
    haste: Mapped[float] = mapped_column(comment="Below 1 since items were lost: how much sooner it is read")
    newest: Mapped[datetime | None] = mapped_column(comment="Latest date in it")
    lost_at: Mapped[datetime | None] = mapped_column(
        comment="Newest reading that shared nothing with the one before: items may have come and gone unseen"
    )
    silent_at: Mapped[datetime | None] = mapped_column(
        comment="Since when it is silent for longer than its habits explain; null while it is not"
    )
    hours: Mapped[dict[str, Any]] = mapped_column(
        comment="watched and items: 168 numbers each, from Monday 0:00 UTC: hours watched, items that came in them"
    )
    held: Mapped[int] = mapped_column(comment="Items in its newest reading")
    item_ids: Mapped[bytes | None] = mapped_column(
        comment="Ids of these items' URLs, 8 bytes each, lowest first; null where they are too many"
    )


class AlarmRow(Base):
    """Something about a source that a person should know."""

    __tablename__ = "alarms"
    __table_args__ = (
        Index("ix_alarms_url_id", "url_id", "raised_at"),
        {"comment": "Sources that fell silent, or lost items between two readings"},
    )

    id: Mapped[int] = _id()
    url_id: Mapped[int] = _to("urls.id", "The source")
    kind: Mapped[str] = mapped_column(comment="silent or lost")
    raised_at: Mapped[datetime] = mapped_column(comment="The reading that showed it")
    cleared_at: Mapped[datetime | None] = mapped_column(comment="The reading after which it was over; null: it is not")


class SearchDocumentRow(Base):
    """What search knows of a version."""

    __tablename__ = "search_documents"
    __table_args__ = (
        Index("ix_search_documents_terms", "terms", text("string_to_array(marks, ' ')"), postgresql_using="gin").ddl_if(
            dialect="postgresql"
        ),
        Index("ix_search_documents_site", "site_id", "doc_id"),
        # All that a match is joined for, without the pages that `terms` fills.
        Index("ix_search_documents_found", "doc_id", "site_id", "version_id", "article_id").ddl_if(dialect="sqlite"),
        Index("ix_search_documents_stale", "doc_id", sqlite_where=text("stale = 1"), postgresql_where=text("stale")),
        {"comment": "Full-text documents, one a version, boilerplate left out"},
    )

    doc_id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"),
        primary_key=True,
        autoincrement=False,
        comment="Sorts by date: seconds since 1800 times 2 to the 29th, plus the version's id",
    )
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"), unique=True, comment="The version")
    article_id: Mapped[int] = _to("articles.id", "Its article", index=True)
    site_id: Mapped[int] = _to("sites.id", "Its site")
    left_out: Mapped[int] = mapped_column(comment="Paragraphs left out as boilerplate")
    stale: Mapped[bool] = mapped_column(Boolean, comment="True where it is to be written anew")
    marks: Mapped[str] = mapped_column(comment="Site, language and time as terms of the inverted index (see marks.py)")
    terms: Mapped[Any] = mapped_column(
        LargeBinary().with_variant(TSVECTOR(), "postgresql"),
        comment="PostgreSQL: the tsvector. SQLite: what the FTS5 table was given, compressed, to take it back by",
    )
    pairs: Mapped[bytes | None] = mapped_column(
        comment="PostgreSQL: which words stand next to each other (see pairs.py); null for long texts. SQLite: null"
    )


FTS5 = """
CREATE VIRTUAL TABLE search USING fts5(headline, dek, body, names, stems, marks, content='', tokenize='ascii')
"""
"""SQLite's inverted index, by doc_id. Contentless in its oldest form, which every SQLite since 3.9 reads: rows are
taken out by giving FTS5 the terms again. Terms come analysed (text/analyzer.py): the tokenizer has only to split."""
