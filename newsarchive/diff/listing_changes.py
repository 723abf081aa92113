"""What changed on a listing between two captures: what came, what left, what moved, what was worded anew."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from newsarchive.diff.word_diff import Piece, changes
from storage.index.views.articles import LinkGroupView

LONG_ENOUGH = 20
"""Characters of a headline that tells an article from others."""


class Fate(StrEnum):
    """What became of a link."""

    CAME = "came"
    LEFT = "left"
    UP = "up"
    DOWN = "down"
    STAYED = "stayed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A link where it stands first on a listing."""

    url: str
    headline: str
    """The longest text that links to it: the headline rather than "read more"."""
    group: str
    """Heading of the group that it stands in; "" where that has none."""
    place: int
    """On the whole listing, from 1."""
    article_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A link between two captures of a listing."""

    fate: Fate
    before: Item | None
    after: Item | None
    wording: tuple[Piece, ...]
    """Its headline; with what went and came where it was worded anew."""

    @property
    def item(self) -> Item:
        """The link as it is now, or as it was last."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def reworded(self) -> bool:
        """True where another headline leads to it now."""
        return self.before is not None and self.after is not None and self.before.headline != self.after.headline

    @property
    def readdressed(self) -> bool:
        """True where it has another address now."""
        return self.before is not None and self.after is not None and self.before.url != self.after.url

    @property
    def regrouped(self) -> bool:
        """True where it stands under another heading now."""
        return self.before is not None and self.after is not None and self.before.group != self.after.group


def items(groups: Iterable[LinkGroupView]) -> tuple[Item, ...]:
    """The links of a listing in its order, each once: where it stands first."""
    found: dict[str, Item] = {}
    for group in groups:
        for link in group.links:
            known = found.get(link.url)
            if known is None or len(link.anchor) > len(known.headline):
                found[link.url] = Item(
                    url=link.url,
                    headline=link.anchor,
                    group=known.group if known else group.label,
                    place=known.place if known else len(found) + 1,
                    article_id=link.article_id,
                )
    return tuple(found.values())


def steps(before: Sequence[Item], after: Sequence[Item]) -> tuple[Step, ...]:
    """What became of each link: those that are there now in their order, then those that left.

    What came or left above a link moves it on the page, and is no move of its own: the links that keep their order
    among those which stayed did not move, and of all ways to see it so the one with the fewest moves is told.
    """
    same = _same_address(before, after)
    old, new = {same[item.url]: item for item in before}, {item.url: item for item in after}
    both = [item.url for item in after if item.url in old]
    now = {url: at for at, url in enumerate(both)}
    stayed = [same[item.url] for item in before if same[item.url] in new]
    rank = {url: at for at, url in enumerate(stayed)}
    still = {both[at] for at in _longest_rising([rank[url] for url in both])}
    told: list[Step] = []
    for item in after:
        was = old.get(item.url)
        if was is None:
            fate = Fate.CAME
        elif item.url in still:
            fate = Fate.STAYED
        else:
            fate = Fate.UP if now[item.url] < rank[item.url] else Fate.DOWN
        wording = changes(was.headline if was else item.headline, item.headline)
        told.append(Step(fate=fate, before=was, after=item, wording=wording))
    gone = (item for item in before if same[item.url] not in new)
    told += [Step(fate=Fate.LEFT, before=one, after=None, wording=changes(one.headline, one.headline)) for one in gone]
    return tuple(told)


def _same_address(before: Sequence[Item], after: Sequence[Item]) -> dict[str, str]:
    """The address that each link has now: another one where the same article, or the same headline, stands there."""
    same = {item.url: item.url for item in before}
    there = {item.url for item in after}
    named: dict[object, str] = {}
    for item in after:
        if item.url not in same:
            for name in _names(item):
                named.setdefault(name, item.url)
    taken: set[str] = set()
    for item in before:
        found = next((named[name] for name in _names(item) if name in named), None) if item.url not in there else None
        if found is not None and found not in taken:
            same[item.url] = found
            taken.add(found)
    return same


def _names(item: Item) -> list[object]:
    names: list[object] = [] if item.article_id is None else [item.article_id]
    return [*names, item.headline] if len(item.headline) >= LONG_ENOUGH else names


def _longest_rising(numbers: Sequence[int]) -> list[int]:
    """Places of the longest run of numbers that rises.

    >>> _longest_rising([3, 0, 1, 2])
    [1, 2, 3]
    """
    ends: list[int] = []
    places: list[int] = []
    before: list[int] = []
    for at, number in enumerate(numbers):
        length = bisect_left(ends, number)
        before.append(places[length - 1] if length else -1)
        ends[length : length + 1], places[length : length + 1] = [number], [at]
    run: list[int] = []
    at = places[-1] if places else -1
    while at >= 0:
        run.append(at)
        at = before[at]
    return run[::-1]
