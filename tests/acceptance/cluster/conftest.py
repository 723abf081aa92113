"""Hosts of their own on this machine: network namespaces with cables between them that can be cut.

              data 10.77.0.0/24                     web 10.78.0.0/24
    db .1 ----+                                      +---- sites .101 and on, one address a site
    s3 .2 ----+---- one .11 ---------------- .11 one +
              +---- two .12 ---------------- .12 two +

The switches are bridges in a namespace of their own, and a cable is cut there: the host itself sees nothing of it.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SITES = Path(__file__).with_name("manysites.py")
SERVICES = Path(__file__).parents[2] / "services"
COMMAND = os.environ.get("NEWSARCHIVE_COMMAND") or str(Path(sys.executable).with_name("newsarchive"))
NETWORKS = {"data": "10.77.0", "web": "10.78.0"}
DATABASE = f"{NETWORKS['data']}.1"
S3 = f"{NETWORKS['data']}.2"
KEYS = {"AWS_ACCESS_KEY_ID": "newsarchive", "AWS_SECRET_ACCESS_KEY": "newsarchive-secret"}
BUCKET = "morgue"
WORKERS = {"one": 11, "two": 12}
FIRST_SITE, SITES_SERVED = 101, 24
PORT = 80
PATIENCE = 120
"""Seconds after which a test that waits for something gives up."""


def wait_for(what: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Wait until something is true, and return it."""
    until = time.monotonic() + patience
    while not (found := what()):
        assert time.monotonic() < until, f"waited {patience:g} s in vain"
        time.sleep(0.1)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, as a site's log has it."""

    site: str
    """Its address."""
    path: str
    who: str
    """Name of the worker's host."""
    began: float
    """Monotonic seconds, of the one clock that all hosts here share."""
    ended: float
    whole: bool


class Hosts:
    """The hosts and their cables."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "sites.log"
        self.socket = folder / "pg"
        """Folder of the database's socket, which is there for all hosts."""
        self._tag = f"na{os.getpid()}"
        self._answers: list[Asked] = []
        self._read = 0
        self._made: list[str] = []

    def open(self) -> None:
        """Make all of them."""
        self._host("switch")
        for network in NETWORKS:
            self._ip("-n", self._name("switch"), "link", "add", network, "type", "bridge")
            self._ip("-n", self._name("switch"), "link", "set", network, "up")
        self.host("db", data=1)
        self.host("s3", data=2)
        self.host("sites", web=FIRST_SITE)
        for more in range(1, SITES_SERVED):
            address = f"{NETWORKS['web']}.{FIRST_SITE + more}/24"
            self._ip("-n", self._name("sites"), "addr", "add", address, "dev", "web")
        for name, number in WORKERS.items():
            self.host(name, data=number, web=number)

    def host(self, name: str, **networks: int) -> None:
        """Make a host with a cable to each of these networks, and its number there."""
        self._host(name)
        for network, number in networks.items():
            here, there = self._name(name), self._name("switch")
            cable = ("type", "veth", "peer", "name", f"{network[0]}-{name}", "netns", there)
            self._ip("link", "add", network, "netns", here, *cable)
            self._ip("-n", there, "link", "set", f"{network[0]}-{name}", "master", network, "up")
            self._ip("-n", here, "addr", "add", f"{NETWORKS[network]}.{number}/24", "dev", network)
            self._ip("-n", here, "link", "set", network, "up")

    def cut(self, name: str, network: str) -> None:
        """Cut a host off from a network."""
        self._ip("-n", self._name("switch"), "link", "set", f"{network[0]}-{name}", "down")

    def mend(self, name: str, network: str) -> None:
        """Plug it in again."""
        self._ip("-n", self._name("switch"), "link", "set", f"{network[0]}-{name}", "up")

    def on(self, host: str, *words: str | Path) -> list[str]:
        """The command line that runs a command on a host, which knows itself by its name; the process stays one."""
        named = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', host]
        return ["ip", "netns", "exec", self._name(host), *named, *map(str, words)]

    def asked(self) -> list[Asked]:
        """What the sites were asked for, in the order of asking."""
        names = {f"{NETWORKS['web']}.{number}": name for name, number in WORKERS.items()}
        if self.log.exists():
            with self.log.open("rb") as log:  # only what is new: tests ask several times a second
                log.seek(self._read)
                new = log.read()
            new = new[: new.rfind(b"\n") + 1]
            self._read += len(new)
            self._answers += [
                Asked(
                    site=line["site"], path=line["path"], who=names[line["peer"]], began=line["began"],
                    ended=line["ended"], whole=line["whole"],
                )
                for line in map(json.loads, new.splitlines())
            ]  # fmt: skip
            self._answers.sort(key=lambda each: each.began)
        return list(self._answers)

    def session(self, name: str) -> Any:
        """A session of a database, past all cables."""
        psycopg = pytest.importorskip("psycopg")
        return wait_for(lambda: _connected(psycopg, f"host={self.socket} user=newsarchive dbname={name}"))

    def close(self) -> None:
        """Take all of them away."""
        for name in self._made:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

    def _name(self, host: str) -> str:
        return f"{self._tag}-{host}"

    def _host(self, name: str) -> None:
        self._ip("netns", "add", self._name(name))
        self._made.append(self._name(name))
        self._ip("-n", self._name(name), "link", "set", "lo", "up")

    def _ip(self, *words: str) -> None:
        done = subprocess.run(["ip", *words], check=False, capture_output=True, text=True)
        if done.returncode:
            raise OSError(f"ip {' '.join(words)}: {done.stderr}")


def _connected(psycopg: Any, address: str) -> Any:
    try:
        return psycopg.connect(address, autocommit=True)
    except psycopg.OperationalError:
        return None  # it is starting


@contextmanager
def database(hosts: Hosts) -> Iterator[None]:
    """PostgreSQL on its host."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    assert binaries, "PostgreSQL is not installed"
    folder = hosts.socket
    folder.mkdir()
    shutil.chown(folder, "postgres", "postgres")
    as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"]
    data = folder / "data"
    subprocess.run(
        [*as_postgres, binaries[-1] / "initdb", "-D", data, "-U", "newsarchive", "-A", "trust", "--locale=C.UTF-8"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    with (data / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all all {NETWORKS['data']}.0/24 trust\n")
    settings = {
        "listen_addresses": DATABASE, "unix_socket_directories": str(folder), "fsync": "off",
        "full_page_writes": "off", "synchronous_commit": "off",
    }  # fmt: skip
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (hosts.folder / "pg.log").open("w") as log:
        server = subprocess.Popen(
            hosts.on("db", *as_postgres, binaries[-1] / "postgres", "-D", data, *words), stdout=log, stderr=log
        )
    try:
        wait_for((folder / ".s.PGSQL.5432").exists)
        yield
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait(60)


@contextmanager
def object_store(hosts: Hosts) -> Iterator[None]:
    """Ceph's object gateway on its host, with an empty bucket."""
    words: list[str | Path] = [SERVICES / "radosgw.sh", hosts.folder / "ceph", S3, "80"]
    with subprocess.Popen(hosts.on("s3", *words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        assert server.stdin
        try:
            assert server.stdout.readline() == "ready\n"
            made = hosts.on("s3", sys.executable, SERVICES / "make_bucket.py", f"http://{S3}", BUCKET)
            subprocess.run(made, check=True, env=os.environ | KEYS)
            yield
        finally:
            server.stdin.close()
            server.wait(60)


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    """Database, object store, sites and two workers, each on a host of its own."""
    if os.geteuid() or not shutil.which("ip"):
        pytest.skip("network namespaces cannot be made here: that takes root and iproute2")
    if not shutil.which("radosgw"):
        pytest.skip("radosgw is not installed")
    pytest.importorskip("obstore")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newsarchive-hosts-")))
        folder.chmod(0o755)
        made = Hosts(folder)
        stack.callback(made.close)
        try:
            made.open()
        except OSError as problem:
            pytest.skip(f"network namespaces cannot be made here: {problem}")
        stack.enter_context(database(made))
        stack.enter_context(object_store(made))
        serving: list[str | Path] = [sys.executable, SITES, made.log, str(PORT), "--pages", "60", "--slow", "0.5"]
        server = subprocess.Popen(made.on("sites", *serving), stdout=subprocess.DEVNULL)
        stack.callback(server.wait)
        stack.callback(server.kill)
        yield made


class Machine:
    """A worker's host: its folder, and the worker while it runs."""

    def __init__(self, hosts: Hosts, name: str, folder: Path) -> None:
        self.hosts = hosts
        self.name = name
        self.folder = folder
        self.archive = folder.name.rpartition("-")[0]
        """Name of the database."""
        self.environment = os.environ | KEYS
        self.process: subprocess.Popen[bytes] | None = None

    def closed(self) -> set[str]:
        """Names of the closed WARC files that its folder has."""
        return {path.name for path in (self.folder / "warc").glob("*.warc.gz")}

    def known(self) -> set[str]:
        """Names of all WARC files that its folder has, closed or not."""
        return {path.name.partition(".warc.gz")[0] + ".warc.gz" for path in (self.folder / "warc").glob("*.warc.gz*")}

    def run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command of newsarchive on the host to its end."""
        return self.execute(*self.words(*words))

    def execute(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a program on the host to its end."""
        command = self.hosts.on(self.name, *words)
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=300, cwd=self.folder, env=self.environment
        )

    def words(self, *words: str | Path) -> list[str]:
        """The command line of a command of newsarchive."""
        return [COMMAND, *map(str, words), "--archive", str(self.folder)]

    def work(self, slots: int) -> None:
        """Be a worker."""
        command = self.hosts.on(self.name, *self.words("worker", "--slots", str(slots)))
        with (self.folder / "worker.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
                env=self.environment,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """Of the worker: `ip netns exec` becomes what it runs."""
        assert self.process is not None
        return self.process.pid

    def family(self) -> list[int]:
        """The worker and all processes that it begot, eldest first."""
        parents: dict[int, list[int]] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(stat.read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
            parents.setdefault(parent, []).append(int(stat.parent.name))
        family = [self.pid]
        for pid in family:
            family += parents.get(pid, [])
        return family

    def signal(self, number: signal.Signals, pids: Sequence[int]) -> None:
        """Send a signal to processes of this host."""
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def stop(self) -> int:
        """End the worker as an administrator does."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(60)


@pytest.fixture
def machines(
    hosts: Hosts, request: pytest.FixtureRequest
) -> Iterator[Callable[[Sequence[int]], tuple[Machine, Machine]]]:
    """Makes the two machines of one archive, with these sites, by the last number of their addresses."""
    pytest.importorskip("procrastinate")
    made: list[Machine] = []

    def make(sites: Sequence[int]) -> tuple[Machine, Machine]:
        name = f"of_{sites[0]}"
        with hosts.session("postgres") as session:
            session.execute(f"CREATE DATABASE {name}")
        for host in WORKERS:
            folder = hosts.folder / f"{name}-{host}"
            folder.mkdir()
            lines = ['contact = "tests@localhost"', 'delay = "0s"', "requisites = false"]
            lines.append(f'index = "postgresql+psycopg://newsarchive@{DATABASE}/{name}"')
            # Small files, so that some are closed and leave the folder while a site is crawled.
            lines += [f'bucket = "s3://{BUCKET}/{name}"', f'bucket_endpoint = "http://{S3}"']
            lines += ['bucket_region = "us-east-1"', 'keep_local = "0s"', 'warc_size = "40kB"']
            for site in sites:
                url = f"http://{NETWORKS['web']}.{site}/"
                lines += ["[[site]]", f'name = "site-{site}"', f'url = "{url}"', "allow_private = true"]
            (folder / "newsarchive.toml").write_text("\n".join(lines) + "\n")
            made.append(Machine(hosts, host, folder))
        return made[-2], made[-1]

    yield make
    for machine in made:
        machine.stop()
        for log in machine.folder.glob("worker.log"):  # shown where the test has failed
            print(f"{machine.folder.name}:\n{log.read_text()}")
