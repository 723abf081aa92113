"""Law 3 with a site's own spider: whenever its crawl is killed, nothing stored is lost, and nothing is stored twice."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from storage.warc.reader import CaptureRecord, read_captures
from tests.forked_process import start_command
from tests.in_process import run_in_process
from tests.integration.spiders.conftest import BEGIN, JSON_SPIDER, LOGIN_SPIDER, PASSWORD, tell

KILLS, STORIES = 20, range(1, 101)
UNREAD = "the crawl ended before the site's spider had read it"


def captures(rig: Any) -> list[CaptureRecord]:
    """Return the captures in all files."""
    files = sorted(path for path in (rig.folder / "warc").glob("*.warc.gz*") if ".torn-" not in path.name)
    return [each for path in files for each in read_captures(path) if isinstance(each, CaptureRecord)]


def lines(rig: Any) -> list[str]:
    """Return what `export --all-versions` prints, sorted."""
    done = run_in_process("export", "--all-versions", "--format", "jsonl", "--archive", rig.folder)
    assert done.returncode == 0, done.stderr
    return sorted(done.stdout.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("source", [JSON_SPIDER, LOGIN_SPIDER], ids=["json", "login"])
def test_a_killed_crawl_of_a_spider_gives_the_same_archive(
    build: Callable[..., Any], newsroom: Any, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL at random moments: verify clean, no URL that was read is fetched again, all articles, rebuild equal."""
    monkeypatch.setenv("COURIER_PASSWORD", PASSWORD)
    newsroom.stories = {number: tell(number) for number in STORIES}
    newsroom.page_size = 10
    # A callback that takes its time is killed between its response and its output, too.
    slow = source.replace("def parse_article(self, response):", "def parse_article(self, response):\n        wait()\n")
    source = "from time import sleep\n\n\ndef wait():\n    sleep(0.03)\n\n\n" + slow
    rig = build(source, delay="0.1s")
    moments, clock, killed = random.Random(7), BEGIN, 0
    for _ in range(KILLS):
        clock += timedelta(seconds=30)
        begin = len(newsroom.log)
        crawl = start_command("crawl", "--clock", clock.isoformat(), "--archive", rig.folder)
        exchanges = moments.randint(4, 9)
        while crawl.is_alive() and len(newsroom.log) < begin + exchanges:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.1))
        killed += crawl.is_alive()
        crawl.kill()
        crawl.join()
    assert killed >= KILLS // 2, "most crawls were over before they could be killed"
    for minutes in (11, 22):
        done = run_in_process(
            "crawl", "--clock", (clock + timedelta(minutes=minutes)).isoformat(), "--archive", rig.folder
        )
        assert done.returncode == 0, done.stderr

    verified = run_in_process("verify", "--archive", rig.folder)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    held = captures(rig)
    assert max(Counter(each.capture.record_id for each in held).values()) == 1
    read = Counter(
        each.capture.url
        for each in held
        if each.discovery
        and each.discovery.kind == "article"
        and (each.output is not None or not each.discovery.callback)
    )
    assert {url for url, count in read.items() if count > 1} == set(), "what was read was fetched again"
    before = lines(rig)
    headlines = Counter(json.loads(line)["headline"] for line in before)
    assert headlines == Counter(tell(number)["title"] for number in STORIES)
    assert run_in_process("rebuild", "--archive", rig.folder).returncode == 0
    assert lines(rig) == before
