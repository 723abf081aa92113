"""Modules of the user's with the names of newsarchive's packages: a clear error, or no effect at all."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from newsarchive.startup import child_command
from tests.newsroom import Newsroom, serve

SETTINGS = """
contact = "tests@localhost"
delay = "0s"
reader_processes = 1
requisites = false
[[site]]
name = "lantern"
url = "{url}"
allow_private = true
"""


def run(command: Sequence[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command in a folder, with the packages of this checkout behind that folder."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def assert_refused(done: "subprocess.CompletedProcess[str]", file: Path, package: str) -> None:
    """One line names the file, the package and what to do; the exit code is that of a configuration error."""
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"newsarchive: {file} is imported instead of newsarchive's package '{package}'; nothing was")
    assert "Rename it" in line


@pytest.mark.parametrize("name", ["storage.py", "storage/__init__.py", "spiders.py", "spiders/__init__.py"])
@pytest.mark.parametrize("words", [("status",), ("--version",), ("crawl",)])
def test_a_module_with_the_name_of_a_package_is_refused(name: str, words: tuple[str, ...], tmp_path: Path) -> None:
    """`python -m` imports modules of the working directory first."""
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("raise SystemExit('the wrong module')\n")
    done = run([sys.executable, "-m", "newsarchive", *words], tmp_path)
    assert_refused(done, file, name.partition("/")[0].removesuffix(".py"))


def test_a_folder_without_a_package_is_no_obstacle(tmp_path: Path) -> None:
    """A folder of data may have any name."""
    for name in ("storage", "spiders"):
        (tmp_path / name).mkdir()
    done = run([sys.executable, "-m", "newsarchive", "--version"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_child_processes_do_not_import_from_the_working_directory(tmp_path: Path) -> None:
    """The command itself does not: started by its script, Python does not search there. Nor do the processes that read
    pages or crawl a site for a worker.
    """
    for name in ("storage", "spiders"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong module')\n")
    script = [sys.executable, "-P", "-c", "from newsarchive.__main__ import main; main()"]
    with serve(Newsroom()) as server:
        (tmp_path / "newsarchive.toml").write_text(SETTINGS.format(url=server.url))
        crawled = run([*script, "crawl", "--max-pages", "4"], tmp_path)
    assert (crawled.returncode, crawled.stderr) == (0, "")
    assert "captures" in crawled.stdout
    child = child_command("newsarchive.startup:run_command_line", str(os.getpid()), "--version")
    done = run(child, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("newsarchive ")


@pytest.mark.parametrize(
    "entry", [("newsarchive.reader_pool.forkserver:main", "0"), ("newsarchive.startup:run_command_line",)]
)
def test_a_child_process_refuses_shadowed_packages_too(
    entry: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the import path of its parent leads to them, as it may after a change of the working directory."""
    file = tmp_path / "storage.py"
    file.write_text("raise SystemExit('the wrong module')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    arguments = entry if "forkserver" in entry[0] else (*entry, str(os.getpid()), "--version")
    assert_refused(run(child_command(*arguments), tmp_path), file, "storage")
