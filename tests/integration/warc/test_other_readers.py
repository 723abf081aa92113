"""Other tools read our files correctly."""

import subprocess
from io import BytesIO
from pathlib import Path

from fastwarc.warc import ArchiveIterator as FastWarcIterator
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from storage.model import Capture, Exchange
from storage.warc.reader import read_record, read_records


def test_gzip_finds_nothing_wrong(archived: tuple[Path, dict[str, Capture]]) -> None:
    """No error is reported by gzip, which decompresses the records one after the other."""
    path, _ = archived
    tested = subprocess.run(["gzip", "-t", path], capture_output=True, check=False)
    assert (tested.returncode, tested.stderr) == (0, b"")
    text = subprocess.run(["gzip", "-dc", path], capture_output=True, check=True).stdout
    assert text.count(b"WARC/1.1\r\nWARC-Type: ") == sum(1 for _ in read_records(path))


def test_warcio_reads_the_same(archived: tuple[Path, dict[str, Capture]]) -> None:
    """The records of warcio are the same, with the same named fields and blocks, at the same offsets."""
    path, _ = archived
    ours = [
        (each.place.offset, each.place.length, tuple(h for h in each.headers if h[0] != "WARC-Type"), each.block)
        for each in read_records(path)
    ]
    theirs = []
    with path.open("rb") as file:
        iterator = WarcioIterator(file, no_record_parse=True)
        for each in iterator:
            block = each.raw_stream.read()
            fields = tuple(h for h in each.rec_headers.headers if h[0] != "WARC-Type")
            theirs.append((iterator.get_record_offset(), iterator.get_record_length(), fields, block))
    assert theirs == ours


def test_fastwarc_reads_the_same(archived: tuple[Path, dict[str, Capture]]) -> None:
    """The records of FastWARC are the same, and it verifies every block digest."""
    path, _ = archived
    ours = [(each.get("WARC-Type"), f"<{each.id}>", each.block) for each in read_records(path)]
    theirs = [
        (each.headers["WARC-Type"], each.headers["WARC-Record-ID"], each.reader.read())
        for each in FastWarcIterator(BytesIO(path.read_bytes()), parse_http=False)
    ]
    assert theirs == ours
    for each in FastWarcIterator(BytesIO(path.read_bytes()), parse_http=False):
        assert each.verify_block_digest() is True


def test_warcio_check_finds_only_what_it_reads_otherwise(archived: tuple[Path, dict[str, Capture]]) -> None:
    """`warcio check` takes payload digests over the chunk framing (its issue 74): it reports that record only."""
    path, captures = archived
    complained = []
    with path.open("rb") as file:
        for each in WarcioIterator(file, check_digests=True):
            each.content_stream().read()
            if each.digest_checker.passed is False:
                complained.append(each.rec_headers.get_header("WARC-Target-URI"))
    assert complained == [captures["chunked"].url]


def test_blocks_are_the_bytes_of_the_wire(
    archived: tuple[Path, dict[str, Capture]], exchanges: dict[str, Exchange]
) -> None:
    """Request and response bytes are in the file as they were sent."""
    path, captures = archived
    for name, exchange in exchanges.items():
        capture = captures[name]
        record = read_record(path, capture.place.offset)
        request = read_record(path, capture.place.offset + capture.place.length)
        if capture.profile == "identical-payload-digest":
            assert exchange.response.startswith(record.block)
            assert record.block.endswith(b"\r\n\r\n")
        else:
            assert record.block == exchange.response
        assert (request.type, request.block) == ("request", exchange.request)
    assert [captures[name].kind for name in ("again", "unchanged")] == ["revisit", "revisit"]
