"""What may be shown: blocked addresses, hidden sites, embargoes. Every page and every door goes by them.

A handler need not think of them: `door.index` is a Reader that leaves out what they name, counts and facets included.
`Rules.allows` is for what does not come from the index.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from newsarchive.config.schema import Config
from storage.index.views.exclusions import Exclusions
from storage.surt import surt


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the archive's owner does not want shown."""

    blocked: tuple[str, ...] = ()
    """Beginnings of SURT forms."""
    hidden: frozenset[str] = frozenset()
    """Names of sites."""
    embargoes: tuple[tuple[str, timedelta], ...] = ()
    """By site: how old a capture has to be before it is shown."""

    @classmethod
    def of(cls, config: Config) -> Self:
        """The rules that newsarchive.toml gives."""
        return cls(
            blocked=tuple(urlkey_prefix(each) for each in config.serve.blocked),
            hidden=frozenset(site.name for site in config.sites if site.hidden),
            embargoes=tuple((site.name, site.embargo) for site in config.sites if site.embargo),
        )

    def exclusions(self, now: datetime) -> Exclusions:
        """What is left out at that moment."""
        embargoes = tuple((name, now - age) for name, age in self.embargoes)
        return Exclusions(hidden=self.hidden, urlkeys=self.blocked, embargoes=embargoes)

    def allows(self, url: str, fetched_at: datetime, now: datetime, *, site: str | None = None) -> bool:
        """True where a capture of that URL and moment may be shown."""
        return not self.exclusions(now).leave_out(url, site, fetched_at)


def urlkey_prefix(blocked: str) -> str:
    """The beginning of SURT forms that an owner means by a URL, or by such a beginning itself.

    >>> urlkey_prefix("https://www.news.example/secret/"), urlkey_prefix("example,news,")
    ('example,news)/secret/', 'example,news,')
    """
    return surt(blocked) if "://" in blocked else blocked.lower()
