"""The command `newsarchive`: which commands there are, and what happens to their errors.

A command's module, and with it Scrapy, SQLAlchemy or trafilatura, is imported only when that command is asked for.
"""

import gc
import importlib
import os
import sys
import textwrap
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from newsarchive.cli.output import plain
from newsarchive.version import VERSION
from storage.errors import ArchiveError

BROKEN_PIPE = 141
"""128 + SIGPIPE: what a shell reports of a program whose reader went away."""
INTERRUPTED = 130
"""128 + SIGINT."""
SOFTWARE = 1
OUTPUT = 74
"""EX_IOERR: a file that the command line names cannot be read or written."""

FILL, FIND, KEEP = "Fill the archive", "Find and take out", "Keep it in order"


@dataclass(frozen=True, slots=True)
class Entry:
    """A command that is loaded when it is asked for."""

    name: str
    place: str
    """module:function"""
    summary: str
    """First line of the function's docstring; a test compares."""
    panel: str


COMMANDS = (
    Entry("init", "newsarchive.cli.init:init", "Make a new archive in a folder.", FILL),
    Entry("add", "newsarchive.cli.add:add", "Look at a news site and write it into newsarchive.toml.", FILL),
    Entry("crawl", "newsarchive.cli.crawl:crawl", "Fetch what is due from the sites, and keep it.", FILL),
    Entry(
        "backfill",
        "newsarchive.cli.backfill:backfill",
        "Walk back through a site's past: its archives, sitemaps and further pages.",
        FILL,
    ),
    Entry(
        "worker",
        "newsarchive.cli.worker:worker",
        "Crawl what is due, as one of many machines.",
        FILL,
    ),
    Entry("import", "newsarchive.cli.import_:import_files", "Take in WARC files that another tool made.", FILL),
    Entry("demo", "newsarchive.cli.demo:demo", "Archive a newsroom that runs on this machine, and show it.", FILL),
    Entry(
        "serve",
        "newsarchive.cli.serve:serve",
        "Open the archive in a web browser: search, read, compare, replay.",
        FIND,
    ),
    Entry("search", "newsarchive.cli.search:search", "Find articles by their words.", FIND),
    Entry("show", "newsarchive.cli.show:show", "Show one article: text, versions, links, where its bytes lie.", FIND),
    Entry("export", "newsarchive.cli.export:export", "Write articles or records out, for other programs.", FIND),
    Entry("extract", "newsarchive.cli.extract:extract", "Read one saved page, without an archive.", FIND),
    Entry("status", "newsarchive.cli.status:status", "Show what the archive holds and how its sites do.", KEEP),
    Entry(
        "schedule",
        "newsarchive.cli.schedule:schedule",
        "Print what to install so that crawls run by themselves.",
        KEEP,
    ),
    Entry("workers", "newsarchive.cli.workers:workers", "Show which machine crawls what.", KEEP),
    Entry(
        "verify",
        "newsarchive.cli.verify:verify",
        "Check every record, and the index against the records.",
        KEEP,
    ),
    Entry(
        "places",
        "newsarchive.cli.places:places",
        "Show where the WARC files lie, and move them between folder and bucket.",
        KEEP,
    ),
    Entry("replay", "newsarchive.cli.replay:replay", "Install what replays pages with their scripts.", KEEP),
    Entry("rebuild", "newsarchive.cli.rebuild:rebuild", "Make the index anew from the WARC files.", KEEP),
    Entry(
        "migrate-index",
        "newsarchive.cli.migrate_index:migrate_index",
        "Copy the index into another database, with due times and all.",
        KEEP,
    ),
    Entry("reextract", "newsarchive.cli.reextract:reextract", "Read stored pages again, after an upgrade.", KEEP),
    Entry("doctor", "newsarchive.cli.doctor:doctor", "Look for what is wrong here, and say what to do.", KEEP),
)


class OnDemand(TyperGroup):
    """A group that lists its commands from the table and loads the one that is asked for."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for entry in COMMANDS:
            self.add_command(TyperCommand(entry.name, help=entry.summary, rich_help_panel=entry.panel))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The real command in place of its line in the list."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, load(name) if name is not None else listed, rest


def load(name: str) -> Any:
    """Import a command's module and make its parser."""
    entry = next(entry for entry in COMMANDS if entry.name == name)
    module, _, function = entry.place.partition(":")
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name=name)(getattr(importlib.import_module(module), function))
    return get_command(alone)


app = typer.Typer(
    cls=OnDemand,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: docs/exit-codes.md. Settings: docs/settings.md. First steps: newsarchive demo",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"newsarchive {VERSION}")
        raise typer.Exit


@app.callback()
def root(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show the Python traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and stop.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Keep news sites: every article page byte for byte, every version, found again by its words."""


def main() -> None:
    """The console script."""
    # Rows and pages are small objects that go by themselves: looking for rings among them as often as usual costs
    # a tenth of the main process's time.
    gc.set_threshold(20_000, 50, 1_000)
    code = run(sys.argv[1:])
    # Nor are there any to be found at the end, when Python would look through all that was ever imported.
    gc.freeze()
    sys.exit(code)


def run(words: Sequence[str]) -> int:
    """Run one command line and return its exit code; errors become one paragraph on standard error."""
    debug = "--debug" in words[:1] or bool(os.environ.get("NEWSARCHIVE_DEBUG"))
    try:
        app(list(words), prog_name="newsarchive")
        code = 0
    except SystemExit as end:
        code = _code(end)
    except BrokenPipeError:
        code = BROKEN_PIPE
    except KeyboardInterrupt:
        code = INTERRUPTED
    except ArchiveError as error:
        code = _report(str(error), error.exit_code, debug=debug)
    except OSError as error:
        named = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        code = _report(f"{named}. What the archive had committed is as it was", OUTPUT, debug=debug)
    except Exception as error:  # noqa: BLE001 - the last line of defence: a user gets a sentence, never a traceback
        code = _report(
            f"newsarchive has met a mistake of its own: {type(error).__name__}: {error}. What the archive had "
            "committed is as it was. To see where: newsarchive --debug ... (please report it with that text)",
            SOFTWARE,
            debug=debug,
        )
    return _flushed(code)


def _code(end: SystemExit) -> int:
    if isinstance(end.__context__, BrokenPipeError):
        return BROKEN_PIPE
    return end.code if isinstance(end.code, int) else int(end.code is not None)


def _report(message: str, code: int, *, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    width = 100 if sys.stderr.isatty() else 10_000
    print(textwrap.fill(f"newsarchive: {plain(message)}", width, break_long_words=False), file=sys.stderr)
    return code


def _flushed(code: int) -> int:
    """Standard output may break only now, with what was still in its buffer."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more at exit, which must not fail a second time.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return code
