"""The window of a search: of what matches, the newest versions, as many as are counted, ranked and shown.

SQLite        the inverted index is in the order of dates: it is walked backwards until there are enough
PostgreSQL    the inverted index is in no order: it is asked for the newest days, then for those before, until there are
              enough
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    TableClause,
    Text,
    bindparam,
    column,
    func,
    literal_column,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles

from storage.index.conditions.filters import conditions, names_asked
from storage.index.engine.database import AnyRow, AnySelect
from storage.index.schema.tables import ArticleRow, SearchDocumentRow, SiteRow, VersionRow
from storage.index.search.beginnings import spelt_out
from storage.index.search.phrases import as_tsquery, has_words
from storage.index.search.query import Query, named, to_fts5, to_tsquery
from storage.index.search.stretch import Stretch
from storage.index.text.docids import BEHIND_ALL, first_doc_id
from storage.index.text.filter_terms import SIGN, of_language, of_name, of_site
from storage.index.views.articles import Filters

WINDOW = 5_000
"""Versions, newest first, that are counted and ranked: a word that most articles have costs no more than a rare one."""

FTS = table("search", column("rowid"))
_FIRST, _FIRST_OF_PHRASES = 4, 1
"""PostgreSQL is asked for matches among so many windows of the newest versions at first. For phrases it has to look at
each version that has the words (0.001 ms), and to read the texts of those that may match (0.01 ms).
"""
_ENOUGH = 200
"""Versions with a phrase: where there are so many, older texts are not read for more."""
_BM25 = (8.0, 4.0, 1.0, 3.0, 0.7, 0.0)
"""What a match counts in headline, dek, body, names, stems; marks count nothing."""
_TS_WEIGHTS = "{0.15, 0.4, 0.6, 1.0}"
"""The same for PostgreSQL's D (body and stems), C (names), B (dek), A (headline)."""
_BY_WORDS = (
    "SELECT set_config('enable_seqscan', 'off', true),"
    " set_config('work_mem', greatest(pg_size_bytes(current_setting('work_mem')) / 1024, 32768)::text, true)"
)
"""PostgreSQL takes a look for words in a text to cost what a comparison of numbers does, and not all the pages that the
text fills: it would rather read through all of them than ask the inverted index (12 s for 0.3 s at 600,000 versions).
And in its usual 4 MB it forgets which rows of 65,000 pages were found, and reads the texts of all that are there.
"""
_STEP_BY_STEP = (
    f"{_BY_WORDS}, set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),"
    " set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true)"
)
"""And what was found is looked up row by row: it is never much, which PostgreSQL cannot know."""


class _Lean(TableClause):
    """Documents as SQLite's index has them: it would go by the table itself, most of whose pages `terms` fills."""

    inherit_cache = True


@compiles(_Lean, "sqlite")
def _indexed(element: _Lean, compiler: Any, *, asfrom: bool = False, **given: Any) -> str:
    written: str = compiler.visit_table(element, asfrom=asfrom, **given)
    return f"{written} INDEXED BY ix_search_documents_found" if asfrom else written


_COLUMNS = ("doc_id", "site_id", "version_id", "article_id")
_LEAN = _Lean("search_documents", *(column(name) for name in _COLUMNS))
_DOCUMENTS = SearchDocumentRow.__table__


class Newest(NamedTuple):
    """What a search looks at."""

    rows: Sequence[AnyRow]
    """doc_id, version_id, article_id, site_id, the version's number, section and language, score; newest first."""
    is_all: bool
    """False where older matches may be left out."""


def newest(
    connection: Connection, query: Query, spoken: Sequence[str | None], shown: int, *, with_score: bool
) -> Newest:
    """Documents that match, as many as the window takes; always enough to show so many articles, if there are."""
    window = max(WINDOW, 4 * shown)
    # Ranked, a beginning counts as one word.
    asked = _Asked.of(connection, query if with_score else spelt_out(connection, query), spoken)
    rows: list[AnyRow] = []
    if not asked.is_postgres or not asked.has_terms:
        rows += connection.execute(_found(connection, asked, window, with_score=with_score)).all()
        return Newest(rows, len(rows) < window)
    connection.exec_driver_sql(_STEP_BY_STEP)
    enough = max(_ENOUGH, 4 * shown) if query.has_phrases else window
    days = Stretch.at_first(connection, query.filters, window * (_FIRST_OF_PHRASES if query.has_phrases else _FIRST))
    while days is not None:
        room = window - len(rows)
        rows += connection.execute(_found(connection, asked, room, with_score=with_score, days=days.marks)).all()
        if len(rows) >= (window if days.is_last else enough):
            return Newest(rows, is_all=False)
        days = days.before(len(rows), enough)
    return Newest(rows, is_all=True)


def every(connection: Connection, query: Query, spoken: Sequence[str | None]) -> AnySelect:
    """All documents that match, in no order; of the same columns."""
    asked = _Asked.of(connection, query, spoken)
    if asked.is_postgres and asked.has_terms:
        connection.exec_driver_sql(_BY_WORDS)
    return _found(connection, asked, None, with_score=False)


def by_names(connection: Connection, query: Query) -> Query:
    """The query, where its filters ask for names, with those names as words too: the inverted index finds versions
    that have both, where else every match would have to be looked at. What has a name by chance, the filters leave out.
    """
    asked = (named(names) for names in names_asked(connection, query.filters))
    return replace(query, every=(*query.every, *(leaves for leaves in asked if leaves)))


def has_marks(marks: Sequence[str], any_of: Iterable[Sequence[str]] = ()) -> list[ColumnElement[bool]]:
    """What else PostgreSQL asks its inverted index for: all of these marks, and of each of the others any."""
    marked = func.string_to_array(_DOCUMENTS.c.marks, literal_column("' '"))
    wanted: list[ColumnElement[bool]] = []
    if marks:
        wanted.append(marked.op("@>")(_texts(marks)))
    wanted += [marked.op("&&")(_texts(either)) for either in any_of]
    return wanted


def marks_of_names(connection: Connection, filters: Filters) -> tuple[Sequence[str], ...]:
    """For each filter that asks for a name: marks, any of which PostgreSQL's index has for what it lets in."""
    return tuple([of_name(name) for name in names] for names in names_asked(connection, filters))


def matches_words(words: str | None, marks: Iterable[str] = ()) -> ColumnElement[bool]:
    """What SQLite's inverted index is asked for."""
    asked = [*([f"({words})"] if words is not None else []), *(f'"{SIGN}{mark}"' for mark in marks)]
    return literal_column("search").op("MATCH")(" AND ".join(asked))


def _texts(values: Sequence[str]) -> ColumnElement[Any]:
    return bindparam(None, list(values), type_=ARRAY(Text()), unique=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A search as the inverted index is asked for it."""

    is_postgres: bool
    filters: Filters
    words: str | None
    """In the database's own form; None where there are none."""
    marks: tuple[str, ...]
    """All of which a document has."""
    either: tuple[Sequence[str], ...] = ()
    """Of each of which it has some; SQLite has words for them."""
    has_words: Sequence[ColumnElement[bool]] = ()
    """The same words as PostgreSQL is asked for them."""

    @property
    def has_terms(self) -> bool:
        """False where the inverted index has nothing to look for."""
        return self.words is not None or bool(self.marks) or bool(self.either)

    @classmethod
    def of(cls, connection: Connection, query: Query, spoken: Sequence[str | None]) -> Self:
        """The words of a query and of its filters."""
        is_postgres = connection.dialect.name == "postgresql"
        either = marks_of_names(connection, query.filters) if is_postgres else ()
        words = to_tsquery(query, spoken) if is_postgres else to_fts5(by_names(connection, query), spoken)
        language, site = query.filters.language, query.filters.site
        marks = of_language(language.lower()) if language is not None else ()
        # A site's documents alone are found by an index of their own.
        if site is not None and (marks or either or words is not None):
            marks += (of_site(site),)
        return cls(
            is_postgres=is_postgres, filters=query.filters, words=words, marks=marks, either=either,
            has_words=has_words(query, spoken) if is_postgres else (),
        )  # fmt: skip


def _found(
    connection: Connection, asked: _Asked, window: int | None, *, with_score: bool, days: Sequence[str] = ()
) -> AnySelect:
    """Documents that match with what their versions say of themselves; newest first where there is a window."""
    narrowing = conditions(connection, asked.filters)
    if asked.is_postgres and asked.has_terms:
        document = _by_postgres(asked, days, None if narrowing else window)
        found = _joined(document, document.c, narrowing, literal_column("0"))
        if window is None:
            return found
        found = found.order_by(document.c.doc_id.desc()).limit(window)
        return _ranked_last(found, asked.words) if with_score and asked.words is not None else found
    score: ColumnElement[Any] = literal_column("0")
    source: FromClause = _DOCUMENTS
    columns: Any = _DOCUMENTS.c
    key: ColumnElement[int] = _DOCUMENTS.c.doc_id
    where: list[ColumnElement[bool]] = []
    if asked.has_terms:
        key, columns = FTS.c.rowid, _LEAN.c
        source = FTS.join(_LEAN, _LEAN.c.doc_id == FTS.c.rowid)
        where.append(matches_words(asked.words, asked.marks))
        if with_score and asked.words is not None:
            score = func.bm25(literal_column("search"), *(literal_column(str(weight)) for weight in _BM25))
    where += _dated(key, asked.filters)
    if asked.filters.site is not None:
        # With words, SQLite must not walk the site's documents and ask the inverted index for each: it asks the other
        # way round, and the sum keeps it from using the index by site.
        where.append((columns.site_id + 0 if asked.has_terms else columns.site_id) == _site(asked.filters.site))
    found = _joined(source, columns, narrowing, score, key=key).where(*where)
    return found if window is None else found.order_by(key.desc()).limit(window)


def _by_postgres(asked: _Asked, days: Sequence[str], window: int | None) -> FromClause:
    """What PostgreSQL's inverted index finds; without a window, OFFSET keeps the planner from looking elsewhere."""
    # So do the sums.
    key = _DOCUMENTS.c.doc_id + 0
    either = [*asked.either, *([days] if days else [])]
    where = [*asked.has_words, *has_marks(asked.marks, either), *_dated(key, asked.filters)]
    if asked.filters.site is not None:
        where.append(_DOCUMENTS.c.site_id + 0 == _site(asked.filters.site))
    found = select(*(_DOCUMENTS.c[name] for name in _COLUMNS)).where(*where)
    return (found.offset(0) if window is None else found.order_by(key.desc()).limit(window)).subquery("found")


def _joined(
    source: FromClause,
    columns: Any,
    narrowing: Sequence[ColumnElement[bool]],
    score: ColumnElement[Any],
    *,
    key: ColumnElement[int] | None = None,
) -> AnySelect:
    source = source.join(VersionRow.__table__, VersionRow.id == columns.version_id)
    if narrowing:
        source = source.join(ArticleRow.__table__, ArticleRow.id == columns.article_id)
    return (
        select(
            (columns.doc_id if key is None else key).label("doc_id"), columns.version_id, columns.article_id,
            columns.site_id, VersionRow.number, VersionRow.section, VersionRow.language, score.label("score"),
        )
        .select_from(source)
        .where(*narrowing)
    )  # fmt: skip


def _ranked_last(found: AnySelect, words: str) -> AnySelect:
    """The window with its scores: PostgreSQL would else rank all that match, and read the text of each for it."""
    window = found.subquery("ranked")
    rank = -func.ts_rank(literal_column(f"'{_TS_WEIGHTS}'::real[]"), _DOCUMENTS.c.terms, as_tsquery(words))
    columns = [rank.label("score") if each.name == "score" else each for each in window.c]
    ranked = select(*columns).join(_DOCUMENTS, _DOCUMENTS.c.doc_id == window.c.doc_id)
    return ranked.order_by(window.c.doc_id.desc())


def _site(name: str) -> ColumnElement[int]:
    return select(SiteRow.id).where(SiteRow.name == name).scalar_subquery()


def _dated(key: ColumnElement[int], filters: Filters) -> list[ColumnElement[bool]]:
    """Date filters once more as ranges of the key, which the search itself can skip by."""
    ranges = []
    if filters.since is not None:
        ranges.append(key >= first_doc_id(filters.since))
    if filters.until is not None:
        ranges.append(key < min(first_doc_id(filters.until) + (1 << 29), BEHIND_ALL))
    return ranges
