"""Story templates, and the blocks of text that stories are generated as, before any markup."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from storage.model import Role
from tests.newsroom import vocabulary
from tests.newsroom.seeded_random import SeededRandom


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryBlock:
    """One block of an article in reading order."""

    role: Role
    text: str
    """Plain text; list items and table rows on separate lines, cells separated by tabs."""
    anchor: str = ""
    """Text of the block's link; "" for none."""
    target: int = -1
    """Number of the linked article."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryTemplate:
    """One kind of story: sentences with placeholders (see prose/council.toml)."""

    section: str
    tags: tuple[str, ...]
    headlines: tuple[str, ...]
    deks: tuple[str, ...]
    leads: tuple[str, ...]
    beats: tuple[tuple[str, ...], ...]
    roles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    slots: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def choose_facts(self, rng: SeededRandom) -> dict[str, str]:
        """Return the values of the placeholders of one story."""
        facts = _common_facts(rng)
        families = rng.some(vocabulary.LAST_NAMES, len(self.roles))
        for (letter, roles), family in zip(self.roles.items(), families, strict=True):
            facts.update(_person(letter, family, rng.pick(roles), rng))
        for name, choices in self.slots.items():
            value = rng.pick(choices).format_map(facts)
            facts[name] = value
            facts[f"{name}_up"] = value[0].upper() + value[1:]
        return facts


def random_figures(rng: SeededRandom) -> dict[str, str]:
    """Return figures that may differ between the paragraphs of a story."""
    return {
        "few": rng.pick(vocabulary.FEW),
        "years": str(rng.between(4, 38)),
        "weeks": str(rng.between(3, 19)),
        "count": str(rng.between(110, 980)),
        "spaces": str(rng.between(22, 140)),
        "percent": str(rng.between(11, 68)),
    }


def _common_facts(rng: SeededRandom) -> dict[str, str]:
    """Return places, numbers and days for any story."""
    places = rng.some(vocabulary.PLACES, 3)
    days = rng.some(vocabulary.WEEKDAYS, 2)
    streets = rng.some(vocabulary.STREETS, 2)
    return random_figures(rng) | {
        "place": places[0],
        "place2": places[1],
        "place3": places[2],
        "street": streets[0],
        "street2": streets[1],
        "firm": rng.pick(vocabulary.FIRMS),
        "weekday": days[0],
        "weekday2": days[1],
        "month": rng.pick(vocabulary.MONTHS),
        "hours": rng.pick(vocabulary.FEW[:5]),
        "term": str(rng.between(12, 40)),
        "money": f"{rng.between(1, 18)}.{rng.between(1, 9)}",
        "part": f"{rng.between(1, 9)}.{rng.between(1, 9)}",
        "thousands": str(rng.between(11, 940)),
        "pages": str(rng.between(90, 460)),
        "staff": str(rng.between(14, 240)),
    }


def _person(letter: str, last: str, role: str, rng: SeededRandom) -> dict[str, str]:
    """Return one person, under the letter of the placeholders."""
    first, pronoun = rng.pick(vocabulary.FIRST_NAMES)
    article = "the" if role.startswith(("leader", "head", "chair", "secretary")) else "a"
    if article == "a" and role[0] in "aeiou" and not role.startswith("uni"):
        article = "an"
    return {
        letter: f"{first} {last}",
        f"{letter}_last": last,
        f"{letter}_pron": pronoun,
        f"{letter}_pron_up": pronoun.capitalize(),
        f"{letter}_poss": "her" if pronoun == "she" else "his",
        f"{letter}_role": role,
        f"{letter}_article": article,
    }
