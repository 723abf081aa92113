"""WARC files that are not compressed are read in place."""

import gzip
from pathlib import Path

import pytest

from storage.errors import BadRecord, TornRecord, WarcError
from storage.warc.check import check_file
from storage.warc.gzip_members import MAX_RECORD_SIZE
from storage.warc.reader import CaptureRecord, read_captures, read_record, read_records


def record(number: int, length: int | None = None) -> bytes:
    """A response with the given Content-Length."""
    block = b"HTTP/1.1 200 OK\r\n\r\n<p>%d" % number
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{number}>\r\nWARC-Date: 2020-01-01T00:00:00Z\r\n"
        f"WARC-Target-URI: http://a.example/{number}\r\nContent-Type: application/http;msgtype=response\r\n"
        f"Content-Length: {len(block) if length is None else length}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


RECORDS = [record(number) for number in range(4)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of four records."""
    path = tmp_path / "a.warc"
    path.write_bytes(b"".join(RECORDS))
    return path


def numbers(path: Path) -> tuple[list[int], list[WarcError]]:
    """The readable records and the reported damage."""
    damage: list[WarcError] = []
    return [int(each.id.removeprefix("urn:uuid:")) for each in read_records(path, on_damage=damage.append)], damage


def test_records_are_those_of_the_compressed_file(path: Path, tmp_path: Path) -> None:
    """The records equal those of the compressed file, apart from their location."""
    packed = tmp_path / "a.warc.gz"
    packed.write_bytes(b"".join(map(gzip.compress, RECORDS)))
    told = [(each.type, each.headers, each.block, each.tail) for each in read_records(path)]
    assert told == [(each.type, each.headers, each.block, each.tail) for each in read_records(packed)]
    places = [each.place for each in read_records(path)]
    assert [(place.offset, place.length) for place in places] == [
        (len(RECORDS[0]) * n, len(RECORDS[0])) for n in range(4)
    ]
    assert [read_record(path, place.offset).place for place in places] == places
    assert [
        each.capture.url[-1] for each in read_captures(path, places[2].offset) if isinstance(each, CaptureRecord)
    ] == ["2", "3"]
    assert check_file(path).problems == []


def test_a_torn_file_is_read_up_to_there(path: Path) -> None:
    """Wherever the file ends, the records before are read, and the truncation is reported."""
    whole, one = path.read_bytes(), len(RECORDS[0])
    for size in range(1, len(whole)):
        path.write_bytes(whole[:size])
        found, damage = numbers(path)
        assert found == list(range(size // one))
        assert [(type(each), each.offset) for each in damage][1:] == []
        assert bool(damage) == bool(size % one)


@pytest.mark.parametrize(
    ("second", "what"),
    [
        (b"garbage\r\n\r\n", "no WARC record"),
        (bytes(4096) + b"\n", "no WARC record"),
        (record(1, 9), "does not end"),
        (record(1, 90), "does not end"),
        (record(1, MAX_RECORD_SIZE + 1), "more than"),
        (record(1).replace(b"Content-Length: ", b"Content-Length: -"), "Content-Length"),
        (record(1)[:-20] + b"\n", "does not end"),
    ],
)
def test_damage_affects_only_its_records(path: Path, second: bytes, what: str) -> None:
    """The records behind damage are found by their first line."""
    path.write_bytes(b"".join([RECORDS[0], second, *RECORDS[2:]]))
    found, (damage,) = numbers(path)
    assert found == [0, 2, 3]
    assert isinstance(damage, BadRecord)
    assert what in damage.what
    with pytest.raises(BadRecord):
        list(read_records(path))


def test_a_length_beyond_the_end_is_a_torn_record(path: Path) -> None:
    """A record that claims to be longer than the file is damaged, and the records behind it are read."""
    path.write_bytes(b"".join([RECORDS[0], record(1, 5000), *RECORDS[2:]]))
    found, (damage,) = numbers(path)
    assert found == [0, 2, 3]
    assert isinstance(damage, TornRecord)
