"""The text of an article stays whole, whatever the class, tag or label of the box that holds it."""

import json
from collections.abc import Sequence

import pytest

from newsarchive.extract import extract_page, read
from newsarchive.extract.page_input import PageInput
from storage.model import BODY_ROLES, LinkKind, Outcome, Reading, Role

URL = "https://www.hulltimes.example/news/2024/05/ferry-returns-to-the-northern-harbour-123456"
PARAGRAPHS = tuple(
    f"The harbour office said on day {number} that the old ferry had crossed the river {number} times without a fault. "
    f"Its captain, who has worked there since {1960 + number}, thanked the engineers for their patience."
    for number in range(1, 13)
)
PARTS = tuple(f"<p>{text}</p>" for text in PARAGRAPHS)
TEXT = "".join(PARTS)
RELATED = "<div class=box><h3>Related Articles</h3><ul>{}</ul></div>".format(
    "".join(
        f"<li><a href=/news/2024/05/{n}/story-{n}-of-town>Story {n} of the town council</a></li>" for n in range(12)
    )
)


def page(content: str, head: str = "") -> bytes:
    title = "Ferry returns to the northern harbour"
    return (
        f"<!DOCTYPE html><html lang=en><head><title>{title} - Hull Times</title>{head}</head><body>"
        f"<div><a href=/>Home</a> <a href=/news>News</a></div><div id=wrap><h1>{title}</h1>"
        "<p class=byline>By Jane Doe</p>"
        f"{content}</div>{RELATED}<div id=foot><p>Copyright 2024 Hull Times</p></div></body></html>"
    ).encode()


def body(reading: Reading) -> Sequence[str]:
    assert reading.article is not None
    return [p.text for p in reading.article.paragraphs if p.role in BODY_ROLES]


@pytest.mark.parametrize(
    "name",
    "teaser related recommended latest newsletter share comments promo cookie nav menu ad sponsored video caption tags "
    "bio author disclaimer sidebar social most-read subscribe paywall widget signup donation breadcrumb embed "
    "player".split(),
)
def test_no_class_cuts_the_box_with_the_text(name: str) -> None:
    """The class or id of the body's own container is no evidence against most of the running text of a page."""
    assert body(extract_page(page(f"<div class='{name}'>{TEXT}</div>"), URL)) == list(PARAGRAPHS)
    assert body(extract_page(page(f"<section id='{name}-area'>{TEXT}</section>"), URL)) == list(PARAGRAPHS)


@pytest.mark.parametrize(
    "tag", "nav button aside footer form figure figcaption noscript select object label menu".split()
)
def test_no_open_tag_swallows_the_text(tag: str) -> None:
    """An element that was never closed, and holds the page for libxml2, does not lose its text."""
    opened = body(extract_page(page(f"<{tag} class=x>{TEXT}"), URL))
    assert [text for text in opened if text in PARAGRAPHS] == list(PARAGRAPHS)


def test_a_link_that_was_never_closed_does_not_take_the_text() -> None:
    """An <a> around paragraphs is markup that lacks an end, not a link of twelve paragraphs."""
    assert set(PARAGRAPHS) <= set(body(extract_page(page(f"<a href=/x>{TEXT}"), URL)))


@pytest.mark.parametrize(
    "line",
    [
        "- Advertisement -",
        "Advertisement",
        "Story continues below advertisement",
        "Article continues below this ad",
        "Subscribe now",
        "Disclaimer",
        "Anzeige",
    ],
)
def test_a_label_at_the_head_of_the_body_does_not_take_its_paragraphs(line: str) -> None:
    """A line that marks an advertisement announces nothing, and no label announces half of the text."""
    assert body(extract_page(page(f"<div><p>{line}</p>{TEXT}</div>"), URL)) == list(PARAGRAPHS)


@pytest.mark.parametrize(
    "names", [("",), (" class=chunk",), (" class=chunk-1", " class=chunk-2"), (" class=teaser", " class=rest")]
)
def test_a_text_in_several_boxes_is_read_whole(names: Sequence[str]) -> None:
    """A body cut into pieces, with advertisements between them, is one body."""
    boxes = [f"<div{names[min(i, len(names) - 1)]}>{''.join(PARTS[i * 3 : i * 3 + 3])}</div>" for i in range(4)]
    assert body(extract_page(page(f"<div>{'<div class=ad>Advertisement</div>'.join(boxes)}</div>"), URL)) == list(
        PARAGRAPHS
    )


@pytest.mark.parametrize("field", ["", "<button>Show less</button>", "<form><input name=mail></form>"])
def test_text_that_a_button_reveals_is_text(field: str) -> None:
    """The hidden part that continues the visible paragraphs belongs to the article, whatever fields it contains."""
    shown, hidden = "".join(PARTS[:5]), "".join(PARTS[5:]) + field
    reading = extract_page(page(f"<div>{shown}<div style='display:none'>{hidden}</div></div>"), URL)
    assert body(reading) == list(PARAGRAPHS)


@pytest.mark.parametrize(
    "field", ["<input>", "<select><option>Yes</select>", "<textarea></textarea>", "<button>Send</button>"]
)
def test_a_form_with_fields_is_no_part_of_the_text(field: str) -> None:
    shown, rest = "".join(PARTS[:8]), "".join(PARTS[8:])
    assert body(extract_page(page(f"<div>{shown}<form>{rest}{field}</form></div>"), URL)) == list(PARAGRAPHS[:8])


@pytest.mark.parametrize("tag", ["fieldset", "dialog open", "dialog", "menu", "form", "noindex"])
def test_an_odd_element_may_contain_the_rest_of_the_text(tag: str) -> None:
    shown, rest = "".join(PARTS[:6]), "".join(PARTS[6:])
    for box in (
        f"<div>{shown}<{tag}>{rest}</{tag.split(maxsplit=1)[0]}></div>",
        f"<main><section>{shown}<{tag}>{rest}</{tag.split(maxsplit=1)[0]}></section></main>",
    ):
        assert body(extract_page(page(box), URL)) == list(PARAGRAPHS)


def test_a_form_behind_the_text_is_none_of_it() -> None:
    rest = "".join(PARTS[8:])
    reading = extract_page(
        page(f"<div>{''.join(PARTS[:8])}<form>{rest}<input name=mail><button>OK</button></form></div>"), URL
    )
    assert body(reading) == list(PARAGRAPHS[:8])


def test_a_hint_for_search_engines_ends_no_sentence() -> None:
    marked = [
        part.replace(" had crossed", " <noindex><a href=/r rel=nofollow>had</a></noindex> crossed") for part in PARTS
    ]
    assert body(extract_page(page("".join(marked)), URL)) == list(PARAGRAPHS)


def test_hidden_words_in_a_line_are_no_text() -> None:
    """Screen readers say them, in a paragraph or in a link; the paragraph stays one."""
    hidden = "<span style='display:none'> (opens in a new tab)</span>"
    lines = [part.replace(" had crossed", f"{hidden} had <a href=/r>crossed{hidden}</a>") for part in PARTS]
    assert body(extract_page(page("".join(lines)), URL)) == list(PARAGRAPHS)


def test_a_link_may_begin_with_words_for_screen_readers() -> None:
    """They are left out beside visible text; the link has none yet, and may have no other words."""
    link = "<a href=/r><span class='sr-only'>safely </span>crossed</a>"
    read_lines = body(extract_page(page("".join(part.replace("crossed", link) for part in PARTS)), URL))
    assert [line.partition("safely")[2].lstrip()[:7] for line in read_lines] == ["crossed"] * len(PARTS)


def test_a_body_shorter_than_the_page_claims_is_read_again() -> None:
    """Half of the text in a box of comments: the page's own articleBody says that it is the article."""
    cut = f"<div>{''.join(PARTS[:3])}</div><div class=comments>{''.join(PARTS[3:])}</div>"
    node = json.dumps({"@type": "NewsArticle", "headline": "Ferry", "articleBody": " ".join(PARAGRAPHS)})
    claim = f'<script type="application/ld+json">{node}</script>'
    assert body(extract_page(page(cut, claim), URL)) == list(PARAGRAPHS)
    assert body(extract_page(page(cut), URL)) == list(PARAGRAPHS[:3])


def test_comments_of_readers_are_no_text_however_many() -> None:
    """A box of comments is the article only if hardly any other text is on the page."""
    comments = "".join(
        f"<div class=comment><p>I was there, and reader {n} is wrong about it all.</p></div>" for n in range(90)
    )
    assert body(extract_page(page(f"<div>{TEXT}</div><div id=comments>{comments}</div>"), URL)) == list(PARAGRAPHS)


def test_teasers_are_no_text_however_many() -> None:
    """Summaries under links of their own do not become the article because they are longer than it."""
    cards = "".join(
        f"<div class=card><h3><a href=/news/2024/05/{n}/story-{n}-of-the-town>Story {n} of the town</a></h3>"
        f"<p>What the council decided on day {n}, and what it will cost the people who live by the river.</p></div>"
        for n in range(40)
    )
    assert body(extract_page(page(f"<div>{TEXT}</div><div class=related>{cards}</div>"), URL)) == list(PARAGRAPHS)


# --- pages that are no articles ---

GUIDE = page(f"<div>{TEXT}</div>")
FRONT = "https://www.hulltimes.example/"


def test_text_and_fields_of_a_page_that_is_no_article_are_given() -> None:
    """What a page is decides whether it becomes a version; extract_page reads its text and fields all the same."""
    reading = extract_page(GUIDE, FRONT)
    assert reading.outcome in (Outcome.LISTING, Outcome.OTHER)
    assert body(reading) == list(PARAGRAPHS)
    assert reading.article is not None
    assert reading.article.headline == "Ferry returns to the northern harbour"
    assert {group.kind for group in reading.link_groups} == {LinkKind.LISTING}
    [group] = reading.article.link_groups
    assert (group.kind, group.label) == (LinkKind.RELATED, "Related Articles")
    assert group.links == reading.link_groups[0].links


def test_a_page_that_is_no_article_becomes_no_version() -> None:
    """What the archive stores of such a page has no article."""
    assert read(GUIDE, PageInput(url=FRONT)).article is None
    assert read(GUIDE, PageInput(url=URL)).article is not None


# --- kinds ---

SENTENCE = "昨日午後、港の近くで新しい橋の開通式が行われ、市長や地元の住民ら約三百人が出席した。"


@pytest.mark.parametrize(
    "box",
    [
        "<div><p>有料会員になると、すべての記事をお読みいただけます。</p><a href=/plan>会員登録</a></div>",
        "<aside><h3>有料会員のご案内</h3><p>紙面をそのまま画面で見られます。</p></aside>",
        "<section><h2>有料会員記事ランキング</h2><ol><li><a href=/a>港の再開発</a></li></ol></section>",
    ],
)
def test_an_offer_below_a_short_story_makes_it_no_stub(box: str) -> None:
    """Only a notice about this article does: that it is for members, or how many characters are left."""
    story = "".join(f"<p>{SENTENCE * 2}{n}</p>" for n in range(4))
    head = "<title>新しい橋が開通 - 北新聞</title><meta property=og:type content=article>"
    markup = f"<html lang=ja>{head}<body><article><h1>新しい橋が開通</h1><p>2024年3月5日</p>{{}}</article>{{}}"
    url = "https://www.kitashimbun.example/articles/DA3S1588"
    assert extract_page(markup.format(story, box).encode(), url).outcome is Outcome.ARTICLE
    for notice in ("この記事は有料会員限定です。", "残り1234文字"):
        assert extract_page(markup.format(story, f"<p>{notice}</p>").encode(), url).outcome is Outcome.PAYWALL_STUB


@pytest.mark.parametrize("chrome", ["<div>会員限定</div>", "<div>ログイン 有料会員</div>"])
@pytest.mark.parametrize("is_before", [True, False])
def test_a_complete_story_beside_a_paywall_label_is_an_article(chrome: str, *, is_before: bool) -> None:
    """Seven Japanese paragraphs are complete, whatever label a menu has: an ideograph counts as several letters."""
    story = "".join(f"<p>{SENTENCE * 3}{n}</p>" for n in range(7))
    links = "".join(f"<li><a href=/articles/{n}>{SENTENCE[:25]}{n}</a></li>" for n in range(20))
    markup = (
        f"<html lang=ja><title>新しい橋が開通 - 北新聞</title><body>{chrome if is_before else ''}"
        "<h1>新しい橋が開通</h1>"
        f"<p>2024年3月5日</p>{story}{'' if is_before else chrome}<ul>{links}</ul>"
    )
    reading = extract_page(markup.encode(), "https://www.kitashimbun.example/articles/DA3S1588")
    assert reading.outcome is Outcome.ARTICLE


@pytest.mark.parametrize("count", [6, 8, 20])
@pytest.mark.parametrize("path", ["4711-ferry-returns", "news/ferry-returns-to-the-harbour", "article.php?id=4711"])
def test_short_paragraphs_beside_fifty_links_are_an_article(count: int, path: str) -> None:
    """A text in one piece under a headline with a date is an article, however many related links follow."""
    text = "".join(f"<div>The ferry crossed the river {n} times without a fault on Monday.</div>" for n in range(count))
    links = "".join(
        f"<div><a href=/{n}-story-of-the-town-council>Story {n} of the town council</a></div>" for n in range(50)
    )
    markup = f"<title>Ferry returns - Ledger</title><body><div>March 5, 2024</div><div>Ferry returns</div>{text}{links}"
    reading = extract_page(markup.encode(), f"https://www.northernledger.example/{path}")
    assert reading.outcome is Outcome.ARTICLE
    assert reading.article is not None
    # The first sentence may be a dek: nothing in this markup says what it is.
    assert len(body(reading)) + (reading.article.dek is not None) == count


def test_a_notice_after_the_text_keeps_its_role() -> None:
    """A newsletter's box after the last paragraph is no body, and is not lost."""
    reading = extract_page(
        page(f"<div>{TEXT}</div><section><h3>Newsletter</h3><p>The best of the week.</p></section>"), URL
    )
    assert reading.article is not None
    assert "Newsletter" in [p.text for p in reading.article.paragraphs if p.role is Role.PROMO]
    assert body(reading) == list(PARAGRAPHS)


def test_text_after_the_end_of_the_document_is_read() -> None:
    """Browsers read on after </body> and </html>; so do templates that were put together wrongly."""
    for end in ("</body>", "</body></html>", "</BODY>\n</HTML>"):
        assert body(extract_page(page(end + TEXT), URL)) == list(PARAGRAPHS)


def test_hidden_text_that_is_all_a_page_has_is_read() -> None:
    """A menu that was never closed is hidden on phones, and holds the whole article."""
    content = f"<header><nav><div class='hidden lg:flex'><a href=/a>News</a>{TEXT}"
    assert body(extract_page(page(content), URL)) == list(PARAGRAPHS)


def test_streamed_parts_are_read_in_their_places() -> None:
    """React sends the slow parts of a page after it, hidden, and its scripts put them in place."""
    halves = "".join(PARTS[:4]), "".join(PARTS[4:8]), "".join(PARTS[8:])
    content = f'<article>{halves[0]}<template id="B:1"></template><template id="P:2"></template></article>'
    streamed = f'<div hidden id="S:2">{halves[2]}</div><div hidden id="S:1">{halves[1]}</div>'
    assert body(extract_page(page(content + streamed), URL)) == list(PARAGRAPHS)


def test_steps_in_boxes_of_their_own_are_read() -> None:
    """An article of which each step is in a box alike is read whole, with the title of each step."""
    steps = "".join(
        f"<div class=step><h3>Step {number} of the crossing</h3><div class=rich>{part}</div></div>"
        for number, part in enumerate(PARTS)
    )
    got = body(extract_page(page(f"<div class=intro><p>How the ferry crosses the river.</p></div>{steps}"), URL))
    assert [text for text in got if text in PARAGRAPHS] == list(PARAGRAPHS)


def test_links_in_the_text_are_no_groups_of_a_page_that_is_no_article() -> None:
    """Whether a body was searched for makes no difference to what a listing or any other page links to."""
    page = (
        "<html><head><title>Pumps</title></head><body><h1>Pumps</h1><p>All our pumps are made by hand in the old"
        " harbour: the <a href='/pumps/hand-pump-of-polished-brass'>hand pump</a> and others.</p></body></html>"
    )
    reading = read(page.encode(), PageInput(url="https://news.example/pumps/garden-pump"))
    assert (reading.outcome, reading.article, reading.link_groups) == (Outcome.OTHER, None, ())
