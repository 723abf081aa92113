from dataclasses import replace

import pytest

from storage.index.boilerplate.rule import BoilerplateCandidate, CarryingArticle, count_stories, is_boilerplate

TAIL = BoilerplateCandidate(
    length=90, articles=10, first_from_start=4, last_from_start=30, first_from_end=0, last_from_end=1
)
ANYWHERE = replace(TAIL, first_from_end=0, last_from_end=20)
SHORT = replace(ANYWHERE, length=4)


def different(count: int) -> list[CarryingArticle]:
    """Return articles that share the candidate (number 1) and nothing else."""
    return [CarryingArticle(shared={1: 90}, length=2000)] * count


@pytest.mark.parametrize(
    ("candidate", "window", "verdict"),
    [
        (TAIL, 100, True),
        (TAIL, 101, False),
        (replace(TAIL, articles=9), 90, False),
        (replace(TAIL, articles=9), 30, True),
        (replace(TAIL, articles=3), 10, True),
        (replace(TAIL, articles=3), 11, False),
        (replace(TAIL, articles=2), 3, True),
        (replace(TAIL, articles=2), 4, False),
        (ANYWHERE, 33, True),
        (ANYWHERE, 34, False),
        (replace(ANYWHERE, articles=4), 4, False),
        (SHORT, 10, False),
        (replace(SHORT, first_from_end=3, last_from_end=3), 10, True),
        (replace(SHORT, first_from_end=3, last_from_end=4), 10, False),
    ],
)
def test_place_and_share_decide(candidate: BoilerplateCandidate, window: int, verdict: bool) -> None:
    """Three tenths of the articles are enough, or a tenth if at least ten, in a fixed place; short lines need that."""
    assert is_boilerplate(candidate, window, different(10), 1) is verdict


def test_near_duplicates_count_once() -> None:
    """Articles that share more than 40 % of their own text are one story."""
    pair = [CarryingArticle(shared={1: 90, 2: 900}, length=2000)] * 2
    assert count_stories(pair, 1) == 1
    assert count_stories([replace(one, shared={1: 90, 2: 600}) for one in pair], 1) == 2
    assert count_stories([*pair, *different(2)], 1) == 3


def test_a_partial_disclaimer_makes_no_duplicates() -> None:
    """Paragraphs that nearly all carriers share belong to the candidate, not to a common story."""
    companions = dict.fromkeys(range(1, 7), 300)
    assert count_stories([CarryingArticle(shared=companions, length=2200)] * 8, 1) == 8


def test_copies_do_not_count() -> None:
    """Articles without a text of their own are no stories."""
    assert count_stories([CarryingArticle(shared={1: 500, 2: 500}, length=1000)] * 9, 1) == 0
    assert not is_boilerplate(TAIL, 10, [CarryingArticle(shared={1: 500, 2: 500}, length=1000)] * 9, 1)
