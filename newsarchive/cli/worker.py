"""newsarchive worker."""

from importlib.util import find_spec
from typing import Annotated

import typer

from newsarchive.cli.options import HERE, MAX_PROCESSES, Folder
from newsarchive.cli.output import pluralize, safe_text, stdout
from newsarchive.config import toml_file
from newsarchive.config.schema import Config
from newsarchive.locks.site_locks import POSTGRES
from newsarchive.reader_pool.cpu import available_cores
from storage.errors import ConfigError
from storage.extras import install_command


def worker(
    *,
    slots: Annotated[
        int,
        typer.Option(min=0, max=MAX_PROCESSES, metavar="N", help="Number of sites crawled at once; 0: one per core."),
    ] = 0,
    archive: Folder = HERE,
) -> None:
    """Crawl due sites as one of several machines.

    Runs until Ctrl-C or SIGTERM, which stops it within seconds. Each machine has a folder of its own with the same
    newsarchive.toml, and all share one PostgreSQL index. Exits with 75 if it loses the leases of its sites; its
    supervisor should restart it.
    """
    config = toml_file.load_config(archive)
    require_cluster(config)
    from newsarchive.jobs.worker import WorkerSettings, run_worker

    settings = WorkerSettings(folder=config.folder, index=config.index, slots=slots or available_cores())
    print_line(f"crawling {pluralize(settings.slots, 'site')} at once; to see all workers: newsarchive workers")
    raise typer.Exit(run_worker(settings, print_line))


def print_line(line: str) -> None:
    """Print a line to standard output."""
    stdout().print(safe_text(line), soft_wrap=True)


def require_cluster(config: Config) -> None:
    """Raise ConfigError unless several machines can share this archive."""
    if not config.index.startswith(POSTGRES):
        raise ConfigError(
            "workers need a shared index, and this archive's is a file on this machine; nothing was done. Name a "
            'PostgreSQL database in newsarchive.toml (index = "postgresql://…"), or run newsarchive crawl from cron'
        )
    if find_spec("procrastinate") is None:
        raise ConfigError(
            "the packages for workers are not installed; nothing was done. "
            f"Install them with: {install_command('cluster')}"
        )
