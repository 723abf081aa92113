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
    if result.recovered.captures:
        what = _count(result.recovered.captures, result.recovered.versions)
        out.print(f"An interrupted import or crawl was continued first; it had still to index {what}.")
    lost = [problem for each in result.adopted for problem in each.damage]
    for adopted in result.adopted:
        said = [pluralize(adopted.record_count, "record")] if adopted.files or not adopted.already_imported else []
        if adopted.already_imported:
            said.append(f"already archived as {', '.join(adopted.already_imported)}")
        out.print(safe_text(f"{adopted.source}: {', '.join(said)}"), soft_wrap=True)
    for problem in (*lost, *result.read.problems):
        remarks.print(safe_text(problem), soft_wrap=True)
    for problem in unsent:
        remarks.print(safe_text(problem), soft_wrap=True)
    known = f" {pluralize(result.read.known, 'capture')} were in the archive already." if result.read.known else ""
    new = result.read.captures - result.read.known
    skipped = " Damaged records were skipped; the source files are unchanged." if lost else ""
    out.print(f"{_count(new, result.read.versions)} imported.{known}{skipped}")
    if not new and not lost and not result.recovered.captures:
        out.print("There was nothing new: the archive had all of it.")
    raise typer.Exit(int(bool(lost or result.read.problems)))


def _count(captures: int, versions: int) -> str:
    return f"{pluralize(captures, 'capture')} and {pluralize(versions, 'article version')}"
