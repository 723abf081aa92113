"""newsarchive.toml -> a frozen Config. Its fields, and those of `ServeConfig` and `SiteConfig`, are the settings.

Name, kind, default (as the owner would write it) and meaning stand once, here; `SETTINGS`, `SERVE_SETTINGS` and
`SITE_SETTINGS` list them, docs/settings.md is made from them, and so is the file that `newsarchive init` writes
(configfile.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from newsarchive.config.hours import Hours
from newsarchive.config.setting_types import (
    ADDRESSES,
    BUCKET,
    COUNT,
    FLAG,
    HASHES,
    HOURS,
    NAME,
    ORIGIN,
    PATH,
    PAUSE,
    PORT,
    POSITIVE,
    SECONDS,
    SIZE,
    SPAN,
    SPANS,
    TEXT,
    TEXTS,
    URL,
    Kind,
)
from storage.errors import ConfigError
from storage.model import Site
from storage.places import Bucket, Places

if TYPE_CHECKING:
    from newsarchive.extract.site_layout import Layouts

FILE_NAME = "newsarchive.toml"
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One line of the table."""

    name: str
    kind: Kind[Any]
    default: Any
    """As it would stand in newsarchive.toml; None where there is none."""
    meaning: str
    required: bool = False


def _setting(kind: Kind[T], default: object, meaning: str) -> T:
    return field(
        default_factory=lambda: kind.read(default), metadata={"kind": kind, "default": default, "meaning": meaning}
    )


def _optional(kind: Kind[T], meaning: str) -> T | None:
    return field(default=None, metadata={"kind": kind, "default": None, "meaning": meaning})


def _required(kind: Kind[T], meaning: str) -> T:
    # typeshed gives a field without a default the type Any, so that it fits any annotation.
    return cast("T", field(metadata={"kind": kind, "default": None, "meaning": meaning, "required": True}))


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteConfig:
    """One [[site]] of newsarchive.toml: a news site to archive. Addresses are absolute."""

    name: str = _required(NAME, "Short name, unique in the archive")
    url: str = _required(URL, "Front page")
    hosts: tuple[str, ...] = _setting(TEXTS, [], 'Further hosts of the site, such as "m.news.example"')
    listings: tuple[str, ...] = _setting(ADDRESSES, [], "Section pages to look at besides the front page")
    feeds: tuple[str, ...] = _setting(ADDRESSES, [], "RSS, Atom or JSON feeds")
    sitemaps: tuple[str, ...] = _setting(ADDRESSES, [], "Sitemaps; those that robots.txt names are found anyway")
    delay: timedelta | None = _optional(PAUSE, "Pause between requests to the site, instead of the archive's `delay`")
    obey_robots: bool | None = _optional(FLAG, "Instead of the archive's `obey_robots`")
    hours: Hours | None = _optional(
        HOURS, 'Ask only in these hours, such as "22:00-06:00 Europe/Berlin"; without a zone they are UTC\'s'
    )
    max_pages: int | None = _optional(COUNT, "Instead of the archive's `max_pages`")
    max_bytes: int | None = _optional(SIZE, "Instead of the archive's `max_bytes`")
    max_time: timedelta | None = _optional(SPAN, "Instead of the archive's `max_time`")
    requisites: bool | None = _optional(FLAG, "Instead of the archive's `requisites`")
    render: bool = _setting(
        FLAG, False, "Have a browser draw the site's pages, where they are empty without their scripts; needs [render]"
    )
    not_traps: tuple[str, ...] = _setting(
        TEXTS,
        [],
        'Beginnings of paths ("/events/") or families, as `status` shows them, that are no trap',
    )
    allow_private: bool = _setting(
        FLAG, False, "Let the crawler connect to loopback and private addresses for this site: only for one of your own"
    )
    hidden: bool = _setting(FLAG, False, "Show nothing of the site in the archive's browser and its doors")
    embargo: timedelta | None = _optional(
        PAUSE, "Show what was captured or published only when it is this old; the crawl keeps it at once"
    )

    layouts: "Layouts | None" = None
    """The [[site.layout]] tables in the file's order: how the site's pages are read. None where there is none; no
    setting."""

    def to_site(self, *, requisites: bool = False) -> Site:
        """The site as floor 0 knows it; `requisites` is the archive's word, where the site has none of its own."""
        kept = requisites if self.requisites is None else self.requisites
        return Site(name=self.name, url=self.url, hosts=self.hosts, requisites=kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeConfig:
    """The table [serve] of newsarchive.toml: how `newsarchive serve` shows the archive."""

    host: str = _setting(TEXT, "127.0.0.1", "Address to listen at; beyond this machine it wants --auth or --public")
    port: int = _setting(PORT, 8000, "Port to listen at")
    base_url: str = _setting(
        ORIGIN, "", 'Address that readers have for the archive, behind a proxy; "" takes the one they asked for'
    )
    proxies: tuple[str, ...] = _setting(
        TEXTS, [], "Addresses of proxies that are believed when they name the client (X-Forwarded-For and -Proto)"
    )
    blocked: tuple[str, ...] = _setting(
        TEXTS, [], 'What not to show: beginnings of URLs, or of SURT forms such as "example,news)/private/"'
    )
    about: str = _setting(
        TEXT, "", 'What the archive is, for its readers, on its first page; "[words](https://...)" becomes a link'
    )
    crawlers: bool = _setting(FLAG, False, "Let search engines in; else robots.txt keeps them out")
    query_seconds: float = _setting(SECONDS, 10.0, "Time for one question to the index; then the reader gets a 503")
    rate: int = _setting(POSITIVE, 20, "Requests a second that one client may make, kept up for long")
    burst: int = _setting(POSITIVE, 200, "Requests that one client may make at once")
    heavy: int = _setting(POSITIVE, 4, "Exports, long listings and the like that are made at once")
    replay: str = _setting(
        ORIGIN, "", "Address of the replay with scripts, behind a proxy; another host than the archive's"
    )
    exports: bool | None = _optional(FLAG, "Let readers have exports made; by default, unless all may read (--public)")
    users: dict[str, str] = _setting(
        HASHES, {}, "[serve.users]: name = hash of a password, as `newsarchive serve --hash-password` prints it"
    )
    tokens: dict[str, str] = _setting(
        HASHES, {}, "[serve.tokens]: name = hash of a token, for programs; made the same way"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings of one archive, checked; paths and addresses are absolute."""

    folder: Path
    """The archive's own folder, absolute; no setting."""
    sites: tuple[SiteConfig, ...] = ()
    """The [[site]] tables in the file's order; no setting."""
    serve: ServeConfig = field(default_factory=ServeConfig)
    """The table [serve]; no setting."""

    operator: str = _setting(TEXT, "", "Who runs this archive; written into every WARC file")
    contact: str = _setting(TEXT, "", "Mail or web address where a site's owner reaches you; part of the User-Agent")
    user_agent: str = _setting(TEXT, "", 'User-Agent header; "" makes an honest one of name, version and contact')
    obey_robots: bool = _setting(FLAG, True, "Skip what robots.txt disallows, and keep to its Crawl-delay")

    warc_folder: Path = _setting(PATH, "warc", "Folder of the WARC files")
    warc_size: int = _setting(SIZE, "1GB", "Begin a new WARC file when the open one has reached this size")
    warc_age: timedelta = _setting(SPAN, "1d", "Begin a new WARC file when the open one is this old")
    bucket: str = _setting(
        BUCKET,
        "",
        'Where closed WARC files go: "s3://NAME/PREFIX", or "file:///FOLDER" that all machines mount; "": none',
    )
    bucket_endpoint: str = _setting(
        ORIGIN, "", 'Address of the S3-compatible server; "": as the environment says, else Amazon\'s'
    )
    bucket_region: str = _setting(TEXT, "", 'Region of the bucket; "": as the environment says')
    bucket_timeout: timedelta = _setting(SPAN, "5s", "Time for one request to the bucket; it is made three times")
    keep_local: timedelta | None = _optional(
        PAUSE,
        'How long a WARC file stays in the folder when it is in the bucket, such as "30d"; without it, for good',
    )
    index: str = _setting(
        TEXT,
        "",
        'Database of the index: "" for index.sqlite3 in the folder, the path of an SQLite file, or postgresql://HOST/NAME',
    )
    commit_every: int = _setting(POSITIVE, 64, "Captures in one transaction of the index, at most")
    commit_seconds: float = _setting(SECONDS, 1.0, "Time that a capture waits for company in its transaction, at most")

    delay: timedelta = _setting(PAUSE, "1s", "Pause between two requests to one host; a slow host gets a longer one")
    max_delay: timedelta = _setting(
        PAUSE,
        "30s",
        "Longest pause that a slow host gets unasked; what it asks for itself may be longer",
    )
    max_crawl_delay: timedelta = _setting(SPAN, "5m", "A Crawl-delay above this is taken as this, and noted")
    timeout: timedelta = _setting(SPAN, "1m", "Time for one answer; what came until then is kept, as truncated")
    concurrency: int = _setting(POSITIVE, 16, "Requests under way at once, over all hosts; each host gets one at once")
    max_body: int = _setting(SIZE, "64MB", "Size of one answer; what came until then is kept, as truncated")
    max_failures: int = _setting(POSITIVE, 5, "Failures in a row after which an address is given up")

    max_pages: int = _setting(COUNT, 0, "Requests to one site in one run, at most; 0: no limit")
    max_bytes: int | None = _optional(SIZE, "Bytes from one site in one run, at most")
    max_time: timedelta | None = _optional(SPAN, "Time for one site in one run, at most")
    park_after: int = _setting(
        COUNT, 50, "New URLs of one shape in a row without a new article, after which the shape is parked; 0: never"
    )
    requisites: bool = _setting(
        FLAG, True, "Keep the stylesheets, images, fonts and icons of pages too, so that they can be shown as they were"
    )
    max_asset: int = _setting(SIZE, "10MB", "Size of one of these; what came until then is kept, as truncated")

    history: timedelta | None = _optional(
        SPAN,
        'How far back every crawl goes of itself, as `backfill` does, such as "520w"; without it, 30 days and five '
        "pages of a listing",
    )
    promptness: timedelta = _setting(
        SPAN, "25m", "How soon an article is to be found while its source is busy; run the crawl more often than that"
    )
    source_interval: timedelta = _setting(SPAN, "10m", "Shortest time between two looks at a feed or sitemap")
    listing_interval: timedelta = _setting(SPAN, "10m", "Shortest time between two looks at a front or section page")
    source_longest: timedelta = _setting(SPAN, "12h", "Longest time between two looks at a feed or sitemap")
    listing_longest: timedelta = _setting(SPAN, "6h", "Longest time between two looks at a front or section page")
    archive_interval: timedelta = _setting(
        SPAN, "30d", "Longest time between two looks at a sitemap in which nothing is younger than that"
    )
    recheck: tuple[timedelta, ...] = _setting(
        SPANS,
        ["1h", "6h", "1d", "7d", "30d"],
        "Ages, since an article came or last changed, at which it is fetched again",
    )

    browser: str = _setting(TEXT, "", 'Chromium that draws the pages of sites with `render`; "": the one of Playwright')
    render_time: timedelta = _setting(SPAN, "1m", "Time for drawing a page; then its document is read as it came")

    workers: int = _setting(COUNT, 0, "Processes that read pages; 0 makes one for each core")
    read_timeout: timedelta = _setting(SPAN, "30s", "Time for reading a page; one that takes longer is kept unread")
    read_limit: int = _setting(SIZE, "10MB", "Size up to which a page is read; a larger one is kept unread")

    log: str = _setting(TEXT, "", 'File that crawls write a line an answer into, such as "logs/crawl.log"; "": none')
    log_json: bool = _setting(FLAG, False, "Write the log as one JSON object a line")
    log_size: int = _setting(SIZE, "10MB", "Begin a new log file when this one has reached this size")
    log_files: int = _setting(COUNT, 5, "Full log files that are kept beside it")
    metrics: str = _setting(
        TEXT,
        "",
        'File for Prometheus\' textfile collector, such as "/var/lib/node/newsarchive.prom"; "": none',
    )
    ping: str = _setting(
        ORIGIN,
        "",
        "Health check to ask: with /start before a crawl, bare after it, with /fail where it failed",
    )

    @property
    def places(self) -> Places:
        """Where the WARC files lie."""
        bucket = Bucket(
            url=self.bucket,
            endpoint=self.bucket_endpoint,
            region=self.bucket_region,
            timeout=self.bucket_timeout.total_seconds(),
        )
        return Places(folder=self.warc_folder, bucket=bucket if self.bucket else None)

    def chosen(self, names: Sequence[str] = ()) -> tuple[SiteConfig, ...]:
        """The sites of these names, in the file's order; all where no name is given."""
        known = [site.name for site in self.sites]
        for name in names:
            if name not in known:
                there = f"It has: {', '.join(known)}." if known else "It has no site yet."
                raise ConfigError(
                    f"no site is named {name!r} in {self.folder / FILE_NAME}; nothing was done. {there} "
                    "To add one: newsarchive add URL"
                )
        return tuple(site for site in self.sites if not names or site.name in names)


def _table(owner: type[Config] | type[ServeConfig] | type[SiteConfig]) -> Iterator[Setting]:
    for each in fields(owner):
        if each.metadata:
            yield Setting(name=each.name, **each.metadata)


SETTINGS: tuple[Setting, ...] = tuple(_table(Config))
"""The archive's own settings, at the top of newsarchive.toml."""
SERVE_SETTINGS: tuple[Setting, ...] = tuple(_table(ServeConfig))
"""The settings of [serve]."""
SITE_SETTINGS: tuple[Setting, ...] = tuple(_table(SiteConfig))
"""The settings of a [[site]]."""
