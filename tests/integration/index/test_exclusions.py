"""Exclusions apply to every query."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from storage.errors import QueryTooLong
from storage.index import Index
from storage.index.queries.aggregates import count_articles_per_day, count_captures_per_day, list_site_counts
from storage.index.queries.articles import (
    find_article_id,
    get_article,
    get_capture,
    get_capture_of_record,
    get_version,
    iter_captures,
    list_articles,
)
from storage.index.queries.export import iter_export_lines
from storage.index.queries.status import get_status, list_boilerplate, list_sources
from storage.index.reader import Reader, ReadScope
from storage.index.search.matches import get_site_profile
from storage.index.search.results import search_articles
from storage.index.views.articles import NO_EXCLUSIONS, CaptureFilters, Exclusions, Filters
from storage.model import Ingest, NextVisit, Site, VisitResult

Plan = Callable[[VisitResult], NextVisit]
Make = Callable[..., Ingest]

MORNING = datetime(2026, 3, 1, 6, tzinfo=UTC)
OPEN, PRIVATE = "https://www.news.example/a", "https://www.news.example/private/b"
HIDDEN, HELD = "https://hidden.example/c", "https://held.example/d"


@pytest.fixture(scope="module")
def filled(shared_index: Index, shared_article_at: Make, plan: Plan) -> Index:
    """An index that is only read, as `fill` leaves it."""
    fill(shared_index, shared_article_at, plan)
    return shared_index


def fill(index: Index, article_at: Make, plan: Plan) -> None:
    """Add four articles with "harbour": visible, with a blocked URL, of a hidden site, and one that was edited."""
    index.register_sites(
        [
            Site(name="news", url="https://www.news.example/"),
            Site(name="hidden", url="https://hidden.example/"),
            Site(name="held", url="https://held.example/"),
        ]
    )
    index.commit(
        [
            article_at(OPEN, "The harbour is open."),
            article_at(PRIVATE, "The harbour is private."),
            article_at(HIDDEN, "The harbour is hidden.", site="hidden"),
            article_at(HELD, "The harbour was early.", site="held", minute=0),
            article_at(HELD, "The harbour was edited.", site="held", minute=30),
        ],
        plan,
    )
    index.settle()


def held_until(minute: int) -> Exclusions:
    return Exclusions(embargoes=(("held", MORNING + timedelta(minutes=minute)),))


def everything(reader: Reader) -> dict[str, Any]:
    """Return the URLs that each query finds."""
    found = reader.ask(search_articles, "harbour")
    return {
        "search": sorted(hit.url for hit in found.hits),
        "total": found.total,
        "articles": sorted(line.url for line in reader.ask(list_articles)),
        "export": sorted(line["url"] for line in reader.stream(iter_export_lines)),
        "searched export": sorted(line["url"] for line in reader.stream(iter_export_lines, Filters(query="harbour"))),
        "captures": sorted({capture.url for capture in reader.stream(iter_captures)}),
        "by site": sum(site.captures for site in reader.ask(list_site_counts)),
        "by day": sum(reader.ask(count_captures_per_day, MORNING.date()).values()),
        "site articles": sum(site.articles for site in reader.ask(list_site_counts)),
    }


@pytest.mark.parametrize(
    ("exclude", "gone"),
    [
        (NO_EXCLUSIONS, set()),
        (Exclusions(hidden=frozenset({"hidden"})), {HIDDEN}),
        (Exclusions(hidden=frozenset({"hidden", "no such site"})), {HIDDEN}),
        (Exclusions(urlkeys=("example,news)/private/",)), {PRIVATE}),
        (Exclusions(urlkeys=("example,news)/",)), {OPEN, PRIVATE}),
        (held_until(-1), {HELD}),
        (
            Exclusions(hidden=frozenset({"hidden"}), urlkeys=("example,held)",), embargoes=(("held", MORNING),)),
            {HIDDEN, HELD},
        ),
    ],
)
def test_excluded_articles_are_in_no_response(filled: Index, exclude: Exclusions, gone: set[str]) -> None:
    """Searches, lists, exports, captures and counts agree."""
    left = sorted({OPEN, PRIVATE, HIDDEN, HELD} - gone)
    captures = len(left) + (HELD in left)
    assert everything(filled.excluding(exclude)) == {
        "search": left, "total": len(left), "articles": left, "export": left, "searched export": left,
        "captures": left, "by site": captures, "by day": captures, "site articles": len(left),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("url", "exclude"),
    [
        (HIDDEN, Exclusions(hidden=frozenset({"hidden"}))),
        (PRIVATE, Exclusions(urlkeys=("example,news)/private/",))),
        (HELD, held_until(-1)),
    ],
)
def test_no_number_opens_what_is_excluded(filled: Index, url: str, exclude: Exclusions) -> None:
    """The id of an excluded article, version, capture or record finds nothing."""
    number = filled.ask(find_article_id, url)
    assert number is not None
    article = filled.ask(get_article, number)
    assert article is not None
    reader = filled.excluding(exclude)
    assert reader.ask(find_article_id, url) is None
    assert reader.ask(get_article, number) is None
    assert all(reader.ask(get_version, version.id) is None for version in article.versions)
    assert all(reader.ask(get_capture, capture.id) is None for capture in article.captures)
    assert all(reader.ask(get_capture_of_record, capture.record_id) is None for capture in article.captures)
    assert not list(reader.stream(iter_captures, CaptureFilters(url=url)))


def test_an_embargoed_version_is_not_shown(filled: Index) -> None:
    """Its later version is not current, not in its history and not in search."""
    number = filled.ask(find_article_id, HELD)
    assert number is not None
    reader = filled.excluding(held_until(10))
    article = reader.ask(get_article, number)
    assert article is not None
    assert article.current.body == "The harbour was early."
    assert [version.number for version in article.versions] == [1]
    assert len(article.captures) == 1
    assert reader.ask(search_articles, "edited").total == 0
    assert [line["body"] for line in reader.stream(iter_export_lines, Filters(site="held"))] == [
        "The harbour was early."
    ]
    assert [line["body"] for line in filled.stream(iter_export_lines, Filters(site="held"))] == [
        "The harbour was edited."
    ]


def test_a_hidden_site_does_not_exist_for_readers(filled: Index) -> None:
    """Its name and its statistics are in no answer."""
    reader = filled.excluding(Exclusions(hidden=frozenset({"hidden"})))
    assert [site.name for site in reader.ask(list_site_counts)] == ["held", "news"]
    assert [site.name for site in reader.ask(get_status, MORNING).sites] == ["held", "news"]
    assert reader.ask(list_boilerplate, "hidden") == ()
    assert reader.ask(list_sources, "hidden") == ()
    assert reader.ask(count_articles_per_day, "hidden", MORNING.date()) == {}
    assert reader.ask(get_site_profile, "hidden").authors == ()


def test_counts_of_all_sites_follow_each_commit(index: Index, article_at: Make, plan: Plan) -> None:
    """They are kept while the index is unchanged, for each set of exclusions, and no longer."""
    fill(index, article_at, plan)
    readers = [index, index.excluding(Exclusions(hidden=frozenset({"hidden"})))]

    def count() -> list[int]:
        return [sum(site.captures for site in reader.ask(list_site_counts)) for reader in readers]

    before = count()
    assert count() == before
    index.commit([article_at("https://stranger.example/e", "The harbour is strange.", site="")], plan)
    assert count() == [each + 1 for each in before]


def test_counts_by_site_leave_out_what_is_excluded(filled: Index) -> None:
    """Counts of an embargoed site stop at the embargo, and blocked URLs are not counted."""

    def held(exclude: Exclusions) -> dict[str, tuple[int, int, int]]:
        found = filled.excluding(exclude).ask(get_status, MORNING).sites
        return {site.name: (site.articles, site.versions, site.captures) for site in found}

    assert held(NO_EXCLUSIONS) == {"held": (1, 2, 2), "hidden": (1, 1, 1), "news": (2, 2, 2)}
    assert held(held_until(10)) == {"held": (1, 1, 1), "hidden": (1, 1, 1), "news": (2, 2, 2)}
    private = Exclusions(urlkeys=("example,news)/private/",), embargoes=(("held", MORNING - timedelta(days=1)),))
    assert held(private) == {"held": (0, 0, 0), "hidden": (1, 1, 1), "news": (1, 1, 1)}
    status = filled.excluding(private).ask(get_status, MORNING)
    assert {site.name: sum(site.outcomes.values()) for site in status.sites} == {"held": 0, "hidden": 1, "news": 1}


def test_no_name_discloses_an_excluded_site(index: Index, article_at: Make, plan: Plan) -> None:
    """An unconfigured site without visible captures is not listed, nor is a site whose URL is blocked."""
    fill(index, article_at, plan)
    index.commit([article_at("https://stranger.example/e", "The harbour is strange.", site="")], plan)

    def named(*urlkeys: str) -> list[str]:
        return [site.name for site in index.excluding(Exclusions(urlkeys=urlkeys)).ask(list_site_counts)]

    assert named() == ["held", "hidden", "news", "stranger.example"]
    assert named("example,stranger)/") == ["held", "hidden", "news"]
    assert named("example,held)/d") == ["held", "hidden", "news", "stranger.example"]
    assert named("example,held)/") == ["hidden", "news", "stranger.example"]


def test_a_query_that_exceeds_its_timeout_is_cancelled(index: Index) -> None:
    """The query is cancelled with an error, and the connection can be used again."""
    forever = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")
    with pytest.raises(QueryTooLong), index._database.read_transaction(timeout=0.05) as connection:
        connection.execute(forever)
    with index._database.read_transaction() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    assert index.excluding(NO_EXCLUSIONS, timeout=5).ask(list_articles) == ()


def test_ask_refuses_a_query_that_yields_rows(filled: Index) -> None:
    """Its connection would be closed before the first row: such a query belongs to `stream`."""
    with pytest.raises(AssertionError):
        filled.ask(iter_captures)
    assert len(list(filled.stream(iter_captures))) == filled.ask(get_status).captures


def test_what_is_withheld_is_found_once_in_each_state_of_the_index(index: Index, article_at: Make, plan: Plan) -> None:
    """Queries under a rule do not search again for its articles until something was committed, and then they do."""
    fill(index, article_at, plan)
    searches: list[str] = []

    @event.listens_for(Engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        if "captures_of_blocked" in statement:
            searches.append(statement)

    try:
        reader = index.excluding(Exclusions(urlkeys=("example,news)/private",)))
        before = everything(reader)
        searches.clear()
        reader.ask(lambda *given: [list_articles(*given), list_site_counts(*given), list_articles(*given)])
        # Two statements, once; other databases of the server change its snapshot between two transactions.
        assert len(searches) <= 2 * index.is_shared
        searches.clear()
        assert everything(reader) == before
        again = 0 if index.is_shared else len(searches)  # other databases of the server change its snapshot
        index.commit([article_at("https://www.news.example/private/c", "The harbour is secret.", minute=5)], plan)
        index.settle()
        assert everything(reader) == before
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert again == 0 < len(searches)


def test_queries_under_a_rule_see_one_state_of_the_index(index: Index, article_at: Make, plan: Plan) -> None:
    """A commit between the search for withheld articles and the query is seen by neither."""
    fill(index, article_at, plan)
    exclude = Exclusions(urlkeys=("example,news)/private",))

    def ask(scope: ReadScope) -> set[str]:
        list_articles(scope)
        index.commit([article_at("https://www.news.example/private/c", "The harbour is secret.", minute=5)], plan)
        return {line.url for line in list_articles(ReadScope(scope.connection))}

    assert "https://www.news.example/private/c" not in index.excluding(exclude).ask(ask)
