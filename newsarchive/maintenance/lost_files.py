"""Find WARC files without which a new index would lack captures that the old one knows."""

from collections.abc import Iterator, Sequence

from storage.errors import LostFile
from storage.index.maintenance.known_files import KnownWarcFile
from storage.places import Places, WarcFile
from storage.places.file_names import other_machine


def find_missing_files(
    known: Sequence[KnownWarcFile] | None, files: Sequence[WarcFile], places: Places
) -> tuple[LostFile, ...]:
    """Return the files of an index that are in no place, or shorter than they were.

    Where there is no WARC file at all, an index that cannot be read (None) counts as a missing file: it may hold
    everything that is known.
    """
    if known is None:
        return () if files else (LostFile(name="all files of the index, which cannot be read,", reason="missing"),)
    sizes = {file.name: file.size for file in files}
    return tuple(_compare_files(known, sizes, places))


def _compare_files(known: Sequence[KnownWarcFile], sizes: dict[str, int], places: Places) -> Iterator[LostFile]:
    for file in known:
        size = sizes.get(file.name)
        # A file that was opened and never written is nowhere, and holds nothing.
        if size is None and (file.is_closed or file.captures):
            machine = other_machine(file.name, places.machine)
            reason = f"written by {machine}" if machine else "missing"
            yield LostFile(name=file.name, captures=file.captures, reason=reason)
        elif size is not None and size < file.end:
            yield LostFile(
                name=file.name, captures=file.captures, reason=f"{size:,} bytes long instead of {file.end:,}"
            )


def find_unread_files(
    known: Sequence[KnownWarcFile] | None, rebuilt: Sequence[KnownWarcFile] | None
) -> tuple[LostFile, ...]:
    """Return the files of which a new index has fewer captures than the old one, if it has fewer in all."""
    old = {file.name: file.captures for file in known or ()}
    new = {file.name: file.captures for file in rebuilt or ()}
    # A capture that two files hold is counted in the one that was read first.
    if sum(new.values()) >= sum(old.values()):
        return ()
    return tuple(
        LostFile(name=name, captures=captures - new.get(name, 0), reason="damaged")
        for name, captures in sorted(old.items())
        if captures > new.get(name, 0)
    )
