"""The programs that a user might read the articles of a WARC file with."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cost import ROOT
from benchmarks.crawling import COMMAND
from benchmarks.peers.environments import Environment

IMPORT = "newsarchive import"
SCRIPTS = Path(__file__).with_name("scripts")
# It hands readability bytes, which newer versions do not take; without nltk pages in Arabic end in an error.
_PINNED = "news-please==1.6.16 readability-lxml==0.8.1 newspaper4k[all]==0.9.6 warcio==1.8.1 brotli backports-zstd"
NEWSPLEASE = Environment(name="news-please", requirements=tuple(_PINNED.split()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A WARC file to be read, and where a reader may write."""

    warc: Path
    folder: Path
    """Empty, its own."""
    python: Path
    pages: int
    """How many pages to read, from the first on."""

    @property
    def out(self) -> Path:
        """A line of JSON a page."""
        return self.folder / "pages.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One row of the table."""

    name: str
    command: Callable[[Task], Sequence[str]]
    undone: str
    slow: bool = False
    """It takes so long that fewer pages must do."""
    environment: Environment | None = None
    texts: Callable[[Task], int]
    """How many articles with a text it found."""


def _imports(task: Task) -> Sequence[str]:
    subprocess.run([*COMMAND, "init", str(task.folder / "archive")], check=True, capture_output=True, cwd=ROOT)
    return [*COMMAND, "import", str(task.warc), "--archive", str(task.folder / "archive")]


def _in_index(task: Task) -> int:
    words = [*COMMAND, "export", "--format", "jsonl", "--archive", str(task.folder / "archive")]
    return len(subprocess.run(words, check=True, capture_output=True, cwd=ROOT).stdout.splitlines())


def _script(name: str) -> Callable[[Task], Sequence[str]]:
    return lambda task: [
        str(task.python), str(SCRIPTS / name), str(task.warc), str(task.out), str(task.pages)
    ]  # fmt: skip


def _ours_alone(task: Task) -> Sequence[str]:
    module = "benchmarks.peers.scripts.with_newsarchive"
    return [sys.executable, "-m", module, str(task.warc), str(task.out), str(task.pages)]


def in_lines(task: Task) -> int:
    """Lines whose text is not empty."""
    with task.out.open(encoding="utf-8") as lines:
        return sum(bool(json.loads(line)["text"]) for line in lines)


READERS = (
    Reader(
        name=IMPORT,
        command=_imports,
        undone="nothing: versions, link groups, boilerplate, search index; two reading processes",
        texts=_in_index,
    ),
    Reader(name="newsarchive, `extract_page`", command=_ours_alone, undone="no index; one process", texts=in_lines),
    Reader(
        name="warcio + trafilatura",
        command=_script("with_trafilatura.py"),
        undone="no index, no link groups, no roles of paragraphs; one process",
        texts=in_lines,
    ),
    Reader(
        name="warcio + news-please",
        command=_script("with_newsplease.py"),
        undone="no index, no link groups, no paragraphs; one process",
        slow=True,
        environment=NEWSPLEASE,
        texts=in_lines,
    ),
)
