"""newsarchive verify."""

from typing import Annotated

import typer
from rich.console import Console

from newsarchive.archive import Archive
from newsarchive.batch.executor import Where
from newsarchive.cli.options import HERE, Afresh, Dask, Folder, Json
from newsarchive.cli.output import as_json, cell, counted, stderr, stdout, steps
from newsarchive.config.units import about
from newsarchive.maintenance.verify import Verified, VerifyReport


def verify(
    *,
    repair: Annotated[bool, typer.Option("--repair", help="First mend files that a crash left open.")] = False,
    notes: Annotated[bool, typer.Option("--notes", help="Tell also what is unusual and no damage.")] = False,
    afresh: Afresh = False,
    dask: Dask = None,
    archive: Folder = HERE,
    json: Json = False,
) -> None:
    """Check every record, and the index against the records.

    Framing, lengths, both digests, gzip trailers, torn tails, the sum of each closed file; and that the index says of
    each record where it is. Broken off, the same command goes on where it was, within a day. Ends with 1 where anything
    is wrong.
    """
    with Archive.open_to_read(archive) as opened, steps("verifying") as step:
        total = len(opened.index.warc_files()) or None
        done = 0

        def report(file: Verified) -> None:
            nonlocal done
            done += 1
            step(done, total, file.name)

        found = opened.verify(repair=repair, report=report, where=Where(dask=dask), afresh=afresh)
    if json:
        print(as_json(found))
    else:
        _print(found, notes=notes)
    raise typer.Exit(int(found.damaged))


def _print(found: VerifyReport, *, notes: bool) -> None:
    out, remarks = stdout(), stderr()
    for mended in found.mended:
        out.print(cell(f"mended: {mended}"), soft_wrap=True)
    for file in found.files:
        _print_file(remarks, file, notes=notes)
    if found.taken:
        what = f"{counted(found.taken, 'WARC file')} had been checked by a verify that was broken off within a day"
        out.print(cell(f"{what}, and not again. To check all: newsarchive verify --afresh"), soft_wrap=True)
    damaged = sum(bool(file.problems) for file in found.files)
    records = counted(sum(file.records for file in found.files), "record")
    size = about(sum(file.size for file in found.files))
    if damaged:
        out.print(cell(f"{counted(damaged, 'WARC file')} of {len(found.files)} with problems: see above", "bold red"))
    else:
        out.print(cell(f"{records} in {counted(len(found.files), 'WARC file')} ({size}): all sound", "green"))


def _print_file(out: Console, file: Verified, *, notes: bool) -> None:
    for problem in file.problems:
        out.print(cell(f"{file.name}, byte {problem.offset}: {problem.what}", "red"), soft_wrap=True)
    for note in file.notes if notes else ():
        out.print(cell(f"{file.name}, byte {note.offset}: (no damage) {note.what}", "dim"), soft_wrap=True)
