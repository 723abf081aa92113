"""`newsarchive serve` under slow clients, floods, abandoned downloads, rebuilds and a full disk, all at once."""

import http.client
import json
import os
import random
import re
import resource
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive

ArchiveOf = Callable[..., Archive]
SECONDS = float(os.environ.get("NEWSARCHIVE_SOAK", "24"))
"""Duration; two minutes and more find slower leaks."""
IDLE = 10_000
"""Connections of one client that send nothing, or half a request."""
PAGES = (
    "/", "/search?q=harbour", "/api/v1/articles", "/cdx?url=news.example/*", "/web/20260301060000/https://news.example/3",
    "/web/20260301060000mp_/https://news.example/4", "/web/20260301060000id_/https://news.example/5", "/sites",
    "/search.jsonl", "/calendar?url=https://news.example/1", "/timemap/link/https://news.example/1", "/nowhere",
)  # fmt: skip
HALF_SENT = (
    b"",
    b"GET / HTTP/1.1\r\nHost: l",
    b"POST /exports HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nq=",
)
GARBAGE = (
    b"\x16\x03\x01",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /" + b"x" * 70_000,
    b"\r\n" * 50,
    b"GET http://[ HTTP/1.1\r\n\r\n",
)
HONEST = {503, 507}


@dataclass
class Soak:
    """A server under load, and what was seen of it."""

    port: int
    process: subprocess.Popen[str]
    folder: Path
    log: deque[str]
    """The last lines that the server logged."""
    stopped: threading.Event = field(default_factory=threading.Event)
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def ask(self, path: str, method: str = "GET", body: str | None = None) -> tuple[int, bytes]:
        """Return status and body; any 5xx that is not honest is noted."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, path, body, {"Content-Type": "application/x-www-form-urlencoded"})
            answer = connection.getresponse()
            text = answer.read()
        self.statuses[answer.status] += 1
        if answer.status >= 500 and (answer.status not in HONEST or not re.search(rb"<h1|\"detail\"", text)):
            self.wrong.append(f"{path}: {answer.status} {text[:200]!r}")
        return answer.status, text

    def flood(self, seed: int) -> None:
        """Ask for pages without a pause."""
        chance = random.Random(seed)
        while not self.stopped.is_set():
            with suppress(OSError, http.client.HTTPException):
                self.ask(chance.choice(PAGES))

    def abandon(self) -> None:
        """Begin downloads and leave."""
        while not self.stopped.is_set():
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=20) as client:
                client.sendall(b"GET /search.jsonl HTTP/1.1\r\nHost: localhost\r\n\r\n")
                client.recv(10)

    def send_garbage(self) -> None:
        """Send what is no request."""
        chance = random.Random(3)
        while not self.stopped.wait(0.01):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=20) as client:
                client.sendall(chance.choice(GARBAGE))
                client.recv(1000)

    def stay_idle(self) -> None:
        """Keep thousands of connections that send nothing or half a request, opened again as they are closed."""
        clients: list[socket.socket] = []
        while not self.stopped.is_set():
            with suppress(OSError):
                clients.append(socket.create_connection(("127.0.0.1", self.port), 20, source_address=("127.0.0.3", 0)))
                clients[-1].sendall(HALF_SENT[len(clients) % 3])
            if len(clients) >= IDLE:
                self.stopped.wait(5)
                for client in clients:
                    client.close()
                clients.clear()
        for client in clients:
            client.close()

    def rebuild(self) -> None:
        """Rebuild the index, and replace its file by a copy, again and again."""
        index = self.folder / "index.sqlite3"
        while not self.stopped.is_set():
            words = [sys.executable, "-m", "newsarchive", "rebuild", "--archive", str(self.folder)]
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            if done.returncode:
                self.wrong.append(f"rebuild: {done.stderr}")
            shutil.copy(index, index.with_suffix(".copy"))
            index.with_suffix(".copy").replace(index)

    def fill_disk(self) -> None:
        """Let the server write nothing for some seconds, as on a full disk, while exports are asked for."""
        limit = resource.RLIMIT_FSIZE
        while not self.stopped.wait(3):
            soft, hard = resource.prlimit(self.process.pid, limit)
            resource.prlimit(self.process.pid, limit, (100, hard))
            try:
                for path in ("/article/1.wacz", "/article/1.warc.gz"):
                    with suppress(OSError, http.client.HTTPException):
                        self.ask(path)
                with suppress(OSError, http.client.HTTPException):
                    self.ask("/exports", "POST", "format=jsonl")
            finally:
                resource.prlimit(self.process.pid, limit, (soft, hard))

    def watch(self) -> None:
        """Measure how long another client waits."""
        while not self.stopped.wait(1):
            begun = time.monotonic()
            with suppress(OSError, http.client.HTTPException):
                self.ask("/help")
                self.slowest = max(self.slowest, time.monotonic() - begun)

    def count_descriptors(self) -> int:
        """Return the number of open descriptors, after a request that finds out whether the index was replaced."""
        self.ask("/sites")
        return sum(1 for _ in Path(f"/proc/{self.process.pid}/fd").iterdir())

    def measure_memory(self) -> int:
        """Return the resident memory of the server in bytes."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize()

    def answers(self) -> dict[str, Any]:
        """Return what the server says, without the ids of rows, which a rebuild may change."""
        listed = json.loads(self.ask("/api/v1/articles?limit=100")[1])
        said = {path: self.ask(path)[1] for path in PAGES if path.startswith(("/web/", "/cdx", "/timemap"))}
        # New at each start, and of this one alone.
        said = {path: re.sub(rb"_[0-9a-f]{10}/", b"_/", text) for path, text in said.items()}
        return {**said, "articles": sorted(re.findall(r'"headline": ?"[^"]*"', json.dumps(listed)))}


@pytest.fixture
def soak(archive_of: ArchiveOf) -> Iterator[Soak]:
    """A server of an archive with articles and hostile pages."""
    text = "".join(
        f"<p>Paragraph {n} tells of the harbour wall at some length, as paragraphs of articles do.</p>"
        for n in range(9)
    )
    facts = (
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Story %d", '
        '"datePublished": "2026-03-01T05:00:00Z"}</script>'
    )
    pages = [f"{facts % n}<h1>Story {n}</h1><article>{text.replace('wall', f'wall {n}')}</article>" for n in range(12)]
    pages += [f"<p title='\x01&#11;' data-\x01x='\x0b'><noscript>\x02</noscript>{'<div>' * 3000}", "<" * 9000]
    archive = archive_of(*({"url": f"https://news.example/{n}", "body": body.encode()} for n, body in enumerate(pages)))
    process = subprocess.Popen(
        [sys.executable, "-m", "newsarchive", "serve", "--port", "0", "--archive", str(archive.folder)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    log: deque[str] = deque(maxlen=2000)
    # A pipe: a file would take no more where the disk is full.
    reader = threading.Thread(target=log.extend, args=(process.stderr,))
    reader.start()
    found = re.search(r"http://\S+:([0-9]+)/", process.stdout.readline())
    assert found
    try:
        yield Soak(port=int(found[1]), process=process, folder=archive.folder, log=log)
    finally:
        process.kill()
        process.wait()
        reader.join()
        process.stdout.close()
        process.stderr.close()


@pytest.mark.slow
def test_the_server_survives_everything_at_once(soak: Soak) -> None:
    """No 5xx but 503 and 507 with a reason, no leak of descriptors or memory, right answers afterwards."""
    before = soak.answers()
    assert before["articles"]
    work = [soak.abandon, soak.send_garbage, soak.stay_idle, soak.rebuild, soak.fill_disk, soak.watch]
    threads = [threading.Thread(target=each) for each in work]
    threads += [threading.Thread(target=soak.flood, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(SECONDS / 2)
    warm = soak.measure_memory()
    time.sleep(SECONDS / 2)
    soak.stopped.set()
    for thread in threads:
        thread.join(90)
    assert soak.process.poll() is None
    assert soak.wrong == [], "".join(line for line in soak.log if "Invalid HTTP request" not in line)
    assert soak.statuses[200] > 0
    assert soak.statuses[507] > 0
    descriptors = min(_settle(soak.count_descriptors, 60))
    if descriptors >= 60:
        links = [str(each.readlink()) for each in Path(f"/proc/{soak.process.pid}/fd").iterdir()]
        pytest.fail(f"{descriptors} descriptors: {Counter(re.sub('[0-9]+', 'N', each) for each in links)}")
    assert soak.measure_memory() < warm * 1.3 + 50_000_000
    assert soak.answers() == before


@pytest.mark.slow
@pytest.mark.parametrize("clients", [1, 40, 10_000], ids=["one client", "forty clients", "each its own client"])
def test_ten_thousand_idle_connections_keep_nobody_out(soak: Soak, clients: int) -> None:
    """Half of them with half a request. While they are opened, and when all are, another client is answered."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] < IDLE + 1000:
        pytest.skip(f"this process may open {before[1]} files only")
    resource.setrlimit(resource.RLIMIT_NOFILE, (IDLE + 1000, before[1]))
    opened: list[socket.socket] = []
    waits = []
    try:
        for number in range(IDLE):
            client = number % clients
            source = (f"127.1.{client // 200}.{1 + client % 200}", 0)
            opened.append(socket.create_connection(("127.0.0.1", soak.port), 20, source_address=source))
            with suppress(OSError):  # closed already, as one of too many
                opened[-1].sendall(b"GET /help HTTP/1.1\r\nHost: l" * (number % 2))
            if number % 500 == 499 or number > IDLE - 20:
                begun = time.monotonic()
                assert soak.ask("/help")[0] == 200
                waits.append(time.monotonic() - begun)
    finally:
        for each in opened:
            each.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    print(f"answered within {max(waits):.3f} s, the median {sorted(waits)[len(waits) // 2]:.3f} s")
    assert soak.wrong == []
    assert min(_settle(soak.count_descriptors, 60)) < 60


def _settle(measure: Callable[[], int], enough: int) -> Iterator[int]:
    """Yield a measure until it is low enough, or half a minute has passed."""
    for _ in range(60):
        value = measure()
        yield value
        if value < enough:
            return
        time.sleep(0.5)
