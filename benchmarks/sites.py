"""Crawl a thousand sites in one process, and see whether each is asked as often as it allows.

    python benchmarks/sites.py [--sites 1000] [--requests 10000] [--seconds 60] [--page-size 20000]
    python benchmarks/sites.py --sites 200 --requests 10000 --delays 0.5,1,2,5 --plain

The sites are served on loopback by a process of its own. Prints what the crawl's main process takes of memory and CPU,
without the processes that read pages; that of a run in which nothing is due; and what the servers saw: how much later
than its delay allows each request came, and how long the hosts took, held against what their delays allow.

Without --delays they are such that all hosts together allow as many requests a second as --requests in --seconds. With
--plain the pages are such as nobody has to read: the pace does then not depend on what reading takes of the machine.
"""

import argparse
import gc
import json
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

from newsarchive.archive import Archive
from newsarchive.crawl.run import crawl
from tests.newsroom.many_sites import LoggedRequest, ManySites, SitePlan, resolve_to_loopback

ROOT = Path(__file__).parents[1]
SPREAD = (0.4, 0.7, 1.0, 1.5, 3.0)
"""Delays of the sites, as parts of the mean."""
TOP = """
contact = "bench@localhost.example"
delay = "1s"
max_delay = "0.01s"
concurrency = 64
requisites = false
"""
SITE = """
[[site]]
name = "s{n}"
url = "{url}"
delay = "{delay:.3f}s"
allow_private = true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Resources of a run in its main process."""

    wall: float
    cpu: float
    peak: int
    """Resident bytes."""
    requests: int


def plans(sites: int, requests: int, seconds: float) -> list[SitePlan]:
    """Sites of different delays, each with as many pages as it gives in that time."""
    parts = [SPREAD[n % len(SPREAD)] for n in range(sites)]
    mean = seconds * sum(1 / part for part in parts) / requests
    return [SitePlan(pages=max(round(seconds / (mean * part)) - 2, 1), delay=mean * part) for part in parts]


def plan_mixed(sites: int, requests: int, delays: Sequence[float]) -> list[SitePlan]:
    """Sites with these delays in turn, each with as many requests."""
    return [SitePlan(pages=max(requests // sites - 2, 1), delay=delays[n % len(delays)]) for n in range(sites)]


def page(size: int, site: int, number: int) -> bytes:
    """A news page of about so many bytes: an article of its own words, and links."""
    title = f"Council of town {site} takes decision {number}"
    paragraphs = [
        f"<p>In its sitting no. {number} the council of town {site} heard {k + 2} speakers on item {k}, who spoke of "
        f"the harbour, of the school in ward {(site * 7 + number * 3 + k) % 90}, and of the cost of both.</p>\n"
        for k in range(12)
    ]
    links = [
        f'<li><a href="/{(number + k) % 1000}">Story {(number + k) % 1000} of site {site}</a></li>' for k in range(40)
    ]
    body = f"<article><h1>{title}</h1>{''.join(paragraphs)}</article><ul>{''.join(links)}</ul>"
    head = (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title><meta property="og:type" content="article">'
        f'<meta property="article:published_time" content="2026-05-04T06:00:00Z"></head>'
    )
    filling = "<!-- " + "x" * max(size - len(head) - len(body), 0) + " -->"
    return f"{head}<body>{body}{filling}</body></html>".encode()


def serve(line: Connection, asked_for: Sequence[SitePlan], size: int) -> None:
    """Serve the sites, with plain pages where the size is 0, until the other side says so, then send what was noted."""
    made: dict[tuple[int, int], bytes] = {}

    def ready(site: int, number: int) -> bytes:
        return made.setdefault((site, number), page(size, site, number))

    with ManySites(asked_for, ready, "text/html; charset=utf-8") if size else ManySites(asked_for) as crowd:
        line.send(crowd.port)
        while line.recv() == "log":
            line.send(list(crowd.log))


@contextmanager
def serve_sites(asked_for: Sequence[SitePlan], size: int) -> Iterator[Connection]:
    """The sites in a process of its own; the first thing on the line is the port."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, asked_for, size))
    process.start()
    try:
        yield ours
    finally:
        ours.send("end")
        process.join()


def run_here(folder: Path) -> None:
    """Crawl in this process, and print what it took."""
    gc.set_threshold(20_000, 50, 1_000)  # as the command does (newsarchive/cli/app.py)
    begin = time.perf_counter()
    with resolve_to_loopback(), Archive.open(folder) as archive:
        report = crawl(archive)
    used = resource.getrusage(resource.RUSAGE_SELF)
    peak = next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
    cost = Cost(
        wall=time.perf_counter() - begin,
        cpu=used.ru_utime + used.ru_stime,
        peak=peak * 1024,
        requests=report.run.counters.get("captures", 0),
    )
    print(json.dumps(asdict(cost)))


def run(folder: Path) -> Cost:
    """Crawl in a process of its own."""
    command = [sys.executable, __file__, "--here", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Timing of all requests as the servers saw them, but each site's first."""

    early: int
    """Came before they were allowed to."""
    late: list[float]
    """Seconds after they were allowed to, ascending."""
    shares: list[float]
    """For each site, ascending: what its delays and answers take of the time from its first request to its last."""
    share: float
    """The same of all sites together."""


def evaluate_log(log: Sequence[LoggedRequest], asked_for: Sequence[SitePlan]) -> Seen:
    """Hold the servers' log against the plan."""
    times: dict[int, list[LoggedRequest]] = defaultdict(list)
    for asked in log:
        times[asked.site].append(asked)
    late, least, took = [], [], []
    early = 0
    for site, all_of_it in times.items():
        pairs = list(pairwise(all_of_it))
        early += sum(after.began - before.answered < before.delay - 0.001 for before, after in pairs)
        late += [after.began - before.answered - asked_for[site].min_delay for before, after in pairs]
        least.append(sum(asked_for[site].min_delay + (before.answered - before.began) for before, _ in pairs))
        took.append(all_of_it[-1].began - all_of_it[0].began)
    each = sorted(part / whole for part, whole in zip(least, took, strict=True) if whole)
    return Seen(early=early, late=sorted(late), shares=each, share=sum(least) / sum(took))


def main() -> None:
    """Serve, crawl, crawl again, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=1000)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--page-size", type=int, default=20_000)
    parser.add_argument("--delays", type=lambda text: [float(one) for one in text.split(",")])
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--here", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        run_here(options.here)
        return
    asked_for = plans(options.sites, options.requests, options.seconds)
    if options.delays:
        asked_for = plan_mixed(options.sites, options.requests, options.delays)
    with (
        serve_sites(asked_for, 0 if options.plain else options.page_size) as line,
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
    ):
        port = line.recv()
        sites = [
            SITE.format(n=n, url=f"http://s{n}.test:{port}/", delay=each.delay) for n, each in enumerate(asked_for)
        ]
        (Path(folder) / "newsarchive.toml").write_text(TOP + "".join(sites))
        first = run(Path(folder))
        line.send("log")
        log = line.recv()
        idle = run(Path(folder))
    rate = first.requests / first.wall
    print(f"{options.sites} sites, {first.requests} requests in {first.wall:.1f} s ({rate:.1f} a second)")
    print(f"main process, start included: {1000 * first.cpu / first.requests:.2f} CPU ms a request", end="")
    print(f", {first.peak / 1e6:.0f} MB")
    print(f"next run, {idle.requests} due: {idle.wall:.1f} s, {idle.cpu:.2f} CPU s, {idle.peak / 1e6:.0f} MB")
    found = evaluate_log(log, asked_for)
    late = [1000 * found.late[min(int(part * len(found.late)), len(found.late) - 1)] for part in (0.5, 0.9, 0.99, 1)]
    print(f"requests that came too early: {found.early}")
    print("later than allowed: median {:.0f} ms, p90 {:.0f}, p99 {:.0f}, at most {:.0f}".format(*late))
    print(
        f"pace, as a part of what the delays allow: all hosts {100 * found.share:.1f} %, "
        f"median {100 * median(found.shares):.1f} %, slowest tenth {100 * found.shares[len(found.shares) // 10]:.1f} %"
    )


if __name__ == "__main__":
    main()
