"""Revisits that wait to be read, where their files are not what they were."""

import gzip
from pathlib import Path
from unittest.mock import create_autospec

import pytest

from newsarchive.ingest.index_warcs import settle
from newsarchive.ingest.pipeline import Ingestor
from storage.index import Index
from storage.index.views.articles import Settled
from storage.places import Places

WHOLE = gzip.compress(b"WARC/1.1\r\nWARC-Type: revisit\r\nContent-Length: 900\r\n\r\n")


@pytest.mark.parametrize(
    "content", [WHOLE, WHOLE[:-3], b"\0" * 40, b"", None], ids=["header", "torn", "zeros", "empty", "gone"]
)
def test_a_damaged_file_ends_no_command_that_settles(tmp_path: Path, content: bytes | None) -> None:
    """The revisit waits on; it would else end every crawl from now on."""
    if content is not None:
        (tmp_path / "a.warc.gz").write_bytes(content)
    index, ingestor = create_autospec(Index, instance=True), create_autospec(Ingestor, instance=True)
    index.settle.return_value = Settled(unread=("urn:uuid:1",))
    index.capture_of_record.return_value.place.warc = "a.warc.gz"
    index.capture_of_record.return_value.place.offset = 0
    settle(Places(folder=tmp_path), index, ingestor)
    index.capture_of_record.assert_called_once_with("urn:uuid:1")
    ingestor.submit.assert_not_called()
