"""What PostgreSQL is asked of a document's words.

"rare earth"    all that have both words        by the inverted index, which does not know where they stand
                of these, some that may match   by their signatures, which lie in the rows (see pairs.py)
                of these, those that do         by their texts, which lie elsewhere: 0.01 ms each
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Text, and_, bindparam, case, cast, false, func, or_
from sqlalchemy.dialects.postgresql import TSQUERY

from storage.index.schema.tables import SearchDocumentRow
from storage.index.search.query import Leaf, Query, loosened, to_tsquery
from storage.index.text.bigram_signature import numbers

_MOST_PAIRS = 8
"""Of a phrase that signatures are asked for; few texts that have these and all words do not have the phrase."""
_DOCUMENTS = SearchDocumentRow.__table__


def has_words(query: Query, spoken: Sequence[str | None]) -> list[ColumnElement[bool]]:
    """Conditions which together are the query's words; none where it has none."""
    words, anywhere = to_tsquery(query, spoken), to_tsquery(loosened(query), spoken)
    if words is None or anywhere is None:
        return []
    if words == anywhere:
        return [_matches(words)]
    likely = and_(*(or_(*map(_may_have, leaves)) for leaves in query.phrases))
    # In a CASE nothing is asked before it is to be.
    found = case((or_(_DOCUMENTS.c.pairs.is_(None), likely), _matches(words)), else_=false())
    return [_matches(anywhere), found]


def as_tsquery(words: str) -> ColumnElement[Any]:
    """Words as `to_tsquery` gives them."""
    return cast(cast(words, Text), TSQUERY)


def _matches(words: str) -> ColumnElement[bool]:
    return _DOCUMENTS.c.terms.op("@@")(as_tsquery(words))


def _may_have(leaf: Leaf) -> ColumnElement[bool]:
    """What the signature says of a phrase."""
    size = func.length(_DOCUMENTS.c.pairs, type_=Integer()) * 8
    places = []
    for number in list(dict.fromkeys(numbers(leaf.standing)))[:_MOST_PAIRS]:
        pair = bindparam(None, number, type_=BigInteger(), unique=True)
        places += [func.mod(pair, size), func.mod(pair // size, size)]
    return and_(*(func.get_bit(_DOCUMENTS.c.pairs, place) == 1 for place in places))
