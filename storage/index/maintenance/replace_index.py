"""Replace an index as a whole: a new one is made beside it, and takes its place in one transaction.

    SQLite       NAME.rebuilding, whose pages are then written into the old file
    PostgreSQL   a schema of its own, whose tables are then moved into the old one's schema

Until that transaction ends, readers find the old index, whole; then the new one, without connecting again. A process
that is killed leaves the old index as it was, and the unfinished one beside it.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from storage.errors import ArchiveBusy, DiskFull, IndexFailure, IndexTooNew
from storage.index.engine.database import Database
from storage.index.engine.statements import load_statements
from storage.index.schema.tables import METADATA
from storage.index.schema.upgrade import FORMER, FORMER_FUNCTIONS, FORMER_TABLES, FUNCTIONS, HEAD
from storage.index_address import parse_address, sqlite_address, sqlite_file
from storage.places.folder import replace_durably, report_write_errors

ATTEMPTS = 600
"""Number of attempts to swap while another process reads or writes; each attempt takes about a second."""
_WAIT = 0.5


class _FileReplacement:
    """A new SQLite file beside the old one."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._fresh = file.with_name(file.name + ".rebuilding")
        self.address = sqlite_address(self._fresh)
        """Address of the new index."""

    def check(self) -> None:
        """Raise IndexFailure if the new index could not take the place of the old one. A file always can."""

    def clear(self) -> None:
        """Delete the unfinished index that an earlier process left."""
        with report_write_errors(self._fresh):
            self._fresh.unlink(missing_ok=True)
            remove_log(self._fresh)

    def swap(self, attempts: int = ATTEMPTS) -> None:
        """Put the new index in the place of the old one. No process may have the new one open.

        ArchiveBusy if another process does not let go of the old one.
        """
        # Not by renaming: a server that has the old file open would go on reading it, and between removing the old
        # file's log and the renaming a crash would lose what is in the log.
        if not (self._file.exists() and self._file.stat().st_size and self._write_pages(attempts)):
            remove_log(self._file)
            replace_durably(self._fresh, self._file)
        self.clear()

    def _write_pages(self, attempts: int) -> bool:
        """Write all pages of the new file into the old one, in one transaction; False if the old one is damaged."""
        tried = 0

        def count(status: int, _remaining: int, _total: int) -> None:
            nonlocal tried
            tried += status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
            if tried >= attempts:
                raise ArchiveBusy.create("index-in-use")

        try:
            with closing(sqlite3.connect(self._fresh)) as new, closing(sqlite3.connect(self._file, timeout=1)) as old:
                old.execute("PRAGMA journal_mode=WAL").fetchone()
                new.backup(old, progress=count, sleep=_WAIT)
                # The log is as large as the index now. If somebody reads, it is shortened later.
                with suppress(sqlite3.OperationalError):
                    old.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
                return False
            if code == sqlite3.SQLITE_FULL:
                raise DiskFull.create("no-space-to-replace", file=self._file) from error
            raise IndexFailure.create("index-not-replaced", file=self._file, error=error, fresh=self._fresh) from error
        return True


def remove_log(file: Path) -> None:
    """Delete an SQLite file's write-ahead log, which must not outlive its database."""
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)


_MAY_CREATE = text("SELECT has_database_privilege(current_database(), 'CREATE')")
TABLES = (*sorted(METADATA.tables), "alembic_version")
_STATEMENTS = load_statements("storage.index.maintenance", "replace_index.sql")


class _SchemaReplacement:
    """A new index in a schema of the same PostgreSQL database."""

    def __init__(self, address: str, sleep: Callable[[float], None]) -> None:
        self._own = address
        self._sleep = sleep
        with closing(Database(address)) as database, database.read_transaction() as connection:
            self._schema = str(connection.exec_driver_sql("SELECT coalesce(current_schema(), 'public')").scalar())
        self._fresh = "newsarchive_rebuild" if self._schema == "public" else f"{self._schema}_rebuild"
        url = parse_address(address)
        given = url.query.get("options", "")
        path = _quote(self._fresh).replace("\\", "\\\\").replace(" ", "\\ ")
        options = f"{given if isinstance(given, str) else ' '.join(given)} -c search_path={path}".strip()
        self.address = url.update_query_dict({"options": options}).render_as_string(hide_password=False)

    def check(self) -> None:
        self._run(self._check)

    def clear(self) -> None:
        self._run(self._clear)

    def swap(self, attempts: int = ATTEMPTS) -> None:
        for _ in range(attempts - 1):
            with suppress(ArchiveBusy):
                self._run(self._swap)
                return
            # Others get their locks meanwhile: a reader never waits for longer than lock_timeout.
            self._sleep(_WAIT)
        self._run(self._swap)

    def _run(self, work: Callable[[Connection], None]) -> None:
        with closing(Database(self._own)) as database:
            database.write(work)

    def _old_tables(self, connection: Connection) -> list[str]:
        names = [*TABLES, *FORMER_TABLES] if _read_revision(connection, self._schema) in FORMER else list(TABLES)
        return list(connection.scalars(text(_STATEMENTS["own-tables"]), {"schema": self._schema, "names": names}))

    def _check(self, connection: Connection) -> None:
        revision = _read_revision(connection, self._schema)
        if revision not in (None, HEAD, *FORMER):
            raise IndexTooNew(found=str(revision), known=HEAD)
        names = self._old_tables(connection)
        dependents = connection.scalars(text(_STATEMENTS["dependents"]), {"schema": self._schema, "names": names}).all()
        if dependents:
            raise IndexFailure.create("dependent-tables", dependents=", ".join(dependents))

    def _clear(self, connection: Connection) -> None:
        if connection.scalar(_MAY_CREATE):
            connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {_quote(self._fresh)} CASCADE")
            connection.exec_driver_sql(f"CREATE SCHEMA {_quote(self._fresh)}")
            return
        # Its owner made the schema for us, and only its contents are ours.
        for statement in _list_drops(self._fresh, TABLES, FUNCTIONS):
            connection.exec_driver_sql(statement)

    def _swap(self, connection: Connection) -> None:
        own, fresh = _quote(self._schema), _quote(self._fresh)
        run = connection.exec_driver_sql
        run(f"SET LOCAL lock_timeout = {round(_WAIT * 1000)}")
        if old := self._old_tables(connection):
            try:
                run(f"LOCK TABLE {', '.join(f'{own}.{_quote(name)}' for name in old)} IN ACCESS EXCLUSIVE MODE")
            except DBAPIError as error:
                # lock_not_available, deadlock_detected
                if getattr(error.orig, "sqlstate", None) in {"55P03", "40P01"}:
                    raise ArchiveBusy.create("index-in-use") from error
                raise
        named = {"schema": self._schema, "names": [name for name in old if name in TABLES]}
        grants = connection.scalars(text(_STATEMENTS["grants"]), named).all()
        for statement in _list_drops(self._schema, old, (*FUNCTIONS, *FORMER_FUNCTIONS), cascade=False):
            run(statement)
        for name in TABLES:
            run(f"ALTER TABLE {fresh}.{_quote(name)} SET SCHEMA {own}")
        for name in FUNCTIONS:
            run(f"ALTER FUNCTION {fresh}.{name}() SET SCHEMA {own}")
        run(f"SET LOCAL search_path TO {own}")
        for statement in grants:
            run(statement.replace("%", "%%"))
        if connection.scalar(_MAY_CREATE):
            run(f"DROP SCHEMA {fresh}")


Replacement: TypeAlias = _FileReplacement | _SchemaReplacement
"""A new index beside an old one."""


def prepare_replacement(address: str, sleep: Callable[[float], None] = time.sleep) -> Replacement:
    """Return the place beside an index where a new one is made."""
    file = sqlite_file(address)
    return _FileReplacement(file) if file is not None else _SchemaReplacement(address, sleep)


def _read_revision(connection: Connection, schema: str) -> str | None:
    if not connection.scalars(text(_STATEMENTS["own-tables"]), {"schema": schema, "names": ["alembic_version"]}).all():
        return None
    found = connection.exec_driver_sql(f"SELECT version_num FROM {_quote(schema)}.alembic_version").scalar()  # noqa: S608 - quoted
    return None if found is None else str(found)


def _list_drops(schema: str, tables: Iterable[str], functions: Iterable[str], *, cascade: bool = True) -> list[str]:
    own = _quote(schema)
    names = ", ".join(f"{own}.{_quote(name)}" for name in tables)
    dropped = [f"DROP TABLE IF EXISTS {names}{' CASCADE' if cascade else ''}"] if names else []
    return [*dropped, *(f"DROP FUNCTION IF EXISTS {own}.{name}()" for name in functions)]


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
