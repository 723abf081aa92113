from dataclasses import replace
from datetime import UTC, datetime, timedelta

from newsarchive.crawl.url_pattern_yields import PARKING_TIME, TRUSTED_REDIRECTS, ParkingRules, UrlPatternYields
from storage.index.frontier.host_state import FirstCapture, UrlPatternState
from storage.model import Discovery, DueUrl, UrlKind

NOW = datetime(2026, 11, 25, tzinfo=UTC)
SITE = "https://news.example"
PATTERN = "news.example/cal/{n}"


def first_capture(path: str, *, is_new: bool = False, via: str | None = None) -> FirstCapture:
    return FirstCapture(capture_id=1, site="news", url=SITE + path, via_url=via and SITE + via, has_new_article=is_new)


def due(path: str, via_kind: UrlKind | None = UrlKind.LISTING, looked_at: datetime | None = None) -> DueUrl:
    how = Discovery(site="news", kind=UrlKind.ARTICLE, via=SITE + "/", via_kind=via_kind)
    return DueUrl(
        url_id=1, url=SITE + path, discovery=how, due_at=NOW, priority=20, failure_count=0, last_fetched_at=looked_at
    )  # fmt: skip


def create_yields(after: int = 3, *exempt: str) -> UrlPatternYields:
    return UrlPatternYields({"news": ParkingRules(after=after, exempt=exempt)})


def test_a_pattern_without_new_articles_is_parked() -> None:
    """After `park_after` URLs in a row without a new article; it is reported once, with an example."""
    counts = create_yields()
    assert counts.count([first_capture(f"/cal/{n}") for n in range(2)], NOW) == []
    assert counts.find_parked_pattern(due("/cal/77"), NOW) is None
    parked = counts.count([first_capture("/cal/2")], NOW)
    assert [each.pattern for each in parked] == [PATTERN, "news.example/cal/*"]
    assert parked[0] == UrlPatternState(
        site="news", pattern=PATTERN, unproductive_count=3, example_url=f"{SITE}/cal/2", parked_at=NOW
    )
    assert counts.find_parked_pattern(due("/cal/77"), NOW) == parked[0]
    assert counts.find_parked_pattern(due("/other"), NOW) is None
    assert counts.count([first_capture("/cal/3")], NOW) == []


def test_a_new_article_counts_for_the_linking_page_too() -> None:
    """The pattern of a listing that links new articles is not parked, though the listing is no article."""
    counts = create_yields()
    for number in range(10):
        yields = [
            first_capture(f"/page/{number}"),
            first_capture(f"/story-{number}", is_new=True, via=f"/page/{number}"),
        ]
        assert counts.count(yields, NOW) == []
    assert counts.find_parked_pattern(due("/page/11"), NOW) is None


def test_trusted_and_captured_urls_are_never_parked() -> None:
    """URLs of feeds, sitemaps and newsarchive.toml, and those with a capture, which are checked for changes."""
    counts = create_yields(1)
    counts.count([first_capture("/cal/1")], NOW)
    asked = [
        due("/cal/2", UrlKind.FEED),
        due("/cal/2", UrlKind.SITEMAP),
        due("/cal/2", None),
        due("/cal/2", looked_at=NOW),
    ]
    assert [counts.find_parked_pattern(each, NOW) for each in asked] == [None] * 4
    assert counts.find_parked_pattern(due("/cal/2"), NOW) is not None


def test_a_parked_pattern_is_tried_again_after_a_month() -> None:
    """One URL is requested. Without a new article it is parked for another month, with one no longer."""
    counts = create_yields(1)
    counts.count([first_capture("/cal/1")], NOW)
    later = NOW + PARKING_TIME
    assert [
        counts.find_parked_pattern(due("/cal/2"), NOW + PARKING_TIME - timedelta(1)) is None,
        counts.find_parked_pattern(due("/cal/2"), later),
    ] == [False, None]
    assert counts.find_parked_pattern(due("/cal/3"), later) is not None
    counts.count([first_capture("/cal/2")], later)
    assert counts.find_parked_pattern(due("/cal/3"), later + timedelta(days=1)) is not None
    counts.count([first_capture("/cal/2", is_new=True)], later)
    assert counts.find_parked_pattern(due("/cal/3"), later) is None


def test_trap_exceptions_are_not_parked() -> None:
    """A pattern in trap_exceptions, or the prefix of a path, is requested whatever the counts."""
    for exempt in (PATTERN, "/cal/"):
        counts = create_yields(1, exempt)
        assert counts.count([first_capture("/cal/1")], NOW) == []
        assert counts.find_parked_pattern(due("/cal/2"), NOW) is None


def test_counts_are_continued_by_the_next_run() -> None:
    """A run continues with the saved counts; those of patterns with new articles are deleted."""
    first = create_yields()
    first.count([first_capture("/cal/1"), first_capture("/cal/2")], NOW)
    changes = first.pending_changes()
    assert first.pending_changes() == {}
    second = create_yields()
    second.restore([family for family in changes.values() if family])
    assert [each.pattern for each in second.count([first_capture("/cal/3")], NOW)] == [PATTERN, "news.example/cal/*"]
    second.count([first_capture("/cal/4", is_new=True)], NOW)
    assert set(second.pending_changes().values()) == {None}


def test_nothing_is_parked_with_park_after_zero() -> None:
    """Nor counted."""
    counts = create_yields(0)
    assert counts.count([first_capture(f"/cal/{n}") for n in range(500)], NOW) == []
    assert counts.pending_changes() == {}


def test_a_pattern_that_brings_an_article_again_is_reported_as_resumed() -> None:
    """Its URLs that were put off are then made due; patterns that were never parked have none."""
    counts = create_yields(1)
    counts.count([first_capture("/cal/1")], NOW)
    assert counts.pop_resumed() == {}
    counts.count([first_capture("/cal/1", is_new=True), first_capture("/b/2", is_new=True)], NOW)
    assert counts.pop_resumed() == {"news": {PATTERN, "news.example/cal/*"}}
    assert counts.pop_resumed() == {}


def test_nothing_more_of_an_endless_chain_of_redirects_is_requested_in_a_run() -> None:
    """Where a chain was broken off, its pattern is closed to redirects, also to those from a feed; to others not."""
    counts = create_yields(0)

    def redirected(path: str, redirects: int) -> DueUrl:
        url = due(path, UrlKind.FEED)
        return replace(url, discovery=replace(url.discovery, redirect_count=redirects))

    counts.count([replace(first_capture("/cal/20"), redirect_count=20)], NOW)
    assert not counts.is_endless_redirect(redirected("/cal/21", 1))
    counts.count([replace(first_capture("/cal/21"), redirect_count=21)], NOW)
    assert counts.is_endless_redirect(redirected("/cal/99", 1))
    assert not counts.is_endless_redirect(redirected("/cal/99", 0))
    assert not counts.is_endless_redirect(redirected("/story/99", 1))
    assert not create_yields(0).is_endless_redirect(redirected("/cal/99", 1)), "the next run tries again"


def test_a_feed_vouches_for_a_few_redirects_only() -> None:
    """A URL to which six redirects led is parked with its pattern, whatever listed the first of them."""
    counts = create_yields(1)
    counts.count([first_capture("/cal/1")], NOW)
    listed = due("/cal/2", UrlKind.FEED)
    for redirects, is_parked in ((0, False), (TRUSTED_REDIRECTS, False), (TRUSTED_REDIRECTS + 1, True)):
        url = replace(listed, discovery=replace(listed.discovery, redirect_count=redirects))
        assert (counts.find_parked_pattern(url, NOW) is not None) is is_parked
