"""newsarchive migrate-index."""

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from newsarchive.cli.options import HERE, Folder, Json
from newsarchive.cli.output import as_json, cell, counted, stdout, steps
from newsarchive.config.schema import FILE_NAME
from newsarchive.config.toml_file import load, toml
from newsarchive.maintenance.transfer_index import Migrated, migrate


def migrate_index(
    to: Annotated[
        str,
        typer.Argument(
            metavar="INDEX", help="As newsarchive.toml names it: postgresql://HOST/NAME, or an SQLite file."
        ),
    ],
    *,
    switch: Annotated[bool, typer.Option("--switch", help="Write it into newsarchive.toml when it is there.")] = False,
    archive: Folder = HERE,
    json: Json = False,
) -> None:
    """Copy the index into another database, with due times and all.

    SQLite to PostgreSQL or back. The copy is read back and held against the original: the number of rows of each table
    and a digest of them. Only an empty database is filled, and no half of a copy is ever left: broken off, the same
    command begins anew. Until newsarchive.toml names the copy, the old index stays in use; it is never deleted. Ends
    with 75 while a crawl runs.
    """
    with steps("copying") as step:
        done = migrate(load(archive), to, switch=switch, report=step)
    if json:
        print(as_json(done))
    else:
        _print(stdout(), done, to, archive)


def _print(out: Console, done: Migrated, to: str, folder: Path) -> None:
    index, file, name = done.index, folder / FILE_NAME, shlex.quote(str(folder))
    if index.copied:
        said = f"{counted(index.rows, 'row')} of {counted(len(index.tables), 'table')} copied"
    else:
        said = f"{counted(index.rows, 'row')} of {counted(len(index.tables), 'table')} were there already"
    out.print(cell(f"{said}; counts and digests are those of {index.source}."), soft_wrap=True)
    if done.switched:
        out.print(cell(f"{file} names it now. What runs on the archive, such as serve, is to be started again."))
        out.print(
            cell(f"The old index may be deleted when the new one has proved itself: {index.source}"), soft_wrap=True
        )
        return
    out.print(cell("The archive uses the old one still, and what a crawl adds to that the copy does not have."))
    out.print(
        cell(f"To use the copy: newsarchive migrate-index {shlex.quote(to)} --switch --archive {name}"), soft_wrap=True
    )
    out.print(cell(f"or write into {file}, above the first [[site]]:  index = {toml(to)}"), soft_wrap=True)
