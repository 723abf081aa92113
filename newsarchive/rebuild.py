"""The index made anew from the WARC files alone (law 1)."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from newsarchive.ingest import Ingestor
from newsarchive.readback import ReadBack, Report, Stretch, read_back
from newsarchive.recover import mend_all
from storage.errors import ArchiveBusy
from storage.index import Index
from storage.places import Places

SQLITE = "sqlite:///"

Into = Callable[[Index], AbstractContextManager[Ingestor]]


def rebuild(places: Places, url: str, into: Into, report: Report) -> ReadBack:
    """Read every WARC file of the archive into an empty index, and put that in the place of the one at `url`.

    Nobody may have the old index open for writing. SQLite: the old one serves readers until the new one is whole.
    BucketUnreachable or BucketRefused where some of the files cannot be had: an index of the others would be no index.
    """
    mend_all(places.folder)
    files = places.files()
    busy = [file.name for file in files if file.is_open]
    if busy:
        raise ArchiveBusy(
            f"a crawl is writing {busy[0]}; the index was not touched. Wait for it to end, then: newsarchive rebuild"
        )
    stretches = [Stretch(file=file) for file in files]
    if url.startswith(SQLITE):
        return _beside(Path(url.removeprefix(SQLITE)), into, stretches, report)
    index = Index.open(url)
    try:
        index.reset()
        return _fill(index, into, stretches, report)
    finally:
        index.close()


def _beside(file: Path, into: Into, stretches: list[Stretch], report: Report) -> ReadBack:
    fresh = file.with_name(file.name + ".rebuilding")
    _remove(fresh)
    index = Index.open(f"{SQLITE}{fresh}")
    try:
        result = _fill(index, into, stretches, report)
    finally:
        index.close()
    _remove(file, but_for=file)
    fresh.replace(file)
    return result


def _fill(index: Index, into: Into, stretches: list[Stretch], report: Report) -> ReadBack:
    with into(index) as ingestor:
        return read_back(stretches, index, ingestor, report)


def _remove(file: Path, *, but_for: Path | None = None) -> None:
    """Remove an SQLite file and the two beside it: a write-ahead log must not outlive its database."""
    for name in (file, file.with_name(file.name + "-wal"), file.with_name(file.name + "-shm")):
        if name != but_for:
            name.unlink(missing_ok=True)
