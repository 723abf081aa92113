"""Run tasks with a concurrent.futures.Executor: in threads of this machine, or on a Dask cluster.

Threads use all cores here, because the work is done in guarded processes (reading) or without the interpreter lock
(decompressing, hashing).
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from newsarchive.reader_pool.cpu import available_cores
from newsarchive.version import EXTRACTOR, VERSION
from storage.callbacks import ignore_progress
from storage.errors import ArchiveError, ConfigError, DaskFailure
from storage.extras import install_command

if TYPE_CHECKING:
    from distributed import Client

A = TypeVar("A")
T = TypeVar("T")

RETRIES = 2
"""Number of times that Dask retries a failed task. A task whose worker died goes to another one in any case."""
CONNECT_TIMEOUT = 15.0
"""Seconds to wait for the scheduler, and for the first worker."""
WORKERLESS_TIMEOUT = 300.0
"""Seconds without any worker after which the command fails."""
_POLL_INTERVAL = 5.0


log = logging.getLogger(__name__)


class BatchExecutor:
    """Runs tasks in threads of this process."""

    name = "this machine"
    is_remote = False

    def __init__(self, executor: Executor, count: int) -> None:
        self.executor = executor
        self.count = count
        """Tasks that run at once."""

    def map(
        self, function: Callable[[A], T], items: Iterable[A], report_status: Callable[[str], None] = ignore_progress
    ) -> Iterator[T | None]:
        """Call a function for each item, and yield the results in order; None for an item on which workers ended.

        Only a few items are submitted ahead, because their results need space.
        """
        futures: deque[Future[T]] = deque()
        waiting = iter(items)
        done = 0
        try:
            while True:
                while len(futures) <= 2 * self.count and (item := next(waiting, None)) is not None:
                    futures.append(self.executor.submit(function, item))
                if not futures:
                    return
                while not wait([futures[0]], _POLL_INTERVAL).done:
                    report_status(f"{done:,} tasks done by {self.name}, {len(futures)} in progress")
                    self.check_alive()
                result = self._result(futures.popleft())
                done += 1
                yield result
        finally:
            for future in futures:
                future.cancel()

    def check_workers(self, function: Callable[..., str], *args: object) -> None:
        """Call a function in every worker; DaskFailure with the first text that it returns."""

    def check_alive(self) -> None:
        """Raise DaskFailure if there has been no worker for too long."""

    def _result(self, future: Future[T]) -> T | None:
        return future.result()


class DaskBatchExecutor(BatchExecutor):
    """Runs tasks on the workers of a Dask cluster."""

    def __init__(self, client: "Client", address: str) -> None:
        from distributed import KilledWorker

        super().__init__(client.get_executor(pure=False, retries=RETRIES), sum(client.nthreads().values()))
        self._client = client
        self._last_seen = time.monotonic()
        self.is_remote = True
        self.name = f"the Dask cluster {address}"
        self._worker_lost: type[BaseException] = KilledWorker  # error of a task during which several workers ended

    def check_workers(self, function: Callable[..., str], *args: object) -> None:
        """Call a function in every worker; DaskFailure with the first text that it returns."""
        try:
            answers = self._client.run(function, *args, on_error="return")
        except Exception as problem:
            raise self._cluster_failure(problem) from problem
        for worker, answer in sorted(answers.items()):
            if answer:
                reason = answer if isinstance(answer, str) else f"fails: {type(answer).__name__}: {answer}"
                raise DaskFailure.create("dask-worker-unfit", worker=worker, name=self.name, reason=reason)

    def check_alive(self) -> None:
        """Raise DaskFailure if there has been no worker for too long."""
        now = time.monotonic()
        try:
            workers = self._client.nthreads()
        except Exception as problem:
            raise self._cluster_failure(problem) from problem
        if workers:
            self._last_seen, self.count = now, sum(workers.values())
        elif now - self._last_seen > WORKERLESS_TIMEOUT:
            raise self._cluster_failure(RuntimeError(f"no worker for {WORKERLESS_TIMEOUT:g} s"))

    def _result(self, future: Future[T]) -> T | None:
        try:
            return future.result()
        except (ArchiveError, KeyboardInterrupt, SystemExit):
            raise
        except self._worker_lost:
            log.warning("a task is done here: several workers of %s ended while doing it", self.name)
            return None
        except BaseException as problem:
            raise self._cluster_failure(problem) from problem

    def _cluster_failure(self, problem: BaseException) -> DaskFailure:
        return DaskFailure(
            f"{self.name} failed ({type(problem).__name__}: {problem}); committed captures are safe. "
            "Check its scheduler and workers, then run the same command again, or without --dask"
        )


@contextmanager
def open_executor(dask: str | None) -> Iterator[BatchExecutor]:
    """Open an executor of a Dask scheduler, such as "tcp://10.0.0.5:8786", or of this machine.

    ConfigError or DaskFailure if the cluster cannot be used.
    """
    if dask is None:
        count = available_cores()
        with ThreadPoolExecutor(count, thread_name_prefix="batch") as pool:
            yield BatchExecutor(pool, count)
        return
    with _client(dask) as client:
        executor = DaskBatchExecutor(client, dask)
        executor.check_workers(_describe_version_mismatch, VERSION, EXTRACTOR)
        try:
            yield executor
        finally:
            with suppress(Exception):  # the cluster may be gone, which has been reported
                executor.executor.shutdown(wait=False)  # tasks in progress are cancelled


@contextmanager
def _client(address: str) -> Iterator["Client"]:
    try:
        from distributed import Client
    except ImportError:
        raise ConfigError.create("dask-missing", command=install_command("dask")) from None
    try:
        client = Client(address, timeout=CONNECT_TIMEOUT, set_as_default=False)
    except (OSError, ValueError) as problem:
        raise DaskFailure.create("dask-unreachable", address=address, problem=problem) from problem
    try:
        try:
            client.wait_for_workers(1, timeout=CONNECT_TIMEOUT)
        except TimeoutError:
            raise DaskFailure.create("dask-no-workers", address=address) from None
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=_POLL_INTERVAL)


def _describe_version_mismatch(version: str, extractor: str) -> str:
    """Return, in a worker, how its version differs from the caller's; "" if it does not."""
    if (version, extractor) == (VERSION, EXTRACTOR):
        return ""
    return f"has newsarchive {VERSION} with extractor {EXTRACTOR} instead of {version} with {extractor}"
