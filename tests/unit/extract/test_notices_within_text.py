"""Notices between the paragraphs of an article, and lists of cards that hold more than a title."""

import pytest

from storage.model import BODY_ROLES, Role
from tests.unit.extract.languages import JAPANESE
from tests.unit.extract.stories import (
    ARABIC,
    CHINESE,
    ENGLISH,
    GERMAN,
    RUSSIAN,
    Language,
    Story,
    labelled,
    read_page,
    texts_of,
    top,
    wrap,
)

NOTICES = {
    "box": "<div><strong>{0}</strong><p>{1}</p></div>",
    "bold paragraph": "<p><strong>{0}</strong></p><p>{1}</p>",
    "heading": "<h3>{0}</h3><p>{1}</p>",
    "plain paragraphs": "<p>{0}</p><p>{1}</p>",
    "line": "<p><em>{0}: {1}</em></p>",
    "line with a bold label": "<p><b>{0}:</b> {1}</p>",
    "line break": "<p><strong>{0}</strong><br>{1}</p>",
    "spans": "<div><span>{0}</span> <span>{1}</span></div>",
    "boxes": "<div><b>{0}</b></div><div><p>{1}</p></div>",
    "terms": "<dl><dt>{0}</dt><dd>{1}</dd></dl>",
    "cells": "<table><tr><td>{0}</td><td>{1}</td></tr></table>",
    "details": "<details><summary>{0}</summary>{1}</details>",
    "aside": "<aside><p>{0}</p><p>{1}</p></aside>",
    "items": "<ul><li><strong>{0}</strong></li><li>{1}</li></ul>",
    "form": "<form><label>{0}</label><p>{1}</p><input></form>",
    "centred": "<center><font size=4>{0}</font><p>{1}</p></center>",
}
LANGUAGES = (ENGLISH, GERMAN, CHINESE, ARABIC, RUSSIAN, JAPANESE)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
@pytest.mark.parametrize("markup", NOTICES.values(), ids=NOTICES)
@pytest.mark.parametrize("places", [(9, 14), (18, 19), (12, 20)], ids=str)
def test_a_notice_ends_before_the_rest_of_the_article(markup: str, language: Language, places: tuple[int, int]) -> None:
    story = Story.generate(language, 21)
    parts = [wrap("p", [text]) for text in story.paragraphs]
    for place, notice in sorted(zip(places, labelled(story), strict=True), reverse=True):
        parts.insert(place, markup.format(*notice))
    article = read_page(story, f"{top(story)}<div>{''.join(parts)}</div>").article
    assert article is not None
    assert [p.text for p in article.paragraphs if p.role in BODY_ROLES] == list(story.paragraphs)
    assert language.disclaimer in texts_of(article, Role.DISCLAIMER)
    assert language.offer in texts_of(article, Role.PROMO)


@pytest.mark.parametrize("label", ["<span>{}</span>", "<span>\n  {}\n</span>", "<b>\n {}</b>", "<strong> {} </strong>"])
def test_a_label_is_apart_from_the_notice_in_its_line(label: str) -> None:
    """Whatever white space the markup has in it."""
    story = Story.generate(ENGLISH, 21)
    notices = (f"<p>{label.format(name)} <span>{notice}</span></p>" for name, notice in labelled(story))
    article = read_page(story, f"{top(story)}<div>{wrap('p', story.paragraphs)}{''.join(notices)}</div>").article
    assert article is not None
    assert [p.text for p in article.paragraphs if p.role in BODY_ROLES] == list(story.paragraphs)
    assert ENGLISH.disclaimer in texts_of(article, Role.DISCLAIMER)
    assert ENGLISH.offer in texts_of(article, Role.PROMO)


def test_a_heading_announces_the_last_section_of_an_article_with_headings() -> None:
    story = Story.generate(ENGLISH, 21)
    text = wrap("p", story.paragraphs[:9]) + "<h2>Winter</h2>" + wrap("p", story.paragraphs[9:18])
    article = read_page(story, f"{top(story)}<div>{text}<h2>Disclosure</h2>{wrap('p', story.paragraphs[18:])}</div>")
    assert article.article is not None
    assert texts_of(article.article, Role.DISCLAIMER).split("\n") == ["Disclosure", *story.paragraphs[18:]]


@pytest.mark.parametrize("heading", ["<h2>{}</h2>", "<h3>{}</h3>"])
@pytest.mark.parametrize(("language", "label"), [(ENGLISH, "AI statement"), (GERMAN, "Transparenzhinweis")])
def test_one_of_several_headings_of_an_article_announces_no_notice(
    language: Language, label: str, heading: str
) -> None:
    story = Story.generate(language, 22)
    parts = [story.paragraphs[:5], story.paragraphs[5:9], story.paragraphs[9:]]
    first, second, third = (wrap("p", part) for part in parts)
    text = f"{first}{heading.format('Winter')}{second}{heading.format(label)}{third}"
    article = read_page(story, f"{top(story)}<div>{text}</div>").article
    assert article is not None
    body = [*parts[0], "Winter", *parts[1], label, *parts[2]]
    assert [p.text for p in article.paragraphs if p.role in BODY_ROLES] == body


@pytest.mark.parametrize("label", ["<p>{}</p>", "<h3>{}</h3>"])
def test_the_only_heading_within_a_text_announces_a_notice(label: str) -> None:
    story = Story.generate(ENGLISH, 22)
    notice = "The author and members of her family own shares in the company that runs the ferry, and in its port."
    text = f"{wrap('p', story.paragraphs[:9])}{label.format('Disclosure')}<p>{notice}</p>"
    article = read_page(story, f"{top(story)}<div>{text}{wrap('p', story.paragraphs[9:])}</div>").article
    assert article is not None
    assert [p.text for p in article.paragraphs if p.role in BODY_ROLES] == list(story.paragraphs)
    assert texts_of(article, Role.DISCLAIMER).split("\n") == ["Disclosure", notice]


def test_the_heading_of_the_last_notice_belongs_to_it() -> None:
    """Whatever its words are."""
    story = Story.generate(ENGLISH, 23)
    notice = f"<h3>How this was made</h3><p>{ENGLISH.disclaimer}</p>"
    article = read_page(story, f"{top(story)}<div>{wrap('p', story.paragraphs)}{notice}</div>").article
    assert article is not None
    assert [p.text for p in article.paragraphs if p.role in BODY_ROLES] == list(story.paragraphs)
    assert texts_of(article, Role.DISCLAIMER).split("\n") == ["How this was made", ENGLISH.disclaimer]


def test_a_text_whose_box_begins_with_a_notice_is_text() -> None:
    story = Story.generate(ENGLISH, 24)
    lead, text = wrap("p", story.paragraphs[:2]), wrap("p", (ENGLISH.disclaimer, *story.paragraphs[2:]))
    article = read_page(story, f"{top(story)}<div>{lead}</div><div>{text}</div>").article
    assert article is not None
    assert [p.text for p in article.paragraphs if p.role in BODY_ROLES] == list(story.paragraphs)


def test_a_notice_in_a_phrase_ends_with_it() -> None:
    """Text around an element within a phrase, such as <font>, may stand between the lines in it."""
    story = Story.generate(ENGLISH, 24)
    notice = "<font>Disclosure:<p>The author owns shares in the ferry.</p>loose text</font>"
    text = f"{wrap('p', story.paragraphs[:9])}{notice}{wrap('p', story.paragraphs[9:])}"
    article = read_page(story, f"{top(story)}<div>{text}</div>").article
    assert article is not None
    body = [p.text for p in article.paragraphs if p.role in BODY_ROLES]
    assert set(story.paragraphs) <= set(body)


def test_text_in_the_box_of_a_notice_is_text() -> None:
    story = Story.generate(ENGLISH, 25)
    parts = (*story.paragraphs[:-1], ENGLISH.disclaimer, story.paragraphs[-1])
    article = read_page(story, f"{top(story)}<article>{wrap('p', parts)}</article>").article
    assert article is not None
    assert [p.text for p in article.paragraphs if p.role in BODY_ROLES] == list(story.paragraphs)


def test_a_newsletter_without_a_description_announces_no_text() -> None:
    story = Story.generate(ENGLISH, 21)
    text = wrap("p", (*story.paragraphs[:9], "<b>Newsletter</b>", *story.paragraphs[9:]))
    article = read_page(story, f"{top(story)}<div>{text}</div>").article
    assert article is not None
    assert [p.text for p in article.paragraphs if p.role in BODY_ROLES] == list(story.paragraphs)


def test_text_that_a_button_before_it_reveals_is_text() -> None:
    story = Story.generate(ENGLISH, 21)
    hidden = f"<button>Show more</button><div style='display:none'>{wrap('p', story.paragraphs[9:])}</div>"
    article = read_page(story, f"{top(story)}<div>{wrap('p', story.paragraphs[:9])}{hidden}</div>").article
    assert article is not None
    assert [p.text for p in article.paragraphs if p.role in BODY_ROLES] == list(story.paragraphs)


CARDS = {
    "button": "<div><h4><a href={0}>{1}</a></h4><a href={0}>Read more</a></div>",
    "long button": "<div><a href={0}>{1}</a> <a href={0}>Read the full story here</a></div>",
    "button first": "<div><a href={0}>Read more</a><a href={0}>{1}</a></div>",
    "duration": "<div><a href={0}><span>2:31</span><span>{1}</span></a></div>",
    "kicker": "<div><a href={0}><div>Politics</div><div>{1}</div></a></div>",
    "kicker beside text": "<div><a href={0}><span>Video</span> {1}</a></div>",
    "date": "<div><a href={0}><span>{1}</span><span>5.3.2024</span></a></div>",
    "overlay": "<div><a href={0} aria-label='{1}'></a><span>Politics</span></div>",
    "picture": "<div><a href={0} title='{1}'><img src=/a.jpg></a></div>",
}


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
@pytest.mark.parametrize("language", [ENGLISH, CHINESE, ARABIC], ids=lambda language: language.code)
def test_the_title_of_a_card_is_apart_from_what_is_beside_it(card: str, language: Language) -> None:
    """However short a headline is: no button, kicker, duration or date replaces it or joins it."""
    story = Story.generate(language, 21)
    cards = "".join(card.format(url, title) for title, url in story.related)
    assert read_list(story, f"<section><h3>{language.related}</h3>{cards}</section>") == story.related


@pytest.mark.parametrize("column", ["<ul>{}</ul>", "<div><ul>{}</ul></div>", "<div><div><ul>{}</ul></div></div>"])
@pytest.mark.parametrize("sign", ["", " »", " &gt;", " <span>→</span>"])
def test_a_list_in_columns_is_one_list(column: str, sign: str) -> None:
    story = Story.generate(ENGLISH, 21)
    items = [f"<li><a href={url}>{title}</a></li>" for title, url in story.related]
    columns = "".join(column.format("".join(items[at : at + 17])) for at in range(0, 50, 17))
    box = f"<div><h3>{ENGLISH.related}{sign}</h3><div>{columns}</div></div>"
    assert read_list(story, box) == story.related


def read_list(story: Story, box: str) -> tuple[tuple[str, str], ...]:
    """Return title and path of the links under the label of related articles, below the text of a story."""
    text = f"{top(story)}<div>{wrap('p', story.paragraphs)}</div>"
    article = read_page(story, text + box).article
    assert article is not None
    [links] = [group.links for group in article.link_groups if group.label == story.language.related]
    return tuple((link.anchor, link.url.removeprefix("https://www.gazette.example")) for link in links)
