"""Create the schema, upgrade it by Alembic, and empty it."""

import secrets
from pathlib import Path

from sqlalchemy import Connection, func, inspect, select, text

from storage.errors import IndexNotCreated, IndexTooNew
from storage.index.schema.tables import METADATA

MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = "v8"
"""The schema that this code reads and writes."""
FORMER = frozenset(
    [*(f"v{number}" for number in range(1, int(HEAD[1:]))), *(f"{number:04}" for number in range(1, 14))]
)
"""Revisions of indexes that were made by an unreleased version."""
FUNCTIONS = (
    "count_inserted_captures", "count_deleted_captures", "count_updated_captures", "log_inserted_versions",
    "log_deleted_versions", "log_updated_versions", "log_deleted_articles", "log_updated_articles",
    "log_inserted_metadata_changes", "log_deleted_metadata_changes", "log_moved_captures",
)  # fmt: skip
"""Functions of PostgreSQL's triggers."""
FORMER_TABLES = ("search_documents", "alarms", "alembic_version", "days", "families", "habits", "hosts")
FORMER_FUNCTIONS = ("captures_counted", "captures_taken_out", "captures_moved")
_MIGRATION_LOCK = 6872  # key of PostgreSQL's advisory lock under which the schema is changed


def create_in_sqlite(connection: Connection) -> bool:
    """Create the newest schema in an SQLite file, twenty times as fast as by Alembic. False if it is not empty."""
    if connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one():
        return False
    for script in sorted((MIGRATIONS / "versions").glob("*_sqlite.sql")):
        for statement in script.read_text("utf-8").split("\n\n"):
            connection.exec_driver_sql(statement)
    _set_identity(connection)
    connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (HEAD,))
    return True


def _set_identity(connection: Connection) -> None:
    """Give an SQLite index a number by which a search folder tells it from others."""
    connection.exec_driver_sql(f"PRAGMA user_version={secrets.randbits(31)}")


def upgrade(connection: Connection, *, create: bool) -> None:
    """Run the migrations that are missing, in the caller's transaction."""
    # Alembic is slow to import, and commands that open an index of the newest schema do not need it.
    from alembic import command
    from alembic.config import Config

    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    revision = None
    if inspect(connection).has_table("alembic_version"):
        revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if revision is None and not create:
        raise IndexNotCreated(
            "the database exists but holds no index; the WARC files are untouched. "
            "Make the index from them with: newsarchive rebuild"
        )
    if revision not in (None, HEAD):
        raise IndexTooNew(found=str(revision), known=HEAD)
    if revision != HEAD:
        command.upgrade(config, HEAD)


def empty_tables(connection: Connection) -> None:
    """Delete the rows of all tables."""
    tables = sorted(METADATA.tables)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY")
        return
    _set_identity(connection)
    # Captures and versions refer to each other: references are checked when all rows are gone.
    connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    for name in tables:
        connection.exec_driver_sql(f"DELETE FROM {name}")  # noqa: S608 - names of our own tables
