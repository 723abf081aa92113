"""The queries of refills: only of sites that may have more URLs, and for enough of every host."""

from datetime import UTC, datetime

from newsarchive.crawl.hosts import HostQueues
from newsarchive.crawl.refill import ALL_SITES_INTERVAL, MAX_WAITING, MIN_PER_HOST, WINDOW, RefillPlanner
from storage.index.frontier.url_queue import DueQuery
from storage.model import Discovery, DueUrl, UrlKind

NOW = datetime(2026, 11, 26, tzinfo=UTC)
SITES = ("gazette", "lantern", "mirror")


def due(number: int, site: str = "lantern", host: str = "lantern.example") -> DueUrl:
    how = Discovery(site=site, kind=UrlKind.ARTICLE)
    return DueUrl(
        url_id=number, url=f"https://{host}/{number}", discovery=how, due_at=NOW, priority=10, failure_count=0
    )


def plan(planner: RefillPlanner, hosts: HostQueues, at: float = 1.0, *, query_all: bool = False) -> DueQuery:
    return planner.plan(hosts, at, NOW, query_all=query_all)


def test_only_sites_with_a_commit_are_queried_again() -> None:
    """All sites at first, then those with a commit; all of them again after a while, and before a run ends."""
    planner, hosts = RefillPlanner(SITES), HostQueues()
    first = plan(planner, hosts, 0.0)
    assert first.sites == SITES
    planner.record_result(first, [due(1)])
    assert (plan(planner, hosts).sites, planner.has_more) == ((), False)
    planner.record_commit("mirror")
    assert plan(planner, hosts).sites == ("mirror",)
    assert plan(planner, hosts, query_all=True).sites == SITES
    assert plan(planner, hosts, 1.0 + ALL_SITES_INTERVAL).sites == SITES


def test_a_site_that_reached_a_limit_is_queried_again() -> None:
    """A host with as many URLs as were requested may have more; so may all sites if the window was full."""
    planner, hosts = RefillPlanner(SITES), HostQueues()
    query = plan(planner, hosts, 0.0)
    planner.record_result(query, [due(number) for number in range(query.per_host)])
    assert planner.has_more
    query = plan(planner, hosts)
    assert "lantern" in query.sites
    planner.record_result(query, [])
    assert not planner.has_more


def test_a_full_disk_does_not_hide_the_findings() -> None:
    """With a full window nothing is queried, which does not end a run."""
    planner, hosts = RefillPlanner(SITES), HostQueues()
    for number in range(WINDOW):
        hosts.add(due(number))
    query = plan(planner, hosts, 0.0)
    assert query.limit == 0
    planner.record_result(query, [])
    assert planner.has_more
    assert plan(planner, hosts).sites == SITES


def test_each_host_has_its_share_of_the_queue_in_memory() -> None:
    """With a thousand hosts, a dozen URLs of each are in memory; hosts that have enough are not queried."""
    planner, hosts = RefillPlanner(SITES), HostQueues()
    for number in range(1_000):
        hosts.add(due(number, host=f"h{number}.example"))
    for number in range(MIN_PER_HOST):
        hosts.add(due(5_000 + number, "mirror", "mirror.example"))
    query = plan(planner, hosts)
    assert (query.per_host, query.limit) == (MIN_PER_HOST, MAX_WAITING * 1_001 - 1_000 - MIN_PER_HOST)
    assert query.full_hosts == {("mirror", "mirror.example")}
    planner.record_result(query, [])
    assert plan(planner, hosts).sites == ("mirror",)


def test_no_host_waits_until_others_have_finished() -> None:
    """A thousand half-full hosts leave room for all URLs of one more."""
    planner, hosts = RefillPlanner(SITES), HostQueues()
    for number in range(1_000 * MIN_PER_HOST // 2):
        hosts.add(due(number, host=f"h{number % 1_000}.example"))
    hosts.get_by_name("new.example")
    query = plan(planner, hosts)
    assert query.full_hosts == frozenset()
    assert query.limit >= 1_001 * query.per_host


def test_a_host_is_limited_on_all_its_ports() -> None:
    """Full hosts are named as in the index: with the port, if it is not the default one."""
    planner, hosts = RefillPlanner(SITES), HostQueues()
    hosts.get_by_name("many.example")
    for number in range(WINDOW // 2):
        hosts.add(due(number, host="lantern.example:8080"))
    assert plan(planner, hosts).full_hosts == {("lantern", "lantern.example:8080")}


def test_removed_urls_are_not_counted() -> None:
    """URLs that were taken or drained are no longer counted as waiting."""
    hosts = HostQueues()
    for number in range(6):
        hosts.add(due(number, host=f"h{number % 2}.example"))
    assert (hosts.url_ids, dict(hosts.waiting_by_lane)) == (
        set(range(6)),
        {("lantern", "h0.example"): 3, ("lantern", "h1.example"): 3},
    )
    taken = hosts.take(0.0)
    assert taken is not None
    assert (taken[0].url_id in hosts.url_ids, hosts.waiting) == (False, 5)
    for host in hosts.all():
        hosts.drain(host)
    assert (hosts.url_ids, dict(hosts.waiting_by_lane), hosts.waiting) == (set(), {}, 0)
