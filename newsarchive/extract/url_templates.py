"""Learn templates of article URLs from the URLs of a site that were read.

    https://news.example/world/2026/05/19/rain-falls     an article       world/{year}/{day}/{day}/{title}
    https://news.example/topics/rain                     not an article   topics/{word}

Each URL is counted under two templates: one with the names of its folders, and one with `{word}` in their place. The
first template with enough URLs decides, so that `topics/{word}` can reject what `{word}/{word}` leaves open.

The templates depend on what has been read before, but readings must not: the index is a function of the WARC files. So
they decide only which links are fetched first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from newsarchive.extract.urls import host, segment_kinds

_MIN_URLS = 3
"""URLs of a template from which it decides."""
_MIN_SHARE = 0.8
"""Share of one kind from which a template predicts that kind."""
_NAMES = {
    "y": "{year}", "m": "{day}", "n": "{number}", "s": "{title}", "S": "{title}", "h": "{hash}", "w": "{word}",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlTemplates:
    """The templates of one or several sites; each begins with the host."""

    counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """(articles, others) by template."""

    def predicts_article(self, url: str) -> bool | None:
        """Return whether a URL has the form of an article's; None if too little is known.

        >>> templates = UrlTemplates(counts={"news.example/world/{number}": (4, 0)})
        >>> templates.predicts_article("https://news.example/world/20177")
        True
        >>> templates.predicts_article("https://news.example/world") is None
        True
        """
        for template in list_templates(url):
            articles, others = self.counts.get(template, (0, 0))
            if articles + others >= _MIN_URLS:
                share = articles / (articles + others)
                return True if share >= _MIN_SHARE else False if share <= 1 - _MIN_SHARE else None
        return None


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
