"""Headline, dek and date where the page has another line that could be taken for them."""

import pytest

from newsarchive.extract import extract_page
from storage.model import BODY_ROLES, Article

URL = "https://news.example/world/ferry-returns"
TEXT = "".join(f"<p>Sentence number {n} of a story about the ferry that crosses the wide river.</p>" for n in range(9))
HEADLINE = "The old ferry returns to the river after nine years"
DEK = "Its engine was rebuilt by the pupils of a school"
OTHER = "Why a whole village learnt to weld"
TEASER = "<h3><a href=/bridge>A bridge for the valley</a></h3><time datetime=2024-05-20>20 May 2024</time>"


def read(body: str, head: str = f"<title>{HEADLINE}</title>", lang: str = "en") -> Article:
    """Read a page; "TEXT" is its text."""
    page = f"<html lang={lang}><head>{head}</head><body>{body.replace('TEXT', TEXT)}</body></html>"
    article = extract_page(page.encode(), URL).article
    assert article is not None
    return article


def published(body: str, head: str = "", lang: str = "en") -> str | None:
    """Return the day on which a page says that it was published."""
    date = read(body, f"<title>{HEADLINE}</title>{head}", lang).published
    return None if date is None else date.at.date().isoformat()


@pytest.mark.parametrize(
    "head",
    [
        f'<meta property="og:title" content="{OTHER}"><title>{OTHER} | News Example</title>',
        f'<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "{OTHER}"}}</script>',
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        f"<article><h1>{HEADLINE}</h1>TEXT</article>",
        f"<h1><a href=/>News Example</a></h1><div><h1>{HEADLINE}</h1><h2>{DEK}</h2>TEXT</div>",
        f"<article><h1>{HEADLINE}</h1>TEXT</article><h1>A village that welds, and a whole town that reads</h1>",
        f"<h1><a href=/weld>A village that welds</a></h1><article><h1>{HEADLINE}</h1>TEXT</article>",
    ],
)
def test_the_printed_headline_counts_before_another_wording(body: str, head: str) -> None:
    """Many sites word headlines for social media and search in another way."""
    article = read(body, head)
    assert article.headline == HEADLINE
    assert HEADLINE not in [each.text for each in article.paragraphs if each.role in BODY_ROLES]


@pytest.mark.parametrize("section", ["World", "Lokales", "News Example", "政治新闻"])
def test_an_h1_with_a_section_is_no_headline(section: str) -> None:
    head = f'<meta property="og:title" content="{OTHER}"><meta property="og:site_name" content="News Example">'
    assert read(f"<h1>{section}</h1><article>TEXT</article>", head).headline == OTHER


@pytest.mark.parametrize(
    "behind", [f"<small>{DEK}</small>", f"<br><small>{DEK}</small>", f"<span class=subtitle>{DEK}</span>"]
)
@pytest.mark.parametrize("head", [f"<title>{HEADLINE}</title>", "<title>News</title>"])
def test_a_dek_in_the_element_of_the_headline_is_no_part_of_it(behind: str, head: str) -> None:
    article = read(f"<article><h1>{HEADLINE}{behind}</h1>TEXT</article>", head)
    assert (article.headline, article.dek) == (HEADLINE, DEK)


@pytest.mark.parametrize(
    "behind",
    [
        "<span class=comment-count>12 comments</span>",
        "<a href='#comments'>12 Kommentare</a>",
        "<a href='#c'><span>12</span></a>",
        "<small>5 March 2024</small>",
    ],
)
def test_what_counts_comments_is_no_part_of_a_headline(behind: str) -> None:
    article = read(f"<article><h1>{HEADLINE}{behind}</h1>TEXT</article>", "<title>News</title>")
    assert (article.headline, article.dek) == (HEADLINE, None)


@pytest.mark.parametrize(
    "body",
    [
        f"<div>{TEASER}</div><article><h1>{HEADLINE}</h1><div>5 March 2024</div>TEXT</article>",
        f"<article><h1>{HEADLINE}</h1><p>By Ann Lee, 5 March 2024</p><div>{TEASER}</div>TEXT</article>",
        f"<article><h1>{HEADLINE}</h1><div>{TEASER}</div><p>5 March 2024</p>TEXT</article>",
        f"<article><h1>{HEADLINE}</h1><p>5 March 2024</p><aside><time>20 May 2024</time></aside>TEXT</article>",
        f"<div>Friday, 1 November 2024</div><article><h1>{HEADLINE}</h1><p>5 March 2024</p>TEXT</article>",
        f"<header><span class=date>1. November 2024</span></header><h1>{HEADLINE}</h1><p>5. März 2024</p>TEXT",
        f"<header><time>2024-11-01</time></header><h1>{HEADLINE}</h1><p>2024年3月5日</p>TEXT",
        f"<div><h2 class=date>5 March 2024</h2><h1>{HEADLINE}</h1><p>Paperback: 1 February 2023</p></div>TEXT",
        f"<h1>{HEADLINE} of 1 May 2023</h1><p><time datetime=2024-03-05>Tuesday</time></p>TEXT",
    ],
)
def test_the_date_under_the_headline_counts_before_others(body: str) -> None:
    """A page prints the day on which it was sent above, and the days of other articles beside their headings."""
    assert published(body) == "2024-03-05"


def test_the_date_beside_a_heading_that_is_a_link_is_that_of_another_article() -> None:
    assert published(f"<article><h1>{HEADLINE}</h1>TEXT</article><div>{TEASER}</div>") is None


@pytest.mark.parametrize("day", ["1970-01-01T00:00:00Z", "1970-01-01", "1969-12-31T19:00-05:00", "0001-01-01T00:00:00"])
def test_the_first_day_of_unix_time_is_no_date(day: str) -> None:
    head = f'<meta property="article:published_time" content="{day}">'
    assert published(f"<h1>{HEADLINE}</h1><p>5 March 2024</p>TEXT", head) == "2024-03-05"
    assert published(f"<h1>{HEADLINE}</h1>TEXT", head) is None


@pytest.mark.parametrize(
    ("lang", "line"),
    [
        ("en", "Updated March 6, 2024 Published March 5, 2024"),
        ("en", "Last updated 6 March 2024, 10:00 a.m. First published 5 March 2024, 9:00 a.m."),
        ("de", "Aktualisiert am 6. März 2024 Veröffentlicht am 5. März 2024"),
        ("es", "Actualizado 6 de marzo de 2024 Publicado 5 de marzo de 2024"),
        ("fr", "Mis à jour le 6 mars 2024 à 10h00 Publié le 5 mars 2024 à 9h00"),
        ("it", "Aggiornato il 6 marzo 2024 Pubblicato il 5 marzo 2024"),
        ("ru", "Обновлено 6 марта 2024 Опубликовано 5 марта 2024"),
    ],
)
def test_a_word_tells_two_dates_of_a_line_apart(lang: str, line: str) -> None:
    """No sign is between them."""
    article = read(f"<article><h1>{HEADLINE}</h1><div class=date>{line}</div>TEXT</article>", lang=lang)
    assert article.published is not None
    assert article.modified is not None
    assert [each.at.date().isoformat() for each in (article.published, article.modified)] == [
        "2024-03-05",
        "2024-03-06",
    ]
