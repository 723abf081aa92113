"""WARC files: which are being written, which are closed, and how far each is indexed."""

from sqlalchemy import Connection, select, update

from storage.index.engine.statements import insert_rows
from storage.index.schema.tables import CaptureRow, WarcFileRow
from storage.index.write.runs import ensure_crawl
from storage.model import ClosedWarc


def record_opened_warc(connection: Connection, name: str, run_id: str | None = None) -> None:
    """Note a WARC file that is being written, and the run that writes it."""
    insert_rows(connection, WarcFileRow, [{"name": name, "state": "open"}], conflict_columns=["name"])
    if run_id is not None:
        crawl_id = ensure_crawl(connection, run_id)
        connection.execute(update(WarcFileRow).where(WarcFileRow.name == name).values(crawl_id=crawl_id))


def record_closed_warc(connection: Connection, file: ClosedWarc, run_id: str | None) -> None:
    """Note size and digest of a WARC file that is closed."""
    record_opened_warc(connection, file.name, run_id)
    values = {"state": "closed", "size": file.size, "sha256": file.sha256}
    connection.execute(update(WarcFileRow).where(WarcFileRow.name == file.name).values(values))


def reopen_warc(connection: Connection, name: str) -> None:
    """Note that a WARC file is not indexed as it was when it was closed."""
    file = update(WarcFileRow).where(WarcFileRow.name == name)
    connection.execute(file.values(state="open", size=None, sha256=None))


def has_files(connection: Connection) -> bool:
    """Return True if the index has any WARC file."""
    return connection.scalar(select(WarcFileRow.id).limit(1)) is not None


def load_warc_digests(connection: Connection) -> dict[str, str]:
    """Return the SHA-256 of each closed WARC file, by name."""
    query = select(WarcFileRow.name, WarcFileRow.sha256).where(WarcFileRow.sha256.is_not(None))
    return {name: digest for name, digest in connection.execute(query).all() if digest}


def find_indexed_end(connection: Connection, warc: str) -> int:
    """Return the offset behind the last record of a WARC file that is indexed."""
    last = connection.execute(
        select(CaptureRow.warc_offset, CaptureRow.warc_length)
        .join(WarcFileRow, WarcFileRow.id == CaptureRow.warc_file_id)
        .where(WarcFileRow.name == warc)
        .order_by(CaptureRow.warc_offset.desc())
        .limit(1)
    ).first()
    return last.warc_offset + last.warc_length if last else 0
