"""Search results: one hit for each article, with its newest matching version."""

from collections.abc import Sequence

from sqlalchemy import func, select

from storage.index.conditions.visibility import visible_versions
from storage.index.conditions.withheld import load_text_masks
from storage.index.engine.statements import IDS
from storage.index.reader import ReadScope
from storage.index.rows.version_parts import SELECT_VERSIONS, load_authors, load_paragraphs
from storage.index.schema.tables import ArticleRow, CaptureRow, VersionRow
from storage.index.search.documents import SEARCHED_ROLES
from storage.index.search.matches import Matches, Search, fold_copies, suggest_query
from storage.index.search.query import SearchQuery, parse_query
from storage.index.search.snippet import MatchFinder, make_snippet, split_segments
from storage.index.views.articles import EVERYTHING, Filters, Order, SearchHit, SearchPage, StoryCopy
from storage.page_date import PageDate

_MOST_COPIES = 30  # copies of one text that are listed


def search_articles(  # noqa: PLR0913 - what is searched, and which part of it
    scope: ReadScope, text: str, filters: Filters = EVERYTHING, *, limit: int = 20,
    offset: int = 0, order: Order = "newest", fold: bool = False,
) -> SearchPage:  # fmt: skip
    """Return one page of search results, one hit for each article; with `fold`, for each text of several papers."""
    query = parse_query(text, filters)
    search = Search(scope)
    matches = search.find(query, of_texts=order == "longest")
    return load_page(search, text, query, fold_copies(matches) if fold else matches, (order, limit, offset))


def load_page(
    search: Search, text: str, query: SearchQuery, matches: Matches, part: tuple[Order, int, int]
) -> SearchPage:
    """Return one page of matches; `part` is its order, number of hits, and the number of hits before it."""
    ids = matches.list_versions(*part)
    total = matches.count()
    return SearchPage(
        total=total,
        articles=total + len(matches.folded.articles),
        suggestion=None if total else suggest_query(search, query, text),
        hits=_load_hits(search, matches, ids, MatchFinder(query, search.languages)),
        problems=query.problems,
    )


def load_hits(scope: ReadScope, text: str, filters: Filters, version_ids: Sequence[int]) -> tuple[SearchHit, ...]:
    """Return the hits of some of the versions that a search found, in their order."""
    search, query = Search(scope), parse_query(text, filters)
    return _load_hits(search, search.find(query), version_ids, MatchFinder(query, search.languages))


def find_version_ids(
    scope: ReadScope, text: str, filters: Filters = EVERYTHING, *, limit: int,
    order: Order = "newest", fold: bool = False,
) -> list[int]:  # fmt: skip
    """Return the ids of the versions that a search shows, one for each article, in its order.

    With `fold`, of each text of several papers the oldest.
    """
    matches = Search(scope).find(parse_query(text, filters), of_texts=order == "longest")
    return (fold_copies(matches) if fold else matches).list_versions(order, limit)


def find_matching_versions(scope: ReadScope, text: str, filters: Filters) -> list[int]:
    """Return the ids of all versions that match a search, in no order."""
    search = Search(scope)
    return search.engine.list_columns(search.find(parse_query(text, filters)).every, "version")[0]


def _load_hits(search: Search, matches: Matches, chosen: Sequence[int], marker: MatchFinder) -> tuple[SearchHit, ...]:
    connection, visible = search.scope.connection, visible_versions(search.scope)
    versions = {row.id: row for row in connection.execute(_VERSIONS.where(*visible), {"ids": [*chosen]})}
    # A version may be gone since the search folder was written.
    ids = [version_id for version_id in chosen if version_id in versions]
    texts = {
        version_id: [each.text for each in paragraphs if each.role in SEARCHED_ROLES and not each.boilerplate]
        for version_id, paragraphs in load_paragraphs(connection, ids).items()
    }
    authors = load_authors(connection, ids)
    articles = [versions[one].article_id for one in ids]
    copies = {one: matches.folded.list_of(one)[:_MOST_COPIES] for one in articles}
    shown = matches.list_shown([copy for some in copies.values() for copy in some])
    rows = connection.execute(_VERSIONS.where(*visible), {"ids": shown}) if shown else ()
    papers = {row.article_id: row for row in rows}
    counting = select(VersionRow.article_id, func.count(VersionRow.number.distinct()))
    counting = counting.where(VersionRow.article_id.in_(articles), *visible)
    counts = {row[0]: row[1] for row in connection.execute(counting.group_by(VersionRow.article_id))}
    found = matches.list_texts(article for article in articles if counts[article] > 1)
    masks = load_text_masks(search.scope, ids)
    return tuple(
        SearchHit(
            article_id=version.article_id, version_id=version.id, number=version.number,
            versions=counts[version.article_id],
            matching=min(len(found.get(version.article_id, (1,))), counts[version.article_id]),
            site=version.site, url=version.canonical_url,
            headline=split_segments(version.headline, marker.find_spans(version.headline, version.language)),
            snippet=make_snippet(
                [masks[version.id].apply(each) for each in (version.dek or "", *texts[version.id]) if each],
                marker, version.language,
            ),
            dek=version.dek and masks[version.id].apply(version.dek), authors=authors[version.id],
            section=version.section, language=version.language,
            published=PageDate.parse(version.published) if version.published else None,
            first_seen=version.first_seen_at, state=version.state, captured=version.captured,
            image=search.scope.exclude.name_url(version.image),
            image_caption=version.image_caption and masks[version.id].apply(version.image_caption),
            papers=len(matches.folded.list_of(version.article_id)),
            copies=tuple(
                StoryCopy(article_id=copy.article_id, site=copy.site, url=copy.canonical_url, headline=copy.headline)
                for copy in filter(None, map(papers.get, copies[version.article_id]))
            ),
        )
        for version in map(versions.__getitem__, ids)
    )  # fmt: skip


_VERSIONS = (
    SELECT_VERSIONS.join(CaptureRow, CaptureRow.id == VersionRow.capture_id)
    .add_columns(ArticleRow.first_seen_at, ArticleRow.state, CaptureRow.fetched_at.label("captured"))
    .where(VersionRow.id.in_(IDS))
)
