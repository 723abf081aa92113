"""A crawl ends with its worker, however that ended: otherwise it would go on while another worker crawls its site."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from newsarchive.startup import child_command

WORKER = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[2]], start_new_session=True, stdin=subprocess.DEVNULL)
time.sleep(600)
"""
CRAWL = """
import os, sys, time
from newsarchive.startup import end_with_parent
sys.platform = sys.argv[1]
end_with_parent(os.getppid())
print(os.getpid(), flush=True)
time.sleep(600)
"""


def is_running(pid: int) -> bool:
    """Return True for a running process, False for one that has ended, a zombie included."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_a_crawl_ends_with_its_worker(platform: str) -> None:
    """The kernel kills it; on systems whose kernel does not, it kills itself within a second."""
    words = [sys.executable, "-c", WORKER, CRAWL, platform]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        crawl = int(worker.stdout.readline())
        assert is_running(crawl)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        until = time.monotonic() + 60
        while is_running(crawl):
            assert time.monotonic() < until, "it goes on without its worker"
            time.sleep(0.05)


def test_a_crawl_does_nothing_if_its_worker_has_ended_before_it_starts() -> None:
    """The process that it is to end with is not its parent any more."""
    words = child_command("newsarchive.startup:run_command_line", "1", "--version")
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (128 + signal.SIGKILL, "")
