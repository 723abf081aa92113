"""Expectations of every command: known sites, plain lines in a pipe, tables that fit a terminal."""

import json
import logging
import re
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive
from newsarchive.cli import output
from newsarchive.crawl.run import crawl
from newsarchive.operations import cron
from storage.callbacks import utc_now
from tests.in_process import run_in_process
from tests.integration.crawl.test_save import STORY, configure, reply

FEED = '<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{}</channel></rss>'


@pytest.fixture
def folder(tmp_path: Path, server: Any) -> Path:
    """An archive whose front page is a feed with two stories."""
    links = (f"{server.base}/news/{name}" for name in ("tide", "none"))
    items = "".join(f"<item><title>A story</title><link>{link}</link></item>" for link in links)
    server.say("/", reply(200, FEED.format(items), kind="application/rss+xml"))
    server.say("/news/tide", reply(200, STORY))
    configure(tmp_path, server.base)
    return tmp_path


def run_crawl(folder: Path, **later: float) -> None:
    with Archive.open(folder) as archive:
        crawl(archive, now=lambda: utc_now() + timedelta(**later))


@pytest.mark.parametrize("command", [["search", "tide"], ["export"], ["changes"], ["show", "--boilerplate"]])
def test_an_unknown_site_is_an_error(folder: Path, command: list[str]) -> None:
    """A misspelt name must not look like an empty result; a site that is not crawled yet is known."""
    option = [] if "show" in command else ["--site"]
    done = run_in_process(*command, *option, "nosuch", "--archive", folder)
    assert (done.returncode, done.stdout) == (4, "")
    assert "To see its sites: newsarchive status" in done.stderr
    assert run_in_process(*command, *option, "example", "--archive", folder).returncode == 0


def test_an_unknown_section_or_author_is_an_error(folder: Path) -> None:
    """As an unknown site: nothing is found by a misspelt name, and what there is is named. Changes have full names."""
    page = STORY.replace('"NewsArticle"', '"NewsArticle", "articleSection": "Harbour", "author": {"name": "Ada Berg"}')
    (folder / "page.html").write_text(page)
    imported = run_in_process(
        "import", folder / "page.html", "--url", "http://news.example/tide", "-A", folder, "--yes"
    )
    assert imported.returncode == 0
    for command in (["search", "tide"], ["export"], ["changes"]):
        known = "BERG" if command != ["changes"] else "ada berg"
        assert run_in_process(*command, "--section", "harbour", "--author", known, "-A", folder).returncode == 0
        for option, value, others in (("--section", "Harbor", "Harbour"), ("--author", "Ada Bergg", "Ada Berg")):
            done = run_in_process(*command, option, value, "-A", folder)
            assert (done.returncode, done.stdout) == (4, "")
            assert f"has the {option[2:]} {value!r}; nothing was done. Most frequent: {others}" in done.stderr
    assert run_in_process("changes", "--author", "Berg", "-A", folder).returncode == 4


def test_articles_of_a_simulated_future_are_verified(folder: Path) -> None:
    """Only what is indexed while `verify` runs is not compared, whatever time its captures have."""
    run_crawl(folder, days=400)
    done = run_in_process("verify", "-A", folder)
    assert "1 of 1 article compared with their records: no differences" in done.stdout
    assert "not compared" not in done.stdout


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ('"the tide', 'a quotation mark (") is not closed'),
        ("„the tide", 'a quotation mark (") is not closed'),
        ("headlin:tide", "headlin: is no field of a query"),
        ('"the tide"', None),
        ("headline:tide", None),
        ("https://news.example/tide", None),
        ("near 10:30", None),
    ],
)
def test_a_query_that_may_be_a_slip_gets_a_note(folder: Path, query: str, note: str | None) -> None:
    """It is searched for all the same."""
    done = run_in_process("search", query, "--archive", folder)
    assert done.returncode == 0
    assert (f"Note: {note}" in done.stderr) if note else done.stderr == ""


def list_minutes(fields: str) -> set[int]:
    """Return the minutes of a day at which cron runs a line with these fields."""
    minute, hour = fields.split()[:2]

    def expand(field: str, end: int) -> list[int]:
        if "*" in field:
            return list(range(0, end, int(field[2:] or 1)))
        return [int(each) for each in field.split(",")]

    return {60 * at + past for at in expand(hour, 24) for past in expand(minute, 60)}


@pytest.mark.parametrize("minutes", [minutes for minutes in range(1, 1441) if 1440 % minutes == 0])
def test_cron_runs_at_the_interval_that_was_asked_for(tmp_path: Path, minutes: int) -> None:
    """Every part of a day, in as many lines as it needs; by the minutes at which these run."""
    job = cron.ScheduledCrawl(command=tmp_path / "n", archive=tmp_path, every=timedelta(minutes=minutes))
    lines = [line for line in cron.crontab(job).splitlines() if not line.startswith("#")]
    at = sorted(set().union(*map(list_minutes, lines)))
    assert sum(len(list_minutes(line)) for line in lines) == len(at) == 1440 // minutes
    assert {after - before for before, after in pairwise((*at, at[0] + 1440))} == {minutes}


@pytest.mark.parametrize("words", ["7m", "5h", "2d", "30s", "90s", "100m"])
def test_an_interval_that_cron_lacks_is_refused(folder: Path, words: str) -> None:
    """It was rounded without a word; systemd has it."""
    done = run_in_process("schedule", "--every", words, "--archive", folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing was printed" in done.stderr
    assert run_in_process("schedule", "--every", words, "--systemd", "--archive", folder).returncode == 0


def test_a_dry_run_lists_what_is_due(folder: Path, server: Any) -> None:
    """Before the first crawl, after it, and once something is due again; nothing is requested."""
    command = ("crawl", "--dry-run", "--archive", folder)
    assert run_in_process(*command).stdout == f"example listing {server.base}/\n"
    listed = json.loads(run_in_process(*command, "--json").stdout)
    assert listed == [{"site": "example", "kind": "listing", "url": f"{server.base}/"}]
    assert not server.log
    run_crawl(folder)
    asked = len(server.log)
    done = run_in_process(*command)
    assert (done.stdout, done.stderr) == ("", "No URL is due.\n")
    at = (utc_now() + timedelta(hours=2)).isoformat()
    lines = run_in_process(*command, "--clock", at).stdout.splitlines()
    assert sorted(lines) == [
        f"example article {server.base}/news/2026/another-story-of-the-harbour-12345",
        f"example article {server.base}/news/none",
        f"example article {server.base}/news/tide",
        f"example listing {server.base}/",
    ]
    assert lines[0] == f"example listing {server.base}/", "sources are asked first"
    assert len(server.log) == asked
    assert run_in_process("crawl", "nosuch", "--dry-run", "--archive", folder).returncode == 2


def test_a_site_that_was_not_crawled_is_configured(folder: Path) -> None:
    """The two sentences contradict each other."""
    said = run_in_process("status", "--archive", folder).stdout
    assert "has never been crawled" in said
    assert "No site is configured" not in said
    (folder / "newsarchive.toml").write_text("")
    assert "No site is configured" in run_in_process("status", "--archive", folder).stdout


@pytest.mark.parametrize("command", [["status"], ["show", "1", "--warc"]])
def test_tables_fit_80_columns(folder: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    """They read the same as in a pipe, where nothing is broken into lines."""
    run_crawl(folder)
    run_crawl(folder, days=2)
    wide = run_in_process(*command, "--archive", folder).stdout.splitlines()
    monkeypatch.setattr(output, "PLAIN_WIDTH", 80)
    narrow = run_in_process(*command, "--archive", folder).stdout.splitlines()
    assert [line.rstrip() for line in narrow] == [line.rstrip() for line in wide]


def test_nothing_is_broken_or_padded_in_a_pipe(folder: Path, server: Any) -> None:
    """A paragraph is a line, for grep and the like, without blanks up to a width."""
    words = "The master of the harbour said so twice in one day, and nobody on the quay doubted a word of hers. " * 3
    blocks = f"<blockquote><p>{words}</p></blockquote><ul><li>{words}</li><li>{words}</li></ul><p>Boat 0 "
    server.say("/news/tide", reply(200, STORY.replace("<p>Boat 0 ", blocks)))
    run_crawl(folder)
    lines = run_in_process("show", "1", "--archive", folder).stdout.splitlines()
    assert any(line.startswith("Boat 0 ") and line.endswith("for thirty years.") for line in lines)
    assert f"    {words.strip()}" in lines
    assert lines.count(f"  - {words.strip()}") == 2
    assert max(map(len, lines)) < 500
    page = folder / "page.html"
    page.write_text(STORY)
    lines = run_in_process("extract", page, "--explain", at=folder).stdout.splitlines()
    assert max(map(len, lines)) < 1000


def test_every_command_logs_its_steps_where_asked(folder: Path) -> None:
    """Option -v: responses of a crawl and steps of long work, each with its time, on standard error alone."""
    try:
        crawled = run_in_process("crawl", "-v", "-A", folder)
        verified = run_in_process("verify", "--verbose", "-A", folder)
        exported = run_in_process("export", "-v", "-A", folder)
    finally:
        output.PROGRAM.setLevel(logging.NOTSET)
        output.PROGRAM.handlers.clear()
    assert re.search(r"^[-0-9]{10}T[:0-9]{8}Z example \d+ article http://\S+/news/tide$", crawled.stderr, re.MULTILINE)
    assert re.search(r"Z verifying: 1 of 1, http://\S+/news/tide$", verified.stderr, re.MULTILINE)
    assert "Z" not in crawled.stdout.split()[0]
    assert json.loads(exported.stdout)["headline"] == "The tide at the quay"


def test_results_of_long_work_are_json_where_asked(folder: Path) -> None:
    """As of every command that prints data."""
    run_crawl(folder)
    (folder / "page.html").write_text(STORY)
    imported = run_in_process("import", folder / "page.html", "--url", "http://news.example/b", "--json", "-A", folder)
    assert imported.stderr == ""
    assert json.loads(imported.stdout)["imported"]["read"]["captures"] == 1
    rebuilt = json.loads(run_in_process("rebuild", "--json", "-A", folder).stdout)
    assert (rebuilt["files"], rebuilt["problems"]) == (2, [])
    assert set(json.loads(run_in_process("seal", "--json", "--print", "-A", folder).stdout)) == {"head", "key", "time"}
    assert run_in_process("changes", "--json", "-A", folder).stdout == ""
