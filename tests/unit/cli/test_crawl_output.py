"""The line that a crawl leaves behind, and its clock."""

from datetime import UTC, datetime, timedelta

import pytest

from newsarchive.cli.crawl import came_to_nothing, rehearsed, summary
from newsarchive.crawl.run import CrawlReport
from storage.model import CrawlRun, Site

AT = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


def test_the_line_of_a_crawl() -> None:
    """Sites, how it ended, how long it took, what came; failures by name, and only where there are any."""
    run = CrawlRun(
        id="r",
        sites=(Site(name="one", url="http://one.example/"), Site(name="two", url="http://two.example/")),
        started_at=AT,
        finished_at=AT + timedelta(seconds=75.4),
        outcome="finished",
        counters={
            "captures": 1210,
            "bytes": 4_500_000,
            "versions": 1,
            "revisits": 3,
            "soft_404": 2,
            "paywall_stub": 5,
            "article": 1000,
            "disallowed": 4,
        },
    )
    assert summary(CrawlReport(run=run, problems=())) == (
        "one, two: finished after 1m15s: 1,210 captures (4.5 MB), 1 new article version, 3 unchanged, 2 soft_404, "
        "5 paywall_stub, "
        "4 left to robots.txt"
    )


def test_a_rehearsal_goes_on_from_its_moment() -> None:
    """The clock of a rehearsal runs as time does; without one the archive's own is used."""
    assert rehearsed(None) is None
    now = rehearsed(AT)
    assert now is not None
    first, second = now(), now()
    assert AT <= first <= second < AT + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("counters", "problems", "nothing"),
    [
        ({}, (), False),  # nothing was due
        ({"hosts_left": 1}, ("host.example gives no answer",), True),
        ({}, ("a run before was cut short: 3 captures were taken up",), False),
        ({"refused": 1}, (), True),
        ({"disallowed": 3}, (), True),
        ({"captures": 1, "disallowed": 3}, ("other.example gives no answer",), False),
    ],
)
def test_when_a_crawl_came_to_nothing(counters: dict[str, int], problems: tuple[str, ...], nothing: bool) -> None:
    """Cron learns of it by the exit code: something was due, and nothing came."""
    run = CrawlRun(id="r", sites=(), started_at=AT, finished_at=AT, outcome="finished", counters=counters)
    assert came_to_nothing(CrawlReport(run=run, problems=problems)) is nothing
