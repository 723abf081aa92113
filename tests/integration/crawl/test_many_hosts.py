"""Politeness as seen by two hundred servers: no request comes sooner than they and the settings demand."""

from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from newsarchive.archive import Archive
from newsarchive.crawl.run import crawl
from tests.newsroom.many_sites import LoggedRequest, ManySites, SitePlan, resolve_to_loopback

HOSTS = 200
REQUESTS = 4_000
SLACK = 0.001
"""Seconds: timers of the system may fire that much early."""
TOP = """
contact = "tests@localhost"
max_delay = "0.08s"
reader_processes = 1
concurrency = 64
requisites = false
log_files = 0
"""
SITE = """
[[site]]
name = "s{n}"
url = "{url}"
delay = "{delay}s"
allow_private = true
"""


def plan(n: int) -> SitePlan:
    """Return a mix of fast and slow hosts, some with a Crawl-delay, some with one refusal."""
    return SitePlan(
        pages=REQUESTS // HOSTS - 2,
        delay=(0.05, 0.1, 0.2, 0.4)[n % 4],
        crawl_delay=(None, 0.3, None, None, 0.15)[n % 5],
        refuses=(7, 503 if n % 20 == 13 else 429) if n % 10 == 3 else None,
        retry_after="date" if n % 40 == 3 else "seconds",
    )


@pytest.mark.slow
def test_no_request_comes_sooner_than_its_host_allows(tmp_path: Path) -> None:
    """4,000 requests to 200 hosts with mixed delays: by the servers' own clock no gap is shorter than what the
    settings, Crawl-delay and Retry-After (as seconds and as a date) demand, and each site's pages are all fetched.
    """
    with ManySites([plan(n) for n in range(HOSTS)]) as crowd:
        sites = "".join(SITE.format(n=n, url=crowd.url(n), delay=crowd.plans[n].delay) for n in range(HOSTS))
        (tmp_path / "newsarchive.toml").write_text(TOP + sites)
        with resolve_to_loopback(), Archive.open(tmp_path) as archive:
            report = crawl(archive)
    assert (report.run.outcome, report.problems) == ("finished", ())
    of_site: dict[int, list[LoggedRequest]] = defaultdict(list)
    for asked in crowd.log:
        of_site[asked.site].append(asked)
    assert len(crowd.log) == REQUESTS
    assert sum(asked.status != 200 for asked in crowd.log) == HOSTS // 10
    early = [
        (before, after)
        for all_of_it in of_site.values()
        for before, after in pairwise(all_of_it)
        if after.began - before.answered < before.delay - SLACK
    ]
    assert early == []
    # A page that was refused has been asked for once: what is due again is the next run's.
    assert {len({asked.path for asked in all_of_it}) for all_of_it in of_site.values()} == {REQUESTS // HOSTS}
