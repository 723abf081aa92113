"""Ask for a list of URLs and do nothing with the answers: what fetching costs, whatever else a crawler does.

    python benchmarks/fetching.py FILE scrapy|plain

`scrapy` takes the shortest way through Scrapy; `plain` is one connection of the standard library after another.
"""

import http.client
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

ACCEPT = "gzip, deflate, br"


def plain(urls: Sequence[str]) -> None:
    """One after another over one connection, as long as the server keeps it."""
    connection = http.client.HTTPConnection(urlsplit(urls[0]).netloc)
    for url in urls:
        connection.request("GET", urlsplit(url).path, headers={"Accept-Encoding": ACCEPT})
        connection.getresponse().read()
    connection.close()


def by_scrapy(urls: Sequence[str]) -> None:
    """Sixteen at once; nothing is decoded, parsed or kept."""
    from scrapy import Request, Spider
    from scrapy.crawler import AsyncCrawlerProcess
    from scrapy.http import Response

    class Asking(Spider):
        name = "asking"

        async def start(self) -> AsyncIterator[Request]:
            for url in urls:
                yield Request(url, dont_filter=True)

        def parse(self, response: Response) -> None:
            """Leave it."""

    process = AsyncCrawlerProcess({
        "LOG_LEVEL": "WARNING", "CONCURRENT_REQUESTS": 16, "CONCURRENT_REQUESTS_PER_DOMAIN": 16, "DOWNLOAD_DELAY": 0,
        "COMPRESSION_ENABLED": False, "COOKIES_ENABLED": False, "ROBOTSTXT_OBEY": False, "TELNETCONSOLE_ENABLED": False,
        "HTTPERROR_ALLOW_ALL": True, "DEFAULT_REQUEST_HEADERS": {"Accept-Encoding": ACCEPT},
    })  # fmt: skip
    process.crawl(Asking)
    process.start()


def main(file: str, way: str) -> None:
    """Fetch all."""
    urls = Path(file).read_text("utf-8").split()
    {"plain": plain, "scrapy": by_scrapy}[way](urls)


if __name__ == "__main__":
    main(*sys.argv[1:3])
