"""Which links look like articles, by what the archive has read of their site. It grows as pages are read.

It decides in which order links are asked for, and nothing else: what a page says never depends on what was read before.
"""

from collections.abc import Callable, Iterable

from newsarchive.extract.url_templates import Shapes, templates
from storage.model import Outcome

ARTICLES = frozenset({Outcome.ARTICLE, Outcome.PAYWALL_STUB})
OTHERS = frozenset({Outcome.LISTING, Outcome.OTHER, Outcome.MEDIA})
"""Outcomes that tell whether an address is an article's: an error or a challenge tells nothing."""
MOST = 20_000
"""Templates that are remembered of a site."""

Read = Callable[[str], Iterable[tuple[str, Outcome]]]
"""Gives addresses of a site, by its name, and what each turned out to be."""


class Likely:
    """What is known of the addresses of sites; the index is asked when a site is first met."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._counts: dict[str, dict[str, tuple[int, int]]] = {}

    def of(self, site: str) -> Shapes:
        """Return what is known of a site's addresses, as it grows."""
        return Shapes(counts=self._of(site))

    def note(self, site: str, url: str, outcome: Outcome) -> None:
        """Learn from a page that was read."""
        if outcome in ARTICLES or outcome in OTHERS:
            _count(self._of(site), url, is_article=outcome in ARTICLES)

    def _of(self, site: str) -> dict[str, tuple[int, int]]:
        counts = self._counts.get(site)
        if counts is None:
            counts = self._counts[site] = {}
            for url, outcome in self._read(site):
                self.note(site, url, outcome)
        return counts


def _count(counts: dict[str, tuple[int, int]], url: str, *, is_article: bool) -> None:
    for template in templates(url):
        # What was met last stands last, and what was not met for long goes.
        articles, others = counts.pop(template, (0, 0))
        counts[template] = (articles + is_article, others + (not is_article))
    while len(counts) > MOST:
        del counts[next(iter(counts))]
