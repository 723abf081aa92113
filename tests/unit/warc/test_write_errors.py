"""Errors of a disk at each system call of the writer."""

import errno
import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.errors import DiskFull, StorageError
from storage.model import ClosedWarc, CrawlRun, Exchange, RefersTo
from storage.places import OPEN
from storage.warc import exchange as exchanges
from storage.warc.check import check_file
from storage.warc.reader import read_captures, read_records
from storage.warc.repair import repair_file
from storage.warc.writer import WarcWriter

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RUN = CrawlRun(id="run", sites=(), started_at=NOON)


class NoOriginals:
    def find_original_by_digest(self, payload_digest: str) -> RefersTo | None:
        return None

    def find_original_by_url(self, url: str) -> RefersTo | None:
        return None


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


def page(number: int, body: bytes = b"x" * 2000) -> Exchange:
    return Exchange(
        url=f"http://a.example/{number}",
        started_at=NOON,
        request=b"GET / HTTP/1.1\r\n\r\n",
        response=b"HTTP/1.1 200 OK\r\n\r\n" + body,
    )


@pytest.fixture
def closed() -> list[ClosedWarc]:
    """The files that the writer reported as closed."""
    return []


@pytest.fixture
def clock() -> Clock:
    """Noon until a test sets it."""
    return Clock()


@pytest.fixture
def writer(tmp_path: Path, closed: list[ClosedWarc], clock: Clock) -> WarcWriter:
    """A writer that starts a new file every hour."""
    return WarcWriter(
        tmp_path,
        run=RUN,
        info={},
        originals=NoOriginals(),
        host="desk",
        age_limit=3600.0,
        now=clock,
        on_closed=closed.append,
    )


def urls(path: Path) -> list[str]:
    return [record.uri for record in read_records(path) if record.type == "response"]


def failing(number: int, real: Callable[..., int], *, after: int = 0) -> Callable[..., int]:
    """Return a system call that fails once, after writing so many bytes."""
    calls = [after, None]

    def call(fd: int, *given: bytes) -> int:
        if not calls:
            return real(fd, *given)
        taken = calls.pop(0)
        if taken:
            return real(fd, given[0][:taken])
        calls.clear()
        raise OSError(number, os.strerror(number))

    return call


@pytest.mark.parametrize(
    ("number", "error"),
    [(errno.ENOSPC, DiskFull), (errno.EDQUOT, DiskFull), (errno.EFBIG, DiskFull), (errno.EIO, StorageError)],
)
@pytest.mark.parametrize("after", [0, 1, 300])
def test_a_refused_write_leaves_the_file_as_it_was(
    writer: WarcWriter,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    error: type[StorageError],
    after: int,
) -> None:
    """Whatever part of a group was written before the error is cut off, and the writer can go on."""
    writer.write(page(1))
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", failing(number, os.write, after=after))
        with pytest.raises(error, match="committed before is intact") as refused:
            writer.write(page(2))
        assert type(refused.value) is error
    writer.write(page(3))
    done = writer.close()
    assert done is not None
    report = check_file(tmp_path / done.name)
    assert (report.problems, report.sha256) == ([], done.sha256)
    assert urls(tmp_path / done.name) == ["http://a.example/1", "http://a.example/3"]


def test_short_writes_are_continued(writer: WarcWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Short writes are no errors."""
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:97]))
    writer.write(page(1))
    done = writer.close()
    assert done is not None
    assert check_file(tmp_path / done.name).problems == []


def test_a_write_without_progress_is_a_full_disk(writer: WarcWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write of no byte without an error does not loop forever."""
    writer.write(page(1))
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda fd, data: 0)
        with pytest.raises(DiskFull):
            writer.write(page(2))
    writer.close()


def test_a_failed_sync_is_permanent(
    writer: WarcWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: list[ClosedWarc]
) -> None:
    """After a failed fdatasync every call fails; the file keeps its .open name for the next start to repair."""
    writer.write(page(1))
    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", failing(errno.EIO, os.fdatasync))  # type: ignore[arg-type]  # returns nothing
        with pytest.raises(StorageError):
            writer.sync()
    for again in (writer.sync, lambda: writer.write(page(2)), lambda: writer.write_run_end(RUN)):
        with pytest.raises(StorageError):
            again()  # type: ignore[no-untyped-call,unused-ignore]  # of three kinds
    assert writer.close() is None
    assert closed == []
    (left_open,) = tmp_path.glob(f"*{OPEN}")
    repaired = repair_file(left_open)
    assert repaired is not None
    assert urls(tmp_path / repaired.name) == ["http://a.example/1"]


def test_a_tail_that_cannot_be_cut_ends_the_writer(
    writer: WarcWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If an incomplete group cannot be cut off, nothing is written behind it; repair cuts it."""
    writer.write(page(1))
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", failing(errno.ENOSPC, os.write, after=300))
        patched.setattr(os, "ftruncate", failing(errno.EIO, os.ftruncate))  # type: ignore[arg-type]  # returns nothing
        with pytest.raises(StorageError):
            writer.write(page(2))
    with pytest.raises(StorageError):
        writer.write(page(3))
    (left_open,) = tmp_path.glob(f"*{OPEN}")
    repaired = repair_file(left_open)
    assert repaired is not None
    assert repaired.cut_bytes == 300
    assert urls(tmp_path / repaired.name) == ["http://a.example/1"]


def test_closing_is_idempotent_and_writing_opens_a_new_file(
    writer: WarcWriter, tmp_path: Path, closed: list[ClosedWarc]
) -> None:
    """A closed file is never opened again."""
    assert writer.close() is None
    writer.write(page(1))
    first = writer.close()
    assert (writer.close(), closed) == (None, [first])
    before = (tmp_path / closed[0].name).read_bytes()
    writer.write(page(2))
    second = writer.close()
    assert second is not None
    assert (tmp_path / closed[0].name).read_bytes() == before
    assert urls(tmp_path / second.name) == ["http://a.example/2"]


def test_an_old_file_is_closed_before_the_next_exchange(
    writer: WarcWriter, tmp_path: Path, clock: Clock, closed: list[ClosedWarc]
) -> None:
    """A file is closed by age between exchanges; a clock that is set back closes nothing."""
    writer.write(page(1))
    clock.at = NOON - timedelta(hours=5)
    writer.write(page(2))
    assert closed == []
    clock.at = NOON + timedelta(hours=1)
    writer.write(page(3))
    writer.close()
    assert [urls(tmp_path / each.name) for each in closed] == [
        ["http://a.example/1", "http://a.example/2"],
        ["http://a.example/3"],
    ]


def test_a_run_ends_in_a_new_file_where_none_is_open(writer: WarcWriter, tmp_path: Path) -> None:
    """The end of a run that wrote something is always recorded; a run that wrote nothing leaves no file."""
    writer.write_run_end(RUN)
    assert list(tmp_path.iterdir()) == []
    writer.write(page(1))
    writer.close()
    writer.write_run_end(RUN)
    done = writer.close()
    assert done is not None
    assert [record.type for record in read_records(tmp_path / done.name)] == ["warcinfo", "metadata"]


def test_no_name_is_used_twice(writer: WarcWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that a closed or open file has is not used again."""
    tokens = iter(["aaaaaaaa", "bbbbbbbb", "cccccccc"])
    monkeypatch.setattr(secrets, "token_hex", lambda size: next(tokens))
    taken = [
        tmp_path / "newsarchive-20260301120000000-00001-desk-aaaaaaaa.warc.gz",
        tmp_path / f"newsarchive-20260301120000000-00001-desk-bbbbbbbb.warc.gz{OPEN}",
    ]
    for path in taken:
        path.write_bytes(b"mine")
    writer.write(page(1))
    done = writer.close()
    assert done is not None
    assert done.name == "newsarchive-20260301120000000-00001-desk-cccccccc.warc.gz"
    assert [path.read_bytes() for path in taken] == [b"mine", b"mine"]


def test_repair_never_overwrites(tmp_path: Path) -> None:
    """If the closed name exists, nothing is changed and an error says so."""
    final = tmp_path / "newsarchive-1.warc.gz"
    final.write_bytes(b"mine")
    left_open = tmp_path / f"{final.name}{OPEN}"
    left_open.write_bytes(b"torn")
    with pytest.raises(StorageError, match="Move one of the two"):
        repair_file(left_open)
    assert (final.read_bytes(), left_open.read_bytes()) == (b"mine", b"torn")


def test_an_answer_too_long_to_be_read_again_is_cut(
    writer: WarcWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A response over the size limit of readers is truncated, with WARC-Truncated."""
    monkeypatch.setattr(exchanges, "MAX_RESPONSE", 1000)
    capture = writer.write(page(1))
    assert (capture.truncated, capture.payload_size) == ("length", 1000 - len(b"HTTP/1.1 200 OK\r\n\r\n"))
    done = writer.close()
    assert done is not None
    assert [told.capture for told in read_captures(tmp_path / done.name) if hasattr(told, "capture")] == [capture]
