"""Translates a query, filters and exclusions to a query of the engine."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, pairwise

from sqlalchemy import Connection
from tantivy import Occur, Query

from storage.agencies import find_agencies
from storage.index.conditions.visibility import load_site_ids
from storage.index.fulltext.fields import STEMS, count_microseconds
from storage.index.fulltext.searcher import MOST_TERMS, EngineSearcher, match_all, match_any, match_without
from storage.index.reader import ReadScope
from storage.index.search.documents import fold_value
from storage.index.search.query import SearchQuery, SearchTerm
from storage.index.search.snippet import match_letters, match_one_edit
from storage.index.text.analyzer import ADDED, GONE, MOVED, SHARED, hash_term, stem_variants
from storage.index.views.articles import AnyOf, Filters, list_values

_WEIGHTS = (("headline", 3.0), ("dek", 1.5), ("names", 1.5))
"""Weights of matches in parts of a document, added to those in the whole."""
_ADJACENT_WEIGHTS = (("headline", 2.0), ("all", 1.0))
"""Weights of the words of a query that stand side by side in a document as they do in the query."""
_EXCLUDED_BY = (("urlkey", "site", ("first_seen", "dated")), ("capture_urlkey", "capture_site", ("captured",)))
"""Fields with URL, site and times of an article, and of the capture that a version was read from."""
_MOST_DELETIONS = 1  # edits between a fuzzy word and the words that it finds


@dataclass(frozen=True, slots=True)
class Translation:
    """Builds queries of the engine for one search."""

    engine: EngineSearcher
    languages: Sequence[str | None]
    _listed: dict[SearchTerm, list[str] | None] = field(default_factory=dict, init=False, compare=False)

    def words(self, query: SearchQuery) -> Query:
        """Return a query for the words."""
        wanted = match_all(*(match_any(*map(self._part, parts)) for parts in query.every))
        return match_without(wanted, *map(self._part, query.never))

    def _part(self, part: SearchTerm | SearchQuery) -> Query:
        return self.words(part) if isinstance(part, SearchQuery) else self.term(part)

    def match_marks(self, query: SearchQuery) -> Query | None:
        """Return a query for former texts of which no later text may match: by words lost, or excluded ones added.

        Of all other former texts that match, a later one does, too. None for other terms than words.
        """
        words = [leaf for leaf in query.leaves if len(leaf.words) == 1]
        excluded = [leaf for leaf in query.never if isinstance(leaf, SearchTerm) and leaf.typed and leaf.field == "all"]
        if tuple(excluded) != query.never or tuple(words) != tuple(chain.from_iterable(query.every)):
            return None
        forms = [self._list_words(leaf) if leaf.is_pattern else self._list_forms(leaf) for leaf in words]
        if None in forms:
            return None
        marks = ["", GONE] if all(leaf.field == "all" for leaf in words) else ["", GONE, MOVED]
        if len(query.every) == 1 and not excluded and all(leaf.typed and leaf.field == "all" for leaf in words):
            marks = [GONE, SHARED]  # of words of which one is enough all are gone
        lost = {mark + hash_term(form) for form in chain(*filter(None, forms)) for mark in marks}
        added = {ADDED + hash_term(form) for leaf in excluded for form in self._list_forms(leaf)}
        return self.engine.match_values("marks", sorted(lost | added))

    def match_anywhere(self, query: SearchQuery) -> Query | None:
        """Return a query for the last texts of articles of which a text has a word that one of some patterns finds.

        None for other searches than for one of some patterns: two words of an article may be in two of its texts.
        """
        patterns = [leaf for leaf in query.leaves if leaf.is_pattern and leaf.field == "all" and len(leaf.words) == 1]
        words = [self._list_words(leaf) for leaf in patterns]
        if query.never or query.every != (tuple(patterns),) or None in words:
            return None
        return self.engine.match_values("article_words", {*chain(*filter(None, words))})

    def match_newest_former(self, query: SearchQuery) -> list[Query]:
        """Return queries for those of the matching former texts of which it is known that no later one matches."""
        alone = (parts[0] for parts in query.every if len(parts) == 1)
        words = [leaf for leaf in alone if isinstance(leaf, SearchTerm) and len(leaf.words) == 1]
        forms = [self._find_common_form(leaf) for leaf in words if leaf.field in STEMS and not leaf.is_pattern]
        return [self.engine.match_values("marks", (GONE + hash_term(form),)) for form in forms if form]

    def _find_common_form(self, leaf: SearchTerm) -> str | None:
        """Return the form of a word that all texts have in which any of its forms is, if there is one."""
        count, forms = self.engine.count, self._list_forms(leaf)
        found = len(forms) > 1 and count(self.term(leaf))
        has_all = (each for each in forms if not found or count(match_any(*self._match_forms(leaf, [each]))) == found)
        return next(has_all, None)

    def rank(self, query: SearchQuery, matches: Query) -> Query | None:
        """Return a query for the same documents whose score tells how well they match; None if no word tells it."""
        boosts: list[Query] = []
        for leaf in query.leaves:
            if leaf.field == "all" and not leaf.is_pattern:
                as_typed, *others = self._match_forms(leaf)
                boosts += (Query.boost_query(as_typed, 2.0), *others)
                for field, by in _WEIGHTS:
                    boosts += (Query.boost_query(each, by) for each in self._match_forms(replace(leaf, field=field)))
        for left, right in pairwise(query.leaves):
            if left.typed and right.typed and left.field == right.field == "all":
                pair = SearchTerm((*left.words, *right.words))
                boosts += [Query.boost_query(self._in_field(pair, field), by) for field, by in _ADJACENT_WEIGHTS]
        if not boosts:
            return None
        required = Query.const_score_query(matches, 0.0)
        return Query.boolean_query([(Occur.Must, required), *((Occur.Should, boost) for boost in boosts)])

    def term(self, leaf: SearchTerm) -> Query:
        """Return a query for one term."""
        return match_any(*self._match_forms(leaf))

    def _match_forms(self, leaf: SearchTerm, forms: Sequence[str] = ()) -> list[Query]:
        """Return queries, one of which has to match, for a term: for some of its forms, or all of them."""
        if not leaf.typed or leaf.field not in STEMS:
            return [self._in_field(leaf, leaf.field)]
        named = [(name, form) for name in (leaf.field, STEMS[leaf.field]) for form in forms or self._list_forms(leaf)]
        return [Query.term_query(self.engine.schema, name, form) for name, form in named]

    def _list_forms(self, leaf: SearchTerm) -> list[str]:
        stems: set[str] = set().union(*(stem_variants(raw, self.languages) for raw in leaf.typed))
        return [*dict.fromkeys([*leaf.words, *sorted(filter(None, stems))])]

    def _list_words(self, leaf: SearchTerm) -> list[str] | None:
        """Return the words that a pattern or a fuzzy word finds; None if there are too many words to look at."""
        if leaf not in self._listed:
            word, begin, pattern = leaf.words[0], leaf.words[0].partition("*")[0], match_letters(leaf.words[0])
            pieces = [max(f"\n{word}\n".split("*"), key=len)]
            if leaf.is_fuzzy:  # one half of the word is unchanged
                begin, pattern = "", match_one_edit(word)
                pieces = [f"\n{word[: (len(word) - 1) // 2]}", f"{word[(len(word) + 1) // 2 :]}\n"]
            self._listed[leaf] = self._find_terms(leaf.field, begin, pieces, pattern)
        return self._listed[leaf]

    def _find_terms(self, name: str, begin: str, pieces: Sequence[str], pattern: re.Pattern[str]) -> list[str] | None:
        """Return the terms that match a pattern, and so begin like it and have one of its pieces; None for too many."""
        engine = self.engine
        with engine.listing:
            terms = engine.remember((name, begin), lambda: "\n".join(("", *dict(engine.list_terms(name, begin)), "")))
        are_all = terms.count("\n") <= MOST_TERMS
        if not are_all or min(map(len, pieces)) == 1:  # nearly all terms have such a piece
            return [*filter(None, pattern.findall(terms))] if are_all else None
        found: set[str] = set()
        for piece in pieces:
            at = terms.find(piece)
            while at >= 0:
                start = terms.rfind("\n", 0, at + 1) + 1
                end = terms.find("\n", start)
                if pattern.match(terms, start, end):
                    found.add(terms[start:end])
                at = terms.find(piece, end)
        return sorted(found)

    def _in_field(self, leaf: SearchTerm, field: str) -> Query:
        schema = self.engine.schema
        if leaf.is_pattern and len(leaf.words) == 1 and (words := self._list_words(leaf)) is not None:
            return self.engine.match_values(field, words)
        if leaf.is_fuzzy:
            return Query.fuzzy_term_query(schema, field, leaf.words[0], distance=_MOST_DELETIONS)
        if leaf.between is not None:
            # Words at one offset are found in both orders; their distance is one more than the words between them.
            return Query.phrase_query(schema, field, [(0, word) for word in leaf.words], slop=leaf.between + 1)
        if leaf.has_wildcard:
            patterns = [match_letters(word).pattern[1:-1] for word in leaf.words]
            if len(patterns) == 1:
                return Query.regex_query(schema, field, patterns[0])
            return Query.regex_phrase_query(schema, field, [*patterns])
        only = leaf.words[0] if len(leaf.words) == 1 else None
        return Query.term_query(schema, field, only) if only else Query.phrase_query(schema, field, [*leaf.words])

    def filters(self, connection: Connection, filters: Filters) -> list[Query]:
        """Return queries for documents that pass the filters."""
        chosen: dict[str, Sequence[int | str] | None] = {
            "language": _convert(filters.language, str.lower),
            "section": _convert(filters.section, fold_value),
            "author": _convert(filters.byline, fold_value),
            "agency": _convert(filters.agency, lambda typed: next(iter(find_agencies([typed])), typed)),
            "tag": _convert(filters.tag, str),
            "article": filters.articles,
            "corrected": None if filters.corrected is None else [int(filters.corrected)],
            "edited": None if filters.edited is None else [int(filters.edited)],
            "newest": [1] if filters.newest_only else None,
        }
        if filters.site is not None:
            chosen["site"] = list(load_site_ids(connection, list_values(filters.site)).values())
        wanted = [self.engine.match_values(field, values) for field, values in chosen.items() if values is not None]
        wanted += [self.engine.match_values("changed", (kind,)) for kind in filters.changed or ()]
        if filters.author is not None:
            part = fold_value(filters.author)
            names = self._find_terms("author", "", (part,), match_letters(f"*{part}*")) if part else []
            pattern = Query.regex_query(self.engine.schema, "author", f".*{re.escape(part)}.*")
            wanted.append(pattern if names is None else self.engine.match_values("author", names))
        if filters.since is not None:
            wanted.append(self.engine.match_range("dated", count_microseconds(filters.since), None))
        if filters.until is not None:
            wanted.append(self.engine.match_range("dated", None, count_microseconds(filters.until) - 1))
        return wanted

    def exclusions(self, scope: ReadScope) -> list[Query]:
        """Return queries for excluded documents: by their article, or by the capture that they were read from."""
        exclude = scope.exclude
        if not exclude:
            return []
        ids = load_site_ids(scope.connection, {*exclude.hidden, *(name for name, _ in exclude.embargoes)})
        schema = self.engine.schema
        excluded: list[Query] = []
        for urlkey, site, times in _EXCLUDED_BY:
            excluded += [Query.regex_query(schema, urlkey, f"{re.escape(prefix)}.*") for prefix in exclude.urlkeys]
            if hidden := [ids[name] for name in exclude.hidden if name in ids]:
                excluded.append(self.engine.match_values(site, hidden))
            for name, until in exclude.embargoes:
                if name in ids:
                    later = [self.engine.match_range(time, count_microseconds(until) + 1, None) for time in times]
                    excluded.append(match_all(self.engine.match_values(site, (ids[name],)), match_any(*later)))
        return excluded


def _convert(values: AnyOf, compare: Callable[[str], str]) -> list[int | str] | None:
    """Return the values of a filter as they are compared; None if there is no such filter."""
    return None if values is None else [compare(value) for value in list_values(values)]
