"""Number of processor cores that this process may use.

- affinity (taskset, a cpuset, systemd's CPUAffinity=): 4 of 64 cores
- quota (docker --cpus, a Kubernetes limit, CPUQuota=): 1.5 cores, which count as 2
"""

import os
from collections.abc import Iterator
from math import ceil
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def available_cores() -> int:
    """Return the number of cores that this process may use, at least 1; fractions are rounded up.

    Quotas are those of control groups, version 2 (Linux, "Control Group v2", cpu.max). Without, affinity counts.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([allowed, *(max(ceil(quota), 1) for quota in _quotas())])


def _quotas() -> Iterator[float]:
    """Yield the quotas, in cores, of this process's control group and of its parents."""
    for group in _groups():
        try:
            quota, period = (group / "cpu.max").read_text("ascii").split()
            if quota != "max":
                yield int(quota) / int(period)
        except (OSError, ValueError, ZeroDivisionError):
            # The root group has no such file, nor does a group whose parent has no CPU controller.
            continue


def _groups() -> list[Path]:
    """Return the directories of this process's control group and of its parents."""
    try:
        lines = MEMBERSHIP.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return []
    own = next((line.removeprefix("0::") for line in lines if line.startswith("0::/")), None)
    if own is None:
        return []
    if ".." in own.split("/"):
        # The group is outside the container's namespace.
        return [GROUPS]
    inner = GROUPS / own.lstrip("/")
    return [inner, *(each for each in inner.parents if each.is_relative_to(GROUPS))]
