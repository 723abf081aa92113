"""A view of one commit of the engine: counts, lists and distributions, all of them exact."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from threading import Lock
from typing import Any, TypeVar

from tantivy import DocAddress, FieldType, Occur, Query, Schema, Searcher

from storage.errors import SearchDamaged

T = TypeVar("T")

_ALL_BUCKETS = {"size": 65_000, "segment_size": 10_000_000}
"""Values that the engine returns, of all columns the most that it can, and that each of its segments hands over."""
_TIES = 20
_FEW_VALUES, _FEW = 20, {"article": 2_500, "standing": 700}
"""Values, and numbers that one or a few documents have, up to which the engine finds them faster one by one."""
_MOST_ANSWERS = 256  # a list of all words, which takes a second, is asked for again before so many others
MOST_TERMS = 1_000_000
"""Terms of a field that are listed."""
_MOST_RANGES = 20_000  # the engine returns 65,000 buckets at most, with those between the ranges


@dataclass(frozen=True, slots=True)
class EngineSearcher:
    """A view of one commit. Each method raises SearchDamaged if the engine fails on its files."""

    schema: Schema
    searcher: Searcher
    _answers: OrderedDict[Hashable, Any] = field(default_factory=OrderedDict)
    listing: Lock = field(default_factory=Lock)  # held while terms are listed: 100 MB for half a million

    def remember(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what `make` returns, which is kept as long as this view of the index: those of the latest use."""
        answer = self._answers[key] = self._answers.pop(key, None) or make()
        if len(self._answers) > _MOST_ANSWERS:
            self._answers.popitem(last=False)
        return answer

    def count(self, query: Query) -> int:
        """Return how many documents match."""
        return int(self._search(query, limit=1).count)

    def _search(self, query: Query, **options: Any) -> Any:
        with _translate():
            return self.searcher.search(query, **options)

    def _values(self, name: str, addresses: list[DocAddress]) -> list[int]:
        with _translate():
            return self.searcher.fast_field_values(name, addresses)  # type: ignore[return-value]  # integer fields

    def list_best(self, query: Query, limit: int) -> list[tuple[int, int]]:
        """Return the ids of matching versions and of their articles by score, best first.

        The order does not depend on how the documents lie in segments: scores are rounded to four digits, as sums
        differ in the last ones, and of equal scores the newer article is first.
        """
        _, limit = self._clamp(0, limit)
        if limit <= 0:
            return []
        wanted = limit + _TIES
        while True:
            hits = self._search(query, limit=wanted, count=False).hits
            if len(hits) < wanted or _round(hits[-1][0]) < _round(hits[limit - 1][0]):
                break
            wanted *= 4
        addresses = [address for _, address in hits]
        columns = (self._values(name, addresses) for name in ("order", "version", "article"))
        ranked = sorted(
            (-_round(score), -order, version, article)
            for (score, _), order, version, article in zip(hits, *columns, strict=True)
        )
        return [(version, article) for _, _, version, article in ranked[:limit]]

    def _clamp(self, offset: int, limit: int) -> tuple[int, int]:
        """Return a part of the documents that exist: the engine allocates memory for as many as it is asked for."""
        documents = self.searcher.num_docs
        return min(offset, documents), min(limit, documents - min(offset, documents))

    def list_columns(self, query: Query, *columns: str, limit: int = 1 << 40, offset: int = 0) -> list[list[int]]:
        """Return the values of columns of matching versions, all or some, by the first one of these, greatest first."""
        first, *others = columns
        offset, limit = self._clamp(offset, limit)
        hits = self._search(query, limit=limit, offset=offset, count=False, order_by_field=first).hits if limit else ()
        addresses = [address for _, address in hits]
        return [[value for value, _ in hits], *(self._values(name, addresses) for name in others)]

    def summarize(
        self, query: Query, sizes: Mapping[str, int]
    ) -> tuple[dict[str, list[tuple[Any, int]]], Sequence[float], int]:
        """Return values of columns, the least and the greatest date if any, and the number of documents, in one pass.

        `sizes` has the number of values by column: the most frequent ones, with their exact numbers; ties by value.
        """
        counts: dict[str, list[tuple[Any, int]]] = {}
        shares = {**_ALL_BUCKETS, "size": _ALL_BUCKETS["size"] // max(1, len(sizes))}
        wanted = {field: {"terms": {"field": field, **shares}} for field in sizes}
        found = self._aggregate(query, {**wanted, "dates": {"stats": {"field": "dated"}}})
        dates = found.pop("dates")
        for name, of_field in found.items():
            buckets, size = of_field["buckets"], sizes[name]  # the most frequent first, ties in no order
            least = min((bucket["doc_count"] for bucket in buckets[:size]), default=0)
            most = sorted((-each["doc_count"], each["key"]) for each in buckets if each["doc_count"] >= least)[:size]
            counts[name] = [(value, -count) for count, value in most]
        return counts, () if dates["min"] is None else (dates["min"], dates["max"]), int(dates["count"])

    def list_terms(self, field: str, prefix: str, among: Query | None = None) -> list[tuple[str, int]]:
        """Return terms of a field that begin so, the most frequent, with their number of documents that match."""
        with _translate():
            return self.searcher.terms_with_prefix(field, prefix, filter_query=among, limit=MOST_TERMS)

    def count_ranges(self, query: Query, field: str, edges: Sequence[int]) -> list[int]:
        """Return the number of documents in each range of a column between two edges."""
        ranges = [{"key": str(place), "from": begin, "to": end} for place, (begin, end) in enumerate(pairwise(edges))]
        counts: dict[str, int] = {}
        for start in range(0, len(ranges), _MOST_RANGES):
            some = {"ranges": {"range": {"field": field, "ranges": ranges[start : start + _MOST_RANGES]}}}
            buckets = self._aggregate(query, some)["ranges"]["buckets"]
            counts |= {bucket["key"]: int(bucket["doc_count"]) for bucket in buckets}
        return [counts.get(str(place), 0) for place in range(len(ranges))]

    def _aggregate(self, query: Query, what: dict[str, Any]) -> dict[str, Any]:
        with _translate():
            return self.searcher.aggregate(query, what)

    def match_values(self, field: str, values: Iterable[int | str]) -> Query:
        """Return a query for documents with one of these values."""
        listed = list(values)
        if len(listed) > _FEW.get(field, _FEW_VALUES):
            return Query.term_set_query(self.schema, field, listed)
        return match_any(*(Query.term_query(self.schema, field, value, index_option="basic") for value in listed))

    def match_range(self, field: str, least: int | None, most: int | None) -> Query:
        """Return a query for the documents with a number in a range, both ends included."""
        return Query.range_query(self.schema, field, FieldType.Integer, lower_bound=least, upper_bound=most)


def match_all(*queries: Query) -> Query:
    """Return a query for documents that match all of these."""
    if not queries:
        return Query.all_query()
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Must, one) for one in queries])


def match_any(*queries: Query) -> Query:
    """Return a query for documents that match any of these."""
    if not queries:
        return Query.empty_query()
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, one) for one in queries])


def match_without(query: Query, *excluded: Query) -> Query:
    """Return a query for documents that match one query and none of the others."""
    if not excluded:
        return query
    return Query.boolean_query([(Occur.Must, query), *((Occur.MustNot, one) for one in excluded)])


def _round(score: float) -> float:
    return float(f"{score:.4g}")


@contextmanager
def _translate() -> Iterator[None]:
    """Raise our error for one of the engine's. Its panics, by which it answers damaged files, are no Exceptions."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        raise SearchDamaged(reason=str(error)) from error
