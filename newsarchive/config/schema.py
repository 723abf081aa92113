"""The settings: newsarchive.toml as a frozen Config, with `ServeConfig` for [serve], `SiteConfig` for each [[site]] ...

Each field declares its type and its default as written in the file; settings.toml has its meaning. The settings page of
the manual and the file that `newsarchive init` writes are made from `SETTINGS`, `SERVE_SETTINGS` and `SITE_SETTINGS`.
"""

import math
import re
import tomllib
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


def _integer(least: int, most: float = math.inf, what: str = "") -> Callable[[object], int]:
    def parse(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(f"must be a whole number, {least} or more")
        if value > most:
            raise ValueError(f"must be {what}, {least} to {most}")
        return value

    return parse


MAX_PROCESSES = 32
"""Most processes of `newsarchive serve`."""


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
PORT = SettingType("port", _integer(0, 65535, "a port"))
PROCESSES = SettingType("number of processes", _integer(1, MAX_PROCESSES, "a number of processes"))
PASSWORD_HASHES = SettingType("table of hashes", _password_hashes)
BOOLEAN = SettingType("true or false", _boolean)
INTEGER = SettingType("whole number", _integer(0))
COUNT = SettingType("whole number above 0", _integer(1))
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


def _setting(value_type: SettingType[T], default: object) -> T:
    metadata = {"value_type": value_type, "default": default}
    return field(default_factory=lambda: value_type.parse(default), metadata=metadata)


def _optional_setting(value_type: SettingType[T]) -> T | None:
    return field(default=None, metadata={"value_type": value_type, "default": None})


def _required_setting(value_type: SettingType[T]) -> T:
    # typeshed gives a field without a default the type Any, so that it fits any annotation.
    return cast("T", field(metadata={"value_type": value_type, "default": None, "required": True}))


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteConfig:
    """One [[site]] of newsarchive.toml: a news site to archive. URLs are absolute."""

    name: str = _required_setting(NAME)
    url: str = _required_setting(URL)
    hosts: tuple[str, ...] = _setting(TEXT_LIST, [])
    former_names: tuple[str, ...] = _setting(TEXT_LIST, [])
    listings: tuple[str, ...] = _setting(URL_LIST, [])
    feeds: tuple[str, ...] = _setting(URL_LIST, [])
    sitemaps: tuple[str, ...] = _setting(URL_LIST, [])
    delay: timedelta | None = _optional_setting(DURATION)
    obey_robots: bool | None = _optional_setting(BOOLEAN)
    hours: Hours | None = _optional_setting(HOURS)
    listing_min_interval: timedelta | None = _optional_setting(PERIOD)
    listing_max_interval: timedelta | None = _optional_setting(PERIOD)
    max_pages: int | None = _optional_setting(INTEGER)
    max_bytes: int | None = _optional_setting(SIZE)
    max_time: timedelta | None = _optional_setting(PERIOD)
    requisites: bool | None = _optional_setting(BOOLEAN)
    render: bool = _setting(BOOLEAN, False)
    spider: str = _setting(TEXT, "")
    trap_exceptions: tuple[str, ...] = _setting(TEXT_LIST, [])
    allow_private: bool = _setting(BOOLEAN, False)
    hidden: bool = _setting(BOOLEAN, False)
    embargo: timedelta | None = _optional_setting(DURATION)
    noarchive: str = _setting(NOARCHIVE, "note")

    layouts: "Layouts | None" = None
    """The [[site.layout]] tables in the file's order; None if there are none. Not a setting."""

    def to_site(self, *, requisites: bool = False) -> Site:
        """Return the site as stored in the index; `requisites` is the archive's setting, used if the site has none."""
        fetched = requisites if self.requisites is None else self.requisites
        return Site(name=self.name, url=self.url, hosts=self.hosts, requisites=fetched)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeConfig:
    """The table [serve] of newsarchive.toml: how `newsarchive serve` publishes the archive."""

    host: str = _setting(TEXT, "127.0.0.1")
    port: int = _setting(PORT, 8000)
    public_url: str = _setting(BASE_URL, "")
    trusted_proxies: tuple[str, ...] = _setting(TEXT_LIST, [])
    blocked: tuple[str, ...] = _setting(TEXT_LIST, [])
    about: str = _setting(TEXT, "")
    allow_search_engines: bool = _setting(BOOLEAN, False)
    thumbnails: bool = _setting(BOOLEAN, True)
    query_timeout: timedelta = _setting(PERIOD, "10s")
    rate_limit: int = _setting(COUNT, 20)
    rate_burst: int = _setting(COUNT, 200)
    max_heavy_requests: int = _setting(COUNT, 4)
    workers: int = _setting(PROCESSES, 1)
    replay_url: str = _setting(BASE_URL, "")
    allow_exports: bool | None = _optional_setting(BOOLEAN)
    users: dict[str, str] = _setting(PASSWORD_HASHES, {})
    tokens: dict[str, str] = _setting(PASSWORD_HASHES, {})


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertConfig:
    """One [[alert]] of newsarchive.toml, or one that a reader made: a saved search, or filters of changes."""

    name: str = _required_setting(NAME)
    query: str = _setting(TEXT, "")
    site: tuple[str, ...] = _setting(TEXT_LIST, [])
    section: tuple[str, ...] = _setting(TEXT_LIST, [])
    author: str = _setting(TEXT, "")
    language: tuple[str, ...] = _setting(TEXT_LIST, [])
    tag: tuple[str, ...] = _setting(TEXT_LIST, [])
    changes: bool = _setting(BOOLEAN, False)
    event: tuple[str, ...] = _setting(EVENTS, [])
    kind: tuple[str, ...] = _setting(KINDS, [])
    notice: tuple[str, ...] = _setting(NOTICES, [])
    size: int = _setting(INTEGER, 0)
    every: str = _setting(EVERY, "at once")
    mail: tuple[str, ...] = _setting(MAIL_ADDRESSES, [])
    webhook: str | None = _optional_setting(URL)

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

    operator: str = _setting(TEXT, "")
    contact: str = _setting(TEXT, "")
    user_agent: str = _setting(TEXT, "")
    obey_robots: bool = _setting(BOOLEAN, True)

    warc_folder: Path = _setting(PATH, "warc")
    warc_size: int = _setting(SIZE, "1GB")
    warc_age: timedelta = _setting(PERIOD, "1d")
    bucket: str = _setting(BUCKET, "")
    bucket_endpoint: str = _setting(BASE_URL, "")
    bucket_region: str = _setting(TEXT, "")
    bucket_timeout: timedelta = _setting(PERIOD, "5s")
    keep_local: timedelta | None = _optional_setting(DURATION)
    time_servers: tuple[str, ...] = _setting(TIME_SERVERS, [])
    time_authorities: Path | None = _optional_setting(PATH)
    index: str = _setting(TEXT, "")
    search_folder: Path = _setting(PATH, "search")
    commit_every: int = _setting(COUNT, 64)
    commit_seconds: float = _setting(SECONDS, 1.0)

    mail_server: str = _setting(TEXT, "")
    mail_port: int = _setting(PORT, 587)
    mail_tls: str = _setting(TLS, "starttls")
    mail_user: str = _setting(TEXT, "")
    mail_from: str = _setting(TEXT, "")

    delay: timedelta = _setting(DURATION, "1s")
    max_delay: timedelta = _setting(DURATION, "30s")
    max_crawl_delay: timedelta = _setting(PERIOD, "5m")
    timeout: timedelta = _setting(PERIOD, "1m")
    concurrency: int = _setting(COUNT, 16)
    max_body_size: int = _setting(SIZE, "64MB")
    max_failures: int = _setting(COUNT, 5)

    max_pages: int = _setting(INTEGER, 0)
    max_bytes: int | None = _optional_setting(SIZE)
    max_time: timedelta | None = _optional_setting(PERIOD)
    park_after: int = _setting(INTEGER, 50)
    requisites: bool = _setting(BOOLEAN, True)
    max_asset_size: int = _setting(SIZE, "10MB")

    history: timedelta | None = _optional_setting(PERIOD)
    discovery_delay: timedelta = _setting(PERIOD, "25m")
    source_min_interval: timedelta = _setting(PERIOD, "10m")
    source_max_interval: timedelta = _setting(PERIOD, "12h")
    listing_min_interval: timedelta = _setting(PERIOD, "10m")
    listing_max_interval: timedelta = _setting(PERIOD, "6h")
    archive_sitemap_interval: timedelta = _setting(PERIOD, "30d")
    recheck: tuple[timedelta, ...] = _setting(DURATION_LIST, ["1h", "6h", "1d", "7d", "30d"])

    unwatched: tuple[str, ...] = _setting(TEXT_LIST, [])

    browser: str = _setting(TEXT, "")
    render_time: timedelta = _setting(PERIOD, "1m")

    reader_processes: int = _setting(INTEGER, 0)
    read_timeout: timedelta = _setting(PERIOD, "30s")
    read_limit: int = _setting(SIZE, "10MB")

    log: str = _setting(TEXT, "")
    log_json: bool = _setting(BOOLEAN, False)
    log_size: int = _setting(SIZE, "10MB")
    log_files: int = _setting(INTEGER, 5)
    metrics: str = _setting(TEXT, "")
    ping: str = _setting(BASE_URL, "")

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
                raise ConfigError.create("unknown-site", name=name, file=self.folder / FILE_NAME, listed=listed)
        return tuple(site for site in self.sites if not names or site.name in names)


MEANINGS: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_name("settings.toml").read_text("utf-8"))
"""The meaning of each setting, by the table of newsarchive.toml that has it."""


def _list_settings(owner: type[Any], table: str) -> tuple[ConfigSetting, ...]:
    stated = [each for each in fields(owner) if each.metadata]
    return tuple(ConfigSetting(name=each.name, meaning=MEANINGS[table][each.name], **each.metadata) for each in stated)


SETTINGS: tuple[ConfigSetting, ...] = _list_settings(Config, "archive")
"""The archive's own settings, at the top of newsarchive.toml."""
SERVE_SETTINGS: tuple[ConfigSetting, ...] = _list_settings(ServeConfig, "serve")
"""The settings of [serve]."""
SITE_SETTINGS: tuple[ConfigSetting, ...] = _list_settings(SiteConfig, "site")
"""The settings of a [[site]]."""
ALERT_SETTINGS: tuple[ConfigSetting, ...] = _list_settings(AlertConfig, "alert")
"""The settings of an [[alert]]."""
