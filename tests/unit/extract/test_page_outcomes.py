"""Outcomes of pages, and their reasons."""

import json
import re

import pytest

from newsarchive.extract import read
from newsarchive.extract.page_input import PageInput
from storage.model import Discovery, Outcome, UrlKind

URL = "https://news.example/world/104233/rain-falls-on-the-hills"
TEXT = "".join(
    f"<p>Paragraph number {i} of a story about rain that falls on hills, and about people who do not mind it.</p>"
    for i in range(12)
)
HEAD = "<head><title>Rain falls on the hills</title></head>"
ARTICLE = f"<html>{HEAD}<body><article><h1>Rain falls on the hills</h1>{TEXT}</article></body></html>"
CHALLENGE = "<html><head><title>Just a moment...</title></head><body><p>Verify you are human</p></body></html>"


def outcome(page: str, url: str = URL, status: int = 200, discovery: Discovery | None = None) -> Outcome:
    reading = read(page.encode(), PageInput(url=url, headers=(), status=status, discovery=discovery))
    assert reading.reason
    assert (reading.article is not None) == (reading.outcome is Outcome.ARTICLE)
    return reading.outcome


@pytest.mark.parametrize(
    ("page", "status", "expected"),
    [
        (ARTICLE, 200, Outcome.ARTICLE),
        (ARTICLE, 404, Outcome.GONE),
        (ARTICLE, 503, Outcome.ERROR),
        (CHALLENGE, 200, Outcome.CHALLENGE),
        (CHALLENGE, 403, Outcome.CHALLENGE),
        ("<html><body><h1>Page not found</h1><p>Try the search.</p></body></html>", 200, Outcome.SOFT_404),
        (
            "<html><head><title>Seite nicht gefunden</title></head><body><p>Leider.</p></body></html>",
            200,
            Outcome.SOFT_404,
        ),
        ("<html><body></body></html>", 200, Outcome.EMPTY),
        ("<html><body><p>Closed on Mondays.</p></body></html>", 200, Outcome.OTHER),
        ("<html><body><div id=app>Loading</div><script src=/app.js></script></body></html>", 200, Outcome.EMPTY),
        (" \n ", 200, Outcome.EMPTY),
    ],
)
def test_outcomes(page: str, status: int, expected: Outcome) -> None:
    """Every page has one outcome; only an article has an article in its reading."""
    assert outcome(page, status=status) is expected


LOGIN = '<form method="post"><label>User name <input name="user"></label><input type="{}"><button>Go</button></form>'


@pytest.mark.parametrize("kind", ["password", "PassWord"])
@pytest.mark.parametrize("before", ["", "<h1>The Lantern</h1>", "<header>The Lantern</header><p>Please sign in.</p>"])
@pytest.mark.parametrize("script", ["", "<script src=/app.js></script>"])
def test_a_bare_login_form_is_named_as_one(kind: str, before: str, script: str) -> None:
    """With scripts and without them, and although a form has no text of its own."""
    page = f"<html>{HEAD}<body>{before}{LOGIN.format(kind)}{script}</body></html>"
    assert outcome(page) is Outcome.LOGIN_WALL
    assert outcome(page, status=403) is Outcome.ERROR
    assert outcome(page.replace(kind, "search")) is not Outcome.LOGIN_WALL


@pytest.mark.parametrize("box", ["header", "nav", "aside", "footer", 'div class="menu"', "div hidden"])
def test_a_login_form_beside_the_text_makes_no_login_wall(box: str) -> None:
    """Readable pages stay what they are, however short, and so does a list of links."""
    form = f"<{box}>{LOGIN.format('password')}</{box.split(maxsplit=1)[0]}>"
    short = f"<html><body>{form}<p>Closed on Mondays.</p></body></html>"
    assert outcome(short) is outcome(short.replace(form, "")) is Outcome.OTHER
    assert outcome(ARTICLE.replace("<article>", f"{form}<article>")) is Outcome.ARTICLE
    assert outcome(ARTICLE.replace("</article>", f"{LOGIN.format('password')}</article>")) is Outcome.ARTICLE
    stories = "".join(
        f"<li><a href=/world/10423{i}/{i}-hills-where-no-rain-fell>No rain on {i} hills</a>" for i in range(9)
    )
    listing = f"<html><body>{LOGIN.format('password')}<ul>{stories}</ul></body></html>"
    assert outcome(listing, url="https://news.example/world") is Outcome.LISTING


def test_a_page_that_is_no_article_says_what_it_lacks() -> None:
    """Of a page that is no list either, links tell nothing."""
    for text, reason in ((TEXT, "too little that speaks for one"), ("<p>Closed on Mondays.</p>", "little text")):
        page = f"<html><body><h1>Opening hours</h1>{text}</body></html>"
        reading = read(page.encode(), PageInput(url="https://baths.example/hours", headers=(), status=200))
        assert reading.outcome is Outcome.OTHER
        assert re.match(rf"weight -?\d\.\d, an article needs 2\.8: .*{reason}", reading.reason)


@pytest.mark.parametrize("around", ["article", "main", "section", "x-story"])
@pytest.mark.parametrize("after", ["", "<p>Printed in Alder Bay.</p>"])
def test_tags_that_html_lets_authors_omit_may_be_missing(around: str, after: str) -> None:
    """Browsers open the <body> before an element that no <head> has (HTML, 13.1.2.4)."""
    title = "<title>Rain falls on the hills</title><meta name=author content='Jane Roe'>"
    story = f"<{around}><h1>Rain falls on the hills</h1>{TEXT}</{around}>{after}"
    pages = f"<!doctype html>{title}{story}", f"<html><head>{title}</head><body>{story}</body></html>"
    short, full = (read(page.encode(), PageInput(url=URL, headers=(), status=200)) for page in pages)
    assert short.outcome is Outcome.ARTICLE
    assert short.article == full.article


def test_an_article_about_a_404_is_an_article() -> None:
    """Words of an error page in a complete article are its subject."""
    page = ARTICLE.replace("Rain falls on the hills", "The story of 404, page not found")
    assert outcome(page.replace(TEXT, TEXT * 3)) is Outcome.ARTICLE


@pytest.mark.parametrize("headline", ["Black ops in the harbour", "“Não encontramos sobreviventes”, diz bombeiro"])
def test_a_headline_like_an_error_page_is_an_article(headline: str) -> None:
    """A short article whose headline has such words is an article."""
    assert outcome(ARTICLE.replace("Rain falls on the hills", headline)) is Outcome.ARTICLE


@pytest.mark.parametrize("characters", [1_600, 700])
def test_an_article_about_privacy_is_no_consent_wall(characters: int) -> None:
    """Every page of a site links to its privacy settings, in its footer or below the text."""
    line = (
        "<p>Der Rat hat am Abend lange über den Datenschutz in der Gemeinde beraten, und dann darüber abgestimmt.</p>"
    )
    story = ARTICLE.replace(TEXT, line * (characters // 100))
    link = '<a href="/privacy">Datenschutzeinstellungen</a>'
    for foot in (f"<footer>{link}</footer>", f"<div>{link}</div>"):
        assert outcome(story.replace("</body>", f"{foot}</body>")) is outcome(story)
    assert outcome(story) is not Outcome.CONSENT_WALL
    wall = ARTICLE.replace(TEXT, line * 3).replace("</body>", "<button>Akzeptieren und weiter</button></body>")
    assert outcome(wall) is Outcome.CONSENT_WALL


def test_a_comment_form_is_no_paywall() -> None:
    """Commenting needs a login; the text is complete, though short, as Chinese texts are."""
    line = "<p>大橋東側的兩根吊桿出現裂縫，封閉至秋天，居民須繞行三十一公里，渡輪每小時一班，市政府說明年春天完工。</p>"
    page = ARTICLE.replace(TEXT, line * 6).replace("</body>", "<p>登入後可以留言</p></body>")
    assert outcome(page) is Outcome.ARTICLE
    assert outcome(page.replace("可以留言", "閱讀全文")) is Outcome.PAYWALL_STUB


def test_assets_are_not_read_as_pages() -> None:
    """An error page under the URL of an image is no article."""
    assert outcome(ARTICLE, discovery=Discovery(site="x", kind=UrlKind.ASSET)) is Outcome.ASSET


def test_a_requested_listing_is_a_listing() -> None:
    """A section page with a single article is a listing if it is configured as one."""
    story = '<h3><a href="/world/104111/a-story-about-the-sea-and-salt">A story about the sea and salt</a></h3>'
    page = f"<html><body><h1>World</h1><div>{story}</div></body></html>"
    discovery = Discovery(site="x", kind=UrlKind.LISTING)
    assert outcome(page, "https://news.example/world/", discovery=discovery) is Outcome.LISTING


@pytest.mark.parametrize(
    "magic", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"%PDF-1.7\n", b"\xff\xd8\xff\xe0\0\x10JFIF", b"body{color:red}"]
)
def test_files_are_assets(magic: bytes) -> None:
    """Images, documents and stylesheets are archived, but not read."""
    mime = "text/css" if magic.startswith(b"body") else "application/octet-stream"
    assert (
        read(magic, PageInput(url="https://news.example/x", headers=[("content-type", mime)])).outcome is Outcome.ASSET
    )


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(ARTICLE.replace("falls", "fal\0ls").encode(), id="NULs in the text"),
        pytest.param(ARTICLE.replace("<head>", "<head>\0").encode(), id="a NUL in the head"),
        pytest.param(ARTICLE.encode("utf-16-le"), id="UTF-16 without a byte order mark"),
        pytest.param(ARTICLE.encode("utf-16"), id="UTF-16"),
    ],
)
def test_nul_bytes_make_no_asset_of_a_page(payload: bytes) -> None:
    """A stray NUL is damage, and UTF-16 is full of them."""
    reading = read(payload, PageInput(url=URL, headers=()))
    assert reading.outcome is Outcome.ARTICLE
    assert reading.article is not None
    assert reading.article.headline == "Rain falls on the hills"


def test_binary_files_are_assets() -> None:
    """Pictures are full of NULs, too."""
    assert read(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", PageInput(url=URL, headers=())).outcome is Outcome.ASSET
    assert read(b"<\0\0\0\0\1\2\3<p>" * 9, PageInput(url=URL, headers=())).outcome is Outcome.ASSET


def test_a_guide_for_learners_is_an_article() -> None:
    """A folder "learn" holds guides of companies and magazines, not only manuals."""
    page = ARTICLE.replace(TEXT, TEXT * 4).replace("article>", "div>")
    assert outcome(page, "https://company.example/learn/ten-things-to-know-about-rain-on-hills") is Outcome.ARTICLE


def test_summaries_under_links_without_a_date_are_a_listing() -> None:
    """Most paragraphs are summaries of other pages: an undated page of them is no article."""
    sentence = "A plan for those who have run before, and who want to run farther and faster than they did last year."
    summaries = "".join(f"<h3><a href='/plans/{n}'>Plan {n}</a></h3><p>{sentence}</p>" for n in range(16))
    meta = "<meta property=og:type content=article><title>Plans for runners</title>"
    page = f"<html><head>{meta}</head><body><h1>Plans for runners</h1>{{}}</body></html>"
    assert outcome(page.format(summaries), "https://runs.example/plans/") is Outcome.OTHER
    assert outcome(page.format(TEXT * 2), "https://runs.example/plans/") is Outcome.ARTICLE


@pytest.mark.parametrize(
    ("path", "expected"), [("news/davos-forum-opens", Outcome.ARTICLE), ("forum/davos-opens", Outcome.OTHER)]
)
def test_an_article_about_a_forum_is_an_article(path: str, expected: Outcome) -> None:
    """A forum is named by the host or by a whole folder."""
    page = ARTICLE.replace(TEXT, TEXT * 4).replace("article>", "div>")
    assert outcome(page, f"https://paper.example/{path}") is expected


SHORT_STORY = "".join(
    f"<div>On day {n} the rain fell on the hills again, and no one minded it at all.</div>" for n in range(8)
)


def test_a_notice_far_below_is_no_part_of_the_story() -> None:
    """A last line after many links, such as a notice about cookies, does not make a listing of a short story."""
    links = "".join(f"<h4><a href='/a/{n}'>Story {n}</a></h4>" for n in range(40))
    story = f"<h1>Rain falls on the hills</h1><p>2024-03-05 15:03</p><div>{SHORT_STORY}</div>"
    notice = "<p>This page uses small files to see how readers use it, and to show them what they like to read.</p>"
    page = f"<html>{HEAD}<body>{story}{links}{notice}</body></html>"
    assert outcome(page, "https://paper.example/service/view.htm?lang=e") is Outcome.ARTICLE


@pytest.mark.parametrize("name", ["itemtype", "itemType", "ITEMTYPE"])
def test_microdata_counts_in_any_case(name: str) -> None:
    """Names of attributes are written in any case; without microdata the weight is 1.2."""
    page = (
        f"<html><body><div itemscope {name}='https://schema.org/NewsArticle'><h1>Opening</h1>{TEXT}</div></body></html>"
    )
    reading = read(page.encode(), PageInput(url="https://baths.example/hours", headers=(), status=200))
    assert reading.reason.startswith("weight 2.7,")


SHORT = {
    "en": "Paragraph {} says that it rained on the hills of the north.",
    "ja": "第{}段落は北の丘に雨が降ったと伝えている。",
}


@pytest.mark.parametrize("language", SHORT)
@pytest.mark.parametrize("kind", ["NewsArticle", "LiveBlogPosting"])
def test_short_paragraphs_with_the_video_of_their_article_are_an_article(language: str, kind: str) -> None:
    """The data names the video of most articles of some newspapers; each of their paragraphs is a sentence."""
    video = {"@type": "VideoObject", "name": "Rain", "contentUrl": "/rain.mp4"}
    data = json.dumps({"@type": kind, "headline": "Rain falls", "datePublished": "2026-05-01", "video": video})
    text = "".join(f"<p>{SHORT[language].format(number)}</p>" for number in range(12))
    head = f'<head><title>Rain falls</title><script type="application/ld+json">{data}</script></head>'
    assert outcome(f"<html>{head}<body><article><h1>Rain falls</h1>{text}</article></body></html>") is Outcome.ARTICLE


PERIODS = "/2024/03/", "/2024/", "/news/2024/03", "/2024/3/index.html"
FOLDERS = "/tag/rain-and-other-things-that-fall", "/author/12345/jane-roe", "/thema/regen-und-andere-nasse-dinge-2024"


@pytest.mark.parametrize("path", [*PERIODS, *FOLDERS, "/2024/03/page/2/"])
def test_whole_posts_of_a_month_or_topic_are_a_listing(path: str) -> None:
    """Archives of months, tags and authors print the beginning of each post, with dates: the address says so."""
    teaser = "<article><h2><a href=/2024/03/1{0}/rain-falls-{0}>Rain falls again {0}</a></h2><time>2024-03-1{0}</time>"
    posts = "".join(teaser.format(n) + TEXT[:500] + "</p></article>" for n in range(8))
    page = f"<html>{HEAD}<body><main><h1>March 2024</h1>{posts}</main></body></html>"
    assert outcome(page, f"https://news.example{path}") is Outcome.LISTING
    head = HEAD.replace("<title>", "<meta property=og:type content=article><title>")
    assert outcome(ARTICLE.replace(HEAD, head), "https://news.example/rain-on-the-hills/2024/03/") is Outcome.ARTICLE


BADGES = "Subscribers only", "Nur für Abonnenten", "Réservé aux abonnés", "Solo para suscriptores", "有料会員限定"


@pytest.mark.parametrize("badge", BADGES)
@pytest.mark.parametrize(
    "card",
    ["<li>{} <span>{}</span></li>", "<div><p>{1}</p><h3>{0}</h3></div>", "<article><h3>{}</h3><b>{}</b></article>"],
)
def test_a_badge_beside_a_link_says_nothing_of_this_article(badge: str, card: str) -> None:
    """A short article is complete, whatever other articles cost; a notice of its own makes it a stub."""
    links = (f"<a href=/world/10{n}/wind-blows-over-the-hills-{n}>Wind blows {n}</a>" for n in range(4))
    cards = "".join(card.format(link, badge) for link in links)
    short = ARTICLE.replace(TEXT, TEXT[:600] + "</p>").replace(
        "<head>", "<head><meta property=og:type content=article>"
    )
    assert outcome(short.replace("</article>", f"</article><section>{cards}</section>")) is Outcome.ARTICLE
    own = f"</article><div><p>{badge}</p><a href=/subscribe>OK</a></div><ul>{cards.replace(badge, '')}</ul>"
    assert outcome(short.replace("</article>", own)) is Outcome.PAYWALL_STUB
