"""Whole runs against a server that logs every byte."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive
from newsarchive.cli.app import run as run_command
from newsarchive.crawl.run import CrawlReport, crawl
from newsarchive.locks.site_locks import lock_sites_locally
from storage.callbacks import utc_now
from storage.errors import ArchiveBusy, ConfigError, DiskFull
from storage.index.frontier import url_queue
from storage.index.write import runs, warc_files
from storage.model import Capture, DiscoveredUrl, Discovery, Exchange, UrlKind
from storage.warc.reader import CaptureRecord, RunEnded, RunStarted, read_captures, read_records
from storage.warc.writer import WarcWriter

CONFIG = """
contact = "tests@localhost"
delay = "{delay}"
timeout = "{timeout}"
reader_processes = 1
commit_seconds = 0.2
[[site]]
name = "example"
url = "{url}/"
allow_private = {private}
"""
DEFAULTS = {"delay": "0s", "timeout": "1m", "private": "true"}
"""The timeout is long: on a machine under load an exchange takes seconds, and would be cut."""
Make = Callable[..., Archive]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Create an archive of one site, or open it again."""
    with ExitStack() as stack:

        def made(server: Any, **settings: str) -> Archive:
            text = CONFIG.format(url=server.base, **(DEFAULTS | settings))
            (tmp_path / "newsarchive.toml").write_text(text)
            return stack.enter_context(Archive.open(tmp_path))

        yield made


def html(head: str = "") -> bytes:
    body = b"<html><head><title>News</title></head><body><p>Something happened.</p></body></html>"
    return plain(200, body, f"Content-Type: text/html\r\n{head}")


def front(*links: str) -> bytes:
    """Return a feed, whose links are always followed. (What counts as a listing is tested with extraction.)"""
    items = "".join(f"<item><title>{link}</title><link>{link}</link></item>" for link in links)
    body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{items}</channel></rss>'
    return plain(200, body.encode(), "Content-Type: application/rss+xml\r\n")


def plain(status: int, body: bytes = b"", head: str = "") -> bytes:
    return f"HTTP/1.1 {status} X\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def paths(server: Any) -> list[str]:
    return [each.path for each in server.log]


def kept_of(archive: Archive) -> list[CaptureRecord]:
    return [
        item
        for path in sorted(archive.config.warc_folder.glob("*.warc.gz*"))
        for item in read_captures(path)
        if isinstance(item, CaptureRecord)
    ]


def counted(report: CrawlReport, *names: str) -> list[int]:
    return [report.run.counters.get(name, 0) for name in names]


def test_a_run_records_its_requests_and_ends(either: Any, make: Make) -> None:
    """robots.txt, front page and its links are requested once; the records equal the server's log and name the run."""
    either.say("/", front("/news/one", "/news/two"))
    either.say("/news/one", html())
    either.say("/news/two", plain(404, b"gone"))
    archive = make(either)
    report = crawl(archive)
    assert (report.run.outcome, report.problems) == ("finished", ())
    assert sorted(paths(either)) == ["/", "/news/one", "/news/two", "/robots.txt"]
    (path,) = archive.config.warc_folder.glob("*.warc.gz*")
    held = [(record.type, record.block) for record in read_records(path) if record.type in ("request", "response")]
    assert held == [pair for each in either.log for pair in (("response", each.response), ("request", each.request))]
    told = [item for item in read_captures(path) if not isinstance(item, CaptureRecord)]
    assert told == [RunStarted(run=told[0].run), RunEnded(run=report.run)]
    assert (told[0].run.id, path.suffix) == (report.run.id, ".gz")
    assert counted(report, "captures", "feed", "gone") == [4, 1, 2]


def test_a_process_can_crawl_twice_with_conditional_requests(server: Any, make: Make) -> None:
    """The second run sends the validators that the first one received; 304 becomes a revisit."""
    server.say("/", html(head='ETag: "a"\r\nLast-Modified: Wed, 25 Nov 2026 01:02:03 GMT\r\n'))
    archive = make(server)
    crawl(archive)
    server.say("/", b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n')
    report = crawl(archive, now=lambda: utc_now() + timedelta(hours=3))
    again = server.of("/")[-1].request
    assert b'\r\nIf-None-Match: "a"\r\n' in again
    assert b"\r\nIf-Modified-Since: Wed, 25 Nov 2026 01:02:03 GMT\r\n" in again
    assert counted(report, "captures", "revisits", "not_modified") == [1, 1, 1]


def test_a_host_gets_one_request_at_a_time_with_its_delay(server: Any, make: Make) -> None:
    """By the server's log no request is sooner than the delay after the previous response."""
    server.say("/", front(*(f"/news/{n}" for n in range(6))))
    for number in range(6):
        server.say(f"/news/{number}", html(), pause=0.05)
    crawl(make(server, delay="0.25s"))
    gaps = [after.began - before.ended for before, after in pairwise(server.log)]
    assert len(gaps) == 7
    assert min(gaps) >= 0.24


def test_crawl_delay_is_obeyed(server: Any, make: Make) -> None:
    """The Crawl-delay of robots.txt counts if it is longer than the site's delay."""
    server.say("/robots.txt", plain(200, b"User-agent: *\nCrawl-delay: 0.4\nDisallow: /news/no\n"))
    server.say("/", front("/news/no", "/news/yes"))
    report = crawl(make(server))
    gaps = [after.began - before.ended for before, after in pairwise(server.log)]
    assert paths(server) == ["/robots.txt", "/", "/news/yes"]
    assert min(gaps) >= 0.39
    assert counted(report, "disallowed") == [1]


def test_an_unavailable_robots_backs_off_from_the_host(server: Any, make: Make) -> None:
    """After a 503 for robots.txt nothing else is requested; the response is recorded, and a problem is reported."""
    server.say("/robots.txt", plain(503, b"down"))
    server.say("/", html())
    archive = make(server)
    report = crawl(archive)
    assert paths(server) == ["/robots.txt"]
    assert [item.capture.status for item in kept_of(archive)] == [503]
    assert report.problems == ("127.0.0.1 robots.txt answers 503: backed off for 3600 s",)
    assert crawl(archive).run.counters == {}


def test_retry_after_is_waited_for(server: Any, make: Make) -> None:
    """After a 429 the next request is sent no sooner than Retry-After; the response is recorded."""
    server.say("/", front("/news/one", "/news/two"))
    for name in ("one", "two"):
        server.say(f"/news/{name}", plain(429, b"slow down", "Retry-After: 1\r\n"))
    report = crawl(make(server))
    first, second = server.log[-2:]
    assert second.began - first.ended >= 0.99
    assert (report.run.outcome, counted(report, "captures")) == ("finished", [4])


@pytest.mark.slow
def test_a_page_that_hangs_is_recorded_in_part(server: Any, make: Make) -> None:
    """The timeout makes a truncated record, and does not affect other pages."""
    server.say("/", front("/news/slow", "/news/fast"))
    server.say("/news/slow", b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nsome", "hang")
    server.say("/news/fast", html())
    archive = make(server, timeout="5s")
    report = crawl(archive)
    held = {item.capture.url.removeprefix(server.base): item.capture.truncated for item in kept_of(archive)}
    assert held == {"/robots.txt": None, "/": None, "/news/slow": "time", "/news/fast": None}
    assert counted(report, "truncated", "error") == [1, 1]


def test_a_redirect_and_its_target_are_two_captures(server: Any, make: Make) -> None:
    """A 3xx is recorded; its target is requested once, as a URL of its own."""
    server.say("/", front("/news/old"))
    server.say("/news/old", plain(301, b"", "Location: /news/new\r\n"))
    server.say("/news/new", html())
    report = crawl(make(server))
    assert sorted(paths(server)) == ["/", "/news/new", "/news/old", "/robots.txt"]
    assert counted(report, "redirect") == [1]


def test_a_host_that_is_down_ends_the_run(server: Any, make: Make) -> None:
    """Nothing is recorded, a problem is reported, and the URLs are due again later."""
    server.close()
    archive = make(server)
    report = crawl(archive)
    assert report.run.outcome == "finished"
    refused = "Connection was refused by other side: 111: Connection refused"
    assert report.problems == (f"127.0.0.1 robots.txt cannot be fetched ({refused}): backed off for 3600 s",)
    again = archive.index.read(url_queue.next_due_by_site, ["example"]).get("example")
    assert again is not None
    assert again > utc_now() + timedelta(minutes=50)


def test_private_addresses_need_allow_private(server: Any, make: Make) -> None:
    """Without allow_private no connection is made to loopback."""
    report = crawl(make(server, private="false"))
    assert (server.connections, len(report.problems)) == (0, 1)


def test_limits_stop_a_run(server: Any, make: Make) -> None:
    """max_pages and max_time end it as stopped; the next run continues."""
    server.say("/", front(*(f"/news/{n}" for n in range(5))))
    archive = make(server)
    assert crawl(archive, max_pages=2).run.outcome == "stopped"
    assert len(server.log) == 3  # and robots.txt
    for number in range(5):
        server.say(f"/news/{number}", html(), pause=0.4)
    assert crawl(archive, max_time=0.5).run.outcome == "stopped"
    assert crawl(archive).run.outcome == "finished"
    assert {f"/news/{n}" for n in range(5)} <= set(paths(server))


def test_a_full_disk_stops_the_run_cleanly(server: Any, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """DiskFull is raised; what was committed before is complete, and the next run continues from there."""
    server.say("/", front(*(f"/news/{n}" for n in range(20))))
    for number in range(20):
        server.say(f"/news/{number}", html())
    archive = make(server)
    write = WarcWriter.write
    left = 7

    def full(self: WarcWriter, exchange: Exchange) -> Capture:
        nonlocal left
        left -= 1
        if left < 0:
            raise DiskFull("no space is left")
        return write(self, exchange)

    with monkeypatch.context() as patched:
        patched.setattr(WarcWriter, "write", full)
        with pytest.raises(DiskFull):
            crawl(archive)
    assert len(kept_of(archive)) == 7
    assert crawl(archive).run.outcome == "finished"
    urls = [item.capture.url for item in kept_of(archive) if not item.capture.url.endswith("/robots.txt")]
    assert sorted(urls) == sorted([f"{server.base}/", *(f"{server.base}/news/{n}" for n in range(20))])


def test_a_site_is_crawled_by_one_process_at_a_time(server: Any, make: Make) -> None:
    """The second one gets an error that names the first, and sends no request."""
    archive = make(server)
    since = utc_now()
    with lock_sites_locally(archive.folder / "locks", ["example"], since), pytest.raises(ArchiveBusy) as busy:
        crawl(archive)
    assert f"process {os.getpid()} since {since.isoformat(timespec='seconds')}" in str(busy.value)
    assert (busy.value.exit_code, server.log) == (75, [])


def test_an_archive_without_sites_names_the_next_command(tmp_path: Path) -> None:
    """There is nothing to crawl until a site is added."""
    (tmp_path / "newsarchive.toml").write_text("")
    with Archive.open(tmp_path) as archive, pytest.raises(ConfigError, match="newsarchive add"):
        crawl(archive)


STOPPED = """
import json, sys
from pathlib import Path
from newsarchive.archive import Archive
from newsarchive.cli.crawl import exit_code
from newsarchive.crawl.run import crawl
with Archive.open(Path(sys.argv[1])) as archive:
    report = crawl(archive, progress=lambda *shown: print(shown[-1], flush=True))
ended = {"outcome": report.run.outcome, "captures": report.run.counters["captures"]}
print(json.dumps({**ended, "exit_code": exit_code(report)}))
"""


def started(archive: Archive, server: Any) -> "subprocess.Popen[str]":
    """Start a crawl in a process of its own, and wait until it has requested a page."""
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPED, str(archive.folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    while not any(path.startswith("/news/") for path in paths(server)):
        time.sleep(0.05)
    return process


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_a_run_in_order(server: Any, make: Make, number: signal.Signals) -> None:
    """Within seconds, even if a server hangs: all is recorded and committed, the file closed, the site unlocked.

    Ctrl-C ends with 130.
    """
    server.say("/", front(*(f"/news/{n}" for n in range(9))))
    for each in range(9):
        server.say(f"/news/{each}", b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nsome", "hang")
    archive = make(server, timeout="1m")
    with started(archive, server) as process:
        process.send_signal(number)
        out, err = process.communicate(timeout=30)  # half of the time after which the server would be given up
    assert (process.returncode, err) == (0, "")
    ended = {"outcome": "stopped", "captures": 3, "exit_code": 130 if number is signal.SIGINT else 0}
    assert json.loads(out.splitlines()[-1]) == ended
    (path,) = archive.config.warc_folder.glob("*.warc.gz*")
    last = list(read_captures(path))[-1]
    assert (path.suffix, isinstance(last, RunEnded) and last.run.outcome) == (".gz", "stopped")
    assert archive.index.read(warc_files.find_indexed_end, path.name) > 0
    with lock_sites_locally(archive.folder / "locks", ["example"], utc_now()):
        pass


@pytest.mark.slow
def test_a_second_signal_aborts(server: Any, make: Make) -> None:
    """It does not wait for a hanging server; the next crawl recovers what was fetched."""
    server.say("/", front("/news/slow"))
    server.say("/news/slow", b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nsome", "hang")
    archive = make(server, timeout="1m")
    with started(archive, server) as process:
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    assert (process.returncode, err.strip()) == (130, "aborted; the next crawl recovers what was fetched")
    server.say("/news/slow", html())
    report = crawl(archive)
    assert report.run.outcome == "finished"
    assert report.problems[0].startswith("an earlier run was interrupted")
    assert server.of("/news/slow")[-1].response == html()


def test_the_end_of_a_run_is_indexed_before_its_file_is_closed(
    server: Any, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 3: whenever it is killed, recovery finds the end record, since it skips closed files."""
    archive = make(server)
    server.say("/", html())
    calls: list[str] = []

    def record_calls(owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def recording(*arguments: Any) -> Any:
            calls.append(name)
            return original(*arguments)

        monkeypatch.setattr(owner, name, recording)

    record_calls(runs, "end_crawl")
    record_calls(warc_files, "record_closed_warc")
    record_calls(WarcWriter, "sync")
    crawl(archive)
    assert calls[-4:] == ["sync", "end_crawl", "sync", "record_closed_warc"]


def test_what_was_taken_down_is_not_requested_again(
    server: Any, make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    """Though the site links it, index and list are lost, and nothing else is due: that is a success without a word."""
    server.say("/", front("/news/one", "/news/two"))
    server.say("/news/one", html())
    server.say("/news/two", html())
    archive = make(server, timeout="1m")
    crawl(archive)
    gone = f"{server.base}/news/one"
    archive.takedown([gone], "court order", dry_run=False)
    archive.close()
    for path in [*archive.folder.glob("index.sqlite3*"), archive.folder / "takedowns.jsonl"]:
        path.unlink()
    assert run_command(["rebuild", "-A", str(archive.folder)]) == 0
    opened = make(server)
    assert opened.index.read(url_queue.find_urls, [gone]) == []
    # As an index of before has it.
    found = Discovery(site="example", kind=UrlKind.ARTICLE)
    opened.index.add_urls([DiscoveredUrl(url=gone, discovery=found, due_at=utc_now(), priority=0)])
    later = (utc_now() + timedelta(minutes=1)).isoformat()
    capsys.readouterr()
    assert run_command(["crawl", "--dry-run", "--clock", later, "-A", str(opened.folder)]) == 0
    assert gone not in capsys.readouterr().out
    before = len(server.log)
    assert run_command(["crawl", "--quiet", "--clock", later, "-A", str(opened.folder)]) == 0
    assert capsys.readouterr() == ("", "")
    assert "/news/one" not in paths(server)[before:]


def test_an_index_that_was_missing_is_said_to_be_made_again(server: Any, make: Make) -> None:
    """No run was interrupted, and no version of before is new."""
    server.say("/", front("/news/one"))
    server.say("/news/one", html())
    archive = make(server)
    crawl(archive)
    archive.close()
    for path in archive.folder.glob("index.sqlite3*"):
        path.unlink()
    report = crawl(make(server))
    (line,) = report.problems
    assert line == "the index was missing and was made again from 1 file: recovered 3 captures"


@pytest.mark.parametrize("level", ["archive", "site"])
def test_a_shorter_maximum_brings_the_front_page_forward(server: Any, make: Make, level: str) -> None:
    """It was scheduled by the longer one; the setting of one site does the same for it."""
    server.say("/", front("/news/one"))
    server.say("/news/one", html())
    archive = make(server)
    began = utc_now()
    crawl(archive, now=lambda: began)
    (known,) = archive.index.read(url_queue.find_urls, [f"{server.base}/"])
    assert known.due_at > began + timedelta(minutes=20)
    file = archive.folder / "newsarchive.toml"
    bounds = 'listing_min_interval = "10m"\nlisting_max_interval = "10m"\n'
    file.write_text(bounds + file.read_text() if level == "archive" else file.read_text() + bounds)
    with Archive.open(archive.folder) as opened:
        crawl(opened, now=lambda: began + timedelta(minutes=11))
        (known,) = opened.index.read(url_queue.find_urls, [f"{server.base}/"])
    assert len(server.of("/")) == 2
    assert known.due_at == began + timedelta(minutes=21)
