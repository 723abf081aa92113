"""Every form of export, by the command line and from a folder outside the checkout."""

import gzip
import json
import sqlite3
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

FORMS = {
    "jsonl": b'{"url"',
    "csv": b"url,canonical_url",
    "parquet": b"PAR1",
    "warc.gz": b"\x1f\x8b",
    "wacz": b"PK",
    "cdxj": b"",
    "sqlite": b"SQLite format 3",
}
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize("suffix", FORMS)
def test_the_name_of_the_file_states_the_format(morgue: Path, in_process: Command, tmp_path: Path, suffix: str) -> None:
    """Written whole, with nothing left beside it, and counted on standard error."""
    done = in_process("export", "--archive", morgue, "-o", f"all.{suffix}")
    assert (done.returncode, done.stdout) == (0, ""), done
    assert f"written to all.{suffix}" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [f"all.{suffix}"]
    assert (tmp_path / f"all.{suffix}").read_bytes().startswith(FORMS[suffix])


def test_one_article_has_every_export_format(morgue: Path, in_process: Command, tmp_path: Path) -> None:
    """By its number or its address; captures, pages and rows are its own alone."""
    line = json.loads(in_process("export", "--archive", morgue).stdout.splitlines()[0])
    asked = ("--archive", morgue, "--article", line["canonical_url"])
    assert json.loads(in_process("export", *asked).stdout) == line
    for suffix in ("wacz", "sqlite", "warc.gz"):
        assert in_process("export", *asked, "-o", f"one.{suffix}").returncode == 0
    with zipfile.ZipFile(tmp_path / "one.wacz") as opened:
        pages = [json.loads(page) for page in opened.read("pages/pages.jsonl").splitlines()]
        records = gzip.decompress(opened.read("archive/data.warc.gz"))
    assert {page["url"] for page in pages[1:]} == {line["url"]}
    assert f"WARC-Target-URI: {line['url']}".encode() in records
    with sqlite3.connect(tmp_path / "one.sqlite") as connection:
        assert connection.execute("select url from articles").fetchall() == [(line["url"],)]
    connection.close()


def test_results_go_to_stdout_and_messages_to_stderr(morgue: Path, command: Command, in_process: Command) -> None:
    """What is a stream goes to standard output; what is none asks for a file."""
    listed = command("export", "--archive", morgue, "--format", "cdxj").stdout.splitlines()
    assert listed == sorted(listed)
    for form in ("wacz", "parquet", "sqlite"):
        done = in_process("export", "--archive", morgue, "--format", form)
        assert (done.returncode, "-o FILE" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--format", "exe"), "jsonl"),
        (("-o", "all.xlsx"), ".csv"),
        (("-o", "all.jsonl.gz"), ".warc.gz"),
        (("-o", "nowhere/all.csv"), "nowhere/all.csv"),
    ],
)
def test_an_unknown_format_or_folder_is_reported(
    morgue: Path, in_process: Command, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    """With what there is; nothing is written under a name that would say something else."""
    done = in_process("export", "--archive", morgue, *words)
    assert done.returncode not in {0, 1}
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_missing_pages_are_explained(morgue: Path, in_process: Command, tmp_path: Path) -> None:
    """And no file is made."""
    done = in_process("export", "--archive", morgue, "--article", "http://nobody.example/", "-o", "none.wacz")
    assert (done.returncode, "has no article" in done.stderr) == (4, True)
    assert list(tmp_path.iterdir()) == []


def test_replay_says_how_to_install_it(in_process: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pywb: an exit code of its own, and the next command."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    done = in_process("replay")
    assert (done.returncode, "newsarchive replay install" in done.stderr) == (69, True)
    told = json.loads(in_process("replay", "--json").stdout)
    assert told == {"folder": str(tmp_path / "data" / "newsarchive" / "replay"), "installed": None}
