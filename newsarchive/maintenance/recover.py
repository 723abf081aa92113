"""After a crash: mend torn files, and index what the files hold beyond the index (law 3)."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from newsarchive.ingest.index_warcs import Report, Stretch, Walk, quiet, read_back
from newsarchive.ingest.pipeline import Ingestor
from storage.errors import BucketRefused, BucketUnreachable
from storage.index import Index
from storage.places import OPEN, Places
from storage.warc.repair import Mended, mend

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What recovery found to do."""

    mended: tuple[Mended, ...] = ()
    captures: int = 0
    """Captures that the files held and the index did not."""
    problems: tuple[str, ...] = ()


def mend_all(folder: Path) -> tuple[Mended, ...]:
    """Cut torn tails and close files that nobody writes any more. Files of a running crawl are left alone."""
    mended = []
    for path in sorted(folder.glob(f"*{OPEN}")):
        result = mend(path)
        if result is not None:
            mended.append(result)
            log.info("%s", result)
    return tuple(mended)


def unread(places: Places, index: Index) -> list[Stretch]:
    """Return what the closed files hold beyond the index, those of other machines too where they are in the bucket.

    BucketUnreachable or BucketRefused where it cannot say.
    """
    # In this order: a file that another crawl closes and brings into the index meanwhile is known to be whole.
    there = places.files()
    whole = {file.name for file in index.warc_files() if file.state == "closed"}
    return [
        Stretch(file=file, start=index.indexed_to(file.name))
        for file in there
        if file.name not in whole and not file.is_open
    ]


def recover(
    places: Places, index: Index, ingestor: Ingestor, report: Report = quiet, walk: Walk | None = None
) -> Recovered:
    """Bring files and index together again after whatever happened. Costs next to nothing where all is well.

    A bucket that cannot be asked is one of the problems; what lies in the folder is read all the same.
    """
    mended = mend_all(places.folder)
    captures = 0
    problems: list[str] = []
    # The folder first: what lies here is not to wait for what lies elsewhere.
    for some in (replace(places, bucket=None), places) if places.bucket else (places,):
        try:
            stretches = unread(some, index)
            if stretches:
                back = read_back(stretches, some, index, ingestor, report, walk)
                captures += back.captures
                problems += back.problems
        except (BucketUnreachable, BucketRefused) as problem:
            problems.append(f"{problem}. What lies there and not in the index is taken up by a later run")
    return Recovered(mended=mended, captures=captures, problems=tuple(dict.fromkeys(problems)))
