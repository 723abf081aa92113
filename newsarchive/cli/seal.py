"""newsarchive seal."""

from typing import Annotated

from typer import Exit, Option

from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Folder
from newsarchive.cli.output import print_line, stderr, stdout
from newsarchive.maintenance.time_stamps import stamp_head


def seal(
    *,
    new_key: Annotated[bool, Option("--new-key", help="Replace the key, signed by the old one.")] = False,
    print_only: Annotated[bool, Option("--print", help="Print only; ask no time server.")] = False,
    archive: Folder = HERE,
) -> None:
    """Print the head of the chain, and have it stamped.

    The head covers all closed WARC files. Noted elsewhere, it proves later that they were not changed: newsarchive
    verify --head HEAD. The servers of `time_servers` stamp it. Exits with 1 if one does not.
    """
    with Archive.open(archive) as opened:
        chain = opened.seal(new_key=new_key)
        problems = [] if print_only else stamp_head(opened.config)
    for name, value in (("head", chain.head), ("key", chain.key), ("time", chain.links[-1].at)):
        print_line(stdout(), f"{name}: {value}")
    for problem in problems:
        print_line(stderr(), problem, "red")
    raise Exit(int(bool(problems)))
