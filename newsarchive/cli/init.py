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
) -> None:
    """Make a new archive in a folder.

    The folder gets newsarchive.toml for the settings, warc/ for the pages, and index.sqlite3.
    """
    known = {name: value for name, value in (("contact", contact), ("operator", operator)) if value}
    Archive.init(folder, **known).close()
    out = stdout()
    out.print(f"A new archive is in {folder.absolute()}.")
    out.print(f"Next: {'' if folder == HERE else f'cd {folder} && '}newsarchive add https://your.news.site/")
