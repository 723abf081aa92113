"""Which paragraphs are a site's boilerplate. A pure rule: SQL counts (counting.py), this page decides.

A paragraph is boilerplate when enough different articles of the site carry it. What must not happen:

- The background paragraph of a few follow-ups becomes boilerplate, though it ends each of them: so three tenths of the
  site's articles are asked for, and a tenth only where ten of them carry the paragraph, always in the same place.
- Two captures of one story erase its body: so articles that share more than 40 % of their own text count as one.
- "Pros" and "Cons" of reviews go: so short texts have to stand in exactly the same place.
- A dek disappears because a sibling page teases its article with it: so a text counts, and is left out, only where it
  stands as text or as what stands around texts, never as a dek, teaser, byline or caption; and no article counts for
  its own headline or dek.
- A disclaimer that the site drops comes back into the bodies that had it, or a verdict from the site's first three
  articles stands for ever: so the share is of the articles of the time between its first and last appearance, and
  of thirty at least.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from storage.model import BODY_ROLES, Role

COUNTED_ROLES = BODY_ROLES | {Role.DISCLAIMER, Role.PROMO, Role.PLAYER, Role.SHARE, Role.COMMENT, Role.BIO}
"""In these roles a paragraph is counted, and left out where it is boilerplate."""
COUNTED = tuple(sorted(role.value for role in COUNTED_ROLES))
"""The same as rows have them."""
SHORTEST = 25
"""Characters from which on a text may stand anywhere."""
SAMPLE = 30
"""Carriers, the newest, that are compared with each other."""
SMALLEST_WINDOW = 30
_NEAR_DUPLICATE = 0.4
_OWN_TEXT = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A paragraph that at least two articles of a site carry, and what was counted of it."""

    length: int
    """Characters."""
    articles: int
    """Distinct articles that carry it, but for those whose headline or dek it is."""
    first_from_start: int
    last_from_start: int
    """Least and greatest place from the beginning of an article."""
    first_from_end: int
    last_from_end: int
    """The same from the end, 0 for the last paragraph."""

    @property
    def is_fixed(self) -> bool:
        """It stands near the end or the beginning, everywhere in about the same place."""
        slack = 2 if self.length >= SHORTEST else 0
        tail = self.last_from_end - self.first_from_end <= slack and self.last_from_end <= 8
        head = self.last_from_start - self.first_from_start <= min(slack, 1) and self.last_from_start <= 2
        return tail or head


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """One article that carries a candidate: its paragraphs that other articles carry too, and all its text."""

    shared: Mapping[int, int]
    """Characters by paragraph."""
    length: int
    """Characters of the whole article."""


_BEST_PLACE = Candidate(
    length=SHORTEST, articles=0, first_from_start=0, last_from_start=0, first_from_end=0, last_from_end=0
)


def in_its_time(between: int, of_site: int) -> int:
    """How many articles a share is of: those between a text's first and last, but so many at least as tell something.

    >>> in_its_time(200, 5000), in_its_time(2, 5000), in_its_time(2, 3)
    (200, 30, 3)
    """
    return max(between, min(of_site, SMALLEST_WINDOW))


def fewest_articles(of_site: int) -> int:
    """How many articles must carry a paragraph, at least, for it to be boilerplate of a site of so many.

    >>> fewest_articles(3), fewest_articles(10), fewest_articles(5000)
    (2, 3, 9)
    """
    window = in_its_time(0, of_site)
    return next(articles for articles in count(2) if might_be_boilerplate(articles, window))


def might_be_boilerplate(articles: int, window: int) -> bool:
    """Whether so many of so many would suffice in the best of places."""
    return _suffices(_BEST_PLACE, articles, window)


def may_be_boilerplate(candidate: Candidate, window: int) -> bool:
    """Whether the bare count suffices: only then is it worth looking at its carriers."""
    return _suffices(candidate, candidate.articles, window)


def is_boilerplate(candidate: Candidate, window: int, carriers: Sequence[Carrier], paragraph_id: int) -> bool:
    """The verdict. `window` counts the site's articles in the candidate's time; `carriers` is a sample.

    >>> disclaimer = Candidate(length=90, articles=20, first_from_start=4, last_from_start=19, first_from_end=0,
    ...                        last_from_end=1)
    >>> is_boilerplate(disclaimer, 40, [Carrier(shared={7: 90}, length=2000)] * 20, 7)
    True
    """
    if not may_be_boilerplate(candidate, window) or not carriers:
        return False
    stories = count_stories(carriers, paragraph_id)
    return _suffices(candidate, round(candidate.articles * stories / len(carriers)), window)


def _suffices(candidate: Candidate, articles: int, window: int) -> bool:
    """Whether so many different stories of so many articles make it boilerplate."""
    share = articles / max(window, 1)
    if candidate.length < SHORTEST and not candidate.is_fixed:
        return False
    if candidate.is_fixed:
        # A site of two or three articles has no share to speak of; the place has to do.
        return (articles >= 2 and window <= 3) or (articles >= 3 and share >= 0.3) or (articles >= 10 and share >= 0.1)
    return articles >= 5 and share >= 0.3


def count_stories(carriers: Sequence[Carrier], paragraph_id: int) -> int:
    """How many different stories the carriers are: near-duplicates count once, and mere copies not at all."""
    common = _common(carriers) | {paragraph_id}
    own = [
        (
            {one: length for one, length in carrier.shared.items() if one not in common},
            carrier.length - sum(length for one, length in carrier.shared.items() if one in common),
        )
        for carrier in carriers
    ]
    stories = [one for one in own if one[1] >= _OWN_TEXT]
    family = list(range(len(stories)))

    def head(member: int) -> int:
        while family[member] != member:
            member = family[member]
        return member

    for one in range(len(stories)):
        for other in range(one):
            if head(one) != head(other) and _near(stories[one], stories[other]):
                family[head(one)] = head(other)
    return sum(family[member] == member for member in range(len(stories)))


def _common(carriers: Sequence[Carrier]) -> set[int]:
    """Paragraphs that nearly all carriers share: the candidate's companions, such as the rest of a long disclaimer."""
    if len(carriers) < 5:
        return set()
    seen: dict[int, int] = {}
    for carrier in carriers:
        for paragraph_id in carrier.shared:
            seen[paragraph_id] = seen.get(paragraph_id, 0) + 1
    return {paragraph_id for paragraph_id, count in seen.items() if count >= 0.8 * len(carriers)}


def _near(one: tuple[Mapping[int, int], int], other: tuple[Mapping[int, int], int]) -> bool:
    both = sum(length for paragraph_id, length in one[0].items() if paragraph_id in other[0])
    return both > _NEAR_DUPLICATE * min(one[1], other[1])
