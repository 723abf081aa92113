"""Heartbeat of a lease: confirms it in the database every few seconds, in a thread that nothing else can hold up.

A lease that could not be confirmed for DEADLINE seconds counts as lost, since other processes take it soon after.
"""

import os
import select
import signal
import threading
import time
from collections.abc import Callable

DEADLINE = 12.0
"""Seconds without a confirmation after which a lease is lost."""
KILL_DELAY = 1.5
"""Seconds after its deadline at which the kernel ends the process; a thread that runs reports the reason before."""
FIRST_INTERVAL = 1.0
"""Seconds until the first heartbeat, at most."""


class Heartbeat:
    """Sends heartbeats from construction to `close`, or until the lease is lost."""

    def __init__(
        self,
        send: Callable[[], bool | None],
        on_lost: Callable[[], None],
        *,
        interval: float,
        confirmed_at: float,
        kill_process: bool,
        session_fd: Callable[[], int | None] = lambda: None,
    ) -> None:
        """Start the thread.

        `send` returns True if the lease is confirmed, False if another process has it, None if the database did not
        respond. `on_lost` is called once, in the thread. `confirmed_at`: the last confirmation, by the monotonic clock.
        With `kill_process` the kernel ends the process at the deadline, even if it is frozen. `session_fd`: a socket
        that becomes readable when the server ends the session, so that the next heartbeat is sent at once.
        """
        self._send = send
        self._on_lost = on_lost
        self._interval = interval
        self._kills = kill_process
        self._session_fd = session_fd
        self._confirm(confirmed_at)
        self._closed, self._close = os.pipe()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._thread.start()

    @property
    def is_overdue(self) -> bool:
        """True if the lease was not confirmed in time, so that another process may have it."""
        return time.monotonic() - self._confirmed_at > DEADLINE

    def close(self) -> None:
        """Send no more heartbeats. May be called twice."""
        if self._is_closed:
            return
        self._is_closed = True
        os.close(self._close)
        self._thread.join()
        os.close(self._closed)
        if self._kills:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _run(self) -> None:
        pause = min(self._interval, FIRST_INTERVAL)
        while not self._is_closed_within(pause):
            sent = time.monotonic()
            answer = self._send()
            if answer:
                self._confirm(sent)
                pause = self._interval
            elif answer is False or self.is_overdue:
                self._on_lost()
                return
            else:
                pause = self._interval / 6

    def _is_closed_within(self, seconds: float) -> bool:
        # Not select(): a crawl has more open files than it can take.
        poll = select.poll()
        poll.register(self._closed, select.POLLIN)
        if (session := self._session_fd()) is not None:
            poll.register(session, select.POLLIN)
        return any(fd == self._closed for fd, _ in poll.poll(seconds * 1000))

    def _confirm(self, sent: float) -> None:
        """Note that the server confirmed the lease after `sent`, so that nobody takes it until some time later."""
        self._confirmed_at = sent
        if self._kills:
            # A process that was frozen dies of this signal when it continues, before it does anything else.
            signal.setitimer(signal.ITIMER_REAL, max(sent + DEADLINE + KILL_DELAY - time.monotonic(), 0.001))
