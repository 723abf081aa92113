"""Options that several commands have, said once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from newsarchive.config.units import duration
from storage.errors import ConfigError

HERE = Path()

Folder = Annotated[
    Path,
    typer.Option("--archive", "-A", metavar="DIR", envvar="NEWSARCHIVE_DIR", help="The archive's folder."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
SiteName = Annotated[str | None, typer.Option("--site", metavar="SITE", help="Only articles of this site.")]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="DATE", help="Published since: a date, a moment, or an age such as 7d."),
]
Until = Annotated[str | None, typer.Option("--until", metavar="DATE", help="Published before; the same forms.")]
Dask = Annotated[
    str | None,
    typer.Option(
        "--dask", metavar="ADDRESS", help="Work on a Dask cluster, by its scheduler's address (docs/batch.md)."
    ),
]
Scratch = Annotated[
    Path | None,
    typer.Option(
        "--scratch", metavar="DIR", help="Folder that the cluster's workers see too; by default `batch` here."
    ),
]
Afresh = Annotated[bool, typer.Option("--afresh", help="Do not go on where a run before was broken off.")]
Author = Annotated[str | None, typer.Option("--author", metavar="NAME", help="Only articles by this author.")]
Section = Annotated[str | None, typer.Option("--section", metavar="NAME", help="Only articles of this section.")]


def moment(words: str | None, option: str) -> datetime | None:
    """Read a date as the command line takes it; without a zone it is UTC.

    >>> moment("2026-11-25", "--since")
    datetime.datetime(2026, 11, 25, 0, 0, tzinfo=datetime.timezone.utc)
    """
    if words is None:
        return None
    try:
        read = datetime.fromisoformat(words)
    except ValueError:
        try:
            return datetime.now(UTC) - duration(words)
        except (ValueError, OverflowError):
            raise ConfigError(
                f"{option} {words}: wants a date such as 2026-11-25, a moment such as 2026-11-25T08:00Z, or an age "
                "such as 7d. Nothing was done"
            ) from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def length(words: str | None, option: str) -> timedelta | None:
    """Read a length of time as the command line takes it.

    >>> length("10m", "--max-time")
    datetime.timedelta(seconds=600)
    """
    if words is None:
        return None
    try:
        return duration(words)
    except ValueError as error:
        raise ConfigError(f"{option}: {error}. Nothing was done") from None
