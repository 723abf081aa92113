"""The number of cores that this process may use."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from newsarchive.reader_pool import cpu

Groups = dict[str, str]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eight cores and no control group yet; the place where those would be."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(cpu, "GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(cpu, "MEMBERSHIP", tmp_path / "membership")
    return tmp_path


def grouped(machine: Path, membership: str, groups: Groups) -> None:
    """Make control groups, each by its path with what its cpu.max says."""
    (machine / "membership").write_text(membership, "utf-8")
    for path, quota in groups.items():
        folder = machine / "cgroup" / path
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cpu.max").write_text(f"{quota}\n", "ascii")


@pytest.mark.parametrize(
    ("membership", "groups", "expected"),
    [
        pytest.param("0::/app\n", {"app": "max 100000"}, 8, id="no limit"),
        pytest.param("0::/app\n", {"app": "200000 100000"}, 2, id="two cores"),
        pytest.param("0::/app\n", {"app": "150000 100000"}, 2, id="a core begun counts whole"),
        pytest.param("0::/app\n", {"app": "5000 100000"}, 1, id="a twentieth of a core"),
        pytest.param("0::/app\n", {"app": "3200000 100000"}, 8, id="more than there are"),
        pytest.param("0::/a/b/c\n", {"a": "300000 100000", "a/b/c": "max 100000"}, 3, id="a group around it"),
        pytest.param("0::/a/b\n", {"a": "300000 100000", "a/b": "100000 50000"}, 2, id="the smaller of two"),
        pytest.param("0::/\n", {"": "100000 100000"}, 1, id="a container's own root"),
        pytest.param("0::/docker/1f\n", {"": "400000 100000"}, 4, id="a path that only the host sees"),
        pytest.param("0::/../../app\n", {"": "400000 100000"}, 4, id="a group outside of what is seen"),
        pytest.param("4:cpu:/app\n0::/\n", {"app": "100000 100000"}, 8, id="both versions, and the path of the other"),
        pytest.param("4:cpu:/app\n", {"": "100000 100000"}, 8, id="version 1 alone"),
        pytest.param("0::/app\n", {"app": "nonsense"}, 8, id="unreadable"),
        pytest.param("0::/app\n", {"app": "100000 0"}, 8, id="no period"),
        pytest.param("", {}, 8, id="in no group"),
    ],
)
def test_a_quota_counts(machine: Path, membership: str, groups: Groups, expected: int) -> None:
    """That of the process's control group, and of each around it."""
    grouped(machine, membership, groups)
    assert cpu.available_cores() == expected


def test_without_control_groups_the_affinity_counts_alone(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on other systems, where all cores count if there is no affinity either."""
    assert cpu.available_cores() == 8
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cpu.available_cores() == 1


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_a_process_on_one_core_counts_one() -> None:
    """As taskset leaves it."""
    program = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    program += "from newsarchive.reader_pool.cpu import available_cores; print(available_cores())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "1\n"
