"""Newsrooms on loopback that the common spider cannot read: one of JSON alone, one behind a login."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from newsarchive.archive import Archive
from newsarchive.config.toml_file import load_config
from newsarchive.crawl.run import CrawlReport, crawl

BEGIN = datetime(2026, 11, 25, 12, tzinfo=UTC)
PASSWORD = "correct horse & battery"
CONFIG = """
contact = "tests@localhost"
delay = "{delay}"
reader_processes = 1
commit_seconds = 0.1
requisites = false
index = "{index}"
[[site]]
name = "courier"
url = "{url}/"
allow_private = true
spider = "courier"
"""
JSON_SPIDER = '''
from newsarchive import ArticleItem, SiteSpider
from scrapy import Request


class Courier(SiteSpider):
    """The Courier: its pages are empty, and its API has everything."""

    def start(self):
        yield Request(self.site_url + "api/latest", callback=self.parse)

    def parse(self, response):
        for each in response.json()["articles"]:
            yield response.follow(f"/api/articles/{each['id']}", self.parse_article)
        if following := response.json().get("next"):
            yield response.follow(following, self.parse)

    def parse_article(self, response):
        story = response.json()
        yield ArticleItem(
            headline=story["title"], body="\\n\\n".join(story["text"]), url=story["link"], authors=story["by"],
            published=story["at"],
        )
'''
LOGIN_SPIDER = '''
import os
from urllib.parse import urlencode

from newsarchive import SiteSpider
from scrapy import Request


class Ledger(SiteSpider):
    """The Ledger: its articles are for subscribers."""

    async def start(self):
        yield Request(self.site_url + "login", callback=self.log_in, dont_filter=True)
        yield Request(self.site_url, callback=self.parse)

    def log_in(self, response):
        form = {each.attrib["name"]: each.attrib.get("value", "") for each in response.css("input")}
        form |= {"user": "archive", "password": os.environ["COURIER_PASSWORD"]}
        yield response.follow(
            response.css("form").attrib["action"], self.check, method="POST", body=urlencode(form),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )

    def check(self, response):
        assert "Welcome" in response.text

    def parse(self, response):
        yield from response.follow_all(css="h2 a", callback=self.parse_article)

    def parse_article(self, response):
        """Yield nothing: the page is read like any other."""
'''


def tell(number: int, told: str = "noted") -> dict[str, Any]:
    """Return an article of the newsrooms."""
    text = [
        f"Paragraph {line} of story {number}: the harbour master {told} wind, tide and {line + 2} boats in her book."
        for line in range(6)
    ]
    return {
        "id": number, "title": f"Harbour story number {number} is told at length", "text": text, "by": ["Ada Stone"],
        "at": f"2026-11-{number % 20 + 1:02}T06:30:00+01:00", "link": f"/news/{number}",
    }  # fmt: skip


@dataclass
class SmallNewsroom:
    """Articles, as JSON and as pages for subscribers; every request is logged."""

    stories: dict[int, dict[str, Any]] = field(default_factory=lambda: {n: tell(n) for n in range(1, 8)})
    page_size: int = 3
    broken: set[int] = field(default_factory=set)
    """Articles whose JSON lacks the title."""
    log: list[str] = field(default_factory=list)
    """Method and path of each request."""
    unauthorized: list[str] = field(default_factory=list)
    """Paths that were requested without having logged in."""
    logins: int = 0
    etag: str = ""
    """Of each article's JSON, if set: then a conditional request gets 304."""
    answers: dict[str, Callable[[str], tuple[int, str, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        newsroom = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                newsroom.log.append(f"{self.command} {self.path}")
                size = int(self.headers["Content-Length"] or 0)
                body = self.rfile.read(size).decode()
                status, mime, text = newsroom.respond(self, body)
                data = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", mime)
                self.send_header("Content-Length", str(len(data)))
                for name, value in newsroom.extra:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_GET  # noqa: N815 - http.server's name

            def log_message(self, *_: Any) -> None:
                pass

        self.extra: list[tuple[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()

    def respond(self, request: Any, body: str) -> tuple[int, str, str]:
        """Return status, type and body for a request."""
        self.extra = []
        path = request.path
        if path == "/robots.txt":
            return 200, "text/plain", "User-agent: *\nDisallow: /private/\n"
        if path in self.answers:
            return self.answers[path](body)
        if path.startswith("/api/latest"):
            begin = int(path.partition("?from=")[2] or 0)
            shown = sorted(self.stories, reverse=True)[begin : begin + self.page_size]
            following = begin + self.page_size
            more = f"/api/latest?from={following}" if following < len(self.stories) else None
            return 200, "application/json", json.dumps({"articles": [{"id": n} for n in shown], "next": more})
        if path.startswith("/api/articles/"):
            number = int(path.rpartition("/")[2])
            story = dict(self.stories[number])
            self.extra = [("ETag", self.etag)] if self.etag else []
            if self.etag and request.headers.get("If-None-Match") == self.etag:
                return 304, "application/json", ""
            if number in self.broken:
                del story["title"]
            return 200, "application/json; charset=utf-8", json.dumps(story)
        return self._respond_to_reader(request, path, body)

    def _respond_to_reader(self, request: Any, path: str, body: str) -> tuple[int, str, str]:  # noqa: PLR0911
        session = request.headers.get("Cookie") or ""
        if path == "/login" and request.command == "GET":
            self.extra = [("Set-Cookie", "visit=first-visit-4711; Path=/")]
            form = (
                '<form method="post" action="/login"><input name="token" type="hidden" value="t1"><input name="user">'
            )
            return 200, "text/html", f"<html><body>{form}<input name='password'></form></body></html>"
        if path == "/login":
            sent = {name: values[0] for name, values in parse_qs(body).items()}
            if (
                sent != {"token": "t1", "user": "archive", "password": PASSWORD}
                or "visit=first-visit-4711" not in session
            ):
                return 403, "text/html", "<html><body>Wrong</body></html>"
            self.logins += 1
            self.extra = [("Set-Cookie", f"session=secret-session-{self.logins}; Path=/"), ("Location", "/welcome")]
            return 303, "text/html", ""
        if f"session=secret-session-{self.logins}" not in session or not self.logins:
            self.unauthorized.append(path)
            return 401, "text/html", "<html><body>Log in</body></html>"
        if path == "/welcome":
            return 200, "text/html", "<html><body><p>Welcome</p></body></html>"
        if path == "/":
            links = "".join(f'<h2><a href="/news/{n}">{each["title"]}</a></h2>' for n, each in self.stories.items())
            return 200, "text/html; charset=utf-8", f"<html><title>Ledger</title><body>{links}</body></html>"
        story = self.stories[int(path.rpartition("/")[2])]
        text = "".join(f"<p>{each}</p>" for each in story["text"])
        data = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": story["title"]}
        data |= {"datePublished": story["at"], "author": {"@type": "Person", "name": story["by"][0]}}
        head = f'<title>{story["title"]}</title><script type="application/ld+json">{json.dumps(data)}</script>'
        page = f"<html><head>{head}</head><body><article><h1>{story['title']}</h1>{text}</article></body></html>"
        return 200, "text/html; charset=utf-8", page


@pytest.fixture
def newsroom() -> Iterator[SmallNewsroom]:
    """A newsroom at a port of its own."""
    served = SmallNewsroom()
    yield served
    served.close()


@dataclass
class Rig:
    """An archive of the newsroom."""

    folder: Path
    newsroom: SmallNewsroom

    def crawl(self, at: datetime) -> CrawlReport:
        """Crawl, as if it were that time."""
        with Archive.open(self.folder) as archive:
            return crawl(archive, now=lambda: at)

    def write_spider(self, source: str) -> None:
        """Write spiders/courier.py."""
        (self.folder / "spiders").mkdir(exist_ok=True)
        (self.folder / "spiders" / "courier.py").write_text(source)


@pytest.fixture
def build(tmp_path: Path, newsroom: SmallNewsroom) -> Callable[..., Rig]:
    """Makes an archive of the newsroom with a spider."""

    def make(source: str, *, index: str = "", delay: str = "0s", more: str = "") -> Rig:
        folder = tmp_path / "archive"
        folder.mkdir()
        text = CONFIG.format(url=newsroom.url, index=index, delay=delay) + more
        (folder / "newsarchive.toml").write_text(text)
        load_config(folder)
        rig = Rig(folder, newsroom)
        rig.write_spider(source)
        return rig

    return make
