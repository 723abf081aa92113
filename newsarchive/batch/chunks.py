"""Read stored captures in chunks: each is a task, on this machine or of a Dask worker that sees the WARC files."""

import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import lru_cache, partial
from typing import TypeAlias

from newsarchive.batch.executor import BatchExecutor, open_executor
from newsarchive.batch.read_warc import ReadingSettings, read_items
from newsarchive.ingest.index_warcs import Item, WarcRange, WarcWalk, measure_file, read_capture
from newsarchive.ingest.pipeline import PageReader
from newsarchive.ingest.tasks import CaptureReading
from storage.errors import ArchiveError, DaskFailure, FileMissing, WarcError
from storage.model import ClosedWarc, CrawlRun, RecordPlace
from storage.places import Places, WarcFile
from storage.places.digests import HashingReader
from storage.warc.check import FileReport, check_file
from storage.warc.reader import CaptureRecord, RunEnded, RunStarted, read_captures

CaptureReadings: TypeAlias = tuple[dict[RecordPlace, CaptureReading], list[CrawlRun]]
"""The readings of captures, without those that cannot be read, and the runs of their files."""
ChunkReader: TypeAlias = Callable[[Iterable[Sequence[RecordPlace]]], Iterator[CaptureReadings | None]]
"""Reads chunks of captures, and yields the result of each in order; None for one on which workers ended."""
CHUNK_SIZE = 64
"""Items of a file in a task."""
MAX_CHUNK_BYTES = 16_000_000
"""Bytes of captures after which a task has fewer: a sitemap has fifty thousand entries."""
_MAX_GAP = 1_000_000  # bytes between two records that are read rather than that the file is opened again
_Scanned: TypeAlias = CaptureRecord | RunStarted | RunEnded | Exception


def read_captures_at(
    chunk: Sequence[RecordPlace], places: Places, settings: ReadingSettings, reader: PageReader
) -> CaptureReadings:
    """Read the captures at these places."""
    runs: dict[str, CrawlRun] = {}

    def load_records() -> Iterator[CaptureRecord]:
        for near in _group_near(chunk):
            wanted = {place.offset for place in near}
            with suppress(ArchiveError, OSError):  # what is missing from the result is read again, and then reported
                for item in read_captures(places.file(near[0].warc), near[0].offset):
                    if isinstance(item, RunStarted):
                        runs[item.run.id] = item.run
                    elif isinstance(item, CaptureRecord):
                        if item.capture.place.offset in wanted:
                            yield item
                        if item.capture.place.offset >= near[-1].offset:
                            break

    readings = [item for item in read_items(load_records(), settings, reader) if isinstance(item, CaptureReading)]
    return {each.record.capture.place: each for each in readings}, list(runs.values())


def _group_near(chunk: Iterable[RecordPlace]) -> Iterator[list[RecordPlace]]:
    """Yield groups of places, in their order in a file: each is read at once, from a bucket with few requests."""
    near: list[RecordPlace] = []
    for place in sorted(chunk, key=lambda place: (place.warc, place.offset)):
        last = near[-1] if near else place
        if place.warc != last.warc or place.offset > last.offset + last.length + _MAX_GAP:
            yield near
            near = []
        near.append(place)
    if near:
        yield near


# In a worker, which may be another machine.


def read_on_worker(chunk: Sequence[RecordPlace], places: Places, settings: bytes) -> CaptureReadings:
    """Read captures with pickled settings; DaskFailure if this process does not see their files."""
    for name in {place.warc for place in chunk}:
        if reason := _check_access(places.file(name)):
            hint = "What workers need: newsarchive help batch"
            raise DaskFailure(f"a worker {reason}; committed captures are safe. {hint}")
    loaded = _load_settings(settings)
    with loaded.open_reader() as reader:
        return read_captures_at(chunk, places, loaded, reader)


@lru_cache(maxsize=4)
def _load_settings(data: bytes) -> ReadingSettings:
    settings: ReadingSettings = pickle.loads(data)  # noqa: S301 - from the command, as all that Dask sends
    return settings


def verify_file(file: WarcFile) -> FileReport:
    """Check one file, as `check_file` does; DaskFailure if this process does not see it."""
    if reason := _check_access(file):
        raise DaskFailure(f"a worker {reason}; nothing was changed. What workers need: newsarchive help batch")
    return check_file(file)


def _check_access(file: WarcFile) -> str:
    """Return why a file that another machine listed cannot be found here; "" if it can."""
    try:
        file.open().close()
    except FileMissing:
        if file.is_remote or not file.places.folder.is_dir():
            return f"does not see {file.name}: {file.places.folder} does not exist"
        return f"does not see {file.name} in {file.places.folder}"
    except (ArchiveError, OSError):
        return ""  # reported when it is read
    return ""


# In the command.


@contextmanager
def open_chunk_reader(
    dask: str | None, settings: ReadingSettings, places: Places, reader: PageReader
) -> Iterator[ChunkReader]:
    """Open a reader of chunks of captures, by the workers of a cluster or by the reader processes of this machine."""
    with open_executor(dask) as executor:
        if not executor.is_remote:
            yield partial(executor.map, partial(read_captures_at, places=places, settings=settings, reader=reader))
            return
        read = _build_task(places, settings)
        # A missing file is reported when its captures are read here.
        known = {file.name for file in places.files()}
        yield lambda chunks: executor.map(read, ([each for each in chunk if each.warc in known] for chunk in chunks))


def _build_task(places: Places, settings: ReadingSettings) -> Callable[[Sequence[RecordPlace]], CaptureReadings]:
    absolute = replace(places, folder=places.folder.absolute())
    # A copy: what it has cached cannot be pickled.
    return partial(read_on_worker, places=absolute, settings=pickle.dumps(replace(settings), protocol=5))


class ReadAheadWalk(WarcWalk):
    """A walk over files whose captures workers read. Captures that they cannot read are read in this process."""

    def __init__(self, executor: BatchExecutor, build_settings: Callable[[], ReadingSettings]) -> None:
        super().__init__()
        self._executor = executor
        self._build_settings = build_settings
        self._results: Iterator[CaptureReadings | None] = iter(())
        self._scanned: deque[tuple[WarcRange, list[_Scanned], bool]] = deque()
        self._readers: dict[str, HashingReader] = {}

    def begin(self, ranges: Sequence[WarcRange], report_status: Callable[[str], None]) -> None:
        """Announce all ranges in their order, which workers then read ahead."""
        self._scanned.clear()
        if ranges:
            read = _build_task(ranges[0].file.places, self._build_settings())
            self._results = self._executor.map(read, self._scan(ranges), report_status)

    def _scan(self, ranges: Sequence[WarcRange]) -> Iterator[list[RecordPlace]]:
        """Yield the places of all captures in chunks, and keep all items for `items`, with the error of each range."""
        for part in ranges:
            reader = self._readers[part.file.name] = HashingReader(part.file)
            chunk: list[_Scanned] = []
            size = 0
            try:
                for item in read_captures(reader, part.start):
                    if isinstance(item, CaptureRecord):
                        size += item.capture.payload_size
                        item = replace(item, block=b"")
                    chunk.append(item)
                    if len(chunk) == CHUNK_SIZE or size >= MAX_CHUNK_BYTES:
                        yield self._keep(part, chunk, is_last=False)
                        chunk, size = [], 0
            except Exception as problem:  # noqa: BLE001 - raised by `items`, behind the items before it
                chunk.append(problem)
            yield self._keep(part, chunk, is_last=True)

    def _keep(self, part: WarcRange, chunk: list[_Scanned], *, is_last: bool) -> list[RecordPlace]:
        self._scanned.append((part, chunk, is_last))
        return [item.capture.place for item in chunk if isinstance(item, CaptureRecord)]

    def items(self, part: WarcRange) -> Iterator[Item]:
        """Yield the items of a range, with the readings by workers; ranges must come in the order of `begin`."""
        for found in self._results:
            scanned, chunk, is_last = self._scanned.popleft()
            if scanned is not part:
                continue  # the rest of a range that was given up
            for item in chunk:
                if isinstance(item, Exception):
                    raise item
                if not isinstance(item, CaptureRecord):
                    yield item
                elif read := (found[0] if found else {}).get(item.capture.place):
                    yield replace(read, record=item)
                elif here := read_capture(part.file, item.capture.place.offset):
                    yield here
                else:
                    place = item.capture.place
                    raise WarcError(
                        place.warc, place.offset, "the record that was here is missing, the file has changed"
                    )
            if is_last:
                return
        raise RuntimeError("the results of the workers ended before those of all files")

    def measure(self, part: WarcRange) -> ClosedWarc:
        """Return size and digest of a file whose items were yielded, without reading it again."""
        return measure_file(self._readers.pop(part.file.name))


@contextmanager
def open_walk(dask: str | None, build_settings: Callable[[], ReadingSettings]) -> Iterator[WarcWalk]:
    """Open a walk by the workers of a cluster, or in this process without one."""
    if dask is None:
        yield WarcWalk()
        return
    with open_executor(dask) as executor:
        yield ReadAheadWalk(executor, build_settings)


def make_folder_absolute(file: WarcFile) -> WarcFile:
    """Return the file with a path that does not depend on the current folder."""
    return replace(file, places=replace(file.places, folder=file.places.folder.absolute()))
