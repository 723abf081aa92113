"""Templates of a site's article URLs are learnt from URLs that were read."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from newsarchive.extract.urls import UrlTemplates, list_templates

STORIES = [(f"https://www.news.example/world/2026/05/{day}/rain-falls-on-the-hills", True) for day in range(10, 16)]
TOPICS = [(f"https://news.example/topics/{word}", False) for word in ("rain", "hills", "wind", "snow")]
SHORT = [(f"https://news.example/sport/{word}", True) for word in ("kick", "goal", "miss")]


def learn_templates(urls: Iterable[tuple[str, bool]]) -> UrlTemplates:
    counts: dict[str, tuple[int, int]] = {}
    for url, is_article in urls:
        for template in list_templates(url):
            articles, others = counts.get(template, (0, 0))
            counts[template] = (articles + is_article, others + (not is_article))
    return UrlTemplates(counts=counts)


def test_frequent_templates_decide() -> None:
    """Templates with enough URLs decide; new ones, and those of both kinds, do not."""
    known = learn_templates([*STORIES, *TOPICS, *SHORT])
    assert known.predicts_article("https://news.example/economy/2027/01/02/bread-dearer-in-all-of-the-towns") is True
    assert known.predicts_article("https://news.example/topics/bread") is False
    assert known.predicts_article("https://news.example/sport/save") is True
    assert known.predicts_article("https://news.example/people/roe") is None
    assert known.predicts_article("https://other.example/topics/bread") is None


@given(st.lists(st.tuples(st.text(max_size=60), st.booleans())))
def test_urls_are_counted_in_any_order(addresses: list[tuple[str, bool]]) -> None:
    """The order makes no difference, and no URL is too broken to be looked up."""
    known = learn_templates(addresses)
    assert known == learn_templates(reversed(addresses))
    assert all(known.predicts_article(url) in (True, False, None) for url, _ in addresses)


def test_no_prediction_for_a_new_site() -> None:
    """A page can be read before anything was learnt."""
    assert UrlTemplates().predicts_article("https://news.example/a/1") is None
    assert list_templates("https://news.example/") == ("news.example",)
