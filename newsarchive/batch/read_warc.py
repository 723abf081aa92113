"""Read the captures of WARC files in guarded processes: a page that hangs or crashes affects no other."""

import hashlib
import shlex
import shutil
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from newsarchive.config.schema import Config, SiteConfig
from newsarchive.ingest.page_files import list_files
from newsarchive.ingest.pipeline import PageReader
from newsarchive.ingest.site_layouts import SiteLayouts
from newsarchive.ingest.site_lookup import get_discovery
from newsarchive.ingest.tasks import CaptureReading, build_task, reading_from_headers
from newsarchive.reader_pool.pool import ReaderPool
from newsarchive.version import EXTRACTOR, VERSION
from storage.errors import ArchiveError, NoSuchFile, WarcError
from storage.index.rows.site_registry import KnownSite, SiteRegistry
from storage.model import Capture, Discovery, Outcome, Reading, Site
from storage.urls import url_host
from storage.warc.importer import import_file
from storage.warc.reader import CaptureRecord, RunEnded, RunStarted, read_captures


@dataclass(frozen=True, kw_only=True)
class ReadingSettings:
    """Settings for reading pages, sent to the processes that read: with equal ones they read a record equally."""

    timeout: float = 30.0
    """Seconds that one page may take."""
    max_size: int = 10_000_000
    """Decoded bytes up to which a page is read."""
    sites: tuple[Site, ...] = ()
    """Registered sites: they give the site of captures whose file does not."""
    layout_sites: tuple[SiteConfig, ...] = ()
    """All sites with their hosts and layouts; empty if no site has layouts."""
    former_names: dict[str, str] = field(default_factory=dict)
    """Present names of sites by their former ones."""

    @property
    def cache_key(self) -> str:
        """A digest of the settings and of the version."""
        return hashlib.sha256(repr((self, VERSION, EXTRACTOR)).encode()).hexdigest()[:16]

    def open_reader(self) -> ReaderPool:
        """Return a pool of one process, forked from a server that this process keeps for the next one."""
        return ReaderPool(1, timeout=self.timeout, limit=self.max_size)

    @cached_property
    def layouts(self) -> SiteLayouts:
        """The layouts by site."""
        return SiteLayouts(self.layout_sites)

    @cached_property
    def registry(self) -> SiteRegistry:
        """The registered sites, which captures find by their URL."""
        return SiteRegistry(
            KnownSite(id=number, name=each.name, url=each.url, hosts=(url_host(each.url), *each.hosts), configured=True)
            for number, each in enumerate(self.sites)
        )


def build_reading_settings(config: Config, sites: Iterable[Site]) -> ReadingSettings:
    """Return the reading settings of an archive with these registered sites."""
    return ReadingSettings(
        timeout=config.read_timeout.total_seconds(),
        max_size=config.read_limit,
        sites=tuple(sites),
        layout_sites=tuple(
            SiteConfig(name=site.name, url=site.url, hosts=site.hosts, layouts=site.layouts)
            for site in (config.sites if any(site.layouts is not None for site in config.sites) else ())
        ),
        former_names=config.former_names,
    )


ReadItem = CaptureReading | RunStarted | RunEnded
MAX_PENDING = 32
"""Captures that are read or wait behind the first unread one."""
MAX_PENDING_BYTES = 64_000_000
"""Bytes of captures that are being read."""


def read_warc(
    source: str | PathLike[str] | BinaryIO, *, timeout: float = 30.0, limit: int = 10_000_000
) -> Iterator[tuple[Capture, Reading]]:
    """Read the captures of WARC files, in their order, without an archive.

    Pages are read in separate processes: a page that hangs or crashes has the outcome UNREADABLE, and affects no other.

    Args:
        source: A .warc or .warc.gz file with one gzip member a record; a .warc, .arc or .wacz file of any tool, or a
            binary stream (sys.stdin.buffer), copied into a temporary file first; a folder with such files below it.
        timeout: Seconds that a page may take.
        limit: Decoded bytes up to which a page is read; a larger one has the outcome TOO_LARGE.

    Raises:
        ArchiveError: A file is damaged; raised after all whole records, also those behind the damage.
        FileNotFoundError: The source does not exist; it is an ArchiveError, too.

    Example: `[(capture.url, reading.outcome) for capture, reading in read_warc("morgue/warc")]`
    """
    settings = ReadingSettings(timeout=timeout, max_size=limit)
    with settings.open_reader() as reader:
        for item in read_items(_read_source(source), settings, reader):
            if isinstance(item, CaptureReading):
                yield item.record.capture, item.reading or _REVISIT_OF_OTHER_URL


_READABLE = (".warc", ".warc.gz", ".open")
_ANY = (".warc", ".warc.gz", ".arc", ".arc.gz", ".wacz")


def _read_source(source: str | PathLike[str] | BinaryIO) -> Iterator[CaptureRecord | RunStarted | RunEnded]:
    """Yield the items of a file, a folder or a stream; the first damage is raised at the end."""
    damage: list[ArchiveError] = []
    with TemporaryDirectory(prefix="newsarchive-") as scratch:
        if isinstance(source, str | PathLike):
            path = Path(source)
            if not path.exists():
                raise NoSuchFile(path=path, quoted=shlex.quote(str(path)))
        else:
            path = Path(scratch) / "stream"
            with path.open("wb") as copy:
                shutil.copyfileobj(source, copy)
        for file in list_files([path], _ANY):
            for part in [file] if file.name.endswith(_READABLE) else _convert(file, Path(scratch), damage):
                try:
                    yield from read_captures(part)
                except WarcError as problem:
                    damage.append(problem)
    if damage:
        raise damage[0]


def _convert(file: Path, folder: Path, damage: list[ArchiveError]) -> Iterator[Path]:
    """Yield the files, one after the other, into which a file is imported."""
    imported = import_file(file, folder)
    damage += map(ArchiveError, imported.damage)
    for part in imported.files:
        yield part
        part.unlink()


_REVISIT_OF_OTHER_URL = Reading(outcome=Outcome.UNREADABLE, reason="a revisit of what was captured under another URL")


def read_items(
    items: Iterable[CaptureRecord | RunStarted | RunEnded], settings: ReadingSettings, reader: PageReader
) -> Iterator[ReadItem]:
    """Read the captures among items, keeping their order; an error of the iteration is raised at the end."""
    waiting: deque[_PendingItem] = deque()
    problem: Exception | None = None
    try:
        for item in items:
            pending = _start_capture(item, settings, reader) if isinstance(item, CaptureRecord) else _PendingItem(item)
            waiting.append(pending)
            while waiting and (waiting[0].is_read or _is_full(waiting)):
                yield waiting.popleft().finish()
    except Exception as error:  # noqa: BLE001 - raised below, after the items before it
        problem = error
    while waiting:
        yield waiting.popleft().finish()
    if problem:
        raise problem


@dataclass(slots=True)
class _PendingItem:
    item: CaptureRecord | RunStarted | RunEnded
    discovery: Discovery | None = None
    reading: Future[Reading] | Reading | None = None
    size: int = 0

    @property
    def is_read(self) -> bool:
        return not isinstance(self.reading, Future) or self.reading.done()

    def finish(self) -> ReadItem:
        """Return the item, once it is read."""
        if not isinstance(self.item, CaptureRecord):
            return self.item
        assert self.discovery is not None
        reading = self.reading.result() if isinstance(self.reading, Future) else self.reading
        return CaptureReading(record=self.item, discovery=self.discovery, reading=reading)


def _is_full(waiting: Collection[_PendingItem]) -> bool:
    return len(waiting) > MAX_PENDING or sum(each.size for each in waiting) > MAX_PENDING_BYTES


def _start_capture(item: CaptureRecord, settings: ReadingSettings, reader: PageReader) -> _PendingItem:
    discovery = get_discovery(item, settings.registry.find_site, settings.former_names)
    bare = replace(item, block=b"")
    known = reading_from_headers(item)
    if known is not None or item.capture.kind == "revisit":
        return _PendingItem(bare, discovery, known)
    task = build_task(item, discovery, None, settings.layouts.get(discovery.site))
    if isinstance(task, Reading):
        return _PendingItem(bare, discovery, task)
    return _PendingItem(bare, discovery, reader.submit(task), len(task.block))
