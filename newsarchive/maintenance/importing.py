"""Take WARC files made by anything into the archive: adopted first (kept), then read like our own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from newsarchive.ingest.index_warcs import ReadBack, Report, Stretch, Walk, quiet, read_back
from newsarchive.ingest.pipeline import Ingestor
from storage.index import Index
from storage.places import Places, WarcFile
from storage.warc.adopt import Adopted, adopt, unheard_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import took in."""

    adopted: tuple[Adopted, ...]
    read: ReadBack


def import_files(
    paths: Sequence[Path],
    places: Places,
    index: Index,
    ingestor: Ingestor,
    report: Report = quiet,
    walk: Walk | None = None,
) -> Imported:
    """Adopt each file into the archive's folder and read what it brought.

    A file that is damaged yields what can be read of it; what was lost stands in its `Adopted`. A file that was
    imported before, by its content, brings nothing twice.
    """
    adopted = tuple(adopt(path, places.folder, _lies_elsewhere(places, index)) for path in paths)
    stretches = [Stretch(file=_adopted(places, new)) for each in adopted for new in each.files]
    return Imported(adopted=adopted, read=read_back(stretches, places, index, ingestor, report, walk))


def _lies_elsewhere(places: Places, index: Index) -> Callable[[str], bool]:
    """Tell of names whose files the bucket alone has; what is lost everywhere may be imported again."""
    bucket = places.bucket
    if bucket is None:
        return unheard_of
    return lambda name: index.knows_warc(name) and bucket.has(name)


def _adopted(places: Places, path: Path) -> WarcFile:
    # A crawl that ended meanwhile may have brought it into the bucket, and freed it here.
    return WarcFile(places=places, name=path.name, size=places.look(path.name).size)
