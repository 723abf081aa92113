"""newsarchive rebuild."""

from typing import Annotated

import typer

from newsarchive.archive import Archive
from newsarchive.batch.executor import Where
from newsarchive.cli.options import HERE, Afresh, Dask, Folder, Scratch
from newsarchive.cli.output import cell, counted, stderr, stdout, steps
from newsarchive.ingest.index_warcs import Progress


def rebuild(
    *,
    afresh: Afresh = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="Leave out what only other machines' files hold, and these are lost.")
    ] = False,
    dask: Dask = None,
    scratch: Scratch = None,
    archive: Folder = HERE,
) -> None:
    """Make the index anew from the WARC files.

    The old index serves until the new one is whole (PostgreSQL: the tables fill up again). Broken off, the same command
    goes on where it was. Ends with 1 where something in the files could not be read.
    """
    with steps("rebuilding") as step:

        def report(progress: Progress) -> None:
            step(progress.done_bytes, progress.total_bytes, f"{progress.captures:,} captures, {progress.file}")

        where = Where(dask=dask, scratch=scratch)
        result = Archive.rebuild_in(archive, report, where=where, afresh=afresh, forget=forget)
    for problem in result.problems:
        stderr().print(cell(problem), soft_wrap=True)
    if result.went_on:
        stdout().print("A rebuild that had been broken off was gone on with; what it had done is not counted here.")
    stdout().print(
        f"The index is new: {counted(result.captures, 'capture')} and {counted(result.versions, 'article version')} "
        f"from {counted(result.files, 'WARC file')}."
    )
    raise typer.Exit(int(bool(result.problems)))
