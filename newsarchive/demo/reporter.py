"""Writes a story: the same number always gives the same words."""

from dataclasses import dataclass

from newsarchive.demo import prose
from newsarchive.demo.seeded_random import Dice
from newsarchive.demo.story import Block, Frame, loose
from storage.model import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What is known of a story before it is written."""

    name: str
    """Decides every word."""
    section: str
    length: int = 20
    """Paragraphs of running text."""
    rich: bool = False
    """Subheadings and a block quotation between the paragraphs."""
    lists: bool = False
    """A list and a table too."""


def headline(task: Assignment) -> str:
    """Return the headline alone; cheap, for lists of links."""
    frame, facts = _begin(task)
    return _pick_headline(task, frame, facts)


def standfirst(task: Assignment) -> str:
    """Return the dek alone."""
    frame, facts = _begin(task)
    return Dice(f"{task.name}/dek").pick(frame.deks).format_map(facts)


def tags(task: Assignment) -> tuple[str, ...]:
    """Return two to four of the frame's tags."""
    frame, _ = _begin(task)
    dice = Dice(f"{task.name}/tags")
    return tuple(dice.some(frame.tags, dice.between(2, 4)))


def body(task: Assignment) -> tuple[Block, ...]:
    """Return the whole body."""
    frame, facts = _begin(task)
    dice = Dice(f"{task.name}/body")
    paragraphs = _paragraphs(task, frame, facts, dice)
    blocks = [Block(role=Role.TEXT, text=text) for text in paragraphs]
    if task.rich:
        blocks = _with_headings(blocks, facts, dice)
    if task.lists:
        blocks[3:3] = _list(facts, dice)
        blocks[-2:-2] = _table(facts, dice)
    return tuple(blocks)


def _begin(task: Assignment) -> tuple[Frame, dict[str, str]]:
    dice = Dice(f"{task.name}/facts")
    frame = dice.pick(prose.frames()[task.section])
    return frame, frame.facts(dice)


def _pick_headline(task: Assignment, frame: Frame, facts: dict[str, str]) -> str:
    text = Dice(f"{task.name}/head").pick(frame.headlines).format_map(facts)
    return text[0].upper() + text[1:]


def _paragraphs(task: Assignment, frame: Frame, facts: dict[str, str], dice: Dice) -> list[str]:
    """Return the lead, then beats in the frame's order, with asides strewn in where the beats do not reach."""
    wanted = task.length - 1
    beats = [dice.pick(beat) for beat in frame.beats]
    while len(beats) > wanted:
        beats.pop(dice.below(len(beats)))
    for aside in dice.some(prose.common().asides, wanted - len(beats)):
        beats.insert(dice.between(2, len(beats)), aside)
    lead = dice.pick(frame.leads).format_map(facts)
    return [_sentence(text) for text in (lead, *(beat.format_map(facts | loose(dice)) for beat in beats))]


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _with_headings(blocks: list[Block], facts: dict[str, str], dice: Dice) -> list[Block]:
    """Return the blocks with a subheading after every fifth or so, and one block quotation."""
    headings = dice.some(prose.common().headings, 3)
    quote = dice.pick(prose.common().quotes).format_map(facts)
    out = list(blocks)
    at = dice.between(3, 5)
    for text in headings:
        if at >= len(out) - 1:
            break
        out.insert(at, Block(role=Role.HEADING, text=_sentence(text.format_map(facts))))
        at += dice.between(5, 7)
    out.insert(min(7, len(out) - 1), Block(role=Role.QUOTE, text=quote))
    return out


def _list(facts: dict[str, str], dice: Dice) -> list[Block]:
    head = dice.pick(prose.common().list_heads).format_map(facts)
    items = [_sentence(item.format_map(facts)) for item in dice.some(prose.common().list_items, dice.between(3, 5))]
    return [Block(role=Role.HEADING, text=head), Block(role=Role.LIST, text="\n".join(items))]


def _table(facts: dict[str, str], dice: Dice) -> list[Block]:
    """Return a heading and a table of figures for four years."""
    rows = ["Year\tVisitors\tCost in £"]
    visitors, cost = dice.between(2_000, 9_000), dice.between(100_000, 900_000)
    for year in range(2022, 2026):
        rows.append(f"{year}\t{visitors:,}\t{cost:,}")
        visitors += dice.between(-300, 700)
        cost += dice.between(5_000, 60_000)
    heading = Block(role=Role.HEADING, text=f"{facts['place']} in figures, year by year")
    return [heading, Block(role=Role.TABLE, text="\n".join(rows))]
