"""A crawl ends with its worker, whatever ended that: else it would be at a site that another one takes."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

WORKER = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[2]], start_new_session=True, stdin=subprocess.DEVNULL)
time.sleep(600)
"""
CRAWL = """
import os, sys, time
from newsarchive.jobs.child_main import tie
sys.platform = sys.argv[1]
tie(os.getppid())
print(os.getpid(), flush=True)
time.sleep(600)
"""


def is_there(pid: int) -> bool:
    """A process that runs; one that has ended, and that nobody has asked about, does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_a_crawl_ends_with_its_worker(platform: str) -> None:
    """By the kernel, or where that does not do it by itself, within a moment."""
    words = [sys.executable, "-c", WORKER, CRAWL, platform]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        crawl = int(worker.stdout.readline())
        assert is_there(crawl)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        until = time.monotonic() + 60
        while is_there(crawl):
            assert time.monotonic() < until, "it goes on without its worker"
            time.sleep(0.05)


def test_a_crawl_whose_worker_is_gone_before_it_begins_does_nothing() -> None:
    """The process that it is to be tied to is not its parent any more."""
    words = [sys.executable, "-m", "newsarchive.jobs.child_main", "1", "--version"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (128 + signal.SIGKILL, "")
