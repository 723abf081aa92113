"""--json of every command and mode: standard output is one JSON value, or as documented one a line, or nothing."""

import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from newsarchive.cli.app import COMMANDS, load_command
from newsarchive.replay.environment import ReplayEnvironment
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
    "import": ("import page.html --url http://page.example/", {"imported", "saved", "problems"}),
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
ELSEWHERE = {"demo", "worker", "workers"}
"""Commands that run on, or need a database server: tested beside what they do."""
MODES = (
    ("init other --contact a@b.example --operator Us --index other.sqlite3", 0, 1),
    ("add URL --name again --delay 0s", 0, 1),
    *((f"new-spider courier http://127.0.0.1:9999/ --template {name}", 0, 1) for name in ("api", "login")),
    ("crawl lantern --max-pages 1 --max-time 1m --quiet --readers 1 --clock 2026-05-04T08:00Z", 0, 1),
    ("crawl --dry-run", 0, 1),
    ("crawl --ping http://127.0.0.1:9/ --max-pages 1", 1, 1),
    ("save URL URL", 0, 1),
    ("save URLno/such/page", 1, 1),
    ("save -", 2, 0),
    ("unwatch 1", 0, 1),
    ("unwatch http://127.0.0.1:9999/a --undo", 0, 1),
    ("backfill lantern --until 1d --max-time 1m --max-bytes 1MB --clock 2026-05-04T08:00Z", 0, 1),
    ("import urls.txt", 0, 1),
    ("import urls.txt page.html", 1, 1),
    ("import page.html", 1, 1),
    ("import damaged.warc.gz --yes", 1, 1),
    ("search zyzzyva", 0, 1),
    ("search harbour --site lantern --since 2020-01-01 --until 1d --order rank --limit 1 --offset 1 --stories", 0, 1),
    ("search harbour --author 'Priya Raman' --section Business", 0, 1),
    (r"search har\"bour nofield:x", 0, 1),
    *((f"show 1 --{name}", 0, 1) for name in ("versions", "related", "warc", "all")),
    ("show 1 --diff 1 1", 0, 1),
    ("show lantern --boilerplate", 0, 1),
    ("show 999999", 4, 0),
    (
        "changes --site lantern --since 2020-01-01 --until 1d --section Business --author 'Priya Raman' --size 1",
        0,
        None,
    ),
    ("changes --event edited --kind numbers --notice silent --withheld", 0, None),
    *((f"changes --format {name}", 0, None) for name in ("json", "jsonl", "text")),
    ("changes --format parquet", 2, 0),
    *((f"changes --format {name} -o changes.file", 0, 0) for name in ("jsonl", "csv")),
    ("alerts list", 0, 1),
    ("alerts send --again --clock 2026-05-04T08:00Z", 0, 1),
    ("alerts test nothing", 4, 0),
    ("alerts delete nothing", 4, 0),
    ("export", 0, None),
    ("export --format jsonl --all-versions --partial --withheld --query harbour", 0, None),
    ("export --format csl", 0, None),
    ("export --placements", 0, None),
    ("export --site lantern --since 2020-01-01 --until 1d --author 'Priya Raman' --section Business", 0, None),
    *((f"export --format {name}", 2, 0) for name in ("parquet", "wacz", "sqlite")),
    *((f"export --article 1 -o all.{name}", 0, 1) for name in ("warc.gz", "wacz", "cdxj", "ris", "sqlite", "jsonl")),
    ("export -o all.unknown", 2, 0),
    ("proof 1 -o proof.zip --withheld", 0, 1),
    ("extract page.html --explain --url http://page.example/", 0, 1),
    ("extract page.html --html report.html --fetched 2026-05-04", 0, 1),
    ("extract page.html page.html --format jsonl", 0, 2),
    ("extract page.html --site lantern -A ARCHIVE", 0, 1),
    ("extract missing.html", 74, 0),
    ("status --check", 1, 1),
    ("schedule lantern --cron --every 1h --ping http://127.0.0.1:9/", 0, 1),
    ("schedule --systemd", 0, 1),
    ("schedule --worker", 0, 1),
    ("schedule --every 25m", 2, 0),
    ("verify --repair --notes --deep", 0, 1),
    (f"verify --head {'1' * 64}", 1, 1),
    ("seal --new-key --print", 0, 1),
    ("seal --machine nothing --print", 4, 0),
    ("bucket --files", 0, 1),
    ("bucket --check", 0, 1),
    ("bucket --upload", 2, 0),
    ("bucket --to bucket --remove", 2, 0),
    ("bucket --to folder", 2, 0),
    ("replay status", 69, 1),
    ("replay remove", 0, 1),
    ("rebuild --restart --forget", 0, 1),
    ("takedown 1 --reason asked --listings --yes", 0, 1),
    ("takedown urls.txt --reason asked", 4, 0),
    ("migrate-index copy.sqlite3 --switch", 0, 1),
    ("reextract lantern --since 2020-01-01 --until 1d --all --readers 1 --show 1", 0, 1),
    ("serve --new-token", 0, 1),
    ("serve --hash-password", 0, 1),
    ("serve --host 192.0.2.1", 2, 0),
    ("serve --cert missing.pem --key missing.pem", 2, 0),
    ("help search", 0, 1),
    ("help nothing", 2, 0),
)
"""Command lines, their exit codes, and the number of JSON values that they print; None: any number."""
RUNS_ON = {"--port", "--auth", "--public", "--open", "--replay", "--replay-port", "--log-requests", "--workers"}
"""Options of a server that runs until it is stopped."""
NEEDS_SCHEDULER = "--dask"
SETTINGS_ONLY = {"add", "migrate-index", "new-spider", "remove-site", "rename-site", "schedule"}
NO_ARCHIVE = {"init", "replay", "help", "extract", "doctor", "serve", *ELSEWHERE}
"""Commands that work without an archive, or say in their result that there is none."""


@pytest.fixture
def own(tmp_path: Path, morgue: Path) -> Path:
    """A copy of the archive."""
    # Tests beside this one read it: these files come and go with them, and have nothing that the index lacks.
    ignored = shutil.ignore_patterns("*-shm", "*-wal")
    return Path(shutil.copytree(morgue, tmp_path / "own", ignore=ignored))


def test_every_command_and_option_is_tried() -> None:
    """None can be left out."""
    assert LINES.keys() | ELSEWHERE | {"serve"} == {entry.name for entry in COMMANDS}
    lines = [shlex.split(line) for line in (*(line for line, _ in LINES.values()), *(line for line, *_ in MODES))]
    common = {"--json", "--verbose", "--archive", NEEDS_SCHEDULER, *RUNS_ON}
    left = [
        (name, param.opts)
        for name in {*LINES, "serve"}
        for param in load_command(name).params
        if param.param_type_name == "option" and not common.intersection(param.opts)
        if not any(line[0] == name and set(line).intersection(param.opts) for line in lines)
    ]
    assert not left


def read_values(text: str) -> list[Any]:
    """Return the values of standard output, one a line; ValueError for what JSON has not, such as NaN."""
    assert not text or text.endswith("\n")
    lines = [text] if text.startswith("[\n") else text.splitlines()  # a bibliography is one list
    return [json.loads(line, parse_constant=raise_value_error) for line in lines]


def raise_value_error(constant: str) -> None:
    raise ValueError(constant)


def place_of(line: str, folder: Path) -> list[str]:
    """Return the words that name the archive, for commands that have one."""
    name = line.partition(" ")[0]
    return [] if name in {"init", "replay", "help"} or "ARCHIVE" in line else ["-A", str(folder)]


@pytest.mark.parametrize(("line", "code", "count"), MODES)
def test_every_mode_prints_json_alone(
    line: str, code: int, count: int | None, own: Path, in_process: Command, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """One value a line and nothing else, with the exit code that the command has without --json."""
    monkeypatch.setattr(
        "newsarchive.cli.replay.default_environment", lambda: ReplayEnvironment(folder=tmp_path / "pywb")
    )
    other = Path(shutil.copytree(own, tmp_path / "other-copy"))
    with serve(Newsroom()) as newsroom:
        for folder, form, at in ((own, ["--json"], "json"), (other, [], "text"))[: 1 + bool(code)]:
            (place := tmp_path / at).mkdir()
            (place / "page.html").write_text(PAGE)
            (place / "urls.txt").write_text(f"{newsroom.url}\n")
            (place / "damaged.warc.gz").write_bytes(b"\x1f\x8b\x08 no member")
            if line.startswith(("save URL", "import urls.txt")):
                assert in_process("add", newsroom.url, "--name", "near", "--delay", "0s", "-A", folder).returncode == 0
            words = shlex.split(line.replace("URL", newsroom.url).replace("ARCHIVE", str(folder)))
            done = in_process(*words, *form, *place_of(line, folder), at=place, stdin="sesame\n" * ("hash" in line))
            assert done.returncode == code, done
            if form:
                values = read_values(done.stdout)
                assert len(values) == count or (count is None and all(isinstance(each, dict | list) for each in values))
                assert "newsarchive:" in done.stderr or code in {0, 1}


@pytest.mark.parametrize("line", [
    "changes --format csv",
    *(f"export --format {name}" for name in ("csv", "warc", "cdxj", "bibtex", "ris")),
    *(f"extract page.html --format {name}" for name in ("txt", "md", "xml")),
])  # fmt: skip
def test_no_other_format_is_printed(line: str, morgue: Path, in_process: Command) -> None:
    """A format that is not JSON excludes --json; into a file it may be written."""
    done = in_process(*line.split(), "--json", *place_of(line, morgue))
    assert (done.returncode, done.stdout) == (2, "")
    assert "--json and --format" in done.stderr


@pytest.mark.parametrize("name", sorted({*LINES, "serve"} - NO_ARCHIVE))
def test_an_error_or_interrupt_leaves_standard_output_empty(
    name: str, own: Path, in_process: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its message is text on standard error: without an archive, for a wrong option, and after Ctrl-C."""
    line = LINES[name][0].replace("URL", "http://127.0.0.1:9/")
    (tmp_path / "page.html").write_text(PAGE)
    for words in ((*line.split(), "-A", str(tmp_path / "none")), (name, "--no-such-option")):
        done = in_process(*words, "--json")
        assert (done.returncode > 1, done.stdout, done.stderr.startswith("newsarchive: ")) == (True, "", True), done

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for method in ("open", "open_to_read", "rebuild_in"):
        monkeypatch.setattr(f"newsarchive.archive.Archive.{method}", interrupt)
    done = in_process(*line.split(), "-A", str(own), "--json")
    # Some read the settings only.
    assert (done.returncode, done.stdout) == (130, "") or (name in SETTINGS_ONLY and done.returncode != 130), done


@pytest.mark.parametrize(
    "line", ["search x", "changes", "status", "export", "alerts", "crawl", "crawl --dry-run", "verify"]
)
def test_an_empty_archive_is_json_too(line: str, in_process: Command, tmp_path: Path) -> None:
    """Its lists are empty, and no sentence replaces them."""
    folder = tmp_path / "empty"
    assert in_process("init", folder).returncode == 0
    done = in_process(*line.split(), "--json", "-A", folder)
    assert len(read_values(done.stdout)) == (0 if line in {"changes", "export"} or done.returncode == 2 else 1), done


@pytest.mark.parametrize("name", LINES)
def test_results_are_json(name: str, own: Path, in_process: Command, tmp_path: Path) -> None:
    """One value, with the names that are documented; none of them is text for people alone."""
    line, names = LINES[name]
    (tmp_path / "page.html").write_text(PAGE)
    with serve(Newsroom()) as newsroom:
        words = line.replace("URL", newsroom.url).split()
        place = [] if name in {"init", "replay", "help"} else ["-A", str(own)]
        done = in_process(*words, "--json", *place)
    assert (done.returncode in {0, 1, 69}, done.stdout > "" or name == "changes") == (True, True), done
    values = read_values(done.stdout)
    assert len(values) == 1 or name == "changes"  # no changes: no lines
    assert names is None or values[0].keys() == names


def test_json_is_asked_for_each_time(in_process: Command) -> None:
    """One command's option is not the next one's."""
    assert json.loads(in_process("help", "--json").stdout)["export"] == "Exporting"
    assert in_process("help").stdout.startswith("alerts ")
