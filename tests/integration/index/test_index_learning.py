"""Learning counts in the database: it finds the same as a plain count, and needs little memory."""

import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from tantivy import Query

from storage.index import Index
from storage.index.boilerplate import learning
from storage.index.boilerplate.rule import (
    SAMPLE,
    BoilerplateCandidate,
    CarryingArticle,
    comparison_window,
    is_boilerplate,
    is_enough,
    min_articles,
)
from storage.index.queries.status import list_boilerplate
from storage.index.rows.entry import version_digest
from storage.index.schema.tables import ArticleRow
from storage.index.search.documents import load_documents
from storage.index.search.follower import open_search
from storage.model import BOILERPLATE_ROLES, Article, Ingest, NextVisit, Paragraph, Role, Site, VisitResult
from storage.page_date import SourcedDate
from tests.sizes import few_and_all

Make = Callable[..., Ingest]
Plan = Callable[[VisitResult], NextVisit]
Row = tuple[str, str, int, datetime, datetime, bool]
"""Site, text, articles, first and last seen, decision."""
SITES = ("news", "other")
BEGIN = datetime(2026, 2, 1, tzinfo=UTC)


def plainly(pages: Iterable[Ingest]) -> set[Row]:
    """Compute the boilerplate of captures by a plain count."""
    versions: dict[str, dict[str, dict[bytes, Article]]] = {site: {} for site in SITES}
    current: dict[str, dict[str, Article]] = {site: {} for site in SITES}
    for page in pages:
        article, site = page.reading.article, page.discovery.site
        assert article is not None
        # A version says what its first capture says.
        texts = versions[site].setdefault(article.url, {})
        current[site][article.url] = texts.setdefault(version_digest(article), article)
    return {row for site in SITES for row in _of_site(site, versions[site], current[site])}


def _of_site(site: str, versions: dict[str, dict[bytes, Article]], current: dict[str, Article]) -> Iterator[Row]:
    dates = {url: article.published.at for url, article in current.items() if article.published}
    carriers: dict[str, set[str]] = {}
    places: dict[str, list[tuple[int, int]]] = {}
    standing: dict[str, set[str]] = {}
    for url, texts in versions.items():
        for article in texts.values():
            for position, paragraph in enumerate(article.paragraphs):
                standing.setdefault(paragraph.text, set()).add(url)
                if paragraph.role in BOILERPLATE_ROLES and paragraph.text not in (article.headline, article.dek):
                    carriers.setdefault(paragraph.text, set()).add(url)
                    places.setdefault(paragraph.text, []).append((position, len(article.paragraphs) - 1 - position))
    shared = {one: urls for one, urls in carriers.items() if len(urls) >= 2}
    numbers = {one: number for number, one in enumerate(sorted(standing))}

    def carrier(url: str) -> CarryingArticle:
        said = {each.text for each in current[url].paragraphs if each.role in BOILERPLATE_ROLES}
        return CarryingArticle(
            shared={numbers[one]: len(one) for one in said if one in shared}, length=sum(map(len, said))
        )

    for one, urls in shared.items():
        seen = [dates[url] for url in urls]
        window = comparison_window(sum(min(seen) <= at <= max(seen) for at in dates.values()), len(dates))
        candidate = BoilerplateCandidate(
            length=len(one), articles=len(urls),
            first_from_start=min(start for start, _ in places[one]),
            last_from_start=max(start for start, _ in places[one]),
            first_from_end=min(end for _, end in places[one]), last_from_end=max(end for _, end in places[one]),
        )  # fmt: skip
        assert not is_enough(candidate, candidate.articles, window) or len(urls) >= min_articles(len(dates))
        newest = sorted(standing[one], key=lambda url: (-dates[url].timestamp(), url))[:SAMPLE]
        verdict = is_boilerplate(candidate, window, [carrier(url) for url in newest], numbers[one])
        yield site, one, len(urls), min(seen), max(seen), verdict


def learnt(index: Index) -> set[Row]:
    """Return the boilerplate in the index."""
    return {
        (site, view.text, view.articles_seen, view.first_seen, view.last_seen, view.verdict)
        for site in SITES
        for view in index.ask(list_boilerplate, site)
    }


def left_out_wrongly(index: Index) -> set[tuple[Any, ...]]:
    """Return what the search folder, which followed each change, has otherwise than the rows say now."""
    columns = ("version", "by_length", "order", "standing", "grouping")
    with index._transaction() as scope:
        engine = open_search(scope.connection)
        hits = engine.searcher.search(Query.all_query(), limit=100_000).hits
        followed = zip(*(engine._values(name, [address for _, address in hits]) for name in columns), strict=True)
        articles = scope.connection.scalars(select(ArticleRow.id)).all()
        made = {tuple(values[name] for name in columns) for values in load_documents(scope.connection, articles)}
        return made.symmetric_difference(followed)


LINES = st.lists(
    st.tuples(st.sampled_from((Role.TEXT, Role.TEXT, Role.DISCLAIMER, Role.PROMO, Role.TEASER)), st.integers(0, 9)),
    max_size=6,
)
PAGES = st.lists(
    st.tuples(st.sampled_from(SITES), st.integers(0, 11), st.integers(0, 40), st.booleans(), LINES, st.integers(0, 4)),
    min_size=4,
    max_size=30,
)
"""Site, number of the article, hour of its date, whether it has much text of its own, lines, and 0 where it is time to
learn."""


def line(number: int) -> str:
    """A paragraph that articles may share; the last ones are short."""
    return f"More {number}" if number > 7 else f"Line {number} stands under many articles of the site, {number} times."


@pytest.mark.slow
def test_incremental_learning_finds_what_a_plain_count_finds(index: Index, article_at: Make, plan: Plan) -> None:
    """With new articles and versions, changed dates and sites, learnt in between or not, the rows are the same."""

    @settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(PAGES, st.sampled_from((0, 10)), st.sampled_from((0, 4)))
    def holds(pages: list[Any], many: int, large: int) -> None:
        learn_in_steps(index, article_at, plan, pages, many, large)

    holds()


def learn_in_steps(index: Index, article_at: Make, plan: Plan, pages: list[Any], many: int, large: int) -> None:
    """Commit pages, learn where they say so, and compare with a plain count."""
    index.reset()
    index.register_sites([Site(name=site, url=f"https://{site}.example/") for site in SITES])
    taken: list[Ingest] = []
    batch: list[Ingest] = []
    with pytest.MonkeyPatch.context() as patched:
        # Few new ones of a large site, and a small site of a large archive, are counted in other ways.
        patched.setattr(learning, "_COUNT_ALL_FACTOR", many)
        patched.setattr(learning, "_LARGE", large)
        for minute, (site, number, hour, is_long, lines, before_learning) in enumerate(pages):
            own = f"Article {number} of {site} at {minute if number % 3 else 0}, said {'at length. ' * (20 * is_long)}"
            page = article_at(
                f"https://{site}.example/{number}", minute=minute, site=site, headline=line(number % 4),
                dek=line(5) if number == 5 else None,
                published=SourcedDate(at=BEGIN + timedelta(hours=hour), source="meta"),
                paragraphs=(Paragraph(role=Role.TEXT, text=own),
                            *(Paragraph(role=role, text=line(which)) for role, which in lines)),
            )  # fmt: skip
            taken.append(page)
            batch.append(page)
            if not before_learning:
                index.commit(batch, plan)
                index.settle()
                batch = []
        index.commit(batch, plan)
        index.settle()
    assert learnt(index) == plainly(taken)
    assert left_out_wrongly(index) == set()


def shared_by_two(article_at: Make, paragraphs: int) -> list[Ingest]:
    """Pairs of articles that share so many paragraphs, a hundred each, and a line that stands under all of them."""
    return [
        article_at(
            f"https://news.example/{number}",
            *(f"Pair {number // 2} has line {place}, which no other pair has." for place in range(100)),
            line(0),
        )
        for number in range(paragraphs // 50)
    ]


def most_while_learning(index: Index) -> int:
    """Bytes of objects that learning holds at most."""
    tracemalloc.start()
    try:
        index._database.write(lambda connection: learning.learn_boilerplate(connection, [1]))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def pages_kept(index: Index) -> object:
    """In how much memory the writer keeps pages of an SQLite file."""
    if index._database.is_postgres:
        return None
    return index._database.write(lambda connection: connection.exec_driver_sql("PRAGMA cache_size").scalar())


@pytest.mark.parametrize("sizes", few_and_all((500, 1_000, 5_000), (500, 2_000, 10_000)))
def test_learning_needs_little_memory(index: Index, sizes: tuple[int, int, int], article_at: Make, plan: Plan) -> None:
    """Ten thousand shared paragraphs of a large site are counted within the database."""
    index._learn_after = 1_000
    usual = pages_kept(index)
    most: list[int] = []
    for paragraphs in sizes:
        index.reset()
        index.register_sites([Site(name="news", url="https://news.example/")])
        index.commit(shared_by_two(article_at, paragraphs), plan)
        most.append(most_while_learning(index))
        assert len(index.ask(list_boilerplate, "news")) == paragraphs + 1
        assert pages_kept(index) == usual
    # The first one warms up what is made once.
    assert most[2] < most[1] + 500_000


def test_a_reverted_article_is_counted_by_its_new_date(index: Index, article_at: Make, plan: Plan) -> None:
    """No version is new, but the dates of its paragraphs change."""
    index.register_sites([Site(name="news", url="https://news.example/")])

    def shown(number: int, words: str, day: int, minute: int) -> Ingest:
        published = SourcedDate(at=BEGIN + timedelta(days=day), source="meta")
        return article_at(f"https://news.example/{number}", words, line(0), minute=minute, published=published)

    pages = [
        shown(1, "A first text.", 1, 0),
        shown(2, "A story of another article.", 3, 0),
        shown(1, "A second text, in the place of the first one.", 5, 1),
        shown(1, "A first text.", 1, 2),
    ]
    index.commit(pages[:3], plan)
    index.settle()
    index.commit(pages[3:], plan)
    index.settle()
    assert learnt(index) == set(plainly(pages))
    assert [view.first_seen for view in index.ask(list_boilerplate, "news")] == [BEGIN + timedelta(days=1)]
