"""Law 3: whenever a crawl is killed, nothing stored is lost, and nothing is stored twice."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.process import BaseProcess
from typing import Any

import pytest

from storage.warc.reader import read_records
from storage.warc.record import Record

KILLS = 20


def captures(rig: Any) -> list[Record]:
    """Every response and revisit record in the files."""
    return [r for path in rig.warcs() for r in read_records(path) if r.type in ("response", "revisit")]


def texts(rig: Any) -> list[str]:
    """What was archived, without where and when."""
    lines = [json.loads(line) for line in rig.lines()]
    return sorted(
        json.dumps({name: line[name] for name in ("canonical_url", "headline", "dek", "authors", "body")})
        for line in lines
    )


def wait_for(rig: Any, crawl: BaseProcess, *, exchanges: int) -> None:
    """Wait until the newsroom has answered so often more, or the crawl is over."""
    begin = rig.log.read_bytes().count(b"\n")
    for _ in range(3000):
        if rig.log.read_bytes().count(b"\n") >= begin + exchanges or not crawl.is_alive():
            return
        time.sleep(0.01)


@pytest.mark.slow
def test_a_crawl_killed_repeatedly_gives_the_same_archive(build: Callable[..., Any], index_url: str) -> None:
    """SIGKILL at 20 random moments: verify clean, no record twice, the same articles, rebuild equal."""
    rig = build(index=index_url, articles=72)
    settings = rig.folder / "newsarchive.toml"
    settings.write_text(settings.read_text().replace('delay = "0s"', 'delay = "0.03s"'))
    moments = random.Random(20)
    killed = 0
    clock = rig.server.clock.now()
    for _ in range(KILLS):
        clock += timedelta(seconds=30)
        crawl = rig.start("crawl", "--clock", clock.isoformat())
        wait_for(rig, crawl, exchanges=moments.randint(1, 4))
        time.sleep(moments.uniform(0, 0.1))
        killed += crawl.is_alive()
        crawl.kill()
        crawl.join()
    assert killed >= KILLS // 2, "most crawls were over before they could be killed"
    rig.crawl(clock + timedelta(seconds=30))

    verified = rig.run("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    held = captures(rig)
    assert max(Counter(record.id for record in held).values()) == 1
    sent = Counter((one.url, one.response) for one in rig.exchanges())
    kept = Counter((record.uri, record.block) for record in held if record.type == "response")
    assert not kept - sent, "a record holds what the server did not send that often"
    pages = Counter(record.uri for record in held if not record.uri.endswith("/robots.txt"))
    assert {url for url, count in pages.items() if count > 1} == set(), "what was kept was fetched again"

    calm = build(name="calm", articles=72)
    calm.crawl()
    here, there = rig.server.url, calm.server.url
    assert texts(rig) == sorted(text.replace(there, here) for text in texts(calm))
    before = rig.lines()
    assert rig.run("rebuild").returncode == 0
    assert rig.lines() == before
