"""Crawl one local newsroom with newsarchive and with naive.py, side by side, no delays.

    python -m benchmarks.crawl [--articles 1500] [--page-size 210000] [--runs 3]

Prints pages a second and CPU seconds, medians of the runs and their ratio. Both crawl the same server, in turn; the
server runs as its own process and its CPU is not counted, though it takes its share of the cores.
"""

import argparse
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.crawling import Run, naive, ours, report
from benchmarks.newsroom import ALL_CODINGS, OURS, newsroom


def main() -> None:
    """Crawl in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1500)
    parser.add_argument("--page-size", type=int, default=210_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    results: dict[str, list[Run]] = {"naive": [], "newsarchive": []}
    for _ in range(options.runs):
        for name, crawl, accepts in (("naive", naive, ALL_CODINGS), ("newsarchive", ours, OURS)):
            with (
                tempfile.TemporaryDirectory(prefix="bench-") as folder,
                newsroom(options.articles, options.page_size, accepts=accepts) as url,
            ):
                results[name].append(crawl(url, Path(folder)))
            print(report(name, results[name][-1:]), flush=True)
    print("medians:")
    for name, runs in results.items():
        print(report(name, runs))
    ratio = median(a.rate / b.rate for a, b in zip(results["newsarchive"], results["naive"], strict=True))
    print(f"newsarchive does {ratio:.2f} times the pages a second of the naive script")


if __name__ == "__main__":
    main()
