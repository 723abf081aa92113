"""Pages that are empty without their scripts, rendered by a real browser through the crawl's own client."""

import gzip
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive
from newsarchive.crawl.browser import QUIET_TIMEOUT
from newsarchive.crawl.run import crawl
from storage.index.queries.articles import iter_captures
from storage.index.queries.export import iter_export_lines
from storage.index.views.articles import ALL_CAPTURES
from storage.warc.payload import split_message
from tests.rebuilding import rebuild

CHROMIUM = os.environ.get("NEWSARCHIVE_CHROMIUM") or shutil.which("chromium") or ""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: apt install chromium"),
]
BEGIN = datetime(2026, 11, 25, 12, tzinfo=UTC)
CONFIG = """
contact = "tests@localhost"
delay = "0s"
reader_processes = 1
commit_seconds = 0.1
requisites = false
browser = "{browser}"
render_time = "40s"
[[site]]
name = "app"
url = "{url}/"
allow_private = true
render = true
"""
SHELL = """<!DOCTYPE html><html><head><title>App</title><script src="/app.js" defer></script></head>
<body><div id="root"></div><img src="/never.png"></body></html>"""
SCRIPT = """
const root = document.getElementById("root");
const say = text => { const p = document.createElement("p"); p.textContent = text; return p; };
async function draw() {
  if (location.pathname === "/") {
    const front = await (await fetch("/api/front.json")).json();
    root.innerHTML = "<h1>Latest</h1>" + front.map(
      each => `<div class="card"><h3><a href="${each.url}">${each.title}</a></h3></div>`).join("");
    return;
  }
  const story = await (await fetch("/api" + location.pathname + ".json", {headers: {"X-Api-Key": "k1"}})).json();
  const data = document.createElement("script");
  data.type = "application/ld+json";
  data.textContent = JSON.stringify({"@context": "https://schema.org", "@type": "NewsArticle",
    headline: story.title, datePublished: story.published});
  document.head.append(data);
  const article = document.createElement("article");
  const head = document.createElement("h1");
  head.textContent = story.title;
  article.append(head, ...story.text.map(say));
  root.append(article);
  for (const evil of ["http://127.0.0.2:1/x", "http://169.254.169.254/latest/", "/private/secret.json"])
    fetch(evil).catch(() => null);
  fetch("/api/told", {method: "POST", body: "1"}).catch(() => null);
  try { new WebSocket("ws://" + location.host + "/socket"); } catch (error) {}
}
draw();
"""


def reply(body: str, mime: str = "text/html; charset=utf-8", *more: str) -> bytes:
    data = body.encode()
    head = "".join(f"{line}\r\n" for line in (f"Content-Type: {mime}", f"Content-Length: {len(data)}", *more))
    return f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + data


def story(title: str, told: str = "noted") -> str:
    text = [
        f"Paragraph {n}: the harbour master {told} wind, tide and the names of {n + 2} boats in her book — as ever."
        for n in range(8)
    ]
    return json.dumps({"title": title, "published": "2026-11-25T06:00:00Z", "text": text})


@pytest.fixture
def app(server: Any) -> Any:
    """A newsroom whose pages are one empty document, filled by a script from data."""
    server.say("/robots.txt", reply("User-agent: *\nDisallow: /private/\n", "text/plain"))
    for path in ("/", "/story/1", "/story/2"):
        server.say(path, reply(SHELL, "text/html; charset=utf-8", 'ETag: "shell"'))
    server.say("/app.js", reply(SCRIPT, "text/javascript"))
    front = [{"url": f"/story/{n}", "title": f"Harbour story number {n} is told at length"} for n in (1, 2)]
    server.say("/api/front.json", reply(json.dumps(front), "application/json"))
    for n in (1, 2):
        server.say(f"/api/story/{n}.json", reply(story(f"Harbour story number {n}"), "application/json"))
    return server


@pytest.fixture
def build(tmp_path: Path, app: Any) -> Iterator[Callable[[], Archive]]:
    """Create the archive."""
    with ExitStack() as stack:

        def make() -> Archive:
            (tmp_path / "newsarchive.toml").write_text(CONFIG.format(browser=CHROMIUM, url=app.base))
            return stack.enter_context(Archive.open(tmp_path))

        yield make


def paths(server: Any) -> list[str]:
    return [each.path for each in server.log]


def test_a_rendered_page_is_read_and_its_requests_are_recorded(app: Any, build: Callable[[], Archive]) -> None:
    """Articles come from data alone; document, script and data are in the files byte for byte, each once."""
    archive = build()
    report = crawl(archive, now=lambda: BEGIN)
    assert report.run.outcome == "finished"
    assert report.run.counters["rendered"] == 3
    lines = {line["headline"]: line for line in archive.index.stream(iter_export_lines)}
    assert set(lines) == {"Harbour story number 1", "Harbour story number 2"}
    one = lines["Harbour story number 1"]
    assert "the harbour master noted wind, tide and the names of 9 boats in her book — as ever." in one["body"]
    assert one["published"] == "2026-11-25T06:00:00Z"
    assert one["versions"] == 1
    captures = list(archive.index.stream(iter_captures, ALL_CAPTURES))
    kinds = {(capture.url.removeprefix(app.base), capture.kind, capture.outcome.value) for capture in captures}
    assert {
        ("/story/1", "response", "asset"),
        ("/story/1", "resource", "article"),
        ("/", "resource", "listing"),
        ("/app.js", "response", "asset"),
        ("/api/story/1.json", "response", "asset"),
    } <= kinds
    data = next(capture for capture in captures if capture.url.endswith("/api/story/1.json"))
    assert data.place is not None
    file = archive.config.warc_folder / data.place.warc
    raw = file.read_bytes()[data.place.offset : data.place.offset + data.place.length]
    assert app.of("/api/story/1.json")[0].response in gzip.decompress(raw)
    assert b"x-api-key: k1" in app.of("/api/story/1.json")[0].request.lower()
    assert split_message(app.of("/")[0].response)[1]


def test_the_browser_obeys_robots_and_the_guard(app: Any, build: Callable[[], Archive]) -> None:
    """No POST, WebSocket, image, disallowed URL or private address is requested; a script once in a run."""
    crawl(build(), now=lambda: BEGIN)
    asked = paths(app)
    assert asked.count("/app.js") == 1
    assert not {"/private/secret.json", "/api/told", "/socket", "/never.png"} & set(asked)
    assert all(each.request.startswith(b"GET ") for each in app.log)
    assert all(b"newsarchive/" in each.request for each in app.log)
    assert not [each for each in app.log if b"cookie:" in each.request.lower()]


def test_changed_data_make_a_version_of_an_unchanged_document(app: Any, build: Callable[[], Archive]) -> None:
    """The document is never requested conditionally; unchanged data make no version."""
    archive = build()
    crawl(archive, now=lambda: BEGIN)
    app.say("/api/story/1.json", reply(story("Harbour story number 1", "burnt"), "application/json"))
    crawl(archive, now=lambda: BEGIN + timedelta(hours=2))
    versions = {line["headline"]: line["versions"] for line in archive.index.stream(iter_export_lines)}
    assert versions == {"Harbour story number 1": 2, "Harbour story number 2": 1}
    assert not [each for each in app.log if b"if-none-match" in each.request.lower() and each.path.startswith("/story")]


def test_the_index_is_rebuilt_from_rendered_pages(app: Any, build: Callable[[], Archive]) -> None:
    """Without a browser; the files are intact, and mark the records that no server sent."""
    archive = build()
    crawl(archive, now=lambda: BEGIN)
    before = sorted(
        json.dumps(line, sort_keys=True) for line in archive.index.stream(iter_export_lines, all_versions=True)
    )
    rebuild(archive)
    assert (
        sorted(json.dumps(line, sort_keys=True) for line in archive.index.stream(iter_export_lines, all_versions=True))
        == before
    )
    assert not archive.verify().damaged
    whole = b"".join(gzip.decompress(path.read_bytes()) for path in archive.config.warc_folder.glob("*.warc.gz"))
    assert whole.count(b"rendered-by: chromium/") == 3
    assert whole.count(b"WARC-Type: resource") == 3


def test_pages_are_read_unrendered_if_the_browser_cannot_start(
    app: Any, build: Callable[[], Archive], tmp_path: Path
) -> None:
    """The document is read as received, and the record says that no browser rendered it."""
    archive = build()
    archive.config = replace(archive.config, browser=str(tmp_path / "no-browser"))
    report = crawl(archive, now=lambda: BEGIN)
    assert report.run.outcome == "finished"
    assert app.of("/")
    whole = b"".join(gzip.decompress(path.read_bytes()) for path in archive.config.warc_folder.glob("*.warc.gz"))
    assert b"rendered-by: none (" in whole


def test_a_document_that_cannot_be_decoded_is_not_rendered(app: Any, build: Callable[[], Archive]) -> None:
    """It counts as unreadable, and the run ends."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: sdch\r\nContent-Length: 4\r\n\r\n"
    app.say("/", head + b"\0\1\2\3")
    report = crawl(build(), now=lambda: BEGIN, max_time=60)
    assert report.run.outcome == "finished"
    assert report.run.counters["unreadable"] == 1


def test_late_data_are_waited_for(app: Any, build: Callable[[], Archive]) -> None:
    """As with a long pause of their host: the page is loaded, and empty until its data arrive."""
    app.answers["/api/front.json"] = replace(app.answers["/api/front.json"], pause=QUIET_TIMEOUT + 2.0)
    archive = build()
    crawl(archive, now=lambda: BEGIN)
    assert len(list(archive.index.stream(iter_export_lines))) == 2


def test_a_run_that_stops_while_rendering_makes_no_version(app: Any, build: Callable[[], Archive]) -> None:
    """Half a page is not a version. The next run renders it."""
    archive = build()
    front = app.answers["/api/front.json"]
    app.answers["/api/front.json"] = replace(front, pause=30.0)
    stopped = crawl(archive, now=lambda: BEGIN, max_time=QUIET_TIMEOUT + 5.0)
    assert stopped.run.outcome == "stopped"
    assert "rendered" not in stopped.run.counters
    app.answers["/api/front.json"] = front
    crawl(archive, now=lambda: BEGIN)
    assert len(list(archive.index.stream(iter_export_lines))) == 2
