"""Zones of a page as a set of bits: the evidence in the tags, classes and ids around a text.

A zone is evidence only: publishers name an article "widget" and an advertisement "article". roles.py decides what it
means for a paragraph, together with structure and repetition.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

ARTICLE = 1 << 0
MAIN = 1 << 1
ASIDE = 1 << 2
NAV = 1 << 3
HEADER = 1 << 4
FOOTER = 1 << 5
FIGURE = 1 << 6
FIGCAPTION = 1 << 7
QUOTE = 1 << 8
LIST = 1 << 9
TABLE = 1 << 10
HIDDEN = 1 << 11
FORM = 1 << 12
BUTTON = 1 << 13
PRE = 1 << 14
# By class and id.
RELATED = 1 << 15
LATEST = 1 << 16
PROMO = 1 << 17
SHARE = 1 << 18
COMMENTS = 1 << 19
BYLINE = 1 << 20
CAPTION = 1 << 21
TAGS = 1 << 22
PLAYER = 1 << 23
MENU = 1 << 24
AD = 1 << 25
CONSENT = 1 << 26
EMBED = 1 << 27
DEK = 1 << 28
DATE = 1 << 29
BIO = 1 << 30
DISCLAIMER = 1 << 31
ADDRESS = 1 << 32
BODY = 1 << 33

TAG_ZONES = {
    "article": ARTICLE,
    "main": MAIN,
    "aside": ASIDE,
    "nav": NAV,
    "header": HEADER,
    "footer": FOOTER,
    "figure": FIGURE,
    "figcaption": FIGCAPTION | CAPTION,
    "blockquote": QUOTE,
    "ul": LIST,
    "ol": LIST,
    "dl": LIST,
    "table": TABLE,
    "form": FORM,
    "button": BUTTON,
    "pre": PRE,
    "time": DATE,
    "address": ADDRESS,
    "video": PLAYER,
    "audio": PLAYER,
}

_ROLE_ZONES = {
    "navigation": NAV,
    "menu": NAV,
    "menubar": NAV,
    "complementary": ASIDE,
    "contentinfo": FOOTER,
    "banner": HEADER,
    "article": ARTICLE,
    "main": MAIN,
}

_WORDS = {
    RELATED: "related relateds recirc recirculation recommend recommended recommendation recommendations recommends "
    "readnext readmore readalso alsolike"
    " seealso upnext outbrain taboola teaser teasers suggest suggested suggestions similar verwandt linkbox moreon "
    "morefrom nextpost nextarticle"
    " nextstory promo promos relatedposts relatedarticles relatedstories relatedcontent relatedlinks relatednews "
    "furtherreading "
    "youmaylike",
    LATEST: "latest mostread mostpopular mostviewed mostshared mostrecent popular trending ticker topstories "
    "topnews latestnews recentposts",
    PROMO: "newsletter newsletters subscribe subscription subscriptions subscriber signup donate donation donations "
    "membership paywall apppromo"
    " inlinepromo cta mailinglist optin calltoaction mailchimp mc4wp",
    SHARE: "share shares sharing sharebar sharetools sharedaddy articletools toolbar reprint reprints social socials "
    "sociable addtoany addthis followus "
    "socialmedia",
    COMMENTS: "comment comments commentlist commentform commentarea disqus respond livefyre viafoura spotim talkbacks "
    "kommentare commentaires comentarios komentarze yorumlar",
    BYLINE: "byline bylines author authors writer contributor contributors reporter authorname autor auteur "
    "redacteur journalist signature firma assinatura muhabir szerzo",
    CAPTION: "caption captions figcaption popisek bildtext bildetekst legenda didascalia"
    " credit credits photocredit imagecredit bildunterschrift legende",
    TAGS: "tag tags taglist tagcloud taglinks keywords keyword topics hashtags etiket etiketler etiquetas",
    PLAYER: "video videos player audio podcast playlist jwplayer brightcove videojs",
    MENU: "nav navbar navigation menu menus breadcrumb breadcrumbs crumbs masthead siteheader sitefooter footer "
    "submenu topbar megamenu sitenav",
    AD: "ad ads advert advertisement adverts sponsor sponsored dfp adslot adunit",
    CONSENT: "cookie cookies consent gdpr onetrust cookiebar",
    EMBED: "tweet embed embedded oembed",
    DEK: "dek standfirst subtitle subtitles subhead subheading subheadline strapline summary lead lede leadtext "
    "excerpt deck teasertext chapeau"
    " vorspann intro introtext introduction entradilla bajada synopsis abstract blurb sapo kicker2 "
    "sottotitolo perex spot sommario chapo anrisstext ingress preamble overview copete manchet podnadpis "
    "teaserlead subtitulo",
    DATE: "date dates datum fecha dato tarih time timestamp published pubdate postmeta dateline datetime updated "
    "postdate publishdate",
    BIO: "bio authorbio authorbox authorinfo authorcard biography aboutauthor",
    DISCLAIMER: "disclaimer disclosure copyright legal",
    BODY: "articlebody storybody articlecontent storycontent entrycontent postcontent posttext articletext "
    "storytext bodytext bodycopy postbody",
}
_PAIRS = {
    RELATED: "more-on more-from more-in also-like read-more read-next read-also see-also up-next further-reading "
    "next-article next-post next-story"
    " you-may may-like more-stories more-news",
    LATEST: "most-read most-popular most-viewed most-shared most-recent top-stories top-news recent-posts "
    "recent-articles",
    PROMO: "sign-up app-promo inline-promo call-to mailing-list opt-in",
    SHARE: "follow-us",
    MENU: "site-header site-footer",
    CAPTION: "photo-credit image-credit",
    EMBED: "twitter-tweet instagram-media fb-post",
    DEK: "sub-title sub-head sub-heading sub-headline stand-first strap-line article-desc article-description "
    "article-lead linha-fina",
    DATE: "time-stamp posted-on",
    BIO: "author-bio author-box author-info author-card author-desc author-profile author-description about-author "
    "about-the the-author",
    BODY: "article-body article-content article-text story-body story-content story-text entry-content post-content "
    "post-body post-text body-text"
    " body-copy body-content main-content",
}
_WORD_ZONES = {word: flag for flag, words in _WORDS.items() for word in words.split()}
_PAIR_ZONES = {pair.replace("-", " "): flag for flag, pairs in _PAIRS.items() for pair in pairs.split()}
_HIDING = frozenset(
    (
        "hidden hide d-none is-hidden u-hidden visually-hidden visuallyhidden sr-only screen-reader-text"
        " screen-reader-only"
    ).split()
)
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|clip\s*:\s*rect\(\s*[01](?:px)?[\s,]|"
    r"clip-path\s*:\s*inset\(\s*(?:50|100)%",
    re.IGNORECASE,
)
_NAME_ATTRIBUTES = frozenset({"class", "id", "data-component", "data-testid", "data-module"})
_OTHER_ATTRIBUTES = frozenset({"style", "role", "hidden", "aria-hidden", "itemprop"})
_DIGITS = "0123456789"
_MAX_NAMES = 300
"""Characters of an element's class, id and the like that are examined."""
_MAX_CACHE_KEY = _MAX_NAMES + 100
"""Longest cache key, in characters, so that no page can fill the memory."""
_MAX_CACHE_ENTRIES = 1 << 13
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


@lru_cache(maxsize=1 << 15)
def zones_of_names(names: str) -> int:
    """Return the zones of the words in a class or id.

    >>> zones_of_names("c-RelatedArticles") == RELATED, zones_of_names("sr-only") == HIDDEN
    (True, True)
    >>> zones_of_names("shadow")
    0
    """
    zone = 0 if _HIDING.isdisjoint(names.split()) else HIDDEN
    before = ""
    for word in _WORD.findall(names):
        word = word.lower()
        zone |= _WORD_ZONES.get(word, 0) | _PAIR_ZONES.get(f"{before} {word}", 0)
        before = word
    return zone


BOX = (
    NAV
    | ASIDE
    | RELATED
    | LATEST
    | PROMO
    | SHARE
    | COMMENTS
    | BYLINE
    | CAPTION
    | TAGS
    | PLAYER
    | MENU
    | AD
    | CONSENT
    | EMBED
    | DEK
    | DATE
    | BIO
    | DISCLAIMER
)
"""Zones of boxes beside the article."""
NON_ARTICLE = NAV | MENU | CONSENT | COMMENTS | RELATED | LATEST
"""Zones without article text."""
WRAPPER = ARTICLE | MAIN | HEADER | BODY | HIDDEN | TABLE
"""Zones that an element around a headline can have."""
_ARTICLE_CLASS_ZONES = RELATED | LATEST | BODY
"""Zones that the class of an <article> can open: other words name its subject ("tag-video", "category-menu")."""


def zones_of_element(tag: str, attributes: Sequence[tuple[str, str]]) -> int:
    """Return the zones that an element opens, by its tag and attributes.

    >>> zones_of_element("div", [("class", "teaser"), ("id", "story-7254")]) == RELATED
    True
    """
    zone, cache_key = 0, tag
    for name, value in attributes:
        if name in _NAME_ATTRIBUTES:
            cache_key = f"{cache_key} {value}"
        elif name in _OTHER_ATTRIBUTES:
            zone |= _zones_of_attribute(name, value)
    cache_key = cache_key[:_MAX_CACHE_KEY]
    if cache_key[-1] in _DIGITS:
        # "story-7254" opens the zones of "story-0", and the next page has another number.
        cache_key = cache_key.rstrip(_DIGITS) + "0"
    return zone | _ZONE_CACHE[cache_key]


_PROPERTIES = {"articlebody": BODY, "description": DEK, "alternativeheadline": DEK}
"""Values of itemprop."""


def _zones_of_attribute(name: str, value: str) -> int:
    match name:
        case "style":
            return HIDDEN if _HIDDEN_STYLE.search(value) else 0
        case "role":
            return _ROLE_ZONES.get(value, 0)
        case "itemprop":
            return _PROPERTIES.get(value.lower(), 0)
        case "aria-hidden":
            return HIDDEN if value == "true" else 0
        case _:  # hidden, whatever its value
            return HIDDEN


def _zones_of_tag(tag: str, names: str) -> int:
    if "-" in tag:
        # The name of a custom element is a description: <app-navbar>, <channels-list>.
        names = f"{tag} {names}"
    hints = zones_of_names(names[:_MAX_NAMES])
    if tag == "footer":
        # The footer of an article contains recommendations; the page footer is outside of the article.
        hints &= ~MENU
    return TAG_ZONES.get(tag, 0) | (hints & _ARTICLE_CLASS_ZONES if tag in ("article", "main") else hints)


class _ZoneCache(dict[str, int]):
    """Zones by tag and names, such as "div story-body": the names of a site's elements are the same on all its pages.

    An lru_cache takes three times as long, for each element of each page.
    """

    def __missing__(self, key: str) -> int:
        if len(self) >= _MAX_CACHE_ENTRIES:
            self.clear()
        tag, _, names = key.partition(" ")
        zone = self[key] = _zones_of_tag(tag, names)
        return zone


_ZONE_CACHE = _ZoneCache()
