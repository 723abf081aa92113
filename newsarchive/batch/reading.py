"""One WARC file read from end to end, its pages in guarded processes: one that hangs or crashes costs only itself."""

import atexit
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

from newsarchive.batch.terms import Terms
from newsarchive.ingest.tasks import KeptRead, at_once, task_for
from newsarchive.reader_pool.pool import Readers
from storage.model import Capture, Discovery, Outcome, Reading, RecordPlace, RefersTo
from storage.warc.reader import Kept, RunBegan, RunEnded, kept

AHEAD = 32
"""Captures that are read, or wait to be, while the first of them is waited for."""
UNREAD = 64_000_000
"""Bytes of captures that are held to be read."""


ReadItem = KeptRead | RunBegan | RunEnded


def read_warc(
    path: str | PathLike[str], *, timeout: float = 30.0, limit: int = 10_000_000
) -> Iterator[tuple[Capture, Reading]]:
    """Read the captures of one WARC file, in its order; no archive is needed.

    Each page is read in a process of its own making, so that one that hangs or crashes is a Reading with the outcome
    UNREADABLE, and no other page pays.

    Args:
        path: A .warc or .warc.gz file with one gzip member a record.
        timeout: Seconds that a page may take.
        limit: Bytes, codings undone, up to which a page is read; a larger one has the outcome TOO_LARGE.

    Raises:
        WarcError: The file is damaged. All that is whole, also behind the damage, has been given by then.
    """
    terms = Terms(timeout=timeout, limit=limit)
    with readers(terms) as own:
        for item in read_items(kept(Path(path)), terms, own):
            if isinstance(item, KeptRead):
                yield item.kept.capture, item.reading or _ELSEWHERE


_ELSEWHERE = Reading(outcome=Outcome.UNREADABLE, reason="a revisit of what was captured under another URL")


def read_items(items: Iterable[Kept | RunBegan | RunEnded], terms: Terms, own: Readers) -> Iterator[ReadItem]:
    """Have the captures of a walk over a file read; what it yields keeps its order, what it raises comes last."""
    ahead = _Ahead()
    problem: Exception | None = None
    walk = iter(items)
    while True:
        try:
            item = next(walk)
        except StopIteration:
            break
        except Exception as error:  # noqa: BLE001 - raised below, once all that came before it is through
            problem = error
            break
        ahead.put(_begun(item, terms, own))
        while ahead.is_full():
            yield ahead.take()
    while ahead.waiting:
        yield ahead.take()
    if problem:
        raise problem


@dataclass(slots=True)
class _Begun:
    item: Kept | RunBegan | RunEnded
    discovery: Discovery | None = None
    reading: Future[Reading] | Reading | None = None
    size: int = 0


class _Ahead:
    """What is being read, in its order."""

    def __init__(self) -> None:
        self.waiting: deque[_Begun] = deque()
        self._held = 0

    def put(self, begun: _Begun) -> None:
        self.waiting.append(begun)
        self._held += begun.size

    def is_full(self) -> bool:
        if not self.waiting:
            return False
        first = self.waiting[0].reading
        is_there = not isinstance(first, Future) or first.done()
        return is_there or len(self.waiting) > AHEAD or self._held > UNREAD

    def take(self) -> ReadItem:
        begun = self.waiting.popleft()
        self._held -= begun.size
        if not isinstance(begun.item, Kept):
            return begun.item
        assert begun.discovery is not None
        reading = begun.reading.result() if isinstance(begun.reading, Future) else begun.reading
        return KeptRead(kept=begun.item, discovery=begun.discovery, reading=reading)


def _begun(item: Kept | RunBegan | RunEnded, terms: Terms, own: Readers) -> _Begun:
    if not isinstance(item, Kept):
        return _Begun(item)
    discovery = terms.discovery(item)
    bare = replace(item, block=b"")
    known = at_once(item)
    if known is not None or item.capture.kind == "revisit":
        return _Begun(bare, discovery, known)
    task = task_for(item, discovery, _Nowhere(), terms.layouts.get(discovery.site))
    if isinstance(task, Reading):
        return _Begun(bare, discovery, task)
    return _Begun(bare, discovery, own.submit(task), len(task.block))


class _Nowhere:
    """Originals of revisits, where there is no index to look them up in."""

    def place_of(self, refers_to: RefersTo) -> RecordPlace | None:  # noqa: ARG002 - a protocol's
        return None

    def block_at(self, place: RecordPlace) -> bytes:
        raise LookupError(place)


_idle: dict[tuple[float, int], list[Readers]] = {}
_lock = threading.Lock()


@contextmanager
def readers(terms: Terms) -> Iterator[Readers]:
    """A guarded process that reads for one task, and then for the next: to start one takes a second.

    It ends with the process that asked for it.
    """
    with _lock:
        waiting = _idle.setdefault((terms.timeout, terms.limit), [])
        own = waiting.pop() if waiting else None
    own = own or Readers(1, timeout=terms.timeout, limit=terms.limit)
    try:
        yield own
    except BaseException:
        own.close()  # something of it may still be on its way
        raise
    with _lock:
        waiting.append(own)


@atexit.register
def let_go() -> None:
    """End the processes that wait for a next task."""
    with _lock:
        ended = [own for waiting in _idle.values() for own in waiting]
        _idle.clear()
    for own in ended:
        own.close()
