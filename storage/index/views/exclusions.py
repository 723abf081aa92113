"""What of the index is not to be shown: one noun that every query which answers others takes into account."""

from dataclasses import dataclass
from datetime import datetime

from storage.surt import surt


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusions:
    """What is left out: as if the archive did not hold it. Counts and facets leave it out too."""

    hidden: frozenset[str] = frozenset()
    """Names of sites of which nothing is shown."""
    urlkeys: tuple[str, ...] = ()
    """Beginnings of SURT forms: captures of such URLs, and articles that have or were read from one, are left out."""
    embargoes: tuple[tuple[str, datetime], ...] = ()
    """By site: what was captured or published after that moment is left out, an article's later versions too."""

    def __bool__(self) -> bool:
        """False where nothing is left out."""
        return bool(self.hidden or self.urlkeys or self.embargoes)

    def leave_out(self, url: str, site: str | None = None, fetched_at: datetime | None = None) -> bool:
        """True where a capture of that URL, for that site and of that moment, is not to be shown.

        >>> Exclusions(urlkeys=("example,news)/secret/",)).leave_out("http://www.news.example/secret/a")
        True
        """
        if site in self.hidden or (self.urlkeys and surt(url).startswith(self.urlkeys)):
            return True
        return fetched_at is not None and any(site == name and fetched_at > until for name, until in self.embargoes)


NOTHING = Exclusions()
"""All is shown: what the command line and the crawl see."""
