"""Suggestions for a query that finds nothing: words that occur, in place of those that do not."""

import re

from tantivy import Query

from storage.index.fulltext.searcher import match_without
from storage.index.search.matches import Search
from storage.index.search.query import SearchQuery
from storage.index.search.snippet import is_one_edit

_LEAST_LETTERS = 4
"""Shorter words resemble too many others."""


def suggest_query(search: Search, query: SearchQuery, text: str) -> str | None:
    """Return the text of a query with unknown words replaced by the most frequent that differ in one letter.

    None if all words are known, or nothing resembles one that is not. Words that only withheld pages have are unknown.
    """
    suggested = text
    for leaf in query.leaves:
        if leaf.typed and leaf.field == "all" and len(leaf.words[0]) >= _LEAST_LETTERS:
            known = search.engine.count(match_without(search.translation.term(leaf), *search.excluded))
            other = None if known else _find_similar(search, leaf.words[0])
            if other is not None:
                suggested = re.sub(rf"(?<!\w){re.escape(leaf.typed[0])}(?!\w)", other, suggested, count=1)
    return suggested if suggested != text else None


def _find_similar(search: Search, word: str) -> str | None:
    """Return the most frequent word that differs in one letter, but not in both of the first two."""
    visible = match_without(Query.all_query(), *search.excluded) if search.excluded else None
    beginnings = {word[:1], word[1:2]}
    found = [one for start in beginnings for one in search.engine.list_terms("all", start, visible)]
    similar = [(-count, term) for term, count in found if is_one_edit(word, term)]
    return min(similar)[1] if similar else None
