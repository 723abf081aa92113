"""newsarchive remove-site and rename-site."""

from typing import Annotated

import typer

from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Folder
from newsarchive.cli.output import print_line, stdout
from newsarchive.config import toml_file
from newsarchive.config.schema import FILE_NAME
from newsarchive.maintenance import site_names

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the site, as in newsarchive.toml.")]


def remove_site(name: Name, *, archive: Folder = HERE) -> None:
    """Remove a site from newsarchive.toml.

    No crawl fetches anything of it any more. Its articles stay in the archive and can be searched and read. The rest of
    the file is not changed.
    """
    toml_file.remove_site(archive, name)
    print_line(
        stdout(),
        f"{name} was removed from {archive / FILE_NAME}. Nothing more of it is fetched; its articles are kept. To crawl"
        " it again: newsarchive add URL. To remove articles for good: newsarchive takedown",
    )


def rename_site(
    name: Name, new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.")], *, archive: Folder = HERE
) -> None:
    """Rename a site, in newsarchive.toml and in the index.

    Its articles, due URLs and alarms are handed over. The old name is kept in former_names, from which a rebuild knows
    it.
    """
    with Archive.open(archive) as opened:
        notes = site_names.rename_site(opened, name, new)
    for line in notes or [f"{name} is called {new} now; nothing of it is archived yet"]:
        print_line(stdout(), line)
