"""An archive's index moved to another database: SQLite to PostgreSQL and back, with all that a rebuild would lose."""

from dataclasses import dataclass
from datetime import UTC, datetime

from newsarchive.config.schema import Config
from newsarchive.config.toml_file import index_url, set_index
from newsarchive.locks.site_locks import held
from storage.errors import ConfigError
from storage.index.maintenance.transfer import Report, Transferred, quiet, transfer


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """What became of the index."""

    index: Transferred
    switched: bool
    """True where newsarchive.toml names the new one now."""


def migrate(config: Config, to: str, *, switch: bool = False, report: Report = quiet) -> Migrated:
    """Copy the index to a database, named as newsarchive.toml would name it; `switch` has it used from then on.

    ArchiveBusy where a crawl is under way; none can begin until it is done.
    """
    target = index_url(to, config.folder)
    if target == config.index:
        raise ConfigError(f"{to or 'index.sqlite3'} is where the archive has its index already; nothing was done")
    names = [site.name for site in config.sites]
    with held(config.folder / "locks", config.index, names, datetime.now(UTC), "migrate-index", whole=True):
        transferred = transfer(config.index, target, report)
        if switch:
            set_index(config.folder, to)
    return Migrated(index=transferred, switched=switch)
