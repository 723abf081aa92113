"""Connections to the SQLite file of an index, also where nothing can be written.

    shared       as usual: readers and a writer meet in NAME-wal and NAME-shm
    immutable    on a read-only or full disk, where NAME-shm cannot be made: no locks, all is in NAME
    unlocked     the same where a crash left NAME-wal, which is then read too

The last two are for readers only, and only as long as the file does not change: each transaction checks that.
"""

import shutil
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from storage.errors import DiskFull, IndexFailure, IndexReadOnly
from storage.places.folder import open_private

Fingerprint: TypeAlias = tuple[int, ...]

_PRAGMAS = (
    "PRAGMA busy_timeout=10000",
    # A crash of the machine may lose the last transactions, never the file; they are indexed again from the WARC files.
    "PRAGMA synchronous=NORMAL",
    "PRAGMA wal_autocheckpoint=4000",
    "PRAGMA foreign_keys=ON",
)
_UNWRITABLE = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL}
_ATTEMPTS = 6
_NO_SPACE = 1 << 20
"""A disk with fewer bytes free is full: the shared memory of readers and writer alone needs 32 kB."""


class SqliteConnection(sqlite3.Connection):
    """A connection that knows which of the files of one name it has open."""

    generation = 0


class SqliteFile:
    """The file of an index, and how it was opened last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.generation = 0
        """Number of files that have replaced the first one."""
        self._is_shared = True
        self._seen: Fingerprint | None = None
        self._lock = threading.Lock()

    def connect(self, pragmas: Sequence[str], *, write: bool) -> SqliteConnection:
        """Open a connection in autocommit mode; IndexReadOnly or DiskFull if it is to write and cannot."""
        generation = self.generation  # before the file is opened: it may be replaced meanwhile
        with suppress(OSError):
            # SQLite would create it for everybody. "x", as closing an existing file drops this process's locks of it.
            open(self.path, "xb", opener=open_private).close()
        try:
            connection = _open(f"{self._address}?mode=rwc", (*_PRAGMAS, *pragmas), wal=True)
            if not self._is_shared:
                self._is_shared, self._seen = True, None
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _UNWRITABLE or not self.path.is_file():
                raise
            if write:
                with suppress(OSError):
                    if shutil.disk_usage(self.path.parent).free < _NO_SPACE:
                        raise DiskFull.create("index-disk-full-for-writing", path=self.path) from error
                raise IndexReadOnly(place=self.path) from error
            # Before the file is opened: a change in between is then noticed.
            self._is_shared, self._seen = False, None
            self._seen = self._take_fingerprint()
            if self._log.exists() and self._log.stat().st_size:
                # The index of the log is then kept in memory instead of NAME-shm.
                exclusive = ("PRAGMA locking_mode=EXCLUSIVE", *pragmas)
                connection = _open(f"{self._address}?mode=ro&vfs=unix-none", exclusive, wal=False)
            else:
                connection = _open(f"{self._address}?mode=ro&immutable=1", pragmas, wal=False)
        connection.generation = generation
        return connection

    def is_replaced(self) -> bool:
        """Return True if connections that are open belong to a former file, and must not be used any more.

        IndexFailure if the file is gone: to open it would make an empty one.
        """
        with self._lock:
            now = self._take_fingerprint()
            before, self._seen = self._seen, now
            replaced = before is not None and before != now
            self.generation += replaced
            return replaced

    def is_stable(self) -> bool:
        """Return whether what was read since `is_replaced` is of one state: True with locks, else if nobody wrote."""
        return self._is_shared or self._seen == self._take_fingerprint()

    def _take_fingerprint(self) -> Fingerprint:
        try:
            state = self.path.stat()
        except OSError as problem:
            if self._seen is None:
                return ()
            raise IndexFailure.create("index-gone", path=self.path, reason=problem.strerror) from problem
        if self._is_shared:
            return state.st_dev, state.st_ino
        log = (0, 0)
        with suppress(OSError):
            log_state = self._log.stat()
            log = (log_state.st_size, log_state.st_mtime_ns)
        return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, *log

    @property
    def _log(self) -> Path:
        return self.path.with_name(self.path.name + "-wal")

    @property
    def _address(self) -> str:
        return f"file:{quote(str(self.path.absolute()))}"


def _open(address: str, pragmas: Sequence[str], *, wal: bool) -> SqliteConnection:
    # By default the driver leaves DDL and reads outside of transactions.
    connection = sqlite3.connect(
        address, timeout=10, uri=True, check_same_thread=False, isolation_level=None, factory=SqliteConnection
    )
    try:
        for pragma in pragmas:
            connection.execute(pragma).fetchone()
        if wal:
            _enable_wal(connection)
        # Opens the log, which fails where it cannot be made.
        connection.execute("PRAGMA schema_version").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _enable_wal(connection: sqlite3.Connection) -> None:
    """Let readers and a writer work at the same time. The mode is stored in the file, and setting it needs its lock."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError as error:
            if attempt == _ATTEMPTS or "locked" not in str(error):
                raise
            time.sleep(0.1 * attempt)  # busy_timeout does not wait for this
        else:
            return
