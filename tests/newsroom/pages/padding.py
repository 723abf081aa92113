"""Pad a page to the size of real news pages: inline styles and scripts, a large menu, empty ad slots.

The expected result of a crawl is unchanged.
"""

from functools import lru_cache

from tests.newsroom import vocabulary
from tests.newsroom.article import slug
from tests.newsroom.newspaper import SECTIONS
from tests.newsroom.prose import story_templates
from tests.newsroom.seeded_random import SeededRandom

_PIECE = 8_000
_ICON = '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3 6l5 5 5-5z"/><circle cx="8" cy="8" r="7"/></svg>'
_SLOTS = 110


def pad_page(page: str, name: str, size: int) -> str:
    """Pad a page to about that size, 20 per cent more or less depending on its name."""
    target = size * SeededRandom(f"{name}/weight").between(80, 120) // 100
    page = page.replace("</head>", f"<style>{_styles()}</style>\n</head>", 1)
    opening = page.index(">", page.index("<body")) + 1
    closing = page.rindex("</body>")
    page = f"{page[:opening]}\n{_menu()}{page[opening:closing]}{_slots(name)}{_foot()}{page[closing:]}"
    missing = target - len(page.encode())
    pieces = [f"<script>window.__state_{number}={_state(number)};</script>\n" for number in range(missing // _PIECE)]
    closing = page.rindex("</body>")
    return f"{page[:closing]}{''.join(pieces)}{page[closing:]}"


@lru_cache(maxsize=1)
def _styles() -> str:
    """Return about 30 kB of CSS rules."""
    rng = SeededRandom("styles")
    return "".join(
        f".u-{number}{{margin:{rng.below(9)}px;padding:{rng.below(30)}px;color:#{rng.below(4096):03x};order:{number}}}"
        for number in range(560)
    )


@lru_cache(maxsize=64)
def _state(number: int) -> str:
    """Return one piece of application state, as frameworks embed it."""
    rng = SeededRandom(f"state/{number}")
    switch = ("true", "false")
    fields = (f'"k{rng.below(10**6)}":{{"id":{rng.below(10**9)},"on":{rng.pick(switch)}}}' for _ in range(200))
    return f"{{{','.join(fields)}}}"


@lru_cache(maxsize=1)
def _menu() -> str:
    """Return a hidden menu of sections with their tags."""
    parts = []
    for section in SECTIONS:
        tags = dict.fromkeys(tag for frame in story_templates().get(section.name, ()) for tag in frame.tags)
        links = "".join(
            f'<li class="u-7"><a href="/tag/{slug(tag)}"><span>{tag}</span>{_ICON}</a></li>' for tag in tags
        )
        parts.append(f'<div class="u-9"><a href="/{section.name}/">{section.title}</a><ul hidden>{links}</ul></div>\n')
    return f'<div class="mega" hidden><div class="u-3">{"".join(parts)}</div></div>\n'


@lru_cache(maxsize=1)
def _foot() -> str:
    """Return a second footer with all authors and topics."""
    authors = "".join(f'<li><a href="/author/{slug(name)}">{name}</a></li>' for name in vocabulary.REPORTERS)
    sections = "".join(f'<li><a href="/{section.name}/">{section.title}</a></li>' for section in SECTIONS)
    tags = dict.fromkeys(tag for kinds in story_templates().values() for kind in kinds for tag in kind.tags)
    topics = "".join(f'<li><a href="/tag/{slug(tag)}">{tag}</a></li>' for tag in tags)
    return f'<div class="sitemap-foot"><ul>{sections}</ul><ul>{authors}</ul><ul>{topics}</ul></div>\n'


def _slots(name: str) -> str:
    """Return empty, nested slots for advertisements."""
    rng = SeededRandom(f"{name}/slots")
    parts = []
    for number in range(_SLOTS):
        inner = f'<div id="slot-{rng.below(10**9)}">{_ICON}</div>'
        middle = f'<div class="u-{rng.below(560)}"><div class="u-{rng.below(560)}">{inner}</div></div>'
        parts.append(f'<div class="slot-outer" data-slot="{number}">{middle}</div>\n')
    return "".join(parts)
