"""newsarchive rebuild."""

from typing import Annotated

from typer import Exit, Option

from newsarchive.archive import Archive
from newsarchive.batch.executor import BatchTarget
from newsarchive.cli.options import HERE, Dask, Folder, Restart, Scratch
from newsarchive.cli.output import pluralize, print_line, show_progress, stderr, stdout


def rebuild(
    *,
    restart: Restart = False,
    forget: Annotated[
        bool,
        Option("--forget", help="Rebuild without WARC files that are missing or damaged; their captures are dropped."),
    ] = False,
    dask: Dask = None,
    scratch: Scratch = None,
    archive: Folder = HERE,
) -> None:
    """Rebuild the index from the WARC files.

    The old index is used until the new one is complete, and stays if that would lack captures that the old one knows,
    because WARC files are missing or damaged. If interrupted, the same command continues. Exits with 1 if some records
    could not be read.
    """
    where = BatchTarget(dask=dask, scratch=scratch)
    with show_progress("rebuilding") as step:
        result = Archive.rebuild_in(archive, step, where=where, restart=restart, forget=forget)
    for problem in result.problems:
        print_line(stderr(), problem)
    out = stdout()
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
        out.print(f"{dropped} of {pluralize(len(result.lost), 'WARC file')} are no longer in the index: see above.")
    raise Exit(int(bool(result.problems)))
