"""Thousands of sites: registration is not limited by the number of parameters of a statement."""

from datetime import UTC, datetime, timedelta

import pytest

from storage.index import Index
from storage.model import CrawlRun, Site

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
MANY = 1_100


def sites(path: str = "") -> tuple[Site, ...]:
    return tuple(
        Site(name=f"s{n}", url=f"https://s{n}.example/{path}", hosts=(f"m.s{n}.example",)) for n in range(MANY)
    )


def run(number: int, path: str = "") -> CrawlRun:
    return CrawlRun(id=f"run-{number}", sites=sites(path), started_at=NOON + timedelta(hours=number))


@pytest.mark.slow
def test_a_run_of_many_sites_registers_all_of_them(index: Index) -> None:
    """Once, whatever their number; the newest run's configuration counts, in any order of commits."""
    index.begin_crawl(run(1))
    assert len(index.sites()) == MANY
    index.begin_crawl(run(2))
    index.begin_crawl(run(1, "of-old"))
    assert {site.url for site in index.sites()} == {site.url for site in sites()}
    index.begin_crawl(run(3, "anew"))
    assert {site.url for site in index.sites()} == {site.url for site in sites("anew")}
    found = index.find_site("https://m.s700.example/story")
    assert found is not None
    assert found.name == "s700"
