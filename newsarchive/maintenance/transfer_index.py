"""Transfer the index to another database: SQLite to PostgreSQL or back, with the schedule that a rebuild would lose.

A module of its own because the transfer of rows (layer 0) knows neither the settings nor the locks.
"""

from dataclasses import dataclass

from newsarchive.config.schema import Config
from newsarchive.config.toml_file import index_url, set_index
from newsarchive.locks.site_locks import lock_sites
from storage.callbacks import ProgressCallback, ignore_progress, utc_now
from storage.errors import ConfigError
from storage.index.maintenance.transfer import TransferResult, transfer_index


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationResult:
    """The transferred index, and whether it is used now."""

    index: TransferResult
    switched: bool
    """True if newsarchive.toml names the new index now."""


def transfer_archive_index(
    config: Config, to: str, *, switch: bool = False, progress: ProgressCallback = ignore_progress
) -> MigrationResult:
    """Copy the index to a database named as in newsarchive.toml; with `switch`, write its name into that file.

    ArchiveBusy if a crawl is running; none can start until the transfer is done.
    """
    target = index_url(to, config.folder)
    if target == config.index:
        advice = "nothing was done. Name another database: newsarchive migrate-index postgresql://HOST/NAME"
        raise ConfigError(f"{to or 'index.sqlite3'} is the index that the archive uses already; {advice}")
    names = [site.name for site in config.sites]
    with lock_sites(config.folder / "locks", config.index, names, utc_now(), "migrate-index", whole=True):
        transferred = transfer_index(config.index, target, progress)
        if switch:
            set_index(config.folder, to)
    return MigrationResult(index=transferred, switched=switch)
