"""The program `newsarchive`: its table of commands, and error handling.

A command's module, and with it Scrapy, SQLAlchemy or trafilatura, is imported only when that command is called.
"""

import gc
import importlib
import os
import signal
import sys
import textwrap
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from newsarchive.cli.output import choose_json, log_steps, sanitize, stderr
from newsarchive.version import VERSION
from storage.errors import ArchiveError

BROKEN_PIPE = 141
"""128 + SIGPIPE, as shells report it."""
INTERRUPTED, TERMINATED = 130, 143  # 128 + SIGINT, 128 + SIGTERM
OUTPUT = 74
"""EX_IOERR: a file named on the command line cannot be read or written."""


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A command that is imported when it is called."""

    name: str
    target: str
    """module:function, the module in this package."""
    summary: str
    """First line of the function's docstring."""
    panel: str


_, *_PANELS = Path(__file__).with_name("commands.txt").read_text("utf-8").strip().split("\n\n")
COMMANDS = tuple(
    CommandEntry(name, target, summary, panel)
    for panel, *lines in map(str.splitlines, _PANELS)
    for name, target, summary in (line.split(" | ") for line in lines)
)


class LazyGroup(TyperGroup):
    """Group that lists its commands from the table and imports the one that is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for entry in COMMANDS:
            self.add_command(TyperCommand(entry.name, help=entry.summary, rich_help_panel=entry.panel))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Replace the listed command by the imported one."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, load_command(name) if name is not None else listed, rest


def load_command(name: str) -> Any:
    """Import the module of a command and build its parser, which has the options of every command too."""
    entry = next(entry for entry in COMMANDS if entry.name == name)
    module, _, function = entry.target.partition(":")
    command = _build_parser(name, getattr(importlib.import_module(f"newsarchive.cli.{module}"), function))
    command.params += _build_parser(name, _accept_common).params
    # Otherwise help keeps the lines of the docstring, whatever the width of the terminal.
    command.help = "\n\n".join(" ".join(paragraph.split()) for paragraph in command.help.split("\n\n"))
    return command


def _build_parser(name: str, function: Callable[..., None]) -> Any:
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name=name)(function)
    return get_command(alone)


def _accept_common(
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.", callback=choose_json, expose_value=False)] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log each step on stderr.", callback=log_steps, expose_value=False)
    ] = False,
) -> None:
    """Declare the options that every command has."""


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Manual: newsarchive help. First steps: newsarchive demo",
)


def _print_version(requested: bool) -> None:
    if requested:
        typer.echo(f"newsarchive {VERSION}")
        raise typer.Exit


@app.callback()
def root(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Print the Python traceback of errors.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Archive news sites: every article page byte for byte, every version, with full-text search."""


def main() -> None:
    """Entry point of the console script."""
    # What others may not read of the archive, its folder must not give them: files are 0640 unless a umask is stricter.
    os.umask(os.umask(0o077) | 0o027)
    # A closed stream is replaced before a database gets its number; what is printed is UTF-8 in any locale, as JSON is.
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name) or open(os.devnull, "w")  # noqa: PTH123, SIM115 - until the process ends
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
        setattr(sys, name, stream)
    # Rows and pages have no reference cycles: collecting as often as by default costs a tenth of the CPU time.
    gc.set_threshold(20_000, 50, 1_000)
    # Both end a command in order, with the cleanup of what it was doing, unless it handles them itself.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    code = run(sys.argv[1:])
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    # Skips the collection at exit, which would scan everything that was imported.
    gc.freeze()
    sys.exit(code)


def run(words: Sequence[str]) -> int:
    """Run one command line and return its exit code; an error becomes a paragraph on standard error."""
    debug = "--debug" in words[:1] or bool(os.environ.get("NEWSARCHIVE_DEBUG"))
    try:
        code = app(list(words), prog_name="newsarchive", standalone_mode=False) or 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.__context__, BrokenPipeError):
            code = BROKEN_PIPE
    except BrokenPipeError:
        code = BROKEN_PIPE
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except typer.TyperException as error:  # the command line is wrong; without a command, help is printed
        code, place = getattr(error, "exit_code", 2), getattr(error, "ctx", None)
        if message := getattr(error, "format_message", error.__str__)().replace(": Value error, ", ": ").rstrip("."):
            named = getattr(place, "command_path", " ".join(["newsarchive", *words[:1]]))
            stop = "" if message.endswith("?") else "."
            _report_error(f"{message}{stop}\nNothing was done. Options: {named} --help", code, debug=debug)
    except ArchiveError as error:
        code = _report_error(str(error), error.exit_code, debug=debug)
    except OSError as error:
        named = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        advice = "Check the path and its permissions, then run the command again"
        code = _report_error(f"{named}. Committed data is unchanged. {advice}", OUTPUT, debug=debug)
    except Exception as error:  # noqa: BLE001 - users get a sentence, not a traceback
        named = f"internal error: {type(error).__name__}: {error}"
        advice = "Please report this with the output of: newsarchive --debug ..."
        code = _report_error(f"{named}. Committed data is unchanged. {advice}", 1, debug=debug)
    if code in {INTERRUPTED, TERMINATED}:
        _report_error("interrupted. What was committed is kept; run the command again", code, debug=False)
    return _flush_output(code)


def _report_error(message: str, code: int, *, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    width = min(100, stderr().width or 100) if sys.stderr.isatty() else 10_000
    for line in f"newsarchive: {sanitize(message)}".splitlines():
        print(textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False), file=sys.stderr)
    return code


def _flush_output(code: int) -> int:
    """Flush standard output, whose reader may be gone."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes again at exit, which must not fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return code
