"""A file of readings is complete, or does not exist."""

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from isal import isal_zlib

from newsarchive.batch.readings_file import FORMAT, ReadingsFile, ReadItem, dump, remove_readings, write_readings
from newsarchive.ingest.tasks import CaptureReading
from storage.errors import StorageError, TornRecord
from storage.model import Capture, ClosedWarc, CrawlRun, Discovery, Outcome, Reading, RecordPlace, UrlKind
from storage.warc.reader import CaptureRecord, RunEnded, RunStarted

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
RUN = CrawlRun(id="20260301T120000Z-1", sites=(), started_at=AT)
PAGE = Discovery(site="gazette", kind=UrlKind.ARTICLE)
CLOSED = ClosedWarc(name="a.warc.gz", size=1000, sha256="0" * 64)


def read(number: int) -> CaptureReading:
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
    return CaptureReading(
        record=CaptureRecord(capture=capture, discovery=None, block=b""), discovery=PAGE, reading=reading
    )


def list_fields(kind: Any, found: dict[str, list[str]]) -> None:
    """Add the fields of a dataclass, and of those in them."""
    if is_dataclass(kind) and isinstance(kind, type) and kind.__qualname__ not in found:
        found[kind.__qualname__] = [field.name for field in fields(kind)]
        for hint in get_type_hints(kind).values():
            list_fields(hint, found)
    for part in get_args(kind):
        list_fields(part, found)


def test_the_format_is_that_of_the_pickled_classes() -> None:
    """A file of other fields is ignored. Where this fails, raise FORMAT, and write the new digest here."""
    found: dict[str, list[str]] = {}
    list_fields(ReadItem, found)
    assert {"Link", "Article", "CaptureRecord", "Discovery"} <= found.keys()
    assert (FORMAT, sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:12]) == (8, "542850b7cca8")


ITEMS: list[ReadItem] = [RunStarted(run=RUN), *map(read, range(1, 6)), RunEnded(run=replace(RUN, outcome="finished"))]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.warc.gz.0.readings"


def opened(path: Path) -> ReadingsFile:
    readings = ReadingsFile.open(path)
    assert readings is not None
    return readings


def test_items_are_read_in_order(path: Path) -> None:
    """In the order of the WARC file."""
    write_readings(path, iter(ITEMS), lambda: CLOSED)
    readings = opened(path)
    assert list(readings.items()) == ITEMS
    assert readings.summary.file == CLOSED
    assert list(path.parent.iterdir()) == [path]
    readings.close()


def test_damage_is_raised_at_the_end(path: Path) -> None:
    """All whole items come first."""

    def torn() -> Iterator[ReadItem]:
        yield from ITEMS[:3]
        raise TornRecord("a.warc.gz", 300, "the file ends within a record")

    write_readings(path, torn(), lambda: CLOSED)
    readings = opened(path)
    got: list[ReadItem] = []
    with pytest.raises(TornRecord, match=r"a\.warc\.gz: the file ends within a record at byte 300"):
        got.extend(readings.items())
    readings.close()
    readings = opened(path)
    items = readings.items()
    assert [next(items) for _ in range(3)] == ITEMS[:3]
    readings.close()


def test_an_interrupted_write_leaves_no_file(path: Path) -> None:
    """An error that is no damage leaves neither the file nor a temporary one."""

    def broken() -> Iterator[ReadItem]:
        yield ITEMS[0]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_readings(path, broken(), lambda: CLOSED)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("keep", [0, 10, 24, 200, -1])
def test_an_incomplete_file_is_ignored(path: Path, keep: int) -> None:
    """Whatever a crash left of it: it is written again, without an error."""
    write_readings(path, iter(ITEMS), lambda: CLOSED)
    path.write_bytes(path.read_bytes()[:keep])
    assert ReadingsFile.open(path) is None
    assert ReadingsFile.open(path.with_name("none")) is None


def test_a_file_of_unknown_classes_is_ignored(path: Path) -> None:
    """As after an upgrade that renamed a class: the file is written again."""
    write_readings(path, iter(ITEMS), lambda: CLOSED)
    unknown = isal_zlib.compress(dump(ITEMS[1]).replace(b"CaptureReading", b"CaptureRemoved"), 1)
    frame = len(unknown).to_bytes(4, "big") + unknown
    magic = f"newsarchive readings {FORMAT}\n".encode()
    path.write_bytes(magic + frame + len(magic).to_bytes(8, "big"))
    assert ReadingsFile.open(path) is None


def test_a_file_of_an_earlier_version_is_ignored(path: Path) -> None:
    """The format number stands in the first line: the file is read from the WARC file again."""
    write_readings(path, iter(ITEMS), lambda: CLOSED)
    path.write_bytes(path.read_bytes().replace(f"readings {FORMAT}\n".encode(), f"readings {FORMAT - 1}\n".encode()))
    assert ReadingsFile.open(path) is None


def test_a_missing_folder_is_an_error_with_its_name(path: Path) -> None:
    """A task never ends without its result."""
    with pytest.raises(StorageError, match="cannot be written"):
        write_readings(path.parent / "gone" / path.name, iter(ITEMS), lambda: CLOSED)


def test_removing_readings_removes_temporary_files_too(path: Path) -> None:
    """Those that killed tasks left of the same file, and no others."""
    write_readings(path, iter(ITEMS), lambda: CLOSED)
    (path.parent / f"{path.name}.0a1b2c3d.part").write_bytes(b"half")
    other = path.with_name("ab.warc.gz.0.readings.0a1b2c3d.part")
    other.write_bytes(b"another's")
    remove_readings(path)
    assert list(path.parent.iterdir()) == [other]
