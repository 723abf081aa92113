"""Candidates of a search: the newest matching versions, of which hits are counted, ranked and shown.

SQLite        the FTS5 index is sorted by date: it is scanned backwards until there are enough matches. Prefixes are
              expanded into words first: FTS5 would join the matches of all words with a prefix before it returns any
                  zes*  ->  zesil OR zesin OR zestpi ...
PostgreSQL    the GIN index is not sorted: it is queried for the newest days, then for the days before, until there are
              enough matches. For a phrase
                  "rare earth"    GIN index: documents with both words, at any position
                                  bigram signatures, in the rows: those that probably have the phrase
                                  texts, stored out of line, 0.01 ms each: those that have it

              |<------------ older_days -------------|<-- older_days --|<- newest_days ->|
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    TableClause,
    Text,
    and_,
    bindparam,
    case,
    cast,
    column,
    false,
    func,
    literal_column,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.ext.compiler import compiles

from storage.index.conditions.filters import filter_conditions, iter_name_filters
from storage.index.conditions.visibility import prefix_end
from storage.index.engine.statements import AnyRow, AnySelect
from storage.index.schema.tables import ArticleRow, SearchDocumentRow, SiteRow, VersionRow
from storage.index.search.query import SearchQuery, SearchTerm, loosen_phrases, names_to_leaves, to_fts5, to_tsquery
from storage.index.text.bigram_signature import bigram_hashes
from storage.index.text.docids import MAX_DOC_ID, first_doc_id
from storage.index.text.filter_terms import (
    TERM_PREFIX,
    day_range_terms,
    doc_id_day,
    language_terms,
    name_term,
    site_term,
)
from storage.index.views.articles import Filters
from storage.index.views.exclusions import Exclusions

WINDOW = 5_000
"""Versions, newest first, that are counted and ranked. It bounds the cost of words that most articles contain."""

FTS = table("search", column("rowid"))
_FIRST_WINDOWS, _FIRST_WINDOWS_OF_PHRASES = 4, 1
"""PostgreSQL searches so many times WINDOW of the newest versions first. For phrases it checks each version that has
the words (0.001 ms), and reads the texts of probable matches (0.01 ms).
"""
_ENOUGH_PHRASES = 200
"""Matches of a phrase after which no older texts are read."""
_BM25 = (8.0, 4.0, 1.0, 3.0, 0.7, 0.0)
"""Weights of headline, dek, body, names, stems and filter terms."""
_TS_WEIGHTS = "{0.15, 0.4, 0.6, 1.0}"
"""Weights of PostgreSQL's D (body and stems), C (names), B (dek), A (headline)."""
_PREFER_INVERTED_INDEX = (
    "SELECT set_config('enable_seqscan', 'off', true),"
    " set_config('work_mem', greatest(pg_size_bytes(current_setting('work_mem')) / 1024, 32768)::text, true)"
)
"""PostgreSQL assumes that a tsvector match costs what a comparison of numbers does, and ignores the pages that the text
fills: it prefers a sequential scan to the GIN index (12 s instead of 0.3 s at 600,000 versions). And with its default
work_mem of 4 MB the bitmap of 65,000 pages becomes lossy, so the texts of all rows on these pages are read.
"""
_PREFER_NESTED_LOOPS = (
    f"{_PREFER_INVERTED_INDEX},"
    " set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),"
    " set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true)"
)
"""Matches are looked up row by row: they are few, which the planner does not know."""


class _CoveringIndex(TableClause):
    """Documents by SQLite's covering index. The planner prefers the table, most of whose pages hold `terms`."""

    inherit_cache = True


@compiles(_CoveringIndex, "sqlite")
def _compile_indexed(element: _CoveringIndex, compiler: Any, *, asfrom: bool = False, **given: Any) -> str:
    written: str = compiler.visit_table(element, asfrom=asfrom, **given)
    return f"{written} INDEXED BY ix_search_documents_found" if asfrom else written


_COLUMNS = ("doc_id", "site_id", "version_id", "article_id")
_COVERING = _CoveringIndex("search_documents", *(column(name) for name in _COLUMNS))
_DOCUMENTS = SearchDocumentRow.__table__


class MatchWindow(NamedTuple):
    """The newest matches of a search."""

    rows: Sequence[AnyRow]
    """doc_id, version_id, article_id, site_id, the version's number, section and language, score; newest first."""
    is_all: bool
    """False if older matches may be missing."""


def find_newest_matches(
    connection: Connection,
    exclude: Exclusions,
    query: SearchQuery,
    languages: Sequence[str | None],
    hit_count: int,
    *,
    with_score: bool,
) -> MatchWindow:
    """Return the newest matching documents, at most WINDOW; more if `hit_count` articles need them."""
    size = max(WINDOW, 4 * hit_count)
    # For ranking, a prefix counts as one word.
    expanded = query if with_score else expand_prefixes(connection, query)
    index_query = _IndexQuery.build(connection, exclude, expanded, languages)
    rows: list[AnyRow] = []
    if not index_query.is_postgres or not index_query.has_terms:
        rows += connection.execute(_build_select(connection, index_query, size, with_score=with_score)).all()
        return MatchWindow(rows, len(rows) < size)
    connection.exec_driver_sql(_PREFER_NESTED_LOOPS)
    enough = max(_ENOUGH_PHRASES, 4 * hit_count) if query.has_phrases else size
    days = DayWindow.newest_days(
        connection, query.filters, size * (_FIRST_WINDOWS_OF_PHRASES if query.has_phrases else _FIRST_WINDOWS)
    )
    while days is not None:
        room = size - len(rows)
        rows += connection.execute(
            _build_select(connection, index_query, room, with_score=with_score, days=days.day_terms)
        ).all()
        if len(rows) >= (size if days.is_last else enough):
            return MatchWindow(rows, is_all=False)
        days = days.older_days(len(rows), enough)
    return MatchWindow(rows, is_all=True)


def select_all_matches(
    connection: Connection, exclude: Exclusions, query: SearchQuery, languages: Sequence[str | None]
) -> AnySelect:
    """Return a selection of all matching documents, unordered, with the columns of MatchWindow.rows."""
    index_query = _IndexQuery.build(connection, exclude, query, languages)
    if index_query.is_postgres and index_query.has_terms:
        connection.exec_driver_sql(_PREFER_INVERTED_INDEX)
    return _build_select(connection, index_query, None, with_score=False)


def add_names_as_words(connection: Connection, query: SearchQuery) -> SearchQuery:
    """Return a query with the names of its filters as terms: the inverted index then evaluates both, and fewer rows are
    read. The filters still remove versions that contain the words by chance.
    """
    names = (names_to_leaves(names) for names in iter_name_filters(connection, query.filters))
    return replace(query, every=(*query.every, *(leaves for leaves in names if leaves)))


def filter_term_conditions(marks: Sequence[str], any_of: Iterable[Sequence[str]] = ()) -> list[ColumnElement[bool]]:
    """Return conditions for PostgreSQL's GIN index: all of these filter terms, and any of each of the others."""
    marked = func.string_to_array(_DOCUMENTS.c.filter_terms, literal_column("' '"))
    conditions: list[ColumnElement[bool]] = []
    if marks:
        conditions.append(marked.op("@>")(_text_array(marks)))
    conditions += [marked.op("&&")(_text_array(either)) for either in any_of]
    return conditions


def load_name_terms(connection: Connection, filters: Filters) -> tuple[Sequence[str], ...]:
    """Return, for each filter by name, the filter terms of the matching names."""
    return tuple([name_term(name) for name in names] for names in iter_name_filters(connection, filters))


def fts5_condition(words: str | None, marks: Iterable[str] = ()) -> ColumnElement[bool]:
    """Return the MATCH condition for SQLite's FTS5 index."""
    terms = [*([f"({words})"] if words is not None else []), *(f'"{TERM_PREFIX}{mark}"' for mark in marks)]
    return literal_column("search").op("MATCH")(" AND ".join(terms))


def _text_array(values: Sequence[str]) -> ColumnElement[Any]:
    return bindparam(None, list(values), type_=ARRAY(Text()), unique=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _IndexQuery:
    """A search as a query of the inverted index."""

    is_postgres: bool
    exclude: Exclusions
    filters: Filters
    words: str | None
    """In the database's syntax; None if there are none."""
    filter_terms: tuple[str, ...]
    """A document must have all of these."""
    name_terms: tuple[Sequence[str], ...] = ()
    """A document must have one of each of these. PostgreSQL only; SQLite has words for them."""
    word_conditions: Sequence[ColumnElement[bool]] = ()
    """The words as conditions. PostgreSQL only."""

    @property
    def has_terms(self) -> bool:
        """False if there is nothing to search the inverted index for."""
        return self.words is not None or bool(self.filter_terms) or bool(self.name_terms)

    @classmethod
    def build(
        cls, connection: Connection, exclude: Exclusions, query: SearchQuery, languages: Sequence[str | None]
    ) -> Self:
        """Return the index query of a query and its filters."""
        is_postgres = connection.dialect.name == "postgresql"
        either = load_name_terms(connection, query.filters) if is_postgres else ()
        if is_postgres:
            words = to_tsquery(query, languages)
        else:
            words = to_fts5(add_names_as_words(connection, query), languages)
        language, site = query.filters.language, query.filters.site
        marks = language_terms(language.lower()) if language is not None else ()
        # For a site without words there is an ordinary index.
        if site is not None and (marks or either or words is not None):
            marks += (site_term(site),)
        return cls(
            is_postgres=is_postgres, exclude=exclude, filters=query.filters, words=words, filter_terms=marks,
            name_terms=either, word_conditions=word_conditions(query, languages) if is_postgres else (),
        )  # fmt: skip


def _build_select(
    connection: Connection, index_query: _IndexQuery, size: int | None, *, with_score: bool, days: Sequence[str] = ()
) -> AnySelect:
    """Return a selection of matching documents with columns of their versions; with a window, the newest first."""
    row_conditions = filter_conditions(connection, index_query.exclude, index_query.filters)
    if index_query.is_postgres and index_query.has_terms:
        document = _select_by_gin(index_query, days, None if row_conditions else size)
        found = _join_versions(document, document.c, row_conditions, literal_column("0"))
        if size is None:
            return found
        found = found.order_by(document.c.doc_id.desc()).limit(size)
        return _rank_window(found, index_query.words) if with_score and index_query.words is not None else found
    score: ColumnElement[Any] = literal_column("0")
    source: FromClause = _DOCUMENTS
    columns: Any = _DOCUMENTS.c
    key: ColumnElement[int] = _DOCUMENTS.c.doc_id
    where: list[ColumnElement[bool]] = []
    if index_query.has_terms:
        key, columns = FTS.c.rowid, _COVERING.c
        source = FTS.join(_COVERING, _COVERING.c.doc_id == FTS.c.rowid)
        where.append(fts5_condition(index_query.words, index_query.filter_terms))
        if with_score and index_query.words is not None:
            score = func.bm25(literal_column("search"), *(literal_column(str(weight)) for weight in _BM25))
    where += _key_range(key, index_query.filters)
    if index_query.filters.site is not None:
        # With words, the sum keeps SQLite from scanning the index by site and probing FTS5 for each row.
        site_id = columns.site_id + 0 if index_query.has_terms else columns.site_id
        where.append(site_id == _site_id(index_query.filters.site))
    found = _join_versions(source, columns, row_conditions, score, key=key).where(*where)
    return found if size is None else found.order_by(key.desc()).limit(size)


def _select_by_gin(index_query: _IndexQuery, days: Sequence[str], size: int | None) -> FromClause:
    """Return a subquery on PostgreSQL's GIN index. Without a window, OFFSET is an optimization fence."""
    # The sums keep the planner from using other indexes.
    key = _DOCUMENTS.c.doc_id + 0
    either = [*index_query.name_terms, *([days] if days else [])]
    where = [
        *index_query.word_conditions,
        *filter_term_conditions(index_query.filter_terms, either),
        *_key_range(key, index_query.filters),
    ]
    if index_query.filters.site is not None:
        where.append(_DOCUMENTS.c.site_id + 0 == _site_id(index_query.filters.site))
    found = select(*(_DOCUMENTS.c[name] for name in _COLUMNS)).where(*where)
    return (found.offset(0) if size is None else found.order_by(key.desc()).limit(size)).subquery("found")


def _join_versions(
    source: FromClause,
    columns: Any,
    row_conditions: Sequence[ColumnElement[bool]],
    score: ColumnElement[Any],
    *,
    key: ColumnElement[int] | None = None,
) -> AnySelect:
    source = source.join(VersionRow.__table__, VersionRow.id == columns.version_id)
    if row_conditions:
        source = source.join(ArticleRow.__table__, ArticleRow.id == columns.article_id)
    return (
        select(
            (columns.doc_id if key is None else key).label("doc_id"), columns.version_id, columns.article_id,
            columns.site_id, VersionRow.number, VersionRow.section, VersionRow.language, score.label("score"),
        )
        .select_from(source)
        .where(*row_conditions)
    )  # fmt: skip


def _rank_window(found: AnySelect, words: str) -> AnySelect:
    """Return the window with scores. In one query, PostgreSQL would read the text of each match to rank it."""
    window = found.subquery("ranked")
    rank = -func.ts_rank(literal_column(f"'{_TS_WEIGHTS}'::real[]"), _DOCUMENTS.c.terms, cast_tsquery(words))
    columns = [rank.label("score") if each.name == "score" else each for each in window.c]
    ranked = select(*columns).join(_DOCUMENTS, _DOCUMENTS.c.doc_id == window.c.doc_id)
    return ranked.order_by(window.c.doc_id.desc())


def _site_id(name: str) -> ColumnElement[int]:
    return select(SiteRow.id).where(SiteRow.name == name).scalar_subquery()


def _key_range(key: ColumnElement[int], filters: Filters) -> list[ColumnElement[bool]]:
    """Return date filters as ranges of the document id, which the inverted index can use."""
    ranges = []
    if filters.since is not None:
        ranges.append(key >= first_doc_id(filters.since))
    if filters.until is not None:
        ranges.append(key < min(first_doc_id(filters.until) + (1 << 29), MAX_DOC_ID))
    return ranges


_MARGIN = 1.2
"""Safety factor for the number of days that should have enough matches at the present rate."""
_MIN_GROWTH, _MAX_GROWTH = 3, 32
"""Limits of the growth from one window of days to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayWindow:
    """Days from `first` to `last`, counted from 1800 on."""

    first: int
    last: int
    oldest: int
    """First day of the search."""
    newest: int
    """Last day of the search."""
    is_dated: bool
    """True if filters exclude days."""

    @classmethod
    def newest_days(cls, connection: Connection, filters: Filters, size: int) -> Self | None:
        """Return the days of the `size` newest documents; None if filters exclude all."""
        key = SearchDocumentRow.doc_id
        end = first_doc_id(filters.until) if filters.until is not None else MAX_DOC_ID
        newest_key = connection.scalar(select(key).order_by(key.desc()).limit(1))
        oldest_key = connection.scalar(select(key).order_by(key).limit(1))
        if newest_key is None or oldest_key is None:
            return None
        if filters.since is not None:
            oldest_key = max(oldest_key, first_doc_id(filters.since))
        key_of_first = connection.scalar(select(key).where(key < end).order_by(key.desc()).limit(1).offset(size))
        oldest, last = doc_id_day(oldest_key), doc_id_day(min(newest_key, end))
        if oldest > last:
            return None
        first = oldest if key_of_first is None else max(oldest, doc_id_day(key_of_first))
        is_dated = filters.since is not None or filters.until is not None
        return cls(first=first, last=last, oldest=oldest, newest=last, is_dated=is_dated)

    @property
    def is_last(self) -> bool:
        """True if there are no days before."""
        return self.first <= self.oldest

    @property
    def day_terms(self) -> list[str]:
        """Filter terms, one of which each of its documents has; empty if all documents are in the window."""
        if self.is_last and self.last == self.newest and not self.is_dated:
            return []
        return day_range_terms(self.first, self.last)

    def older_days(self, found: int, enough: int) -> Self | None:
        """Return the days before these, as many as should bring the matches from `found` to `enough`; None if there
        are none.

        >>> DayWindow(first=990, last=999, oldest=0, newest=999, is_dated=False).older_days(50, 250)
        DayWindow(first=940, last=989, oldest=0, newest=999, is_dated=False)
        """
        if self.is_last:
            return None
        times = min(max(_MARGIN * enough / max(found, 1), _MIN_GROWTH), _MAX_GROWTH)
        first = self.newest + 1 - int((self.newest + 1 - self.first) * times)
        return replace(self, first=max(first, self.oldest), last=self.first - 1)


_MAX_EXPANSIONS = 640
"""Words of one search, 0.08 ms and some kilobytes each; for more, FTS5 evaluates the prefix."""

_VOCABULARY = table("search_words", column("term", Text))
_CREATE_VOCABULARY = text(
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.search_words USING fts5vocab(main, search, instance)"
)
"""All positions of all words, of which a scan reads the first of each word. Exists for this connection only."""


def expand_prefixes(connection: Connection, query: SearchQuery) -> SearchQuery:
    """Return an equivalent query with prefixes expanded into words, if these are few enough. SQLite only."""
    if connection.dialect.name == "postgresql":
        return query
    prefixes = {leaf.words[-1] for leaf in (*query.leaves, *query.never) if leaf.is_prefix}
    known: dict[str, tuple[str, ...]] = {}
    for prefix in sorted(prefixes, key=len, reverse=True):
        words = _load_words(connection, prefix, _MAX_EXPANSIONS - sum(map(len, known.values())))
        if words is None:
            break  # shorter ones have more
        known[prefix] = words

    def expand(leaves: Sequence[SearchTerm]) -> tuple[SearchTerm, ...]:
        return tuple(
            replace(leaf, expansions=known[leaf.words[-1]]) if leaf.is_prefix and leaf.words[-1] in known else leaf
            for leaf in leaves
        )

    return replace(query, every=tuple(map(expand, query.every)), never=expand(query.never))


def _load_words(connection: Connection, prefix: str, most: int) -> tuple[str, ...] | None:
    """Return all words with a prefix; None if there are more than `most`."""
    connection.execute(_CREATE_VOCABULARY)
    parameters = {"prefix": prefix, "end": prefix_end(prefix), "most": most + 1}
    words = connection.scalars(_WORDS_WITH_PREFIX, parameters).all()
    return tuple(words) if len(words) <= most else None


def _build_word_scan() -> Select[str]:
    """Return a loose index scan: the words with a prefix, skipping the further positions of each."""
    term = _VOCABULARY.c.term
    first = select(term).where(term >= bindparam("prefix")).order_by(term).limit(1)
    words = select(first.scalar_subquery().label("term")).cte("words", recursive=True)
    # No word contains a character this low.
    following = select(term).where(term >= words.c.term + func.char(1)).order_by(term).limit(1)
    has_prefix = words.c.term < bindparam("end")
    words = words.union_all(select(following.scalar_subquery()).where(has_prefix))
    return select(words.c.term).where(words.c.term < bindparam("end")).limit(bindparam("most"))


_WORDS_WITH_PREFIX = _build_word_scan()


_MAX_BIGRAMS = 8
"""Bigrams of a phrase that are checked; few documents with these and all words do not contain the phrase."""


def word_conditions(query: SearchQuery, languages: Sequence[str | None]) -> list[ColumnElement[bool]]:
    """Return conditions for the words of a query in PostgreSQL; empty if it has none."""
    words, anywhere = to_tsquery(query, languages), to_tsquery(loosen_phrases(query), languages)
    if words is None or anywhere is None:
        return []
    if words == anywhere:
        return [_tsquery_condition(words)]
    likely = and_(*(or_(*map(_signature_condition, leaves)) for leaves in query.phrases))
    # CASE evaluates its conditions in order.
    found = case((or_(_DOCUMENTS.c.bigram_signature.is_(None), likely), _tsquery_condition(words)), else_=false())
    return [_tsquery_condition(anywhere), found]


def cast_tsquery(words: str) -> ColumnElement[Any]:
    """Return a text of `to_tsquery` as a tsquery."""
    return cast(cast(words, Text), TSQUERY)


def _tsquery_condition(words: str) -> ColumnElement[bool]:
    return _DOCUMENTS.c.terms.op("@@")(cast_tsquery(words))


def _signature_condition(leaf: SearchTerm) -> ColumnElement[bool]:
    """Return a condition: the signature contains the bigrams of a phrase."""
    size = func.length(_DOCUMENTS.c.bigram_signature, type_=Integer()) * 8
    places = []
    for number in list(dict.fromkeys(bigram_hashes(leaf.whole_words)))[:_MAX_BIGRAMS]:
        pair = bindparam(None, number, type_=BigInteger(), unique=True)
        places += [func.mod(pair, size), func.mod(pair // size, size)]
    return and_(*(func.get_bit(_DOCUMENTS.c.bigram_signature, place) == 1 for place in places))
