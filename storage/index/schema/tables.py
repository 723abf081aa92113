"""The schema on one page. Users query it by hand: names are plain, and every table and column has a comment.

Comments of columns are those of migrations/versions/0001_postgresql.sql, from which the manual has them. Indexes, and
how a database stores its rows, are in the scripts alone.

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

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage.index.schema.base import Base

METADATA = Base.metadata
"""All tables below."""


def _id() -> sa.ColumnClause[int]:
    return sa.Column(sa.Integer, primary_key=True)


def _to(target: str) -> sa.ColumnClause[Any]:
    return sa.Column(sa.ForeignKey(target))


def _to_later(target: str) -> sa.ColumnClause[Any]:
    """Return a reference that is checked at the end of the transaction."""
    return sa.Column(sa.ForeignKey(target, deferrable=True, initially="DEFERRED", use_alter=True))


class SiteRow(Base, table="sites"):
    """News sites: configured ones, and one per host for imported pages of other hosts."""

    id: sa.ColumnClause[int] = _id()
    name: sa.ColumnClause[str] = sa.Column(unique=True)
    url: sa.ColumnClause[str]
    title: sa.ColumnClause[str | None]
    configured: sa.ColumnClause[bool]
    configured_at: sa.ColumnClause[datetime | None]
    needs_relearning: sa.ColumnClause[bool]


class SiteHostRow(Base, table="site_hosts", key="site_id host"):
    """Hosts whose URLs belong to a site."""

    site_id: sa.ColumnClause[int] = _to("sites.id")
    host: sa.ColumnClause[str]


class UrlRow(Base, table="urls"):
    """URLs that were fetched, linked to or are to be fetched, each once."""

    id: sa.ColumnClause[int] = _id()
    site_id: sa.ColumnClause[int | None] = _to("sites.id")
    url: sa.ColumnClause[str]
    key_head: sa.ColumnClause[str]
    key_at: sa.ColumnClause[int]
    # An SQLite file has it in the index alone.
    urlkey: sa.ColumnClause[str] = sa.Column(sa.Computed("key_head || lower(substr(url, key_at))"))
    digest: sa.ColumnClause[bytes] = sa.Column(unique=True)


SOURCES = "kind IN ('feed', 'listing', 'sitemap')"
"""Condition of the index on sources; a query that is to use that index repeats it literally."""


class LaneRow(Base, table="lanes", unique="site host"):
    """Hosts of sites: requests of a site to one host are made one at a time."""

    id: sa.ColumnClause[int] = _id()
    site: sa.ColumnClause[str]
    host: sa.ColumnClause[str]


class FrontierRow(Base, table="frontier", key="url_id"):
    """The crawl frontier, the only queue: what to fetch, when, and how each URL was discovered."""

    url_id: sa.ColumnClause[int] = _to("urls.id")
    lane_id: sa.ColumnClause[int] = _to("lanes.id")
    kind: sa.ColumnClause[str]
    via_id: sa.ColumnClause[int | None] = _to("urls.id")
    via_kind: sa.ColumnClause[str | None]
    title: sa.ColumnClause[str | None]
    published: sa.ColumnClause[str | None]
    anchor: sa.ColumnClause[str | None]
    redirect_count: sa.ColumnClause[int]
    callback: sa.ColumnClause[str | None]
    due_at: sa.ColumnClause[datetime | None]
    priority: sa.ColumnClause[int]
    ended_by: sa.ColumnClause[str | None]
    failure_count: sa.ColumnClause[int]
    unchanged_count: sa.ColumnClause[int]
    last_fetched_at: sa.ColumnClause[datetime | None]
    validated_at: sa.ColumnClause[datetime | None]
    etag: sa.ColumnClause[str | None]
    last_modified: sa.ColumnClause[str | None]


class HostBackoffRow(Base, table="host_backoff", key="host"):
    """Hosts that asked for slower requests or did not respond; kept for the next run."""

    host: sa.ColumnClause[str]
    ready_at: sa.ColumnClause[datetime | None]
    refusal_count: sa.ColumnClause[int]
    backoff_level: sa.ColumnClause[int]
    reason: sa.ColumnClause[str]
    updated_at: sa.ColumnClause[datetime]


class UrlPatternRow(Base, table="url_patterns", key="site pattern"):
    """URL patterns whose newest captures brought no new article; unproductive ones are parked."""

    site: sa.ColumnClause[str]
    pattern: sa.ColumnClause[str]
    unproductive_count: sa.ColumnClause[int]
    example_url: sa.ColumnClause[str]
    parked_at: sa.ColumnClause[datetime | None]


class CrawlRow(Base, table="crawls"):
    """Runs of the crawler."""

    id: sa.ColumnClause[int] = _id()
    run: sa.ColumnClause[str] = sa.Column(unique=True)
    started_at: sa.ColumnClause[datetime | None]
    finished_at: sa.ColumnClause[datetime | None]
    outcome: sa.ColumnClause[str | None]
    counters: sa.ColumnClause[dict[str, Any]]


class CrawlSiteRow(Base, table="crawl_sites", key="crawl_id site_id"):
    """Sites that a run crawled."""

    crawl_id: sa.ColumnClause[int] = _to("crawls.id")
    site_id: sa.ColumnClause[int] = _to("sites.id")


class WarcFileRow(Base, table="warc_files"):
    """WARC files, from which all other tables are derived."""

    id: sa.ColumnClause[int] = _id()
    name: sa.ColumnClause[str] = sa.Column(unique=True)
    crawl_id: sa.ColumnClause[int | None] = _to("crawls.id")
    state: sa.ColumnClause[str]
    size: sa.ColumnClause[int | None] = sa.Column(sa.BigInteger)
    sha256: sa.ColumnClause[str | None]


class CaptureRow(Base, table="captures"):
    """Captures: one row per response, revisit or resource record of a WARC file."""

    id: sa.ColumnClause[int] = _id()
    url_id: sa.ColumnClause[int] = _to("urls.id")
    site_id: sa.ColumnClause[int] = _to("sites.id")
    requesting_site: sa.ColumnClause[str]
    crawl_id: sa.ColumnClause[int | None] = _to("crawls.id")
    warc_file_id: sa.ColumnClause[int] = _to("warc_files.id")
    warc_offset: sa.ColumnClause[int] = sa.Column(sa.BigInteger)
    warc_length: sa.ColumnClause[int] = sa.Column(sa.BigInteger)
    record_id: sa.ColumnClause[str] = sa.Column(unique=True)
    kind: sa.ColumnClause[str]
    fetched_at: sa.ColumnClause[datetime]
    warc_date: sa.ColumnClause[str]
    status: sa.ColumnClause[int | None]
    mime: sa.ColumnClause[str | None]
    payload_digest: sa.ColumnClause[str | None]
    payload_size: sa.ColumnClause[int] = sa.Column(sa.BigInteger)
    truncated: sa.ColumnClause[str | None]
    profile: sa.ColumnClause[str | None]
    refers_to_record: sa.ColumnClause[str | None]
    refers_to_url_id: sa.ColumnClause[int | None] = _to("urls.id")
    refers_to_date: sa.ColumnClause[str | None]
    refers_to_id: sa.ColumnClause[int | None] = _to_later("captures.id")  # a batch may bring a revisit first
    redirect_url_id: sa.ColumnClause[int | None] = _to("urls.id")
    outcome: sa.ColumnClause[str]
    reason: sa.ColumnClause[str]
    title: sa.ColumnClause[str | None]
    entries: sa.ColumnClause[int]
    content_digest: sa.ColumnClause[str | None]
    is_read: sa.ColumnClause[bool]
    extractor: sa.ColumnClause[str | None]
    etag: sa.ColumnClause[str | None]
    last_modified: sa.ColumnClause[str | None]
    noarchive: sa.ColumnClause[bool]
    article_id: sa.ColumnClause[int | None] = _to("articles.id")
    version_id: sa.ColumnClause[int | None] = _to_later("versions.id")
    page_version_id: sa.ColumnClause[int | None] = _to_later("versions.id")


class DailyCapturesRow(Base, table="daily_captures", key="site_id day outcome"):
    """Number of captures by site, day and outcome, maintained by triggers on captures."""

    site_id: sa.ColumnClause[int] = _to("sites.id")
    day: sa.ColumnClause[str]
    outcome: sa.ColumnClause[str]
    captures: sa.ColumnClause[int]


class ArticleRow(Base, table="articles", unique="url_id site_id"):
    """Articles: one row per canonical URL of a site, or for several with the same text."""

    id: sa.ColumnClause[int] = _id()
    site_id: sa.ColumnClause[int] = _to("sites.id")
    url_id: sa.ColumnClause[int] = _to("urls.id")
    first_seen_at: sa.ColumnClause[datetime]
    last_seen_at: sa.ColumnClause[datetime]
    dated_at: sa.ColumnClause[datetime]
    state: sa.ColumnClause[str]


class VersionRow(Base, table="versions", unique="digest site_id page_url_id"):
    """Distinct texts of pages, the versions of articles; all fields are from the first capture that shows the text."""

    id: sa.ColumnClause[int] = _id()
    article_id: sa.ColumnClause[int | None] = _to("articles.id")
    site_id: sa.ColumnClause[int] = _to("sites.id")
    page_url_id: sa.ColumnClause[int] = _to("urls.id")
    duplicate_of_id: sa.ColumnClause[int | None] = _to_later("versions.id")
    capture_id: sa.ColumnClause[int] = _to("captures.id")
    number: sa.ColumnClause[int]
    is_variant: sa.ColumnClause[bool]
    is_current: sa.ColumnClause[bool]
    digest: sa.ColumnClause[bytes]
    changed: sa.ColumnClause[str]
    is_corrected: sa.ColumnClause[bool]
    parts: sa.ColumnClause[str | None]
    masked_digest: sa.ColumnClause[bytes]
    evidence: sa.ColumnClause[int]
    headline: sa.ColumnClause[str]
    dek: sa.ColumnClause[str | None]
    kicker: sa.ColumnClause[str | None]
    organisations: sa.ColumnClause[str | None]
    author_links: sa.ColumnClause[str | None]
    language: sa.ColumnClause[str | None]
    published: sa.ColumnClause[str | None]
    published_at: sa.ColumnClause[datetime | None]
    published_source: sa.ColumnClause[str | None]
    modified: sa.ColumnClause[str | None]
    modified_at: sa.ColumnClause[datetime | None]
    modified_source: sa.ColumnClause[str | None]
    section: sa.ColumnClause[str | None]
    access: sa.ColumnClause[str | None]
    is_live_blog: sa.ColumnClause[bool]
    noarchive: sa.ColumnClause[bool]
    image_url_id: sa.ColumnClause[int | None] = _to("urls.id")
    image_caption: sa.ColumnClause[str | None]
    paragraph_count: sa.ColumnClause[int]
    extractor: sa.ColumnClause[str | None]
    is_dek_learnt: sa.ColumnClause[bool]
    beside: sa.ColumnClause[str | None]
    is_counted: sa.ColumnClause[bool]
    is_compared: sa.ColumnClause[bool]


class CaptureMetadataRow(Base, table="capture_metadata", key="capture_id"):
    """Dates, tags and lead image by each capture that was read as an article."""

    capture_id: sa.ColumnClause[int] = _to("captures.id")
    published: sa.ColumnClause[str | None]
    modified: sa.ColumnClause[str | None]
    tags: sa.ColumnClause[str | None]
    image: sa.ColumnClause[str | None]


class MetadataChangeRow(Base, table="metadata_changes", key="capture_id field"):
    """Changes of a date, of tags or of the image address between two captures of one URL of an article."""

    capture_id: sa.ColumnClause[int] = _to("captures.id")
    field: sa.ColumnClause[str]
    article_id: sa.ColumnClause[int] = _to("articles.id")
    before_id: sa.ColumnClause[int] = _to("captures.id")
    old: sa.ColumnClause[str | None]
    new: sa.ColumnClause[str | None]


class ChangeRow(Base, table="changes", key="article_id capture_id"):
    """Changes of articles that were seen: edits, and articles that were gone, moved, or back."""

    article_id: sa.ColumnClause[int] = _to("articles.id")
    capture_id: sa.ColumnClause[int] = _to("captures.id")
    before_id: sa.ColumnClause[int] = _to("captures.id")
    seen_at: sa.ColumnClause[datetime]
    seen_before_at: sa.ColumnClause[datetime]
    event: sa.ColumnClause[str]
    number: sa.ColumnClause[int | None]
    before_number: sa.ColumnClause[int]
    texts: sa.ColumnClause[str]
    kinds: sa.ColumnClause[str | None]
    notice: sa.ColumnClause[str | None]
    added: sa.ColumnClause[int]
    removed: sa.ColumnClause[int]
    older: sa.ColumnClause[str | None]
    newer: sa.ColumnClause[str | None]


class ParagraphRow(Base, table="paragraphs"):
    """Texts of paragraphs, each once however often it is printed."""

    id: sa.ColumnClause[int] = _id()
    digest: sa.ColumnClause[bytes] = sa.Column(unique=True)
    text: sa.ColumnClause[str]


class VersionParagraphRow(Base, table="version_paragraphs", key="version_id position"):
    """Paragraphs of versions, in reading order."""

    version_id: sa.ColumnClause[int] = _to("versions.id")
    position: sa.ColumnClause[int]
    paragraph_id: sa.ColumnClause[int] = _to("paragraphs.id")
    role: sa.ColumnClause[str]


class AuthorRow(Base, table="authors"):
    """Names of authors, each once."""

    id: sa.ColumnClause[int] = _id()
    name: sa.ColumnClause[str] = sa.Column(unique=True)
    folded: sa.ColumnClause[str]


class VersionAuthorRow(Base, table="version_authors", key="version_id position"):
    """Authors of versions, in the order of the byline."""

    version_id: sa.ColumnClause[int] = _to("versions.id")
    position: sa.ColumnClause[int]
    author_id: sa.ColumnClause[int] = _to("authors.id")


class TagRow(Base, table="tags"):
    """Tags and keywords, each once."""

    id: sa.ColumnClause[int] = _id()
    name: sa.ColumnClause[str] = sa.Column(unique=True)


class VersionTagRow(Base, table="version_tags", key="version_id position"):
    """Tags of versions, in the order of the page."""

    version_id: sa.ColumnClause[int] = _to("versions.id")
    position: sa.ColumnClause[int]
    tag_id: sa.ColumnClause[int] = _to("tags.id")


class VersionMediaRow(Base, table="version_media", key="version_id position"):
    """Pictures, videos, audios and embedded objects of versions, in the order of the page."""

    version_id: sa.ColumnClause[int] = _to("versions.id")
    position: sa.ColumnClause[int]
    kind: sa.ColumnClause[str]
    url_id: sa.ColumnClause[int] = _to("urls.id")
    caption: sa.ColumnClause[str | None]
    credit: sa.ColumnClause[str | None]
    alt: sa.ColumnClause[str | None]
    place: sa.ColumnClause[int]
    duration: sa.ColumnClause[int | None]
    transcript_url: sa.ColumnClause[str | None]


class VersionEntityRow(Base, table="version_entities", key="version_id position"):
    """Subjects, mentions and sources of versions, as their JSON-LD names them."""

    version_id: sa.ColumnClause[int] = _to("versions.id")
    position: sa.ColumnClause[int]
    relation: sa.ColumnClause[str]
    type: sa.ColumnClause[str | None]
    name: sa.ColumnClause[str]
    url: sa.ColumnClause[str | None]


class VersionLiveUpdateRow(Base, table="version_live_updates", key="version_id position"):
    """Entries of live blogs, by the JSON-LD of versions, in the order of the page."""

    version_id: sa.ColumnClause[int] = _to("versions.id")
    position: sa.ColumnClause[int]
    headline: sa.ColumnClause[str | None]
    paragraph_id: sa.ColumnClause[int] = _to("paragraphs.id")
    published: sa.ColumnClause[str | None]
    modified: sa.ColumnClause[str | None]
    url: sa.ColumnClause[str | None]


class VersionBoxesRow(Base, table="version_boxes", key="version_id"):
    """Named boxes of the pages of versions, from which site_boxes is learnt."""

    version_id: sa.ColumnClause[int] = _to("versions.id")
    boxes: sa.ColumnClause[bytes]


class LinkGroupRow(Base, table="link_groups"):
    """Groups of links, each once: the same list on many pages is one row."""

    id: sa.ColumnClause[int] = _id()
    digest: sa.ColumnClause[bytes] = sa.Column(unique=True)
    kind: sa.ColumnClause[str]
    label: sa.ColumnClause[str]


class LinkRow(Base, table="links", key="group_id position"):
    """Links of link groups, in the order of the page."""

    group_id: sa.ColumnClause[int] = _to("link_groups.id")
    position: sa.ColumnClause[int]
    url_id: sa.ColumnClause[int] = _to("urls.id")
    anchor: sa.ColumnClause[str]
    box_size: sa.ColumnClause[str | None]


class CaptureGroupRow(Base, table="capture_groups", key="capture_id position"):
    """Link groups of captured listings, and of the first capture of each version."""

    capture_id: sa.ColumnClause[int] = _to("captures.id")
    position: sa.ColumnClause[int]
    group_id: sa.ColumnClause[int] = _to("link_groups.id")


class BoilerplateRow(Base, table="boilerplate", key="site_id paragraph_id"):
    """Paragraphs that at least two articles of a site carry; those printed everywhere are boilerplate."""

    site_id: sa.ColumnClause[int] = _to("sites.id")
    paragraph_id: sa.ColumnClause[int] = _to("paragraphs.id")
    articles_seen: sa.ColumnClause[int]
    first_seen_at: sa.ColumnClause[datetime]
    last_seen_at: sa.ColumnClause[datetime]
    is_boilerplate: sa.ColumnClause[bool]


class SiteBoxRow(Base, table="site_boxes", key="site_id box"):
    """Boxes of a site's pages that hold the dek, or that stand beside the text: learnt from 200 of its articles."""

    site_id: sa.ColumnClause[int] = _to("sites.id")
    box: sa.ColumnClause[str]
    holds: sa.ColumnClause[str]
    articles: sa.ColumnClause[int]
    others: sa.ColumnClause[int]


class SourceRow(Base, table="sources", key="url_id"):
    """Feeds, sitemaps and listings that were read."""

    url_id: sa.ColumnClause[int] = _to("urls.id")
    site_id: sa.ColumnClause[int] = _to("sites.id")
    kind: sa.ColumnClause[str]
    title: sa.ColumnClause[str | None]
    entries: sa.ColumnClause[int]
    first_seen_at: sa.ColumnClause[datetime]
    last_seen_at: sa.ColumnClause[datetime]
    last_changed_at: sa.ColumnClause[datetime]


class SourceRateRow(Base, table="source_rates", key="url_id"):
    """Publication rates of feeds, sitemaps and listings, learnt from each reading; older weeks count less."""

    url_id: sa.ColumnClause[int] = _to("urls.id")
    first_read_at: sa.ColumnClause[datetime]
    last_read_at: sa.ColumnClause[datetime]
    last_new_at: sa.ColumnClause[datetime]
    items_per_day: sa.ColumnClause[float]
    discovery_share: sa.ColumnClause[float]
    new_items: sa.ColumnClause[float]
    first_named_items: sa.ColumnClause[float]
    bursts: sa.ColumnClause[float]
    longest_gap: sa.ColumnClause[float]
    capacity: sa.ColumnClause[int]
    interval_factor: sa.ColumnClause[float]
    newest_item_at: sa.ColumnClause[datetime | None]
    lost_at: sa.ColumnClause[datetime | None]
    silent_since: sa.ColumnClause[datetime | None]
    hours: sa.ColumnClause[dict[str, Any]]
    item_count: sa.ColumnClause[int]
    item_ids: sa.ColumnClause[bytes | None]


class SearchChangeRow(Base, table="search_changes"):
    """Changes that the search folder has to follow; written by triggers in the transaction that makes them."""

    id: sa.ColumnClause[int] = sa.Column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True)
    transaction_id: sa.ColumnClause[int | None] = sa.Column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"))
    article_id: sa.ColumnClause[int | None]
    site_id: sa.ColumnClause[int | None]
    paragraph_id: sa.ColumnClause[int | None]


ROW_CLASSES: dict[str, type[Base]] = {row.__table__.name: row for row in Base.__subclasses__()}
