"""A worker that is killed, frozen, told to end or without its database, and a bucket that is away: no site is at two
workers, others go on with it, and nothing is lost.

All in one file, for which database, object store and sites are started once.
"""

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.cluster.scenario import (
    TAKEOVER,
    Machines,
    all_is_in,
    asked_by,
    jobs,
    never_two,
    nothing_lost,
    stored,
    taken_over,
    wait_for,
    well_begun,
    workers,
)

pytestmark = pytest.mark.slow


def begin_at_first(hosts: Any, machines: Machines, sites: list[int]) -> tuple[Any, Any]:
    """Return two machines with workers: the first one has begun with all sites before the second one is there."""
    one, two = pair = machines(sites)
    one.work(slots=2)
    wait_for(lambda: well_begun(hosts, "one", *sites))
    two.work(slots=2)
    wait_for(lambda: workers(hosts, two) == 2)
    return pair


def check_end(hosts: Any, pair: tuple[Any, Any], sites: list[int], *, unkept: int = 0) -> None:
    """End the second worker: no site was ever at both, and nothing is lost but what the first one had not yet kept."""
    assert pair[1].stop() == 0
    never_two(hosts, sites)
    nothing_lost(hosts, pair, sites, unkept=unkept)


def test_a_worker_is_killed_while_the_others_slots_are_full(hosts: Any, machines: Machines) -> None:
    """After kill -9 its sites are given to others in time, and taken as soon as one has a slot."""
    sites = [101, 102]
    one, two = pair = machines(sites)
    one.work(slots=1)
    wait_for(lambda: asked_by(hosts, "one", *sites))
    two.work(slots=1)
    given = (("todo", 1), ("doing", 1))
    mine = [site for site in sites if asked_by(hosts, "one", site)]
    others = [site for site in sites if site not in mine]
    wait_for(lambda: all(asked_by(hosts, "two", site) for site in others) and well_begun(hosts, "one", *mine))
    killed = time.monotonic()
    one.process.kill()
    # Given to whoever has a slot, whatever the slots do.
    wait_for(lambda: all(jobs(hosts, two).get(f"site-{site}") in given for site in mine), TAKEOVER)
    for site in mine:
        taken_over(hosts, "one", "two", site, killed)
    wait_for(lambda: all_is_in(hosts, two))
    check_end(hosts, pair, sites, unkept=1)


def test_a_worker_without_its_database_keeps_no_site(hosts: Any, machines: Machines) -> None:
    """It could crawl on, and does not: it is away before the other begins."""
    sites = [107, 108]
    one, two = pair = begin_at_first(hosts, machines, sites)
    hosts.cut("one", "data")
    cut = time.monotonic()
    try:
        took = [taken_over(hosts, "one", "two", site, cut) for site in sites]
        assert max(took) < TAKEOVER
        assert one.process.wait(1) != 0
    finally:
        hosts.mend("one", "data")
    wait_for(lambda: all_is_in(hosts, two))
    check_end(hosts, pair, sites, unkept=2)


def test_a_worker_ends_on_a_signal(hosts: Any, machines: Machines) -> None:
    """SIGTERM: it ends in good order within seconds, and its sites are taken at once."""
    sites = [109, 110]
    one, two = pair = begin_at_first(hosts, machines, sites)
    assert len(json.loads(two.run("workers", "--json").stdout)["workers"]) == 2
    told = time.monotonic()
    assert one.stop() == 0
    print(f"the worker had ended after {time.monotonic() - told:.1f} s")
    assert time.monotonic() - told < 15
    took = [taken_over(hosts, "one", "two", site, told) for site in sites]
    assert max(took) < TAKEOVER
    wait_for(lambda: all_is_in(hosts, two))
    check_end(hosts, pair, sites)


def test_a_frozen_worker_loses_its_sites(hosts: Any, machines: Machines) -> None:
    """Others go on in time; what thaws asks nobody for anything any more."""
    sites = [105, 106]
    one, two = pair = begin_at_first(hosts, machines, sites)
    family = one.family()
    one.signal(signal.SIGSTOP, family)
    frozen = time.monotonic()
    took = [taken_over(hosts, "one", "two", site, frozen) for site in sites]
    assert max(took) < TAKEOVER
    time.sleep(max(frozen + 40 - time.monotonic(), 0))
    thawed = time.monotonic()
    one.signal(signal.SIGCONT, family)
    assert one.process.wait(10) != 0
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family), 10)
    wait_for(lambda: all_is_in(hosts, two))
    assert asked_by(hosts, "one", *sites, since=thawed) == []
    check_end(hosts, pair, sites, unkept=2)


def test_an_unreachable_bucket_is_retried(hosts: Any, machines: Machines) -> None:
    """Both machines crawl on and begin with other sites; files wait in their folders, and go when it is there again."""
    sites = [113, 114, 115, 116]
    pair = machines(sites)
    for machine in pair:
        machine.work(slots=1)
    first = wait_for(lambda: [site for site in sites if well_begun(hosts, "one", site)])[:1]
    first += wait_for(lambda: [site for site in sites if well_begun(hosts, "two", site)])[:1]
    later = [site for site in sites if site not in first]
    local: set[str] = set()

    def some_has_left() -> set[str]:
        now = set().union(*(machine.known() for machine in pair))
        local.update(now)
        return local - now

    left = wait_for(some_has_left)
    assert left <= stored(pair[1]), "something goes into the bucket while a site is crawled"
    hosts.cut("s3", "data")
    cut = time.monotonic()
    try:
        held: dict[str, set[str]] = {machine.name: set() for machine in pair}
        time.sleep(1)  # what was on its way when the cable was cut has arrived, or never will

        def none_leaves() -> bool:
            for machine in pair:
                closed = machine.closed()
                assert held[machine.name] <= closed, "a file left the folder for a bucket that is away"
                held[machine.name] = closed
            return time.monotonic() > cut + 60 and all(
                any(asked_by(hosts, machine.name, site, since=cut) for site in later) for machine in pair
            )

        wait_for(none_leaves)
        assert all(held.values()), "no file was closed meanwhile"
    finally:
        hosts.mend("s3", "data")
    print(f"the bucket was away for {time.monotonic() - cut:.1f} s; {sum(map(len, held.values()))} files waited")
    wait_for(lambda: all_is_in(hosts, pair[1]))
    for machine in pair:
        assert machine.stop() == 0
    waiting = {machine.name: len(machine.closed()) for machine in pair}
    print(f"files that their own crawl could not bring: {waiting}")
    assert not all(waiting.values()), "a crawl that ends while the bucket is there brings what waits"
    for machine in pair:
        if waiting[machine.name]:  # its last crawl ended before the bucket was there again: the next one brings them
            assert machine.run("crawl").returncode == 0
        assert machine.closed() == set()
    assert set().union(*held.values()) <= stored(pair[1])
    never_two(hosts, sites)
    nothing_lost(hosts, pair, sites)
