"""Steps and laws of tests with two workers on hosts of their own: no site is ever at two, and nothing is lost."""

import importlib.util
import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

Machines = Callable[[Sequence[int]], tuple[Any, Any]]
TAKEOVER = 35.0
"""Seconds within which a site is crawled on."""
PAGES = 60
"""Articles of each site. Each takes half a second: a site takes longer than a takeover."""
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
        sites = session.execute("SELECT count(*) FROM sites").fetchone()
    return bool(done[0] == PAGES * sites[0] and busy[0] == 0)


def never_two(hosts: Any, sites: Sequence[int]) -> None:
    """No site was asked by two at once: who had it gave it up before the other began, and did not come back to it."""
    for site in sites:
        asked = [each for each in hosts.asked() if each.site == address(site)]
        turns = [each.who for n, each in enumerate(asked) if n == 0 or asked[n - 1].who != each.who]
        assert len(turns) <= 2, (site, turns)
        for before, after in pairwise(asked):
            assert before.who == after.who or not before.whole or before.ended <= after.began, (before, after)


def nothing_lost(hosts: Any, pair: tuple[Any, Any], sites: Sequence[int], unkept: int = 0) -> None:
    """What the files of both machines hold is in the index, once each; a rebuild from the bucket and from what one of
    them has not brought there makes the same; then all files lie in the bucket alone, and every one verifies.

    `unkept` answers at most were on their way to crawls that were ended where they stood: each asks for one at a time.
    """
    one, two = pair
    taking_up = [begun(machine, sys.executable, "-c", TAKE_UP, machine.folder) for machine in pair]
    for process in taking_up:
        done(process)
    each_kept_once(hosts, one, sites, unkept)
    assert two.closed() == set()
    again = type(one)(hosts, one.name, hosts.folder / f"{one.archive}_again-one")
    shutil.copytree(one.folder / "warc", again.folder / "warc")
    toml = (one.folder / "newsarchive.toml").read_text()
    (again.folder / "newsarchive.toml").write_text(toml.replace(f'/{one.archive}"\n', f'/{again.archive}"\n', 1))
    with hosts.session("postgres") as session:
        session.execute(f"CREATE DATABASE {again.archive}")
    print(f"the bucket has all files of one machine, and {len(again.closed())} are in the folder of the other")
    verified = again.execute(sys.executable, "-c", REBUILD, one.folder, again.folder)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    same_index(past_cables(hosts, one.archive), past_cables(hosts, again.archive))
    assert one.closed() == set()
    checked = {file["name"]: file["records"] for file in json.loads(verified.stdout)["files"]}
    assert len(checked) > len(sites), "no file was closed in the midst of a crawl"
    assert min(checked.values()) > 0
    with hosts.session(one.archive) as session:
        assert {name for (name,) in session.execute("SELECT name FROM warc_files").fetchall()} == set(checked)


TAKE_UP = """
import sys
from pathlib import Path
from newsarchive.archive import Archive
from newsarchive.ingest.index_warcs import settle

folder = Path(sys.argv[1])
with Archive.open(folder) as opened:
    with opened.ingestor(workers=1) as ingestor:
        assert opened.recover(ingestor).problems == ()
        settle(opened.places, ingestor)
    if folder.name.endswith("-two"):
        assert opened.upload().problems == []
"""


REBUILD = """
import sys
from contextlib import redirect_stdout
from pathlib import Path
from newsarchive.cli.app import run

folder, again = sys.argv[1:]
with redirect_stdout(sys.stderr):
    assert run(["rebuild", "--archive", again]) == 0
    assert run(["bucket", "--upload", "--archive", folder]) == 0
for path in Path(again, "warc").glob("*.warc.gz*"):
    path.unlink()
sys.exit(run(["verify", "--json", "--archive", again]))
"""
"""The commands of an administrator, one after the other in one process."""


def begun(machine: Any, *words: str | Path) -> "subprocess.Popen[str]":
    """Something that runs on a machine."""
    command = machine.hosts.on(machine.name, *words)
    return subprocess.Popen(
        command,
        cwd=machine.folder,
        env=machine.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def done(process: "subprocess.Popen[str]") -> None:
    """Wait for something that has to go well."""
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said


def each_kept_once(hosts: Any, machine: Any, sites: Sequence[int], unkept: int) -> None:
    """Answers and captures are the same, but for what a machine could not keep any more; and few pages came twice."""
    here = {address(site) for site in sites}
    asked = Counter((each.site, each.path) for each in hosts.asked() if each.site in here)
    whole = Counter((each.site, each.path) for each in hosts.asked() if each.site in here and each.whole)
    with hosts.session(machine.archive) as session:
        rows = session.execute("SELECT url FROM captures JOIN urls ON urls.id = url_id").fetchall()
    kept = Counter(url.removeprefix("http://").partition("/")[::2] for (url,) in rows)
    kept = Counter({(site, f"/{path}"): count for (site, path), count in kept.items()})
    twice = sum(count - 1 for (_, path), count in kept.items() if "story" in path)
    print(f"{whole.total()} answers, {kept.total()} captures, {twice} pages twice, not kept: {dict(whole - kept)}")
    assert not kept - asked, "kept more often than it was sent"
    assert (whole - kept).total() <= unkept, "an answer was lost"
    assert twice <= AGAIN


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


def stored(machine: Any) -> set[str]:
    """Names of the WARC files in the bucket."""
    files = json.loads(machine.run("bucket", "--json").stdout)["files"]
    return {file["name"] for file in files if file["where"] in ("bucket", "both")}


def workers(hosts: Any, machine: Any) -> int:
    """Return the number of workers that `newsarchive workers` shows, without its start."""
    from storage.index.cluster.jobs import load_workload

    return len(load_workload(past_cables(hosts, machine.archive)).workers)


def jobs(hosts: Any, machine: Any) -> dict[str, tuple[str, int]]:
    """Status and attempts of the jobs of sites."""
    with hosts.session(machine.archive) as session:
        asked = (
            "SELECT lock, status::text, attempts FROM newsarchive_jobs.procrastinate_jobs WHERE queue_name = 'crawls'"
        )
        return {row[0]: (row[1], row[2]) for row in session.execute(asked).fetchall()}
