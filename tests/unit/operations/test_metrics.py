"""Metrics of crawl runs, as Prometheus reads them."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from newsarchive.operations.health import HealthReport
from newsarchive.operations.metrics import format_metrics
from storage.index.views.status import CrawlView, Status

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
NOTHING = HealthReport(
    status=Status(sites=(), articles=0, versions=0, captures=0, warc_files=0, warc_bytes=0, last_crawl=None),
    sites=(), findings=(), sources=(), missing=(), unsent=0, unsent_bytes=0, disk_used=0, disk_free=0,
)  # fmt: skip


def run(outcome: str | None, *sites: str, hours: int = 1) -> CrawlView:
    """A run that began that many hours ago and took ten minutes; without an outcome it is still running."""
    started_at = NOW - timedelta(hours=hours)
    return CrawlView(
        id=f"run-{hours}", sites=sites, started_at=started_at,
        finished_at=started_at + timedelta(minutes=10) if outcome else None, outcome=outcome, counters={}, captures=1,
    )  # fmt: skip


def success(*crawls: CrawlView) -> dict[str, str]:
    """The values of last_crawl_success by site."""
    text = format_metrics(NOTHING, crawls, NOW)
    return dict(re.findall(r'^newsarchive_last_crawl_success\{site="(\w+)"\} (.*)$', text, re.MULTILINE))


@pytest.mark.parametrize(("outcome", "value"), [("finished", "1"), ("stopped", "1"), ("failed", "0")])
def test_only_a_failed_run_is_no_success(outcome: str, value: str) -> None:
    """A run that was stopped by a signal or a limit has not failed."""
    assert success(run(outcome, "lantern")) == {"lantern": value}


def test_the_newest_finished_run_of_each_site_counts() -> None:
    """A run that is still going says nothing; an older run counts for sites that the newer ones lack."""
    crawls = (run(None, "one"), run("failed", "one", hours=2), run("finished", "one", "two", hours=3))
    assert success(*crawls) == {"one": "0", "two": "1"}


def test_the_duration_of_a_run_is_in_seconds() -> None:
    """From start to finish."""
    assert 'newsarchive_last_crawl_seconds{site="one"} 600\n' in format_metrics(NOTHING, [run("stopped", "one")], NOW)
