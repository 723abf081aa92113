"""newsarchive crawl."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated

import typer

from newsarchive.archive import Archive
from newsarchive.bucket.upload import waiting
from newsarchive.cli.options import HERE, Folder, Json, length, moment
from newsarchive.cli.output import as_json, cell, counted, stderr, stdout, steps
from newsarchive.config.schema import Config
from newsarchive.config.units import about, write_duration
from newsarchive.crawl.backfill import Left, left
from newsarchive.crawl.crawl_log import LOG, log_to, stop
from newsarchive.crawl.run import CrawlReport, Shown
from newsarchive.crawl.run import crawl as run
from newsarchive.operations.healthchecks import Ping
from newsarchive.operations.metrics import exposition, write
from storage.errors import ArchiveBusy, StorageError
from storage.model import Outcome

BAD = (Outcome.ERROR, Outcome.CHALLENGE, Outcome.CONSENT_WALL, Outcome.SOFT_404, Outcome.EMPTY, Outcome.UNREADABLE)
TOLD = (*BAD, Outcome.PAYWALL_STUB, Outcome.TOO_LARGE)
"""What an owner expected to be an article and is none: told at the end, though not all of it went wrong."""
HANGS = timedelta(days=1)
"""A crawl that has run for so long is one that somebody should look at."""
SITES_TOLD = 5
"""Sites that get a line each on what is left of their past."""
NOTHING = "Nothing could be fetched; the archive is as it was. See what is wrong here with: newsarchive doctor"


def crawl(  # noqa: PLR0913 - each is an option of the command line
    sites: Annotated[list[str] | None, typer.Argument(metavar="[SITE]...", help="Only these; all by default.")] = None,
    *,
    max_pages: Annotated[int, typer.Option(min=0, metavar="N", help="Stop after so many pages; 0: no limit.")] = 0,
    max_time: Annotated[str | None, typer.Option(metavar="TIME", help="Stop after this time, such as 10m.")] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing unless something is wrong: for cron, which mails it.")
    ] = False,
    ping: Annotated[
        str | None, typer.Option(metavar="URL", help="Health check to tell, instead of the one in newsarchive.toml.")
    ] = None,
    readers: Annotated[
        int, typer.Option(min=0, metavar="N", help="Processes that read pages; 0: as newsarchive.toml says.")
    ] = 0,
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
    asked = Asked(
        sites=tuple(sites or ()),
        max_pages=max_pages,
        max_time=length(max_time, "--max-time") or timedelta(),
        now=rehearsed(moment(clock, "--clock")),
    )
    with Archive.open(archive) as opened, logged(opened.config), passing_over(opened, quiet=quiet):
        if readers:
            opened.config = replace(opened.config, workers=readers)
        report = watched(opened, asked, Ping(opened.config.ping if ping is None else ping))
        if complaint := tell_prometheus(opened):
            stderr().print(cell(complaint), soft_wrap=True)
        nothing = came_to_nothing(report)
        tell(report, nothing=nothing, quiet=quiet or json)
        ended = report.run.finished_at or report.run.started_at
        past = () if quiet else left(opened, [site.name for site in report.run.sites], ended)
    if json:
        print(as_json({"run": report.run, "problems": report.problems, "notes": report.notes, "left": past}))
    else:
        for line in left_to_backfill(past, "" if archive == HERE else f" --archive {archive}"):
            stdout().print(cell(line), soft_wrap=True)
    raise typer.Exit(int(nothing))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line asks for."""

    sites: tuple[str, ...]
    max_pages: int
    max_time: timedelta
    """Zero: no limit."""
    now: Callable[[], datetime] | None


def watched(archive: Archive, asked: Asked, check: Ping) -> CrawlReport:
    """Crawl while a display shows how far it has come and a health check is told how it goes."""
    begun: list[float] = []

    def begin() -> None:
        begun.append(time.monotonic())
        check.start()

    try:
        sites = counted(len(archive.config.chosen(asked.sites)), "site")
        with steps(f"crawling {sites}") as step:
            report = run(
                archive,
                asked.sites,
                max_pages=asked.max_pages,
                max_time=asked.max_time.total_seconds(),
                progress=lambda shown: step(*progress(shown, time.monotonic() - begun[0])),
                begun=begin,
                now=asked.now,
                alone=True,
            )
    except BaseException as error:
        if begun:  # a crawl that another one keeps from beginning is no failure of the archive's
            check.fail(str(error) or type(error).__name__)
        raise
    (check.fail if came_to_nothing(report) else check.success)("\n".join((summary(report), *report.problems)))
    return replace(report, notes=(*report.notes, check.problem)) if check.problem else report


def progress(shown: Shown, seconds: float) -> tuple[int, int, str]:
    """What the display shows: done, total, and in words the pages, the rate, what failed, and the newest URL.

    >>> progress(Shown(counters={"captures": 30, "error": 2}, waiting=10, url="https://news.example/a"), 10.0)
    (30, 40, '30 pages, 3.0/s, 10 waiting, 2 failed, https://news.example/a')
    """
    done = shown.counters.get("captures", 0)
    failed = sum(shown.counters.get(outcome, 0) for outcome in BAD) + shown.counters.get("silent", 0)
    rate = done / seconds if seconds > 0 else 0.0
    failures = f"{failed:,} failed, " if failed else ""
    words = f"{counted(done, 'page')}, {rate:.1f}/s, {shown.waiting:,} waiting, {failures}{shown.url}"
    return done, done + shown.waiting, words


@contextmanager
def passing_over(archive: Archive, *, quiet: bool) -> Iterator[None]:
    """Where nothing is to be said unless something is wrong: a crawl that still runs is not, unless it hangs."""
    try:
        yield
    except ArchiveBusy as busy:
        LOG.info("%s", busy)
        began = busy.since
        if quiet and began is not None and archive.now() - began < HANGS:
            raise typer.Exit(busy.exit_code) from None
        raise


@contextmanager
def logged(config: Config) -> Iterator[None]:
    """Have the crawl write the log that the settings name."""
    if not config.log:
        yield
        return
    path = config.folder / config.log
    try:
        handler = log_to(path, as_json=config.log_json, size=config.log_size, keep=config.log_files)
    except OSError as problem:
        raise StorageError(
            f"{path} cannot be written ({problem.strerror}); nothing was fetched. Mend it, or change log in "
            "newsarchive.toml"
        ) from problem
    try:
        yield
    finally:
        stop(handler)


def tell_prometheus(archive: Archive) -> str | None:
    """Write the metrics that the settings name; returns why they could not be written."""
    if not archive.config.metrics:
        return None
    crawls = archive.index.crawls(limit=200)
    unsent = waiting(archive.places) if archive.places.bucket else None
    try:
        write(archive.folder / archive.config.metrics, exposition(archive.status(), crawls, archive.now(), unsent))
    except StorageError as problem:
        return str(problem)
    return None


def tell(report: CrawlReport, *, nothing: bool, quiet: bool) -> None:
    """Say how it went: what is wrong on standard error; the summary on standard output, or behind what is wrong."""
    wrong = bool(report.problems) or nothing
    for problem in report.problems:
        LOG.warning("%s", problem)
        stderr().print(cell(problem), soft_wrap=True)
    if nothing:
        stderr().print(NOTHING, soft_wrap=True)
    for note in report.notes:
        LOG.info("%s", note)
        if not quiet:
            stderr().print(cell(note, "dim"), soft_wrap=True)
    LOG.info("%s", summary(report))
    if not quiet or wrong:
        (stderr() if quiet else stdout()).print(cell(summary(report)), soft_wrap=True)


def left_to_backfill(past: Sequence[Left], where: str = "") -> list[str]:
    """A line for each site of whose past something is known and not fetched; one for all where they are many.

    >>> (line,) = left_to_backfill([Left(site="gazette", pages=1, until=datetime(2019, 3, 1))])
    >>> line.partition(". To fetch that too, as far back as March 2019: ")[::2]
    ('gazette: a crawl takes what is new, and left out 1 older page', 'newsarchive backfill gazette --until 2019-03-01')
    """
    if len(past) > SITES_TOLD:
        pages = counted(sum(each.pages for each in past), "older page")
        line = f"{len(past):,} sites: a crawl takes what is new, and left out {pages}. To fetch those of one too: "
        return [f"{line}newsarchive backfill SITE --until DATE{where}"]
    return [
        f"{each.site}: a crawl takes what is new, and left out {counted(each.pages, 'older page')}. To fetch "
        f"{'that' if each.pages == 1 else 'those'} too, as far back as {each.until:%B %Y}: "
        f"newsarchive backfill {each.site} --until {each.until:%Y-%m-%d}{where}"
        for each in past
    ]


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
    left_out = (
        ("disallowed", "left to robots.txt"),
        ("refused", "refused as no address to ask"),
        ("guarded", "on hosts that are not public"),
        ("trapped", "put off as traps"),
        ("parked", "of families that bring nothing"),
        ("late", "too late for the page that they are a part of"),
    )
    return [
        *(f"{counters[outcome]:,} {outcome}" for outcome in TOLD if counters.get(outcome)),
        *(f"{counters[name]:,} {meaning}" for name, meaning in left_out if counters.get(name)),
    ]
