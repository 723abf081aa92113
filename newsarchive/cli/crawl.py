"""newsarchive crawl, backfill and save: runs of the crawler."""

import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Exit, Option

from newsarchive.archive import Archive
from newsarchive.cli.app import INTERRUPTED
from newsarchive.cli.options import HERE, MAX_PROCESSES, Clock, Folder, MaxTime, Sites, parse_max_time, parse_value
from newsarchive.cli.output import AS_JSON, TEXTS, print_line, print_lines, print_result, show_progress, stderr, stdout
from newsarchive.config.schema import Config
from newsarchive.config.units import format_duration, humanize_size, parse_size, parse_time, pluralize
from newsarchive.crawl.backfill import PendingBackfill, find_pending_backfills
from newsarchive.crawl.backfill import backfill as run_backfill
from newsarchive.crawl.crawl_log import LOG, log_to_file
from newsarchive.crawl.named_pages import NamedPages
from newsarchive.crawl.run import CrawlReport, OnProgress, list_seeds
from newsarchive.crawl.run import crawl as run
from newsarchive.crawl.save import save as run_save
from newsarchive.ingest.page_files import read_urls
from newsarchive.operations import health, healthchecks, metrics
from storage.errors import ArchiveBusy, ConfigError, StorageError
from storage.index.frontier.url_queue import DueQuery, find_urls, select_due_urls
from storage.index.queries import aggregates, articles, status
from storage.model import Outcome
from storage.places.folder import write_atomic
from storage.warc.spider_output import SPIDER
from storage.warc.tombstones import digest_url, load_takedowns

_REPORTED = "error challenge consent_wall login_wall soft_404 soft_error empty unreadable paywall_stub too_large"
REPORTED_OUTCOMES = tuple(map(Outcome, _REPORTED.split()))
"""Outcomes that are reported in the summary; not all of them are failures."""
STUCK_AFTER = timedelta(days=1)
"""Age at which a running crawl is reported under --quiet too."""
MAX_BACKLOG_LINES = 5
"""Sites that get a line of their own about older pages."""
MAX_DUE = 100_000
"""URLs that --dry-run lists."""
NOTHING_FETCHED = "Nothing could be fetched; the archive is unchanged. To find the cause: newsarchive doctor"


def crawl(  # noqa: PLR0913 - each is an option of the command line
    sites: Sites = None,
    *,
    max_pages: Annotated[int, Option(min=0, metavar="N", help="Stop after N pages; 0: no limit.")] = 0,
    max_time: MaxTime = None,
    dry_run: Annotated[bool, Option("--dry-run", help="List the URLs that are due, and fetch nothing.")] = False,
    quiet: Annotated[bool, Option("--quiet", "-q", help="Print only problems, for cron.")] = False,
    ping: Annotated[str | None, Option(metavar="URL", help="Health check URL, instead of the setting.")] = None,
    readers: Annotated[int, Option(min=0, max=MAX_PROCESSES, metavar="N", help="Readers; 0: `reader_processes`.")] = 0,
    clock: Clock = None,
    archive: Folder = HERE,
) -> None:
    """Fetch due URLs of the configured sites.

    Runs until no URL is due. Ctrl-C or SIGTERM stops it; everything fetched so far is kept. Exits with 75 if a crawl of
    a site is already running, and with 1 if no site responded.
    """
    seconds = parse_max_time(max_time)
    now = simulated_clock(parse_time(clock, "--clock"))
    fetch = partial(run, max_pages=max_pages, max_time=seconds, now=now, sole_process=True)
    with Archive.open(archive) as opened, write_crawl_log(opened.config), tolerate_running_crawl(opened, quiet=quiet):
        if dry_run:
            return print_due_urls(opened, sites or (), now or opened.now)
        if readers:
            opened.config = replace(opened.config, reader_processes=readers)
        report = run_with_progress(opened, sites or (), fetch, opened.config.ping if ping is None else ping)
        if complaint := update_metrics(opened):
            print_line(stderr(), complaint)
        print_report(report, quiet=quiet or AS_JSON.get())
        ended = report.run.finished_at or report.run.started_at
        past = () if quiet else find_pending_backfills(opened, [site.name for site in report.run.sites], ended)
    where = "" if archive == HERE else f" --archive {shlex.quote(str(archive))}"
    result = {"run": report.run, "problems": report.problems, "notes": report.notes, "left": past}
    print_result(result, lambda: print_lines(stdout(), describe_backlog(past, where)))
    raise Exit(exit_code(report))


def backfill(  # noqa: PLR0913 - each is an option of the command line
    site: Annotated[str, Argument(help="Name of the site.")],
    *,
    until: Annotated[str, Option(metavar="DATE", help="Fetch articles published since this date, time, or age.")],
    max_pages: Annotated[int, Option(min=0, metavar="N", help="Stop after N requests; 0: no limit.")] = 0,
    max_time: MaxTime = None,
    max_bytes: Annotated[str | None, Option(metavar="SIZE", help="Stop after this many bytes, such as 2GB.")] = None,
    clock: Clock = None,
    archive: Folder = HERE,
) -> None:
    """Fetch older articles of a site.

    They are found in its archive pages, sitemaps and further listing pages. Due URLs are fetched first, as by a crawl;
    then older articles, the newest first, with the same delays. It may be stopped at any time; the next run continues.
    """
    back_to = parse_time(until, "--until")
    assert back_to is not None
    seconds = parse_max_time(max_time)
    size = parse_value(parse_size, max_bytes, "--max-bytes") or 0
    fetch = partial(run_backfill, max_pages=max_pages, max_time=seconds, max_bytes=size, sole_process=True)
    with Archive.open(archive) as opened, write_crawl_log(opened.config), show_run("backfilling") as progress:
        now = simulated_clock(parse_time(clock, "--clock"))
        report, before, left = fetch(opened, site, back_to, progress=progress, now=now)
        waiting = f"{pluralize(left, 'page')} back to {back_to:%Y-%m-%d} still to be fetched"
        report = replace(report, notes=(*report.notes, f"{waiting} ({before:,} before)"))
        print_report(report, quiet=AS_JSON.get())
    result = {"run": report.run, "problems": report.problems, "before": before, "left": left}
    reached = f"{site} is archived back to {back_to:%Y-%m-%d}, as far as its archives list articles."
    print_result(result, lambda: print_lines(stdout(), () if left else (reached,)))
    raise Exit(exit_code(report))


def save(
    urls: Annotated[list[str], Argument(metavar="URL...", help="Pages to save; - reads their URLs from stdin.")],
    *,
    archive: Folder = HERE,
) -> None:
    """Save single pages into the archive, now.

    Each is fetched with its requisites, by the rules of a crawl. A page of a host that no site has is kept under a site
    of the host's name. Exits with 1 if a page was not saved, and with 75 if its site is being crawled.
    """
    wanted = [url for word in urls for url in (read_urls(sys.stdin.buffer.read()) if word == "-" else [word])]
    if not wanted:
        raise ConfigError("there is no URL on standard input; nothing was saved. Write one per line, or: save URL")
    pages, code = save_pages(wanted, archive)
    print_result(pages, lambda: print_pages(pages))
    raise Exit(code)


def save_pages(urls: Sequence[str], archive: Path) -> tuple[list[dict[str, Any]], int]:
    """Save pages into the archive in a folder; return what each became, and the exit code."""
    with Archive.open(archive) as opened, write_crawl_log(opened.config), show_run("saving") as progress:
        pages, runs = run_save(opened, urls, progress=progress, sole_process=True)
        results = [describe_page(opened, pages, url) for url in pages.urls]
    print_lines(stderr(), dict.fromkeys(problem for each in runs for problem in each.problems))
    is_interrupted = any(each.is_interrupted for each in runs)
    return results, INTERRUPTED if is_interrupted else int(not all(page["saved"] for page in results))


def print_pages(pages: Sequence[dict[str, Any]]) -> None:
    """Print what each page became; those that were not saved to standard error."""
    for page in pages:
        target = f" -> {page['final_url']}" if page["final_url"] != page["url"] else ""
        print_line(stdout() if page["saved"] else stderr(), f"{page['url']}{target}: {page['text']}")


def describe_page(archive: Archive, pages: NamedPages, url: str) -> dict[str, Any]:
    """Return what a URL became: its capture, and a text for people."""
    found = pages.captures.get(final := pages.follow(url))
    capture = archive.index.ask(articles.get_capture_of_record, found.record_id) if found is not None else None
    line = {"url": url, "final_url": final, "capture": capture}
    if capture is None:
        reason = pages.postponed.get(final, "the run ended before it")
        return {**line, "saved": False, "text": f"not fetched: {reason}"}
    what = f"{capture.outcome} ({capture.reason})"
    if capture.outcome is Outcome.NOT_MODIFIED:
        what = "unchanged since the capture before"
    if capture.article_id is not None and (article := archive.article(capture.article_id)) is not None:
        anew = ", read anew by its spider" if SPIDER in capture.reason else ""
        same = f", unchanged{anew}" if capture.kind == "revisit" else ""
        what = f"article {article.id}{same}: {article.current.headline}"
    is_page = capture.outcome not in aggregates.FAILED_OUTCOMES | {Outcome.GONE, Outcome.REDIRECT}
    return {**line, "saved": is_page, "text": f"{what}; record in {capture.place.warc}"}


def print_due_urls(archive: Archive, names: Sequence[str], now: Callable[[], datetime]) -> None:
    """Print the URLs that a crawl would request now, most urgent first: site, kind, URL."""
    sites, at = archive.config.select_sites(names), now()
    query = DueQuery(now=at, sites=[site.name for site in sites], limit=MAX_DUE, per_host=MAX_DUE)
    due = [(each.url, each.discovery) for each in archive.index.read(select_due_urls, query)]
    seeds = {each.url: each.discovery for site in sites for each in list_seeds(site, at)}
    known = {each.url for each in archive.index.read(find_urls, seeds)}
    ended = load_takedowns(archive.folder, archive.places).union(map(digest_url, archive.config.unwatched))
    found = [*((url, each) for url, each in seeds.items() if url not in known), *due]
    values = [{"site": each.site, "kind": each.kind, "url": url} for url, each in found if digest_url(url) not in ended]
    lines = map("{site} {kind} {url}".format_map, values)
    print_result(values, lambda: print_lines(stdout(), lines) if values else print_line(stderr(), "No URL is due."))


def run_with_progress(
    archive: Archive, sites: Sequence[str], fetch: Callable[..., CrawlReport], check: str
) -> CrawlReport:
    """Run the crawl `fetch` with a progress display and pings of a health check's URL."""
    begun: list[bool] = []

    def begin() -> None:
        begun.append(True)
        healthchecks.ping(check, "/start")

    try:
        with show_run(f"crawling {pluralize(len(archive.config.select_sites(sites)), 'site')}") as progress:
            report = fetch(archive, sites, progress=progress, on_locked=begin)
    except BaseException as error:
        if begun:  # a crawl that another running one prevents is not a failure
            healthchecks.ping(check, "/fail", str(error) or type(error).__name__)
        raise
    said = "\n".join((summary_line(report), *report.problems))
    problem = healthchecks.ping(check, "/fail" if is_unanswered(report) else "", said)
    return replace(report, notes=(*report.notes, problem)) if problem else report


@contextmanager
def show_run(what: str) -> Iterator[OnProgress]:
    """Show the progress of a run, from now on, while the block runs."""
    began = time.monotonic()
    with show_progress(what) as step:
        yield lambda counters, waiting, url: step(*describe_progress(counters, waiting, url, time.monotonic() - began))


def describe_progress(counters: Mapping[str, int], waiting: int, url: str, seconds: float) -> tuple[int, int, str]:
    """Return done, total, and a text with pages, rate, queue, failures and the newest URL.

    >>> describe_progress({"captures": 30, "error": 2}, 9, "http://a.test/", 9)
    (30, 39, '30 pages, 3.3/s, 9 waiting, 2 failed, http://a.test/')
    """
    done = counters.get("captures", 0)
    failed = sum(counters.get(outcome, 0) for outcome in aggregates.FAILED_OUTCOMES) + counters.get("no_response", 0)
    rate = done / seconds if seconds > 0 else 0.0
    failures = f"{failed:,} failed, " if failed else ""
    return done, done + waiting, f"{pluralize(done, 'page')}, {rate:.1f}/s, {waiting:,} waiting, {failures}{url}"


@contextmanager
def tolerate_running_crawl(archive: Archive, *, quiet: bool) -> Iterator[None]:
    """Under --quiet, exit without a message if a crawl is running, unless it is older than STUCK_AFTER."""
    try:
        yield
    except ArchiveBusy as busy:
        LOG.info("%s", busy)
        began = busy.since
        if quiet and began is not None and archive.now() - began < STUCK_AFTER:
            raise Exit(busy.exit_code) from None
        raise


def write_crawl_log(config: Config) -> AbstractContextManager[None]:
    """Write the log file of the settings, if there is one, while the block runs."""
    if not config.log:
        return nullcontext()
    path = config.folder / config.log
    return log_to_file(path, as_json=config.log_json, size=config.log_size, keep=config.log_files)


def update_metrics(archive: Archive) -> str | None:
    """Write the metrics file of the settings; return the error message if it cannot be written."""
    if not archive.config.metrics:
        return None
    config, now, file = archive.config, archive.now(), archive.folder / archive.config.metrics
    report = health.check_health(archive.index, config, now)
    crawls = archive.index.ask(status.list_crawls, limit=200)
    with suppress(OSError):  # writing the file says what is wrong
        file.parent.mkdir(parents=True, exist_ok=True)
    try:
        text = metrics.format_metrics(report, crawls, now, bucket=archive.places.bucket is not None)
        write_atomic(file, text, mode=0o644)
    except StorageError as problem:
        return str(problem)
    return None


def print_report(report: CrawlReport, *, quiet: bool) -> None:
    """Print problems to standard error and the summary to standard output; with `quiet`, only problems and summary."""
    for problem in report.problems:
        LOG.warning("%s", problem)
        print_line(stderr(), problem)
    if is_unanswered(report):
        stderr().print(NOTHING_FETCHED, soft_wrap=True)
    for note in report.notes:
        LOG.info("%s", note)
        if not quiet:
            print_line(stderr(), note, "dim")
    LOG.info("%s", summary_line(report))
    if not quiet or report.problems or is_unanswered(report):
        print_line(stderr() if quiet else stdout(), summary_line(report))


def describe_backlog(past: Sequence[PendingBackfill], where: str = "") -> list[str]:
    """Return a line for each site with known older pages; a single line if there are many sites.

    >>> (line,) = describe_backlog([PendingBackfill(site="gazette", url_count=1, until=datetime(2019, 3, 1))])
    >>> line.partition(". To fetch back to March 2019: ")[::2]
    ('gazette: 1 older page was not fetched', 'newsarchive backfill gazette --until 2019-03-01')
    """
    if len(past) > MAX_BACKLOG_LINES:
        what = f"{len(past):,} sites: {pluralize(sum(each.url_count for each in past), 'older page')} were not fetched"
        return [f"{what}. To fetch: newsarchive backfill SITE --until DATE{where}"]
    return [
        f"{each.site}: {pluralize(each.url_count, 'older page')} "
        f"{'was' if each.url_count == 1 else 'were'} not fetched. To fetch back to {each.until:%B %Y}: "
        f"newsarchive backfill {each.site} --until {each.until:%Y-%m-%d}{where}"
        for each in past
    ]


def exit_code(report: CrawlReport) -> int:
    """Return the exit code of a crawl: 130 after Ctrl-C, 1 if no site responded, else 0."""
    return INTERRUPTED if report.is_interrupted else int(is_unanswered(report))


def is_unanswered(report: CrawlReport) -> bool:
    """Return True if URLs were due and no site responded."""
    counters = report.run.counters
    # Not by `problems`, which also has the recovery of an interrupted run.
    tried = any(counters.get(name) for name in ("hosts_backed_off", "no_response", "refused", "disallowed"))
    return tried and not counters.get("captures")


def simulated_clock(begin: datetime | None) -> Callable[[], datetime] | None:
    """Return a clock that starts at a given time; None for the system clock."""
    if begin is None:
        return None
    started = time.monotonic()
    return lambda: begin + timedelta(seconds=time.monotonic() - started)


def summary_line(report: CrawlReport) -> str:
    """Return one line for a terminal or a mail from cron."""
    run, counters = report.run, report.run.counters
    seconds = ((run.finished_at or run.started_at) - run.started_at).total_seconds()
    took = format_duration(timedelta(seconds=round(seconds)))
    parts = [
        f"{pluralize(counters.get('captures', 0), 'capture')} ({humanize_size(counters.get('bytes', 0))})",
        f"{pluralize(counters.get('versions', 0), 'new article version')}",
        f"{counters.get('revisits', 0):,} unchanged",
        *(f"{counters[outcome]:,} {outcome}" for outcome in REPORTED_OUTCOMES if counters.get(outcome)),
        *(f"{counters[name]:,} {meaning}" for name, meaning in TEXTS["left_out"].items() if counters.get(name)),
    ]
    return f"{', '.join(site.name for site in run.sites)}: {run.outcome} after {took}: {', '.join(parts)}"
