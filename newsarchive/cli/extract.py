"""newsarchive extract."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from newsarchive.cli.output import as_json
from newsarchive.extract import as_json as as_object
from newsarchive.extract import extract_page


def extract(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A saved HTML page; - for standard input.")],
    *,
    url: Annotated[str, typer.Option(help="Where the page was: links are resolved against it.")],
) -> None:
    """Read one saved page, without an archive.

    Prints one JSON object with the fields of `export`, the archive's own apart, and what the page was taken for.
    """
    payload = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    print(as_json({"url": url, **as_object(extract_page(payload, url))}))
