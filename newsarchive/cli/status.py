"""newsarchive status."""

from dataclasses import fields
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console

from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Folder, Json
from newsarchive.cli.output import as_json, cell, counted, day, stderr, stdout, table
from newsarchive.config.units import about
from newsarchive.operations.coverage import is_low
from newsarchive.operations.health import Health, SiteHealth, health
from storage.index.queries.aggregates import FAILED
from storage.index.views.status import SiteStatus, Status

PARKED_SHOWN = 10
IN_JSON = (
    "sites", "concerns", "parked", "sources", "hosts", "missing", "unsent", "unsent_bytes", "disk_used", "disk_free",
    "next_run_brings",
)  # fmt: skip


def status(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Say only what needs a person, and end with 1 where anything does.")
    ] = False,
    archive: Folder = HERE,
    json: Json = False,
) -> None:
    """Show what the archive holds and how its sites do."""
    with Archive.open_to_read(archive) as opened:
        now = opened.now()
        found = health(opened.index, opened.config.sites, opened.folder, opened.places, now)
    if json:
        whole = {each.name: getattr(found.status, each.name) for each in fields(found.status)}
        print(as_json({**whole, "health": {name: getattr(found, name) for name in IN_JSON}}))
    elif not check:
        _show(stdout(), found, now)
    for concern in found.concerns if not json else ():
        (stderr() if check else stdout()).print(cell(f"{concern.about}: {concern.what}", "red"), soft_wrap=True)
    raise typer.Exit(int(check and bool(found.concerns)))


def _show(out: Console, found: Health, now: datetime) -> None:
    _totals(out, found.status)
    if found.unsent:
        what = f"{counted(found.unsent, 'WARC file')} ({about(found.unsent_bytes)}) to be uploaded into the bucket"
        out.print(cell(what, "yellow"))
    out.print(f"disk: {about(found.disk_used)} used, {about(found.disk_free)} free")
    if found.next_run_brings is not None:
        due = "now" if found.next_run_brings <= now else f"{day(found.next_run_brings)} UTC"
        out.print(f"next URL due: {due}")
    if found.status.sites:
        out.print()
        out.print(_sites(found))
        out.print()
        _weeks(out, found.sites)
    for site in found.status.sites:
        _outcomes(out, site)
    for host in found.hosts:
        said = (
            f"{host.name} is left in peace until {day(host.ready_at)} UTC: it {host.reason or 'asks for long pauses'}"
        )
        out.print(cell(said, "yellow"), soft_wrap=True)
    if any(site.older for site in found.status.sites):
        out.print("older: known, and left to newsarchive backfill SITE --until DATE", soft_wrap=True)
    for family in found.parked[:PARKED_SHOWN]:
        said = f"{family.site}: parked {family.family}: {family.barren} URLs brought no new article ({family.example})"
        out.print(cell(said, "yellow"), soft_wrap=True)
    if len(found.parked) > PARKED_SHOWN:
        out.print(f"{len(found.parked) - PARKED_SHOWN:,} more families are parked: newsarchive status --json")
    if found.parked:
        out.print("Parked by mistake? Name the family, or the beginning of its path, in the site's not_traps.")
    if not any(site.configured for site in found.status.sites):
        out.print("\nNo site is configured. Next: newsarchive add https://your.news.site/")


def _weeks(out: Console, sites: tuple[SiteHealth, ...]) -> None:
    """Articles of the last seven days, each against what is usual for such a day."""
    if not any(each.articles for site in sites for each in site.week):
        return
    days = [f"{each.day:%a %d}" for each in sites[0].week]
    listed = table("articles a day (usual)", *days, right=days)
    for site in sites:
        cells = []
        for each in site.week:
            usual = f" ({each.usual:g})" if each.usual is not None else ""
            # Of the last day not all has been printed yet.
            low = is_low(each.articles, each.usual) and each is not site.week[-1]
            cells.append(cell(f"{each.articles:,}{usual}", "red" if low else ""))
        listed.add_row(cell(site.name), *cells)
    out.print(listed)
    out.print()


def _totals(out: Console, found: Status) -> None:
    out.print(
        f"{counted(found.articles, 'article')} in {counted(found.versions, 'version')}, "
        f"{counted(found.captures, 'capture')} in {counted(found.warc_files, 'WARC file')} ({about(found.warc_bytes)})"
    )
    if (crawl := found.last_crawl) is not None:
        ended = f"{crawl.outcome} {day(crawl.finished_at)}" if crawl.finished_at else crawl.outcome or "under way"
        out.print(cell(f"last crawl: {', '.join(crawl.sites)}, begun {day(crawl.started_at)} UTC, {ended}"))


def _sites(found: Health) -> object:
    crawled = {each.name: each.last_crawl for each in found.sites}
    columns = ("articles", "versions", "captures", "failed", "due", "later", "older")
    listed = table("site", *columns, "next due", "last crawl", "last capture", right=columns)
    for site in found.status.sites:
        crawl = crawled.get(site.name)
        failed = sum(count for outcome, count in site.outcomes.items() if outcome in FAILED)
        listed.add_row(
            cell(site.name, "bold" if site.configured else "dim"),
            f"{site.articles:,}",
            f"{site.versions:,}",
            f"{site.captures:,}",
            cell(f"{failed:,}", "red" if failed else "green"),
            cell(f"{site.due:,}", "yellow" if site.due else ""),
            f"{site.scheduled:,}",
            f"{site.older:,}",
            day(site.next_due),
            day(crawl.started_at if crawl else None),
            day(site.last_capture),
        )
    return listed


def _outcomes(out: Console, site: SiteStatus) -> None:
    counts = sorted(site.outcomes.items(), key=lambda pair: (-pair[1], pair[0]))
    outcomes = ", ".join(f"{count:,} {outcome}" for outcome, count in counts)
    out.print(cell(f"{site.name}: {outcomes or 'no captures yet'}"), soft_wrap=True)
