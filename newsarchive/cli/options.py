"""Options shared by several commands."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from newsarchive.config import units
from storage.errors import ConfigError

T = TypeVar("T")

parse_time = units.parse_time
HERE = Path()
MAX_PROCESSES = 256
"""Processes that an option may ask for."""

Folder = Annotated[
    Path, typer.Option("--archive", "-A", metavar="DIR", envvar="NEWSARCHIVE_DIR", help="Folder of the archive.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
SiteName = Annotated[str | None, typer.Option("--site", metavar="SITE", help="Only articles of this site.")]
Since = Annotated[
    str | None, typer.Option("--since", metavar="DATE", help="Published since this date, time, or age such as 7d.")
]
Until = Annotated[str | None, typer.Option("--until", metavar="DATE", help="Published before; the same formats.")]
Dask = Annotated[
    str | None,
    typer.Option(
        "--dask", metavar="ADDRESS", help="Run on a Dask cluster: address of its scheduler (newsarchive help batch)."
    ),
]
Scratch = Annotated[
    Path | None, typer.Option("--scratch", metavar="DIR",
    help="Folder shared with the workers of the cluster; by default `batch` in the archive.")
]  # fmt: skip
Restart = Annotated[bool, typer.Option("--restart", help="Start again instead of continuing an interrupted run.")]
Withheld = Annotated[bool, typer.Option("--withheld", help="Include what is blocked, hidden or under an embargo.")]
Author = Annotated[str | None, typer.Option("--author", metavar="NAME", help="Only articles by this author.")]
Section = Annotated[str | None, typer.Option("--section", metavar="NAME", help="Only articles of this section.")]

Clock = Annotated[
    str | None, typer.Option("--clock", metavar="TIME", help="Simulate: run as if started at this time (ISO 8601).")
]


def parse_duration(words: str | None, option: str) -> timedelta | None:
    """Parse a duration.

    >>> parse_duration("10m", "--max-time")
    datetime.timedelta(seconds=600)
    """
    return _parse(words, option, units.parse_duration)


def parse_size(words: str | None, option: str) -> int | None:
    """Parse a number of bytes.

    >>> parse_size("2GB", "--max-bytes")
    2000000000
    """
    return _parse(words, option, units.parse_size)


def _parse(words: str | None, option: str, parse: Callable[[str], T]) -> T | None:
    if words is None:
        return None
    try:
        return parse(words)
    except ValueError as error:
        raise ConfigError(f"{option}: {error}. Nothing was done") from None
