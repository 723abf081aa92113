"""The executor of tasks: threads here, or a Dask cluster."""

from concurrent.futures import CancelledError, Executor, Future
from typing import Any, cast

import pytest

from newsarchive.batch import executor
from newsarchive.batch.executor import BatchExecutor, DaskBatchExecutor, open_executor
from storage.errors import ConfigError, DaskFailure, StorageError

distributed = pytest.importorskip("distributed")


class FakeExecutor(Executor):
    """Ends each task at once with a given outcome; tasks without one never end."""

    def __init__(self, **outcomes: object) -> None:
        self.outcomes = outcomes
        self.submitted: dict[str, Future[Any]] = {}

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.submitted[args[0]] = future
        outcome = self.outcomes.get(args[0])
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        elif outcome is not None:
            future.set_result(outcome)
        return future


class FakeClient:
    """The part of a Dask client that is used."""

    def __init__(self, answers: dict[str, object] | None = None, **outcomes: object) -> None:
        self.answers = answers or {}
        self.workers = {"tcp://a": 1}
        self.executor = FakeExecutor(**outcomes)

    def get_executor(self, **options: object) -> Executor:
        assert options == {"pure": False, "retries": 2}
        return self.executor

    def nthreads(self) -> dict[str, int]:
        return self.workers

    def run(self, function: object, *words: object, on_error: str) -> dict[str, object]:
        assert on_error == "return"
        return self.answers


def dask(cluster: FakeClient) -> DaskBatchExecutor:
    return DaskBatchExecutor(cast("Any", cluster), "tcp://there:8786")


def test_results_come_in_order_and_few_tasks_are_submitted_ahead() -> None:
    """At most twice the number of workers and one more are submitted: their results need space."""
    tasks = FakeExecutor(a="1", b="2")
    results = BatchExecutor(tasks, 2).map(str, "abcdefghij")
    assert next(results) == "1"
    assert "".join(tasks.submitted) == "abcde"
    assert next(results) == "2"
    assert "".join(tasks.submitted) == "abcdef"
    tasks.submitted["d"].set_result("4")
    tasks.submitted["c"].set_result("3")
    assert [next(results), next(results)] == ["3", "4"]
    results.close()  # type: ignore[attr-defined]  # a generator
    assert all(tasks.submitted[name].cancelled() for name in "efgh")


def test_a_task_over_which_workers_died_gives_none_and_the_others_continue() -> None:
    """The caller does that task in its pool process."""
    pool = dask(FakeClient(a=distributed.KilledWorker("a", None, 3), b="done"))
    assert list(pool.map(str, "ab")) == [None, "done"]


@pytest.mark.parametrize(
    "gone", [CancelledError(), OSError("closed"), RuntimeError("no")], ids=lambda e: type(e).__name__
)
def test_a_failed_cluster_is_reported_with_what_to_do(gone: BaseException) -> None:
    """Whatever Dask raises becomes one error."""
    with pytest.raises(DaskFailure, match=r"tcp://there:8786 failed .*run the same command again"):
        list(dask(FakeClient(a=gone)).map(str, "a"))


def test_an_archive_error_of_a_task_is_raised_unchanged() -> None:
    """A full disk is not reported as a failure of the cluster."""
    with pytest.raises(StorageError, match="full"):
        list(dask(FakeClient(a=StorageError("full"))).map(str, "a"))


def test_an_unsuitable_worker_is_named() -> None:
    """Before any task starts, with what it lacks."""
    replies: dict[str, object] = {"tcp://a": "", "tcp://b": "has newsarchive 0.1"}
    with pytest.raises(DaskFailure, match=r"worker tcp://b of .* has newsarchive 0.1; nothing was done"):
        dask(FakeClient(replies)).check_workers(str)
    lacks = {"tcp://a": ModuleNotFoundError("No module named 'newsarchive'")}
    with pytest.raises(DaskFailure, match="fails: ModuleNotFoundError: No module named 'newsarchive'; nothing was"):
        dask(FakeClient(dict(lacks))).check_workers(str)


def test_a_cluster_without_workers_is_given_up_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at once: workers come and go."""
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    cluster = FakeClient()
    pool = dask(cluster)
    cluster.workers = {}
    for seconds in (100, 299):
        now[0] = seconds
        pool.check_alive()
    cluster.workers = {"tcp://b": 1}
    pool.check_alive()
    cluster.workers = {}
    now[0] = 599
    pool.check_alive()
    now[0] = 600
    with pytest.raises(DaskFailure, match="no worker for 300 s"):
        pool.check_alive()


def test_an_unreachable_scheduler_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that starts one; an invalid address is reported in the same way."""
    monkeypatch.setattr(executor, "CONNECT_TIMEOUT", 0.3)
    for address in ("tcp://127.0.0.1:9", "gopher://x"):
        with (
            pytest.raises(DaskFailure, match=r"no Dask scheduler answers at .* Start one with `dask scheduler`"),
            open_executor(address),
        ):
            pass


def test_a_missing_extra_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"Install it with: .*\[dask\]"), open_executor("tcp://x:1"):
        pass
