"""newsarchive takedown."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Folder
from newsarchive.cli.output import print_lines, print_result, safe_text, show_progress, stdout
from newsarchive.cli.show import find_article
from newsarchive.config.units import pluralize
from newsarchive.maintenance.takedown import TakedownReport
from storage.errors import NotFound


def takedown(
    *,
    target: Annotated[
        str, Argument(metavar="ARTICLE|URL|FILE", help="Number of an article, a URL, or a file of URLs, one a line.")
    ],
    reason: Annotated[str, Option("--reason", metavar="TEXT", help="Reason; it is kept in the archive.")],
    yes: Annotated[bool, Option("--yes", help="Remove; without it, only print what would be removed.")] = False,
    listings: Annotated[
        bool, Option("--listings", help="Also remove captures of front pages, feeds and sitemaps that name it.")
    ] = False,
    archive: Folder = HERE,
) -> None:
    """Remove articles for good.

    Removes their WARC records, what their pages alone embed, and their rows of the index, here and in the bucket. Links
    to them on pages of other articles stay. Without --yes nothing is changed. Reads all pages of the archive, to find
    out what others embed. If interrupted, the next takedown completes it first. No crawl may be running. For what it
    cannot reach: newsarchive help warc.
    """
    with Archive.open(archive) as opened:
        file = Path(target)
        if target.isdecimal():
            urls = [find_article(opened, target).url]
        elif "://" not in target and file.is_file():
            urls = [line.strip() for line in file.read_text("utf-8-sig").splitlines() if line.strip()]
        else:
            urls = [target]
        if not urls:
            raise NotFound(f"{target} names no URL; nothing was removed. Write one URL per line into it")
        with show_progress("reading pages") as step:
            reports = opened.takedown(urls, reason, step, dry_run=not yes, listings=listings)
    print_result(reports, lambda: _print(reports, yes=yes))


def _print(reports: Sequence[TakedownReport], *, yes: bool) -> None:
    out = stdout()
    for report in reports:
        records = pluralize(report.records, "record")
        verb = "Removed" if yes else "To be removed"
        out.print(safe_text(f"{verb}: {records} in {pluralize(len(report.plan.files), 'WARC file')}, of:"))
        print_lines(out, report.plan.urls, "  ")
        print_lines(out, report.copies, "Deleted (may have copies of it): ")
        print_lines(out, report.plan.given_out, "May have a copy: ")
        print_lines(out, report.unreachable if yes else report.plan.kept, "Not reached: ")
    if not yes:
        out.print("Nothing was changed. To remove it for good, add --yes")
