"""Cost of the chain in a crawl: CPU with it and without it, and the CPU of its own functions.

    python -m benchmarks.chain [--articles 300] [--runs 5]

The crawl closes one WARC file. Crawls with and without the chain take turns, each from an empty archive.
"""

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.cost import run_timed
from benchmarks.crawling import CONFIG, standing
from benchmarks.newsroom import OURS, newsroom
from newsarchive.cli.app import run
from storage.places.chain import Chain, ParsedChain
from storage.warc import writer

PAGE_SIZE = 100_000


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
    # `append` calls `load`, whose time is part of its own.
    replaced = {"append": measure(Chain.append)}
    if how == "without":
        replaced = {"append": lambda *_: None, "load": lambda *_: ParsedChain(name="none")}
    for name, function in replaced.items():
        setattr(Chain, name, function)
    code = run(["crawl", "--archive", folder])
    Path(folder, "spent.json").write_text(json.dumps(spent))
    sys.exit(code)


def main() -> None:
    """Run the benchmark and print its table."""
    if sys.argv[1:2] == ["crawl"]:
        crawl(*sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=300)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    cpu: dict[str, list[float]] = {"with": [], "without": []}
    shares = []
    with newsroom(options.articles, PAGE_SIZE, accepts=OURS) as url, tempfile.TemporaryDirectory() as folder:
        for number in range(options.runs):
            # Each is first in turn: what comes second finds warm caches.
            for how, found in sorted(cpu.items(), reverse=bool(number % 2)):
                archive = Path(folder, f"{how}-{number}")
                archive.mkdir()
                (archive / "newsarchive.toml").write_text(CONFIG.format(url=url))
                words = [sys.executable, "-m", "benchmarks.chain", "crawl", str(archive), how]
                cost, pages = run_timed(words, folder=archive), standing(archive)["captures"]
                found.append(1000 * cost.cpu / pages)
                if how == "with":
                    shares.append(100 * json.loads((archive / "spent.json").read_text()) / cost.cpu)
                print(f"{how:8} {pages} pages {found[-1]:6.2f} CPU ms/page", flush=True)
    print(f"median: {median(cpu['with']):.2f} with, {median(cpu['without']):.2f} without, CPU ms/page")
    print(
        f"the chain's own functions: {median(shares):.3f} % of the crawl's CPU ({min(shares):.3f} to {max(shares):.3f})"
    )


if __name__ == "__main__":
    main()
