"""Cost of the chain in a crawl: CPU with it and without it, and the CPU of its own functions and of time stamps.

    python -m benchmarks.chain [--articles 300] [--runs 5]

The crawl closes one WARC file. Crawls with and without the chain take turns, each from an empty archive. At the end of
those with it two time servers on loopback, in a process of their own, stamp the head.
"""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.cost import run_timed
from benchmarks.crawling import CONFIG, standing
from benchmarks.newsroom import OURS, newsroom
from newsarchive.cli.app import run
from newsarchive.crawl import run as crawl_run
from newsarchive.maintenance.rfc3161 import stamp_head
from storage.places.chain import Chain, ParsedChain
from storage.warc import writer

PAGE_SIZE = 100_000
TSA = """
[tsa]
default_tsa = t
[t]
serial = ./serial
signer_cert = ./tsa.pem
signer_key = ./tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


def crawl(folder: str, how: str) -> None:
    """Crawl in this process, with the chain, measuring its functions, or without it; then write the CPU seconds."""
    spent = 0.0

    def measure(function: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*arguments: Any, **options: Any) -> Any:
            nonlocal spent
            begin = time.thread_time()
            try:
                return function(*arguments, **options)
            finally:
                spent += time.thread_time() - begin

        return measured

    def digest(file: Any, member: bytes) -> None:
        file.records.update(hashlib.sha256(member).digest())

    def add(file: Any, members: Sequence[bytes]) -> None:
        """Do as the file of the writer does; the second digest is of the chain alone."""
        for member in members:
            file.size += len(member)
            file.digest.update(member)
            if how == "with":
                digest(file, member)

    digest = measure(digest)
    vars(writer)["_File"].add = add
    stamps = [0.0]

    def stamp(*arguments: Any, **options: Any) -> Any:
        before = sum_cpu()
        try:
            return stamp_head(*arguments, **options)
        finally:
            stamps[0] += sum_cpu() - before

    vars(crawl_run)["stamp_head"] = stamp
    # `append` calls `load`, whose time is part of its own.
    replaced = {"append": measure(Chain.append)}
    if how == "without":
        replaced = {"append": lambda *_: None, "load": lambda *_: ParsedChain(name="none")}
    for name, function in replaced.items():
        setattr(Chain, name, function)
    code = run(["crawl", "--archive", folder])
    Path(folder, "spent.json").write_text(json.dumps([spent, stamps[0]]))
    sys.exit(code)


def sum_cpu() -> float:
    """Return the CPU seconds of this thread and of all commands that this process has run."""
    ran = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.thread_time() + ran.ru_utime + ran.ru_stime


def serve_time(folder: str) -> None:
    """Serve two time servers, with one certificate, in this process; print their ports."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Answer a query."""
            query = self.rfile.read(int(self.headers["Content-Length"]))
            with TemporaryDirectory() as own:
                Path(own, "query").write_bytes(query)
                words = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", f"{own}/query"]
                answer = subprocess.run(words, cwd=folder, check=True, capture_output=True).stdout
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Handler) for _ in range(2)]
    Path(folder, "tsa.cnf").write_text(TSA)
    named = ["-subj", "/CN=tsa", "-addext", "extendedKeyUsage=critical,timeStamping"]
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.pem"]
    subprocess.run([*words, *named], cwd=folder, check=True, capture_output=True)
    print(*(server.server_address[1] for server in servers), flush=True)
    threading.Thread(target=servers[0].serve_forever, daemon=True).start()
    servers[1].serve_forever()


def main() -> None:
    """Run the benchmark and print its table."""
    if sys.argv[1:2] == ["crawl"]:
        crawl(*sys.argv[2:])
    if sys.argv[1:2] == ["time"]:
        serve_time(*sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=300)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    cpu: dict[str, list[float]] = {"with": [], "without": []}
    shares, stamps = [], []
    with (
        newsroom(options.articles, PAGE_SIZE, accepts=OURS) as url,
        TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.chain", "time", folder], stdout=subprocess.PIPE, text=True
        ) as servers,
    ):
        assert servers.stdout is not None
        ports = servers.stdout.readline().split()
        listed = json.dumps([f"http://127.0.0.1:{port}/" for port in ports])
        stamped = f'time_servers = {listed}\ntime_authorities = "{folder}/tsa.pem"\n'
        for number in range(options.runs):
            # Each is first in turn: what comes second finds warm caches.
            for how, found in sorted(cpu.items(), reverse=bool(number % 2)):
                archive = Path(folder, f"{how}-{number}")
                archive.mkdir()
                (archive / "newsarchive.toml").write_text((stamped if how == "with" else "") + CONFIG.format(url=url))
                words = [sys.executable, "-m", "benchmarks.chain", "crawl", str(archive), how]
                cost, pages = run_timed(words, folder=archive), standing(archive)["captures"]
                found.append(1000 * cost.cpu / pages)
                if how == "with":
                    spent, stamping = json.loads((archive / "spent.json").read_text())
                    assert len(list(archive.glob("warc/STAMP-*"))) == len(ports)
                    shares.append(100 * spent / cost.cpu)
                    stamps.append(1000 * stamping)
                print(f"{how:8} {pages} pages {found[-1]:6.2f} CPU ms/page", flush=True)
        servers.terminate()
    print(f"median: {median(cpu['with']):.2f} with, {median(cpu['without']):.2f} without, CPU ms/page")
    pages_of_day = 100 * median(stamps) / median(cpu["with"])
    print(f"two time stamps, once a day: {median(stamps):.0f} CPU ms ({min(stamps):.0f} to {max(stamps):.0f})")
    print(f"that is 1 % of the CPU of {pages_of_day:.0f} pages")
    print(
        f"the chain's own functions: {median(shares):.3f} % of the crawl's CPU ({min(shares):.3f} to {max(shares):.3f})"
    )


if __name__ == "__main__":
    main()
