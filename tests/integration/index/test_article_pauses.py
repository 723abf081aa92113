"""While the articles of a site fail together, one page is requested and decides on the others."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from newsarchive.crawl.article_pauses import MONTH
from newsarchive.crawl.refill import IndexQueue
from newsarchive.schedule.visits import planner
from storage.index import Index
from storage.index.frontier.url_queue import DueQuery
from storage.index.queries.visit_schedule import list_failed_looks
from storage.model import Capture, DiscoveredUrl, Discovery, DueUrl, Ingest, Outcome, Reading, RefersTo, UrlKind

MORNING = datetime(2026, 3, 1, 6, tzinfo=UTC)
PAGES = [f"https://news.example/{name}" for name in "abcd"]
SITE = "news.example"
PLAN = planner()
Make = Callable[..., Capture]


def select(queue: IndexQueue, minute: int, exclude: Collection[int] = ()) -> list[DueUrl]:
    """Return what a run requests at a minute of the morning."""
    now = MORNING + timedelta(minutes=minute)
    return queue.select_due(DueQuery(now=now, sites=[SITE], limit=100, per_host=100, exclude=exclude))


def failing(capture: Capture, target: str | None = None) -> Ingest:
    """Make the reading of a page in an outage: an error, or a redirect."""
    outcome = Outcome.REDIRECT if target else Outcome.ERROR
    return Ingest(
        capture=replace(capture, status=302 if target else 500, redirect_url=target),
        discovery=Discovery(site=SITE, kind=UrlKind.ARTICLE),
        reading=Reading(outcome=outcome, reason=""),
    )


def publish(index: Index, article_at: Callable[..., Ingest]) -> None:
    """Capture all pages as articles."""
    index.commit([article_at(url, f"Text of {url}", site=SITE) for url in PAGES], PLAN)


def test_one_page_decides_on_the_others_while_articles_fail(
    index: Index, capture_of: Make, article_at: Callable[..., Ingest]
) -> None:
    """Three of them answer 500. The pauses grow; when one page is an article again, all that are due are requested."""
    publish(index, article_at)
    index.commit([failing(capture_of(url, 60)) for url in PAGES[:3]], PLAN)
    assert select(IndexQueue(index), 90) == []
    queue = IndexQueue(index)
    [probe] = select(queue, 180)
    assert select(queue, 180, {probe.url_id}) == []
    index.commit([failing(capture_of(probe.url, 180))], PLAN)
    assert select(queue, 181) == []
    # Two hours of failures make a pause of two hours.
    assert select(IndexQueue(index), 299) == []
    queue = IndexQueue(index)
    [probe] = select(queue, 301)
    index.commit([article_at(probe.url, f"Text of {probe.url}", minute=301, site=SITE)], PLAN)
    found = {due.url for due in select(queue, 302)}
    assert found == set(PAGES) - {probe.url}


def test_a_new_text_decides_only_once_it_was_compared_with_others(
    index: Index, capture_of: Make, article_at: Callable[..., Ingest]
) -> None:
    """The site's own error page may be read as an article until the end of the run; the next run knows better."""
    publish(index, article_at)
    index.commit([failing(capture_of(url, 60)) for url in PAGES[:3]], PLAN)
    queue = IndexQueue(index)
    [probe] = select(queue, 180)
    index.commit([article_at(probe.url, "We will be back soon.", minute=180, site=SITE)], PLAN)
    assert select(queue, 181) == []
    assert len(select(IndexQueue(index), 242)) == len(PAGES)


def test_a_page_that_was_never_an_article_decides_last(
    index: Index, capture_of: Make, article_at: Callable[..., Ingest]
) -> None:
    """One page is requested in a run, even if its answer says nothing of the articles."""
    publish(index, article_at)
    index.commit([failing(capture_of(url, 60)) for url in [*PAGES[:3], "https://news.example/never"]], PLAN)
    queue = IndexQueue(index)
    [probe] = select(queue, 180)
    assert probe.url == PAGES[3]
    assert select(queue, 181) == []
    assert select(queue, 182) == []
    assert len(select(IndexQueue(index), 250)) == 1


def test_new_pages_and_sources_are_requested_in_a_pause(
    index: Index, capture_of: Make, article_at: Callable[..., Ingest]
) -> None:
    """They show first that the site is well again."""
    publish(index, article_at)
    index.commit([failing(capture_of(url, 60), "https://news.example/sorry") for url in PAGES[:3]], PLAN)
    new = {"https://news.example/new": UrlKind.ARTICLE, "https://news.example/feed": UrlKind.FEED}
    at = MORNING + timedelta(minutes=80)
    index.add_urls(
        [DiscoveredUrl(url=url, discovery=Discovery(site=SITE, kind=new[url]), due_at=at, priority=1) for url in new]
    )
    assert {due.url for due in select(IndexQueue(index), 90)} == set(new)
    month = round(MONTH / timedelta(minutes=1))
    index.commit([failing(capture_of(url, month - 30)) for url in PAGES[:3]], PLAN)
    assert PAGES[3] in {due.url for due in select(IndexQueue(index), month)}


def test_articles_that_moved_or_failed_alone_pause_nothing(
    index: Index, capture_of: Make, article_at: Callable[..., Ingest]
) -> None:
    """Redirects to other pages each are no outage, nor are failures with an article or a 304 of one since."""
    publish(index, article_at)
    moved = [failing(capture_of(url, 60), f"{url}-moved") for url in PAGES[:3]]
    index.commit(moved, PLAN)
    assert PAGES[3] in {due.url for due in select(IndexQueue(index), 90)}
    index.commit([failing(capture_of(url, 91)) for url in PAGES[:3]], PLAN)
    assert select(IndexQueue(index), 120) == []
    again = article_at(PAGES[3], f"Text of {PAGES[3]}", minute=121, site=SITE)
    since = again.capture
    index.commit([again], PLAN)
    assert len(select(IndexQueue(index), 152)) == 3
    index.commit([failing(capture_of(url, 160)) for url in PAGES[:3]], PLAN)
    assert len(index.ask(list_failed_looks, SITE, MORNING)) == 3
    original = RefersTo(url=PAGES[3], date=since.date, record_id=since.record_id)
    unchanged = capture_of(PAGES[3], 161, status=304, kind="revisit", payload_digest=None, refers_to=original)
    same = failing(unchanged)
    index.commit([replace(same, capture=unchanged, reading=Reading(outcome=Outcome.NOT_MODIFIED, reason=""))], PLAN)
    assert index.ask(list_failed_looks, SITE, MORNING) == []
