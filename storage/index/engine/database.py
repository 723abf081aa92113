"""The database under the index: SQLite or PostgreSQL, one way to read and one way to write it."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Self, TypeAlias, TypeVar

from sqlalchemy import (
    Connection,
    Engine,
    Executable,
    LargeBinary,
    Row,
    Select,
    Table,
    create_engine,
    event,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.sql.elements import KeyedColumnElement

from storage.errors import DiskFull, IndexFailure, IndexTooNew, QueryTooLong
from storage.index.engine.postgres import tuned
from storage.index.schema import newest
from storage.index.schema.tables import Base

T = TypeVar("T")
Key = TypeVar("Key", int, str, bytes)
AnyRow: TypeAlias = Row[*tuple[Any, ...]]
AnySelect: TypeAlias = Select[*tuple[Any, ...]]

HEAD = "0013"
"""The newest migration in storage/index/schema/migrations/versions: the schema that this code speaks."""

_PRAGMAS = (
    "PRAGMA busy_timeout=10000",
    # A crash of the machine may cost the last transactions, never the file; what is lost is read again from the WARC.
    "PRAGMA synchronous=NORMAL",
    "PRAGMA wal_autocheckpoint=4000",
    "PRAGMA foreign_keys=ON",
)
# Kilobytes of pages that a connection keeps, and where it sorts. The writer touches all of its indexes, and counts what
# a large site prints everywhere: half a gigabyte, were it in memory. Readers are many, and sort little.
_WRITER = ("PRAGMA cache_size=-45056", "PRAGMA temp_store=FILE")
_READER = ("PRAGMA cache_size=-2048", "PRAGMA temp_store=MEMORY")
_ATTEMPTS = 6
_STEPS = 10_000
"""Instructions of SQLite's machine between two looks at the clock: some 0.1 ms."""


class Database:
    """Connections to one database, its schema up to date."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_postgres = engine.dialect.name == "postgresql"
        self._writer = engine if self.is_postgres else _sqlite(engine.url, _WRITER, begin="BEGIN IMMEDIATE")
        self._writing = threading.RLock()

    @classmethod
    def open(cls, address: str, *, create: bool = True) -> Self:
        """Connect, and bring the schema up to date."""
        url = _checked(address, create=create)
        database = cls(_engine(url))
        try:
            with naming_errors(database.name):
                database._migrate(create=create)
        except BaseException:
            database.close()
            raise
        return database

    @property
    def name(self) -> str:
        """The address, without password."""
        return self.engine.url.render_as_string(hide_password=True)

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()
        self._writer.dispose()

    @contextmanager
    def reading(self, timeout: float | None = None) -> Iterator[Connection]:
        """A connection that sees one state of the database.

        With a timeout, QueryTooLong where the reader takes more than so many seconds (PostgreSQL: for one statement).
        """
        with naming_errors(self.name), self.engine.connect() as connection, connection.begin():
            if timeout is None:
                yield connection
            else:
                with limited(connection, timeout):
                    yield connection

    def write(self, work: Callable[[Connection], T], *, undone: Callable[[], None] = lambda: None) -> T:
        """Do work in one transaction, again where another writer was in the way; `undone` is told of each failure."""
        with self._writing, naming_errors(self.name):
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    with self._writer.begin() as connection:
                        return work(connection)
                except DBAPIError as error:
                    undone()
                    if attempt == _ATTEMPTS or not _is_collision(error):
                        raise
                    time.sleep(0.05 * attempt)
                except BaseException:
                    undone()
                    raise
        raise AssertionError

    def analyze(self) -> None:
        """Let the planner see how large tables have become; after bulk loads it would not know for minutes."""
        if self.is_postgres:
            tables = ", ".join(sorted(Base.metadata.tables))
            self.write(lambda connection: connection.execute(text(f"ANALYZE {tables}")))

    def _migrate(self, *, create: bool) -> None:
        if _revision(self.engine) == HEAD or (create and not self.is_postgres and self.write(newest.make)):
            return
        # Alembic is needed once in the life of a schema: commands that only read start faster without it.
        from storage.index.schema.upgrade import upgrade

        def work(connection: Connection) -> None:
            if self.is_postgres:
                connection.execute(select(func.pg_advisory_xact_lock(6872)))
            upgrade(connection, HEAD, create=create)

        self.write(work)


def _checked(address: str, *, create: bool) -> URL:
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise IndexFailure(
            f"the index address {address!r} is no database URL; nothing was read or changed. "
            "Write it like sqlite:///index.sqlite3 or postgresql+psycopg://user@host/name"
        ) from error
    backend = url.get_backend_name()
    if backend not in {"sqlite", "postgresql"}:
        raise IndexFailure(
            f"the index cannot be kept in {backend}; nothing was read or changed. "
            "Give a sqlite:/// or postgresql+psycopg:// address in newsarchive.toml (index)"
        )
    if backend == "postgresql" and url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and not create and not Path(url.database or "").is_file():
        raise IndexFailure(
            f"there is no index at {url.database}; the WARC files are untouched. "
            "Make it from them with: newsarchive rebuild"
        )
    return url


def _engine(url: URL) -> Engine:
    try:
        if url.get_backend_name() == "postgresql":
            return create_engine(url, pool_pre_ping=True, pool_size=5, max_overflow=20, connect_args=tuned(url))
        return _sqlite(url, _READER, begin="BEGIN")
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise IndexFailure(
            f"the driver for {url.drivername} is not installed; nothing was read or changed. "
            "Install it with: pip install 'newsarchive[postgres]'"
        ) from error


def _sqlite(url: URL, pragmas: Sequence[str], *, begin: str) -> Engine:
    """An engine that begins transactions itself. One that writes takes the write lock at its beginning: had it read
    first, it could not wait for another writer to end.
    """
    engine = create_engine(url, connect_args={"timeout": 10, "check_same_thread": False}, pool_size=5, max_overflow=20)

    def prepare(connection: sqlite3.Connection, record: object) -> None:
        del record
        # The driver's own habit would leave DDL and reads outside of transactions.
        connection.isolation_level = None
        for pragma in (*_PRAGMAS, *pragmas):
            connection.execute(pragma)
        _write_ahead(connection)

    def begins(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begins)
    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Let readers and a writer work at once. Kept in the file; to change it one needs the file for oneself."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError as error:
            if attempt == _ATTEMPTS or "locked" not in str(error):
                raise
            time.sleep(0.1 * attempt)  # busy_timeout does not wait for this
        else:
            return


def _revision(engine: Engine) -> str | None:
    try:
        with engine.connect() as connection:
            found = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return str(found) if found else None
    except SQLAlchemyError:
        return None


def _is_collision(error: DBAPIError) -> bool:
    """True where another writer was in the way and doing it again may help."""
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        # serialization_failure, deadlock_detected, and a row that another transaction just made or took away
        return state in {"40001", "40P01"} or isinstance(error, IntegrityError)
    return isinstance(error, OperationalError) and "locked" in str(error.orig)


@contextmanager
def naming_errors(name: str) -> Iterator[None]:
    """Turn the database's errors into ours."""
    try:
        yield
    except IndexTooNew:
        raise
    except PoolTimeout as error:
        raise IndexFailure(
            f"all connections to the index {name} are in use; nothing was changed. Try again in a while"
        ) from error
    except DBAPIError as error:
        said = " ".join(str(error.orig).split())
        if said == "interrupted" or getattr(error.orig, "sqlstate", None) == "57014":
            raise QueryTooLong(
                "the question takes the index longer than is allowed, and was given up; nothing was changed. "
                "Ask for less: words that are rarer, a shorter time, one site"
            ) from error
        if "disk is full" in said or getattr(error.orig, "sqlstate", None) == "53100":
            raise DiskFull(
                f"no space is left for the index {name}; what was committed before is whole. "
                "Make room, then run the same command again"
            ) from error
        raise IndexFailure(
            f"the index {name} cannot be used: {said}. The WARC files are untouched. "
            "See what is wrong with: newsarchive doctor"
        ) from error


@contextmanager
def limited(connection: Connection, seconds: float) -> Iterator[None]:
    """Give up what is asked of the connection when the time is over."""
    if connection.dialect.name == "postgresql":
        # Until the transaction's end, which is the reader's.
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {max(1, round(seconds * 1000))}")
        yield
        return
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    deadline = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


def insert_rows(
    connection: Connection,
    table: type[Base],
    rows: Sequence[dict[str, Any]],
    *,
    once_by: Sequence[str] = (),
    changing: Sequence[str] = (),
) -> int:
    """Insert rows, all of the same columns; of those whose `once_by` columns are there already, the `changing` columns
    are changed to these, or where there are none, they are skipped.

    Returns how many went in or were changed.
    """
    if not rows:
        return 0
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return insert_columns(connection, table, columns, once_by=once_by, changing=changing)


def insert_columns(
    connection: Connection,
    table: type[Base],
    columns: Mapping[str, Sequence[Any]],
    *,
    once_by: Sequence[str] = (),
    changing: Sequence[str] = (),
) -> int:
    """Insert rows that are given as columns of equal length: for tables of which a page brings a hundred rows."""
    inserting = _inserting(connection.dialect, table, tuple(columns), tuple(once_by), tuple(changing))
    values = list(columns.values())
    if not values[0]:
        return 0
    for place, process in inserting.processors:
        values[place] = [process(value) for value in values[place]]
    if connection.dialect.name == "postgresql":
        return connection.exec_driver_sql(inserting.sql, tuple(values)).rowcount
    return connection.exec_driver_sql(inserting.sql, list(zip(*values, strict=True))).rowcount


@dataclass(frozen=True, slots=True)
class _Inserting:
    sql: str
    processors: tuple[tuple[int, Callable[[Any], Any]], ...]
    """By the place of the column: what turns a value into what the driver takes."""


@lru_cache(maxsize=256)
def _inserting(
    dialect: Dialect, table: type[Base], names: tuple[str, ...], once_by: tuple[str, ...], changing: tuple[str, ...]
) -> _Inserting:
    """An INSERT as the driver takes it. Most of a commit's time goes into these, so nothing stands between.

    SQLite gets a row at a time, PostgreSQL all of them in one statement, as an array for each column.
    """
    columns = [table.__table__.c[name] for name in names]
    # Both drivers take bytes as they are; SQLAlchemy would wrap each.
    processors = [
        None if isinstance(column.type, LargeBinary) else column.type.dialect_impl(dialect).bind_processor(dialect)
        for column in columns
    ]
    into = f"INSERT INTO {table.__tablename__} ({', '.join(names)})"
    if dialect.name == "postgresql":
        arrays = ", ".join(_array(column, dialect) for column in columns)
        sql = f"{into} SELECT * FROM unnest({arrays})"  # noqa: S608 - names of our tables and columns
    else:
        sql = f"{into} VALUES ({', '.join('?' for _ in names)})"
    if once_by:
        now = ", ".join(f"{name} = excluded.{name}" for name in changing)
        sql += f" ON CONFLICT ({', '.join(once_by)}) DO {f'UPDATE SET {now}' if now else 'NOTHING'}"
    return _Inserting(sql, tuple((place, process) for place, process in enumerate(processors) if process))


def _array(column: KeyedColumnElement[Any], dialect: Dialect) -> str:
    """Placeholder for all values of a column; binary, as psycopg quotes texts one by one otherwise."""
    name = column.type.compile(dialect=dialect).partition(" COLLATE")[0]
    return f"%b::{name}[]" if name not in {"JSONB", "TSVECTOR"} else f"%b::text[]::{name}[]"


@lru_cache(maxsize=16)
def upserting(dialect: str, table: type[Base], key: str) -> Executable:
    """INSERT of rows, which where their key is there already change all other columns.

    Made once: to put such a statement together takes longer than to run it.
    """
    inserting = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    now = {name: inserting.excluded[name] for name in table.__table__.c.keys() if name != key}  # noqa: SIM118
    statement: Executable = inserting.on_conflict_do_update(index_elements=[key], set_=now)
    return statement


def parts(ids: Iterable[Key], size: int = 900) -> Iterator[list[Key]]:
    """Ids in order, no more at once than a statement takes.

    >>> list(parts({3, 1, 2}, 2))
    [[1, 2], [3]]
    """
    ordered = sorted(ids)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def reserve_ids(connection: Connection, table: type[Base], count: int) -> list[int]:
    """Surrogate keys for rows that are about to be inserted."""
    if not count:
        return []
    row = table.__table__
    assert isinstance(row, Table)
    if connection.dialect.name == "postgresql":
        taken = text(f"SELECT nextval('{row.name}_id_seq') FROM generate_series(1, :count)")  # noqa: S608 - our name
        return list(connection.scalars(taken, {"count": count}))
    # Nobody else can take them: this transaction holds SQLite's one write lock.
    last = connection.exec_driver_sql(f"SELECT max(id) FROM {row.name}").scalar() or 0  # noqa: S608 - our name
    return list(range(last + 1, last + count + 1))
