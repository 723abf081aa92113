"""Find the headline: the text on which h1, og:title, JSON-LD and <title> agree, without the site name."""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from lxml.html import HtmlElement

from newsarchive.extract import zones
from newsarchive.extract.blocks import MAX_BLOCKS, Block, normalize_space
from newsarchive.extract.jsonld import Head, JsonLd, text_of
from newsarchive.extract.page_input import PageParts
from newsarchive.extract.parse_date import parse_printed_date
from newsarchive.extract.tree import has_more_text
from newsarchive.extract.urls import host, split_url
from newsarchive.extract.word_tables import alternatives, words

_WORD = re.compile("[\\w\u0300-\u036f\u0610-\u065f\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e]+")  # with combining marks
_SEPARATORS = re.compile(
    r"(?!\s*»\s+[|\u2502·•–—-]\s)"  # the end of a quotation before a separator
    r"(?:\s+[|\u2502·•»›::~–—-]{1,2}\s+|\s*[|»]\s*|(?<=\w)\s*[|\uff5c_]\s*|:\s+|\s*[-–—]\s*(?=[^\s-]+$))"
)
_HEADINGS = ("h1", "h2", "h3")
_INLINE_TAGS = ("span", "div", "em", "strong", "b", "small", "a", "font", "i")
_MAX_LENGTH = 400
_KICKER_CLASS = re.compile(rf"(?<![a-z])(?:{alternatives('kicker_class')})(?![a-z]{{3}})", re.IGNORECASE)
_MAX_KICKER = 80
_MAX_SECTION = 32  # letters of the name of a section, at most
_MAX_WRAPPERS = 3
_SUBJECT = re.compile(r"(?![a-z])(?=\w)[^\d.:!?…>›»]{2,}")  # neither a sentence nor a date or a path
_MAX_CUTS = 8  # separators at which a title is cut


@dataclass(frozen=True, slots=True)
class Headline:
    """The headline and its position on the page."""

    text: str
    block: int | None
    """Index of the block that prints it; None for none."""
    kicker: str = ""
    """The line above it that names its subject or series; "" for none."""


@lru_cache(maxsize=4096)
def text_key(text: str) -> str:
    """Return only letters and digits, in lower case, to compare two printed versions of a line.

    >>> text_key("‘Hot’ summer, cold winter!")
    'hot summer cold winter'
    """
    return " ".join(_WORD.findall(text.casefold().replace("_", " ")))


def word_overlap(one: str, other: str) -> float:
    """Return the share of common words of two lines, 0 to 1."""
    first, second = set(one.split()), set(other.split())
    if not first or not second:
        return 0.0
    if one == other:
        return 1.0
    if len(first) == 1 or len(second) == 1:
        return 1.0 if one.replace(" ", "") == other.replace(" ", "") else 0.0
    return len(first & second) / len(first | second)


def find_headline(parts: PageParts) -> Headline:
    """Return the headline; its text is "" if the page has none."""
    blocks, evidence = parts.content.blocks, parts.evidence
    site = site_names(parts.head, parts.page.url)
    claimed = _headline_claims(parts.head, parts.jsonld, site, blocks)
    found = _choose_headline(parts, [claim for _, claim in claimed], site)
    if evidence.is_recording:
        block = None if found.block is None else blocks[found.block]
        if block is not None:
            evidence.add_claim("headline", f"<{block.tag}> on the page", block.text, taken=True)
        for source, claim in claimed:
            evidence.add_claim("headline", source, claim, taken=block is None and claim == found.text)
    return found


def _choose_headline(parts: PageParts, claims: list[str], site: set[str]) -> Headline:
    """Choose between the blocks of the page and the claims in its metadata."""
    keys = [text_key(claim) for claim in claims]
    above_text = None if len(keys) > 1 else _find_heading_above_text(parts.content.blocks)
    if len(keys) == 1 and _is_constant_title(parts.content.blocks, keys[0], above_text):
        claims, keys = [], []
    foremost = tuple(claims[:2])
    in_h1 = {child for heading in parts.page.body.iter("h1") for child in heading}
    best: tuple[float, Block] | None = None
    for block in parts.content.blocks[:MAX_BLOCKS]:
        heading = block.tag in _HEADINGS or block.element in in_h1
        if len(block.text) > _MAX_LENGTH or not (heading or block.text.startswith(foremost)):
            continue
        score = _score_block(block, heading, keys, site)
        # Of two <h1>, a later one is the headline only where it clearly is what the metadata claims.
        is_second = best is not None and best[0] >= 0.5 and best[1].tag == block.tag == "h1"
        if score > 0 and (best is None or score > (max(best[0], 0.94) if is_second else best[0])):
            best = score, block
    # Without other metadata a heading is preferred to <title>, which often names the site or section.
    stated_title = text_of(parts.jsonld.article.get("headline")) or parts.head.first("og:title", "twitter:title")
    if best is not None and best[0] >= (0.5 if stated_title or len(best[1].text) <= 12 else 0.3):
        kicker, text = split_kicker(best[1], claims)
        return Headline(text, best[1].index, kicker or _kicker_above(parts.content.blocks, best[1]))
    if above_text is not None and not (claims and stated_title):
        return Headline(above_text.text, above_text.index, _kicker_above(parts.content.blocks, above_text))
    if claims:
        return Headline(claims[0], None)
    return Headline(best[1].text, best[1].index) if best is not None else Headline("", None)


def _find_heading_above_text(blocks: list[Block]) -> Block | None:
    """Return the foremost heading above the first running text, the last of several; None for none."""
    end = next((b.index for b in blocks if b.is_prose and b.tag not in _HEADINGS and not b.zone & zones.NOT_TEXT), 0)
    titles = (b for b in blocks[end::-1] if b.tag in _HEADINGS and b.letters > 12 and b.link_share < 0.5)
    return min((b for b in titles if not b.zone & zones.NOT_TEXT), key=lambda b: b.tag, default=None)


def _is_constant_title(blocks: list[Block], key: str, above_text: Block | None) -> bool:
    """Return whether <title> is that of all pages, such as the site's name: a line prints it above a longer heading."""
    line = next((block for block in blocks if len(block.text) <= _MAX_LENGTH and text_key(block.text) == key), None)
    if line is None or line.tag in _HEADINGS or above_text is None:
        return False
    # A heading of lower rank right below the line may be the dek of what it prints.
    is_below = above_text.index > line.index + (above_text.tag != "h1")
    title = text_key(above_text.text)
    return is_below and len(title) > len(key) and word_overlap(title, key) < 0.3


def split_kicker(block: Block, claims: list[str]) -> tuple[str, str]:
    """Return the kicker and the text of a heading: parts that its children or the metadata set apart."""
    own_key, keys = text_key(block.text), [text_key(claim) for claim in claims]
    if own_key not in keys and not has_more_text(block.element, _MAX_LENGTH):
        elements = [(e.tag, normalize_space(str(e.text_content()))) for e in block.element.iter(*_INLINE_TAGS)]
        parts = [block.text.partition(" | ")[2], *(part for tag, part in elements if tag != "a")]
        parts += [block.text.removeprefix(part).strip() for _, part in elements if part and block.text.startswith(part)]
        if (text := next((part for part in parts if _is_claimed(part, own_key, keys)), None)) is not None:
            kicker = normalize_space(block.text.removesuffix(text)).strip(" :|–—-")
            return (kicker if block.text.endswith(text) and len(kicker) <= _MAX_KICKER else ""), text
    first, second = _two_parts(block.element)
    kicker, text = (normalize_space(str(each.text_content())) if each is not None else "" for each in (first, second))
    if not kicker or not text or len(kicker) > min(_MAX_KICKER, len(text)):
        return "", block.text
    # "Kicker: headline" in the metadata, where the page prints no colon.
    is_claimed = any(claim.casefold().startswith(f"{kicker.rstrip(':')}:".casefold()) for claim in claims)
    names = [each.get("class") or "" for each in islice(first.iter(), _MAX_WRAPPERS)] if first is not None else []
    if is_claimed or kicker.endswith(":") or any(map(_KICKER_CLASS.search, names)):
        return kicker.strip(" :|"), text
    return "", block.text


def _is_claimed(part: str, own_key: str, keys: list[str]) -> bool:
    """Return whether a part of a heading is what the metadata state, or its end, of which they state more."""
    key = text_key(part)
    is_end = own_key.endswith(key) and 2 * len(key) > len(own_key) and not any(own_key in claim for claim in keys)
    return bool(key) and (key in keys or (is_end and any(key in claim for claim in keys)))


def _two_parts(element: HtmlElement) -> tuple[HtmlElement | None, HtmlElement | None]:
    """Return the two elements of which a heading consists; None without text between or beside them."""
    for _ in range(_MAX_WRAPPERS):
        children = [c for c in element if isinstance(c.tag, str) and normalize_space(str(c.text_content()))]
        beside = (element.text or "").strip() or any((child.tail or "").strip() for child in element)
        if beside or not children or len(children) > 2:
            break
        if len(children) == 2:
            return children[0], children[1]
        element = children[0]
    return None, None


def _kicker_above(blocks: list[Block], headline: Block) -> str:
    """Return the line above the headline that is its kicker by a class, or by its form and place; "" for none."""
    for block in blocks[max(0, headline.index - 2) : headline.index]:
        parent = block.element.getparent()
        own_box = [parent] if parent is not None and parent.tag != "body" and len(parent) == 1 else []
        marked = any(_KICKER_CLASS.search(each.get("class") or "") for each in (block.element, *own_box))
        is_title = text_key(block.text) in text_key(headline.text) or parse_printed_date(block.text) is not None
        if len(block.text) <= _MAX_KICKER and not is_title and (marked or _is_kicker_line(block, headline)):
            return block.text
    return ""


def _is_kicker_line(block: Block, headline: Block) -> bool:
    """Return whether a line names the subject of the headline right below it, in one box."""
    is_path = sum(anchor.text != "" for anchor in block.anchors) > 1
    if is_path or block.zone & (zones.NOT_TEXT | zones.LIST | zones.BYLINE | zones.DATE) or block.tag == "h1":
        return False
    around = {*islice(headline.element.iterancestors(), _MAX_WRAPPERS)}
    boxes = (block.element, *islice(block.element.iterancestors(), _MAX_WRAPPERS))
    box = next((each for each in boxes if each in around), None)
    # The first two lines of a page may be the name and the motto of the site.
    is_near = box is not None and (box.tag != "body" or block.index > 1) and block.index + 1 == headline.index
    return is_near and block.letters <= _MAX_SECTION and _SUBJECT.fullmatch(block.text) is not None


def _score_block(block: Block, heading: bool, keys: list[str], site: set[str]) -> float:
    """Score a block by its agreement with the claims, and by its rank as a heading."""
    own_key = text_key(block.text)
    # A line that is a link to the front page is the name of the site.
    links = [split_url(each.href) for each in block.anchors if each.text and each.href.startswith(("/", "http"))]
    leads_elsewhere = not links or any(link.path.strip("/") or link.query for link in links)
    if not own_key or own_key in site or (block.link_share > 0.9 and not leads_elsewhere):
        return 0.0
    agreement = 0.0
    for claim in keys:
        contains = len(claim) > 12 and (claim in own_key or own_key in claim)
        is_alike = contains and 0.4 < len(own_key) / len(claim) < 2.5
        agreement = max(agreement, word_overlap(own_key, claim), 0.8 if is_alike else 0.0)
    score = agreement
    if block.tag == "h1" or (heading and block.tag not in _HEADINGS):
        # The metadata may word a headline in another way, for social media; a short <h1> may name the section.
        score += 0.45 if agreement >= 0.3 else 0.5 if block.letters > _MAX_SECTION else 0.3
    elif not heading and agreement < 1.0:
        return 0.0
    if block.zone & (zones.NAV | zones.FOOTER | zones.ASIDE | zones.RELATED | zones.LATEST | zones.COMMENTS):
        score -= 0.3
    if block.zone & zones.HIDDEN:
        score -= 0.25
    if block.link_share > 0.9 and (not heading or agreement < 0.8):
        score -= 0.3
    if len(own_key.split()) <= 1 and len(own_key) < 12 and agreement < 1.0:
        score -= 0.3
    return score


def _headline_claims(head: Head, jsonld: JsonLd, site: set[str], blocks: list[Block]) -> list[tuple[str, str]]:
    """Return the claims of the metadata, (source, text), without site names, best first."""
    sources = [
        ("json-ld", text_of(jsonld.article.get("headline"))),
        ("og:title", head.first("og:title")),
        ("meta", head.first("twitter:title", "parsely-title", "sailthru.title", "dc.title", "dcterms.title", "title")),
        ("json-ld name", text_of(jsonld.article.get("name"))),
        ("<title>", head.title),
    ]
    claims: dict[str, str] = {}
    for source, text in sources:
        text = remove_site_name(text, site) if len(text) <= 5 * _MAX_LENGTH else ""
        if source == "<title>" and not claims:
            text = _printed_part(text, {block.text for block in blocks if block.link_share < 0.5})
        if text and text_key(text) not in site:
            claims.setdefault(text, source)
    # A headline truncated in JSON-LD ("…") comes after the same headline in full.
    return [(claims[text], text) for text in sorted(claims, key=lambda claim: claim.endswith(("...", "…")))]


def _printed_part(title: str, printed: set[str]) -> str:
    """Return the longest part of a title, where a line of the page prints it: the others are names."""
    cuts = list(islice(_SEPARATORS.finditer(title), _MAX_CUTS)) if title not in printed else []
    starts, ends = [0, *(cut.end() for cut in cuts)], [*(cut.start() for cut in cuts), len(title)]
    longest = max(end - start for start, end in zip(starts, ends, strict=True))
    parts = (title[start:end] for at, start in enumerate(starts) for end in ends[at:] if end - start >= longest)
    return max((part for part in parts if part in printed), key=len, default=title)


def site_names(head: Head, url: str) -> set[str]:
    """Return the keys (see text_key) of the names of the site."""
    names = {text_key(name) for name in head.all(*words("site_meta")) if name}
    own_key = host(url).removeprefix("www.")
    names |= {text_key(own_key), text_key(own_key.rpartition(".")[0]), text_key(own_key.partition(".")[0])}
    # Some pages state their own title as the name of the site.
    return {name for name in names if name and len(name.split()) <= 6 and name != text_key(head.first("og:title"))}


def remove_site_name(title: str, site: set[str]) -> str:
    """Remove the name of the site from the end or beginning of a title, where a separator sets it off.

    >>> remove_site_name("Rain falls | The Daily Example", {"daily example"})
    'Rain falls'
    """
    for _ in range(2):
        if not (cuts := list(_SEPARATORS.finditer(title))):
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
    """Return whether a text is a name of the site, or little more."""
    joined_part = text_key(part).replace(" ", "").removeprefix("the")
    joined_names = filter(None, (name.replace(" ", "").removeprefix("the") for name in site))
    return any(
        name == joined_part
        or (len(name) > 4 and name in joined_part and len(joined_part) < 2.5 * len(name))
        or (len(joined_part) > 4 and joined_part in name)
        for name in joined_names
    )
