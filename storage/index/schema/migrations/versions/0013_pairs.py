"""Which words of a document stand next to each other, in few bits, so that PostgreSQL need not read texts for a phrase.

What is there gets it from its words and their places. SQLite's inverted index knows these itself: there the column
stays empty. For a million versions it takes some minutes.

Revision: 0013.
"""

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.index.text.bigram_signature import signature

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_AT_ONCE = 2000
_HELD = sa.text("""
    SELECT doc_id, CAST(terms AS text) AS terms FROM search_documents
    WHERE doc_id > :behind ORDER BY doc_id LIMIT :some""").columns(doc_id=sa.BigInteger)
_TELL = sa.text("""
    INSERT INTO told SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:pairs AS bytea[]), CAST(:cut AS boolean[]))""")
# Rows that are updated would be in each index twice, and the inverted index would stay half as large again. So the
# table is written anew at once; for that, PostgreSQL takes no question, but a function.
_WRITTEN_ANEW = (
    "CREATE FUNCTION told_of(bigint) RETURNS bytea LANGUAGE sql STABLE AS 'SELECT pairs FROM told WHERE doc_id = $1'",
    # With its usual 64 MB the inverted index would take several times as long.
    "SET LOCAL maintenance_work_mem = '256MB'",
    "ALTER TABLE search_documents ALTER COLUMN pairs TYPE bytea USING told_of(doc_id)",
    # In the row, whatever else is in it: it is there to be read before the terms, which are elsewhere.
    "ALTER TABLE search_documents ALTER COLUMN pairs SET STORAGE MAIN",
    "DROP FUNCTION told_of(bigint)",
)
_LEXEMES = re.compile(r"'((?:[^'\\]|''|\\\\)*)':(\S+)")
"""Of a tsvector as text, those with places. A word may hold spaces: one letter can stand for a phrase of four words."""
_ESCAPED = re.compile(r"(['\\])\1")
_WEIGHTS = str.maketrans("", "", "ABC")
_MOST_PLACES = 255
"""Of a word with so many, PostgreSQL may have left out the others."""


def upgrade() -> None:
    """Tell of all documents in PostgreSQL which of their words stand next to each other."""
    comment = "PostgreSQL: which words stand next to each other (see pairs.py); null for long texts. SQLite: null"
    op.add_column("search_documents", sa.Column("pairs", sa.LargeBinary(), nullable=True, comment=comment))
    # From now on only what has changed is counted, and what has was not always noted.
    op.execute("UPDATE sites SET relearn = true")
    if op.get_bind().dialect.name != "postgresql":
        return
    connection = op.get_bind()
    op.execute("CREATE TABLE told (doc_id bigint PRIMARY KEY, pairs bytea, is_cut boolean)")
    for rows in _held(connection):
        signatures, is_cut = zip(*(_told(row.terms) for row in rows), strict=True)
        told = {"ids": [row.doc_id for row in rows], "pairs": list(signatures), "cut": list(is_cut)}
        connection.execute(_TELL, told)
    op.execute("UPDATE search_documents SET stale = true WHERE doc_id IN (SELECT doc_id FROM told WHERE is_cut)")
    for statement in _WRITTEN_ANEW:
        op.execute(statement)
    op.execute("DROP TABLE told")


def downgrade() -> None:
    """Take it away."""
    op.drop_column("search_documents", "pairs")


def _told(terms: str) -> tuple[bytes | None, bool]:
    """What is told of a document, by its words and places as PostgreSQL prints them; and True where it has lost some of
    the places, so that the document is to be written anew.
    """
    words: dict[int, str] = {}
    for lexeme in _LEXEMES.finditer(terms):
        places = lexeme[2].translate(_WEIGHTS).split(",")
        if len(places) >= _MOST_PLACES:
            return None, True
        words.update(dict.fromkeys(map(int, places), _ESCAPED.sub(r"\1", lexeme[1])))
    return signature(_parts(words)), False


def _parts(words: dict[int, str]) -> Iterator[list[str]]:
    """Words that stand next to each other."""
    part: list[str] = []
    before = 0
    for place in sorted(words):
        if place != before + 1 and part:
            yield part
            part = []
        part.append(words[place])
        before = place
    yield part


def _held(connection: sa.Connection) -> Iterator[Any]:
    behind = -1
    while rows := connection.execute(_HELD, {"behind": behind, "some": _AT_ONCE}).all():
        yield rows
        behind = rows[-1].doc_id
