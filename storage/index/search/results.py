"""Search results: the newest articles that match, or the best of the newest."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, select

from storage.index.conditions.filters import list_languages
from storage.index.conditions.visibility import visible_versions
from storage.index.conditions.withheld import load_text_masks
from storage.index.engine.statements import AnyRow, AnySelect
from storage.index.rows.version_parts import load_authors, load_paragraphs
from storage.index.schema.tables import (
    ArticleRow,
    CaptureRow,
    SiteRow,
    UrlRow,
    VersionRow,
)
from storage.index.search.candidates import find_newest_matches, select_all_matches
from storage.index.search.query import SearchQuery, parse_query
from storage.index.search.snippet import MatchFinder, make_snippet, split_segments
from storage.index.text.search_document import SEARCHED_ROLES
from storage.index.views.articles import EVERYTHING, Filters, SearchHit, SearchPage
from storage.index.views.exclusions import Exclusions
from storage.page_date import PageDate

Order = Literal["newest", "rank"]


@dataclass(slots=True)
class MatchingArticle:
    """An article with its newest matching version."""

    article_id: int
    newest_doc_id: int
    """Greatest document id of its matching versions."""
    score: float
    """Score of the best version; less is better."""
    matching: int
    """Number of matching versions."""
    version_id: int
    number: int
    site_id: int
    section: str | None
    language: str | None


def search_articles(  # noqa: PLR0913 - what is searched, and which part of it
    connection: Connection,
    exclude: Exclusions,
    text: str,
    filters: Filters = EVERYTHING,
    *,
    limit: int = 20,
    offset: int = 0,
    order: Order = "newest",
) -> SearchPage:
    """Return one page of search results, one hit for each article."""
    query = parse_query(text, filters)
    languages = list_languages(connection)
    matches = find_newest_matches(connection, exclude, query, languages, offset + limit, with_score=order == "rank")
    articles = group_by_article(matches.rows)
    ordered = sort_by_score(articles) if order == "rank" else articles
    return SearchPage(
        total=len(articles),
        exact=matches.is_all,
        hits=load_hits(connection, exclude, ordered[offset : offset + limit], MatchFinder(query, languages)),
        problems=list_problems(query),
    )


def list_problems(query: SearchQuery) -> tuple[str, ...]:
    """Return messages for the user about parts of the query that were not understood."""
    if not query.every and query.never:
        alone = "A query of excluded words only has nothing to exclude them from: all articles are shown"
        return (*query.problems, alone)
    return query.problems


def select_matching_versions(connection: Connection, exclude: Exclusions, text: str, filters: Filters) -> AnySelect:
    """Return a selection of the ids of all matching versions."""
    query = parse_query(text, filters)
    matches = select_all_matches(connection, exclude, query, list_languages(connection)).subquery("matching")
    return select(matches.c.version_id)


def load_hits(
    connection: Connection, exclude: Exclusions, rows: Sequence[Any], marker: MatchFinder
) -> tuple[SearchHit, ...]:
    """Return the hits for rows of article_id, number (of the version that is shown) and matching."""
    if not rows:
        return ()
    versions = {(row.article_id, row.number): row for row in _load_versions(connection, exclude, rows)}
    chosen = [versions[row.article_id, row.number] for row in rows]
    ids = [version.id for version in chosen]
    texts, authors = _load_texts(connection, ids), load_authors(connection, ids)
    masks = load_text_masks(connection, exclude, ids)
    counts: dict[int, int] = {}
    for article_id, _ in versions:
        counts[article_id] = counts.get(article_id, 0) + 1
    return tuple(
        SearchHit(
            article_id=version.article_id,
            version_id=version.id,
            number=version.number,
            versions=counts[version.article_id],
            matching=min(row.matching, counts[version.article_id]),
            site=version.site,
            url=version.url,
            headline=split_segments(version.headline, marker.find_spans(version.headline, version.language)),
            snippet=make_snippet(
                [masks[version.id].apply(each) for each in (version.dek or "", *texts[version.id]) if each],
                marker,
                version.language,
            ),
            dek=version.dek and masks[version.id].apply(version.dek),
            authors=authors[version.id],
            section=version.section,
            language=version.language,
            published=PageDate.parse(version.published) if version.published else None,
            first_seen=version.first_seen_at,
            state=version.state,
            captured=version.captured,
        )
        for row, version in zip(rows, chosen, strict=True)
    )


def _load_versions(connection: Connection, exclude: Exclusions, rows: Sequence[Any]) -> Sequence[AnyRow]:
    return connection.execute(
        select(
            VersionRow.id, VersionRow.article_id, VersionRow.number, VersionRow.headline, VersionRow.dek,
            VersionRow.section, VersionRow.language, VersionRow.published, ArticleRow.first_seen_at,
            ArticleRow.state, SiteRow.name.label("site"), UrlRow.url, CaptureRow.fetched_at.label("captured"),
        )
        .join(CaptureRow, CaptureRow.id == VersionRow.capture_id)
        .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
        .join(SiteRow, SiteRow.id == ArticleRow.site_id)
        .join(UrlRow, UrlRow.id == ArticleRow.url_id)
        .where(VersionRow.article_id.in_([row.article_id for row in rows]), *visible_versions(connection, exclude))
        # Of rows with one number the first text of that number is the last in this order.
        .order_by(VersionRow.is_variant.desc())
    ).all()  # fmt: skip


def _load_texts(connection: Connection, version_ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the searched paragraphs of versions, without boilerplate, by version id."""
    return {
        version_id: [each.text for each in paragraphs if each.role in SEARCHED_ROLES and not each.boilerplate]
        for version_id, paragraphs in load_paragraphs(connection, version_ids).items()
    }


def group_by_article(rows: Sequence[AnyRow]) -> list[MatchingArticle]:
    """Group matching documents by article, in the order of their newest matches."""
    articles: dict[int, MatchingArticle] = {}
    # There are thousands of rows, and unpacking one costs a third of getting its attributes by name.
    for doc_id, version_id, article_id, site_id, number, section, language, score in rows:
        match = articles.get(article_id)
        if match is None:
            articles[article_id] = MatchingArticle(
                article_id, doc_id, score, 1, version_id, number, site_id, section, language
            )
            continue
        match.matching += 1
        match.score = min(match.score, score)
        if number > match.number:
            match.version_id, match.number = version_id, number
            match.section, match.language = section, language
    return list(articles.values())


def sort_by_score(articles: list[MatchingArticle]) -> list[MatchingArticle]:
    """Return articles by score, best first; of equal ones the newest first."""
    return sorted(articles, key=lambda one: (one.score, -one.newest_doc_id))
