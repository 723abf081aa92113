"""How each change of an article makes a new draft from the ones before."""

from collections.abc import Sequence
from dataclasses import replace

from newsarchive.demo.article import Draft
from newsarchive.demo.seeded_random import Dice
from newsarchive.demo.specials import Change, Edit
from newsarchive.demo.story import Block
from storage.model import Role

_ADDED = (
    "The county confirmed on Monday that a second meeting will be held, and that the figures will be out before it."
)
_CHANGED = "The meeting takes place on the last Thursday of the month. The hall opens half an hour before it begins."
_CORRECTION = "Correction: an earlier version of this article gave a wrong figure in its second paragraph."
_UPDATES = (
    "The road along the harbour is open again, the police say, at walking pace and in one direction at a time.",
    "The first boat has left with forty passengers. The next is due to leave at noon, with fog expected by then.",
    "Coffee has run out at the terminal. A second urn is on its way, the harbour master says, under escort.",
)


def drafts(first: Draft, edits: Sequence[Edit]) -> tuple[Draft, ...]:
    """Return the first draft and all that follow from it, oldest first."""
    found = [first]
    for edit in edits:
        found.append(_changed(found, edit))
    return tuple(found)


def opening_update(name: str) -> tuple[Block, ...]:
    """Return the entry with which a live blog begins."""
    return _entry("07:05", Dice(f"{name}/live").pick(_UPDATES))


def _changed(before: Sequence[Draft], edit: Edit) -> Draft:
    last = replace(before[-1], since=edit.at, same_text=False)
    blocks = last.blocks
    match edit.change:
        case Change.OPEN:
            added = Block(role=Role.TEXT, text=_ADDED)
            headline = f"{last.headline}, county confirms"
            return replace(last, headline=headline, blocks=(*blocks[:2], added, *blocks[2:]), modified=edit.at)
        case Change.SILENT:
            changed = Block(role=Role.TEXT, text=_CHANGED)
            return replace(last, blocks=(*blocks[:1], changed, *blocks[2:]))
        case Change.CORRECTION:
            second = replace(blocks[1], text=f"{blocks[1].text} The figure given first was too high.")
            note = Block(role=Role.CORRECTION, text=_CORRECTION)
            return replace(last, blocks=(blocks[0], second, *blocks[2:], note))
        case Change.BACK:
            return replace(before[-2], since=edit.at)
        case Change.TOUCH:
            return replace(last, modified=edit.at, same_text=True)
        case Change.UPDATE:
            entry = _entry(f"{edit.at:%H:%M}", _UPDATES[len(before) % len(_UPDATES)])
            return replace(last, blocks=(blocks[0], *entry, *blocks[1:]), modified=edit.at)


def _entry(hour: str, text: str) -> tuple[Block, Block]:
    return Block(role=Role.HEADING, text=f"{hour}: from the terminal"), Block(role=Role.TEXT, text=text)
