"""newsarchive schedule."""

import getpass
import shutil
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from newsarchive.cli.options import HERE, Folder, length
from newsarchive.cli.output import plain
from newsarchive.config import toml_file
from newsarchive.operations.cron import Job, crontab, systemd, systemd_worker
from storage.errors import ConfigError

EVERY = timedelta(minutes=10)


def schedule(  # noqa: PLR0913 - each is an option of the command line
    sites: Annotated[list[str] | None, typer.Argument(metavar="[SITE]...", help="Only these; all by default.")] = None,
    *,
    cron: Annotated[bool, typer.Option("--cron", help="Lines for a crontab (the default).")] = False,
    units: Annotated[bool, typer.Option("--systemd", help="A systemd service and its timer.")] = False,
    worker: Annotated[bool, typer.Option("--worker", help="A systemd service for one of many machines.")] = False,
    every: Annotated[str | None, typer.Option(metavar="TIME", help="How often; 10m by default.")] = None,
    ping: Annotated[str, typer.Option(metavar="URL", help="Health check that each crawl tells how it went.")] = "",
    archive: Folder = HERE,
) -> None:
    """Print what to install so that crawls run by themselves.

    Nothing is changed. Often is right: a crawl asks only for what is due, and one that finds another still running ends
    at once.
    """
    if cron + units + worker > 1:
        raise ConfigError("--cron, --systemd and --worker are ways of one thing; nothing was printed. Take one of them")
    if worker and (sites or every or ping):
        raise ConfigError("a worker crawls all sites when they are due; nothing was printed. Give --worker alone")
    config = toml_file.load(archive)
    config.chosen(sites or ())
    job = Job(
        command=program(),
        archive=config.folder.resolve(),
        sites=tuple(sites or ()),
        every=length(every, "--every") or EVERY,
        user=getpass.getuser(),
        ping=ping,
    )
    lines = systemd_worker(job) if worker else systemd(job) if units else crontab(job)
    print(plain(lines), end="")


def program() -> Path:
    """The program as cron has to call it: cron knows neither PATH nor the virtual environment."""
    called = Path(sys.argv[0])
    if called.name == "newsarchive" and called.exists():
        return called.absolute()
    beside = Path(sys.executable).with_name("newsarchive")
    if beside.exists():
        return beside
    found = shutil.which("newsarchive")
    return Path(found) if found else beside
