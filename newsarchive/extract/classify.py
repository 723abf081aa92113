"""Decide what a page is, by its features: an article by its score, or what is served in place of one."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile

from lxml.etree import XPath
from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.blocks import Block, ends_sentence
from newsarchive.extract.dates import WEAK_SOURCES
from newsarchive.extract.headline import text_key
from newsarchive.extract.jsonld import node_types
from newsarchive.extract.page_input import UNKNOWN_HOST, PageParts
from newsarchive.extract.parse_date import CLOCK, LETTER
from newsarchive.extract.tree import Page, has_more_text, resolve_link
from newsarchive.extract.urls import is_media_url, score_article_url, split_url
from newsarchive.extract.word_tables import Phrases, alternatives, words
from storage.model import Access, Article, Outcome, Reading, UrlKind

_MAX_SCRIPTS = 40
_MAX_PASSWORDS = 10  # fields that are looked at
_LIVE_TITLE = re.compile(rf"^\W*(?:{alternatives('live_title_start')})\W|{alternatives('live_title')}", re.IGNORECASE)
"""Neither site names nor concerts match: "Ferry is back - Hull Live", "Live music returns"."""
_LIVE_PATH = re.compile(alternatives("live_path"), re.IGNORECASE)
_MAX_TIMESTAMP_LENGTH = 30  # longest line that can be the time of a post
_MIN_POSTS = 3
_WORD = re.compile(f"{LETTER}+")
_OUTSIDE_POSTS = zones.NON_ARTICLE | zones.ASIDE | zones.FOOTER


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFeatures(PageParts):
    """The article of a page, and the features by which it is classified."""

    article: Article
    """Without link groups."""
    headline_block: Block | None
    body: Sequence[Block]
    """Blocks of the body."""
    fits_layout: bool
    """The site layout finds both headline and body."""
    early_score: "ArticleScore | None" = None
    """The article score of a page whose body was not read, see score_without_body; None for any other page."""

    @property
    def title(self) -> str | None:
        """The <title> of the page, or its headline."""
        return self.head.title or self.article.headline or None

    @property
    def has_date(self) -> bool:
        """The page itself gives a publication date, near its headline or in its metadata."""
        published = self.article.published
        return published is not None and published.source not in WEAK_SOURCES

    @property
    def has_author(self) -> bool:
        """The metadata names an author, or a line near the headline does."""
        if not self.article.authors:
            return False
        if self.jsonld.article.get("author") or self.head.first("author", "article:author", "byl", "parsely-author"):
            return True
        at = self.headline_block.index if self.headline_block else 0
        return any(self.article.authors[0] in block.text for block in self.content.blocks[max(0, at - 8) : at + 12])

    @property
    def page_classes(self) -> frozenset[str]:
        """Classes of <html> and <body>, lower case: publishing systems name the type of a page there."""
        names = f"{self.page.root.get('class') or ''} {self.page.body.get('class') or ''}"
        return frozenset(names.lower().split())

    @property
    def enclosing_article(self) -> HtmlElement | None:
        """The <article> that contains the headline."""
        if self.headline_block is None:
            return None
        return next(self.headline_block.element.iterancestors("article"), None)

    @property
    def in_one_article(self) -> bool:
        """One <article> contains the headline and most of the body."""
        article = self.enclosing_article
        inside = (b for b in self.body if article is not None and article in b.element.iterancestors("article"))
        return sum(len(b.text) for b in inside) > 0.6 * sum(len(b.text) for b in self.body)

    @property
    def running_text_length(self) -> int:
        """Characters of running text in the body."""
        return sum(len(b.text) for b in self.body if len(b.text) > 80 and b.link_share < 0.5)


def list_loaded_scripts(page: Page) -> str:
    """Return the URLs of scripts and frames, and the beginnings of inline scripts, in lower case."""
    found = islice(page.root.iter("script", "iframe", "form"), _MAX_SCRIPTS)
    return " ".join(each.get("src") or each.get("action") or (each.text or "")[:300] for each in found).lower()


def looks_live(title: str, url: str, blocks: Sequence[Block]) -> bool:
    """Return whether a page without live blog markup is a live blog: by title or URL, and posts with times."""
    if not (_LIVE_TITLE.search(title) or _LIVE_PATH.search(split_url(url).path)):
        return False
    lines = [b.text for b in blocks if len(b.text) <= _MAX_TIMESTAMP_LENGTH and not b.zone & _OUTSIDE_POSTS]
    # 82.50 is a price.
    clocks = [CLOCK.search(line) for line in lines if len(_WORD.findall(line)) <= 3]
    return sum(1 for clock in clocks if clock and int(clock[1]) < 24 and int(clock[2]) < 60) >= _MIN_POSTS


# Score a page as an article, from its markup, text, URL and the way it was found.

_URL_POINTS = {"journal": 1.0, "shop": -2.0, "forum": -2.5, "manual": -1.5}
_URL_PATTERNS = [(re.compile(alternatives(f"{name}_url"), re.IGNORECASE), name) for name in _URL_POINTS]
_ARTICLE_ITEM = XPath(
    "boolean(descendant-or-self::*/@itemtype["
    "contains(., 'schema.org/') and (contains(., 'Article') or contains(., 'BlogPosting'))])"
)
_PUBLISHED_META = ("article:published_time", "datepublished", "parsely-pub-date", "pubdate")
_MIN_PRICES = 8
_PRICE = re.compile(r"[$€£¥₹\d](?:(?<!\d)\s?\d|(?<=\d)\s?(?:€|USD|EUR|GBP|zł|kr)\b)")  # begins with one set: faster
_NUMBER_QUERY = re.compile(r"(?i)(?:^|&)(?:p|id|\w{0,20}(?:id|no|seq|code|article|news|story)\w{0,5})=\d{2,}")
_TITLE_SLUG = re.compile(r"(?<![^\W_])(?:[^\W_]{1,60}[-_]){6}[^\W_]")
"""A title of seven words or more, as the last segment of a URL."""
_ARCHIVE_PATH = re.compile(alternatives("archive_path"), re.IGNORECASE)
_MIN_ARTICLE_TEXT = 1_500  # characters of running text from which an <article> is more than a card
_LITTLE_TEXT = 350  # characters of text below which a body is little text
_MOST_OF_PAGE, _IN_ONE_ARTICLE = 0.7, 0.6
"""Points for a body that is most of the page, and for a body in one <article> with the headline."""
_STORY = 1.4  # points for a text in one piece under a headline, on a page with a date
_TITLED = 0.8
_NO_H1 = -0.5
_MIN_STORY_PARAGRAPHS = 5
_MAX_GAP = 25  # blocks between two paragraphs of one piece
_NOT_ARTICLES = frozenset(words("other_type"))
ARTICLE_THRESHOLD = 2.8
"""Score from which a page is an article."""
# Classes that publishing systems give to <body>; WordPress and Drupal serve most newspapers of the web.
_POST_CLASS = re.compile(r"single-(?:post|article|news|story)|(?:page-)?node-type-(?:article|news|story|blog|post)\w*")
_ARCHIVES = frozenset("archive category tag author search search-results blog date paged post-type-archive".split())


@dataclass(slots=True)
class ArticleScore:
    """The article score of a page: its parts, each with points."""

    parts: list[tuple[float, str]] = field(default_factory=list)

    def add(self, points: float, reason: str) -> None:
        """Add a part; negative points count against an article."""
        if points:
            self.parts.append((points, reason))

    @property
    def total(self) -> float:
        """The sum of all points."""
        return sum(points for points, _ in self.parts)

    @property
    def reason(self) -> str:
        """Up to three parts that count for an article."""
        reasons = [reason for points, reason in self.parts if points > 0 and not reason.startswith("(")]
        return ", ".join(reasons[:3]) or "its text"

    @property
    def objection(self) -> str:
        """The sum, and up to three parts that count against an article, the heaviest first."""
        against = [reason.strip("()") for points, reason in sorted(self.parts) if points < 0]
        lack = ", ".join(against[:3]) or "no headline, or too little that speaks for one"
        return f"weight {self.total:.1f}, an article needs {ARTICLE_THRESHOLD:.1f}: {lack}"

    @property
    def confidence(self) -> float:
        """The confidence of the resulting outcome, 0.5 to 1; the curve was chosen on 240 labelled pages."""
        return round(1 / (1 + math.exp(-abs(self.total - ARTICLE_THRESHOLD))), 2)


def score_article(features: PageFeatures, *, stub: bool = False) -> ArticleScore:
    """Return the article score of a page, or of a stub. Reasons in parentheses are not shown as that of a reading."""
    score = ArticleScore()
    _score_markup(features, score)
    text, why = _score_text(features)
    # A stub is short by nature.
    score.add(max(text, 0.0) if stub else text, why)
    _score_url(features.page.url, score)
    _score_structure(features, score)
    if features.fits_layout:
        score.add(3.0, "the site's layout")
    if (discovery := features.page_input.discovery) is not None:
        points = 1.5 if discovery.via_kind is UrlKind.FEED else 0.5 if discovery.published else 0.0
        points = points if discovery.kind is UrlKind.ARTICLE else 0.0
        score.add(-2.0 if discovery.kind is UrlKind.LISTING else points, "(how the URL was found)")
    return score


def score_without_body(features: PageFeatures, status: int) -> ArticleScore | None:
    """Return the score of a page that was read without its body, if no body can make it an article; else None."""
    # The less text a page has, the more likely it is a placeholder.
    if detect_placeholder(features, status):
        return None
    # Scored like a stub, so that the missing text does not count against it ...
    score = score_article(features, stub=True)
    maximum = ArticleScore([*score.parts])
    # ... and with the highest text score that any body of the page can have: that of all its running text.
    text = _running_text(features.content.blocks)
    together = _IN_ONE_ARTICLE if features.enclosing_article is not None else 0.0
    is_possible_story = features.has_date and features.headline_block is not None and len(text) >= _MIN_STORY_PARAGRAPHS
    story = _STORY + _TITLED - _NO_H1 if is_possible_story else 0.0
    length = sum(b.letters for b in text)
    maximum.add(_score_length(length) + _MOST_OF_PAGE + together + story, "any body")
    if maximum.total >= ARTICLE_THRESHOLD or maximum.confidence < 1:
        return None
    score.add(0.0 if detect_paywall_stub(features) else -1.5, "(little text)")
    return score


def _score_markup(features: PageFeatures, score: ArticleScore) -> None:
    if features.jsonld.article:
        score.add(2.0, "JSON-LD " + "/".join(sorted(node_types(features.jsonld.article))))
    elif {t for n in features.jsonld.nodes for t in node_types(n)} & _NOT_ARTICLES:
        score.add(-2.5, "JSON-LD of another type")
    og = features.head.first("og:type").lower()
    if "article" in og or og in ("blog", "news"):
        score.add(1.2, f"og:type {og}")
    if og.startswith("product"):
        score.add(-3.0, f"og:type {og}")
    if features.head.first(*_PUBLISHED_META):
        score.add(1.6 if "article" in og else 1.3, "a publication date")
    elif b"itemtype" in features.page.html.lower() and _ARTICLE_ITEM(features.page.body):
        score.add(1.5, "microdata of an article")
    elif features.has_date:
        score.add(0.6, "a date")
    score.add(0.4 if features.has_author else 0.0, "(an author)")
    post = next((name for name in sorted(features.page_classes) if _POST_CLASS.fullmatch(name)), None)
    if post:
        score.add(1.5, f"body class {post}")
    elif archive := sorted(features.page_classes & _ARCHIVES):
        score.add(-0.8, f"body class {archive[0]}")
    if features.running_text_length >= _MIN_ARTICLE_TEXT and features.in_one_article:
        score.add(_IN_ONE_ARTICLE, "(headline and text in one <article>)")


def _score_url(url: str, score: ArticleScore) -> None:
    if not url or url.startswith(UNKNOWN_HOST):
        return
    parts = split_url(url)
    if not parts.path.strip("/") and not parts.query:
        score.add(-4.0, "URL of a front page")
        return
    is_archive = not parts.query and _ARCHIVE_PATH.search(parts.path) is not None
    score.add(-2.5 if is_archive else 0.0, "URL of an archive, a topic or an author")
    likelihood = min(score_article_url(url, ""), 0.0 if is_archive else math.inf)
    points = (
        2.2 if likelihood >= 2.5 else 1.5 if likelihood >= 1.5 else 0.5 if likelihood >= 0.5
        else -1.5 if likelihood <= -2 else 0.0
    )  # fmt: skip
    if _NUMBER_QUERY.search(parts.query):
        # WordPress and many others: /?p=123, /news_view?id=123.
        points = max(points, 1.0)
    score.add(points, "(form of the URL)")
    # In any folder: neither sections nor products have such long names.
    is_title = not is_archive and _TITLE_SLUG.search(parts.path.rstrip("/").rpartition("/")[2])
    score.add(0.8 if is_title else 0.0, "(title in the URL)")
    for pattern, name in _URL_PATTERNS:
        score.add(_URL_POINTS[name] if pattern.search(url) else 0.0, f"(URL of a {name})")


def _score_text(features: PageFeatures) -> tuple[float, str]:
    running = _running_text(features.body)
    size = sum(b.letters for b in running)
    own = sum(len(b.text) for b in features.body)
    whole = _MOST_OF_PAGE if own + len(features.article.dek or "") > 0.6 * features.content.characters else 0.0
    if size >= _LITTLE_TEXT:
        points = _score_length(size)
        return points + whole, f"{len(running)} paragraphs" if points else "(some text)"
    some = own >= _LITTLE_TEXT and features.has_date
    return (-0.5 if some else -1.5) + whole, "(little text)"


def _running_text(blocks: Sequence[Block]) -> list[Block]:
    return [b for b in blocks if b.letters > 40 and b.link_share < 0.4]


def _score_length(size: int) -> float:
    return 2.0 if size >= 2_500 else 1.0 if size >= 900 else 0.0


def _score_structure(features: PageFeatures, score: ArticleScore) -> None:
    blocks, headline = features.content.blocks, features.headline_block
    headings = [b for b in blocks if b.tag in ("h2", "h3", "h4") and not b.zone & (zones.NAV | zones.FOOTER)]
    linked = sum(1 for b in headings if b.link_share > 0.8)
    if linked >= 8 and linked * 2 > len(headings):
        score.add(-1.0, "most headings are links")
    # Paragraphs directly below a linked title describe other pages.
    blocks, text = features.content.blocks, _running_text(features.body)
    titled = sum(1 for block in text if block.index and blocks[block.index - 1].link_share > 0.8)
    is_teaser_list = not features.has_date and len(text) >= _MIN_STORY_PARAGRAPHS and titled * 2 > len(text)
    score.add(-1.5 if is_teaser_list else 0.0, "most paragraphs are teasers")
    is_story = features.has_date and _is_story(features)
    is_titled = features.has_date and text_key(features.head.title).startswith(text_key(features.article.headline))
    score.add(_STORY if is_story else 0.0, "(headline, date, and text in one piece)")
    score.add(_TITLED if is_story and is_titled else 0.0, "(its headline is the title of the page)")
    if not is_titled and (headline is None or headline.tag != "h1" or headline.link_share > 0.8):
        score.add(_NO_H1, "no <h1> with the headline")
    share = sum(b.linked for b in features.body) / (sum(len(b.text) for b in features.body) or 1)
    if share > 0.25 and not (features.has_date and features.head.first("og:type").lower() == "article"):
        score.add(-2.5 if share > 0.4 else -1.0, "much of the text is in links")
    if not features.jsonld.article and not features.has_date:
        prices = sum(1 for b in blocks if _PRICE.search(b.text))
        score.add(-1.5 if prices >= _MIN_PRICES else 0.0, f"{prices} prices")


def _is_story(features: PageFeatures) -> bool:
    """Return whether several paragraphs stand together under the headline, however short: no link among them."""
    if features.headline_block is None:
        return False
    text = [b for b in _running_text(features.body) if b.index > features.headline_block.index]
    # A last line far below the others, such as a notice about cookies, is in another piece.
    if len(text) > 1 and text[-1].index - text[-2].index > _MAX_GAP:
        text.pop()
    length = sum(b.letters for b in text) + len(features.article.dek or "")
    if len(text) < _MIN_STORY_PARAGRAPHS or length < _LITTLE_TEXT:
        return False
    between = features.content.blocks[text[0].index : text[-1].index + 1]
    return sum(1 for b in between if b.link_share > 0.8) * 4 < len(text)


# Detect pages that are served in place of an article: challenges, consent walls, soft 404s, paywall stubs, players.

_CHALLENGE = Phrases(alternatives("challenge"))
_CHALLENGE_SCRIPTS = words("challenge_script")
_CONSENT = Phrases(alternatives("consent"))
_COOKIES = Phrases(f"cookie|{alternatives('consent')}")
_PRIVACY = Phrases(alternatives("privacy"))
"""Words in the paragraphs of a consent wall other than consent itself; articles contain them, too."""
_MAX_WALL_TEXT = 800  # longest running text, in characters, of a consent wall that mentions privacy more than cookies
_NOT_FOUND = Phrases(alternatives("not_found"))
_PAYWALL = Phrases(alternatives("paywall"))
_AROUND_TEXT = zones.NAV | zones.HEADER | zones.FOOTER | zones.ASIDE | zones.MENU | zones.HIDDEN
_SHORT_PAGE = 2_000  # longest challenge or soft 404, in characters
_MEDIA_TYPES = frozenset(words("media_type"))
_MAX_BADGE, _MAX_CARD, _MAX_LEVELS = 40, 400, 3  # characters of a badge and its card, and elements around it
_MIN_ARTICLE_URL = 1.5  # score from which an address is that of an article
_MIN_LISTED = 12  # links to articles from which a page with a video is a listing


def detect_placeholder(features: PageFeatures, status: int) -> Reading | None:
    """Return the challenge, consent wall or soft 404 that a page is; None for none of them."""
    title = f"{features.head.title} {features.article.headline}"
    opening = " ".join(b.text for b in features.content.blocks[:60])[:4000]
    text = sum(len(b.text) for b in features.body if len(b.text) > 80)
    placeholder = _challenge(features, title, opening, status) or _not_found(features, title, opening, text)
    return placeholder or _consent(features, opening, text)


def _challenge(features: PageFeatures, title: str, opening: str, status: int) -> Reading | None:
    length = features.content.characters
    if length >= _SHORT_PAGE * (2 if status >= 400 else 1):
        return None
    scripts = list_loaded_scripts(features.page)
    script = next((m for m in _CHALLENGE_SCRIPTS if m in scripts), None)
    phrase = _CHALLENGE.find(title) or _CHALLENGE.find(opening)
    if phrase and (script or status >= 400 or length < 1_200):
        confidence = 0.98 if script or status >= 400 else 0.85
        return Reading(outcome=Outcome.CHALLENGE, reason=f'says "{phrase}"', confidence=confidence)
    if script and length < 300:
        return Reading(outcome=Outcome.CHALLENGE, reason=f"little text, and {script}", confidence=0.8)
    return None


def _not_found(features: PageFeatures, title: str, opening: str, text: int) -> Reading | None:
    if text < 1_500 and (phrase := _NOT_FOUND.find(title)) and not (features.jsonld.article and text > 600):
        confidence = 0.95 if text < 400 else 0.75
        return Reading(outcome=Outcome.SOFT_404, reason=f'title says "{phrase}"', confidence=confidence)
    short = text < 400 and features.content.characters < _SHORT_PAGE and not features.jsonld.article
    if short and (phrase := _NOT_FOUND.find(opening[:800])):
        return Reading(outcome=Outcome.SOFT_404, reason=f'says "{phrase}"', confidence=0.8)
    return None


def _consent(features: PageFeatures, opening: str, text: int) -> Reading | None:
    if features.jsonld.article or features.content.characters >= 6_000 or text >= 3_000:
        return None
    phrase = _CONSENT.find(opening)
    if not phrase:
        return None
    blocks, outside = features.content.blocks, zones.NAV | zones.FOOTER | zones.MENU
    # Whether the page asks for consent itself, rather than only linking to its privacy settings.
    own = (b.text for b in blocks[:60] if b.link_share < 0.5 and not b.zone & outside)
    words_of_wall = (_COOKIES, _PRIVACY) if text < _MAX_WALL_TEXT and any(map(_CONSENT.search, own)) else (_COOKIES,)
    named = (b for b in blocks if b.zone & zones.CONSENT or any(each.search(b.text) for each in words_of_wall))
    about = sum(len(b.text) for b in named)
    share = about / max(features.content.characters, 1)
    if share <= 0.5:
        return None
    confidence = min(0.95, 0.6 + share / 2)
    return Reading(outcome=Outcome.CONSENT_WALL, reason=f'says "{phrase}"', confidence=confidence)


def has_login_form(page: Page) -> bool:
    """Return whether the page asks for a password, outside menus, boxes beside the text, and what is hidden."""
    fields = islice((e for e in page.body.iter("input") if (e.get("type") or "").lower() == "password"), _MAX_PASSWORDS)
    return any(
        not any(zones.zones_of_element(str(each.tag), each.items()) & _AROUND_TEXT for each in field.iterancestors())
        for field in fields
    )


def detect_paywall_stub(features: PageFeatures) -> Reading | None:
    """Return the outcome of a paywall stub; None if the article is complete, or free."""
    # An ideograph says as much as two letters.
    text = sum(len(b.text) + b.letters for b in features.body) // 2
    if text > 1_800 or features.article.access is Access.FREE:
        return None
    last = max((b.index for b in features.body), default=0)
    outside = zones.NAV | zones.FOOTER | zones.MENU | zones.RELATED | zones.LATEST
    around = features.content.blocks[max(0, last - 6) : last + 25]
    lines = ((b, _PAYWALL.find(b.text[:4000])) for b in around if not b.zone & outside and b.link_share < 0.8)
    phrase = next((found for b, found in lines if found and not _labels_other_article(features.page, b)), None)
    paywalled = features.article.access is Access.PAYWALLED
    if phrase and (paywalled or text < 900):
        why = f'{text} characters, then "{phrase}"'
        return Reading(outcome=Outcome.PAYWALL_STUB, reason=why, confidence=0.95 if paywalled else 0.75)
    if paywalled and features.body and features.body[-1].text.endswith(("...", "…")):
        why = f"not free, and breaks off after {text} characters"
        return Reading(outcome=Outcome.PAYWALL_STUB, reason=why, confidence=0.8)
    return None


def _labels_other_article(page: Page, block: Block) -> bool:
    """Return whether a line is the badge of another article: in one card with a link to it."""
    boxes = islice(block.element.iterancestors(), _MAX_LEVELS if len(block.text) < _MAX_BADGE else 0)
    for box in (block.element, *takewhile(lambda box: not has_more_text(box, _MAX_CARD), boxes)):
        urls = {resolve_link(page.base, each.get("href") or "") for each in islice(box.iter("a"), 5)}
        if len([url for url in urls if url and score_article_url(url, page.url) >= _MIN_ARTICLE_URL]) == 1:
            return True
    return False


def detect_media_page(features: PageFeatures, links: int = 0) -> Reading | None:
    """Return the outcome of a gallery, video or audio page with little text; None for other pages.

    A page with a player and text of its own is an article; one with a player and many `links` to articles is a listing.
    """
    sentences = (b for b in features.body if b.link_share < 0.5 and (len(b.text) > 80 or ends_sentence(b.text)))
    length = sum(b.letters for b in sentences)
    if length >= _LITTLE_TEXT or (features.jsonld.article and length > _LITTLE_TEXT // 2):
        return None
    og = features.head.first("og:type").lower()
    media = [node for node in features.jsonld.nodes if node_types(node) & _MEDIA_TYPES]
    # A section page describes all its videos, the page of one video only that one.
    types = {kind for node in media for kind in node_types(node)} & _MEDIA_TYPES if len(media) == 1 else set()
    signs = [f"og:type {og}"] if og.startswith(("video", "music")) else []
    signs += [f"JSON-LD {'/'.join(sorted(types))}"] if types else []
    signs += ["its address"] if is_media_url(features.page.url) else []
    is_weak = len(signs) == 1 and not signs[0].startswith("og:")
    players = [*islice(features.page.root.iter("video", "audio"), 1)] or features.page.root.findall(".//figure")[2:]
    has_player = features.headline_block is not None and players
    if not signs or (is_weak and (links >= _MIN_LISTED or not (types or has_player))):
        return None
    reason = f"{', '.join(signs)}, {length} characters of text"
    return Reading(outcome=Outcome.MEDIA, reason=reason, confidence=0.9 if len(signs) > 1 else 0.7)
