"""Zero false versions: a month of pages of the newsroom that change around the article only."""

from datetime import timedelta

import pytest

from newsarchive.extract.page import extract_page
from newsarchive.extract.page_input import PageInput
from storage.index.rows.entry import version_digest
from storage.model import Article
from tests.newsroom.newsroom import DEFAULT_ORIGIN, Newsroom

DAYS = (0, 1, 3, 8, 17, 30)
ARTICLES = range(4, 44, 4)


def decorate(page: str, day: int) -> bytes:
    """Return a page with what sites print around articles, other things each day."""
    ago = f'<p class="meta"><time>{day + 1} hours ago</time> <span class="views">{day * 731 + 9} views</span></p>'
    around = (
        f'<div class="related"><h2>Related</h2><figure><img src="/r{day}.jpg"><figcaption>Picture of the day {day}'
        f'</figcaption></figure><a href="/news/story-{day}-100{day:02}">Another story of day {day} with a title</a>'
        f"</div><p>{day * 3} comments</p><div class='newsletter'><p>Sign up for newsletter {day}.</p></div>"
    )
    head, end, tail = page.partition("</h1>")
    return f"{head}{end}{ago}{tail}".replace("</article>", f"{around}</article>").encode()


@pytest.mark.parametrize("decorated", [False, True])
def test_a_month_of_changes_around_articles_makes_no_false_version(decorated: bool) -> None:
    """Latest, most read, related, times ago, counters: each text of an article has one digest, however often seen."""
    newsroom = Newsroom()
    checked = 0
    for number in ARTICLES:
        history = newsroom.catalogue.history(number)
        digests: dict[object, set[bytes]] = {}
        for day in DAYS:
            at = history.summary.published + timedelta(days=day, hours=1)
            if history.summary.is_withdrawn(at):
                continue
            entity = newsroom.get_entity(DEFAULT_ORIGIN, history.summary.path_at(at), at)
            body = decorate(entity.body.decode(), day) if decorated else entity.body
            article = read(body, DEFAULT_ORIGIN + history.summary.path_at(at))
            if article is not None:
                digests.setdefault(history.state_at(at).since, set()).add(version_digest(article))
                checked += 1
        assert all(len(found) == 1 for found in digests.values()), history.summary
        assert len(set().union(*digests.values())) == len(digests)
    assert checked > 4 * len(ARTICLES)


def read(body: bytes, url: str) -> Article | None:
    """Return the article of a page; None if it is not one."""
    return extract_page(body, url, page_input=PageInput(url=url)).article
