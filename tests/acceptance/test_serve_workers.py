"""`newsarchive serve --workers`: several processes that are one server to its clients."""

import base64
import hashlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from newsarchive.archive import Archive
from tests.in_process import run_in_process

# With a proxy, clients on the loopback interface are counted as others are.
# A hash that is verified at once: connections that wait meanwhile are closed after some seconds.
KEY = hashlib.scrypt(b"sesame", salt=b"salt", n=2, r=8, p=1)
SETTINGS = f"""
[serve]
workers = 2
trusted_proxies = ["127.0.0.99"]
rate_burst = 100
rate_limit = 1
allow_exports = true
[serve.users]
ada = "scrypt:1:8:1:{base64.b64encode(b"salt").decode()}:{base64.b64encode(KEY).decode()}"
"""
WRONG, RIGHT = (f"Basic {base64.b64encode(f'ada:{word}'.encode()).decode()}" for word in ("open", "sesame"))
Ask = Callable[..., tuple[int, str]]


class Server:
    """A running command of two processes, and connections to each of them."""

    def __init__(self, folder: Path, mode: str) -> None:
        self.folder = folder
        words = ["serve", mode, "--port", "0", "--archive", str(folder)]
        self.command = subprocess.Popen(
            [sys.executable, "-m", "newsarchive", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.command.stdout is not None
        found = re.match(r"Serving the archive in .+ at http://\S+:([0-9]+)/ ", self.command.stdout.readline())
        assert found
        self.port = int(found[1])

    def list_workers(self) -> list[int]:
        """Return the ids of its processes."""
        listed = Path(f"/proc/{self.command.pid}/task/{self.command.pid}/children").read_text()
        return [int(each) for each in listed.split()]

    @contextmanager
    def connect(self, process: int, client: str) -> Iterator[Ask]:
        """Connect to one process, while the others are stopped; yield a function that sends a request to it."""
        others = [each for each in self.list_workers() if each != process]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60, source_address=(client, 0))
        with closing(connection):

            def ask(path: str, method: str = "GET", body: str | None = None, password: str = "") -> tuple[int, str]:
                headers = {"Content-Type": "application/x-www-form-urlencoded"}
                connection.request(method, path, body, headers | ({"Authorization": password} if password else {}))
                response = connection.getresponse()
                return response.status, response.read().decode()

            for each in others:
                os.kill(each, signal.SIGSTOP)
            try:
                assert ask("/static/style.css")[0] == 200  # which has no limit
            finally:
                for each in others:
                    os.kill(each, signal.SIGCONT)
            yield ask

    @contextmanager
    def connect_both(self, client: str) -> Iterator[tuple[Ask, Ask]]:
        """Connect to each of the two processes."""
        first, second = self.list_workers()
        with self.connect(first, client) as ask_first, self.connect(second, client) as ask_second:
            yield ask_first, ask_second


@pytest.fixture
def folder(archive_of: Callable[..., Archive]) -> Path:
    """An archive with an article and a user."""
    facts = '{"@type": "NewsArticle", "headline": "Story of a wall", "datePublished": "2026-03-01T05:00:00Z"}'
    text = "".join(f"<p>Paragraph {n} tells of the harbour wall at length, as others do.</p>" for n in range(9))
    page = f'<script type="application/ld+json">{facts}</script><h1>Story of a wall</h1><article>{text}</article>'
    archive = archive_of({"url": "https://news.example/wall", "body": page.encode()}, config=SETTINGS)
    archive.close()
    return archive.folder


@pytest.fixture
def server(folder: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server of two processes."""
    running = Server(folder, getattr(request, "param", "--public"))
    processes = [running.command.pid, *running.list_workers()]
    yield running
    for each in processes:
        if not is_gone(each):
            os.kill(each, signal.SIGKILL)
    running.command.communicate()


def wait_for(seen: Callable[[], object]) -> object:
    """Return what is seen in the end."""
    for _ in range(600):
        if found := seen():
            return found
        time.sleep(0.1)
    pytest.fail("it did not come to that within a minute")


def is_gone(process: int) -> bool:
    """Return True if the process has ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def is_limit_shared(first: Ask, second: Ask, message: str, password: str = "") -> bool:
    """Exhaust a limit at one process; return True if the other one refuses the next request.

    A bucket is refilled meanwhile: it may take several times. Of its own the other one has more than these.
    """
    for _ in range(8):
        while message not in first("/help", password=password)[1]:
            pass
        if message in second("/help", password=password)[1]:
            return True
    return False


def test_connections_that_come_at_once_are_divided(server: Server) -> None:
    """The process that is first does not accept all of them."""

    def is_socket(file: Path) -> bool:
        try:
            return str(file.readlink()).startswith("socket:")
        except FileNotFoundError:  # closed since it was listed
            return False

    def count_sockets() -> list[int]:
        folders = [Path(f"/proc/{each}/fd") for each in server.list_workers()]
        return [sum(map(is_socket, each.iterdir())) for each in folders]

    before = count_sockets()
    with ExitStack() as stack:
        for _ in range(40):
            client = socket.create_connection(("127.0.0.1", server.port), timeout=60)
            stack.enter_context(client).sendall(b"GET /static/style.css HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert client.recv(12) == b"HTTP/1.1 200"
        added = [after - earlier for after, earlier in zip(count_sockets(), before, strict=True)]
    assert sum(added) == 40
    assert min(added) > 0


def test_the_rate_of_a_client_is_that_of_all_processes(server: Server) -> None:
    """Requests to one process count at the other; another client has a rate of its own."""
    with server.connect_both("127.0.0.1") as (first, second):
        assert is_limit_shared(first, second, "Too many requests")
    with server.connect_both("127.0.0.2") as others:
        assert [ask("/help")[0] for ask in others] == [200, 200]


@pytest.mark.parametrize("server", ["--auth"], indirect=True)
def test_wrong_passwords_count_for_all_processes(server: Server) -> None:
    """After those that one refused, the other does not verify the right one, but for clients that it knows."""
    with server.connect_both("127.0.0.1") as (first, second), server.connect_both("127.0.0.2") as others:
        assert [ask("/help", password=RIGHT)[0] for ask in others] == [200, 200]
        assert is_limit_shared(first, second, "Too many failed attempts", WRONG)
        assert [ask("/help", password=RIGHT)[0] for ask in others] == [200, 200]


def test_an_export_of_one_process_is_listed_served_and_removed_by_another(server: Server) -> None:
    """And what the owner withholds afterwards is withheld by each."""
    with server.connect_both("127.0.0.1") as (first, second):
        assert first("/exports", "POST", "format=jsonl")[0] == 303
        wait_for(lambda: list((server.folder / "exports").glob("*.jsonl")))
    with server.connect_both("127.0.0.2") as (first, second):
        found = wait_for(lambda: re.search(r'href="(/exports/([0-9a-f]+)/[^"]+)"', second("/exports")[1]))
        assert isinstance(found, re.Match)
        for ask in (first, second):
            status, text = ask(found[1])
            assert (status, "Story of a wall" in text) == (200, True)
        toml = server.folder / "newsarchive.toml"
        toml.write_text(toml.read_text().replace("[serve]", '[serve]\nblocked = ["news.example/wall"]'))
        for ask in (first, second):
            assert (ask(found[1])[0], "Story of a wall" in ask("/")[1]) == (404, False)
    with server.connect_both("127.0.0.3") as (first, second):
        assert second(f"/exports/{found[2]}/remove", "POST", "")[0] == 303
        for ask in (first, second):
            assert found[2] not in ask("/exports")[1]
    assert not list((server.folder / "exports").iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda each: each.name)
@pytest.mark.parametrize("is_to_all", [False, True], ids=["command", "all"])
def test_a_signal_ends_all_processes(server: Server, number: signal.Signals, *, is_to_all: bool) -> None:
    """A normal end without output, and without files that SQLite has while the index is open; also by Ctrl-C."""
    workers = server.list_workers()
    with server.connect(workers[0], "127.0.0.1") as ask:
        assert ask("/sites")[0] == 200
        for each in (server.command.pid, *(workers if is_to_all else ())):
            os.kill(each, number)
        out, err = server.command.communicate(timeout=60)
    assert (server.command.returncode, out, err) == (0, "", "")
    assert all(is_gone(each) for each in workers)
    assert [each.name for each in server.folder.glob("index.sqlite3*")] == ["index.sqlite3"]


def test_a_signal_before_the_server_is_ready_ends_it(folder: Path) -> None:
    """Processes that have not begun to serve end normally, too."""
    words = [sys.executable, "-m", "newsarchive", "serve", "--port", "0", "--workers", "2", "--archive", str(folder)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as command:
        children = Path(f"/proc/{command.pid}/task/{command.pid}/children")
        while not (started := children.read_text().split()):
            time.sleep(0.001)
        command.send_signal(signal.SIGTERM)
        _, err = command.communicate(timeout=60)
    assert (command.returncode, err) == (0, "")
    assert all(is_gone(int(each)) for each in started)


def test_a_server_that_loses_a_process_ends(server: Server) -> None:
    """It says so in a sentence, and leaves no process."""
    workers = server.list_workers()
    os.kill(workers[0], signal.SIGKILL)
    out, err = server.command.communicate(timeout=60)
    assert (server.command.returncode, out) == (1, "")
    assert f"process {workers[0]} of the server ended with status -9" in err
    assert all(is_gone(each) for each in workers)


def test_no_process_outlives_the_command(server: Server) -> None:
    """However it ends."""
    workers = server.list_workers()
    server.command.kill()
    wait_for(lambda: all(is_gone(each) for each in workers))


def test_sighup_reloads_the_access_rules_of_each_process(server: Server) -> None:
    """And they go on to serve."""
    toml = server.folder / "newsarchive.toml"
    toml.write_text(toml.read_text().replace("[serve]", '[serve]\nblocked = ["news.example/wall"]'))
    server.command.send_signal(signal.SIGHUP)
    with server.connect_both("127.0.0.1") as both:
        assert ["Story of a wall" in ask("/")[1] for ask in both] == [False, False]
    assert server.command.poll() is None


def test_ctrl_c_is_for_the_command_alone(server: Server) -> None:
    """It reaches the processes, too: after SIGTERM of the command it would cut off responses."""
    for each in server.list_workers():
        blocked = re.search(r"^SigBlk:\s+(\w+)", Path(f"/proc/{each}/status").read_text(), re.MULTILINE)
        assert blocked
        assert [bool(int(blocked[1], 16) >> number - 1 & 1) for number in (signal.SIGINT, signal.SIGTERM)] == [
            True,
            False,
        ]


def test_processes_inherit_no_thread_and_no_connection(server: Server) -> None:
    """A lock that a thread holds would never be released; SQLite's connections are for one process."""
    process = Path(f"/proc/{server.command.pid}")
    assert len(list((process / "task").iterdir())) == 1
    assert not [each for each in (process / "fd").iterdir() if "index.sqlite3" in str(each.readlink())]


@pytest.mark.parametrize(("number", "limit"), [("0", 1), ("33", 32)])
def test_a_number_of_processes_out_of_bounds_is_refused(folder: Path, number: str, limit: int) -> None:
    """Before anything is opened."""
    done = run_in_process("serve", "--workers", number, "--archive", str(folder))
    assert (done.returncode, f"than or equal to {limit}" in done.stderr) == (2, True)
    settings = folder / "newsarchive.toml"
    settings.write_text(settings.read_text().replace("workers = 2", f"workers = {number}"))
    done = run_in_process("serve", "--archive", str(folder))
    assert done.returncode == 2
    assert f"workers = {number}: must be" in done.stderr
