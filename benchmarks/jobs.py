"""Cost of the crawl queue: `python benchmarks/jobs.py [--sites 10000] [--seconds 120]`.

10,000 sites, each with something due once an hour, an index in a PostgreSQL of its own, and one worker whose crawls
take no time: what is left is the dispatcher, the queue, and what PostgreSQL does for both. Prints processor time by
process.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import psycopg

from newsarchive.jobs import worker
from newsarchive.jobs.crawl_process import CrawlResult
from storage.index import Index
from storage.index.frontier import url_queue
from storage.model import DiscoveredUrl, Discovery, UrlKind

TICKS = os.sysconf("SC_CLK_TCK")
URLS = 5
"""Known of each site; one of them is due once an hour, the others later."""


class Instant:
    """A crawl that takes no time: its site is due again in an hour."""

    index: Index
    urls: ClassVar[dict[str, int]] = {}
    """The id of what is due each hour, by site."""
    begun = 0

    @classmethod
    async def start(cls, site: str, folder: Path) -> "Instant":
        """Do what the crawl would do to the schedule."""
        del folder
        cls.begun += 1
        in_an_hour = {cls.urls[site]: datetime.now(UTC) + timedelta(hours=1)}
        await asyncio.to_thread(cls.index.write, url_queue.reschedule, in_an_hour)
        return cls()

    async def wait(self) -> CrawlResult:
        """At once."""
        return CrawlResult(exit_code=0, outcome="finished", captures=1)

    def stop(self) -> None:
        """There is nothing to stop."""

    kill = stop


@contextmanager
def postgres(folder: Path) -> Iterator[tuple[str, int]]:
    """A server of our own: the SQLAlchemy URL of its database, and its first process."""
    binaries = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    as_owner: list[str] = []
    if not os.geteuid():
        shutil.chown(folder, "postgres", "postgres")
        as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"]
    data = str(folder / "data")
    subprocess.run(
        [*as_owner, str(binaries / "initdb"), "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    listen = ["-c", f"port={port}", "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}"]
    with (folder.parent / "log").open("w") as log:
        server = subprocess.Popen([*as_owner, str(binaries / "postgres"), "-D", data, *listen], stderr=log)
    url = f"postgresql+psycopg://bench@127.0.0.1:{port}/postgres"
    try:
        while True:
            try:
                psycopg.connect(url.replace("+psycopg", "")).close()
                break
            except psycopg.OperationalError:
                time.sleep(0.1)
        yield url, server.pid
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


def seconds_of(pid: int) -> float:
    """Processor time of a process and its children, dead or alive."""
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat.parent.name) == pid:
            total += sum(int(each) for each in fields[11:15])
        elif int(fields[1]) == pid:
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


def fill(index: Index, folder: Path, url: str, sites: int) -> None:
    """Sites whose hours are spread over one hour."""
    now = datetime.now(UTC)
    lines = ['contact = "bench@localhost"', f'index = "{url}"']
    found = []
    for number in range(sites):
        name = f"site-{number}"
        lines += ["[[site]]", f'name = "{name}"', f'url = "https://{name}.example/"']
        due = now + timedelta(hours=number / sites)
        found += [
            DiscoveredUrl(
                url=f"https://{name}.example/{each}",
                discovery=Discovery(site=name, kind=UrlKind.ARTICLE if each else UrlKind.LISTING),
                due_at=due + timedelta(days=1) if each else due,
                priority=each,
            )
            for each in range(URLS)
        ]
    (folder / "newsarchive.toml").write_text("\n".join(lines) + "\n")
    for start in range(0, len(found), 5000):
        index.add_urls(found[start : start + 5000])
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as session:
        Instant.urls = dict(
            session.execute(
                "SELECT site, url_id FROM frontier JOIN lanes ON lanes.id = lane_id WHERE kind = 'listing'"
            ).fetchall()
        )
        session.execute("VACUUM ANALYZE")


def fill_next_checks(url: str) -> None:
    """Bring the queue into the state after an hour, when nothing in it is new."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as session:
        session.execute(
            "INSERT INTO newsarchive_jobs.next_checks SELECT site, least(min(due_at), clock_timestamp() + "
            "make_interval(secs => random() * 600)) FROM frontier JOIN lanes ON lanes.id = lane_id GROUP BY site"
            " ON CONFLICT (site) DO NOTHING"
        )
        session.execute("VACUUM ANALYZE newsarchive_jobs.next_checks")


def measure(url: str, server: int, folder: Path, seconds: float) -> dict[str, float]:
    """Run a worker for so long, and return what it cost."""
    Instant.index = Index.open(url)
    worker.CrawlProcess = Instant  # type: ignore[misc, assignment]
    begun: dict[str, float] = {}

    async def run() -> None:
        working = worker.CrawlWorker(folder, url, 4, lambda _: None)
        fill_next_checks(url)
        task = asyncio.create_task(working.run())
        await asyncio.sleep(15)  # it starts, and reads newsarchive.toml
        begun.update(cpu=time.process_time(), pg=seconds_of(server), at=time.monotonic(), jobs=Instant.begun)
        await asyncio.sleep(seconds)
        begun.update(
            cpu=time.process_time() - begun["cpu"],
            pg=seconds_of(server) - begun["pg"],
            at=time.monotonic() - begun["at"],
            jobs=Instant.begun - begun["jobs"],
        )
        working.stop()
        await task

    asyncio.run(run())
    Instant.index.close()
    return begun


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="newsarchive-jobs-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "pg").mkdir()
        (folder / "archive").mkdir()
        with postgres(folder / "pg") as (url, server):
            index = Index.open(url)
            fill(index, folder / "archive", url, options.sites)
            index.close()
            found = measure(url, server, folder / "archive", options.seconds)
    share = {name: 100 * found[name] / found["at"] for name in ("cpu", "pg")}
    if options.json:
        print(json.dumps({**found, "share": share}))
        return
    print(f"{options.sites:,} sites due each hour, {found['at']:.0f} s: {found['jobs']:.0f} jobs, "
          f"{found['jobs'] / found['at']:.2f}/s")  # fmt: skip
    print(f"worker and dispatcher  {found['cpu']:6.2f} CPU s  {share['cpu']:5.2f} % of one core")
    print(f"PostgreSQL             {found['pg']:6.2f} CPU s  {share['pg']:5.2f} % of one core")
    print(f"together               {found['cpu'] + found['pg']:6.2f} CPU s  {sum(share.values()):5.2f} % of one core")


if __name__ == "__main__":
    sys.exit(main())
