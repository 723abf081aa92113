"""Resources of a command, measured from outside: time, CPU with all its children, memory of all its processes."""

import compileall
import os
import resource
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import Self

ROOT = Path(__file__).parents[1]
FIRST_LOOK, LOOK_EVERY = 0.02, 0.5
"""Seconds between two looks at a command's memory: at the begin, and later."""
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Resources that a command used."""

    wall: float
    """Seconds."""
    cpu: float
    """CPU seconds, with all its children."""
    main: float
    """CPU seconds of the process alone that was started."""
    peak: int
    """Resident bytes of the largest single process; no less than this process itself had when it started it."""
    together: int
    """Bytes of all its processes at most, what they share counted once; looked at twice a second."""


def run_timed(command: Sequence[str], *, folder: Path, environment: Mapping[str, str] | None = None) -> Cost:
    """Run a command to its end; what it says goes into `log` in that folder. SystemExit where it fails."""
    _compile_ours()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT, env=environment or os.environ
        )
        with Watch(process.pid) as watch:
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        wall = time.perf_counter() - begin
        main = own_cpu(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {tail(folder / 'log')}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = usage.ru_maxrss * 1024
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall=wall, cpu=cpu, main=main, peak=peak, together=watch.most)


@cache
def _compile_ours() -> None:
    """Compile our modules as an installer does, which has compiled those of others: where Python is told to keep
    nothing (PYTHONDONTWRITEBYTECODE), each of our processes would do it again.
    """
    for package in ("newsarchive", "spiders", "storage"):
        compileall.compile_dir(ROOT / package, quiet=1)


class Watch:
    """Looks at the memory of a process and of all that it started, while the block runs."""

    def __init__(self, pid: int) -> None:
        self.most = 0
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        pause = FIRST_LOOK
        while not self._over.wait(pause):
            self.most = max(self.most, sum(map(proportional, family(self._pid))))
            pause = min(2 * pause, LOOK_EVERY)


def family(pid: int) -> Iterator[int]:
    """A process and all its descendants that are there now (proc(5): children)."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = children.read_text().split()
        except OSError:
            continue  # the thread has ended meanwhile
        for child in found:
            yield from family(int(child))


def proportional(pid: int) -> int:
    """Bytes of a process, of pages that it shares its part; 0 where it has ended (proc(5): smaps_rollup)."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def resident(pid: int) -> int:
    """Bytes of a process, what it shares with others included; 0 where it has ended (proc(5): statm)."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_SIZE
    except OSError:
        return 0


def own_cpu(pid: int) -> float:
    """CPU seconds of a process that was not waited for yet (proc(5): fields 14 and 15 of stat)."""
    return sum(_cpu(pid)[:2])


def whole_cpu(pid: int) -> float:
    """CPU seconds of a process and of its children that have ended; 0 where it is gone (stat's fields 14 to 17)."""
    try:
        return sum(_cpu(pid))
    except OSError:
        return 0.0


def _cpu(pid: int) -> list[float]:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [int(ticks) / _TICKS for ticks in fields[11:15]]


def tail(log: Path, most: int = 2000) -> str:
    """The end of a log."""
    return log.read_text(errors="replace")[-most:]


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(
        wall=median(cost.wall for cost in costs),
        cpu=median(cost.cpu for cost in costs),
        main=median(cost.main for cost in costs),
        peak=int(median(cost.peak for cost in costs)),
        together=int(median(cost.together for cost in costs)),
    )
