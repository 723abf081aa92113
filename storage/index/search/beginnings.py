"""Beginnings of words, spelt out for SQLite.

zes*   FTS5 joins all that any word with this beginning stands in, and then gives the newest
zesil OR zesin OR zestpi ...   of each word it walks back from the newest, until there are enough
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, Select, Text, bindparam, column, func, select, table, text

from storage.index.conditions.visibility import after
from storage.index.search.query import Leaf, Query

_MOST = 640
"""Words of one search, each of which costs 0.08 ms and some kilobytes; where there are more, FTS5 is left to it."""

_WORDS = table("search_words", column("term", Text))
_MAKE = text("CREATE VIRTUAL TABLE IF NOT EXISTS temp.search_words USING fts5vocab(main, search, instance)")
"""Each place of each word, of which only the first of a word is looked at. Of this connection alone."""


def spelt_out(connection: Connection, query: Query) -> Query:
    """The query, with the words that have its beginnings, where they are few enough. It finds the same."""
    if connection.dialect.name == "postgresql":
        return query
    beginnings = {leaf.words[-1] for leaf in (*query.leaves, *query.never) if leaf.is_prefix}
    known: dict[str, tuple[str, ...]] = {}
    for beginning in sorted(beginnings, key=len, reverse=True):
        words = _words(connection, beginning, _MOST - sum(map(len, known.values())))
        if words is None:
            break  # shorter ones have more
        known[beginning] = words

    def with_ends(leaves: Sequence[Leaf]) -> tuple[Leaf, ...]:
        return tuple(
            replace(leaf, ends=known[leaf.words[-1]]) if leaf.is_prefix and leaf.words[-1] in known else leaf
            for leaf in leaves
        )

    return replace(query, every=tuple(map(with_ends, query.every)), never=with_ends(query.never))


def _words(connection: Connection, beginning: str, most: int) -> tuple[str, ...] | None:
    """All words with a beginning; None where there are more than so many."""
    connection.execute(_MAKE)
    asked = {"beginning": beginning, "behind": after(beginning), "most": most + 1}
    words = connection.scalars(_WITH_BEGINNING, asked).all()
    return tuple(words) if len(words) <= most else None


def _skipping() -> Select[str]:
    """Words from one on, by stepping from each to the next: what stands between them are the places of one word."""
    term = _WORDS.c.term
    first = select(term).where(term >= bindparam("beginning")).order_by(term).limit(1)
    words = select(first.scalar_subquery().label("term")).cte("words", recursive=True)
    # No word has a character as low as this one.
    following = select(term).where(term >= words.c.term + func.char(1)).order_by(term).limit(1)
    is_meant = words.c.term < bindparam("behind")
    words = words.union_all(select(following.scalar_subquery()).where(is_meant))
    return select(words.c.term).where(words.c.term < bindparam("behind")).limit(bindparam("most"))


_WITH_BEGINNING = _skipping()
