"""Whether a worker's jobs are still its own: asked every few seconds, in a thread that nothing else can hold up."""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from socket import gethostname

import psycopg

from storage.errors import ArchiveError
from storage.index.cluster.jobs import Claim, Desk

EVERY, DEADLINE = 5.0, 12.0
"""Seconds between two looks, and after which a worker that could not look gives up. Others take it for gone, and its
jobs for theirs, after storage.index.cluster.jobs.STALLED."""
LATE = 1.5
"""Seconds after that at which the kernel ends the process: a thread that runs says why before."""


class Lease:
    """Watches over the jobs of this process. When one is lost, or cannot be asked for, `on_lost` is called.

    It has to end the process, not the job: what raises in a job would be written down for a job that is another's. The
    kernel sees to it where nothing of the process runs, as when it was frozen.
    """

    def __init__(self, url: str, slots: int, worker: Callable[[], int | None], on_lost: Callable[[str], None]) -> None:
        """`worker` tells the number that the queue knows this process by, None as long as there is none."""
        self._url = url
        self._worker = worker
        self._slots = slots
        self._on_lost = on_lost
        self._claims: dict[int, Claim] = {}
        self._enlisted = False
        self._desk: Desk | None = Desk(url)
        self._over = threading.Event()
        self._confirm(time.monotonic())
        self._thread = threading.Thread(target=self._watch, name="lease", daemon=True)
        self._thread.start()

    def take(self, claim: Claim) -> None:
        """Watch over a job."""
        self._claims[claim.job] = claim

    def leave(self, claim: Claim) -> None:
        """The job is done; who writes that down looks for itself whether it is still ours."""
        self._claims.pop(claim.job, None)

    def close(self) -> None:
        """Watch no more."""
        self._over.set()
        self._thread.join()
        signal.setitimer(signal.ITIMER_REAL, 0)
        if self._desk is not None:
            self._desk.close()

    def _watch(self) -> None:
        pause = 1.0
        while not self._over.wait(pause):
            asked = time.monotonic()
            lost = self._look()
            if lost is None:
                pause = EVERY / 10
                if time.monotonic() - self._confirmed > DEADLINE:
                    self._on_lost("the index's database does not answer")
            elif lost:
                self._on_lost(f"{lost[0].site} is another worker's by now")
            else:
                pause = EVERY
                self._confirm(asked)

    def _look(self) -> list[Claim] | None:
        """Jobs that were lost; None where that cannot be asked."""
        claims = list(self._claims.values())
        try:
            if self._desk is None:
                self._desk = Desk(self._url)
            lost = self._desk.lost(claims)
            worker = self._worker()
            if worker is not None and not self._enlisted:
                self._desk.enlist(worker, gethostname(), os.getpid(), self._slots)
                self._enlisted = True
        except (psycopg.Error, ArchiveError):
            with suppress(Exception):
                if self._desk is not None:
                    self._desk.close()
            self._desk = None
            return None
        # One that ended while we asked was written down, and is no one's any more.
        return [claim for claim in lost if self._claims.get(claim.job) is claim]

    def _confirm(self, asked: float) -> None:
        self._confirmed = asked
        signal.setitimer(signal.ITIMER_REAL, max(asked + DEADLINE + LATE - time.monotonic(), 0.001))
