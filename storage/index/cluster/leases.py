"""Leases on sites: which process crawls which site, across all machines that share an index in PostgreSQL.

    lease_holders   one row per process: where it runs, what it does, when it was last seen
    leases          one row per site: its holder ("*": all sites)

A holder has a database session of its own, in which it holds one advisory lock, and sends a heartbeat every few
seconds. A lease is free once that session has ended (the process was killed, the machine lost its network) or no
heartbeat has come for STALE seconds (the process is frozen): then the next process that wants the site ends the session
and takes the lease. The holder itself gives up earlier, after DEADLINE, so no site ever has two holders.
"""

import os
import secrets
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, LiteralString

from storage.errors import ArchiveBusy, ArchiveError, format_message
from storage.index.engine.postgres import connect, enter_jobs_schema, translate_driver_errors
from storage.index.engine.statements import load_statements

if TYPE_CHECKING:
    import psycopg

# Heartbeat of a lease: confirms it in the database every few seconds, in a thread that nothing else can hold up.
#
# A lease that could not be confirmed for DEADLINE seconds counts as lost, since other processes take it soon after.

DEADLINE = 12.0
"""Seconds without a confirmation after which a lease is lost."""
KILL_DELAY = 1.5
"""Seconds after its deadline at which the kernel ends the process; a thread that runs reports the reason before."""
FIRST_INTERVAL = 1.0
"""Seconds until the first heartbeat, at most."""


@dataclass(eq=False)
class Heartbeat:
    """Sends heartbeats from construction to `close`, or until the lease is lost."""

    send: Callable[[], bool | None]
    """Returns True if the lease is confirmed, False if another process has it, None if the database did not respond."""
    on_lost: Callable[[], None]
    """Called once, in the thread."""
    _: KW_ONLY
    interval: float
    confirmed_at: float
    """The last confirmation, by the monotonic clock."""
    kill_process: bool
    """True: the kernel ends the process at the deadline, even if it is frozen."""
    session_fd: Callable[[], int | None] = lambda: None
    """A socket that becomes readable when the server ends the session, so that the next heartbeat is sent at once."""

    def __post_init__(self) -> None:
        """Start the thread."""
        self._confirm(self.confirmed_at)
        self._closed, self._close = os.pipe()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._thread.start()

    @property
    def is_overdue(self) -> bool:
        """True if the lease was not confirmed in time, so that another process may have it."""
        return time.monotonic() - self.confirmed_at > DEADLINE

    def close(self) -> None:
        """Send no more heartbeats. May be called twice."""
        if self._is_closed:
            return
        self._is_closed = True
        os.close(self._close)
        self._thread.join()
        os.close(self._closed)
        if self.kill_process:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _run(self) -> None:
        pause = min(self.interval, FIRST_INTERVAL)
        while not self._is_closed_within(pause):
            sent = time.monotonic()
            answer = self.send()
            if answer:
                self._confirm(sent)
                pause = self.interval
            elif answer is False or self.is_overdue:
                self.on_lost()
                return
            else:
                pause = self.interval / 6

    def _is_closed_within(self, seconds: float) -> bool:
        # Not select(): a crawl has more open files than it can take.
        poll = select.poll()
        poll.register(self._closed, select.POLLIN)
        if (session := self.session_fd()) is not None:
            poll.register(session, select.POLLIN)
        return any(fd == self._closed for fd, _ in poll.poll(seconds * 1000))

    def _confirm(self, sent: float) -> None:
        """Note that the server confirmed the lease after `sent`, so that nobody takes it until some time later."""
        self.confirmed_at = sent
        if self.kill_process:
            # A process that was frozen dies of this signal when it continues, before it does anything else.
            signal.setitimer(signal.ITIMER_REAL, max(sent + DEADLINE + KILL_DELAY - time.monotonic(), 0.001))


HEARTBEAT_INTERVAL, STALE = 3.0, 16.0
"""Seconds: between heartbeats, and after the last one after which others may take a lease."""
ALL = "*"
CLASS = 6873
"""First half of the keys of our advisory locks; the second is the holder's, or one of these."""
CHANGING, DISPATCHING = 0, -1
"""Locked while leases change hands, and while jobs are created from the schedule."""

STATEMENTS = {name: text.encode() for name, text in load_statements("storage.index.cluster", "cluster.sql").items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseHolder:
    """A process that holds the lease on a site."""

    site: str
    """Its name, or "*": all of them."""
    host: str
    pid: int
    work: str
    """crawl, rebuild or reextract."""
    since: datetime


class Lease(AbstractContextManager["Lease"]):
    """Lease of this process on some sites, from construction to `close`."""

    def __init__(
        self, url: str, sites: Sequence[str] | None, since: datetime, work: str, *, kill_on_loss: bool = False
    ) -> None:
        """Acquire the lease on sites (None: all of them); ArchiveBusy if another process has one of them.

        With `kill_on_loss` the kernel ends the process when the lease is lost, even if it is frozen. Otherwise
        `on_lost` is called in the lease's own thread, and `lost` is true.
        """
        self._url = url
        self._key = 1 + secrets.randbelow(2**31 - 1)
        self._kills = kill_on_loss
        self.lost = False
        self.on_lost: Callable[[], None] = lambda: None
        self._session = self._connect()
        try:
            sent = time.monotonic()
            with translate_driver_errors(url):
                self._acquire(sites, since, work)
        except BaseException:
            self._session.close()
            raise
        self._heartbeat = Heartbeat(
            self._send_heartbeat,
            self._report_loss,
            interval=HEARTBEAT_INTERVAL,
            confirmed_at=sent,
            kill_process=kill_on_loss,
            session_fd=lambda: None if self._session.closed else self._session.fileno(),
        )

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the sites."""
        self._heartbeat.close()
        if not self.lost:
            with suppress(Exception):  # the next process sees that the session has ended
                self._session.execute("DELETE FROM lease_holders WHERE holder = %s", (self._key,))
        self._session.close()

    def require(self) -> None:
        """Raise ArchiveBusy if the lease is lost or was not confirmed in time, so that another process may have it."""
        if self.lost or self._heartbeat.is_overdue:
            raise ArchiveBusy.create("lease-lost")

    def _connect(self) -> "psycopg.Connection":
        session = connect(self._url, idle_in_transaction_session_timeout="10000")
        try:
            with translate_driver_errors(self._url):
                row = session.execute("SELECT pg_try_advisory_lock(%s, %s)", (CLASS, self._key)).fetchone()
                enter_schema(session)
            if row is None or not row[0]:
                # The server has not ended the previous session yet.
                raise ArchiveBusy("another session has this process's lock; nothing was done. Start the command again")
        except BaseException:
            session.close()
            raise
        return session

    def _acquire(self, sites: Sequence[str] | None, since: datetime, work: str) -> None:
        wanted = sorted(set(sites)) if sites is not None else [ALL]
        parameters = {"class": CLASS, "stale": STALE, "sites": None if sites is None else [*wanted, ALL]}
        session = self._session
        with lock_changes(session):
            expired, backends = set(), set()
            for row in session.execute(STATEMENTS["leases"], parameters).fetchall():
                if row[6] and row[7] is not None:
                    holder = _read_holder(row)
                    what = "the archive" if holder.site == ALL else holder.site
                    begun = holder.since.isoformat(timespec="seconds")
                    busy = format_message("site-leased", what=what, holder=holder, begun=begun)
                    raise ArchiveBusy(busy, holder.since)
                expired.add(row[1])
                backends.add(row[7])
            for backend in backends - {None}:
                session.execute("SELECT pg_terminate_backend(%s)", (backend,))
            session.execute("DELETE FROM lease_holders WHERE holder = ANY(%s)", (sorted(expired),))
            insertion = "INSERT INTO lease_holders VALUES (%s, %s, %s, %s, %s, clock_timestamp())"
            session.execute(insertion, (self._key, socket.gethostname(), os.getpid(), work, since))
            session.execute("INSERT INTO leases SELECT unnest(%s::text[]), %s", (wanted, self._key))

    def _send_heartbeat(self) -> bool | None:
        """Update our row. False if it is gone, None if the server does not respond, not in a new session either."""
        updated = self._update_holder()
        if updated is None:
            with suppress(ArchiveError):
                self._session = self._connect()
                return self._update_holder()
        return updated

    def _update_holder(self) -> bool | None:
        statement: LiteralString = "UPDATE lease_holders SET seen_at = clock_timestamp() WHERE holder = %s"
        try:
            cursor = self._session.execute(statement, (self._key,))
        except Exception:  # noqa: BLE001 - whatever it is, the session is of no use
            self._session.close()
            return None
        return bool(cursor.rowcount)

    def _report_loss(self) -> None:
        self.lost = True
        if self._kills:
            with suppress(OSError):  # stderr may be closed
                os.write(2, f"\nnewsarchive: {format_message('lease-lost')}\n".encode())
            os.kill(os.getpid(), signal.SIGALRM)
        self.on_lost()


def list_lease_holders(url: str) -> tuple[LeaseHolder, ...]:
    """Return the holders of all leases, by site."""
    with connect(url) as session, translate_driver_errors(url):
        enter_jobs_schema(session)
        if not relation_exists(session, "leases"):
            return ()
        rows = session.execute(STATEMENTS["leases"], {"class": CLASS, "stale": STALE, "sites": None}).fetchall()
        return tuple(_read_holder(row) for row in rows if row[6] and row[7] is not None)


def enter_schema(session: "psycopg.Connection") -> str:
    """Enter the schema of the cluster's tables, made with the tables of leases unless it exists. Return its name."""
    schema = enter_jobs_schema(session)
    if not relation_exists(session, "leases_holder"):
        with lock_changes(session):
            found = session.execute("SELECT to_regnamespace(%s)", (schema,)).fetchone()
            # CREATE SCHEMA IF NOT EXISTS needs the privilege to create one even if it exists.
            if found is None or found[0] is None:
                from psycopg.sql import SQL, Identifier

                session.execute(SQL("CREATE SCHEMA {}").format(Identifier(schema)))
            session.execute(STATEMENTS["tables"])
    return schema


@contextmanager
def lock_changes(session: "psycopg.Connection") -> Iterator[None]:
    """Begin a transaction in which nobody else changes leases or creates tables of the cluster."""
    with session.transaction():
        session.execute("SELECT pg_advisory_xact_lock(%s, %s)", (CLASS, CHANGING))
        yield


def _read_holder(row: Sequence[Any]) -> LeaseHolder:
    return LeaseHolder(site=row[0], host=row[2], pid=row[3], work=row[4], since=row[5].astimezone(UTC))


def relation_exists(session: "psycopg.Connection", name: str) -> bool:
    """Return whether there is a table or index of that name."""
    row = session.execute("SELECT to_regclass(%s)", (name,)).fetchone()
    return row is not None and row[0] is not None
