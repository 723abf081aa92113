"""Build the body of an article: paragraphs with roles, from the headline to the end."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, dropwhile, islice, pairwise, takewhile

from lxml.html import HtmlElement

from newsarchive.extract import phrases, zones
from newsarchive.extract.blocks import INLINE_TAGS, MAX_BLOCKS, Block, PageBlocks, ends_sentence, has_no_words
from newsarchive.extract.corrections import find_corrections, is_notice
from newsarchive.extract.dek import find_dek_block
from newsarchive.extract.headline import Headline, text_key
from newsarchive.extract.page_input import NO_EVIDENCE, Evidence
from newsarchive.extract.roles import (
    LONG_PARAGRAPH,
    MAX_LABEL,
    RoleContext,
    assign_role,
    assign_role_within,
    is_same_site_link,
    label_role,
    markup_role,
    may_follow_body,
)
from newsarchive.extract.select_body import (
    NO_CLAIMS,
    BodyClaims,
    SelectedBody,
    dominant_zones,
    find_cut_text,
    find_missed_text,
    remove_non_body,
)
from newsarchive.extract.zones import HEADINGS
from storage.model import BODY_ROLES, Paragraph, Role

_NEVER_TEXT = zones.NAV | zones.MENU | zones.HIDDEN | zones.CONSENT | zones.BUTTON
NOTICES = frozenset({Role.DISCLAIMER, Role.PROMO})
"""Roles of parts of an article that a label announces."""
_WHOLE_NOTICES = NOTICES | {Role.BIO}
"""After a label with one of these roles the whole notice is kept, even text that was not selected."""
_END_ROLES = frozenset({Role.CORRECTION, Role.DISCLAIMER, Role.BIO, Role.TAGS, Role.PROMO, Role.PLAYER})
"""Roles that belong to the article although they follow its last paragraph."""
_END_MARKS = frozenset({Role.TEASER, Role.BYLINE, Role.TAGS})
"""Roles found between the last paragraph and the page footer."""
_MAX_BLOCKS_AFTER = 25
MAX_BLOCKS_AROUND = 8
"""Blocks above the headline, and after the body, among which pictures of the article stand."""
_MIN_PARAGRAPHS = 3  # paragraphs before a label from which on they are an article, not a dek
_MAX_LINES_BY_WORDING = 500  # from each end of a text, whose wording is examined; one page of 1,562 is read differently
_MAX_LABELS, _MAX_ANNOUNCED = 40, 5_000  # of a text, and lines below them all that are examined
_MAX_INLINE = 300  # lines before and after one that may be in its element, if others can stand between them
_MIN_LONG_TEXT = 60  # characters from which a text is no summary of another article
_MAX_LINE = 80  # longest line, in characters, that is not a paragraph
_LABEL_ROLES = BODY_ROLES | {Role.DISCLAIMER, Role.PROMO, Role.TEASER, Role.COMMENT, Role.BIO}
"""Roles of blocks that may be a label for the blocks after them."""
_OFFER_ROLES = BODY_ROLES | {Role.PROMO}  # of blocks that may belong to an offer
_WIDE_LABELS = frozenset({Role.DISCLAIMER, Role.TEASER, Role.PROMO})
"""Labels that may stand in a box of their own, beside that of what they announce."""
_MAX_SUMMARY = 400  # characters of the summary of another article
_MIN_HEADLINE = 15  # letters of a link that is more than a name
_MAX_CARD_LEVELS = 3  # boxes, from that around a headline and its summary, that may hold nothing but cards
_MAX_TEXT_LEVELS = 20  # ancestors of a text among which a card that it is in is looked for
_MAX_LEVELS = 6  # ancestors of a label's box among which that of its notice is looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The body of an article."""

    paragraphs: tuple[Paragraph, ...]
    dek: str | None
    inside: frozenset[int]
    """Blocks with body text."""
    roles: Mapping[int, Role] = field(default_factory=dict)
    """By index of the block."""
    starts: tuple[int, ...] = ()
    """First block of each paragraph."""
    authors: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The paragraphs of the body itself."""
        return "\n".join(p.text for p in self.paragraphs if p.role in BODY_ROLES)


NO_BODY = Body(paragraphs=(), dek=None, inside=frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyContext:
    """The facts about an article that are known before its body is read."""

    headline: Headline
    descriptions: list[str]
    """Summaries in the metadata of the page."""
    authors: tuple[str, ...]
    site: str
    """The publisher's name in the host name, see urls.site_label."""
    layout_blocks: frozenset[int] = frozenset()
    """Blocks that the site layout names as body; empty if it names none."""
    dek: int = -1
    """The block that the site layout names as dek; -1 if it names none."""
    claims: BodyClaims = NO_CLAIMS
    """Statements of the page about the length of the article."""
    organisations: tuple[str, ...] = ()
    author_links: tuple[str, ...] = ()
    evidence: Evidence = NO_EVIDENCE


def build_body(content: PageBlocks, selection: SelectedBody, context: BodyContext) -> Body:
    """Assign roles to the selected blocks, and to those between headline and end that were not selected."""
    blocks, headline = content.blocks, context.headline
    if context.layout_blocks:
        chosen = set(context.layout_blocks)
        selection = SelectedBody(chosen=chosen)
    else:
        chosen = remove_non_body(blocks, selection.chosen, headline)
        missed = find_missed_text(blocks, chosen, headline)
        selection.add(missed, blocks)
        chosen |= missed
    if not chosen:
        return NO_BODY
    dek_block = context.dek
    if dek_block < 0:
        dek_block = find_dek_block(blocks, chosen, headline, context.descriptions, context.authors)
        if dek_block >= 0 and is_notice(blocks[dek_block].text, at_edge=True):
            dek_block = -1
    facts = build_role_context(blocks, chosen, context, dek_block)
    roles = _assign_roles(blocks, chosen, facts, context.evidence)
    _mark_cards(blocks, roles, context.site)
    _apply_labels(blocks, roles, min(roles, default=0))
    labelled = set(roles)
    _trim_end(blocks, roles)
    start = max(facts.headline_block, 0) if facts.headline_block <= min(chosen) else min(chosen)
    # Beyond the selected text only on pages of usual size.
    for index in list(find_corrections(content, roles, start)) if len(blocks) <= MAX_BLOCKS else ():
        roles[index] = Role.CORRECTION
        context.evidence.set_role(index, Role.CORRECTION, "a correction by its wording, or by the element around it")
    if context.evidence.is_recording:
        for index, role in roles.items() - {(i, known.role) for i, known in context.evidence.roles.items()}:
            context.evidence.set_role(index, role, "announced by a label, or no text after it")
        for index in labelled - roles.keys():
            context.evidence.set_role(index, None, "a short line after the last teasers")
    inside = frozenset(i for i, r in roles.items() if r in BODY_ROLES)
    if not context.layout_blocks and (cut := find_cut_text(blocks, inside, facts.headline_block + 1, context.claims)):
        claimed = context.claims.article_body
        for i in [i for i in inside if claimed and i < min(cut) and text_key(blocks[i].text) not in claimed]:
            del roles[i]
        roles.update({i: markup_role(blocks[i]) for i in cut})
        inside = frozenset(i for i, r in roles.items() if r in BODY_ROLES)
        for i in cut:
            context.evidence.set_role(i, roles[i], "the body was too short without it")
    dek = blocks[dek_block].text if dek_block >= 0 else None
    placed = _paragraphs(blocks, roles, selection)
    starts, paragraphs = tuple(start for start, _ in placed), tuple(paragraph for _, paragraph in placed)
    return Body(paragraphs=paragraphs, dek=dek, inside=inside, roles=roles, starts=starts, authors=context.authors)


def build_role_context(blocks: list[Block], chosen: set[int], context: BodyContext, dek_block: int) -> RoleContext:
    """Return the facts from which roles are assigned, given the blocks that were selected; -1 for no dek."""
    in_order = [i for i in sorted(chosen) if i not in (dek_block, context.headline.block)]
    sure = [i for i in in_order if blocks[i].letters > 80 and blocks[i].link_share < 0.5]
    sure = sure or sorted(chosen)
    return RoleContext(
        headline=context.headline.text,
        headline_block=-1 if context.headline.block is None else context.headline.block,
        dek_block=dek_block,
        authors=context.authors,
        site=context.site,
        body_start=sure[0],
        body_end=sure[-1],
        foreign_zones=~dominant_zones(blocks, sure),
        parents=frozenset(blocks[i].element.getparent() for i in sure if len(blocks[i].text) >= LONG_PARAGRAPH),
    )


def _assign_roles(blocks: list[Block], chosen: set[int], facts: RoleContext, evidence: Evidence) -> dict[int, Role]:
    """Return the role of each block, from the headline to the end of the article, that has one."""
    roles: dict[int, Role] = {}
    start = facts.headline_block + 1 if 0 <= facts.headline_block <= min(chosen) else min(chosen)
    lines = blocks[start : max(chosen) + 1]
    for number, block in enumerate(lines):
        taken = block.index in chosen or block.index == facts.dek_block
        if not taken and block.zone & _NEVER_TEXT and not _is_figcaption(block):
            evidence.set_role(block.index, None, "in a menu or button, or hidden")
            continue
        if not taken and len(blocks) > MAX_BLOCKS:
            continue
        role, rule = (assign_role if _is_near_end(number, len(lines)) else assign_role_within)(block, facts)
        is_far = role is Role.CAPTION and block.index > facts.body_end + MAX_BLOCKS_AROUND
        # A block that was not selected gets a role only if its role is certain.
        if role is not None and not is_far and (taken or role not in BODY_ROLES):
            roles[block.index] = role
            evidence.set_role(block.index, role, rule)
        else:
            evidence.set_role(block.index, None, rule if role is None else "not selected as body text")
    for block in blocks[max(start - MAX_BLOCKS_AROUND, 0) : start]:
        disclaims = block.is_prose and not block.zone & _NEVER_TEXT and phrases.DISCLAIMER.match(block.text)
        if (is_caption := _is_figcaption(block)) or disclaims:
            roles[block.index] = Role.CAPTION if is_caption else Role.DISCLAIMER
            evidence.set_role(block.index, roles[block.index], "a caption or a disclaimer above the headline")
    end = max(chosen)
    # The second box around the last paragraph: boxes with other articles follow after it.
    last = blocks[facts.body_end].element
    box = next(islice(last.iterancestors("div", "section", "main", "article"), 1, 2), last.getparent())
    for block in blocks[end + 1 : end + _MAX_BLOCKS_AFTER]:
        is_near = block.index <= end + MAX_BLOCKS_AROUND and box is not None
        if is_near and _is_figcaption(block) and box in [*block.element.iterancestors()]:
            roles[block.index] = Role.CAPTION
            evidence.set_role(block.index, Role.CAPTION, "a caption after the body")
            continue
        if block.zone & (_NEVER_TEXT | zones.FOOTER) or not may_follow_body(block, facts):
            continue
        role, rule = assign_role(block, facts)
        if role in _END_ROLES:
            roles[block.index] = role
            evidence.set_role(block.index, role, f"{rule}, after the body")
    return roles


def _is_near_end(number: int, lines: int) -> bool:
    """Return whether the wording of a line is examined, given its number and how many there are."""
    return min(number, lines - 1 - number) < _MAX_LINES_BY_WORDING


def _is_figcaption(block: Block) -> bool:
    """Return whether a block is the caption of a figure that is no menu's, author's or other article's.

    It may be hidden: those of a gallery are, until a reader turns to its picture.
    """
    foreign = _NEVER_TEXT & ~zones.HIDDEN | zones.FOOTER | zones.RELATED | zones.LATEST | zones.BIO
    marked = block.zone & zones.FIGCAPTION or (block.zone & zones.FIGURE and block.zone & zones.CAPTION)
    return bool(marked) and not block.zone & foreign and block.link_share < 0.5


def _mark_cards(blocks: list[Block], roles: dict[int, Role], site: str) -> None:
    """Assign the role of teasers to cards: linked headlines, each with its summary, in a box without other text."""
    texts = [i for i in sorted(roles) if roles[i] in BODY_ROLES - {Role.HEADING}]
    cards: dict[HtmlElement, list[int]] = {}
    for index in texts:
        if index and len(blocks[index].text) < _MAX_SUMMARY and _is_linked_headline(blocks[index - 1], site):
            for box in islice(_boxes_around(blocks[index - 1], blocks[index]), _MAX_CARD_LEVELS):
                cards.setdefault(box, []).append(index)
    if not cards:
        return
    around = chain.from_iterable(islice(blocks[i].element.iterancestors(), _MAX_TEXT_LEVELS) for i in texts)
    inside = Counter(filter(cards.__contains__, around))
    found = {i for box, some in cards.items() if 1 < len(some) == inside[box] for i in some}
    if not _is_most_of_text(blocks, roles, found):
        roles.update(dict.fromkeys((*found, *(i - 1 for i in found)), Role.TEASER))


def _boxes_around(first: Block, second: Block) -> Iterator[HtmlElement]:
    """Return the elements that hold two blocks, from the innermost."""
    around = {first.element, *islice(first.element.iterancestors(), _MAX_LEVELS)}
    return dropwhile(lambda each: each not in around, islice(second.element.iterancestors(), _MAX_LEVELS))


def _is_linked_headline(block: Block, site: str) -> bool:
    """Return whether a block is hardly more than a link to another page of its site."""
    is_linked = block.link_share > 0.8 and block.letters > _MIN_HEADLINE
    return is_linked and any(is_same_site_link(anchor.href, site) for anchor in block.anchors)


def _apply_labels(blocks: list[Block], roles: dict[int, Role], start: int) -> None:
    """Assign the role of a label to the blocks that it announces: teasers to those after "Read also"."""
    lines = blocks[start : max(roles, default=-1) + 1]
    near = (b for i, b in enumerate(lines) if _is_near_end(i, len(lines)) or b.tag in HEADINGS)
    below = (b for b in near if not b.zone & _NEVER_TEXT)
    without = Role.TEXT if len(blocks) <= MAX_BLOCKS else None
    labels = ((b, label) for b in below if roles.get(b.index, without) in _LABEL_ROLES and (label := label_role(b)))
    texts = Counter(b.element.getparent() for b in lines if _is_long_text(b, roles))
    steps = iter(range(_MAX_ANNOUNCED))
    for block, label in islice(labels, _MAX_LABELS):
        index = block.index
        if label is Role.DISCLAIMER and _heads_text(blocks, roles, block):
            roles[index] = markup_role(block)
            continue
        followers = _followers(blocks, roles, (index, label), texts, steps)
        after = blocks[index + 1 : index + 3]
        precedes_links = bool(after) and all(b.link_share > 0.6 for b in after)
        if followers or (index in roles and (label is not Role.TEASER or precedes_links)):
            named = (index, *followers)
            texts.subtract(blocks[i].element.getparent() for i in named if _is_long_text(blocks[i], roles))
            roles.update(dict.fromkeys(named, label))


def _is_long_text(block: Block, roles: dict[int, Role]) -> bool:
    return roles.get(block.index) is Role.TEXT and len(block.text) > _MIN_LONG_TEXT


def _find_lines_in(blocks: list[Block], box: HtmlElement, index: int) -> range:
    """Return the indexes of the blocks in an element, around one of them, up to the first that is not in it."""

    def is_outside(at: int) -> bool:
        element = blocks[at].element
        return element is not box and box not in element.iterancestors()

    if box.tag not in INLINE_TAGS:
        # Its blocks stand together.
        start = bisect_left(range(index), True, key=lambda at: not is_outside(at))
        return range(start, bisect_left(range(len(blocks)), True, index + 1, key=is_outside))
    before = range(index - 1, max(-1, index - 1 - _MAX_INLINE), -1)
    start = next((at + 1 for at in before if is_outside(at)), before.stop + 1)
    after = range(index + 1, min(len(blocks), index + 1 + _MAX_INLINE))
    return range(start, next(filter(is_outside, after), after.stop))


def _heads_text(blocks: list[Block], roles: dict[int, Role], label: Block) -> bool:
    """Return whether the label of a notice is one of several headings in one box with the text before and after."""
    after, box = _block_after(blocks, label.index), label.element.getparent()
    headings = (blocks[i] for i, role in roles.items() if role is Role.HEADING and blocks[i].tag == label.tag)
    if not any(each.element.getparent() is box and each is not label for each in headings):
        return False
    body = (blocks[i] for i, role in roles.items() if role in BODY_ROLES)
    own = [b.index for b in body if b.is_prose and b.element.getparent() is box]
    is_within = _has_before(own, label.index) and sum(i > after.index for i in own) >= _MIN_PARAGRAPHS
    return is_within and after.index in own and not phrases.SITE_DISCLAIMER.match(after.text)


def _followers(
    blocks: list[Block], roles: dict[int, Role], announced: tuple[int, Role],
    texts: Counter[HtmlElement | None], steps: Iterator[int],
) -> list[int]:  # fmt: skip
    """Return the blocks that a label announces: those after it in its own box, up to the next heading.

    `announced`: the block of the label, and what it announces; `texts`: numbers of long texts by the element around
    them; `steps`: one for each block that may be examined.
    """
    index, label = announced
    block = blocks[index]
    box = block.element.getparent()
    if label in _WIDE_LABELS and block.link_share < 0.5 and block.text[0].isalpha():
        box = _widen_box(blocks, index, box)
    end = _end_of_notice(blocks, roles, index) if label in NOTICES else len(blocks)
    if box is None or (label is Role.PROMO and not _opens_promo_box(blocks, roles, block, box)):
        return []
    inside = _find_lines_in(blocks, box, index)
    found: list[int] = []
    linked, links = False, 0
    # Without text before it, "Comments" is a counter, or the name of a column.
    story = (i for i, r in roles.items() if r is Role.TEXT and blocks[i].letters > 60)
    above = (i for i in range(inside.start, index) if i in roles and blocks[i].element is not box)
    is_comment_list = label is Role.COMMENT and _has_before(story, index) and next(above, None) is None
    for _, other in zip(steps, blocks[index + 1 : min(end, inside.stop)], strict=False):
        dense = other.link_share >= 0.6
        if has_no_words(other.text) or (dense and other.text.startswith("[") and other.index not in roles):
            continue  # a sign, or "[edit]" beside the label
        role = roles.get(other.index, Role.TEASER if dense else Role.PROMO)
        is_next_heading = markup_role(other) is Role.HEADING and block.tag in HEADINGS and other.tag <= block.tag
        if is_next_heading and not (dense and label is Role.TEASER):
            break
        # A card: a linked headline, and possibly one line of summary.
        own = linked and next(_boxes_around(blocks[other.index - 1], other), None)
        is_card = own is not None and own is other.element.getparent() and texts[own] == 1
        summary = linked and len(other.text) < _MAX_SUMMARY and (is_card or not texts[other.element.getparent()])
        if (
            (label is Role.TEASER and not (dense or summary or _is_kicker(blocks, other.index)))
            or (label is Role.PROMO and (len(found) >= 4 or len(other.text) > 300 or role not in _OFFER_ROLES))
            or (label is Role.BIO and (len(found) >= 6 or dense))
            or (label is Role.COMMENT and not (other.zone & zones.COMMENTS or is_comment_list))
            or (label in _WHOLE_NOTICES and label_role(other) is not None)
        ):
            break
        if label is Role.TEASER and roles.get(other.index) is Role.PROMO:
            continue
        linked, links = dense, links + dense
        if other.index in roles or (label in _WHOLE_NOTICES and not other.zone & _NEVER_TEXT):
            found.append(other.index)
    if label is Role.TEASER:
        return found if box is block.element.getparent() or links >= _MIN_PARAGRAPHS else []
    body = (i for i, role in roles.items() if role in BODY_ROLES)
    is_notice = len(found) <= _MIN_PARAGRAPHS and _has_before(body, index)
    return found if is_notice or not _is_most_of_text(blocks, roles, found) else []


def _is_kicker(blocks: list[Block], index: int) -> bool:
    """Return whether a line is the name of a section above a linked headline, in the card of another article."""
    line, *after = blocks[index : index + 2]
    is_name = len(line.text) < MAX_LABEL and line.tag not in HEADINGS and not ends_sentence(line.text)
    return is_name and any(each.link_share > 0.8 and each.tag in HEADINGS for each in after)


def _has_before(paragraphs: Iterable[int], index: int) -> bool:
    """Return whether some paragraphs precede a label."""
    return len([*islice((i for i in paragraphs if i < index), _MIN_PARAGRAPHS)]) == _MIN_PARAGRAPHS


def _widen_box(blocks: list[Block], index: int, box: HtmlElement | None) -> HtmlElement | None:
    """Return the first box around a label that holds the block after it, too."""
    after = _block_after(blocks, index).element
    around = {after, *after.iterancestors()}
    for _ in range(_MAX_LEVELS):
        if box is None or box in around or box.tag == "body":
            break
        box = box.getparent()
    return box


def _end_of_notice(blocks: list[Block], roles: dict[int, Role], index: int) -> int:
    """Return the index behind the blocks that a label may announce: in one element without text before the label.

    As one of several headings it may announce a whole section.
    """
    headings = [i for i, role in roles.items() if role is Role.HEADING and blocks[i].tag == blocks[index].tag]
    end = min((i for i in headings if i > index), default=len(blocks))
    if headings and sum(index < i < end for i, role in roles.items() if role in BODY_ROLES) <= _MIN_PARAGRAPHS:
        return end
    texts = (blocks[i].element for i in range(index - 1, -1, -1) if i in roles and blocks[i].is_prose)
    around_text = {each for text in islice(texts, 1) for each in (text, *text.iterancestors())}
    first = _block_after(blocks, index)
    elements = (first.element, *first.element.iterancestors())
    apart = [*takewhile(lambda each: each not in around_text, elements)]
    whole = blocks[index].element if blocks[index].element in apart else apart[-1] if apart else first.element
    return _find_lines_in(blocks, whole, first.index).stop if apart else first.index + 1


def _block_after(blocks: list[Block], index: int) -> Block:
    """Return the first block with words after a label, without "[edit]" beside it; of the last block itself."""
    after = (b for b in islice(blocks, index + 1, None) if not (b.text.startswith("[") or has_no_words(b.text)))
    return next(after, blocks[index])


def _is_most_of_text(blocks: list[Block], roles: dict[int, Role], some: Iterable[int]) -> bool:
    """Return whether some blocks are half of the running text or more: a label announces less than the article."""
    text = sum(len(blocks[i].text) for i, role in roles.items() if role in BODY_ROLES)
    return 2 * sum(len(blocks[i].text) for i in some if roles.get(i) in BODY_ROLES) > text > 0


def _opens_promo_box(blocks: list[Block], roles: dict[int, Role], block: Block, box: HtmlElement) -> bool:
    """Return whether a label such as "Newsletter" opens a box of its own; "Advertisement" announces nothing."""
    if phrases.ADVERTISEMENT.match(block.text) or not phrases.NEWSLETTER_NAME.search(block.text[:_MAX_LINE]):
        return False
    body = [i for i, role in roles.items() if role in BODY_ROLES and blocks[i].link_share < 0.6]
    is_last = _has_before(body, block.index) and sum(i > block.index for i in body) <= _MIN_PARAGRAPHS
    offers = phrases.OFFER.search(_block_after(blocks, block.index).text[:_MAX_SUMMARY])
    lines = _find_lines_in(blocks, box, block.index)
    inside = [i for i in lines if i in roles and blocks[i].element is not box]
    opens = is_last or offers or inside[:1] == [block.index]
    return opens and (is_last or offers or not _is_most_of_text(blocks, roles, inside))


def _trim_end(blocks: list[Block], roles: dict[int, Role]) -> None:
    """Remove what is not text from the end: headings and labels of what is not there, short lines after the teasers."""
    behind = _lines_after_teasers(blocks, roles)
    for index in sorted((i for i, role in roles.items() if role in BODY_ROLES), reverse=True):
        announces = len(blocks[index].text) < MAX_LABEL and blocks[index].text[-1] in ":："
        if index in behind:
            del roles[index]
        elif _belongs_to_notice(blocks, roles, index):
            roles[index] = Role.DISCLAIMER
        elif announces or roles[index] is Role.HEADING or label_role(blocks[index]) is Role.TEASER:
            roles[index] = Role.TEASER
        else:
            break


def _belongs_to_notice(blocks: list[Block], roles: dict[int, Role], index: int) -> bool:
    """Return whether a line below the text is the heading of a disclaimer."""
    block = blocks[index]
    is_short = len(block.text) < MAX_LABEL and not ends_sentence(block.text)
    return is_short and roles[index] is Role.HEADING and roles.get(index + 1) is Role.DISCLAIMER


def _lines_after_teasers(blocks: list[Block], roles: dict[int, Role]) -> set[int]:
    """Return the short lines that follow teasers, byline or tags at the end: the footer of the page."""
    body = [i for i in sorted(roles) if roles[i] in BODY_ROLES]
    parents = {blocks[i].element.getparent() for i in body if len(blocks[i].text) > _MAX_LINE}
    found: set[int] = set()
    for before, index in reversed(list(pairwise(body))):
        block = blocks[index]
        if len(block.text) > _MAX_LINE or block.element.getparent() in parents or ends_sentence(block.text):
            break
        found.add(index)
        if any(roles.get(i) in _END_MARKS for i in range(before + 1, index)):
            return found
    return set()


def _paragraphs(blocks: list[Block], roles: dict[int, Role], selection: SelectedBody) -> list[tuple[int, Paragraph]]:
    """Return the paragraphs in order, each with its first block; list items and table rows are merged into one."""
    unplaced: dict[int, list[str]] = {}
    for after, text in selection.unplaced:
        unplaced.setdefault(after, []).append(text)
    paragraphs = [(-1, Role.TEXT, [text]) for text in unplaced.pop(-1, [])]
    last: tuple[Role, object, object] | None = None
    for index in sorted(roles.keys() | unplaced.keys()):
        if index in roles:
            block, role = blocks[index], roles[index]
            group = _merge_key(block, role)
            if group is not None and last is not None and group[:2] == last[:2]:
                separator = "\t" if group[2] is not None and group[2] is last[2] else "\n"
                paragraphs[-1][2].extend((separator, block.text))
            else:
                paragraphs.append((index, role, [block.text]))
            last = group
        for text in unplaced.get(index, []):
            paragraphs.append((index, Role.TEXT, [text]))
            last = None
    return [(start, Paragraph(role=role, text="".join(parts))) for start, role, parts in paragraphs]


def _merge_key(block: Block, role: Role) -> tuple[Role, object, object] | None:
    """Return what two blocks must have in common to be merged into one paragraph; None for blocks of their own."""
    if role is Role.LIST:
        return role, next(block.element.iterancestors("ul", "ol", "dl"), None), None
    if role is Role.TABLE:
        row = next(block.element.iterancestors("tr"), None)
        return role, next(block.element.iterancestors("table"), None), row
    return None
