"""The text that a page keeps in its JSON-LD and leaves to a script to print."""

import re
from html import unescape

from newsarchive.extract.blocks import folded
from newsarchive.extract.headline import key
from newsarchive.extract.jsonld import Node

_A_STORY = 200
"""Fewest characters that are a story: shorter ones are summaries."""
_MORE = 4
"""How many times longer than what is printed it must be: else what is printed is the story."""
_BREAKS = re.compile(r"</(?:p|div|h[1-6]|li|blockquote)>|<br\s*/?>|\r?\n", re.IGNORECASE)
_MARKUP = re.compile(r"<[^<>]{1,300}>")


def unprinted(node: Node | None, printed: str, headline: str) -> tuple[str, ...]:
    """Return the paragraphs of schema.org articleBody, where the page itself prints next to nothing of them.

    >>> unprinted({"articleBody": "Rain fell. " * 30 + "<br>" + "It stopped. " * 3}, "Loading", "Rain")[1]
    'It stopped. It stopped. It stopped.'
    >>> unprinted({"articleBody": "Rain fell. " * 30}, "Rain fell. " * 30, "Rain")
    ()
    """
    story = (node or {}).get("articleBody")
    if not isinstance(story, str) or len(story) < max(_A_STORY, _MORE * len(printed)):
        return ()
    lines = (folded(_MARKUP.sub(" ", line)) for line in _BREAKS.split(unescape(story)))
    texts = [line for line in lines if line]
    if texts and key(texts[0]) == key(headline):
        del texts[0]
    return tuple(texts) if sum(map(len, texts)) >= _A_STORY else ()
