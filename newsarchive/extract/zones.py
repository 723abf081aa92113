"""Zones of a page as a set of bits: the evidence in the tags, classes and ids around a text.

A zone is evidence only: publishers name an article "widget" and an advertisement "article". roles.py decides what it
means for a paragraph, together with structure and repetition.
"""

import re
from collections.abc import Sequence

from newsarchive.extract import phrases
from newsarchive.extract.word_tables import alternatives, words

(
    ARTICLE, MAIN, ASIDE, NAV, HEADER, FOOTER, FIGURE, FIGCAPTION, QUOTE, LIST, TABLE, HIDDEN, FORM, BUTTON, PRE,
) = (1 << bit for bit in range(15))  # fmt: skip
# By class and id.
(
    RELATED, LATEST, PROMO, SHARE, COMMENTS, BYLINE, CAPTION, TAGS, PLAYER, MENU, AD, CONSENT, EMBED, DEK, DATE, BIO,
    DISCLAIMER, ADDRESS, BODY,
) = (1 << bit for bit in range(15, 34))  # fmt: skip
BLOCK, LINES = 1 << 34, 1 << 35  # by style
NOTICE = 1 << 36  # a name that may be that of corrections; it is a hint for the page, and in no block

TAG_ZONES = {
    "article": ARTICLE, "main": MAIN, "aside": ASIDE, "nav": NAV, "header": HEADER, "footer": FOOTER, "figure": FIGURE,
    "figcaption": FIGCAPTION | CAPTION, "blockquote": QUOTE, "ul": LIST, "ol": LIST, "dl": LIST, "table": TABLE,
    "form": FORM, "button": BUTTON, "pre": PRE | LINES, "time": DATE, "address": ADDRESS, "video": PLAYER,
    "audio": PLAYER, "template": HIDDEN,
}  # fmt: skip

_ROLE_ZONES = {
    "navigation": NAV, "menu": NAV, "menubar": NAV, "complementary": ASIDE, "contentinfo": FOOTER, "banner": HEADER,
    "article": ARTICLE, "main": MAIN,
}  # fmt: skip

_NAMED_ZONES = {
    "related": RELATED, "latest": LATEST, "promo": PROMO, "share": SHARE, "comments": COMMENTS, "byline": BYLINE,
    "caption": CAPTION, "tags": TAGS, "player": PLAYER, "menu": MENU, "ad": AD, "consent": CONSENT, "embed": EMBED,
    "dek": DEK, "date": DATE, "bio": BIO, "disclaimer": DISCLAIMER, "body": BODY,
}  # fmt: skip
_WORD_ZONES = {word.replace("-", " "): zone for name, zone in _NAMED_ZONES.items() for word in words(f"zone_{name}")}
"""Zones by a word, or by a pair of words, of a class or id."""
_SECOND_WORDS = frozenset(name.partition(" ")[2] for name in _WORD_ZONES)
_HIDING = frozenset(words("hiding_class"))
NOTICE_NAMES = re.compile(rf"(?<![a-z])(?:{alternatives('correction_class')})(?![a-z])")
"""Names of elements around a correction, in lower case."""
_STYLES = {
    HIDDEN: re.compile(
        r"display\s*:\s*none|visibility\s*:\s*hidden|clip\s*:\s*rect\(\s*[01](?:px)?[\s,]|"
        r"clip-path\s*:\s*inset\(\s*(?:50|100)%",
        re.IGNORECASE,
    ),
    BLOCK: re.compile(r"display\s*:\s*(?:block|flex|grid|list-item|table)\b", re.IGNORECASE),
    LINES: re.compile(r"white-space\s*:\s*(?:pre|break-spaces)\b", re.IGNORECASE),
}
_NAME_ATTRIBUTES = frozenset({"class", "id", "data-component", "data-testid", "data-module"})
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_OTHER_ATTRIBUTES = frozenset({"style", "role", "hidden", "aria-hidden", "aria-label", "itemprop"})
_DIGITS = "0123456789"
_MAX_NAMES = 300  # characters of an element's class, id and the like that are examined
_MAX_CACHE_KEY = _MAX_NAMES + 100  # longest cache key, in characters, so that no page can fill the memory
_MAX_CACHE_ENTRIES = 1 << 15
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def zones_of_names(names: str) -> int:
    """Return the zones of the words in a class or id.

    >>> zones_of_names("c-RelatedArticles") == RELATED, zones_of_names("sr-only") == HIDDEN
    (True, True)
    >>> zones_of_names("shadow")
    0
    """
    zone = 0 if _HIDING.isdisjoint(names.split()) else HIDDEN
    zone |= NOTICE if NOTICE_NAMES.search(names.lower()) else 0
    before = ""
    for word in map(str.lower, _WORD.findall(names)):
        zone |= _WORD_ZONES.get(word, 0)
        if word in _SECOND_WORDS:
            zone |= _WORD_ZONES.get(f"{before} {word}", 0)
        before = word
    return zone


BOX = (
    NAV | ASIDE | RELATED | LATEST | PROMO | SHARE | COMMENTS | BYLINE | CAPTION | TAGS | PLAYER | MENU | AD | CONSENT
    | EMBED | DEK | DATE | BIO | DISCLAIMER
)  # fmt: skip
"""Zones of boxes beside the article."""
NON_ARTICLE = NAV | MENU | CONSENT | COMMENTS | RELATED | LATEST
"""Zones without article text."""
NOT_BODY = NAV | MENU | HIDDEN | COMMENTS | CONSENT | FOOTER | FORM | RELATED | PROMO | BIO
"""Zones in which no article is looked for."""
NOT_TEXT = (
    NAV | MENU | HIDDEN | CONSENT | BUTTON | RELATED | LATEST | PROMO | SHARE | COMMENTS | TAGS | ASIDE | FOOTER | FORM
    | CAPTION | AD | BIO | PLAYER
)  # fmt: skip
"""Zones of boxes in an article that are none of its text."""
WRAPPER = ARTICLE | MAIN | HEADER | BODY | HIDDEN | TABLE | NOTICE
"""Zones that an element around a headline can have."""
_ARTICLE_CLASS_ZONES = RELATED | LATEST | BODY | NOTICE
"""Zones that the class of an <article> can open: other words name its subject ("tag-video", "category-menu")."""


def zones_of_element(tag: str, attributes: Sequence[tuple[str, str]]) -> int:
    """Return the zones that an element opens, by its tag and attributes.

    >>> zones_of_element("div", [("class", "teaser"), ("id", "story-7254")]) == RELATED
    True
    """
    zone, cache_key = 0, tag
    for name, value in attributes:
        if name in _NAME_ATTRIBUTES:
            # The id of a heading is made of its text: "social-benefits" is no share bar.
            if name != "id" or tag not in HEADINGS:
                cache_key = f"{cache_key} {value}"
            elif NOTICE_NAMES.search(value[:_MAX_NAMES].lower()):
                zone |= NOTICE
        elif name in _OTHER_ATTRIBUTES:
            zone |= _zones_of_attribute(name, value)
    zone |= NOTICE if len(cache_key) > _MAX_NAMES else 0  # names that are not examined may be
    cache_key = cache_key[:_MAX_CACHE_KEY]
    if cache_key[-1] in _DIGITS:
        # "story-7254" opens the zones of "story-0", and the next page has another number.
        cache_key = cache_key.rstrip(_DIGITS) + "0"
    return zone | _ZONE_CACHE[cache_key]


_PROPERTIES = {"articlebody": BODY, "description": DEK, "alternativeheadline": DEK}
"""Zones by the value of itemprop."""


def _zones_of_attribute(name: str, value: str) -> int:
    match name:
        case "style":
            return sum(zone for zone, style in _STYLES.items() if style.search(value))
        case "role":
            return _ROLE_ZONES.get(value, 0)
        case "itemprop":
            notice = NOTICE if NOTICE_NAMES.search(value[:_MAX_NAMES].lower()) else 0
            return _PROPERTIES.get(value.lower(), 0) | notice
        case "aria-label":
            return PROMO if phrases.NEWSLETTER.match(value) else 0
        case "aria-hidden":
            return HIDDEN if value == "true" else 0
        case _:  # hidden, whatever its value
            return HIDDEN


class _ZoneCache(dict[str, int]):
    """Zones by tag and names, such as "div story-body": the names of a site's elements are the same on all its pages.

    An lru_cache takes three times as long, for each element of each page.
    """

    def __missing__(self, key: str) -> int:
        if len(self) >= _MAX_CACHE_ENTRIES:
            self.clear()
        tag, _, names = key.partition(" ")
        if "-" in tag:
            # The name of a custom element is a description: <app-navbar>, <channels-list>.
            names = f"{tag} {names}"
        hints = zones_of_names(names[:_MAX_NAMES])
        if tag == "footer":
            # The footer of an article contains recommendations; the page footer is outside of the article.
            hints &= ~MENU
        zone = TAG_ZONES.get(tag, 0) | (hints & _ARTICLE_CLASS_ZONES if tag in ("article", "main") else hints)
        self[key] = zone
        return zone


_ZONE_CACHE = _ZoneCache()
