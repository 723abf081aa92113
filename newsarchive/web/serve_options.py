"""How the archive is served: one frozen object, made from newsarchive.toml and the command line."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import urlsplit

from newsarchive.config.schema import ServeConfig
from storage.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request, and one client, may ask for."""

    query: int = 500
    """Characters of a search."""
    url: int = 8_000
    """Characters of an address with its query."""
    rows: int = 10_000
    """Rows of one answer to a program; pages show far fewer."""
    seconds: float = 10.0
    """Of one question to the index; then 503."""
    heavy: int = 4
    """Requests at once that read much: exports, CDX listings, WARC slices; more get 503."""
    per_second: float = 20.0
    """Requests that a client may make, kept up for long."""
    burst: int = 200
    """Requests that a client may make at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """How the archive is served."""

    host: str = "127.0.0.1"
    port: int = 8000
    public: bool = False
    """True where everybody who reaches the address may read, by the owner's word."""
    auth: bool = False
    """True where a name and password, or a token, is asked for."""
    users: Mapping[str, str] = field(default_factory=dict)
    """Hashed passwords by name."""
    tokens: Mapping[str, str] = field(default_factory=dict)
    """Hashed tokens by name."""
    base_url: str = ""
    """Address that the archive has for its readers, without a slash at its end; "" takes each request's own."""
    hosts: frozenset[str] = frozenset()
    """Names that requests may ask for (Host); empty takes all, as behind `public` or `auth`."""
    proxies: tuple[str, ...] = ()
    """Addresses of proxies that may say who the client is."""
    about: str = ""
    """What the archive is, in its owner's words; `[words](address)` stands for a link."""
    crawlers: bool = False
    """True lets search engines in."""
    replay: str = ""
    """Address of pywb's collection, without a slash at its end: timestamp and URL follow. "" where it does not run."""
    exports: bool | None = None
    """True lets readers have exports made, which cost the archive's time and room; None: unless `public`."""
    limits: Limits = Limits()

    limited: bool = False
    """True where clients are held to `Limits.per_second`: whenever others than this machine's user may come."""

    @property
    def makes_exports(self) -> bool:
        """True where readers may have exports made."""
        return not self.public if self.exports is None else self.exports

    @classmethod
    def of(cls, config: ServeConfig) -> Self:
        """As [serve] of newsarchive.toml says."""
        limits = Limits(
            seconds=config.query_seconds, heavy=config.heavy, per_second=float(config.rate), burst=config.burst
        )
        return cls(
            host=config.host,
            port=config.port,
            users=config.users,
            tokens=config.tokens,
            base_url=config.base_url,
            proxies=config.proxies,
            about=config.about,
            crawlers=config.crawlers,
            exports=config.exports,
            replay=config.replay,
            limits=limits,
        )

    def checked(self) -> Self:
        """The same, with what follows from the address; ConfigError where it would let in whom nobody meant to."""
        private = is_loopback(self.host)
        if not private and not (self.auth or self.public):
            raise ConfigError(
                f"others can reach {self.host or 'every address of this machine'}, and the archive would be open to "
                "them; nothing was started. To ask for names and passwords: --auth. To let everybody read: --public"
            )
        if self.auth and not (self.users or self.tokens):
            raise ConfigError(
                "--auth has nobody to let in; nothing was started. Put names below [serve.users] in newsarchive.toml; "
                "newsarchive serve --hash-password makes the lines"
            )
        names = frozenset({*LOCAL_NAMES, self.host, *_host_of(self.base_url)}) if private else frozenset()
        return replace(self, hosts=names, limited=not private or bool(self.proxies))


LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def _host_of(base_url: str) -> tuple[str, ...]:
    host = urlsplit(base_url).hostname
    return (host,) if host else ()


def is_loopback(host: str) -> bool:
    """True where nobody but this machine reaches a server that listens there.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0"), is_loopback("news.example")
    (True, True, False, False)
    """
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


AS_USUAL = Serving()
