"""The rule for boilerplate, without SQL: learning.py counts, this module decides.

A paragraph is boilerplate when enough different articles of the site carry it. Errors to avoid, and the rule for each:

- The background paragraph at the end of a few follow-ups becomes boilerplate: three tenths of the site's articles must
  carry it, or one tenth if at least ten carry it, always in the same place.
- Two captures of one story erase its body: articles that share more than 40 % of their own text count as one.
- "Pros" and "Cons" of reviews disappear: short texts must be in exactly the same place.
- A dek disappears because a sibling page teases its article with it: a text counts, and is excluded, only as text or as
  what surrounds texts, never as a dek, teaser, byline or caption; and no article counts for its own headline or dek.
- A disclaimer that the site dropped returns to the bodies that had it, or a decision from the site's first three
  articles is never revised: the share is of the articles dated between its first and last appearance, at least thirty.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, count

from storage.index.rows.identity import DisjointSets
from storage.model import BOILERPLATE_ROLES

COUNTED = tuple(sorted(role.value for role in BOILERPLATE_ROLES))
"""BOILERPLATE_ROLES as stored in the database."""
SHORTEST = 25
"""Characters from which on a text may be in any place."""
SAMPLE = 30
"""Number of the newest carrying articles that are compared with each other."""
SMALLEST_WINDOW = 30
_NEAR_DUPLICATE = 0.4
_OWN_TEXT = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class BoilerplateCandidate:
    """A paragraph that at least two articles of a site carry, and its counts."""

    length: int
    """Characters."""
    articles: int
    """Distinct articles that carry it, without those whose headline or dek it is."""
    first_from_start: int
    last_from_start: int
    """Lowest and highest position from the beginning of an article."""
    first_from_end: int
    last_from_end: int
    """The same from the end, 0 for the last paragraph."""

    @property
    def is_fixed(self) -> bool:
        """It is near the end or the beginning, in about the same place everywhere."""
        slack = 2 if self.length >= SHORTEST else 0
        tail = self.last_from_end - self.first_from_end <= slack and self.last_from_end <= 8
        head = self.last_from_start - self.first_from_start <= min(slack, 1) and self.last_from_start <= 2
        return tail or head


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryingArticle:
    """An article that carries a candidate: its paragraphs that other articles carry too, and its length."""

    shared: Mapping[int, int]
    """Characters by paragraph id."""
    length: int
    """Characters of the whole article."""


BEST_PLACE = BoilerplateCandidate(
    length=SHORTEST, articles=0, first_from_start=0, last_from_start=0, first_from_end=0, last_from_end=0
)


def comparison_window(between: int, of_site: int) -> int:
    """Return the number of articles that a share is of: those between a text's first and last, within bounds.

    >>> comparison_window(200, 5000), comparison_window(2, 5000), comparison_window(2, 3)
    (200, 30, 3)
    """
    return max(between, min(of_site, SMALLEST_WINDOW))


def min_articles(of_site: int) -> int:
    """Return how many articles of a site of some size must carry a paragraph at least for it to be boilerplate.

    >>> min_articles(3), min_articles(10), min_articles(5000)
    (2, 3, 9)
    """
    window = comparison_window(0, of_site)
    return next(articles for articles in count(2) if is_enough(BEST_PLACE, articles, window))


def is_boilerplate(
    candidate: BoilerplateCandidate, window: int, carriers: Sequence[CarryingArticle], paragraph_id: int
) -> bool:
    """Return the decision. `window` counts the site's articles in the candidate's time; `carriers` is a sample.

    >>> disclaimer = BoilerplateCandidate(
    ...     length=90, articles=20, first_from_start=4, last_from_start=19, first_from_end=0, last_from_end=1
    ... )
    >>> is_boilerplate(disclaimer, 40, [CarryingArticle(shared={7: 90}, length=2000)] * 20, 7)
    True
    """
    if not is_enough(candidate, candidate.articles, window) or not carriers:
        return False
    stories = count_stories(carriers, paragraph_id)
    return is_enough(candidate, round(candidate.articles * stories / len(carriers)), window)


def is_enough(candidate: BoilerplateCandidate, articles: int, window: int) -> bool:
    """Return whether that many different stories in a window of articles make it boilerplate."""
    share = articles / max(window, 1)
    if candidate.length < SHORTEST and not candidate.is_fixed:
        return False
    if candidate.is_fixed:
        # With two or three articles a share means nothing; the place decides.
        return (articles >= 2 and window <= 3) or (articles >= 3 and share >= 0.3) or (articles >= 10 and share >= 0.1)
    return articles >= 5 and share >= 0.3


def count_stories(carriers: Sequence[CarryingArticle], paragraph_id: int) -> int:
    """Return the number of different stories: near-duplicates count once, and mere copies not at all."""
    # Nearly all carriers share these with the candidate, such as the rest of a disclaimer.
    seen = Counter(each for carrier in carriers for each in carrier.shared) if len(carriers) >= 5 else {}
    common = {paragraph_id, *(each for each, times in seen.items() if times >= 0.8 * len(carriers))}
    stories: list[tuple[Mapping[int, int], int]] = []
    for carrier in carriers:
        length = carrier.length - sum(length for one, length in carrier.shared.items() if one in common)
        if length >= _OWN_TEXT:
            stories.append(({one: size for one, size in carrier.shared.items() if one not in common}, length))
    families = DisjointSets[int]()
    for (one, (mine, length)), (other, (theirs, its_length)) in combinations(enumerate(stories), 2):
        if families.find(one) != families.find(other):
            shared = sum(size for paragraph_id, size in mine.items() if paragraph_id in theirs)
            if shared > _NEAR_DUPLICATE * min(length, its_length):
                families.join(one, other)
    return len({families.find(member) for member in range(len(stories))})
