"""newsarchive init."""

from pathlib import Path
from typing import Annotated

import typer

from newsarchive.archive import Archive
from newsarchive.cli.options import HERE
from newsarchive.cli.output import stdout


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="The new archive's folder.", show_default=False)
    ] = HERE,
    *,
    contact: Annotated[
        str, typer.Option(help="Mail or web address where a site's owner reaches you; part of the User-Agent.")
    ] = "",
    operator: Annotated[str, typer.Option(help="Who runs the archive; written into every WARC file.")] = "",
    index: Annotated[
        str, typer.Option(metavar="DATABASE", help="postgresql://HOST/NAME, or the path of an SQLite file.")
    ] = "",
) -> None:
    """Make a new archive in a folder.

    The folder gets newsarchive.toml for the settings, warc/ for the pages, and index.sqlite3.
    """
    given = {"contact": contact, "operator": operator, "index": index}
    Archive.init(folder, **{name: value for name, value in given.items() if value}).close()
    out = stdout()
    out.print(f"A new archive is in {folder.absolute()}.")
    out.print(f"Next: {'' if folder == HERE else f'cd {folder} && '}newsarchive add https://your.news.site/")
