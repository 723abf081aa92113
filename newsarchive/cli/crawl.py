"""newsarchive crawl."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated

import typer

from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Folder, Json, length, moment
from newsarchive.cli.output import as_json, cell, counted, stderr, stdout, steps
from newsarchive.crawl.run import CrawlReport, Shown
from newsarchive.crawl.run import crawl as run
from newsarchive.quantities import about, write_duration
from storage.model import Outcome

NOTHING = "Nothing could be fetched; the archive is as it was. See what is wrong here with: newsarchive doctor"


def crawl(
    sites: Annotated[list[str] | None, typer.Argument(metavar="[SITE]...", help="Only these; all by default.")] = None,
    *,
    max_pages: Annotated[int, typer.Option(min=0, metavar="N", help="Stop after so many pages; 0: no limit.")] = 0,
    max_time: Annotated[str | None, typer.Option(metavar="TIME", help="Stop after this time, such as 10m.")] = None,
    clock: Annotated[
        str | None, typer.Option(metavar="MOMENT", help="Rehearse: run as if it were this moment (ISO 8601).")
    ] = None,
    archive: Folder = HERE,
    json: Json = False,
) -> None:
    """Fetch what is due from the sites, and keep it.

    Goes on until nothing is due. Ctrl-C or SIGTERM stops it in good order; what was fetched is kept in any case. Ends
    with 75 where a crawl of a site is running already, and with 1 where no site gave any answer.
    """
    now = rehearsed(moment(clock, "--clock"))
    limit = length(max_time, "--max-time")
    with Archive.open(archive) as opened, steps("crawling") as step:

        def progress(shown: Shown) -> None:
            done = shown.counters.get("captures", 0)
            step(done, done + shown.waiting, shown.url)

        report = run(
            opened,
            sites,
            max_pages=max_pages,
            max_time=limit.total_seconds() if limit else 0.0,
            progress=progress,
            now=now,
        )
    for problem in report.problems:
        stderr().print(cell(problem), soft_wrap=True)
    if nothing := came_to_nothing(report):
        stderr().print(NOTHING, soft_wrap=True)
    if json:
        print(as_json({"run": report.run, "problems": report.problems}))
    else:
        stdout().print(cell(summary(report)), soft_wrap=True)
    raise typer.Exit(int(nothing))


def came_to_nothing(report: CrawlReport) -> bool:
    """Something was due, and no site gave any answer to it."""
    counters = report.run.counters
    # Not by the problems: that a run before was cut short is one, and its captures are in by now.
    tried = any(counters.get(name) for name in ("hosts_left", "silent", "refused", "disallowed"))
    return tried and not counters.get("captures")


def rehearsed(begin: datetime | None) -> Callable[[], datetime] | None:
    """A clock that goes on from a moment as time does; None for the real one."""
    if begin is None:
        return None
    started = time.monotonic()
    return lambda: begin + timedelta(seconds=time.monotonic() - started)


def summary(report: CrawlReport) -> str:
    """One line for people and for cron's mail."""
    run, counters = report.run, report.run.counters
    seconds = ((run.finished_at or run.started_at) - run.started_at).total_seconds()
    took = write_duration(timedelta(seconds=round(seconds)))
    names = ", ".join(site.name for site in run.sites)
    parts = [
        f"{counted(counters.get('captures', 0), 'capture')} ({about(counters.get('bytes', 0))})",
        f"{counted(counters.get('versions', 0), 'new article version')}",
        f"{counters.get('revisits', 0):,} unchanged",
        *_failures(counters),
    ]
    return f"{names}: {run.outcome} after {took}: {', '.join(parts)}"


def _failures(counters: Mapping[str, int]) -> list[str]:
    bad = (Outcome.ERROR, Outcome.CHALLENGE, Outcome.CONSENT_WALL, Outcome.SOFT_404, Outcome.EMPTY, Outcome.UNREADABLE)
    left_out = (("disallowed", "left to robots.txt"), ("refused", "refused as no address to ask"))
    return [
        *(f"{counters[outcome]:,} {outcome}" for outcome in bad if counters.get(outcome)),
        *(f"{counters[name]:,} {meaning}" for name, meaning in left_out if counters.get(name)),
    ]
