"""Options shared by several commands."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeVar

from typer import Argument, Option

from newsarchive.config import units
from storage.errors import ConfigError

T = TypeVar("T")

HERE = Path()
MAX_PROCESSES = 256
"""Processes that an option may ask for."""

Folder = Annotated[Path, Option("--archive", "-A", metavar="DIR", envvar="NEWSARCHIVE_DIR", help="Archive folder.")]
Sites = Annotated[list[str] | None, Argument(metavar="[SITE]...", help="Sites to crawl; by default all.")]
SiteName = Annotated[str | None, Option("--site", metavar="SITE", help="Only articles of this site.")]
Since = Annotated[str | None, Option("--since", metavar="DATE", help="Published since this date, time, or age (7d).")]
Until = Annotated[str | None, Option("--until", metavar="DATE", help="Published until then; a date is included.")]
Dask = Annotated[str | None, Option("--dask", metavar="ADDRESS", help="Dask scheduler (see: newsarchive help batch).")]
Withheld = Annotated[bool, Option("--withheld", help="Include what is blocked, hidden or under an embargo.")]
Author = Annotated[str | None, Option("--author", metavar="NAME", help="Only articles by this author.")]
Section = Annotated[str | None, Option("--section", metavar="NAME", help="Only articles of this section.")]

MaxTime = Annotated[str | None, Option("--max-time", metavar="TIME", help="Stop after this time, such as 10m.")]
_CLOCK_HELP = "For demonstrations and tests only: start at this time. It falsifies the times in the WARC files."
Clock = Annotated[str | None, Option("--clock", metavar="TIME", help=_CLOCK_HELP)]


def parse_value(parse: Callable[[str], T], words: str | None, option: str) -> T | None:
    """Parse the value of an option, if it is given; ConfigError if it cannot be parsed.

    >>> parse_value(units.parse_size, "2GB", "--max-bytes")
    2000000000
    """
    if words is None:
        return None
    try:
        return parse(words)
    except ValueError as error:
        raise ConfigError(f"{option}: {error}. Nothing was done") from None


def parse_max_time(words: str | None) -> float:
    """Return the seconds of --max-time; 0 if it is not given."""
    return (parse_value(units.parse_duration, words, "--max-time") or timedelta()).total_seconds()
