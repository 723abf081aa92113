"""Completion of jobs: a worker ends and gives back only jobs that are still its own."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from procrastinate import exceptions
from procrastinate.connector import BaseConnector
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from storage.index.cluster.jobs import CRAWLS, FINISH, RETRY

RETRY_DELAYS = (0.0, 0.5, 2.0)
"""Seconds before each attempt to record how a job ended. Procrastinate makes one attempt and ignores its result: the
job would stay its worker's, and its site would not be crawled, for as long as that worker lives."""


class LeasedJobManager(JobManager):
    """Procrastinate's job manager with two other writes, which check the job's worker and attempt."""

    def __init__(self, connector: BaseConnector, on_lost: Callable[[Job], None]) -> None:
        """`on_lost` is called with a job that another worker has taken, or whose end could not be recorded."""
        super().__init__(connector)
        self._on_lost = on_lost

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """End a job, if it is still the worker's."""
        if not await self._write(FINISH, job, status=status.value, delete_job=delete_job) and job.queue == CRAWLS:
            self._on_lost(job)

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        """Give a job back, if it is still the worker's. It fails if its site is queued again already."""
        del priority, queue, lock
        if not await self.release_job(job, retry_at) and job.queue == CRAWLS:
            self._on_lost(job)

    async def release_job(self, job: Job, retry_at: datetime | None = None) -> bool:
        """Give a job back like `retry_job`; return False if it was not the worker's any more."""
        try:
            return await self._write(RETRY, job, retry_at=retry_at or datetime.now(UTC))
        except exceptions.UniqueViolation:
            # A newer job of the site waits. If the older one stayed, it would never be started.
            return await self._write(FINISH, job, status=Status.FAILED.value, delete_job=False)

    async def _write(self, statement: Any, job: Job, **values: Any) -> bool:
        """Return False if the job is not the worker's any more, or nothing could be written for seconds."""
        claim = {"job_id": job.id, "worker_id": job.worker_id, "attempts": job.attempts}
        for delay in RETRY_DELAYS:
            await asyncio.sleep(delay)
            try:
                return bool(await self.connector.execute_query_all_async(statement, **claim, **values))
            except exceptions.UniqueViolation:
                raise
            except exceptions.ConnectorException:
                continue
        return False
