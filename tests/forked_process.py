"""Processes that run a command and may be killed: forked from one that has imported what a crawl needs.

Starting Python and importing Scrapy and SQLAlchemy takes longer than what tests of SIGKILL do between two kills.
"""

import contextlib
import multiprocessing
import os
import sys
import tempfile
from multiprocessing.pool import Pool
from multiprocessing.process import BaseProcess
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired

from scrapy import cmdline

from newsarchive.cli.app import run

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


def start_command(*words: str | Path) -> BaseProcess:
    """Start a command line in a process of its own, with the environment of this moment; what it prints is dropped."""
    process = _CONTEXT.Process(target=_run_silently, args=(list(map(str, words)), dict(os.environ)))
    process.start()
    return process


def run_scrapy(*words: str | Path, at: Path, seconds: float = 120) -> CompletedProcess[str]:
    """Run a command of Scrapy in a folder to its end, in a process of its own."""
    arguments = list(map(str, words))
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = _CONTEXT.Process(target=_run_scrapy, args=(arguments, dict(os.environ), at, out, err))
        process.start()
        process.join(seconds)
        if process.is_alive():
            process.kill()
            raise TimeoutExpired(arguments, seconds, out.read_bytes(), err.read_bytes())
        assert process.exitcode is not None
        return CompletedProcess(arguments, process.exitcode, out.read_text("utf-8"), err.read_text("utf-8"))


def open_pool(count: int) -> Pool:
    """Return a pool of processes that call functions."""
    return _CONTEXT.Pool(count)


def _run_silently(words: list[str], environment: dict[str, str]) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    _prepare(environment, null, null)
    with contextlib.suppress(SystemExit):
        sys.exit(run(words))


def _run_scrapy(words: list[str], environment: dict[str, str], folder: Path, out: Path, err: Path) -> None:
    streams = (os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND) for path in (out, err))
    _prepare(environment, *streams)
    os.chdir(folder)
    # As `python -m scrapy` begins.
    sys.path.insert(0, str(folder))
    cmdline.execute(["scrapy", *words])


def _prepare(environment: dict[str, str], out: int, err: int) -> None:
    # The fork server keeps the environment of the first test that used it.
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, stream in enumerate((os.open(os.devnull, os.O_RDONLY), out, err)):
        os.dup2(stream, descriptor)
