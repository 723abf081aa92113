"""URL templates that are articles on a site, learnt from the pages that were read.

They decide the order in which links are fetched, and nothing else: a reading never depends on earlier ones.
"""

from collections.abc import Callable, Iterable

from newsarchive.extract.urls import UrlTemplates, list_templates
from storage.model import Outcome

ARTICLES = frozenset({Outcome.ARTICLE, Outcome.PAYWALL_STUB})
OTHERS = frozenset({Outcome.LISTING, Outcome.OTHER, Outcome.MEDIA})
"""Outcomes that say that a URL is no article's; an error or a challenge page says nothing."""
MAX_TEMPLATES = 20_000
"""Templates kept per site."""

ListOutcomes = Callable[[str], Iterable[tuple[str, Outcome]]]
"""Returns the URLs of a site, given by name, with the outcomes of their pages."""


class ArticleUrlPatterns:
    """Counts of articles and other pages by site and URL template. A site is loaded from the index when first used."""

    def __init__(self, list_outcomes: ListOutcomes) -> None:
        self._list_outcomes = list_outcomes
        self._counts: dict[str, dict[str, tuple[int, int]]] = {}

    def templates_of_site(self, site: str) -> UrlTemplates:
        """Return the templates of a site; later pages are added to them."""
        return UrlTemplates(counts=self._load_counts(site))

    def add(self, site: str, url: str, outcome: Outcome) -> None:
        """Count a page that was read."""
        if outcome not in ARTICLES and outcome not in OTHERS:
            return
        counts, is_article = self._load_counts(site), outcome in ARTICLES
        for template in list_templates(url):
            # Popped and set anew, so that the least recently used templates come first and are dropped.
            articles, others = counts.pop(template, (0, 0))
            counts[template] = (articles + is_article, others + (not is_article))
        while len(counts) > MAX_TEMPLATES:
            del counts[next(iter(counts))]

    def _load_counts(self, site: str) -> dict[str, tuple[int, int]]:
        if (counts := self._counts.get(site)) is None:
            counts = self._counts[site] = {}
            for url, outcome in self._list_outcomes(site):
                self.add(site, url, outcome)
        return counts
