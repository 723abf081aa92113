"""The WARC files that an index knows, read from an index of any version, even one that is damaged."""

from contextlib import closing, suppress
from dataclasses import dataclass

from sqlalchemy import inspect, text

from storage.errors import IndexFailure
from storage.index.engine.database import Database
from storage.index_address import sqlite_file


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownWarcFile:
    """A WARC file of an index."""

    name: str
    is_closed: bool
    captures: int
    end: int
    """Bytes that the file has at least: its size when it was closed, or the end of its last record in the index."""


# Every version of the schema has these columns.
_FILES = text("SELECT id, name, state, coalesce(size, 0) AS size FROM warc_files ORDER BY name")
_CAPTURES = text(
    "SELECT warc_file_id, count(*) AS captures, max(warc_offset + warc_length) AS last FROM captures"
    " GROUP BY warc_file_id"
)


def load_known_files(address: str) -> tuple[KnownWarcFile, ...] | None:
    """Return the WARC files that an index knows, by name; none if there is no index, None if it cannot be read.

    The schema is neither checked nor changed. IndexFailure if the database does not respond.
    """
    file = sqlite_file(address)
    if file is not None and not (file.exists() and file.stat().st_size):
        return ()
    counts: dict[int, tuple[int, int]] = {}
    with closing(Database(address)) as database:
        try:
            with database.read_transaction() as connection:
                if not inspect(connection).has_table("warc_files"):
                    return ()
                files = connection.execute(_FILES).all()
        except IndexFailure:
            if file is None:
                raise
            return None
        with suppress(IndexFailure), database.read_transaction() as connection:  # the table of captures may be damaged
            counts = {row.warc_file_id: (row.captures, row.last) for row in connection.execute(_CAPTURES)}
    counted = ((each, *counts.get(each.id, (0, 0))) for each in files)
    return tuple(
        KnownWarcFile(name=each.name, is_closed=each.state == "closed", captures=captures, end=max(each.size, end))
        for each, captures, end in counted
    )
