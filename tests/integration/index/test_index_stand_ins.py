"""Law 5: what a site sends in an article's place is kept, named and counted, and never becomes a version of it."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from storage.index import Index
from storage.index.queries.articles import find_article_id, get_article, iter_captures
from storage.index.queries.export import iter_export_lines
from storage.index.search.results import search_articles
from storage.index.views.articles import CaptureFilters
from storage.model import Capture, Discovery, Ingest, NextVisit, Outcome, Reading, Site, UrlKind, VisitResult

Make = Callable[..., Ingest]
Instead = Callable[..., Ingest]
Plan = Callable[[VisitResult], NextVisit]
NEWS = Site(name="news", url="https://news.example/")
URL = "https://news.example/story"
TEXT = "The harbour board decided on Monday that the bridge is to be closed to lorries until it is repaired."
STAND_INS = (
    Outcome.CHALLENGE, Outcome.CONSENT_WALL, Outcome.PAYWALL_STUB, Outcome.SOFT_404, Outcome.MEDIA, Outcome.OTHER,
    Outcome.EMPTY, Outcome.TOO_LARGE, Outcome.UNREADABLE, Outcome.ERROR,
)  # fmt: skip


@pytest.fixture
def instead(capture_of: Callable[..., Capture]) -> Instead:
    """Makes a capture of the story's address, or another, that is no article, at a minute."""

    def make(outcome: Outcome, minute: int, url: str = URL) -> Ingest:
        return Ingest(
            capture=capture_of(url, minute),
            discovery=Discovery(site="news", kind=UrlKind.ARTICLE),
            reading=Reading(
                outcome=outcome, reason=f"says so: {outcome}", title="Wait", content_digest=f"sha256:{minute}"
            ),
        )

    return make


def story(index: Index) -> tuple[list[tuple[str, int, str]], list[str]]:
    """The story's versions and state, and what its captures were, oldest first."""
    lines = [
        (line["body"], line["versions"], line["headline"])
        for line in index.stream(iter_export_lines, all_versions=True)
    ]
    captures = index.stream(iter_captures, CaptureFilters(url=URL), order="oldest")
    return lines, [str(capture.outcome) for capture in captures]


def lines_without_history(index: Index) -> list[str]:
    """Return the exported lines but for what was seen when."""
    lines = index.stream(iter_export_lines, all_versions=True)
    return sorted(str(line | {"last_seen": None, "history": None}) for line in lines)


def test_an_article_that_was_read_whole_stays_as_it_is(
    index: Index, article_at: Make, plan: Plan, instead: Instead
) -> None:
    """One version before and after; the capture is there with its name and reason; the article is found and live."""
    index.register_sites([NEWS])
    urls = {outcome: f"https://news.example/{outcome}" for outcome in STAND_INS}
    index.commit([article_at(url, TEXT, f"Only of {url}.") for url in urls.values()], plan)
    before = sorted(
        map(
            str,
            (
                line | {"last_seen": None, "history": None}
                for line in index.stream(iter_export_lines, all_versions=True)
            ),
        )
    )
    index.commit([instead(outcome, 5, url) for outcome, url in urls.items()], plan)
    index.settle()
    after = sorted(
        map(
            str,
            (
                line | {"last_seen": None, "history": None}
                for line in index.stream(iter_export_lines, all_versions=True)
            ),
        )
    )
    assert after == before
    assert {hit.url for hit in index.ask(search_articles, "only").hits} == set(urls.values())
    for outcome, url in urls.items():
        article = index.ask(get_article, index.ask(find_article_id, url) or 0)
        assert article is not None
        assert (article.state, len(article.versions)) == ("live", 1)
        told = list(index.stream(iter_captures, CaptureFilters(url=url), order="oldest"))
        assert [(capture.outcome, capture.version_id is None) for capture in told] == [
            (Outcome.ARTICLE, False), (outcome, True),
        ]  # fmt: skip
        assert told[1].reason == f"says so: {outcome}"
    index.commit([article_at(url, TEXT, f"Only of {url}.", minute=9) for url in urls.values()], plan)
    assert {line["versions"] for line in index.stream(iter_export_lines)} == {1}


def test_an_article_needs_one_complete_reading(index: Index, article_at: Make, plan: Plan, instead: Instead) -> None:
    """Stubs and walls alone make no article; the first whole reading makes the first version, whenever it comes."""
    index.register_sites([NEWS])
    index.commit([instead(outcome, minute) for minute, outcome in enumerate(STAND_INS)], plan)
    index.settle()
    assert story(index)[0] == []
    assert index.ask(find_article_id, URL) is None
    assert index.ask(search_articles, "harbour").total == 0
    index.commit([article_at(URL, TEXT, minute=30)], plan)
    assert [versions for _, versions, _ in story(index)[0]] == [1]


def test_the_order_of_delivery_makes_no_difference(
    index: Index, article_at: Make, plan: Plan, instead: Instead, dump: Any
) -> None:
    """A stub before, between and after two texts of the story: the same rows in every order, as a rebuild has them."""
    captures = [
        instead(Outcome.PAYWALL_STUB, 1),
        article_at(URL, TEXT, minute=2),
        instead(Outcome.CHALLENGE, 3),
        article_at(URL, TEXT + " Or longer.", minute=4),
        instead(Outcome.CONSENT_WALL, 5),
    ]
    dumps = []
    for order in itertools.islice(itertools.permutations(captures), 0, 120, 23):
        index.reset()
        index.register_sites([NEWS])
        for ingest in order:
            index.commit([ingest], plan)
        index.settle()
        assert [versions for _, versions, _ in story(index)[0]] == [2, 2]
        dumps.append(dump(index))
    assert all(each == dumps[0] for each in dumps)
