"""newsarchive status."""

from rich.console import Console

from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Folder, Json
from newsarchive.cli.output import as_json, cell, counted, day, stdout, table
from newsarchive.quantities import about
from storage.index.views import SiteStatus, Status
from storage.model import Outcome

BAD = (Outcome.ERROR, Outcome.CHALLENGE, Outcome.CONSENT_WALL, Outcome.SOFT_404, Outcome.EMPTY, Outcome.UNREADABLE)
"""Outcomes that an owner should look into where they are many."""


def status(*, archive: Folder = HERE, json: Json = False) -> None:
    """Show what the archive holds and how its sites do."""
    with Archive.open(archive) as opened:
        found = opened.status()
    if json:
        print(as_json(found))
        return
    out = stdout()
    _totals(out, found)
    if found.sites:
        out.print()
        out.print(_sites(found))
        out.print()
    for site in found.sites:
        _outcomes(out, site)
    if not any(site.configured for site in found.sites):
        out.print("\nNo site is configured. Next: newsarchive add https://your.news.site/")


def _totals(out: Console, found: Status) -> None:
    out.print(
        f"{counted(found.articles, 'article')} in {counted(found.versions, 'version')}, "
        f"{counted(found.captures, 'capture')} in {counted(found.warc_files, 'WARC file')} ({about(found.warc_bytes)})"
    )
    if (crawl := found.last_crawl) is not None:
        ended = f"{crawl.outcome} {day(crawl.finished_at)}" if crawl.finished_at else crawl.outcome or "under way"
        out.print(cell(f"last crawl: {', '.join(crawl.sites)}, begun {day(crawl.started_at)} UTC, {ended}"))


def _sites(found: Status) -> object:
    columns = ("articles", "versions", "captures", "failed", "due", "later")
    listed = table("site", *columns, "next due", "last capture", right=columns)
    for site in found.sites:
        failed = sum(count for outcome, count in site.outcomes.items() if outcome in BAD)
        listed.add_row(
            cell(site.name, "bold" if site.configured else "dim"),
            f"{site.articles:,}",
            f"{site.versions:,}",
            f"{site.captures:,}",
            cell(f"{failed:,}", "red" if failed else "green"),
            cell(f"{site.due:,}", "yellow" if site.due else ""),
            f"{site.scheduled:,}",
            day(site.next_due),
            day(site.last_capture),
        )
    return listed


def _outcomes(out: Console, site: SiteStatus) -> None:
    counts = sorted(site.outcomes.items(), key=lambda pair: (-pair[1], pair[0]))
    outcomes = ", ".join(f"{count:,} {outcome}" for outcome, count in counts)
    out.print(cell(f"{site.name}: {outcomes or 'no captures yet'}"), soft_wrap=True)
