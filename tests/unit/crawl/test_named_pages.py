from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

from newsarchive.config.schema import SiteConfig
from newsarchive.crawl.named_pages import NamedPages
from storage.index import Index
from storage.index.frontier.url_queue import DueQuery
from storage.model import Discovery, DueUrl, Outcome, Reading, UrlKind

NOW = datetime(2026, 11, 26, tzinfo=UTC)
PAGE, STYLE = "https://gazette.example/a", "https://gazette.example/style.css"
QUERY = DueQuery(now=NOW, sites=["gazette"], limit=10, per_host=10)


class Frontier:
    """An index that has a page, and its stylesheet from a second later on."""

    def read(self, query: object, urls: list[str]) -> list[DueUrl]:
        due = {PAGE: NOW - timedelta(days=1), STYLE: NOW + timedelta(seconds=1)}
        how = Discovery(site="gazette", kind=UrlKind.ASSET)
        return [
            DueUrl(url_id=number, url=url, discovery=how, due_at=due[url], priority=1, failure_count=0)
            for number, url in enumerate(urls)
        ]


def test_requisite_that_is_found_during_a_query_waits_for_the_next() -> None:
    """A page may be read between the time that a query is for and its statement: its requisites are then due later."""
    site = SiteConfig(name="gazette", url="https://gazette.example/")
    pages = NamedPages(cast("Index", Frontier()), [PAGE], lambda url: site)
    pages.begin_run()
    assert [due.url for due in pages.select_due(QUERY)] == [PAGE]
    pages.record_reading(Reading(outcome=Outcome.ARTICLE, reason="", requisites=(STYLE,)))
    assert pages.select_due(QUERY) == []
    later = replace(QUERY, now=NOW + timedelta(seconds=2))
    assert [due.url for due in pages.select_due(later)] == [STYLE]
    assert pages.select_due(later) == []
