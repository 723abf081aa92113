"""Live blogs whose markup does not call them so: they say it in title or address, and print posts with times."""

import re
from collections.abc import Sequence

from newsarchive.extract import zones
from newsarchive.extract.blocks import Block
from newsarchive.extract.parse_date import CLOCK, LETTER
from newsarchive.extract.urls import parts_of

_SAYS_LIVE = re.compile(
    r"^\W*(?:direkt|en (?:direct|vivo|directo)|ao vivo|(?:in )?diretta|онлайн|наживо|na żywo|canlı|"
    r"مباشر|ライブ|생중계)\W|^\W*live(?:\s*[:|.!•–—\])】]|\s+-)|\blive\s*:|[-–—|:,]\s*live\s*(?:[-–—|]|$)|"
    r"\blive(?:[- ]?blog|[- ]?ticker| updates?)\b",
    re.IGNORECASE,
)
"""No site is live for its name, nor a concert: neither "Ferry is back - Hull Live" nor "Live music returns"."""
_OF_LIVE = re.compile(
    r"/(?:live|live-?blogs?|live-?ticker|live-updates|en-direct|en-vivo|(?:en-)?directo|ao-vivo|diretta)(?:[/-]|$)|"
    r"-(?:live-?blog|live-?ticker|live-updates)(?:[/.-]|$)",
    re.IGNORECASE,
)
_STAMP = 30
"""Characters of a line that is the time of a post and little else."""
_POSTS = 3
"""Fewest posts with a time of their own."""
_WORD = re.compile(f"{LETTER}+")
_BESIDE = zones.BESIDE | zones.ASIDE | zones.FOOTER


def reports_live(title: str, url: str, blocks: Sequence[Block]) -> bool:
    """Say whether a page says that it reports live, and has posts with times."""
    if not (_SAYS_LIVE.search(title) or _OF_LIVE.search(parts_of(url).path)):
        return False
    return sum(1 for block in blocks if not block.zone & _BESIDE and _is_stamp(block.text)) >= _POSTS


def _is_stamp(text: str) -> bool:
    """Say whether a line is a time of day, with no more than a zone, a day or a date beside it.

    >>> _is_stamp("14.22 GMT"), _is_stamp("i dag 14:22")
    (True, True)
    >>> _is_stamp("Doors open at 19:30 on Fridays"), _is_stamp("Oil 82.50 USD")
    (False, False)
    """
    clock = CLOCK.search(text) if len(text) <= _STAMP else None
    # 82.50 is a price.
    return clock is not None and int(clock[1]) < 24 and int(clock[2]) < 60 and len(_WORD.findall(text)) <= 3
