"""The server as a process of its own: how soon it is there, what it takes, and how it serves many at once."""

import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that runs."""

    process: int
    host: str
    port: int
    ready: float
    """Seconds from the command to the first answer."""

    def memory(self) -> dict[str, int]:
        """Megabytes that the process takes now, and of them its own (RssAnon) and of mapped files (RssFile).

        Pages of mapped files, those of the search folder, are in the system's cache anyway, and are given up first. Of
        several processes it is the largest.
        """
        sizes = []
        for process in self._processes():
            lines = Path(f"/proc/{process}/status").read_text().splitlines()
            fields = dict(line.split(":", 1) for line in lines if ":" in line)
            sizes.append({name: int(fields[name].split()[0]) // 1024 for name in ("VmRSS", "RssAnon", "RssFile")})
        return max(sizes, key=lambda size: size["VmRSS"])

    def cpu(self) -> float:
        """Seconds that all its threads and processes have used."""
        ticks = 0
        for process in self._processes():
            told = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks += int(told[11]) + int(told[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def _processes(self) -> list[int]:
        children = Path(f"/proc/{self.process}/task/{self.process}/children").read_text().split()
        return [self.process, *map(int, children)]


@contextmanager
def serving(folder: Path, workers: int = 1) -> Iterator[Server]:
    """`newsarchive serve` while the block runs."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "newsarchive", "serve", "--port", "0", "--archive", str(folder)]
    command += ["--workers", str(workers)] if workers > 1 else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            where = urlsplit(next(word for word in said.split() if word.startswith("http://")))
            assert where.hostname
            assert where.port
            ask(http.client.HTTPConnection(where.hostname, where.port), "/robots.txt")
            ready = time.perf_counter() - began
            yield Server(process=process.pid, host=where.hostname, port=where.port, ready=ready)
        finally:
            process.terminate()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One response."""

    path: str
    status: int
    first: float
    """Seconds to the first kilobyte."""
    whole: float
    """Seconds to the last byte."""


def ask(connection: http.client.HTTPConnection, path: str) -> Answer:
    """One request."""
    began = time.perf_counter()
    connection.request("GET", path)
    response = connection.getresponse()
    response.read(1024)
    first = time.perf_counter() - began
    response.read()
    return Answer(path=path, status=response.status, first=first, whole=time.perf_counter() - began)


def crowd(server: Server, paths: Sequence[str], clients: int) -> list[Answer]:
    """Ask for all paths by so many clients at once, each with one connection that it keeps."""
    waiting = list(reversed(paths))
    answers: list[Answer] = []
    problems: list[Exception] = []

    def client() -> None:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
        try:
            while waiting:
                answers.append(ask(connection, waiting.pop()))
        except IndexError:
            pass  # another client took the last one
        except (OSError, http.client.HTTPException) as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]
    return answers
