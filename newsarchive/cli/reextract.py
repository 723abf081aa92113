"""newsarchive reextract."""

from typing import Annotated

import typer
from rich.console import Console

from newsarchive.archive import Archive
from newsarchive.batch.executor import Where
from newsarchive.cli.options import HERE, Dask, Folder, Json, Scratch, moment
from newsarchive.cli.output import as_json, cell, counted, day, stderr, stdout, steps
from newsarchive.maintenance.reextract import Reextracted
from newsarchive.version import EXTRACTOR
from storage.index.write.replace_readings import Wanted


def reextract(  # noqa: PLR0913 - every word is an option of the command line
    sites: Annotated[list[str] | None, typer.Argument(metavar="[SITE]...", help="Only these; all by default.")] = None,
    *,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Fetched since: a date, a moment, or an age such as 7d.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Fetched before; the same forms.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what this version has read.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would change, and change nothing.")] = False,
    workers: Annotated[int | None, typer.Option(min=0, metavar="N", help="Processes that read; 0: one a core.")] = None,
    named: Annotated[int, typer.Option("--show", min=0, metavar="N", help="Name so many of the changes.")] = 20,
    dask: Dask = None,
    scratch: Scratch = None,
    archive: Folder = HERE,
    json: Json = False,
) -> None:
    """Read stored pages again, after an upgrade.

    Reads what another version of newsarchive has read, and what could not be read. Broken off, the same command goes
    on where it was. Ends with 75 while a crawl runs, and with 1 where something could not be read from its file.
    """
    wanted = Wanted(
        extractor=EXTRACTOR,
        everything=everything,
        sites=tuple(sites) if sites else None,
        since=moment(since, "--since"),
        until=moment(until, "--until"),
    )
    with Archive.open(archive) as opened, steps("reading again") as step:
        result = opened.reextract(
            wanted,
            dry_run=dry_run,
            workers=workers,
            named=named,
            where=Where(dask=dask, scratch=scratch),
            report=lambda done, total, url: step(done, total, f"{done:,} captures, {url}"),
        )
    for problem in result.problems:
        stderr().print(cell(problem), soft_wrap=True)
    if json:
        print(as_json(result))
    else:
        _print(stdout(), result)
    raise typer.Exit(int(bool(result.problems)))


def _print(out: Console, result: Reextracted) -> None:
    would = "would change" if result.dry_run else "changed"
    for article in result.named:
        out.print(cell(f"{article.url}: {', '.join(article.what)}"), soft_wrap=True)
    if len(result.named) < result.changed:
        out.print(f"and {counted(result.changed - len(result.named), 'more article')}")
    for page in result.taken:
        out.print(cell(f"{page.url} of {day(page.fetched_at)}: {page.before} -> {page.now}"), soft_wrap=True)
    if len(result.taken) < (taken := result.pages.total()):
        out.print(f"and {counted(taken - len(result.taken), 'more page')}")
    if result.changed or result.pages:
        out.print()
    out.print(cell(summary(result, would)), soft_wrap=True)


def summary(result: Reextracted, would: str) -> str:
    """One line for people and for cron's mail."""
    read = f"{counted(result.captures, 'capture')} read again"
    if not result.changed and not result.pages:
        return f"{read}: nothing {would}"
    parts = []
    if result.changed:
        what = ", ".join(f"{name} {count:,}" for name, count in result.articles.most_common())
        parts.append(f"{counted(result.changed, 'article')} {would} ({what})")
    if result.pages:
        what = ", ".join(f"{change} {count:,}" for change, count in result.pages.most_common())
        parts.append(f"{counted(result.pages.total(), 'page')} taken for something else ({what})")
    return f"{read}: {'; '.join(parts)}"
