"""Import WARC files that other tools made: copy them into the archive, then index them like our own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from newsarchive.ingest.index_warcs import IndexingResult, WarcRange, WarcWalk, index_warcs
from newsarchive.ingest.pipeline import Ingestor
from newsarchive.maintenance.recover import RecoveryResult
from storage.callbacks import ProgressCallback, ignore_progress
from storage.index import Index
from storage.index.queries.cdx import has_warc_file
from storage.places import Places, WarcFile
from storage.warc.importer import ImportedFile, import_file, is_never_known


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """The imported files, and the result of indexing them."""

    adopted: tuple[ImportedFile, ...]
    read: IndexingResult
    recovered: RecoveryResult = field(default_factory=RecoveryResult)
    """Captures that an interrupted import or crawl had left to index."""


def import_files(
    paths: Sequence[Path],
    places: Places,
    index: Index,
    ingestor: Ingestor,
    progress: ProgressCallback = ignore_progress,
    walk: WarcWalk | None = None,
) -> ImportResult:
    """Copy each file into the archive's folder and index its captures.

    Of a damaged file, everything readable is imported; the rest is listed in its `ImportedFile`. Records that were
    imported before are recognized by the content of their file and not imported again.
    """
    adopted = tuple(
        import_file(path, places.folder, _file_checker(places, index), ingestor.taken_down) for path in paths
    )
    ranges = [WarcRange(file=_locate(places, new)) for each in adopted for new in each.files]
    return ImportResult(adopted=adopted, read=index_warcs(ranges, places, index, ingestor, progress, walk))


def _file_checker(places: Places, index: Index) -> Callable[[str], bool]:
    """Return a check for files that only the bucket holds; a file that is lost everywhere is imported again."""
    bucket = places.bucket
    if bucket is None:
        return is_never_known
    return lambda name: index.read(has_warc_file, name) and bucket.exists(name)


def _locate(places: Places, path: Path) -> WarcFile:
    # A crawl that ended meanwhile may have uploaded it, and deleted it here.
    return WarcFile(places=places, name=path.name, size=places.stat(path.name).size)
