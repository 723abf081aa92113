"""--json of every command: standard output is one JSON value, and messages are on standard error."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from newsarchive.cli.app import COMMANDS
from tests.newsroom import Newsroom, serve

pytestmark = pytest.mark.slow

Command = Callable[..., CompletedProcess[str]]
PAGE = "<html><head><title>A page</title></head><body><p>Nothing to see</p></body></html>"

LINES: dict[str, tuple[str, set[str] | None]] = {
    "init": ("init other", {"folder", "key"}),
    "add": ("add URL --name again --delay 0s", {"site", "found"}),
    "rename-site": ("rename-site lantern beacon", {"renamed", "name"}),
    "remove-site": ("remove-site lantern", {"removed"}),
    "new-spider": ("new-spider courier http://127.0.0.1:9999/", {"spider", "site"}),
    "crawl": ("crawl --max-pages 1", {"run", "problems", "notes", "left"}),
    "save": ("save URL", None),
    "unwatch": ("unwatch http://127.0.0.1:9999/a", {"urls", "watched"}),
    "backfill": ("backfill lantern --until 1d --max-pages 1", {"run", "problems", "before", "left"}),
    "import": ("import page.html --url http://page.example/", {"imported", "problems"}),
    "search": ("search harbour", {"total", "articles", "suggestion", "problems", "hits"}),
    "show": ("show 1", None),
    "changes": ("changes --limit 1", None),
    "alerts": ("alerts", None),
    "export": ("export -o all.csv", {"file", "format", "count", "missed"}),
    "proof": ("proof 1 -o proof.zip", {"file", "article", "records", "proofs"}),
    "extract": ("extract page.html", None),
    "status": ("status", None),
    "schedule": ("schedule --every 1h", {"text", "command", "seconds"}),
    "verify": ("verify", None),
    "seal": ("seal --print", {"head", "key", "time"}),
    "bucket": ("bucket", {"folder", "bucket", "files"}),
    "replay": ("replay", {"folder", "installed"}),
    "rebuild": ("rebuild", None),
    "takedown": ("takedown 1 --reason asked", None),
    "migrate-index": ("migrate-index copy.sqlite3", {"index", "switched"}),
    "reextract": ("reextract --dry-run", None),
    "doctor": ("doctor", None),
    "help": ("help", None),
}
"""Words of each command, and the names in its object, where they are few."""
ELSEWHERE = {"demo", "serve", "worker", "workers"}
"""Commands that run on, or need a database server: tested beside what they do."""


@pytest.fixture
def own(tmp_path: Path, morgue: Path) -> Path:
    """A copy of the archive."""
    # Tests beside this one read it: these files come and go with them, and have nothing that the index lacks.
    ignored = shutil.ignore_patterns("*-shm", "*-wal")
    return Path(shutil.copytree(morgue, tmp_path / "own", ignore=ignored))


def test_every_command_is_tried() -> None:
    """None can be left out."""
    assert LINES.keys() | ELSEWHERE == {entry.name for entry in COMMANDS}


@pytest.mark.parametrize("name", LINES)
def test_results_are_json(name: str, own: Path, in_process: Command, tmp_path: Path) -> None:
    """One value, with the names that are documented; none of them is text for people alone."""
    line, names = LINES[name]
    (tmp_path / "page.html").write_text(PAGE)
    with serve(Newsroom()) as newsroom:
        words = line.replace("URL", newsroom.url).split()
        place = [] if name in {"init", "replay", "help"} else ["-A", str(own)]
        done = in_process(*words, "--json", *place)
    assert (done.returncode in {0, 1}, done.stdout > "" or name == "changes") == (True, True), done
    value: Any = json.loads(done.stdout or "null")  # no changes: no lines
    assert names is None or value.keys() == names


def test_json_is_asked_for_each_time(in_process: Command) -> None:
    """One command's option is not the next one's."""
    assert json.loads(in_process("help", "--json").stdout)["export"] == "Exporting"
    assert in_process("help").stdout.startswith("alerts ")
