"""The queue's ledger: a worker ends and gives back only what is still its own."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from procrastinate import exceptions
from procrastinate.connector import BaseConnector
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from storage.index.cluster.jobs import CRAWLS, FINISH, RETRY

AGAIN = (0.0, 0.5, 2.0)
"""Seconds before each try to write down how a job ended. Procrastinate has one try, and nobody looks how it went: the
job would be its worker's, and its site crawled by nobody, for as long as that worker lives."""


class Ledger(JobManager):
    """Procrastinate's own, but for two writes: those go by the job's id, the worker and the attempt."""

    def __init__(self, connector: BaseConnector, on_lost: Callable[[Job], None]) -> None:
        """`on_lost` is told of a job of ours that was somebody else's by the time it was to be written down, or could
        not be.
        """
        super().__init__(connector)
        self._on_lost = on_lost

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """End a job, if it is still the worker's."""
        if not await self._written(FINISH, job, status=status.value, delete_job=delete_job) and job.queue == CRAWLS:
            self._on_lost(job)

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        """Give a job back, if it is still the worker's; it ends as failed where the site is queued again already."""
        del priority, queue, lock
        if not await self.give_back(job, retry_at) and job.queue == CRAWLS:
            self._on_lost(job)

    async def give_back(self, job: Job, retry_at: datetime | None = None) -> bool:
        """As `retry_job`; false where it was not the worker's any more."""
        try:
            return await self._written(RETRY, job, retry_at=retry_at or datetime.now(UTC))
        except exceptions.UniqueViolation:
            # A newer job of the site waits. Left as it is, the older one would keep it from ever being begun.
            return await self._written(FINISH, job, status=Status.FAILED.value, delete_job=False)

    async def _written(self, statement: Any, job: Job, **values: Any) -> bool:
        """False where the job is not the worker's any more, or where nothing could be written for seconds."""
        whose = {"job_id": job.id, "worker_id": job.worker_id, "attempts": job.attempts}
        for pause in AGAIN:
            await asyncio.sleep(pause)
            try:
                return bool(await self.connector.execute_query_all_async(statement, **whose, **values))
            except exceptions.UniqueViolation:
                raise
            except exceptions.ConnectorException:
                continue
        return False
