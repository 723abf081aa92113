"""Style sheets, images and fonts of pages: fetched once, politely, after everything else."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive
from newsarchive.crawl.run import crawl
from storage.callbacks import utc_now
from storage.warc.reader import CaptureRecord, read_captures
from tests.rebuilding import rebuild

CONFIG = """
contact = "tests@localhost"
delay = "{delay}"
timeout = "5s"
reader_processes = 1
commit_seconds = 0.1
max_asset_size = "50kB"
requisites = {requisites}
[[site]]
name = "example"
url = "{url}/"
hosts = ["cdn.test"]
allow_private = true
"""
STORY = """<!DOCTYPE html><html><head><title>A story</title><link rel="stylesheet" href="/style.css">
<link rel="icon" href="/icon.png"></head><body><article><h1>A story of the harbour and its boats</h1>{text}
<img src="/small.png" srcset="/small.png 300w, /wide.png 1300w"><img src="{cdn}/photo.jpg">
<img src="http://192.168.7.7/router.png"></article></body></html>"""
TEXT = "<p>The harbour master noted wind and tide in her book, as she has done every morning for thirty years.</p>" * 9
Make = Callable[..., Archive]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Create an archive of one site whose images are on cdn.test, which is this machine, too."""
    real = socket.getaddrinfo

    def answer(host: str, *rest: Any, **more: Any) -> Any:
        return real("127.0.0.1" if host == "cdn.test" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with ExitStack() as stack:

        def made(server: Any, requisites: str = "true", delay: str = "0s") -> Archive:
            text = CONFIG.format(url=server.base, requisites=requisites, delay=delay)
            (tmp_path / "newsarchive.toml").write_text(text)
            return stack.enter_context(Archive.open(tmp_path))

        yield made


def plain(status: int, body: bytes, mime: str, head: str = "") -> bytes:
    lines = f"HTTP/1.1 {status} X\r\nContent-Type: {mime}\r\n{head}Content-Length: {len(body)}\r\n\r\n"
    return lines.encode() + body


def publish(server: Any) -> None:
    """A front page that is a feed, two stories, a stylesheet that imports another, images, a font."""
    items = "".join(f"<item><title>{n}</title><link>/story-{n}</link></item>" for n in (1, 2))
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{items}</channel></rss>'
    server.say("/", plain(200, feed.encode(), "application/rss+xml"))
    cdn = f"http://cdn.test:{server.port}"
    for number in (1, 2):
        page = STORY.format(text=TEXT + f"<p>Story {number}.</p>", cdn=cdn)
        server.say(f"/story-{number}", plain(200, page.encode(), "text/html"))
    server.say("/style.css", plain(200, b"@import 'more.css'; p { background: url(/bg.png) }", "text/css"))
    server.say("/more.css", plain(200, b"@font-face { src: url(/f.woff2) }", "text/css"))
    for name in ("bg.png", "wide.png", "icon.png", "small.png", "photo.jpg"):
        server.say(f"/{name}", plain(200, name.encode() * 10, "image/png"))
    server.say("/f.woff2", plain(200, b"font", "font/woff2"))


def later(hours: float) -> Callable[[], datetime]:
    return lambda: utc_now() + timedelta(hours=hours)


ASSETS = ["/bg.png", "/f.woff2", "/icon.png", "/more.css", "/photo.jpg", "/style.css", "/wide.png"]


def test_requisites_are_fetched_once_and_last(server: Any, make: Make) -> None:
    """Style sheets and their imports, fonts, icons, the image for a desktop; after the robots.txt of their host, not
    from private addresses, and after all stories.
    """
    publish(server)
    archive = make(server)
    report = crawl(archive)
    paths = [each.path for each in server.log]
    assert sorted(path for path in paths if path in ASSETS) == ASSETS
    assert paths.count("/robots.txt") == 2
    assert max(paths.index(f"/story-{n}") for n in (1, 2)) < min(paths.index(asset) for asset in ASSETS)
    assert report.run.outcome == "finished"
    assert report.problems == ()
    assert any("192.168.7.7 has no public address" in note for note in report.notes)
    assert report.run.counters["asset"] == len(ASSETS)


def test_requisites_are_fetched_again_only_if_they_may_have_changed(server: Any, make: Make) -> None:
    """Images and fonts never; a style sheet after its own freshness, a day at least."""
    publish(server)
    server.say("/more.css", plain(200, b"p { color: red }", "text/css", "Cache-Control: max-age=864000\r\n"))
    archive = make(server)
    crawl(archive)
    for hours in (2, 12, 30):
        crawl(archive, now=later(hours))
    asked = {asset: len(server.of(asset)) for asset in ASSETS if asset != "/f.woff2"}
    assert asked == {**dict.fromkeys(asked, 1), "/style.css": 2}


def test_requisites_can_be_switched_off(server: Any, make: Make) -> None:
    """With requisites = false none is requested or in the frontier."""
    publish(server)
    archive = make(server, requisites="false")
    crawl(archive)
    assert {each.path for each in server.log} == {"/robots.txt", "/", "/story-1", "/story-2"}


def test_a_rebuild_knows_the_same_requisites(server: Any, make: Make) -> None:
    """Law 1: the WARC file has the setting; after a rebuild none of them is requested again."""
    publish(server)
    archive = make(server)
    crawl(archive)
    asked = len(server.log)
    rebuild(archive)
    crawl(archive)
    assert [each.path for each in server.log[asked:] if each.path in ASSETS] == []


def test_a_large_image_is_cut(server: Any, make: Make) -> None:
    """An image is recorded up to max_asset_size, as truncated; it is requested twice."""
    publish(server)
    server.say("/photo.jpg", plain(200, b"x" * 200_000, "image/jpeg"))
    archive = make(server)
    crawl(archive)
    for hours in (30, 60, 90):
        crawl(archive, now=later(hours))
    held = [
        item.capture
        for path in sorted(archive.config.warc_folder.glob("*.warc.gz*"))
        for item in read_captures(path)
        if isinstance(item, CaptureRecord)
    ]
    photos = [capture for capture in held if capture.url.endswith("/photo.jpg")]
    assert [capture.truncated for capture in photos] == ["length", "length"]


def test_another_hosts_robots_is_obeyed(server: Any, make: Make) -> None:
    """Also for an image."""
    publish(server)
    robots = plain(200, b"User-agent: *\nDisallow: /photo.jpg\n", "text/plain")
    server.say("/robots.txt", robots)
    archive = make(server)
    report = crawl(archive)
    assert "/photo.jpg" not in {each.path for each in server.log}
    assert report.run.counters["disallowed"] == 1
