"""Access rules: blocked URLs, hidden sites, embargoes. They apply to every page and every API.

A handler gets them without asking: `context.index` is a Reader that excludes what they name, counts and facets too.
`AccessRules.allows` is for what does not come from the index.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from newsarchive.config.schema import Config
from storage.index.views.exclusions import Exclusions
from storage.urls import surt


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRules:
    """Captures that the archive's owner does not publish."""

    blocked: tuple[str, ...] = ()
    """Prefixes of SURT keys."""
    hidden: frozenset[str] = frozenset()
    """Site names."""
    embargoes: tuple[tuple[str, timedelta], ...] = ()
    """Minimum age of a published capture, by site."""

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """Return the rules of newsarchive.toml."""
        return cls(
            blocked=tuple(urlkey_prefix(each) for each in config.serve.blocked),
            hidden=frozenset(site.name for site in config.sites if site.hidden),
            embargoes=tuple((site.name, site.embargo) for site in config.sites if site.embargo),
        )

    def exclusions(self, now: datetime) -> Exclusions:
        """Return the exclusions at a time."""
        embargoes = tuple((name, now - age) for name, age in self.embargoes)
        return Exclusions(hidden=self.hidden, urlkeys=self.blocked, embargoes=embargoes)

    def allows(self, url: str, fetched_at: datetime, now: datetime, *, site: str | None = None) -> bool:
        """Return True if a capture of this URL and time may be shown."""
        return not self.exclusions(now).excludes(url, site, fetched_at)


def urlkey_prefix(blocked: str) -> str:
    """Return the SURT prefix of a URL, or of a prefix given as SURT.

    >>> urlkey_prefix("https://www.news.example/secret/"), urlkey_prefix("example,news,")
    ('example,news)/secret/', 'example,news,')
    """
    return surt(blocked) if "://" in blocked else blocked.lower()
