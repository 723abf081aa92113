"""The command line as a user has it, outside the checkout: the installed script, or its words in this process.

Each command is run once at least by the installed script (`command`). Tests of messages, exit codes and options use
`in_process`, which takes a tenth of the time.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.in_process import run_in_process
from tests.newsroom import Newsroom, serve

COMMAND = "NEWSARCHIVE_COMMAND"
"""Path of the script to test; CI names the one that comes from the wheel. By default that of this environment."""


Command = Callable[..., subprocess.CompletedProcess[str]]


def newsarchive(*words: str | Path, at: Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run `newsarchive` in a folder."""
    script = os.environ.get(COMMAND) or str(Path(sys.executable).with_name("newsarchive"))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEWSARCHIVE_")}
    return subprocess.run(
        [script, *map(str, words)],
        cwd=at,
        env=clean,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """`newsarchive`, run in an empty folder of the test's own."""

    def run(*words: str | Path, at: Path = tmp_path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return newsarchive(*words, at=at, stdin=stdin)

    return run


@pytest.fixture
def in_process(tmp_path: Path) -> Command:
    """The same words in the process of the test, in an empty folder of the test's own."""

    def run(*words: str | Path, at: Path = tmp_path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return run_in_process(*words, at=at, stdin=stdin or "")

    return run


@pytest.fixture(scope="session")
def morgue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of the demo newspaper at its opening hour, made with three commands. Tests only read it.

    It is made once for all processes of a test run.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "story" / "morgue"
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder.parent / "made").exists():
            _make_morgue(folder)
            (folder.parent / "made").touch()
    return folder


def _make_morgue(folder: Path) -> None:
    with serve(Newsroom()) as newsroom:
        clock = newsroom.clock.now().isoformat()
        for words in (
            ("init", str(folder), "--contact", "tests@localhost"),
            ("add", newsroom.url, "--name", "lantern", "--delay", "0s", "--archive", str(folder)),
            ("crawl", "--archive", str(folder), "--clock", clock),
        ):
            done = newsarchive(*words, at=folder.parent)
            assert done.returncode == 0, done
