"""The dek: the line under the headline, told apart from the first paragraph by where and how it is printed."""

import re

from lxml.html import HtmlElement

from newsarchive.extract import phrases, zones
from newsarchive.extract.blocks import Block, weight
from newsarchive.extract.headline import Headline, key
from newsarchive.extract.parse_date import printed
from newsarchive.extract.relative_dates import tells_ago
from newsarchive.extract.roles import form
from storage.model import Role

_CREDITED = re.compile(
    r"\((?:[^()]{1,40}/)?(?:AP|AFP|Reuters|Getty|EPA|dpa|EFE|ANSA)\b[^()]{0,60}\)\s*$|\b(?:photo|foto|bild|фото)s?\s*(?:by|:|/)",
    re.IGNORECASE,
)
"""A line that names its photographer is a caption, wherever it stands."""
_A_SENTENCE = 45
"""Characters of a heading that says what a dek says."""
_OF_OTHERS = (
    zones.SHARE | zones.PROMO | zones.ASIDE | zones.COMMENTS | zones.CONSENT | zones.PLAYER | zones.AD | zones.TAGS
    | zones.BIO | zones.RELATED | zones.LATEST | zones.FORM | zones.BUTTON | zones.DISCLAIMER | zones.DATE
)  # fmt: skip
"""What stands under a headline and is no dek, though it is all that stands there."""
_BY = frozenset("by von par por di av af door".split())


def dek_block(
    blocks: list[Block], chosen: set[int], head: Headline, descriptions: list[str], authors: tuple[str, ...]
) -> int:
    """Return the block of the line under the headline; -1 where there is none."""
    if head.block is None:
        return -1
    texts = [
        i for i in sorted(chosen) if i > head.block and form(blocks[i]) is Role.TEXT and weight(blocks[i].text) > 60
    ]
    keys = [key(d) for d in descriptions if len(d) > 15]
    for block in blocks[head.block + 1 : head.block + 16]:
        if (
            block.zone & (zones.FIGCAPTION | zones.CAPTION | zones.NAV | zones.MENU | zones.HIDDEN | zones.BYLINE)
            or block.link_share > 0.5
        ):
            continue
        if not 20 < len(block.text) < 600 or _CREDITED.search(block.text) or _is_of_numbers(block.text):
            continue
        own = key(block.text)
        described = any(own == k or (len(own) > 40 and (k.startswith(own) or own.startswith(k[:-3]))) for k in keys)
        marked = block.zone & zones.DEK and not block.zone & (zones.PROMO | zones.ASIDE | zones.QUOTE)
        # A short heading under the headline is a subheading, or a box's.
        heading = block.tag in ("h2", "h3") and weight(block.text) >= _A_SENTENCE
        if (described or marked or heading) and _stands_apart(block, blocks, texts):
            return block.index
        alone = _alone_with(blocks[head.block], block, blocks, texts) or _alone_bold(block, blocks, texts)
        if alone and not _is_signed(block, authors):
            return block.index
        if texts and block.index >= texts[min(1, len(texts) - 1)]:
            break
    return -1


def _is_of_numbers(text: str) -> bool:
    """Say whether a line is a date or the like: "Nov. 20, 2019 Updated: Nov. 20, 2019 1:35 a.m."."""
    return 2 * sum(map(str.isdigit, text)) >= sum(map(str.isalpha, text))


def _alone_with(head: Block, block: Block, blocks: list[Block], texts: list[int]) -> bool:
    """Say whether a line is all that stands beside the headline in a box of theirs, the text in another."""
    box, later = head.element.getparent(), [i for i in texts if i > block.index][:3]
    if box is None or not later or block.index != head.index + 1 or block.element.getparent() is not box:
        return False
    if block.anchors or block.zone & _OF_OTHERS or weight(block.text) < _A_SENTENCE:
        return False
    if phrases.PROMO.match(block.text) or phrases.RELATED.match(block.text):
        return False
    return not any(box in blocks[i].element.iterancestors() for i in (block.index + 1, *later))


def _alone_bold(block: Block, blocks: list[Block], texts: list[int]) -> bool:
    """Say whether a bold line comes before text that is not, where a page is laid out as a table."""
    later = [blocks[i] for i in texts if i > block.index][:3]
    return (
        block.tag == "td"
        and block.strong
        and weight(block.text) >= _A_SENTENCE
        and bool(later)
        and not any(b.strong for b in later)
    )


def _is_signed(block: Block, authors: tuple[str, ...]) -> bool:
    """Say whether a line names an author, or a date.

    Titles may be so long that no author was read of it: "By Jane Doe, Chief Correspondent for Politics".
    """
    lead, *name = block.text.split(maxsplit=3)[:3]
    if lead.lower() in _BY and len(name) > 1 and all(part[0].isupper() for part in name):
        return True
    return any(name in block.text for name in authors) or printed(block.text) is not None or tells_ago(block.text)


def _stands_apart(block: Block, blocks: list[Block], texts: list[int]) -> bool:
    """Say whether a block is told apart from the paragraphs after it: another parent, tag or class."""
    later = [blocks[i] for i in texts if i > block.index][:3]
    if not later:
        return False
    parent = block.element.getparent()
    if any(
        blocks[i].tag == block.tag and _same_shape(blocks[i].element, block.element) for i in texts if i < block.index
    ):
        return False
    for other in later:
        if (
            other.element.getparent() is parent
            and other.tag == block.tag
            and (len(block.text) > 200 or (other.element.get("class") or "") == (block.element.get("class") or ""))
        ):
            return False
    if block.tag in ("h2", "h3"):
        # A first subheading is not a dek: it is a sibling of the text, and its like come again.
        again = any(
            b.tag == block.tag
            and b.element.getparent() is parent
            and b.element.get("class") == block.element.get("class")
            for b in blocks[block.index + 1 : later[-1].index + 40]
        )
        return not again
    return (
        block.element.getparent() is not later[0].element.getparent()
        or bool(block.zone & zones.DEK & ~later[0].zone)
        or block.tag != later[0].tag
    )


def _same_shape(one: HtmlElement, other: HtmlElement) -> bool:
    """Say whether two elements, and what they stand in, have the same class."""
    first, second = one.getparent(), other.getparent()
    if first is None or second is None or one.get("class") != other.get("class"):
        return False
    return first.tag == second.tag and first.get("class") == second.get("class")
