"""Read stored pages again after an upgrade, so that the index is as if the present code had always read them.

    captures to read --> worker processes read --> captures of one article together --> one SQL transaction

Each transaction is consistent, and records the extractor version of each capture: the same command resumes.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from itertools import tee
from typing import TypeAlias

from newsarchive.batch.chunks import CaptureReadings, ChunkReader
from newsarchive.ingest.index_warcs import read_capture
from newsarchive.ingest.pipeline import Ingestor
from newsarchive.ingest.tasks import CaptureReading
from storage.callbacks import ProgressCallback, ignore_progress
from storage.errors import FileMissing, WarcError
from storage.index import Index
from storage.index.write import replace_readings
from storage.index.write.replace_readings import ArticleChange, PageChange, ReadingChanges, RereadCapture, RereadFilter
from storage.model import Ingest, NextVisit, Reading, RecordPlace, VisitResult
from storage.places import Places
from storage.warc.reader import CaptureRecord

_Unit: TypeAlias = tuple[RereadCapture, ...]
MIN_BATCH = 64
"""Captures in a transaction, unless one article has more."""
MAX_BATCH_BYTES = 4_000_000
"""Compressed bytes of captures after which a transaction has fewer."""
MAX_UNREAD_BYTES = 64_000_000
"""Bytes of captures that this process has started to read."""


@dataclass(slots=True, kw_only=True)
class ReextractResult:
    """Changes that reading again made, or would make in a dry run."""

    dry_run: bool
    captures: int = 0
    """Read again."""
    changed: int = 0
    """Articles that changed."""
    articles: Counter[str] = field(default_factory=Counter)
    """Numbers of articles that are new, gone, or have another headline, dek, body ...: by field of an export line."""
    pages: Counter[str] = field(default_factory=Counter)
    """Numbers of pages whose outcome changed, such as "other -> article"."""
    named: list[ArticleChange] = field(default_factory=list)
    """The first articles that changed."""
    taken: list[PageChange] = field(default_factory=list)
    """The first pages whose outcome changed."""
    problems: list[str] = field(default_factory=list)
    """Captures that could not be read again, and are unchanged in the index."""

    def add(self, some: ReadingChanges, most: int) -> None:
        """Add the changes of one transaction; up to `most` are listed."""
        self.captures += some.captures
        self.changed += len(some.articles)
        self.articles.update(name for article in some.articles for name in article.what)
        self.pages.update(f"{page.before} -> {page.now}" for page in some.pages)
        self.named += some.articles[: most - len(self.named)]
        self.taken += some.pages[: most - len(self.taken)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reextraction:
    """One run over an archive that no other process writes to."""

    index: Index
    ingestor: Ingestor
    places: Places
    plan: Callable[[VisitResult], NextVisit]
    read_chunks: ChunkReader
    """Captures that are not in its results are read by this machine."""

    def run(
        self, wanted: RereadFilter, *, dry_run: bool, named: int, progress: ProgressCallback = ignore_progress
    ) -> ReextractResult:
        """Read the selected captures again."""
        result = ReextractResult(dry_run=dry_run)
        total = self.index.read(replace_readings.count_captures_to_reread, wanted)
        chunks, ahead = tee(_divide(self.index.iter_captures_to_reread(wanted)))
        results = self.read_chunks([held.place for unit in units for held in unit] for units in ahead)
        for units, readings in zip(chunks, results, strict=True):
            if batch := self._build_batch(units, readings or ({}, []), result.problems):
                result.add(self.index.replace_readings(batch, self.plan, dry_run=dry_run), named)
                # The total does not count captures that are read only because others of their article are.
                progress(result.captures, max(total, result.captures), batch[-1].capture.url)
        return result

    def _build_batch(self, units: list[_Unit], found: CaptureReadings, problems: list[str]) -> list[Ingest]:
        """Return what to write of the units; of one that has a capture that cannot be read from its file, nothing."""
        readings, runs = found
        for run in runs:
            self.ingestor.register_run(run)
        pages: list[tuple[CaptureRecord, Future[Reading]]] = []
        unread = 0
        for unit in units:
            started = []
            try:
                for held in unit:
                    record, reading, size = self._start_reading(held.place, readings.get(held.place))
                    started.append((record, reading))
                    unread += size
                    if unread > MAX_UNREAD_BYTES:
                        reading.result()
                        unread = 0
            except (WarcError, OSError, FileMissing) as problem:
                others = f", nor were {len(unit) - 1} more of the same article" if len(unit) > 1 else ""
                file = held.place.warc
                why = f"{file} cannot be read ({problem.strerror})" if isinstance(problem, OSError) else problem
                problems.append(f"{why}. One capture was not read again{others}")
            else:
                pages += started
        return [self.ingestor.build_ingest(record, reading.result()) for record, reading in pages]

    def _start_reading(
        self, place: RecordPlace, read: CaptureReading | None
    ) -> tuple[CaptureRecord, Future[Reading], int]:
        """Return a capture, its reading and the bytes held until it is read; without a valid reading, read it here."""
        if read is not None and self.ingestor.accepts_reading(read):
            return read.record, *self.ingestor.start_reading(read.record, read.reading)
        found = read_capture(self.places.file(place.warc), place.offset, self.ingestor.register_run)
        if found is None:
            raise WarcError(place.warc, place.offset, "the record that the index lists here is missing")
        return replace(found, block=b""), *self.ingestor.start_reading(found)  # the reader has the bytes


def _divide(units: Iterable[_Unit]) -> Iterator[list[_Unit]]:
    """Yield chunks of units: the captures of each are read together, and written in one transaction."""
    chunk: list[_Unit] = []
    count = size = 0
    for unit in units:
        chunk.append(unit)
        count += len(unit)
        size += sum(held.place.length for held in unit)
        if count >= MIN_BATCH or size >= MAX_BATCH_BYTES:
            yield chunk
            chunk, count, size = [], 0, 0
    if chunk:
        yield chunk
