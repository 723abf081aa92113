"""The steps of reading, in the order they happen. Read this first."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from newsarchive.extract import requisites
from newsarchive.extract.article import Found, read_article
from newsarchive.extract.autodiscovery import feeds, next_pages
from newsarchive.extract.classify import ENOUGH, Weight, weigh
from newsarchive.extract.decode import decode, in_utf8
from newsarchive.extract.feeds import read_feed, read_json_feed
from newsarchive.extract.layout_links import with_boxes
from newsarchive.extract.page_input import AS_USUAL, Asked, Headers
from newsarchive.extract.placeholder_pages import Verdict, medium, paywalled, stand_in
from newsarchive.extract.related import link_groups
from newsarchive.extract.sitemaps import gunzipped, read_robots, read_sitemap, read_url_list
from newsarchive.extract.sniff import Form, media_type, sniff
from newsarchive.extract.tree import Oversized, Page, parse
from storage.model import Outcome, Reading

_SOMETHING = re.compile(rb"[^ \t\r\n\0]")


def read(payload: bytes, asked: Asked) -> Reading:
    """Say what a payload, its content coding undone, is and what stands in it. Whatever the bytes are, it answers."""
    reading = _by_form(payload, asked)
    if reading.outcome is Outcome.PAYWALL_STUB and reading.article is not None:
        # A stub never becomes a version of the article that it hides.
        reading = replace(reading, article=None, link_groups=reading.article.link_groups)
    return _with_digest(reading, payload)


def extract_page(payload: bytes, url: str, headers: Headers = (), asked: Asked = AS_USUAL) -> Reading:
    """Read one HTML page on its own. A paywall stub comes with what little it shows of the article.

    Args:
        payload: The page, its content coding undone.
        url: Where it was; links are resolved against it.
        headers: Of the HTTP answer, in order.
        asked: What else is known (when it was fetched, how its site's pages are built), and who hears what decided.
    """
    return _with_digest(_html(payload, replace(asked, url=url, headers=headers)), payload)


def _with_digest(reading: Reading, payload: bytes) -> Reading:
    return replace(reading, content_digest=f"sha256:{hashlib.sha256(payload).hexdigest()}") if payload else reading


def _by_form(payload: bytes, asked: Asked) -> Reading:
    """Dispatch on what the content is."""
    if _SOMETHING.search(payload) is None:
        return Reading(outcome=Outcome.EMPTY, reason="the answer has no body")
    # A sitemap's .gz is part of the resource. Whatever else arrives gzipped is a file to be kept as it is.
    plain = gunzipped(payload)
    form = sniff(plain, asked.url, asked.headers, asked.discovery)
    if plain is not payload and form not in (Form.SITEMAP, Form.URL_LIST):
        form = Form.ASSET
    if form is Form.HTML:
        return _html(plain, asked)
    return _NOT_PAGES[form](plain, asked.url, asked.headers)


def _robots(payload: bytes, url: str, headers: Headers) -> Reading:
    sources = read_robots(decode(payload, headers), url)
    return Reading(outcome=Outcome.ROBOTS, reason=f"{len(sources)} sitemaps named", sources=sources)


def _url_list(payload: bytes, url: str, headers: Headers) -> Reading:
    entries = read_url_list(decode(payload, headers), url)
    return Reading(outcome=Outcome.SITEMAP, reason=f"{len(entries)} URLs, one a line", entries=entries)


def _asset(payload: bytes, url: str, headers: Headers) -> Reading:
    mime = media_type(headers)
    needs = requisites.of_stylesheet(decode(payload, headers), url) if requisites.is_stylesheet(mime, url) else ()
    return Reading(outcome=Outcome.ASSET, reason=mime or "no page", requisites=needs)


def _sitemap(payload: bytes, url: str, _headers: Headers) -> Reading:
    entries, sources = read_sitemap(payload, url)
    reason = f"{len(sources)} sitemaps named" if sources else f"{len(entries)} URLs"
    return Reading(outcome=Outcome.SITEMAP, reason=reason, entries=entries, sources=sources)


def _feed(payload: bytes, url: str, _headers: Headers) -> Reading:
    title, entries = read_feed(payload, url)
    return Reading(outcome=Outcome.FEED, reason=f"{len(entries)} entries", title=title, entries=entries)


def _json_feed(payload: bytes, url: str, headers: Headers) -> Reading:
    title, entries = read_json_feed(decode(payload, headers), url)
    return Reading(outcome=Outcome.FEED, reason=f"{len(entries)} entries", title=title, entries=entries)


_NOT_PAGES: Mapping[Form, Callable[[bytes, str, Headers], Reading]] = {
    Form.ROBOTS: _robots,
    Form.SITEMAP: _sitemap,
    Form.URL_LIST: _url_list,
    Form.FEED: _feed,
    Form.JSON_FEED: _json_feed,
    Form.ASSET: _asset,
}


def _html(payload: bytes, asked: Asked) -> Reading:
    """Read a page: parse, read it as an article, then say what it is."""
    status = asked.status
    page = parse(in_utf8(payload, asked.headers), asked.url)
    if page is None:
        return Reading(outcome=Outcome.EMPTY, reason="no markup that can be read")
    found = page if isinstance(page, Oversized) else read_article(page, asked)
    if isinstance(found, Oversized) or isinstance(page, Oversized):
        return Reading(outcome=Outcome.TOO_LARGE, reason=found.reason if isinstance(found, Oversized) else "")
    title = found.title
    instead = stand_in(found.seen, status)
    if instead and (status < 400 or instead.outcome is Outcome.CHALLENGE):
        return Reading(outcome=instead.outcome, reason=instead.reason, confidence=instead.confidence, title=title)
    if status >= 400:
        outcome = Outcome.GONE if status in (404, 410) else Outcome.ERROR
        return Reading(outcome=outcome, reason=f"HTTP {status}", title=title)
    stub = paywalled(found.seen)
    weight = weigh(found.seen, asked, stub=stub is not None)
    asked.hear.weigh(weight.parts, ENOUGH)
    reading = _article(page, found, stub, weight, asked) or _listing(page, found, title, weight, asked)
    return replace(reading, requisites=found.requisites)


def _article(page: Page, found: Found, stub: Verdict | None, weight: Weight, asked: Asked) -> Reading | None:
    """Return the reading of an article; None where too little speaks for one."""
    if weight.total < ENOUGH or not found.article.headline or not found.body.text or medium(found.seen):
        return None
    sources = feeds(page, found.head)
    groups = link_groups(page, found.flow, found.body.inside, found.article.canonical_url, listing=False)
    whole = replace(found.article, link_groups=with_boxes(page, asked.layout, groups))
    return Reading(
        outcome=stub.outcome if stub else Outcome.ARTICLE,
        reason=stub.reason if stub else weight.reason,
        confidence=stub.confidence if stub else weight.confidence,
        article=whole,
        title=found.title,
        sources=sources,
    )


def _listing(page: Page, found: Found, title: str | None, weight: Weight, asked: Asked) -> Reading:
    """Return the reading of a listing, of a gallery or player, or of a page that is none of them."""
    groups = link_groups(page, found.flow, frozenset(), found.article.canonical_url, listing=True)
    groups = with_boxes(page, asked.layout, groups)
    count = sum(len(group.links) for group in groups)
    is_listing = count >= (1 if asked.is_listing else 6)
    shown = None if asked.is_listing else medium(found.seen, count)
    if shown is not None:
        return Reading(
            outcome=shown.outcome, reason=shown.reason, confidence=shown.confidence, title=title, link_groups=groups
        )
    return Reading(
        outcome=Outcome.LISTING if is_listing else Outcome.OTHER,
        reason=f"{count} links to articles in {len(groups)} groups",
        confidence=weight.confidence,
        title=title,
        link_groups=groups,
        sources=(*feeds(page, found.head), *(next_pages(page, found.head, found.flow) if is_listing else ())),
    )
