"""Processes that run a command and may be killed: forked from one that has imported what a crawl needs.

Starting Python and importing Scrapy and SQLAlchemy takes longer than what tests of SIGKILL do between two kills.
"""

import contextlib
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable
from multiprocessing.pool import Pool
from multiprocessing.process import BaseProcess
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired

from scrapy import cmdline

from newsarchive.cli.app import run

_SECONDS = 120
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "tests.forked_process",
        "newsarchive.crawl.run",
        "newsarchive.ingest.pipeline",
        "newsarchive.reader_pool.read_page",
        "newsarchive.scrapy_addon",
        "scrapy.cmdline",
    ]
)


def start_command(*words: str | Path, out: Path | str = os.devnull) -> BaseProcess:
    """Start a command line in a process of its own, with the environment of this moment.

    What it prints goes to a file, or is dropped.
    """
    return _start(_run_command, list(map(str, words)), out, os.devnull)


def run_scrapy(*words: str | Path, at: Path) -> CompletedProcess[str]:
    """Run a command of Scrapy in a folder to its end."""
    return _run_to_its_end(_run_scrapy, list(map(str, words)), at)


def run_script(script: str, *words: str | Path) -> CompletedProcess[str]:
    """Run a Python script with arguments to its end."""
    return _run_to_its_end(_run_script, list(map(str, words)), script)


def open_pool(count: int) -> Pool:
    """Return a pool of processes that call functions."""
    return _CONTEXT.Pool(count)


def _start(act: Callable[..., None], words: list[str], out: Path | str, err: Path | str, *given: object) -> BaseProcess:
    process = _CONTEXT.Process(target=_act, args=(act, dict(os.environ), out, err, words, *given))
    process.start()
    return process


def _run_to_its_end(act: Callable[..., None], words: list[str], *given: object) -> CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = _start(act, words, out, err, *given)
        process.join(_SECONDS)
        if process.exitcode is None:
            process.kill()
            raise TimeoutExpired(words, _SECONDS, out.read_bytes(), err.read_bytes())
        return CompletedProcess(words, process.exitcode, out.read_text("utf-8"), err.read_text("utf-8"))


def _act(
    act: Callable[..., None], environment: dict[str, str], out: Path | str, err: Path | str, *given: object
) -> None:
    # The fork server keeps the environment of the first test that used it.
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, path in enumerate((os.devnull, out, err)):
        os.dup2(os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND), descriptor)
    act(*given)


def _run_command(words: list[str]) -> None:
    with contextlib.suppress(SystemExit):
        sys.exit(run(words))


def _run_scrapy(words: list[str], folder: Path) -> None:
    os.chdir(folder)
    # As `python -m scrapy` begins.
    sys.path.insert(0, str(folder))
    cmdline.execute(["scrapy", *words])


def _run_script(words: list[str], script: str) -> None:
    sys.argv[1:] = words
    exec(script, {"__name__": "__main__"})
