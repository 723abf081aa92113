"""Makes a page as heavy as pages of real news sites: inline styles and scripts, a large menu, empty slots.

Nothing of it says anything: what is right about an article stays right.
"""

from functools import lru_cache

from newsarchive.demo import words
from newsarchive.demo.article import slug
from newsarchive.demo.prose import frames
from newsarchive.demo.sections import SECTIONS
from newsarchive.demo.seeded_random import Dice

_PIECE = 8_000
_ICON = '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3 6l5 5 5-5z"/><circle cx="8" cy="8" r="7"/></svg>'
_SLOTS = 110


def dress(page: str, name: str, size: int) -> str:
    """Return the page at about that many bytes, 20 per cent more or less as its name has it."""
    wanted = size * Dice(f"{name}/weight").between(80, 120) // 100
    page = page.replace("</head>", f"<style>{_styles()}</style>\n</head>", 1)
    opening = page.index(">", page.index("<body")) + 1
    closing = page.rindex("</body>")
    page = f"{page[:opening]}\n{_menu()}{page[opening:closing]}{_slots(name)}{_foot()}{page[closing:]}"
    missing = wanted - len(page.encode())
    pieces = [f"<script>window.__state_{number}={_state(number)};</script>\n" for number in range(missing // _PIECE)]
    closing = page.rindex("</body>")
    return f"{page[:closing]}{''.join(pieces)}{page[closing:]}"


@lru_cache(maxsize=1)
def _styles() -> str:
    """Return some 30 kB of rules."""
    dice = Dice("styles")
    return "".join(
        f".u-{number}{{margin:{dice.below(9)}px;padding:{dice.below(30)}px;color:#{dice.below(4096):03x};order:{number}}}"
        for number in range(560)
    )


@lru_cache(maxsize=64)
def _state(number: int) -> str:
    """Return one piece of state as frameworks leave it in a page."""
    dice = Dice(f"state/{number}")
    switch = ("true", "false")
    fields = (f'"k{dice.below(10**6)}":{{"id":{dice.below(10**9)},"on":{dice.pick(switch)}}}' for _ in range(200))
    return f"{{{','.join(fields)}}}"


@lru_cache(maxsize=1)
def _menu() -> str:
    """Return a menu of sections with their tags, folded away."""
    parts = []
    for section in SECTIONS:
        tags = dict.fromkeys(tag for frame in frames().get(section.name, ()) for tag in frame.tags)
        links = "".join(
            f'<li class="u-7"><a href="/tag/{slug(tag)}"><span>{tag}</span>{_ICON}</a></li>' for tag in tags
        )
        parts.append(f'<div class="u-9"><a href="/{section.name}/">{section.title}</a><ul hidden>{links}</ul></div>\n')
    return f'<div class="mega" hidden><div class="u-3">{"".join(parts)}</div></div>\n'


@lru_cache(maxsize=1)
def _foot() -> str:
    """Return a second, longer foot: all who write, and what they write about."""
    authors = "".join(f'<li><a href="/author/{slug(name)}">{name}</a></li>' for name in words.REPORTERS)
    sections = "".join(f'<li><a href="/{section.name}/">{section.title}</a></li>' for section in SECTIONS)
    tags = dict.fromkeys(tag for kinds in frames().values() for kind in kinds for tag in kind.tags)
    topics = "".join(f'<li><a href="/tag/{slug(tag)}">{tag}</a></li>' for tag in tags)
    return f'<div class="sitemap-foot"><ul>{sections}</ul><ul>{authors}</ul><ul>{topics}</ul></div>\n'


def _slots(name: str) -> str:
    """Return empty slots for advertisements, nested as their scripts want them."""
    dice = Dice(f"{name}/slots")
    parts = []
    for number in range(_SLOTS):
        inner = f'<div id="slot-{dice.below(10**9)}">{_ICON}</div>'
        middle = f'<div class="u-{dice.below(560)}"><div class="u-{dice.below(560)}">{inner}</div></div>'
        parts.append(f'<div class="slot-outer" data-slot="{number}">{middle}</div>\n')
    return "".join(parts)
