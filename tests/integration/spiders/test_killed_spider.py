"""Law 3 with sites' own spiders under cron: whenever a crawl is killed, nothing stored is lost or stored twice."""

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
from tests.integration.spiders.conftest import JSON_SPIDER, LOGIN_SPIDER, PASSWORD, SmallNewsroom, tell

KILLS, MOST_CRAWLS = 20, 23
"""More crawls than these would advance the clock to the age at which articles are read again."""
STORIES, FOR_SUBSCRIBERS, EDITED = range(1, 61), range(101, 161), {3, 30, 59, 103, 130, 159}
LEDGER = """
[[site]]
name = "ledger"
url = "{url}/"
allow_private = true
spider = "ledger"
"""
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
def test_killed_crawls_of_spiders_give_the_same_archive(build: Callable[..., Any], newsroom: Any) -> None:
    """SIGKILL at random moments: verify clean, no URL that was read is fetched again, all versions, rebuild equal."""
    subscribers = SmallNewsroom()
    try:
        recent = (datetime.now(UTC) - timedelta(days=1)).isoformat(timespec="seconds")
        for each, numbers in ((newsroom, STORIES), (subscribers, FOR_SUBSCRIBERS)):
            each.stories = {number: tell(number) | {"at": recent} for number in numbers}
            each.page_size = 10
        ledger = LEDGER.format(url=subscribers.url)
        rig = build(slow_down(JSON_SPIDER), delay="0.1s", more=ledger)
        (rig.folder / "spiders" / "ledger.py").write_text(slow_down(LOGIN_SPIDER))
        check_killed_crawls(Cron(rig.folder), {each.url: each for each in (newsroom, subscribers)}, recent)
    finally:
        subscribers.close()


def slow_down(source: str) -> str:
    """Give a spider a callback that takes its time: it is killed between its response and its output, too."""
    slow = source.replace("def parse_article(self, response):", "def parse_article(self, response):\n        wait()\n")
    return "from time import sleep\n\n\ndef wait():\n    sleep(0.03)\n\n\n" + slow


def check_killed_crawls(cron: Cron, newsrooms: dict[str, SmallNewsroom], recent: str) -> None:
    """Kill crawls, crawl to the end, and compare the archive with what was served."""
    moved = kill_crawls(cron, list(newsrooms.values()))
    cron.crawl(datetime.now(UTC) + moved if moved else None)
    end = datetime.now(UTC) + moved + timedelta(minutes=22)
    assert cron.crawl(end) == ""

    held = cron.captures()
    assert max(Counter(each.capture.record_id for each in held).values()) == 1
    lost = Counter(f"{url}{line.split()[1]}" for url, each in newsrooms.items() for line in each.log)
    lost.subtract(each.capture.url for each in held)
    assert min(lost.values()) == 0, "more was stored than the servers sent"
    assert lost.total() <= KILLS * len(newsrooms), "more was lost than what each host sent when the crawl was killed"
    assert is_read_once(held)
    headlines = Counter(json.loads(line)["headline"] for line in cron.lines())
    assert headlines == Counter(tell(number)["title"] for number in (*STORIES, *FOR_SUBSCRIBERS))

    for each in newsrooms.values():
        each.stories |= {number: tell(number, "corrected") | {"at": recent} for number in EDITED & each.stories.keys()}
    assert cron.crawl(end + timedelta(days=1)) == ""
    before = cron.lines()
    edited = Counter(json.loads(line)["headline"] for line in before) - headlines
    assert edited == Counter(tell(number)["title"] for number in EDITED)
    verified = cron.run("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert cron.run("rebuild").returncode == 0
    assert cron.lines() == before


def kill_crawls(cron: Cron, newsrooms: list[SmallNewsroom]) -> timedelta:
    """Kill so many crawls while they run, and return by how much the clock was advanced.

    A crawl may be over before that: what a kill has interrupted is fetched again after some minutes. So is the crawl
    that comes after those minutes.
    """
    moments, moved, killed = random.Random(7), timedelta(), 0
    for _ in range(MOST_CRAWLS):
        begin, exchanges = sum(len(each.log) for each in newsrooms), moments.randint(4, 9)
        crawl = cron.start(datetime.now(UTC) + moved if moved else None)
        while crawl.poll() is None and sum(len(each.log) for each in newsrooms) < begin + exchanges:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.1))
        if kill(crawl):
            killed += 1
        else:
            moved += timedelta(minutes=11)
        if killed == KILLS:
            return moved
    raise AssertionError(f"only {killed} of {MOST_CRAWLS} crawls were killed while they ran")


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
