"""How the archive is served: one frozen object, made from newsarchive.toml and the command line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from newsarchive.config import ServeConfig


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
    crawlers: bool = False
    """True lets search engines in."""
    replay: str = ""
    """Address of pywb's collection, without a slash at its end: timestamp and URL follow. "" where it does not run."""
    exports: bool | None = None
    """True lets readers have exports made, which cost the archive's time and room; None: unless `public`."""
    limits: Limits = Limits()

    limited: bool = False
    """True where clients are held to `Limits.per_second`: whenever others than this machine's user may come."""

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
            crawlers=config.crawlers,
            exports=config.exports,
            replay=config.replay,
            limits=limits,
        )


AS_USUAL = Serving()
