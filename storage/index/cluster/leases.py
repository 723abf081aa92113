"""Which process works at which site, across all machines that share an index in PostgreSQL.

    holders   one row a process: where it runs, what it does, when it was last seen
    holds     one row a site: the holder that has it ("*": of all sites)

A holder has a session of its own, which holds one advisory lock, and says every few seconds that it is there. A hold is
free once that session has ended (its process was killed, its machine is cut off) or the holder has not been seen for
STALE seconds (it is frozen): then whoever wants the site ends the session and takes the hold. The holder itself gives
up before, after DEADLINE seconds without an answer, so that no site ever has two.
"""

import os
import secrets
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, LiteralString, Self

from storage.errors import ArchiveBusy, ArchiveError
from storage.index.engine.postgres import beside, connect, naming_refusals

if TYPE_CHECKING:
    import psycopg
    from psycopg.sql import Composed

EVERY, DEADLINE, STALE = 3.0, 12.0, 16.0
"""Seconds: between two words of a holder, after which it gives up, and after which others may take what it held."""
LATE = 1.5
"""Seconds after its deadline at which the kernel ends a holder that is to end: a thread that runs says why before."""
ALL = "*"
CLASS = 6873
"""First half of our advisory locks' keys; the second is the holder's, or one of these."""
CHANGING, DISPATCHING = 0, -1
"""Held while holds change hands, and while jobs are made from the schedule."""
LOST = (
    "the index's database lost sight of this process, so another one may be at the same sites by now; it stopped. All "
    "that was fetched is in the WARC files, and the next crawl here takes it up"
)

_TABLES: LiteralString = """
SET LOCAL search_path TO {};
CREATE TABLE IF NOT EXISTS holders (
    holder integer PRIMARY KEY, host text NOT NULL, pid integer NOT NULL, work text NOT NULL,
    since timestamptz NOT NULL, seen_at timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS holds (site text PRIMARY KEY, holder integer NOT NULL REFERENCES holders ON DELETE CASCADE);
CREATE INDEX IF NOT EXISTS holds_holder ON holds (holder);
"""
_HOLDING: LiteralString = """
SELECT site, holder, host, pid, work, since,
       seen_at > clock_timestamp() - make_interval(secs => %(stale)s) AS fresh,
       (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = %(class)s AND objid = holder AND objsubid = 2
           AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS backend
FROM {}.holds JOIN {}.holders USING (holder)
WHERE %(sites)s::text[] IS NULL OR site = ANY(%(sites)s) ORDER BY site
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who works at a site."""

    site: str
    """Its name, or "*": all of them."""
    host: str
    pid: int
    work: str
    """crawl, rebuild or reextract."""
    since: datetime


class Hold:
    """Holds sites for this process, from the moment it is made until it is closed."""

    def __init__(
        self, url: str, sites: Sequence[str] | None, since: datetime, work: str, *, deadly: bool = False
    ) -> None:
        """Hold sites (None: all of them); ArchiveBusy where somebody else has one.

        A `deadly` hold ends the process where it stands when it is lost, and be it frozen: the kernel does it.
        Otherwise `on_lost` is called in a thread of the hold's own, and `lost` is true.
        """
        self._url = url
        self._key = 1 + secrets.randbelow(2**31 - 1)
        self._deadly = deadly
        self.lost = False
        self.on_lost: Callable[[], None] = lambda: None
        self._session = self._connect()
        try:
            asked = time.monotonic()
            with naming_refusals(url):
                self._schema = prepare(self._session)
                _take(self._session, self._schema, self._key, sites, (since, work))
        except BaseException:
            self._session.close()
            raise
        self._confirm(asked)
        self._wake, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._stay, name="hold", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the sites."""
        os.close(self._stop)
        self._thread.join()
        os.close(self._wake)
        if self._deadly:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if not self.lost:
            with suppress(Exception):  # whoever comes next sees that the session is gone
                self._session.execute(in_schema("DELETE FROM {}.holders WHERE holder = %s", self._schema), (self._key,))
        self._session.close()

    def demand(self) -> None:
        """ArchiveBusy where the hold is lost, or was not confirmed in time: from then on somebody else may have it."""
        if self.lost or time.monotonic() - self._confirmed > DEADLINE:
            raise ArchiveBusy(LOST)

    def _connect(self) -> "psycopg.Connection":
        session = connect(self._url, idle_in_transaction_session_timeout="10000")
        try:
            with naming_refusals(self._url):
                row = session.execute("SELECT pg_try_advisory_lock(%s, %s)", (CLASS, self._key)).fetchone()
            if row is None or not row[0]:
                # The server has not given up the session before.
                raise ArchiveBusy("another session has this process's lock; nothing was done. Start the command again")
        except BaseException:
            session.close()
            raise
        return session

    def _confirm(self, asked: float) -> None:
        """The server saw us after `asked`, so nobody takes what we hold until STALE seconds later."""
        self._confirmed = asked
        if self._deadly:
            # A process that was frozen dies of it in the moment it thaws, before it does anything else.
            signal.setitimer(signal.ITIMER_REAL, max(asked + DEADLINE + LATE - time.monotonic(), 0.001))

    def _stay(self) -> None:
        """Say every few seconds that we are there, until we are closed or lost."""
        pause = EVERY
        while not self.lost:
            waiting = [self._wake]
            if not self._session.closed:
                waiting.append(self._session.fileno())  # readable when the server ends the session
            if self._wake in select.select(waiting, [], [], pause)[0]:
                return
            # After it was away the session is new: what is held is asked at once.
            if self._said() or (self._reconnected() and self._said()):
                pause = EVERY
                continue
            pause = EVERY / 6
            if time.monotonic() - self._confirmed > DEADLINE:
                self._lose()

    def _said(self) -> bool:
        asked = time.monotonic()
        word = "UPDATE {}.holders SET seen_at = clock_timestamp() WHERE holder = %s"
        try:
            there = self._session.execute(in_schema(word, self._schema), (self._key,)).rowcount
        except Exception:  # noqa: BLE001 - whatever it is, the session is of no use
            self._session.close()
            return False
        if there:
            self._confirm(asked)
        else:
            self._lose()
        return True

    def _reconnected(self) -> bool:
        try:
            self._session = self._connect()
        except ArchiveError:
            return False
        return True

    def _lose(self) -> None:
        self.lost = True
        if self._deadly:
            with suppress(OSError):  # nobody may be reading it any more
                os.write(2, f"\nnewsarchive: {LOST}\n".encode())
            os.kill(os.getpid(), signal.SIGALRM)
        self.on_lost()


def holders(url: str) -> tuple[Holder, ...]:
    """Who works at which site at present, by site."""
    with connect(url) as session, naming_refusals(url):
        schema = beside(session)
        if not is_there(session, f"{schema}.holds"):
            return ()
        asked = {"class": CLASS, "stale": STALE, "sites": None}
        rows = session.execute(in_schema(_HOLDING, schema), asked).fetchall()
        return tuple(_holder(row) for row in rows if row[6] and row[7] is not None)


def prepare(session: "psycopg.Connection") -> str:
    """Make the schema in which machines agree, and the tables of holds; returns its name."""
    schema = beside(session)
    if not is_there(session, f"{schema}.holds_holder"):
        with changing(session):
            found = session.execute("SELECT to_regnamespace(%s)", (schema,)).fetchone()
            # Even "if not exists" takes the right to make one.
            if found is None or found[0] is None:
                session.execute(in_schema("CREATE SCHEMA {}", schema))
            session.execute(in_schema(_TABLES, schema))
    return schema


@contextmanager
def changing(session: "psycopg.Connection") -> Iterator[None]:
    """A transaction in which nobody else changes holds, nor the tables in which machines agree."""
    with session.transaction():
        session.execute("SELECT pg_advisory_xact_lock(%s, %s)", (CLASS, CHANGING))
        yield


def _take(
    session: "psycopg.Connection", schema: str, key: int, sites: Sequence[str] | None, told: tuple[datetime, str]
) -> None:
    wanted = sorted(set(sites)) if sites is not None else [ALL]
    asked = {"class": CLASS, "stale": STALE, "sites": None if sites is None else [*wanted, ALL]}
    with changing(session):
        gone, backends = set(), set()
        for row in session.execute(in_schema(_HOLDING, schema), asked).fetchall():
            if row[6] and row[7] is not None:
                raise _busy(_holder(row))
            gone.add(row[1])
            backends.add(row[7])
        for backend in backends - {None}:
            session.execute("SELECT pg_terminate_backend(%s)", (backend,))
        session.execute(in_schema("DELETE FROM {}.holders WHERE holder = ANY(%s)", schema), (sorted(gone),))
        since, work = told
        session.execute(
            in_schema("INSERT INTO {}.holders VALUES (%s, %s, %s, %s, %s, clock_timestamp())", schema),
            (key, socket.gethostname(), os.getpid(), work, since),
        )
        session.execute(in_schema("INSERT INTO {}.holds SELECT unnest(%s::text[]), %s", schema), (wanted, key))


def _holder(row: Sequence[Any]) -> Holder:
    return Holder(site=row[0], host=row[2], pid=row[3], work=row[4], since=row[5].astimezone(UTC))


def _busy(holder: Holder) -> ArchiveBusy:
    what = "the archive" if holder.site == ALL else holder.site
    return ArchiveBusy(
        f"{what} is being crawled or rebuilt on {holder.host} by process {holder.pid} ({holder.work}) since "
        f"{holder.since.isoformat(timespec='seconds')}; nothing was done. Wait until it is through, or crawl another "
        "site",
        holder.since,
    )


def is_there(session: "psycopg.Connection", name: str) -> bool:
    """True where a table or index of that name is there."""
    row = session.execute("SELECT to_regclass(%s)", (name,)).fetchone()
    return row is not None and row[0] is not None


def in_schema(statement: LiteralString, schema: str) -> "Composed":
    """A statement about tables of a schema, which is named in place of each {}."""
    from psycopg.sql import SQL, Identifier

    return SQL(statement).format(*[Identifier(schema)] * statement.count("{}"))
