"""Bringing the schema up to date, by Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from storage.errors import IndexFailure, IndexTooNew

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(connection: Connection, head: str, *, create: bool) -> None:
    """Run the migrations that are missing, in the caller's transaction, which holds the lock that keeps others out."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    found = _revision(connection)
    if found is None and not create:
        raise IndexFailure(
            "the database is there but holds no index; the WARC files are untouched. "
            "Make it from them with: newsarchive rebuild"
        )
    if found is not None and found not in known:
        raise IndexTooNew(found, head)
    if found != head:
        command.upgrade(config, head)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return str(found) if found else None
