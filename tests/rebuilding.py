"""Rebuild of an archive that a test has open."""

from newsarchive.archive import Archive
from newsarchive.maintenance.rebuild import RebuildResult
from storage.index import Index


def rebuild(archive: Archive) -> RebuildResult:
    """Rebuild the index of an open archive, which then uses the new one."""
    archive.index.close()
    try:
        return Archive.rebuild_in(archive.folder)
    finally:
        archive.index = Index.open(archive.config.index, search_folder=archive.config.search_folder)
