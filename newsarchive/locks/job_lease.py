"""Lease of a cluster worker on its jobs: the process ends when another worker has taken one of them."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from socket import gethostname

import psycopg

from storage.errors import ArchiveError
from storage.index.cluster.heartbeat import Heartbeat
from storage.index.cluster.jobs import JobClaim, JobSession

HEARTBEAT_INTERVAL = 5.0
"""Seconds. Jobs of a worker without a heartbeat for storage.index.cluster.jobs.STALLED seconds go to others."""


class JobLease:
    """Checks that the jobs of this process are still its own. Calls `on_lost` with the reason if one is lost.

    `on_lost` has to end the process, not the job: an exception in a job would be recorded for a job that is another
    worker's. The kernel does it if nothing of the process runs, as when it was frozen.
    """

    def __init__(
        self, url: str, slots: int, worker_id: Callable[[], int | None], on_lost: Callable[[str], None]
    ) -> None:
        """Start checking. `worker_id` returns this process's number in the queue; None until it has one."""
        self._url = url
        self._worker_id = worker_id
        self._slots = slots
        self._claims: dict[int, JobClaim] = {}
        self._is_registered = False
        self._session: JobSession | None = JobSession(url)
        self._lost_reason = "the index's database does not respond"
        self._heartbeat = Heartbeat(
            self._check_claims,
            lambda: on_lost(self._lost_reason),
            interval=HEARTBEAT_INTERVAL,
            confirmed_at=time.monotonic(),
            kill_process=True,
        )

    def add(self, claim: JobClaim) -> None:
        """Check a job from now on."""
        self._claims[claim.job] = claim

    def remove(self, claim: JobClaim) -> None:
        """Stop checking a job that has ended; recording its end verifies the claim again."""
        self._claims.pop(claim.job, None)

    def close(self) -> None:
        """Stop checking."""
        self._heartbeat.close()
        if self._session is not None:
            self._session.close()

    def _check_claims(self) -> bool | None:
        """Return False if a job was lost, None if the database does not respond."""
        claims = list(self._claims.values())
        try:
            if self._session is None:
                self._session = JobSession(self._url)
            lost = self._session.find_lost_claims(claims)
            worker_id = self._worker_id()
            if worker_id is not None and not self._is_registered:
                self._session.register_worker(worker_id, gethostname(), os.getpid(), self._slots)
                self._is_registered = True
        except (psycopg.Error, ArchiveError):
            with suppress(Exception):
                if self._session is not None:
                    self._session.close()
            self._session = None
            return None
        # A job that ended during the query was recorded and is no longer claimed.
        lost = [claim for claim in lost if self._claims.get(claim.job) is claim]
        if lost:
            self._lost_reason = f"{lost[0].site} has been taken over by another worker"
        return not lost
