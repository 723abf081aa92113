"""Malicious files: decompression bombs, oversized records, zips with paths outside. Memory and disk stay bounded."""

import gzip
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from isal import igzip

from storage.errors import BadRecord
from storage.warc import framing, gzip_members
from storage.warc.check import check_file
from storage.warc.importer import import_file
from storage.warc.reader import read_records

MB = 1 << 20


def record(uri: str, body: bytes, *, length: int | None = None) -> bytes:
    block = b"HTTP/1.1 200 OK\r\n\r\n" + body
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:x:{uri}>\r\nWARC-Date: 2020-05-06T07:08:09Z\r\n"
        f"WARC-Target-URI: http://b.example/{uri}\r\nContent-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(block) if length is None else length}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def compress_parts(pieces: Iterator[bytes]) -> bytes:
    """Yield one gzip member of all the parts, without holding it in memory."""
    squeezer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return b"".join([*(squeezer.compress(piece) for piece in pieces), squeezer.flush()])


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lower the record size limit to 4 MB."""
    monkeypatch.setattr(gzip_members, "MAX_RECORD_SIZE", 4 * MB)
    monkeypatch.setattr(framing, "MAX_RECORD_SIZE", 4 * MB)


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """The folder of the archive."""
    folder = tmp_path / "archive"
    folder.mkdir()
    return folder


def giant() -> Iterator[bytes]:
    """A record of 60 MB between two small ones."""
    yield record("1", b"a")
    yield record("2", b"", length=60 * MB)[: -len(b"HTTP/1.1 200 OK\r\n\r\n\r\n\r\n")]
    for _ in range(60):
        yield bytes(MB)
    yield b"\r\n\r\n"
    yield record("3", b"c")


@pytest.mark.parametrize("form", ["plain", "whole", "members"])
def test_an_oversized_record_is_skipped_and_reported(tmp_path: Path, into: Path, form: str) -> None:
    """An oversized record is skipped and reported, in little memory; the records around it are imported."""
    source = tmp_path / "giant.warc.gz"
    pieces = list(giant())
    if form == "plain":
        source.write_bytes(b"".join(pieces))
    elif form == "whole":
        source.write_bytes(compress_parts(iter(pieces)))
    else:
        parts = [pieces[:1], pieces[1:-1], pieces[-1:]]
        source.write_bytes(b"".join(compress_parts(iter(part)) for part in parts))
    del pieces
    tracemalloc.start()
    adopted = import_file(source, into)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [each.uri for each in read_records(adopted.files[0])] == ["http://b.example/1", "http://b.example/3"]
    assert [f"record of {60 * MB} bytes" in lost for lost in adopted.damage] == [True]
    assert peak < 30 * MB


def test_a_bomb_without_a_record_is_read_in_little_memory(tmp_path: Path, into: Path) -> None:
    """A bomb of zeros: nothing is imported, nothing is held in memory."""
    source = tmp_path / "bomb.warc.gz"
    source.write_bytes(gzip.compress(record("1", b"a")) + igzip.compress(bytes(150 * MB), 3))
    tracemalloc.start()
    adopted = import_file(source, into)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (adopted.record_count, len(adopted.damage)) == (1, 1)
    assert peak < 40 * MB


def test_a_bomb_in_the_archive_is_damage(tmp_path: Path) -> None:
    """Reader and checker stop inflating at the limit."""
    path = tmp_path / "b.warc.gz"
    path.write_bytes(igzip.compress(record("1", bytes(100 * MB)), 3))
    tracemalloc.start()
    with pytest.raises(BadRecord, match="more than"):
        list(read_records(path))
    assert "record of more than" in check_file(path).problems[0].what
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 * MB


def test_a_large_file_is_read_record_by_record(tmp_path: Path) -> None:
    """Memory use depends on the record, not on the file."""
    path = tmp_path / "large.warc.gz"
    body = bytes(3 * MB)
    with path.open("wb") as out:
        for number in range(60):
            out.write(igzip.compress(record(str(number), body), 1))
    del body
    tracemalloc.start()
    assert sum(1 for _ in read_records(path)) == 60
    assert check_file(path).problems == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 * MB


def wacz(path: Path, parts: dict[str, bytes]) -> Path:
    """A WACZ with these files and the usual others."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as container:
        container.writestr("datapackage.json", "{}")
        container.writestr("pages/pages.jsonl", "{}")
        for name, data in parts.items():
            container.writestr(name, data)
    return path


def test_a_wacz_gives_its_warc_files(tmp_path: Path, into: Path) -> None:
    """Each of its WARC files is imported, compressed or not, under a name that includes that of the WACZ."""
    one, two = gzip.compress(record("1", b"a")), record("2", b"b")
    source = wacz(tmp_path / "my crawl.wacz", {"archive/one.warc.gz": one, "archive/two.WARC": two})
    adopted = import_file(source, into)
    assert (adopted.record_count, adopted.damage, adopted.already_imported) == (2, (), ())
    assert [path.name.rpartition("-")[0] for path in adopted.files] == ["import-my-crawl-one", "import-my-crawl-two"]
    assert adopted.files[0].read_bytes() == one
    again = import_file(source, into)
    assert (again.files, again.already_imported) == ((), tuple(path.name for path in adopted.files))


def test_a_zip_names_no_place_outside(tmp_path: Path, into: Path) -> None:
    """Whatever paths a zip has, files are created in the archive's folder only."""
    parts = {
        "archive/../../../evil.warc.gz": gzip.compress(record("1", b"a")),
        "archive/..%2f..\\up.warc.gz": gzip.compress(record("2", b"b")),
        "archive/" + "long" * 99 + ".warc.gz": gzip.compress(record("3", b"c")),
        "../archive/not.warc.gz": gzip.compress(record("4", b"d")),
    }
    adopted = import_file(wacz(tmp_path / "x.wacz", parts), into)
    assert adopted.record_count == 3
    assert sorted(into.iterdir()) == sorted(adopted.files)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "x.wacz"]


def test_a_damaged_part_costs_itself(tmp_path: Path, into: Path) -> None:
    """A damaged part of a zip is reported; the other parts are imported."""
    marked = record("1", b"MARK" * 100)
    source = tmp_path / "x.wacz"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_STORED) as container:
        container.writestr("archive/a.warc", marked)
        container.writestr("archive/b.warc", record("2", b"b"))
    source.write_bytes(source.read_bytes().replace(b"MARKMARK", b"MARKmark", 1))
    adopted = import_file(source, into)
    assert (adopted.record_count, len(adopted.damage)) == (1, 1)
    assert adopted.damage[0].startswith("x-a.warc: ")
    assert list(into.iterdir()) == list(adopted.files)


def test_a_wacz_without_warc_files_is_reported(tmp_path: Path, into: Path) -> None:
    """A zip without WARC files imports nothing and is reported."""
    adopted = import_file(wacz(tmp_path / "x.wacz", {"notes.txt": b"WARC"}), into)
    assert (adopted.files, adopted.damage) == ((), ("x.wacz: no WARC file in it",))
