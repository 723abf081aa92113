"""newsarchive export."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Author, Folder, Section, Since, SiteName, Until, moment
from newsarchive.cli.output import as_json, counted, stderr
from storage.index.views import Filters


class Format(StrEnum):
    """What is written."""

    JSONL = "jsonl"


def export(  # noqa: PLR0913 - every word is an option of the command line
    *,
    into: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write there.")] = None,
    form: Annotated[Format, typer.Option("--format", help="jsonl: one JSON object a line.")] = Format.JSONL,  # noqa: ARG001
    all_versions: Annotated[bool, typer.Option("--all-versions", help="Each version, not the latest only.")] = False,
    site: SiteName = None,
    since: Since = None,
    until: Until = None,
    author: Author = None,
    section: Section = None,
    query: Annotated[
        str | None, typer.Option(metavar="WORDS", help="Only what a search for these words finds.")
    ] = None,
    archive: Folder = HERE,
) -> None:
    """Write articles out, one JSON object a line.

    The fields are those of docs/export.md. With -o the file appears only when it is whole.
    """
    filters = Filters(
        site=site,
        since=moment(since, "--since"),
        until=moment(until, "--until"),
        author=author,
        section=section,
        query=query,
    )
    count = 0
    with Archive.open(archive) as opened, _sink(into) as sink:
        for line in opened.export(filters, all_versions=all_versions):
            sink.write(as_json(line).encode() + b"\n")
            count += 1
    if into is not None:
        stderr().print(f"{counted(count, 'version' if all_versions else 'article')} written to {into}")


@contextmanager
def _sink(into: Path | None) -> Iterator[BinaryIO]:
    """Where lines go: standard output, or a file that takes its name only at the end."""
    if into is None:
        yield sys.stdout.buffer
        return
    beside = into.with_name(f".{into.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            yield file
        beside.replace(into)
    finally:
        beside.unlink(missing_ok=True)
