"""The article of a page as paragraphs with roles, from headline to end."""

from dataclasses import dataclass
from itertools import islice, pairwise

from lxml.html import HtmlElement

from newsarchive.extract import phrases, zones
from newsarchive.extract.blocks import Block, Flow, weight
from newsarchive.extract.dek import dek_block
from newsarchive.extract.evidence import SILENCE, Silence
from newsarchive.extract.headline import Headline
from newsarchive.extract.refine_body import left_behind, own_zones, without_strays
from newsarchive.extract.roles import HEADINGS, LONG, Setting, ends_sentence, form, is_label, may_end, role
from newsarchive.extract.select_body import Selection
from storage.model import BODY_ROLES, Paragraph, Role

_OUTSIDE = zones.NAV | zones.MENU | zones.HIDDEN | zones.CONSENT | zones.BUTTON
_WHOLE_BOXES = frozenset({Role.DISCLAIMER, Role.PROMO})
"""What a label of these announces is told though trafilatura left it: a notice is read whole or not at all."""
_AT_THE_FOOT = frozenset({Role.CORRECTION, Role.DISCLAIMER, Role.BIO, Role.TAGS})
"""What belongs to an article though it stands after its last paragraph."""
_END_MARKS = frozenset({Role.TEASER, Role.BYLINE, Role.TAGS})
"""What stands between an article's last paragraph and the page's foot."""
_AFTERMATH = 25
_A_STORY = 3
"""Paragraphs from which on what comes before a label is a story, not its dek."""
_A_LINE = 80
"""Characters of a line that is no paragraph."""
_LABELS = BODY_ROLES | {Role.DISCLAIMER, Role.PROMO, Role.TEASER, Role.COMMENT}
"""Roles of blocks that may be a label for what comes after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What was read between headline and end."""

    paragraphs: tuple[Paragraph, ...]
    dek: str | None
    inside: frozenset[int]
    """Blocks whose text is body."""

    @property
    def text(self) -> str:
        """The body's own paragraphs."""
        return "\n".join(p.text for p in self.paragraphs if p.role in BODY_ROLES)


NO_BODY = Body(paragraphs=(), dek=None, inside=frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is known of an article before its body is read."""

    head: Headline
    descriptions: list[str]
    """What the page gives as its summary."""
    authors: tuple[str, ...]
    home: str
    """The site's name, as addresses.site_of gives it."""
    laid_out: frozenset[int] = frozenset()
    """Blocks that the site's layout calls the body; none where it does not say."""
    dek: int = -1
    """The block that the site's layout calls the dek; -1 where it does not say."""
    hear: Silence = SILENCE


def body(flow: Flow, selection: Selection, about: About) -> Body:
    """Put roles to what trafilatura took, and to what it left between headline and end."""
    blocks, head = flow.blocks, about.head
    if about.laid_out:
        chosen = set(about.laid_out)
        selection = Selection(chosen=chosen)
    else:
        chosen = without_strays(blocks, selection.chosen, head)
        chosen |= left_behind(blocks, chosen, head)
    if not chosen:
        return NO_BODY
    dek_at = about.dek if about.dek >= 0 else dek_block(blocks, chosen, about.head, about.descriptions, about.authors)
    setting = _setting(blocks, chosen, about, dek_at)
    told = _told(blocks, chosen, setting, about.hear)
    _announce(blocks, told, min(told, default=0))
    announced = set(told)
    _trim(blocks, told)
    if about.hear.listens:
        for index, what in told.items():
            about.hear.change(index, what, "a label before it, or nothing after it")
        for index in announced - told.keys():
            about.hear.tell(index, None, "a short line behind the last teasers")
    inside = frozenset(i for i, r in told.items() if r in BODY_ROLES)
    dek = blocks[dek_at].text if dek_at >= 0 else None
    return Body(paragraphs=tuple(_paragraphs(blocks, told, selection)), dek=dek, inside=inside)


def _setting(blocks: list[Block], chosen: set[int], about: About, dek_at: int) -> Setting:
    sure = [
        i for i in sorted(chosen) if i != dek_at and weight(blocks[i].text) > 80 and blocks[i].link_share < 0.5
    ] or sorted(chosen)
    return Setting(
        headline=about.head.text,
        headline_at=-1 if about.head.block is None else about.head.block,
        dek_at=dek_at,
        authors=about.authors,
        home=about.home,
        body_from=sure[0],
        body_to=sure[-1],
        foreign=~own_zones(blocks, sure),
        homes=frozenset(blocks[i].element.getparent() for i in sure if len(blocks[i].text) >= LONG),
    )


def _told(blocks: list[Block], chosen: set[int], setting: Setting, hear: Silence) -> dict[int, Role]:
    """Return roles by block, for all blocks from the headline to the article's end that have one."""
    told: dict[int, Role] = {}
    start = setting.headline_at + 1 if 0 <= setting.headline_at <= min(chosen) else min(chosen)
    for block in blocks[start : max(chosen) + 1]:
        taken = block.index in chosen or block.index == setting.dek_at
        if not taken and block.zone & _OUTSIDE:
            hear.tell(block.index, None, "in a menu, hidden, or a button")
            continue
        what, why = role(block, setting)
        # What trafilatura left is told only where it is clear what it is.
        if what is not None and (taken or what not in BODY_ROLES):
            told[block.index] = what
            hear.tell(block.index, what, why)
        else:
            hear.tell(block.index, None, why if what is None else "left by the search for the body")
    for block in blocks[max(chosen) + 1 : max(chosen) + _AFTERMATH]:
        if block.zone & (_OUTSIDE | zones.FOOTER) or not may_end(block, setting):
            continue
        what, why = role(block, setting)
        if what in _AT_THE_FOOT:
            told[block.index] = what
            hear.tell(block.index, what, f"{why}, at the article's foot")
    return told


def _announce(blocks: list[Block], told: dict[int, Role], start: int) -> None:
    """Give what a label announces the label's role: teasers under "Read also", all under "AI Disclaimer"."""
    for block in blocks[start : max(told, default=-1) + 1]:
        index = block.index
        if block.zone & _OUTSIDE or told.get(index, Role.TEXT) not in _LABELS:
            continue
        label = is_label(block)
        if label is None:
            continue
        followers = _followers(blocks, told, index, label)
        if followers or (index in told and (label is not Role.TEASER or _precedes_links(blocks, index))):
            told[index] = label
            for follower in followers:
                told[follower] = label


def _precedes_links(blocks: list[Block], index: int) -> bool:
    """Say whether what comes right after a label is links, read or not."""
    after = blocks[index + 1 : index + 3]
    return bool(after) and all(b.link_share > 0.6 for b in after)


def _followers(blocks: list[Block], told: dict[int, Role], index: int, label: Role) -> list[int]:
    """Return the blocks that a label speaks for: those after it in its own box, up to the next heading."""
    block = blocks[index]
    box = block.element.getparent()
    if box is None or (label is Role.PROMO and not _is_promo_box(blocks, told, block, box)):
        return []
    texts = {
        blocks[i].element.getparent() for i, what in told.items() if what is Role.TEXT and len(blocks[i].text) > 60
    }
    found: list[int] = []
    linked = False
    apart = label is Role.COMMENT and _follows_story(blocks, told, index) and _stands_first(blocks, told, index, box)
    for other in blocks[index + 1 :]:
        if box not in other.element.iterancestors():
            break
        dense = other.link_share >= 0.6
        if (
            form(other) is Role.HEADING
            and block.tag in HEADINGS
            and other.tag <= block.tag
            and not (dense and label is Role.TEASER)
        ):
            break
        # A card: a linked headline, and perhaps one line of summary.
        summary = linked and len(other.text) < 400 and other.element.getparent() not in texts
        if label is Role.TEASER and not dense and not summary:
            break
        if label is Role.PROMO and (len(found) >= 4 or len(other.text) > 300):
            break
        if label is Role.COMMENT and not (other.zone & zones.COMMENTS or apart):
            break
        if label is Role.TEASER and told.get(other.index) is Role.PROMO:
            continue
        linked = dense
        if other.index in told or (label in _WHOLE_BOXES and not other.zone & _OUTSIDE):
            found.append(other.index)
    return found


def _is_promo_box(blocks: list[Block], told: dict[int, Role], block: Block, box: HtmlElement) -> bool:
    """Say whether a label like "Newsletter" opens a box of its own; "Advertisement" never speaks for what follows."""
    if len(block.text) < 16 and not phrases.NEWSLETTER_NAME.search(block.text):
        return False
    return _stands_first(blocks, told, block.index, box)


def _follows_story(blocks: list[Block], told: dict[int, Role], index: int) -> bool:
    """Say whether text comes before "Comments": under a headline it is a count of them, or the name of a column."""
    before = (i for i, what in told.items() if i < index and what is Role.TEXT and weight(blocks[i].text) > 60)
    return next(islice(before, _A_STORY - 1, None), None) is not None


def _stands_first(blocks: list[Block], told: dict[int, Role], index: int, box: HtmlElement) -> bool:
    """Say whether nothing that has a role stands in a box before one of its blocks."""
    return not any(i < index and box in blocks[i].element.iterancestors() for i in told)


def _trim(blocks: list[Block], told: dict[int, Role]) -> None:
    """Take from the end what is no text: a heading with nothing after it, a short line behind the teasers."""
    behind = _behind_teasers(blocks, told)
    for index in sorted(told, reverse=True):
        if told[index] not in BODY_ROLES:
            continue
        if index in behind:
            del told[index]
        elif told[index] is Role.HEADING or is_label(blocks[index]) is Role.TEASER:
            told[index] = Role.TEASER
        else:
            break


def _behind_teasers(blocks: list[Block], told: dict[int, Role]) -> set[int]:
    """Return short lines between teasers, byline or tags at the end and the end: the page's foot, though untold."""
    body = [i for i in sorted(told) if told[i] in BODY_ROLES]
    homes = {blocks[i].element.getparent() for i in body if len(blocks[i].text) > _A_LINE}
    found: set[int] = set()
    for before, index in reversed(list(pairwise(body))):
        block = blocks[index]
        if len(block.text) > _A_LINE or block.element.getparent() in homes or ends_sentence(block.text):
            break
        found.add(index)
        if any(told.get(i) in _END_MARKS for i in range(before + 1, index)):
            return found
    return set()


def _paragraphs(blocks: list[Block], told: dict[int, Role], selection: Selection) -> list[Paragraph]:
    """Return paragraphs in order; items of one list, and rows of one table, become one paragraph."""
    loose: dict[int, list[str]] = {}
    for after, _tag, text in selection.loose:
        loose.setdefault(after, []).append(text)
    paragraphs = [Paragraph(role=Role.TEXT, text=text) for text in loose.pop(-1, [])]
    last: tuple[Role, object, object] | None = None
    for index in sorted(told.keys() | loose.keys()):
        if index in told:
            block, what = blocks[index], told[index]
            group = _group(block, what)
            if group is not None and last is not None and (group[0], group[1]) == (last[0], last[1]):
                joint = "\t" if group[2] is not None and group[2] is last[2] else "\n"
                paragraphs[-1] = Paragraph(role=what, text=paragraphs[-1].text + joint + block.text)
            else:
                paragraphs.append(Paragraph(role=what, text=block.text))
            last = group
        for text in loose.get(index, []):
            paragraphs.append(Paragraph(role=Role.TEXT, text=text))
            last = None
    return paragraphs


def _group(block: Block, what: Role) -> tuple[Role, object, object] | None:
    """Return what must be the same for two blocks to be one paragraph."""
    if what is Role.LIST:
        return what, next(block.element.iterancestors("ul", "ol", "dl"), None), None
    if what is Role.TABLE:
        row = next(block.element.iterancestors("tr"), None)
        return what, next(block.element.iterancestors("table"), None), row
    return None
