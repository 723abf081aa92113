"""Read a payload: the steps, in the order they happen. Read this module first."""

import hashlib
import re
from dataclasses import replace

from newsarchive.extract.article import read_article
from newsarchive.extract.classify import (
    ARTICLE_THRESHOLD,
    ArticleScore,
    PageFeatures,
    detect_media_page,
    detect_paywall_stub,
    detect_placeholder,
    has_login_form,
    list_loaded_scripts,
    score_article,
)
from newsarchive.extract.decode import PayloadType, decode, media_type, sniff_type, to_utf8
from newsarchive.extract.page_input import DEFAULT_INPUT, Headers, PageInput
from newsarchive.extract.related import find_link_groups, list_other_links
from newsarchive.extract.requisites import is_stylesheet, stylesheet_requisites
from newsarchive.extract.site_layout import add_layout_groups
from newsarchive.extract.sources import (
    decompress_gzip,
    find_feeds,
    find_next_pages,
    read_feed,
    read_json_feed,
    read_robots,
    read_sitemap,
    read_url_list,
)
from newsarchive.extract.tree import OversizedPage, parse_page
from storage.article_fields import asks_noarchive
from storage.model import BODY_ROLES, LinkGroup, Outcome, Reading, Role

SHELL_TEXT = 200
"""Characters below which a page without links, but with scripts, shows nothing: "Please enable JavaScript"."""
_MIN_OTHER_LINKS = 4  # links that do not look like articles' from which a page is a listing: "back soon" has a few
_ANY_CONTENT = re.compile(rb"[^ \t\r\n\0]")


def read(payload: bytes, page_input: PageInput) -> Reading:
    """Return the reading of a payload without content coding. Never raises, whatever the bytes are."""
    if _ANY_CONTENT.search(payload) is None:
        return _add_digest(Reading(outcome=Outcome.EMPTY, reason="the answer has no body"), payload)
    # The .gz of a sitemap is part of the resource; any other gzip file is kept as an asset.
    content, expected = decompress_gzip(payload), page_input.discovery.kind if page_input.discovery else None
    payload_type = sniff_type(content, page_input.url, page_input.headers, expected)
    if content is not payload and payload_type not in (PayloadType.SITEMAP, PayloadType.URL_LIST):
        payload_type = PayloadType.ASSET
    reading = _read_as(payload_type, content, page_input)
    if reading.outcome is not Outcome.ARTICLE and reading.article is not None:
        # A stub must not become a version of the whole article, and any other page is none.
        groups = reading.article.link_groups if reading.outcome is Outcome.PAYWALL_STUB else reading.link_groups
        reading = replace(reading, article=None, link_groups=groups)
    return _add_digest(reading, payload)


def extract_page(payload: bytes, url: str, headers: Headers = (), page_input: PageInput = DEFAULT_INPUT) -> Reading:
    """Read one HTML page: what kind it is, and its text and fields, of whichever kind of content it is.

    A paywall stub has the visible part of its article; a listing, a gallery or any other page has what an article on it
    would have. Pages served in place of content (challenges, consent walls, soft 404s, errors) have no article.

    Args:
        payload: The page, without content coding.
        url: URL of the page; relative links are resolved against it. If it is "", the one that the page names is used.
        headers: HTTP response headers, in order.
        page_input: Further metadata, such as the time of the fetch and the site layouts, and where to record evidence.
    """
    reading = _read_html(payload, replace(page_input, url=url, headers=headers), keep_text=True)
    if reading.article and asks_noarchive(headers):
        reading = replace(reading, article=replace(reading.article, noarchive=True))
    return _add_digest(reading, payload)


def _add_digest(reading: Reading, payload: bytes) -> Reading:
    return replace(reading, content_digest=f"sha256:{hashlib.sha256(payload).hexdigest()}") if payload else reading


def _read_as(payload_type: PayloadType, content: bytes, page_input: PageInput) -> Reading:
    url, headers = page_input.url, page_input.headers
    match payload_type:
        case PayloadType.HTML:
            return _read_html(content, page_input)
        case PayloadType.ROBOTS:
            sources = read_robots(decode(content, headers), url)
            return Reading(outcome=Outcome.ROBOTS, reason=f"sitemaps named: {len(sources)}", sources=sources)
        case PayloadType.SITEMAP:
            entries, sources = read_sitemap(content, url)
            reason = f"sitemaps named: {len(sources)}" if sources else f"URLs: {len(entries)}"
            return Reading(outcome=Outcome.SITEMAP, reason=reason, entries=entries, sources=sources)
        case PayloadType.URL_LIST:
            entries = read_url_list(decode(content, headers), url)
            return Reading(outcome=Outcome.SITEMAP, reason=f"URLs, one per line: {len(entries)}", entries=entries)
        case PayloadType.FEED:
            title, entries = read_feed(content, url)
        case PayloadType.JSON_FEED:
            title, entries = read_json_feed(decode(content, headers), url)
        case PayloadType.ASSET:
            mime = media_type(headers)
            needed = stylesheet_requisites(decode(content, headers), url) if is_stylesheet(mime, url) else ()
            return Reading(outcome=Outcome.ASSET, reason=mime or "no page", requisites=needed)
    return Reading(outcome=Outcome.FEED, reason=f"entries: {len(entries)}", title=title, entries=entries)


def _read_html(payload: bytes, page_input: PageInput, *, keep_text: bool = False) -> Reading:
    """Read a page: parse it, read it as an article, then decide what it is. `keep_text`: that of any page."""
    status = page_input.status
    page = parse_page(to_utf8(payload, page_input.headers), page_input.url)
    if page is None:
        return Reading(outcome=Outcome.EMPTY, reason="no markup that can be read")
    features = page if isinstance(page, OversizedPage) else read_article(page, page_input, keep_text=keep_text)
    if isinstance(features, OversizedPage):
        return Reading(outcome=Outcome.TOO_LARGE, reason=features.reason)
    if not page_input.url and (named := features.article.canonical_url):
        return _read_html(payload, replace(page_input, url=named), keep_text=keep_text)
    early = features.early_score
    placeholder = None if early else detect_placeholder(features, status)
    if placeholder and (status < 400 or placeholder.outcome is Outcome.CHALLENGE):
        return replace(placeholder, title=features.title)
    if status >= 400:
        outcome = Outcome.GONE if status in (404, 410) else Outcome.ERROR
        return Reading(outcome=outcome, reason=f"HTTP {status}", title=features.title)
    stub = None if early else detect_paywall_stub(features)
    score = early or score_article(features, stub=stub is not None)
    page_input.evidence.set_score(score.parts, ARTICLE_THRESHOLD)
    reading = _article_reading(features, stub, score) or _listing_reading(features, score, keep_text=keep_text)
    return replace(reading, title=features.title, requisites=features.requisites)


# CPython keeps frames in chunks of 16 KiB, and maps memory anew for each call that crosses the end of one: a page whose
# elements stand at such a depth takes three times as long. A large frame has a large chunk, with room for all others.
_read_html.__code__ = _read_html.__code__.replace(co_stacksize=33_000)


def _article_reading(features: PageFeatures, stub: Reading | None, score: ArticleScore) -> Reading | None:
    """Return the reading of an article; None if the page is not one."""
    article, page = features.article, features.page
    # A retraction may be all that is left of the text.
    has_text = any(paragraph.role in BODY_ROLES | {Role.CORRECTION} for paragraph in article.paragraphs)
    is_article = score.total >= ARTICLE_THRESHOLD and article.headline and has_text
    if not is_article or detect_media_page(features):
        return None
    return replace(
        stub or Reading(outcome=Outcome.ARTICLE, reason=score.reason, confidence=score.confidence),
        article=replace(article, link_groups=_groups_around_text(features)),
        sources=find_feeds(page, features.head),
    )


def _groups_around_text(features: PageFeatures) -> tuple[LinkGroup, ...]:
    """Return the link groups of a page read as an article."""
    inside = frozenset(block.index for block in features.body)
    page, canonical = features.page, features.article.canonical_url
    groups = find_link_groups(page, features.content, inside, canonical, listing=False)
    return add_layout_groups(page, features.page_input.layout, groups, listing=False)


def _listing_reading(features: PageFeatures, score: ArticleScore, *, keep_text: bool) -> Reading:
    """Return the reading of a listing, of a gallery or media player, or of any other page."""
    page, content, head, page_input = features.page, features.content, features.head, features.page_input
    groups = find_link_groups(page, content, frozenset(), features.article.canonical_url, listing=True)
    groups = add_layout_groups(page, page_input.layout, groups, listing=True)
    count = sum(len(group.links) for group in groups)
    is_listing = count >= (1 if page_input.is_listing else 6)
    is_little = not count and content.characters < SHELL_TEXT
    if page_input.is_listing and not count:
        # What a site's front page names may be named nowhere else, and a wrong link costs one request.
        groups = list_other_links(page, content)
        count = sum(len(group.links) for group in groups)
        is_listing = count >= _MIN_OTHER_LINKS
    # A page may be an article that is not taken for one.
    around = _groups_around_text(features) if keep_text and features.body else groups
    article = replace(features.article, link_groups=around)
    media = None if page_input.is_listing else detect_media_page(features, count)
    if media is not None:
        return replace(media, article=article, link_groups=groups)
    if is_little and not is_listing and has_login_form(page):
        return Reading(outcome=Outcome.LOGIN_WALL, reason="a form that asks for a password, and little text")
    if is_little and not is_listing and (list_loaded_scripts(page) or not content.characters):
        return Reading(outcome=Outcome.EMPTY, reason="no text before scripts run")
    listed = f"{count} links to articles in {len(groups)} {'groups' if len(groups) > 1 else 'group'}"
    return Reading(
        outcome=Outcome.LISTING if is_listing else Outcome.OTHER,
        reason=listed if is_listing else score.objection,
        confidence=score.confidence,
        article=article,
        link_groups=groups,
        sources=(*find_feeds(page, head), *(find_next_pages(page, head, content) if is_listing else ())),
    )
