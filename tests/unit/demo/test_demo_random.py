from hypothesis import given
from hypothesis import strategies as st

from tests.newsroom.seeded_random import SeededRandom, stable_hash


def test_the_numbers_never_change() -> None:
    """Every page of the demo depends on these numbers."""
    rng = SeededRandom("lantern")
    assert [rng.number() for _ in range(3)] == [
        13_279_782_838_204_696_615,
        11_052_489_937_564_295_788,
        14_225_695_667_725_055_614,
    ]
    assert stable_hash("/about") == 6_938_082_096_043_965_549


@given(st.text(), st.lists(st.integers(), max_size=12), st.integers(min_value=0, max_value=15))
def test_some_returns_distinct_elements(name: str, things: list[int], count: int) -> None:
    """Elements are chosen as often as they occur at most, and as many as requested or available."""
    drawn = SeededRandom(name).some(things, count)
    left = list(things)
    for thing in drawn:
        left.remove(thing)
    assert len(drawn) == min(count, len(things))


@given(st.text(), st.integers(), st.integers(min_value=0, max_value=1_000))
def test_between_stays_within_its_bounds(name: str, first: int, width: int) -> None:
    """Both bounds are included."""
    assert first <= SeededRandom(name).between(first, first + width) <= first + width
