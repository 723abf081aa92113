"""Cards of other articles, a linked headline and a summary each, are no text of the article that they stand in."""

import pytest

from storage.model import BODY_ROLES, Role
from tests.unit.extract.languages import JAPANESE
from tests.unit.extract.stories import ARABIC, ENGLISH, RUSSIAN, Language, Story, read_page, texts_of, top, wrap

CARDS = {
    "heading": "<div><h3><a href={0}>{1}</a></h3><p>{2}</p></div>",
    "flat": "<h3><a href={0}>{1}</a></h3><p>{2}</p>",
    "link": "<div><a href={0}>{1}</a><p>{2}</p></div>",
    "picture": "<div><a href={0}><img src=/a.jpg></a><div><h4><a href={0}>{1}</a></h4><p>{2}</p></div></div>",
    "item": "<ul><li><h3><a href={0}>{1}</a></h3><p>{2}</p></li></ul>",
}


def generate(language: Language) -> tuple[Story, list[tuple[str, str, str]]]:
    """Return a story, and the parts of three cards: URL, headline and summary."""
    story, other = Story.generate(language, 5), Story.generate(language, 6)
    titles = [(f"/2024/{url}", title.capitalize()) for title, url in other.related if len(title) > 16]
    return story, [(*title, text) for title, text in zip(titles[:3], other.paragraphs, strict=False)]


def read_body(story: Story, box: str, *, at: int) -> tuple[list[str], str]:
    """Return the body, and the teasers, of a page with a box among its paragraphs."""
    before, after = wrap("p", story.paragraphs[:at]), wrap("p", story.paragraphs[at:])
    article = read_page(story, f"<article>{top(story)}<div>{before}{box}{after}</div></article>").article
    assert article is not None
    return [p.text for p in article.paragraphs if p.role in BODY_ROLES], texts_of(article, Role.TEASER)


@pytest.mark.parametrize("at", [9, 20])
@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
@pytest.mark.parametrize("language", [ENGLISH, ARABIC, RUSSIAN, JAPANESE], ids=lambda language: language.code)
def test_cards_without_a_label_are_teasers(language: Language, card: str, at: int) -> None:
    """Cards in a box without other text are teasers, whatever their markup, in the middle of a body and at its end."""
    story, parts = generate(language)
    box = f"<div>{''.join(card.format(*each) for each in parts)}</div>"
    body, teasers = read_body(story, box, at=at)
    assert body == list(story.paragraphs)
    assert all(part[2] in teasers for part in parts)


@pytest.mark.parametrize("language", [ENGLISH, ARABIC, RUSSIAN, JAPANESE], ids=lambda language: language.code)
def test_a_label_announces_the_summary_of_one_card(language: Language) -> None:
    """The summary in one box with the link below a label is a teaser; the paragraph after that box is text."""
    story, parts = generate(language)
    box = f"<div><h2>{language.related}</h2>{CARDS['heading'].format(*parts[0])}</div>"
    body, teasers = read_body(story, box, at=9)
    assert body == list(story.paragraphs)
    assert parts[0][2] in teasers


def test_linked_headings_of_the_text_itself_are_none() -> None:
    """Sections under linked headings stay where the box holds text of its own, or links to other sites."""
    story, parts = generate(ENGLISH)
    sections = "".join(CARDS["heading"].format(*each) for each in parts)
    body, _ = read_body(story, f"<div><p>{story.dek}</p>{sections}</div>", at=9)
    assert {part[2] for part in parts} <= set(body)
    elsewhere = "".join(CARDS["heading"].format(f"https://shop.example.org{url}", *rest) for url, *rest in parts)
    body, _ = read_body(story, f"<div>{elsewhere}</div>", at=9)
    assert {part[2] for part in parts} <= set(body)
