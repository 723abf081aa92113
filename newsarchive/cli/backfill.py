"""newsarchive backfill."""

import time
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

import typer

from newsarchive.archive import Archive
from newsarchive.cli.crawl import came_to_nothing, logged, progress, rehearsed, tell
from newsarchive.cli.options import HERE, Folder, Json, length, moment
from newsarchive.cli.output import as_json, counted, stdout, steps
from newsarchive.config.units import size
from newsarchive.crawl.backfill import Backfill, Backfilled
from newsarchive.crawl.backfill import backfill as run
from storage.errors import ConfigError


def backfill(  # noqa: PLR0913 - each is an option of the command line
    site: Annotated[str, typer.Argument(help="The site, by its name.")],
    *,
    until: Annotated[str, typer.Option(metavar="DATE", help="Back to this date (2019-01-01), moment, or age (365d).")],
    max_pages: Annotated[int, typer.Option(min=0, metavar="N", help="Stop after so many requests; 0: no limit.")] = 0,
    max_time: Annotated[str | None, typer.Option(metavar="TIME", help="Stop after this time, such as 6h.")] = None,
    max_bytes: Annotated[str | None, typer.Option(metavar="SIZE", help="Stop after so much, such as 2GB.")] = None,
    clock: Annotated[
        str | None, typer.Option(metavar="MOMENT", help="Rehearse: run as if it were this moment (ISO 8601).")
    ] = None,
    archive: Folder = HERE,
    json: Json = False,
) -> None:
    """Walk back through a site's past: its archives, sitemaps and further pages.

    What is due goes first, so the daily crawl misses nothing meanwhile. Then what is old, the newest first, as politely
    as ever. Stop it when you like: the next one goes on where this one was.
    """
    back_to = moment(until, "--until")
    assert back_to is not None
    wanted = Backfill(
        site=site,
        until=back_to,
        max_pages=max_pages,
        max_time=(length(max_time, "--max-time") or timedelta()).total_seconds(),
        max_bytes=_size(max_bytes),
    )
    with Archive.open(archive) as opened, logged(opened.config), steps("walking back") as step:
        began = time.monotonic()
        done = run(
            opened,
            wanted,
            progress=lambda shown: step(*progress(shown, time.monotonic() - began)),
            now=rehearsed(moment(clock, "--clock")),
            alone=True,
        )
        report = replace(done.report, notes=(*done.report.notes, left(done, wanted)))
        nothing = came_to_nothing(report)
        tell(report, nothing=nothing, quiet=json)
    if json:
        print(as_json({"run": report.run, "problems": report.problems, "before": done.before, "left": done.left}))
    elif not done.left:
        stdout().print(f"{site} is kept back to {wanted.until:%Y-%m-%d}, as far as it names what it had.")
    raise typer.Exit(int(nothing))


def left(done: Backfilled, wanted: Backfill) -> str:
    """One line on what is still to be had."""
    return f"{counted(done.left, 'page')} back to {wanted.until:%Y-%m-%d} still to be fetched ({done.before:,} before)"


def _size(words: str | None) -> int:
    if words is None:
        return 0
    try:
        return size(words)
    except ValueError as error:
        raise ConfigError(f"--max-bytes: {error}. Nothing was done") from None
