"""The cost of the add-on: CPU time of one spider of Scrapy's with it and without it.

    python -m benchmarks.addon [--articles 300] [--rounds 5]

The spider crawls the demo newsroom on this machine, by Scrapy's default settings but for its delays: it extracts the
links and the title and paragraphs of each page. CPU time is that of the spider's process from start to end, which other
work on the machine lengthens little; the ways take turns, and the medians are compared.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WAYS = ("without", "with")


def crawl(url: str, way: str, folder: str) -> None:
    """Crawl in this process."""
    from scrapy.crawler import AsyncCrawlerProcess
    from scrapy.http import Response
    from scrapy.linkextractors import LinkExtractor
    from scrapy.spiders import CrawlSpider, Rule

    class Reading(CrawlSpider):
        name = "reading"
        start_urls = (url,)
        rules = (Rule(LinkExtractor(), callback="read", follow=True),)

        def read(self, response: Response) -> Iterator[dict[str, Any]]:
            """Yield an item of a page."""
            if b"html" in (response.headers.get("Content-Type") or b""):
                yield {"title": response.css("title::text").get(), "text": response.css("p::text").getall()}

    process = AsyncCrawlerProcess({
        "LOG_LEVEL": "WARNING", "DOWNLOAD_DELAY": 0, "CONCURRENT_REQUESTS_PER_DOMAIN": 8, "COOKIES_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False, "NEWSARCHIVE_WARC_FOLDER": folder,
        "ADDONS": {"newsarchive.scrapy_addon.WarcAddon": 100} if way == "with" else {},
    })  # fmt: skip
    crawler = process.create_crawler(Reading)
    process.crawl(crawler)
    process.start()
    print(crawler.stats.get_value("response_received_count"))


def measure(url: str, way: str) -> tuple[float, int]:
    """Return CPU seconds and responses of one crawl in a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.addon", "--crawl", way, url, folder]
        count = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, count


def main() -> None:
    """Measure in turns, and print the medians and their ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--articles", default="300")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--crawl", nargs=3, metavar=("WAY", "URL", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.crawl:
        crawl(given.crawl[1], given.crawl[0], given.crawl[2])
        return
    serve = [sys.executable, "-m", "tests.newsroom", "serve", "--port", "0", "--articles", given.articles, "--warm"]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]) as server:
        assert server.stdout is not None
        url = next(line for line in server.stdout if "listening on" in line).split()[-1]
        seconds: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in range(given.rounds):
            for way in WAYS:
                spent, count = measure(url, way)
                seconds[way].append(spent)
                print(f"{way:8} {spent:6.2f} s CPU, {count} responses", flush=True)
        server.terminate()
    medians = {way: statistics.median(seconds[way]) for way in WAYS}
    print(f"ratio of the medians: {medians['with'] / medians['without']:.2f}")


if __name__ == "__main__":
    main()
