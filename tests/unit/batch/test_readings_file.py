"""What a WARC file says, in a file of its own: whole, or not there."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from isal import isal_zlib

from newsarchive.batch.nouns import dumped
from newsarchive.batch.reading import ReadItem
from newsarchive.batch.readings import Readings, remove, write
from newsarchive.ingest.tasks import KeptRead
from storage.errors import StorageError, TornRecord
from storage.model import Capture, CrawlRun, Discovery, Outcome, Reading, RecordPlace, UrlKind
from storage.warc.reader import Kept, RunBegan, RunEnded
from storage.warc.writer import ClosedFile

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
RUN = CrawlRun(id="20260301T120000Z-1", sites=(), started_at=AT)
PAGE = Discovery(site="gazette", kind=UrlKind.ARTICLE)
CLOSED = ClosedFile(name="a.warc.gz", size=1000, sha256="0" * 64)


def read(number: int) -> KeptRead:
    capture = Capture(
        url=f"https://gazette.example/{number}",
        record_id=f"urn:uuid:{number}",
        place=RecordPlace(warc="a.warc.gz", offset=100 * number, length=100),
        kind="response",
        fetched_at=AT,
        date="2026-03-01T12:00:00Z",
        status=200,
        mime="text/html",
        payload_digest=None,
        payload_size=5,
    )
    reading = Reading(outcome=Outcome.OTHER, reason=f"page {number}")
    return KeptRead(kept=Kept(capture=capture, discovery=None, block=b""), discovery=PAGE, reading=reading)


ITEMS: list[ReadItem] = [RunBegan(run=RUN), *map(read, range(1, 6)), RunEnded(run=replace(RUN, outcome="finished"))]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.warc.gz.0.readings"


def opened(path: Path) -> Readings:
    readings = Readings.open(path)
    assert readings is not None
    return readings


def test_items_come_back_in_their_order_and_by_their_places(path: Path) -> None:
    """As the walk gave them, and each capture by the offset of its record."""
    write(path, iter(ITEMS), lambda: CLOSED)
    readings = opened(path)
    assert list(readings.items()) == ITEMS
    assert readings.at(300) == read(3)
    assert readings.at(301) is None
    assert readings.contents.closed == CLOSED
    assert readings.contents.runs == (RunBegan(run=RUN),)
    assert list(path.parent.iterdir()) == [path]
    readings.close()


def test_damage_is_told_at_the_end_as_it_was(path: Path) -> None:
    """All that is whole comes first."""

    def torn() -> Iterator[ReadItem]:
        yield from ITEMS[:3]
        raise TornRecord("a.warc.gz", 300, "the file ends within a record,")

    write(path, torn(), lambda: CLOSED)
    readings = opened(path)
    got: list[ReadItem] = []
    with pytest.raises(TornRecord, match=r"a\.warc\.gz: the file ends within a record, at byte 300"):
        got.extend(readings.items())
    readings.close()
    readings = opened(path)
    items = readings.items()
    assert [next(items) for _ in range(3)] == ITEMS[:3]
    readings.close()


def test_what_was_broken_off_leaves_nothing(path: Path) -> None:
    """An error of the walk that is no damage: no file, and none under another name."""

    def broken() -> Iterator[ReadItem]:
        yield ITEMS[0]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write(path, broken(), lambda: CLOSED)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("keep", [0, 10, 24, 200, -1])
def test_a_file_that_is_not_whole_is_none(path: Path, keep: int) -> None:
    """Whatever a disk left of it: it is made again, and nobody is bothered."""
    write(path, iter(ITEMS), lambda: CLOSED)
    path.write_bytes(path.read_bytes()[:keep])
    assert Readings.open(path) is None
    assert Readings.open(path.with_name("none")) is None


def test_a_file_of_nouns_that_are_none_any_more_is_none(path: Path) -> None:
    """As after an upgrade that names a noun otherwise: it is made again."""
    write(path, iter(ITEMS), lambda: CLOSED)
    gone = isal_zlib.compress(dumped(ITEMS[1]).replace(b"KeptRead", b"KeptGone"), 1)
    frame = len(gone).to_bytes(4, "big") + gone
    path.write_bytes(b"newsarchive readings 2\n" + frame + len(b"newsarchive readings 2\n").to_bytes(8, "big"))
    assert Readings.open(path) is None


def test_a_folder_that_is_gone_is_an_error_with_its_name(path: Path) -> None:
    """Not a task that goes on without a result."""
    with pytest.raises(StorageError, match="cannot be written"):
        write(path.parent / "gone" / path.name, iter(ITEMS), lambda: CLOSED)


def test_what_killed_tasks_left_goes_with_it(path: Path) -> None:
    """Parts of the same file, and nothing else."""
    write(path, iter(ITEMS), lambda: CLOSED)
    (path.parent / f"{path.name}.0a1b2c3d.part").write_bytes(b"half")
    other = path.with_name("ab.warc.gz.0.readings.0a1b2c3d.part")
    other.write_bytes(b"another's")
    remove(path)
    assert list(path.parent.iterdir()) == [other]
