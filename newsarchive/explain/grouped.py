"""Which blocks of a page hold the links of its groups."""

from collections.abc import Sequence

from newsarchive.extract.blocks import Anchor, Block
from newsarchive.extract.tree import absolute
from newsarchive.extract.urls import same_page
from storage.model import LinkGroup


def groups_of_blocks(groups: Sequence[LinkGroup], blocks: Sequence[Block], base: str) -> dict[int, int]:
    """Return the group's place by the index of each block that has one of its links.

    A page may print a link several times: of these the one counts that says what the group's link says, and stands
    nearest to the group's others.
    """
    printed: dict[str, list[Anchor]] = {}
    for block in blocks:
        for anchor in block.anchors:
            if url := absolute(base, anchor.href):
                printed.setdefault(same_page(url), []).append(anchor)
    found: dict[int, int] = {}
    for number, group in enumerate(groups):
        places = [_places(printed.get(same_page(link.url), ()), link.anchor) for link in group.links]
        sure = sorted(each[0] for each in places if len(each) == 1)
        middle = sure[len(sure) // 2] if sure else min((min(each) for each in places if each), default=0)
        for each in places:
            if each:
                found.setdefault(min(each, key=lambda index: abs(index - middle)), number)
    return found


def _places(anchors: Sequence[Anchor], text: str) -> list[int]:
    """Return the blocks of the anchors that say a text; of all of them where none does."""
    same = [anchor.block for anchor in anchors if anchor.text == text]
    return sorted(set(same or [anchor.block for anchor in anchors]))
