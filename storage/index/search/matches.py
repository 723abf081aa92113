"""The matches of a search: exactly one text of each article, whatever the number and order of its results.

    words, filters, exclusions --> texts that match --> of the texts of one article the newest

The last text of an article stands for it if it matches, and a former one if all later ones lack a word of the search.
Others are looked up, if possible only those whose next text lacks a word or has an excluded one; all but the newest
are left out of `unique`, by which everything is counted, sorted and cut into pages. Patterns find many former texts:
for them `unique` has the last text of each article of which any text matches, if all its texts have the same facet
values, and only for results and copies the texts that match are looked up.
Lists and counts of articles of an author, a tag, a section or a site are by their current versions.
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import accumulate

from sqlalchemy import select
from tantivy import Query

from storage.errors import SearchNotReady
from storage.grouping import group_pairs
from storage.index.conditions.visibility import load_site_names
from storage.index.engine.dialect import list_distinct
from storage.index.engine.statements import IDS, fetch_by_ids
from storage.index.fulltext.fields import OTHER_REPEATED, OWN_REPEATED, count_microseconds, make_order, to_time
from storage.index.fulltext.searcher import EngineSearcher, match_all, match_any, match_without
from storage.index.reader import ReadScope
from storage.index.schema.tables import ArticleRow, AuthorRow, UrlRow, VersionRow
from storage.index.search.documents import ALIKE, STANDING_BITS, VARIED, fold_value
from storage.index.search.follower import open_search
from storage.index.search.query import SearchQuery
from storage.index.search.snippet import match_one_edit
from storage.index.search.translate import Translation
from storage.index.views.articles import EVERYTHING, Filters, Order
from storage.index.views.status import ArticleCounts, SiteProfile

_ID_BITS = 32
_SORTED_BY: Mapping[Order, str] = {"newest": "order", "longest": "by_length", "edits": "by_edits"}


@dataclass(frozen=True, slots=True)
class FoldedCopies:
    """Copies of texts in other sites, in columns: a search may have tens of thousands, and is kept."""

    firsts: Sequence[int] = ()
    """The article of which each is a copy, in ascending order."""
    articles: Sequence[int] = ()
    """The copies, in the order of `firsts`, and of one article the oldest first."""
    orders: Sequence[int] = ()
    """Numbers by which they are sorted by date, in ascending order."""

    def list_of(self, first: int) -> Sequence[int]:
        """Return the articles that are copies of one, the oldest first."""
        return self.articles[bisect_left(self.firsts, first) : bisect_right(self.firsts, first)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """The matches of a search."""

    engine: EngineSearcher
    every: Query
    """Every text that matches."""
    unique: Query
    """The newest of each article's texts that match."""
    is_by_article: bool = False
    """True if `unique` has last texts in place of former ones with the same facet values."""
    varied: tuple[Sequence[int], Sequence[int]] | None = None
    """In that case `standing` and version of the other texts, until they are counted."""
    ranked: Query | None
    """The same, with scores; None if nothing can be ranked."""
    folded: FoldedCopies = field(default_factory=FoldedCopies)
    """Articles that match `unique`, too, and are left out afterwards."""
    total: int | None = None
    """Number of texts in `unique`, if they have been counted."""
    extremes: Sequence[float] = ()
    """Their least and greatest date in that case, if there are any."""
    years: Mapping[int, int] | None = None
    """Their number by year in that case."""
    _texts: dict[int, list[tuple[int, int]]] = field(default_factory=dict, compare=False)

    def count(self) -> int:
        """Return the number of articles."""
        return (self.engine.count(self.unique) if self.total is None else self.total) - len(self.folded.articles)

    def list_versions(self, order: Order, limit: int, offset: int = 0) -> list[int]:
        """Return the ids of the versions that stand for the articles."""
        copies, end = set(self.folded.articles), offset + limit
        listed: list[tuple[int, int]] = []
        for wanted in (2 * end, end + len(copies)) if copies else (end,):
            if not listed or len(listed) < min(end, self.count()):
                listed = [text for text in self._list_unique(order, wanted) if text[1] not in copies]
        some = listed[offset:end]
        return self.list_shown([one for _, one in some]) if self.is_by_article else [one for one, _ in some]

    def _list_unique(self, order: Order, limit: int) -> list[tuple[int, int]]:
        """Return version and article of the first texts of `unique`, with copies."""
        if order == "rank" and self.ranked is not None:
            return self.engine.list_best(self.ranked, limit)
        by = _SORTED_BY.get(order, "order")
        shown = match_all(self.unique, *(self._match_newest_years(limit) if by == "order" else ()))
        _, *columns = self.engine.list_columns(shown, by, "version", "article", limit=limit)
        return [*zip(*columns, strict=True)]

    def list_shown(self, articles: Sequence[int]) -> list[int]:
        """Return the versions that stand for some articles that are found, in their order."""
        if self.is_by_article:
            texts = self.list_texts(articles)
            return [texts[article][0][1] for article in articles]
        some = match_all(self.unique, self.engine.match_values("article", {*articles}))
        versions = dict(zip(*self.engine.list_columns(some, "article", "version"), strict=True))
        return [versions[article] for article in articles]

    def _match_newest_years(self, texts: int) -> list[Query]:
        """Return a query for the newest years that have so many texts, if their numbers are known."""
        for year, count in sorted((self.years or {}).items(), reverse=True):
            texts -= count
            if texts <= 0:
                return [self.engine.match_range("dated", count_microseconds(datetime(year, 1, 1, tzinfo=UTC)), None)]
        return []

    def list_varied(self) -> list[list[int]]:
        """Return the matching versions, the newest first, of each article whose texts have different facet values."""
        varied = match_all(self.every, self.engine.match_values("grouping", (VARIED,)))
        texts = zip(*(self.varied or self.engine.list_columns(varied, "standing", "version")), strict=True)
        grouped = group_pairs((standing >> STANDING_BITS, version) for standing, version in texts)
        return [versions for versions in grouped.values() if len(versions) > 1]

    def list_texts(self, articles: Iterable[int]) -> dict[int, list[tuple[int, int]]]:
        """Return the matching texts of articles, by article, as `standing` and version, the newest first."""
        unknown = {*articles}.difference(self._texts)
        wanted = match_all(self.every, self.engine.match_values("article", unknown))
        listed = zip(*self.engine.list_columns(wanted, "standing", "version"), strict=True) if unknown else ()
        self._texts.update(group_pairs((text[0] >> STANDING_BITS, text) for text in listed))
        return self._texts

    def iter_repeated(self) -> Iterator[Sequence[int]]:
        """Yield those articles whose story another article has, too, the oldest first.

        Each as its number for the order by date, the story of its newest text that matches, its site and its id.
        """
        columns, marked = ("order", "story", "site", "article"), partial(self.engine.match_values, "repeated")
        if not self.is_by_article:
            listed = self.engine.list_columns(match_all(self.unique, marked(OWN_REPEATED)), *columns)
            yield from zip(*map(reversed, listed), strict=True)
            return
        # Of other articles the last text matches, and is no copy.
        some = match_any(marked(OWN_REPEATED), match_without(marked(OTHER_REPEATED), self.every))
        listed = self.engine.list_columns(match_all(self.unique, some), *columns, "repeated")
        several = [article for article, which in zip(*listed[3:], strict=True) if which > 1]
        wanted = match_all(self.every, self.engine.match_values("article", several))
        texts = self.engine.list_columns(wanted, "standing", "story", "repeated")
        newest = {standing >> STANDING_BITS: text for standing, *text in zip(*map(reversed, texts), strict=True)}
        for order, last_story, site, article, last in zip(*map(reversed, listed), strict=True):
            story, own = (last_story, last) if last == 1 else newest[article]
            if own in OWN_REPEATED:
                yield order, story, site, article


def fold_copies(matches: Matches) -> Matches:
    """Return matches without those that are copies of an older one in another site.

    Of texts of one story, the first of each site are copies of the first of all, the second of each site of the second
    of all, and so on: texts of one site with the same beginning, such as a daily column's, stay apart.
    """
    ranks: dict[int, int] = {}
    of_rank: dict[int, int] = {}
    firsts, copies, orders = array("q"), array("q"), array("q")
    for order, story, site, article in matches.iter_repeated():
        # Numbers as keys: pairs would be traversed by the garbage collector. Nearly all texts have the first rank.
        of_site = story << _ID_BITS | site
        ranks[of_site] = rank = ranks.get(of_site, 0) + 1
        first = of_rank.setdefault(story if rank == 1 else -(story << _ID_BITS | rank), article)
        if first != article:
            firsts.append(first)
            copies.append(article)
            orders.append(order)
    by_first = sorted(range(len(firsts)), key=firsts.__getitem__)
    firsts, copies = (array("q", [*map(column.__getitem__, by_first)]) for column in (firsts, copies))
    return replace(matches, folded=FoldedCopies(firsts, copies, orders))


class Search:
    """One search in one state of the search folder."""

    def __init__(self, scope: ReadScope) -> None:
        self.scope = scope
        self.engine = open_search(scope.connection)
        self.languages = self.engine.remember("", lambda: (None, *list_distinct(scope.connection, VersionRow.language)))
        self.translation = Translation(self.engine, self.languages)
        self.excluded = self.translation.exclusions(scope)

    def find(self, query: SearchQuery, filters: Filters | None = None, *, of_texts: bool = False) -> Matches:
        """Return the matches of a query, with its own filters or others; `of_texts`: never by article."""
        filters = query.filters if filters is None else filters
        conditions = self.translation.filters(self.scope.connection, filters)
        wanted = match_all(self.translation.words(query), *conditions)
        every = match_without(wanted, *self.excluded)
        engine, values = self.engine, self.engine.match_values
        known = self.translation.match_newest_former(query)
        # The texts of an article pass the other ones alike, unless their facet values differ.
        others = replace(filters, language=None, section=None, author=None, byline=None, agency=None)
        by_text = of_texts or self.excluded or others.selects_texts
        anywhere = None if by_text else self.translation.match_anywhere(query)
        if anywhere is None:
            former = match_without(self._select_former(query, filters, others, wanted), *known)
            unique = match_all(every, match_any(values("last", (1,)), *known))
        else:
            unique = match_all(anywhere, *conditions)
            former = match_all(every, values("grouping", (VARIED,)))
        texts, versions = engine.list_columns(former, "standing", "version")
        newest = {one >> STANDING_BITS: one for one in reversed(texts)}
        if newest:
            for article in engine.list_columns(match_all(unique, values("article", newest)), "article")[0]:
                newest.pop(article, None)
        if newest:
            rejected, some = set(texts).difference(newest.values()), values("standing", newest.values())
            if len(rejected) < len(newest) and not any(leaf.is_pattern for leaf in query.leaves):
                some = match_without(former, values("standing", rejected))
            unique = match_any(unique, some)
        found = Matches(engine=engine, every=every, unique=unique, ranked=self.translation.rank(query, unique))
        return found if anywhere is None else replace(found, is_by_article=True, varied=(texts, versions))

    def _select_former(self, query: SearchQuery, filters: Filters, others: Filters, wanted: Query) -> Query:
        """Return a query for former texts that match, but for some of those of which a later text matches, too."""
        engine, values = self.engine, self.engine.match_values
        former = match_without(match_all(wanted, values("last", (0,))), *self.excluded)
        marked = self.translation.match_marks(query)
        if marked is None or others.selects_texts:
            return former
        if others != filters:
            marked = match_any(marked, values("grouping", (VARIED,)))
        if self.excluded:
            withheld = match_all(wanted, values("grouping", (ALIKE, VARIED)), match_any(*self.excluded))
            marked = match_any(marked, values("article", set(engine.list_columns(withheld, "article")[0])))
        return match_all(former, marked)

    def find_current(self, filters: Filters) -> Query:
        """Return a query for the current versions of filtered articles; under an embargo the last ones before it."""
        wanted = self.translation.filters(self.scope.connection, filters)
        if self.scope.exclude.embargoes:
            return match_all(self.find(SearchQuery(), EVERYTHING).unique, *wanted)
        return match_without(match_all(self.engine.match_values("newest", (1,)), *wanted), *self.excluded)


_LEAST_LETTERS = 4  # shorter words resemble too many others


def suggest_query(search: Search, query: SearchQuery, text: str) -> str | None:
    """Return the text of a query with unknown words replaced by the most frequent that differ in one letter.

    None if all words are known, or nothing resembles one that is not. Words that only withheld pages have are unknown.
    """
    suggested, visible = text, match_without(Query.all_query(), *search.excluded) if search.excluded else None
    for leaf in query.leaves:
        if leaf.typed and leaf.field == "all" and len(leaf.words[0]) >= _LEAST_LETTERS:
            if search.engine.count(match_without(search.translation.term(leaf), *search.excluded)):
                continue
            # Words that differ in one letter, but not in both of the first two.
            starts = {leaf.words[0][:1], leaf.words[0][1:2]}
            with search.engine.listing:
                terms = (each for start in starts for each in search.engine.list_terms("all", start, visible))
                similar = [(-count, term) for term, count in terms if match_one_edit(leaf.words[0]).fullmatch(term)]
            if similar:
                pattern = rf"(?<!\w){re.escape(leaf.typed[0])}(?!\w)"
                suggested = re.sub(pattern, min(similar)[1], suggested, count=1)
    return suggested if suggested != text else None


_MOST_VALUES = 65_000
_MAX_PROFILE_NAMES = 40  # most names of each kind


def list_article_ids(scope: ReadScope, filters: Filters, limit: int, offset: int, after_id: int | None) -> list[int]:
    """Return the ids of articles by date, newest first; with `after_id`, those after the article with that id."""
    search = Search(scope)
    wanted = search.find_current(filters)
    if after_id is not None:
        last = select(ArticleRow.dated_at, UrlRow.digest).join(UrlRow, UrlRow.id == ArticleRow.url_id)
        row = scope.connection.execute(last.where(ArticleRow.id == after_id)).first()
        if row is None:
            return []
        older = search.engine.match_range("order", None, make_order(row.dated_at, row.digest) - 1)
        wanted = match_all(wanted, older)
    return search.engine.list_columns(wanted, "order", "article", limit=limit, offset=offset)[1]


def count_by_year_and_site(scope: ReadScope, filters: Filters) -> ArticleCounts:
    """Count filtered articles by their current versions. Ignores `filters.query`."""
    search = Search(scope)
    wanted = search.find_current(filters)
    names = load_site_names(scope.connection)
    counts, _, total = search.engine.summarize(wanted, {"site": _MOST_VALUES, "year": _MOST_VALUES})
    sites = [(names[site_id], count) for site_id, count in counts["site"]]
    return ArticleCounts(
        total=total,
        years=tuple(sorted(counts["year"], reverse=True)),
        sites=tuple(sorted(sites, key=lambda one: (-one[1], one[0]))),
    )


def count_between(scope: ReadScope, filters: Filters, spans: Iterable[tuple[datetime, datetime]]) -> list[int]:
    """Return the number of filtered articles in each of some spans of time, both ends included."""
    search = Search(scope)
    ends = [(count_microseconds(begin), count_microseconds(end) + 1) for begin, end in spans]
    edges = sorted({edge for pair in ends for edge in pair})
    counts = search.engine.count_ranges(search.find_current(filters), "dated", edges)
    before = dict(zip(edges, accumulate(counts, initial=0), strict=False))
    return [before[end] - before[begin] for begin, end in ends]


def find_adjacent_dates(
    scope: ReadScope, filters: Filters, begin: datetime, end: datetime
) -> tuple[datetime | None, datetime | None]:
    """Return the date of the newest of the filtered articles before a period, and of the oldest after it, if any."""
    search = Search(scope)
    periods = (replace(filters, until=begin), replace(filters, since=end))
    before, after = (search.engine.summarize(search.find_current(each), {})[1] for each in periods)
    return (to_time(before[1]) if before else None), (to_time(after[0]) if after else None)


def get_site_profile(scope: ReadScope, site: str) -> SiteProfile:
    """Return the sections, authors and languages of a site's articles; empty while the search folder is made."""
    try:
        search = Search(scope)
    except SearchNotReady:
        return SiteProfile(sections=(), authors=(), languages=())
    return search.engine.remember((site, scope.exclude), lambda: _count_names(search, site))


def _count_names(search: Search, site: str) -> SiteProfile:
    folds: dict[str, Callable[[str], str]] = {"section_label": fold_value, "author_id": fold_value, "language": str}
    counts = search.engine.summarize(search.find_current(Filters(site=site)), dict.fromkeys(folds, _MOST_VALUES))[0]
    counts["author_id"] = name_authors(search, counts["author_id"])
    sections, authors, languages = (
        tuple((name, articles) for _, name, articles in merge_spellings(counts[column], fold)[:_MAX_PROFILE_NAMES])
        for column, fold in folds.items()
    )
    return SiteProfile(sections=sections, authors=authors, languages=languages)


def name_authors(search: Search, counts: Sequence[tuple[int, int]]) -> list[tuple[str, int]]:
    """Return numbers of articles by author with the names in place of the ids, in their order."""
    names: dict[int, str] = search.engine.remember("authors", dict)
    unknown = [author_id for author_id, _ in counts if author_id not in names]
    query = select(AuthorRow.id, AuthorRow.name).where(AuthorRow.id.in_(IDS))
    names.update((row[0], row[1]) for row in fetch_by_ids(search.scope.connection, query, unknown))
    return [(names[author_id], count) for author_id, count in counts if author_id in names]


def merge_spellings(labels: Iterable[tuple[str, int]], fold: Callable[[str], str]) -> list[tuple[str, str, int]]:
    """Return values as they are compared, with their first spelling and the sum of their counts, most first."""
    counts: dict[str, int] = {}
    names: dict[str, str] = {}
    for spelling, articles in labels:
        value = fold(spelling)
        counts[value] = counts.get(value, 0) + articles
        names.setdefault(value, spelling)
    ordered = sorted(sorted(counts), key=counts.__getitem__, reverse=True)
    return [(value, names[value], counts[value]) for value in ordered]
