"""An alarm for a site of which a run finds many known articles to be articles no more."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsarchive.config.schema import Config, SiteConfig
from newsarchive.operations.health import Finding, Severity, check_health
from newsarchive.schedule.visits import planner
from storage.index import Index
from storage.index.queries.visit_schedule import list_failed_looks
from storage.model import Capture, CrawlRun, Discovery, Ingest, Outcome, Reading, Site, UrlKind

MORNING = datetime(2026, 3, 1, 6, tzinfo=UTC)
SITE = Site(name="news", url="https://news.example/")
RUN, NEXT_RUN = "20260301T080000Z-0001", "20260301T090000Z-0002"
PLAN = planner()
Make = Callable[..., Capture]


@pytest.fixture
def pages(index: Index, article_at: Callable[..., Ingest]) -> list[str]:
    """URLs of twelve archived articles."""
    index.register_sites([SITE])
    urls = [f"https://news.example/{number}" for number in range(12)]
    index.commit([article_at(url, f"Text of {url}.") for url in urls], PLAN)
    return urls


def odd(capture: Capture, outcome: Outcome = Outcome.REDIRECT) -> Ingest:
    how = Discovery(site="news", kind=UrlKind.ARTICLE)
    return Ingest(capture=capture, discovery=how, reading=Reading(outcome=outcome, reason=""))


def redirects(capture_of: Make, urls: list[str], to: str = "https://news.example/sorry") -> list[Ingest]:
    """Return redirects of these pages to one page, two hours later; each remembers where it came from."""
    return [
        odd(capture_of(url, 120, status=302, crawl=RUN, redirect_url=f"{to}?from={number}"))
        for number, url in enumerate(urls)
    ]


def findings(index: Index, folder: Path, now: datetime = MORNING + timedelta(hours=4)) -> list[Finding]:
    """Return the alarms for lapsed articles."""
    report = check_health(index, Config(folder=folder, sites=(SiteConfig(name="news", url=SITE.url),)), now)
    return [each for each in report.findings if each.code == "articles-lapsed"]


def test_articles_that_all_answer_with_a_redirect_are_an_alarm(
    index: Index, capture_of: Make, pages: list[str], tmp_path: Path
) -> None:
    """It says how many of how many, and where they lead; the articles are still there, and still fetched."""
    index.commit(redirects(capture_of, pages), PLAN)
    [alarm] = findings(index, tmp_path)
    assert alarm.severity is Severity.ERROR
    assert alarm.sentence == "12 articles of 12 answer with a redirect to /sorry."
    assert alarm.command == "newsarchive crawl news"


@pytest.mark.parametrize("way", ["itself", "itself with a query", "a page that is no article"])
def test_redirects_that_lead_to_no_article_are_an_alarm(
    index: Index, capture_of: Make, pages: list[str], tmp_path: Path, way: str
) -> None:
    """Each has a target of its own, as if the articles had moved."""
    suffix = {"itself": "", "itself with a query": "?again=1", "a page that is no article": "/print"}[way]
    targets = {url: f"{url}{suffix}" for url in pages}
    index.commit(
        [odd(capture_of(url, 120, status=302, crawl=RUN, redirect_url=targets[url])) for url in pages[:2]], PLAN
    )
    if suffix:
        assert index.ask(list_failed_looks, "news", MORNING) == []
        index.commit([odd(capture_of(targets[url], 121), Outcome.OTHER) for url in pages[:2]], PLAN)
    assert len(index.ask(list_failed_looks, "news", MORNING)) == 2
    again = [odd(capture_of(url, 122, status=302, crawl=NEXT_RUN, redirect_url=targets[url])) for url in pages[2:]]
    index.commit([*again, *(odd(capture_of(targets[url], 123), Outcome.OTHER) for url in pages[2:] if suffix)], PLAN)
    assert [each.severity for each in findings(index, tmp_path)] == [Severity.ERROR]


def test_several_answers_are_each_named(
    index: Index, capture_of: Make, article_at: Callable[..., Ingest], pages: list[str], tmp_path: Path
) -> None:
    """The most frequent first; of how many the run fetched: unchanged ones count, and new ones do not."""
    elsewhere = redirects(capture_of, pages[:4], "https://other.example/")
    empty = [odd(capture_of(url, 121, crawl=RUN), Outcome.EMPTY) for url in pages[4:7]]
    down = [odd(capture_of(url, 122, status=503, crawl=RUN), Outcome.ERROR) for url in pages[7:9]]
    unchanged = [odd(capture_of(url, 123, status=304, crawl=RUN), Outcome.NOT_MODIFIED) for url in pages[9:]]
    new = article_at("https://news.example/new", "Text of a new article.", minute=124)
    new = replace(new, capture=replace(new.capture, crawl=RUN))
    index.commit([*elsewhere, *empty, *down, *unchanged, new], PLAN)
    [alarm] = findings(index, tmp_path)
    assert alarm.sentence == (
        "9 articles of 12 are no articles any more: 4 answer with a redirect to https://other.example/, "
        "3 answer with an empty body, 2 answer with HTTP 503."
    )


def test_the_alarm_ends_when_the_articles_are_back(
    index: Index, capture_of: Make, article_at: Callable[..., Ingest], pages: list[str], tmp_path: Path
) -> None:
    """Each counts until it is an article again; so does the alarm of a run after which others were fetched."""
    index.commit(redirects(capture_of, pages), PLAN)
    back = [article_at(url, f"Text of {url}.", minute=180) for url in pages]
    back = [replace(one, capture=replace(one.capture, crawl=NEXT_RUN)) for one in back]
    index.commit(back[:4], PLAN)
    assert [each.sentence for each in findings(index, tmp_path)] == [
        "8 articles of 12 answer with a redirect to /sorry."
    ]
    index.commit(back[4:], PLAN)
    assert findings(index, tmp_path) == []


def test_articles_that_fail_one_in_each_run_are_an_alarm(
    index: Index, capture_of: Make, article_at: Callable[..., Ingest], pages: list[str], tmp_path: Path
) -> None:
    """Small runs, or one page that is asked for the others, do not hide an outage; an article since ends the alarm."""
    found = redirects(capture_of, pages[:6])
    runs = [f"20260301T08000{number}Z-000{number}" for number in range(6)]
    index.commit(
        [replace(each, capture=replace(each.capture, crawl=run)) for each, run in zip(found, runs, strict=True)], PLAN
    )
    assert [each.sentence for each in findings(index, tmp_path)] == [
        "6 articles of 6 answer with a redirect to /sorry."
    ]
    index.commit([article_at(pages[8], f"Text of {pages[8]}.", minute=180)], PLAN)
    assert findings(index, tmp_path) == []


@pytest.mark.parametrize(("withdrawn", "alarms"), [(5, 1), (4, 0)])
def test_five_articles_of_a_run_are_an_alarm(
    index: Index, capture_of: Make, article_at: Callable[..., Ingest], pages: list[str], tmp_path: Path,
    withdrawn: int, alarms: int,
) -> None:  # fmt: skip
    """One fewer may have been withdrawn, although an article that was seen later shows that the site answers."""
    index.commit(redirects(capture_of, pages[:withdrawn]), PLAN)
    index.commit([article_at(pages[8], f"Text of {pages[8]}.", minute=180)], PLAN)
    assert len(findings(index, tmp_path)) == alarms


def test_a_few_withdrawn_articles_and_new_pages_are_no_alarm(
    index: Index, capture_of: Make, pages: list[str], tmp_path: Path
) -> None:
    """Articles are deleted now and then; pages that never were articles do not count."""
    new = [f"https://news.example/new/{number}" for number in range(30)]
    index.commit([*redirects(capture_of, pages[:4]), *redirects(capture_of, new)], PLAN)
    assert findings(index, tmp_path) == []


def test_a_configured_site_that_asks_for_nothing_is_a_finding(index: Index, tmp_path: Path) -> None:
    """Its crawls end at once with 0 captures: its URLs belong to another site, for example."""
    run = CrawlRun(id=RUN, sites=(SITE,), started_at=MORNING, finished_at=MORNING, outcome="finished")
    index.begin_crawl(run)
    config = [SiteConfig(name=SITE.name, url=SITE.url)]
    report = check_health(index, Config(folder=tmp_path, sites=tuple(config)), MORNING)
    assert "nothing-scheduled" in {each.code for each in report.findings if each.site == SITE.name}
