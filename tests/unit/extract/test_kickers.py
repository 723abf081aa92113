"""Kickers: the line above a headline is a field of its own."""

import pytest

from newsarchive.extract import extract_page
from storage.model import Article

URL = "https://news.example/world/rain-falls-on-the-hills"
TEXT = "".join(f"<p>Sentence number {n} of a story about rain that falls on hills and fields.</p>" for n in range(40))


def article(top: str, head: str = "") -> Article:
    page = (
        f"<html><head><meta property=og:type content=article>{head}</head><body><article>{top}{TEXT}</article></body>"
    )
    read = extract_page(page.encode(), URL).article
    assert read is not None
    return read


@pytest.mark.parametrize(
    ("top", "head"),
    [
        pytest.param(
            "<h1><span class=kicker>Wet weather</span><span>Rain falls on the hills</span></h1>", "", id="class"
        ),
        pytest.param("<h1><span>Wet weather:</span> <span>Rain falls on the hills</span></h1>", "", id="colon"),
        pytest.param(
            "<h1><span>Wet weather</span><span>Rain falls on the hills</span></h1>",
            "<meta property=og:title content='Wet weather: Rain falls on the hills'>",
            id="colon in the metadata",
        ),
        pytest.param(
            "<h1><span>Wet weather</span><span>Rain falls on the hills</span></h1>",
            "<meta property=og:title content='Rain falls on the hills'>",
            id="not in the metadata",
        ),
        pytest.param("<p class=overline>Wet weather</p><h1>Rain falls on the hills</h1>", "", id="a line above"),
    ],
)
def test_kicker_is_no_part_of_the_headline(top: str, head: str) -> None:
    """A class, a colon or the metadata sets it apart."""
    read = article(top, head)
    assert (read.kicker, read.headline) == ("Wet weather", "Rain falls on the hills")


def test_headline_of_two_elements_without_a_kicker_stays_whole() -> None:
    """Elements also mark one word, or break a line."""
    read = article("<h1><span>Rain falls</span> <span>on the hills again</span></h1>")
    assert (read.kicker, read.headline) == (None, "Rain falls on the hills again")


def test_headline_printed_again_is_no_dek() -> None:
    """In another size, or with its kicker."""
    headline = "Rain falls on the hills of the northern country"
    top = f"<h1>{headline}</h1><h2>Weather: {headline}</h2>"
    assert article(top).dek is None


def test_author_pages_and_profiles_are_kept() -> None:
    """From JSON-LD and from the byline, as absolute URLs, each once."""
    data = (
        '{"@type":"NewsArticle","headline":"Rain falls on the hills","author":{"@type":"Person","name":"Jane Roe",'
        '"url":"/authors/jane-roe","sameAs":["https://social.example/@jane"]}}'
    )
    read = article(
        "<h1>Rain falls on the hills</h1><p>By <a href=/authors/jane-roe>Jane Roe</a></p>",
        f'<script type="application/ld+json">{data}</script>',
    )
    assert read.author_links == ("https://news.example/authors/jane-roe", "https://social.example/@jane")


def test_organisations_are_named_apart_from_persons() -> None:
    """An agency in the byline does not replace the person, and is not lost."""
    read = article("<h1>Rain falls on the hills</h1><p class=byline>By Jane Roe, Associated Press</p>")
    assert (read.authors, read.organisations) == (("Jane Roe",), ("Associated Press",))


@pytest.mark.parametrize("kicker", ["<span class=q>Wet weather</span> "])
def test_kicker_before_the_headline_of_the_metadata(kicker: str) -> None:
    """In an element beside which the headline is text."""
    read = article(
        f"<h1>{kicker}Rain falls on the hills</h1>", '<meta property="og:title" content="Rain falls on the hills">'
    )
    assert (read.kicker, read.headline) == ("Wet weather", "Rain falls on the hills")


def test_heading_that_leads_to_the_front_page_is_no_headline() -> None:
    """It is the name of the site, even if the metadata names both."""
    top = "<h1><a href=/>Hills and valleys of the north</a></h1><h2>Rain falls on the hills</h2>"
    title = "<title>Rain falls on the hills : Hills and valleys of the north</title>"
    assert article(top, title).headline == "Rain falls on the hills"


@pytest.mark.parametrize("name", ["The Dispatch", "Front page", "晩報"])
def test_title_of_all_pages_is_no_headline(name: str) -> None:
    top = f"<div>{name}</div><p>5 March 2024</p><div>{name}</div><h1>Rain falls on the hills</h1>"
    assert article(top, f"<title>{name}</title>").headline == "Rain falls on the hills"


def test_headline_above_an_unrelated_h1_is_kept() -> None:
    read = article("<div>Rain falls on the hills</div><h1>Notices</h1>", "<title>Rain falls on the hills</title>")
    assert read.headline == "Rain falls on the hills"


def test_quotation_marks_at_the_end_of_a_headline_are_no_separator() -> None:
    read = article("<p>Adiós: «El río es distinto»</p>", "<title>Adiós: «El río es distinto» - La Gaceta</title>")
    assert read.headline == "Adiós: «El río es distinto»"


@pytest.mark.parametrize("name", ["trumpet", "nadtytul", "nadnaslov", "pretitulo", "rotitr", "stikktittel", "felcim"])
def test_kicker_of_a_class_in_another_language(name: str) -> None:
    assert article(f"<p class={name}>Wet weather</p><h1>Rain falls on the hills</h1>").kicker == "Wet weather"


@pytest.mark.parametrize(
    "line",
    [
        "<p>Wet weather</p>",
        "<div>Wet weather</div>",
        "<span>Wet weather</span>",
        "<small>Wet weather</small>",
        "<a href=/weather>Wet weather</a>",
        "<div><span>Wet weather</span></div>",
        "<h3>Wet weather</h3>",
    ],
)
def test_line_right_above_the_headline_is_its_kicker(line: str) -> None:
    """Even without a class, in one box with the headline."""
    assert article(f"{line}<h1>Rain falls on the hills</h1>").kicker == "Wet weather"


@pytest.mark.parametrize(
    "line",
    [
        "<p>5 March 2024</p>",
        "<p class=kicker>5 March 2024</p>",
        "<p>3 replies</p>",
        "<p>It has rained for days.</p>",
        "<div><a href=/>Home</a> <a href=/weather>Weather</a></div>",
        "<p>Home › Weather</p>",
        "<ul><li>Weather</li></ul>",
        "<div class=share>Share</div>",
    ],
)
def test_other_lines_above_the_headline_are_no_kicker(line: str) -> None:
    """A date, a count, a sentence, a path, an item of a menu, a button."""
    assert article(f"{line}<h1>Rain falls on the hills</h1>").kicker is None


def test_name_and_motto_of_the_site_are_no_kicker() -> None:
    head = "<title>Rain falls on the hills</title><p>The Dispatch</p><p>News for all</p>"
    page = f"{head}<h1>Rain falls on the hills</h1>{TEXT}"
    read = extract_page(page.encode(), URL).article
    assert read is not None
    assert read.kicker is None


@pytest.mark.parametrize("title", ["{} - The Dispatch", "{} | News | The Dispatch", "The Dispatch: {}"])
@pytest.mark.parametrize(
    "kicker", ["<span>Wet weather</span> ", "<small>Wet weather</small><br>", "<a href=/w>Wet weather</a> "]
)
def test_kicker_in_the_headline_of_a_title_with_names(kicker: str, title: str) -> None:
    """The headline is the end of the heading, which the title states beside the names of site and section."""
    read = article(
        f"<h1>{kicker}Rain falls on the hills</h1>", f"<title>{title.format('Rain falls on the hills')}</title>"
    )
    assert (read.kicker, read.headline) == ("Wet weather", "Rain falls on the hills")


@pytest.mark.parametrize(
    "title",
    [
        "The Dispatch | {}",
        "The Dispatch: {}",
        "The Dispatch - Weather - {}",
        "The Dispatch » Weather » {}",
        "{} - Weather - The Dispatch",
        "{} | The Dispatch | News for all",
    ],
)
@pytest.mark.parametrize("tag", ["div", "p", "h2"])
def test_printed_part_of_a_title_is_the_headline(tag: str, title: str) -> None:
    headline = "Rain falls on the hills of the north"
    top = f"<div>The Dispatch</div><div>News for all</div><{tag}>{headline}</{tag}>"
    assert article(top, f"<title>{title.format(headline)}</title>").headline == headline


def test_name_printed_beside_another_wording_of_the_headline_is_none() -> None:
    """It is shorter than the part of the title that no line prints."""
    top = "<div>The Dispatch</div><div>5 March 2024</div>"
    read = article(top, "<title>The Dispatch | Rain falls on the hills</title>")
    assert "Rain falls on the hills" in read.headline


@pytest.mark.parametrize("title", ["News details", "The Dispatch", "The Dispatch | News for all", ""])
@pytest.mark.parametrize("tag", ["h2", "h3"])
def test_heading_above_the_text_is_the_headline_under_a_title_of_all_pages(tag: str, title: str) -> None:
    """A subheading, or the heading of a box behind the text, is not."""
    top = f"<div>The Dispatch</div><div>News for all</div><{tag}>Rain falls on the hills</{tag}>{TEXT}"
    end = f"<{tag}>More and more rain to come</{tag}><p>And it did come, for all of the days that followed these.</p>"
    assert article(top + end, f"<title>{title}</title>" if title else "").headline == "Rain falls on the hills"
