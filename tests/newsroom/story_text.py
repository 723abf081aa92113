"""Generate the text of a story; the same name always gives the same text."""

from dataclasses import dataclass

from storage.model import Role
from tests.newsroom import prose
from tests.newsroom.seeded_random import SeededRandom
from tests.newsroom.story_template import StoryBlock, StoryTemplate, random_figures


@dataclass(frozen=True, slots=True, kw_only=True)
class StorySpec:
    """Parameters of a story."""

    name: str
    """Seed of the text."""
    section: str
    length: int = 20
    """Paragraphs of running text."""
    has_headings: bool = False
    """With subheadings and a block quotation."""
    has_lists: bool = False
    """With a list and a table."""


def headline(spec: StorySpec) -> str:
    """Return the headline; cheap, for lists of links."""
    frame, facts = _choose_template(spec)
    return _pick_headline(spec, frame, facts)


def standfirst(spec: StorySpec) -> str:
    """Return the dek."""
    frame, facts = _choose_template(spec)
    return SeededRandom(f"{spec.name}/dek").pick(frame.deks).format_map(facts)


def tags(spec: StorySpec) -> tuple[str, ...]:
    """Return two to four of the template's tags."""
    frame, _ = _choose_template(spec)
    rng = SeededRandom(f"{spec.name}/tags")
    return tuple(rng.some(frame.tags, rng.between(2, 4)))


def body(spec: StorySpec) -> tuple[StoryBlock, ...]:
    """Return the body."""
    frame, facts = _choose_template(spec)
    rng = SeededRandom(f"{spec.name}/body")
    paragraphs = _paragraphs(spec, frame, facts, rng)
    blocks = [StoryBlock(role=Role.TEXT, text=text) for text in paragraphs]
    if spec.has_headings:
        blocks = _with_headings(blocks, facts, rng)
    if spec.has_lists:
        blocks[3:3] = _list(facts, rng)
        blocks[-2:-2] = _table(facts, rng)
    return tuple(blocks)


def _choose_template(spec: StorySpec) -> tuple[StoryTemplate, dict[str, str]]:
    rng = SeededRandom(f"{spec.name}/facts")
    frame = rng.pick(prose.story_templates()[spec.section])
    return frame, frame.choose_facts(rng)


def _pick_headline(spec: StorySpec, frame: StoryTemplate, facts: dict[str, str]) -> str:
    text = SeededRandom(f"{spec.name}/head").pick(frame.headlines).format_map(facts)
    return text[0].upper() + text[1:]


def _paragraphs(spec: StorySpec, frame: StoryTemplate, facts: dict[str, str], rng: SeededRandom) -> list[str]:
    """Return the lead and the template's paragraphs in order, with asides inserted up to the length."""
    count = spec.length - 1
    beats = [rng.pick(beat) for beat in frame.beats]
    while len(beats) > count:
        beats.pop(rng.below(len(beats)))
    for aside in rng.some(prose.shared_sentences().asides, count - len(beats)):
        beats.insert(rng.between(2, len(beats)), aside)
    lead = rng.pick(frame.leads).format_map(facts)
    return [_capitalize(text) for text in (lead, *(beat.format_map(facts | random_figures(rng)) for beat in beats))]


def _capitalize(text: str) -> str:
    return text[0].upper() + text[1:]


def _with_headings(blocks: list[StoryBlock], facts: dict[str, str], rng: SeededRandom) -> list[StoryBlock]:
    """Return the blocks with a subheading after about every fifth, and one block quotation."""
    headings = rng.some(prose.shared_sentences().headings, 3)
    quote = rng.pick(prose.shared_sentences().quotes).format_map(facts)
    out = list(blocks)
    at = rng.between(3, 5)
    for text in headings:
        if at >= len(out) - 1:
            break
        out.insert(at, StoryBlock(role=Role.HEADING, text=_capitalize(text.format_map(facts))))
        at += rng.between(5, 7)
    out.insert(min(7, len(out) - 1), StoryBlock(role=Role.QUOTE, text=quote))
    return out


def _list(facts: dict[str, str], rng: SeededRandom) -> list[StoryBlock]:
    head = rng.pick(prose.shared_sentences().list_heads).format_map(facts)
    items = [
        _capitalize(item.format_map(facts)) for item in rng.some(prose.shared_sentences().list_items, rng.between(3, 5))
    ]
    return [StoryBlock(role=Role.HEADING, text=head), StoryBlock(role=Role.LIST, text="\n".join(items))]


def _table(facts: dict[str, str], rng: SeededRandom) -> list[StoryBlock]:
    """Return a heading and a table of figures for four years."""
    rows = ["Year\tVisitors\tCost in £"]
    visitors, cost = rng.between(2_000, 9_000), rng.between(100_000, 900_000)
    for year in range(2022, 2026):
        rows.append(f"{year}\t{visitors:,}\t{cost:,}")
        visitors += rng.between(-300, 700)
        cost += rng.between(5_000, 60_000)
    heading = StoryBlock(role=Role.HEADING, text=f"{facts['place']} in figures, year by year")
    return [heading, StoryBlock(role=Role.TABLE, text="\n".join(rows))]
