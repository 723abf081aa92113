"""Stored pages read again by the present code: after an upgrade the index says what it would say had it always been so.

    which captures --> (worker processes read) --> those of one article together --> one SQL transaction

Each transaction leaves the index whole, and says which version of the code has read what: broken off at any moment, the
same command goes on where it was.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field

from newsarchive.batch.again import Again
from newsarchive.ingest.pipeline import Ingestor
from storage.errors import ArchiveBusy, FileMissing, NotFound, WarcError
from storage.index import Index
from storage.index.write.replace_readings import ArticleChange, Held, PageChange, Reread, Wanted
from storage.model import Ingest, NextLook, Reading, Seen
from storage.places import Places
from storage.warc.reader import Kept, RunBegan, kept

EVERY = 64
"""Captures in a transaction, when each article has few."""
AHEAD = 256
"""Captures that are being read, or wait to be written."""
UNREAD = 64_000_000
"""Bytes of captures that are held to be read."""

Step = Callable[[int, int, str], None]
"""Is told how many captures of how many have been read again, and the URL of the last."""


def no_steps(done: int, total: int, detail: str) -> None:
    """Tell nobody."""


@dataclass(slots=True, kw_only=True)
class Reextracted:
    """What reading again changed, or in a dry run would change."""

    dry_run: bool
    captures: int = 0
    """Read again."""
    changed: int = 0
    """Articles of which anything is other than before."""
    articles: Counter[str] = field(default_factory=Counter)
    """How many articles are new, gone, or have another headline, dek, body ...: by the fields of an export line."""
    pages: Counter[str] = field(default_factory=Counter)
    """How many pages are taken for something else, such as "other -> article"."""
    named: list[ArticleChange] = field(default_factory=list)
    """The first articles that changed."""
    taken: list[PageChange] = field(default_factory=list)
    """The first pages that are taken for something else."""
    problems: list[str] = field(default_factory=list)
    """What could not be read again, and is as it was."""

    def add(self, some: Reread, most: int) -> None:
        """Count what one transaction changed; `most` changes are named."""
        self.captures += some.captures
        self.changed += len(some.articles)
        self.articles.update(name for article in some.articles for name in article.what)
        self.pages.update(f"{page.before} -> {page.now}" for page in some.pages)
        self.named += some.articles[: most - len(self.named)]
        self.taken += some.pages[: most - len(self.taken)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rereading:
    """One run over an archive that nobody else writes to."""

    index: Index
    ingestor: Ingestor
    places: Places
    plan: Callable[[Seen], NextLook]
    again: Again | None = None
    """What others have read; what is not there is read here, while that before it is written."""

    def run(self, wanted: Wanted, *, dry_run: bool, named: int, report: Step = no_steps) -> Reextracted:
        """Read again what is wanted. NotFound for a site that the archive does not have."""
        unknown = self.index.unknown_sites(wanted.sites or ())
        if unknown:
            raise NotFound(
                f"the archive has no site {', '.join(unknown)}; nothing was done. To see its sites: newsarchive status"
            )
        result = Reextracted(dry_run=dry_run)
        total = self.index.count_to_read_again(wanted)
        for batch in self._batches(self.index.to_read_again(wanted), result.problems):
            some = self.index.read_again(batch, self.plan, dry_run=dry_run)
            result.add(some, named)
            # Captures that only go with others of their article are in none of the totals.
            report(result.captures, max(total, result.captures), batch[-1].capture.url)
        return result

    def _batches(self, units: Iterable[tuple[Held, ...]], problems: list[str]) -> Iterator[list[Ingest]]:
        """Units as they are to be written, some of them together; what comes next is read meanwhile."""
        ahead: deque[list[_Page]] = deque()
        unread: deque[tuple[Future[Reading], int]] = deque()
        batch: list[Ingest] = []
        waiting = 0
        for unit in units:
            pages = self._begin(unit, unread, problems)
            if pages:
                ahead.append(pages)
                waiting += len(pages)
            while waiting > AHEAD:
                waiting -= len(ahead[0])
                batch += self._read(ahead.popleft())
                if len(batch) >= EVERY:
                    yield batch
                    batch = []
        for pages in ahead:
            batch += self._read(pages)
            if len(batch) >= EVERY:
                yield batch
                batch = []
        if batch:
            yield batch

    def _begin(
        self, unit: tuple[Held, ...], unread: deque[tuple[Future[Reading], int]], problems: list[str]
    ) -> list["_Page"]:
        """Have the captures of a unit read; none of them where the bytes of one cannot be had."""
        try:
            pages = []
            for held in unit:
                found, reading, size = self._reading(held)
                pages.append(_Page(found, reading))
                unread.append((reading, size))
                while sum(size for _, size in unread) > UNREAD or (unread and unread[0][0].done()):
                    unread.popleft()[0].result()
        except (WarcError, OSError, FileMissing) as problem:
            together = f", nor with it {len(unit) - 1} more of its article" if len(unit) > 1 else ""
            why = f"{held.place.warc} cannot be read ({problem.strerror})" if isinstance(problem, OSError) else problem
            problems.append(f"{why}. One capture was not read again{together}")
            return []
        return pages

    def _reading(self, held: Held) -> tuple[Kept, Future[Reading], int]:
        """A capture, its reading, and how many bytes are held until that is there."""
        read = self.again.of(held.place, self.ingestor.begin) if self.again else None
        if read is not None and self.ingestor.takes(read):
            return read.kept, *self.ingestor.read(read.kept, read.reading)
        found = self._kept(held)
        return found, *self.ingestor.read(found)

    def _kept(self, held: Held) -> Kept:
        """The capture as its file holds it; its run's sites are made known on the way."""
        for item in kept(self.places.file(held.place.warc), held.place.offset):
            if isinstance(item, RunBegan):
                self.ingestor.begin(item.run)
            elif isinstance(item, Kept):
                if item.capture.place.offset == held.place.offset:
                    return item
                break
        raise WarcError(held.place.warc, held.place.offset, "there is no record such as the index names")

    def _read(self, pages: Iterable["_Page"]) -> list[Ingest]:
        return [self.ingestor.as_ingest(page.kept, page.reading.result()) for page in pages]


class _Page:
    """A capture on its way, its bytes the reader's."""

    __slots__ = ("kept", "reading")

    def __init__(self, found: Kept, reading: Future[Reading]) -> None:
        self.kept = Kept(capture=found.capture, discovery=found.discovery, block=b"")
        self.reading = reading


def nobody_writes(places: Places) -> None:
    """ArchiveBusy where a WARC file is being written, by whomever."""
    busy = next((file.name for file in places.local() if file.is_open), None)
    if busy:
        raise ArchiveBusy(
            f"a crawl is writing {busy}; nothing was read again. Wait for it to end, then: newsarchive reextract"
        )
