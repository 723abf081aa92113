"""One crawl in a process of its own, which ends with the worker's, and leaves when it is asked to."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BUSY = 75
"""Exit code of a crawl that another crawl of the site was in the way of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawled:
    """How a crawl ended."""

    code: int
    """Its exit code; below zero the signal that ended it."""
    outcome: str
    """finished, stopped (by a signal or a budget) or failed. The exit code alone does not tell: who is stopped in good
    order ends with 0."""
    captures: int


class Child:
    """A crawl of one site that runs."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, site: str, folder: Path, options: Sequence[str] = ()) -> "Child":
        """Begin to crawl a site of the archive in a folder."""
        command = [sys.executable, "-m", "newsarchive.jobs.child_main", str(os.getpid())]
        words = ["crawl", site, "--json", "--ping", "", "--readers", "1", "--archive", str(folder), *options]
        # A session of its own: Ctrl-C at the terminal is for the worker, which sees to an orderly end.
        process = await asyncio.create_subprocess_exec(
            *command, *words, stdin=DEVNULL, stdout=PIPE, start_new_session=True
        )
        return cls(process)

    async def ended(self) -> Crawled:
        """Wait for its end."""
        said, _ = await self._process.communicate()
        told = _told(said)
        counters = told.get("counters") or {}
        return Crawled(
            code=self._process.returncode or 0,
            outcome=str(told.get("outcome") or "failed"),
            captures=int(counters.get("captures", 0)),
        )

    def stop(self) -> None:
        """Ask it to end in good order: it does within seconds."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it where it stands. What it had written is taken up by the next crawl on this machine."""
        with suppress(ProcessLookupError):
            self._process.kill()


def _told(said: bytes) -> dict[str, Any]:
    try:
        run = json.loads(said)["run"]
    except (ValueError, KeyError, TypeError):
        return {}
    return run if isinstance(run, dict) else {}
