"""The settings: newsarchive.toml as a frozen Config, with `ServeConfig` for [serve], `SiteConfig` for each [[site]] ...

Each field declares its type, its default as written in the file, and its meaning. The settings page of the manual and
the file that `newsarchive init` writes are generated from `SETTINGS`, `SERVE_SETTINGS` and `SITE_SETTINGS`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast
from urllib.parse import urlsplit

from newsarchive.config import units
from newsarchive.config.units import Hours
from storage.errors import ConfigError
from storage.model import Site
from storage.places import Bucket, Places
from storage.places.folder import load_machine_id
from storage.places.signing import KEY_FILE

if TYPE_CHECKING:
    from newsarchive.extract.site_layout import Layouts

FILE_NAME = "newsarchive.toml"
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
_S3 = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/=-]+)?")
"""Bucket names by Amazon's rules; a key or password does not match."""


@dataclass(frozen=True, slots=True)
class SettingType(Generic[T_co]):
    """A type of setting."""

    name: str
    """Its name in the documentation."""
    parse: Callable[[object], T_co]
    """Converts a value from tomllib; ValueError says what the value must be."""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text in quotes")
    return value


def _path(value: object) -> Path:
    if not _text(value):
        raise ValueError("must be a path")
    return Path(_text(value)).expanduser()


def _name(value: object) -> str:
    # Site names are used in names of lock files, in URLs and on command lines.
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", _text(value)):
        raise ValueError("must be letters, digits, dots, hyphens and underscores, beginning with a letter or digit")
    return _text(value)


def _url(value: object) -> str:
    """Accept absolute URLs only: "news.example" without a scheme could mean two."""
    try:
        parts = urlsplit(_text(value))
        valid = parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = None
    if not valid or parts.scheme not in ("http", "https"):
        raise ValueError("must be a URL that begins with http:// or https://")
    return _text(value)


def _url_or_path(value: object) -> str:
    """Accept whatever can be joined with the site's own URL."""
    text = _text(value)
    try:
        urlsplit(text)
    except ValueError:
        raise ValueError("must be URLs that begin with http:// or https://, or paths on the site") from None
    return text


def _bucket(value: object) -> str:
    url = _text(value).rstrip("/")
    if url and not (_S3.fullmatch(url) or (url.startswith("file:///") and len(url) > len("file:///"))):
        raise ValueError('must be "s3://NAME", "s3://NAME/PREFIX" or "file:///FOLDER", without a key or password')
    return url


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false, without quotes")
    return value


def _choice(*choices: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if value not in choices:
            raise ValueError("must be " + " or ".join(f'"{each}"' for each in choices))
        return str(value)

    return parse


def _mail_address(value: object) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9.-]{1,253}", _text(value)):
        raise ValueError("must be mail addresses, such as desk@paper.example")
    return _text(value)


def _integer(value: object, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"must be a whole number, {least} or more")
    return value


def _port(value: object) -> int:
    if (port := _integer(value, 0)) > 65535:
        raise ValueError("must be a port, 0 to 65535")
    return port


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise ValueError("must be a number of seconds, 0 or more")
    return float(value)


def _size(value: object) -> int:
    size = value if isinstance(value, int) and not isinstance(value, bool) else units.parse_size(_text(value))
    if size < 1:
        raise ValueError("must be a size of at least one byte")
    return size


def _positive_duration(value: object) -> timedelta:
    if not (duration := units.parse_duration(_text(value))):
        raise ValueError("must be a duration above zero")
    return duration


def _password_hashes(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError("must be a table")
    for name, each in value.items():
        if not isinstance(each, str) or not each.startswith(("scrypt:", "sha256:")):
            raise ValueError(f'{name} must be a hash that "newsarchive serve" printed: --hash-password or --new-token')
    return dict(value)


def _list_of(parse_item: Callable[[object], T_co]) -> Callable[[object], tuple[T_co, ...]]:
    def parse(value: object) -> tuple[T_co, ...]:
        if not isinstance(value, list):
            raise ValueError("must be a list in square brackets")
        return tuple(parse_item(item) for item in value)

    return parse


TEXT = SettingType("text", _text)
NOARCHIVE = SettingType("obey or note", _choice("obey", "note"))
TEXT_LIST = SettingType("list of texts", _list_of(_text))
NAME = SettingType("name", _name)
PATH = SettingType("path", _path)
URL = SettingType("URL", _url)
TIME_SERVERS = SettingType("list of URLs", _list_of(_url))
URL_LIST = SettingType("list of URLs, or of paths on the site", _list_of(_url_or_path))
BASE_URL = SettingType("URL", lambda value: _url(value).rstrip("/") if value != "" else "")
BUCKET = SettingType("URL of a bucket", _bucket)
PORT = SettingType("port", _port)
PASSWORD_HASHES = SettingType("table of hashes", _password_hashes)
BOOLEAN = SettingType("true or false", _boolean)
INTEGER = SettingType("whole number", lambda value: _integer(value, 0))
COUNT = SettingType("whole number above 0", lambda value: _integer(value, 1))
SECONDS = SettingType("seconds", _seconds)
SIZE = SettingType("size", _size)
DURATION = SettingType("duration", lambda value: units.parse_duration(_text(value)))
PERIOD = SettingType("duration above 0", _positive_duration)
HOURS = SettingType("hours", lambda value: units.parse_hours(_text(value)))
EVERY = SettingType("at once, hourly or daily", _choice("at once", "hourly", "daily"))
TLS = SettingType("starttls, tls or none", _choice("starttls", "tls", "none"))
MAIL_ADDRESSES = SettingType("list of mail addresses", _list_of(_mail_address))
EVENTS = SettingType("list of events", _list_of(_choice("edited", "gone", "moved", "back")))
NOTICES = SettingType("list of words", _list_of(_choice("noted", "dated", "silent")))
_KINDS = (
    "changed-back retraction correction rewritten headline numbers names quotes removed added headline-wording dek"
    " byline wording caption section order typo"
)
KINDS = SettingType("list of kinds", _list_of(_choice(*_KINDS.split())))
DURATION_LIST = SettingType("list of durations", _list_of(_positive_duration))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigSetting:
    """One setting, as the documentation lists it."""

    name: str
    value_type: SettingType[Any]
    default: Any
    """As written in newsarchive.toml; None if the setting has no default."""
    meaning: str
    required: bool = False


def _setting(value_type: SettingType[T], default: object, meaning: str) -> T:
    return field(
        default_factory=lambda: value_type.parse(default),
        metadata={"value_type": value_type, "default": default, "meaning": meaning},
    )


def _optional_setting(value_type: SettingType[T], meaning: str) -> T | None:
    return field(default=None, metadata={"value_type": value_type, "default": None, "meaning": meaning})


def _required_setting(value_type: SettingType[T], meaning: str) -> T:
    # typeshed gives a field without a default the type Any, so that it fits any annotation.
    metadata = {"value_type": value_type, "default": None, "meaning": meaning, "required": True}
    return cast("T", field(metadata=metadata))


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteConfig:
    """One [[site]] of newsarchive.toml: a news site to archive. URLs are absolute."""

    name: str = _required_setting(NAME, "Short name, unique in the archive")
    url: str = _required_setting(URL, "Front page")
    hosts: tuple[str, ...] = _setting(TEXT_LIST, [], 'Further hosts of the site, such as "m.news.example"')
    former_names: tuple[str, ...] = _setting(TEXT_LIST, [], "Earlier names, and those in WARC files of other archives")
    listings: tuple[str, ...] = _setting(URL_LIST, [], "Section pages to check besides the front page")
    feeds: tuple[str, ...] = _setting(URL_LIST, [], "RSS, Atom or JSON feeds")
    sitemaps: tuple[str, ...] = _setting(URL_LIST, [], "Sitemaps besides those that robots.txt names")
    delay: timedelta | None = _optional_setting(DURATION, "Pause between requests, instead of the archive's `delay`")
    obey_robots: bool | None = _optional_setting(BOOLEAN, "Instead of the archive's `obey_robots`")
    hours: Hours | None = _optional_setting(
        HOURS, 'Crawl only in these hours, such as "22:00-06:00 Europe/Berlin"; UTC without a time zone'
    )
    listing_min_interval: timedelta | None = _optional_setting(PERIOD, "Instead of the archive's setting")
    listing_max_interval: timedelta | None = _optional_setting(PERIOD, "Instead of the archive's setting")
    max_pages: int | None = _optional_setting(INTEGER, "Instead of the archive's `max_pages`")
    max_bytes: int | None = _optional_setting(SIZE, "Instead of the archive's `max_bytes`")
    max_time: timedelta | None = _optional_setting(PERIOD, "Instead of the archive's `max_time`")
    requisites: bool | None = _optional_setting(BOOLEAN, "Instead of the archive's `requisites`")
    render: bool = _setting(BOOLEAN, False, "Render pages that are empty without scripts in a browser; needs [render]")
    spider: str = _setting(
        TEXT, "", 'The site\'s own spider: "courier" is spiders/courier.py beside newsarchive.toml (help spiders)'
    )
    trap_exceptions: tuple[str, ...] = _setting(
        TEXT_LIST, [], 'Path prefixes ("/events/"), or URL patterns as `status` prints them, that are never a trap'
    )
    allow_private: bool = _setting(
        BOOLEAN, False, "Let the crawler connect to loopback and private addresses for this site: only for your own"
    )
    hidden: bool = _setting(BOOLEAN, False, "Hide the site in the archive's browser and its APIs")
    embargo: timedelta | None = _optional_setting(
        DURATION, "Hide what was captured or published less than this long ago; it is crawled all the same"
    )
    noarchive: str = _setting(
        NOARCHIVE, "note", "For noarchive (robots meta, X-Robots-Tag): note (show it), or obey (keep, and withhold)"
    )

    layouts: "Layouts | None" = None
    """The [[site.layout]] tables in the file's order; None if there are none. Not a setting."""

    def to_site(self, *, requisites: bool = False) -> Site:
        """Return the site as stored in the index; `requisites` is the archive's setting, used if the site has none."""
        fetched = requisites if self.requisites is None else self.requisites
        return Site(name=self.name, url=self.url, hosts=self.hosts, requisites=fetched)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeConfig:
    """The table [serve] of newsarchive.toml: how `newsarchive serve` publishes the archive."""

    host: str = _setting(TEXT, "127.0.0.1", "Address to listen on; one that others can reach needs --auth or --public")
    port: int = _setting(PORT, 8000, "Port to listen on")
    public_url: str = _setting(BASE_URL, "", 'URL of the archive for readers, behind a proxy; "": as requests have it')
    trusted_proxies: tuple[str, ...] = _setting(
        TEXT_LIST, [], "IP addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto headers are used"
    )
    blocked: tuple[str, ...] = _setting(
        TEXT_LIST, [], 'Withheld: beginnings of URLs such as "news.example/private/" or SURT forms; each must match one'
    )
    about: str = _setting(TEXT, "", 'Description of the archive for readers; "[words](https://...)" becomes a link')
    allow_search_engines: bool = _setting(
        BOOLEAN, False, "Let search engines index the archive; without it, robots.txt disallows everything"
    )
    thumbnails: bool = _setting(
        BOOLEAN, True, "Show archived pictures of articles, as thumbnails with Pillow (`newsarchive[pictures]`)"
    )
    query_timeout: timedelta = _setting(PERIOD, "10s", "Time limit of a query; longer ones are answered with 503")
    rate_limit: int = _setting(COUNT, 20, "Requests per second that a client may make on average")
    rate_burst: int = _setting(COUNT, 200, "Requests that a client may make at once")
    max_heavy_requests: int = _setting(COUNT, 4, "Exports, long lists and other heavy requests answered at once")
    replay_url: str = _setting(BASE_URL, "", "URL of the replay with scripts behind a proxy, not on the archive's host")
    allow_exports: bool | None = _optional_setting(BOOLEAN, "Let readers make exports; by default not with --public")
    users: dict[str, str] = _setting(
        PASSWORD_HASHES, {}, "[serve.users]: name = password hash, from `newsarchive serve --hash-password`"
    )
    tokens: dict[str, str] = _setting(
        PASSWORD_HASHES, {}, "[serve.tokens]: name = token hash, for programs, from `newsarchive serve --new-token`"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertConfig:
    """One [[alert]] of newsarchive.toml, or one that a reader made: a saved search, or filters of changes."""

    name: str = _required_setting(NAME, "Short name, unique in the archive")
    query: str = _setting(TEXT, "", "Search query, as `help search` describes it")
    site: tuple[str, ...] = _setting(TEXT_LIST, [], "Only these sites")
    section: tuple[str, ...] = _setting(TEXT_LIST, [], "Only these sections")
    author: str = _setting(TEXT, "", "Only articles by this author, by the full name")
    language: tuple[str, ...] = _setting(TEXT_LIST, [], "Only these languages, such as en; not with `changes`")
    tag: tuple[str, ...] = _setting(TEXT_LIST, [], "Only these tags; not with `changes`")
    changes: bool = _setting(BOOLEAN, False, "Report changes of articles, not new texts; the next four imply it")
    event: tuple[str, ...] = _setting(EVENTS, [], "Only these changes: edited, gone, moved, back")
    kind: tuple[str, ...] = _setting(KINDS, [], "Only edits of these kinds, such as numbers (`help changes`)")
    notice: tuple[str, ...] = _setting(NOTICES, [], "Only edits with a note, new date or neither: noted, dated, silent")
    size: int = _setting(INTEGER, 0, "Only edits of so many characters or more, added and removed together")
    every: str = _setting(EVERY, "at once", "When hits are sent: at once, or after the end of the hour or day (UTC)")
    mail: tuple[str, ...] = _setting(MAIL_ADDRESSES, [], "Addresses that get mail, by `mail_server`")
    webhook: str | None = _optional_setting(URL, "URL that gets hits as JSON, signed as Standard Webhooks has it")

    reader: str = ""
    """The reader who made it in the browser; "" for the file's. Not a setting."""

    @property
    def key(self) -> str:
        """Name that no other alert has, be it of the file or of another reader."""
        return self.name if not self.reader else "~" + sha256(f"{self.reader}\n{self.name}".encode()).hexdigest()[:20]

    @property
    def is_of_changes(self) -> bool:
        """True if it reports changes, False if it reports new texts."""
        return self.changes or bool(self.event or self.kind or self.notice or self.size)

    @property
    def has_criteria(self) -> bool:
        """True if it looks for something; other alerts would report all texts, and are refused."""
        return self.is_of_changes or any((self.query, self.site, self.section, self.author, self.language, self.tag))

    @property
    def targets(self) -> tuple[str, ...]:
        """URLs that its hits are sent to."""
        return (*(f"mailto:{address}" for address in self.mail), *((self.webhook,) if self.webhook else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings of one archive, validated. Paths and URLs are absolute."""

    folder: Path
    """The archive's folder, absolute. Not a setting."""
    sites: tuple[SiteConfig, ...] = ()
    """The [[site]] tables in the file's order. Not a setting."""
    serve: ServeConfig = field(default_factory=ServeConfig)
    """The table [serve]. Not a setting."""
    alerts: tuple[AlertConfig, ...] = ()
    """The [[alert]] tables in the file's order. Not a setting."""
    scrapy: Mapping[str, Any] = field(default_factory=dict)
    """The table [scrapy]: settings of Scrapy's, by name. Not a setting."""

    operator: str = _setting(TEXT, "", "Who runs this archive; written into every WARC file")
    contact: str = _setting(TEXT, "", "Mail or web address at which site owners reach you; part of the User-Agent")
    user_agent: str = _setting(TEXT, "", 'User-Agent header; "": name, version and `contact`')
    obey_robots: bool = _setting(BOOLEAN, True, "Obey robots.txt and its Crawl-delay")

    warc_folder: Path = _setting(PATH, "warc", "Folder of the WARC files")
    warc_size: int = _setting(SIZE, "1GB", "Start a new WARC file when the current one reaches this size")
    warc_age: timedelta = _setting(PERIOD, "1d", "Start a new WARC file when the current one is this old")
    bucket: str = _setting(
        BUCKET, "", 'Where closed WARC files go: "s3://NAME/PREFIX", or "file:///FOLDER" that all mount; "": nowhere'
    )
    bucket_endpoint: str = _setting(BASE_URL, "", 'URL of the S3 server; "": from the environment, else Amazon\'s')
    bucket_region: str = _setting(TEXT, "", 'Region of the bucket; "": from the environment')
    bucket_timeout: timedelta = _setting(PERIOD, "5s", "Time limit of a request to the bucket; it is tried three times")
    keep_local: timedelta | None = _optional_setting(
        DURATION, 'How long an uploaded WARC file stays in the folder, such as "30d"; without it, forever'
    )
    time_servers: tuple[str, ...] = _setting(
        TIME_SERVERS, [], "RFC 3161 servers that stamp the head of the chain once a day, after a crawl (help proof)"
    )
    time_authorities: Path | None = _optional_setting(
        PATH, "PEM file with the certificates that time servers must lead to; without it, those of the system"
    )
    index: str = _setting(
        TEXT, "", 'Database: "" for index.sqlite3 in the folder, the path of an SQLite file, or postgresql://HOST/NAME'
    )
    search_folder: Path = _setting(PATH, "search", "Folder of the full-text index; each machine has its own")
    commit_every: int = _setting(COUNT, 64, "Captures per transaction of the index, at most")
    commit_seconds: float = _setting(SECONDS, 1.0, "Seconds that a capture waits for its transaction, at most")

    mail_server: str = _setting(TEXT, "", 'Host of the SMTP server that sends the mail of alerts; "": no mail is sent')
    mail_port: int = _setting(PORT, 587, "Its port")
    mail_tls: str = _setting(TLS, "starttls", "Its encryption: starttls, tls from the first byte, or none")
    mail_user: str = _setting(TEXT, "", "Name to log in with; the password is in NEWSARCHIVE_MAIL_PASSWORD")
    mail_from: str = _setting(TEXT, "", "Address of the sender, such as archive@paper.example")

    delay: timedelta = _setting(DURATION, "1s", "Pause between two requests to one host; longer for a slow host")
    max_delay: timedelta = _setting(DURATION, "30s", "Longest pause for a slow host, unless it asks for a longer one")
    max_crawl_delay: timedelta = _setting(
        PERIOD, "5m", "Longer Crawl-delays of robots.txt are cut to this and reported"
    )
    timeout: timedelta = _setting(PERIOD, "1m", "Time limit of a response; what arrived by then is stored as truncated")
    concurrency: int = _setting(COUNT, 16, "Concurrent requests over all hosts; each host gets one at a time")
    max_body_size: int = _setting(SIZE, "64MB", "Size limit of one response; what arrived is stored as truncated")
    max_failures: int = _setting(COUNT, 5, "Failures in a row after which a URL is given up that no source names")

    max_pages: int = _setting(INTEGER, 0, "Requests to one site per run, at most; 0: no limit")
    max_bytes: int | None = _optional_setting(SIZE, "Bytes from one site per run, at most")
    max_time: timedelta | None = _optional_setting(PERIOD, "Time for one site per run, at most")
    park_after: int = _setting(
        INTEGER, 50, "New URLs of one pattern in a row without a new article, after which it is parked; 0: never"
    )
    requisites: bool = _setting(BOOLEAN, True, "Fetch stylesheets, images, fonts and icons too, to replay pages")
    max_asset_size: int = _setting(SIZE, "10MB", "Size limit of one of these; what arrived is stored as truncated")

    history: timedelta | None = _optional_setting(
        PERIOD, 'How far back crawls go, as `backfill` does: "520w"; without it, 30 days and five pages of a listing'
    )
    discovery_delay: timedelta = _setting(
        PERIOD, "25m", "Within this time a new article is found while its source is busy; crawl more often than that"
    )
    source_min_interval: timedelta = _setting(PERIOD, "10m", "Shortest time between checks of a feed or sitemap")
    source_max_interval: timedelta = _setting(PERIOD, "12h", "Longest time between checks of a feed or sitemap")
    listing_min_interval: timedelta = _setting(PERIOD, "10m", "Shortest time between checks of a front or section page")
    listing_max_interval: timedelta = _setting(PERIOD, "6h", "Longest time between checks of a front or section page")
    archive_sitemap_interval: timedelta = _setting(
        PERIOD, "30d", "Longest time between checks of a sitemap whose entries are all older than this"
    )
    recheck: tuple[timedelta, ...] = _setting(
        DURATION_LIST, ["1h", "6h", "1d", "7d", "30d"], "Times after which a new or changed article is fetched again"
    )

    unwatched: tuple[str, ...] = _setting(TEXT_LIST, [], "URLs that no crawl fetches again, by `newsarchive unwatch`")

    browser: str = _setting(TEXT, "", 'Path of the Chromium for sites with `render`; "": the one of Playwright')
    render_time: timedelta = _setting(PERIOD, "1m", "Time limit for rendering a page; after it, it is read as received")

    reader_processes: int = _setting(INTEGER, 0, "Processes that read pages; 0: one per core")
    read_timeout: timedelta = _setting(PERIOD, "30s", "Time limit for reading a page; after it, it is stored unread")
    read_limit: int = _setting(SIZE, "10MB", "Size up to which a page is read; a larger one is stored unread")

    log: str = _setting(TEXT, "", 'File for the crawl log, one line a response, such as "logs/crawl.log"; "": none')
    log_json: bool = _setting(BOOLEAN, False, "Write the log as one JSON object a line")
    log_size: int = _setting(SIZE, "10MB", "Start a new log file when the current one reaches this size")
    log_files: int = _setting(INTEGER, 5, "Full log files that are kept")
    metrics: str = _setting(
        TEXT, "", 'File for Prometheus\' textfile collector, such as "/var/lib/node/newsarchive.prom"; "": none'
    )
    ping: str = _setting(
        BASE_URL, "", "URL of a health check: with /start before a crawl, bare after it, with /fail if it failed"
    )

    @property
    def places(self) -> Places:
        """The folder and the bucket of the WARC files."""
        timeout = self.bucket_timeout.total_seconds()
        bucket = Bucket(url=self.bucket, endpoint=self.bucket_endpoint, region=self.bucket_region, timeout=timeout)
        return Places(
            folder=self.warc_folder,
            bucket=bucket if self.bucket else None,
            machine=load_machine_id(self.folder),
            key=self.folder / KEY_FILE,
        )

    @property
    def former_names(self) -> dict[str, str]:
        """Present names of sites, by their former names."""
        return {former: site.name for site in self.sites for former in site.former_names}

    def select_sites(self, names: Sequence[str] = ()) -> tuple[SiteConfig, ...]:
        """Return the sites of these names, in the file's order; all sites if no name is given."""
        known = [site.name for site in self.sites]
        for name in names:
            if name not in known:
                listed = f"It has: {', '.join(known)}." if known else "It has no sites yet."
                raise ConfigError(
                    f"no site is named {name!r} in {self.folder / FILE_NAME}; nothing was done. {listed} "
                    "To add one: newsarchive add URL"
                )
        return tuple(site for site in self.sites if not names or site.name in names)


def _list_settings(owner: type[Any]) -> tuple[ConfigSetting, ...]:
    return tuple(ConfigSetting(name=each.name, **each.metadata) for each in fields(owner) if each.metadata)


SETTINGS: tuple[ConfigSetting, ...] = _list_settings(Config)
"""The archive's own settings, at the top of newsarchive.toml."""
SERVE_SETTINGS: tuple[ConfigSetting, ...] = _list_settings(ServeConfig)
"""The settings of [serve]."""
SITE_SETTINGS: tuple[ConfigSetting, ...] = _list_settings(SiteConfig)
"""The settings of a [[site]]."""
ALERT_SETTINGS: tuple[ConfigSetting, ...] = _list_settings(AlertConfig)
"""The settings of an [[alert]]."""
