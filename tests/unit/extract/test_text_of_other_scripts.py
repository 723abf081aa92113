"""The text of an article is found whatever its script: a character of some is a word, and some mark no ends."""

import pytest

from newsarchive.extract.blocks import ends_sentence
from storage.model import BODY_ROLES
from tests.unit.extract.languages import JAPANESE, KHMER, KOREAN, THAI
from tests.unit.extract.stories import CHINESE, ENGLISH, Language, Story, links, listed, read_page, top, wrap


def body(story: Story, markup: str) -> list[str]:
    article = read_page(story, markup).article
    assert article is not None
    return [paragraph.text for paragraph in article.paragraphs if paragraph.role in BODY_ROLES]


def paragraphs(language: Language, length: int) -> list[str]:
    """Return eight paragraphs of about a length in characters."""
    text = f"{language.article}{language.space.join(language.words * 9)}"
    return [text[: length + 4 * number].strip() + language.end for number in range(8)]


@pytest.mark.parametrize("language", [CHINESE, JAPANESE, KOREAN, ENGLISH, KHMER], ids=lambda language: language.code)
def test_short_paragraphs_in_divs_are_the_body(language: Language) -> None:
    """Paragraphs of 40 ideographs are running text beside a list of links, and so are a shorter first and last one."""
    story = Story.generate(language, 7)
    long, short = (90, 62) if language in (ENGLISH, KHMER) else (40, 24)
    texts = paragraphs(language, long)
    texts[0], texts[-1] = texts[0][: short - 1] + language.end, texts[-1][:short] + language.end
    related = f"<h3>{language.related}</h3>{wrap('p', links(story.related[:8]))}"
    assert body(story, f"{top(story)}<div>{wrap('div', texts)}</div>{related}") == texts


@pytest.mark.parametrize("language", [THAI, KHMER], ids=lambda language: language.code)
@pytest.mark.parametrize("markup", ["<div>{}</div>", "<pre>{}</pre>"])
def test_lines_of_scripts_without_full_stops_are_paragraphs(language: Language, markup: str) -> None:
    """Thai marks no end of a sentence, and Khmer has a sign of its own."""
    story = Story.generate(language, 7)
    texts = paragraphs(language, 100)
    separator = "\n\n" if "pre" in markup else "<br>"
    assert body(story, top(story) + markup.format(separator.join(texts)) + listed(story)) == texts


def test_a_short_line_in_thai_ends_no_sentence() -> None:
    """A label in a script without full stops is no sentence."""
    assert not ends_sentence(THAI.related)
    assert ends_sentence(THAI.disclaimer)
