"""Pictures, videos, audios and embedded objects of an article: which ones, in which place, with which texts."""
# ruff: noqa: E501 - markup as sites have it

import json
from typing import Any

import pytest

from newsarchive import extract_page
from storage.article_parts import Entity, EntityRelation, LiveUpdate, Media, MediaKind
from storage.model import Article, Role

URL = "https://courier.example/news/2026/05/bridge"
SENTENCES = (
    "The bridge over the river Marren was opened on Monday, and hundreds of people walked over it in the rain.",
    "The mayor said that the costs had been higher than planned, but that the town had needed it for a very long time.",
    "Traffic will be allowed from next week, when the last tests have been made by the engineers of the county.",
    "Not everyone is happy: the ferry, which has crossed the river since 1904, will stop at the end of the year.",
)
PARAGRAPHS = [f"<p>{sentence}</p>" for sentence in SENTENCES]


def read(*parts: str, head: str = "", data: dict[str, Any] | None = None, around: str = "{}") -> Article:
    """Read an article of four paragraphs with `parts` behind the second, and JSON-LD."""
    node = {"@type": "NewsArticle", "headline": "Bridge opens", "datePublished": "2026-05-19T06:00:00Z", **(data or {})}
    script = f'<script type="application/ld+json">{json.dumps(node)}</script>'
    body = "\n".join((*PARAGRAPHS[:2], *parts, *PARAGRAPHS[2:]))
    article = around.format(f"<main><article><h1>Bridge opens</h1>{body}</article></main>")
    reading = extract_page(f"<html><head>{script}{head}</head><body>{article}</body></html>", URL)
    assert reading.article is not None
    assert [each.text for each in reading.article.paragraphs if each.text in SENTENCES] == list(SENTENCES)
    return reading.article


def media_of(*parts: str, **more: Any) -> list[Media]:
    """Read the media of an article."""
    return list(read(*parts, **more).media)


@pytest.mark.parametrize(
    "figure",
    [
        '<figure><img src="/img/span.jpg" alt="A bridge"><figcaption>The bridge. <span class="credit">Photo: Bea Ode</span></figcaption></figure>',
        '<figure><img src="/img/span.jpg" alt="A bridge"><figcaption>The bridge. (Photo: Bea Ode)</figcaption></figure>',
        (
            '<figure><a href="/img/span.jpg"><img src="/img/span.jpg" alt="A bridge"></a>'
            '<figcaption><div class="caption">The bridge.</div><div class="photo-credit">Bea Ode</div></figcaption></figure>'
        ),
        '<div class="wp-caption"><img src="/img/span.jpg" alt="A bridge"><p class="wp-caption-text">The bridge. © Bea Ode</p></div>',
        (
            '<figure><picture><source srcset="/img/span.webp" type="image/x"><img src="/img/span.jpg" alt="A bridge"></picture>'
            "<figcaption>The bridge. Foto: Bea Ode</figcaption></figure>"
        ),
        (
            '<figure><img src="data:image/gif;base64,R0" data-src="/img/span.jpg" alt="A bridge">'
            '<noscript><img src="/img/span.jpg" alt="A bridge"></noscript><figcaption>The bridge. Photo by Bea Ode</figcaption></figure>'
        ),
        '<div class="gallery" hidden><figure><img src="/img/span.jpg" alt="A bridge"><figcaption>The bridge. 写真：Bea Ode</figcaption></figure></div>',
        '<figure><img src="/img/span.jpg" alt="A bridge" data-caption="The bridge." data-credit="Bea Ode"></figure>',
        (
            '<figure class="wp-block-image"><a href="https://courier.example/gallery/12"><img src="/img/span.jpg" alt="A bridge"></a>'
            '<figcaption>The bridge. <cite class="image-credit">Image: Bea Ode</cite></figcaption></figure>'
        ),
    ],
)
def test_a_picture_has_caption_credit_alt_and_place(figure: str) -> None:
    """In any markup: the caption without the credit, the credit without its label."""
    [media] = media_of(figure)
    assert (media.kind, media.url, media.alt) == (MediaKind.IMAGE, "https://courier.example/img/span.jpg", "A bridge")
    assert media.caption is not None
    assert (media.caption.rstrip("."), media.credit, media.place) == ("The bridge", "Bea Ode", 2)


HIDDEN = '<span class="visually-hidden">Image caption</span>'


@pytest.mark.parametrize(
    ("picture", "caption", "credit"),
    [
        (
            '<figure><img src="/i/a.jpg"><div class="lightbox-caption" hidden>The bridge. Photo: Bea Ode</div><figcaption>The bridge. Photo: Bea Ode</figcaption></figure>',
            "The bridge.",
            "Bea Ode",
        ),
        (
            '<figure><img src="/i/a.jpg"><figcaption>The bridge. <span class="credit">Credit...Bea Ode</span></figcaption></figure>',
            "The bridge.",
            "Bea Ode",
        ),
        (f'<figure><img src="/i/a.jpg"><figcaption>{HIDDEN}, The bridge</figcaption></figure>', "The bridge", None),
        (
            f'<figure><img src="/i/a.jpg"><figcaption><p>{HIDDEN}</p><p>The bridge</p></figcaption></figure>',
            "The bridge",
            None,
        ),
        (
            '<figure><img src="/i/a.jpg"><figcaption>The bridge. —BEA ODE</figcaption></figure>',
            "The bridge.",
            "BEA ODE",
        ),
        (
            '<figure><img src="/i/a.jpg"><figcaption>The bridge. REUTERS/Bea Ode <a href="/l">Purchase Licensing Rights, opens new tab</a></figcaption></figure>',
            "The bridge.",
            "REUTERS/Bea Ode",
        ),
        (
            '<figure><img src="/i/a.jpg"><figcaption><div class="text"><p>The bridge.</p></div><div class="attribution"><p>Bea Ode for The Courier</p></div></figcaption></figure>',
            "The bridge.",
            "Bea Ode for The Courier",
        ),
        (
            '<div><img src="/i/a.jpg"><div class="lede-credit">Hundreds walked over the new bridge. Photos via Bea Ode.</div></div>',
            "Hundreds walked over the new bridge.",
            "Bea Ode",
        ),
        (
            '<div><img src="/i/a.jpg"><p class="copyright">Foto: Bea Ode (Copyright)</p></div>',
            None,
            "Bea Ode (Copyright)",
        ),
        ('<figure><img src="/i/a.jpg"><span class="credit">(Image credit: Bea Ode)</span></figure>', None, "Bea Ode"),
        (
            '<p><a href="/i/b.jpg"><img src="/i/a.jpg"></a></p><p><em>The bridge on Monday.</em></p>',
            "The bridge on Monday.",
            None,
        ),
        ('<figure><img src="/i/a.jpg" data-caption="The bridge. Photo: Bea Ode"></figure>', "The bridge.", "Bea Ode"),
        (
            '<figure><img src="/i/a.jpg"><figcaption>Lamps (Bea L. Ode/Courier Tribune)</figcaption></figure>',
            "Lamps",
            "Bea L. Ode/Courier Tribune",
        ),
        ('<div><img src="/i/a.jpg"><div class="share">Follow the Courier on</div></div>', None, None),
        (
            '<div class="media-credit-container"><img src="/i/a.jpg"><p class="wp-caption-text">The Bridge</p></div>',
            "The Bridge",
            None,
        ),
        (
            '<figure><img src="/i/a.jpg"><figcaption><p>The bridge (AP)</p><p>Photo: Ann Lee</p></figcaption></figure>',
            "The bridge",
            "AP",
        ),
        (
            '<figure><img src="/i/a.jpg"><div class="caption">The bridge.</div><figcaption>The bridge. Photo: Bea Ode</figcaption></figure>',
            "The bridge.",
            "Bea Ode",
        ),
        (
            '<figure><img src="/i/a.jpg"><figcaption><span>The bridge.</span><span><span class="visually-hidden">Credit...</span><span>Bea Ode for The Courier</span></span></figcaption></figure>',
            "The bridge.",
            "Bea Ode for The Courier",
        ),
        (
            '<figure><img src="/i/a.jpg"><figcaption><span>The bridge.</span><span>Bea Ode/AFP</span></figcaption></figure>',
            "The bridge.",
            "Bea Ode/AFP",
        ),
        (
            '<figure><img src="/i/a.jpg"><figcaption>The bridge (<span class="credit">Bea Ode/Courier</span>)</figcaption></figure>',
            "The bridge",
            "Bea Ode/Courier",
        ),
        (
            '<figure><img src="/i/a.jpg"><figcaption>The bridge in the rain. Foto: <span class="credit">Bea Ode</span></figcaption></figure>',
            "The bridge in the rain.",
            "Bea Ode",
        ),
        (
            '<figure><img src="/i/a.jpg"><figcaption>The bridge. <cite>Bea Ode</cite></figcaption></figure>',
            "The bridge.",
            "Bea Ode",
        ),
        (
            '<figure><img src="/i/a.jpg"><figcaption>The bridge. <small>Bea Ode</small></figcaption></figure>',
            "The bridge.",
            "Bea Ode",
        ),
        (
            '<figure><img src="/i/a.jpg"><figcaption>A scene from <cite>Golden Hind</cite></figcaption></figure>',
            "A scene from Golden Hind",
            None,
        ),
        (
            '<figure><img src="/i/a.jpg"><figcaption>The bridge.</figcaption><small>Bea Ode</small></figure>',
            "The bridge.",
            "Bea Ode",
        ),
        (
            '<figure><img src="/i/a.jpg"><figcaption>The bridge.</figcaption><p>Bea Ode / AFP</p></figure>',
            "The bridge.",
            "Bea Ode / AFP",
        ),
        (
            '<figure><img src="/i/a.jpg"><figcaption>The bridge.</figcaption><div>© Bea Ode</div></figure>',
            "The bridge.",
            "Bea Ode",
        ),
        (
            '<figure><img src="/i/a.jpg"><figcaption><p itemprop="author"><a href="https://agency.example/1">Bea Ode/Marren-Griffin/FilmMagic via Getty Images</a></p></figcaption></figure>',
            None,
            "Bea Ode/Marren-Griffin/FilmMagic via Getty Images",
        ),
        (
            '<div><div><img src="/i/a.jpg"></div><div><div><span>The bridge.</span> <span>© </span><span>Reuters / Bea Ode</span></div></div></div>',
            "The bridge.",
            "Reuters / Bea Ode",
        ),
        (
            '<div><a href="https://shop.example/7"><img src="/i/a.jpg"></a><p><a href="https://shop.example/7">Photograph: Bea Ode</a></p></div>',
            None,
            "Bea Ode",
        ),
        (
            '<div><img src="/i/a.jpg" alt="Hundreds of people walk over the new bridge."><style>.a{color:red;margin:0 auto;font-family:serif}</style><div>Hundreds of people walk over the new bridge. <span>By <a href="/writer/7">Bea Ode</a></span></div></div>',
            "Hundreds of people walk over the new bridge.",
            "Bea Ode",
        ),
        ('<p><img src="/i/a.jpg"></p><p>(Bea Ode/Courier)</p>', None, "Bea Ode/Courier"),
        ('<div><img src="/i/a.jpg"></div><div class="cta-caption">Get our news by mail</div>', None, None),
        ('<p><img src="/i/a.jpg"></p><p><em>“We shall see,” he said.</em></p>', None, None),
        ('<img src="/i/a.jpg">A text of its own, which ends here.<p><em>The bridge.</em></p>', None, None),
    ],
)
def test_captions_and_credits_are_told_apart_in_any_markup(
    picture: str, caption: str | None, credit: str | None
) -> None:
    """Text printed twice, labels for screen readers, offers, classes around a line, and lines without any class."""
    [media] = media_of(picture)
    assert (media.caption, media.credit) == (caption, credit)


def test_a_line_in_italics_below_a_picture_stays_text() -> None:
    """It may be a sentence of the article: it is the caption, too."""
    article = read('<p><img src="/i/a.jpg"></p><p><em>The bridge on Monday, in the rain.</em></p>')
    assert [each.caption for each in article.media] == ["The bridge on Monday, in the rain."]
    assert "The bridge on Monday, in the rain." in [each.text for each in article.paragraphs if each.role is Role.TEXT]


@pytest.mark.parametrize(
    "markup",
    [
        '<div><img src="/i/a.jpg"><p>{}</p></div>',
        '<div><p><img src="/i/a.jpg"></p><p>{}</p></div>',
        '<center><img src="/i/a.jpg"><p>{}</p></center>',
        '<table><tr><td><img src="/i/a.jpg"></td></tr><tr><td>{}</td></tr></table>',
    ],
)
@pytest.mark.parametrize(
    "caption", ["The bridge", "The bridge on Monday.", "The bridge over the river Marren on Monday"]
)
def test_a_line_alone_with_a_picture_among_paragraphs_is_its_caption(markup: str, caption: str) -> None:
    """It is none of the text, though it has no class, is short, or ends like a sentence."""
    article = read(markup.format(caption))
    assert [each.caption for each in article.media] == [caption]
    assert caption not in [each.text for each in article.paragraphs if each.role is not Role.CAPTION]


@pytest.mark.parametrize(
    ("caption", "credit"),
    [
        ("Der Hafen am Montag. (Bild: Ann Lee / heim magazin)", "Ann Lee / heim magazin"),
        ("Der Hafen am Montag. Foto: Ann Lee / stadt archiv", "Ann Lee / stadt archiv"),
        ("The port on Monday - Ann Lee/Getty Images", "Ann Lee/Getty Images"),
        ("Ann Lee / AFP - Getty Images", "Ann Lee / AFP - Getty Images"),
        ("The port on Monday. (Ann Lee/Courier", "Ann Lee/Courier"),
        ("The port on Monday. (Photo: Ann Lee (AP))", "Ann Lee (AP)"),
        ("The port on Monday. By Ann Lee", "Ann Lee"),
        ("“Is it open?” Cartoon by Ann Lee", "Ann Lee"),
        ("월요일 부두 크레인 / 연합뉴스", "연합뉴스"),
        ("부두 크레인 / 사진=홍길동 기자", "홍길동 기자"),
        ("부두의 크레인/강변시 항만공사 전경 모습", None),
        ("港の朝 / 夜の港", None),
        ("ნავსადგური ორშაბათს. ფოტო: ნინო ბერიძე", "ნინო ბერიძე"),
        ("The port on Monday. (Reuters/Ann Lee)", "Reuters/Ann Lee"),
        ("The port on Monday. Ann Lee/Getty Images", "Ann Lee/Getty Images"),
        ("The port on Monday. AP Photo/Ann Lee", "AP Photo/Ann Lee"),
        ("The statue of Elizabeth I. REUTERS/Ann Lee", "REUTERS/Ann Lee"),
        ("The estate of Malcolm X. Getty Images", "Getty Images"),
        ("Le port lundi. Crédit photo : Ann Lee / AFP", "Ann Lee / AFP"),
        ("Le port lundi. Crédit photo Ann Lee", "Ann Lee"),
        ("The port on Monday. Credit Ann Lee/Agency", "Ann Lee/Agency"),
        ("The port on Monday. Image source, Getty Images", "Getty Images"),
        ("El puerto el lunes. Crédito Ana Lee", "Ana Lee"),
        ("부두의 크레인 모습. /홍길동", "홍길동"),
        ("부두의 크레인 모습 /홍길동 기자", "홍길동 기자"),
        ("부두의 크레인 모습/홍길동 기자", "홍길동 기자"),
        ("부두의 크레인 모습. 사진/홍길동", "홍길동"),
        ("부두의 크레인 모습. ⓒ홍길동", "홍길동"),
        ("부두/시장", None),
        ("Порт в понедельник. Фото: Анна Ли", "Анна Ли"),
        ("Port w poniedziałek. Fot. Anna Lee", "Anna Lee"),
        ("Port w poniedziałek. Fot. Anna Lee / Agencja", "Anna Lee / Agencja"),
        ("Der Hafen. Foto: dpa", "dpa"),
        ("Der Hafen. (Foto: Ann Lee/dpa)", "Ann Lee/dpa"),
        ("Der Hafen. Foto: picture alliance/dpa | Ann Lee", "picture alliance/dpa | Ann Lee"),
        ("Havnen på mandag. Foto av Ann Lee", "Ann Lee"),
        ("月曜日の港（共同）", "共同"),
        ("港口。图/新华社", "新华社"),
        ("通行止めの橋=2023年9月13日、鈴木一郎撮影", "鈴木一郎"),
        ("老吊橋下月起禁行。記者陳美玲／攝影", "記者陳美玲"),
        ("다리. 강변시 제공", "강변시"),
        ("De brug. Beeld Piet de Vries", "Piet de Vries"),
        ("De brug. Foto van de oude brug", None),
        ("Getty Images", "Getty Images"),
        ("The port on Monday.", None),
        ("The mayor, Ann Lee, said that the photo was old.", None),
    ],
)
def test_a_credit_is_read_from_the_wording(caption: str, credit: str | None) -> None:
    """A label, a copyright sign, an agency or a pair of names in brackets, in the languages of newspapers."""
    [media] = media_of(f'<figure><img src="/img/port-5.jpg"><figcaption>{caption}</figcaption></figure>')
    assert media.credit == credit
    if credit is None:
        assert media.caption == caption


NO_CREDITS = [
    "Michael Bloomberg speaks at a rally in New York",
    "Protesters march against the Keystone XL pipeline in Nebraska",
    "A street in Scranton, Pa",
    "Apa kata presiden tentang banjir",
    "Ann Lee, AP Biology teacher, in her classroom",
    "A man lights a candle. Reuters could not verify the location",
    "The J. Paul Getty Museum in Los Angeles",
    "Rain. The EPA said the water is safe",
    "North Atlantic Treaty Organisation (NATO)",
    "the bank (EZB)",
    "speed (km/h)",
    "coalition (CDU/CSU)",
    "season (2023/24)",
    "Fans sing. GOD SAVE THE KING",
    "Photos: Inside the new stadium",
    "Video: Flood reaches Dresden",
    "Map: Where the fires burn",
    "Imagem: o guindaste no porto",
    "Фото: вид на мост",
    "الصورة: رئيس البلدية",
    "Fotos de Barcelona bajo la nieve",
    "Foto Berlin 1945",
    "Photo 3 shows the damaged roof",
    "Second picture: the quay.",
    "朝食を提供",
    "市民昨日在江边拍摄",
    "무료로 점심을 제공",
    "Image: The Rwanda bill was backed by MPs",
    "PHOTO: Forever Stamp display at the post office",
    "De brug. Foto van de oude brug",
    "The mayor, Ann Lee, said that the photo was old.",
    "New York Times building",
    "The Reuters building in London",
    "AP Møller",
    "Foto: Die Brücke am Montag",
    "Fans — WORLD CUP FINAL",
    "Die Brücke – EM IN DEUTSCHLAND",
    "The gallery, where visitors can buy prints.",
    "Photo caption contest winners pose",
    "Photo… Essay",
    "Credit Suisse Zurich",
    "Credit rating agencies in London",
    "Crédit Agricole Nord Europe",
    "Credit for the bridge goes to Ann Lee",
]


@pytest.mark.parametrize("caption", NO_CREDITS)
def test_what_may_be_a_part_of_the_sentence_is_no_credit(caption: str) -> None:
    """Names of agencies, labels and brackets in a caption's own text: nothing is cut from it."""
    [media] = media_of(f'<figure><img src="/img/port-5.jpg"><figcaption>{caption}</figcaption></figure>')
    assert (media.caption, media.credit) == (caption, None)


@pytest.mark.parametrize(
    "picture",
    [
        '<div class="related"><a href="/x"><img src="/img/other.jpg">Another story of the day</a></div>',
        '<div class="author-bio"><img src="/img/ann-lee.jpg">Ann Lee writes about towns.</div>',
        '<div class="ad"><img src="/img/banner.jpg"></div>',
        '<a href="https://shop.example/"><img src="/img/banner.jpg"></a>',
        '<img src="https://pixel.counter.example/1.gif" width="1" height="1">',
        '<img src="data:image/gif;base64,R0lGOD">',
        '<img src="/img/spacer.gif">',
        '<img alt="no address">',
        '<div class="share-bar"><img src="/img/share-icon.png"></div>',
        '<iframe src="https://securepubads.doubleclick.net/tag"></iframe>',
        '<p style="display:none"><img src="/img/hidden.jpg"></p>',
        '<p><img src="/img/avatar-ann-lee-066d3659.jpg"></p>',
        '<p><img src="/img/courier-logo-2026-dark.svg"></p>',
        '<p><img src="/img/728x90.gif"></p>',
        '<p><img src="/assets/icons/heart_01-eec17d9e.svg"></p>',
        '<div><img src="/img/t1.jpg"><a href="https://other.example/2026/05/other">A headline of another site</a></div>',
        '<a href="https://shop.example/"><img src="/img/offer.jpg" width="640" height="480"></a>',
        '<p><img src="/img/client-logos/acme.jpg"></p>',
        '<p><img src="/forms/captcha3/show.php"></p>',
        '<p><img src="/img/0815courierlogo007.svg"></p>',
        '<p><img class="avatar small" src="/img/fri.jpg"></p>',
        '<blockquote class="embed"><a href="/2026/05/other-story">Another story of the Courier</a></blockquote>',
    ],
)
def test_what_is_not_the_articles_is_left_out(picture: str) -> None:
    """Pictures of other articles, portraits, advertisements, counters, icons, and what has no address."""
    assert media_of(picture) == []


@pytest.mark.parametrize(
    "picture",
    [
        '<div><img src="/img/span.jpg"><p><a href="https://agency.example/p/12">Photograph: Bea Ode</a></p></div>',
        '<div><img src="/img/span.jpg"><a href="#span">+</a></div>',
        '<div><img src="/img/span.jpg"><a href="/span/likes">0</a></div>',
        '<div><img src="data:image/gif;base64,R0" nitro-lazy-src="/img/span.jpg"></div>',
        '<div><img src="/img/span.jpg" srcset="data:image/gif;base64,R0"></div>',
        '<div><img src="/img/span.jpg" alt="The bridge" width="0" height="0"></div>',
        '<figure><a href="https://maker.example/"><img src="/img/span.jpg"></a></figure>',
        '<div><img src="/img/span.jpg" data-lazy-placeholder-src="/img/x.gif"></div>',
        '<div><img class="iconic" src="/img/span.jpg"></div>',
        '<div><img class="icon" src="/img/span.jpg" width="640"></div>',
        '<div><img class="zoom icon-zoom no-icon" src="/img/span.jpg"></div>',
        '<p><img src="/img/span.jpg"></p><p><em>Subscribe to the bridge: a campaign for those who walk</em></p>',
    ],
)
def test_what_is_the_articles_is_kept(picture: str) -> None:
    """A linked credit or sign beside a picture, any attribute of lazy loading, a link around a figure's picture."""
    assert [media.url for media in media_of(picture)] == ["https://courier.example/img/span.jpg"]


@pytest.mark.parametrize(
    ("picture", "count"),
    [
        ('<img src="/i/quay.jpg" width="940" height="500">', 1),
        ('<picture><img src="/i/quay.jpg" width="940" height="500"></picture>', 1),
        ('<img src="/i/quay.jpg" width="970" height="250">', 0),
        ('<img src="/i/quay.jpg" width="970">', 0),
        ('<img src="/i/quay.jpg">', 0),
        ('<img src="/i/cropped-quay.jpg" width="940" height="500">', 0),
        ('<img src="/i/Courier-Logo-large.jpg" width="940" height="500">', 0),
        ('<a href="https://shop.example/"><img src="/i/quay.jpg" width="940" height="500"></a>', 0),
    ],
)
def test_a_large_picture_above_the_headline_is_the_articles(picture: str, count: int) -> None:
    """Without a caption and outside of its element; no banner, no header of the site, no advertisement."""
    assert len(media_of(around=f"<div>{picture}</div>{{}}")) == count


@pytest.mark.parametrize(
    "path",
    ["/fotos/dialogo/span.jpg", "/charts/dialogo-economico.svg", "/catalogo/span.jpg", "/movies/avatar/still.jpg"],
)
def test_words_that_end_like_icons_are_none(path: str) -> None:
    """A large picture is one in any folder but those of logos."""
    assert len(media_of(f'<p><img src="{path}" width="1200"></p>')) == 1


def test_pictures_outside_of_the_article_are_left_out() -> None:
    """Logos of header and footer, and pictures of teasers around the article."""
    around = '<header><img src="/logo.png"></header>{}<section>' + "".join(
        f'<div class="card"><img src="/t{number}.jpg"><a href="/2026/05/{number}">Another story of the day {number}</a></div>'
        for number in range(20)
    )
    assert media_of(around=f'{around}</section><footer><img src="/f.png"></footer>') == []


def test_media_have_their_places_in_the_order_of_the_page() -> None:
    """The place is the number of paragraphs above, of all roles."""
    found = media_of(
        '<figure><img src="/img/one-1.jpg"><figcaption>The first picture of the bridge</figcaption></figure>',
        "<p>Between the pictures stands another paragraph, which says that it was raining for most of the day.</p>",
        '<img src="/img/two-2.jpg" alt="Two">',
        '<video src="/v/three.mp4"></video>',
    )
    assert [(each.url[-9:], each.place) for each in found] == [("one-1.jpg", 2), ("two-2.jpg", 4), ("three.mp4", 4)]


@pytest.mark.parametrize("separator", ["<br>", "<br><br>"])
def test_media_between_lines_have_their_places(separator: str) -> None:
    """Paragraphs may be lines of one element."""
    text = separator.join((*SENTENCES[:2], '<img src="/img/middle.jpg">' + SENTENCES[2], SENTENCES[3]))
    page = f"<html><title>Bridge opens</title><body><main><article><h1>Bridge opens</h1><div>{text}</div></article></main></body>"
    article = extract_page(page, URL).article
    assert article is not None
    assert [each.place for each in article.media] == [2]


@pytest.mark.parametrize("name", ["IMG_{}", "DSC_0{}", "gallery-{}", "2026-05-19_{}", "photo.{}"])
def test_numbered_pictures_are_different_pictures(name: str) -> None:
    """As cameras and galleries name them: a number alone is no size."""
    names = [f"/2026/{name.format(number)}.jpg" for number in (123, 124, 125)]
    figures = [f'<figure><img src="{each}"><figcaption>Caption {each[-7:-4]}</figcaption></figure>' for each in names]
    assert [(each.url, each.caption) for each in media_of(*figures)] == [
        (f"https://courier.example{each}", f"Caption {each[-7:-4]}") for each in names
    ]
    assert len(media_of(*(f'<p><img src="{each}"></p>' for each in names))) == 3


@pytest.mark.parametrize(
    "path",
    [
        "/image/54321/1200x800.jpg",
        "/img.php?id=1&wm=logo.png",
        "/i/dialogo-social.jpg",
        "/i/google-logo-on-a-phone-in-zurich.jpg",
        "/fashion/icons/2024/dress-on-stage.jpg",
    ],
)
def test_the_name_of_a_file_alone_makes_no_icon(path: str) -> None:
    """A large size is stated."""
    assert [each.url for each in media_of(f'<p><img src="{path}" width="1200" height="800"></p>')] == [
        f"https://courier.example{path}"
    ]


def test_sizes_of_files_on_different_hosts_are_different_pictures() -> None:
    """A resizing script names the file with its host; a watermark is not the file."""
    names = (
        "/resize?url=https://a.example/1.jpg",
        "/resize?url=https://b.example/1.jpg",
        "/t.php?mark=/l.png&file=/p/1.jpg",
    )
    assert len(media_of(*(f'<figure><img src="{each}"></figure>' for each in names))) == 3


def test_a_counter_without_size_is_no_picture() -> None:
    """A frame or picture of no size that has neither other sizes nor a text."""
    counters = (
        '<iframe src="https://stat.other.example/p.html?id=1" width="0" height="0"></iframe>',
        '<img src="https://stat.other.example/c.gif?id=1" width="0" height="0">',
    )
    assert media_of(*counters) == []


def test_one_picture_in_several_sizes_is_one() -> None:
    """It has the first place, and is the copy that has a caption in a later one."""
    found = media_of(
        '<p><img src="/i/crane-300x200.jpg"></p>',
        SENTENCES[0].replace("Monday", "Friday").join(("<p>", "</p>")),
        '<p><img src="/i/other-1.jpg"></p>',
        '<figure><img src="/i/crane-640w.jpg"><figcaption>The crane. Photo: Bea Ode</figcaption></figure>',
    )
    assert [(each.url[-15:], each.caption, each.credit, each.place) for each in found] == [
        ("/crane-640w.jpg", "The crane.", "Bea Ode", 2),
        ("e/i/other-1.jpg"[-15:], None, None, 3),
    ]


def test_copies_that_a_script_makes_are_one_picture() -> None:
    """A parameter of their addresses names the file; of several files each is a picture."""
    copies = [
        f'<p><img src="/_next/image?url=%2Fi%2Fcrane.jpg&amp;w={width}&amp;mark=logo.png"></p>' for width in (640, 1280)
    ]
    assert len(media_of(*copies)) == 1
    assert len(media_of(*(f'<p><img src="/image.php?src=/i/crane-{n}.jpg"></p>' for n in (1, 2)))) == 2
    assert len(media_of(*(f'<p><img src="/image.php?id={n}.5"></p>' for n in (1, 2)))) == 2


@pytest.mark.parametrize(
    "image",
    [
        '<img srcset="data:image/gif;base64,R0 1w" data-srcset="/i/a.jpg 640w, /i/b.jpg 1280w">',
        '<img srcset="data:image/gif;base64,R0" data-src="/i/b.jpg">',
        '<img src="DATA:image/gif;base64,R0" srcset="DATA:image/gif;base64,R0 1x, /i/b.jpg 2x">',
        '<picture><source srcset="data:image/gif;base64,R0 1w" data-srcset="/i/b.jpg 1280w"><img src="data:image/gif;base64,R0"></picture>',
    ],
)
def test_a_picture_that_a_script_loads_later_is_found(image: str) -> None:
    """A picture shown meanwhile is an address with data in any of the attributes."""
    assert [each.url for each in media_of(f"<figure>{image}</figure>")] == ["https://courier.example/i/b.jpg"]


@pytest.mark.parametrize(
    ("slide", "count"),
    [
        ('<article><img src="/i/slide-a.jpg"><figcaption>The bridge at night</figcaption></article>', 1),
        ('<article class="offer"><img src="/i/slide-a.jpg"></article>', 0),
        ('<article><a href="/2026/05/ferry-stops"><img src="/i/ferry.jpg"></a><h3>Ferry stops</h3></article>', 0),
    ],
)
def test_a_slide_within_the_article_is_its_picture(slide: str, count: int) -> None:
    """Galleries have an <article> for each slide, with its caption; cards and offers have none."""
    assert len(media_of(slide)) == count


@pytest.mark.parametrize(
    ("name", "size", "count"),
    [
        ("facebook-office", 'width="800" height="500"', 1),
        ("facebook-office", 'width="300"', 0),
        ("facebook-office", "", 0),
        ("paper-logo", 'width="800"', 0),
    ],
)
def test_a_large_picture_named_like_an_icon_is_a_picture(name: str, size: str, count: int) -> None:
    """By the size that its element states; logos come in any size."""
    assert len(media_of(f'<p><img src="/i/{name}.jpg" {size}></p>')) == count


def test_a_picture_in_place_of_all_is_none() -> None:
    """A placeholder has a name, a size and a colour; the picture for browsers without scripts is the right one."""
    lazy = '<p><img src="/i/1x1-f7f7f7ff.png"><noscript><img src="/i/{}.jpg"></noscript></p>'
    assert [each.url[-7:] for each in media_of(lazy.format("a-1"), lazy.format("b-2"))] == ["a-1.jpg", "b-2.jpg"]


def test_videos_of_one_player_are_different_videos() -> None:
    """The id of the video may be a parameter of the player's address."""
    player = '<iframe src="https://geo.dailymotion.com/player/x5.html?video={}"></iframe>'
    assert len(media_of(player.format("k1"), player.format("k2"), player.format("k1"))) == 2


def test_addresses_of_any_length_are_no_addresses_of_media() -> None:
    """Neither of a transcript nor of an entry: a part of an address leads elsewhere."""
    long = "/" + "t" * 5_000
    [media] = media_of(f'<audio src="/a/b.mp3"><track src="{long}"></audio><p><a href="{long}">Transcript</a></p>')
    assert media.transcript_url is None
    entry = {"@type": "BlogPosting", "articleBody": "We begin.", "url": long}
    [update] = read(data={"@type": "LiveBlogPosting", "liveBlogUpdate": [entry]}).live_updates
    assert update.url is None


@pytest.mark.parametrize(
    ("markup", "kind", "url"),
    [
        (
            '<iframe src="https://www.youtube.com/embed/abcdefghijk"></iframe>',
            "video",
            "https://www.youtube.com/embed/abcdefghijk",
        ),
        (
            '<iframe data-src="//player.vimeo.com/video/123456"></iframe>',
            "video",
            "https://player.vimeo.com/video/123456",
        ),
        (
            '<amp-youtube data-videoid="abcdefghijk"></amp-youtube>',
            "video",
            "https://www.youtube.com/watch?v=abcdefghijk",
        ),
        ('<lite-youtube videoid="abcdefghijk"></lite-youtube>', "video", "https://www.youtube.com/watch?v=abcdefghijk"),
        ('<video><source src="/v/a.mp4"></video>', "video", "https://courier.example/v/a.mp4"),
        ('<audio controls src="/a/b.mp3"></audio>', "audio", "https://courier.example/a/b.mp3"),
        (
            '<div class="podcast-player"><audio src="/a/b.mp3"></audio></div>',
            "podcast",
            "https://courier.example/a/b.mp3",
        ),
        (
            '<iframe src="https://open.spotify.com/embed/episode/1"></iframe>',
            "podcast",
            "https://open.spotify.com/embed/episode/1",
        ),
        (
            '<iframe src="https://w.soundcloud.com/player/?url=1"></iframe>',
            "audio",
            "https://w.soundcloud.com/player/?url=1",
        ),
        ('<iframe src="https://datawrapper.dwcdn.net/x/1/"></iframe>', "embed", "https://datawrapper.dwcdn.net/x/1/"),
        ('<object data="/doc/report.pdf"></object>', "embed", "https://courier.example/doc/report.pdf"),
        (
            '<blockquote class="twitter-tweet"><p>Proud!</p><a href="https://twitter.com/m/status/12">May 18</a></blockquote>',
            "embed",
            "https://twitter.com/m/status/12",
        ),
        (
            '<blockquote class="instagram-media" data-instgrm-permalink="https://www.instagram.com/p/abc/"></blockquote>',
            "embed",
            "https://www.instagram.com/p/abc/",
        ),
    ],
)
def test_media_have_their_kind(markup: str, kind: str, url: str) -> None:
    """By the element, and by the address of the player."""
    assert [(each.kind.value, each.url, each.place) for each in media_of(markup)] == [(kind, url, 2)]


def test_a_video_has_what_the_data_says_of_it() -> None:
    """Title, duration and transcript, matched by the id of the video."""
    video = {
        "@type": "VideoObject", "name": "The opening", "embedUrl": "https://www.youtube.com/watch?v=abcdefghijk",
        "duration": "PT1M35S", "caption": {"@type": "MediaObject", "contentUrl": "/v/opening.vtt"},
    }  # fmt: skip
    [media] = media_of('<iframe src="https://www.youtube.com/embed/abcdefghijk?rel=0"></iframe>', data={"video": video})
    assert (media.caption, media.duration, media.place) == ("The opening", 95, 2)
    assert media.transcript_url == "https://courier.example/v/opening.vtt"


def test_a_video_that_the_data_alone_names_is_kept() -> None:
    """Many players are inserted by a script."""
    video = {"@type": "VideoObject", "name": "The opening", "contentUrl": "/v/opening.mp4", "duration": "PT2M"}
    assert media_of(data={"video": video}) == [
        Media(kind=MediaKind.VIDEO, url="https://courier.example/v/opening.mp4", caption="The opening", duration=120)
    ]
    assert media_of(head='<meta property="og:video" content="/live/index.m3u8">') == []
    assert len(media_of(head='<meta property="og:video" content="/v/live-in-marren.mp4?x=1">')) == 1
    assert media_of(head='<meta property="og:video:url" content="/v/o.mp4">') == [
        Media(kind=MediaKind.VIDEO, url="https://courier.example/v/o.mp4")
    ]


def test_a_frame_of_a_video_is_a_video() -> None:
    """By the data of its address, if the address itself does not say so; file and player are one video."""
    video = {"@type": "VideoObject", "contentUrl": "/v/opening.mp4", "embedUrl": "https://player.example/e/1"}
    again = {"@type": "VideoObject", "embedUrl": "https://player.example/e/1"}
    [media] = media_of('<iframe src="https://player.example/e/1"></iframe>', data={"video": [video, again]})
    assert (media.kind, media.url) == (MediaKind.VIDEO, "https://player.example/e/1")
    assert [each.url for each in media_of(data={"video": [video, again]})] == ["https://courier.example/v/opening.mp4"]


def test_an_audio_has_its_subtitles_or_the_transcript_that_is_linked() -> None:
    """A track of subtitles, else a link "Read the transcript"."""
    [media] = media_of('<audio src="/a/b.mp3"><track kind="captions" src="/a/b.vtt"></audio>')
    assert media.transcript_url == "https://courier.example/a/b.vtt"
    [media] = media_of('<audio src="/a/b.mp3"></audio><p><a href="/a/b.html">Read the transcript</a></p>')
    assert media.transcript_url == "https://courier.example/a/b.html"


def test_entities_are_read_from_the_data() -> None:
    """Subjects, mentions, sources: with type, name and address, references resolved."""
    article = read(
        data={
            "about": [{"@type": "Place", "name": "Marren", "sameAs": ["https://www.wikidata.org/wiki/Q1"]}],
            "mentions": {"@type": "Person", "name": "Tom &amp; Co"},
            "isBasedOn": "https://gov.example/report.pdf",
            "sourceOrganization": {"@type": "Organization", "name": "AP"},
        }
    )
    assert article.entities == (
        Entity(relation=EntityRelation.ABOUT, type="Place", name="Marren", url="https://www.wikidata.org/wiki/Q1"),
        Entity(relation=EntityRelation.MENTIONS, type="Person", name="Tom & Co"),
        Entity(
            relation=EntityRelation.BASED_ON, type=None, name="https://gov.example/report.pdf",
            url="https://gov.example/report.pdf",
        ),
        Entity(relation=EntityRelation.SOURCE_ORGANIZATION, type="Organization", name="AP"),
    )  # fmt: skip


def test_entries_of_a_live_blog_are_read_from_the_data() -> None:
    """Each with headline, text, times as stated and address, in the order of the data."""
    updates = [
        {
            "@type": "BlogPosting",
            "headline": "Opened",
            "articleBody": "It is open.",
            "datePublished": "2026-05-19T10:05:00+02:00",
            "url": f"{URL}#b",
        },
        {
            "@type": "BlogPosting",
            "articleBody": "We begin.",
            "datePublished": "2026-05-19",
            "dateModified": "2026-05-19T09:00:00Z",
        },
        {"@type": "BlogPosting"},
        "no entry",
    ]
    article = read(data={"@type": "LiveBlogPosting", "liveBlogUpdate": updates})
    assert article.live_updates == (
        LiveUpdate(headline="Opened", text="It is open.", published="2026-05-19T10:05:00+02:00", url=URL),
        LiveUpdate(headline=None, text="We begin.", published="2026-05-19", modified="2026-05-19T09:00:00Z"),
    )


def test_a_live_blog_beside_the_article_is_found_by_its_address() -> None:
    """Which often has a fragment; one at a longer address is another."""
    live = {"@type": "LiveBlogPosting", "@id": f"{URL}#live", "liveBlogUpdate": [{"headline": "Opened"}]}
    assert [each.headline for each in read(data={"hasPart": live}).live_updates] == ["Opened"]
    assert read(data={"hasPart": {**live, "@id": f"{URL}-2"}}).live_updates == ()


def test_entries_may_be_references() -> None:
    """To other nodes of the page's data, which have headlines and no names."""
    entry = {"@type": "BlogPosting", "@id": "#b", "headline": "Opened", "articleBody": "It is open."}
    article = read(data={"@type": "LiveBlogPosting", "liveBlogUpdate": [{"@id": "#b"}], "hasPart": [entry]})
    assert [(each.headline, each.text) for each in article.live_updates] == [("Opened", "It is open.")]


@pytest.mark.parametrize(
    "value", [None, 5, [], {}, [[[]]], {"@type": 7}, {"name": {"name": {}}}, "x" * 100_000, [None, {"sameAs": 3}]]
)
def test_broken_data_is_no_error(value: Any) -> None:
    """Whatever publishers write in these fields."""
    names = ("about", "mentions", "isBasedOn", "sourceOrganization", "video", "audio", "hasPart", "liveBlogUpdate")
    read(data=dict.fromkeys(names, value))


def test_pictures_of_another_article_on_the_page_are_left_out() -> None:
    """Endless scroll adds the next article below; a card may stand in the text, its link before its picture."""
    second = "".join(f"<p>{text}</p>" for text in SENTENCES)
    after = f'{{}}<article><h1>Harbour closes</h1>{second}<figure><img src="/img/harbour-1.jpg"></figure></article>'
    assert media_of(around=after) == []
    card = '<a href="/2026/05/the-harbour-closes-again">The harbour closes again</a><img src="/img/harbour-2.jpg">'
    assert media_of(f'<div class="box">{card}</div>') == []


@pytest.mark.parametrize("own", ["/m/222/original.jpg", "/image?id=7", "/a/portrait.jpg"])
def test_equal_names_of_files_are_no_evidence(own: str) -> None:
    """The data of another picture whose file has the same name is not that of this one."""
    other = own.replace("222", "111").replace("id=7", "id=1").replace("/a/", "/b/")
    data = {"image": {"@type": "ImageObject", "url": other, "caption": "The mayor at lunch", "creditText": "Ann Lee"}}
    [media] = media_of(f'<figure><img src="{own}"></figure>', data=data)
    assert (media.caption, media.credit) == (None, None)


def test_the_data_of_a_picture_is_found_by_its_address() -> None:
    """Caption and credit of JSON-LD, without markup."""
    picture = {"@type": "ImageObject", "url": "/i/port.jpg", "caption": "The <b>port</b>", "creditText": "Ann Lee"}
    [media] = media_of('<figure><img src="/i/port.jpg"></figure>', data={"image": picture})
    assert (media.caption, media.credit) == ("The port", "Ann Lee")


@pytest.mark.parametrize("name", ["pixel-9-review.jpg", "transparent-solar-panels.jpg", "loading-dock-fire.jpg"])
def test_names_that_begin_like_placeholders_are_pictures(name: str) -> None:
    """A placeholder is named so as a whole."""
    assert [each.url for each in media_of(f'<img src="/i/{name}">')] == [f"https://courier.example/i/{name}"]


def test_the_caption_that_data_state_has_its_credit_apart() -> None:
    """As that of a page."""
    head = '<script type="application/ld+json">{"@type": "ImageObject", "url": "/i/a.jpg", "caption": "The bridge. © Bea Ode"}</script>'
    [media] = media_of('<p><img src="/i/a.jpg"></p>', head=head)
    assert (media.caption, media.credit) == ("The bridge.", "Bea Ode")


@pytest.mark.parametrize(
    ("lines", "caption", "credit"),
    [
        ('<p class="caption">The bridge.</p><p>Photo: Bea Ode</p>', "The bridge.", "Bea Ode"),
        ('<p><em>The bridge.</em></p><p class="caption">At night</p>', "At night The bridge.", None),
    ],
)
def test_lines_below_a_picture_are_not_the_next_ones(lines: str, caption: str, credit: str | None) -> None:
    """Though there are as many of them as pictures."""
    first, second = media_of(f'<p><img src="/i/a.jpg"></p>{lines}<p><img src="/i/b.jpg"></p>')
    assert (first.caption, first.credit, second.caption, second.credit) == (caption, credit, None, None)


def test_the_caption_of_several_pictures_is_of_none() -> None:
    """As many captions as pictures belong to them in turn."""
    inner = "".join(f'<figure><img src="/i/{name}.jpg"><figcaption>{name}</figcaption></figure>' for name in "ab")
    found = media_of(f"<figure>{inner}<figcaption>Both on Monday</figcaption></figure>")
    assert [each.caption for each in found] == ["a", "b"]


def test_a_credit_in_the_midst_of_a_caption_is_not_cut() -> None:
    """The words of an element named after a credit may stand in others."""
    caption = 'REAPED grain at the quay <span class="credit">AP</span> | Enlarge'
    [media] = media_of(f'<figure><img src="/i/grain-1.jpg"><figcaption>{caption}</figcaption></figure>')
    assert (media.caption, media.credit) == ("REAPED grain at the quay AP | Enlarge", "AP")


def test_broadcasts_and_videos_of_lists_are_not_the_articles() -> None:
    """Only a video that is part of nothing else, and no broadcast of the station."""
    video = {"@type": "VideoObject", "name": "Next", "contentUrl": "/next.mp4"}
    lists = {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": video}]}
    live = {**video, "publication": {"@type": "BroadcastEvent", "isLiveBroadcast": True}}
    for other in (lists, live):
        head = f'<script type="application/ld+json">{json.dumps(other)}</script>'
        assert media_of(head=head) == []


@pytest.mark.parametrize(
    ("caption", "credit"), [("Foto: Ann Lee", "Ann Lee"), ("© Ann Lee", "Ann Lee"), ("By Ann Lee", "")]
)
def test_a_picture_by_the_author_is_no_portrait(caption: str, credit: str) -> None:
    """Authors take photographs, too; a caption that is their byline is that of a portrait."""
    figure = f'<figure><img src="/i/quay-3.jpg"><figcaption>{caption}</figcaption></figure>'
    found = media_of(figure, data={"author": {"@type": "Person", "name": "Ann Lee"}})
    assert [each.credit for each in found] == [credit] * bool(credit)
