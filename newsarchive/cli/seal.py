"""newsarchive seal."""

from typing import Annotated

import typer

from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Folder, Json
from newsarchive.cli.output import print_line, stdout, to_json


def seal(
    *,
    new_key: Annotated[bool, typer.Option("--new-key", help="Replace the key, signed by the old one.")] = False,
    archive: Folder = HERE,
    json: Json = False,
) -> None:
    """Print the head of the chain, to be noted elsewhere.

    The head covers all WARC files that are closed. Printed on paper, or sent to somebody, it proves later that they
    were not changed: newsarchive verify --head HEAD. For what else proves it: newsarchive help proof.
    """
    with Archive.open(archive) as opened:
        chain = opened.seal(new_key=new_key)
    stated = {"head": chain.head, "key": chain.key, "time": chain.links[-1].at}
    if json:
        print(to_json(stated))
    for name, value in stated.items() if not json else ():
        print_line(stdout(), f"{name}: {value}")
