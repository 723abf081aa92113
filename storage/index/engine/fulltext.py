"""The inverted index: documents in PostgreSQL's tsvector column, or in SQLite's FTS5 table."""

from collections.abc import Iterable, Sequence
from typing import Any

from isal import isal_zlib
from sqlalchemy import Connection, delete, select

from storage.index.engine.statements import batches, insert_rows
from storage.index.schema.tables import SearchDocumentRow
from storage.index.text.filter_terms import select_sqlite_terms
from storage.index.text.search_document import SearchDocument

_BATCH = 500
_FTS_INSERT = "INSERT INTO search(rowid, headline, dek, body, names, stems, filter_terms) VALUES (?, ?, ?, ?, ?, ?, ?)"
# The FTS5 table stores no texts, so a row is deleted by giving it the same words again.
_FTS_DELETE = (
    "INSERT INTO search(search, rowid, headline, dek, body, names, stems, filter_terms)"
    " VALUES ('delete', ?, ?, ?, ?, ?, ?, ?)"
)


def insert_documents(connection: Connection, documents: Iterable[SearchDocument]) -> None:
    """Insert documents, in the order of their ids."""
    ordered = sorted(documents, key=lambda document: document.doc_id)
    if connection.dialect.name == "postgresql":
        rows = [
            {**_row(document, document.tsvector), "bigram_signature": document.bigram_signature} for document in ordered
        ]
        insert_rows(connection, SearchDocumentRow, rows)
        return
    columns = [document.fts_columns for document in ordered]
    rows = [_row(document, _compress(words)) for document, words in zip(ordered, columns, strict=True)]
    insert_rows(connection, SearchDocumentRow, rows)
    fts_rows = [
        _fts_row(document.doc_id, words, document.filter_terms)
        for document, words in zip(ordered, columns, strict=True)
    ]
    if fts_rows:
        connection.exec_driver_sql(_FTS_INSERT, fts_rows)


def delete_documents(connection: Connection, version_ids: Iterable[int]) -> None:
    """Delete the documents of these versions."""
    for some in batches(version_ids, _BATCH):
        these = SearchDocumentRow.version_id.in_(some)
        if connection.dialect.name != "postgresql":
            columns = (SearchDocumentRow.doc_id, SearchDocumentRow.terms, SearchDocumentRow.filter_terms)
            # In the order of keys: FTS5 flushes its buffer whenever a key is lower than the one before.
            rows = connection.execute(select(*columns).where(these).order_by(SearchDocumentRow.doc_id)).all()
            fts_rows = [_fts_row(row.doc_id, _decompress(row.terms), row.filter_terms) for row in rows]
            if fts_rows:
                connection.exec_driver_sql(_FTS_DELETE, fts_rows)
        connection.execute(delete(SearchDocumentRow).where(these))


def _row(document: SearchDocument, terms: object) -> dict[str, Any]:
    return {
        "doc_id": document.doc_id,
        "version_id": document.version_id,
        "article_id": document.article_id,
        "site_id": document.site_id,
        "excluded_paragraphs": document.excluded_paragraphs,
        "is_stale": False,
        "filter_terms": document.filter_terms,
        "terms": terms,
    }


def _fts_row(doc_id: int, columns: Sequence[str], filter_terms: str) -> tuple[Any, ...]:
    return (doc_id, *columns, select_sqlite_terms(filter_terms))


def _compress(columns: Sequence[str]) -> bytes:
    return bytes(isal_zlib.compress("\n".join(columns).encode(), 1))


def _decompress(columns: bytes) -> list[str]:
    return bytes(isal_zlib.decompress(columns)).decode().split("\n")
