"""A pseudo-random generator with the same results on every machine and every Python.

`random` guarantees that only for `random()` and `seed`, and `hash` differs from process to process.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

_MASK = (1 << 64) - 1


class SeededRandom:
    """A stream of numbers that depends only on its name (splitmix64, seeded by BLAKE2b of the name)."""

    __slots__ = ("_state",)

    def __init__(self, name: str) -> None:
        self._state = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")

    def number(self) -> int:
        """Return the next number, 0 to 2**64 - 1."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def below(self, end: int) -> int:
        """Return a number from 0 to end - 1."""
        return self.number() % end

    def between(self, first: int, last: int) -> int:
        """Return a number from first to last, both included."""
        return first + self.below(last - first + 1)

    def chance(self, percent: int) -> bool:
        """Return True with that probability in percent."""
        return self.below(100) < percent

    def pick(self, elements: Sequence[T]) -> T:
        """Return one element."""
        return elements[self.below(len(elements))]

    def some(self, elements: Sequence[T], count: int) -> list[T]:
        """Return that many distinct elements, or all, in random order."""
        left = list(elements)
        return [left.pop(self.below(len(left))) for _ in range(min(count, len(left)))]


def stable_hash(name: str) -> int:
    """Return a number that depends only on a name: it decides how a URL is served.

    >>> stable_hash("/about") == stable_hash("/about")
    True
    """
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
