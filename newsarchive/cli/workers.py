"""newsarchive worker, newsarchive workers."""

from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from rich.console import Console
from typer import Exit, Option

from newsarchive.alerts.delivery import follow_alerts
from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, MAX_PROCESSES, Folder
from newsarchive.cli.output import create_table, print_line, print_result, safe_text, short_time, stdout
from newsarchive.config import toml_file
from newsarchive.config.schema import Config
from newsarchive.config.units import pluralize
from newsarchive.locks.site_locks import POSTGRES
from newsarchive.reader_pool.cpu import available_cores
from storage.errors import ConfigError
from storage.extras import install_command
from storage.index.cluster import jobs, leases


def worker(
    *,
    slots: Annotated[int, Option(min=0, max=MAX_PROCESSES, metavar="N", help="Concurrent sites; 0: one per core.")] = 0,
    archive: Folder = HERE,
) -> None:
    """Crawl due sites as one of several machines.

    Runs until Ctrl-C or SIGTERM, which stops it within seconds. Each machine has a folder of its own with the same
    newsarchive.toml, and all share one PostgreSQL index. Exits with 75 if it loses the leases of its sites; its
    supervisor should restart it.
    """
    config = load_cluster_config(archive)
    from newsarchive.jobs.worker import run_worker

    slots = slots or available_cores()
    say(f"crawling {pluralize(slots, 'site')} at once; to see all workers: newsarchive workers")
    with Archive.open(archive) as opened, follow_alerts(opened, opened.now):
        code = run_worker(config.folder, config.index, slots, say)
    raise Exit(code)


def say(line: str) -> None:
    """Print what a worker does."""
    print_result({"message": line}, lambda: print_line(stdout(), line))


def workers(*, archive: Folder = HERE) -> None:
    """Show the workers and the sites that they crawl."""
    config = load_cluster_config(archive)
    load, held = jobs.load_workload(config.index), leases.list_lease_holders(config.index)
    found = {"workers": load.workers, "crawling": load.running, "waiting": load.waiting, "failed": load.failed}
    print_result(found | {"held": held}, lambda: print_workload(stdout(), load, held, datetime.now(UTC)))


def load_cluster_config(archive: Path) -> Config:
    """Return the archive's settings; ConfigError unless several machines can share it."""
    config = toml_file.load_config(archive)
    if not config.index.startswith(POSTGRES):
        raise ConfigError.create("no-shared-index")
    if find_spec("procrastinate") is None:
        raise ConfigError.create("workers-missing", command=install_command("cluster"))
    return config


def print_workload(out: Console, load: jobs.Workload, held: tuple[leases.LeaseHolder, ...], now: datetime) -> None:
    """Print workers, running crawls, waiting sites and leases."""
    grid = create_table("machine", "process", "slots", "busy", "last heartbeat")
    for crew in load.workers:
        busy = sum(task.worker == crew.worker for task in load.running)
        numbers = map(str, (crew.pid, crew.slots, busy))
        age = max((now - crew.last_heartbeat_at).total_seconds(), 0)
        grid.add_row(safe_text(crew.host), *numbers, f"{age:.0f} s ago{': lost' if age > jobs.STALLED else ''}")
    out.print(grid if load.workers else "No workers. To start one: newsarchive worker")
    machines = {crew.worker: f"{crew.host} {crew.pid}" for crew in load.workers}
    if load.running:
        out.print(_task_table("crawling", load.running, machines, now))
    out.print(f"{pluralize(load.waiting, 'due site')} {'waits' if load.waiting == 1 else 'wait'} for a worker")
    crawled = {task.site for task in load.running}
    for each in (each for each in held if each.site not in crawled):
        what = "the archive" if each.site == "*" else each.site
        print_line(out, f"{what}: {each.work} on {each.host} by process {each.pid} since {short_time(each.since)} UTC")
    if load.failed:
        out.print(_task_table("failed", load.failed, machines, now))


def _task_table(what: str, tasks: tuple[jobs.CrawlJob, ...], machines: dict[int, str], now: datetime) -> object:
    grid = create_table(what, "worker", "since", "tries")
    for task in tasks:
        where = machines.get(task.worker or 0, "")
        minutes = (now - task.at).total_seconds() / 60
        grid.add_row(safe_text(task.site), safe_text(where), f"{minutes:.0f} min", str(task.attempts + 1))
    return grid
