"""What a site's article addresses look like is learnt from those that were read."""

from hypothesis import given
from hypothesis import strategies as st

from newsarchive.extract.url_templates import Shapes, Template, learn, templates

STORIES = [(f"https://www.news.example/world/2026/05/{day}/rain-falls-on-the-hills", True) for day in range(10, 16)]
TOPICS = [(f"https://news.example/topics/{word}", False) for word in ("rain", "hills", "wind", "snow")]
SHORT = [(f"https://news.example/sport/{word}", True) for word in ("kick", "goal", "miss")]


def test_a_form_that_was_an_article_s_is_liked_and_one_that_was_not_is_not() -> None:
    """Forms seen often enough decide; one that is new, or was both, does not."""
    known = learn([*STORIES, *TOPICS, *SHORT])
    assert known.likes("https://news.example/economy/2027/01/02/bread-dearer-in-all-of-the-towns") is True
    assert known.likes("https://news.example/topics/bread") is False
    assert known.likes("https://news.example/sport/save") is True
    assert known.likes("https://news.example/people/roe") is None
    assert known.likes("https://other.example/topics/bread") is None


def test_what_was_learnt_can_be_shown() -> None:
    """Each template that decides, with what was counted, the most frequent first."""
    known = learn([*STORIES, *TOPICS]).known()
    assert known[1] == Template(text="news.example/{word}/{year}/{day}/{day}/{title}", articles=6, others=0)
    assert Template(text="news.example/topics/{word}", articles=0, others=4) in known


@given(st.lists(st.tuples(st.text(max_size=60), st.booleans())))
def test_whatever_the_addresses_are_they_are_counted_in_any_order(addresses: list[tuple[str, bool]]) -> None:
    """Order makes no difference, and no address is too broken to be asked about."""
    known = learn(addresses)
    assert known == learn(reversed(addresses))
    assert all(known.likes(url) in (True, False, None) for url, _ in addresses)


def test_nothing_is_known_of_a_new_site() -> None:
    """A page can be read before anything was learnt."""
    assert Shapes().likes("https://news.example/a/1") is None
    assert templates("https://news.example/") == ("news.example",)
