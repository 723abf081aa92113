"""Index WARC files: the one walk that recovery, import and rebuild share (law 1).

warcinfo -> register sites and run;  response + metadata -> Ingestor;  end record -> end run;  end of file -> close
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial

from newsarchive.diff.edits import Edit, classify_edit
from newsarchive.ingest.pipeline import Ingestor
from newsarchive.ingest.tasks import CaptureReading
from storage.callbacks import ProgressCallback, ignore_progress
from storage.errors import BucketRefused, BucketUnreachable, FileMissing, WarcError
from storage.index import Index
from storage.index.frontier import url_queue
from storage.index.queries.articles import get_capture_of_record
from storage.index.queries.observations import list_edits_to_classify
from storage.index.rows.article_changes import store_edits
from storage.index.write import runs, warc_files
from storage.model import ClosedWarc, CrawlRun
from storage.places import Places, WarcFile
from storage.places.digests import HashingReader
from storage.warc.reader import CaptureRecord, RunEnded, RunStarted, read_captures


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcRange:
    """A WARC file and the offset from which it is indexed."""

    file: WarcFile
    start: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexingResult:
    """Counts and errors of one walk over WARC files."""

    files: int
    captures: int
    versions: int
    """New article versions in the index."""
    known: int = 0
    """Captures that the index had before: the same records are in another file too."""
    problems: tuple[str, ...] = ()
    """Damage, by file and offset. Records before and after it were indexed."""


Item = CaptureRecord | CaptureReading | RunStarted | RunEnded


class WarcWalk:
    """Reads the records of WARC files in this process; newsarchive.batch has one that reads by workers."""

    def __init__(self) -> None:
        self._reader: HashingReader | None = None

    def begin(self, ranges: Sequence[WarcRange], report_status: Callable[[str], None]) -> None:
        """Announce all ranges in their order; `report_status` is called while the walk waits for workers."""

    def items(self, part: WarcRange) -> Iterator[Item]:
        """Yield the records of a range, some with their readings; WarcError at the end if it is damaged."""
        self._reader = HashingReader(part.file)
        return read_captures(self._reader, part.start)

    def measure(self, part: WarcRange) -> ClosedWarc:
        """Return size and digest of a file whose records were yielded, without reading it again."""
        return measure_file(self._reader or HashingReader(part.file))


def index_warcs(
    ranges: Iterable[WarcRange], places: Places, ingestor: Ingestor,
    progress: ProgressCallback = ignore_progress, walk: WarcWalk | None = None,
) -> IndexingResult:  # fmt: skip
    """Index these ranges; everything is committed and settled at the end.

    Progress is reported in bytes.

    Raises:
        BucketUnreachable, BucketRefused: A file cannot be read from the bucket. What was indexed before stays.
    """
    ranges = register_runs(ranges, ingestor)
    total = sum(max(part.file.size - part.start, 0) for part in ranges)
    done = captures = 0
    problems: list[str] = []
    before, known_before = ingestor.new_versions, ingestor.known_captures

    def report(what: str) -> None:
        progress(done, total, f"{captures:,} captures, {what}")

    walk = walk or WarcWalk()
    walk.begin(ranges, report)
    for part in ranges:
        base = done
        try:
            for item in _index_range(part, ingestor, walk):
                captures += 1
                done = base + item.capture.place.offset - part.start
                report(part.file.name)
        except (WarcError, OSError, FileMissing) as problem:
            problems.append(str(problem))
        done = base + max(part.file.size - part.start, 0)
        report(part.file.name)
    ingestor.wait_until_idle()
    known = ingestor.known_captures - known_before
    settle(places, ingestor)
    versions, lines = ingestor.new_versions - before, tuple(problems)
    return IndexingResult(files=len(ranges), captures=captures, versions=versions, known=known, problems=lines)


def settle(places: Places, ingestor: Ingestor) -> None:
    """Commit what is in flight, and update what depends on all captures.

    A revisit that was indexed before its original of another URL is read now, or at the next settling.
    """
    ingestor.wait_until_idle()
    index, resubmitted = ingestor.index, 0
    for record_id in index.settle():
        view, found = index.ask(get_capture_of_record, record_id), None
        # `verify` reports damage; it must not stop every command that settles from now on.
        with suppress(FileMissing, BucketUnreachable, BucketRefused, WarcError, OSError):
            found = view and read_capture(places.file(view.place.warc), view.place.offset)
        if found and found.capture.record_id == record_id:
            ingestor.wait_for_room()
            ingestor.submit(found)
            resubmitted += 1
    if resubmitted:
        ingestor.wait_until_idle()
        index.settle()
    classify_edits(index)
    index.write(url_queue.end_visits, ingestor.unwatched)


def classify_edits(index: Index) -> None:
    """Classify all edits that are not classified, some in each transaction; an interrupted run is continued later."""
    while edits := index.read(list_edits_to_classify, limit=100):
        rows = []
        for edit in edits:  # nothing is to be told where no text differs
            found = Edit() if edit.older is None or edit.newer is None else classify_edit(edit.older, edit.newer)
            key = {"article_id": edit.article_id, "capture_id": edit.capture_id, "texts": edit.texts}
            rows.append(asdict(found) | key | {"kinds": " ".join(found.kinds), "notice": found.notice})
        index.write(store_edits, rows)


def read_capture(
    file: WarcFile, offset: int, begin_run: Callable[[CrawlRun], object] = lambda _: None
) -> CaptureRecord | None:
    """Return the capture at an offset, once its run has begun; None if another record is there, or none."""
    for item in read_captures(file, offset):
        if isinstance(item, RunStarted):
            begin_run(item.run)
        elif isinstance(item, CaptureRecord):
            return item if item.capture.place.offset == offset else None
    return None


def measure_file(measured: HashingReader) -> ClosedWarc:
    """Return name, size and digest of a file that will not grow."""
    size, sha256 = measured.size_and_sha256()
    return ClosedWarc(name=measured.name, size=size, sha256=sha256)


def register_runs(ranges: Iterable[WarcRange], ingestor: Ingestor) -> list[WarcRange]:
    """Register all sites before the first page is indexed, so that the order of the files does not matter.

    Return the ranges in their order, but first those of crawls: a copy of their records lacks the run, and maybe more.
    """
    own, others = list[WarcRange](), list[WarcRange]()
    for part in ranges:
        first = None
        with suppress(WarcError, OSError, FileMissing):  # the walk reports it
            first = next(iter(read_captures(part.file)), None)
        if isinstance(first, RunStarted):
            _begin_run(ingestor, part, first.run)
        (own if isinstance(first, RunStarted) else others).append(part)
    return own + others


def submit_capture(part: WarcRange, ingestor: Ingestor) -> None:
    """Submit the one capture at the start of a range; WarcError, OSError or FileMissing if it cannot be read."""
    ingestor.index.write(warc_files.record_opened_warc, part.file.name)
    if found := read_capture(part.file, part.start, partial(_begin_run, ingestor, part)):
        ingestor.wait_for_room()
        ingestor.submit(found)


def _index_range(part: WarcRange, ingestor: Ingestor, walk: WarcWalk) -> Iterator[CaptureRecord]:
    run: CrawlRun | None = None
    ingestor.index.write(warc_files.record_opened_warc, part.file.name)
    try:
        for item in walk.items(part):
            match item:
                case RunStarted():
                    run = item.run
                    _begin_run(ingestor, part, run)
                case RunEnded():
                    ingestor.run_after_commit(partial(ingestor.index.write, runs.end_crawl, item.run))
                case CaptureRecord(capture=capture) | CaptureReading(record=CaptureRecord(capture=capture)) if (
                    ingestor.is_taken_down(capture)
                ):
                    continue
                case CaptureRecord():
                    ingestor.wait_for_room()
                    ingestor.submit(item)
                    yield item
                case CaptureReading():
                    ingestor.wait_for_room()
                    if ingestor.accepts_reading(item):
                        ingestor.submit(item.record, item.reading)
                    # Without its reading, as this process would read it differently (law 1).
                    elif found := read_capture(part.file, item.record.capture.place.offset):
                        ingestor.submit(found)
                    yield item.record
    except WarcError:
        # All whole records were yielded. The damage is reported once, and the file is not read again at every start.
        _close_file(ingestor, part, walk, run)
        raise
    _close_file(ingestor, part, walk, run)


def _close_file(ingestor: Ingestor, part: WarcRange, walk: WarcWalk, run: CrawlRun | None) -> None:
    """Mark a file as closed in the index after the commit of its captures, unless it is still open."""
    if part.file.is_open:
        return
    close = partial(ingestor.index.write, warc_files.record_closed_warc, walk.measure(part), run.id if run else None)
    ingestor.run_after_commit(close)


def _begin_run(ingestor: Ingestor, part: WarcRange, run: CrawlRun) -> None:
    ingestor.index.begin_crawl(ingestor.register_run(run))
    ingestor.index.write(warc_files.record_opened_warc, part.file.name, run.id)
