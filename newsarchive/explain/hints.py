"""The names of what a block's markup hints at, for people to read."""

from newsarchive.extract import zones

_WORDS = {
    zones.ASIDE: "aside", zones.NAV: "navigation", zones.FOOTER: "footer", zones.FIGURE: "figure",
    zones.FIGCAPTION: "figcaption", zones.QUOTE: "quotation", zones.LIST: "list", zones.TABLE: "table",
    zones.HIDDEN: "hidden", zones.FORM: "form", zones.BUTTON: "button", zones.PRE: "preformatted",
    zones.RELATED: "related", zones.LATEST: "latest", zones.PROMO: "promotion", zones.SHARE: "sharing",
    zones.COMMENTS: "comments", zones.BYLINE: "byline", zones.CAPTION: "caption", zones.TAGS: "tags",
    zones.PLAYER: "player", zones.MENU: "menu", zones.AD: "advertisement", zones.CONSENT: "consent",
    zones.EMBED: "embedded", zones.DEK: "dek", zones.DATE: "date", zones.BIO: "biography",
    zones.DISCLAIMER: "disclaimer", zones.BODY: "article body",
}  # fmt: skip


def hints(zone: int) -> tuple[str, ...]:
    """Return what a block's own and surrounding tags, classes and ids hint at, as words.

    >>> hints(zones.FIGURE | zones.CAPTION)
    ('figure', 'caption')
    """
    return tuple(word for flag, word in _WORDS.items() if zone & flag)
