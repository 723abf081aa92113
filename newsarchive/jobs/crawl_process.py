"""A crawl of one site in a process of its own, which ends with the worker's process."""

import asyncio
import json
import os
import runpy
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newsarchive.startup import child_command, end_with_parent

BUSY = 75
"""Exit code of a crawl whose site is being crawled by another process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlExit:
    """Result of a crawl process."""

    code: int
    """Its exit code; negative: the signal that ended it."""
    outcome: str
    """finished, stopped (by a signal or a budget) or failed. The exit code of a stopped crawl is 0, too."""
    captures: int


class CrawlProcess:
    """A running crawl of one site."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, site: str, folder: Path, options: Sequence[str] = ()) -> "CrawlProcess":
        """Start to crawl a site of the archive in a folder."""
        words = ["crawl", site, "--json", "--ping", "", "--readers", "1", "--archive", str(folder), *options]
        command = child_command(f"{__name__}:run_crawl", str(os.getpid()), *words)
        # A session of its own: Ctrl-C at the terminal is for the worker, which stops its crawls in order.
        process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, start_new_session=True)
        return cls(process)

    async def wait(self) -> CrawlExit:
        """Wait until it ends."""
        output, _ = await self._process.communicate()
        run: dict[str, Any] = {}
        with suppress(ValueError, KeyError, TypeError):
            run = dict(json.loads(output)["run"])
        counters = run.get("counters") or {}
        return CrawlExit(
            code=self._process.returncode or 0,
            outcome=str(run.get("outcome") or "failed"),
            captures=int(counters.get("captures", 0)),
        )

    def stop(self) -> None:
        """Ask it to end in order, which takes some seconds."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it. The next crawl on this machine recovers what it had written."""
        with suppress(ProcessLookupError):
            self._process.kill()


def run_crawl(arguments: Sequence[str]) -> None:
    """Run a command line in this process for as long as its parent lives. Arguments: the parent's id, the words.

    A crawl whose worker was killed must not go on: another worker takes its site.
    """
    parent, *words = arguments
    end_with_parent(int(parent))
    sys.argv[1:] = words
    runpy.run_module("newsarchive", run_name="__main__")
