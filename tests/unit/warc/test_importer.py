"""Importing damaged files of other tools: what can be read is imported, the rest is reported with its offset."""

import gzip
import hashlib
import random
from pathlib import Path

import pytest

from storage.errors import StorageError
from storage.warc.check import check_file
from storage.warc.importer import ImportedFile, import_file
from storage.warc.reader import CaptureRecord, read_captures, read_records


def record(number: int, body: bytes, *, digest: bool = True) -> bytes:
    """A response as another tool writes it."""
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
    digest_line = f"WARC-Block-Digest: sha256:{hashlib.sha256(block).hexdigest()}\r\n" if digest else ""
    head = (
        "WARC/1.0\r\nWARC-Type: response\r\n"
        f"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{number:012}>\r\n"
        f"WARC-Date: 2020-05-06T07:08:{number:02}Z\r\nWARC-Target-URI: http://b.example/{number}\r\n"
        f"{digest_line}Content-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


CHANCE = random.Random(8)
RECORDS = [record(number, CHANCE.randbytes(3000)) for number in range(8)]
MEMBERS = [gzip.compress(each, mtime=0) for each in RECORDS]


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """The folder of the archive."""
    folder = tmp_path / "archive"
    folder.mkdir()
    return folder


def taken(tmp_path: Path, into: Path, data: bytes, name: str = "b.warc.gz") -> tuple[ImportedFile, list[int]]:
    """Import bytes as a file; return the numbers of the imported records, after checking them."""
    source = tmp_path / name
    source.write_bytes(data)
    adopted = import_file(source, into)
    numbers: list[int] = []
    for path in adopted.files:
        assert check_file(path).problems == []
        numbers += [
            int(each.capture.url.rpartition("/")[2]) for each in read_captures(path) if isinstance(each, CaptureRecord)
        ]
        assert len(list(read_records(path))) == len(numbers)
    assert adopted.record_count == len(numbers)
    return adopted, numbers


def test_a_damaged_member_costs_itself(tmp_path: Path, into: Path) -> None:
    """A flipped bit in one member: the others are imported byte for byte, and the lost one is reported."""
    for at in (0, 3, 7):
        damaged = bytearray(MEMBERS[at])
        damaged[len(damaged) // 2] ^= 4
        data = b"".join([*MEMBERS[:at], bytes(damaged), *MEMBERS[at + 1 :]])
        adopted, numbers = taken(tmp_path, into, data)
        assert numbers == [number for number in range(8) if number != at]
        offset = sum(map(len, MEMBERS[:at]))
        assert [f"at byte {offset}" in lost for lost in adopted.damage] == [True]
        assert adopted.files[0].read_bytes() == b"".join([*MEMBERS[:at], *MEMBERS[at + 1 :]])


def test_a_torn_file_comes_in_up_to_its_end(tmp_path: Path, into: Path) -> None:
    """An interrupted download: all complete records are imported, wherever it ends."""
    data = b"".join(MEMBERS)
    for size in range(1, len(data), 911):
        whole = [number for number in range(8) if sum(map(len, MEMBERS[: number + 1])) <= size]
        adopted, numbers = taken(tmp_path, into, data[:size])
        assert numbers == whole
        assert len(adopted.damage) == 1


def test_garbage_between_members_is_skipped(tmp_path: Path, into: Path) -> None:
    """Zeros, text and a stray gzip header between members are reported and cost no record."""
    for garbage in (bytes(5000), b"garbage\r\n" * 9, b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"):
        adopted, numbers = taken(tmp_path, into, b"".join([*MEMBERS[:4], garbage, *MEMBERS[4:]]))
        assert numbers == list(range(8))
        assert adopted.damage


def test_a_file_that_begins_with_garbage_is_read(tmp_path: Path, into: Path) -> None:
    """A file that lost its beginning is read from its first complete record on."""
    adopted, numbers = taken(tmp_path, into, b"".join(MEMBERS)[700:])
    assert numbers == list(range(1, 8))
    assert adopted.damage
    _, numbers = taken(tmp_path, into, b"".join(RECORDS)[700:], "b.warc")
    assert numbers == list(range(1, 8))


def test_a_whole_file_gzip_that_is_torn_comes_in_up_to_there(tmp_path: Path, into: Path) -> None:
    """One truncated member for all records: every record that is complete is imported, but for the last."""
    data = gzip.compress(b"".join(RECORDS), mtime=0)
    for size in range(40, len(data), 1777):
        _, numbers = taken(tmp_path, into, data[:size])
        assert numbers == list(range(len(numbers)))
        assert len(numbers) >= size * 8 // len(data) - 1


def test_a_record_that_runs_into_the_next_is_skipped(tmp_path: Path, into: Path) -> None:
    """A tool crashed within a record and appended more: the torn record is lost, the following ones are not."""
    for digest in (True, False):
        torn = record(3, b"x" * 5000, digest=digest)[:-2500]
        for name, data in (
            ("b.warc", b"".join([*RECORDS[:3], torn + b"\r\n", *RECORDS[4:]])),
            ("c.warc.gz", gzip.compress(b"".join([*RECORDS[:3], torn + b"\r\n", *RECORDS[4:]]), mtime=0)),
        ):
            adopted, numbers = taken(tmp_path, into, data, name)
            assert numbers == [0, 1, 2, 4, 5, 6, 7], (name, digest)
            assert adopted.damage


def test_odd_line_ends_between_records_are_repaired(tmp_path: Path, into: Path) -> None:
    """Tools that write fewer or more line ends behind a block: the records are imported with valid framing."""
    for tail in (b"", b"\r\n", b"\n\n", b"\r\n\r\n\r\n"):
        odd = [each[:-4] + tail for each in RECORDS]
        for name, data in (
            ("b.warc", b"".join(odd)),
            ("m.warc.gz", b"".join(gzip.compress(each, mtime=0) for each in odd)),
            ("w.warc.gz", gzip.compress(b"".join(odd), mtime=0)),
        ):
            adopted, numbers = taken(tmp_path, into, data, name)
            assert (numbers, adopted.damage) == (list(range(8)), ()), (name, tail)


def test_members_that_hold_several_records_are_taken_apart(tmp_path: Path, into: Path) -> None:
    """A file may mix members of one record and of many, and records may span members."""
    text = b"".join(RECORDS[5:])
    mixed = [MEMBERS[0], gzip.compress(b"".join(RECORDS[1:4]), mtime=0), MEMBERS[4]]
    across = [gzip.compress(text[:4000], mtime=0), gzip.compress(text[4000:], mtime=0)]
    adopted, numbers = taken(tmp_path, into, b"".join([*mixed, *across]))
    assert (numbers, adopted.damage) == (list(range(8)), ())
    places = [each.place for each in read_records(adopted.files[0])]
    copied = adopted.files[0].read_bytes()
    for number in (0, 4):
        place = places[number]
        assert copied[place.offset : place.offset + place.length] == MEMBERS[number]


def test_a_record_without_a_valid_date_is_left_out(tmp_path: Path, into: Path) -> None:
    """A capture without a valid date would stop every later reading of the file: it is left out and reported."""
    undated = RECORDS[2].replace(b"2020-05-06T07:08:02Z", b"yesterday").replace(b"WARC-Block", b"X-Block")
    data = b"".join([*MEMBERS[:2], gzip.compress(undated, mtime=0), *MEMBERS[3:]])
    adopted, numbers = taken(tmp_path, into, data)
    assert numbers == [0, 1, 3, 4, 5, 6, 7]
    assert len(adopted.damage) == 1


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.warc.gz", b""),
        ("page.html", b"<html><p>WARC, they say</p></html>"),
        ("noise.warc.gz", b"\x1f\x8b\x08" + bytes(500)),
        ("text.warc.gz", gzip.compress(b"no record in here" * 100, mtime=0)),
        ("zstd.warc.zst", b"\x28\xb5\x2f\xfd" + bytes(500)),
        ("end.warc", b"WARC/1.0\r\nWARC-Type: response\r\n"),
        ("huge.warc", b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 999999999999999999\r\n\r\nHTTP/1.1"),
    ],
)
def test_a_file_that_is_no_warc_is_reported(tmp_path: Path, into: Path, name: str, data: bytes) -> None:
    """Any other file imports nothing, leaves nothing behind, and is reported."""
    adopted, numbers = taken(tmp_path, into, data, name)
    assert (numbers, adopted.files) == ([], ())
    assert adopted.damage
    assert list(into.iterdir()) == []


def test_a_missing_file_is_reported(tmp_path: Path, into: Path) -> None:
    """A missing file or a folder is an error with a message."""
    with pytest.raises(StorageError, match="nothing was imported"):
        import_file(tmp_path / "missing.warc.gz", into)
    with pytest.raises(StorageError, match="nothing was imported"):
        import_file(tmp_path, into)


def test_a_broken_zip_is_reported(tmp_path: Path, into: Path) -> None:
    """An incomplete WACZ is an error with a message."""
    source = tmp_path / "x.wacz"
    source.write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(StorageError, match="nothing was imported"):
        import_file(source, into)
    assert list(into.iterdir()) == []


def test_an_interrupted_import_leaves_no_half_file(tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An import that is interrupted leaves nothing, and the next attempt imports all."""

    def interrupted(self: object, *given: object) -> None:
        raise KeyboardInterrupt

    source = tmp_path / "b.warc.gz"
    source.write_bytes(b"".join(MEMBERS))
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            import_file(source, into)
    assert list(into.glob("*.warc.gz")) == []
    assert import_file(source, into).record_count == 8
    assert len(list(into.iterdir())) == 1
