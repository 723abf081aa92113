"""Revisits that wait for their originals, in damaged files."""

import gzip
from pathlib import Path
from unittest.mock import create_autospec

import pytest

from newsarchive.ingest.index_warcs import settle
from newsarchive.ingest.pipeline import Ingestor
from storage.index import Index
from storage.index.queries.articles import get_capture_of_record
from storage.index.views.articles import SettleResult
from storage.places import Places

WHOLE = gzip.compress(b"WARC/1.1\r\nWARC-Type: revisit\r\nContent-Length: 900\r\n\r\n")


@pytest.mark.parametrize(
    "content", [WHOLE, WHOLE[:-3], b"\0" * 40, b"", None], ids=["header", "torn", "zeros", "empty", "gone"]
)
def test_a_damaged_file_does_not_fail_an_upload(tmp_path: Path, content: bytes | None) -> None:
    """The revisit keeps waiting; an error would end every later crawl."""
    if content is not None:
        (tmp_path / "a.warc.gz").write_bytes(content)
    index, ingestor = create_autospec(Index, instance=True), create_autospec(Ingestor, instance=True)
    ingestor.unwatched = ()
    index.settle.return_value, index.read.return_value = SettleResult(unread=("urn:uuid:1",)), []
    index.ask.return_value.place.warc = "a.warc.gz"
    index.ask.return_value.place.offset = 0
    ingestor.unwatched = ()
    settle(Places(folder=tmp_path), index, ingestor)
    index.ask.assert_called_once_with(get_capture_of_record, "urn:uuid:1")
    ingestor.submit.assert_not_called()
