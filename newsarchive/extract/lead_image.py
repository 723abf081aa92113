"""Choose the lead image of an article, and its caption."""

import re
from collections.abc import Iterator, Sequence

from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.blocks import Block
from newsarchive.extract.jsonld import resolve_references, text_of
from newsarchive.extract.page_input import PageParts
from newsarchive.extract.tree import Page, resolve_link
from newsarchive.extract.urls import split_url
from storage.model import Image

_SIZE = re.compile(r"[-_.@](?:\d{2,4}x\d{2,4}|\d{3,4}w?|scaled|large|medium|small|[123]x)$")
_MIN_NAME = 5
"""Shortest file name, in characters, that identifies an image."""
_MAX_CAPTION = 600
_SOURCES = ("src", "data-src", "data-lazy-src", "data-original")


def choose_image(parts: PageParts, captions: Sequence[Block]) -> Image | None:
    """Return the image of an article with its caption, one of those before the second paragraph; None for none."""
    value = resolve_references(parts.jsonld.article.get("image"), parts.jsonld.nodes)
    jsonld_image: object = value[0] if isinstance(value, list) and value else value
    captioned = _read_figures(captions, parts.page)
    url = parts.evidence.first("image", _candidates(parts, jsonld_image, captioned))
    if not url:
        return None
    caption = (text_of(jsonld_image.get("caption")) or None) if isinstance(jsonld_image, dict) else None
    return Image(url=url, caption=caption or _find_caption(url, captioned))


def _candidates(
    parts: PageParts, jsonld_image: object, captioned: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, str | None]]:
    if isinstance(jsonld_image, dict):
        jsonld_image = jsonld_image.get("url") or jsonld_image.get("contentUrl") or jsonld_image.get("@id")
        jsonld_image = jsonld_image[0] if isinstance(jsonld_image, list) and jsonld_image else jsonld_image
    for source, href in (
        ("layout", parts.layout_matches.text("image")),
        ("og:image", parts.head.first("og:image", "og:image:url", "og:image:secure_url")),
        ("json-ld", jsonld_image),
        ("twitter:image", parts.head.first("twitter:image", "twitter:image:src", "thumbnail")),
    ):
        yield source, resolve_link(parts.page.base, href) if isinstance(href, str) else None
    yield "the figure under the headline", next((url for url, _ in captioned if url), None)


def _read_figures(captions: Sequence[Block], page: Page) -> list[tuple[str, str]]:
    """Return (image, caption) of the figures that the captions belong to, in order."""
    texts_of_figure: dict[HtmlElement, list[str]] = {}
    for block in captions:
        figure = next(block.element.iterancestors("figure"), None) if block.zone & zones.FIGURE else None
        if figure is not None and len(block.text) < _MAX_CAPTION:
            texts_of_figure.setdefault(figure, []).append(block.text)
    return [(_image_in(figure, page), " ".join(texts)) for figure, texts in texts_of_figure.items()]


def _image_in(figure: HtmlElement, page: Page) -> str:
    image = next(figure.iter("img", "amp-img"), None)
    if image is None:
        return ""
    href = next((value for name in _SOURCES if (value := image.get(name)) and not value.startswith("data:")), "")
    return resolve_link(page.base, href) or ""


def _find_caption(image: str, captioned: Sequence[tuple[str, str]]) -> str | None:
    """Return the caption of an image: that of the figure with the same file, else of the first figure."""
    name = _file_stem(image)
    for url, caption in captioned:
        if url == image or (len(name) > _MIN_NAME and _file_stem(url) == name):
            return caption
    return captioned[0][1] if captioned else None


def _file_stem(url: str) -> str:
    """Return the name of a file without extension and size.

    >>> _file_stem("https://cdn.example/2024/harbour-crane-1024x683.jpg?w=800")
    'harbour-crane'
    """
    return _SIZE.sub("", split_url(url).path.rpartition("/")[2].rpartition(".")[0].lower())
