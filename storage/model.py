"""The nouns of the archive: frozen, slotted, keyword-only. Every floor speaks in these.

Times are aware and UTC throughout. Digests are strings as they stand in WARC headers, "sha256:<64 hex>".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from storage.carried import carried


class UrlKind(StrEnum):
    """Why a URL is asked for."""

    ARTICLE = "article"
    LISTING = "listing"
    FEED = "feed"
    SITEMAP = "sitemap"
    ROBOTS = "robots"
    ASSET = "asset"
    PART = "part"
    """What a browser asked for to draw a page, the page's own document among it: kept, and never due by itself."""


SOURCE_KINDS = frozenset({UrlKind.FEED, UrlKind.SITEMAP, UrlKind.LISTING})
"""What is read for what it names, again and again."""


class Outcome(StrEnum):
    """What a capture turned out to be. Every capture has exactly one."""

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
    """"Verify you are human": an answer to a robot, not to a reader."""
    CONSENT_WALL = "consent_wall"
    PAYWALL_STUB = "paywall_stub"
    SOFT_404 = "soft_404"
    """Status 200 that says "not found"."""
    REDIRECT = "redirect"
    GONE = "gone"
    """404 or 410."""
    ERROR = "error"
    """Any other 4xx or 5xx, or an answer that is not HTTP."""
    NOT_MODIFIED = "not_modified"
    """304, or a revisit whose original reads as nothing."""
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    """Over the size that is read; the bytes are kept."""
    UNREADABLE = "unreadable"
    """Reading failed, hung or died; the bytes are kept and `reextract` tries again."""


SOURCE_OUTCOMES = frozenset({Outcome.FEED, Outcome.SITEMAP, Outcome.LISTING})
"""What shows that such a source could be read."""


class Role(StrEnum):
    """What a paragraph of an article is. The first group is the body."""

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


class LinkKind(StrEnum):
    """What a group of links is to the page it stands on."""

    RELATED = "related"
    LATEST = "latest"
    INLINE = "inline"
    LISTING = "listing"


class Access(StrEnum):
    """Whether the page says that all may read it (schema.org isAccessibleForFree)."""

    FREE = "free"
    PAYWALLED = "paywalled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A news site as the archive names it."""

    name: str
    """Short and unique in the archive, as in newsarchive.toml; by default the host without "www."."""
    url: str
    """Front page, absolute."""
    hosts: tuple[str, ...] = ()
    """Host names (with ":port" where it is not the scheme's own) whose URLs belong to the site besides the front
    page's."""
    requisites: bool = False
    """Whether what its pages need to look as they did is fetched too. False for pages that were imported."""


@carried
@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """How a URL came to be asked for. A `metadata` record beside the exchange says it, so that rebuild knows it too."""

    site: str
    """Name of the site on whose behalf it is fetched."""
    kind: UrlKind
    via: str | None = None
    """URL of the feed, sitemap or page that named it; None for what the owner configured."""
    via_kind: UrlKind | None = None
    title: str | None = None
    """The source's own title for it."""
    published: datetime | None = None
    """The source's own publication date for it."""
    anchor: str | None = None
    """Text of the link on the page that named it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One HTTP request and all that came back, as they were on the wire."""

    url: str
    """As asked for: absolute, no fragment."""
    started_at: datetime
    """When the request began, to the microsecond (WARC 1.1, 5.4: the instant the capture began)."""
    request: bytes
    response: bytes
    """Status line, headers and body as the socket gave them: chunk framing and content coding kept."""
    peer: str | None = None
    """IP address of the real peer; None through a proxy."""
    protocols: tuple[str, ...] = ()
    """WARC-Protocol values, such as ("http/1.1", "tls/1.3")."""
    cipher: str | None = None
    """WARC-Cipher-Suite; None without TLS."""
    truncated: str | None = None
    """length, time, disconnect or unspecified (WARC 1.1, 5.13); None for a whole answer."""
    discovery: Discovery | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A page as a browser drew it: what its scripts had made of its document."""

    url: str
    """Of the document, as asked for."""
    started_at: datetime
    """When it was drawn, later than its document was asked for; to the microsecond."""
    response: bytes
    """The page's markup, UTF-8 with a byte order mark: no HTTP message."""
    by: str
    """The browser, with its version; where none drew it, why."""
    discovery: Discovery


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPlace:
    """Where a record lies."""

    warc: str
    """File name, without folder and without ".open"."""
    offset: int
    """Of the gzip member's first byte, in the file."""
    length: int
    """Of the gzip member, in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefersTo:
    """The record that a revisit stands for (the three WARC-Refers-To fields)."""

    record_id: str | None
    url: str | None
    date: str | None
    """To the character as the original's WARC-Date has it."""
    payload_digest: str | None = None
    """The original's, where the index was asked for it; a 304 is written with it. A revisit that was read has it in
    Capture.payload_digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One response or revisit record: what the archive holds of one URL at one moment."""

    url: str
    record_id: str
    """urn:uuid:..., without angle brackets."""
    place: RecordPlace
    kind: str
    """response, revisit or resource."""
    fetched_at: datetime
    date: str
    """WARC-Date to the character."""
    status: int | None
    """HTTP status; None where the answer is no HTTP, or for a resource record."""
    mime: str | None
    """Media type of the answer, lower case, without parameters."""
    payload_digest: str | None
    """Over the entity: transfer coding undone, content coding kept."""
    payload_size: int
    """Of that entity, in bytes; 0 for a revisit's."""
    truncated: str | None = None
    refers_to: RefersTo | None = None
    profile: str | None = None
    """For revisits: "identical-payload-digest" or "server-not-modified"."""
    redirect_url: str | None = None
    """Absolute target of a 3xx answer."""
    crawl: str | None = None
    """Id of the crawl (isPartOf in the file's warcinfo); None for imported files."""
    etag: str | None = None
    last_modified: str | None = None
    """The two validators, to the character as the server sent them."""
    max_age: int | None = None
    """Seconds for which the answer says that it is fresh (Cache-Control, RFC 9111, 5.2.2.1); None where it does not."""


@carried
@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A moment and what vouches for it."""

    at: datetime
    """Aware, UTC."""
    source: str
    """json-ld, meta, microdata, time, visible, url, feed or sitemap."""


@carried
@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The lead image."""

    url: str
    caption: str | None = None


@carried
@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """One block of text of an article, in reading order."""

    role: Role
    text: str
    """White space folded, Unicode otherwise untouched; lists and tables keep "\\n" between rows."""


@carried
@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link of a group."""

    url: str
    """Absolute, no fragment."""
    anchor: str
    """Visible text, white space folded."""


@carried
@dataclass(frozen=True, slots=True, kw_only=True)
class LinkGroup:
    """Links that stand together on a page, in order."""

    kind: LinkKind
    label: str
    """The group's own visible heading; "" where it has none."""
    links: tuple[Link, ...]


@carried
@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A feed, sitemap or listing that a page or robots.txt names."""

    url: str
    kind: UrlKind
    title: str = ""
    modified: datetime | None = None
    """When it changed, by the word of the sitemap index that names it."""


@carried
@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item of a feed or one URL of a sitemap."""

    url: str
    title: str | None = None
    published: datetime | None = None
    modified: datetime | None = None
    news: bool = False
    """True where a news sitemap's <news:news> vouches that it is an article."""


@carried
@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What an article page says, as read from one capture."""

    url: str
    canonical_url: str
    """As the page names itself; its own URL where it does not."""
    headline: str
    """As printed. Outer white space gone, Unicode untouched."""
    dek: str | None = None
    """The line under the headline; never a copy of the first paragraph."""
    authors: tuple[str, ...] = ()
    published: Dated | None = None
    """None where the page and its source give no date: never the fetch time."""
    modified: Dated | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    language: str | None = None
    """BCP 47, lower-case primary subtag, such as "en" or "zh"."""
    image: Image | None = None
    access: Access | None = None
    """None where the page says nothing of it."""
    live: bool = False
    """True for a live blog (schema.org LiveBlogPosting)."""
    noarchive: bool = False
    """The page's robots meta says noarchive."""
    paragraphs: tuple[Paragraph, ...] = ()
    """All that was read between headline and end of article, also what is not body (see Role)."""
    link_groups: tuple[LinkGroup, ...] = ()


NOT_HELD = "a revisit whose original this archive does not hold"
"""Reason of a reading that there will be as soon as the original is held: files may be read in any order."""


@carried
@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one payload turned out to say. One noun for pages, feeds, sitemaps, robots.txt; unused parts are empty."""

    outcome: Outcome
    reason: str
    """Why that outcome, in a few words: "JSON-LD NewsArticle, 14 paragraphs"."""
    confidence: float = 1.0
    """How sure the outcome is, 0 to 1; 1.0 for what is no page (a feed, an image) and for what HTTP itself says.

    For a page the logistic curve of how far its weight is from what an article needs. Of 240 labelled pages of all
    kinds 22 of the 26 verdicts below 0.75 were right, 36 of 37 from there to 0.9, and 173 of 177 above: a low figure
    says where to look, not what is wrong.
    """
    article: Article | None = None
    """Only where outcome is ARTICLE."""
    title: str | None = None
    """The page's, feed's or site's own name for itself."""
    link_groups: tuple[LinkGroup, ...] = ()
    """Of listings and other pages; an article's are in the article."""
    entries: tuple[Entry, ...] = ()
    """Of feeds and sitemaps."""
    sources: tuple[Source, ...] = ()
    """Feeds a page names, sitemaps robots.txt or a sitemap index names, next pages of a listing (kind LISTING)."""
    requisites: tuple[str, ...] = ()
    """What a page or stylesheet needs to look as it did: stylesheets, images, fonts, icons; absolute, in its order."""
    content_digest: str | None = None
    """sha256 of the decoded payload; None where there was none."""
    extractor: str | None = None
    """Version of the code that read it (newsarchive.version); None where nobody noted it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One line of the frontier: what may be fetched now, with all that the request needs."""

    url_id: int
    url: str
    discovery: Discovery
    due_at: datetime
    priority: int
    """Lower goes first."""
    failures: int
    etag: str | None = None
    last_modified: str | None = None
    looked_at: datetime | None = None
    """Its newest capture; None: there is none yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A URL that a capture brought to light, and when to ask for it first. One that is known already is passed over."""

    url: str
    discovery: Discovery
    due_at: datetime
    priority: int
    modified: datetime | None = None
    """When it changed, by its source's word: where its last capture is older, it is due again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What one reading of a source held, beside the one before."""

    items: int
    """Articles that it names; of a sitemap index, sitemaps."""
    fresh: tuple[datetime | None, ...]
    """For each of them that the reading before did not name, when it was published by the source's word; all of them
    where there was no reading before."""
    news: int
    """Those that nothing had named before: what the archive owes to this source."""
    before: int | None = None
    """How many the reading before named; None where there was none."""
    newest: datetime | None = None
    """The latest date in it."""

    @property
    def kept(self) -> int:
        """How many of its items the reading before named too: none, and some may have come and gone unseen."""
        return self.items - len(self.fresh)


BACKFILL = 1_000
"""Priority number from which on what the frontier holds waits for `newsarchive backfill`."""

HOURS = 168
"""Of a week. The first is Monday's, from midnight, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What the schedule has learnt of a source. Counts fade: what is four weeks old counts half."""

    since: datetime
    """First reading."""
    read_at: datetime
    """Newest reading."""
    fresh_at: datetime
    """When it last brought something that the reading before did not have."""
    watched: tuple[float, ...]
    """For each hour of the week: hours over which it is known what came."""
    items: tuple[float, ...]
    """For each hour of the week: items that came in that time."""
    bursts: float = 0.0
    """Moments at which items came, several at once counted as one."""
    fresh: float = 0.0
    """Items that came since the first reading."""
    news: float = 0.0
    """Those of them that nothing had named before."""
    gap: float = 0.0
    """Seconds of the longest time without anything fresh."""
    capacity: int = 0
    """Items that it holds."""
    haste: float = 1.0
    """Below 1 since items were lost: it is read so much sooner than its rate asks for."""
    newest: datetime | None = None
    """Latest date in it."""
    lost_at: datetime | None = None
    """The newest reading that had nothing in common with the one before: items may have come and gone unseen."""
    silent_at: datetime | None = None
    """Since when it is silent for longer than its habits explain; None while it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the index knows once a capture is in: all that the schedule decides from."""

    kind: UrlKind
    outcome: Outcome
    status: int | None
    fetched_at: datetime
    changed: bool
    """The capture brought something new: a new article version, a new entry or link, other bytes."""
    failures: int
    """Failures in a row before this capture."""
    unchanged: int
    """Captures in a row before this one that brought nothing new."""
    first_seen_at: datetime
    """First capture of this URL that was read."""
    truncated: str | None = None
    """Why the answer is not whole (WARC-Truncated); None where it is."""
    mime: str | None = None
    """Media type of the answer."""
    max_age: int | None = None
    """Seconds for which the answer says that it is fresh; None where it does not."""
    published: datetime | None = None
    """Of an article: when it appeared, by page or source."""
    shown: bool = False
    """An article has been seen at this URL before."""
    twin: bool = False
    """Another, older article of the site has had the same text."""
    elsewhere: bool = False
    """It gives another address as its own, and that one has been looked at."""
    further: bool = False
    """Of a listing: it was found as the next page of another."""
    read: Read | None = None
    """Of a source that could be read: what it held. None for other answers."""
    habits: Habits | None = None
    """Of a source: what was learnt of it until now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextLook:
    """What the schedule decides for a URL after a capture of it."""

    due_at: datetime | None
    """None: not again."""
    failures: int
    unchanged: int
    habits: Habits | None = None
    """Of a source: what is known of it now, to be handed back with its next capture."""
    priority: int | None = None
    """Lower goes first; None: as before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingest:
    """All that one capture writes into the index, in one transaction with others."""

    capture: Capture
    discovery: Discovery
    reading: Reading
    found: tuple[Found, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlRun:
    """One run over some sites; its begin is the warcinfo record, its end a metadata record."""

    id: str
    """Unique, sortable: UTC time and a random part, such as "20261125T010203Z-3f9a"."""
    sites: tuple[Site, ...]
    started_at: datetime
    finished_at: datetime | None = None
    outcome: str | None = None
    """finished, stopped (signal or limit) or failed; None while it runs, and for one that was killed."""
    counters: Mapping[str, int] = field(default_factory=dict)
