"""newsarchive rebuild."""

import typer

from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Folder
from newsarchive.cli.output import cell, counted, stderr, stdout, steps
from newsarchive.readback import Progress


def rebuild(*, archive: Folder = HERE) -> None:
    """Make the index anew from the WARC files.

    The old index serves until the new one is whole. Ends with 1 where something in the files could not be read.
    """
    with steps("rebuilding") as step:

        def report(progress: Progress) -> None:
            step(progress.done_bytes, progress.total_bytes, f"{progress.captures:,} captures, {progress.file}")

        result = Archive.rebuild_in(archive, report)
    for problem in result.problems:
        stderr().print(cell(problem), soft_wrap=True)
    stdout().print(
        f"The index is new: {counted(result.captures, 'capture')} and {counted(result.versions, 'article version')} "
        f"from {counted(result.files, 'WARC file')}."
    )
    raise typer.Exit(int(bool(result.problems)))
