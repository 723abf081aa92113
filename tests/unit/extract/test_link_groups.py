"""Groups of links: one small page for each structure."""

import pytest

from newsarchive.extract import extract_page
from newsarchive.extract.urls import score_article_url
from storage.model import Link, LinkGroup, LinkKind

URL = "https://news.example/world/104233/rain-falls-on-the-hills"
TEXT = "".join(
    f"<p>Paragraph number {i} of a story about rain that falls on hills, and about people who do not mind it.</p>"
    for i in range(8)
)


def link(number: int) -> str:
    return f'<a href="/world/10{number}/a-story-with-number-{number}">A story that has the number {number}</a>'


def target(number: int) -> Link:
    return Link(
        url=f"https://news.example/world/10{number}/a-story-with-number-{number}",
        anchor=f"A story that has the number {number}",
    )


def group(kind: LinkKind, label: str, *numbers: int) -> LinkGroup:
    return LinkGroup(kind=kind, label=label, links=tuple(map(target, numbers)))


def groups(after: str, text: str = TEXT, before: str = "") -> tuple[LinkGroup, ...]:
    page = f"""<html><head><meta property="og:type" content="article"></head><body>{before}
    <main><article><h1>Rain falls on the hills</h1>{text}</article>{after}</main></body></html>"""
    article = extract_page(page.encode(), URL).article
    assert article is not None
    return article.link_groups


def listed(*numbers: int) -> str:
    return "<ul>" + "".join(f"<li>{link(n)}</li>" for n in numbers) + "</ul>"


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        pytest.param(
            f"<section><h3>Related articles</h3>{listed(101, 102)}</section>",
            (group(LinkKind.RELATED, "Related articles", 101, 102),),
            id="a heading in the same box",
        ),
        pytest.param(
            f"<div><div class='head'><h3>Most read</h3></div>{listed(101, 102)}</div>",
            (group(LinkKind.LATEST, "Most read", 101, 102),),
            id="a heading in a wrapper of its own",
        ),
        pytest.param(
            f"<div class='box'><h3>Most read</h3><div></div></div><div class='other'>{listed(101, 102, 103)}</div>",
            (group(LinkKind.RELATED, "", 101, 102, 103),),
            id="an empty box does not lend its heading",
        ),
        pytest.param(
            f"<div><h3>More on this</h3><div class='row'><div>{link(101)}</div><div>{link(102)}</div></div>"
            f"<div class='row'><div>{link(103)}</div><div>{link(104)}</div></div></div>",
            (group(LinkKind.RELATED, "More on this", 101, 102, 103, 104),),
            id="rows of a grid are one group",
        ),
        pytest.param(
            f"<section><h3>Related</h3>{listed(101, 102)}</section><div><h3>Related</h3>{listed(101, 102)}</div>",
            (group(LinkKind.RELATED, "Related", 101, 102),),
            id="a list printed twice is one",
        ),
        pytest.param(
            "<section><h3>Read next</h3>"
            + "".join(
                f"<article><a href='/world/10{n}/a-story-with-number-{n}'><img src='x'></a><header>{link(n)}</header>"
                "<p>One line about it.</p></article>"
                for n in (101, 102)
            )
            + "</section>",
            (group(LinkKind.RELATED, "Read next", 101, 102),),
            id="cards with <header>, picture and summary",
        ),
        pytest.param(
            "<footer><ul><li><a href='/about'>About us and our paper</a></li></ul></footer>", (), id="nothing"
        ),
        pytest.param(
            "<section><h3>Topics</h3><ul><li><a href='/tag/rain'>All about the rain and hills</a></li>"
            "<li><a href='/author/jane-roe'>More stories by Jane Roe</a></li></ul></section>",
            (),
            id="topics and authors are no articles",
        ),
        pytest.param(
            "<div><a href='/magazine/5/the-magazine-of-this-month'><img src='m.jpg'></a></div>"
            f"<div class='list'><h3>Read next</h3>{listed(101, 102)}</div>",
            (group(LinkKind.RELATED, "Read next", 101, 102),),
            id="the link of a picture before a heading does not claim it",
        ),
        pytest.param(
            f"<div><span>Harbour and sea</span><div><div><div>{listed(101, 102, 103)}</div></div></div></div>",
            (group(LinkKind.RELATED, "Harbour and sea", 101, 102, 103),),
            id="the first short line of a box names it, through wrappers",
        ),
        pytest.param(
            f"<div><div><button>Related articles</button></div>{listed(101, 102, 103)}</div>",
            (group(LinkKind.RELATED, "Related articles", 101, 102, 103),),
            id="a button that announces links is a label",
        ),
        pytest.param(
            f"<div><h3>Show me more</h3><p><button>Most read</button> <button>Most shared</button></p>"
            f"<div>{listed(101, 102, 103)}</div></div>",
            (group(LinkKind.RELATED, "Show me more", 101, 102, 103),),
            id="one of several buttons chooses, and is no label",
        ),
        pytest.param(
            f"<div><h3>Related</h3><div class=left>{listed(101, 102)}</div><div class=right>{listed(103, 104)}</div>"
            "</div>",
            (group(LinkKind.RELATED, "Related", 101, 102, 103, 104),),
            id="two columns are one group",
        ),
        pytest.param(
            f"<div><h3>Related</h3><div class='col-1 x'>{listed(101, 102)}</div>"
            f"<div class='col-2 y'>{listed(103, 104)}</div></div>",
            (group(LinkKind.RELATED, "Related", 101, 102, 103, 104),),
            id="two numbered columns are one group",
        ),
        pytest.param(
            f"<div><div></div><h3>Most discussed</h3></div>{listed(101, 102, 103)}".join(("<section>", "</section>")),
            (group(LinkKind.LATEST, "Most discussed", 101, 102, 103),),
            id="an empty element before a heading is decoration",
        ),
        pytest.param(
            f"<div><h3>Most read</h3>{listed(101, 102, 103)}<div id='slot'></div></div>",
            (group(LinkKind.LATEST, "Most read", 101, 102, 103),),
            id="an empty box after the list is not what the heading labels",
        ),
        pytest.param(
            f"<div><div><h3>Most read</h3><ul class='toolbar'></ul></div>{listed(101, 102, 103)}</div>",
            (group(LinkKind.LATEST, "Most read", 101, 102, 103),),
            id="an empty toolbar beside a heading is no list",
        ),
        pytest.param(
            f"<div><h4>Front page</h4><ul><li><a href='{URL}'>Rain falls on the hills today</a></li>"
            f"<li>{link(101)}</li><li>{link(102)}</li></ul></div>",
            (group(LinkKind.RELATED, "Front page", 101, 102),),
            id="the article's own card is no label",
        ),
        pytest.param(
            "<div><h2>From the coast</h2><div>"
            + "".join(f"<div class='card'><h3>Kicker {n}</h3><p>{link(n)}</p></div>" for n in (101, 102))
            + "</div></div>",
            (group(LinkKind.RELATED, "From the coast", 101, 102),),
            id="the kicker of the first card is no label",
        ),
        pytest.param(
            f"<div class='box'><h2>Top-15</h2><h3>most discussed</h3>{listed(101, 102, 103)}</div>",
            (group(LinkKind.LATEST, "Top-15 most discussed", 101, 102, 103),),
            id="a heading of two lines",
        ),
        pytest.param(
            "<div class='box'><div class='head'><h3>Breaking</h3><span class='x'><div>this hour</div></span></div>"
            f"{listed(101, 102, 103)}</div>",
            (group(LinkKind.LATEST, "Breaking this hour", 101, 102, 103),),
            id="a head of two lines",
        ),
        pytest.param(
            "<div class='box'><h3>Most viewed <a href='#'>Week</a> <a href='#'>Month</a></h3>"
            f"{listed(101, 102, 103)}</div>",
            (group(LinkKind.LATEST, "Most viewed", 101, 102, 103),),
            id="what tabs choose is no part of a label",
        ),
        pytest.param(
            "<div class='box'><h3><a href='javascript:void(0)'>Most read</a> <a href='#'>Latest</a></h3>"
            f"{listed(101, 102, 103)}{listed(104, 105, 106)}</div>",
            (group(LinkKind.LATEST, "Most read", 101, 102, 103), group(LinkKind.LATEST, "Latest", 104, 105, 106)),
            id="each list of a row of tabs",
        ),
        pytest.param(
            f"<div class='pair'><div><span>Previous article</span><h6>{link(101)}</h6></div>"
            f"<div><span>Next article</span><h6>{link(102)}</h6></div></div>",
            (group(LinkKind.RELATED, "Previous article", 101), group(LinkKind.RELATED, "Next article", 102)),
            id="the previous and the next article",
        ),
        pytest.param(
            f"<div class='pair'><h3>Related news</h3><div><span>Previous article</span><h6>{link(101)}</h6></div>"
            f"<div><span>Next article</span><h6>{link(102)}</h6></div></div>",
            (group(LinkKind.RELATED, "Related news", 101, 102),),
            id="a label of both",
        ),
        pytest.param(
            f"<aside><nav><h3>Related news</h3>{listed(101, 102, 103)}</nav></aside>",
            (group(LinkKind.RELATED, "Related news", 101, 102, 103),),
            id="a list in a <nav> after the text",
        ),
    ],
)
def test_groups_after_an_article(after: str, expected: tuple[LinkGroup, ...]) -> None:
    """Links in one container are a group, under the label of that container, in page order."""
    assert groups(after) == expected


def test_the_previous_and_the_next_article_may_come_first() -> None:
    """Before all other text of the page."""
    pair = f"<div><div><span>Previous article</span><h6>{link(101)}</h6></div>"
    pair += f"<div><span>Next article</span><h6>{link(102)}</h6></div></div>"
    assert groups("", before=pair) == (
        group(LinkKind.RELATED, "Previous article", 101),
        group(LinkKind.RELATED, "Next article", 102),
    )


def test_a_link_to_the_folder_of_linked_articles_is_no_articles() -> None:
    """A heading that leads to a section looks like a headline, if its URL has words enough."""
    [found] = groups(
        "<div><h3><a href='/guides-to-coast-and-sea/'>All of our guides to the sea</a></h3>"
        "<ul><li><a href='/guides-to-coast-and-sea/a-boat-is-lost-at-sea'>A boat is lost at sea</a></li>"
        "<li><a href='/guides-to-coast-and-sea/a-boat-is-found-at-sea'>A boat is found at sea</a></li></ul></div>"
    )
    assert [each.anchor for each in found.links] == ["A boat is lost at sea", "A boat is found at sea"]
    assert found.label == "All of our guides to the sea"


@pytest.mark.parametrize(("length", "kept"), [(4, True), (3, False)])
def test_short_headline_belongs_to_a_list_of_four(length: int, kept: bool) -> None:
    """No headline is too short where four others have the same markup; among three it may be a button."""
    numbers = range(101, 101 + length)
    cards = "".join(f"<li class='card'>{link(number)}</li>" for number in numbers)
    short = "<li class='card'><a href='/world/tide'>Tide</a></li>"
    [found] = groups(f"<div><h3>Read next</h3><ul>{cards}{short}</ul></div>")
    assert [each.anchor for each in found.links] == [target(n).anchor for n in numbers] + (["Tide"] if kept else [])


def test_link_to_the_main_element_is_no_tab() -> None:
    """A link "Skip to content" leads to an element around the lists, and names none of them."""
    page = f"""<html><head><meta property="og:type" content="article"></head><body><a href="#main">Skip to content</a>
    <main id="main"><article><h1>Rain falls on the hills</h1>{TEXT}</article>
    <div>{listed(101, 102)}</div></main></body>"""
    article = extract_page(page.encode(), URL).article
    assert article is not None
    assert article.link_groups == (group(LinkKind.RELATED, "", 101, 102),)


def test_menus_are_ignored() -> None:
    """Article cards in a mega menu, inside or outside <nav>, are navigation."""
    before = f"<nav>{listed(101, 102)}</nav><div class='main-menu'>{listed(103, 104)}</div>"
    assert groups("", before=before) == ()


def test_links_in_text_are_inline() -> None:
    """A link in running text, and a single "read also" line between paragraphs, are inline."""
    text = (
        TEXT
        + f"<p>He had said so before, in {link(101)}, and nobody had listened.</p><p>Read also: {link(102)}</p>"
        + TEXT
    )
    assert groups("", text) == (group(LinkKind.INLINE, "", 101, 102),)


def test_links_of_a_listing() -> None:
    """On a listing page every group is a listing, under its heading."""
    page = f"""<html><body><main><h2>Top stories</h2>{listed(101, 102, 103)}<h2>Sport</h2>{listed(104, 105, 106)}
    </main></body></html>"""
    reading = extract_page(page.encode(), "https://news.example/")
    assert reading.link_groups == (
        group(LinkKind.LISTING, "Top stories", 101, 102, 103),
        group(LinkKind.LISTING, "Sport", 104, 105, 106),
    )


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ("https://a.example/world/rain-falls-on-the-hills", "https://a.example/world/"),
        ("https://a.example/2024/05/19/rain", "https://a.example/weather/rain"),
        ("https://a.example/news/view.html?idx=8576", "https://a.example/news/list.html?page=2"),
        ("https://a.example/a/20230906/889123.html", "https://a.example/about.html"),
        ("https://a.example/world/rain-falls-on-the-hills", "https://a.example/tag/rain-falls-on-the-hills"),
        ("https://a.example/world/rain-falls-on-the-hills", "https://a.example/video/rain-falls-on-the-hills"),
    ],
)
def test_article_urls_score_higher(more: str, less: str) -> None:
    """URLs with slugs, dates or numbers score as articles; sections, tags and files do not."""
    assert score_article_url(more, "") > max(score_article_url(less, ""), 1.0)


@pytest.mark.parametrize("name", ["c4gz3v7xk9lo", "2b7qk1x9f", "council-a1b2c3d4"])
def test_an_id_of_letters_and_digits_is_an_article_s(name: str) -> None:
    assert score_article_url(f"https://news.example/news/articles/{name}", "") >= 1.5


@pytest.mark.parametrize("name", ["covid19news", "21f1designs2022", "g20summit", "articles"])
def test_a_word_with_digits_is_no_id(name: str) -> None:
    assert score_article_url(f"https://news.example/news/articles/{name}", "") < 1.5


LATEST_LABELS = (
    "Most-read stories", "Letzte Artikel", "Les articles les plus consultés", "Más populares", "Últimas",
    "Le più lette",
    "Nieuwste artikelen", "Populärt", "Tuoreimmat uutiset", "Najchętniej czytane", "Poslední zprávy", "Сейчас читают",
    "Стрічка новин", "Son haberler", "أحدث الأخبار", "جدیدترین اخبار", "הנקראות ביותר", "ताजा खबरें", "人気ランキング",
    "点击排行榜", "랭킹 뉴스", "Tin xem nhiều", "Paling populer", "ข่าวเด่น", "Τελευταίες ειδήσεις", "Friss hírek",
    "Cele mai recente", "Последни новини", "Najnovije", "Najnovšie", "সর্বশেষ খবর", "تازہ ترین خبریں",
    "Últimes notícies",
)  # fmt: skip


@pytest.mark.parametrize("label", LATEST_LABELS)
def test_lists_of_what_is_new_or_read_most_are_known_in_many_languages(label: str) -> None:
    """The kind of a list follows from its label."""
    assert groups(f"<section><h3>{label}</h3>{listed(101, 102)}</section>") == (
        group(LinkKind.LATEST, label, 101, 102),
    )


@pytest.mark.parametrize("tag", ["button", "li role=tab", "div"])
def test_a_control_names_the_list_that_it_shows(tag: str) -> None:
    """Tabs are no links; a button that only opens the list names nothing."""
    first, other = (
        "<{0} aria-controls={1}>{2}</{0}>".format(tag, *each) for each in (("t", "Most read"), ("u", "More"))
    )
    assert groups(f"<div>{first}{other}</div><div id=t>{listed(101, 102)}</div>") == (
        group(LinkKind.LATEST, "Most read", 101, 102),
    )
    opener = "<button aria-controls=t>Open the list</button>"
    assert groups(f"{opener}<div id=t>{listed(101, 102)}</div>") == (group(LinkKind.RELATED, "", 101, 102),)


@pytest.mark.parametrize("tab", ["<button role=tab>{}</button>", "<li role=tab><span>{}</span></li>"])
def test_tabs_show_the_panels_in_their_order(tab: str) -> None:
    tabs = tab.format("Related articles") + tab.format("Most read")
    panels = f"<div role=tabpanel>{listed(101, 102)}</div><div role=tabpanel hidden>{listed(103, 104)}</div>"
    assert groups(f"<div><div role=tablist>{tabs}</div>{panels}</div>") == (
        group(LinkKind.RELATED, "Related articles", 101, 102),
        group(LinkKind.LATEST, "Most read", 103, 104),
    )


def test_the_archive_of_a_day_is_no_article() -> None:
    """The date on a card leads to it; the cards are one list all the same."""
    card = "<div class=c><h4>{}</h4><a href=/2024/05/0{}/>May 2024</a></div>"
    cards = "".join(card.format(link(n), n - 100) for n in (101, 102, 103))
    assert groups(f"<div><h3>Related</h3>{cards}</div>") == (group(LinkKind.RELATED, "Related", 101, 102, 103),)


def test_beside_a_short_address_the_same_folder_counts() -> None:
    """Headlines that lead to the folder of the article are a list, if the addresses are short."""
    links = "".join(f"<li><a href=/world/rain-{n}>Rain falls again on the hills {n}</a></li>" for n in range(4))
    menu = "<li><a href=/sport/football>All the scores of the last weekend</a></li>"
    page = f"<html><head><meta property=og:type content=article></head><body><main><h1>Rain</h1>{TEXT}<h3>Related</h3>"
    article = extract_page(f"{page}<ul>{links}</ul><ul>{menu}</ul>".encode(), "https://news.example/world/rain").article
    assert article is not None
    assert [(each.label, len(each.links)) for each in article.link_groups] == [("Related", 4)]
