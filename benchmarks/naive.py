"""A script that a user might write in an afternoon (CrawlSpider, trafilatura, warcio, sqlite3), to compare with.

    python benchmarks/naive.py URL FOLDER

It keeps a WARC (headers rebuilt, bodies decoded), extracts text and metadata in the spider, and stores articles in
SQLite. It has no exact bytes, no request records, no revisits, no resume, no versions, no link groups, no schedule.
"""

import io
import json
import sqlite3
import sys
from pathlib import Path
from urllib.parse import urlsplit

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response, TextResponse
from scrapy.linkextractors import LinkExtractor
from scrapy.spiders import CrawlSpider, Rule
from trafilatura import extract
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter


class NaiveSpider(CrawlSpider):
    """Follows every link of the site and keeps every page."""

    name = "naive"
    rules = (Rule(LinkExtractor(), callback="parse_page", follow=True),)

    def __init__(self, url: str, folder: str) -> None:
        super().__init__()
        self.start_urls = [url]
        self.allowed_domains = [urlsplit(url).hostname or ""]
        place = Path(folder)
        self.warc_file = (place / "naive.warc.gz").open("wb")
        self.warc = WARCWriter(self.warc_file, gzip=True)
        self.db = sqlite3.connect(place / "naive.sqlite3")
        self.db.execute(
            "create table articles (url text primary key, title text, author text, date text, text text, raw text)"
        )

    def parse_page(self, response: Response) -> None:
        """Keep, extract, store."""
        headers = [(k.decode(), v.decode("latin-1")) for k, vs in response.headers.items() for v in vs or ()]
        record = self.warc.create_warc_record(
            response.url,
            "response",
            payload=io.BytesIO(response.body),
            http_headers=StatusAndHeaders(f"{response.status} OK", headers, protocol="HTTP/1.1"),
        )
        self.warc.write_record(record)
        if not isinstance(response, TextResponse):
            return
        found = extract(response.text, url=response.url, output_format="json", with_metadata=True)
        if found:
            article = json.loads(found)
            self.db.execute(
                "insert or replace into articles values (?, ?, ?, ?, ?, ?)",
                (response.url, article["title"], article["author"], article["date"], article["text"], found),
            )
            self.db.commit()

    def closed(self, reason: str) -> None:  # noqa: ARG002 - Scrapy passes it
        """Put everything away."""
        self.warc_file.close()
        self.db.close()


def main(url: str, folder: str) -> None:
    """Crawl one site as fast as it goes."""
    process = AsyncCrawlerProcess(
        {"LOG_LEVEL": "WARNING", "DOWNLOAD_DELAY": 0, "CONCURRENT_REQUESTS_PER_DOMAIN": 16, "ROBOTSTXT_OBEY": True}
    )
    process.crawl(NaiveSpider, url=url, folder=folder)
    process.start()


if __name__ == "__main__":
    main(*sys.argv[1:3])
