"""What a refill asks for: only of sites that may have more, and enough of every host."""

from datetime import UTC, datetime

from newsarchive.crawl.appetite import ALL_AFTER, FEWEST, FULLEST, WINDOW, Appetite, Wanted
from newsarchive.crawl.hosts import Hosts
from storage.model import Discovery, Due, UrlKind

NOW = datetime(2026, 11, 26, tzinfo=UTC)
SITES = ("gazette", "lantern", "mirror")


def due(number: int, site: str = "lantern", host: str = "lantern.example") -> Due:
    how = Discovery(site=site, kind=UrlKind.ARTICLE)
    return Due(url_id=number, url=f"https://{host}/{number}", discovery=how, due_at=NOW, priority=10, failures=0)


def ask(appetite: Appetite, hosts: Hosts, at: float = 1.0, *, at_end: bool = False) -> Wanted:
    return appetite.wanted(hosts, at, at_end=at_end)


def test_only_sites_that_a_commit_fed_are_asked_again() -> None:
    """All at first; then those of which something came in; all again after a while, and before a run ends."""
    appetite, hosts = Appetite(SITES), Hosts()
    first = ask(appetite, hosts, 0.0)
    assert first.sites == SITES
    appetite.served(first, [due(1)])
    assert (ask(appetite, hosts).sites, appetite.more) == ((), False)
    appetite.fed("mirror")
    assert ask(appetite, hosts).sites == ("mirror",)
    assert ask(appetite, hosts, at_end=True).sites == SITES
    assert ask(appetite, hosts, 1.0 + ALL_AFTER).sites == SITES


def test_what_was_cut_off_is_asked_for_again() -> None:
    """A host that had as many as were wanted may have more; and so may all sites where the window was full."""
    appetite, hosts = Appetite(SITES), Hosts()
    wanted = ask(appetite, hosts, 0.0)
    appetite.served(wanted, [due(number) for number in range(wanted.per_host)])
    assert appetite.more
    wanted = ask(appetite, hosts)
    assert "lantern" in wanted.sites
    appetite.served(wanted, [])
    assert not appetite.more


def test_no_room_says_nothing_about_what_there_is() -> None:
    """With a full window nothing is asked for, and a run does not end for that."""
    appetite, hosts = Appetite(SITES), Hosts()
    for number in range(WINDOW):
        hosts.add(due(number))
    wanted = ask(appetite, hosts, 0.0)
    assert wanted.limit == 0
    appetite.served(wanted, [])
    assert appetite.more
    assert ask(appetite, hosts).sites == SITES


def test_each_of_many_hosts_has_its_share_in_memory() -> None:
    """A thousand hosts: a dozen of each, whatever the window; those that have enough are not asked for."""
    appetite, hosts = Appetite(SITES), Hosts()
    for number in range(1_000):
        hosts.add(due(number, host=f"h{number}.example"))
    for number in range(FEWEST):
        hosts.add(due(5_000 + number, "mirror", "mirror.example"))
    wanted = ask(appetite, hosts)
    assert (wanted.per_host, wanted.limit) == (FEWEST, FULLEST * 1_001 - 1_000 - FEWEST)
    assert wanted.full == {("mirror", "mirror.example")}
    appetite.served(wanted, [])
    assert ask(appetite, hosts).sites == ("mirror",)


def test_no_host_waits_until_others_are_through() -> None:
    """A thousand hosts that are half full leave room for all that one more may have."""
    appetite, hosts = Appetite(SITES), Hosts()
    for number in range(1_000 * FEWEST // 2):
        hosts.add(due(number, host=f"h{number % 1_000}.example"))
    hosts.named("new.example")
    wanted = ask(appetite, hosts)
    assert wanted.full == frozenset()
    assert wanted.limit >= 1_001 * wanted.per_host


def test_a_host_of_another_port_has_enough_too() -> None:
    """What is full is told as the index knows hosts: with the port, where it is not the usual one."""
    appetite, hosts = Appetite(SITES), Hosts()
    hosts.named("many.example")
    for number in range(WINDOW // 2):
        hosts.add(due(number, host="lantern.example:8080"))
    assert ask(appetite, hosts).full == {("lantern", "lantern.example:8080")}


def test_what_has_gone_waits_no_more() -> None:
    """Of what was taken or taken back nothing stays behind in what is known of the queues."""
    hosts = Hosts()
    for number in range(6):
        hosts.add(due(number, host=f"h{number % 2}.example"))
    assert (hosts.ids, dict(hosts.lanes)) == (
        set(range(6)),
        {("lantern", "h0.example"): 3, ("lantern", "h1.example"): 3},
    )
    taken = hosts.take(0.0)
    assert taken is not None
    assert (taken[0].url_id in hosts.ids, hosts.waiting) == (False, 5)
    for host in hosts.all():
        hosts.drain(host)
    assert (hosts.ids, dict(hosts.lanes), hosts.waiting) == (set(), {}, 0)
