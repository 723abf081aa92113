"""newsarchive workers."""

from datetime import UTC, datetime

from rich.console import Console

from newsarchive.cli.options import HERE, Folder, Json
from newsarchive.cli.output import as_json, cell, counted, day, stdout, table
from newsarchive.cli.worker import demand_cluster
from newsarchive.config import toml_file
from storage.index.cluster.jobs import STALLED, Crew, Task, Workload, workload
from storage.index.cluster.leases import Holder, holders


def workers(archive: Folder = HERE, *, json: Json = False) -> None:
    """Show which machine crawls what."""
    config = toml_file.load(archive)
    demand_cluster(config)
    load, held = workload(config.index), holders(config.index)
    if json:
        print(as_json({"workers": load.crews, "crawling": load.doing, "waiting": load.waiting,
                       "failed": load.failed, "held": held}))  # fmt: skip
        return
    show(stdout(), load, held, datetime.now(UTC))


def show(out: Console, load: Workload, held: tuple[Holder, ...], now: datetime) -> None:
    """Print it for people."""
    if load.crews:
        out.print(_workers(load, now))
    else:
        out.print("No worker is there. To be one: newsarchive worker")
    machines = {crew.worker: f"{crew.host} {crew.pid}" for crew in load.crews}
    if load.doing:
        out.print(_sites("crawling", load.doing, machines, now))
    out.print(f"{counted(load.waiting, 'due site')} {'waits' if load.waiting == 1 else 'wait'} for a worker")
    others = [each for each in held if each.site not in {task.site for task in load.doing}]
    for each in others:
        what = "the archive" if each.site == "*" else each.site
        out.print(
            cell(f"{what}: {each.work} on {each.host} by process {each.pid} since {day(each.since)} UTC"),
            soft_wrap=True,
        )
    if load.failed:
        out.print(_sites("failed", load.failed, machines, now))


def _workers(load: Workload, now: datetime) -> object:
    grid = table("machine", "process", "slots", "busy", "heard of")
    for crew in load.crews:
        busy = sum(task.worker == crew.worker for task in load.doing)
        grid.add_row(cell(crew.host), str(crew.pid), str(crew.slots), str(busy), cell(_heard(crew, now)))
    return grid


def _heard(crew: Crew, now: datetime) -> str:
    """How long ago a worker spoke.

    >>> at = datetime(2026, 3, 1, tzinfo=UTC)
    >>> _heard(Crew(worker=1, host="a", pid=1, slots=2, since=at, heard_at=at), at.replace(second=50))
    '50 s ago: gone'
    """
    ago = max((now - crew.heard_at).total_seconds(), 0)
    return f"{ago:.0f} s ago{': gone' if ago > STALLED else ''}"


def _sites(what: str, tasks: tuple[Task, ...], machines: dict[int, str], now: datetime) -> object:
    grid = table(what, "worker", "since", "tries")
    for task in tasks:
        where = machines.get(task.worker or 0, "")
        minutes = (now - task.at).total_seconds() / 60
        grid.add_row(cell(task.site), cell(where), f"{minutes:.0f} min", str(task.attempts + 1))
    return grid
