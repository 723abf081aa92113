"""Notices about artificial intelligence under labels of several words, and without a label."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from storage.model import Role
from tests.unit.extract.stories import (
    CHINESE,
    ENGLISH,
    GERMAN,
    RUSSIAN,
    Language,
    Story,
    assert_parts_are_apart,
    listed,
    read_page,
    top,
    wrap,
)


def box(label: str, text: str) -> str:
    return f"<div class=x8><div class=x9>{label}</div><div class=y1>{text}</div></div>"


def lines(label: str, text: str) -> str:
    return f"<p>{label}</p><p>{text}</p>"


def one_line(label: str, text: str) -> str:
    return f"<p><b>{label}:</b> {text}</p>"


def heading(label: str, text: str) -> str:
    return f"<h3>{label}</h3><p>{text}</p>"


@pytest.mark.parametrize(
    ("language", "label"),
    [
        (ENGLISH, "Notice on the use of AI"),
        (ENGLISH, "Disclosure on the use of artificial intelligence"),
        (GERMAN, "Hinweis zum Einsatz von KI"),
        (RUSSIAN, "Примечание об использовании ИИ"),
        (CHINESE, "关于使用人工智能的说明"),
    ],
)
@pytest.mark.parametrize("notice", [box, lines, one_line, heading])
def test_a_label_of_several_words_announces_a_disclaimer(
    language: Language, label: str, notice: Callable[[str, str], str]
) -> None:
    story = Story.generate(replace(language, ai=label), 3)
    notices = notice(label, story.language.disclaimer) + box(story.language.newsletter, story.language.offer)
    markup = f"{top(story)}<div>{wrap('p', story.paragraphs)}{notices}</div><div>{listed(story)}</div>"
    assert_parts_are_apart(story, read_page(story, markup))


@pytest.mark.parametrize(
    "text",
    [
        "Some of the stories on this site are created or translated with AI tools. Our editors read each of them.",
        "The texts on this website are partly written by artificial intelligence.",
        "This website contains articles that were written by AI.",
    ],
)
def test_a_disclaimer_of_the_whole_site_needs_no_label(text: str) -> None:
    story = Story.generate(replace(ENGLISH, disclaimer=text), 4)
    notices = f"<p><em>{text}</em></p>{box(ENGLISH.newsletter, ENGLISH.offer)}"
    markup = f"{top(story)}<div>{wrap('p', story.paragraphs)}{notices}</div><div>{listed(story)}</div>"
    assert_parts_are_apart(story, read_page(story, markup))


def test_the_owner_of_a_copyright_makes_its_notice_no_label() -> None:
    """A notice of copyright announces no part of the text below it."""
    story = Story.generate(ENGLISH, 4)
    lines = "<p><b>© The Dispatch and its agencies 2024</b></p><p>The next tide comes in the morning.</p>"
    article = read_page(story, f"{top(story)}<div>{wrap('p', story.paragraphs)}{lines}</div>").article
    assert article is not None
    assert [p.role for p in article.paragraphs if p.text.startswith("The next tide")] == [Role.TEXT]
