"""`newsarchive changes`: the same changes as text and in each format, on standard output or in a file."""

import csv
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from newsarchive.archive import Archive
from tests.in_process import run_in_process

PAGE = (
    '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "港口重开"}</script><h1>港口重开</h1>'
    "<article><p>The harbour opened on Monday after %s years of work, and the first ships came in before noon.</p>"
    "<p>The mayor said that the town had waited for it, and thanked all who had built it.</p></article>"
)


@pytest.fixture(scope="module")
def folder(shared_archive_of: Callable[..., Archive]) -> Path:
    """An archive with one article, in which a number was changed."""
    url = "https://news.example/2026/03/harbour.html"
    looks = [
        {"url": url, "body": (PAGE % years).encode(), "at": datetime(2026, 3, day, 5, tzinfo=UTC)}
        for day, years in ((1, "nine"), (2, "eleven"))
    ]
    return shared_archive_of(*looks).folder


def run(folder: Path, *options: str) -> CompletedProcess[str]:
    """Run the command."""
    return run_in_process("changes", "--archive", folder, *options)


@pytest.mark.parametrize("words", [("changes",), ("show", "1", "--versions"), ("show", "1"), ("status",)])
def test_each_time_that_is_printed_has_its_zone(folder: Path, words: tuple[str, ...]) -> None:
    """Beside it, or in the heading of its column."""
    lines = run_in_process(*words, "--archive", folder).stdout.splitlines()
    times = [number for number, line in enumerate(lines) if re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d", line)]
    assert times
    for number in times:
        assert "UTC" in lines[number] or any("(UTC)" in line for line in lines[:number])


def test_each_format_has_the_change(folder: Path, tmp_path: Path) -> None:
    """With the kind, and the excerpts of both texts."""
    text = run(folder, "--kind", "numbers").stdout
    assert "港口重开" in text
    assert "after eleven years" in text
    (line,) = run(folder, "--format", "jsonl").stdout.splitlines()
    assert json.loads(line)["kinds"] == ["numbers"]
    assert run(folder, "--format", "json").stdout == run(folder, "--json").stdout == f"{line}\n"
    assert run(folder, "--format", "csv", "-o", str(tmp_path / "changes.csv")).returncode == 0
    (row,) = csv.DictReader((tmp_path / "changes.csv").read_text("utf-8").splitlines())
    assert row["after"].startswith("The harbour opened on Monday after eleven")
    assert run(folder, "--kind", "typo", "--format", "jsonl").stdout == ""


def test_parquet_has_typed_columns(folder: Path, tmp_path: Path) -> None:
    """Times are times, and kinds are lists."""
    parquet = pytest.importorskip("pyarrow.parquet")
    assert run(folder, "--format", "parquet", "-o", str(tmp_path / "changes.parquet")).returncode == 0
    (row,) = parquet.read_table(tmp_path / "changes.parquet").to_pylist()
    assert (row["kinds"], row["seen"]) == (["numbers"], datetime(2026, 3, 2, 5, tzinfo=UTC))


@pytest.mark.parametrize("options", [("--format", "parquet"), ("-o", "changes.txt")])
def test_a_format_that_does_not_fit_the_output_is_an_error(folder: Path, options: tuple[str, ...]) -> None:
    """It says what was not done, and what to add; no file is made."""
    done = run(folder, *options)
    assert done.returncode != 0
    assert "nothing was done. Add" in done.stderr
    assert not Path("changes.txt").exists()


def test_an_edit_that_is_undone_is_told_as_changed_back(archive_of: Callable[..., Archive]) -> None:
    """As text, and as a kind in lines."""
    looks = [
        {"url": "https://news.example/2026/03/harbour.html", "body": (PAGE % years).encode(),
         "at": datetime(2026, 3, day, 5, tzinfo=UTC)}
        for day, years in ((1, "nine"), (2, "eleven"), (3, "nine"))
    ]  # fmt: skip
    folder = archive_of(*looks).folder
    assert run(folder).stdout.count("changed back to version 1") == 1
    (line,) = run(folder, "--kind", "changed-back", "--json").stdout.splitlines()
    assert json.loads(line)["kinds"] == ["changed-back", "numbers"]
