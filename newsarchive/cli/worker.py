"""newsarchive worker."""

from importlib.util import find_spec
from typing import Annotated

import typer

from newsarchive.cli.options import HERE, Folder
from newsarchive.cli.output import cell, counted, stdout
from newsarchive.config import toml_file
from newsarchive.config.schema import Config
from newsarchive.locks.site_locks import POSTGRES
from newsarchive.reader_pool.cpu import cores
from storage.errors import ConfigError


def worker(
    *,
    slots: Annotated[int, typer.Option(min=0, metavar="N", help="Sites crawled at once; 0: one a core.")] = 0,
    archive: Folder = HERE,
) -> None:
    """Crawl what is due, as one of many machines.

    Goes on until Ctrl-C or SIGTERM, which ends it in good order within seconds. Each machine has a folder of its own
    with the same newsarchive.toml, and the index is one PostgreSQL database. Ends with 75 where it can no longer be
    sure that its sites are its own; whatever watches over it starts it again.
    """
    config = toml_file.load(archive)
    demand_cluster(config)
    from newsarchive.jobs import Crewing, work

    crewing = Crewing(folder=config.folder, index=config.index, slots=slots or cores())
    tell(f"crawling {counted(crewing.slots, 'site')} at once; to see who does what: newsarchive workers")
    raise typer.Exit(work(crewing, tell))


def tell(line: str) -> None:
    """Say something on standard output, at once: a service's log has it in time."""
    stdout().print(cell(line), soft_wrap=True)


def demand_cluster(config: Config) -> None:
    """ConfigError where several machines cannot share this archive."""
    if not config.index.startswith(POSTGRES):
        raise ConfigError(
            "workers share their index, and this archive's is a file of this machine; nothing was done. Name a "
            'PostgreSQL database in newsarchive.toml (index = "postgresql://…"), or have cron run: newsarchive crawl'
        )
    if find_spec("procrastinate") is None:
        raise ConfigError(
            "what workers need is not installed; nothing was done. Install it with: pip install 'newsarchive[cluster]'"
        )
