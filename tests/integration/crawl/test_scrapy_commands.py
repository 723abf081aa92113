"""The crawl as a spider of Scrapy's: settings, signals, middlewares and what the archive owns."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request, signals
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse
from scrapy.settings import Settings

from newsarchive.archive import Archive
from newsarchive.config.toml_file import parse_config
from newsarchive.crawl import event_loop
from newsarchive.crawl.run import crawl
from newsarchive.crawl.scrapy_settings import OWNED, configure_crawl
from spiders.news import NewsSpider
from storage.errors import ConfigError
from storage.index.queries.status import get_status
from storage.warc.reader import read_records

CONFIG = """
delay = "0s"
reader_processes = 1
commit_seconds = 0.2
{table}
[[site]]
name = "lantern"
url = "{url}/"
allow_private = true
"""


class Headers:
    """A downloader middleware that changes requests, and refuses one."""

    def process_request(self, request: Request) -> None:
        """Add a header field."""
        if request.url.endswith("/news/2026/third"):
            raise IgnoreRequest("not this one")
        request.headers["X-Reader"] = "courier"


def page(*links: str) -> bytes:
    items = "".join(f"<item><title>{link}</title><link>{link}</link></item>" for link in links)
    body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>N</title>{items}</channel></rss>'
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


Make = Callable[..., Path]


@pytest.fixture
def make(server: Any, tmp_path: Path) -> Make:
    """Create an archive of one site with a feed as its front page."""
    server.say("/", page("/news/2026/first", "/news/2026/second", "/news/2026/third"))

    def made(table: str = "") -> Path:
        (tmp_path / "newsarchive.toml").write_text(CONFIG.format(url=server.base, table=table))
        return tmp_path

    return made


def run_news(
    folder: Path, listen: Callable[[Crawler], None] = lambda _: None, arguments: Any = None, **settings: Any
) -> Crawler:
    """Run what `scrapy crawl news -a archive=FOLDER` runs."""

    async def main() -> Crawler:
        event_loop.reactor()
        project = Settings({"SPIDER_MODULES": ["spiders"], "LOG_LEVEL": "ERROR"})
        project.setdict(settings, priority="cmdline")
        runner = AsyncCrawlerRunner(project)
        crawler = runner.create_crawler(NewsSpider)
        listen(crawler)
        await runner.crawl(crawler, **{"archive": str(folder), **(arguments or {})})
        return crawler

    return event_loop.run(main())


def requests_in(folder: Path) -> list[bytes]:
    paths = (folder / "warc").glob("*.warc.gz*")
    return [record.block for path in paths for record in read_records(path) if record.type == "request"]


def test_scrapy_s_command_is_the_archive_s_crawl(server: Any, make: Make) -> None:
    """Signals are sent for each response, statistics have the crawl's counters, and the run is in the index."""
    seen: list[tuple[str, int]] = []

    def listen(crawler: Crawler) -> None:
        crawler.signals.connect(receive, signals.response_received)

    def receive(response: Any, **_: Any) -> None:
        seen.append((response.url.removeprefix(server.base), response.status))

    folder = make()
    crawler = run_news(folder, listen)
    assert sorted(seen) == sorted((each.path, 200 if each.path == "/" else 404) for each in server.log)
    assert crawler.stats.get_value("newsarchive/captures") == len(server.log) == 5
    assert crawler.stats.get_value("finish_reason") == "finished"
    with Archive.open(folder) as archive:
        assert archive.index.ask(get_status, archive.now()).captures == 5


def test_scrapy_s_conditions_close_the_crawl_in_order(server: Any, make: Make) -> None:
    """Fetched pages are committed; the rest is due in the next crawl."""
    folder = make()
    crawler = run_news(folder, CLOSESPIDER_PAGECOUNT=2, CONCURRENT_ITEMS=1)
    assert crawler.stats.get_value("finish_reason") == "closespider_pagecount"
    assert not list((folder / "warc").glob("*.open"))
    run_news(folder)
    assert sorted({each.path for each in server.log}) == [
        "/", "/news/2026/first", "/news/2026/second", "/news/2026/third", "/robots.txt"
    ]  # fmt: skip


def test_a_middleware_changes_requests_and_the_records_have_them_as_sent(server: Any, make: Make) -> None:
    """Also in `newsarchive crawl`, by the [scrapy] table; a request that a middleware refuses is not sent."""
    folder = make(f'[scrapy]\nDOWNLOADER_MIDDLEWARES = {{ "{__name__}.Headers" = 500 }}\n')
    with Archive.open(folder) as archive:
        report = crawl(archive)
    assert report.run.outcome == "finished"
    assert sorted(requests_in(folder)) == sorted(each.request for each in server.log)
    assert all(b"\r\nX-Reader: courier\r\n" in each.request for each in server.log)
    assert "/news/2026/third" not in {each.path for each in server.log}


class Proxy:
    """A downloader middleware that sends requests through a proxy."""

    def process_request(self, request: Request) -> None:
        """Set the proxy."""
        request.meta["proxy"] = "http://proxy.example:3128"


def test_a_proxy_is_refused_by_its_name_and_nothing_is_sent(
    server: Any, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """The archive's client connects directly: a request that was meant for a proxy must not go past it."""
    caplog.set_level("DEBUG", "news")
    run_news(make(f'[scrapy]\nDOWNLOADER_MIDDLEWARES = {{ "{__name__}.Proxy" = 500 }}\n'))
    assert server.log == []
    assert "set the proxy proxy.example" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        ({"archive": "nowhere"}, {}, "no archive in"),
        ({"site": "nosuch"}, {}, "no site is named 'nosuch'"),
        ({"sites": "paper"}, {}, "no argument sites"),
        ({}, {"RETRY_ENABLED": True}, "RETRY_ENABLED in the command line"),
    ],
)
def test_a_crawl_that_cannot_begin_says_why_without_a_traceback(
    server: Any, make: Make, caplog: pytest.LogCaptureFixture, arguments: Any, settings: Any, message: str
) -> None:
    """Nothing is fetched, the spider is closed with a reason of its own, and Scrapy's command exits with 1."""
    crawler = run_news(make(), arguments=arguments, **settings)
    assert crawler.spider is None  # what `scrapy crawl` looks at
    assert crawler.stats.get_value("finish_reason") == "newsarchive_failed"
    assert server.log == []
    (error,) = (record for record in caplog.records if record.levelname == "ERROR")
    assert (message in error.getMessage(), error.exc_info) == (True, None)


def test_parse_shows_the_article_that_is_read() -> None:
    """`scrapy parse --spider=news URL`, also in a project without the middleware."""
    text = "".join(f"<p>Paragraph {n} says that the harbour of the town is open again.</p>" for n in range(19))
    data = '<script type="application/ld+json">{"@type":"NewsArticle","headline":"Harbour opens"}</script>'
    page = f"<html><head><title>Open</title>{data}</head><body><article><h1>Harbour opens</h1>{text}</article>"
    response = HtmlResponse("http://news.example/2026/11/20/harbour", body=page.encode())
    assert [item["headline"] for item in NewsSpider().parse(response)] == ["Harbour opens"]


@pytest.mark.parametrize("name", OWNED)
def test_what_the_archive_owns_cannot_be_overridden(name: str, tmp_path: Path) -> None:
    """In the table and after -s it is an error with the reason; a project's settings.py is for other spiders."""
    config = parse_config("", tmp_path)
    other: Any = {"other": 1} if isinstance(OWNED[name][0], dict) else "other"
    settings = Settings()
    settings.set(name, other, priority="project")
    configure_crawl(settings, config)
    assert "other" not in str(settings[name])
    settings = Settings()
    settings.set(name, other, priority="cmdline")
    with pytest.raises(ConfigError, match=f"{name} in the command line .* cannot be set for a crawl"):
        configure_crawl(settings, config)
    with pytest.raises(ConfigError, match=rf"{name} in \[scrapy\]"):
        configure_crawl(Settings(), parse_config(f'[scrapy]\n{name} = "other"\n', tmp_path))
