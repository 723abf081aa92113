"""Crawls, and single pages that are saved, in a process of their own, which ends with the calling process."""

import asyncio
import json
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from typing import Any

from newsarchive.startup import child_command
from storage.errors import ArchiveBusy, ArchiveError, ConfigError, IndexFailure, StorageError
from storage.model import Outcome

BUSY = 75
"""Exit code of a crawl whose site is being crawled by another process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlResult:
    """Result of a crawl process. Example: `archive.crawl(max_pages=1).exit_code`."""

    exit_code: int
    """Of the process: 0, or 1 if no site responded; negative: the signal that ended it."""
    outcome: str
    """finished, stopped (by a signal or a budget) or failed. The exit code of a stopped crawl is 0, too."""
    captures: int
    """Responses that were stored."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """By name: captures, bytes, versions (new ones), revisits (unchanged pages), and outcomes, if there were any."""
    problems: tuple[str, ...] = ()
    """Messages for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveResult:
    """Result of saving a page. Example: `archive.save(url).article_id`."""

    saved: bool
    """False if it was not fetched, and for an error of the server, a missing page, or redirects without an end."""
    outcome: Outcome | None
    """None if it was not fetched."""
    reason: str
    """Why it has this outcome, or was not fetched."""
    article_id: int | None
    """Number of the article; None if the page is none."""


class CrawlProcess:
    """A running crawl of one site."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, site: str, folder: Path) -> "CrawlProcess":
        """Start to crawl a site of the archive in a folder."""
        words = ["crawl", site, "--json", "--ping", "", "--readers", "1", "--archive", str(folder)]
        command = child_command("newsarchive.startup:run_command_line", str(os.getpid()), *words)
        # A session of its own: Ctrl-C at the terminal is for the worker, which stops its crawls in order.
        process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, start_new_session=True)
        return cls(process)

    async def wait(self) -> CrawlResult:
        """Wait until it ends."""
        output, _ = await self._process.communicate()
        return parse_crawl_result(output, self._process.returncode or 0)

    def stop(self) -> None:
        """Ask it to end in order, which takes some seconds."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it. The next crawl on this machine recovers what it had written."""
        with suppress(ProcessLookupError):
            self._process.kill()


def run_command(folder: Path, name: str, *words: str) -> tuple[bytes, int]:
    """Run a command in a process of its own; return the JSON that it prints, and its exit code.

    ArchiveError, with its message, if it prints none.
    """
    command = child_command(
        "newsarchive.startup:run_command_line", str(os.getpid()), name, "--json", "--archive", str(folder), *words
    )
    with Popen(command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, start_new_session=True) as process:  # noqa: S603 - our own
        try:
            output, messages = process.communicate()
        except BaseException:  # an interrupt: it ends in order
            process.terminate()
            process.communicate()
            raise
    if not output:
        kinds = {each.exit_code: each for each in (ConfigError, ArchiveBusy, StorageError, IndexFailure)}
        kind: type[ArchiveError] = kinds.get(process.returncode, ArchiveError)
        said = messages.decode(errors="replace").strip().removeprefix("newsarchive: ")
        raise kind(said or f"newsarchive {name} ended with code {process.returncode}; what was fetched is kept")
    return output, process.returncode


def parse_saved_page(output: bytes) -> SaveResult:
    """Return the result of saving one page from the JSON that `newsarchive save` printed."""
    (page,) = json.loads(output)
    found = page["capture"] or {"outcome": None, "reason": page["text"], "article_id": None}
    outcome = found["outcome"] and Outcome(found["outcome"])
    return SaveResult(saved=page["saved"], outcome=outcome, reason=found["reason"], article_id=found["article_id"])


def parse_crawl_result(output: bytes, code: int) -> CrawlResult:
    """Return the result of a crawl from the JSON that it printed, if it did."""
    printed: dict[str, Any] = {}
    with suppress(ValueError):
        printed = json.loads(output)
    run, problems = printed.get("run", {}), tuple(printed.get("problems", ()))
    counts, outcome = run.get("counters") or {}, run.get("outcome") or "failed"
    captures = counts.get("captures", 0)
    return CrawlResult(exit_code=code, outcome=outcome, captures=captures, counts=counts, problems=problems)
