"""Verify during a crawl: files written and renamed meanwhile are no damage."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

import newsarchive.maintenance.verify
from newsarchive.archive import Archive
from newsarchive.ingest.pipeline import Ingestor
from storage.model import CrawlRun, Discovery, Exchange, Site, UrlKind
from storage.places import Places, WarcFile
from storage.warc.check import FileReport, check_file
from storage.warc.reader import CaptureRecord
from storage.warc.writer import WarcWriter

SITE = Site(name="news", url="https://news.example/")
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nNothing much."


def crawled(writer: WarcWriter, ingestor: Ingestor, path: str) -> None:
    """Keep a page and bring it into the index."""
    how = Discovery(site="news", kind=UrlKind.ARTICLE)
    exchange = Exchange(
        url=f"https://news.example/{path}",
        started_at=AT,
        request=b"GET / HTTP/1.1\r\n\r\n",
        response=ANSWER,
        discovery=how,
    )
    ingestor.submit(CaptureRecord(capture=writer.write(exchange), discovery=how, block=ANSWER))
    ingestor.wait_until_idle()


@pytest.mark.parametrize("ends", [False, True], ids=["grows", "grows and is closed"])
def test_a_running_crawl_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: bool) -> None:
    """Captures stored, and a file closed, after a file was checked are no problems."""
    run = CrawlRun(id="run-1", sites=(SITE,), started_at=AT)
    with Archive.init(tmp_path / "archive") as archive:
        archive.index.begin_crawl(run)
        writer = WarcWriter(archive.config.warc_folder, run=run, info={}, originals=archive.index)
        with archive.ingestor(writer.sync) as ingestor:
            crawled(writer, ingestor, "one")

            def checked(file: WarcFile) -> FileReport:
                found = check_file(file)
                crawled(writer, ingestor, "two")
                if ends:
                    writer.close()
                return found

            monkeypatch.setattr(newsarchive.maintenance.verify, "check_file", checked)
            report = archive.verify()
            monkeypatch.undo()
            assert [problem for file in report.files for problem in file.problems] == []
            writer.close()


def test_a_file_is_found_that_was_closed_before_it_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The crawl may end between the listing of files and the check of one."""
    run = CrawlRun(id="run-1", sites=(SITE,), started_at=AT)
    with Archive.init(tmp_path / "archive") as archive:
        archive.index.begin_crawl(run)
        writer = WarcWriter(archive.config.warc_folder, run=run, info={}, originals=archive.index)
        with archive.ingestor(writer.sync) as ingestor:
            crawled(writer, ingestor, "one")
        listed = archive.places.files()
        writer.close()
        monkeypatch.setattr(Places, "files", lambda self: listed)
        report = archive.verify()
    assert [(file.captures, file.problems) for file in report.files] == [(1, ())]
