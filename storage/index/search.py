"""Search: the newest articles that match, or the best among the newest."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, TableClause, Text, cast, column, func, literal_column, select, table
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.compiler import compiles

from storage.index.boilerplate import COUNTED
from storage.index.database import AnyRow, AnySelect
from storage.index.documents import BEHIND_ALL, SEARCHED_ROLES, first_doc_id
from storage.index.exclusions import NOTHING, Exclusions
from storage.index.narrow import conditions, languages, names_asked
from storage.index.query import Query, named, parse, to_fts5, to_tsquery
from storage.index.shown import shown_versions
from storage.index.snippet import Marker, mark, snippet
from storage.index.tables import (
    ArticleRow,
    AuthorRow,
    BoilerplateRow,
    CaptureRow,
    ParagraphRow,
    SearchDocumentRow,
    SiteRow,
    UrlRow,
    VersionAuthorRow,
    VersionParagraphRow,
    VersionRow,
)
from storage.index.views import Filters, Hit, SearchPage

Order = Literal["newest", "rank"]

WINDOW = 5_000
"""Versions, newest first, that are counted and ranked: a word that most articles have costs no more than a rare one."""

RARE = 40_000
"""Versions in a language that are rather sorted than looked for by walking."""

FTS = table("search", column("rowid"))


class _Lean(TableClause):
    """Documents as SQLite's index has them: it would go by the table itself, most of whose pages `terms` fills."""

    inherit_cache = True


@compiles(_Lean, "sqlite")
def _indexed(element: _Lean, compiler: Any, *, asfrom: bool = False, **given: Any) -> str:
    written: str = compiler.visit_table(element, asfrom=asfrom, **given)
    return f"{written} INDEXED BY ix_search_documents_found" if asfrom else written


_LEAN = _Lean("search_documents", *(column(name) for name in ("doc_id", "site_id", "version_id", "article_id")))
_BM25 = (8.0, 4.0, 1.0, 3.0, 0.7)
"""What a match counts in headline, dek, body, names, stems."""
_BY_WORDS = "SET LOCAL enable_seqscan = off"
"""PostgreSQL takes a look for words in a text to cost what a comparison of numbers does, and not all the pages that the
text fills: it would rather read through all of them than ask the inverted index (0.3 s for 12 s at 600,000 versions).
"""
_TS_WEIGHTS = "{0.15, 0.4, 0.6, 1.0}"
"""The same for PostgreSQL's D (body and stems), C (names), B (dek), A (headline)."""


def search(connection: Connection, text: str, filters: Filters, *, limit: int, offset: int, order: Order) -> SearchPage:
    """One page of what a query finds, one hit an article."""
    query = parse(text, filters)
    spoken = languages(connection)
    window = max(WINDOW, 4 * (offset + limit))
    found = matching(connection, query, spoken, window, with_score=order == "rank").subquery("found")
    of_article = (
        select(
            found.c.article_id,
            func.max(found.c.doc_id).label("newest"),
            func.min(found.c.score).label("score"),
            func.max(found.c.number).label("number"),
            func.count().label("matching"),
        )
        .group_by(found.c.article_id)
        .subquery("of_article")
    )
    counted = select(
        of_article,
        func.count().over().label("total"),
        func.sum(of_article.c.matching).over().label("seen"),
    )
    ranked = (of_article.c.score, of_article.c.newest.desc()) if order == "rank" else (of_article.c.newest.desc(),)
    rows = connection.execute(counted.order_by(*ranked).limit(limit).offset(offset)).all()
    # Behind the last page there are no rows, but how many there are before is told all the same.
    first = next(iter(rows), None) if rows or not offset else connection.execute(counted.limit(1)).first()
    total, seen = (first.total, first.seen) if first else (0, 0)
    return SearchPage(
        total=total,
        exact=seen < window,
        hits=found_hits(connection, rows, Marker(query, spoken), filters.exclude),
        problems=problems(query),
    )


def problems(query: Query) -> tuple[str, ...]:
    """What of a query was not understood, in words for its author."""
    if not query.every and query.never:
        alone = "words that are to be left out alone find nothing to leave them out of: all is shown"
        return (*query.problems, alone)
    return query.problems


def by_names(connection: Connection, query: Query) -> Query:
    """The query, where its filters ask for names, with those names as words too: the inverted index finds versions
    that have both, where else every match would have to be looked at. What has a name by chance, the filters leave out.
    """
    asked = (named(names) for names in names_asked(connection, query.filters))
    return replace(query, every=(*query.every, *(leaves for leaves in asked if leaves)))


def matching_versions(connection: Connection, text: str, filters: Filters) -> AnySelect:
    """Ids of all versions that match."""
    query = parse(text, filters)
    found = matching(connection, query, languages(connection), None, with_score=False).subquery("found")
    return select(found.c.version_id)


def matching(
    connection: Connection, query: Query, spoken: Sequence[str | None], window: int | None, *, with_score: bool
) -> AnySelect:
    """Documents that match, newest first, each with what its version says of itself."""
    is_postgres = connection.dialect.name == "postgresql"
    query = by_names(connection, query)
    wanted = to_tsquery(query, spoken) if is_postgres else to_fts5(query, spoken)
    document = SearchDocumentRow.__table__.c
    score: ColumnElement[Any] = literal_column("0")
    key: ColumnElement[int] = document.doc_id
    source: Any = SearchDocumentRow.__table__
    where: list[ColumnElement[bool]] = []
    if wanted is not None and is_postgres:
        connection.exec_driver_sql(_BY_WORDS)
        asked = cast(cast(wanted, Text), TSQUERY)
        where.append(document.terms.op("@@")(asked))
        score = -func.ts_rank(literal_column(f"'{_TS_WEIGHTS}'::real[]"), document.terms, asked)
    elif wanted is not None:
        key, document = FTS.c.rowid, _LEAN.c
        source = FTS.join(_LEAN, document.doc_id == FTS.c.rowid)
        where.append(literal_column("search").op("MATCH")(wanted))
        score = func.bm25(literal_column("search"), *(literal_column(str(weight)) for weight in _BM25))
    where += _dated(key, query.filters)
    if query.filters.site is not None:
        site = select(SiteRow.id).where(SiteRow.name == query.filters.site).scalar_subquery()
        # With words, SQLite must not walk the site's documents and ask the inverted index for each: it asks the other
        # way round, and the sum keeps it from using the index by site.
        is_asked_by_words = wanted is not None and not is_postgres
        where.append((document.site_id + 0 if is_asked_by_words else document.site_id) == site)
    source = source.join(VersionRow.__table__, VersionRow.id == document.version_id)
    if narrowing := conditions(connection, query.filters):
        source = source.join(ArticleRow.__table__, ArticleRow.id == document.article_id)
        where += narrowing
    found = (
        select(
            key.label("doc_id"),
            document.version_id,
            document.article_id,
            document.site_id,
            VersionRow.number,
            VersionRow.section,
            VersionRow.language,
            (score if with_score and not is_postgres else literal_column("0")).label("score"),
        )
        .select_from(source)
        .where(*where)
    )
    if window is None:
        return found
    if is_postgres and with_score and wanted is not None:
        return _ranked_last(found.order_by((key + 0).desc()).limit(window), score)
    # Of a language that little is in, its versions are found by their index and sorted: the sum keeps the database from
    # walking through the documents of all others by their dates.
    # So does PostgreSQL with words: it would look for them in one text after the other.
    is_walk = not is_postgres if wanted is not None else not _is_rare(connection, query.filters.language)
    return found.order_by((key if is_walk else key + 0).desc()).limit(window)


def _ranked_last(found: AnySelect, score: ColumnElement[Any]) -> AnySelect:
    """The window with its scores: PostgreSQL would else rank all that match, and read the text of each for it."""
    window = found.subquery("window")
    document = SearchDocumentRow.__table__.c
    columns = [score.label(each.name) if each.name == "score" else each for each in window.c]
    ranked = select(*columns).join(SearchDocumentRow.__table__, document.doc_id == window.c.doc_id)
    return ranked.order_by(window.c.doc_id.desc())


def _is_rare(connection: Connection, language: str | None) -> bool:
    """Whether so few versions are in that language that sorting all of them is soon done."""
    if language is None:
        return False
    some = select(VersionRow.id).where(VersionRow.language == language.lower()).limit(RARE + 1).subquery()
    return (connection.scalar(select(func.count()).select_from(some)) or 0) <= RARE


def _dated(key: ColumnElement[int], filters: Filters) -> list[ColumnElement[bool]]:
    """Date filters once more as ranges of the key, which the search itself can skip by."""
    ranges = []
    if filters.since is not None:
        ranges.append(key >= first_doc_id(filters.since))
    if filters.until is not None:
        ranges.append(key < min(first_doc_id(filters.until) + (1 << 29), BEHIND_ALL))
    return ranges


def found_hits(
    connection: Connection, rows: Sequence[Any], marker: Marker, exclude: Exclusions = NOTHING
) -> tuple[Hit, ...]:
    """Rows of article_id, number (of the version that is shown) and matching, as hits."""
    if not rows:
        return ()
    versions = {(row.article_id, row.number): row for row in _versions(connection, rows, exclude)}
    chosen = [versions[row.article_id, row.number] for row in rows]
    ids = [version.id for version in chosen]
    texts, authors = _texts(connection, ids), _authors(connection, ids)
    counts: dict[int, int] = {}
    for article_id, _ in versions:
        counts[article_id] = counts.get(article_id, 0) + 1
    return tuple(
        Hit(
            article_id=version.article_id,
            version_id=version.id,
            number=version.number,
            versions=counts[version.article_id],
            matching=row.matching,
            site=version.site,
            url=version.url,
            headline=mark(version.headline, marker.spans(version.headline, version.language)),
            snippet=snippet(
                [*([version.dek] if version.dek else []), *texts.get(version.id, [])], marker, version.language
            ),
            dek=version.dek,
            authors=tuple(authors.get(version.id, ())),
            section=version.section,
            language=version.language,
            published=version.published_at,
            first_seen=version.first_seen_at,
            state=version.state,
            captured=version.captured,
        )
        for row, version in zip(rows, chosen, strict=True)
    )


def _versions(connection: Connection, rows: Sequence[Any], exclude: Exclusions) -> Sequence[AnyRow]:
    return connection.execute(
        select(
            VersionRow.id, VersionRow.article_id, VersionRow.number, VersionRow.headline, VersionRow.dek,
            VersionRow.section, VersionRow.language, VersionRow.published_at, ArticleRow.first_seen_at,
            ArticleRow.state, SiteRow.name.label("site"), UrlRow.url, CaptureRow.fetched_at.label("captured"),
        )
        .join(CaptureRow, CaptureRow.id == VersionRow.capture_id)
        .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
        .join(SiteRow, SiteRow.id == ArticleRow.site_id)
        .join(UrlRow, UrlRow.id == ArticleRow.url_id)
        .where(VersionRow.article_id.in_([row.article_id for row in rows]), *shown_versions(connection, exclude))
    ).all()  # fmt: skip


def _texts(connection: Connection, version_ids: Sequence[int]) -> Mapping[int, list[str]]:
    """Paragraphs that are searched, boilerplate left out."""
    learnt = (
        select(BoilerplateRow.paragraph_id)
        .where(
            BoilerplateRow.site_id == ArticleRow.site_id,
            BoilerplateRow.paragraph_id == VersionParagraphRow.paragraph_id,
            VersionParagraphRow.role.in_(COUNTED),
            BoilerplateRow.verdict,
        )
        .exists()
    )
    rows = connection.execute(
        select(VersionParagraphRow.version_id, ParagraphRow.text)
        .join(ParagraphRow, ParagraphRow.id == VersionParagraphRow.paragraph_id)
        .join(VersionRow, VersionRow.id == VersionParagraphRow.version_id)
        .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
        .where(
            VersionParagraphRow.version_id.in_(version_ids),
            VersionParagraphRow.role.in_([role.value for role in SEARCHED_ROLES]),
            ~learnt,
        )
        .order_by(VersionParagraphRow.version_id, VersionParagraphRow.position)
    )
    texts: dict[int, list[str]] = {}
    for version_id, text in rows:
        texts.setdefault(version_id, []).append(text)
    return texts


def _authors(connection: Connection, version_ids: Sequence[int]) -> Mapping[int, list[str]]:
    rows = connection.execute(
        select(VersionAuthorRow.version_id, AuthorRow.name)
        .join(AuthorRow, AuthorRow.id == VersionAuthorRow.author_id)
        .where(VersionAuthorRow.version_id.in_(version_ids))
        .order_by(VersionAuthorRow.version_id, VersionAuthorRow.position)
    )
    authors: dict[int, list[str]] = {}
    for version_id, name in rows:
        authors.setdefault(version_id, []).append(name)
    return authors
