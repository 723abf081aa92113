"""Law 3: however often a crawl is killed, nothing stored is lost, and nothing is stored twice, over days with edits."""

import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.process import BaseProcess
from typing import Any

import pytest

from storage.errors import WarcError
from storage.warc.reader import read_records
from storage.warc.record import Record

ROUNDS = 3
KILLS = 8
"""In each round, with each database. Each round ends with a crawl that is left alone."""
BETWEEN_ROUNDS = timedelta(hours=26)
STEP = timedelta(seconds=20)
"""From one start to the next: less than the shortest interval at which anything is looked at again."""
ARTICLES = 72
DELAY = 0.06
"""Seconds between two requests: with them, the kills of a round are over before a crawl is."""


Read = dict[str, tuple[int, int]]
"""Size and time of the last change of files, by name."""


def whole_records(rig: Any, known: Read) -> set[str]:
    """Ids of the responses and revisits that lie whole in the files at this moment, torn tails left out.

    Files that have not changed since the last time are not read again.
    """
    held: set[str] = set()
    for path in rig.warcs():
        stat = path.stat()
        state = stat.st_size, stat.st_mtime_ns
        if known.get(path.name) == state:
            continue
        known[path.name] = state
        try:
            held.update(record.id for record in read_records(path) if record.type in ("response", "revisit"))
        except WarcError:
            continue
    return held


def wait_for(rig: Any, crawl: BaseProcess, exchanges: int, seconds: float) -> None:
    """Wait until the newsroom has answered so often more, some time has passed, or the crawl is over."""
    until = time.monotonic() + seconds
    with rig.log.open("rb") as log:
        log.seek(0, os.SEEK_END)
        while exchanges > 0 and time.monotonic() < until and crawl.is_alive():
            exchanges -= log.read().count(b"\n")
            time.sleep(0.01)


def killed(rig: Any, at: str, moments: random.Random) -> bool:
    """Start a crawl and kill it: by what it has fetched, or by the time since its start; True where it still ran."""
    crawl: BaseProcess = rig.start("crawl", "--clock", at)
    if moments.random() < 0.2:
        # While it opens the archive, mends what the last one left, or later; a quick machine is not to be done by then.
        wait_for(rig, crawl, 4, moments.uniform(0.1, 1.0))
    else:
        wait_for(rig, crawl, moments.randint(1, 3), 60.0)
        time.sleep(moments.uniform(0, 1.5 * DELAY))
    ran = crawl.is_alive()
    crawl.kill()
    crawl.join()
    return ran


def texts(rig: Any) -> list[str]:
    """Return what was archived of every version, without place and time."""
    lines = [json.loads(line) for line in rig.lines()]
    named = ("canonical_url", "headline", "dek", "authors", "body")
    return sorted(json.dumps({name: line[name] for name in named}) for line in lines)


def captures(rig: Any) -> list[Record]:
    """Every response and revisit record in the files."""
    return [r for path in rig.warcs() for r in read_records(path) if r.type in ("response", "revisit")]


@pytest.mark.slow
def test_kills_lose_nothing(build: Callable[..., Any], index_url: str) -> None:
    """Nothing lost: every record that was whole in a file when a process died is in the files and in the index at the
    end. Nothing twice: in a round, in which the newsroom stands still, no URL is kept twice. What is kept is what the
    server sent; verify is clean; the versions are those of a crawl that was never killed; a rebuild equals it.
    """
    rig = build(index=index_url, articles=ARTICLES)
    calm = build(name="calm", articles=ARTICLES)
    settings = rig.folder / "newsarchive.toml"
    settings.write_text(settings.read_text().replace('delay = "0s"', f'delay = "{DELAY}s"'))
    moments = random.Random(100)
    seen: set[str] = set()
    rounds: list[Counter[str]] = []
    kills, begun, known = 0, len(captures(rig)), Read()
    for _ in range(ROUNDS):
        clock = rig.server.clock.now()
        calm.crawl(clock)
        for _ in range(KILLS):
            kills += killed(rig, clock.isoformat(), moments)
            seen |= whole_records(rig, known)
            clock += STEP
        rig.crawl(clock)
        held = captures(rig)
        rounds.append(Counter(record.uri for record in held[begun:]))
        begun = len(held)
        rig.server.clock.advance(BETWEEN_ROUNDS)
        calm.server.clock.advance(BETWEEN_ROUNDS)
    assert kills >= ROUNDS * KILLS * 0.75, "too many crawls were over before they could be killed"

    verified = rig.run("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    held = captures(rig)
    ids = Counter(record.id for record in held)
    assert max(ids.values()) == 1
    assert seen <= set(ids), "what was whole when a process died is gone"
    assert [{url: count for url, count in kept.items() if count > 1} for kept in rounds] == [{}] * ROUNDS
    assert sum(record.type == "revisit" for record in held) > ARTICLES // 2, "hardly anything was looked at again"
    assert any(record.uri.endswith(".css") for record in held), "no requisites were fetched"
    sent = Counter((one.url, one.response) for one in rig.exchanges())
    kept = Counter((record.uri, record.block) for record in held if record.type == "response")
    assert not kept - sent, "a record holds what the server did not send that often"
    indexed = rig.run("export", "--format", "cdxj").stdout.splitlines()
    assert len([line for line in indexed if line and not line.startswith("!")]) == len(held)

    here, there = rig.server.url, calm.server.url
    assert texts(rig) == sorted(text.replace(there, here) for text in texts(calm))
    before = rig.lines()
    assert rig.run("rebuild").returncode == 0
    assert rig.lines() == before
