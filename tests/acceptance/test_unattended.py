"""The command as cron, systemd, Prometheus and a terminal meet it: no shell of its owner's, no word too many."""

import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.newsroom import Newsroom, NewsroomServer, serve
from tests.newsroom.clock import Clock

pytestmark = pytest.mark.slow

SCRIPT = os.environ.get("NEWSARCHIVE_COMMAND") or str(Path(sys.executable).with_name("newsarchive"))
SETTINGS = """
contact = "tests@localhost"
delay = "{delay}"
reader_processes = 1
requisites = false
metrics = "newsarchive.prom"
[[site]]
name = "lantern"
url = "{url}"
allow_private = true
"""
# The text format, line by line: https://prometheus.io/docs/instrumenting/exposition_formats/
_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({_NAME})(?:\{{{_LABEL}(?:,{_LABEL})*\}})? (?:[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?|NaN|[+-]Inf)")


@pytest.fixture
def site() -> Iterator[NewsroomServer]:
    """A newsroom."""
    with serve(Newsroom(articles=60), clock=Clock()) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path, site: NewsroomServer) -> Path:
    """An archive of it in a folder whose name cron's shell could trip over."""
    made = tmp_path / "50% of it's all"
    made.mkdir()
    (made / "newsarchive.toml").write_text(SETTINGS.format(url=site.url, delay="0s"))
    return made


def as_cron(line: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a crontab's command as cron does: /bin/sh, four variables, no terminal, a session of its own (crontab(5))."""
    command = re.sub(r"\\%", "%", line.split(" ", 5)[5])
    environment = {"HOME": str(home), "LOGNAME": "archive", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        ["/bin/sh", "-c", command], cwd=home, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=300, check=False, start_new_session=True,
    )  # fmt: skip


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, *map(str, words)], capture_output=True, text=True, timeout=300, check=False, stdin=subprocess.DEVNULL
    )


def test_the_line_for_cron_works_under_cron(folder: Path, tmp_path: Path) -> None:
    """Archived without a word, twice; status finds nothing wrong; what Prometheus is given is of its format."""
    line = run("schedule", "--cron", "--archive", folder).stdout.splitlines()[-1]
    for _ in range(2):
        done = as_cron(line, tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    told = json.loads(run("status", "--json", "--archive", folder).stdout)
    assert told["articles"] >= 50
    assert told["health"]["findings"] == []
    assert run("status", "--check", "--archive", folder).returncode == 0
    lines = (folder / "newsarchive.prom").read_text().splitlines()
    typed = {line.split()[2] for line in lines if line.startswith("# TYPE ")}
    for each in lines:
        found = SAMPLE.fullmatch(each)
        assert each.startswith("# ") or (found and found[1] in typed), each
    assert len(lines) == len(set(lines))


def test_a_running_crawl_is_not_reported_and_a_hanging_one_is(folder: Path, tmp_path: Path) -> None:
    """Exit code 75, who holds the site and since when; under cron silence, until it has gone on for a day."""
    line = run("schedule", "--cron", "--archive", folder).stdout.splitlines()[-1]
    (folder / "locks").mkdir()
    with (folder / "locks" / "lantern.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for age, is_told in ((timedelta(minutes=20), False), (timedelta(days=2), True)):
            since = (datetime.now(UTC) - age).isoformat(timespec="seconds")
            held.seek(0)
            held.truncate()
            held.write(json.dumps({"pid": 4711, "since": since}))
            held.flush()
            by_hand = run("crawl", "--archive", folder)
            assert by_hand.returncode == 75
            assert f"process 4711 since {since}" in by_hand.stderr
            done = as_cron(line, tmp_path)
            assert (done.returncode, done.stdout) == (0, "")
            assert (f"process 4711 since {since}" in done.stderr) is is_told


@pytest.mark.parametrize(
    ("option", "value", "most"), [("--max-pages", "10", 11), ("--max-time", "2s", 40)], ids=["pages", "time"]
)
def test_a_limit_ends_a_crawl_in_good_order(
    folder: Path, site: NewsroomServer, option: str, value: str, most: int
) -> None:
    """Exit code 0, a line that says it was stopped, and the next one goes on. (robots.txt is no page.)"""
    (folder / "newsarchive.toml").write_text(SETTINGS.format(url=site.url, delay="0.1s"))
    done = run("crawl", option, value, "--archive", folder)
    assert (done.returncode, done.stderr) == (0, "")
    line = done.stdout.splitlines()[0]
    assert re.match(r"lantern: stopped after \d+s: \d+ captures \([\d.]+ [kM]?B\), \d+ new article versions", line)
    assert int(line.split()[4]) <= most
    again = run("crawl", "--max-pages", "5", "--json", "--archive", folder)
    assert json.loads(again.stdout)["run"]["counters"]["captures"] >= 5
    assert run("verify", "--archive", folder).returncode == 0


def test_systemd_finds_nothing_wrong_with_its_units(folder: Path, tmp_path: Path) -> None:
    """`systemd-analyze verify` takes the service and the timer as they are printed."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed: apt install systemd")
    printed = run("schedule", "--systemd", "--archive", folder).stdout
    units = []
    for part in re.split(r"(?m)^# /etc/systemd/system/", printed)[1:]:
        name, _, text = part.partition("\n")
        units.append(tmp_path / name)
        units[-1].write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False, timeout=60
    )
    said = [line for line in done.stderr.splitlines() if "newsarchive" in line]
    assert (done.returncode, said) == (0, [])


def test_a_terminal_gets_a_progress_bar_and_a_pipe_plain_lines(folder: Path) -> None:
    """Sites, pages, rate, queue and URL on one line of the terminal; nothing of it in a pipe, and no escapes."""
    plain = run("crawl", "--max-pages", "8", "--archive", folder)
    assert "\x1b" not in plain.stdout + plain.stderr
    assert plain.stderr == ""
    settings = folder / "newsarchive.toml"
    # Long enough for the display to be drawn more than once.
    settings.write_text(settings.read_text().replace('delay = "0s"', 'delay = "0.1s"'))
    shown = on_terminal("crawl", "--max-pages", "30", "--archive", str(folder))
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert re.search(r"crawling 1 site .*%.*\d pages, [\d.]+/s, \d+ waiting, http://127", text)
    assert max(len(line) for line in re.split(r"[\r\n]+", text) if "crawling" in line) <= 150, "one line"
    assert re.search(r"lantern: stopped after \d+s: ", text)
    assert shown.rstrip().endswith(text.rstrip()[-20:]), "the display is gone at the end"


def on_terminal(*words: str) -> str:
    """What a command shows on a terminal of 150 columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 150, 0, 0))
    # COLUMNS and LINES, where a shell exports them, would be believed before the terminal.
    theirs_not = ("NO_COLOR", "COLUMNS", "LINES")
    environment = {name: value for name, value in os.environ.items() if name not in theirs_not}
    environment["TERM"] = "xterm-256color"
    process = subprocess.Popen([SCRIPT, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    shown, end = b"", time.monotonic() + 300
    try:
        while time.monotonic() < end and (data := os.read(ours, 65_536)):
            shown += data
    except OSError:  # its end of the terminal is closed
        pass
    finally:
        os.close(ours)
        process.wait(timeout=60)
    return shown.decode("utf-8", "replace")
