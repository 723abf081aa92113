"""Renaming a site in the index: one transaction hands everything over."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, select

from newsarchive.schedule.visits import planner
from storage.index import Index
from storage.index.frontier.url_queue import next_due_by_site
from storage.index.queries.articles import list_articles
from storage.index.schema.tables import CaptureRow, FrontierRow, LaneRow
from storage.index.search.facets import search_with_facets
from storage.index.views.articles import Filters
from storage.model import CrawlRun, Ingest, Site

PLAN = planner()
OLD, NEW = Site(name="old", url="https://news.example/"), Site(name="new", url="https://news.example/")
PAGES = [f"https://news.example/{number}" for number in range(3)]


def state(index: Index) -> tuple[list[str], list[str], list[str], list[str]]:
    """Return the names of sites in each place that has one."""

    def query(column: Select[Any]) -> list[str]:
        return index.read(lambda connection: sorted(set(connection.scalars(column))))

    articles = index.ask(list_articles, Filters(site="new"), limit=9)
    return (
        [site.name for site in index.sites()],
        query(select(CaptureRow.requesting_site)),
        query(select(LaneRow.site).join_from(FrontierRow, LaneRow)),
        [line.url for line in articles],
    )


def list_facet(index: Index) -> list[tuple[str, int]]:
    (facet,) = [each for each in index.ask(search_with_facets, "text").facets if each.name == "site"]
    return [(value.name, value.articles) for value in facet.values]


def fill(index: Index, article_at: Callable[..., Ingest]) -> None:
    index.begin_crawl(CrawlRun(id="run-1", sites=(OLD,), started_at=datetime(2026, 3, 1, tzinfo=UTC)))
    index.commit([article_at(url, f"Text of {url}.", site="old") for url in PAGES], PLAN)
    index.settle()


def test_a_renamed_site_keeps_its_articles_and_due_urls(index: Index, article_at: Callable[..., Ingest]) -> None:
    """Every row that had its name has the new one; a second time there is nothing to do."""
    fill(index, article_at)
    assert list_facet(index) == [("old", 3)]
    assert index.rename_sites({"old": "new"}) == ["old"]
    assert list_facet(index) == [("new", 3)], "counts that are kept have the new name"
    assert state(index) == (["new"], ["new"], ["new"], state(index)[3])
    assert sorted(state(index)[3]) == PAGES
    assert list(index.read(next_due_by_site, ["old", "new"])) == ["new"]
    assert index.rename_sites({"old": "new"}) == []


def test_a_site_is_handed_over_to_one_that_was_crawled_in_vain(index: Index, article_at: Callable[..., Ingest]) -> None:
    """The index has the new name already, with a run that had nothing to do."""
    fill(index, article_at)
    index.begin_crawl(CrawlRun(id="run-2", sites=(NEW,), started_at=datetime(2026, 3, 2, tzinfo=UTC)))
    assert index.rename_sites({"old": "new"}) == ["old"]
    names = state(index)
    assert names[:3] == (["new"], ["new"], ["new"])
    assert sorted(names[3]) == PAGES
