"""The histogram of a search: counts unless shares are asked for, and shares of few articles are marked."""

from datetime import UTC, datetime, timedelta

from newsarchive.web.pages.bar_charts import HEIGHT, draw_bars
from storage.index.search.facets import MIN_ARCHIVED, Histogram, HistogramBar

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def bars(*counts: tuple[int, int]) -> Histogram:
    """Return a histogram by day from numbers of matching and archived articles."""
    return Histogram(
        step="day",
        bars=tuple(
            HistogramBar(
                begin=MONDAY + place * DAY, end=MONDAY + (place + 1) * DAY, articles=articles, archived=archived,
            )
            for place, (articles, archived) in enumerate(counts)
        ),
    )  # fmt: skip


def test_counts_are_shown_unless_shares_are_asked_for() -> None:
    """One of one article is a low bar beside 50 of 1,000."""
    assert draw_bars(bars((1, 1), (50, 1000)), "count") == ([3, HEIGHT], "50")


def test_a_share_of_few_articles_is_marked_and_sets_no_scale() -> None:
    """100 % of one article does not flatten the shares of thousands."""
    counted = bars((1, 1), (50, 1000), (25, 1000))
    assert [bar.is_of_few for bar in counted.bars] == [True, False, False]
    assert draw_bars(counted, "share") == ([HEIGHT, HEIGHT, HEIGHT / 2], "5.0 %")


def test_shares_of_few_articles_alone_name_no_highest() -> None:
    """Each bar is marked, and the caption states no share."""
    counted = bars((1, 1), (1, MIN_ARCHIVED - 1))
    assert all(bar.is_of_few for bar in counted.bars)
    drawn = draw_bars(counted, "share")
    assert drawn is not None
    assert drawn[1] == ""
