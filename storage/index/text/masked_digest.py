"""Digests that stay the same when only an address, a number or a time in a text changes."""

import hashlib
import re
from urllib.parse import urlsplit

from storage.model import BODY_ROLES, Article

_MASK = "\x1a"
_MIN_ADDRESS = 5  # characters of an address from which on its occurrences in a text are masked
_LETTERS = re.compile(r"[^\W\d_]+")
_VARIABLE = re.compile(rf"[\d{_MASK}]|://|\w/\w|^\W?/\w")
"""A number, a time or an address."""
_WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")
"""A letter of a script that is written without spaces between words."""
_VARIABLE_PART = re.compile(rf"[!-~]*/[!-~]*|[\d{_MASK}]+")
_PUNCTUATION = ".,;:!?\"'()[]{}«»„“”‘’–—-…"
_MIN_TITLE_WORDS = 2
_MAX_WORDS_IN_DATE = 3
"""Words between two numbers that may belong to a date, as in "28 de noviembre de 2026"."""


def masked_digest(article: Article) -> bytes:
    """Return the digest over the body without numbers, times, addresses and the page's own headline.

    Pages that a site sends in place of others (maintenance, error, offline, a region) differ in these at most.
    """
    # The words of the title in the URL's path, as the page may print it.
    words = [_LETTERS.findall(segment) for segment in urlsplit(article.url).path.casefold().split("/")]
    longest = max(words, key=len, default=[])
    title = " ".join(longest) if len(longest) > _MIN_TITLE_WORDS else ""
    headline = article.headline.casefold()
    body = (mask_own_address(each.text, article).casefold() for each in article.paragraphs if each.role in BODY_ROLES)
    parts = [text.replace(headline, _MASK) if len(headline) >= _MIN_ADDRESS else text for text in body]
    masked = "\0".join(map(mask_text, parts or [headline]))
    return hashlib.sha256((masked.replace(title, _MASK) if title else masked).encode()).digest()[:16]


def mask_own_address(text: str, article: Article) -> str:
    """Return a text of a page with the page's own address masked: printed or not, it is no part of a story."""
    found: set[str] = set()
    for url in (article.url, article.canonical_url):
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        found |= {url, url.partition("://")[2], path, parts.path, parts.path.lstrip("/"), parts.query}
    for address in sorted((one for one in found if len(one) >= _MIN_ADDRESS), key=lambda one: (-len(one), one)):
        text = text.replace(address, _MASK)
    return text


def mask_text(text: str) -> str:
    """Return the words of a text in lower case, its numbers, times and addresses masked.

    >>> mask_text("Back at 12:03 on 28 November 2026.") == mask_text("Back at 9:15 on 1 December 2026.")
    True
    >>> mask_text("Back soon") == mask_text("Gone soon")
    False
    """
    words: list[str] = []
    since_number: int | None = None
    text = text.casefold()
    if _WITHOUT_SPACES.search(text):
        text = _VARIABLE_PART.sub(" ", text)
    for token in text.split():
        word = token if token.isalpha() else token.strip(_PUNCTUATION)
        if not word.isalpha() and _VARIABLE.search(token):
            if since_number is not None and since_number <= _MAX_WORDS_IN_DATE:
                del words[len(words) - since_number :]
            else:
                words.append(_MASK)
            since_number = 0
            continue
        found = [word] if word.isalpha() else _LETTERS.findall(token)
        words += found
        since_number = None if since_number is None else since_number + len(found)
    return " ".join(words)
