"""A program that a user might take instead, and how it is set to the task."""

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.environments import Environment, Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Task of a peer: the site to crawl, and the folder to write to."""

    url: str
    """Of the newsroom's front page."""
    folder: Path
    """Empty, its own."""
    python: Path
    """Of the environment that the peer lives in."""


def nothing(_: Path) -> Iterable[str]:
    """It reads no articles."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One row of the table."""

    name: str
    command: Callable[[Course], Sequence[str]]
    """Makes what it needs in its folder; returns the command that is measured."""
    settings: str
    """How it is set, in a few words: as its own documentation has it for such a task."""
    undone: str
    """What a newsarchive user would miss."""
    again: str
    """What it keeps of a page that comes again with the same bytes."""
    accepts: str = "gzip"
    """What it says in Accept-Encoding, as far as the newsroom speaks it."""
    slow: bool = False
    """It takes so long that fewer articles must do."""
    environment: Environment | None = None
    """None: the one that this benchmark runs in."""
    program: str | None = None
    """It is no Python package but a program on the PATH."""
    warcs: str | None = None
    """What its WARC files are called, beneath its folder; None where it writes none."""
    texts: Callable[[Path], Iterable[str]] = nothing
    """URLs of the articles with a text that it left in its folder."""

    def python(self, cache: Path, here: Path) -> Path | Missing:
        """Return its environment, or the reason why it cannot run here."""
        if self.program and not shutil.which(self.program):
            return Missing(reason=f"{self.program} is not installed")
        return self.environment.made(cache) if self.environment else here
