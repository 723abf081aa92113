"""The plan of an archive adds up."""

import pytest

from benchmarks.plan import IDS, Measured, Press, days, limits, plan, table

ONE = Press(sites=1, articles=10, looks=0, polls=0, requisites=0)
WHOLE = Measured(page=1000, revisit=10, index=100, index_postgres=200, read=1.0, looked=0.1, start=0)


def test_a_year_without_checks_shows_its_articles() -> None:
    """Each article is a page, and nothing else is."""
    made = plan(ONE, WHOLE, 1)
    assert made.captures == 10 * 365
    assert (made.warc, made.index, made.index_postgres) == (3_650_000, 365_000, 730_000)
    assert made.cores == pytest.approx(10 / 86_400)
    assert made.requests == pytest.approx(10 / 86_400)


def test_checks_happen_when_they_are_due() -> None:
    """On the first day those of the same day, after a month all; edited ones are pages."""
    press = Press(sites=2, articles=5, looks=5, edited=0.2, polls=0, requisites=0)
    made = list(days(press, WHOLE, 40))
    assert made[0].captures == 10 + 3 * 10
    assert made[5].captures == 10 + 3 * 10
    assert made[6].captures == 10 + 4 * 10
    assert made[39].captures == 10 + 5 * 10
    assert made[39].pages == pytest.approx(10 + 0.2 * 50)
    assert made[39].warc == pytest.approx(20 * 1000 + 40 * 10)
    assert made[39].cpu == pytest.approx(20 * 1.0 + 40 * 0.1)


def test_sources_and_requisites_count() -> None:
    """Readings that bring something are pages; pictures come with new articles alone."""
    press = Press(sites=3, articles=1, looks=0, polls=100, changed=0.25, requisites=5000)
    (day,) = days(press, WHOLE, 1)
    assert day.pages == 3 + 75
    assert day.revisits == 225
    assert day.warc == 78 * 1000 + 225 * 10 + 3 * 5000


def test_failures_are_named() -> None:
    """Nothing for a small archive; each limit where it is passed."""
    small = plan(Press(sites=5), Measured(), 1)
    assert limits(small) == []
    large = plan(Press(sites=20_000, articles=200, polls=100_000, processes=20_000), Measured(), 10)
    assert [line.partition(":")[0] for line in limits(large)] == ["a site's own pace", "SQLite", "this machine", "ids"]
    assert large.captures > IDS


def test_the_table_has_a_row_for_each_span() -> None:
    """As Markdown, the limits of the longest below it."""
    rows = list(table(Press(sites=500), Measured(), 10))
    assert [row.split(" | ")[0] for row in rows[2:4]] == ["| 1 year", "| 10 years"]
    assert rows[4].startswith("- SQLite")
    assert len(list(table(Press(sites=5), Measured(), 1))) == 3
