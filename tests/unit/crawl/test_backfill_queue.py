from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from newsarchive.crawl.backfill_queue import BackfillQueue
from storage.index import Index
from storage.index.frontier.backlog import ListedPage, load_listed_pages
from storage.index.frontier.url_queue import DueQuery, select_due_urls
from storage.model import BACKFILL_PRIORITY, Discovery, DueUrl, UrlKind

UNTIL = datetime(2020, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 26, tzinfo=UTC)
LISTING = "https://gazette.example/world/page/"


def page(number: int) -> DueUrl:
    """Return a further page of a listing, linked by the previous one."""
    via = f"{LISTING}{number - 1}/"
    how = Discovery(site="gazette", kind=UrlKind.LISTING, via=via, via_kind=UrlKind.LISTING)
    return DueUrl(
        url_id=number, url=f"{LISTING}{number}/", discovery=how, due_at=NOW, priority=BACKFILL_PRIORITY, failure_count=0
    )


class Log:
    """An index in which all pages of a listing are due, with the links of some."""

    def __init__(self, named: Mapping[str, tuple[ListedPage, ...]]) -> None:
        self.named = named
        self.queried: list[str] = []
        self.captured: set[int] = set()

    def read(self, query: Callable[..., Any], asked: Any) -> Any:
        if query is select_due_urls:
            found = [each for each in map(page, (2, 3, 4)) if each.url_id not in {*asked.exclude, *self.captured}]
            return found[: asked.limit]
        assert query is load_listed_pages
        self.queried.append(asked)
        return self.named.get(asked, ())


def select(backfill_queue: BackfillQueue, busy: Collection[int] = ()) -> list[int]:
    """Return the pages that are selected while others are in progress."""
    query = DueQuery(now=NOW, sites=["gazette"], limit=9, per_host=9, exclude=busy)
    return [due.url_id for due in backfill_queue.select_due(query)]


def article(number: int, age: timedelta) -> ListedPage:
    """Return an article that a listing links and the archive has."""
    return ListedPage(url_id=number, url=f"https://gazette.example/{number}", dated_at=UNTIL - age)


def test_a_listing_is_followed_page_by_page() -> None:
    """The next page waits for the previous one and for all pages that it links, which are queried only then."""
    day = timedelta(days=1)
    log = Log({f"{LISTING}2/": (article(70, -day), article(71, -day))})
    queue = BackfillQueue(cast("Index", log), UNTIL)
    assert select(queue) == [2]
    assert log.queried == [f"{LISTING}1/"]
    assert select(queue, busy={2}) == []
    assert log.queried == [f"{LISTING}1/"]
    log.captured.add(2)
    assert select(queue, busy={71}) == []
    assert select(queue) == [3]


def test_a_listing_is_followed_no_further_than_the_date() -> None:
    """Nearly all pages that its last page links are older: no further page is requested, nor its links queried."""
    day = timedelta(days=1)
    log = Log({f"{LISTING}2/": tuple(article(70 + each, day) for each in range(5))})
    queue = BackfillQueue(cast("Index", log), UNTIL)
    assert select(queue) == [2]
    log.captured.add(2)
    assert select(queue) == []
    queried = len(log.queried)
    assert select(queue) == []
    assert len(log.queried) == queried
