"""Search: the newest articles that match, or the best among the newest."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import Connection, select

from storage.index.boilerplate.rule import COUNTED
from storage.index.conditions.filters import languages
from storage.index.conditions.visibility import shown_versions
from storage.index.engine.database import AnyRow, AnySelect
from storage.index.schema.tables import (
    ArticleRow,
    AuthorRow,
    BoilerplateRow,
    CaptureRow,
    ParagraphRow,
    SiteRow,
    UrlRow,
    VersionAuthorRow,
    VersionParagraphRow,
    VersionRow,
)
from storage.index.search.candidates import every, newest
from storage.index.search.found import best_first, by_article
from storage.index.search.query import Query, parse
from storage.index.search.snippet import Marker, mark, snippet
from storage.index.views.articles import Filters, Hit, SearchPage
from storage.index.views.exclusions import NOTHING, Exclusions
from storage.index.write.search_documents import SEARCHED_ROLES

Order = Literal["newest", "rank"]


def search(connection: Connection, text: str, filters: Filters, *, limit: int, offset: int, order: Order) -> SearchPage:
    """One page of what a query finds, one hit an article."""
    query = parse(text, filters)
    spoken = languages(connection)
    found = newest(connection, query, spoken, offset + limit, with_score=order == "rank")
    articles = by_article(found.rows)
    ordered = best_first(articles) if order == "rank" else articles
    return SearchPage(
        total=len(articles),
        exact=found.is_all,
        hits=found_hits(connection, ordered[offset : offset + limit], Marker(query, spoken), filters.exclude),
        problems=problems(query),
    )


def problems(query: Query) -> tuple[str, ...]:
    """What of a query was not understood, in words for its author."""
    if not query.every and query.never:
        alone = "words that are to be left out alone find nothing to leave them out of: all is shown"
        return (*query.problems, alone)
    return query.problems


def matching_versions(connection: Connection, text: str, filters: Filters) -> AnySelect:
    """Ids of all versions that match."""
    query = parse(text, filters)
    found = every(connection, query, languages(connection)).subquery("matching")
    return select(found.c.version_id)


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
