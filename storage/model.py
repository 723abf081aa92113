"""The data classes of all layers: frozen, slotted, keyword-only. Times are UTC, digests "sha256:<64 hex>" (WARC)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from storage.article_parts import Entity, Image, LiveUpdate, Media
from storage.page_date import PageDate, SourcedDate
from storage.pickling import pickle_by_slots


class UrlKind(StrEnum):
    """Purpose for which a URL is fetched."""

    ARTICLE = "article"
    LISTING = "listing"
    FEED = "feed"
    SITEMAP = "sitemap"
    ROBOTS = "robots"
    ASSET = "asset"
    PART = "part"
    """Fetched by a browser to render a page (the page's own document too): kept, but never scheduled by itself."""


SOURCE_KINDS = frozenset({UrlKind.FEED, UrlKind.SITEMAP, UrlKind.LISTING})
"""Kinds that are fetched repeatedly for the URLs they list."""


class Outcome(StrEnum):
    """Classification of a capture. Every capture has exactly one. Example: `Outcome("article") is Outcome.ARTICLE`."""

    ARTICLE = "article"
    LISTING = "listing"
    FEED = "feed"
    SITEMAP = "sitemap"
    ROBOTS = "robots"
    ASSET = "asset"
    """Not a page: an image, a stylesheet, a script, a document."""
    OTHER = "other"
    """A page that is neither an article nor a listing."""
    MEDIA = "media"
    """A gallery, a video or an audio with little text of its own. With an article's text it is an article."""
    CHALLENGE = "challenge"
    """"Verify you are human": a response to a bot, not to a reader."""
    CONSENT_WALL = "consent_wall"
    LOGIN_WALL = "login_wall"
    PAYWALL_STUB = "paywall_stub"
    SOFT_404 = "soft_404"
    """Status 200 that says "not found"."""
    SOFT_ERROR = "soft_error"
    """Status 200, and a text that a site sends at many addresses in place of articles: maintenance, offline, error."""
    REDIRECT = "redirect"
    GONE = "gone"  # 404 or 410
    ERROR = "error"
    """Any other 4xx or 5xx, or a response that is not HTTP."""
    NOT_MODIFIED = "not_modified"
    """304, or a revisit whose original holds no content."""
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    """Over the size limit for reading; the bytes are kept."""
    UNREADABLE = "unreadable"
    """The reader failed, hung or crashed; the bytes are kept and `reextract` tries again."""


SOURCE_OUTCOMES = frozenset({Outcome.FEED, Outcome.SITEMAP, Outcome.LISTING})
"""Outcomes of a source that was read successfully."""


class Role(StrEnum):
    """Role of a paragraph in an article. The first group is the body."""

    TEXT = "text"
    HEADING = "heading"
    QUOTE = "quote"
    LIST = "list"
    TABLE = "table"
    CODE = "code"
    CAPTION = "caption"
    DEK = "dek"
    BYLINE = "byline"
    DATELINE = "dateline"
    CORRECTION = "correction"
    DISCLAIMER = "disclaimer"
    PROMO = "promo"
    TEASER = "teaser"
    PLAYER = "player"
    SHARE = "share"
    COMMENT = "comment"
    BIO = "bio"
    TAGS = "tags"


BODY_ROLES = frozenset({Role.TEXT, Role.HEADING, Role.QUOTE, Role.LIST, Role.TABLE, Role.CODE})
"""Roles whose paragraphs, boilerplate apart, make up the body."""
BOILERPLATE_ROLES = BODY_ROLES | {Role.DISCLAIMER, Role.PROMO, Role.PLAYER, Role.SHARE, Role.COMMENT, Role.BIO}
"""Roles in which a paragraph can be boilerplate."""


class LinkKind(StrEnum):
    """Relation of a group of links to its page."""

    RELATED = "related"
    LATEST = "latest"
    INLINE = "inline"
    LISTING = "listing"


class Access(StrEnum):
    """Access as the page declares it (schema.org isAccessibleForFree)."""

    FREE = "free"
    PAYWALLED = "paywalled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A news site."""

    name: str
    """Short and unique in the archive, as in newsarchive.toml; by default the host without "www."."""
    url: str
    """Front page, absolute."""
    hosts: tuple[str, ...] = ()
    """Further host names (with ":port" unless it is the scheme's default) whose URLs belong to the site."""
    requisites: bool = False
    """True: page requisites are fetched too. False for pages that were imported."""


@pickle_by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """Provenance of a URL. Written as a `metadata` record beside the exchange, so that a rebuild has it too."""

    site: str
    """Name of the site for which it is fetched."""
    kind: UrlKind
    via: str | None = None
    """URL of the feed, sitemap or page that linked it; None for configured URLs."""
    via_kind: UrlKind | None = None
    title: str | None = None
    """The source's own title for it."""
    published: PageDate | None = None
    """The source's own publication date for it."""
    anchor: str | None = None
    """Text of the link to it."""
    redirect_count: int = 0
    """Redirects and canonical links, one after the other, that led to it from the page that a source or page links."""
    callback: str | None = None
    """The method of the site's own spider that gets the response, and its arguments as JSON; None without a spider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One HTTP request and its response, as they were on the wire."""

    url: str
    """As requested: absolute, no fragment."""
    started_at: datetime
    """When the request began, to the microsecond (WARC 1.1, 5.4: the instant the capture began)."""
    request: bytes
    response: bytes
    """Status line, headers and body as received: transfer and content coding kept."""
    peer: str | None = None
    """IP address of the real peer; None through a proxy."""
    protocols: tuple[str, ...] = ()
    """WARC-Protocol values, such as ("http/1.1", "tls/1.3")."""
    cipher: str | None = None
    """WARC-Cipher-Suite; None without TLS."""
    truncated: str | None = None
    """length, time, disconnect or unspecified (WARC 1.1, 5.13); None for a complete response."""
    discovery: Discovery | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedPage:
    """A page as rendered by a browser, its scripts run."""

    url: str
    """Of the document, as requested."""
    started_at: datetime
    """When it was rendered, after its document was requested; to the microsecond."""
    response: bytes
    """The page's markup, UTF-8 with a byte order mark: not an HTTP message."""
    browser: str
    """Name and version of the browser; the reason where none rendered it."""
    discovery: Discovery


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPlace:
    """Location of a WARC record."""

    warc: str
    """File name, without folder and without ".open"."""
    offset: int
    """Of the first byte of its gzip member."""
    length: int
    """Of the gzip member, in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefersTo:
    """The original record of a revisit (the three WARC-Refers-To fields)."""

    record_id: str | None
    url: str | None
    date: str | None
    """The original's WARC-Date, unchanged."""
    payload_digest: str | None = None
    """The original's, from the index; written with a 304. For a revisit read from a file see Capture.payload_digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One response, revisit or resource record: one URL at one time. Example: `next(read_warc("morgue/warc"))[0]`."""

    url: str
    record_id: str
    """urn:uuid:..., without angle brackets."""
    place: RecordPlace
    kind: str
    """response, revisit or resource."""
    fetched_at: datetime
    date: str
    """WARC-Date, unchanged."""
    status: int | None
    """HTTP status; None for resource records and for responses that are not HTTP."""
    mime: str | None
    """Media type of the response, lower case, without parameters."""
    payload_digest: str | None
    """Over the entity: transfer coding undone, content coding kept."""
    payload_size: int
    """Size of that entity in bytes; 0 for a revisit."""
    truncated: str | None = None
    refers_to: RefersTo | None = None
    profile: str | None = None
    """For revisits: "identical-payload-digest" or "server-not-modified"."""
    redirect_url: str | None = None
    """Absolute target of a 3xx response."""
    crawl: str | None = None
    """Id of the crawl (isPartOf in the file's warcinfo); None for imported files."""
    etag: str | None = None
    last_modified: str | None = None
    """The two validators, as the server sent them."""
    max_age: int | None = None
    """Freshness lifetime in seconds (Cache-Control, RFC 9111, 5.2.2.1); None without one."""
    noarchive: bool = False
    """An X-Robots-Tag header says noarchive."""


@pickle_by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """One block of text of an article, in reading order."""

    role: Role
    text: str
    """White space collapsed, Unicode otherwise unchanged; lists and tables keep "\\n" between rows."""


@pickle_by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link of a group."""

    url: str
    """Absolute, no fragment."""
    anchor: str
    """Visible text, white space collapsed."""
    box_size: str = ""
    """Size that the markup of a listing declares for its box: "640x360" (pixels), "50%", "8 columns"; "" if none."""


@pickle_by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class LinkGroup:
    """A group of links on a page, in order."""

    kind: LinkKind
    label: str
    """Visible heading of the group; "" without one."""
    links: tuple[Link, ...]


@pickle_by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class UrlSource:
    """A feed, sitemap or listing that a page, sitemap index or robots.txt links to."""

    url: str
    kind: UrlKind
    title: str = ""
    modified: datetime | None = None
    """Its lastmod in the sitemap index."""


@pickle_by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """One item of a feed or one URL of a sitemap."""

    url: str
    title: str | None = None
    published: PageDate | None = None
    modified: datetime | None = None
    news: bool = False
    """True: a news sitemap's <news:news> marks it as an article."""


@pickle_by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An article as read from one capture. Example: `extract_page(html).article`."""

    url: str
    canonical_url: str
    """The page's canonical URL; `url` without one."""
    headline: str
    """As printed. Outer white space stripped, Unicode unchanged."""
    dek: str | None = None
    """The line under the headline (standfirst); never a copy of the first paragraph."""
    kicker: str | None = None
    """The line above the headline that names its subject or series; never part of `headline`."""
    authors: tuple[str, ...] = ()
    """Persons; if none is named, the first organisation."""
    organisations: tuple[str, ...] = ()
    """News agencies, desks and publishers that the byline names."""
    author_links: tuple[str, ...] = ()
    """Absolute URLs of the authors' pages, and of their profiles elsewhere (sameAs)."""
    published: SourcedDate | None = None
    """None if neither page nor source gives a date: never the fetch time."""
    modified: SourcedDate | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    language: str | None = None
    """BCP 47, lower-case primary subtag, such as "en" or "zh"."""
    image: Image | None = None
    access: Access | None = None
    """None if the page does not declare it."""
    live: bool = False
    """True for a live blog (schema.org LiveBlogPosting)."""
    noarchive: bool = False
    """The page's robots meta says noarchive, or its X-Robots-Tag."""
    declared: bool = False
    """The page declares itself an article, by JSON-LD or microdata."""
    paragraphs: tuple[Paragraph, ...] = ()
    """All text from the headline to the end of the article, also what is not body (see Role)."""
    media: tuple[Media, ...] = ()
    entities: tuple[Entity, ...] = ()
    live_updates: tuple[LiveUpdate, ...] = ()
    boxes: bytes | None = None
    """Boxes of the page by what they hold of it (newsarchive.extract.boxes), from which an archive learns."""
    link_groups: tuple[LinkGroup, ...] = ()

    @property
    def body(self) -> str:
        """The article's own text, a blank line between paragraphs."""
        return "\n\n".join(each.text for each in self.paragraphs if each.role in BODY_ROLES)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that `newsarchive extract` prints, as dicts, lists, strings and numbers."""
        from storage.article_fields import article_to_json, from_article  # which needs the classes of this module

        return article_to_json(from_article(self))


ORIGINAL_MISSING = "a revisit whose original this archive does not hold"
"""Reason of a provisional reading: it is read again once the original is indexed, as files come in any order."""


@pickle_by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Result of reading a page, feed, sitemap or robots.txt. Unused fields are empty. Example: `extract_page(html)`."""

    outcome: Outcome
    reason: str
    """Short explanation of the outcome: "JSON-LD NewsArticle, 14 paragraphs"."""
    confidence: float = 1.0
    """Confidence in the outcome, 0 to 1. Low marks pages to review: of 26 labelled ones below 0.75, 22 were right."""
    article: Article | None = None
    """The archive stores one only if the outcome is ARTICLE; `extract_page` gives that of other pages too."""
    title: str | None = None
    """Title of the page or feed."""
    link_groups: tuple[LinkGroup, ...] = ()
    """For listings and other pages; those of an article are in `article`."""
    entries: tuple[FeedEntry, ...] = ()
    """For feeds and sitemaps."""
    sources: tuple[UrlSource, ...] = ()
    """Feeds of a page, sitemaps of robots.txt or a sitemap index, next pages of a listing (kind LISTING)."""
    requisites: tuple[str, ...] = ()
    """Requisites (stylesheets, images, fonts, icons) of a stylesheet, or of a page if asked for: absolute, in order."""
    content_digest: str | None = None
    """sha256 of the decoded payload; None without one."""
    extractor: str | None = None
    """Version of the extraction code (newsarchive.version); None if unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueUrl:
    """A URL of the frontier that may be fetched now, with all that the request needs."""

    url_id: int
    url: str
    discovery: Discovery
    due_at: datetime
    priority: int
    """Lower is fetched first."""
    failure_count: int
    etag: str | None = None
    last_modified: str | None = None
    last_fetched_at: datetime | None = None
    """Time of its newest capture; None before the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveredUrl:
    """A URL found in a capture, with the time of its first fetch. URLs that the frontier has are ignored."""

    url: str
    discovery: Discovery
    due_at: datetime
    priority: int
    modified: datetime | None = None
    """Its lastmod by the source: if its last capture is older, it becomes due again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCheck:
    """Content of a source (feed, sitemap, listing), compared with its previous check."""

    item_count: int
    """Articles that it lists; for a sitemap index, sitemaps."""
    new_item_dates: tuple[datetime | None, ...]
    """Publication date by the source of each item that the previous check did not list; all items on the first."""
    first_named_count: int
    """Items that no other source had listed before: the value of this source."""
    previous_count: int | None = None
    """Items of the previous check; None on the first."""
    newest_item_at: datetime | None = None
    """Latest date of an item."""


BACKFILL_PRIORITY = 1_000
"""Priority from which on URLs wait for `newsarchive backfill`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRates:
    """Publication rate of a source, learnt from its checks. Counts decay: those of four weeks ago count half."""

    first_read_at: datetime
    """First check."""
    last_read_at: datetime
    """Newest check."""
    last_new_at: datetime
    """Newest check that found a new item."""
    watched_hours: tuple[float, ...]
    """For each hour of the week: hours that were observed."""
    items_by_hour: tuple[float, ...]
    """For each hour of the week: items published in them."""
    bursts: float = 0.0
    """Publication events; items published at once count as one."""
    new_items: float = 0.0
    """New items since the first check."""
    first_named_items: float = 0.0
    """Those of them that no other source had listed before."""
    longest_gap: float = 0.0
    """Longest time without a new item, in seconds."""
    capacity: int = 0
    """Number of items that it lists at once."""
    interval_factor: float = 1.0
    """Factor of the check interval: below 1 after items were missed."""
    newest_item_at: datetime | None = None
    """Latest date of an item."""
    lost_at: datetime | None = None
    """Newest check that shared no item with the one before: items may have been missed."""
    silent_since: datetime | None = None
    """Since when it has been silent for longer than its rate explains; None otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitResult:
    """Facts about a URL after a capture: the input of the schedule."""

    site: str = ""
    kind: UrlKind
    outcome: Outcome
    status: int | None
    fetched_at: datetime
    changed: bool
    """The capture has something new: an article version, an entry or link, other bytes."""
    failure_count: int
    """Consecutive failures before this capture."""
    unchanged_count: int
    """Consecutive captures before this one without anything new."""
    first_seen_at: datetime
    """First readable capture of this URL."""
    truncated: str | None = None
    """WARC-Truncated of the response; None if it is complete."""
    mime: str | None = None
    """Media type of the response."""
    max_age: int | None = None
    """Freshness lifetime of the response in seconds; None without one."""
    published: datetime | None = None
    """Publication date of an article, by page or source."""
    was_article: bool = False
    """An earlier capture of this URL was an article."""
    is_duplicate: bool = False
    """An older article of the site has the same text."""
    is_alternate_url: bool = False
    """Its canonical URL is another one, which has been captured."""
    is_listed_as_article: bool = False
    """A feed or sitemap lists it, and it does not redirect to a URL that has been captured as an article."""
    may_be_article: bool = False
    """Its URL has the form of the site's articles, or it redirects, but not to one that has been captured."""
    repeats_no_article: bool = False
    """The server says that nothing changed since a response that was no article."""
    gone_since: datetime | None = None
    """Since when every response was 410; None unless this one is."""
    is_next_page: bool = False
    """For a listing: found as the next page of another."""
    is_stray_target: bool = False
    """For a listing: a redirect led to it, and it is none: a site in an outage redirects there."""
    source_check: SourceCheck | None = None
    """For a source that could be read; None for other responses."""
    source_rates: SourceRates | None = None
    """For a source: learnt before this capture."""


class VisitEnd(StrEnum):
    """Reason why a URL is not fetched again."""

    PLAN = "plan"
    """The checks of an article of its age are over, and no source names it."""
    GONE = "gone"
    """410, confirmed."""
    ALTERNATE = "alternate"
    """Its article is checked at another URL."""
    NO_ARTICLE = "no_article"
    """It never was an article, and no source names it."""
    PERSON = "person"
    """A person ended the visits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextVisit:
    """Decision of the schedule for a URL after a capture."""

    due_at: datetime | None
    """None: never again."""
    failure_count: int
    unchanged_count: int
    ended_by: VisitEnd | None = None
    """Why it is not fetched again; None if it is."""
    due_while_named: datetime | None = None
    """When to fetch it instead if a source names it at present; None: the same."""
    source_rates: SourceRates | None = None
    """For a source: learnt with this capture, passed in with the next one."""
    priority: int | None = None
    """Lower is fetched first; None: unchanged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingest:
    """All that is written into the index for one capture."""

    capture: Capture
    discovery: Discovery
    reading: Reading
    discovered_urls: tuple[DiscoveredUrl, ...] = ()
    has_article_url: bool = False
    """Its URL has the form of the site's articles, by the pages read before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedWarc:
    """A WARC file that is complete, with its digest in hexadecimal."""

    name: str
    """File name, without folder and without ".open"."""
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlRun:
    """One crawl run over some sites; it begins with the warcinfo record and ends with a metadata record."""

    id: str
    """Unique, sortable: UTC time and a random part, such as "20261125T010203Z-3f9a"."""
    sites: tuple[Site, ...]
    started_at: datetime
    finished_at: datetime | None = None
    outcome: str | None = None
    """finished, stopped (signal or limit) or failed; None while it runs, and if it was killed."""
    counters: Mapping[str, int] = field(default_factory=dict)
