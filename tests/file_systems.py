"""File systems that tests mount in their temporary folders, which only root can do."""

import gc
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

UNMOUNT_SECONDS = 30
"""Seconds for processes to end after the command that started them."""


def mount(*words: str | Path) -> None:
    """Mount with the arguments of the command of that name, or skip the test where nothing can be mounted."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system: run this test as root")
    try:
        done = subprocess.run(["mount", *words], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("mount is not installed")
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.decode(errors='replace')}")


def unmount(folder: Path) -> None:
    """Unmount a file system as soon as nothing uses it, or fail and name the processes that do."""
    ends = time.monotonic() + UNMOUNT_SECONDS
    while True:
        # Files that a collected object would have closed.
        gc.collect()
        done = subprocess.run(["umount", folder], capture_output=True, check=False)
        if not done.returncode or b"not mounted" in done.stderr:
            return
        if time.monotonic() > ends:
            pytest.fail(f"{done.stderr.decode(errors='replace')}{'; '.join(_users(folder))}")
        time.sleep(0.1)


def _users(folder: Path) -> Iterator[str]:
    """Yield the command line of each process that uses a file below a folder, with that file."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            links = [process / "cwd", *(process / "fd").iterdir(), *(process / "map_files").iterdir()]
            used = {str(link.readlink()) for link in links}
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            yield from (f"{process.name} {command} uses {name}" for name in used if name.startswith(f"{folder}"))
