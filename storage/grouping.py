"""Groups of values that have the same key, in the order in which they come."""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def group_pairs(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    """Return the second halves of pairs by the first ones.

    >>> group_pairs([("a", 1), ("b", 2), ("a", 3)])
    {'a': [1, 3], 'b': [2]}
    """
    groups: dict[K, list[V]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


def group_by(values: Iterable[V], key: Callable[[V], K]) -> dict[K, list[V]]:
    """Return values by their keys.

    >>> group_by(["one", "three", "two"], len)
    {3: ['one', 'two'], 5: ['three']}
    """
    return group_pairs((key(value), value) for value in values)
