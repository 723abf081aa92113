"""The groups of links to other articles: what they are, under which label, in which order.

A link's card is the widest element around it that holds no other article's link; cards that share a parent are a group;
groups that share a label, or repeat one shape side by side, are one group. A label belongs to links of its own
container: the heading of an empty box is not lent to the list behind it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from lxml.html import HtmlElement

from newsarchive.extract import phrases, zones
from newsarchive.extract.blocks import Anchor, Block, Flow, folded, ideographs
from newsarchive.extract.roles import HEADINGS
from newsarchive.extract.tree import Page, absolute
from newsarchive.extract.urls import host, is_media, likeness, same_page, site_of
from storage.model import Link, LinkGroup, LinkKind

_OF_LINES = zones.BYLINE | zones.TAGS | zones.SHARE
"""Where short links are names, topics and networks."""
_MOST_LINKS = 2_000
_CLIMB = 4
"""Levels above a group's parent at which its label is looked for."""


@dataclass(slots=True)
class Candidate:
    """A link that may lead to an article."""

    anchor: Anchor
    url: str
    page: str
    """What all addresses of the target have in common."""
    score: float
    text: str


@dataclass(slots=True)
class Group:
    """Candidates whose cards are siblings."""

    box: HtmlElement
    candidates: list[Candidate] = field(default_factory=list)
    label: Block | None = None
    labelled: str = ""


def link_groups(
    page: Page, flow: Flow, inside: frozenset[int], canonical: str, *, listing: bool
) -> tuple[LinkGroup, ...]:
    """Return the page's link groups: inline first, then the others as they stand."""
    candidates = _candidates(page, flow, canonical, inside, listing=listing)
    inline = [c for c in candidates if not listing and _in_text(c, flow, inside)]
    texts = {id(c) for c in inline}
    groups = _grouped([c for c in candidates if id(c) not in texts])
    tabs = {a.href[1:]: a.text for a in flow.anchors if len(a.href) > 1 and a.href[0] == "#" and 1 < len(a.text) < 50}
    for group in groups:
        group.labelled = _own_label(group, flow) or _tab(group, tabs)
        group.label = None if group.labelled else _label(group, groups, flow, inside)
    groups = _merged(groups, flow)
    single = [] if listing else [g for g in groups if _read_also(g, inside)]
    kept = [g for g in groups if g not in single and _is_group(g, listing=listing)]
    found: list[LinkGroup] = []
    inline_links = _links(inline + [c for g in single for c in g.candidates])
    if inline_links:
        found.append(LinkGroup(kind=LinkKind.INLINE, label="", links=inline_links))
    seen: set[tuple[str, ...]] = set()
    for group in kept:
        links = _links(group.candidates)
        targets = tuple(sorted(same_page(link.url) for link in links))
        # One list printed again for another size of screen is one list.
        if not links or targets in seen:
            continue
        seen.add(targets)
        kind = LinkKind.LISTING if listing else _kind(group)
        found.append(LinkGroup(kind=kind, label=group.labelled, links=links))
    return tuple(found)


def _candidates(page: Page, flow: Flow, canonical: str, inside: frozenset[int], *, listing: bool) -> list[Candidate]:
    own = {same_page(page.url), same_page(canonical)}
    home = site_of(host(page.url))
    # The page under another query (?share=facebook, ?print=1) is the page, unless the query is what names it.
    whole, _, query = same_page(page.url).partition("?")
    path = f"{whole}?" if not query and whole.count("/") > 1 else ""
    found = []
    for anchor in flow.anchors[:_MOST_LINKS]:
        if _left_out(anchor, listing=listing):
            continue
        url = absolute(page.base, anchor.href)
        if url is None or site_of(host(url)) != home:
            continue
        target = same_page(url)
        if target in own or (path and target.startswith(path)):
            continue
        text = anchor.text
        score = likeness(url, canonical if not listing else "")
        if listing and score > -1.5 and _is_headline(anchor):
            # A card's headline on a front page is an article's, however short its address: one that is passed over
            # here may be found nowhere else, and one too many costs a request.
            score += 2.0
        if anchor.block not in inside:
            score += _promise(text)
            if anchor.zone & (zones.HEADER | zones.FOOTER) and not anchor.zone & (
                zones.ARTICLE | zones.MAIN | zones.ASIDE
            ):
                score -= 1.0
        if score >= 1.5:
            found.append(Candidate(anchor, url, target, score, text))
    return found


def _is_headline(anchor: Anchor) -> bool:
    """Say whether a link of several words is a heading's, or holds one."""
    if _promise(anchor.text) < 1:
        return False
    near = (anchor.element, *islice(anchor.element.iterancestors(), 2))
    return any(e.tag in HEADINGS for e in near) or any(True for _ in anchor.element.iter(*HEADINGS))


def _left_out(anchor: Anchor, *, listing: bool) -> bool:
    zone = anchor.zone
    rel = anchor.rel.lower().split() if anchor.rel else ()
    if zone & (zones.NAV | zones.MENU) and not zone & zones.RELATED and "prev" not in rel and "next" not in rel:
        return True
    if not zone & (zones.RELATED | zones.LATEST) and (
        zone & (zones.COMMENTS | zones.CONSENT) or (zone & _OF_LINES and _promise(anchor.text) < 1)
    ):
        return not (zone & zones.BODY)
    return "author" in rel or "tag" in rel or (listing and "next" in rel)


def _promise(text: str) -> float:
    """Weigh an anchor's text: a headline has several words, or a dozen ideographs."""
    return _known(text) if len(text) <= _LONGEST_KNOWN else _weighed(text)


def _weighed(text: str) -> float:
    count = len(text.split())
    dense = 0 if text.isascii() else ideographs(text)
    if dense >= 8:
        count = max(count, dense // 2)
    if count >= 5:
        return 1.5
    if count >= 4 and len(text) > 15:
        return 1.0
    return 0.25 if count == 3 else -0.5 if text else -0.25


_known = lru_cache(maxsize=4096)(_weighed)
"""The same, remembered: menus and lists of what is new say the same on all pages of a site."""
_LONGEST_KNOWN = 400
"""Characters of what is remembered, and no more: a page may be made to fill memory."""


def _in_text(candidate: Candidate, flow: Flow, inside: frozenset[int]) -> bool:
    """Say whether a link stands in running text of the body."""
    index = candidate.anchor.block
    if index not in inside or index >= len(flow.blocks):
        return False
    return flow.blocks[index].link_share < 0.8


def _grouped(candidates: list[Candidate]) -> list[Group]:
    """Group candidates by the parent of their cards."""
    held: dict[HtmlElement, set[str]] = {}
    for candidate in candidates:
        for above in candidate.anchor.element.iterancestors():
            pages = held.setdefault(above, set())
            if len(pages) > 1:
                break  # whatever is around it holds them too
            pages.add(candidate.page)
    groups: dict[HtmlElement, Group] = {}
    for candidate in candidates:
        card: HtmlElement = candidate.anchor.element
        box = card.getparent()
        while box is not None and len(held[box]) == 1 and box.tag != "body":
            card, box = box, box.getparent()
        if box is not None:
            groups.setdefault(box, Group(box)).candidates.append(candidate)
    return list(groups.values())


def _first_block(group: Group) -> int:
    return group.candidates[0].anchor.block


def _label(group: Group, groups: list[Group], flow: Flow, inside: frozenset[int]) -> Block | None:
    """Return the heading that speaks for a group: inside its box before the first card, or right before the box."""
    owners = {c.anchor.block: g for g in groups for c in g.candidates}
    box: HtmlElement | None = group.box
    bound = _first_block(group)
    for _ in range(_CLIMB):
        if box is None or box.tag in ("body", "html"):
            return _heading_before(group.box, flow, bound)
        for index in range(bound - 1, max(-1, bound - 7), -1):
            block = flow.blocks[index]
            if not _within(block.element, box):
                break
            bound = index
            if index in owners:
                return _shared_label(owners[index], group)
            # A heading of the text speaks for the text.
            if index in inside and not _says_links(block.text):
                return None
            if _is_label(block):
                return block if not _speaks_for_another(block, box) else None
            if len(block.text) > 80:
                return None
        box = box.getparent()
    return None


def _heading_before(box: HtmlElement, flow: Flow, bound: int) -> Block | None:
    """Return the heading right before a box that stands in the page itself."""
    before = box.getprevious()
    block = flow.blocks[bound - 1] if bound else None
    return block if block is not None and before is block.element and block.tag in HEADINGS else None


def _shared_label(before: Group, group: Group) -> Block | None:
    """Return the label of the group before, where one of the two is a single card beside the other's list."""
    if before.label is None or min(len({c.page for c in g.candidates}) for g in (before, group)) > 1:
        return None
    # A heading inside the other's box is the other's own, unless this group stands in that box too.
    shared = _within(group.box, before.box) or not _within(before.label.element, before.box)
    return before.label if shared else None


def _own_label(group: Group, flow: Flow) -> str:
    """Return what a line of links says before its first link ("Most read: ..."); "" where that announces none."""
    first = group.candidates[0].anchor
    if not first.text or first.block >= len(flow.blocks) or len({c.anchor.block for c in group.candidates}) > 1:
        return ""
    before = flow.blocks[first.block].text.partition(first.text)[0].strip(" :-–—|")
    return before if 0 < len(before) < 50 and _says_links(before) else ""


def _tab(group: Group, tabs: Mapping[str, str]) -> str:
    """Return the name of the tab that shows a group: of the link to its box, or of what the box says labels it."""
    box: HtmlElement | None = group.box
    for _ in range(_CLIMB):
        if box is None or box.tag in ("body", "html"):
            break
        if name := tabs.get(box.get("id") or ""):
            return name
        if pointed := box.get("aria-labelledby"):
            named = box.getroottree().xpath("string((//*[@id=$id])[1])", id=pointed)
            return folded(str(named))[:50]
        box = box.getparent()
    return ""


def _within(element: HtmlElement, box: HtmlElement) -> bool:
    return element is box or any(above is box for above in element.iterancestors())


def _says_links(text: str) -> bool:
    """Say whether a line is one that announces links."""
    return phrases.RELATED.match(text) or phrases.LATEST.match(text)


def _is_label(block: Block) -> bool:
    text = block.text
    if len(text) > 70 or block.zone & (zones.FIGCAPTION | zones.BUTTON):
        return False
    if any(anchor.href.startswith("#") for anchor in block.anchors):
        return False
    if block.tag in HEADINGS:
        return True
    if _says_links(text):
        return True
    names = f"{block.element.get('class') or ''} {block.element.get('id') or ''}".lower()
    return (
        len(text) < 50
        and any(word in names for word in ("title", "heading", "header", "headline", "label", "hed"))
        and not any(c.isdigit() for c in text[:3])
    )


def _speaks_for_another(block: Block, box: HtmlElement) -> bool:
    """Say whether a heading stands in a box of its own, beside something empty that was meant to be filled."""
    after = block.element.getnext()
    if after is not None and _waits(after):
        return True
    for above in block.element.iterancestors():
        if above is box:
            return False
        others = [
            e
            for e in above
            if isinstance(e.tag, str) and e.tag in ("div", "ul", "ol", "section") and not _within(block.element, e)
        ]
        if any(not e.text_content().strip() and e.find(".//img") is None for e in others):
            return True
    return False


def _waits(element: HtmlElement) -> bool:
    """Say whether an element is an empty box that a script fills: it has a name, and nothing in it."""
    return (
        element.tag in ("div", "section", "ul", "ol")
        and (element.get("id") is not None or any(name.startswith("data-") for name, _ in element.items()))
        and not element.text_content().strip()
        and next(element.iter("img", "picture", "svg"), None) is None
    )


def _merged(groups: list[Group], flow: Flow) -> list[Group]:
    """Make one group of those that share a label, and of unlabelled ones that repeat one shape under one parent."""
    by_label: dict[int, Group] = {}
    by_shape: dict[tuple[HtmlElement, str, str], Group] = {}
    found: list[Group] = []
    for group in groups:
        parent = group.box.getparent()
        shape = (parent, str(group.box.tag), group.box.get("class") or "") if parent is not None else None
        if group.label is not None:
            other = by_label.get(group.label.index)
            by_label.setdefault(group.label.index, group)
            group.labelled = _label_text(group.label, flow)
        else:
            other = by_shape.get(shape) if shape else None
        if shape is not None:
            by_shape.setdefault(shape, other or group)
        if other is not None:
            other.candidates.extend(group.candidates)
        else:
            found.append(group)
    return found


def _label_text(block: Block, flow: Flow) -> str:
    """Return a label's text, the line before it put in front where they are one ("Next Up In" + "Science")."""
    before = flow.blocks[block.index - 1] if block.index else None
    if (
        before is not None
        and (before.element is block.element.getparent() or before.element.getparent() is block.element.getparent())
        and _is_label(before)
        and before.text.endswith(("in", "on", "In", "On", ":"))
        and len(before.text) < 20
    ):
        return f"{before.text} {block.text}"
    return block.text


def _is_group(group: Group, *, listing: bool) -> bool:
    """Say whether candidates together are a group of links to articles."""
    pages = {c.page for c in group.candidates}
    best = {c.page: 0.0 for c in group.candidates}
    for candidate in group.candidates:
        best[candidate.page] = max(best[candidate.page], candidate.score)
    strong = sum(1 for score in best.values() if score >= 2.5)
    named = _says_links(group.labelled) or any(c.anchor.zone & (zones.RELATED | zones.LATEST) for c in group.candidates)
    if len(pages) == 1:
        return strong == 1 and (named or listing)
    return strong * 2 >= len(pages)


def _read_also(group: Group, inside: frozenset[int]) -> bool:
    """Say whether a group is "read also" between paragraphs of the body: single cards, or a list without a heading."""
    if not inside or (group.labelled and len({c.page for c in group.candidates}) > 1):
        return False
    first, last = _first_block(group), max(c.anchor.block for c in group.candidates)
    return min(inside) < first and last < max(inside) and max(c.score for c in group.candidates) >= 2.5


def _kind(group: Group) -> LinkKind:
    if group.labelled:
        if phrases.LATEST.match(group.labelled):
            return LinkKind.LATEST
        if phrases.RELATED.match(group.labelled):
            return LinkKind.RELATED
    latest = sum(1 for c in group.candidates if c.anchor.zone & zones.LATEST)
    related = sum(1 for c in group.candidates if c.anchor.zone & zones.RELATED)
    return (
        LinkKind.LATEST
        if latest * 2 > len(group.candidates) and related * 2 <= len(group.candidates)
        else LinkKind.RELATED
    )


def _links(candidates: list[Candidate]) -> tuple[Link, ...]:
    """Return one link for each page, in order, with the longest of its anchor texts."""
    found: dict[str, Link] = {}
    for candidate in candidates:
        known = found.get(candidate.page)
        if known is None:
            found[candidate.page] = Link(url=candidate.url, anchor=candidate.text)
        elif len(candidate.text) > len(known.anchor) and len(known.anchor.split()) < 4:
            found[candidate.page] = Link(url=known.url, anchor=candidate.text)
    return tuple(link for link in found.values() if not is_media(link.url) or link.anchor)
