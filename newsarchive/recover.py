"""After a crash: mend torn files, and index what the files hold beyond the index (law 3)."""

import logging
from dataclasses import dataclass
from pathlib import Path

from newsarchive.ingest import Ingestor
from newsarchive.readback import Report, Stretch, quiet, read_back, warc_paths
from storage.index import Index
from storage.places import OPEN, warc_name
from storage.warc.mend import Mended, mend

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


def unread(folder: Path, index: Index) -> list[Stretch]:
    """Return what the closed files hold beyond the index."""
    whole = {file.name for file in index.warc_files() if file.state == "closed"}
    return [
        Stretch(path=path, start=index.indexed_to(warc_name(path)))
        for path in warc_paths(folder)
        if warc_name(path) not in whole and not path.name.endswith(OPEN)
    ]


def recover(folder: Path, index: Index, ingestor: Ingestor, report: Report = quiet) -> Recovered:
    """Bring files and index together again after whatever happened. Costs next to nothing where all is well."""
    mended = mend_all(folder)
    stretches = unread(folder, index)
    if not stretches:
        return Recovered(mended=mended)
    back = read_back(stretches, index, ingestor, report)
    return Recovered(mended=mended, captures=back.captures, problems=back.problems)
