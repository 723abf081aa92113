"""How many processor cores are this process's to use: of a machine's, often only some.

- affinity (taskset, a cpuset, systemd's CPUAffinity=): 4 of 64 cores
- quota (docker --cpus, a Kubernetes limit, CPUQuota=): 1.5 of them, which are 2 readers
"""

import os
from collections.abc import Iterator
from math import ceil
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def cores() -> int:
    """Return how many cores this process may use, at least 1; begun ones count whole.

    A quota is that of control groups of version 2 (Linux, "Control Group v2", cpu.max); where there are none, or they
    cannot be read, the affinity counts alone.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([allowed, *(max(ceil(quota), 1) for quota in _quotas())])


def _quotas() -> Iterator[float]:
    """Give the cores that this process's group pays for, and each group around it; none of those without a limit."""
    for group in _groups():
        try:
            most, period = (group / "cpu.max").read_text("ascii").split()
            if most != "max":
                yield int(most) / int(period)
        except (OSError, ValueError, ZeroDivisionError):
            # The topmost group has no such file, nor has one whose parent does not hand out processor time.
            continue


def _groups() -> list[Path]:
    """Return the directories of this process's group and of those around it."""
    try:
        lines = MEMBERSHIP.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return []
    own = next((line.removeprefix("0::") for line in lines if line.startswith("0::/")), None)
    if own is None:
        return []
    if ".." in own.split("/"):
        # The group is outside of what this container sees.
        return [GROUPS]
    inner = GROUPS / own.lstrip("/")
    return [inner, *(each for each in inner.parents if each.is_relative_to(GROUPS))]
