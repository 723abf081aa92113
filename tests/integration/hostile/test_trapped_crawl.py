"""A crawl of a site full of traps ends, has all the stories, and says what it left."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from newsarchive.config import toml_file
from newsarchive.crawl.run import crawl
from storage.callbacks import utc_now
from storage.index.frontier import host_state
from storage.index.queries.articles import list_articles

BY_YIELD = {
    "/tage/": "/tage/{n}",
    "/beitrag/": "/beitrag/4711/*",
    "/hop/": "/hop/{n}",
}
BY_RULE = ("/kalender/", "/sitzung", "/filter", "/weit")
ROUNDS = 12
"""URLs of a family that may be under way, or in one batch, when it is found barren."""


@pytest.mark.parametrize("entrance", BY_YIELD)
def test_a_family_that_brings_nothing_new_is_parked_and_named(entrance: str, trapped: Callable[..., Any]) -> None:
    """Endless ways without a rule to know them by: left after park_after URLs; the stories are all there."""
    rig = trapped(entrance)
    report = crawl(rig.archive)
    assert report.run.outcome == "finished"
    stories = rig.archive.index.ask(list_articles, limit=100)
    assert sum("story-" in line.url for line in stories) == 12
    assert 10 <= rig.asked()[entrance] <= 10 + ROUNDS * 8
    host = rig.server.url.removeprefix("http://").rstrip("/")
    parked = [family.family for family in rig.archive.index.read(host_state.load_url_patterns) if family.parked_at]
    assert f"{host}{BY_YIELD[entrance]}" in parked
    assert any("is parked" in note and entrance.strip("/").split("/")[0] in note for note in report.notes)


@pytest.mark.parametrize("entrance", BY_RULE)
def test_a_trap_that_a_rule_knows_is_not_gone_into(entrance: str, trapped: Callable[..., Any]) -> None:
    """Its entrance is asked for, what lies behind it is put off and counted."""
    rig = trapped(entrance)
    report = crawl(rig.archive)
    assert report.run.outcome == "finished"
    assert report.run.counters["trapped"] >= 8
    assert rig.asked()[entrance] == 1


def test_links_that_lead_ever_deeper_end(trapped: Callable[..., Any]) -> None:
    """Relative links on a server that shows one page at any depth: the same segment a fourth time is a circle."""
    rig = trapped("/tief/")
    report = crawl(rig.archive)
    assert report.run.outcome == "finished"
    assert rig.asked()["/tief/"] <= 1 + 8 + 64 + 512
    assert report.run.counters["trapped"] + report.run.counters["parked"] >= 8


def test_a_circle_of_redirects_ends(trapped: Callable[..., Any]) -> None:
    """Each address of it is asked for once."""
    rig = trapped("/loop/a")
    assert crawl(rig.archive).run.outcome == "finished"
    assert rig.asked()["/loop/"] == 2


def test_pagination_that_never_ends_is_left(trapped: Callable[..., Any]) -> None:
    """Pages that show nothing but known stories are one more barren family."""
    rig = trapped("/alle/page/1")
    assert crawl(rig.archive).run.outcome == "finished"
    assert rig.asked()["/alle/page/"] <= 40


def test_the_next_run_knows_what_is_parked(trapped: Callable[..., Any]) -> None:
    """A parked family stays parked, whatever names it, until the owner says that it is none."""
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


def test_status_says_what_is_parked(trapped: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    """With the family's name, how many URLs brought nothing, and an example."""
    from newsarchive.cli.app import run

    rig = trapped("/tage/1")
    crawl(rig.archive)
    assert run(["status", "--archive", str(rig.archive.folder)]) == 0
    told = capsys.readouterr().out
    assert "/tage/{n}: " in told
    assert "URLs brought no new article" in told
