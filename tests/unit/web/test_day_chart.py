from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from newsarchive.operations.health import usual_count
from newsarchive.web.jinja_env import page_numbers
from newsarchive.web.pages.bar_charts import HEIGHT, build_day_chart, last_days

DAY = date(2026, 3, 1)


@given(st.lists(st.tuples(st.integers(0, 10**7), st.floats(0, 10**7)), min_size=1, max_size=100))
def test_bars_fit_the_chart(counted: list[tuple[int, float]]) -> None:
    """No bar exceeds the chart, a day with captures has a visible bar."""
    days = last_days(DAY, len(counted))
    counts = {day: count for day, (count, _) in zip(days, counted, strict=True)}
    chart = build_day_chart(days, counts, {day: expected for day, (_, expected) in zip(days, counted, strict=True)})
    assert [bar.count for bar in chart.bars] == list(counts.values())
    for bar in chart.bars:
        assert 0 <= bar.height <= HEIGHT
        assert bar.usual is None or -0.6 <= bar.usual <= HEIGHT
        assert (bar.height > 0) == (bar.count > 0)
    assert (chart.bars[0].day, chart.bars[-1].day) == (days[0], DAY)


def test_the_usual_count_depends_on_the_weekday() -> None:
    """Sundays are compared with Sundays."""
    counts = {
        DAY - timedelta(days=back): 2 if (DAY - timedelta(days=back)).weekday() == 6 else 20 for back in range(56)
    }
    assert DAY.weekday() == 6
    assert usual_count(counts, DAY) == 2
    assert usual_count(counts, DAY - timedelta(days=1)) == 20
    assert usual_count({}, DAY) is None


@given(st.integers(1, 500), st.integers(1, 100), st.integers(0, 50_000))
def test_a_pager_has_first_last_and_current_page(page: int, size: int, total: int) -> None:
    """In order, each once, and a gap only where more than one page is left out."""
    last = max(1, -(-total // size))
    page = min(page, last)
    shown = page_numbers(page, size, total)
    numbers = [number for number in shown if number]
    assert numbers == sorted(set(numbers))
    assert {1, page, last} <= set(numbers)
    for before, gap, after in zip(shown, shown[1:], shown[2:], strict=False):
        assert gap != 0 or after - before > 2
