"""One health check: the command line, the browser, the metrics and JSON report the same findings."""

import itertools
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient
from lxml import html

from newsarchive.archive import Archive
from newsarchive.cli import app, status
from newsarchive.cli.crawl import update_metrics
from newsarchive.web.app import create_app
from storage.index.write import runs
from storage.model import (
    Article,
    Capture,
    CrawlRun,
    DiscoveredUrl,
    Discovery,
    Ingest,
    Outcome,
    Paragraph,
    Reading,
    RecordPlace,
    Role,
    Site,
    UrlKind,
)

NOW = datetime(2026, 3, 10, 6, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FEED = "https://news.example/feed"
SETTINGS = """
metrics = "newsarchive.prom"
[[site]]
name = "news"
url = "https://news.example/"
[[site]]
name = "down"
url = "https://down.example/"
[[site]]
name = "secret"
url = "https://secret.example/"
hidden = true
"""
CODES = {"thin-day", "source-silent", "site-silent", "captures-failed", "warc-missing", "disk-full", "never-crawled"}
RUN = "20260310T050000Z-0001"
serial = itertools.count(1)


def capture_of(url: str, at: datetime, code: int = 200) -> Capture:
    """Return a capture whose WARC file does not exist."""
    number = next(serial)
    return Capture(
        url=url,
        record_id=f"urn:uuid:{number:012d}",
        place=RecordPlace(warc="lost.warc.gz", offset=number * 1000, length=900),
        kind="response",
        fetched_at=at,
        date=at.isoformat().replace("+00:00", "Z"),
        status=code,
        mime="text/html",
        payload_digest=f"sha256:{number:064d}",
        payload_size=5000,
        crawl=RUN,
    )


def articles() -> Iterator[Ingest]:
    """Yield ten articles on each of five weekdays, and one yesterday."""
    for weeks, number in [*((weeks, number) for weeks in range(1, 6) for number in range(10)), (0, 0)]:
        url = f"https://news.example/{weeks}/{number}"
        article = Article(
            url=url,
            canonical_url=url,
            headline=f"Story {weeks} {number}",
            paragraphs=(Paragraph(role=Role.TEXT, text=f"Text {weeks} {number}"),),
        )
        reading = Reading(outcome=Outcome.ARTICLE, reason="", article=article)
        at = NOW - DAY - weeks * 7 * DAY
        yield Ingest(
            capture=capture_of(url, at), discovery=Discovery(site="news", kind=UrlKind.ARTICLE), reading=reading
        )


def feed_readings() -> Iterator[Ingest]:
    """Yield a feed with six items an hour for eight days, then a day without a new one."""
    hours, silent = 8 * 24, 24
    begin = NOW - (hours + silent + 1) * HOUR
    for hour in range(1, hours + silent):
        newest = min(hour, hours - 1) * 6
        capture = capture_of(FEED, begin + hour * HOUR)
        named = tuple(
            DiscoveredUrl(
                url=f"https://news.example/item/{item}",
                discovery=Discovery(site="news", kind=UrlKind.ARTICLE, via=FEED, via_kind=UrlKind.FEED),
                due_at=NOW + 30 * DAY,
                priority=10,
            )
            for item in range(max(newest - 20, 1), newest + 1)
        )
        discovery = Discovery(site="news", kind=UrlKind.FEED)
        reading = Reading(outcome=Outcome.FEED, reason="")
        yield Ingest(capture=capture, discovery=discovery, reading=reading, discovered_urls=named)


def failures() -> Iterator[Ingest]:
    """Yield ten failed captures of a site that has not responded since."""
    for number in range(10):
        capture = capture_of(f"https://down.example/{number}", NOW - 3 * DAY - number * HOUR, 500)
        discovery = Discovery(site="down", kind=UrlKind.ARTICLE)
        yield Ingest(capture=capture, discovery=discovery, reading=Reading(outcome=Outcome.ERROR, reason="500"))


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    """An archive with one problem of each kind."""
    folder = tmp_path / "archive"
    Archive.init(folder).close()
    (folder / "newsarchive.toml").write_text(SETTINGS)
    monkeypatch.setattr("newsarchive.web.health_monitor.MAX_WAIT", 60.0)
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=100_000_000))
    with Archive.open(folder, now=lambda: NOW) as opened:
        sites = [Site(name=name, url=f"https://{name}.example/") for name in ("news", "down", "secret")]
        opened.index.register_sites(sites)
        run = CrawlRun(
            id=RUN, sites=tuple(sites[:2]), started_at=NOW - HOUR, finished_at=NOW, outcome="finished", counters={}
        )
        opened.index.begin_crawl(run)
        opened.index.write(runs.end_crawl, run)
        for batch in (articles(), feed_readings(), failures()):
            opened.index.commit(list(batch), opened.plan())
        monkeypatch.setattr(status, "Archive", SimpleNamespace(open_to_read=lambda _: opened))
        yield opened


@pytest.fixture
def run_status(capsys: pytest.CaptureFixture[str], archive: Archive) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs `status` and returns exit code, standard output and standard error."""

    def run(*options: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = app.run(["status", *options])
        return (code, *capsys.readouterr())

    return run


def test_all_reports_have_the_same_findings(archive: Archive, run_status: Callable[..., tuple[int, str, str]]) -> None:
    """A lost file, a silent source, a site that is down, a full disk and a thin day are everywhere, under one code."""
    findings = json.loads(run_status("--json")[1])["health"]["findings"]
    assert {each["code"] for each in findings} == CODES
    assert len(findings) == len(CODES)
    code, out, err = run_status("--check")
    assert (code, out) == (1, "")
    lines = [f"{each['subject']}: {each['sentence']}" for each in findings]
    assert len(err.splitlines()) == len(lines)
    assert all(line.startswith(text) for line, text in zip(err.splitlines(), lines, strict=True))
    assert update_metrics(archive) is None
    metrics = (archive.folder / "newsarchive.prom").read_text()
    assert set(re.findall(r'newsarchive_finding\{code="([a-z-]+)"', metrics)) == CODES
    assert f"newsarchive_findings {len(CODES)}\n" in metrics
    with TestClient(create_app(archive), base_url="http://localhost") as client:
        home = html.document_fromstring(client.get("/").text)
        shown = [" ".join(each.text_content().split()) for each in home.xpath("//*[contains(@class, 'findings')]//li")]
        assert shown == [line for line in lines if not line.startswith("secret")]
        site = " ".join(html.document_fromstring(client.get("/site/down").text).text_content().split())
    for each in findings:
        assert (each["sentence"] in site) is (each["site"] == "down")


def test_findings_name_nothing_that_is_hidden(archive: Archive) -> None:
    """The browser leaves out hidden sites, which the owner's reports have."""
    with TestClient(create_app(archive), base_url="http://localhost") as client:
        assert "secret" not in client.get("/").text
