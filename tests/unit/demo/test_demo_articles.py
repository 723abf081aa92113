"""The pages against the expected result, read by an independent parser."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urljoin

import pytest
from lxml import html

from storage.model import LinkKind, Role
from tests.newsroom import OPENS, ExpectedArticle, Newsroom
from tests.newsroom.newspaper import AI_DISCLAIMER, PageTemplate
from tests.newsroom.pages import markup

ORIGIN = "http://lantern.example"
LATER = OPENS + timedelta(days=2)


def _tree(newsroom: Newsroom, article: ExpectedArticle, at: datetime) -> html.HtmlElement:
    body = newsroom.get_entity(ORIGIN, article.url.removeprefix(ORIGIN), at).body
    return html.fromstring(body.decode(article.encoding))


def _folded(text: str) -> str:
    return " ".join(text.split())


def _blocks(tree: html.HtmlElement) -> list[str]:
    """Return the text of every element, white space collapsed."""
    return [_folded(element.text_content()) for element in tree.iter() if isinstance(element.tag, str)]


def _articles(newsroom: Newsroom, at: datetime) -> Iterator[tuple[ExpectedArticle, html.HtmlElement]]:
    for article in newsroom.expected_site(at, origin=ORIGIN).articles:
        yield article, _tree(newsroom, article, at)


@pytest.mark.parametrize("at", [OPENS, LATER], ids=str)
def test_pages_print_what_the_answers_say(newsroom: Newsroom, at: datetime) -> None:
    """Headline, dek, authors, day and each paragraph are on the page, each in its own element."""
    for article, tree in _articles(newsroom, at):
        blocks = _blocks(tree)
        assert [_folded(heading.text_content()) for heading in tree.iter("h1")] == [article.current.headline]
        assert article.current.dek is None or article.current.dek in blocks
        for paragraph in article.current.paragraphs:
            lines = paragraph.text.replace("\t", "\n").split("\n")
            assert all(line in blocks for line in lines), paragraph
        text = " ".join(blocks)
        assert all(author in text for author in article.authors)
        shown = {
            markup.long_day(article.published, article.language),
            markup.short_day(article.published, article.language),
        }
        assert any(day in text for day in shown)


def test_paragraphs_stand_in_the_order_of_the_answers(newsroom: Newsroom) -> None:
    """The expected order is the order on the page."""
    for article, tree in _articles(newsroom, OPENS):
        running = [p.text for p in article.current.paragraphs if p.role in (Role.TEXT, Role.QUOTE, Role.HEADING)]
        blocks = iter(_blocks(tree))
        assert all(text in blocks for text in running), article.url


def test_the_disclaimer_is_on_every_page_and_in_no_expected_body(newsroom: Newsroom) -> None:
    """The boilerplate is the same under every article, so that an archive can learn it."""
    for article, tree in _articles(newsroom, OPENS):
        assert AI_DISCLAIMER in _blocks(tree)
        assert "Newsletter" in _blocks(tree)
        assert all(AI_DISCLAIMER not in paragraph.text for paragraph in article.current.paragraphs)


def test_link_groups_stand_under_their_labels(newsroom: Newsroom) -> None:
    """The links of a related or latest group are those in the element of its label, in order."""
    for article, tree in _articles(newsroom, OPENS):
        for group in article.link_groups:
            if group.kind is LinkKind.INLINE:
                continue
            (label,) = [e for e in tree.iter("h2", "h3", "div") if e.text == group.label and not len(e)]
            box = label.getparent()
            assert box is not None
            links = [(urljoin(article.url, a.get("href", "")), _folded(a.text_content())) for a in box.iter("a")]
            assert links == [(link.url, link.anchor) for link in group.links]


def test_a_page_never_leads_to_itself(newsroom: Newsroom) -> None:
    """No group of an article has the article's own URL."""
    for article in newsroom.expected_site(OPENS, origin=ORIGIN).articles:
        assert all(link.url != article.url for group in article.link_groups for link in group.links)


def test_the_classic_template_is_the_page_that_started_the_project(newsroom: Newsroom) -> None:
    """Some twenty paragraphs, the disclaimer last among them, fifty related headlines, hardly any metadata."""
    article = next(
        a for a in newsroom.expected_site(OPENS, origin=ORIGIN).articles if a.template is PageTemplate.CLASSIC
    )
    tree = _tree(newsroom, article, OPENS)
    paragraphs = [_folded(p.text_content()) for p in tree.find_class("story")[0].iter("p")]
    assert paragraphs == [*(p.text for p in article.current.paragraphs), AI_DISCLAIMER]
    assert len(paragraphs) == 20
    assert [len(group.links) for group in article.link_groups] == [50]
    assert not tree.xpath("//script | //link[@rel='canonical'] | //meta[@property]")


def test_articles_change_at_their_planned_times(newsroom: Newsroom) -> None:
    """There are articles edited once, twice, reverted, and with a new modification date only."""
    before = {a.url: a for a in newsroom.expected_site(OPENS, origin=ORIGIN).articles}
    after = {a.url: a for a in newsroom.expected_site(OPENS + timedelta(hours=1), origin=ORIGIN).articles}
    days = {a.url: a for a in newsroom.expected_site(LATER, origin=ORIGIN).articles}
    kept = before.keys() & after.keys()
    assert sorted(len(after[url].versions) - len(before[url].versions) for url in kept) == [0] * (len(kept) - 4) + [
        1,
        1,
        1,
        2,
    ]
    back = [a for a in days.values() if len(a.versions) == 2 and a.current.paragraphs == a.versions[0].paragraphs]
    assert len([a for a in back if a.current.headline == a.versions[0].headline]) == 1
    touched = [url for url in kept if after[url].current.modified != before[url].current.modified]
    assert sum(before[url].versions == after[url].versions for url in touched) == 1
    assert len(after.keys() - before.keys()) == 3
    assert len(before.keys() - after.keys()) == 2


def test_every_language_encoding_and_kind_of_access_is_there(newsroom: Newsroom) -> None:
    """The site has all that makes crawling real sites hard."""
    articles = newsroom.expected_site(OPENS, origin=ORIGIN).articles
    assert {a.language for a in articles} == {"en", "zh", "ar", "ru", "de"}
    assert {a.encoding for a in articles} == {"utf-8", "gb18030", "windows-1251"}
    assert {a.access and a.access.value for a in articles} == {"free", "paywalled", None}
    assert sum(a.live for a in articles) == 1
    assert {a.template for a in articles} == set(PageTemplate)
    assert max(len(a.authors) for a in articles) == 3
    assert sum(a.current.dek is None for a in articles) == 1
