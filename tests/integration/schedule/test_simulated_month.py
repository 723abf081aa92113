"""The schedule, held against a simulated month of forty sources with cron every ten minutes."""

import math
from dataclasses import dataclass

import pytest

from benchmarks.simulation.crawl import CRON, Outcomes, crawl
from benchmarks.simulation.newsroom import DAY, HOUR, Month, month
from benchmarks.simulation.policies import POLICIES


@dataclass(frozen=True)
class Crawled:
    """A month, and what our schedule made of it."""

    month: Month
    done: Outcomes


@pytest.fixture(scope="module", params=[14, pytest.param(30, marks=pytest.mark.slow)], ids=["fortnight", "month"])
def crawled(request: pytest.FixtureRequest) -> Crawled:
    """Our schedule over a fortnight; over a month where time does not matter."""
    simulated = month(request.param)
    return Crawled(simulated, crawl(simulated, POLICIES["ours"]))


def test_there_are_forty_sources_and_two_hold_ten_items(crawled: Crawled) -> None:
    """The month is the one that the figures are about."""
    sources = [source for _, source in crawled.month.sources()]
    assert len(sources) == 40
    assert sum(source.holds == 10 and source.name.startswith("ten items") for source in sources) == 2


def test_new_articles_are_found_within_half_an_hour(crawled: Crawled) -> None:
    """Nine of ten are kept 30 minutes after their publication."""
    assert crawled.done.percentile(90) <= 30


def test_all_but_two_in_a_hundred_are_found(crawled: Crawled) -> None:
    """Of all, and of each site: of those with ten places in their only feed as well."""
    assert crawled.done.share >= 0.98
    ten = [paper for paper in crawled.month.papers if paper.name.startswith("ten items")]
    for paper in ten:
        published = sum(0 <= story.published < crawled.month.end - DAY for story in paper.stories)
        assert crawled.done.lost.get(paper.name, 0) <= 0.02 * published


def test_it_takes_a_fifth_of_the_requests_of_polling(crawled: Crawled) -> None:
    """Every source every ten minutes would be 144 requests a day."""
    polling = 144 * 40 * crawled.month.end / DAY
    assert crawled.done.readings * 5 <= polling


def test_an_edit_that_lasted_a_day_is_a_version(crawled: Crawled) -> None:
    """Each one of an article that was found at all."""
    assert crawled.done.edits > 500
    assert crawled.done.missed_edits == 0


def test_a_source_that_falls_silent_is_told_of_in_its_own_time(crawled: Crawled) -> None:
    """Chance hides ln(1000) items once in a thousand times; five times as many is what uneven news may take."""
    source = crawled.month.silent
    told = [alarm for alarm in crawled.done.alarms if alarm.what == "silent" and alarm.source is source]
    assert len(told) == 1
    paper = next(paper for paper, each in crawled.month.sources() if each is source)
    steps = int((told[0].at - source.ends) / CRON)
    missing = sum(paper.rate(source.ends + step * CRON) * CRON / HOUR for step in range(steps))
    assert 0 < missing <= 5 * math.log(1000)


def test_a_source_that_overflows_is_told_of_at_once(crawled: Crawled) -> None:
    """Thirty items within ten minutes into ten places: the next reading tells, within the hour."""
    source = crawled.month.overflowing
    told = [alarm.at for alarm in crawled.done.alarms if alarm.what == "lost" and alarm.source is source]
    first_burst = 0.5 * crawled.month.end + 10 * HOUR
    assert any(first_burst <= at <= first_burst + HOUR for at in told)


def test_no_alarm_is_false(crawled: Crawled) -> None:
    """Nights, weekends, weekly magazines, and one weekend on which little happens anywhere: none of them is told of."""
    assert [alarm for alarm in crawled.done.alarms if not alarm.true] == []


def test_sitemaps_that_bring_nothing_sink(crawled: Crawled) -> None:
    """Those that name what the feed has named hours before are read a few times a day at most."""
    days = crawled.month.end / DAY
    late = [source.name for _, source in crawled.month.sources() if source.lag >= 180]
    assert len(late) == 3
    assert all(crawled.done.by_source[name] <= 4 * days for name in late)


@pytest.mark.slow
def test_what_others_do_is_worse() -> None:
    """The same month: polling costs five times as much, hourly finds late, and news-crawl finds late and loses."""
    simulated = month(30)
    done = {name: crawl(simulated, policy) for name, policy in POLICIES.items()}
    ours = done["ours"]
    assert done["fixed, 10 min"].readings > 5 * ours.readings
    assert done["fixed, 1 h"].readings > ours.readings
    assert done["fixed, 1 h"].percentile(90) > 30
    assert done["fixed, 1 h"].share < ours.share
    assert done["news-crawl"].percentile(90) > 60
    assert done["news-crawl"].share < 0.98
