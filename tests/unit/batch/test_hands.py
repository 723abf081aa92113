"""The seam that whole files are worked on through."""

from concurrent.futures import CancelledError, Executor, Future
from pathlib import Path
from typing import Any, cast

import pytest

from newsarchive.batch import executor
from newsarchive.batch.executor import DaskHands, Hands, Where, hands
from newsarchive.batch.task import blind, lay_out
from newsarchive.batch.terms import Terms
from storage.errors import ConfigError, DaskFailure, StorageError

distributed = pytest.importorskip("distributed")


class Answers(Executor):
    """Does at once what is to become of each thing; what stands not there takes for ever."""

    def __init__(self, **outcomes: object) -> None:
        self.outcomes = outcomes
        self.asked: dict[str, Future[Any]] = {}

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.asked[args[0]] = future
        outcome = self.outcomes.get(args[0])
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        elif outcome is not None:
            future.set_result(outcome)
        return future


class Cluster:
    """A Dask client as far as it is asked."""

    def __init__(self, answers: dict[str, object] | None = None, **outcomes: object) -> None:
        self.answers = answers or {}
        self.workers = {"tcp://a": 1}
        self.executor = Answers(**outcomes)

    def get_executor(self, **options: object) -> Executor:
        assert options == {"pure": False, "retries": 2}
        return self.executor

    def nthreads(self) -> dict[str, int]:
        return self.workers

    def run(self, function: object, *words: object, on_error: str) -> dict[str, object]:
        assert on_error == "return"
        return self.answers


def dask(cluster: Cluster) -> DaskHands:
    return DaskHands(cast("Any", cluster), "tcp://there:8786")


def test_results_come_in_the_order_of_asking_and_not_all_is_asked_at_once() -> None:
    """Twice as many as work at once wait, and one: what was done has to be put somewhere."""
    answers = Answers(a="1", b="2")
    results = Hands(answers, 2).each(str, "abcdefghij")
    assert next(results) == "1"
    assert "".join(answers.asked) == "abcde"
    assert next(results) == "2"
    assert "".join(answers.asked) == "abcdef"
    answers.asked["d"].set_result("4")
    answers.asked["c"].set_result("3")
    assert [next(results), next(results)] == ["3", "4"]
    results.close()  # type: ignore[attr-defined]  # a generator
    assert all(answers.asked[name].cancelled() for name in "efgh")


def test_a_task_that_its_workers_died_over_is_none_and_the_rest_goes_on() -> None:
    """It is that task's matter; whoever asked does it by himself."""
    own = dask(Cluster(a=distributed.KilledWorker("a", None, 3), b="done"))
    assert list(own.each(str, "ab")) == [None, "done"]


@pytest.mark.parametrize(
    "gone", [CancelledError(), OSError("closed"), RuntimeError("no")], ids=lambda e: type(e).__name__
)
def test_a_cluster_that_goes_is_told_with_what_to_do(gone: BaseException) -> None:
    """Whatever Dask raises."""
    with pytest.raises(DaskFailure, match=r"tcp://there:8786 does not do its part .*start the same command again"):
        list(dask(Cluster(a=gone)).each(str, "a"))


def test_what_a_task_says_of_the_archive_is_passed_on() -> None:
    """A full disk is a full disk, and no matter of the cluster's."""
    with pytest.raises(StorageError, match="full"):
        list(dask(Cluster(a=StorageError("full"))).each(str, "a"))


def test_a_worker_that_cannot_do_its_part_is_named() -> None:
    """Before anything is begun, and by what it lacks."""
    answers: dict[str, object] = {"tcp://a": "", "tcp://b": "does not see the folder /mnt/x"}
    with pytest.raises(DaskFailure, match=r"worker tcp://b of .* does not see the folder /mnt/x; nothing was done"):
        dask(Cluster(answers)).ask_all(blind, Path("/mnt/x"))
    lacks = {"tcp://a": ModuleNotFoundError("No module named 'newsarchive'")}
    with pytest.raises(DaskFailure, match="fails: ModuleNotFoundError: No module named 'newsarchive'; nothing was"):
        dask(Cluster(dict(lacks))).ask_all(blind, Path("/mnt/x"))


def test_a_cluster_without_workers_is_given_up_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at once: workers come and go."""
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    cluster = Cluster()
    own = dask(cluster)
    cluster.workers = {}
    for seconds in (100, 299):
        now[0] = seconds
        own.look()
    cluster.workers = {"tcp://b": 1}
    own.look()
    cluster.workers = {}
    now[0] = 599
    own.look()
    now[0] = 600
    with pytest.raises(DaskFailure, match="no worker for 300 s"):
        own.look()


def test_a_scheduler_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that starts one; so is an address that is none."""
    monkeypatch.setattr(executor, "PATIENCE", 0.3)
    for address in ("tcp://127.0.0.1:9", "gopher://x"):
        with (
            pytest.raises(DaskFailure, match=r"no Dask scheduler answers at .* Start one with `dask scheduler`"),
            hands(Where(dask=address)),
        ):
            pass


def test_an_extra_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With how to install it."""
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"pip install 'newsarchive\[dask\]'"), hands(Where(dask="tcp://x:1")):
        pass


def test_a_worker_tells_that_it_is_blind(tmp_path: Path) -> None:
    """Where the folder of a batch is not to be seen, or what stands there is none of ours."""
    into = tmp_path / "batch"
    assert blind(into) == f"does not see the folder {into}"
    lay_out(into, Terms())
    assert blind(into) == ""
    other = tmp_path / "other"
    other.mkdir()
    (other / "terms").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    assert blind(other).startswith(f"cannot read in the folder {other}")
    with pytest.raises(StorageError, match="--scratch"):
        lay_out(Path("/proc/none"), Terms())
