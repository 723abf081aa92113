"""newsarchive status and doctor: what the archive holds, and what is wrong with it or with the installation."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Annotated

from rich.console import Console
from rich.table import Table
from typer import Exit, Option

from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Folder
from newsarchive.cli.output import AS_JSON, create_table, print_line, safe_text, short_time, stderr, stdout, to_json
from newsarchive.config.units import humanize_size, pluralize
from newsarchive.operations.doctor import run_checks
from newsarchive.operations.health import Finding, HealthReport, Severity, SiteHealth, check_health, is_thin
from storage.index.frontier import host_state, url_queue
from storage.index.frontier.host_state import SavedBackoff, UrlPatternState
from storage.index.queries.aggregates import FAILED_OUTCOMES

MAX_PARKED = 10
REPORT_IN_JSON = ("sites", "findings", "sources", "missing", "unsent", "unsent_bytes", "disk_used", "disk_free")
STYLES = {Severity.OK: "green", Severity.WARNING: "yellow", Severity.ERROR: "red"}


def status(
    *,
    check: Annotated[bool, Option("--check", help="Print only findings; exit with 1 if there are any.")] = False,
    archive: Folder = HERE,
) -> None:
    """Show contents, site status and findings of the archive."""
    with Archive.open_to_read(archive) as opened:
        now, index = opened.now(), opened.index
        report = check_health(index, opened.config, now)
        parked = [each for each in index.read(host_state.load_url_patterns) if each.parked_at is not None]
        hosts = [each for each in index.read(host_state.load_backoffs) if each.ready_at and each.ready_at > now]
        by_site = index.read(url_queue.next_due_by_site, [site.name for site in report.sites])
        next_due = min(by_site.values(), default=None)
    if AS_JSON.get():
        totals = {each.name: getattr(report.status, each.name) for each in fields(report.status)}
        health = {name: getattr(report, name) for name in REPORT_IN_JSON}
        health |= {"parked": parked, "hosts": hosts, "next_due": next_due}
        print(to_json({**totals, "health": health}))
    elif not check:
        _print_report(stdout(), report, next_due, now)
        _print_postponed(stdout(), report, hosts, parked)
    for finding in report.findings if not AS_JSON.get() else ():
        print_line(stderr() if check else stdout(), str(finding), STYLES[finding.severity])
    raise Exit(int(check and bool(report.findings)))


def _print_report(out: Console, report: HealthReport, next_due: datetime | None, now: datetime) -> None:
    status = report.status
    articles = f"{pluralize(status.articles, 'article')} in {pluralize(status.versions, 'version')}"
    captures = f"{pluralize(status.captures, 'capture')} in {pluralize(status.warc_files, 'WARC file')}"
    out.print(f"{articles}, {captures} ({humanize_size(status.warc_bytes)})")
    if (crawl := status.last_crawl) is not None:
        end = f"{crawl.outcome or 'running'}{f' {short_time(crawl.finished_at)} UTC' if crawl.finished_at else ''}"
        begin = f"started {short_time(crawl.started_at)} UTC"
        out.print(safe_text(f"last crawl: {', '.join([*crawl.sites, begin, end])}"))
    if report.unsent:
        size = humanize_size(report.unsent_bytes)
        out.print(safe_text(f"{pluralize(report.unsent, 'WARC file')} ({size}) to be uploaded to the bucket", "yellow"))
    out.print(f"disk: {humanize_size(report.disk_used)} used, {humanize_size(report.disk_free)} free")
    if next_due is not None:
        out.print(f"next URL due: {'now' if next_due <= now else f'{short_time(next_due)} UTC'}")
    if status.sites:
        for table in _site_tables(report):
            out.print()
            out.print(table)
        out.print()
        _print_week(out, report.sites)
    for site in status.sites:
        counts = sorted(site.outcomes.items(), key=lambda pair: (-pair[1], pair[0]))
        outcomes = ", ".join(f"{count:,} {outcome}" for outcome, count in counts)
        failed = [each.failure_line for each in report.sources if each.site == site.name and each.failures]
        for line in (outcomes or "no captures yet", *failed):
            print_line(out, f"{site.name}: {line}")


def _print_postponed(
    out: Console, report: HealthReport, hosts: Sequence[SavedBackoff], parked: Sequence[UrlPatternState]
) -> None:
    """Print what is known and not fetched at present."""
    for host in hosts:
        line = f"{host.host} is backed off until {short_time(host.ready_at)} UTC ({host.reason or 'long delays'})"
        print_line(out, line, "yellow")
    if any(site.older for site in report.status.sites):
        out.print("older: known URLs that only newsarchive backfill SITE --until DATE fetches", soft_wrap=True)
    for each in parked[:MAX_PARKED]:
        reason = f"{each.unproductive_count} URLs had no new article ({each.example_url})"
        print_line(out, f"{each.site}: parked {each.pattern}: {reason}", "yellow")
    if len(parked) > MAX_PARKED:
        out.print(f"and {pluralize(len(parked) - MAX_PARKED, 'more pattern')}: newsarchive status --json")
    if parked:
        out.print("Parked by mistake? Add the pattern, or the beginning of its path, to trap_exceptions of the site.")
    if not report.sites:
        out.print("\nNo site is configured. Next: newsarchive add https://your.news.site/")


def _print_week(out: Console, sites: tuple[SiteHealth, ...]) -> None:
    """Print the articles of the last seven days with the usual numbers."""
    if not any(each.articles for site in sites for each in site.week):
        return
    days = [f"{each.day:%a %d}" for each in sites[0].week]
    table = create_table("articles per day (usual)", *days, right=days)
    for site in sites:
        cells = []
        for each in site.week:
            usual = f" ({each.usual:.0f})" if each.usual is not None else ""
            low = is_thin(each.articles, each.usual) and each is not site.week[-1]  # today is not over
            cells.append(safe_text(f"{each.articles:,}{usual}", "red" if low else ""))
        table.add_row(safe_text(site.name), *cells)
    out.print(table)
    out.print()


def _site_tables(report: HealthReport) -> tuple[Table, Table]:
    """Return the counts and the times of the sites, each of which fits in 80 columns."""
    last_crawls = {each.name: each.last_crawl for each in report.sites}
    columns = ("articles", "versions", "captures", "failed", "due", "later", "older")
    counts = create_table("site", *columns, right=columns)
    times = create_table("site", "next due (UTC)", "last crawl (UTC)", "last capture (UTC)")
    for site in report.status.sites:
        name, crawl = safe_text(site.name, "bold" if site.configured else "dim"), last_crawls.get(site.name)
        failed = sum(count for outcome, count in site.outcomes.items() if outcome in FAILED_OUTCOMES)
        counts.add_row(
            name, *(f"{each:,}" for each in (site.articles, site.versions, site.captures)),
            safe_text(f"{failed:,}", "red" if failed else "green"),
            safe_text(f"{site.due:,}", "yellow" if site.due else ""), f"{site.scheduled:,}", f"{site.older:,}",
        )  # fmt: skip
        began = crawl.started_at if crawl else None
        times.add_row(name, *map(short_time, (site.next_due, began, site.last_capture)))
    return counts, times


def doctor(*, archive: Folder = HERE) -> None:
    """Check the installation and the archive for problems.

    Changes nothing and sends no requests to sites. Exits with 1 if there is an error.
    """
    findings: list[Finding] = []
    out = stdout()
    for finding in run_checks(archive, datetime.now(UTC)):
        findings.append(finding)
        if AS_JSON.get():
            continue
        line = safe_text(f"{finding.subject:<13}{' ' * (len(finding.subject) > 12)}{finding.sentence}")
        out.print(safe_text(f"{finding.severity:<7}", STYLES[finding.severity]), line)
        for more in (finding.meaning, finding.command and f"next: {finding.command}"):
            if more:
                out.print(safe_text(f"{'':21}{more}"))
    if AS_JSON.get():
        print(to_json(findings))
    raise Exit(int(any(finding.severity is Severity.ERROR for finding in findings)))
