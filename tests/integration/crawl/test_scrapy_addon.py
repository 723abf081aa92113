"""The add-on in a Scrapy project of somebody else: exact records of whatever its spiders fetch."""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastwarc import ArchiveIterator as FastIterator
from warcio.archiveiterator import ArchiveIterator

from newsarchive.archive import Archive
from storage.index.queries.articles import iter_captures
from storage.index.views.articles import ALL_CAPTURES
from storage.model import Outcome
from storage.warc.check import check_file
from storage.warc.payload import final_response_start, split_message
from storage.warc.reader import read_records
from storage.warc.record import Record
from tests.forked_process import run_scrapy
from tests.in_process import run_in_process
from tests.integration.crawl.wire_forms import BODY, CUT, OK, WHOLE, chunked, sized
from tests.newsroom import Newsroom, serve
from tests.newsroom.clock import Clock
from tests.newsroom.exchange_log import read_log

ROOT = Path(__file__).parents[3]
ADDON = 'ADDONS = {"newsarchive.scrapy_addon.WarcAddon": 100}\n'
NEWS = """
from scrapy.linkextractors import LinkExtractor
from scrapy.spiders import CrawlSpider, Rule


class NewsroomSpider(CrawlSpider):
    name = "newsroom"
    custom_settings = {"COOKIES_ENABLED": False}
    rules = (Rule(LinkExtractor(), callback="read", follow=True),)

    def __init__(self, url, **kwargs):
        super().__init__(**kwargs)
        self.start_urls = [url]

    def read(self, response):
        yield {"url": response.url, "status": response.status, "size": len(response.body)}
"""
FORM = """
import scrapy


class LoginSpider(scrapy.Spider):
    name = "login"

    async def start(self):
        yield scrapy.Request(self.url + "/login", headers={"X-Desk": "courier"})

    def parse(self, response):
        words = {"name": "reader", "word": "s3cret"}
        yield scrapy.FormRequest.from_response(response, formdata=words, callback=self.read)

    def read(self, response):
        yield {"url": response.url, "text": response.css("p::text").get(), "body": response.text}
"""
WIRE = """
import json

import scrapy


class WireSpider(scrapy.Spider):
    name = "wire"
    custom_settings = {"HTTPERROR_ALLOW_ALL": True, "REDIRECT_ENABLED": False, "COOKIES_ENABLED": False}

    async def start(self):
        for method, url, meta in json.loads(self.urls):
            yield scrapy.Request(url, method=method, meta=meta, dont_filter=True, errback=self.failed)

    def parse(self, response):
        headers = {name.decode(): [one.decode("latin-1") for one in all] for name, all in response.headers.items()}
        yield {
            "url": response.url, "status": response.status, "size": len(response.body), "flags": response.flags,
            "headers": headers, "ip": str(response.ip_address), "protocol": response.protocol,
            "certificate": response.certificate is not None,
        }

    def failed(self, failure):
        yield {"url": failure.request.url, "error": failure.type.__name__}
"""


FULL = """
import resource

from paper.spiders.wire import WireSpider


class FullSpider(WireSpider):
    name = "last"

    def closed(self, reason):
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))
"""

COURIER = """
from newsarchive import ArticleItem, SiteSpider


class Courier(SiteSpider):
    name = "courier"

    def parse(self, response):
        yield ArticleItem(headline=response.css("h1::text").get())
"""


Asked = tuple[str, str, dict[str, Any]]
"""Method, URL and meta of a request."""


@dataclass
class Project:
    """A project as `scrapy startproject` makes it, with the add-on and three spiders."""

    folder: Path

    def set(self, lines: str) -> None:
        """Add to its settings."""
        with (self.folder / "paper" / "settings.py").open("a") as file:
            file.write("\n" + lines)

    def command(self, *words: str) -> list[str]:
        """The command line of a scrapy command."""
        return [sys.executable, "-m", "scrapy", *words]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of its processes."""
        return os.environ | {"PYTHONPATH": str(ROOT)}

    def crawl(self, spider: str, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a spider to its end; its items are in `items`."""
        done = run_scrapy("crawl", spider, "-O", "items.json", *words, at=self.folder)
        assert done.returncode == code, done.stderr
        assert "newsarchive/scrapy_addon" not in done.stderr, done.stderr  # a traceback
        return done

    def crawl_wire(self, *requests: Asked, **settings: object) -> str:
        """Fetch by the spider of wire forms; returns the log."""
        given = [word for name, value in settings.items() for word in ("-s", f"{name}={value}")]
        return self.crawl("wire", "-a", f"urls={json.dumps(requests)}", *given).stderr

    def items(self) -> list[dict[str, Any]]:
        """Items that the spider yielded."""
        found: list[dict[str, Any]] = json.loads((self.folder / "items.json").read_text())
        return found

    def warcs(self, folder: str = "warc") -> list[Path]:
        """Its WARC files."""
        return sorted((self.folder / folder).glob("*.warc.gz*"))

    def records(self, folder: str = "warc") -> list[Record]:
        """All their records."""
        return [record for path in self.warcs(folder) for record in read_records(path)]


def stats_of(log: str) -> dict[str, Any]:
    """The numbers that Scrapy prints at the end."""
    return {name: int(count) for name, count in re.findall(r"'([\w/]+)': (\d+)[,}]", log)}


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `scrapy startproject` makes, outside of the checkout."""
    folder = tmp_path_factory.mktemp("started")
    subprocess.run(Project(folder).command("startproject", "paper"), cwd=folder, capture_output=True, check=True)
    return folder / "paper"


@pytest.fixture
def project(started: Path, tmp_path: Path) -> Project:
    """A project of its own."""
    made = Project(tmp_path / "paper")
    shutil.copytree(started, made.folder)
    for name, text in (("newsroom", NEWS), ("login", FORM), ("wire", WIRE)):
        (made.folder / "paper" / "spiders" / f"{name}.py").write_text(text)
    made.set(ADDON + "DOWNLOAD_DELAY = 0\nCONCURRENT_REQUESTS_PER_DOMAIN = 8\nRETRY_ENABLED = False\n")
    return made


def test_every_wire_form_is_recorded_to_the_byte(project: Project, either: Any) -> None:
    """The blocks equal the server's log, in any form, without and with TLS, and the spider has its response."""
    for name, (data, then) in WHOLE.items():
        either.say(f"/{name}", data, then)
    either.say("/head", OK + b"Content-Length: 5000\r\n\r\n")
    either.say("/robots.txt", sized(b"HTTP/1.1 200 OK\r\n", b"User-agent: *\nAllow: /\n"))
    requests: list[Asked] = [("GET", f"{either.base}/{name}", {}) for name in WHOLE]
    stats = stats_of(project.crawl_wire(*requests, ("HEAD", f"{either.base}/head", {})))
    held = project.records()
    assert Counter(r.block for r in held if r.type == "request") == Counter(one.request for one in either.log)
    sent = {either.base + one.path: one.response[final_response_start(one.response) :] for one in either.log}
    kept = {record.uri: record for record in held if record.type in ("response", "revisit")}
    assert kept.keys() == sent.keys()
    for url, record in kept.items():
        whole = sent[url] if record.type == "response" else split_message(sent[url])[0]
        assert (record.uri, record.block) == (url, whole)
        assert record.get("WARC-Truncated") == ("length" if record.type == "revisit" else None), url
        assert record.get("WARC-IP-Address") == "127.0.0.1"
    assert "revisit" in {record.type for record in held}
    assert stats["newsarchive/records"] == len(either.log) == len(kept)
    assert stats["newsarchive/bytes"] == sum(len(one.response) for one in either.log)
    assert stats["newsarchive/revisits"] == sum(record.type == "revisit" for record in held)
    items = {urlsplit(item["url"]).path: item for item in project.items()}
    assert {path: item.get("status") for path, item in items.items() if path == "/head"} == {"/head": 200}
    assert [path for path, item in items.items() if "error" in item] == []
    assert (items["/gzip"]["size"], items["/chunked"]["size"], items["/head"]["size"]) == (len(BODY), len(BODY), 0)
    assert items["/cookies"]["headers"]["Set-Cookie"] == ["a=1", "b=2", "a=3"]
    assert items["/head"]["headers"]["Content-Length"] == ["5000"]
    assert {item["ip"] for item in items.values()} == {"127.0.0.1"}
    assert {item["certificate"] for item in items.values()} == {either.context is not None}
    assert items["/plain"]["protocol"] == "HTTP/1.1"


@pytest.mark.slow
def test_incomplete_responses_are_recorded_as_far_as_they_came(project: Project, either: Any) -> None:
    """The bytes received are recorded with the reason of the end, and the spider has Scrapy's error."""
    for name, (data, then, _) in CUT.items():
        either.say(f"/{name}", data, then)
    late = {"slow": {"download_timeout": 2}}  # the rest must not time out on a busy machine
    requests: list[Asked] = [("GET", f"{either.base}/{name}", late.get(name, {})) for name in CUT]
    project.crawl_wire(*requests, ROBOTSTXT_OBEY=False, CONCURRENT_REQUESTS_PER_DOMAIN=1)
    held = {urlsplit(record.uri).path[1:]: record for record in project.records() if record.type == "response"}
    assert {name: (record.block, record.get("WARC-Truncated")) for name, record in held.items()} == {
        name: (data, why) for name, (data, _, why) in CUT.items()
    }
    items = {urlsplit(item["url"]).path[1:]: item for item in project.items()}
    assert {name: items[name]["error"] for name in ("slow", "cut-body", "cut-chunks")} == {
        "slow": "DownloadTimeoutError", "cut-body": "ResponseDataLossError", "cut-chunks": "ResponseDataLossError",
    }  # fmt: skip
    assert items["reset-until-close"]["flags"] == ["partial"]


def test_limits_and_timeouts_are_scrapys(project: Project, server: Any) -> None:
    """A response beyond DOWNLOAD_MAXSIZE is recorded as far as it came; no bytes are no record."""
    body = b"x" * 900_000
    server.say("/length", sized(OK, body))
    server.say("/chunks", OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body))
    server.say("/silent", b"", "hang")
    server.say("/closed", b"", "close")
    requests: list[Asked] = [("GET", server.base + path, {}) for path in ("/length", "/chunks", "/closed")]
    requests += [("GET", f"{server.base}/silent", {"download_timeout": 1})]
    requests += [("GET", "http://no-such-host.invalid/", {}), ("GET", "http://127.0.0.1:9/", {})]
    project.crawl_wire(*requests, ROBOTSTXT_OBEY=False, DOWNLOAD_MAXSIZE=200_000)
    held = {urlsplit(record.uri).path: record for record in project.records() if record.type == "response"}
    assert {path: record.get("WARC-Truncated") for path, record in held.items()} == {
        "/length": "length", "/chunks": "length",
    }  # fmt: skip
    for path, record in held.items():
        assert server.of(path)[0].response.startswith(record.block)
    assert 200_000 < len(held["/chunks"].block) < 400_000
    assert {urlsplit(item["url"]).netloc + urlsplit(item["url"]).path: item["error"] for item in project.items()} == {
        f"127.0.0.1:{server.port}/length": "DownloadCancelledError",
        f"127.0.0.1:{server.port}/chunks": "DownloadCancelledError",
        f"127.0.0.1:{server.port}/silent": "DownloadTimeoutError",
        f"127.0.0.1:{server.port}/closed": "DownloadFailedError",
        "no-such-host.invalid/": "CannotResolveHostError",
        "127.0.0.1:9/": "DownloadConnectionRefusedError",
    }


def test_retries_are_records_of_their_own(project: Project, server: Any, said: Any) -> None:
    """RetryMiddleware retries what it retries without the add-on, and each try is recorded."""
    answers = [sized(b"HTTP/1.1 503 Busy\r\n", b"later"), OK + b"Content-Length: 90\r\n\r\nab", sized(OK, b"now")]
    tries = iter(answers)
    server.answers["/flaky"] = lambda: said(next(tries), "close")
    log = project.crawl_wire(("GET", f"{server.base}/flaky", {}), ROBOTSTXT_OBEY=False, RETRY_ENABLED=True)
    held = [record for record in project.records() if record.type == "response"]
    assert [record.block for record in held] == answers
    assert [record.get("WARC-Truncated") for record in held] == [None, "disconnect", None]
    assert stats_of(log)["retry/count"] == 2


def test_a_form_with_cookies_and_redirects(project: Project, server: Any) -> None:
    """A POST, its body, its redirect and the cookies are recorded as they were sent, or hidden where that is set."""
    form = b'<form action="/enter" method="post"><input name="name"><input name="word"></form>'
    server.say("/login", sized(OK + b"Content-Type: text/html\r\nSet-Cookie: visit=17; Path=/\r\n", form))
    server.say("/enter", sized(b"HTTP/1.1 302 Found\r\nLocation: /desk\r\nSet-Cookie: key=abc; Path=/\r\n", b""))
    server.say("/desk", sized(OK + b"Content-Type: text/html\r\n", b"<p>Welcome</p>"))
    project.crawl("login", "-a", f"url={server.base}", "-s", "ROBOTSTXT_OBEY=False")
    held = project.records()
    assert [record.block for record in held if record.type == "request"] == [one.request for one in server.log]
    assert [record.block for record in held if record.type == "response"] == [one.response for one in server.log]
    assert [one.path for one in server.log] == ["/login", "/enter", "/desk"]
    sent = server.log[1].request
    assert (b"name=reader&word=s3cret" in sent, b"Cookie: visit=17" in sent) == (True, True)
    assert (b"X-Desk: courier" in server.log[0].request, b"key=abc" in server.log[2].request) == (True, True)
    assert [item["text"] for item in project.items()] == ["Welcome"]
    kinds = [
        b"kind: part" in record.block for record in held if record.type == "metadata" and b"site: " in record.block
    ]
    assert kinds == [True]
    project.crawl(
        "login", "-a", f"url={server.base}", "-s", "ROBOTSTXT_OBEY=False", "-s", "NEWSARCHIVE_HIDE_CREDENTIALS=True",
        "-s", "NEWSARCHIVE_WARC_FOLDER=hidden",
    )  # fmt: skip
    asked = [record.block for record in project.records("hidden") if record.type == "request"]
    answered = [record.block for record in project.records("hidden") if record.type == "response"]
    assert [secret in b"".join(asked) for secret in (b"s3cret", b"visit=17", b"key=abc")] == [False, False, False]
    assert [secret in b"".join(answered) for secret in (b"visit=17", b"key=abc")] == [False, False]
    assert [len(block) for block in asked] == [len(one.request) for one in server.log[3:]]


def test_files_are_read_by_other_tools(project: Project, server: Any) -> None:
    """gzip, warcio and FastWARC read the files, and see the same records; our own check finds them sound."""
    for name, (data, then) in WHOLE.items():
        server.say(f"/{name}", data, then)
    project.crawl_wire(*(("GET", f"{server.base}/{name}", {}) for name in WHOLE))
    (path,) = project.warcs()
    subprocess.run(["gzip", "-t", str(path)], check=True)
    own = [(record.type, f"<{record.id}>") for record in project.records()]
    with path.open("rb") as file:
        assert [(r.rec_type, r.rec_headers.get_header("WARC-Record-ID")) for r in ArchiveIterator(file)] == own
    with path.open("rb") as file:
        fast = [(str(r.record_type).rpartition(".")[2], r.record_id) for r in FastIterator(file, parse_http=False)]
    assert fast == own
    assert check_file(path).problems == []


def test_closing_conditions_and_signals(project: Project, server: Any) -> None:
    """CLOSESPIDER_PAGECOUNT ends the spider; a spider that stops downloads has what it asked for, named as cut."""
    for number in range(40):
        server.say(f"/{number}", sized(OK, b"x" * 300))
    requests: list[Asked] = [("GET", f"{server.base}/{number}", {}) for number in range(40)]
    settings = {"ROBOTSTXT_OBEY": False, "CLOSESPIDER_PAGECOUNT": 5, "CONCURRENT_REQUESTS": 2}
    log = project.crawl_wire(*requests, **settings)
    stats = stats_of(log)
    assert "'finish_reason': 'closespider_pagecount'" in log
    assert 5 <= stats["newsarchive/records"] == len(server.log) < 40
    assert not [path for path in project.warcs() if path.name.endswith(".open")]
    ended = [record.block for record in project.records() if record.type == "metadata"][-1]
    assert b"outcome: closespider_pagecount" in ended


STOP = """
from scrapy import signals
from scrapy.exceptions import StopDownload


class Stopper:
    def __init__(self, crawler):
        crawler.signals.connect(self.stop, signals.headers_received)

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)

    def stop(self, headers, body_length, request):
        raise StopDownload(fail=False)
"""


def test_a_download_that_the_project_stops(project: Project, server: Any) -> None:
    """Its record has what was received, and blames neither side."""
    data = sized(OK + b"X-Edition: islands\r\n", b"x" * 900_000)
    server.say("/large", data)
    (project.folder / "paper" / "stopper.py").write_text(STOP)
    project.set('EXTENSIONS = {"paper.stopper.Stopper": 1}\n')
    project.crawl_wire(("GET", f"{server.base}/large", {}), ROBOTSTXT_OBEY=False)
    (record,) = [record for record in project.records() if record.type == "response"]
    assert (data.startswith(record.block), record.get("WARC-Truncated")) == (True, "unspecified")
    (item,) = project.items()
    assert (item["flags"], item["headers"]["X-Edition"]) == (["download_stopped"], ["islands"])


def test_exchanges_through_a_proxy_are_exact(project: Project, server: Any) -> None:
    """What was sent to the proxy and received from it is recorded, and no address of a server is claimed."""
    page = sized(OK, b"<p>by proxy</p>")
    server.say("http://news.example/story", page)
    log = project.crawl_wire(("GET", "http://news.example/story", {"proxy": server.base}), ROBOTSTXT_OBEY=False)
    asked, answered = sorted(project.records()[1:3], key=lambda record: record.type)
    assert (asked.type, asked.uri, asked.block) == ("request", "http://news.example/story", server.log[0].request)
    assert asked.block.startswith(b"GET http://news.example/story HTTP/1.1\r\n")
    assert (answered.block, answered.get("WARC-IP-Address")) == (page, None)
    assert stats_of(log)["newsarchive/records"] == 1


OWN = """
from scrapy.http import HtmlResponse, Response


class Browser:
    lazy = False

    async def download_request(self, request):
        if "page" in request.url:
            return HtmlResponse(request.url, body="<p>J\xfcrgen</p>".encode("latin-1"), encoding="latin-1")
        return Response(request.url, body=b"png")

    async def close(self):
        print("browser closed")
"""


def test_a_handler_of_the_projects_own_is_not_replaced(project: Project) -> None:
    """Pages that it returns are resource records, no response is made up, and one warning says what is missing."""
    (project.folder / "paper" / "browser.py").write_text(OWN)
    project.set('DOWNLOAD_HANDLERS = {"http": "paper.browser.Browser"}\n')
    paths = ("page/1", "page/2", "picture/1", "picture/2")
    requests: list[Asked] = [("GET", f"http://news.example/{path}", {}) for path in paths]
    done = project.crawl("wire", "-a", f"urls={json.dumps(requests)}", "-s", "ROBOTSTXT_OBEY=False")
    held = [record for record in project.records() if record.type not in ("warcinfo", "metadata")]
    assert [(record.type, record.block) for record in held] == [("resource", "\ufeff<p>J\xfcrgen</p>".encode())] * 2
    about = [record.block for record in project.records() if record.type == "metadata"]
    assert sum(b"rendered-by: paper.browser.Browser" in block for block in about) == 2
    assert done.stderr.count("shows no bytes of HTTP") == 1
    stats = stats_of(done.stderr)
    assert (stats["newsarchive/records"], stats["newsarchive/not_recorded"]) == (2, 2)
    assert "browser closed" in done.stdout


def test_what_scrapy_playwright_leaves_to_scrapy_is_exact(project: Project, server: Any) -> None:
    """Only requests for its browser go to it."""
    server.say("/page/exact", sized(OK, b"<p>exact</p>"))
    (project.folder / "scrapy_playwright").mkdir()
    (project.folder / "scrapy_playwright" / "handler.py").write_text(OWN)
    project.set('DOWNLOAD_HANDLERS = {"http": "scrapy_playwright.handler.Browser"}\n')
    requests: list[Asked] = [
        ("GET", f"{server.base}/page/exact", {}), ("GET", f"{server.base}/page/shown", {"playwright": True}),
    ]  # fmt: skip
    project.crawl_wire(*requests, ROBOTSTXT_OBEY=False)
    held = {urlsplit(r.uri).path: (r.type, r.block) for r in project.records() if r.type in ("response", "resource")}
    assert held["/page/exact"] == ("response", sized(OK, b"<p>exact</p>"))
    assert held["/page/shown"][0] == "resource"
    assert [one.path for one in server.log] == ["/page/exact"]


@pytest.mark.parametrize(
    ("addons", "recorded"), [(None, 1), ("{}", 0), ('{"newsarchive.scrapy_addon.WarcAddon": null}', 0)]
)
def test_a_spider_of_a_site_that_nothing_records_says_so(
    project: Project, server: Any, addons: str | None, recorded: int
) -> None:
    """Run by its own name, it is one of Scrapy's: the add-on records it, else one line says that nothing does."""
    (project.folder / "paper" / "spiders" / "courier.py").write_text(COURIER)
    server.say("/", sized(OK, b"<h1>Ferry</h1>"))
    project.set("ROBOTSTXT_OBEY = False\n")
    more = ["-s", f"ADDONS={addons}"] if addons else []
    done = project.crawl("courier", "-a", f"site_url={server.base}/", *more)
    assert [item["headline"] for item in project.items()] == ["Ferry"]
    assert len([record for record in project.records() if record.type == "response"]) == recorded
    said = "nothing that the spider courier fetches here is archived. To record it, set ADDONS"
    assert done.stderr.count(said) == 1 - recorded


@pytest.mark.slow
def test_a_killed_spider_leaves_a_file_that_is_repaired(project: Project, server: Any) -> None:
    """After kill -9 the next spider closes the file, and all that was received before is in it."""
    for number in range(30):
        server.say(f"/{number}", sized(OK, b"x" * 3000))
    server.say("/hang", b"", "hang")
    requests: list[Asked] = [("GET", f"{server.base}/{number}", {}) for number in [*range(30), "hang"]]
    words = ("crawl", "wire", "-a", f"urls={json.dumps(requests)}", "-s", "ROBOTSTXT_OBEY=False")
    running = subprocess.Popen(
        project.command(*words), cwd=project.folder, env=project.environment, stderr=subprocess.DEVNULL
    )
    while not server.of("/hang") or len(server.log) < 31:
        time.sleep(0.05)
    while sum(path.stat().st_size for path in project.warcs()) == 0 or len(read_whole(project)) < 30:
        time.sleep(0.05)
    running.kill()
    running.wait()
    (left,) = project.warcs()
    assert left.name.endswith(".warc.gz.open")
    with left.open("ab") as file:
        file.write(b"\x1f\x8b\x08torn")
    with Archive.init(project.folder / "morgue") as archive:
        assert archive.import_files([left]).read.captures == 30
    server.say("/last", sized(OK, b"last"))
    project.crawl_wire(("GET", f"{server.base}/last", {}), ROBOTSTXT_OBEY=False)
    assert [path.name.endswith(".gz") for path in project.warcs() if ".torn-" not in path.name] == [True, True]
    kept = [record.uri for path in project.warcs() if ".torn-" not in path.name for record in read_records(path)]
    assert {f"{server.base}/{number}" for number in [*range(30), "last"]} <= set(kept)


def read_whole(project: Project) -> list[Record]:
    """The captures of a file that is being written."""
    found: list[Record] = []
    for path in project.warcs():
        found += [
            record for record in read_records(path, on_damage=lambda _: None) if record.type in ("response", "revisit")
        ]
    return found


def test_a_spider_that_cannot_be_recorded_is_closed(project: Project, server: Any) -> None:
    """Nothing is fetched that could not be kept, and a line says why."""
    server.say("/page", sized(OK, b"x"))
    (project.folder / "file").write_text("in the way")
    log = project.crawl_wire(("GET", f"{server.base}/page", {}), NEWSARCHIVE_WARC_FOLDER="file/warc")
    assert server.log == []
    assert "The spider is closed: it cannot be recorded" in log
    assert "'finish_reason': 'newsarchive_failed'" in log


@pytest.mark.slow
def test_a_disk_that_fills_closes_the_spider(project: Project, server: Any) -> None:
    """Nothing more is fetched once a record cannot be written, and what was written before is sound."""
    for number in range(60):
        server.say(f"/{number}", sized(OK, os.urandom(20_000)))
    requests: list[Asked] = [("GET", f"{server.base}/{number}", {}) for number in range(60)]
    words = ("crawl", "wire", "-a", f"urls={json.dumps(requests)}", "-s", "ROBOTSTXT_OBEY=False")
    done = subprocess.run(
        project.command(*words, "-s", "CONCURRENT_REQUESTS=2"),
        cwd=project.folder, env=project.environment, capture_output=True, text=True, timeout=120, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000)),
    )  # fmt: skip
    assert "cannot be recorded any more" in done.stderr
    assert "'finish_reason': 'newsarchive_failed'" in done.stderr
    assert len(server.log) < 60
    kept = [record for record in project.records() if record.type == "response"]
    assert 10 <= len(kept) == stats_of(done.stderr)["newsarchive/records"]


@pytest.mark.slow
def test_a_disk_that_is_full_at_the_end(project: Project, server: Any) -> None:
    """The error is one line, and the records of before are repaired by the next run."""
    (project.folder / "paper" / "spiders" / "last.py").write_text(FULL)
    server.say("/page", sized(OK, b"x" * 5000))
    words = ("crawl", "last", "-a", f"urls={json.dumps([('GET', f'{server.base}/page', {})])}")
    done = subprocess.run(
        project.command(*words, "-s", "ROBOTSTXT_OBEY=False"),
        cwd=project.folder, env=project.environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "What was recorded before is kept; the next run repairs the file" in done.stderr
    assert "Traceback" not in done.stderr
    project.crawl_wire(("GET", f"{server.base}/page", {}), ROBOTSTXT_OBEY=False)
    assert [record.type for record in project.records()].count("response") == 2


def test_a_project_with_another_reactor_is_refused(project: Project) -> None:
    """It would not be recorded."""
    done = subprocess.run(
        project.command("crawl", "wire", "-s", "TWISTED_REACTOR=twisted.internet.selectreactor.SelectReactor"),
        cwd=project.folder, env=project.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "cannot record with this TWISTED_REACTOR" in done.stderr


@pytest.mark.slow
def test_pages_are_read_into_an_archive(
    project: Project, tmp_path: Path, dump: Callable[..., Any], different: Callable[..., Any]
) -> None:
    """A CrawlSpider's pages are articles of an archive; its chain and files verify, and a rebuild is the same index."""
    log = tmp_path / "newsroom.log"
    folder = project.folder / "morgue"
    project.set('NEWSARCHIVE_ARCHIVE = "morgue"\nCLOSESPIDER_PAGECOUNT = 24\n')
    with serve(Newsroom(articles=60), clock=Clock(), log=log) as server:
        for _ in range(2):
            done = project.crawl("newsroom", "-a", f"url={server.url}")
            assert "captures indexed" in done.stderr
    exchanges = list(read_log(log))
    held = project.records("morgue/warc")
    assert Counter(r.block for r in held if r.type == "request") == Counter(one.request for one in exchanges)
    sent = Counter(one.response for one in exchanges)
    sent.subtract(Counter(r.block for r in held if r.type == "response"))
    assert min(sent.values()) == 0
    heads = Counter(r.block for r in held if r.type == "revisit")
    assert Counter(split_message(response)[0] for response in (+sent).elements()) == heads
    assert heads, "the second crawl brought nothing that had been seen before"
    with Archive.open(folder) as archive:
        outcomes = Counter(each.outcome for each in archive.index.stream(iter_captures, ALL_CAPTURES))
        before = dump(archive.index)
    assert outcomes[Outcome.ARTICLE] > 10
    assert sum(outcomes.values()) == len(exchanges)
    for words in (("verify", "--deep"), ("rebuild",)):
        ended = run_in_process(*words, "--archive", folder)
        assert ended.returncode == 0, ended.stdout + ended.stderr
    with Archive.open(folder) as archive:
        assert different(before, dump(archive.index)) == {}
    status = run_in_process("status", "--archive", folder).stdout
    assert re.search(r"^last crawl: started 2\d{3}-", status, re.MULTILINE), "it has no configured sites"
