"""Exclusions: the parts of the index that a Reader leaves out of every answer."""

from dataclasses import dataclass
from datetime import datetime

from storage.urls import surt


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusions:
    """Sites, URLs and times that are left out of all answers, counts and facets, as if they were not archived."""

    hidden: frozenset[str] = frozenset()
    """Names of sites that are left out as a whole."""
    urlkeys: tuple[str, ...] = ()
    """Prefixes of SURT forms: captures of such URLs, and articles that have or were read from one, are left out."""
    noarchive: frozenset[str] = frozenset()
    """Names of sites whose articles are left out if one of their versions asks not to be archived."""
    embargoes: tuple[tuple[str, datetime], ...] = ()
    """By site: captures and articles after that time are left out, and later versions of older articles too."""

    def __bool__(self) -> bool:
        """Return False if nothing is left out."""
        return bool(self.hidden or self.urlkeys or self.noarchive or self.embargoes)

    def excludes(self, url: str, site: str | None = None) -> bool:
        """Return True if captures of a URL, of a site, are left out whatever their time.

        >>> Exclusions(urlkeys=("example,news)/secret/",)).excludes("http://www.news.example/secret/a")
        True
        """
        return site in self.hidden or bool(self.urlkeys and surt(url).startswith(self.urlkeys))

    def name_url(self, url: str | None) -> str | None:
        """Return a URL that is not blocked; None for one that is."""
        return None if url is None or (self.urlkeys and self.excludes(url)) else url


NO_EXCLUSIONS = Exclusions()
"""Nothing is left out: for the command line and the crawl."""
