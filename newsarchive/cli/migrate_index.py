"""newsarchive migrate-index."""

import shlex
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from newsarchive.cli.options import HERE, Folder
from newsarchive.cli.output import print_line, print_result, safe_text, show_progress, stdout
from newsarchive.config.schema import FILE_NAME
from newsarchive.config.toml_file import load_config, to_toml
from newsarchive.config.units import pluralize
from newsarchive.maintenance.rebuild import transfer_archive_index
from storage.index.maintenance.transfer import TransferResult


def migrate_index(
    to: Annotated[str, Argument(metavar="INDEX", help="Target: postgresql://HOST/NAME, or an SQLite file.")],
    *,
    switch: Annotated[bool, Option("--switch", help="Then write the new index into newsarchive.toml.")] = False,
    archive: Folder = HERE,
) -> None:
    """Copy the index to another database.

    SQLite to PostgreSQL or back, with the schedule. The copy is verified: row counts and a digest of each table. The
    target must be empty, and no partial copy is left: if interrupted, the same command starts again. The old index
    stays in use until newsarchive.toml names the copy; it is never deleted. Exits with 75 while a crawl is running.
    """
    with show_progress("copying") as step:
        index = transfer_archive_index(load_config(archive), to, switch=switch, progress=step)
    print_result({"index": index, "switched": switch}, lambda: _print(index, to, archive, switch=switch))


def _print(index: TransferResult, to: str, archive: Path, *, switch: bool) -> None:
    out, file, name = stdout(), archive / FILE_NAME, shlex.quote(str(archive))
    verb = "copied" if index.copied else "already copied"
    summary = f"{pluralize(index.rows, 'row')} of {pluralize(len(index.tables), 'table')} {verb}"
    print_line(out, f"{summary}; row counts and digests equal those of {index.source}.")
    if switch:
        out.print(safe_text(f"{file} names the copy now. Restart running commands, such as serve."))
        print_line(out, f"The old index is no longer used and may be deleted later: {index.source}")
        return
    out.print(safe_text("The archive still uses the old index; what a crawl adds to it will be missing in the copy."))
    print_line(out, f"To use the copy: newsarchive migrate-index {shlex.quote(to)} --switch --archive {name}")
    print_line(out, f"or write into {file}, above the first [[site]]: index = {to_toml(to)}")
