"""The headline as printed: what h1, og:title, JSON-LD and <title> agree on, without the site's name."""

import re
from dataclasses import dataclass
from functools import lru_cache

from newsarchive.extract import zones
from newsarchive.extract.blocks import Block, folded
from newsarchive.extract.evidence import SILENCE, Silence
from newsarchive.extract.html_head import Head
from newsarchive.extract.jsonld import Node, text_of
from newsarchive.extract.urls import host

_WORD = re.compile(r"[^\W_]+")
_CUTS = re.compile(r"\s+[|\u2502·•»›::~–—-]{1,2}\s+|\s*[|»]\s*|(?<=\w)\s*[|\uff5c_]\s*|:\s+|\s*[-–—]\s*(?=[^\s-]+$)")
_HEADINGS = ("h1", "h2", "h3")
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Headline:
    """The headline and where on the page it stands."""

    text: str
    block: int | None
    """Index of the block that prints it; None where no block does."""


@lru_cache(maxsize=4096)
def key(text: str) -> str:
    """Return letters and digits only, in lower case: what two prints of a line have in common.

    >>> key("‘Hot’ summer, cold winter!")
    'hot summer cold winter'
    """
    return " ".join(_WORD.findall(text.casefold()))


def alike(one: str, other: str) -> float:
    """Return how much two lines agree, 0 to 1: shared words over all words."""
    first, second = set(one.split()), set(other.split())
    if not first or not second:
        return 0.0
    if one == other:
        return 1.0
    if len(first) == 1 or len(second) == 1:
        return 1.0 if one.replace(" ", "") == other.replace(" ", "") else 0.0
    return len(first & second) / len(first | second)


def headline(blocks: list[Block], head: Head, node: Node | None, url: str, hear: Silence = SILENCE) -> Headline:
    """Return the headline; its text is "" where the page has none."""
    site = site_names(head, url)
    told = _claims(head, node, site)
    claims = [claim for _, claim in told]
    found = _told(blocks, head, node, claims, site)
    if hear.listens:
        where = None if found.block is None else blocks[found.block]
        if where is not None:
            hear.claim("headline", f"<{where.tag}> on the page", where.text, taken=True)
        for source, claim in told:
            hear.claim("headline", source, claim, taken=where is None and claim == found.text)
    return found


def told_by_layout(text: str, blocks: list[Block]) -> Headline:
    """Return the headline that a layout names, and the block that prints it."""
    own = key(text)
    where = next((block.index for block in blocks if key(block.text) == own), None)
    return Headline(text, where)


def _told(blocks: list[Block], head: Head, node: Node | None, claims: list[str], site: set[str]) -> Headline:
    """Weigh what the page prints against what it claims."""
    keys = [key(claim) for claim in claims]
    foremost = tuple(claims[:2])
    best: tuple[float, Block] | None = None
    for block in blocks:
        if len(block.text) > _LONGEST:
            continue
        heading = block.tag in _HEADINGS or _inside_h1(block)
        if not heading and not block.text.startswith(foremost):
            continue
        score = _score(block, heading, keys, site)
        if score > 0 and (best is None or score > best[0]):
            best = score, block
    if best is not None and (best[0] >= 0.5 or (best[0] >= 0.3 and _tells(best[1].text, head, node))):
        return Headline(_without_kicker(best[1], keys), best[1].index)
    if claims:
        return Headline(claims[0], None)
    if best is not None:
        return Headline(best[1].text, best[1].index)
    return Headline("", None)


def _without_kicker(block: Block, keys: list[str]) -> str:
    """Return a heading's text, or what of it the page claims to be its headline: behind a bar, or one element of it."""
    own = key(block.text)
    if own in keys or not any(claim and claim in own for claim in keys):
        return block.text
    _, sign, rest = block.text.partition(" | ")
    if sign and key(rest) in keys:
        return rest
    parts = (folded(str(part.text_content())) for part in block.element.iter("span", "div", "em", "strong", "b"))
    return next((part for part in parts if key(part) in keys), block.text)


def _tells(text: str, head: Head, node: Node | None) -> bool:
    """Say whether a heading is to be believed against <title>, which often is the site's or the section's."""
    firm = text_of((node or {}).get("headline")) or head.first("og:title", "twitter:title")
    return not firm and len(text) > 12


def _score(block: Block, heading: bool, keys: list[str], site: set[str]) -> float:
    """Weigh a block: its agreement with what the page claims, and its rank as a heading."""
    own = key(block.text)
    if not own or own in site:
        return 0.0
    agreement = max(
        (
            max(
                alike(own, claim),
                0.8
                if claim and len(claim) > 12 and (claim in own or own in claim) and 0.4 < len(own) / len(claim) < 2.5
                else 0,
            )
            for claim in keys
        ),
        default=0.0,
    )
    score = agreement
    if block.tag == "h1" or _inside_h1(block):
        score += 0.45 if agreement >= 0.3 else 0.3
    elif not heading and agreement < 1.0:
        return 0.0
    if block.zone & (zones.NAV | zones.FOOTER | zones.ASIDE | zones.RELATED | zones.LATEST | zones.COMMENTS):
        score -= 0.3
    if block.zone & zones.HIDDEN:
        score -= 0.25
    if not heading and block.link_share > 0.9:
        score -= 0.3
    if len(own.split()) <= 1 and len(own) < 12 and agreement < 1.0:
        score -= 0.3
    return score


def _inside_h1(block: Block) -> bool:
    parent = block.element.getparent()
    return block.element.tag not in _HEADINGS and parent is not None and parent.tag == "h1"


def _claims(head: Head, node: Node | None, site: set[str]) -> list[tuple[str, str]]:
    """Return (source, text) of what the page says its headline is, best first, site names cut off."""
    given = [
        ("json-ld", text_of((node or {}).get("headline"))),
        ("og:title", head.first("og:title")),
        (
            "meta",
            head.first("twitter:title", "parsely-title", "sailthru.title", "dc.title", "dcterms.title", "title"),
        ),
        ("json-ld name", text_of((node or {}).get("name"))),
        ("<title>", head.title),
    ]
    claims: dict[str, str] = {}
    for source, text in given:
        text = without_site(text, site)
        if text and key(text) not in site:
            claims.setdefault(text, source)
    # A headline that JSON-LD cut short ("…") gives way to the same headline in full.
    return [(claims[text], text) for text in sorted(claims, key=lambda claim: claim.endswith(("...", "…")))]


def site_names(head: Head, url: str) -> set[str]:
    """Return keys of the names that the site goes by."""
    names = {
        key(name)
        for name in head.all(
            "og:site_name",
            "application-name",
            "twitter:site",
            "al:ios:app_name",
            "publisher",
            "dc.publisher",
            "copyright",
        )
        if name
    }
    own = host(url).removeprefix("www.")
    names |= {key(own), key(own.rpartition(".")[0]), key(own.partition(".")[0])}
    # Some pages give their own title for the site's name.
    return {name for name in names if name and len(name.split()) <= 6 and name != key(head.first("og:title"))}


def without_site(title: str, site: set[str]) -> str:
    """Cut the site's name off a title, where what stands behind (or before) a separator is a name of the site.

    >>> without_site("Rain falls | The Daily Example", {"daily example"})
    'Rain falls'
    """
    for _ in range(2):
        cuts = list(_CUTS.finditer(title))
        if not cuts:
            return title
        last, first = cuts[-1], cuts[0]
        if last.start() > 0 and is_site_name(title[last.end() :], site):
            title = title[: last.start()].strip()
        elif is_site_name(title[: first.start()], site):
            title = title[first.end() :].strip()
        else:
            return title
    return title


def is_site_name(part: str, site: set[str]) -> bool:
    """Say whether a text is a name that the site goes by, or little more."""
    own = key(part)
    squeezed = own.replace(" ", "").removeprefix("the")
    if not squeezed:
        return False
    for name in site:
        bare = name.replace(" ", "").removeprefix("the")
        if bare and (
            bare == squeezed
            or (len(bare) > 4 and bare in squeezed and len(squeezed) < 2.5 * len(bare))
            or (len(squeezed) > 4 and squeezed in bare)
        ):
            return True
    return False
