from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from newsarchive.operations.coverage import usual
from newsarchive.web.pages.day_chart import HIGH, chart, days_until
from newsarchive.web.pages.jinja_env import pages

DAY = date(2026, 3, 1)


@given(st.lists(st.tuples(st.integers(0, 10**7), st.floats(0, 10**7)), min_size=1, max_size=100))
def test_bars_stay_in_their_drawing(counted: list[tuple[int, float]]) -> None:
    """No bar leaves the drawing, a day with anything is seen, and the total is what was given."""
    days = days_until(DAY, len(counted))
    counts = {day: count for day, (count, _) in zip(days, counted, strict=True)}
    drawn = chart(days, counts, {day: expected for day, (_, expected) in zip(days, counted, strict=True)})
    assert drawn.total == sum(counts.values())
    for bar in drawn.bars:
        assert 0 <= bar.y <= HIGH
        assert abs(bar.y + bar.height - HIGH) < 0.11
        assert bar.usual is None or -0.6 <= bar.usual <= HIGH
        assert (bar.height > 0) == (bar.count > 0)
    assert (drawn.first, drawn.last) == (days[0], DAY)


def test_a_day_is_measured_against_its_own_weekday() -> None:
    """A newspaper's Sunday is no Monday."""
    counts = {
        DAY - timedelta(days=back): 2 if (DAY - timedelta(days=back)).weekday() == 6 else 20 for back in range(56)
    }
    assert DAY.weekday() == 6
    assert usual(counts, DAY) == 2
    assert usual(counts, DAY - timedelta(days=1)) == 20
    assert usual({}, DAY) is None


@given(st.integers(1, 500), st.integers(1, 100), st.integers(0, 50_000))
def test_a_pager_names_first_last_and_here(page: int, size: int, total: int) -> None:
    """In order, each once, and a gap only where more than one page is left out."""
    last = max(1, -(-total // size))
    page = min(page, last)
    shown = pages(page, size, total)
    numbers = [number for number in shown if number]
    assert numbers == sorted(set(numbers))
    assert {1, page, last} <= set(numbers)
    for before, gap, after in zip(shown, shown[1:], shown[2:], strict=False):
        assert gap != 0 or after - before > 2
