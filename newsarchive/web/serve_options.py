"""Options of `newsarchive serve`: one frozen object, from newsarchive.toml and the command line."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from newsarchive.config.schema import ServeConfig
from newsarchive.urls.ssrf import is_loopback
from storage.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """Limits of one request and of one client that no setting changes."""

    max_query_length: int = 500
    """Maximum characters of a search query."""
    max_url_length: int = 8_000
    """Maximum characters of a URL with its query."""
    max_rows: int = 10_000
    """Maximum rows of one API response; pages show far fewer."""
    cpu_limit: float = 120.0
    """Seconds of CPU time for the queries of one response."""
    max_concurrent: int = 256
    """Requests that are answered at once."""
    max_per_client: int = 64
    """Requests of one client that are answered at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions(ServeConfig):
    """Options of `newsarchive serve`: the settings of [serve], and what only the command line has."""

    public: bool = False
    """True if everybody who reaches the server may read, by decision of the owner."""
    auth: bool = False
    """True if a user name and password, or a token, is required."""
    cert: Path | None = None
    """PEM file of the TLS certificate; None serves without TLS."""
    key: Path | None = None
    """PEM file of its private key; None means that `cert` contains it."""
    allowed_hosts: frozenset[str] = frozenset()
    """Accepted Host headers; empty accepts all, as with `public` or `auth`."""
    limits: RequestLimits = RequestLimits()
    """Those beside the settings of [serve]."""
    rate_limited: bool = False
    """True if `rate_limit` applies: whenever clients other than this machine's can connect."""

    @property
    def exports_enabled(self) -> bool:
        """True if readers may start exports."""
        return not self.public if self.allow_exports is None else self.allow_exports

    @classmethod
    def from_config(cls, config: ServeConfig, **given: Any) -> Self:
        """Return the options of [serve] in newsarchive.toml, and those that are given, unless they are None."""
        settings = {each.name: getattr(config, each.name) for each in fields(config)}
        return cls(**settings | {name: value for name, value in given.items() if value is not None})

    def validate(self) -> Self:
        """Return the options with derived fields set; ConfigError if they would expose the archive unintentionally."""
        private = is_loopback(self.host)
        if not private and not (self.auth or self.public):
            raise ConfigError.create("open-to-others", host=self.host or "every address of this machine")
        if self.auth and not (self.users or self.tokens):
            raise ConfigError.create("no-users")
        if self.key is not None and self.cert is None:
            raise ConfigError("--key is set without --cert; nothing was started. Name the certificate with --cert FILE")
        hashed = [name for name, kept in self.tokens.items() if not kept.startswith("sha256:")]
        if self.auth and hashed:
            raise ConfigError.create("token-hashed-as-password", hashed=hashed[0])
        names = {"localhost", "127.0.0.1", "::1", self.host, urlsplit(self.public_url).hostname or self.host}
        hosts, is_limited = frozenset(names if private else ()), not private or bool(self.trusted_proxies)
        return replace(self, allowed_hosts=hosts, rate_limited=is_limited)

    @property
    def sends_secrets_in_clear(self) -> bool:
        """True if passwords and tokens would cross a network unencrypted, as far as this can be told."""
        is_behind_proxy = self.public_url.startswith("https:") or bool(self.trusted_proxies)
        return self.auth and self.cert is None and not is_loopback(self.host) and not is_behind_proxy


DEFAULT_OPTIONS = ServeOptions()
