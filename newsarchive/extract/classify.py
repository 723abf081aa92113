"""How much speaks for a page being an article, and what it is."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from newsarchive.extract import zones
from newsarchive.extract.blocks import Block
from newsarchive.extract.blocks import weight as weight_of
from newsarchive.extract.jsonld import types
from newsarchive.extract.page_features import Impression
from newsarchive.extract.page_input import AS_USUAL, Asked
from newsarchive.extract.placeholder_pages import stand_in
from newsarchive.extract.urls import likeness, parts_of
from storage.model import Discovery, UrlKind

_SHOPS = re.compile(
    r"/(?:products?|shop|store|collections?|cart|buy|c|p|dp|item)/|^https?://(?:shop|store)\.", re.IGNORECASE
)
_FORUMS = re.compile(
    r"forum|/threads?/|/questions?/|viewtopic|/t/[^/]+/\d+|/r/\w+/comments/|/discussions?/|/topic/", re.IGNORECASE
)
_MANUALS = re.compile(
    r"/(?:docs?|documentation|reference|manual|handbook|tutorials?|api|learn|guide)/|^https?://(?:docs|developers?|"
    r"learn|help|support)\.|^https?://[^/]*\.readthedocs",
    re.IGNORECASE,
)
_JOURNALS = re.compile(
    r"/(?:blogs?|news|articles?|story|stories|post|posts|p|opinion|features?|magazine)/[^/]{8,}|^https?://blog\.",
    re.IGNORECASE,
)
_ADDRESSES = (
    (1.0, _JOURNALS, "(an address among a journal's)"),
    (-2.0, _SHOPS, "an address among a shop's"),
    (-2.5, _FORUMS, "an address among a forum's"),
    (-1.5, _MANUALS, "an address among a manual's"),
)
_PUBLICATION = ("article:published_time", "datepublished", "parsely-pub-date", "pubdate")
_A_PRICE_LIST = 8
_PRICE = re.compile(r"[$€£¥₹]\s?\d|\d\s?(?:€|USD|EUR|GBP|zł|kr)\b")
_TITLE = re.compile(r"(?:[^\W_]+[-_]){6,}[^\W_]+")
"""A title of seven words or more, as the last part of an address."""
_A_STORY = 1_500
"""Characters of running text from which an <article> is no card."""
_SOME = 350
"""Characters of text from which there is more than little."""
_WHOLE, _TOGETHER = 0.7, 0.6
"""Points for a body that is most of its page, and for one that stands in one <article> with the headline."""
_NOT_ARTICLES = frozenset(
    "Product ProductGroup DiscussionForumPosting QAPage JobPosting SoftwareApplication Course Event".split()
)
ENOUGH = 2.8
"""Weight from which a page is an article."""
_STEEP = 1.0
"""Of the curve from weight to confidence. Chosen on 240 labelled pages of all kinds, see docs of Reading.confidence."""
# What publishing systems write into <body class>: WordPress and Drupal print most of the web's newspapers.
_POST = re.compile(r"single-(?:post|article|news|story)|(?:page-)?node-type-(?:article|news|story|blog|post)\w*")
_ARCHIVE = frozenset("archive category tag author search search-results blog date paged post-type-archive".split())


@dataclass(slots=True)
class Weight:
    """What speaks for an article and against it, each with its points."""

    parts: list[tuple[float, str]] = field(default_factory=list)

    def add(self, points: float, what: str) -> None:
        """Note one thing that speaks for an article, or with negative points against it."""
        if points:
            self.parts.append((points, what))

    @property
    def total(self) -> float:
        """The sum of all points."""
        return sum(points for points, _ in self.parts)

    @property
    def reason(self) -> str:
        """What speaks for an article by itself, in a few words."""
        telling = [what for points, what in self.parts if points > 0 and not what.startswith("(")]
        return ", ".join(telling[:3]) or "its text"

    @property
    def confidence(self) -> float:
        """How sure the verdict is that follows from the total, 0.5 to 1."""
        return _confidence(self.total)


def _confidence(total: float) -> float:
    return round(1 / (1 + math.exp(-_STEEP * abs(total - ENOUGH))), 2)


def weigh(seen: Impression, asked: Asked = AS_USUAL, *, stub: bool = False) -> Weight:
    """Return how much speaks for an article, or for its stub.

    What stands in parentheses is no reason to tell a reader.
    """
    weight = Weight()
    _by_markup(seen, weight)
    text, why = _by_text(seen)
    # A stub has little text because it is one.
    weight.add(max(text, 0.0) if stub else text, why)
    _by_address(seen.url, weight)
    _by_layout(seen, weight)
    liked = asked.shapes.likes(seen.url)
    if liked is not None:
        weight.add(1.5 if liked else -1.5, "(what the site's other addresses of this form were)")
    if seen.laid_out:
        weight.add(3.0, "the site's layout")
    if seen.discovery is not None:
        weight.add(_by_discovery(seen.discovery), "(how it was found)")
    return weight


def is_none_anyway(seen: Impression, asked: Asked) -> bool:
    """Say whether a page, seen without a body, is no article and no stand-in for sure, whatever its body may be."""
    # The less text a page has, the sooner it stands in for another one.
    if stand_in(seen, asked.status):
        return False
    # As for a stub, for which the text that is not there yet does not count.
    most = weigh(seen, asked, stub=True).total + _most_by_text(seen)
    return most < ENOUGH and _confidence(most) == 1


def _most_by_text(seen: Impression) -> float:
    """Return the most that any body of a page can speak for an article: all running text that there is."""
    together = _TOGETHER if seen.around is not None else 0.0
    return _by_size(sum(weight_of(b.text) for b in _running(seen.flow.blocks))) + _WHOLE + together


def _by_markup(seen: Impression, weight: Weight) -> None:
    if seen.node is not None:
        weight.add(2.0, "JSON-LD " + "/".join(sorted(types(seen.node))))
    elif {t for n in seen.found for t in types(n)} & _NOT_ARTICLES:
        weight.add(-2.5, "JSON-LD of something else")
    og = seen.head.first("og:type").lower()
    if "article" in og or og in ("blog", "news"):
        weight.add(1.2, f"og:type {og}")
    if og.startswith("product"):
        weight.add(-3.0, f"og:type {og}")
    if seen.head.first(*_PUBLICATION):
        weight.add(1.6 if "article" in og else 1.3, "a publication date")
    elif seen.marked_up:
        weight.add(1.5, "microdata of an article")
    elif seen.dated:
        weight.add(0.6, "a date")
    weight.add(0.4 if seen.signed else 0.0, "(an author)")
    post = next((name for name in sorted(seen.frame) if _POST.fullmatch(name)), None)
    if post:
        weight.add(1.5, f"body class {post}")
    elif archive := sorted(seen.frame & _ARCHIVE):
        weight.add(-0.8, f"body class {archive[0]}")
    weight.add(
        _TOGETHER if seen.own_text >= _A_STORY and seen.in_one_article else 0.0,
        "(headline and text in one <article>)",
    )


def _by_address(url: str, weight: Weight) -> None:
    parts = parts_of(url)
    if not parts.path.strip("/") and not parts.query:
        weight.add(-4.0, "the address of a front page")
        return
    like = likeness(url, "")
    score = 2.2 if like >= 2.5 else 1.5 if like >= 1.5 else 0.5 if like >= 0.5 else -1.5 if like <= -2 else 0.0
    weight.add(score, "(the shape of its address)")
    # Whatever folder it lies in: nobody calls a section or a product so.
    weight.add(0.8 if _TITLE.search(parts.path.rstrip("/").rpartition("/")[2]) else 0.0, "(a title in its address)")
    for points, pattern, what in _ADDRESSES:
        if pattern.search(url):
            weight.add(points, what)


def _by_text(seen: Impression) -> tuple[float, str]:
    running = _running(seen.body)
    size = sum(weight_of(b.text) for b in running)
    own = sum(len(b.text) for b in seen.body)
    whole = _WHOLE if own + len(seen.dek or "") > 0.6 * seen.flow.characters else 0.0
    if size >= _SOME:
        points = _by_size(size)
        return points + whole, f"{len(running)} paragraphs" if points else "(some text)"
    some = own >= _SOME and seen.dated
    return (-0.5 if some else -1.5) + whole, "(little text)"


def _running(blocks: Sequence[Block]) -> list[Block]:
    return [b for b in blocks if weight_of(b.text) > 40 and b.link_share < 0.4]


def _by_size(size: int) -> float:
    """Weigh the letters of running text."""
    return 2.0 if size >= 2_500 else 1.0 if size >= 900 else 0.0


def _by_layout(seen: Impression, weight: Weight) -> None:
    headings = [b for b in seen.flow.blocks if b.tag in ("h2", "h3", "h4") and not b.zone & (zones.NAV | zones.FOOTER)]
    linked = sum(1 for b in headings if b.link_share > 0.8)
    if linked >= 8 and linked * 2 > len(headings):
        weight.add(-1.0, "most headings are links")
    if seen.headline_block is None or seen.headline_block.tag != "h1" or seen.headline_block.link_share > 0.8:
        weight.add(-0.5, "no <h1> with the headline")
    share = sum(b.linked for b in seen.body) / (sum(len(b.text) for b in seen.body) or 1)
    if share > 0.25 and not (seen.dated and seen.head.first("og:type").lower() == "article"):
        weight.add(-2.5 if share > 0.4 else -1.0, "much of the text is links")
    if seen.node is None and not seen.dated:
        prices = sum(1 for b in seen.flow.blocks if _PRICE.search(b.text))
        weight.add(-1.5 if prices >= _A_PRICE_LIST else 0.0, f"{prices} prices")


def _by_discovery(discovery: Discovery) -> float:
    if discovery.kind is UrlKind.LISTING:
        return -2.0
    if discovery.kind is UrlKind.ARTICLE and discovery.via_kind is UrlKind.FEED:
        return 1.5
    return 0.5 if discovery.kind is UrlKind.ARTICLE and discovery.published else 0.0
