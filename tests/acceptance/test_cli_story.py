"""A user's story: a site goes in, and its articles can be found, shown and taken out."""

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from newsarchive.archive import Archive
from tests.newsroom import Newsroom
from tests.newsroom.clock import Clock

Command = Callable[..., CompletedProcess[str]]


def lines(done: CompletedProcess[str]) -> list[Any]:
    """What a command printed for programs, a line an object."""
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_init_says_what_to_do_next(command: Command, in_process: Command, tmp_path: Path) -> None:
    """A folder with settings, WARC files and index; a second init changes nothing."""
    done = command("init", "morgue")
    assert done.returncode == 0
    assert "newsarchive add" in done.stdout
    assert {path.name for path in (tmp_path / "morgue").iterdir()} >= {"newsarchive.toml", "warc", "index.sqlite3"}
    again = in_process("init", "morgue")
    assert (again.returncode, again.stdout) == (2, "")
    assert "already" in again.stderr


def test_every_article_is_archived(morgue: Path, in_process: Command) -> None:
    """After one crawl the archive has each article of the newsroom, and none twice."""
    exported = lines(in_process("export", "--archive", morgue))
    with Archive.open(morgue) as archive:
        origin = archive.config.sites[0].url.rstrip("/")
    right = Newsroom().expected_site(Clock().now(), origin=origin)
    assert sorted(line["canonical_url"] for line in exported) == sorted(article.url for article in right.articles)


def test_status_counts_what_is_there(morgue: Path, command: Command, in_process: Command) -> None:
    """People get a table, programs the same numbers as JSON."""
    status = json.loads(command("status", "--archive", morgue, "--json").stdout)
    exported = lines(in_process("export", "--archive", morgue))
    assert status["articles"] == len(exported)
    assert status["sites"][0]["name"] == "lantern"
    assert status["last_crawl"]["outcome"] == "finished"
    shown = in_process("status", "--archive", morgue)
    assert shown.returncode == 0
    assert f"{status['articles']} articles" in shown.stdout


def test_search_and_show_one_article(morgue: Path, command: Command, in_process: Command) -> None:
    """What search finds, show shows: by number and by URL."""
    line = next(line for line in lines(in_process("export", "--archive", morgue)) if line["language"] == "en")
    words = line["headline"].split()[:3]
    found = json.loads(command("search", *words, "--archive", morgue, "--json").stdout)
    hit = next(hit for hit in found["hits"] if hit["url"] == line["canonical_url"])
    assert hit["headline"] == line["headline"]
    by_number = command("show", str(hit["article"]), "--archive", morgue)
    by_url = in_process("show", line["canonical_url"], "--archive", morgue)
    assert by_number.stdout == by_url.stdout
    assert line["headline"] in " ".join(by_number.stdout.split())
    assert (
        json.loads(in_process("show", str(hit["article"]), "--archive", morgue, "--json").stdout)["id"]
        == hit["article"]
    )
    for option in ("--versions", "--related", "--warc"):
        assert in_process("show", str(hit["article"]), option, "--archive", morgue).returncode == 0


def test_paragraphs_below_every_article_are_listed(morgue: Path, in_process: Command) -> None:
    """Text, share and since when, for a site or for all, for people and for programs; an unknown site is told."""
    shown = in_process("show", "--boilerplate", "lantern", "--archive", morgue)
    assert shown.returncode == 0
    assert "AI Disclaimer: Some of the material" in shown.stdout
    learnt = json.loads(in_process("show", "--boilerplate", "--json", "--archive", morgue).stdout)
    disclaimer = next(line for line in learnt if line["text"].startswith("AI Disclaimer"))
    exported = lines(in_process("export", "--archive", morgue))
    assert (disclaimer["site"], disclaimer["verdict"], disclaimer["share"]) == ("lantern", True, 1.0)
    assert disclaimer["articles_seen"] == len(exported)
    assert disclaimer["first_seen"] <= disclaimer["last_seen"]
    assert all(disclaimer["text"] in line["boilerplate"] for line in exported)
    unknown = in_process("show", "--boilerplate", "latern", "--archive", morgue)
    assert (unknown.returncode, unknown.stdout) == (4, "")
    assert "has no site latern; nothing was done. It has: " in unknown.stderr


def test_exported_offsets_locate_the_records(morgue: Path, in_process: Command) -> None:
    """The capture of a line names file, offset and length of a whole gzip member that holds the page."""
    line = lines(in_process("export", "--archive", morgue))[0]
    place = line["capture"]
    with (morgue / "warc" / place["warc"]).open("rb") as file:
        file.seek(place["offset"])
        record = gzip.decompress(file.read(place["length"]))
    assert record.startswith(b"WARC/1.1\r\n")
    assert f"WARC-Target-URI: {line['url']}\r\n".encode() in record


def test_export_into_a_file(morgue: Path, command: Command, in_process: Command, tmp_path: Path) -> None:
    """The file holds what standard output gets, and nothing else is left in its folder."""
    assert command("export", "--archive", morgue, "-o", "all.jsonl").returncode == 0
    assert (tmp_path / "all.jsonl").read_text("utf-8") == in_process("export", "--archive", morgue).stdout
    assert [path.name for path in tmp_path.iterdir()] == ["all.jsonl"]


@pytest.mark.slow
def test_rebuild_gives_the_same_lines(morgue: Path, command: Command, in_process: Command, tmp_path: Path) -> None:
    """From settings and WARC files alone comes the same export; verify finds nothing wrong before and after."""
    copy = tmp_path / "copy"
    shutil.copytree(morgue, copy, ignore=shutil.ignore_patterns("index.sqlite3*"))
    assert command("rebuild", "--archive", copy).returncode == 0
    before = in_process("export", "--all-versions", "--archive", morgue).stdout
    after = in_process("export", "--all-versions", "--archive", copy).stdout
    assert sorted(after.splitlines()) == sorted(before.splitlines())
    assert command("verify", "--archive", copy).returncode == 0


def test_verify_finds_a_changed_byte(morgue: Path, in_process: Command, tmp_path: Path) -> None:
    """One byte other than it was ends with 1 and names the file."""
    copy = tmp_path / "copy"
    shutil.copytree(morgue, copy, ignore=shutil.ignore_patterns("*-shm", "*-wal"))
    file = next((copy / "warc").glob("*.warc.gz"))
    held = bytearray(file.read_bytes())
    held[len(held) // 2] ^= 1
    file.write_bytes(held)
    done = in_process("verify", "--archive", copy)
    assert done.returncode == 1
    assert file.name in done.stdout + done.stderr


def test_import_gives_the_index_of_the_crawl(
    morgue: Path, command: Command, in_process: Command, tmp_path: Path
) -> None:
    """Another archive takes the WARC files in, and has the same articles."""
    assert in_process("init", "other").returncode == 0
    files = sorted((morgue / "warc").glob("*.warc.gz"))
    assert command("import", *files, "--archive", "other").returncode == 0
    ours = {line["canonical_url"]: line["headline"] for line in lines(in_process("export", "--archive", morgue))}
    theirs = {line["canonical_url"]: line["headline"] for line in lines(in_process("export", "--archive", "other"))}
    assert theirs == ours


def test_extract_reads_a_page_as_the_crawl_does(morgue: Path, command: Command, in_process: Command) -> None:
    """A page saved from the archive, read on its own, has the headline that the archive has."""
    line = lines(in_process("export", "--archive", morgue))[0]
    page = f"<html><head><title>x</title></head><body><h1>{line['headline']}</h1></body></html>"
    done = command("extract", "-", "--url", line["url"], stdin=page)
    assert done.returncode == 0
    assert json.loads(done.stdout)["url"] == line["url"]


def test_doctor_finds_nothing_wrong(morgue: Path, command: Command) -> None:
    """An archive that works is said to work."""
    done = command("doctor", "--archive", morgue, "--json")
    wrong = [finding for finding in json.loads(done.stdout) if finding["severity"] == "error"]
    # The newsroom's clock is behind ours, which is all that differs from a real archive.
    assert wrong == []
    assert done.returncode == 0
