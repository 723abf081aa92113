"""URL templates of articles, learnt from pages that were read."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from newsarchive.ingest.article_urls import ArticleUrlPatterns, list_templates
from newsarchive.ingest.discovery import LISTING_LINK, UNLIKELY_LINK, discover_urls
from storage.model import Capture, Discovery, Link, LinkGroup, LinkKind, Outcome, Reading, RecordPlace, Site, UrlKind

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
GAZETTE = Site(name="gazette", url="https://gazette.example/")
ARTICLES = [f"https://gazette.example/2026/02/{day}/rain-falls-on-the-hills-again" for day in range(10, 20)]
TOPICS = [f"https://gazette.example/topics/{name}" for name in ("rain", "hills", "trade", "ships")]
FRONT = Capture(
    url="https://gazette.example/",
    record_id="urn:uuid:1",
    place=RecordPlace(warc="a.warc.gz", offset=0, length=10),
    kind="response",
    fetched_at=AT,
    date="2026-03-01T12:00:00Z",
    status=200,
    mime="text/html",
    payload_digest=None,
    payload_size=5,
)


def read_before(site: str) -> Iterable[tuple[str, Outcome]]:
    return [(url, Outcome.ARTICLE) for url in ARTICLES] + [(url, Outcome.LISTING) for url in TOPICS]


def listing(*urls: str) -> Reading:
    links = tuple(Link(url=url, anchor="a link of some words") for url in urls)
    group = LinkGroup(kind=LinkKind.LISTING, label="", links=links)
    return Reading(outcome=Outcome.LISTING, reason="links", link_groups=(group,))


def test_readings_distinguish_urls() -> None:
    """Templates are learnt by site, and there is no opinion on a template not seen yet."""
    likes = partial(ArticleUrlPatterns(read_before).predicts_article, "gazette")
    assert likes("https://gazette.example/2026/03/01/snow-falls-on-the-hills-too") is True
    assert likes("https://gazette.example/topics/snow") is False
    assert likes("https://gazette.example/shop") is None
    assert ArticleUrlPatterns(lambda site: ()).predicts_article("gazette", ARTICLES[0]) is None


def learn_templates(urls: Iterable[tuple[str, bool]]) -> ArticleUrlPatterns:
    outcomes = [(url, Outcome.ARTICLE if is_article else Outcome.OTHER) for url, is_article in urls]
    return ArticleUrlPatterns(lambda site: outcomes)


def test_frequent_templates_decide() -> None:
    """Templates with enough URLs decide; new ones, and those of both kinds, do not."""
    stories = [(f"https://www.news.example/world/2026/05/{day}/rain-falls-on-the-hills", True) for day in range(10, 16)]
    topics = [(f"https://news.example/topics/{word}", False) for word in ("rain", "hills", "wind", "snow")]
    short = [(f"https://news.example/sport/{word}", True) for word in ("kick", "goal", "miss")]
    likes = partial(learn_templates([*stories, *topics, *short]).predicts_article, "news")
    assert likes("https://news.example/economy/2027/01/02/bread-dearer-in-all-of-the-towns") is True
    assert likes("https://news.example/topics/bread") is False
    assert likes("https://news.example/sport/save") is True
    assert likes("https://news.example/people/roe") is None
    assert likes("https://other.example/topics/bread") is None
    assert list_templates("https://news.example/") == ("news.example",)


@given(st.lists(st.tuples(st.text(max_size=60), st.booleans())))
def test_urls_are_counted_in_any_order(addresses: list[tuple[str, bool]]) -> None:
    """The order makes no difference, and no URL is too broken to be looked up."""
    known, reverse = learn_templates(addresses), learn_templates(addresses[::-1])
    for url, _ in addresses:
        assert known.predicts_article("news", url) is reverse.predicts_article("news", url)


def test_the_progress_bar_grows_with_each_page() -> None:
    """Pages count at once, in any order; errors and challenges are ignored."""
    likely = ArticleUrlPatterns(lambda site: ())
    likes = partial(likely.predicts_article, "gazette")
    for outcome in (Outcome.ERROR, Outcome.CHALLENGE, Outcome.SOFT_404, Outcome.FEED):
        for url in TOPICS:
            likely.add("gazette", url, outcome)
    assert likes(TOPICS[0]) is None
    for url in TOPICS:
        likely.add("gazette", url, Outcome.LISTING)
    assert likes("https://gazette.example/topics/snow") is False


def test_unlikely_links_come_last_and_none_is_left_out() -> None:
    """The same URLs are discovered whatever was learnt: only their priorities differ."""
    new = "https://gazette.example/2026/03/01/snow-falls-on-the-hills-too"
    reading = listing("https://gazette.example/topics/snow", new, "https://gazette.example/shop")
    how = Discovery(site="gazette", kind=UrlKind.LISTING)
    before = discover_urls(FRONT, how, reading, GAZETTE)
    likes = partial(ArticleUrlPatterns(read_before).predicts_article, "gazette")
    now = discover_urls(FRONT, how, reading, GAZETTE, likes)
    assert [(one.url, one.discovery, one.due_at) for one in now] == [
        (one.url, one.discovery, one.due_at) for one in before
    ]
    assert {one.priority for one in before} == {LISTING_LINK}
    assert [one.priority for one in now] == [UNLIKELY_LINK, LISTING_LINK, LISTING_LINK]
