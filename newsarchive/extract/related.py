"""Find the groups of links to other articles: their kind, label and order.

The card of a link is the widest element around it without links to other articles. Cards with the same parent are a
group; groups with the same label, or of the same shape side by side, are merged. A label belongs to links of its own
container: the heading of an empty box is not used for the list after it.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import chain, islice, pairwise, takewhile

from lxml.etree import XPath
from lxml.html import HtmlElement

from newsarchive.extract import phrases, zones
from newsarchive.extract.blocks import Anchor, Block, PageBlocks, count_ideographs, normalize_space
from newsarchive.extract.box_size import find_box_size
from newsarchive.extract.tree import Page, has_children, resolve_link
from newsarchive.extract.urls import host, is_media_url, page_key, score_article_url, site_label
from newsarchive.extract.zones import HEADINGS
from storage.model import Link, LinkGroup, LinkKind

_UNSPACED = re.compile("[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff]")  # scripts whose words stand without spaces
_WITH_ID = XPath("//*[@id]")
_TEXTS = XPath("descendant::text()[not(parent::em or parent::i or parent::cite or parent::sup)]")  # none is emphasised
_CONTROLS, _TABS, _PANELS = map(XPath, ("//*[@aria-controls]", "//*[@role='tab']", "//*[@role='tabpanel']"))
_SHORT_LINK_ZONES = zones.BYLINE | zones.TAGS | zones.SHARE
"""Zones in which short links are names, topics and social networks."""
_DURATION = re.compile(r"\W{0,3}\d{1,4}(?:[:./-]\d{1,4}){1,2}\W{0,3}")
_COLUMN = re.compile(r"(?<![a-z])(?:left|right|first|second|last|c(?:ol(?:umn)?)?[-_]?\d)(?![a-z\d])")  # in a class
_CONTENT_ZONES = zones.ARTICLE | zones.MAIN | zones.ASIDE
_MAX_LINKS = 2_000
_MAX_LEVELS, _MAX_DEPTH = 4, 30  # ancestors of a link, and of a line, among which a box is looked for
_MAX_LABEL_LEVELS = 6  # ancestors of a group's parent in which its label is looked for
_MAX_SCORED = 200  # characters of a link's text that are examined, so that no page can fill the memory
_MAX_PARTS = 50  # texts or links within an element that names a list, and boxes between them
_MAX_LABEL = 70  # longest label, in characters
_MAX_NAME = 40  # longest name of a box, in characters
_MAX_CARD_LINES = 6  # of a card before its first link
_MAX_HEAD_LINE = 30  # longest of two lines of the head of a list, in characters
_MIN_LETTERS = 3
_MIN_MENU_SCORE = 3.5  # of a link in a menu that leads to an article
_MIN_OTHER_SCORE = -3.0  # of a link to a page; files and front pages have less
_MIN_FOLDER = 2  # links to pages in the folder that a link names, from which it is a section
_MIN_CARDS = 3  # cards with the same text, from which it is a kicker
_MIN_LIST = 4  # links from which cards side by side are a list


@dataclass(slots=True, eq=False)
class LinkCandidate:
    """A link that may lead to an article."""

    anchor: Anchor
    url: str
    page: str
    """Key of the target page, see urls.page_key; "" for the page with the link."""
    score: float
    position: int
    """Among the links of the page."""
    box: HtmlElement | None = None
    """Element with its card and those of others."""


@dataclass(slots=True, eq=False)
class CandidateGroup:
    """Candidates whose cards are siblings."""

    box: HtmlElement
    candidates: list[LinkCandidate] = field(default_factory=list)
    label: Block | None = None
    label_text: str = ""


def find_link_groups(
    page: Page, content: PageBlocks, body_blocks: frozenset[int], canonical: str, *, listing: bool
) -> tuple[LinkGroup, ...]:
    """Return the link groups of a page: inline links first, then the others in page order."""
    candidates, others = _candidates(page, content, canonical, body_blocks, listing=listing)
    folders = Counter(c.page.partition("?")[0].rpartition("/")[0] for c in candidates)
    candidates = [c for c in candidates if not c.page or folders[c.page.partition("?")[0]] < _MIN_FOLDER]
    text_blocks = {i for i in body_blocks if content.blocks[i].link_share < 0.8} if not listing else ()
    inline = dict.fromkeys(c for c in candidates if c.page and c.anchor.text and c.anchor.block in text_blocks)
    groups = _group_by_parent([c for c in candidates if c not in inline])
    _name_links_without_text(groups, content)
    _add_short_headlines(groups, others)
    tabs: dict[str | HtmlElement, str] = {}  # by what they show: the id of a box, or the box
    tabs.update((a.href[1:], a.text) for a in content.anchors if a.href[:1] == "#" != a.href and 1 < len(a.text) < 50)
    controlling = _CONTROLS(page.body) if b"aria-controls" in page.html else ()  # few pages have any
    controls = ((str(each.get("aria-controls")), normalize_space(each.text or "")) for each in controlling)
    tabs.update((box, text) for box, text in controls if _announces_links(text[:_MAX_LABEL]))
    # Tabs show panels in their order.
    shown = zip(_PANELS(page.body), _TABS(page.body), strict=False) if b"tabpanel" in page.html else ()
    tabs.update((panel, normalize_space(str(tab.text_content()))[:_MAX_LABEL]) for panel, tab in shown)
    ids: dict[str, HtmlElement | str] = {}  # elements, or their texts, by id, found when one is needed
    first_text = content.blocks[min(body_blocks)].element if body_blocks else page.body
    around_text = {page.body, *first_text.iterancestors()}
    # The group that each block with a link belongs to. The block of a picture's link is the one after it.
    last = len(content.blocks) - 1
    linked = [(c.anchor, g) for g in groups for c in g.candidates]
    owners = {a.block: g for a, g in linked if a.text or not _is_label(content.blocks[min(a.block, last)])}
    for group in groups:
        group.label_text = _inline_label(group, content) or _tab_label(group.box, tabs, ids, around_text)
        group.label = None if group.label_text else _find_label(group, owners, content, body_blocks)
    groups = _merge_groups(_split_neighbours(groups, content), content)
    within = range(min(body_blocks) + 1, max(body_blocks)) if body_blocks and not listing else range(0)
    single = dict.fromkeys(g for g in groups if within and _is_read_also(g, within))
    kept = [g for g in groups if g not in single and _is_group(g, listing=listing)]
    inline_links = _links([*inline, *(c for g in single for c in g.candidates)])
    found = [LinkGroup(kind=LinkKind.INLINE, label="", links=inline_links)] if inline_links else []
    seen: set[tuple[str, ...]] = set()
    for group in kept:
        links = _links(group.candidates, sized=listing)
        targets = tuple(sorted(page_key(link.url) for link in links))
        # A list printed twice for different screen sizes is one list.
        if not links or targets in seen:
            continue
        seen.add(targets)
        names = map(_own_name, (group.box, *islice(group.box.iterancestors(), 2)))
        group.label_text = group.label_text.strip(" »›>→▸►") or next(filter(None, names), "")
        kind = LinkKind.LISTING if listing else _kind(group)
        found.append(LinkGroup(kind=kind, label=group.label_text, links=links))
    return tuple(found)


def list_other_links(page: Page, content: PageBlocks) -> tuple[LinkGroup, ...]:
    """Return the links outside menus, header and footer of a listing on which none looks like an article's."""
    found, others = _candidates(page, content, "", frozenset(), listing=True)
    outside = zones.NAV | zones.MENU | zones.HEADER | zones.FOOTER
    named = [c for c in found + others if c.anchor.text and c.score > _MIN_OTHER_SCORE and not c.anchor.zone & outside]
    links = _links(sorted(named, key=lambda c: c.position))
    return (LinkGroup(kind=LinkKind.LISTING, label="", links=links),) if links else ()


def _candidates(
    page: Page, content: PageBlocks, canonical: str, body_blocks: frozenset[int], *, listing: bool
) -> tuple[list[LinkCandidate], list[LinkCandidate]]:
    """Return the links that may lead to articles, and those that do not look like it by themselves."""
    own_keys = {page_key(page.url), page_key(canonical)}
    site = site_label(host(page.url))
    # The page with another query (?share=facebook, ?print=1) is the same page, unless the query identifies it.
    whole, _, query = page_key(page.url).partition("?")
    path = f"{whole}?" if not query and whole.count("/") > 1 else ""
    found: list[LinkCandidate] = []
    others: list[LinkCandidate] = []
    # Menus of a site come before its articles: what is in a <nav> after the text is a list in the wrong element.
    begin = min(body_blocks, default=len(content.blocks))
    for position, anchor in enumerate(content.anchors[:_MAX_LINKS]):
        is_excluded = _is_excluded(anchor, listing=listing)
        # Such a link is excluded for nothing but the <nav> or menu around it.
        is_in_menu = anchor.zone & (zones.NAV | zones.MENU) != 0 and not anchor.zone & (zones.COMMENTS | zones.CONSENT)
        if is_excluded and not (anchor.block > begin and is_in_menu):
            continue
        url = resolve_link(page.base, anchor.href)
        if url is None or site_label(host(url)) != site:
            continue
        target = page_key(url)
        if target in own_keys or (path and target.startswith(path)):
            # Lists of latest articles have a card of the article itself; its headline may be a link, too.
            is_card = anchor.block not in body_blocks and next(anchor.element.iterancestors()).tag != "h1"
            if is_card and target in own_keys and _score_anchor_text(anchor.text) >= 1:
                found.append(LinkCandidate(anchor, url, "", 0.0, position))
            continue
        score = score_article_url(url, canonical if not listing else "")
        if listing and score > -1.5 and _is_headline(anchor):
            # A headline in a card on a front page is an article's, however short its URL. An article missed here may be
            # found nowhere else; a wrong link costs one request.
            score += 2.0
        if anchor.block not in body_blocks:
            score += _score_anchor_text(anchor.text)
            if anchor.zone & (zones.HEADER | zones.FOOTER) and not anchor.zone & _CONTENT_ZONES:
                score -= 1.0
        leads_on = anchor.rel and not {"prev", "next"}.isdisjoint(anchor.rel.lower().split())
        if leads_on and not listing and not target.startswith(f"{whole}/"):
            score += 1.5
        is_menu = is_excluded and (score < _MIN_MENU_SCORE or _score_anchor_text(anchor.text) < 1)
        (found if score >= 1.5 and not is_menu else others).append(LinkCandidate(anchor, url, target, score, position))
    return found, others


def _is_headline(anchor: Anchor) -> bool:
    """Return whether a link of several words is in a heading, or contains one."""
    near = (anchor.element, *islice(anchor.element.iterancestors(), 2)) if _score_anchor_text(anchor.text) >= 1 else ()
    inner = (each for link in near[:1] if has_children(link) for each in link.iter(*HEADINGS))
    return any(e.tag in HEADINGS for e in near) or next(inner, None) is not None


def _is_excluded(anchor: Anchor, *, listing: bool) -> bool:
    zone = anchor.zone
    rel = anchor.rel.lower().split() if anchor.rel else ()
    if zone & (zones.NAV | zones.MENU) and not zone & zones.RELATED and "prev" not in rel and "next" not in rel:
        return True
    if not zone & (zones.RELATED | zones.LATEST) and (
        zone & (zones.COMMENTS | zones.CONSENT) or (zone & _SHORT_LINK_ZONES and _score_anchor_text(anchor.text) < 1)
    ):
        return not (zone & zones.BODY)
    return "author" in rel or "tag" in rel or (listing and "next" in rel)


def _score_anchor_text(text: str) -> float:
    """Score the text of a link: a headline has several words, or a dozen ideographs."""
    return _score_text(text[:_MAX_SCORED])


# Menus and lists of latest articles are the same on all pages of a site.
@lru_cache(maxsize=4096)
def _score_text(text: str) -> float:
    count = len(text.split())
    if not text.isascii():
        dense = count_ideographs(text)
        count = max(count, dense // 2 if dense >= 8 else 0, len(_UNSPACED.findall(text)) // 5)
    if count >= 5:
        return 1.5
    if count >= 4 and len(text) > 15:
        return 1.0
    return 0.25 if count == 3 else -0.5 if text else -0.25


def _group_by_parent(candidates: list[LinkCandidate]) -> list[CandidateGroup]:
    pages_in: dict[HtmlElement, set[str]] = {}
    for candidate in candidates:
        for above in candidate.anchor.element.iterancestors():
            pages = pages_in.setdefault(above, set())
            if len(pages) > 1 or candidate.page in pages:
                break  # whatever is around it holds them too
            pages.add(candidate.page)
    groups: dict[HtmlElement, CandidateGroup] = {}

    @cache  # many links to one page may share the elements around them
    def find_box(card: HtmlElement) -> HtmlElement | None:
        above = card.getparent()
        is_card = above is not None and len(pages_in[above]) == 1 and above.tag != "body"
        return find_box(above) if is_card else above

    for candidate in candidates:
        candidate.box = box = find_box(candidate.anchor.element)
        if box is not None:
            groups.setdefault(box, CandidateGroup(box)).candidates.append(candidate)
    return list(groups.values())


def _name_links_without_text(groups: list[CandidateGroup], content: PageBlocks) -> None:
    """Give a link without text, such as a picture's or one spread over its card, the title of the card."""
    for group in (g for g in groups if len({c.page for c in g.candidates}) >= _MIN_LIST):
        titled = {c.page for c in group.candidates if c.anchor.text}
        for candidate in (c for c in group.candidates if c.page not in titled):
            at, card = candidate.anchor.block, _card_in(candidate, {group.box: group})
            near = content.blocks[max(0, at - _MAX_CARD_LINES) : at + _MAX_CARD_LINES] if card is not None else ()
            plain = (b for b in near if not b.linked and len(b.text) <= _MAX_SCORED)
            lines = [b for b in plain if card is not None and _is_within(b.element, card)]
            named = (candidate.anchor.element.get(name) or "" for name in ("aria-label", "title"))
            heads = [b.text for b in lines if b.tag in HEADINGS]
            titles = (*heads, *map(normalize_space, named), *(b.text for b in lines))
            if title := next(filter(None, titles), ""):
                candidate.anchor = replace(candidate.anchor, text=title[:_MAX_SCORED])
                candidate.score += _score_anchor_text(title) - _score_anchor_text("")


def _split_neighbours(groups: list[CandidateGroup], content: PageBlocks) -> list[CandidateGroup]:
    """Give the cards of the previous and the next article ("Next article") a group each, under what they begin with."""
    found: list[CandidateGroup] = []
    for group in groups:
        by_page: dict[str, list[LinkCandidate]] = {}
        for candidate in group.candidates:
            by_page.setdefault(candidate.page, []).append(candidate)
        is_open = len(by_page) < 3 and group.label is None and not group.label_text
        labels = [_find_neighbour(cards, group.box, content) for cards in by_page.values()] if is_open else []
        if labels and all(labels):
            found += map(CandidateGroup, (group.box,) * 2, by_page.values(), (None,) * 2, labels)
        else:
            found.append(group)
    return found


def _find_neighbour(cards: list[LinkCandidate], box: HtmlElement, content: PageBlocks) -> str:
    """Return how the card of a link names its place before or after the article; "" if it does not."""
    link = cards[0].anchor
    card = next(e for e in (link.element, *link.element.iterancestors()) if e.getparent() is box)
    near = content.blocks[max(0, link.block - 1) : link.block + 2]
    named = ((b, phrases.NEIGHBOUR.find(b.text[:_MAX_LABEL])) for b in near)
    return next((name.strip() for b, name in named if name is not None and _is_within(b.element, card)), "")


def _add_short_headlines(groups: list[CandidateGroup], others: list[LinkCandidate]) -> None:
    """Add to each list the links beside its own that have the same markup: no headline is too short in a list."""
    group_of = {group.box: group for group in groups if len({c.page for c in group.candidates}) >= _MIN_LIST}
    beside: dict[HtmlElement, list[tuple[HtmlElement, LinkCandidate]]] = {}
    for candidate in others if group_of else ():
        if candidate.anchor.text and (card := _card_in(candidate, group_of)) is not None:
            beside.setdefault(next(card.iterancestors()), []).append((card, candidate))
    for box, found in beside.items():
        group = group_of[box]
        own = {card: c for c in group.candidates if (card := _card_in(c, group_of)) is not None}
        names = {(card.tag, card.get("class")) for card in own}
        blocks = {c.anchor.block for c in own.values()}
        new = [(card, c) for card, c in found if card not in own and (card.tag, card.get("class")) in names]
        if 2 * len({card for card, _ in new}) > len(own):
            continue
        # Forwards and backwards: several may stand side by side.
        for card, candidate in (*new, *reversed(new)):
            if card not in own and not blocks.isdisjoint(range(candidate.anchor.block - 2, candidate.anchor.block + 3)):
                own[card] = candidate
                blocks.add(candidate.anchor.block)
                candidate.box = box
                group.candidates.append(candidate)
        group.candidates.sort(key=lambda c: c.position)


def _card_in(candidate: LinkCandidate, boxes: Mapping[HtmlElement, object]) -> HtmlElement | None:
    """Return the element around a link that is a child of one of the boxes."""
    link = candidate.anchor.element
    outward = chain((link,), islice(link.iterancestors(), _MAX_LEVELS))
    return next((inner for inner, outer in pairwise(outward) if outer in boxes), None)


def _find_label(
    group: CandidateGroup, owners: Mapping[int, CandidateGroup], content: PageBlocks, body_blocks: frozenset[int]
) -> Block | None:
    """Return the heading that labels a group: in its box before the first card, or right before the box."""
    bound = _first_block_of_list(group, content)
    for box in (group.box, *islice(group.box.iterancestors(), _MAX_LABEL_LEVELS - 1)):
        if box.tag == "html":
            break
        for index in range(bound - 1, max(-1, bound - 7), -1):
            block = content.blocks[index]
            if not _is_within(block.element, box):
                break
            bound = index
            if index in owners:
                return _shared_label(owners[index], group)
            # A heading of the body labels the body.
            if index in body_blocks and not _announces_links(block.text):
                return block if len(block.text) < _MAX_LABEL and block.text.endswith((":", "：")) else None
            if (_is_label(block) and not _is_choice(block, content)) or _opens_box(block, box, content):
                return block if not _labels_empty_box(block, box, group) else None
            if len(block.text) > 80:
                return None
        if _own_name(box):
            break  # its own name says more than a heading above it
    return None


def _first_block_of_list(group: CandidateGroup, content: PageBlocks) -> int:
    """Return the block in which the first card of a list begins: a line above its link is the kicker of the card."""
    first = group.candidates[0].anchor
    if first.element.getparent() is group.box or len({c.page for c in group.candidates}) < 2:
        return first.block
    card = next(e for e in first.element.iterancestors() if e.getparent() is group.box)
    before = range(first.block, max(0, first.block - _MAX_CARD_LINES), -1)
    return next((i for i in before if not _is_within(content.blocks[i - 1].element, card)), first.block)


def _shared_label(before: CandidateGroup, group: CandidateGroup) -> Block | None:
    """Return the label of the preceding group, if one of the two is a single card beside the list of the other."""
    if before.label is None or min(len({c.page for c in g.candidates}) for g in (before, group)) > 1:
        return None
    # A heading in the other's box belongs to the other, unless this group is in that box, too.
    shared = _is_within(group.box, before.box) or not _is_within(before.label.element, before.box)
    return before.label if shared else None


def _inline_label(group: CandidateGroup, content: PageBlocks) -> str:
    """Return the text before the first link of a line of links ("Most read: ..."); "" if it announces none."""
    first = group.candidates[0].anchor
    if not first.text or first.block >= len(content.blocks) or len({c.anchor.block for c in group.candidates}) > 1:
        return ""
    before = content.blocks[first.block].text.partition(first.text)[0].strip(" :-–—|•·*›»►")
    return before if 0 < len(before) < 50 and _announces_links(before) else ""


def _tab_label(
    own: HtmlElement, tabs: Mapping[str | HtmlElement, str], ids: dict[str, HtmlElement | str], outer: set[HtmlElement]
) -> str:
    """Return the name of the tab that shows a box: of a link to it, or of the element in aria-labelledby."""
    for box in (own, *islice(own.iterancestors(), _MAX_LEVELS - 1)):
        if box in outer or box.tag in ("main", "article"):
            break  # a link to the text is "Skip to content"
        if name := tabs.get(box.get("id") or "") or tabs.get(box):
            return name
        if pointed := box.get("aria-labelledby"):
            if not ids:
                ids.update({"": ""}, **{str(each.get("id")): each for each in reversed(_WITH_ID(box.getroottree()))})
            if not isinstance(label := ids.get(pointed, ""), str):
                texts = islice(label.itertext(), _MAX_PARTS)
                ids[pointed] = label = normalize_space("".join(text[:_MAX_SCORED] for text in texts))[:50]
            return label
    return ""


def _is_within(element: HtmlElement, box: HtmlElement) -> bool:
    is_beside = element.getparent() is box.getparent()  # as most are, which are not looked for further
    return element is box or (not is_beside and box in islice(element.iterancestors(), _MAX_DEPTH))


def _announces_links(text: str) -> bool:
    return phrases.RELATED.match(text) or phrases.LATEST.match(text)


def _own_name(box: HtmlElement) -> str:
    """Return the name that a box has in an attribute, for readers who do not see it, if it announces links."""
    name = (box.get("aria-label") or "")[:_MAX_LABEL]
    return name if _announces_links(name) else ""


def _is_label(block: Block) -> bool:
    text = block.text
    is_tool = text.startswith("[") and block.link_share > 0.6  # "[edit]" beside a heading
    if len(text) > _MAX_LABEL or block.zone & zones.FIGCAPTION or is_tool:
        return False
    # A button, or a single link within the page, opens something: "Comments".
    if block.zone & zones.BUTTON or _tab_names(block) == [text]:
        return _announces_links(text)
    if block.tag in HEADINGS or _announces_links(text):
        return True
    names = f"{block.element.get('class') or ''} {block.element.get('id') or ''}".lower()
    is_named = any(word in names for word in ("title", "head", "label", "hed"))
    return is_named and len(text) < 50 and not any(map(str.isdigit, text[:3]))


def _is_choice(block: Block, content: PageBlocks) -> bool:
    """Return whether a button is beside another in one box: they choose what a list shows."""
    near = (b for b in content.blocks[max(0, block.index - 1) : block.index + 2] if block.zone & b.zone & zones.BUTTON)
    around = [{*islice(b.element.iterancestors(), 2)} for b in near]
    return any(not one.isdisjoint(other) for one, other in pairwise(around))


def _tab_names(block: Block) -> list[str]:
    """Return the texts of the links of a line that lead nowhere: they show a list each, or choose what one shows."""
    return [a.text for a in block.anchors[:_MAX_PARTS] if a.href.startswith(("#", "javascript:")) and a.text]


def _opens_box(block: Block, box: HtmlElement, content: PageBlocks) -> bool:
    """Return whether a short line without digits is the first of a box: its name, whatever its markup."""
    before = content.blocks[block.index - 1].element if block.index else None
    return (
        len(block.text) < _MAX_NAME
        and sum(map(str.isalpha, block.text)) + count_ideographs(block.text) >= _MIN_LETTERS
        and not any(map(str.isdigit, block.text))
        and not block.zone & (zones.BUTTON | zones.DATE | zones.BYLINE | zones.AD | zones.NAV | zones.SHARE)
        and not any("#" in anchor.href for anchor in block.anchors)
        and before is not None
        and not _is_within(before, box)
    )


def _labels_empty_box(block: Block, box: HtmlElement, group: CandidateGroup) -> bool:
    """Return whether an empty element, which a script fills, is between a heading in a box and the links of a group."""
    around = set(group.candidates[0].anchor.element.iterancestors())
    for within in (block.element, *block.element.iterancestors()):
        if within in around:
            return False
        is_direct = within.getparent() is box
        for after in islice(within.itersiblings("div", "ul", "ol", "section"), _MAX_PARTS):
            if after in around:
                break
            # Directly in the box an empty element without a name ends floating.
            has_name = after.get("id") is not None or any(name.startswith("data-") for name in after.attrib)
            if (
                (has_name or not is_direct)
                and not after.text_content().strip()
                and after.find(".//img") is None
                and not zones.zones_of_element(str(after.tag), after.items()) & (zones.SHARE | zones.AD)
            ):
                return True
    return False


def _merge_groups(groups: list[CandidateGroup], content: PageBlocks) -> list[CandidateGroup]:
    """Merge groups with the same label, and unlabelled groups of the same shape under one parent."""
    by_label: dict[int, CandidateGroup] = {}
    by_shape: dict[tuple[HtmlElement | None, str, str], CandidateGroup] = {}
    tabs: dict[int, list[str]] = {}
    found: list[CandidateGroup] = []
    for group in groups:
        # States are further classes: "tab active".
        # A list may stand in columns: it is the only element of each.
        around = pairwise((group.box, *islice(group.box.iterancestors(), _MAX_LEVELS)))
        box = next((each for each, above in around if has_children(above, 2)), group.box)
        shape = (box.getparent(), str(box.tag), _COLUMN.sub("", (box.get("class") or "").partition(" ")[0]))
        whole = group
        if group.label is not None:
            whole = by_label.setdefault(group.label.index, group)
            group.label_text = _label_of(group, group.label, content)
            names = _tab_names(group.label)
            if names and group.label_text == names[0]:
                tabs.setdefault(id(group), names[1:])
        elif not group.label_text:
            whole = by_shape.get(shape, group)
            if names := tabs.get(id(whole), []):
                group.label_text, whole = names.pop(0), group
        by_shape.setdefault(shape, whole)
        if whole is group:
            found.append(group)
        else:
            whole.candidates.extend(group.candidates)
    return found


def _label_of(group: CandidateGroup, label: Block, content: PageBlocks) -> str:
    """Return the text of a label without what tabs choose ("week", "month"), joined with a second line of its head."""
    tabs = _tab_names(label)
    text = label.text
    for tab in tabs:
        text = text.replace(tab, "", 1)
    text = normalize_space(text) or tabs[0]
    around = {group.box, *group.box.iterancestors()}
    head = label.element
    while (above := head.getparent()) is not None and above not in around and head not in around:
        head = above
    near = content.blocks[max(0, label.index - 2) : label.index + 3]
    if head is not label.element:
        lines = [b for b in near if _is_within(b.element, head) and b.element is not head]
        # A second line that is linked leads to more of the list.
        if len(lines) == 2 and not lines[1].anchors and max(len(b.text) for b in lines) < _MAX_HEAD_LINE:
            return " ".join(text if b is label else b.text for b in lines)
    before = near[min(label.index, 2) - 1] if label.index else None
    return f"{before.text} {text}" if before is not None and _continues_heading(before, label) else text


def _continues_heading(before: Block, label: Block) -> bool:
    """Return whether a label is the second line of a heading: "Next Up In" and "Science", or <h3> right after <h2>."""
    if len(before.text) < 20 and before.text.endswith(("in", "on", "In", "On", ":")) and _is_label(before):
        return label.element.getparent() in (before.element, before.element.getparent())
    are_headings = {before.tag, label.tag} <= HEADINGS and before.tag < label.tag
    if not are_headings or before.element.getnext() is not label.element:
        return False
    # The heading of several parts is none of the first.
    after = next(label.element.itersiblings(before.tag, label.tag), None)
    return after is None or after.tag == before.tag


def _is_group(group: CandidateGroup, *, listing: bool) -> bool:
    pages = {c.page for c in group.candidates if c.page}
    if not any(c.anchor.text for c in group.candidates):
        return False  # banners
    strong = len({c.page for c in group.candidates if c.page and c.score >= 2.5})
    in_box = any(c.anchor.zone & (zones.RELATED | zones.LATEST) for c in group.candidates)
    named = in_box or _announces_links(group.label_text) or phrases.NEIGHBOUR.match(group.label_text)
    return strong * 2 >= len(pages) if len(pages) > 1 else strong == 1 and (named or listing)


def _is_read_also(group: CandidateGroup, within: range) -> bool:
    """Return whether a group is "read also" within the body: single cards, or a list without a heading."""
    if group.label_text and len({c.page for c in group.candidates}) > 1:
        return False
    ends = group.candidates[0].anchor.block, max(c.anchor.block for c in group.candidates)
    is_within = all(map(within.__contains__, ends)) and any(c.anchor.text for c in group.candidates)
    return is_within and max(c.score for c in group.candidates) >= 2.5


def _kind(group: CandidateGroup) -> LinkKind:
    for kind, phrase in ((LinkKind.LATEST, phrases.LATEST), (LinkKind.RELATED, phrases.RELATED)):
        # The name of the site or of a section may precede: "Business: most read".
        if phrase.match(group.label_text) or phrase.match(group.label_text.partition(" ")[2]):
            return kind
    latest = sum(1 for c in group.candidates if c.anchor.zone & zones.LATEST)
    related = sum(1 for c in group.candidates if c.anchor.zone & zones.RELATED)
    is_latest = latest * 2 > len(group.candidates) and related * 2 <= len(group.candidates)
    return LinkKind.LATEST if is_latest else LinkKind.RELATED


def _links(candidates: list[LinkCandidate], *, sized: bool = False) -> tuple[Link, ...]:
    """Return one link per page, in order, with the longest of its anchor texts; also the declared size of its box."""
    found: dict[str, Link] = {}
    pictures: dict[HtmlElement, str] = {}
    links = ((c, c.anchor.element) for c in candidates if c.page)
    inner = ((c, _TEXTS(link)[:_MAX_PARTS] if has_children(link) else [link.text or ""]) for c, link in links)
    parts = [(c, [*filter(None, map(normalize_space, texts))]) for c, texts in inner]
    pages = Counter(text for text, _ in {(text, c.page) for c, texts in parts for text in (c.anchor.text, *texts)})
    for candidate, texts in parts:
        known, text = found.get(candidate.page), _title_of(candidate.anchor, texts, pages)
        size = known.box_size if known else ""
        if sized and not size and candidate.box is not None:
            size = find_box_size(candidate.anchor.element, candidate.box, pictures)
        # What several cards say is a button: "Read more".
        is_title = text != "" and pages[text] < 2
        is_better = known is not None and (
            (len(text) > len(known.anchor) and len(known.anchor.split()) < 4) or pages[known.anchor] > 1
        )
        if known is None or not known.anchor or (is_title and is_better):
            known = Link(url=known.url if known else candidate.url, anchor=text)
        found[candidate.page] = replace(known, box_size=size) if size else known
    return tuple(link for link in found.values() if not is_media_url(link.url) or link.anchor)


def _title_of(anchor: Anchor, texts: Sequence[str], pages: Mapping[str, int]) -> str:
    """Return the text of a link, or of the heading in it: beside that stand the kicker, date and summary of a card.

    `pages`: number of pages to which links with a text lead; several have one kicker.
    """
    titles = [normalize_space(str(each.text_content())) for each in islice(anchor.element.iter(*HEADINGS), 2)]
    if len(titles) == 1 and titles[0] in anchor.text and titles[0]:
        return titles[0]
    title = anchor.text
    for remove, parts in ((str.removeprefix, texts), (str.removesuffix, reversed(texts))):
        for part in takewhile(lambda part: pages[part] >= _MIN_CARDS or _DURATION.fullmatch(part), parts):
            title = remove(title, part).strip()
    return title or anchor.text
