"""The one health check sees files that the index lacks, files that lost bytes, sites that are down, and full disks."""

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.cli import app
from newsarchive.cli.crawl import update_metrics
from newsarchive.config.schema import Config, SiteConfig
from newsarchive.operations.health import Finding, Severity, check_disks, check_health
from newsarchive.web.app import create_app
from storage.index import Index
from storage.index.frontier.host_state import SavedBackoff, save_backoffs
from storage.index.queries.status import get_status
from storage.index.views.articles import Exclusions
from storage.index.write import runs
from storage.model import CrawlRun, DiscoveredUrl, Discovery, Site, UrlKind
from storage.warc.repair import measure_link

NOW = datetime(2026, 3, 10, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
PAGE = {"url": "https://news.example/a", "body": b"<html><h1>Wall</h1><p>It fell.</p></html>"}
ArchiveOf = Callable[..., Archive]
FULL_OF_FILES = SimpleNamespace(f_files=9, f_favail=0, f_bavail=10**9, f_frsize=4096, f_blocks=10**9, f_bfree=10**9)
SETTINGS = 'metrics = "m.prom"\n[[site]]\nname = "news"\nurl = "https://news.example/"'
SHARED_MEMORY = Path("/dev/shm")
"""A file system of its own on every Linux."""


def find_all(archive: Archive) -> list[Finding]:
    """Return the findings of the check."""
    report = check_health(archive.index, archive.config, NOW)
    return list(report.findings)


def replace_index(archive: Archive) -> Archive:
    """Return the archive with an empty index."""
    archive.close()
    for file in archive.folder.glob("index.sqlite3*"):
        file.unlink()
    Index.open(archive.config.index).close()
    return Archive.open(archive.folder)


def test_an_index_that_is_empty_beside_warc_files_is_an_error_in_every_report(
    archive_of: ArchiveOf, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`status`, `doctor`, JSON, the browser and the metrics say that no page can be found, and what to do."""
    monkeypatch.setattr("newsarchive.web.health_monitor.MAX_WAIT", 60.0)
    with replace_index(archive_of(PAGE, config=SETTINGS)) as archive:
        [finding] = [each for each in find_all(archive) if not each.code.startswith("disk")]
        assert (finding.code, finding.severity, finding.command) == (
            "index-empty", Severity.ERROR, "newsarchive rebuild",
        )  # fmt: skip
        assert "knows none of the 1 WARC file" in finding.sentence
        place = ("--archive", str(archive.folder))
        capsys.readouterr()
        assert app.run(["status", "--check", *place]) == 1
        assert finding.sentence in capsys.readouterr().err
        assert app.run(["status", "--json", *place]) == 0
        told = json.loads(capsys.readouterr().out)["health"]["findings"]
        assert finding.sentence in {each["sentence"] for each in told}
        assert app.run(["doctor", *place]) != 0
        captured = capsys.readouterr()
        assert finding.sentence in " ".join((captured.out + captured.err).split())
        assert update_metrics(archive) is None
        assert 'code="index-empty",severity="error"' in (archive.folder / "m.prom").read_text()
        with TestClient(create_app(archive), base_url="http://localhost") as client:
            assert finding.sentence in client.get("/").text


def test_files_that_an_older_index_lacks_are_named(archive_of: ArchiveOf) -> None:
    """The next crawl indexes them."""
    archive = archive_of(PAGE)
    assert [each for each in find_all(archive) if each.subject == "index"] == []
    [file] = archive.places.local_files()
    copy = archive.places.folder / f"older-{file.name}"
    shutil.copy(archive.places.folder / file.name, copy)
    [finding] = [each for each in find_all(archive) if each.subject == "index"]
    assert finding.sentence.startswith("1 WARC file (")
    assert finding.command == "newsarchive crawl"


def test_a_file_that_lost_bytes_is_an_error(archive_of: ArchiveOf) -> None:
    """Its size is compared with that of the day when it was closed."""
    archive = archive_of(PAGE)
    [file] = archive.places.local_files()
    path = archive.places.folder / file.name
    path.write_bytes(path.read_bytes()[:-7])
    [finding] = [each for each in find_all(archive) if each.code == "warc-changed"]
    assert (finding.subject, finding.severity) == (file.name, Severity.ERROR)
    assert f"{path.stat().st_size:,} bytes; it had {path.stat().st_size + 7:,}" in finding.sentence


@pytest.mark.parametrize("command", ["rebuild", "crawl"])
def test_an_index_made_of_a_cut_file_knows_that_it_was_cut(archive_of: ArchiveOf, command: str) -> None:
    """By the chain. Once the file is restored, the next crawl reads what the index lacks; --forget accepts the cut."""
    down = 'contact = "desk@news.example"\n[[site]]\nname = "down"\nurl = "http://127.0.0.1:9/"\nallow_private = true'
    with archive_of(PAGE, config=down) as archive:
        place = ("--archive", str(archive.folder))
        [file] = archive.places.local_files()
        path = archive.places.folder / file.name
        link = measure_link(archive.places.file(file.name), "closed")
        archive.places.chain.append(link)
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    for index in archive.folder.glob("index.sqlite3*"):
        index.unlink()
    app.run([command, *place])
    with Archive.open(archive.folder) as again:
        [finding] = [each for each in find_all(again) if each.code == "warc-changed"]
        assert f"{len(whole) - 9:,} bytes; it had {len(whole):,}" in finding.sentence
        path.write_bytes(whole)
        assert not [each for each in find_all(again) if each.code == "warc-changed"]
    app.run(["crawl", *place])
    with Archive.open(archive.folder) as complete:
        assert complete.index.ask(get_status).captures == 1
    assert app.run(["verify", *place]) == 0
    path.write_bytes(whole[:-9])
    for options in (["--forget"], []):
        app.run(["rebuild", *options, *place])
        with Archive.open(archive.folder) as accepted:
            assert not [each for each in find_all(accepted) if each.code == "warc-changed"]


def test_a_capture_of_the_future_is_an_error(archive_of: ArchiveOf, capsys: pytest.CaptureFixture[str]) -> None:
    """As of a run with --clock: `status --check` and `doctor` name it. A clock may be a little ahead."""
    begin, config = datetime.now(UTC), SETTINGS.replace('"news"', '"news.example"')  # as imported pages call it
    for ahead, codes in ((HOUR / 2, []), (2 * HOUR, ["captures-in-future"])):
        archive = archive_of(PAGE | {"at": NOW + ahead}, config=config)
        assert [each.code for each in find_all(archive) if each.code == "captures-in-future"] == codes
    late = archive_of(PAGE | {"at": begin + timedelta(days=2)}, config=config)
    for command in (["status", "--check"], ["doctor"]):
        capsys.readouterr()
        assert app.run([*command, "--archive", str(late.folder)]) == 1
        said = capsys.readouterr()
        assert "which is in the future" in " ".join((said.out + said.err).split())


@pytest.fixture
def crawled(tmp_path: Path) -> Callable[..., list[Finding]]:
    """Return a function that returns the findings on a site that runs have crawled without any capture."""

    def run(*reasons: str, crawls: int = 1) -> list[Finding]:
        with closing(Index.open(f"sqlite:///{tmp_path / 'index.sqlite3'}")) as index:
            site = Site(name="down", url="https://www.down.example:8443/")
            index.register_sites([site])
            front = Discovery(site="down", kind=UrlKind.LISTING)
            index.add_urls([DiscoveredUrl(url=site.url, discovery=front, due_at=NOW, priority=0)])
            for number in range(crawls):
                crawl = CrawlRun(
                    id=f"20260310T050000Z-{number:04d}", sites=(site,), started_at=NOW - HOUR, finished_at=NOW,
                    outcome="finished", counters={},
                )  # fmt: skip
                index.begin_crawl(crawl)
                index.write(runs.end_crawl, crawl)
            host = "www.down.example"
            saved = [
                SavedBackoff(host=host, ready_at=None, refusal_count=3, backoff_level=1, reason=reason)
                for reason in reasons
            ]
            index.write(save_backoffs, dict.fromkeys([host], saved[0]) if saved else {}, NOW)
            config = Config(folder=tmp_path, warc_folder=tmp_path, sites=(SiteConfig(name="down", url=site.url),))
            return list(check_health(index, config, NOW).findings)

    return run


def test_a_site_that_was_crawled_and_is_down_is_not_called_uncrawled(crawled: Callable[..., list[Finding]]) -> None:
    """The finding says why nothing was captured."""
    [finding] = [each for each in crawled("does not respond") if each.site == "down"]
    assert (finding.code, finding.severity) == ("site-down", Severity.ERROR)
    assert finding.sentence == "The site does not respond: nothing was captured in any crawl."


def test_a_site_without_captures_after_a_crawl_is_down_whatever_the_reason(
    crawled: Callable[..., list[Finding]],
) -> None:
    """Also if no reason is known."""
    assert [each.code for each in crawled() if each.site == "down"] == ["site-down"]


def test_a_site_in_no_run_is_uncrawled(crawled: Callable[..., list[Finding]]) -> None:
    """Nothing has been asked of it."""
    assert [each.code for each in crawled(crawls=0) if each.site == "down"] == ["never-crawled"]


@pytest.mark.parametrize(
    ("blocked", "due"), [((), 3), (("example,news)/b/",), 1), (("example,news)/b/", "example,news)/other"), 0)]
)
def test_readers_are_not_told_how_many_withheld_urls_are_due(
    archive_of: ArchiveOf, blocked: tuple[str, ...], due: int
) -> None:
    """Blocked URLs are not counted for them, and a site of which all are blocked is not called unscheduled."""
    archive = archive_of(PAGE, config=SETTINGS)
    site = Site(name="news", url="https://news.example/")
    crawl = CrawlRun(
        id="20260101T050000Z-0001", sites=(site,), started_at=NOW - 48 * HOUR, finished_at=NOW - 47 * HOUR,
        outcome="finished", counters={},
    )  # fmt: skip
    found = Discovery(site="news", kind=UrlKind.ARTICLE)
    named = [f"https://news.example/{name}" for name in ("other", "b/1", "b/2")]
    archive.index.add_urls([DiscoveredUrl(url=url, discovery=found, due_at=NOW, priority=0) for url in named])
    archive.index.begin_crawl(crawl)
    archive.index.write(runs.end_crawl, crawl)
    reader = archive.index.excluding(Exclusions(urlkeys=blocked))
    report = check_health(archive.index, archive.config, NOW, reader)
    assert report.status.sites[0].due == due
    told = {each.code: each.sentence for each in report.findings}
    assert "nothing-scheduled" not in told
    assert (f"and {due} URLs are due" in told["crawl-overdue"]) if due else ("crawl-overdue" not in told)


@pytest.mark.skipif(not SHARED_MEMORY.is_dir(), reason="there is no second file system")
@pytest.mark.parametrize("server", ["", "postgresql+psycopg://db/news"])
@pytest.mark.parametrize("full", ["WARC files", "index", "search folder", "settings"])
def test_each_file_system_that_is_full_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str, full: str
) -> None:
    """WARC files, index and search folder may be on different ones: none is hidden by the space of another."""
    if tmp_path.stat().st_dev == SHARED_MEMORY.stat().st_dev:
        pytest.skip("there is no second file system")
    place = dict.fromkeys(("WARC files", "index", "search folder", "settings"), tmp_path) | {full: SHARED_MEMORY}
    usage = lambda path: SimpleNamespace(free=0 if path == SHARED_MEMORY else 10**12)  # noqa: E731
    monkeypatch.setattr("shutil.disk_usage", usage)
    config = Config(
        folder=place["settings"],
        warc_folder=place["WARC files"],
        search_folder=place["search folder"] / "made later",
        index=server or f"sqlite:///{place['index']}/index.sqlite3",
    )
    found = {each.subject: each.code for each in check_disks(config)}
    if server and full == "index":  # on the disk of a server, which reports it itself
        assert found == {"disk": "disk"}
        return
    assert found.pop(f"disk of the {full}") == "disk-full"
    assert set(found.values()) == {"disk"}


def test_a_file_system_without_room_for_another_file_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes are free, but no new WARC file can be created."""
    monkeypatch.setattr("os.statvfs", lambda _: FULL_OF_FILES)
    [finding] = check_disks(Config(folder=tmp_path, warc_folder=tmp_path, index=""))
    assert (finding.code, finding.severity, finding.command) == ("disk-full", Severity.ERROR, "df -i")
