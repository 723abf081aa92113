"""Two workers on hosts of their own, and what may happen to hosts: no site is ever at two, and nothing is lost."""

import importlib.util
import json
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

Machines = Callable[[Sequence[int]], tuple[Any, Any]]
TAKEOVER = 35.0
"""Seconds within which a site is crawled on."""
PAGES, FEW, FEW_FROM = 90, 50, 105
"""Articles of each site, and of each from that number on."""
AGAIN = 60
"""Pages that a takeover may fetch once more: what the first worker had not brought into the index when it was ended."""


def address(site: int) -> str:
    return f"10.78.0.{site}"


def asked_by(hosts: Any, who: str, *sites: int, since: float = 0.0) -> list[Any]:
    """Requests of a worker at sites that began since a moment."""
    wanted = {address(site) for site in sites}
    return [each for each in hosts.asked() if each.who == who and each.site in wanted and each.began > since]


def wait_for(what: Callable[[], Any], patience: float = 120) -> Any:
    """Wait until something is true, and return it."""
    until = time.monotonic() + patience
    while not (found := what()):
        assert time.monotonic() < until, f"waited {patience:g} s in vain"
        time.sleep(0.2)
    return found


def well_begun(hosts: Any, who: str, *sites: int) -> bool:
    """A worker is at each of these sites, in the midst of it."""
    return all(len(asked_by(hosts, who, site)) >= 12 for site in sites)


def taken_over(hosts: Any, old: str, new: str, site: int, since: float) -> float:
    """Wait until another worker goes on with a site; returns how long that took. The old one must be away by then."""
    first = wait_for(lambda: asked_by(hosts, new, site, since=since))[0]
    late = [each for each in asked_by(hosts, old, site) if each.ended > first.began and each.whole]
    assert late == []
    print(f"site {site} was taken over after {first.began - since:.1f} s")
    return float(first.began - since)


def all_is_in(hosts: Any, machine: Any) -> bool:
    """Every site of an archive was crawled to its end, and nobody is at any."""
    with hosts.session(machine.archive) as session:
        done = session.execute(
            "SELECT count(DISTINCT url_id) FROM captures JOIN urls ON urls.id = url_id WHERE url LIKE '%%/story-of-%%'"
        ).fetchone()
        busy = session.execute(
            "SELECT count(*) FROM newsarchive_jobs.procrastinate_jobs WHERE queue_name = 'crawls' "
            "AND status IN ('todo', 'doing')"
        ).fetchone()
        names = session.execute("SELECT name FROM sites").fetchall()
    wanted = sum(PAGES if int(name.removeprefix("site-")) < FEW_FROM else FEW for (name,) in names)
    return bool(done[0] == wanted and busy[0] == 0)


def never_two(hosts: Any, sites: Sequence[int]) -> None:
    """No site was asked by two at once: who had it gave it up before the other began, and did not come back to it."""
    for site in sites:
        asked = [each for each in hosts.asked() if each.site == address(site)]
        turns = [each.who for n, each in enumerate(asked) if n == 0 or asked[n - 1].who != each.who]
        assert len(turns) <= 2, (site, turns)
        for before, after in pairwise(asked):
            assert before.who == after.who or not before.whole or before.ended <= after.began, (before, after)


def nothing_lost(hosts: Any, pair: tuple[Any, Any], sites: Sequence[int], tmp_path: Path) -> None:
    """What the files of both machines hold is in the index, once each; and a rebuild from them makes the same."""
    for machine in pair:
        taken_up = (
            "import sys; from pathlib import Path; from newsarchive.archive import Archive\n"
            "with Archive.open(Path(sys.argv[1])) as opened, opened.ingestor(workers=1) as ingestor:\n"
            "    opened.recover(ingestor)\n"
            "    opened.settle(ingestor)\n"
        )
        command = hosts.on(machine.name, sys.executable, "-c", taken_up, machine.folder)
        subprocess.run(command, check=True, cwd=machine.folder, timeout=300)
    asked = Counter((each.site, each.path) for each in hosts.asked() if each.site in {address(n) for n in sites})
    with hosts.session(pair[0].archive) as session:
        rows = session.execute(
            "SELECT url, record_id, status FROM captures JOIN urls ON urls.id = url_id ORDER BY record_id"
        ).fetchall()
    kept = Counter(url.removeprefix("http://").partition("/")[::2] for url, _, _ in rows)
    kept = Counter({(site, f"/{path}"): count for (site, path), count in kept.items()})
    assert not kept - asked, "kept more often than it was sent"
    assert sum(count - 1 for (_, path), count in kept.items() if "story" in path) <= AGAIN
    together = tmp_path / "together"
    (together / "warc").mkdir(parents=True)
    for machine in pair:
        for file in (machine.folder / "warc").iterdir():
            assert not (together / "warc" / file.name).exists()
            shutil.copy(file, together / "warc")
    again = f"{pair[0].archive}_again"
    with hosts.session("postgres") as session:
        session.execute(f"CREATE DATABASE {again}")
    toml = (pair[0].folder / "newsarchive.toml").read_text()
    lines = [
        line if not line.startswith("index") else f'index = "{past_cables(hosts, again)}"' for line in toml.splitlines()
    ]
    (together / "newsarchive.toml").write_text("\n".join(lines))
    run = [sys.executable, "-m", "newsarchive"]
    subprocess.run([*run, "rebuild", "--archive", str(together)], check=True, timeout=300)
    subprocess.run([*run, "verify", "--archive", str(together)], check=True, timeout=300)
    same_index(past_cables(hosts, pair[0].archive), past_cables(hosts, again))


def past_cables(hosts: Any, name: str) -> str:
    """The URL of an index, from anywhere on this machine."""
    return f"postgresql+psycopg://newsarchive@/{name}?host={hosts.socket}"


def same_index(live_url: str, rebuilt_url: str) -> None:
    """Two indexes hold the same, row for row, but for ids and due times."""
    spec = importlib.util.spec_from_file_location("dumping", Path(__file__).parents[2] / "integration" / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    dumping = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(dumping)
    from storage.index import Index

    live, rebuilt = Index.open(live_url), Index.open(rebuilt_url)
    try:
        one, two = dumping.dump_of(live), dumping.dump_of(rebuilt)
    finally:
        live.close()
        rebuilt.close()
    differs = dumping.lines_of_one(one, two)
    assert differs == {}, "\n".join(f"{table}: {lines}" for table, lines in differs.items())


def jobs(hosts: Any, machine: Any) -> dict[str, tuple[str, int]]:
    """Status and attempts of the jobs of sites."""
    with hosts.session(machine.archive) as session:
        asked = (
            "SELECT lock, status::text, attempts FROM newsarchive_jobs.procrastinate_jobs WHERE queue_name = 'crawls'"
        )
        return {row[0]: (row[1], row[2]) for row in session.execute(asked).fetchall()}


def test_a_worker_is_killed_while_the_others_slots_are_full(hosts: Any, machines: Machines, tmp_path: Path) -> None:
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
    nothing_lost(hosts, pair, sites, tmp_path)


def test_a_worker_is_frozen_and_thaws(hosts: Any, machines: Machines, tmp_path: Path) -> None:
    """Others go on in time; what thaws asks nobody for anything any more."""
    sites = [105, 106]
    one, two = pair = machines(sites)
    one.work(slots=2)
    wait_for(lambda: well_begun(hosts, "one", *sites))
    two.work(slots=2)
    wait_for(lambda: len(json.loads(two.run("workers", "--json").stdout)["workers"]) == 2)
    family = one.family()
    one.signal(signal.SIGSTOP, family)
    frozen = time.monotonic()
    took = [taken_over(hosts, "one", "two", site, frozen) for site in sites]
    assert max(took) < TAKEOVER
    time.sleep(max(frozen + 50 - time.monotonic(), 0))
    thawed = time.monotonic()
    one.signal(signal.SIGCONT, family)
    assert one.process.wait(10) != 0
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family), 10)
    wait_for(lambda: all_is_in(hosts, two))
    assert asked_by(hosts, "one", *sites, since=thawed) == []
    assert two.stop() == 0
    never_two(hosts, sites)
    nothing_lost(hosts, pair, sites, tmp_path)


def test_a_worker_loses_its_database_and_not_the_sites(hosts: Any, machines: Machines, tmp_path: Path) -> None:
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
    nothing_lost(hosts, pair, sites, tmp_path)


def test_a_worker_is_told_to_end(hosts: Any, machines: Machines, tmp_path: Path) -> None:
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
    nothing_lost(hosts, pair, sites, tmp_path)
