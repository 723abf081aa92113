"""Pictures, videos and audios as the JSON-LD and the <meta> elements of a page state them."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from operator import mul
from urllib.parse import parse_qs

from newsarchive.extract.blocks import normalize_space
from newsarchive.extract.captions import MAX_TEXT, separate_credit
from newsarchive.extract.jsonld import Node, as_list, node_types, resolve_references, text_of
from newsarchive.extract.metadata import file_stem
from newsarchive.extract.page_input import PageParts
from newsarchive.extract.tree import resolve_link
from newsarchive.extract.urls import host, split_url
from storage.article_parts import Media, MediaKind

MAX_URL = 4_000
"""Characters of the address of a medium; longer ones are left out."""
_MIN_NAME = 6  # shortest file name, in characters, that identifies a picture
_KINDS = {
    "VideoObject": MediaKind.VIDEO, "Clip": MediaKind.VIDEO, "AudioObject": MediaKind.AUDIO,
    "PodcastEpisode": MediaKind.PODCAST, "RadioEpisode": MediaKind.PODCAST,
}  # fmt: skip
_OF_ARTICLE = ("video", "audio", "associatedMedia", "hasPart", "encoding")
_MAX_NODES = 50
_IDS = re.compile(r"youtu\.?be|vimeo|dailymotion|jwplatform|jwplayer")
"""Hosts at which the last part of a path, or a parameter v or video, is the id of a video."""
_FILE = re.compile(r"\.(?:mp4|webm|mov|m3u8|mp3|m4a|ogg|aac|wav)$", re.IGNORECASE)
_MARKUP = re.compile(r"<[^<>]{1,300}>")
_LIVE = re.compile(r"(?<![a-z])live(?![a-z])(?!.*\.(?:mp4|webm|mov)(?![a-z]))", re.IGNORECASE)
"""In the address of a stream, which may be the station's own; not in that of a file."""
_DURATION = re.compile(r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})(?:\.\d+)?S)?)?")
_SECONDS = re.compile(r"\d{1,8}(?:\.\d+)?")
_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,2}):(\d\d)")
_MAX_SECONDS = 10_000_000


def plain_text(value: object, most: int = MAX_TEXT) -> str:
    """Return the text of a value of JSON-LD without markup, white space collapsed; at most so many characters."""
    return normalize_space(_MARKUP.sub(" ", text_of(value)[: 2 * most]))[:most]


def media_key(url: str) -> str:
    """Return what two addresses of one video or audio have in common: its id, its file, or the address itself.

    >>> media_key("https://www.youtube.com/embed/abcdefghijk?rel=0") == media_key("https://youtu.be/abcdefghijk")
    True
    """
    split = split_url(url)
    name = split.path.rstrip("/").rpartition("/")[2]
    if _IDS.search(split.netloc) and name != "videoseries":
        query = parse_qs(split.query)
        return next((query[each][0] for each in ("v", "video") if each in query), name.partition(".")[0])
    return f"{split.netloc}{split.path}" if _FILE.search(split.path) else url


def parse_duration(value: object) -> int | None:
    """Return the seconds of a duration (ISO 8601, a clock, or seconds); None if it is none, or has no end.

    >>> [parse_duration(each) for each in ("PT1H2M3S", "02:05", 95, "P0D", "soon")]
    [3723, 125, 95, None, None]
    """
    text = str(value or "").strip()[:40]
    if match := _DURATION.fullmatch(text) or _CLOCK.fullmatch(text):
        numbers = [int(each or 0) for each in match.groups()]
        total = sum(map(mul, reversed(numbers), (1, 60, 3_600, 86_400)))
    else:
        total = int(text.partition(".")[0]) if _SECONDS.fullmatch(text) else 0
    return total if 0 < total < _MAX_SECONDS else None


def add_stated(parts: PageParts, media: list[Media]) -> Iterator[Media]:
    """Yield media with what JSON-LD says of them, then those that it alone names for the article."""
    nodes = list(_list_nodes(parts))
    by_key = {media_key(url): (kind, node) for kind, node in reversed(nodes) for url in _list_urls(parts, node)}
    printed: set[str] = set()
    for each in _describe_pictures(parts, media):
        if each.kind is MediaKind.IMAGE:
            yield each
            continue
        kind, node = by_key.get(media_key(each.url), (each.kind, {}))
        printed.update(map(media_key, (each.url, *_list_urls(parts, node))))
        is_known = each.kind is not MediaKind.EMBED and kind is not MediaKind.PODCAST
        yield _describe(parts, each if is_known else replace(each, kind=kind), node)
    for kind, node in nodes:
        url = next(_list_urls(parts, node), None)
        if url is not None and media_key(url) not in printed:
            printed.update(map(media_key, _list_urls(parts, node)))
            parts.evidence.add_claim("media", f"{kind}, json-ld", url, taken=True)
            yield _describe(parts, Media(kind=kind, url=url), node)
    url = resolve_link(parts.page.base, parts.head.first("og:video:secure_url", "og:video:url", "og:video"))
    if url and len(url) < MAX_URL and not nodes and media_key(url) not in printed and not _LIVE.search(url):
        parts.evidence.add_claim("media", "video, og:video", url, taken=True)
        duration = parse_duration(parts.head.first("og:video:duration", "video:duration"))
        yield Media(kind=MediaKind.VIDEO, url=url, duration=duration)


def _list_nodes(parts: PageParts) -> Iterator[tuple[MediaKind, Node]]:
    """Yield the videos and audios of JSON-LD: those of the article, or the only one that is part of nothing else."""
    values = [parts.jsonld.article.get(name) for name in _OF_ARTICLE]
    found = [node for value in values for node in as_list(resolve_references(value, parts.jsonld.nodes))[:_MAX_NODES]]
    nodes = [node for node in found if isinstance(node, dict) and node_types(node) & _KINDS.keys()]
    if not nodes:
        inner = {id(part) for node in parts.jsonld.nodes for value in node.values() for part in as_list(value)}
        others = [node for node in parts.jsonld.nodes if node_types(node) & _KINDS.keys() and id(node) not in inner]
        # Broadcasts are those of the station, and not of its articles.
        nodes = others if len(others) == 1 and "publication" not in others[0] else []
    for node in nodes[:_MAX_NODES]:
        kind = next(kind for name, kind in _KINDS.items() if name in node_types(node))
        media = node.get("associatedMedia") if kind is MediaKind.PODCAST else None
        yield kind, {**node, **media} if isinstance(media, dict) else node


def _list_urls(parts: PageParts, node: Node) -> Iterator[str]:
    for name in ("contentUrl", "embedUrl", "url"):
        value = node.get(name)
        if isinstance(value, str) and len(value) < MAX_URL and (url := resolve_link(parts.page.base, value)):
            yield url


def _describe(parts: PageParts, media: Media, node: Node) -> Media:
    """Return a video or audio with its title, duration and transcript by JSON-LD."""
    subtitles = node.get("caption") or node.get("transcript")
    stated = subtitles.get("contentUrl") or subtitles.get("url") if isinstance(subtitles, dict) else subtitles
    href = stated if isinstance(stated, str) and stated.startswith(("http://", "https://", "/")) else ""
    transcript = resolve_link(parts.page.base, href) if len(href) < MAX_URL else None
    return replace(
        media,
        caption=media.caption or plain_text(node.get("name")) or None,
        credit=media.credit or _credit_of(node) or None,
        duration=media.duration or parse_duration(node.get("duration")),
        transcript_url=media.transcript_url or transcript,
    )


def _describe_pictures(parts: PageParts, media: list[Media]) -> Iterator[Media]:
    """Yield media, pictures with caption and credit of the data: by address, or by a name that no other file has."""
    nodes = [node for node in parts.jsonld.nodes if "ImageObject" in node_types(node)]
    by_url = {url: node for node in nodes for url in _list_urls(parts, node)}
    stems = Counter(map(file_stem, by_url)) + Counter(file_stem(each.url) for each in media if nodes)
    by_stem = {stem: node for url, node in by_url.items() if stems[stem := file_stem(url)] == 2}
    for each in media:
        if not nodes or each.kind is not MediaKind.IMAGE:
            yield each
            continue
        stem = file_stem(each.url)
        is_name = len(stem) >= _MIN_NAME and any(map(str.isdigit, stem))
        node = by_url.get(each.url) or (by_stem.get(stem) if is_name else None) or {}
        caption, within = separate_credit(plain_text(node.get("caption")))
        credit = each.credit or _credit_of(node) or within
        yield replace(each, caption=each.caption or (caption if caption != credit else None), credit=credit)


def _credit_of(node: Node) -> str:
    names = ("creditText", "copyrightNotice", "creator", "author", "copyrightHolder")
    return next((text for name in names if (text := plain_text(node.get(name), 100))), "")


def is_same_picture(url: str, other: str) -> bool:
    """Return whether two addresses are of one picture, in different sizes or at different hosts.

    >>> is_same_picture("https://a.example/i/crane-7-300x200.jpg?w=1", "https://b.example/i/crane-7.jpg")
    True
    """
    if host(url) == host(other) and split_url(url).path == split_url(other).path:
        return True
    first, second = file_stem(url), file_stem(other)
    return first == second and len(first) >= _MIN_NAME and any(map(str.isdigit, first))
