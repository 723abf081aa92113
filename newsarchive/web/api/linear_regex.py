"""Regular expressions from strangers, in time linear in the text: a small language, run as an automaton.

Python's own engine backtracks: a filter of twenty characters could keep a processor busy for ever. The patterns are
parsed by Python, so that they mean what one is used to; what needs backtracking (back references, looking around) is
refused.
"""

import re
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, TypeAlias

# Python's own parser of patterns; it has no public name, and no types.
ops: Any = import_module("re._constants")
parser: Any = import_module("re._parser")

Takes: TypeAlias = Callable[[str], bool]

LONGEST = 300
"""Characters of a pattern."""
MOST_STATES = 2000
_MOST_CACHED = 5000
_CATEGORIES = {
    ops.CATEGORY_DIGIT: r"\d",
    ops.CATEGORY_NOT_DIGIT: r"\D",
    ops.CATEGORY_SPACE: r"\s",
    ops.CATEGORY_NOT_SPACE: r"\S",
    ops.CATEGORY_WORD: r"\w",
    ops.CATEGORY_NOT_WORD: r"\W",
}
_ENDS = frozenset({ops.AT_END, ops.AT_END_STRING})
_BEGINS = frozenset({ops.AT_BEGINNING, ops.AT_BEGINNING_STRING})


class Pattern:
    """A regular expression; ValueError where it is none, or asks for more than this language has.

    >>> Pattern("(4|5)..").fits_whole("404"), Pattern("text/.*").fits_whole("image/png")
    (True, False)
    >>> Pattern("2").fits_beginning("200"), Pattern("^2$").fits_beginning("200")
    (True, False)
    """

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise ValueError(f"a pattern may have {LONGEST} characters, not {len(text)}")
        # state -> moves on a character; state -> moves on none, of which some are allowed at an end of the text only
        self._takes: list[tuple[Takes, int] | None] = []
        self._free: list[list[tuple[str, int]]] = []
        self._end = self._state()
        try:
            tree = parser.parse(text)
        except (re.error, OverflowError, RecursionError) as problem:
            raise ValueError(f"{text!r} is no regular expression: {problem}") from None
        if tree.state.flags & ~re.UNICODE:
            raise ValueError("the pattern has a flag, such as (?i): filters know none")
        self._begin = self._sequence(tree, self._end)
        self._cache: dict[tuple[frozenset[int], str], frozenset[int]] = {}

    def fits_whole(self, text: str) -> bool:
        """True where the pattern fits the text from begin to end."""
        states = self._closure({self._begin}, at_begin=True, at_end=not text)
        for number, letter in enumerate(text):
            states = self._step(states, letter, at_end=number == len(text) - 1)
            if not states:
                return False
        return self._end in states

    def fits_beginning(self, text: str) -> bool:
        """True where the pattern fits the text, or its beginning."""
        states = self._closure({self._begin}, at_begin=True, at_end=not text)
        for number, letter in enumerate(text):
            if self._end in states or not states:
                break
            states = self._step(states, letter, at_end=number == len(text) - 1)
        return self._end in states

    def _step(self, states: frozenset[int], letter: str, *, at_end: bool) -> frozenset[int]:
        key = (states, letter)
        if not at_end and key in self._cache:
            return self._cache[key]
        moves = (self._takes[state] for state in states)
        after = self._closure({move[1] for move in moves if move and move[0](letter)}, at_begin=False, at_end=at_end)
        if not at_end and len(self._cache) < _MOST_CACHED:
            self._cache[key] = after
        return after

    def _closure(self, states: Iterable[int], *, at_begin: bool, at_end: bool) -> frozenset[int]:
        allowed = {"", *(["begin"] if at_begin else []), *(["end"] if at_end else [])}
        seen, waiting = set(states), list(states)
        while waiting:
            for condition, target in self._free[waiting.pop()]:
                if condition in allowed and target not in seen:
                    seen.add(target)
                    waiting.append(target)
        return frozenset(seen)

    def _state(self, takes: tuple[Takes, int] | None = None, free: Iterable[tuple[str, int]] = ()) -> int:
        if len(self._takes) >= MOST_STATES:
            raise ValueError("the pattern repeats too much: write * or + instead of large numbers")
        self._takes.append(takes)
        self._free.append(list(free))
        return len(self._takes) - 1

    def _sequence(self, items: Iterable[tuple[Any, Any]], target: int) -> int:
        """The state from which these items, one after the other, lead to the target."""
        for op, value in reversed(list(items)):
            target = self._one(op, value, target)
        return target

    def _one(self, op: Any, value: Any, target: int) -> int:
        if op in {ops.LITERAL, ops.NOT_LITERAL, ops.ANY, ops.IN}:
            return self._state(takes=(_taker(op, value), target))
        if op is ops.SUBPATTERN and not value[1] and not value[2]:
            return self._sequence(value[3], target)
        if op is ops.BRANCH:
            return self._state(free=[("", self._sequence(branch, target)) for branch in value[1]])
        if op in {ops.MAX_REPEAT, ops.MIN_REPEAT}:
            least, most, items = value
            return self._repeat(least, most, items, target)
        if op is ops.AT and value in _BEGINS | _ENDS:
            return self._state(free=[("begin" if value in _BEGINS else "end", target)])
        raise ValueError("the pattern has something that filters do not know, such as a look-ahead or a flag")

    def _repeat(self, least: int, most: int, items: Any, target: int) -> int:
        if most is ops.MAXREPEAT:
            loop = self._state(free=[("", target)])
            self._free[loop].append(("", self._sequence(items, loop)))
            begin = loop
        else:
            begin = target
            for _ in range(most - least):
                begin = self._state(free=[("", self._sequence(items, begin)), ("", target)])
        for _ in range(least):
            begin = self._sequence(items, begin)
        return begin


def _taker(op: Any, value: Any) -> Takes:
    if op is ops.ANY:
        return lambda letter: letter != "\n"
    if op is ops.LITERAL:
        return lambda letter: ord(letter) == value
    if op is ops.NOT_LITERAL:
        return lambda letter: ord(letter) != value
    return _of_set(value)


def _of_set(items: Any) -> Takes:
    negated = items[0][0] is ops.NEGATE
    tests = [_in_set(op, value) for op, value in items if op is not ops.NEGATE]
    return lambda letter: any(test(letter) for test in tests) is not negated


def _in_set(op: Any, value: Any) -> Takes:
    if op is ops.LITERAL:
        return lambda letter: ord(letter) == value
    if op is ops.RANGE:
        return lambda letter: value[0] <= ord(letter) <= value[1]
    category = re.compile(_CATEGORIES[value])
    return lambda letter: category.match(letter) is not None
