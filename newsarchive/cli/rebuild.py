"""newsarchive rebuild and reextract: derive the index from the WARC files again."""

from typing import Annotated

from rich.console import Console
from typer import Argument, Option

from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, MAX_PROCESSES, Dask, Folder
from newsarchive.cli.output import end_command, print_line, short_time, show_progress, stdout
from newsarchive.config.units import parse_time, pluralize
from newsarchive.maintenance.rebuild import RebuildResult
from newsarchive.maintenance.reextract import ReextractResult
from newsarchive.version import EXTRACTOR
from storage.index.write.replace_readings import RereadFilter


def rebuild(
    *,
    restart: Annotated[bool, Option("--restart", help="Start again instead of continuing an interrupted run.")] = False,
    forget: Annotated[bool, Option("--forget", help="Drop captures that missing or damaged files held.")] = False,
    dask: Dask = None,
    archive: Folder = HERE,
) -> None:
    """Rebuild the index from the WARC files.

    The old index is used until the new one is complete, and stays if that would lack captures that the old one knows,
    because WARC files are missing or damaged. Articles and captures may get other numbers; addresses of snapshots
    (/web/TIME/URL) stay. If interrupted, the same command continues. Exits with 1 if some records could not be read.
    """
    with show_progress("rebuilding") as step:
        result = Archive.rebuild_in(archive, step, dask=dask, restart=restart, forget=forget)
    end_command(result, lambda: _print_rebuild(stdout(), result), result.problems)


def _print_rebuild(out: Console, result: RebuildResult) -> None:
    if result.resumed:
        before = pluralize(result.total_captures - result.captures, "capture")
        out.print(f"An interrupted rebuild was continued; it had indexed {before}.")
    for lost in result.lost:
        print_line(out, f"dropped: {lost}")
    captures = pluralize(result.total_captures, "capture")
    versions = pluralize(result.total_versions, "article version")
    out.print(f"Index rebuilt: {captures} and {versions} from {pluralize(result.files, 'WARC file')}.")
    if result.lost:
        dropped = pluralize(sum(lost.captures for lost in result.lost), "capture")
        out.print(f"No longer in the index: {dropped} of {pluralize(len(result.lost), 'WARC file')}, see above.")


def reextract(  # noqa: PLR0913 - every word is an option of the command line
    sites: Annotated[list[str] | None, Argument(metavar="[SITE]...", help="Sites; by default all.")] = None,
    *,
    since: Annotated[str | None, Option(metavar="DATE", help="Captures since this date, time, or age (7d).")] = None,
    until: Annotated[str | None, Option(metavar="DATE", help="Captures until then; a date is included.")] = None,
    everything: Annotated[bool, Option("--all", help="Include captures that this version has extracted.")] = False,
    dry_run: Annotated[bool, Option("--dry-run", help="Report what would change, without changing anything.")] = False,
    readers: Annotated[
        int | None, Option(min=0, max=MAX_PROCESSES, metavar="N", help="Number of reader processes; 0: one per core.")
    ] = None,
    named: Annotated[int, Option("--show", min=0, metavar="N", help="List up to N changes.")] = 20,
    dask: Dask = None,
    archive: Folder = HERE,
) -> None:
    """Extract stored pages again, after an upgrade.

    Processes captures that another version of the extractor has read, or that could not be read. If interrupted, the
    same command continues. Exits with 75 while a crawl is running, and with 1 if some records could not be read.
    """
    begin, end = parse_time(since, "--since"), parse_time(until, "--until", is_end=True)
    named_sites = tuple(sites) if sites else None
    wanted = RereadFilter(extractor=EXTRACTOR, everything=everything, sites=named_sites, since=begin, until=end)
    with Archive.open(archive) as opened, show_progress("extracting") as step:
        result = opened.reextract(
            wanted,
            dry_run=dry_run,
            workers=readers,
            named=named,
            dask=dask,
            progress=lambda done, total, url: step(done, total, f"{pluralize(done, 'capture')}, {url}"),
        )
    end_command(result, lambda: _print(stdout(), result), result.problems)


def _print(out: Console, result: ReextractResult) -> None:
    for article in result.named:
        print_line(out, f"{article.url}: {', '.join(article.what)}")
    if len(result.named) < result.changed:
        out.print(f"and {pluralize(result.changed - len(result.named), 'more article')}")
    for page in result.taken:
        print_line(out, f"{page.url} of {short_time(page.fetched_at)} UTC: {page.before} -> {page.now}")
    if len(result.taken) < (taken := result.pages.total()):
        out.print(f"and {pluralize(taken - len(result.taken), 'more page')}")
    if result.changed or result.pages:
        out.print()
    print_line(out, summary_line(result))


def summary_line(result: ReextractResult) -> str:
    """Return one line for a terminal or a mail from cron."""
    would = "would change" if result.dry_run else "changed"
    read = f"{pluralize(result.captures, 'capture')} extracted"
    if not result.changed and not result.pages:
        return f"{read}: nothing {would}"
    parts = []
    if result.changed:
        what = ", ".join(f"{name} {count:,}" for name, count in result.articles.most_common())
        parts.append(f"{pluralize(result.changed, 'article')} {would} ({what})")
    if result.pages:
        what = ", ".join(f"{change} {count:,}" for change, count in result.pages.most_common())
        parts.append(f"{pluralize(result.pages.total(), 'page')} reclassified ({what})")
    return f"{read}: {'; '.join(parts)}"
