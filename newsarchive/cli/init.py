"""newsarchive init."""

import shlex
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from newsarchive.archive import Archive
from newsarchive.cli.options import HERE
from newsarchive.cli.output import print_line, stdout


def init(
    folder: Annotated[Path, Argument(metavar="[DIR]", help="Folder of the new archive.", show_default=False)] = HERE,
    *,
    contact: Annotated[
        str, Option(help="Mail address or URL where site owners can reach you; part of the User-Agent.")
    ] = "",
    operator: Annotated[str, Option(help="Operator of the archive; written into every WARC file.")] = "",
    index: Annotated[
        str, Option(metavar="DATABASE", help="postgresql://HOST/NAME, or the path of an SQLite file.")
    ] = "",
) -> None:
    """Create an archive in a folder.

    The folder gets newsarchive.toml with the settings, warc/ for the WARC files, and index.sqlite3.
    """
    given = {"contact": contact, "operator": operator, "index": index}
    with Archive.init(folder, **{name: value for name, value in given.items() if value}) as opened:
        key = opened.places.chain.load().key
    out = stdout()
    print_line(out, f"Created an archive in {folder.absolute()}.")
    print_line(out, f"Its public key is {key}")
    change = "" if folder == HERE else f"cd {shlex.quote(str(folder))} && "
    print_line(out, f"Next: {change}newsarchive add https://your.news.site/")
