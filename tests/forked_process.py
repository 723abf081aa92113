"""Processes that run a command and may be killed: forked from one that has imported what a crawl needs.

Starting Python and importing Scrapy and SQLAlchemy takes longer than what tests of SIGKILL do between two kills.
"""

import contextlib
import multiprocessing
import os
import sys
from multiprocessing.pool import Pool
from multiprocessing.process import BaseProcess
from pathlib import Path

from newsarchive.cli.app import run

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "tests.forked_process",
        "newsarchive.crawl.run",
        "newsarchive.ingest.pipeline",
        "newsarchive.reader_pool.read_page",
    ]
)


def start_command(*words: str | Path) -> BaseProcess:
    """Start a command line in a process of its own, with the environment of this moment; what it prints is dropped."""
    process = _CONTEXT.Process(target=_run_silently, args=(list(map(str, words)), dict(os.environ)))
    process.start()
    return process


def open_pool(count: int) -> Pool:
    """Return a pool of processes that call functions."""
    return _CONTEXT.Pool(count)


def _run_silently(words: list[str], environment: dict[str, str]) -> None:
    # The fork server keeps the environment of the first test that used it.
    os.environ.clear()
    os.environ.update(environment)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    with contextlib.suppress(SystemExit):
        sys.exit(run(words))
