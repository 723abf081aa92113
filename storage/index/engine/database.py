"""Connections to the index's database, SQLite or PostgreSQL: transactions, limits on their work, and errors."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from functools import partial
from math import inf
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, IntegrityError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from storage.errors import DiskFull, IndexFailure, IndexReadOnly, IndexReplaced, IndexTooOld, QueryTooLong
from storage.extras import install_command
from storage.index.engine.dialect import analyze_tables
from storage.index.engine.postgres import libpq_parameters
from storage.index.engine.sqlite_file import SqliteConnection, SqliteFile
from storage.index.schema.tables import METADATA
from storage.index.schema.upgrade import FORMER, HEAD, create_in_sqlite, upgrade
from storage.index_address import parse_address, sqlite_file

T = TypeVar("T")

# Page cache in kilobytes, and where SQLite sorts. The writer touches all of its indexes, and sorts all paragraphs of a
# large site to find boilerplate: half a gigabyte in memory. Readers are many, and sort little.
_WRITER = ("PRAGMA cache_size=-45056", "PRAGMA temp_store=FILE", "PRAGMA secure_delete=ON")
_READER = ("PRAGMA cache_size=-2048", "PRAGMA temp_store=MEMORY")
_ATTEMPTS = 6
_STEPS = 10_000  # instructions of SQLite's virtual machine between two checks of the time limit: some 0.1 ms


class WorkLimit:
    """Limit on the CPU time of the queries of one client, in whatever thread they run. Thread-safe."""

    def __init__(self, cpu_seconds: float) -> None:
        self._cpu_seconds = cpu_seconds
        self._used = 0.0
        self._thread = threading.local()
        self._lock = threading.Lock()
        self.is_cancelled = False
        """True if nobody waits for the work any more."""
        self._stops: list[Callable[[], None]] = []

    @contextmanager
    def measure(self) -> Iterator[None]:
        """Count the CPU time of this thread while the block runs; blocks may be nested."""
        if getattr(self._thread, "began", None) is not None:
            yield
            return
        self._thread.began = time.thread_time()
        try:
            yield
        finally:
            with self._lock:
                self._used += time.thread_time() - self._thread.began
            self._thread.began = None

    @property
    def is_over(self) -> bool:
        """True if the time is used up or the work was cancelled."""
        began = getattr(self._thread, "began", None)
        running = 0.0 if began is None else time.thread_time() - began
        return self.is_cancelled or self._used + running > self._cpu_seconds

    def check(self) -> None:
        """Raise QueryTooLong if the work must end."""
        if self.is_over:
            raise QueryTooLong

    def limit(self, items: Iterator[T]) -> Iterator[T]:
        """Yield items, counting the CPU time of each; QueryTooLong when the work is over."""
        while True:
            with self.measure():
                self.check()
                try:
                    item = next(items)
                except StopIteration:
                    return
            yield item

    def cancel(self) -> None:
        """End the work: its client has left. Running statements are stopped."""
        with self._lock:
            self.is_cancelled = True
            for stop in self._stops:
                # The statement has ended, or its connection is broken.
                with suppress(Exception):
                    stop()

    @contextmanager
    def stopping(self, stop: Callable[[], None]) -> Iterator[None]:
        """While the block runs, `cancel` calls `stop`."""
        with self._lock:
            self._stops.append(stop)
        try:
            self.check()
            yield
        finally:
            with self._lock:
                self._stops.remove(stop)


class Database:
    """Connections to one database, whose schema `open` brings up to date."""

    def __init__(self, address: str) -> None:
        """Connect to a database of any schema, which is neither checked nor changed."""
        url = parse_address(address)
        self.is_postgres = url.get_backend_name() == "postgresql"
        self._file: SqliteFile | None = None
        if self.is_postgres:
            try:
                libpq = libpq_parameters(url)
                self.engine = create_engine(url, pool_pre_ping=True, pool_size=5, max_overflow=20, connect_args=libpq)
            except (NoSuchModuleError, ModuleNotFoundError) as error:
                raise IndexFailure.create(
                    "driver-missing", driver=url.drivername, command=install_command("postgres")
                ) from error
            self._writer = self.engine
        else:
            self._file = SqliteFile(Path(url.database or ""))
            self.engine = _create_sqlite_engine(self._file, _READER, begin="BEGIN", write=False)
            self._writer = _create_sqlite_engine(self._file, _WRITER, begin="BEGIN IMMEDIATE", write=True)
        self._writing = threading.RLock()

    @classmethod
    def open(cls, address: str, *, create: bool = True) -> Self:
        """Connect, and bring the schema up to date. IndexTooOld if it was made by an unreleased version."""
        file = sqlite_file(address)
        if not create and file is not None and not file.is_file():
            raise IndexFailure.create("no-index", file=file)
        database = cls(address)
        try:
            with translate_errors(database.name):
                revision = _read_revision(database.engine)
                is_new = revision != HEAD and create and not database.is_postgres and database.write(create_in_sqlite)
                if revision in FORMER:
                    raise IndexTooOld(found=revision)
                if revision != HEAD and not is_new:
                    database.write(partial(upgrade, create=create))
        except BaseException:
            database.close()
            raise
        return database

    @property
    def name(self) -> str:
        """Address of the database, without password."""
        return self.engine.url.render_as_string(hide_password=True)

    @property
    def default_search_folder(self) -> Path | None:
        """The folder beside an SQLite file that its search folder is."""
        if self._file is None:
            return None
        path = self._file.path
        return path.with_name("search") if path.name == "index.sqlite3" else path.with_suffix(".search")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()
        self._writer.dispose()

    @contextmanager
    def read_transaction(self, timeout: float | None = None, work: WorkLimit | None = None) -> Iterator[Connection]:
        """Yield a connection that sees one state of the database.

        With a timeout, QueryTooLong if the reader takes more seconds than that (PostgreSQL: for one statement); with
        `work`, if the work is over. IndexReplaced if another process wrote to a file that could be opened without
        locks only.
        """
        self._require_present_file()
        with translate_errors(self.name), self.engine.connect() as connection, connection.begin():
            is_limited = timeout is not None or work is not None
            with limit_time(connection, timeout, work or WorkLimit(inf)) if is_limited else nullcontext():
                yield connection
            if self._file is not None and not self._file.is_stable():
                raise IndexReplaced(place=self.name)

    def identify(self, connection: Connection) -> object:
        """Return what tells this index from one that takes its place; equal as long as nobody replaces it."""
        if self._file is not None:
            # Of the connection, not of the path, where another file may be by now.
            driver: Any = connection.connection.driver_connection
            return driver.generation, connection.exec_driver_sql("PRAGMA schema_version").scalar()
        return connection.exec_driver_sql("SELECT to_regclass('captures')::oid").scalar()

    def _require_present_file(self) -> bool:
        """Close connections to an SQLite file that another one has replaced, and return whether that was so."""
        if self._file is None or not self._file.is_replaced():
            return False
        self.close()
        return True

    def write(self, work: Callable[[Connection], T], *, on_rollback: Callable[[], None] = lambda: None) -> T:
        """Do work in one transaction, again after a conflict with another writer. Each failure calls `on_rollback`."""
        with self._writing, translate_errors(self.name):
            if self._require_present_file():
                on_rollback()
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    with self._writer.begin() as connection:
                        return work(connection)
                except DBAPIError as error:
                    on_rollback()
                    if attempt == _ATTEMPTS or not _is_conflict(error):
                        raise
                    time.sleep(0.05 * attempt)
                except BaseException:
                    on_rollback()
                    raise
        raise AssertionError

    def erase_deleted(self) -> str:
        """Remove deleted rows from the disk, too; return what still has them, "" if nothing has."""
        if self._file is None:
            return "the files of the PostgreSQL database, until VACUUM FULL, and its write-ahead log"
        with translate_errors(self.name), closing(self.engine.raw_connection()) as connection:
            driver: Any = connection.driver_connection
            is_busy = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return f"{self._file.path}-wal, until the processes that read the index now end" if is_busy else ""

    def analyze(self) -> None:
        """Update the planner's statistics of all tables after many rows were written."""
        if self.is_postgres:
            self.write(partial(analyze_tables, tables=METADATA.tables))


def _create_sqlite_engine(file: SqliteFile, pragmas: Sequence[str], *, begin: str, write: bool) -> Engine:
    """Create an engine that begins transactions itself.

    A writing transaction takes the write lock when it begins: had it read first, it could not wait for another writer.
    """
    address, creator = URL.create("sqlite", database=str(file.path)), lambda: file.connect(pragmas, write=write)
    engine = create_engine(address, creator=creator, pool_size=5, max_overflow=20)

    def begins(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    def returns(connection: SqliteConnection | None, record: ConnectionPoolEntry) -> None:
        # It was in use when the pool was disposed of, which leaves the rest to the garbage collector.
        if connection is not None and connection.generation != file.generation:
            record.invalidate()

    event.listen(engine, "begin", begins)
    event.listen(engine, "checkin", returns)
    return engine


def _read_revision(engine: Engine) -> str | None:
    try:
        with engine.connect() as connection:
            found = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return str(found) if found else None
    except SQLAlchemyError:
        return None


def _is_conflict(error: DBAPIError) -> bool:
    """Return whether another writer was in the way, so that a retry may succeed."""
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        # serialization_failure, deadlock_detected, and a row that another transaction just inserted or deleted
        return state in {"40001", "40P01"} or isinstance(error, IntegrityError)
    return isinstance(error, OperationalError) and "locked" in str(error.orig)


@contextmanager
def translate_errors(name: str) -> Iterator[None]:
    """Translate errors of the database into ours."""
    try:
        yield
    except PoolTimeout as error:
        raise IndexFailure.create("no-connections", name=name) from error
    except DBAPIError as error:
        message = " ".join(str(error.orig).split())
        if message == "interrupted" or getattr(error.orig, "sqlstate", None) == "57014":
            raise QueryTooLong from error
        if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_READONLY:
            raise IndexReadOnly(place=name) from error
        if "disk is full" in message or getattr(error.orig, "sqlstate", None) == "53100":
            raise DiskFull.create("index-disk-full", name=name) from error
        raise IndexFailure.create("index-unusable", name=name, message=message) from error


@contextmanager
def limit_time(connection: Connection, seconds: float | None, work: WorkLimit) -> Iterator[None]:
    """Cancel statements of a connection that exceed the time limit, or whose work is over."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "postgresql":
        if seconds is not None:
            # In force until the transaction ends.
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {max(1, round(seconds * 1000))}")
        try:
            with work.stopping(driver.cancel):
                yield
        finally:
            if work.is_cancelled:
                # The server may be about to cancel whatever this connection runs next.
                connection.invalidate()
        return
    deadline = time.monotonic() + (inf if seconds is None else seconds)
    driver.set_progress_handler(lambda: time.monotonic() > deadline or work.is_over, _STEPS)
    try:
        work.check()
        yield
    finally:
        driver.set_progress_handler(None, 0)
