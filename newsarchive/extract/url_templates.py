"""What a site's article addresses look like, learnt from those that were read.

    https://news.example/world/2026/05/19/rain-falls     an article       world/{year}/{day}/{day}/{title}
    https://news.example/topics/rain                     no article       topics/{word}

Each address is counted under two templates: one that keeps the names of its folders, and one in which they are
`{word}`. The first that was seen often enough decides, so that `topics/{word}` says no though `{word}/{word}` is open.

What was learnt depends on when one asks, and a reading must not: the index is a function of the WARC files. So the
crawl and `rebuild` read pages without it. It tells which of the links that were found are asked for first, which no
law binds; and whoever reads a page by hand may hand it in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from newsarchive.extract.urls import host, pieces

_FEWEST = 3
"""Addresses of one template that tell something."""
_MOSTLY = 0.8
"""Share of one kind from which a template is taken for that kind."""
_NAMES = {
    "y": "{year}", "m": "{day}", "n": "{number}", "s": "{title}", "S": "{title}", "h": "{hash}", "w": "{word}",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One form that addresses of a site take."""

    text: str
    """Host and path, such as "news.example/world/{year}/{title}"."""
    articles: int
    """Addresses of this form that were articles."""
    others: int
    """Those that were not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes:
    """What is known of the addresses of one site, or of several: templates begin with the host."""

    counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """(articles, others) by template."""

    def likes(self, url: str) -> bool | None:
        """Say whether an address has the form of an article's; None where too little is known of its form.

        >>> known = learn([(f"https://news.example/world/{n}", True) for n in range(10401, 10405)])
        >>> known.likes("https://news.example/world/20177"), known.likes("https://news.example/world")
        (True, None)
        """
        for template in templates(url):
            articles, others = self.counts.get(template, (0, 0))
            if articles + others >= _FEWEST:
                share = articles / (articles + others)
                return True if share >= _MOSTLY else False if share <= 1 - _MOSTLY else None
        return None

    def known(self) -> tuple[Template, ...]:
        """Return the templates that decide something, those with most addresses first."""
        told = [
            Template(text=text, articles=articles, others=others)
            for text, (articles, others) in self.counts.items()
            if articles + others >= _FEWEST
        ]
        return tuple(sorted(told, key=lambda each: (-each.articles - each.others, each.text)))


def learn(addresses: Iterable[tuple[str, bool]]) -> Shapes:
    """Learn from addresses and whether each was an article; their order does not matter.

    >>> learn([("https://a.example/2026/rain-falls-on-hills", True)]).counts
    {'a.example/{year}/{title}': (1, 0)}
    """
    counts: dict[str, tuple[int, int]] = {}
    for url, is_article in addresses:
        for template in templates(url):
            articles, others = counts.get(template, (0, 0))
            counts[template] = (articles + is_article, others + (not is_article))
    return Shapes(counts=counts)


# The links of a site's pages are the same ones again and again.
@lru_cache(maxsize=20_000)
def templates(url: str) -> tuple[str, ...]:
    """Return the templates of an address, the most telling first.

    >>> templates("https://www.news.example/world/2026/05/rain-falls-on-hills.html")
    ('news.example/world/{year}/{day}/{title}.html', 'news.example/{word}/{year}/{day}/{title}.html')
    """
    path, ending = pieces(url)
    name = host(url).removeprefix("www.")
    ending = ending.replace("?", "?{id}")
    # The last part names the page, those before it where it lies.
    words = [segment.lower() if kind == "w" else _NAMES[kind] for kind, segment in path[:-1]]
    words += [_NAMES[kind] for kind, _ in path[-1:]]
    forms = "/".join([name, *words]) + ending, "/".join([name, *(_NAMES[kind] for kind, _ in path)]) + ending
    return forms[:1] if forms[0] == forms[1] else forms
