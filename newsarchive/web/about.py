"""What the archive's owner says of it, on its first page: text in which `[words](address)` stands for a link."""

import re
from typing import NamedTuple

from newsarchive.web.hrefs import is_web

_LINK = re.compile(r"\[([^\][]+)\]\(([^()\s]+)\)")


class Piece(NamedTuple):
    """A stretch of it."""

    text: str
    href: str = ""
    """Where it leads: an address of the web, or a path of the archive; "" for text."""


def pieces(text: str) -> tuple[Piece, ...]:
    """Text and links, in order. What leads neither into the archive nor to the web stays text, as it was written.

    >>> pieces("Ask [us](https://news.example/) or [read](/help).")[1::2]
    (Piece(text='us', href='https://news.example/'), Piece(text='read', href='/help'))
    >>> pieces("[x](javascript:alert)")
    (Piece(text='[x](javascript:alert)', href=''),)
    """
    found: list[Piece] = []
    begin = 0
    for link in _LINK.finditer(text):
        words, href = link.groups()
        if not (is_web(href) or (href.startswith("/") and not href.startswith(("//", "/\\")))):
            continue
        if link.start() > begin:
            found.append(Piece(text[begin : link.start()]))
        found.append(Piece(words, href))
        begin = link.end()
    if begin < len(text):
        found.append(Piece(text[begin:]))
    return tuple(found)
