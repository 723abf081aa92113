"""newsarchive import."""

from pathlib import Path
from typing import Annotated

import typer

from newsarchive.archive import Archive
from newsarchive.batch.executor import BatchTarget
from newsarchive.cli.options import HERE, Dask, Folder, Scratch
from newsarchive.cli.output import pluralize, safe_text, show_progress, stderr, stdout


def import_files(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Files: .warc, .warc.gz, .arc, .arc.gz or .wacz.")
    ],
    *,
    dask: Dask = None,
    scratch: Scratch = None,
    archive: Folder = HERE,
) -> None:
    """Import WARC files made by other tools.

    The files are copied into the archive. Pages of hosts that belong to no configured site get a site with the host's
    name. Damaged records are reported and skipped. If interrupted, the same command continues. Exits with 1 if anything
    was damaged.
    """
    for file in files:
        with file.open("rb"):
            pass  # a missing file is reported before anything is copied
    with Archive.open(archive) as opened, show_progress("importing") as step:
        result = opened.import_files(files, step, where=BatchTarget(dask=dask, scratch=scratch))
        # A failed upload is not damage: the next crawl repeats it.
        unsent = opened.upload(step).problems
    out, remarks = stdout(), stderr()
    lost = [problem for each in result.adopted for problem in each.damage]
    for adopted in result.adopted:
        note = _duplicate_note(adopted.already_imported)
        out.print(safe_text(f"{adopted.source}: {pluralize(adopted.record_count, 'record')}{note}"), soft_wrap=True)
    for problem in (*lost, *result.read.problems):
        remarks.print(safe_text(problem), soft_wrap=True)
    for problem in unsent:
        remarks.print(safe_text(problem), soft_wrap=True)
    captures, versions = pluralize(result.read.captures, "capture"), pluralize(result.read.versions, "article version")
    skipped = " Damaged records were skipped; the source files are unchanged." if lost else ""
    out.print(f"{captures} and {versions} imported.{skipped}")
    raise typer.Exit(int(bool(lost or result.read.problems)))


def _duplicate_note(names: tuple[str, ...]) -> str:
    return f", already archived as {', '.join(names)}" if names else ""
