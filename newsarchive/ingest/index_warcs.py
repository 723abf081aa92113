"""WARC files back into the index: recovery, import and rebuild are this one walk (law 1).

warcinfo -> sites and run known;  response + metadata -> Ingestor;  end record -> run ended;  end of file -> closed
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from newsarchive.ingest.pipeline import Ingestor
from newsarchive.ingest.tasks import KeptRead
from storage.errors import BucketRefused, BucketUnreachable, FileMissing, WarcError
from storage.index import Index
from storage.model import CrawlRun
from storage.places import Places, WarcFile
from storage.places.hashing_reader import Measured
from storage.warc.reader import Kept, RunBegan, RunEnded, kept
from storage.warc.writer import ClosedFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A WARC file and where to begin reading it."""

    file: WarcFile
    start: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """What a walk over WARC files found."""

    files: int
    captures: int
    versions: int
    """New article versions in the index."""
    problems: tuple[str, ...] = ()
    """What could not be read, by file and offset; what stands before and after it was."""
    went_on: bool = False
    """True where a rebuild that had been broken off was gone on with: what that had done is not counted."""


@dataclass(slots=True)
class Progress:
    """Where a walk stands; handed to the caller's `report` now and then."""

    total_bytes: int
    done_bytes: int = 0
    captures: int = 0
    file: str = ""


Report = Callable[[Progress], None]


class Walk(Protocol):
    """Walks over WARC files: here, or where others read them (newsarchive.batch)."""

    def begin(self, stretches: Sequence[Stretch], tell: Callable[[str], None]) -> None:
        """Learn what is to be walked over, in this order; `tell` is told what is waited for."""
        ...

    def items(self, stretch: Stretch) -> Iterator["Item"]:
        """What `kept` yields of a file, and raises; captures may have been read already."""
        ...

    def closed(self, stretch: Stretch) -> ClosedFile:
        """Measure a file that was walked over."""
        ...

    def forget(self, stretch: Stretch) -> None:
        """All of it is committed."""
        ...


Item = Kept | KeptRead | RunBegan | RunEnded


class Here:
    """Walks in this process; the pages are read as they are met."""

    def __init__(self) -> None:
        self._measured: Measured | None = None

    def begin(self, stretches: Sequence[Stretch], tell: Callable[[str], None]) -> None:
        """Nothing is to be prepared."""

    def items(self, stretch: Stretch) -> Iterator[Item]:
        """Walk over one file."""
        self._measured = Measured(stretch.file)
        return kept(self._measured, stretch.start)

    def closed(self, stretch: Stretch) -> ClosedFile:
        """Measure it, as far as the walk has not done so."""
        return closed_file(self._measured or Measured(stretch.file))

    def forget(self, stretch: Stretch) -> None:
        """Nothing was remembered."""


def quiet(progress: Progress) -> None:
    """Report to nobody."""


def read_back(
    stretches: Iterable[Stretch],
    places: Places,
    index: Index,
    ingestor: Ingestor,
    report: Report = quiet,
    walk: Walk | None = None,
) -> ReadBack:
    """Bring into the index what these files hold, each from its start on; all is committed and settled at the end.

    BucketUnreachable or BucketRefused where a file lies in a bucket that can be asked no more: what came in until then
    stays, and the file does not count as read.
    """
    stretches = list(stretches)
    _learn_sites(stretches, index, ingestor)
    progress = Progress(total_bytes=sum(max(s.file.size - s.start, 0) for s in stretches))
    problems: list[str] = []
    before = ingestor.articles

    def tell(what: str) -> None:
        progress.file = what
        report(progress)

    walk = walk or Here()
    walk.begin(stretches, tell)
    for stretch in stretches:
        base = progress.done_bytes
        progress.file = stretch.file.name
        try:
            for item in _walk(stretch, index, ingestor, walk):
                progress.file = stretch.file.name
                progress.captures += 1
                progress.done_bytes = base + item.capture.place.offset - stretch.start
                report(progress)
        except (WarcError, OSError, FileMissing) as problem:
            problems.append(str(problem))
        progress.done_bytes = base + max(stretch.file.size - stretch.start, 0)
        report(progress)
    settle(places, index, ingestor)
    return ReadBack(
        files=len(stretches),
        captures=progress.captures,
        versions=ingestor.articles - before,
        problems=tuple(problems),
    )


def settle(places: Places, index: Index, ingestor: Ingestor) -> None:
    """Commit what is under way and draw the conclusions that need all of it.

    A revisit that came before its original, under another URL, is read now that the original can be found. One that
    cannot be had now waits for the next time.
    """
    ingestor.wait_idle()
    unread = index.settle().unread
    again = 0
    for record_id in unread:
        view = index.capture_of_record(record_id)
        first = view and _kept_at(places.file(view.place.warc), view.place.offset)
        if first and first.capture.record_id == record_id:
            ingestor.wait_room()
            ingestor.submit(first)
            again += 1
    if again:
        ingestor.wait_idle()
        index.settle()


def _kept_at(file: WarcFile, offset: int) -> Kept | None:
    # Damage stays, and `verify` tells of it: it must not end every command that settles from now on.
    with suppress(FileMissing, BucketUnreachable, BucketRefused, WarcError, OSError):
        return next((item for item in kept(file, offset) if isinstance(item, Kept)), None)
    return None


def closed_file(measured: Measured) -> ClosedFile:
    """Say what is known of a file that will not grow any more."""
    size, sha256 = measured.measure()
    return ClosedFile(name=measured.name, size=size, sha256=sha256)


def _learn_sites(stretches: list[Stretch], index: Index, ingestor: Ingestor) -> None:
    """Know every site before the first page is filed, whatever the order of the files."""
    for stretch in stretches:
        try:
            first = next(iter(kept(stretch.file)), None)
        except (WarcError, OSError, FileMissing):
            continue  # the walk itself reports it
        if isinstance(first, RunBegan):
            _begin(index, ingestor, stretch, first.run)


def _walk(stretch: Stretch, index: Index, ingestor: Ingestor, walk: Walk) -> Iterator[Kept]:
    run: CrawlRun | None = None
    index.warc_opened(stretch.file.name)
    try:
        for item in walk.items(stretch):
            match item:
                case RunBegan():
                    run = item.run
                    _begin(index, ingestor, stretch, run)
                case RunEnded():
                    ended = item.run
                    ingestor.note(lambda ended=ended: index.end_crawl(ended))  # type: ignore[misc]  # bound early
                case Kept():
                    ingestor.wait_room()
                    ingestor.submit(item)
                    yield item
                case KeptRead():
                    ingestor.wait_room()
                    _submit_read(item, stretch, ingestor)
                    yield item.kept
    except WarcError:
        # All that is whole has been yielded: the damage is told once, and the file is not read again at every start.
        _close(index, ingestor, stretch, walk, run)
        raise
    _close(index, ingestor, stretch, walk, run)


def _submit_read(item: KeptRead, stretch: Stretch, ingestor: Ingestor) -> None:
    """Take a capture with its reading, if that was read as it would be here; else it is read here (law 1)."""
    if ingestor.takes(item):
        ingestor.submit(item.kept, item.reading)
        return
    for whole in kept(stretch.file, item.kept.capture.place.offset):
        if isinstance(whole, Kept):
            ingestor.submit(whole)
            return


def _close(index: Index, ingestor: Ingestor, stretch: Stretch, walk: Walk, run: CrawlRun | None) -> None:
    """Note a file as closed once its captures are in, if it is."""
    if stretch.file.is_open:
        return
    file = walk.closed(stretch)

    def close() -> None:
        index.warc_closed(file, run.id if run else None)
        walk.forget(stretch)

    ingestor.note(close)


def _begin(index: Index, ingestor: Ingestor, stretch: Stretch, run: CrawlRun) -> None:
    ingestor.begin(run)
    index.begin_crawl(run)
    index.warc_opened(stretch.file.name, run.id)
