"""Summary line, exit code and simulated clock of a crawl."""

from datetime import UTC, datetime, timedelta

import pytest

from newsarchive.cli.crawl import is_unanswered, simulated_clock, summary_line
from newsarchive.crawl.run import CrawlReport
from storage.model import CrawlRun, Site

AT = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


def test_the_line_of_a_crawl() -> None:
    """Sites, outcome, duration, counts; failures by name, and only if there are any."""
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
    assert summary_line(CrawlReport(run=run, problems=())) == (
        "one, two: finished after 1m15s: 1,210 captures (4.5 MB), 1 new article version, 3 unchanged, 2 soft_404, "
        "5 paywall_stub, "
        "4 disallowed by robots.txt"
    )


def test_a_simulated_clock_advances() -> None:
    """It advances with real time from its start; without a start the archive's clock is used."""
    assert simulated_clock(None) is None
    now = simulated_clock(AT)
    assert now is not None
    first, second = now(), now()
    assert AT <= first <= second < AT + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("counters", "problems", "nothing"),
    [
        ({}, (), False),  # nothing was due
        ({"hosts_backed_off": 1}, ("host.example does not respond",), True),
        ({}, ("an earlier run was interrupted: recovered 3 captures",), False),
        ({"refused": 1}, (), True),
        ({"ended": 1}, (), False),  # taken down, or unwatched
        ({"disallowed": 3}, (), True),
        ({"captures": 1, "disallowed": 3}, ("other.example does not respond",), False),
    ],
)
def test_a_crawl_without_any_response_fails(counters: dict[str, int], problems: tuple[str, ...], nothing: bool) -> None:
    """The exit code reports it: URLs were due, and no site responded."""
    run = CrawlRun(id="r", sites=(), started_at=AT, finished_at=AT, outcome="finished", counters=counters)
    assert is_unanswered(CrawlReport(run=run, problems=problems)) is nothing
