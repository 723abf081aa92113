"""Our own files under all kinds of damage by disks, crashes and people."""

import random
import subprocess
import zlib
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import WarcError
from storage.model import CrawlRun, Discovery, Exchange, RefersTo, UrlKind
from storage.warc.check import check_file
from storage.warc.reader import CaptureRecord, read_captures, read_record, read_records
from storage.warc.repair import repair_file
from storage.warc.writer import WarcWriter

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAME = "newsarchive-20260301120000000-00001-desk-00000000.warc.gz"


class NoOriginals:
    def find_original_by_digest(self, payload_digest: str) -> RefersTo | None:
        return None

    def find_original_by_url(self, url: str) -> RefersTo | None:
        return None


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file with four exchanges, three of them with a discovery, as bytes."""
    folder = tmp_path_factory.mktemp("content")
    run = CrawlRun(id="r", sites=(), started_at=BEGAN)
    writer = WarcWriter(folder, run=run, info={"software": "s"}, originals=NoOriginals(), host="desk")
    chance = random.Random(4)
    for number in range(4):
        writer.write(
            Exchange(
                url=f"http://a.example/{number}",
                started_at=BEGAN + timedelta(seconds=number),
                request=b"GET / HTTP/1.1\r\n\r\n",
                response=b"HTTP/1.1 200 OK\r\n\r\n" + chance.randbytes(200),
                discovery=Discovery(site="a", kind=UrlKind.ARTICLE) if number else None,
            )
        )
    closed = writer.close()
    assert closed is not None
    return (folder / closed.name).read_bytes()


@pytest.fixture
def path(tmp_path: Path, content: bytes) -> Path:
    """The file, closed and intact."""
    path = tmp_path / NAME
    path.write_bytes(content)
    return path


def ends_of_groups(path: Path) -> list[int]:
    """Offsets where a file may end: behind its warcinfo record and behind each exchange."""
    begins = [record.place.offset for record in read_records(path) if record.type == "response"]
    return [*begins, path.stat().st_size]


def sizes(path: Path) -> list[int]:
    """Sizes to truncate a file to: every byte around the end of each record, and some in between."""
    near = {each.place.offset + step for each in read_records(path) for step in range(-10, 30)}
    return sorted(size for size in {*near, *range(0, path.stat().st_size, 23)} if 0 <= size < path.stat().st_size)


def gzip_finds(path: Path) -> bool:
    """Return whether `gzip -t` reports damage."""
    return subprocess.run(["gzip", "-t", path], capture_output=True, check=False).returncode != 0


def test_the_sound_file_is_sound(path: Path) -> None:
    """A file of the writer has no problems and no notes."""
    report = check_file(path)
    assert (report.problems, report.notes, report.records, len(report.captures)) == ([], [], 12, 4)


def test_a_file_torn_anywhere_is_cut_to_whole_exchanges(path: Path, content: bytes, tmp_path: Path) -> None:
    """At whatever byte a crash ended the file: the exchanges before it are kept without a problem, and the rest is
    saved in another file.
    """
    ends = [0, *ends_of_groups(path)]
    folder = tmp_path / "torn"
    folder.mkdir()
    for size in sizes(path):
        torn = folder / f"{NAME}.open"
        torn.write_bytes(content[:size])
        repaired = repair_file(torn)
        assert repaired is not None
        end = max(each for each in ends if each <= size)
        assert (repaired.end, repaired.cut_bytes) == (end, size - end)
        left = {each.name: each.read_bytes() for each in folder.iterdir()}
        expected = {NAME: content[:end]} if end else {}
        if size > end:
            assert repaired.torn_name is not None
            expected[repaired.torn_name] = content[end:size]
        assert left == expected
        if end:
            assert check_file(folder / NAME).problems == []
        for each in folder.iterdir():
            each.unlink()


def test_a_torn_file_is_reported_wherever_it_is_torn(path: Path, content: bytes) -> None:
    """A truncated file is a problem unless it ends between two exchanges."""
    ends = set(ends_of_groups(path))
    for size in sizes(path)[1:]:
        path.write_bytes(content[:size])
        assert bool(check_file(path).problems) == (size not in ends), size


def test_every_flipped_bit_that_gzip_finds_is_found(path: Path, content: bytes) -> None:
    """For one flipped bit anywhere, the checker finds all that zlib (`gzip -t`) finds, and the records that it did not
    touch are still read.
    """
    chance = random.Random(6)
    for _ in range(300):
        damaged = bytearray(content)
        at = chance.randrange(len(damaged))
        damaged[at] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        report = check_file(path)
        if zlib_finds(bytes(damaged)):
            assert report.problems, at
        assert report.records >= 11
    first = bytearray(content)
    for at in range(10):
        for bit in range(8):
            first[at] ^= 1 << bit
            path.write_bytes(first)
            assert bool(check_file(path).problems) >= gzip_finds(path), (at, bit)
            first[at] ^= 1 << bit


def zlib_finds(data: bytes) -> bool:
    """Return whether zlib reports a gzip file as damaged."""
    while data:
        inflater = zlib.decompressobj(31)
        try:
            inflater.decompress(data)
        except zlib.error:
            return True
        if not inflater.eof:
            return True
        data = inflater.unused_data
    return False


@pytest.mark.parametrize(
    "garbage", [bytes(1), bytes(4096), b"\x1f", b"\x1f\x8b\x08\x00", b"GET / HTTP/1.1\r\n\r\n", b"\r\n", b"\xff" * 9]
)
def test_unknown_files_are_reported(path: Path, content: bytes, garbage: bytes) -> None:
    """Garbage behind the last record, before the first or between two is reported with its offset, and no record is
    lost.
    """
    ends = ends_of_groups(path)
    for at in (0, ends[1], len(content)):
        path.write_bytes(content[:at] + garbage + content[at:])
        report = check_file(path)
        assert report.records == 12
        assert [problem.offset for problem in report.problems] == [at]


def test_a_page_of_zeros_costs_what_it_covers(path: Path, content: bytes) -> None:
    """After a power failure or a bad sector, the records around a hole are read and the loss is reported."""
    second, third = ends_of_groups(path)[1:3]
    path.write_bytes(content[:second] + bytes(third - second) + content[third:])
    report = check_file(path)
    assert report.records == 9
    assert report.problems[0].offset == second


def test_captures_behind_damage_are_read(path: Path, content: bytes) -> None:
    """Damage to one exchange costs that exchange: those behind it are yielded before the error is raised."""
    second, third = ends_of_groups(path)[1:3]
    path.write_bytes(content[:second] + bytes(third - second) + content[third:])
    urls: list[str] = []
    with pytest.raises(WarcError) as caught:
        urls.extend(each.capture.url for each in read_captures(path) if isinstance(each, CaptureRecord))
    assert urls == ["http://a.example/0", "http://a.example/2", "http://a.example/3"]
    assert caught.value.offset == second


def test_a_removed_member_is_reported_missing(path: Path, content: bytes) -> None:
    """A file that lost one complete member is valid gzip, but the records that refer to the lost one show it."""
    for lost in list(read_records(path)):
        begin, end = lost.place.offset, lost.place.offset + lost.place.length
        path.write_bytes(content[:begin] + content[end:])
        assert not gzip_finds(path)
        assert check_file(path).problems, lost.type
    path.write_bytes(content)


def test_a_record_that_stands_twice_is_reported(path: Path, content: bytes) -> None:
    """Two records with one id are a problem, whoever wrote them."""
    last = list(read_records(path))[-1]
    path.write_bytes(content + content[last.place.offset :])
    assert [problem.what for problem in check_file(path).problems] == ["duplicate record id"]


def test_damage_in_the_middle_is_no_reason_to_cut(path: Path, content: bytes, tmp_path: Path) -> None:
    """Records behind damage may be in the index: repair cuts the torn end only."""
    second, third = ends_of_groups(path)[1:3]
    left_open = tmp_path / "open" / f"{NAME}.open"
    left_open.parent.mkdir()
    damaged = content[:second] + bytes(third - second) + content[third:]
    left_open.write_bytes(damaged + b"\x1f\x8b\x08torn")
    repaired = repair_file(left_open)
    assert repaired is not None
    assert (repaired.end, repaired.cut_bytes) == (len(damaged), 7)
    assert (left_open.parent / NAME).read_bytes() == damaged


def test_a_warc_file_within_a_torn_record_is_not_taken_for_ours(path: Path, content: bytes, tmp_path: Path) -> None:
    """A payload may be a WARC file itself: if its record is torn, its content is not read as ours."""
    published = tmp_path / "published"
    published.mkdir()
    run = CrawlRun(id="other", sites=(), started_at=BEGAN)
    writer = WarcWriter(tmp_path / "published", run=run, info={}, originals=NoOriginals())
    download = b"HTTP/1.1 200 OK\r\n\r\n" + content
    writer.write(Exchange(url="http://b.example/x.warc.gz", started_at=BEGAN, request=b"", response=download))
    closed = writer.close()
    assert closed is not None
    whole = published / closed.name
    first = list(read_records(whole))[1].place
    torn = tmp_path / f"{closed.name}.open"
    torn.write_bytes(whole.read_bytes()[: first.offset + first.length - 20])
    repaired = repair_file(torn)
    assert repaired is not None
    assert repaired.end == first.offset


@given(data=st.binary(max_size=400))
def test_any_bytes_are_an_answer_or_a_named_damage(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """For any bytes in a file, checker and readers end, and raise only our own errors."""
    path = tmp_path_factory.getbasetemp() / "any.warc.gz"
    path.write_bytes(data)
    assert check_file(path).problems
    with pytest.raises(WarcError):
        read_record(path, 0)
    with pytest.raises(WarcError) if data else nullcontext():
        list(read_captures(path))


def test_a_file_without_a_whole_record_is_deleted(tmp_path: Path) -> None:
    """A file that a crash left empty is deleted by repair; one that does not exist is no error."""
    empty = tmp_path / f"{NAME}.open"
    empty.touch()
    repaired = repair_file(empty)
    assert repaired is not None
    assert (repaired.end, repaired.cut_bytes, repaired.torn_name) == (0, 0, None)
    assert list(tmp_path.iterdir()) == []
    assert repair_file(empty) is None
