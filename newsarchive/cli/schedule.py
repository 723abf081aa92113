"""newsarchive schedule."""

import getpass
import shutil
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from typer import Option

from newsarchive.cli.options import HERE, Folder, Sites, parse_value
from newsarchive.cli.output import print_result, sanitize
from newsarchive.config import toml_file
from newsarchive.config.units import parse_duration
from newsarchive.operations.cron import ScheduledCrawl, crontab, systemd_units
from storage.errors import ConfigError


def schedule(  # noqa: PLR0913 - each is an option of the command line
    sites: Sites = None,
    *,
    cron: Annotated[bool, Option("--cron", help="Print a crontab line (default).")] = False,
    units: Annotated[bool, Option("--systemd", help="Print a systemd service and timer.")] = False,
    worker: Annotated[bool, Option("--worker", help="Print a systemd service, for several machines.")] = False,
    every: Annotated[str | None, Option(metavar="TIME", help="Interval between crawls; by default 10m.")] = None,
    ping: Annotated[str, Option(metavar="URL", help="Health check URL that each crawl pings.")] = "",
    archive: Folder = HERE,
) -> None:
    """Print a crontab line or systemd units for crawls.

    Nothing is changed. Short intervals are fine: a crawl fetches due URLs only, and exits at once if another one is
    running.
    """
    if cron + units + worker > 1:
        raise ConfigError("--cron, --systemd and --worker exclude each other; nothing was printed. Choose one of them")
    if worker and (sites or every or ping):
        raise ConfigError.create("worker-alone")
    config, names = toml_file.load_config(archive), tuple(sites or ())
    config.select_sites(names)
    interval = parse_value(parse_duration, every, "--every") or timedelta(minutes=10)
    user, folder = getpass.getuser(), config.folder.resolve()
    job = ScheduledCrawl(command=program_path(), archive=folder, sites=names, every=interval, user=user, ping=ping)
    lines = systemd_units(job, worker=worker) if worker or units else crontab(job)
    facts = {"text": lines, "command": job.command_line, "seconds": interval.total_seconds()}
    print_result(facts, lambda: print(sanitize(lines), end=""))


def program_path() -> Path:
    """Return the absolute path of this program, because cron has neither PATH nor the virtual environment."""
    called = Path(sys.argv[0])
    if called.name == "newsarchive" and called.exists():
        return called.absolute()
    beside = Path(sys.executable).with_name("newsarchive")
    return beside if beside.exists() else Path(shutil.which("newsarchive") or beside)
