"""The add-on in a Scrapy project of somebody else: exact records of whatever its spiders fetch."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
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
        yield scrapy.FormRequest.from_response(response, formdata={"name": "reader", "word": "s3cret"}, callback=self.read)

    def read(self, response):
        yield {"url": response.url, "text": response.css("p::text").get(), "body": response.text}
"""
WIRE = """
import json

import scrapy


class WireSpider(scrapy.Spider):
    name = "wire"
    custom_settings = {"HTTPERROR_ALLOW_ALL": True, "REDIRECT_ENABLED": False, "CONCURRENT_REQUESTS_PER_DOMAIN": 8}

    async def start(self):
        for method, url, meta in json.loads(self.urls):
            yield scrapy.Request(url, method=method, meta=meta, dont_filter=True, errback=self.failed)

    def parse(self, response):
        headers = {name.decode(): [one.decode("latin-1") for one in values] for name, values in response.headers.items()}
        yield {
            "url": response.url, "status": response.status, "size": len(response.body), "flags": response.flags,
            "headers": headers, "ip": str(response.ip_address), "protocol": response.protocol,
            "certificate": response.certificate is not None,
        }

    def failed(self, failure):
        yield {"url": failure.request.url, "error": failure.type.__name__}
"""


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
        done = subprocess.run(
            self.command("crawl", spider, "-O", "items.json", *words),
            cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def crawl_wire(self, *requests: tuple[str, str, dict[str, Any]], **settings: object) -> str:
        """Fetch by the spider of wire forms; returns the log."""
        given = [word for name, value in settings.items() for word in ("-s", f"{name}={value}")]
        return self.crawl("wire", "-a", f"urls={json.dumps(requests)}", *given).stderr

    def items(self) -> list[dict[str, Any]]:
        """What the spider yielded."""
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


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project outside of the checkout."""
    made = Project(tmp_path / "paper")
    subprocess.run(made.command("startproject", "paper"), cwd=tmp_path, capture_output=True, check=True)
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
    requests = [("GET", f"{either.base}/{name}", {}) for name in WHOLE]
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
    assert stats["newsarchive/revisit"] == sum(record.type == "revisit" for record in held)
    items = {urlsplit(item["url"]).path: item for item in project.items()}
    assert {path: item.get("status") for path, item in items.items() if path == "/head"} == {"/head": 200}
    assert [path for path, item in items.items() if "error" in item] == []
    assert (items["/gzip"]["size"], items["/chunked"]["size"], items["/head"]["size"]) == (len(BODY), len(BODY), 0)
    assert items["/cookies"]["headers"]["Set-Cookie"] == ["a=1", "b=2", "a=3"]
    assert items["/head"]["headers"]["Content-Length"] == ["5000"]
    assert {item["ip"] for item in items.values()} == {"127.0.0.1"}
    assert {item["certificate"] for item in items.values()} == {either.context is not None}
    assert items["/plain"]["protocol"] == "HTTP/1.1"
