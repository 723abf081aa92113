"""Find the pictures, videos, audios and embedded objects of an article, with their captions and places.

    elements of the page --> those of the article --> captions --> what JSON-LD says of them

Elements between the headline and the end of the body count, apart from menus, other articles, advertisements and
portraits. Above the headline and below the body they must have a caption or stand in the same box.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from lxml.html import HtmlElement

from newsarchive.extract import phrases, zones
from newsarchive.extract.blocks import Block, MediaElement, normalize_space
from newsarchive.extract.body import MAX_BLOCKS_AROUND, Body
from newsarchive.extract.captions import MAX_TEXT, attach_captions, read_caption, separate_credit, split_credit
from newsarchive.extract.metadata import IMAGE_FILE, file_stem, picture_path
from newsarchive.extract.page_input import PageParts
from newsarchive.extract.requisites import choose_image_url
from newsarchive.extract.stated_media import MAX_URL, add_stated, is_same_picture, media_key, parse_duration
from newsarchive.extract.tree import resolve_link
from newsarchive.extract.urls import host, score_article_url, split_url
from newsarchive.extract.word_tables import alternatives, table_lines
from storage.article_parts import Image, Media, MediaKind
from storage.model import Role
from storage.urls import strip_www

MAX_MEDIA = 200
"""Media of one article, at most."""
_MAX_EXAMINED = 400  # elements between headline and end of an article; real pages have 225
_MIN_SIZE, _MAX_ICON = 40, 400  # pixels: what is smaller in both directions is an icon, or may be one by its name
_MIN_LEAD, _MAX_ABOVE = 300, 4  # pixels of both sides of a lead picture, and blocks between it and the headline
_MIN_SCORE = 1.5  # of an address from which it is that of another article
_LINKED = 0.8  # share of a line in links from which it is one
_MIN_HEADLINE = 20  # letters of a linked line from which it may be a headline, wherever it leads
_MAX_NAME = 300  # characters at the end of an address in which the name of its file is read
_PICTURES = frozenset({"img", "amp-img", "picture", "noscript"})
_FOREIGN = (
    zones.NAV | zones.MENU | zones.CONSENT | zones.COMMENTS | zones.RELATED | zones.LATEST | zones.AD | zones.SHARE
    | zones.FOOTER | zones.BIO | zones.TAGS | zones.BYLINE
)  # fmt: skip
_ONLY_WITH_CAPTION = zones.HIDDEN | zones.ASIDE | zones.PROMO
"""Zones in which a picture without a caption is not the article's."""
_FRAMES = frozenset({"iframe", "amp-iframe", "embed", "object"})
_PLAYERS = {
    "video": MediaKind.VIDEO, "amp-video": MediaKind.VIDEO, "audio": MediaKind.AUDIO, "amp-audio": MediaKind.AUDIO,
}  # fmt: skip
_SOURCES = ("src", "data-src", "data-lazy-src", "data-original", "data-url", "data", "data-litespeed-src",
            "data-cookieblock-src", "data-cmp-src")  # fmt: skip
_POSTS = ("data-instgrm-permalink", "data-href", "cite", "data-url")
_ADDRESSES = {tag: (attribute, start) for tag, attribute, start in map(str.split, table_lines("media_address"))}
_KINDS = (MediaKind.PODCAST, MediaKind.VIDEO, MediaKind.AUDIO)
_HOSTS = [(kind, re.compile(alternatives(f"{kind}_host"))) for kind in _KINDS]
_PATHS = [(kind, re.compile(alternatives(f"{kind}_path"))) for kind in _KINDS]
_NO_MEDIA = re.compile(alternatives("no_media_host"))
_FILLERS = alternatives("placeholder")
_PLACEHOLDER = re.compile(
    rf"(?:{_FILLERS})(?:[-_.](?:{_FILLERS}|image|img|gif|\d+(?:x\d+)?|[0-9a-f]{{8}})(?![^-_.]))*+"
    r"|.*[-_]placeholder"
)
_ICON = re.compile(
    r"avatar[-_.].*|\d{2,4}x\d{2,4}|(?:.*[-_.])?(?:logo|icon)s?(?:[-_.].*)?"
    rf"|(?:.*[-_.])?(?:{alternatives('icon_name')})s?(?:[-_.]\w{{1,12}})?"
)
_LOGO = re.compile(r"(?:.*[-_.])?(?:logo|icon)s?(?:[-_.]\w{1,12})?")  # of any size
_LOGO_PATH = re.compile(r"(?:/|[-_])(?:logo|captcha)s?\d*/|logo[\d._-]*\.svg$")  # of any size
_ICON_PATH = re.compile(r"(?:/|[-_])(?:avatar|emoji)s?\d*/|/icons/.*(?<!\.jpg)(?<!\.jpeg)$")
_SITE_HEADER = re.compile(r"(?i:logo)[^/]*$|/cropped-[^/]*$")  # WordPress crops the picture above all pages of a site
_ICON_CLASS = re.compile(r"(?:^|\s)(?:[\w-]{1,40}__)?(?:avatar|icon|emoji|smiley|logo)s?(?=\s|$)")
_TRANSCRIPT = re.compile(rf"(?:\W|read|view|full|the)*(?:{alternatives('transcript_word')})\W*", re.IGNORECASE)
_MAX_TRANSCRIPT_LABEL = 60
_NEAR = 4  # blocks below a player among which the link to its transcript is looked for


def find_media(parts: PageParts, body: Body, headline: int | None, lead: Image | None) -> tuple[Media, ...]:
    """Return the media of an article in page order; `headline`: the block that it stands in, `lead`: its image."""
    if not body.inside:
        return tuple(add_stated(parts, []))
    first = min(body.inside)
    ends = start, last = headline if headline is not None and headline <= first else first, max(body.inside)
    near = range(start - MAX_BLOCKS_AROUND, last + MAX_BLOCKS_AROUND + 2)
    # Before anything else: most pictures of a page are those of other articles.
    elements = (each for each in parts.content.media if each.block in near and not each.zone & _FOREIGN)
    read = [(each, media) for each in islice(elements, _MAX_EXAMINED) if (media := _read_element(parts, each))]
    blocks = parts.content.blocks
    captions = attach_captions(blocks, body.roles, [element for element, _ in read])
    articles = {box for i in body.inside if read for box in islice(blocks[i].element.iterancestors("article"), 3)}
    found: dict[str, Media] = {}
    before: HtmlElement | None = None
    for element, media in read:
        if len(found) >= MAX_MEDIA:
            break
        own = captions.get(element.element, [])
        is_lead = lead is not None and element.block <= first + 1 and is_same_picture(media.url, lead.url)
        captioned = [block for block in own if body.roles.get(block.index) is not Role.TEXT]
        is_other = _is_in_other_article(element.element, articles, has_caption=bool(captioned))
        objection = "in another article" if is_other else _object_to_caption(captioned, body)
        objection = objection or _object_to(parts, element, media, body, ends, is_sure=bool(captioned) or is_lead)
        source = f"{media.kind}, {objection or 'in the article'}"
        parts.evidence.add_claim("media", source, media.url, taken=not objection)
        if objection:
            continue
        # A picture that a script shows is written again, for browsers without scripts.
        is_copy = element.element.tag == "noscript" and element.element.getprevious() is before
        key = next(reversed(found)) if is_copy and found else _key(media)
        before = element.element
        if key not in found or (own and not found[key].caption):
            caption, credit = read_caption(own)
            credit = credit or media.credit
            stated = media.caption if media.caption != credit else None
            place = found[key].place if key in found else bisect_left(body.starts, element.block)
            found[key] = replace(media, place=place, caption=caption or stated, credit=credit)
    return tuple(add_stated(parts, list(found.values())))


def _is_in_other_article(element: HtmlElement, articles: set[HtmlElement], *, has_caption: bool) -> bool:
    """Return whether an element is in an <article> that is none of the body's; with a caption it may be a slide."""
    box = next(element.iterancestors("article"), None)
    if not articles or box is None or box in articles:
        return False
    return not has_caption or articles.isdisjoint(element.iterancestors("article"))


def _key(media: Media) -> str:
    """Return what the address of a medium has in common with those of its copies in other sizes."""
    path = picture_path(media.url)
    is_file = media.kind is MediaKind.IMAGE and IMAGE_FILE.search(path) is not None
    return f"{path.rpartition('/')[0]}/{file_stem(media.url)}" if is_file else media_key(media.url)


def _object_to_caption(captions: Sequence[Block], body: Body) -> str | None:
    """Return why a caption is none: it names an author, or is an offer; None for others, and without one."""
    text = captions[0].text if captions else ""
    # Authors take photographs, too: "Foto: Ann Lee" is a credit.
    if any(text.endswith(each) and len(text) <= len(each) + 6 for each in body.authors) and not split_credit(text)[0]:
        return "a portrait"
    is_offer = text and (phrases.NEWSLETTER.match(text) or phrases.PROMO.match(text))
    return "in a box of an offer" if is_offer else None


def _object_to(
    parts: PageParts, found: MediaElement, media: Media, body: Body, ends: tuple[int, int], *, is_sure: bool
) -> str | None:
    """Return why an element is not one of the article, given the first and the last block of that; None if it is.

    `is_sure`: it has a caption, or is the lead picture.
    """
    blocks, (start, last), is_picture = parts.content.blocks, ends, media.kind is MediaKind.IMAGE
    own = zones.zones_of_element(str(found.element.tag), found.element.items())
    if own & _FOREIGN or (own & zones.HIDDEN and not is_picture):
        return "hidden, a portrait, or part of an advertisement"
    beside = [blocks[i] for i in (found.block - 1, found.block) if is_picture and 0 <= i < len(blocks)]
    if any(_leads_to_article(parts, body, each) and found.is_beside(each) for each in beside):
        return "beside a link to another article"
    if is_sure:
        return None
    sizes = _list_sizes(next(found.element.iter("img", "amp-img"), found.element))
    is_large = len(sizes) == 2 and min(sizes) >= _MIN_LEAD and not _SITE_HEADER.search(media.url)
    is_lead = is_large and found.block > start - _MAX_ABOVE
    is_above = found.block <= start and not is_lead and not found.zone & (zones.ARTICLE | zones.MAIN)
    boxes = [*islice(blocks[last].element.iterancestors("div", "section", "article", "main"), 2)]
    box = next((each for each in boxes if each.tag == "article"), boxes[-1] if boxes else None)
    is_below = found.block > last + 1 and (box is None or box not in found.element.iterancestors())
    is_linked = is_picture and found.href and not _leads_to_picture(parts, found, is_after=found.block > last)
    objections = (
        (is_picture and found.zone & _ONLY_WITH_CAPTION, "hidden or beside the article, without a caption"),
        (is_picture and _is_named_as_icon(found.element, media.url), "a logo or an icon"),
        (is_linked, "a link to another page, without a caption"),
        (is_above or is_below, "above the headline or below the article, without a caption"),
    )
    return next((objection for holds, objection in objections if holds), None)


def _leads_to_article(parts: PageParts, body: Body, block: Block) -> bool:
    """Return whether a line is a teaser, or hardly more than a link to an article. A linked credit or sign is not."""
    if body.roles.get(block.index) is Role.TEASER:
        return True
    if block.link_share <= _LINKED or not split_credit(block.text)[1]:
        return False
    urls = [url for each in block.anchors[:3] if each.text and (url := resolve_link(parts.page.base, each.href))]
    is_headline = not block.zone & zones.FIGCAPTION and block.letters >= _MIN_HEADLINE
    return any(is_headline or score_article_url(url, parts.page.url) >= _MIN_SCORE for url in urls)


def _leads_to_picture(parts: PageParts, found: MediaElement, *, is_after: bool) -> bool:
    """Return whether a link around a picture leads to the picture, or from the text to a page that is no article.

    Pictures that lead to another site are advertisements, unless they are in a figure.
    """
    url = resolve_link(parts.page.base, found.href)
    if url is None or IMAGE_FILE.search(split_url(url).path):
        return True
    is_own = host(url) == host(parts.page.url) or next(found.element.iterancestors("figure"), None) is not None
    return is_own and not is_after and score_article_url(url, parts.page.url) < _MIN_SCORE


def _read_element(parts: PageParts, found: MediaElement) -> Media | None:
    """Return the medium that an element shows; None for icons, counters and what has no address."""
    media = _read_picture(parts, found.element) if found.element.tag in _PICTURES else _read_player(parts, found)
    is_shown = media is not None and len(media.url) < MAX_URL and not _NO_MEDIA.search(host(media.url))
    return media if is_shown else None


def _read_picture(parts: PageParts, element: HtmlElement) -> Media | None:
    image = next(element.iter("img", "amp-img"), None)
    url = resolve_link(parts.page.base, choose_image_url(image)) if image is not None else None
    if image is None or url is None or _is_icon(image) or _PLACEHOLDER.fullmatch(file_stem(url[-_MAX_NAME:])):
        return None
    names = ("alt", "data-caption", "data-credit")
    alt, text, credit = (normalize_space((image.get(name) or "")[:MAX_TEXT]) for name in names)
    caption, within = separate_credit(text)
    return Media(kind=MediaKind.IMAGE, url=url, alt=alt or None, caption=caption, credit=credit or within)


def _read_player(parts: PageParts, found: MediaElement) -> Media | None:
    element, base = found.element, parts.page.base
    tag = str(element.tag)
    url = next((url for href in _list_addresses(element, tag) if (url := resolve_link(base, href))), None)
    # A quotation that leads to a page of the site itself is no post.
    is_own = url is not None and tag == "blockquote" and strip_www(host(url)) == strip_www(host(parts.page.url))
    if url is None or is_own or (tag in _FRAMES and _is_icon(element)):
        return None
    tracks = (track.get("src") or "" for track in islice(element.iter("track"), 5) if track.get("kind") != "chapters")
    transcript = next((each for track in tracks if len(track) < MAX_URL and (each := resolve_link(base, track))), None)
    kind = _PLAYERS.get(tag) or _kind_of_url(url)
    names = ((each.get("class") or "")[:200].lower() for each in islice(element.iterancestors(), 4))
    if kind is MediaKind.AUDIO and any("podcast" in each for each in names):
        kind = MediaKind.PODCAST
    title = normalize_space((element.get("title") or element.get("aria-label") or "")[:MAX_TEXT]) or None
    duration = parse_duration(element.get("data-duration") or element.get("duration"))
    transcript = transcript or (_find_transcript(parts, found) if kind is not MediaKind.EMBED else None)
    return Media(kind=kind, url=url, alt=title, duration=duration, transcript_url=transcript)


def _list_addresses(element: HtmlElement, tag: str) -> Iterator[str]:
    """Yield what may be the address of a player, frame or post."""
    if tag in _ADDRESSES:
        attribute, start = _ADDRESSES[tag]
        if value := element.get(attribute):
            yield value if start == "-" else f"{start}{value}"
    elif tag in _PLAYERS or tag in _FRAMES:
        inner = islice(element.iter("source", "a"), 5) if tag in _PLAYERS else ()
        yield from (value for each in (element, *inner) for name in _SOURCES if (value := each.get(name)))
    elif next(element.iter(*_FRAMES, *_PLAYERS, *_ADDRESSES), None) is None:
        yield from (value for name in _POSTS if (value := element.get(name)))
        # oEmbed prints a post as a quotation with a link to it.
        links = [a.get("href", "") for a in element.iter("a")] if tag == "blockquote" else []
        yield from links[-1:]


def _find_transcript(parts: PageParts, found: MediaElement) -> str | None:
    """Return the address of a link such as "Read the transcript" near a player."""
    near = parts.content.blocks[max(found.block - 1, 0) : found.block + _NEAR]
    links = (link for block in near for link in block.anchors[:5] if len(link.text) < _MAX_TRANSCRIPT_LABEL)
    hrefs = (link.href for link in links if len(link.href) < MAX_URL and _TRANSCRIPT.fullmatch(link.text))
    return resolve_link(parts.page.base, next(hrefs, ""))


def _is_icon(element: HtmlElement) -> bool:
    """Return whether an element states that it is too small to be seen; 0 where a script sets the size says nothing."""
    is_sized_by_script = bool(element.get("srcset") or element.get("alt"))
    return int(is_sized_by_script) <= max(_list_sizes(element), default=-1) < _MIN_SIZE


def _is_named_as_icon(element: HtmlElement, url: str) -> bool:
    """Return whether a picture has the name or folder of a logo, or is named like an icon and states no large size."""
    image = next(element.iter("img", "amp-img"), element)
    name, path = file_stem(url[-_MAX_NAME:]), url.partition("?")[0].lower()[-_MAX_NAME:]
    if _LOGO.fullmatch(name) or _LOGO_PATH.search(path):
        return True
    is_classed = _ICON_CLASS.search((image.get("class") or "")[:200].lower())
    is_large = max(_list_sizes(image), default=0) >= _MAX_ICON
    return not is_large and bool(is_classed or _ICON_PATH.search(path) or _ICON.fullmatch(name))


def _list_sizes(element: HtmlElement) -> list[int]:
    """Return the width and height that an element states, in pixels, of those that it states."""
    stated = ((element.get(name) or "").removesuffix("px") for name in ("width", "height"))
    return [int(size) for size in stated if size.isdecimal() and len(size) < len("10000")]


def _kind_of_url(url: str) -> MediaKind:
    """Return the kind of a player by its address.

    >>> _kind_of_url("https://www.youtube.com/embed/a1"), _kind_of_url("https://open.spotify.com/embed/episode/a1")
    (<MediaKind.VIDEO: 'video'>, <MediaKind.PODCAST: 'podcast'>)
    """
    split = split_url(url.lower())
    by_path = next((kind for kind, paths in _PATHS if paths.search(split.path[-_MAX_NAME:])), None)
    by_host = next((kind for kind, hosts in _HOSTS if hosts.search(split.netloc)), None)
    return MediaKind.PODCAST if by_path is MediaKind.PODCAST else by_host or by_path or MediaKind.EMBED
