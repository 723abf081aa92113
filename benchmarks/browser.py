"""Measure the archive's browser over a large index: every page and door, then many clients at once, and its memory.

    python -m benchmarks.generate FOLDER [--articles 200000] [--index postgresql+psycopg://...]
    python -m benchmarks.browser FOLDER [--times 60] [--rounds 3] [--only WORD] [--workers 2]

First, in one process and without a network between, for each kind of request: median and 95th percentile of its time
and of its CPU time (which other work on the machine lengthens less), and how long it may take; with PostgreSQL twice as
long, and the CPU time of its processes on this machine is counted too, but for those that help with one question
(PGOPTIONS='-c max_parallel_workers_per_gather=0' has it none). Rounds are repeated, and the best one counts: what else
the machine did then is left out. Counts of a search are kept as long as the index does not change, so each request is
one that was not sent before, if the kind has so many; the column "sent before" has the number of those that were, in
the round that counts. It does not show searches of another kind for the same words: their counts are kept, too.

Then `newsarchive serve`, with one process for each core or as many as are given, is started and sent 2,000 requests of
all kinds by eight clients at once: errors, times, start-up, and the memory of its largest process.

Ends with 1 where a request took longer than it may, an answer was not as expected, or memory was above 250 MB.
"""

import argparse
import os
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Pool, create_engine, event, make_url, text
from starlette.testclient import TestClient

from benchmarks.questions import Asking, Kind, Sample, sample
from benchmarks.served import Answer, crowd, serving
from newsarchive.archive import Archive
from newsarchive.config.toml_file import load_config
from newsarchive.web.app import create_app
from newsarchive.web.serve_options import ServeOptions
from newsarchive.web.server import tune_memory

UNLIMITED = ServeOptions(rate_limit=10**9, rate_burst=10**9, query_timeout=timedelta(minutes=1))
REQUESTS, CLIENTS = 2_000, 8
OF_POSTGRES = 2.0
"""Times as long PostgreSQL may take."""
TRIES = 100
"""Addresses of a kind that are drawn for one that was not requested before."""
MEMORY = 250
"""Megabytes that the server may take, beside the files that it has mapped."""
HEAVY = ("CDX, front page, all of it", "CDX, a page of a domain")
"""Of these no more than `Limits.heavy` are served at once, and the others sent away: a crowd does not ask for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of request, measured."""

    kind: Kind
    allowed: float
    wall: list[float]
    cpu: list[float]
    bytes: int
    sent: int
    """Bytes as they went over the wire, compressed."""
    repeated: int
    """Requests that had been sent before: their answer may have been kept."""

    @property
    def p95(self) -> float:
        """In milliseconds."""
        return at(self.wall, 0.95)

    def line(self) -> str:
        """The row as Markdown."""
        numbers = (at(self.wall, 0.5), self.p95, at(self.cpu, 0.5), at(self.cpu, 0.95))
        shown = " | ".join(f"{number:.1f}" for number in numbers)
        late = " **late**" if self.p95 > self.allowed else ""
        return (
            f"| {self.kind.name} | {shown} | {self.allowed:.0f}{late} | {self.bytes // 1024} | {self.sent / 1024:.1f} "
            f"| {self.repeated} |"
        )


class Cpu:
    """Seconds of CPU that this process used, and the processes of PostgreSQL that served it from now on."""

    def __init__(self) -> None:
        self._served_by: set[int] = set()
        event.listen(Pool, "checkout", self._served)

    def _served(self, driver: Any, *_: object) -> None:
        info = getattr(driver, "info", None)  # SQLite's have none
        if info is not None:
            self._served_by.add(info.backend_pid)

    def used(self) -> float:
        """Up to now."""
        return time.process_time() + sum(map(_cpu_seconds_of, self._served_by))


def _cpu_seconds_of(process: int) -> float:
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9
    except OSError:  # on another machine, or gone
        return 0.0


def at(times: Sequence[float], part: float) -> float:
    """A percentile of seconds, in milliseconds."""
    return sorted(times)[min(len(times) - 1, int(len(times) * part))] * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Measuring:
    """Settings of the measurement."""

    client: TestClient
    times: int
    rounds: int
    patience: float = 1.0
    """Times as long as a kind may take."""
    asked: set[str] = field(default_factory=set)
    """Addresses that were requested."""
    cpu: Cpu = field(default_factory=Cpu)

    def row(self, kind: Kind) -> Row:
        """Ask so often, each time for something else if possible; the first answer, which fills caches, is left out."""
        self._answered(kind)
        found = []
        for _ in range(self.rounds):
            known = len(self.asked)
            taken = [self._answered(kind) for _ in range(self.times)]
            repeated = self.times - (len(self.asked) - known)
            wall, cpu, sizes, sent = zip(*taken, strict=True)
            allowed = kind.allowed * self.patience
            found.append(
                Row(
                    kind=kind,
                    allowed=allowed,
                    wall=list(wall),
                    cpu=list(cpu),
                    bytes=max(sizes),
                    sent=max(sent),
                    repeated=repeated,
                )
            )
        return min(found, key=lambda row: row.p95)

    def _choose_address(self, kind: Kind) -> str:
        """Return an address of a kind that was not requested before, or any one if there seems to be none left."""
        path = kind.address()
        for _ in range(TRIES):
            if path not in self.asked:
                break
            path = kind.address()
        self.asked.add(path)
        return path

    def _answered(self, kind: Kind) -> tuple[float, float, int, int]:
        """Seconds, CPU seconds and bytes of one answer, and its bytes when compressed."""
        path = self._choose_address(kind)
        began, used = time.perf_counter(), self.cpu.used()
        answer = self.client.get(path)
        took, used = time.perf_counter() - began, self.cpu.used() - used
        if answer.status_code != kind.status:
            raise SystemExit(f"{path}: HTTP {answer.status_code} {answer.text[:300]}")
        return took, used, len(answer.content), answer.num_bytes_downloaded


@contextmanager
def connect(address: str) -> Iterator[Connection]:
    """Read a database by its address."""
    engine = create_engine(make_url(address))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def alone(folder: Path, kinds: Sequence[Kind], times: int, rounds: int, patience: float) -> list[str]:
    """Each kind by itself; returns those that took too long."""
    late = []
    print("\n| request | p50 ms | p95 ms | CPU p50 | CPU p95 | allowed p95 | largest kB | compressed | sent before |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    with (
        Archive.open(folder) as archive,
        TestClient(create_app(archive, UNLIMITED), base_url="http://127.0.0.1:8000", follow_redirects=False) as client,
    ):
        tune_memory()
        measuring = Measuring(client=client, times=times, rounds=rounds, patience=patience)
        for kind in kinds:
            row = measuring.row(kind)
            print(row.line(), flush=True)
            if row.p95 > row.allowed:
                late.append(f"{kind.name}: {row.p95:.0f} ms")
    return late


def together(folder: Path, kinds: Sequence[Kind], chance: random.Random, drawn: Sample, workers: int) -> list[str]:
    """All kinds mixed, by many clients at once; returns what was not as it should be."""
    kinds = [kind for kind in kinds if kind.name not in HEAVY]
    asked = [(kind.address(), kind.status) for kind in chance.choices(kinds, k=REQUESTS)]
    csv = [f"/search.csv?q={word}" for word in drawn.common[:10]]
    with serving(folder, workers) as server:
        fresh = server.memory()["RssAnon"]
        began = time.perf_counter()
        used = server.cpu()
        answers = crowd(server, [path for path, _ in asked], CLIENTS)
        took, used = time.perf_counter() - began, server.cpu() - used
        rows = crowd(server, csv, 1)
        memory = server.memory()
    expected = dict(asked)
    wrong = [each for each in answers if each.status != expected[each.path]]
    print(f"\nready after {server.ready:.1f} s with {fresh} MB")
    print(
        f"{len(answers):,} requests of {CLIENTS} clients at once, {workers} processes: "
        f"{len(answers) / took:.0f} a second, "
        f"{_format_times(answers)}, {used / len(answers) * 1000:.1f} ms of CPU for each"
    )
    print(f"wrong answers: {dict(Counter(each.status for each in wrong)) or 'none'}")
    print(
        f"CSV of a common word: first rows after {at([each.first for each in rows], 0.95):.0f} ms, "
        f"{_format_times(rows)}"
    )
    print(f"server: {memory['RssAnon']} MB ({MEMORY} allowed), and {memory['RssFile']} MB of mapped files")
    problems = [f"{each.path}: HTTP {each.status}" for each in wrong[:10]]
    return [*problems, *([f"memory: {memory['RssAnon']} MB"] if memory["RssAnon"] > MEMORY else [])]


def _format_times(answers: Sequence[Answer]) -> str:
    times = [each.whole for each in answers]
    return f"median {at(times, 0.5):.0f} ms, 95th percentile {at(times, 0.95):.0f} ms"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--times", type=int, default=60, help="requests of a kind")
    parser.add_argument("--rounds", type=int, default=3, help="of which the best counts")
    parser.add_argument("--only", help="kinds whose name has this word, and no crowd")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes of the server")
    parser.add_argument("--seed", type=int, default=3)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    with connect(load_config(given.folder).index) as connection:
        drawn = sample(connection, chance, given.times * given.rounds + 1)
        held = {
            table: connection.scalar(text(f"SELECT count(*) FROM {table}"))
            for table in ("articles", "versions", "captures")
        }
        print(", ".join(f"{count:,} {table}" for table, count in held.items()), f"on {connection.dialect.name}")
        patience = OF_POSTGRES if connection.dialect.name == "postgresql" else 1.0
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs")
    kinds = [kind for kind in Asking(drawn, chance).kinds() if not given.only or given.only in kind.name]
    problems = alone(given.folder, kinds, given.times, given.rounds, patience)
    if not given.only:
        problems += together(given.folder, kinds, chance, drawn, given.workers)
    if problems:
        raise SystemExit("\nnot as it should be:\n  " + "\n  ".join(problems))


if __name__ == "__main__":
    main()
