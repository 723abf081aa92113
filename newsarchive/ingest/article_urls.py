"""URL templates that are articles on a site, learnt from the pages that were read.

    https://news.example/world/2026/05/19/rain-falls     an article       world/{year}/{day}/{day}/{title}
    https://news.example/topics/rain                     not an article   topics/{word}

Each URL is counted under two templates: one with the names of its folders, and one with `{word}` in their place. The
first template with enough URLs decides, so that `topics/{word}` can reject what `{word}/{word}` leaves open.

They decide the order of links, and how soon a page that was no article is fetched again; no reading depends on them.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache

from newsarchive.extract.urls import host, segment_kinds
from storage.model import Outcome

ARTICLES = frozenset({Outcome.ARTICLE, Outcome.PAYWALL_STUB})
OTHERS = frozenset({Outcome.LISTING, Outcome.OTHER, Outcome.MEDIA})
"""Outcomes that say that a URL is no article's; an error or a challenge page says nothing."""
MAX_TEMPLATES = 20_000
"""Templates kept per site."""
_MIN_URLS = 3  # URLs of a template from which it decides
_MIN_SHARE = 0.8  # share of one kind from which a template predicts that kind
_NAMES = {"y": "{year}", "m": "{day}", "n": "{number}", "s": "{title}", "S": "{title}", "h": "{hash}", "w": "{word}"}

ListOutcomes = Callable[[str], Iterable[tuple[str, Outcome]]]
"""Returns the URLs of a site, given by name, with the outcomes of their pages."""


class ArticleUrlPatterns:
    """Counts of articles and other pages by site and URL template. A site is loaded from the index when first used."""

    def __init__(self, list_outcomes: ListOutcomes) -> None:
        self._list_outcomes = list_outcomes
        self._counts: dict[str, dict[str, tuple[int, int]]] = {}

    def predicts_article(self, site: str, url: str) -> bool | None:
        """Return whether a URL has the form of an article's on a site; None if too little is known."""
        counts = self._load_counts(site)
        for template in list_templates(url):
            articles, others = counts.get(template, (0, 0))
            if articles + others >= _MIN_URLS:
                share = articles / (articles + others)
                return True if share >= _MIN_SHARE else False if share <= 1 - _MIN_SHARE else None
        return None

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


# The same links recur on all pages of a site.
@lru_cache(maxsize=20_000)
def list_templates(url: str) -> tuple[str, ...]:
    """Return the templates of a URL, most specific first.

    >>> list_templates("https://www.news.example/world/2026/05/rain-falls-on-hills.html")
    ('news.example/world/{year}/{day}/{title}.html', 'news.example/{word}/{year}/{day}/{title}.html')
    """
    path, ending = segment_kinds(url)
    name = host(url).removeprefix("www.")
    ending = ending.replace("?", "?{id}")
    # The last segment names the page, those before it are folders.
    words = [segment.lower() if kind == "w" else _NAMES[kind] for kind, segment in path[:-1]]
    words += [_NAMES[kind] for kind, _ in path[-1:]]
    forms = "/".join([name, *words]) + ending, "/".join([name, *(_NAMES[kind] for kind, _ in path)]) + ending
    return forms[:1] if forms[0] == forms[1] else forms
