"""What a site's layout says of the fields that a page gives in its head: it goes before what the page says."""

import re
from dataclasses import replace

from newsarchive.extract.evidence import Silence
from newsarchive.extract.metadata import Facts
from newsarchive.extract.site_layout import LaidOut
from newsarchive.extract.tree import Page, absolute
from storage.model import Access

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?![A-Za-z])")
"""A language's subtag (BCP 47), whatever follows it."""


def laid_out(fact: Facts, page: Page, laid: LaidOut, hear: Silence) -> Facts:
    """Return a page's facts with the canonical URL, language, access and live blog mark that a layout names."""
    url = absolute(page.base, laid.text("canonical_url") or "")
    if url is not None:
        hear.claim("canonical_url", "layout", url, taken=True)
        fact = replace(fact, canonical_url=url)
    language = _LANGUAGE.match(laid.text("language") or "")
    if language is not None:
        hear.claim("language", "layout", language[0].lower(), taken=True)
        fact = replace(fact, language=language[0].lower())
    if "paywalled" in laid.fields:
        # What marks such pages is there or it is not: both tell.
        access = Access.PAYWALLED if laid.elements("paywalled") else Access.FREE
        hear.claim("access", "layout", access, taken=True)
        fact = replace(fact, access=access)
    if "live" in laid.fields:
        live = bool(laid.elements("live"))
        hear.claim("live", "layout", live, taken=True)
        fact = replace(fact, live=live)
    return fact
