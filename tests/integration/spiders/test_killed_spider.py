"""Law 3 with a site's own spider under cron: whenever a crawl is killed, nothing stored is lost or stored twice."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storage.warc.reader import CaptureRecord, read_captures
from tests.integration.spiders.conftest import JSON_SPIDER, LOGIN_SPIDER, PASSWORD, tell

KILLS, STORIES, EDITED = 20, range(1, 101), (3, 50, 99)
SCRIPT = os.environ.get("NEWSARCHIVE_COMMAND") or str(Path(sys.executable).with_name("newsarchive"))


@dataclass
class Cron:
    """A user's crontab: the line that `newsarchive schedule --cron` prints, and a password."""

    folder: Path
    """The archive."""

    def __post_init__(self) -> None:
        done = self.run("schedule", "--cron", "--every", "15m")
        fields = r"\*/15 \* \* \* \* "
        self._command = re.sub(r"\\%", "%", re.sub(f"^{fields}", "", done.stdout.splitlines()[-1]))

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command outside the checkout."""
        return subprocess.run(
            [SCRIPT, *words, "--archive", self.folder], cwd="/", capture_output=True, text=True, check=False
        )

    def start(self, at: datetime | None = None) -> subprocess.Popen[str]:
        """Start the line as cron does (crontab(5)), or its crawl with the clock at a later time."""
        command = self._command.replace(" --quiet", f" --quiet --clock {at.isoformat()}" if at else " --quiet")
        environment = {"HOME": str(self.folder.parent), "LOGNAME": "archive", "SHELL": "/bin/sh"}
        environment |= {"PATH": "/usr/bin:/bin", "COURIER_PASSWORD": PASSWORD}
        return subprocess.Popen(
            ["/bin/sh", "-c", command], cwd=self.folder.parent, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip

    def crawl(self, at: datetime | None = None) -> str:
        """Crawl to the end, and return what cron would mail."""
        crawl = self.start(at)
        mail, _ = crawl.communicate(timeout=300)
        assert crawl.returncode == 0, mail
        return mail

    def lines(self) -> list[str]:
        """Return what `export --all-versions` prints, sorted."""
        done = self.run("export", "--all-versions", "--format", "jsonl")
        assert done.returncode == 0, done.stderr
        return sorted(done.stdout.splitlines())

    def captures(self) -> list[CaptureRecord]:
        """Return the captures in all files."""
        files = sorted(path for path in (self.folder / "warc").glob("*.warc.gz*") if ".torn-" not in path.name)
        return [each for path in files for each in read_captures(path) if isinstance(each, CaptureRecord)]


def kill(crawl: subprocess.Popen[str]) -> bool:
    """Send SIGKILL to the command that the shell runs; return True if it still ran."""
    children = Path(f"/proc/{crawl.pid}/task/{crawl.pid}/children").read_text().split() if crawl.poll() is None else ()
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    crawl.communicate(timeout=60)
    return bool(children)


@pytest.mark.slow
@pytest.mark.parametrize("source", [JSON_SPIDER, LOGIN_SPIDER], ids=["json", "login"])
def test_a_killed_crawl_of_a_spider_gives_the_same_archive(
    build: Callable[..., Any], newsroom: Any, source: str
) -> None:
    """SIGKILL at random moments: verify clean, no URL that was read is fetched again, all versions, rebuild equal."""
    now = datetime.now(UTC)
    recent = {"at": (now - timedelta(days=1)).isoformat(timespec="seconds")}
    newsroom.stories = {number: tell(number) | recent for number in STORIES}
    newsroom.page_size = 10
    # A callback that takes its time is killed between its response and its output, too.
    slow = source.replace("def parse_article(self, response):", "def parse_article(self, response):\n        wait()\n")
    source = "from time import sleep\n\n\ndef wait():\n    sleep(0.03)\n\n\n" + slow
    cron, moments, killed = Cron(build(source, delay="0.1s").folder), random.Random(7), 0
    for _ in range(KILLS):
        begin, exchanges = len(newsroom.log), moments.randint(4, 9)
        crawl = cron.start()
        while crawl.poll() is None and len(newsroom.log) < begin + exchanges:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.1))
        killed += kill(crawl)
    assert killed >= KILLS // 2, "most crawls were over before they could be killed"
    cron.crawl()
    assert cron.crawl(now + timedelta(minutes=22)) == ""

    held = cron.captures()
    assert max(Counter(each.capture.record_id for each in held).values()) == 1
    lost = Counter(line.split()[1] for line in newsroom.log)
    lost.subtract(each.capture.url.removeprefix(newsroom.url) for each in held)
    assert min(lost.values()) == 0, "more was stored than the server sent"
    assert lost.total() <= killed, "more was lost than the exchange that ran when the crawl was killed"
    assert is_read_once(held)
    headlines = Counter(json.loads(line)["headline"] for line in cron.lines())
    assert headlines == Counter(tell(number)["title"] for number in STORIES)

    newsroom.stories |= {number: tell(number, "corrected") | recent for number in EDITED}
    assert cron.crawl(now + timedelta(days=1)) == ""
    before = cron.lines()
    edited = Counter(json.loads(line)["headline"] for line in before) - headlines
    assert edited == Counter(tell(number)["title"] for number in EDITED)
    verified = cron.run("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert cron.run("rebuild").returncode == 0
    assert cron.lines() == before


def is_read_once(held: list[CaptureRecord]) -> bool:
    """Return True if no article's URL was fetched again after its spider had read it."""
    read = Counter(
        each.capture.url
        for each in held
        if each.discovery
        and each.discovery.kind == "article"
        and (each.output is not None or not each.discovery.callback)
    )
    return max(read.values()) == 1
