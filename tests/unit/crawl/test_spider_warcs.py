"""The payloads that the add-on for Scrapy remembers in a run of a spider."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from scrapy.settings import Settings

from newsarchive.scrapy_addon import spider_warcs
from newsarchive.scrapy_addon.spider_warcs import SpiderWarcs
from storage.model import Capture, Outcome, RecordPlace
from storage.warc.reader import CaptureRecord


def record_of(number: int, *, status: int = 200) -> CaptureRecord:
    """Return a captured page with a payload of its own."""
    capture = Capture(
        url=f"https://news.example/{number}",
        record_id=f"urn:uuid:{number:012d}",
        place=RecordPlace(warc="a.warc.gz", offset=number * 1000, length=900),
        kind="response",
        fetched_at=datetime(2026, 3, 1, 6, tzinfo=UTC),
        date="2026-03-01T06:00:00Z",
        status=status,
        mime="text/html",
        payload_digest=f"sha256:{number}",
        payload_size=5000,
    )
    return CaptureRecord(capture=capture, discovery=None, block=b"")


def test_the_newest_payloads_of_a_run_can_be_referred_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as its memory may hold; errors are no originals."""
    monkeypatch.setattr(spider_warcs, "MAX_ORIGINALS", 2)
    warcs = SpiderWarcs(Settings({"NEWSARCHIVE_WARC_FOLDER": str(tmp_path)}), "tides")
    for number in range(3):
        assert warcs.submit(record_of(number)).result().outcome is Outcome.OTHER
    warcs.submit(record_of(9, status=404))
    known = {number: warcs.find_original_by_digest(f"sha256:{number}") for number in (0, 1, 2, 9)}
    assert {number: found and found.url for number, found in known.items()} == {
        0: None, 1: "https://news.example/1", 2: "https://news.example/2", 9: None,
    }  # fmt: skip
