"""What a site's layout says of the fields that a page gives in its head: it goes before what the page says."""

import re
from dataclasses import replace

from newsarchive.extract.asked import Asked
from newsarchive.extract.metadata import Facts
from newsarchive.extract.tree import Page, absolute
from storage.model import Access

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?![A-Za-z])")
"""A language's subtag (BCP 47), whatever follows it."""


def laid_out(fact: Facts, page: Page, asked: Asked) -> Facts:
    """Return a page's facts with the canonical URL, language, access and live blog mark that a layout names."""
    layout, hear = asked.layout, asked.hear
    url = absolute(page.base, layout.text("canonical_url", page.root) or "")
    if url is not None:
        hear.claim("canonical_url", "layout", url, taken=True)
        fact = replace(fact, canonical_url=url)
    language = _LANGUAGE.match(layout.text("language", page.root) or "")
    if language is not None:
        hear.claim("language", "layout", language[0].lower(), taken=True)
        fact = replace(fact, language=language[0].lower())
    if layout.paywalled is not None:
        # What marks such pages is there or it is not: both tell.
        access = Access.PAYWALLED if layout.paywalled.elements(page.root) else Access.FREE
        hear.claim("access", "layout", access, taken=True)
        fact = replace(fact, access=access)
    if layout.live is not None:
        live = bool(layout.live.elements(page.root))
        hear.claim("live", "layout", live, taken=True)
        fact = replace(fact, live=live)
    return fact
