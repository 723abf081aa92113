"""What a reporter hands in: blocks of text with their roles, before any markup."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from newsarchive.demo import words
from newsarchive.demo.seeded_random import Dice
from storage.model import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block of an article in reading order."""

    role: Role
    text: str
    """Plain text; items of a list and rows of a table stand on lines of their own, cells between tabs."""
    anchor: str = ""
    """Words of the text that are a link; "" for none."""
    target: int = -1
    """Number of the article that the link leads to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One kind of story: sentences with gaps (see prose/council.toml)."""

    section: str
    tags: tuple[str, ...]
    headlines: tuple[str, ...]
    deks: tuple[str, ...]
    leads: tuple[str, ...]
    beats: tuple[tuple[str, ...], ...]
    roles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    slots: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def facts(self, dice: Dice) -> dict[str, str]:
        """Return what fills the gaps of one story."""
        facts = _common_facts(dice)
        families = dice.some(words.LAST_NAMES, len(self.roles))
        for (letter, roles), family in zip(self.roles.items(), families, strict=True):
            facts.update(_person(letter, family, dice.pick(roles), dice))
        for name, choices in self.slots.items():
            value = dice.pick(choices).format_map(facts)
            facts[name] = value
            facts[f"{name}_up"] = value[0].upper() + value[1:]
        return facts


def loose(dice: Dice) -> dict[str, str]:
    """Return figures that need not be the same in each paragraph of a story."""
    return {
        "few": dice.pick(words.FEW),
        "years": str(dice.between(4, 38)),
        "weeks": str(dice.between(3, 19)),
        "count": str(dice.between(110, 980)),
        "spaces": str(dice.between(22, 140)),
        "percent": str(dice.between(11, 68)),
    }


def _common_facts(dice: Dice) -> dict[str, str]:
    """Return places, numbers and days that every story may use."""
    places = dice.some(words.PLACES, 3)
    days = dice.some(words.WEEKDAYS, 2)
    streets = dice.some(words.STREETS, 2)
    return loose(dice) | {
        "place": places[0],
        "place2": places[1],
        "place3": places[2],
        "street": streets[0],
        "street2": streets[1],
        "firm": dice.pick(words.FIRMS),
        "weekday": days[0],
        "weekday2": days[1],
        "month": dice.pick(words.MONTHS),
        "hours": dice.pick(words.FEW[:5]),
        "term": str(dice.between(12, 40)),
        "money": f"{dice.between(1, 18)}.{dice.between(1, 9)}",
        "part": f"{dice.between(1, 9)}.{dice.between(1, 9)}",
        "thousands": str(dice.between(11, 940)),
        "pages": str(dice.between(90, 460)),
        "staff": str(dice.between(14, 240)),
    }


def _person(letter: str, last: str, role: str, dice: Dice) -> dict[str, str]:
    """Return one invented person, under the letter that the sentences know them by."""
    first, pronoun = dice.pick(words.FIRST_NAMES)
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
