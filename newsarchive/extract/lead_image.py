"""The image that an article is shown with, and what is written under it."""

import re
from collections.abc import Iterator, Sequence

from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.blocks import Block
from newsarchive.extract.evidence import SILENCE, Silence
from newsarchive.extract.html_head import Head
from newsarchive.extract.jsonld import Node, resolve, text_of
from newsarchive.extract.tree import Page, absolute
from newsarchive.extract.urls import parts_of
from storage.model import Image

_SIZE = re.compile(r"[-_.@](?:\d{2,4}x\d{2,4}|\d{3,4}w?|scaled|large|medium|small|[123]x)$")
_TELLING = 5
"""Fewest characters of a file's name that tell one image from another."""
_LONGEST = 600
_SOURCES = ("src", "data-src", "data-lazy-src", "data-original")


def picture(
    page: Page,
    head: Head,
    marked: tuple[Node | None, list[Node]],
    figures: Sequence[Block],
    laid_out: str | None = None,
    hear: Silence = SILENCE,
) -> Image | None:
    """Return an article's image with its caption; None where the page names none.

    Args:
        page: Links are relative to its base.
        head: Its meta elements.
        marked: The article's JSON-LD, and all other JSON-LD of the page.
        figures: The captions that stand between headline and second paragraph.
        laid_out: What the site's layout says.
        hear: Hears what else was said.
    """
    stated = _stated(*marked)
    shown = _shown(figures, page)
    found = hear.first("image", _candidates(page, head, stated, shown, laid_out))
    if not found:
        return None
    said = (text_of(stated.get("caption")) or None) if isinstance(stated, dict) else None
    return Image(url=found, caption=said or _caption(found, shown))


def _stated(node: Node | None, found: list[Node]) -> object:
    """Return the first image of JSON-LD: an address, or an object that has one."""
    value = resolve((node or {}).get("image"), found)
    return value[0] if isinstance(value, list) and value else value


def _candidates(
    page: Page, head: Head, stated: object, shown: Sequence[tuple[str, str]], laid_out: str | None
) -> Iterator[tuple[str, str | None]]:
    if isinstance(stated, dict):
        stated = stated.get("url") or stated.get("contentUrl") or stated.get("@id")
        stated = stated[0] if isinstance(stated, list) and stated else stated
    for source, href in (
        ("layout", laid_out),
        ("og:image", head.first("og:image", "og:image:url", "og:image:secure_url")),
        ("json-ld", stated),
        ("twitter:image", head.first("twitter:image", "twitter:image:src", "thumbnail")),
    ):
        yield source, absolute(page.base, href) if isinstance(href, str) else None
    yield "the figure under the headline", next((url for url, _ in shown if url), None)


def _shown(figures: Sequence[Block], page: Page) -> list[tuple[str, str]]:
    """Return (image, caption) of the figures whose captions these are, in their order."""
    held: dict[HtmlElement, list[str]] = {}
    for block in figures:
        figure = next(block.element.iterancestors("figure"), None) if block.zone & zones.FIGURE else None
        if figure is not None and len(block.text) < _LONGEST:
            held.setdefault(figure, []).append(block.text)
    return [(_image_in(figure, page), " ".join(texts)) for figure, texts in held.items()]


def _image_in(figure: HtmlElement, page: Page) -> str:
    image = next(figure.iter("img", "amp-img"), None)
    if image is None:
        return ""
    href = next((value for name in _SOURCES if (value := image.get(name)) and not value.startswith("data:")), "")
    return absolute(page.base, href) or ""


def _caption(image: str, shown: Sequence[tuple[str, str]]) -> str | None:
    """Return what is written under an image: under the figure that shows that file, else under the first."""
    name = _name(image)
    for url, caption in shown:
        if url == image or (len(name) > _TELLING and _name(url) == name):
            return caption
    return shown[0][1] if shown else None


def _name(url: str) -> str:
    """Return a file's name without ending and size.

    >>> _name("https://cdn.example/2024/harbour-crane-1024x683.jpg?w=800")
    'harbour-crane'
    """
    return _SIZE.sub("", parts_of(url).path.rpartition("/")[2].rpartition(".")[0].lower())
