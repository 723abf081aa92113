"""What decided: for each field what was said and by what, for each block which rule gave it its role.

A page says the same whether somebody listens or not. A `Silence` keeps nothing and asks no further once a field
is told; an `Evidence` keeps all that was said, what lost included.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from newsarchive.extract.blocks import Block
from storage.model import Dated, Image, Role

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing that a page says of one field."""

    field: str
    """As in Article: headline, dek, published ..."""
    source: str
    """What says it: json-ld, og:title, h1, visible ..."""
    value: str
    taken: bool
    """It decided the field; the others lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was decided of one block of the page."""

    role: Role | None
    """None: it is no text of the article."""
    rule: str
    """Why, in a few words."""


class Silence:
    """Nobody listens."""

    listens = False

    def first(self, field: str, candidates: Iterable[tuple[str, T | None]]) -> T | None:  # noqa: ARG002 - Evidence's
        """Return the first candidate that says something, each being (source, value)."""
        return next((value for _, value in candidates if value), None)

    def claim(self, field: str, source: str, value: object, *, taken: bool = False) -> None:
        """Note what a source says of a field."""

    def tell(self, block: int, role: Role | None, rule: str) -> None:
        """Note the role of a block, and the rule that gave it; the last word counts."""

    def change(self, block: int, role: Role, rule: str) -> None:
        """Note a block's role, and the rule where it is another than it was."""

    def weigh(self, parts: Sequence[tuple[float, str]], enough: float) -> None:
        """Note what spoke for an article and against it."""

    def page(self, blocks: Sequence[Block]) -> None:
        """Note the page's blocks."""


SILENCE = Silence()


class Evidence(Silence):
    """Keeps all that was said while one page was read."""

    listens = True

    def __init__(self) -> None:
        self.claims: list[Claim] = []
        """All that was said of the fields, in the order in which it was asked."""
        self.told: dict[int, Told] = {}
        """What was decided of blocks, by their index."""
        self.weights: list[tuple[float, str]] = []
        """(points, what) of all that spoke for an article or against it."""
        self.enough = 0.0
        """Points from which a page is an article."""
        self.blocks: list[Block] = []
        """The page's blocks, in its order."""

    def first(self, field: str, candidates: Iterable[tuple[str, T | None]]) -> T | None:
        """Return the first candidate that says something, and note them all."""
        found: T | None = None
        for source, value in candidates:
            if value:
                self.claim(field, source, value, taken=found is None)
                found = value if found is None else found
        return found

    def claim(self, field: str, source: str, value: object, *, taken: bool = False) -> None:
        """Note what a source says of a field."""
        self.claims.append(Claim(field=field, source=source, value=_said(value), taken=taken))

    def tell(self, block: int, role: Role | None, rule: str) -> None:
        """Note the role of a block, and the rule that gave it; the last word counts."""
        self.told[block] = Told(role=role, rule=rule)

    def change(self, block: int, role: Role, rule: str) -> None:
        """Note a block's role, and the rule where it is another than it was."""
        before = self.told.get(block)
        if before is None or before.role is not role:
            self.tell(block, role, rule)

    def weigh(self, parts: Sequence[tuple[float, str]], enough: float) -> None:
        """Note what spoke for an article and against it."""
        self.weights = list(parts)
        self.enough = enough

    def page(self, blocks: Sequence[Block]) -> None:
        """Note the page's blocks."""
        self.blocks = list(blocks)


def _said(value: object) -> str:
    match value:
        case tuple() | list():
            return "; ".join(_said(each) for each in value)
        case Dated():
            return value.at.isoformat()
        case Image():
            return value.url
        case datetime():
            return value.isoformat()
        case _:
            return str(value)
