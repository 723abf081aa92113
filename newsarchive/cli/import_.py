"""newsarchive import."""

from pathlib import Path
from typing import Annotated

import typer

from newsarchive.archive import Archive
from newsarchive.batch.executor import Where
from newsarchive.cli.options import HERE, Dask, Folder, Scratch
from newsarchive.cli.output import cell, counted, stderr, stdout, steps
from newsarchive.ingest.index_warcs import Progress


def import_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help=".warc, .warc.gz, .arc, .arc.gz or .wacz.")],
    *,
    dask: Dask = None,
    scratch: Scratch = None,
    archive: Folder = HERE,
) -> None:
    """Take in WARC files that another tool made.

    The files are copied into the archive; pages of hosts that no site claims get a site of the host's name. What is
    damaged is told and left out, the rest is taken. Broken off, the same command goes on where it was. Ends with 1
    where anything was damaged.
    """
    for file in files:
        with file.open("rb"):
            pass  # a missing file is told of before anything is taken
    with Archive.open(archive) as opened, steps("importing") as step:

        def report(progress: Progress) -> None:
            step(progress.done_bytes, progress.total_bytes, f"{progress.captures:,} captures, {progress.file}")

        result = opened.import_files(files, report, where=Where(dask=dask, scratch=scratch))
        # What the bucket does not take now is no damage: the next crawl does it.
        unsent = opened.upload(step).problems
    out, remarks = stdout(), stderr()
    lost = [problem for each in result.adopted for problem in each.lost]
    for adopted in result.adopted:
        out.print(
            cell(f"{adopted.source}: {counted(adopted.records, 'record')}{_known(adopted.known)}"), soft_wrap=True
        )
    for problem in (*lost, *result.read.problems):
        remarks.print(cell(problem), soft_wrap=True)
    for problem in unsent:
        remarks.print(cell(problem), soft_wrap=True)
    captures, versions = counted(result.read.captures, "capture"), counted(result.read.versions, "article version")
    out.print(f"{captures} and {versions} are new in the archive.")
    raise typer.Exit(int(bool(lost or result.read.problems)))


def _known(names: tuple[str, ...]) -> str:
    return f", in the archive already as {', '.join(names)}" if names else ""
