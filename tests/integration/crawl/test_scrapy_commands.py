"""The crawl as a spider of Scrapy's: settings, signals, middlewares and what the archive owns."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request, signals
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Response
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
from tests import forked_process

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


class Slow:
    """A downloader middleware that takes its time."""

    async def process_request(self, request: Request) -> None:
        """Wait."""
        await asyncio.sleep(0.5)


class Cookies:
    """A downloader middleware that sets a cookie."""

    def process_request(self, request: Request) -> None:
        """Choose an edition."""
        request.cookies = {"edition": "morning"}


Make = Callable[..., Path]
PATHS = {"/robots.txt", "/", "/news/2026/first", "/news/2026/second", "/news/2026/third"}


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


def run_scrapy(folder: Path, *words: str) -> str:
    """Run `scrapy crawl` in a project; it fails, and what it logs is returned."""
    (folder / "scrapy.cfg").write_text("[settings]\ndefault = project\n")
    (folder / "project.py").write_text('SPIDER_MODULES = ["spiders"]\n')
    done = forked_process.run_scrapy("crawl", *words, at=folder)
    assert done.returncode == 1, done.stderr
    return done.stderr


def require_refusal(log: str, says: str) -> None:
    """Require that a log has one error, with the words, and that the crawl has opened no port."""
    (line,) = (line for line in log.splitlines() if " ERROR: " in line)
    assert says in line
    assert "Traceback" not in log
    assert "Telnet console listening" not in log


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


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"CLOSESPIDER_PAGECOUNT": 2, "CONCURRENT_ITEMS": 1}, "closespider_pagecount"),
        ({"CLOSESPIDER_TIMEOUT": 1, "DOWNLOADER_MIDDLEWARES": {f"{__name__}.Slow": 500}}, "closespider_timeout"),
    ],
)
def test_scrapy_s_conditions_close_the_crawl_in_order(
    server: Any, make: Make, settings: dict[str, Any], reason: str
) -> None:
    """Fetched pages are committed; the rest is due in the next crawl."""
    folder = make()
    crawler = run_news(folder, **settings)
    assert crawler.stats.get_value("finish_reason") == reason
    assert not list((folder / "warc").glob("*.open"))
    run_news(folder)
    assert {each.path for each in server.log} == PATHS


def test_a_middleware_changes_requests_and_the_records_have_them_as_sent(server: Any, make: Make) -> None:
    """Also in `newsarchive crawl`, by the [scrapy] table; a request that a middleware refuses is not sent."""
    folder = make(f'[scrapy]\nDOWNLOADER_MIDDLEWARES = {{ "{__name__}.Headers" = 500 }}\n')
    with Archive.open(folder) as archive:
        report = crawl(archive)
    assert report.run.outcome == "finished"
    assert sorted(requests_in(folder)) == sorted(each.request for each in server.log)
    assert all(b"\r\nX-Reader: courier\r\n" in each.request for each in server.log)
    # Nothing is wrong with the host, nor with the middleware.
    assert {each.path for each in server.log} == PATHS - {"/news/2026/third"}
    assert (report.problems, report.run.counters["refused"]) == ((), 1)


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ('CLOSESPIDER_PAGECOUNT = "many"', "could not convert"),
        ('CLOSESPIDER_PAGECOUNT = "1.5"', "invalid literal for int"),
        ('DOWNLOADER_MIDDLEWARES = { "nosuch.Module" = 500 }', "No module named 'nosuch'"),
        ('EXTENSIONS = { "nosuch.Module" = 0 }', "No module named 'nosuch'"),
        ('ADDONS = { "nosuch.Addon" = 0 }', "No module named 'nosuch'"),
        ("DOWNLOADER_MIDDLEWARES = 7", "not iterable"),
        ('SPIDER_MODULES = ["nosuch"]', "the spider of a crawl is the archive's"),
        ("SPIDER_MODULES = []", "the spider of a crawl is the archive's"),
        ('SPIDER_LOADER_CLASS = "nosuch.Loader"', "the spider of a crawl is the archive's"),
        ("SPIDER_LOADER_WARN_ONLY = []", "must be a string"),
        ('LOG_LEVEL = "LOUD"', "LOG_LEVEL = 'LOUD' in .* choose one of .*INFO"),
        ("LOG_LEVEL = []", "choose one of .*INFO"),
    ],
)
def test_a_table_with_which_scrapy_cannot_begin_is_an_error_of_the_settings(
    server: Any, make: Make, line: str, cause: str
) -> None:
    """Not of the program; and the crawl after it is corrected fetches everything."""
    folder = make(f"[scrapy]\n{line}\n")
    with Archive.open(folder) as archive, pytest.raises(ConfigError, match=cause) as raised:
        crawl(archive)
    assert f"[scrapy] of {folder / 'newsarchive.toml'}" in str(raised.value)
    assert server.log == []
    make()
    with Archive.open(folder) as archive:
        assert crawl(archive).problems == ()
    assert {each.path for each in server.log} == PATHS


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ('LOG_LEVEL = "LOUD"', "choose one of"),
        ('LOG_FILE = "/nosuch/x.log"', "No such file or directory"),
        ("LOG_FORMAT = 5", "it has to be text"),
        ('LOG_ENABLED = "x"', "Supported values for boolean"),
        ('STATS_CLASS = "nosuch.X"', "No module named 'nosuch'"),
        ('STATS_CLASS = "newsarchive.version.VERSION"', "it has to be the path of a class"),
        ("STATS_CLASS = 7", "it has to be text"),
        ('EXTENSIONS = { "newsarchive.version.Nosuch" = 5 }', "doesn't define any object named 'Nosuch'"),
        ('DOWNLOADER_MIDDLEWARES = { "scrapy.Spider" = "first" }', "Invalid value first"),
        ("SPIDER_MIDDLEWARES = 7", "is not iterable"),
        ('ADDONS = { "nosuch.Addon" = 0 }', "No module named 'nosuch'"),
        ('CLOSESPIDER_PAGECOUNT = "many"', "could not convert string to float"),
        ('CLOSESPIDER_TIMEOUT = ["1h"]', "must be a string or a real number"),
        ("HTTPERROR_ALLOWED_CODES = 404", "not iterable"),
        ("DEFAULT_REQUEST_HEADERS = 7", "not iterable"),
    ],
)
def test_scrapy_s_command_refuses_a_table_with_which_it_could_not_begin_in_one_line(
    server: Any, make: Make, line: str, cause: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It names the file, the setting and what is wrong with it, and nothing is asked of a site."""
    folder = make(f"[scrapy]\n{line}\n")
    crawler = run_news(folder)
    (refusal,) = (each.message for each in caplog.records if each.levelname == "ERROR")
    assert f"{line.partition(' = ')[0]} = " in refusal
    assert f"of {folder / 'newsarchive.toml'} cannot be used by Scrapy: " in refusal
    assert cause in refusal
    assert crawler.spider is None  # by which the command exits with 1
    assert server.log == []


@pytest.mark.parametrize(
    "line",
    [
        "TELNETCONSOLE_ENABLED = false",
        'CLOSESPIDER_TIMEOUT = "0.5"',
        "LOG_LEVEL = 20",
        'LOG_FILE = ""',
        'PERIODIC_LOG_STATS = { "include" = ["downloader/"] }',
        'DNS_RESOLVER = "scrapy.resolver.CachingHostnameResolver"',
        'HTTPERROR_ALLOWED_CODES = "404,410"',
        'MY_OWN = "anything"',
        'REFERRER_POLICY = "same-origin"',
        "DEFAULT_DROPITEM_LOG_LEVEL = 20",
        'MY_LOG_LEVEL = "quiet"',
    ],
)
def test_a_table_that_scrapy_can_use_is_taken_over(make: Make, line: str) -> None:
    """Other forms than that of the default are accepted, and settings that only a component knows."""
    settings, config = Settings(), parse_config(f"[scrapy]\n{line}\n", make())
    configure_crawl(settings, config)
    ((name, value),) = config.scrapy.items()
    assert settings[name] == value


def test_what_is_wrong_on_the_command_line_is_shown_as_scrapy_shows_it(server: Any, make: Make, tmp_path: Path) -> None:
    """Its traceback; the [scrapy] table is not blamed for it."""
    folder = make("[scrapy]\nLOG_ENABLED = true\n")
    log = run_scrapy(tmp_path, "news", "-a", f"archive={folder}", "-s", "STATS_CLASS=nosuch.X")
    assert "Traceback" in log
    assert "ModuleNotFoundError: No module named 'nosuch'" in log.splitlines()
    assert "[scrapy]" not in log
    assert server.log == []


def test_a_table_that_cannot_be_used_is_refused_without_a_traceback(make: Make, tmp_path: Path) -> None:
    """By the command as it is typed: one error, and no port is opened."""
    folder = make('[scrapy]\nSTATS_CLASS = "nosuch.X"\n')
    require_refusal(run_scrapy(tmp_path, "news", "-a", f"archive={folder}"), "STATS_CLASS = 'nosuch.X' in [scrapy] of")


def test_a_failure_of_a_program_that_runs_the_spider_is_not_blamed_on_the_table(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Its own error is not that Scrapy cannot begin."""
    folder = make("[scrapy]\nLOG_ENABLED = true\n")

    async def main() -> None:
        event_loop.reactor()
        runner = AsyncCrawlerRunner(Settings({"SPIDER_MODULES": ["spiders"], "STATS_CLASS": "nosuch.X"}))
        with pytest.raises(ModuleNotFoundError):
            await runner.create_crawler(NewsSpider).crawl_async(archive=str(folder))
        raise ValueError("of the program")

    with pytest.raises(ValueError, match="of the program"):
        event_loop.run(main())
    assert "Scrapy cannot use" not in caplog.text


def test_cookies_of_a_middleware_are_sent_where_they_are_on(server: Any, make: Make, tmp_path: Path) -> None:
    """Off by default; what is sent is in the records, as a placeholder."""
    table = f'DOWNLOADER_MIDDLEWARES = {{ "{__name__}.Cookies" = 500 }}'
    with Archive.open(make(f"[scrapy]\nCOOKIES_ENABLED = true\n{table}\n")) as archive:
        assert crawl(archive).problems == ()
    assert all(b"\r\nCookie: edition=morning" in each.request for each in server.log)
    assert not any(b"edition=morning" in request for request in requests_in(tmp_path))


class Proxy:
    """A downloader middleware that sends requests through a proxy."""

    def process_request(self, request: Request) -> None:
        """Set the proxy."""
        request.meta["proxy"] = "http://user:secret@proxy.example:3128"


class Answer:
    """A downloader middleware that answers requests itself, as a cache does."""

    def process_request(self, request: Request) -> Response:
        """Return a response."""
        return HtmlResponse(request.url, body=b"<h1>From a cache</h1>")


class Elsewhere:
    """A downloader middleware that asks for another URL, as one for a rendering service does."""

    def process_request(self, request: Request) -> Request | None:
        """Return another request."""
        return None if "service" in request.url else request.replace(url=f"{request.url}?service=1")


class Post:
    """A downloader middleware that changes the method."""

    def process_request(self, request: Request) -> None:
        """Send POST."""
        request.method = "POST"


class Broken:
    """A downloader middleware with a mistake."""

    def process_request(self, request: Request) -> None:
        """Look for what is not there."""
        request.meta["nosuch"]


@pytest.mark.parametrize(
    ("middleware", "cause"),
    [
        (Proxy, "has set a proxy for a request: proxy.example"),
        (Answer, "has answered or replaced a request"),
        (Elsewhere, "has answered or replaced a request"),
        (Post, "has changed the method or URL of a request"),
        (Broken, "has raised KeyError: 'nosuch'"),
    ],
)
def test_a_request_that_a_middleware_does_not_pass_on_is_not_sent_and_the_report_says_why(
    server: Any, make: Make, middleware: type, cause: str
) -> None:
    """Once for each cause, in words that claim nothing of the host; it is due again in an hour."""
    folder = make(f'[scrapy]\nDOWNLOADER_MIDDLEWARES = {{ "{__name__}.{middleware.__name__}" = 500 }}\n')
    now = datetime.now(UTC)
    with Archive.open(folder) as archive:
        report = crawl(archive, now=lambda: now)
        (problem,) = report.problems
        assert problem.startswith(f"a downloader middleware {cause}, as for {server.base}/")
        assert "secret" not in problem
        assert (server.log, report.run.counters["refused"]) == ([], 1)
        assert "blocked" not in report.run.counters
    make()
    with Archive.open(folder) as archive:
        assert crawl(archive, now=lambda: now + timedelta(minutes=61)).problems == ()
    assert {each.path for each in server.log} == PATHS


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


def test_parse_shows_the_links_of_a_page_as_requests() -> None:
    """So `scrapy parse -d 2 --spider=news URL` reads the articles that a front page names."""
    links = "".join(f'<h2><a href="/2026/11/{n}-harbour">Harbour story number {n} told</a></h2>' for n in range(9))
    response = HtmlResponse("http://news.example/", body=f"<html><body>{links}</body></html>".encode())
    requests = [each for each in NewsSpider().parse(response) if isinstance(each, Request)]
    assert [each.url for each in requests] == [f"http://news.example/2026/11/{n}-harbour" for n in range(9)]


@pytest.mark.parametrize(
    "option", [["-o", "articles.jsonl"], ["-s", "CLOSESPIDER_ITEMCOUNT=3"], ["-s", "CLOSESPIDER_TIMEOUT_NO_ITEM=9"]]
)
def test_what_would_wait_for_items_is_refused(server: Any, make: Make, option: list[str], tmp_path: Path) -> None:
    """A crawl has no items: an empty file, or a condition that is never met or always, would say otherwise."""
    log = run_scrapy(tmp_path, "news", "-a", f"archive={make()}", *option)
    require_refusal(log, "cannot be set for a crawl: articles are in the index")
    assert server.log == []
    assert not (tmp_path / "articles.jsonl").exists()


@pytest.mark.parametrize(
    ("given", "option"),
    [([], "-o"), (["sites=paper"], "-O"), (["sites=paper", "archive"], "-o"), (["archive=nowhere"], "-O")],
)
def test_a_crawl_that_cannot_begin_leaves_no_empty_file(
    server: Any, make: Make, given: list[str], option: str, tmp_path: Path
) -> None:
    """Without an archive, and with arguments that the spider does not have. Nor does the telnet console open a port."""
    arguments = [f"archive={make()}" if each == "archive" else each for each in given]
    words = [word for each in arguments for word in ("-a", each)]
    require_refusal(run_scrapy(tmp_path, "news", *words, option, "articles.jsonl"), "archive")
    assert server.log == []
    assert not (tmp_path / "articles.jsonl").exists()


@pytest.fixture
def article(server: Any, tmp_path: Path) -> str:
    """The URL of an article, and a project beside it that has our spider."""
    text = "".join(f"<p>Paragraph {n} says that the harbour of the town is open again.</p>" for n in range(19))
    data = '<script type="application/ld+json">{"@type":"NewsArticle","headline":"Harbour opens"}</script>'
    body = f"<html><head>{data}</head><body><article><h1>Harbour opens</h1>{text}</article></body></html>".encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"
    server.say("/2026/11/20/harbour", head.encode() + body)
    (tmp_path / "scrapy.cfg").write_text("[settings]\ndefault = project\n")
    (tmp_path / "project.py").write_text(
        'SPIDER_MODULES = ["spiders"]\nLOG_LEVEL = "WARNING"\n'
        'DOWNLOADER_MIDDLEWARES = {"newsarchive.crawl.article_response.ArticleResponses": 10}\n'
    )
    return f"{server.base}/2026/11/20/harbour"


def require_success(done: "subprocess.CompletedProcess[str]") -> str:
    """Require that a command succeeded without an error; return what it printed."""
    assert (done.returncode, "Traceback" in done.stderr, " ERROR: " in done.stderr) == (0, False, False), done.stderr
    return done.stdout


def test_parse_writes_the_items_that_it_is_asked_for(article: str, tmp_path: Path) -> None:
    """The archive refuses feeds for a crawl, and `scrapy parse -o FILE` is none."""
    command = [sys.executable, "-m", "scrapy", "parse", "--spider=news", article, "-o", "articles.jsonl"]
    require_success(subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False))
    assert "Harbour opens" in (tmp_path / "articles.jsonl").read_text()


@pytest.mark.parametrize("named", [[], ["-s", "NEWSARCHIVE_ARCHIVE=."]])
@pytest.mark.parametrize(
    "words",
    [
        ["parse", "--spider=news", "URL"],
        ["fetch", "--spider=news", "URL"],
        ["shell", "--spider=news", "URL", "-c", "response.article.headline"],
        ["shell", "URL", "-c", "response.article.headline"],
    ],
    ids=" ".join,
)
def test_commands_that_show_a_page_start_no_crawl(
    server: Any, make: Make, article: str, tmp_path: Path, words: list[str], named: list[str]
) -> None:
    """Also where the settings name an archive, as those for the add-on do: that page alone is fetched."""
    make()
    typed = [article if word == "URL" else word for word in words]
    shown = require_success(forked_process.run_scrapy(*typed, *named, at=tmp_path))
    assert "Harbour opens" in shown
    assert {each.path for each in server.log} <= {"/2026/11/20/harbour", "/robots.txt"}
    assert not (tmp_path / "warc").exists()


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
