"""What commands print: text for people on a terminal, plain lines in a log, JSON for programs.

Everything that comes from an archived page goes through `plain`: a headline may hold escape sequences that a terminal
would obey.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.progress import Progress

# C0 but tab and newline, DEL, C1; and the marks that reverse the order of what follows on the screen.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
PLAIN_WIDTH = 160
"""Columns where there is no terminal: wide enough for a table, narrow enough for a mail from cron."""


def plain(text: str) -> str:
    r"""The text with what could drive a terminal made visible and harmless.

    >>> plain("a\x1b[31mb")
    'a\ufffd[31mb'
    """
    return _CONTROL.sub("\ufffd", text)


def stdout() -> Console:
    """Standard output."""
    return _console(stderr=False)


def stderr() -> Console:
    """Standard error: progress and remarks."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=None if terminal else PLAIN_WIDTH)


def as_json(value: object) -> str:
    """One line of JSON; nouns become objects with the names of their fields.

    Unicode stays as it is, but for controls that a terminal would obey.
    """
    text = json.dumps(value, ensure_ascii=False, default=_jsonable)
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _jsonable(value: object) -> object:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def moment(when: datetime) -> str:
    """A moment as export and JSON write it: UTC, to the second, with Z; microseconds only where there are any."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def day(when: datetime | None) -> str:
    """A moment as a list shows it."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if when else "-"


def table(*headings: str, right: Sequence[str] = ()) -> Table:
    """An empty table in the house's style; columns named in `right` hold numbers."""
    made = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for heading in headings:
        made.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    return made


def counted(count: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "article"), counted(0, "article"), counted(1200, "capture")
    ('1 article', '0 articles', '1,200 captures')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def cell(text: str, style: str = "") -> Text:
    """Archived text for a table or a line."""
    return Text(plain(text), style=style)


class Steps:
    """Shows how far a long piece of work has come: a bar on a terminal, nothing in a log."""

    def __init__(self, bar: "Progress | None", what: str) -> None:
        self._bar = bar
        self._task = bar.add_task(what, total=None, detail="") if bar else None

    def __call__(self, done: int, total: int | None, detail: str) -> None:
        """`done` of `total` are done; `detail` says more."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total, detail=plain(detail))


@contextmanager
def steps(what: str) -> Iterator[Steps]:
    """A progress bar while the block runs, on standard error, only where that is a terminal."""
    console = stderr()
    if not console.is_terminal:
        yield Steps(None, what)
        return
    # Importing it takes a twentieth of the time in which a command starts, and few draw a bar.
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
        BarColumn(bar_width=30),
        TextColumn("{task.percentage:>3.0f} %", markup=False, table_column=Column(no_wrap=True)),
        TimeElapsedColumn(),
        # Archived text, which may be of any length: it takes the room that is left.
        TextColumn("{task.fields[detail]}", markup=False, table_column=Column(no_wrap=True, ratio=1)),
    )
    with Progress(*columns, console=console, transient=True, expand=True) as bar:
        yield Steps(bar, what)
