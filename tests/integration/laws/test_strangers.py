"""Law 1 for captures of hosts that belong to no site, and for those that are assigned to one later."""

import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsarchive.archive import Archive
from storage.index.frontier.url_queue import DueQuery, select_due_urls
from storage.index.queries.articles import iter_captures
from storage.index.queries.status import list_warc_files
from storage.index.views.articles import CaptureFilters
from storage.model import CrawlRun, Site
from storage.warc.provenance import run_fields
from storage.warc.record import WARC_FIELDS, build_member, format_fields
from tests.rebuilding import rebuild

FEED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n\r\n<rss version='2.0'><channel><title>News</title>"
    b"<item><title>A</title><link>https://blog.example/a</link></item>"
    b"<item><title>B</title><link>https://news.example/b</link></item></channel></rss>"
)
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>Notes</title><p>Nothing much."


def warc(path: Path, *urls: str, run: CrawlRun | None = None, answer: bytes = PAGE) -> Path:
    """A file as another tool might have made it; with a run, as a crawl of ours might have."""
    records = []
    if run:
        block = format_fields(run_fields(run))
        records.append(build_member("warcinfo", [*_id(path.name), ("Content-Type", WARC_FIELDS)], block))
    for url in urls:
        headers = [*_id(url), ("WARC-Target-URI", url), ("Content-Type", "application/http; msgtype=response")]
        records.append(build_member("response", headers, answer))
    path.write_bytes(b"".join(records))
    return path


def _id(name: str) -> list[tuple[str, str]]:
    record = uuid.uuid5(uuid.NAMESPACE_URL, name)
    return [("WARC-Record-ID", f"<urn:uuid:{record}>"), ("WARC-Date", "2024-03-01T12:00:00Z")]


def filed(archive: Archive) -> dict[str, str]:
    """The site of each capture."""
    return {one.url: one.site for one in archive.index.stream(iter_captures, CaptureFilters())}


def test_captures_of_other_hosts_are_filed_by_host_in_any_order(tmp_path: Path) -> None:
    """Law 1: a subdomain of an imported host is a host of its own, in any order of files."""
    below = warc(tmp_path / "b.warc.gz", "http://sport.news.example/one")
    above = warc(tmp_path / "a.warc.gz", "http://news.example/two")
    with Archive.init(tmp_path / "archive") as archive:
        archive.import_files([below])
        archive.import_files([above])
        live = filed(archive)
        rebuild(archive)
        assert filed(archive) == live
    assert live == {"http://sport.news.example/one": "sport.news.example", "http://news.example/two": "news.example"}


def test_a_site_added_after_an_import_has_its_own_settings(tmp_path: Path) -> None:
    """Law 1: an imported host does not conflict with a site that is configured later."""
    site = Site(name="news.example", url="https://news.example/", hosts=("blog.example",))
    run = CrawlRun(id="run-1", sites=(site,), started_at=datetime(2024, 3, 2, tzinfo=UTC))
    with Archive.init(tmp_path / "archive") as archive:
        archive.import_files([warc(tmp_path / "a.warc.gz", "http://news.example/one", "http://blog.example/two")])
        archive.import_files([warc(tmp_path / "b.warc.gz", run=run)])
        live = (archive.index.sites(), filed(archive))
        rebuild(archive)
        assert (archive.index.sites(), filed(archive)) == live
    assert live == ((site,), {"http://news.example/one": "news.example", "http://blog.example/two": "news.example"})


@pytest.mark.parametrize("url", ["http://[::1/a", "http://ex\u2100mple.com/a", "http://a.example:99999/", "http:///a"])
def test_an_invalid_url_affects_no_other_capture(tmp_path: Path, url: str) -> None:
    """Law 2: a record with an invalid URL is kept and counted, and the records after it are read."""
    with Archive.init(tmp_path / "archive") as archive:
        told = archive.import_files([warc(tmp_path / "a.warc.gz", url, "http://news.example/two")])
        assert (told.read.captures, told.read.problems) == (2, ())
        assert [file.state for file in archive.index.read(list_warc_files)] == ["closed"]
        live = filed(archive)
        rebuild(archive)
        assert filed(archive) == live


def test_a_late_capture_is_read_by_the_layouts_of_its_day(tmp_path: Path) -> None:
    """Law 1: a host added to a site later makes nothing due from earlier runs, nor does a rebuild."""
    runs = [
        CrawlRun(
            id=f"run-{day}",
            sites=(Site(name="news", url="https://news.example/", hosts=hosts),),
            started_at=datetime(2024, 3, day, tzinfo=UTC),
        )
        for day, hosts in ((1, ()), (2, ("blog.example",)))
    ]
    with Archive.init(tmp_path / "archive") as archive:
        for number, run in enumerate(runs):
            name = tmp_path / f"{number}.warc.gz"
            archive.import_files(
                [warc(name, f"https://news.example/feed{number}", run=run, answer=FEED if not number else PAGE)]
            )
        due = archive.index.read(
            select_due_urls, DueQuery(now=datetime(2030, 1, 1, tzinfo=UTC), sites=["news"], limit=9, per_host=9)
        )
        live = {one.url for one in due}
        rebuild(archive)
        due = archive.index.read(
            select_due_urls, DueQuery(now=datetime(2030, 1, 1, tzinfo=UTC), sites=["news"], limit=9, per_host=9)
        )
        assert {one.url for one in due} == live
    assert "https://news.example/b" in live
    assert "https://blog.example/a" not in live


def test_imported_urls_become_due_when_their_site_is_added_under_another_name(tmp_path: Path) -> None:
    """Law 1: the frontier is the new site's, live and after a rebuild; nothing is due for the former site."""
    site = Site(name="gazette", url="https://news.example/", hosts=("blog.example",))
    run = CrawlRun(id="run-1", sites=(site,), started_at=datetime(2024, 3, 2, tzinfo=UTC))

    def due(archive: Archive) -> set[str]:
        found = archive.index.read(
            select_due_urls, DueQuery(now=datetime(2030, 1, 1, tzinfo=UTC), sites=["gazette"], limit=9, per_host=9)
        )
        return {one.url for one in found}

    with Archive.init(tmp_path / "archive") as archive:
        archive.import_files([warc(tmp_path / "a.warc.gz", "https://news.example/feed", answer=FEED)])
        archive.import_files([warc(tmp_path / "b.warc.gz", run=run)])
        live = due(archive)
        rebuild(archive)
        assert due(archive) >= live
    assert "https://news.example/b" in live
