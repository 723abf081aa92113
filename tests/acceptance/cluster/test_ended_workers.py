"""A worker that is killed, told to end or without its database: another goes on with its sites, and nothing is lost."""

import json
import time
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
    taken_over,
    wait_for,
    well_begun,
)

pytestmark = pytest.mark.slow


def test_a_worker_is_killed_while_the_others_slots_are_full(hosts: Any, machines: Machines) -> None:
    """After kill -9 its sites are given to others in time, and taken as soon as one has a slot."""
    sites = [101, 102, 103, 104]
    one, two = pair = machines(sites)
    one.work(slots=2)
    wait_for(lambda: sum(well_begun(hosts, "one", site) for site in sites) == 2)
    two.work(slots=2)
    given = (("todo", 1), ("doing", 1))
    mine = [site for site in sites if asked_by(hosts, "one", site)]
    others = [site for site in sites if site not in mine]
    wait_for(lambda: all(asked_by(hosts, "two", site) for site in others))
    killed = time.monotonic()
    one.process.kill()
    # Given to whoever has a slot, whatever the slots do.
    wait_for(lambda: all(jobs(hosts, two).get(f"site-{site}") in given for site in mine), TAKEOVER)
    for site in mine:
        taken_over(hosts, "one", "two", site, killed)
    wait_for(lambda: all_is_in(hosts, two))
    assert two.stop() == 0
    never_two(hosts, sites)
    nothing_lost(hosts, pair, sites, unkept=2)


def test_a_worker_without_its_database_keeps_no_site(hosts: Any, machines: Machines) -> None:
    """It could crawl on, and does not: it is away before the other begins."""
    sites = [107, 108]
    one, two = pair = machines(sites)
    one.work(slots=2)
    wait_for(lambda: well_begun(hosts, "one", *sites))
    two.work(slots=2)
    wait_for(lambda: len(json.loads(two.run("workers", "--json").stdout)["workers"]) == 2)
    hosts.cut("one", "data")
    cut = time.monotonic()
    try:
        took = [taken_over(hosts, "one", "two", site, cut) for site in sites]
        assert max(took) < TAKEOVER
        assert one.process.wait(1) != 0
    finally:
        hosts.mend("one", "data")
    wait_for(lambda: all_is_in(hosts, two))
    assert two.stop() == 0
    never_two(hosts, sites)
    nothing_lost(hosts, pair, sites, unkept=2)


def test_a_worker_ends_on_a_signal(hosts: Any, machines: Machines) -> None:
    """SIGTERM: it ends in good order within seconds, and its sites are taken at once."""
    sites = [109, 110]
    one, two = pair = machines(sites)
    one.work(slots=2)
    wait_for(lambda: well_begun(hosts, "one", *sites))
    two.work(slots=2)
    wait_for(lambda: len(json.loads(two.run("workers", "--json").stdout)["workers"]) == 2)
    told = time.monotonic()
    assert one.stop() == 0
    print(f"the worker had ended after {time.monotonic() - told:.1f} s")
    assert time.monotonic() - told < 15
    took = [taken_over(hosts, "one", "two", site, told) for site in sites]
    assert max(took) < TAKEOVER
    wait_for(lambda: all_is_in(hosts, two))
    assert two.stop() == 0
    never_two(hosts, sites)
    nothing_lost(hosts, pair, sites)
