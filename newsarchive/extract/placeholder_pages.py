"""Detect pages that are served in place of an article: challenges, consent walls, soft 404s, paywall stubs, players."""

from newsarchive.extract import zones
from newsarchive.extract.blocks import count_ideographs
from newsarchive.extract.jsonld import node_types
from newsarchive.extract.page_features import PageFeatures
from newsarchive.extract.urls import is_media_url
from newsarchive.extract.word_tables import Phrases, alternatives, words
from storage.model import Access, Outcome, Reading

_CHALLENGE = Phrases(alternatives("challenge"))
_CHALLENGE_SCRIPTS = words("challenge_script")
_CONSENT = Phrases(alternatives("consent"))
_PRIVACY = Phrases(alternatives("privacy"))
"""Words in the paragraphs of a consent wall other than consent itself; articles contain them, too."""
_MAX_WALL_TEXT = 800
"""Longest running text, in characters, of a consent wall that mentions privacy more than cookies."""
_NOT_FOUND = Phrases(alternatives("not_found"))
_PAYWALL = Phrases(alternatives("paywall"))
_SHORT_PAGE = 2_000
"""Longest challenge or soft 404, in characters."""
_MEDIA_TYPES = frozenset(words("media_type"))
_MIN_LISTED = 12
"""Links to articles from which a page with a video is a listing."""
_MIN_ARTICLE_TEXT = 350
"""Characters of running text from which a page with a player is an article."""


def detect_placeholder(features: PageFeatures, status: int) -> Reading | None:
    """Return the challenge, consent wall or soft 404 that a page is; None for none of them."""
    title = f"{features.head.title} {features.article.headline}"
    opening = " ".join(b.text for b in features.content.blocks[:60])[:4000]
    placeholder = _challenge(features, title, opening, status) or _not_found(features, title, opening)
    return placeholder or _consent(features, opening)


def _challenge(features: PageFeatures, title: str, opening: str, status: int) -> Reading | None:
    length = features.content.characters
    if length >= _SHORT_PAGE * (2 if status >= 400 else 1):
        return None
    script = next((m for m in _CHALLENGE_SCRIPTS if m in features.loaded_scripts), None)
    phrase = _CHALLENGE.find(title) or _CHALLENGE.find(opening)
    if phrase and (script or status >= 400 or length < 1_200):
        confidence = 0.98 if script or status >= 400 else 0.85
        return Reading(outcome=Outcome.CHALLENGE, reason=f'says "{phrase}"', confidence=confidence)
    if script and length < 300:
        return Reading(outcome=Outcome.CHALLENGE, reason=f"little text, and {script}", confidence=0.8)
    return None


def _not_found(features: PageFeatures, title: str, opening: str) -> Reading | None:
    text = sum(len(b.text) for b in features.body if len(b.text) > 80)
    if text < 1_500 and (phrase := _NOT_FOUND.find(title)) and not (features.jsonld.article and text > 600):
        confidence = 0.95 if text < 400 else 0.75
        return Reading(outcome=Outcome.SOFT_404, reason=f'title says "{phrase}"', confidence=confidence)
    short = text < 400 and features.content.characters < _SHORT_PAGE and not features.jsonld.article
    if short and (phrase := _NOT_FOUND.find(opening[:800])):
        return Reading(outcome=Outcome.SOFT_404, reason=f'says "{phrase}"', confidence=0.8)
    return None


def _consent(features: PageFeatures, opening: str) -> Reading | None:
    text = sum(len(b.text) for b in features.body if len(b.text) > 80)
    if features.jsonld.article or features.content.characters >= 6_000 or text >= 3_000:
        return None
    phrase = _CONSENT.find(opening)
    if not phrase:
        return None
    on_privacy = text < _MAX_WALL_TEXT and _asks_for_consent(features)
    about = sum(
        len(b.text)
        for b in features.content.blocks
        if b.zone & zones.CONSENT
        or _CONSENT.search(b.text)
        or "cookie" in b.text.lower()
        or (on_privacy and _PRIVACY.search(b.text))
    )
    share = about / max(features.content.characters, 1)
    if share <= 0.5:
        return None
    confidence = min(0.95, 0.6 + share / 2)
    return Reading(outcome=Outcome.CONSENT_WALL, reason=f'says "{phrase}"', confidence=confidence)


def _asks_for_consent(features: PageFeatures) -> bool:
    """Return whether a page asks for consent itself, rather than only linking to its privacy settings."""
    return any(
        _CONSENT.search(b.text)
        for b in features.content.blocks[:60]
        if b.link_share < 0.5 and not b.zone & (zones.NAV | zones.FOOTER | zones.MENU)
    )


def detect_paywall_stub(features: PageFeatures) -> Reading | None:
    """Return the outcome of a paywall stub; None if the article is complete, or free."""
    # An ideograph says as much as two letters.
    text = sum(len(b.text) + count_ideographs(b.text) for b in features.body)
    if text > 1_800 or features.article.access is Access.FREE:
        return None
    last = max((b.index for b in features.body), default=0)
    after = " ".join(
        b.text
        for b in features.content.blocks[max(0, last - 6) : last + 25]
        # A label in a list of links belongs to another article.
        if not b.zone & (zones.NAV | zones.FOOTER | zones.MENU | zones.RELATED | zones.LATEST) and b.link_share < 0.8
    )
    phrase = _PAYWALL.find(after[:4000])
    paywalled = features.article.access is Access.PAYWALLED
    if phrase and (paywalled or text < 900):
        why = f'{text} characters, then "{phrase}"'
        return Reading(outcome=Outcome.PAYWALL_STUB, reason=why, confidence=0.95 if paywalled else 0.75)
    if paywalled and features.body and features.body[-1].text.endswith(("...", "…")):
        why = f"not free, and breaks off after {text} characters"
        return Reading(outcome=Outcome.PAYWALL_STUB, reason=why, confidence=0.8)
    return None


def detect_media_page(features: PageFeatures, links: int = 0) -> Reading | None:
    """Return the outcome of a gallery, video or audio page with little text; None for other pages.

    A page with a player and text of its own is an article; one with a player and many `links` to articles is a listing.
    """
    if features.running_text_length >= _MIN_ARTICLE_TEXT or (
        features.jsonld.article and features.running_text_length > _MIN_ARTICLE_TEXT // 2
    ):
        return None
    og = features.head.first("og:type").lower()
    media = [node for node in features.jsonld.nodes if node_types(node) & _MEDIA_TYPES]
    # A section page describes all its videos, the page of one video only that one.
    types = {kind for node in media for kind in node_types(node)} & _MEDIA_TYPES if len(media) == 1 else set()
    signs = [
        f"og:type {og}" if og.startswith(("video", "music")) else "",
        f"JSON-LD {'/'.join(sorted(types))}" if types else "",
        "its address" if is_media_url(features.page.url) else "",
    ]
    signs = [why for why in signs if why]
    is_weak = len(signs) == 1 and not signs[0].startswith("og:")
    if not signs or (is_weak and (links >= _MIN_LISTED or not (types or _has_player(features)))):
        return None
    reason = f"{', '.join(signs)}, {features.running_text_length} characters of text"
    return Reading(outcome=Outcome.MEDIA, reason=reason, confidence=0.9 if len(signs) > 1 else 0.7)


def _has_player(features: PageFeatures) -> bool:
    page = features.page.root
    if features.headline_block is None:
        return False
    return page.find(".//video") is not None or page.find(".//audio") is not None or len(page.findall(".//figure")) > 2
