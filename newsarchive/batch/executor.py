"""Where whole files are worked on: one seam, concurrent.futures.Executor, and behind it this machine or a Dask cluster.

Threads do for as many cores here: what costs time is done by guarded processes (reading), or while the interpreter's
lock is free (inflating, hashing).
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from newsarchive.reader_pool.cpu import cores
from newsarchive.version import EXTRACTOR, VERSION
from storage.errors import ArchiveError, ConfigError, DaskFailure

if TYPE_CHECKING:
    from distributed import Client

A = TypeVar("A")
T = TypeVar("T")

RETRIES = 2
"""How often Dask tries a task again that failed; one whose worker died goes to another in any case."""
PATIENCE = 15.0
"""Seconds that a scheduler, or the first worker, may take to be there."""
NOBODY = 300.0
"""Seconds without any worker after which a cluster is given up."""
_LOOK_EVERY = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where whole files are worked on. Nothing said: on this machine."""

    dask: str | None = None
    """Address of a Dask scheduler, such as "tcp://10.0.0.5:8786"."""
    scratch: Path | None = None
    """Folder that this machine and all workers see under one path; None: `batch` in the archive's own."""


HERE = Where()


def untold(what: str) -> None:
    """Tell nobody what is waited for."""


class Hands:
    """Those who work: threads of this process."""

    called = "this machine"
    is_remote = False
    lost: tuple[type[BaseException], ...] = ()
    """What a task ends with that cost several workers their lives."""

    def __init__(self, executor: Executor, count: int) -> None:
        self.executor = executor
        self.count = count
        """Tasks that run at once."""

    def each(
        self, function: Callable[[A], T], asked: Iterable[A], tell: Callable[[str], None] = untold
    ) -> Iterator[T | None]:
        """Have a function called for each thing, and yield what that gives in the order of asking.

        None where workers died over it. Some are asked ahead, not all: what was done has to be put somewhere.
        """
        futures: deque[Future[T]] = deque()
        things = iter(asked)
        done = 0
        try:
            while True:
                while len(futures) <= 2 * self.count and (thing := next(things, None)) is not None:
                    futures.append(self.executor.submit(function, thing))
                if not futures:
                    return
                while not wait([futures[0]], _LOOK_EVERY).done:
                    tell(f"{done:,} files done by {self.called}, {len(futures)} under way")
                    self.look()
                result = self._result(futures.popleft())
                done += 1
                yield result
        finally:
            for future in futures:
                future.cancel()

    def ask_all(self, function: Callable[..., str], *words: object) -> None:
        """Have a function called by everybody; DaskFailure with what it says of whom it does not please."""

    def look(self) -> None:
        """See whether anybody is there; DaskFailure where nobody has been for long."""

    def _result(self, future: Future[T]) -> T | None:
        return future.result()


class DaskHands(Hands):
    """The workers of a Dask cluster."""

    def __init__(self, client: "Client", address: str) -> None:
        from distributed import KilledWorker

        super().__init__(client.get_executor(pure=False, retries=RETRIES), sum(client.nthreads().values()))
        self._client = client
        self._seen = time.monotonic()
        self.is_remote = True
        self.called = f"the Dask cluster {address}"
        self.lost = (KilledWorker,)

    def ask_all(self, function: Callable[..., str], *words: object) -> None:
        """Ask each worker."""
        try:
            answers = self._client.run(function, *words, on_error="return")
        except Exception as problem:
            raise self._gone(problem) from problem
        for worker, answer in sorted(answers.items()):
            if answer:
                said = answer if isinstance(answer, str) else f"fails: {type(answer).__name__}: {answer}"
                raise DaskFailure(
                    f"worker {worker} of {self.called} {said}; nothing was done. Each worker needs this version of "
                    "newsarchive, and the archive's folders under the paths that they have here (docs/batch.md)"
                )

    def look(self) -> None:
        """See whether any worker is there."""
        now = time.monotonic()
        try:
            workers = self._client.nthreads()
        except Exception as problem:
            raise self._gone(problem) from problem
        if workers:
            self._seen, self.count = now, sum(workers.values())
        elif now - self._seen > NOBODY:
            raise self._gone(RuntimeError(f"no worker for {NOBODY:g} s"))

    def _result(self, future: Future[T]) -> T | None:
        try:
            return future.result()
        except ArchiveError:
            raise
        except self.lost:
            return None
        except BaseException as problem:
            if isinstance(problem, KeyboardInterrupt | SystemExit):
                raise
            raise self._gone(problem) from problem

    def _gone(self, problem: BaseException) -> DaskFailure:
        return DaskFailure(
            f"{self.called} does not do its part ({type(problem).__name__}: {problem}); what was committed is whole, "
            "and what was read stays. Look at its scheduler and workers, then start the same command again, or without "
            "--dask"
        )


@contextmanager
def hands(where: Where) -> Iterator[Hands]:
    """Those who work, for as long as the block runs. ConfigError or DaskFailure where they cannot be had."""
    if where.dask is None:
        count = cores()
        with ThreadPoolExecutor(count, thread_name_prefix="batch") as pool:
            yield Hands(pool, count)
        return
    with _client(where.dask) as client:
        own = DaskHands(client, where.dask)
        own.ask_all(_other_version, VERSION, EXTRACTOR)
        try:
            yield own
        finally:
            with suppress(Exception):  # the cluster may be gone: that has been told
                own.executor.shutdown(wait=False)  # what is under way is cancelled


@contextmanager
def _client(address: str) -> Iterator["Client"]:
    try:
        from distributed import Client
    except ImportError:
        raise ConfigError(
            "--dask needs an extra that is not installed; nothing was done. Install it with: "
            "pip install 'newsarchive[dask]'"
        ) from None
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as problem:
        raise DaskFailure(
            f"no Dask scheduler answers at {address} ({problem}); nothing was done. Start one with `dask scheduler`, "
            "and name the address that it prints"
        ) from problem
    try:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise DaskFailure(
                f"the Dask scheduler at {address} has no workers; nothing was done. Start some with: "
                f"dask worker {address}"
            ) from None
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=_LOOK_EVERY)


def _other_version(version: str, extractor: str) -> str:
    """In a worker: what is wrong with its newsarchive."""
    if (version, extractor) == (VERSION, EXTRACTOR):
        return ""
    return f"has newsarchive {VERSION} (way of reading {EXTRACTOR}), and {version} ({extractor}) asks"
