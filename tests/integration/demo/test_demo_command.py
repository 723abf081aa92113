"""`newsarchive demo`: it serves its newspaper to other commands, and ends what it has started."""

import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "newsarchive", "demo"]


def get_date(url: str) -> str:
    with urllib.request.urlopen(url) as response:
        return str(response.headers["Date"])


def test_it_serves_the_newspaper_alone_and_each_line_advances_its_clock() -> None:
    """For readers of the tutorial, who archive it with commands of their own; no archive is made."""
    with subprocess.Popen(
        [*COMMAND, "--serve", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout

        def read_to(end: str) -> str:
            assert process.stdout
            return "".join(iter(process.stdout.readline, f"{end}\n"))

        text = read_to("Enter advances its clock.")
        url = text.split("newsarchive add ")[1].split()[0]
        assert get_date(url) == "Mon, 04 May 2026 08:00:00 GMT"
        assert "newsarchive crawl --clock 2026-05-04T08:00:00Z" in text
        process.stdin.write("\n")
        process.stdin.flush()
        assert "newsarchive crawl --clock 2026-05-04T09:30:00Z" in read_to("Enter advances its clock.")
        # Without a terminal there are no more lines, and it stays.
        process.stdin.close()
        assert get_date(url) == "Mon, 04 May 2026 09:30:00 GMT"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


@pytest.mark.slow
def test_sigterm_ends_the_command_that_it_runs(tmp_path: Path) -> None:
    """Otherwise its crawl goes on without it."""
    with subprocess.Popen([*COMMAND, "d"], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            if line.startswith("$ newsarchive crawl"):
                break
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while not (started := children.read_text().split()):
            time.sleep(0.02)
        child = Path("/proc", started[0])
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 128 + signal.SIGTERM
        while child.exists():  # one that has just been forked ends when it has started
            time.sleep(0.02)
