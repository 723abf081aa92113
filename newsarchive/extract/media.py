"""Find the pictures, videos, audios and embedded objects of an article, with their captions and places.

    elements of the page --> those of the article --> captions by the nearest element around both --> credits
    JSON-LD, og:video    --> matched by the name of the file or the id of the video, or media of their own

Elements between the headline and the end of the body count, apart from menus, lists of other articles, advertisements
and portraits; above the headline and below the body only those with a caption or in the same box.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from operator import attrgetter, mul
from urllib.parse import parse_qs

from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.blocks import Block, MediaElement, normalize_space
from newsarchive.extract.body import MAX_BLOCKS_AROUND, Body
from newsarchive.extract.jsonld import Node, as_list, node_types, resolve_references, text_of
from newsarchive.extract.metadata import file_stem
from newsarchive.extract.page_input import PageParts
from newsarchive.extract.requisites import choose_image_url
from newsarchive.extract.tree import has_more_text, resolve_link
from newsarchive.extract.urls import host, split_url
from newsarchive.extract.word_tables import alternatives, table_lines
from storage.article_parts import Image, Media, MediaKind
from storage.model import Role

MAX_MEDIA = 200
"""Media of one article, at most."""
_MAX_TEXT = 2_000  # longest caption, credit and text alternative, in characters
_MAX_CREDIT = 150
_EDGES = " .|·•—-/／（"
_MAX_LEVELS = 6  # elements around a caption among which that of its picture is looked for
_MIN_NAME = 6  # shortest file name or id, in characters, that identifies a medium
_MAX_ELEMENTS = 50  # of a caption in which a credit is looked for
_MAX_TAIL = 300  # characters at the end of a caption in which a credit is looked for
_MAX_DIGITS = 6
_MAX_SECONDS = 10_000_000
_LINKED = 0.8  # share of a line in links from which it is one
_MIN_PREFIX = 20  # characters at the beginning of two names of files from which they are of one picture
_MIN_SIZE = 40  # pixels: what is smaller in both directions is an icon
_FOREIGN = (
    zones.NAV | zones.MENU | zones.CONSENT | zones.COMMENTS | zones.RELATED | zones.LATEST | zones.AD | zones.SHARE
    | zones.FOOTER | zones.BIO | zones.TAGS | zones.BYLINE
)  # fmt: skip
_ONLY_WITH_CAPTION = zones.HIDDEN | zones.ASIDE | zones.PROMO
"""Zones in which a picture without a caption is not the article's."""
_FRAMES = frozenset({"iframe", "amp-iframe", "embed", "object"})
_PLAYERS = {
    "video": MediaKind.VIDEO,
    "amp-video": MediaKind.VIDEO,
    "audio": MediaKind.AUDIO,
    "amp-audio": MediaKind.AUDIO,
}
_SOURCES = ("src", "data-src", "data-lazy-src", "data-original", "data-url", "data", "data-litespeed-src")
_POSTS = ("data-instgrm-permalink", "data-href", "cite", "data-url")
_ADDRESSES = {tag: (attribute, start) for tag, attribute, start in map(str.split, table_lines("media_address"))}
_HOSTS = [(MediaKind(name), re.compile(alternatives(f"{name}_host"))) for name in ("podcast", "video", "audio")]
_NO_MEDIA = re.compile(alternatives("no_media_host"))
_PLACEHOLDER = re.compile(r"(?i:placeholder|spacer|blank|pixel|transparent|lazy|loading|1x1)[^/]*\.\w+$")
_IMAGE_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|svg)$", re.IGNORECASE)
_CREDIT_CLASS = re.compile(rf"(?<![a-z])(?:{alternatives('credit_class')})", re.IGNORECASE)
_LABEL = rf"(?:©\s?)?(?<!\w)(?:{alternatives('credit_label')})\s?[:：=＝]\s*(?:©|\(c\))?|©|\(c\)|(?<!\w)[图圖文][/／]"
_LEAD = rf"(?:^|(?<=[.!?]\s)|(?<=\())(?:{alternatives('credit_lead')})\s(?=(?-i:[^a-zß-ÿ]))"
_CREDIT = re.compile(rf"[\s(（\[|]*(?:{_LABEL}|{_LEAD})\s*([^:：©]{{2,{_MAX_CREDIT}}})$", re.IGNORECASE)
_AGENCY = re.compile(rf"(?<!\w)(?:{alternatives('picture_agency')})(?!\w)", re.IGNORECASE)
_BEHIND = re.compile(rf"[^\s。，、=＝（(]{{2,20}}(?=\s?[／/]?(?:{alternatives('credit_tail')})[)）]?$)")
"""A name before its label, as in Chinese, Japanese and Korean."""
_LAST_PART = re.compile(r"(?:^|(?<=[.!?…”\"»]\s)|\s?[(\[（])([^.!?…()\[\]（）]{2,120})[)\]）]?\.?$")
_TRANSCRIPT = re.compile(rf"(?:\W|read|view|full|the)*(?:{alternatives('transcript_word')})\W*", re.IGNORECASE)
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?")
_SECONDS = re.compile(r"\d{1,8}(?:\.\d+)?")
_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,2}):(\d\d)")
_JSONLD_KINDS = {
    "VideoObject": MediaKind.VIDEO, "Clip": MediaKind.VIDEO, "AudioObject": MediaKind.AUDIO,
    "PodcastEpisode": MediaKind.PODCAST, "RadioEpisode": MediaKind.PODCAST,
}  # fmt: skip
_OF_ARTICLE = ("video", "audio", "associatedMedia", "hasPart", "encoding")


def find_media(parts: PageParts, body: Body, headline: int | None, lead: Image | None) -> tuple[Media, ...]:
    """Return the media of an article in page order; `headline`: the block that it stands in, `lead`: its image."""
    if not body.inside:
        return tuple(_add_stated(parts, []))
    first, last = min(body.inside), max(body.inside)
    start = headline if headline is not None and headline <= first else first
    near = range(start - MAX_BLOCKS_AROUND, last + MAX_BLOCKS_AROUND + 2)
    # Before anything else: most pictures of a page are those of other articles.
    elements = [each for each in parts.content.media if each.block in near and not each.zone & _FOREIGN]
    read = [(each, media) for each in elements if (media := _read_element(parts, each)) is not None]
    captions = _attach_captions(parts.content.blocks, body.roles, [element for element, _ in read])
    found: dict[str, Media] = {}
    for element, media in read[:MAX_MEDIA]:
        blocks = captions.get(element.element, ())
        is_lead = lead is not None and element.block <= first + 1 and _are_same_picture(media.url, lead.url)
        objection = _object_to(parts, element, body, start, has_caption=bool(blocks) or is_lead)
        source = f"{media.kind}, {objection or 'in the article'}"
        parts.evidence.add_claim("media", source, media.url, taken=not objection)
        known = found.get(media.url)
        # A picture that a script shows is written again for browsers without scripts.
        if not objection and (known is None or (blocks and not known.caption and not known.credit)):
            caption, credit = _read_caption(blocks)
            credit = credit or media.credit
            stated = media.caption if media.caption != credit else None
            place = bisect_left(body.starts, element.block)
            found[media.url] = replace(media, caption=caption or stated, credit=credit, place=place)
    return tuple(_add_stated(parts, list(found.values())))


def _object_to(parts: PageParts, media: MediaElement, body: Body, start: int, *, has_caption: bool) -> str | None:
    """Return why an element is not one of the article, which begins at a block; None if it is."""
    blocks, last = parts.content.blocks, max(body.inside)
    zone = media.zone | zones.zones_of_element(str(media.element.tag), media.element.items())
    if zone & _FOREIGN:
        return "a portrait, or part of an advertisement"
    if has_caption:
        return None
    is_picture = media.element.tag not in _FRAMES and media.element.tag not in _PLAYERS
    below = blocks[media.block] if is_picture and media.block < len(blocks) else None
    is_linked = below is not None and (body.roles.get(below.index) is Role.TEASER or below.link_share > _LINKED)
    is_teaser = is_linked and below is not None and _stands_beside(media.element, below)
    is_above = media.block <= start and not zone & (zones.ARTICLE | zones.MAIN)
    boxes = [*islice(blocks[last].element.iterancestors("div", "section", "article", "main"), 2)]
    box = next((each for each in boxes if each.tag == "article"), boxes[-1] if boxes else None)
    is_below = media.block > last + 1 and (box is None or box not in media.element.iterancestors())
    objections = (
        (is_picture and zone & _ONLY_WITH_CAPTION, "hidden or beside the article, without a caption"),
        (media.href and not _leads_to_picture(parts, media.href), "a link to another site, without a caption"),
        (is_teaser, "beside a link to another article"),
        (is_above or is_below, "above the headline or below the article, without a caption"),
    )
    return next((objection for holds, objection in objections if holds), None)


def _are_same_picture(url: str, other: str) -> bool:
    """Return whether two addresses are of one picture in different sizes, by the names of the files."""
    first, second = file_stem(url), file_stem(other)
    length = max(len(first), len(second)) if len(first) < _MIN_PREFIX else _MIN_PREFIX
    return len(first) >= _MIN_NAME and first[:length] == second[:length]


def _leads_to_picture(parts: PageParts, href: str) -> bool:
    """Return whether a link around a picture leads to the picture, or to a page of its own site."""
    url = resolve_link(parts.page.base, href)
    return url is None or host(url) == host(parts.page.url) or _IMAGE_FILE.search(split_url(url).path) is not None


def _stands_beside(element: HtmlElement, block: Block) -> bool:
    around = list(islice(element.iterancestors(), 3))
    return any(box in around for box in islice(block.element.iterancestors(), 3))


def _read_element(parts: PageParts, found: MediaElement) -> Media | None:
    """Return the medium that an element shows; None for icons, counters and what has no address."""
    element, base = found.element, parts.page.base
    tag = str(element.tag)
    if tag in ("img", "amp-img", "picture", "noscript"):
        image = next(element.iter("img", "amp-img"), None)
        url = resolve_link(base, choose_image_url(image)) if image is not None else None
        if image is None or url is None or _is_icon(image) or _NO_MEDIA.search(host(url)):
            return None
        if _PLACEHOLDER.search(split_url(url).path.rpartition("/")[2]):
            return None
        alt = normalize_space(image.get("alt") or "")[:_MAX_TEXT] or None
        caption, credit = (image.get(name) or None for name in ("data-caption", "data-credit"))
        return Media(kind=MediaKind.IMAGE, url=url, alt=alt, caption=caption, credit=credit)
    title = normalize_space(element.get("title") or element.get("aria-label") or "")[:_MAX_TEXT] or None
    if tag in _ADDRESSES:
        attribute, start = _ADDRESSES[tag]
        href = f"{start}{element.get(attribute)}" if element.get(attribute) else ""
        href = element.get(attribute, "") if start == "-" else href
    elif tag in _PLAYERS or tag in _FRAMES:
        inner = [element, *islice(element.iter("source", "a"), 5)] if tag in _PLAYERS else [element]
        href = next((value for each in inner for name in _SOURCES if (value := each.get(name))), "")
    else:
        if next(element.iter(*_FRAMES, *_PLAYERS, *_ADDRESSES), None) is not None:
            return None
        # oEmbed prints a post as a quotation with a link to it.
        links = [a.get("href", "") for a in element.iter("a")] if tag == "blockquote" else []
        href = next((value for name in _POSTS if (value := element.get(name))), links[-1] if links else "")
    url = resolve_link(base, href)
    if url is None or _NO_MEDIA.search(host(url)) or (tag in _FRAMES and _is_icon(element)):
        return None
    tracks = (track.get("src") or "" for track in element.iter("track") if track.get("kind") != "chapters")
    transcript = next((each for track in tracks if (each := resolve_link(base, track))), None)
    duration = _parse_duration(element.get("data-duration") or element.get("duration"))
    kind = _PLAYERS.get(tag) or _kind_of_url(url)
    if kind is MediaKind.AUDIO and _is_in_podcast(element):
        kind = MediaKind.PODCAST
    return Media(kind=kind, url=url, alt=title, duration=duration, transcript_url=transcript)


def _is_icon(element: HtmlElement) -> bool:
    """Return whether the attributes of an element state that it is too small to be seen."""
    stated = ((element.get(name) or "").removesuffix("px") for name in ("width", "height"))
    sizes = [int(size) for size in stated if size.isdecimal() and len(size) < _MAX_DIGITS]
    return bool(sizes) and max(sizes) < _MIN_SIZE


def _is_in_podcast(element: HtmlElement) -> bool:
    names = (each.get("class") or "" for each in islice(element.iterancestors(), 4))
    return any("podcast" in each[:200].lower() for each in names)


def _kind_of_url(url: str) -> MediaKind:
    """Return the kind of a player by its address.

    >>> _kind_of_url("https://www.youtube.com/embed/a1"), _kind_of_url("https://open.spotify.com/embed/episode/a1")
    (<MediaKind.VIDEO: 'video'>, <MediaKind.PODCAST: 'podcast'>)
    """
    address = url.partition("://")[2].partition("?")[0].lower()
    return next((kind for kind, hosts in _HOSTS if hosts.search(address)), MediaKind.EMBED)


def _parse_duration(value: object) -> int | None:
    """Return the seconds of a duration (ISO 8601, a clock, or seconds); None if it is none, or has no end.

    >>> [_parse_duration(each) for each in ("PT1H2M3S", "02:05", 95, "P0D", "soon")]
    [3723, 125, 95, None, None]
    """
    text = str(value or "").strip()[:40]
    if match := _DURATION.fullmatch(text) or _CLOCK.fullmatch(text):
        numbers = [int(each or 0) for each in match.groups()]
        total = sum(map(mul, reversed(numbers), (1, 60, 3_600, 86_400)))
    else:
        total = int(text.partition(".")[0]) if _SECONDS.fullmatch(text) else 0
    return total if 0 < total < _MAX_SECONDS else None


# Captions and credits.


def _attach_captions(
    blocks: Sequence[Block], roles: Mapping[int, Role], media: Sequence[MediaElement]
) -> dict[HtmlElement, list[Block]]:
    """Return the first MAX_MEDIA captions by element: the last before them in the nearest element around both."""
    around: dict[HtmlElement, list[MediaElement]] = {}
    for each in media:
        figure = islice(each.element.iterancestors("figure"), 1)
        for box in {each.element, *islice(each.element.iterancestors(), _MAX_LEVELS), *figure}:
            around.setdefault(box, []).append(each)
    attached: dict[HtmlElement, list[Block]] = {}
    captions = sorted(index for index, role in roles.items() if role is Role.CAPTION)
    for index in captions[:MAX_MEDIA]:
        block = blocks[index]
        for box in (block.element, *islice(block.element.iterancestors(), _MAX_LEVELS)):
            if near := around.get(box):
                before = bisect_right(near, index, key=attrgetter("block"))
                attached.setdefault(near[max(before - 1, 0)].element, []).append(block)
                break
    return attached


def _read_caption(blocks: Iterable[Block]) -> tuple[str | None, str | None]:
    """Return caption and credit from the blocks of a caption: the credit by its class, else by its wording."""
    captions: list[str] = []
    credit = ""
    for block in blocks:
        text = block.text
        elements = (each for each in islice(block.element.iter(), _MAX_ELEMENTS) if _is_credit(each))
        named = (normalize_space(str(each.text_content())) for each in elements if not has_more_text(each, _MAX_TAIL))
        printed = next((each for each in named if each and each in text), "")
        if not credit:
            credit, printed = (printed, printed) if printed else _find_credit(text[-_MAX_TAIL:])
            text = text.removesuffix(printed) if text.endswith(printed) else text.replace(printed, "", 1)
        captions.append(text.strip(_EDGES.replace(".", "")))
    labelled = _CREDIT.fullmatch(credit)
    credit = _strip_brackets((labelled[1] if labelled else credit).strip(_EDGES))
    caption = " ".join(each for each in captions if any(map(str.isalnum, each)))
    return caption[:_MAX_TEXT] or None, credit[:_MAX_CREDIT] or None


def _find_credit(text: str) -> tuple[str, str]:
    """Return the credit at the end of a caption, and what is printed of it; "" without one.

    >>> _find_credit("The port. Photo: Ann Lee"), _find_credit("The port (Reuters/Ann Lee)")
    (('Ann Lee', ' Photo: Ann Lee'), ('Reuters/Ann Lee', ' (Reuters/Ann Lee)'))
    """
    if match := _CREDIT.search(text):
        return match[1], match[0]
    if match := _BEHIND.search(text):
        return match[0], text[match.start() :]
    last = _LAST_PART.search(text)
    if last is None:
        return "", ""
    is_pair = last[0].lstrip()[:1] in "([（" and "/" in last[1]
    is_name = last[1].isupper() and last.start() > 0 and not any(map(str.isdigit, last[1]))
    return (last[1], last[0]) if is_pair or is_name or _AGENCY.search(last[1]) else ("", "")


def _strip_brackets(credit: str) -> str:
    """Return a credit without the brackets around it, or the half of a pair.

    >>> _strip_brackets("(Ann Lee/AP)"), _strip_brackets("Lee (detail)"), _strip_brackets("Lee)")
    ('Ann Lee/AP', 'Lee (detail)', 'Lee')
    """
    is_around = credit[:1] in "([（" and credit[-1:] in ")]）"
    is_half = credit[-1:] in ")]）" and not any(bracket in credit for bracket in "([（")
    return credit[1:-1] if is_around else credit[:-1] if is_half else credit


def _is_credit(element: HtmlElement) -> bool:
    """Return whether an element in a caption is named after a credit; one named after both is the caption."""
    names = f"{element.get('class') or ''} {element.get('itemprop') or ''}"[:200].lower()
    return isinstance(element.tag, str) and "caption" not in names and _CREDIT_CLASS.search(names) is not None


# What the page states for machines.


def _add_stated(parts: PageParts, media: list[Media]) -> Iterator[Media]:
    """Yield media with what JSON-LD says of them, then those that it alone names for the article."""
    nodes = list(_stated_media(parts))
    images = _stated_images(parts)
    transcripts = [a.href for a in parts.content.anchors if len(a.text) < 60 and _TRANSCRIPT.fullmatch(a.text)]
    transcript = next((url for href in transcripts if (url := resolve_link(parts.page.base, href))), None)
    used: list[Node] = []
    for each in media:
        if each.kind is MediaKind.IMAGE:
            node = images.get(file_stem(each.url), {})
            caption, credit = text_of(node.get("caption")), _credit_of(node)
            credit = each.credit or credit
            stated = caption if caption != credit else None
            yield replace(each, caption=each.caption or stated or None, credit=credit or None)
            continue
        node = next((node for _, node in nodes if _key(each.url) in _keys(parts, node)), {})
        used.append(node)
        if each.kind in (MediaKind.VIDEO, MediaKind.AUDIO, MediaKind.PODCAST):
            each = replace(each, transcript_url=each.transcript_url or transcript)
        yield _describe(parts, each, node)
    for kind, node in nodes:
        url = next(_urls(parts, node), None)
        if node not in used and url is not None:
            parts.evidence.add_claim("media", f"{kind}, json-ld", url, taken=True)
            yield _describe(parts, Media(kind=kind, url=url, transcript_url=transcript), node)
    stated = resolve_link(parts.page.base, parts.head.first("og:video:secure_url", "og:video:url", "og:video"))
    if stated and not nodes and all(each.kind is not MediaKind.VIDEO for each in media):
        duration = _parse_duration(parts.head.first("og:video:duration", "video:duration"))
        yield Media(kind=MediaKind.VIDEO, url=stated, duration=duration)


def _stated_media(parts: PageParts) -> Iterator[tuple[MediaKind, Node]]:
    """Yield the videos and audios of JSON-LD: those of the article, or the only one of the page."""
    values = [parts.jsonld.article.get(name) for name in _OF_ARTICLE]
    nodes = [node for value in values for node in as_list(resolve_references(value, parts.jsonld.nodes))[:50]]
    nodes = [node for node in nodes if isinstance(node, dict) and node_types(node) & _JSONLD_KINDS.keys()]
    others = [node for node in parts.jsonld.nodes if node_types(node) & _JSONLD_KINDS.keys()]
    others = [node for node in others if not any(node is part for each in others for part in each.values())]
    for node in nodes or (others if len(others) == 1 else []):
        kind = next(kind for name, kind in _JSONLD_KINDS.items() if name in node_types(node))
        media = node.get("associatedMedia") if kind is MediaKind.PODCAST else None
        yield kind, {**node, **media} if isinstance(media, dict) else node


def _urls(parts: PageParts, node: Node) -> Iterator[str]:
    values = (node.get(name) for name in ("contentUrl", "embedUrl", "url"))
    urls = (resolve_link(parts.page.base, value) for value in values if isinstance(value, str))
    return (url for url in urls if url is not None)


def _keys(parts: PageParts, node: Node) -> set[str]:
    return {_key(url) for url in _urls(parts, node)}


def _key(url: str) -> str:
    """Return the id by which two addresses of one video are the same, else the address.

    >>> _key("https://www.youtube.com/embed/abcdefghijk?rel=0") == _key("https://www.youtube.com/watch?v=abcdefghijk")
    True
    """
    split = split_url(url)
    name = parse_qs(split.query).get("v", [split.path.rstrip("/").rpartition("/")[2].partition(".")[0]])[0]
    return name if len(name) >= _MIN_NAME else url


def _describe(parts: PageParts, media: Media, node: Node) -> Media:
    """Return a video or audio with its title, duration and transcript by JSON-LD."""
    subtitles = node.get("caption") or node.get("transcript")
    subtitles = subtitles.get("contentUrl") or subtitles.get("url") if isinstance(subtitles, dict) else subtitles
    is_link = isinstance(subtitles, str) and subtitles.startswith(("http://", "https://", "/"))
    transcript = resolve_link(parts.page.base, str(subtitles)) if is_link else None
    return replace(
        media,
        caption=media.caption or text_of(node.get("name"))[:_MAX_TEXT] or None,
        credit=media.credit or _credit_of(node) or None,
        duration=media.duration or _parse_duration(node.get("duration")),
        transcript_url=media.transcript_url or transcript,
    )


def _stated_images(parts: PageParts) -> dict[str, Node]:
    """Return the pictures of JSON-LD by the names of their files."""
    nodes = (node for node in parts.jsonld.nodes if "ImageObject" in node_types(node))
    named = ((node, node.get("url") or node.get("contentUrl")) for node in nodes)
    stems = ((file_stem(url), node) for node, url in named if isinstance(url, str))
    return {stem: node for stem, node in stems if len(stem) >= _MIN_NAME}


def _credit_of(node: Node) -> str:
    names = ("creditText", "copyrightNotice", "creator", "author", "copyrightHolder")
    return next((text[:_MAX_CREDIT] for name in names if (text := text_of(node.get(name)))), "")
