"""Headlines and bylines whose markup is that of the text, or of the links around it."""

from dataclasses import replace

import pytest

from storage.model import BODY_ROLES, Role
from tests.unit.extract.stories import (
    ENGLISH,
    GERMAN,
    RUSSIAN,
    Language,
    Story,
    assert_parts_are_apart,
    labelled,
    links,
    read_page,
    wrap,
)

SECTIONS = ("<span>{}</span>", "<div>{}</div>", "<p>{}</p>")
LONG = "The council of the old harbour has again postponed the repair of the bridge over the wide river"


@pytest.mark.parametrize("language", [ENGLISH, GERMAN, RUSSIAN], ids=lambda language: language.code)
@pytest.mark.parametrize("item", ["p", "div", "h3"])
def test_a_headline_that_is_a_link_is_no_card_of_the_related_links(language: Language, item: str) -> None:
    """The label of the links below the text stands behind it, not above."""
    story = Story.generate(language, 5)
    words = story.language
    own = "https://www.gazette.example/21-slug-of-this-story"
    title = f"<h1><a href={own}>{story.headline}</a></h1><p><b>{story.dek}</b></p><p>{words.date}</p>"
    boxes = "".join(f"<div><h4>{label}</h4><p>{text}</p></div>" for label, text in labelled(story))
    related = f"<p>{words.related}</p>{wrap(item, links(story.related))}"
    markup = f"<p>{words.site}</p><p>{words.motto}</p>{title}{wrap('p', story.paragraphs)}{boxes}{related}"
    assert_parts_are_apart(story, read_page(story, markup))


@pytest.mark.parametrize("line", ["By Jane Roe", "Jane Roe", "By Jane Roe and John Doe"])
@pytest.mark.parametrize("title", ["<p><font size=6><b>{}</b></font></p>", "<h1>{}</h1>", "<div>{}</div>"])
def test_a_long_headline_is_no_text_before_a_byline(title: str, line: str) -> None:
    story = replace(Story.generate(ENGLISH, 6), headline=LONG)
    top = f"{title.format(LONG)}<div>{story.dek}</div><p>{line}</p><p>{ENGLISH.date}</p>"
    article = read_page(story, f"<p>{ENGLISH.motto}</p><div>{top}{wrap('p', story.paragraphs)}</div>").article
    assert article is not None
    assert article.headline == LONG
    assert [p.text for p in article.paragraphs if p.role in BODY_ROLES] == list(story.paragraphs)
    assert [p.text for p in article.paragraphs if p.role is Role.BYLINE] == [line]


@pytest.mark.parametrize("section", SECTIONS)
def test_the_section_above_a_linked_headline_is_no_text(section: str) -> None:
    """Cards in the box of the text, each with the section and the date of another article."""
    story = Story.generate(ENGLISH, 7)
    name = section.format("Politics")
    cards = [f"{name}<h4>{link}</h4><span>March 1, 2024</span>" for link in links(story.related)]
    title = f"<h1>{story.headline}</h1><p><b>{story.dek}</b></p><p>{ENGLISH.date}</p>"
    boxes = "".join(f"<div><h4>{label}</h4><p>{text}</p></div>" for label, text in labelled(story))
    related = f"<section><h2>{ENGLISH.related}</h2><div>{wrap('div', cards)}</div></section>"
    assert_parts_are_apart(
        story, read_page(story, f"<article>{title}{wrap('div', story.paragraphs)}{related}{boxes}</article>")
    )


@pytest.mark.parametrize("place", ["{line}{title}", "{title}{line}"])
@pytest.mark.parametrize("name", ["דוד לוי", "김민수", "राहुल वर्मा", "Jane Roe"])
def test_a_link_to_the_page_of_an_author_stands_above_or_below_the_headline(name: str, place: str) -> None:
    story = Story.generate(ENGLISH, 8)
    line = f"<div><a href=/authors/x>{name}</a> · <time>{ENGLISH.date}</time></div>"
    top = place.format(line=line, title=f"<h1>{story.headline}</h1>")
    article = read_page(story, f"<main>{top}<div>{wrap('p', story.paragraphs)}</div></main>").article
    assert article is not None
    assert article.authors == (name,)


@pytest.mark.parametrize("tag", ["p", "div"])
@pytest.mark.parametrize(
    ("date", "by", "place"),
    [
        ("Date", "By", "{lines}{text}"),
        ("Published on:", "Written by", "{lines}{text}"),
        ("Date", "By", "{text}{lines}"),
    ],
)
def test_the_label_of_a_name_or_a_date_alone_is_no_text(date: str, by: str, place: str, tag: str) -> None:
    """The name and the date are in the next lines."""
    story = Story.generate(ENGLISH, 9)
    lines = wrap(tag, (date, ENGLISH.date, by, "Jane Roe"))
    around = place.format(lines=lines, text=wrap("p", story.paragraphs))
    article = read_page(story, f"<h1>{story.headline}</h1><div>{around}</div>").article
    assert article is not None
    assert article.authors == ("Jane Roe",)
    assert [p.text for p in article.paragraphs if p.role in BODY_ROLES] == list(story.paragraphs)


@pytest.mark.parametrize("markup", ["<table><tr><th>{}</th><th>Place</th></tr></table>", "<blockquote>{}</blockquote>"])
def test_such_a_label_in_a_table_or_a_quotation_is_text(markup: str) -> None:
    story = Story.generate(ENGLISH, 10)
    table = markup.format("Date")
    article = read_page(story, f"<h1>{story.headline}</h1><div>{wrap('p', story.paragraphs)}{table}</div>").article
    assert article is not None
    assert [p.text.split("\t")[0] for p in article.paragraphs if p.role in BODY_ROLES][-1] == "Date"
