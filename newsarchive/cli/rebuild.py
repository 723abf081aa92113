"""newsarchive rebuild."""

from typing import Annotated

import typer

from newsarchive.archive import Archive
from newsarchive.batch.executor import BatchTarget
from newsarchive.cli.options import HERE, Afresh, Dask, Folder, Scratch
from newsarchive.cli.output import pluralize, safe_text, show_progress, stderr, stdout


def rebuild(
    *,
    afresh: Afresh = False,
    forget: Annotated[
        bool,
        typer.Option(
            "--forget", help="Rebuild without files of other machines that cannot be read; their captures are dropped."
        ),
    ] = False,
    dask: Dask = None,
    scratch: Scratch = None,
    archive: Folder = HERE,
) -> None:
    """Rebuild the index from the WARC files.

    The old index is replaced when the new one is complete (on PostgreSQL the tables are emptied and filled again). If
    interrupted, the same command continues. Exits with 1 if some records could not be read.
    """
    with show_progress("rebuilding") as step:
        where = BatchTarget(dask=dask, scratch=scratch)
        result = Archive.rebuild_in(archive, step, where=where, afresh=afresh, forget=forget)
    for problem in result.problems:
        stderr().print(safe_text(problem), soft_wrap=True)
    if result.went_on:
        stdout().print("An interrupted rebuild was continued; the counts do not include what it had done before.")
    stdout().print(
        f"Index rebuilt: {pluralize(result.captures, 'capture')} and "
        f"{pluralize(result.versions, 'article version')} from {pluralize(result.files, 'WARC file')}."
    )
    raise typer.Exit(int(bool(result.problems)))
