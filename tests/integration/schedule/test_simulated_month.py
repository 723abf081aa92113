"""The schedule in a simulated month of forty sources, with cron every ten minutes."""

import math
from dataclasses import dataclass

import pytest

from benchmarks.simulation.crawl import CRON, Outcomes, crawl
from benchmarks.simulation.newsroom import DAY, HOUR, Month, month
from benchmarks.simulation.policies import POLICIES

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Crawled:
    """A month, and the result of our schedule."""

    month: Month
    done: Outcomes


@pytest.fixture(scope="module")
def crawled() -> Crawled:
    """Run our schedule over a month."""
    simulated = month(30)
    return Crawled(simulated, crawl(simulated, POLICIES["ours"]))


def test_there_are_forty_sources_and_two_hold_ten_items(crawled: Crawled) -> None:
    """The simulated month is the one of the figures."""
    sources = [source for _, source in crawled.month.sources()]
    assert len(sources) == 40
    assert sum(source.holds == 10 and source.name.startswith("ten items") for source in sources) == 2


def test_new_articles_are_found_within_half_an_hour(crawled: Crawled) -> None:
    """Nine of ten are archived 30 minutes after their publication."""
    assert crawled.done.percentile(90) <= 30


def test_at_least_98_percent_are_found(crawled: Crawled) -> None:
    """Of all, and of each site with ten items in its only feed."""
    assert crawled.done.share >= 0.98
    ten = [paper for paper in crawled.month.papers if paper.name.startswith("ten items")]
    for paper in ten:
        published = sum(0 <= story.published < crawled.month.end - DAY for story in paper.stories)
        assert crawled.done.lost.get(paper.name, 0) <= 0.02 * published


def test_requests_are_a_fifth_of_polling(crawled: Crawled) -> None:
    """Every source every ten minutes would be 144 requests a day."""
    polling = 144 * 40 * crawled.month.end / DAY
    assert crawled.done.readings * 5 <= polling


def test_an_edit_that_lasted_a_day_is_a_version(crawled: Crawled) -> None:
    """Every such edit of an article that was found at all."""
    assert crawled.done.edits > 500
    assert crawled.done.missed_edits == 0


def test_silence_is_reported_by_the_rate(crawled: Crawled) -> None:
    """Chance explains ln(1000) missing items once in a thousand times; uneven publication explains five times as
    many.
    """
    source = crawled.month.silent
    told = [alarm for alarm in crawled.done.alarms if alarm.what == "silent" and alarm.source is source]
    assert len(told) == 1
    paper = next(paper for paper, each in crawled.month.sources() if each is source)
    steps = int((told[0].at - source.ends) / CRON)
    missing = sum(paper.rate(source.ends + step * CRON) * CRON / HOUR for step in range(steps))
    assert 0 < missing <= 5 * math.log(1000)


def test_an_overflowing_source_is_reported_at_once(crawled: Crawled) -> None:
    """Thirty items within ten minutes in a feed of ten: reported by the next check, within the hour."""
    source = crawled.month.overflowing
    told = [alarm.at for alarm in crawled.done.alarms if alarm.what == "lost" and alarm.source is source]
    first_burst = 0.5 * crawled.month.end + 10 * HOUR
    assert any(first_burst <= at <= first_burst + HOUR for at in told)


def test_no_alarm_is_false(crawled: Crawled) -> None:
    """Neither for nights, weekends and weekly magazines, nor for one weekend on which little is published anywhere."""
    assert [alarm for alarm in crawled.done.alarms if not alarm.true] == []


def test_redundant_sitemaps_are_checked_rarely(crawled: Crawled) -> None:
    """Sitemaps that list what the feed listed hours before are checked a few times a day at most."""
    days = crawled.month.end / DAY
    late = [source.name for _, source in crawled.month.sources() if source.lag >= 180]
    assert len(late) == 3
    assert all(crawled.done.by_source[name] <= 4 * days for name in late)


def test_other_policies_are_worse() -> None:
    """In a week polling costs five times as much, hourly checks find late, and news-crawl finds late and
    misses.
    """
    simulated = month(7)
    done = {name: crawl(simulated, policy) for name, policy in POLICIES.items()}
    ours = done["ours"]
    assert done["fixed, 10 min"].readings > 5 * ours.readings
    assert done["fixed, 1 h"].readings > ours.readings
    assert done["fixed, 1 h"].percentile(90) > 30
    assert done["fixed, 1 h"].share < ours.share
    assert done["news-crawl"].percentile(90) > 60
    assert done["news-crawl"].share < 0.98
