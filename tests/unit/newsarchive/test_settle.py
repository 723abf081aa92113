"""Settling: what is in flight is committed first, and revisits that wait for their originals in damaged files."""

import gzip
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import create_autospec

import pytest

from newsarchive.archive import Archive
from newsarchive.ingest.index_warcs import settle
from newsarchive.ingest.pipeline import Batching, Ingestor
from storage.index import Index
from storage.index.queries.articles import get_capture_of_record
from storage.model import Capture, Discovery, Outcome, Reading, RecordPlace, UrlKind
from storage.places import Places
from storage.warc.reader import CaptureRecord

WHOLE = gzip.compress(b"WARC/1.1\r\nWARC-Type: revisit\r\nContent-Length: 900\r\n\r\n")


@pytest.mark.parametrize(
    "content", [WHOLE, WHOLE[:-3], b"\0" * 40, b"", None], ids=["header", "torn", "zeros", "empty", "gone"]
)
def test_a_damaged_file_does_not_fail_an_upload(tmp_path: Path, content: bytes | None) -> None:
    """The revisit keeps waiting; an error would end every later crawl."""
    if content is not None:
        (tmp_path / "a.warc.gz").write_bytes(content)
    index, ingestor = create_autospec(Index, instance=True), create_autospec(Ingestor, instance=True)
    ingestor.index = index
    index.settle.return_value, index.read.return_value = ("urn:uuid:1",), []
    index.ask.return_value.place.warc = "a.warc.gz"
    index.ask.return_value.place.offset = 0
    ingestor.unwatched = ()
    settle(Places(folder=tmp_path), ingestor)
    index.ask.assert_called_once_with(get_capture_of_record, "urn:uuid:1")
    ingestor.submit.assert_not_called()


def test_what_is_in_flight_is_committed_first(tmp_path: Path) -> None:
    """A crawl settles while its last captures wait for their batch; they are settled too."""
    capture = Capture(
        url="https://gazette.example/a", record_id="urn:uuid:a", kind="response", status=200, mime="text/plain",
        place=RecordPlace(warc="a.warc.gz", offset=0, length=10), payload_digest=None, payload_size=5,
        fetched_at=datetime(2026, 3, 1, 12, tzinfo=UTC), date="2026-03-01T12:00:00Z",
    )  # fmt: skip
    record = CaptureRecord(capture=capture, discovery=Discovery(site="", kind=UrlKind.ARTICLE), block=b"hello")
    waiting = Batching(max_delay=600, idle_delay=600)
    with Archive.init(tmp_path / "archive") as archive, archive.ingestor(batching=waiting) as ingestor:
        ingestor.submit(record, Reading(outcome=Outcome.OTHER, reason="read elsewhere"))
        settle(archive.places, ingestor)
        assert archive.index.ask(get_capture_of_record, "urn:uuid:a") is not None
