"""Site, language and time of a document as terms of the inverted index, so that filters need not look at every match.

What is there gets its marks: SQLite's inverted index is made anew from the words that it was given, PostgreSQL's from
the documents. For a million versions that takes some minutes.

Revision: 0012.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from isal import isal_zlib

from storage.index.text.filter_terms import among_words, marks_of

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_AT_ONCE = 2000
_HELD = sa.text("""
    SELECT doc_id, version_id, terms, sites.name, versions.language, versions.headline, versions.section
    FROM search_documents JOIN sites ON sites.id = search_documents.site_id
    JOIN versions ON versions.id = search_documents.version_id
    WHERE doc_id > :behind ORDER BY doc_id LIMIT :some""").columns(doc_id=sa.BigInteger)
_NAMES = [
    sa.text(f"""
    SELECT version_id, {table}.name FROM version_{table} JOIN {table} ON {table}.id = version_{table}.{column}
    WHERE version_id IN :ids ORDER BY version_id, position""").bindparams(sa.bindparam("ids", expanding=True))  # noqa: S608 - our names
    for table, column in (("authors", "author_id"), ("tags", "tag_id"))
]
_GIVEN = sa.text("UPDATE search_documents SET marks = :marks WHERE doc_id = :doc_id")
_GIVEN_AT_ONCE = sa.text("""
    UPDATE search_documents SET marks = given.marks
    FROM unnest(CAST(:ids AS bigint[]), CAST(:marks AS text[])) AS given (doc_id, marks)
    WHERE search_documents.doc_id = given.doc_id""")
_OLD = ("headline", "dek", "body", "names", "stems")
_NEW = (*_OLD, "marks")


def _index(name: str, columns: tuple[str, ...]) -> str:
    return f"CREATE VIRTUAL TABLE {name} USING fts5({', '.join(columns)}, content='', tokenize='ascii')"


def _fill(columns: tuple[str, ...]) -> sa.TextClause:
    values = ", ".join(f":{column}" for column in columns)
    return sa.text(f"INSERT INTO made (rowid, {', '.join(columns)}) VALUES (:doc_id, {values})")  # noqa: S608 - our names


def upgrade() -> None:
    """Give marks to all documents."""
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    comment = "Site, language and time as terms of the inverted index (see marks.py)"
    op.add_column("search_documents", sa.Column("marks", text, nullable=False, server_default="", comment=comment))
    if op.get_bind().dialect.name == "postgresql":
        _upgrade_postgres()
    else:
        _remake(_NEW)


def _upgrade_postgres() -> None:
    connection = op.get_bind()
    op.alter_column("search_documents", "marks", server_default=None)
    op.drop_index("ix_search_documents_terms", "search_documents")
    for rows in _held(connection):
        marks = _marks(connection, rows)
        connection.execute(_GIVEN_AT_ONCE, {"ids": list(marks), "marks": list(marks.values())})
    # With its usual 64 MB it would take several times as long.
    op.execute("SET LOCAL maintenance_work_mem = '256MB'")
    marked = sa.text("string_to_array(marks, ' ')")
    op.create_index("ix_search_documents_terms", "search_documents", ["terms", marked], postgresql_using="gin")


def downgrade() -> None:
    """Take them away."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_search_documents_terms", "search_documents")
        op.create_index("ix_search_documents_terms", "search_documents", ["terms"], postgresql_using="gin")
    else:
        _remake(_OLD)
    op.drop_column("search_documents", "marks")


def _remake(columns: tuple[str, ...]) -> None:
    """Make SQLite's inverted index from the words of each document, and its marks where it is to have them."""
    connection = op.get_bind()
    op.execute(_index("made", columns))
    fill = _fill(columns)
    for rows in _held(connection):
        marks = _marks(connection, rows)
        documents = []
        for row in rows:
            words = isal_zlib.decompress(row.terms).decode().split("\n")
            given = {"doc_id": row.doc_id, **dict(zip(_OLD, words, strict=True))}
            documents.append(given | {"marks": among_words(marks[row.doc_id])})
        connection.execute(fill, documents)
        if columns == _NEW:
            connection.execute(_GIVEN, [{"doc_id": doc_id, "marks": each} for doc_id, each in marks.items()])
    # Taken out at once, all of its pages would be in memory. The first ten rows say how FTS5 keeps the others.
    emptying = sa.text("DELETE FROM search_data WHERE id IN (SELECT id FROM search_data WHERE id > 10 LIMIT 5000)")
    while connection.execute(emptying).rowcount:
        pass
    op.execute("DROP TABLE search")
    op.execute("ALTER TABLE made RENAME TO search")


def _marks(connection: sa.Connection, rows: Any) -> dict[int, str]:
    """The marks of documents, by their keys."""
    names: dict[int, list[str]] = {row.version_id: [] for row in rows}
    for asked in _NAMES:
        for version_id, name in connection.execute(asked, {"ids": list(names)}):
            names[version_id].append(name)
    return {
        row.doc_id: " ".join(
            marks_of(row.doc_id, row.name, row.language, row.headline, [*names[row.version_id], row.section or ""])
        )
        for row in rows
    }


def _held(connection: sa.Connection) -> Iterator[Any]:
    behind = -1
    while rows := connection.execute(_HELD, {"behind": behind, "some": _AT_ONCE}).all():
        yield rows
        behind = rows[-1].doc_id
