"""Output of commands: text for a terminal, plain lines for a log, JSON for programs.

Everything that comes from an archived page goes through `sanitize`: it may contain terminal escape sequences.
"""

import json
import logging
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from importlib.resources import files
from pathlib import PurePath
from typing import NoReturn

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text
from typer import Exit

from storage.article_fields import ArticleFields, format_time, paragraphs_to_json
from storage.errors import ConfigError
from storage.page_date import PageDate

# C0 except tab and newline, DEL, C1; the characters that change the direction of text; surrogates.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
TEXTS = tomllib.loads(files("newsarchive.cli").joinpath("texts.toml").read_text("utf-8"))
PLAIN_WIDTH = 100_000
"""Width without a terminal: no line is broken, for programs that read lines."""

PROGRAM, STEPS = logging.getLogger("newsarchive"), logging.getLogger("newsarchive.steps")
"""Loggers of everything, and of the progress of long work."""

AS_JSON = ContextVar("AS_JSON", default=False)
"""State of `choose_json`."""


def sanitize(text: str) -> str:
    r"""Replace control characters, which a terminal could interpret.

    >>> sanitize("a\x1b[31mb")
    'a\ufffd[31mb'
    """
    return _CONTROL.sub("\ufffd", text)


def _console(*, stderr: bool) -> Console:
    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=None if terminal else PLAIN_WIDTH)


stdout, stderr = partial(_console, stderr=False), partial(_console, stderr=True)
"""Functions that return a console on standard output, and one on standard error, for progress and remarks."""


def to_json(value: object) -> str:
    """Return one line of JSON; dataclasses become objects. Of Unicode, only control characters are escaped."""
    text = json.dumps(value, ensure_ascii=False, default=_encode)
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def choose_json(requested: bool) -> None:
    """Print results as JSON (option --json)."""
    AS_JSON.set(requested)


def require_json(format_: str, into: PurePath | None = None) -> None:
    """Raise ConfigError if --json is given, and what goes to standard output is in another format."""
    if AS_JSON.get() and into is None and format_ not in {"json", "jsonl", "csl"}:
        raise ConfigError.create("json-and-format", format=format_)


def print_result(value: object, show: Callable[[], object]) -> None:
    """Print what a command found or did: `value` with --json, else by calling `show`."""
    if AS_JSON.get():
        print(to_json(value))
    else:
        show()


def end_command(value: object, show: Callable[[], object], problems: Sequence[str]) -> NoReturn:
    """Print the result of a command, then its problems; exit with 1 if there are any."""
    print_result(value, show)
    print_lines(stderr(), problems, style="red")
    raise Exit(int(bool(problems)))


def _encode(value: object) -> object:
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (date, PageDate)):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        named = {each.name: getattr(value, each.name) for each in fields(value)}
        if isinstance(value, ArticleFields):
            named |= {"body": value.body, "paragraphs": paragraphs_to_json(value.paragraphs)}
            named |= {"boilerplate": value.boilerplate, "corrections": value.corrections, "agencies": value.agencies}
        return named
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def short_time(when: datetime | None) -> str:
    """Return a time as lists show it, in UTC to the minute; "-" for None."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if when else "-"


def create_table(*headings: str, right: Sequence[str] = ()) -> Table:
    """Return an empty table; the columns in `right` are right-aligned."""
    columns = (Column(each, justify="right" if each in right else "left", overflow="fold") for each in headings)
    return Table(*columns, box=None, pad_edge=False, header_style="bold", show_edge=False)


def safe_text(text: str, style: str = "") -> Text:
    """Return archived text for a table or a line, sanitized."""
    return Text(sanitize(text), style=style)


def print_line(out: Console, text: str, style: str = "") -> None:
    """Print archived text, sanitized, as one line however long."""
    out.print(safe_text(text.replace("\n", "\ufffd"), style), soft_wrap=True)


def print_lines(out: Console, lines: Iterable[object], before: str = "", style: str = "") -> None:
    """Print archived texts, each as one line after the words `before`."""
    for line in lines:
        print_line(out, f"{before}{line}", style)


def log_steps(requested: bool) -> None:
    """Log what commands do on standard error (option --verbose)."""
    if requested:
        # Few commands log, and importing it takes time.
        from newsarchive.crawl.crawl_log import CrawlLines

        handler = logging.StreamHandler()
        handler.setFormatter(CrawlLines(as_json=False))
        PROGRAM.addHandler(handler)
        PROGRAM.setLevel(logging.INFO)


@contextmanager
def show_progress(what: str) -> Iterator[Callable[[int, int, str], None]]:
    """Show a progress bar while the block runs, if standard error is a terminal; with --verbose, log lines instead.

    The block calls what it is given with the number done, the total (0: unknown) and a detail.
    """
    console = stderr()
    if STEPS.isEnabledFor(logging.INFO) or not console.is_terminal:
        yield lambda done, total, detail: STEPS.info("%s: %d of %s, %s", what, done, total or "?", detail)
        return
    # Importing it takes a twentieth of the start-up time, and few commands show a bar.
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
        BarColumn(bar_width=20),
        TextColumn("{task.percentage:>3.0f} %", markup=False, table_column=Column(no_wrap=True)),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        # Archived text of any length: it takes the remaining width.
        TextColumn("{task.fields[detail]}", markup=False, table_column=Column(no_wrap=True, ratio=1)),
    )
    with Progress(*columns, console=console, transient=True, expand=True) as bar:
        task = bar.add_task(what, total=None, detail="")
        yield lambda done, total, detail: bar.update(task, completed=done, total=total or None, detail=sanitize(detail))
