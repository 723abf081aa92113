"""The only element with running text is the body: trafilatura is asked on pages that have several."""

import json
from typing import Any

import pytest
from lxml.etree import strip_elements, tostring
from lxml.html import HtmlElement, fragment_fromstring
from trafilatura import bare_extraction
from trafilatura.settings import Extractor

from newsarchive.extract import extract_page, select_body
from newsarchive.extract.blocks import collect_blocks
from newsarchive.extract.tree import Page
from storage.model import BODY_ROLES, Article, Role

URL = "https://paper.example/town/2026/11/the-bridge-opens.html"
STORY = [
    f"On day {day} the engineers of the county measured the bridge, and wrote down what they found at each pier."
    for day in range(8)
]
LEAD = "The bridge at the mill, which was closed for two winters and a summer, is open again since Monday morning."
SUMMARY = "The bridge is open, and the county says what it cost; the bill is to be paid by the towns on both banks."
FOOTER = "The paper of the towns on both banks of the river is printed at the mill, and is free for all who live there."
PARAGRAPHS = "".join(f"<p>{text}</p>" for text in STORY)


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list with the URL of each page on which trafilatura was run."""
    urls: list[str] = []

    def search(tree: HtmlElement, options: Extractor) -> object:
        urls.append(URL)
        return bare_extraction(tree, options=options)

    monkeypatch.setattr(select_body, "bare_extraction", search)
    return urls


def read(inside: str, *, above: str = "", below: str = "", head: str = "") -> Article:
    """Return the reading of a page with a story in one element."""
    page = f"""<html><head><title>The bridge opens</title>{head}</head><body><h1>The bridge opens</h1>{above}
        <div class="text">{inside}</div>{below}<footer><p>{FOOTER}</p></footer></body></html>"""
    article = extract_page(page.encode(), URL).article
    assert article is not None
    return article


def list_body(article: Article) -> list[str]:
    """Return the paragraphs of the body."""
    return [each.text for each in article.paragraphs if each.role in BODY_ROLES]


def test_only_element(searches: list[str]) -> None:
    """A page with all of its running text in one element is read without trafilatura."""
    assert list_body(read(PARAGRAPHS)) == STORY
    assert not searches


def test_lines_lists_and_tables_of_the_element(searches: list[str]) -> None:
    """Each part of the text is in its place: short and linked lines, headings, lists, quotations and tables."""
    parts = [*STORY]
    markup = [f"<p>{text}</p>" for text in STORY]
    markup.insert(7, "<figure><table><tr><td>Piers</td><td>Seven</td></tr></table></figure>")
    parts.insert(7, "Piers\tSeven")
    markup.insert(5, "<blockquote><p>It holds.</p></blockquote>")
    parts.insert(5, "It holds.")
    markup.insert(3, "<div class='points'><ul><li>Two lanes</li><li>One path</li></ul></div>")
    parts.insert(3, "Two lanes\nOne path")
    markup.insert(2, "<h2>The piers</h2><p><a href='/map'>https://paper.example/map</a></p>")
    parts[2:2] = ["The piers", "https://paper.example/map"]
    markup.append(
        "<div style='margin: 1em'><p>Write to the county at <a href='mailto:a@b.example'>a@b.example</a>.</p></div>"
    )
    article = read("".join(markup))
    assert list_body(article) == parts
    assert article.paragraphs[-1].text == "Write to the county at a@b.example."
    assert not searches


def test_boxes_in_the_element_are_no_text(searches: list[str]) -> None:
    """Neither captions of unmarked boxes, nor buttons, advertisements, or links after each section are body."""
    boxes = [
        "<div class='wide'><img src='/b.jpg' width='800' height='500'><p>The bridge in May</p></div>",
        "<p><a href='#top'>Back to top</a></p>",
        "<div class='ad'><p>Buy a boat, while the bridge is closed.</p></div>",
        "<p><a href='#top'>Back to top</a></p>",
        "<div class='more'><ul><li><a href='/a/1'>A boat</a></li><li><a href='/a/2'>A mill</a></li></ul></div>",
    ]
    markup = [f"<p>{text}</p>" for text in STORY]
    for place, box in enumerate(boxes):
        markup.insert(2 * place + 1, box)
    assert list_body(read("".join(markup))) == STORY
    assert not searches


@pytest.mark.parametrize(
    "beside",
    [
        {"above": f"<div class='first dek'><p>{LEAD}</p></div><div class='by'><p>{SUMMARY}</p></div><time>May</time>"},
        {"below": f"<div class='rest'>{PARAGRAPHS.replace('bridge', 'road')}</div>"},
        {"below": f"<div class='promo'><p>{LEAD} {SUMMARY}</p><p>{SUMMARY} {LEAD}</p></div>"},
    ],
    ids=["beginning", "second part", "long text in a box beside it"],
)
def test_trafilatura_decides_on_text_elsewhere(beside: dict[str, str], searches: list[str]) -> None:
    """Text that may be the beginning or a part of the article is not passed over."""
    article = read(PARAGRAPHS, **beside)
    assert searches
    assert set(STORY) <= set(list_body(article))


def test_text_in_boxes_of_the_element(searches: list[str]) -> None:
    """Trafilatura decides if more than a tenth of the element's text is in boxes of it."""
    questions = "".join(
        f"<div class='q'><div><p>{text.replace('bridge', 'ferry')}</p></div></div>" for text in STORY[:3]
    )
    read(PARAGRAPHS + questions)
    assert searches


def test_parts_in_boxes_of_the_element(searches: list[str]) -> None:
    """Trafilatura decides if boxes below the text have headings as those of its parts."""
    parts = "".join(
        f"<div class='part'><h3>{name}</h3><p>{name} of the bridge</p></div>" for name in ("Arch", "Pier", "Deck")
    )
    read(PARAGRAPHS + parts)
    assert searches


def test_text_of_other_articles_beside_the_element(searches: list[str]) -> None:
    """Summaries of other articles leave no choice."""
    cards = "".join(f"<div><a href='/a/{n}'>A ferry</a><p>{text}</p></div>" for n, text in enumerate(STORY))
    article = read(PARAGRAPHS, below=f"<div class='related-articles'>{cards.replace('bridge', 'ferry')}</div>")
    assert (list_body(article), searches) == (STORY, [])


SHORT = "".join(f"<p>The county counted {number} boats at the mill.</p>" for number in range(11, 29))
LONG = f"<section><h2>Who we are</h2><p>{LEAD} {SUMMARY}</p><p>{SUMMARY} {LEAD}</p><p>{LEAD} {SUMMARY}</p></section>"
CHINESE = "".join(f"<p>市政府星期一决定关闭旧桥，工程师在第{number}号桥墩发现裂缝。</p>" for number in range(30, 42))


URDU = "".join(f"<p>انجینئروں نے پیر کو پل کے ستون نمبر {number} میں دراڑ دیکھی۔</p>" for number in range(30, 42))
THAI = "".join(f"<p>เจ้าหน้าที่ตรวจพบรอยร้าวที่ตอม่อสะพานต้นที่ {number} และสั่งปิดการจราจรทันที</p>" for number in range(12))


@pytest.mark.parametrize(
    ("inside", "beside", "lost"),
    [
        (PARAGRAPHS, f"<div class='text2'>{THAI}</div>", ""),
        (PARAGRAPHS, f"<div class='text2'>{URDU}</div>", ""),
        (SHORT, LONG, "counted 21 boats"),
        (PARAGRAPHS, f"<div class='text2'>{SHORT}</div>", ""),
        (PARAGRAPHS, f"<div class='text2'>{CHINESE}</div>", ""),
        (f"{PARAGRAPHS}<div class='wide'><div><p>{LEAD}</p></div></div>", "", LEAD),
    ],
    ids=["Thai", "Urdu", "short paragraphs", "second part", "Chinese", "wrapped"],
)  # fmt: skip
def test_no_sentence_is_passed_over(inside: str, beside: str, lost: str, searches: list[str]) -> None:
    """Sentences that may belong to the article, however short, leave the choice to trafilatura."""
    article = read(inside, below=beside)
    assert searches
    assert lost in "\n".join(list_body(article))


def test_length_that_the_page_claims(searches: list[str]) -> None:
    """If JSON-LD has a longer text than the element, it is not the only one."""
    story = json.dumps({"@type": "NewsArticle", "headline": "The bridge opens", "wordCount": 900})
    read(PARAGRAPHS, head=f'<script type="application/ld+json">{story}</script>')
    assert searches


def test_lists_at_the_edges_of_the_element(searches: list[str]) -> None:
    """Key points above the text, and a table in a figure below it, are parts of the text."""
    points = "<div class='points'><ul><li>Two lanes</li><li>One path</li></ul></div>"
    table = "<figure class='table'><table><tr><td>Piers</td><td>Seven</td></tr></table></figure>"
    assert list_body(read(points + PARAGRAPHS + table)) == ["Two lanes\nOne path", *STORY, "Piers\tSeven"]
    assert not searches


def test_dek_above_the_element(searches: list[str]) -> None:
    """A line above the element that is the dek leaves no choice, whether the metadata repeat it or not."""
    head = f'<meta name="description" content="{SUMMARY}">'
    above = f"<div class='intro'><p>{SUMMARY}</p></div>"
    named, plain = read(PARAGRAPHS, above=above, head=head), read(PARAGRAPHS, above=above)
    assert not searches
    assert named.dek == plain.dek == SUMMARY
    assert named.paragraphs == plain.paragraphs


def test_two_lines_above_the_element(searches: list[str]) -> None:
    """Only one line is the dek; the other is the beginning of the article."""
    article = read(PARAGRAPHS, above=f"<div class='intro'><p>{SUMMARY}</p></div><div class='first'><p>{LEAD}</p></div>")
    assert (article.dek, list_body(article), searches) == (SUMMARY, [LEAD, *STORY], [])


def test_text_in_several_elements(searches: list[str]) -> None:
    """The parts of a text between advertisements are in elements alike, and each has its headings and lists."""
    part = f"<div class='chunk'><h2>The piers</h2>{PARAGRAPHS}<ul><li>Two lanes</li><li>One path</li></ul></div>"
    parts = part.join(["<div class='ad'>Buy a boat.</div>"] * 4)
    body = ["The piers", *STORY, "Two lanes\nOne path"] * 3
    page = f"<html><body><h1>The bridge opens</h1><main><div class='story'>{parts}</div></main></body></html>"
    article = extract_page(page.encode(), URL).article
    assert article is not None
    assert (list_body(article), searches) == (body, [])


def test_boxes_without_a_class_beside_the_text() -> None:
    """A short box of the same tag is none of the text, if neither has a class."""
    about = (
        "<section><h2>About the paper</h2><p>The paper is printed at the mill.</p><p>It is read in town.</p></section>"
    )
    page = f"<html><body><main><h1>The bridge opens</h1><section>{PARAGRAPHS}</section>{about}</main></body></html>"
    article = extract_page(page.encode(), URL).article
    assert article is not None
    assert list_body(article) == STORY


@pytest.mark.parametrize("name", ["entry-date", "topics", "article-share"])
def test_long_paragraphs_in_boxes_named_as_lines(name: str, searches: list[str]) -> None:
    """The entries of a diary may be text, though their boxes have the name of a date."""
    entries = "".join(f"<div class='{name}'><h3>{n} May</h3><p>{LEAD} {SUMMARY}</p></div>" for n in range(1, 5))
    read(PARAGRAPHS, below=entries)
    assert searches


def test_elements_alike_within_each_other(searches: list[str]) -> None:
    """Only the outermost of elements alike is looked at: each is searched for its paragraphs."""
    inner = "<div class='text'><p>It holds.</p>" * 180 + "</div>" * 180
    assert list_body(read(PARAGRAPHS, below=inner))[: len(STORY)] == STORY


@pytest.mark.parametrize(
    ("box", "kept"),
    [
        (f"<h3>What now?</h3><p>{LEAD}</p>", ["What now?", LEAD]),
        (f"<div><p>{LEAD}</p></div>", [LEAD]),
        ("<blockquote><p>It holds.</p><p>— The mayor</p></blockquote>", ["It holds.", "— The mayor"]),
    ],
    ids=["part with a heading", "wrapped", "post"],
)
def test_boxes_between_paragraphs(box: str, kept: list[str], searches: list[str]) -> None:
    """Boxes between paragraphs that hold nothing but text are parts of it."""
    article = read(f"{PARAGRAPHS}<div class='box'>{box}</div>{PARAGRAPHS}")
    assert (list_body(article), searches) == ([*STORY, *kept, *STORY], [])


def test_list_of_other_pages_at_the_end(searches: list[str]) -> None:
    """A list whose items are each a sentence with a link is no text below the last paragraph."""
    items = "".join(f"<li>The ferry of {n}: <a href='/a/{n}'>who may use it</a></li>" for n in (2001, 2002))
    article = read(f"{PARAGRAPHS}<ul>{items}</ul>")
    assert (list_body(article), searches) == (STORY, [])


def test_captions_beside_the_element(searches: list[str]) -> None:
    """The caption of a figure is no body, however long it is, and is kept."""
    figure = f"<figure><img src='/b.jpg' width='800' height='500'><figcaption>{LEAD} {SUMMARY}</figcaption></figure>"
    article = read(PARAGRAPHS.replace(STORY[4] + "</p>", STORY[4] + "</p>" + figure), above=figure)
    assert (list_body(article), searches) == (STORY, [])
    assert [each.text for each in article.paragraphs if each.role is Role.CAPTION] == [f"{LEAD} {SUMMARY}"] * 2


LINKS = [f"<li><a href='/a/{number}'>The ferry of {number}</a></li>" for number in range(2001, 2006)]


def wrap(inside: str, below: str) -> str:
    """Return the element with a text in an <article>, and what follows within the article."""
    return f"<article><div class='text'>{inside}</div>{below}</article>"


@pytest.mark.parametrize(
    ("within", "below", "asked"),
    [
        ("", f"<ul>{''.join(LINKS)}</ul><div class='about'><p>{LEAD}</p></div>", False),
        (f"<ul>{''.join(LINKS)}</ul>", f"<div class='about'><p>{LEAD}</p></div>", False),
        ("", f"<div class='about'><p>{LEAD}</p></div>", False),
        ("", f"<ul>{''.join(LINKS)}</ul><div class='about'><p>{LEAD}</p><p>{SUMMARY}</p></div>", True),
        (f"<ul>{''.join(LINKS)}</ul><div class='note'><p>{LEAD}</p></div>", "", True),
        ("", f"<div class='part'><h3><a href='/a/1'>What the ferry cost</a></h3><p>{LEAD}</p></div>", False),
        ("", f"<div class='story-body comments'><p>{LEAD} {SUMMARY}</p></div>", True),
        ("", f"<div class='legal'><p>Disclaimer: {SUMMARY}</p></div>", False),
        ("", f"<aside>{PARAGRAPHS.replace('bridge', 'ferry')}</aside>", False),
        ("", f"<div style='display:none'><p>{LEAD}</p><p>{SUMMARY}</p></div>", False),
        ("", f"<div class='rest'>{PARAGRAPHS.replace('bridge', 'ferry')}</div>", True),
    ],
    ids=[
        "links", "links of the article", "no links", "much text", "in the article", "under one link",
        "comments and body", "disclaimer", "aside", "hidden", "as much text beside it",
    ],
)  # fmt: skip
def test_sentences_behind_the_article(within: str, below: str, asked: bool, searches: list[str]) -> None:
    """Little text is none of the article's if it is behind the page's <article>, as are asides and hidden boxes."""
    page = (
        f"<html><head><title>The bridge opens</title></head><body><h1>The bridge opens</h1>{wrap(PARAGRAPHS, within)}"
    )
    article = extract_page(f"{page}{below}<footer><p>{FOOTER}</p></footer></body></html>".encode(), URL).article
    assert article is not None
    assert bool(searches) is asked
    assert list_body(article)[: len(STORY)] == STORY
    if not asked:
        assert list_body(article) == STORY


def test_links_behind_an_element_that_is_in_no_article(searches: list[str]) -> None:
    """A second part of the text stands behind links if no <article> ends before them; in another, it may."""
    below = f"<ul>{''.join(LINKS)}</ul><div class='text'><p>{LEAD}</p></div>"
    assert list_body(read(PARAGRAPHS, below=below)) == [*STORY, LEAD]
    assert not searches
    read(PARAGRAPHS, below=below.replace("text", "rest"))
    assert searches


@pytest.mark.parametrize(
    "box",
    [
        "<div class='facts'><h4>Facts</h4><p>Built: 1926, by the towns</p><p>Length: 300 metres, seven piers</p></div>",
        f"<div class='pull'><div>{LEAD[:70]}</div></div>",
        f"<div class='box'><p>{LEAD}</p><a href='/join'>Join us</a></div>",
        f"<div class='paragraph-ad'><h3>In short</h3><ul><li>{LEAD[:69]}.</li><li>It holds.</li></ul></div>",
        "<ul><li><a href='https://county.example/piers'>The piers, a report of the county</a></li></ul>",
    ],
    ids=["facts", "quotation", "offer", "key points", "references"],
)
def test_boxes_that_may_be_text(box: str, searches: list[str]) -> None:
    """Trafilatura decides on boxes in the element that are not selected: they may be facts, notes or references."""
    article = read(PARAGRAPHS.replace(STORY[4] + "</p>", STORY[4] + "</p>" + box))
    assert searches
    assert set(STORY) <= set(list_body(article))


def test_first_block_of_a_page_without_a_headline(searches: list[str]) -> None:
    """The first paragraph may stand in a box of its own, also on a page that prints no headline."""
    page = (
        f"<html><head><title>T</title></head><body><div><p>{LEAD}</p></div><div class='text'>{PARAGRAPHS}</div></body>"
    )
    article = extract_page(page.encode(), URL).article
    assert article is not None
    assert (article.paragraphs[0].text, searches) == (LEAD, [])


@pytest.mark.parametrize("name", ["ad-lead", "video", "colon", "key"])
def test_text_above_the_element(name: str, searches: list[str]) -> None:
    """A lead in a box, and key points below the dek, are not passed over, whatever the class of their box."""
    points = ("Two lanes for cars", "One path, which is", "free for all, and lit in the evening")
    lead = f"<div class='{name}'><p>{LEAD[:-1]}{':' if name == 'colon' else '.'}</p></div>"
    if name == "key":
        lead = f"<ul>{''.join(f'<li>{point}</li>' for point in points)}</ul>"
    read(PARAGRAPHS, above=f"<div class='intro'><p>{SUMMARY}</p></div>{lead}")
    assert searches


def test_text_in_items_of_a_list(searches: list[str]) -> None:
    """A list with most of the text is a part of an article, whose paragraphs stand around it."""
    items = "".join(f"<li>{text}</li>" for text in STORY)
    article = read(f"<p>{LEAD}</p><p>The piers, one by one, as the county lists them:</p><ul>{items}</ul>")
    assert searches
    assert LEAD in list_body(article)


def test_author_at_the_end_of_the_element(searches: list[str]) -> None:
    """The line under a linked name in the element is no summary of another article."""
    author = f"<div><h4><a href='/jane'>Jane Doe, editor of the paper</a></h4><div><p>{LEAD}</p></div></div>"
    article = read(PARAGRAPHS + author)
    assert searches
    assert LEAD in [each.text for each in article.paragraphs]


def test_readers_comments_behind_the_element(searches: list[str]) -> None:
    """Comments may be longer than the article."""
    comments = "".join(f"<p>{text.replace('bridge', 'ferry')} I saw it.</p>" for text in STORY * 3)
    article = read(PARAGRAPHS, below=f"<div class='comments'>{comments}</div>")
    assert (list_body(article), searches) == (STORY, [])


def test_most_text_is_in_lists_of_the_element(searches: list[str]) -> None:
    """Items of a list are text of the element as its paragraphs are."""
    items = "".join(f"<li><p>{text.replace('bridge', 'ferry')}</p></li>" for text in STORY)
    article = read(f"{PARAGRAPHS}<ul>{items}</ul><p>{LEAD}</p>")
    assert list_body(article) == [*STORY, "\n".join(text.replace("bridge", "ferry") for text in STORY), LEAD]
    assert not searches


def test_linked_lists_of_the_element(searches: list[str]) -> None:
    """A list of other articles, or of the parts of the page, is no text."""
    contents = "<ul><li><a href='#piers'>The seven piers</a></li><li><a href='#deck'>The deck</a></li></ul>"
    assert list_body(read(f"<p>{LEAD}</p>{contents}{PARAGRAPHS}<ul>{''.join(LINKS)}</ul>")) == [LEAD, *STORY]
    assert not searches


def test_cells_with_class_names(searches: list[str]) -> None:
    """The class of a cell names its column: trafilatura decides on a table that would lose one."""
    rows = "".join(
        f"<tr><td class='ticker'>{name}</td><td>{change}</td></tr>" for name, change in (("Mill", 2), ("Inn", 3))
    )
    assert list_body(read(f"<p>{LEAD}</p><table>{rows}</table>{PARAGRAPHS}")) == [LEAD, "Mill\t2\nInn\t3", *STORY]
    assert searches


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list with the text of each tree that trafilatura is given, and let it drop all `<ul>`."""
    texts: list[str] = []

    def search(tree: HtmlElement, options: Extractor) -> object:
        texts.append(" ".join(tree.text_content().split()))
        strip_elements(tree, "ul", with_tail=False)
        return bare_extraction(tree, options=options)

    monkeypatch.setattr(select_body, "bare_extraction", search)
    return texts


STORIES = "".join(
    f'<li><a href="/town/2026/11/story-{n}.html">Another bridge of the county, {n}</a></li>' for n in range(9)
)
UNSURE = "".join(f"<p>{text}</p>" for text in (LEAD, SUMMARY))


def test_trafilatura_is_asked_about_what_may_be_text(seen: list[str]) -> None:
    """Lists of links beside the element are none of it; tables, headings and all lines without links may be."""
    table = "<table><tr><th>Pier</th><th>Year</th></tr><tr><td>North</td><td><a href='/1911'>1911</a></td></tr></table>"
    part = f"<div class=part><h3>The second part</h3>{UNSURE}<p><a href='/plan.pdf'>The plan of it</a></p></div>"
    bio = "Ann Lee writes about bridges."
    below = f"<div class=more><ul>{STORIES}</ul></div>{part}<div class=data>{table}</div><div class=bio>{bio}</div>"
    article = read(f"{PARAGRAPHS}<ul>{STORIES.replace('Another', 'One')}</ul>{PARAGRAPHS}", below=below)
    (asked,) = seen
    expected = (*STORY, "One bridge of the county, 3", "The second part", LEAD, "The plan of it", "North", "1911")
    assert all(text in asked for text in expected)
    assert "Another bridge" not in asked
    assert bio not in asked
    listed = [[link.anchor for link in group.links] for group in article.link_groups]
    assert [f"Another bridge of the county, {number}" for number in range(9)] in listed


def test_rest_of_an_element_that_trafilatura_takes(seen: list[str]) -> None:
    """A part that trafilatura drops from the element with most text is in its place."""
    rules = [f"Rule {number} of the county is that nobody crosses at night." for number in range(3)]
    listed = "".join(f"<li>{rule}</li>" for rule in rules)
    article = read(f"{PARAGRAPHS}<ul>{listed}</ul>", below=f"<div class=part>{UNSURE}</div>")
    assert len(seen) == 1
    assert list_body(article)[:9] == [*STORY, "\n".join(rules)]


def test_another_element_than_the_one_with_most_text(seen: list[str]) -> None:
    """Nothing is added where trafilatura takes another element for the article."""
    story = [f"The bridge at mill {number} is open again, and the ferry rests." for number in range(14)]
    about = "".join(f"<p>{text.replace('bridge', 'paper')}</p>" for text in STORY)
    page = f"""<html><head><title>The bridge opens</title></head><body><h1>The bridge opens</h1>
        <article>{"".join(f"<p>{text}</p>" for text in story)}</article><div class="text">{about}</div></body></html>"""
    article = extract_page(page.encode(), URL).article
    assert article is not None
    assert len(seen) == 1
    assert list_body(article) == story


def test_links_that_may_be_text(seen: list[str]) -> None:
    """Lines with text outside of links, quotations, and links to other sites or parts of the page may be text."""
    below = [
        f"<p><a href='/report.html'>{SUMMARY[:57]}</a>, the mayor says, is not read by us.</p>",
        "<blockquote>“<a href='/say.html'>It is as safe as any bridge of the county</a>”, she said.</blockquote>",
        "<ul><li><a href='https://survey.example/piers'>The survey of the piers</a></li></ul>",
        "<h3><a href='#when'>When it will be open</a></h3>",
        "<h3><a href='/oak.html'>How long does the oak last</a> in water?</h3>",
    ]
    read(PARAGRAPHS, below="".join(f"<div class=part>{part}</div>" for part in (*below, UNSURE)))
    (asked,) = seen
    assert all(text in asked for text in ("is not read", "as safe as any", "The survey", "When it will", "the oak"))


@pytest.mark.parametrize("broken", ['div"class=more', "p<", "b<"])
def test_broken_names_of_elements(broken: str, seen: list[str]) -> None:
    """A box whose name could not be set again is left where it is."""
    links = f"<{broken}><a href='/town/2026/11/other.html'>Another bridge of the county</a></{broken}>"
    article = read(PARAGRAPHS, below=f"<div class=part>{UNSURE}</div>{links}")
    assert len(seen) == 1
    assert list_body(article)[:8] == STORY


def test_paragraphs_that_trafilatura_cuts(seen: list[str]) -> None:
    """A paragraph of which trafilatura drops a part is in the body once, and as a whole."""
    cut = [f"{LEAD[:40]}, said on Monday,{LEAD[40:]}", f"{SUMMARY[:40]}, said on Monday,{SUMMARY[40:]}"]
    marked = [text.replace(", said on Monday,", "<time>, said on Monday,</time>") for text in cut]
    inside = f"{PARAGRAPHS}<p>{marked[0]}</p>{PARAGRAPHS}<blockquote>{marked[1]}</blockquote>"
    below = "".join(f"<p>{text.replace('bridge', 'ferry')}</p>" for text in (LEAD, SUMMARY))
    body = list_body(read(inside, below=f"<div class=part>{below}</div>"))
    assert len(seen) == 1
    assert body[:18] == [*STORY, cut[0], *STORY, cut[1]]
    # The same where two elements have text.
    inside = f"{PARAGRAPHS}<p>{marked[0]}</p>{PARAGRAPHS}"
    body = list_body(read(inside, below=f"<div class=part>{inside.replace('bridge', 'ferry')}</div>"))
    assert len(seen) == 2
    assert [text for text in body if LEAD[-30:] in text][:1] == [cut[0]]
    assert not any("said on Monday" not in text for text in body if LEAD[:40] in text)


@pytest.mark.parametrize(
    ("line", "kept"), [("The mill is old.", False), ("it seems", False), ("The old.", True), ("Old the mill is.", True)]
)
def test_lines_that_are_parts_of_an_added_block(line: str, kept: bool) -> None:
    """A line is part of a block if it stands in it, or is most of it in its order."""
    content = collect_blocks(fragment_fromstring("<div><p>The bridge.</p><p>The mill, it seems, is old.</p></div>"))
    selection = select_body.SelectedBody(chosen={0}, unplaced=[(0, line)])
    selection.add({1}, content.blocks)
    assert selection.chosen == {0, 1}
    assert selection.unplaced == [(0, line)] * kept


def test_tree_after_trafilatura_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Boxes that are not shown to trafilatura are back in their places afterwards, with the text behind them."""
    trees: list[bytes] = []
    select = select_body.select_body

    def search(page: Page, *rest: Any) -> select_body.SelectedBody:
        trees.append(tostring(page.root))
        found = select(page, *rest)
        trees.append(tostring(page.root))
        return found

    monkeypatch.setattr("newsarchive.extract.article.select_body", search)
    links = f"<div class=more>before<ul>{STORIES}</ul>between<div>x<ul>{STORIES}</ul></div></div>behind"
    read(PARAGRAPHS, below=f"{links}<div class=part>{UNSURE}</div>")
    before, after = trees
    assert before == after
