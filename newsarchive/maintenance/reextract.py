"""Read stored pages again after an upgrade, so that the index is as if the present code had always read them.

    captures to read --> worker processes read --> captures of one article together --> one SQL transaction

Each transaction is consistent, and records the extractor version of each capture: the same command resumes.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from newsarchive.batch.file_task import BatchReadings
from newsarchive.ingest.index_warcs import read_capture
from newsarchive.ingest.pipeline import Ingestor
from storage.callbacks import ProgressCallback, ignore_progress
from storage.errors import FileMissing, WarcError
from storage.index import Index
from storage.index.write import replace_readings
from storage.index.write.replace_readings import ArticleChange, PageChange, ReadingChanges, RereadCapture, RereadFilter
from storage.model import Ingest, NextVisit, Reading, VisitResult
from storage.places import Places
from storage.warc.reader import CaptureRecord

_Page: TypeAlias = tuple[CaptureRecord, Future[Reading]]
MIN_BATCH = 64
"""Captures in a transaction, unless one article has more."""
MAX_PENDING = 256
"""Captures that are being read or wait to be written."""
MAX_PENDING_BYTES = 64_000_000
"""Bytes of captures that are being read."""


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
    batch_readings: BatchReadings | None = None
    """Readings of a batch; captures that are not among them are read by this machine."""

    def run(
        self, wanted: RereadFilter, *, dry_run: bool, named: int, progress: ProgressCallback = ignore_progress
    ) -> ReextractResult:
        """Read the selected captures again."""
        result = ReextractResult(dry_run=dry_run)
        total = self.index.read(replace_readings.count_captures_to_reread, wanted)
        for batch in self._batches(self.index.iter_captures_to_reread(wanted), result.problems):
            result.add(self.index.replace_readings(batch, self.plan, dry_run=dry_run), named)
            # The total does not count captures that are read only because others of their article are.
            progress(result.captures, max(total, result.captures), batch[-1].capture.url)
        return result

    def _batches(self, units: Iterable[tuple[RereadCapture, ...]], problems: list[str]) -> Iterator[list[Ingest]]:
        """Yield batches of units to write; the next ones are read meanwhile."""
        batch: list[Ingest] = []
        for pages in self._read_ahead(units, problems):
            batch += [self.ingestor.build_ingest(record, reading.result()) for record, reading in pages]
            if len(batch) >= MIN_BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def _read_ahead(self, units: Iterable[tuple[RereadCapture, ...]], problems: list[str]) -> Iterator[list[_Page]]:
        """Yield the pages of each unit; up to MAX_PENDING of the next ones are being read."""
        pending: deque[list[_Page]] = deque()
        unread: deque[tuple[Future[Reading], int]] = deque()
        for unit in units:
            if pages := self._start_unit(unit, unread, problems):
                pending.append(pages)
            while sum(map(len, pending)) > MAX_PENDING:
                yield pending.popleft()
        yield from pending

    def _start_unit(
        self, unit: tuple[RereadCapture, ...], unread: deque[tuple[Future[Reading], int]], problems: list[str]
    ) -> list[_Page]:
        """Start reading the captures of a unit; none of them if one cannot be read from its file."""
        try:
            pages = []
            for held in unit:
                found, reading, size = self._start_reading(held)
                pages.append((replace(found, block=b""), reading))  # the reader has the bytes
                unread.append((reading, size))
                while sum(size for _, size in unread) > MAX_PENDING_BYTES or (unread and unread[0][0].done()):
                    unread.popleft()[0].result()
        except (WarcError, OSError, FileMissing) as problem:
            others = f", nor were {len(unit) - 1} more of the same article" if len(unit) > 1 else ""
            why = f"{held.place.warc} cannot be read ({problem.strerror})" if isinstance(problem, OSError) else problem
            problems.append(f"{why}. One capture was not read again{others}")
            return []
        return pages

    def _start_reading(self, held: RereadCapture) -> tuple[CaptureRecord, Future[Reading], int]:
        """Return a capture, its future reading, and the bytes held until then."""
        read = self.batch_readings.get(held.place, self.ingestor.register_run) if self.batch_readings else None
        if read is not None and self.ingestor.accepts_reading(read):
            return read.record, *self.ingestor.start_reading(read.record, read.reading)
        place = held.place
        found = read_capture(self.places.file(place.warc), place.offset, self.ingestor.register_run)
        if found is None:
            raise WarcError(place.warc, place.offset, "the record that the index lists here is missing")
        return found, *self.ingestor.start_reading(found)
