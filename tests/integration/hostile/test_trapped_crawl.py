"""A crawl of a site full of traps ends, has all stories, and reports what it did not fetch."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from newsarchive.config import toml_file
from newsarchive.crawl.run import crawl
from storage.callbacks import utc_now
from storage.index.frontier import host_state
from storage.index.queries.articles import list_articles

BY_YIELD = {"/tage/": "/tage/{n}", "/beitrag/": "/beitrag/4711/*", "/hop/": "/hop/{n}"}
BY_RULE = ("/kalender/", "/sitzung", "/filter", "/weit")
ROUNDS = 12
"""URLs of a pattern that may be in progress, or in one batch, when it is parked."""


@pytest.mark.parametrize("entrance", BY_YIELD)
def test_a_pattern_without_new_articles_is_parked_and_reported(entrance: str, trapped: Callable[..., Any]) -> None:
    """Traps without a rule are parked after park_after URLs; all stories are fetched."""
    rig = trapped(entrance)
    report = crawl(rig.archive)
    assert report.run.outcome == "finished"
    stories = rig.archive.index.ask(list_articles, limit=100)
    assert sum("story-" in line.url for line in stories) == 12
    assert 10 <= rig.asked()[entrance] <= 10 + ROUNDS * 8
    host = rig.server.url.removeprefix("http://").rstrip("/")
    parked = [state.pattern for state in rig.archive.index.read(host_state.load_url_patterns) if state.parked_at]
    assert f"{host}{BY_YIELD[entrance]}" in parked
    assert any("is parked" in note and entrance.strip("/").split("/")[0] in note for note in report.notes)


@pytest.mark.parametrize("entrance", BY_RULE)
def test_a_url_of_a_trap_rule_is_not_requested(entrance: str, trapped: Callable[..., Any]) -> None:
    """Its entrance is requested; the URLs behind it are put off and counted."""
    rig = trapped(entrance)
    report = crawl(rig.archive)
    assert report.run.outcome == "finished"
    assert report.run.counters["trapped"] >= 8
    assert rig.asked()[entrance] == 1


@pytest.mark.slow
def test_links_that_lead_ever_deeper_end(trapped: Callable[..., Any]) -> None:
    """Relative links on a server that returns one page at any depth: a segment that occurs four times is a loop."""
    rig = trapped("/tief/")
    report = crawl(rig.archive)
    assert report.run.outcome == "finished"
    assert rig.asked()["/tief/"] <= 1 + 8 + 64 + 512
    assert report.run.counters["trapped"] + report.run.counters["parked"] >= 8


def test_a_redirect_loop_ends(trapped: Callable[..., Any]) -> None:
    """Each of its URLs is requested once."""
    rig = trapped("/loop/a")
    assert crawl(rig.archive).run.outcome == "finished"
    assert rig.asked()["/loop/"] == 2


@pytest.mark.slow
def test_redirects_that_lead_on_and_on_end_after_20_hops_of_all_runs(trapped: Callable[..., Any]) -> None:
    """The first run ends in the middle of the chain; the next follows it to the end and no further, and none after it.

    Nothing is parked by its yield here.
    """
    rig = trapped("/hop/1", park_after=0)
    crawl(rig.archive, max_pages=9)
    first = rig.asked()["/hop/"]
    assert first < 20
    assert crawl(rig.archive).run.outcome == "finished"
    assert rig.asked()["/hop/"] == 21
    crawl(rig.archive, now=lambda: utc_now() + timedelta(hours=1))
    assert rig.asked()["/hop/"] == 21


def test_endless_pagination_is_parked(trapped: Callable[..., Any]) -> None:
    """Pages with known stories alone are a pattern without new articles."""
    rig = trapped("/alle/page/1")
    assert crawl(rig.archive).run.outcome == "finished"
    assert rig.asked()["/alle/page/"] <= 40


def test_the_next_run_restores_parked_patterns(trapped: Callable[..., Any]) -> None:
    """A parked pattern stays parked, whatever links it, until it is in trap_exceptions."""
    rig = trapped("/tage/1")
    crawl(rig.archive)
    before = rig.asked()["/tage/"]
    crawl(rig.archive, now=lambda: utc_now() + timedelta(hours=3))
    assert rig.asked()["/tage/"] - before <= 2
    config = rig.archive.folder / "newsarchive.toml"
    config.write_text(config.read_text() + 'trap_exceptions = ["/tage/"]\n')
    rig.archive.config = toml_file.load_config(rig.archive.folder)
    crawl(rig.archive, max_pages=30, now=lambda: utc_now() + timedelta(hours=6))
    assert rig.asked()["/tage/"] - before >= 15


def test_status_prints_parked_patterns(trapped: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    """With the number of URLs without a new article, and an example."""
    from newsarchive.cli.app import run

    rig = trapped("/tage/1")
    crawl(rig.archive)
    assert run(["status", "--archive", str(rig.archive.folder)]) == 0
    told = capsys.readouterr().out
    assert "/tage/{n}: " in told
    assert "URLs had no new article" in told
