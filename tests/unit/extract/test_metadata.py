"""Headline, dates, authors and other metadata of pages that contradict themselves."""

import json
from datetime import UTC, datetime

import pytest

from newsarchive.extract import read
from newsarchive.extract.authors import split_byline
from newsarchive.extract.dates import _find_update_word
from newsarchive.extract.page import extract_page
from newsarchive.extract.page_input import PageInput
from storage.article_parts import Image
from storage.model import Access, Article, Discovery, Role, UrlKind
from storage.page_date import PageDate, SourcedDate

URL = "https://www.dailyexample.example/news/2024/05/19/rain-falls-on-the-hills-10234.html"
TEXT = "".join(
    f"<p>Paragraph number {i} of a story about rain that falls on hills, and about people who do not mind it.</p>"
    for i in range(8)
)


def article(head: str = "", top: str = "<h1>Rain falls on the hills</h1>", **more: object) -> Article:
    page = f"<html><head>{head}</head><body><article>{top}{TEXT}</article></body></html>"
    reading = read(page.encode(), PageInput(url=URL, headers=(), **more))  # type: ignore[arg-type]
    assert reading.article is not None, reading.reason
    return reading.article


@pytest.mark.parametrize(
    ("head", "top"),
    [
        pytest.param(
            "<title>Rain falls on the hills | Daily Example</title>", "", id="title, site name cut by the host"
        ),
        pytest.param("<title>Daily Example: Rain falls on the hills</title>", "", id="site name in front"),
        pytest.param(
            '<meta property="og:title" content="Rain falls on the hills">',
            "<h1>Daily Example</h1><h2>Rain falls on the hills</h2>",
            id="h1 is the site's name",
        ),
        pytest.param("<title>Wetter</title>", "<h1>Rain falls on the hills</h1>", id="h1 alone"),
        pytest.param(
            '<script type="application/ld+json">{"@type":"NewsArticle","headline":"Rain falls on th…"}</script>',
            "<h1>Rain falls on the hills</h1>",
            id="JSON-LD cut short",
        ),
        pytest.param(
            '<script type="application/ld+json">{"@type":"NewsArticle","headline":"Rain falls on the hills",}</script>',
            "",
            id="broken JSON-LD alone",
        ),
    ],
)
def test_headline(head: str, top: str) -> None:
    """The headline is the text on which the page's claims agree, without the site name."""
    assert article(head, top).headline == "Rain falls on the hills"


def test_the_headline_is_not_body() -> None:
    """A headline that is printed again above the text is no paragraph."""
    texts = [p.text for p in article(top="<h1>Rain falls on the hills</h1><p>Rain falls on the hills</p>").paragraphs]
    assert "Rain falls on the hills" not in texts


def stated(text: str, source: str) -> SourcedDate:
    date = PageDate.parse(text)
    return SourcedDate(at=date.at, offset=date.offset, is_day=date.is_day, source=source)


@pytest.mark.parametrize(
    ("head", "top", "published", "modified"),
    [
        pytest.param(
            '<script type="application/ld+json">{"@graph":[{"@type":["NewsArticle"],"headline":"Rain",'
            '"datePublished":"2024-05-19T08:00:00+02:00","dateModified":"2024-05-19T09:00:00+02:00"}]}</script>',
            "",
            stated("2024-05-19T08:00:00+02:00", "json-ld"),
            stated("2024-05-19T09:00:00+02:00", "json-ld"),
            id="JSON-LD in a graph",
        ),
        pytest.param(
            '<meta property="article:published_time" content="2024-05-19T06:00:00Z">'
            '<meta property="article:modified_time" content="2024-05-19T06:00:00Z">',
            "",
            stated("2024-05-19T06:00:00Z", "meta"),
            None,
            id="meta; modified when published is no change",
        ),
        pytest.param(
            '<meta name="date" content="2024-05-19">'
            '<meta property="og:updated_time" content="2024-05-20T08:00:00+02:00">',
            '<p class="date"><time datetime="2024-05-19T08:00">Sunday</time></p>',
            stated("2024-05-19T08:00:00+02:00", "time"),
            stated("2024-05-20T08:00:00+02:00", "meta"),
            id="a bare day gives way to the time; the zone is another date's",
        ),
        pytest.param(
            "",
            "<p>Updated: 20 May 2024, 10:00 GMT</p>",
            stated("2024-05-19", "url"),
            stated("2024-05-20T10:00:00Z", "visible"),
            id="the URL, and a visible update",
        ),
    ],
)
def test_dates(head: str, top: str, published: SourcedDate, modified: SourcedDate | None) -> None:
    """Dates are as stated, with their source."""
    found = article(head, f"<h1>Rain falls on the hills</h1>{top}")
    assert (found.published, found.modified) == (published, modified)


def test_the_word_before_a_time_decides() -> None:
    """Of two times in the line of the byline, the one after "Updated" is the modification."""
    found = article(
        top='<h1>Rain falls on the hills</h1><p><span class="byline">By Jane Roe</span> Published '
        '<time datetime="2024-05-19T08:00:00+02:00">May 19, 8 am</time>, updated '
        '<time datetime="2024-05-20T09:00:00+02:00">May 20, 9 am</time></p>'
    )
    assert found.published == stated("2024-05-19T08:00:00+02:00", "time")
    assert found.modified == stated("2024-05-20T09:00:00+02:00", "time")


def test_two_nodes_of_one_article_are_merged() -> None:
    """Values missing in the JSON-LD node of the page are taken from another node with the same headline."""
    told = [
        {"@type": "NewsArticle", "headline": "Rain", "datePublished": "2024-05-19T06:00:00Z", "author": "Jane Roe"},
        {"@type": "LiveBlogPosting", "headline": "Rain", "url": URL},
        {"@type": "NewsArticle", "headline": "Sun", "articleSection": "Elsewhere"},
    ]
    found = article(f'<script type="application/ld+json">{json.dumps(told)}</script>')
    assert found.published == stated("2024-05-19T06:00:00Z", "json-ld")
    assert (found.authors, found.live, found.section) == (("Jane Roe",), True, None)


def test_relative_dates_need_the_time_of_the_fetch() -> None:
    """A line such as "3 hours ago" is a date only if the time of the fetch is known."""
    top = "<h1>Rain falls on the hills</h1><p class='date'>3 hours ago</p>"
    url = "https://www.dailyexample.example/rain-falls-on-the-hills-again"
    page = f"<html><head><meta property='og:type' content='article'></head><body>{top}{TEXT}</body></html>".encode()
    at = datetime(2024, 5, 19, 12, tzinfo=UTC)
    told = read(page, PageInput(url=url, headers=(), fetched_at=at)).article
    untold = read(page, PageInput(url=url, headers=())).article
    assert told is not None
    assert untold is not None
    assert told.published == stated("2024-05-19T09:00:00Z", "relative")
    assert untold.published is None


@pytest.mark.parametrize(("via", "source"), [(UrlKind.FEED, "feed"), (UrlKind.SITEMAP, "sitemap")])
def test_the_date_of_the_feed_comes_last(via: UrlKind, source: str) -> None:
    """The date of a feed is used if the page has none, or only the day; the time of the fetch never is."""
    at = datetime(2024, 5, 19, 5, 45, tzinfo=UTC)
    discovery = Discovery(
        site="x", kind=UrlKind.ARTICLE, via="https://x.example/feed", via_kind=via, published=PageDate.from_time(at)
    )
    assert article(discovery=discovery).published == stated(at.isoformat(), source)
    dated = article('<meta property="article:published_time" content="2024-05-18T20:00:00Z">', discovery=discovery)
    assert dated.published == stated("2024-05-18T20:00:00Z", "meta")


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("By Jane Roe", ["Jane Roe"]),
        ("By JANE ROE and John Q. Public, Staff Writers", ["Jane Roe", "John Q. Public"]),
        ("Von Karla Lindt und Oskar Bremm", ["Karla Lindt", "Oskar Bremm"]),
        ("Par Maëlle Joubert avec AFP", ["Maëlle Joubert", "AFP"]),
        ("Por Nuria Bastida y Luis Prado", ["Nuria Bastida", "Luis Prado"]),
        ("Автор: Мария Ветрова", ["Мария Ветрова"]),
        ("记者 周晓岚", ["周晓岚"]),
        ("بقلم: سلمى الحداد", ["سلمى الحداد"]),
        ("Jane Roe (London) | jane@example.org", ["Jane Roe"]),
        ("https://www.facebook.com/dailyexample", []),
        ("Editorial Team", []),
        ("Jane Roe, MS, RD", ["Jane Roe"]),
        ("Jane Roe, Dietitian", ["Jane Roe"]),
        ("Von Karla Lindt, Genf", ["Karla Lindt"]),
        ("Ванда Лис, Москва", ["Ванда Лис"]),
        ("周晓岚, 李明", ["周晓岚", "李明"]),
        ("Adele, Björk", ["Adele", "Björk"]),
        ("Jane Roe, Reuters", ["Jane Roe", "Reuters"]),
        ("Article by Jane Roe, More about Jane Roe »", ["Jane Roe"]),
        ("Jane Roe and John Public Monday, November 18, 2019, 04:05 pm", ["Jane Roe", "John Public"]),
        ("By Jane Roe on Monday, November 18th, 2019", ["Jane Roe"]),
        ("Jane Roe\nMonday, November 18, 2019", ["Jane Roe"]),
        ("Monday, November 18, 2019", []),
        ("Ada Friday", ["Ada Friday"]),
        ("Ada Friday, Lagos", ["Ada Friday"]),
        ("By", []),
        ("Von", []),
        ("", []),
    ],
)
def test_bylines_are_split(byline: str, names: list[str]) -> None:
    """Separate names, without "By", places, job titles and e-mail addresses."""
    assert split_byline(byline) == names


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ('{"@type":"Person","name":"Jane Roe"}', ("Jane Roe",)),
        ('[{"@type":"Person","name":"Jane Roe"},{"@type":"Person","name":"Reuters"}]', ("Jane Roe",)),
        ('[{"@type":"Organization","name":"Reuters"}]', ("Reuters",)),
        ('[{"@type":"Organization","name":"Daily Example"}]', ()),
        ('"Jane Roe, John Public"', ("Jane Roe", "John Public")),
    ],
)
def test_agencies_are_separated(author: str, names: tuple[str, ...]) -> None:
    """An agency is an author only if no person is named; the publication itself never is."""
    node = f'{{"@type":"NewsArticle","headline":"Rain falls on the hills","author":{author}}}'
    head = f'<script type="application/ld+json">{node}</script>'
    assert article(head).authors == names


def test_other_metadata() -> None:
    """Section, tags, language, image with caption, access, canonical URL, noarchive."""
    found = article(
        '<link rel="canonical" href="/news/rain-falls-10234"><meta name="robots" content="all, NOARCHIVE">'
        '<meta name="keywords" content="Rain, hills, rain"><meta property="og:locale" content="en_GB">'
        '<script type="application/ld+json">{"@type":"NewsArticle","headline":"Rain falls on the hills",'
        '"articleSection":["News"],'
        '"image":{"@type":"ImageObject","url":"/i.jpg","caption":"A hill"},"isAccessibleForFree":"False"}</script>'
    )
    assert found.canonical_url == "https://www.dailyexample.example/news/rain-falls-10234"
    assert (found.section, found.tags, found.language) == ("News", ("Rain", "hills"), "en")
    assert found.image == Image(url="https://www.dailyexample.example/i.jpg", caption="A hill")
    assert (found.access, found.noarchive, found.live) == (Access.PAYWALLED, True, False)


CRUMBS = (
    '{"@type":"BreadcrumbList","itemListElement":['
    '{"@type":"ListItem","position":1,"name":"Home","item":"https://www.dailyexample.example/"},'
    '{"@type":"ListItem","position":2,"item":{"@id":"https://www.dailyexample.example/news/","name":"News"}},'
    '{"@type":"ListItem","position":3,"name":"Rain falls on the hills"}]}'
)


@pytest.mark.parametrize(
    ("head", "top", "section"),
    [
        pytest.param(f'<script type="application/ld+json">{CRUMBS}</script>', "", "News", id="breadcrumbs in JSON-LD"),
        pytest.param(
            "",
            '<nav class="breadcrumb"><a href="/home">Home</a> <a href="/news/hills">Hills</a> <b>Rain falls</b></nav>',
            "Hills",
            id="breadcrumbs on the page",
        ),
        pytest.param(
            "",
            '<div class="breadcrumb"><a href="/">Home</a><a href="/home">Startseite</a></div>',
            None,
            id="no section",
        ),
        pytest.param(
            f'<meta property="article:section" content="Weather"><script type="application/ld+json">{CRUMBS}</script>',
            "",
            "Weather",
            id="a meta element before breadcrumbs",
        ),
    ],
)
def test_sections(head: str, top: str, section: str | None) -> None:
    """The section is the stated one, else the last breadcrumb that is neither the front page nor the page itself."""
    assert article(head, f"{top}<h1>Rain falls on the hills</h1>").section == section


def test_authors_of_related_articles_are_ignored() -> None:
    """Cards of related articles name their own authors."""
    named = '<p class="author">Ada Ray</p>'
    card = f'<div class="story-card author-card"><a href="/world/2">Sun shines on the plain</a>{named}</div>'
    top = f'<h1>Rain falls on the hills</h1><section class="related-stories">{card * 2}</section>'
    assert article(top=top).authors == ()
    assert article(top=f'{top}<p class="author">Jane Roe</p>').authors == ("Jane Roe",)


@pytest.mark.parametrize("attributes", ['lang="en-GB"', 'xmlns="http://www.w3.org/1999/xhtml" xml:lang="en"'])
def test_the_language_of_html_and_xhtml(attributes: str) -> None:
    """The root element states it in lang or xml:lang."""
    page = (
        f"<html {attributes}><head></head><body><article><h1>Rain falls on the hills</h1>{TEXT}</article></body></html>"
    )
    found = read(page.encode(), PageInput(url=URL, headers=())).article
    assert found is not None
    assert found.language == "en"


def test_tags_that_were_escaped_twice() -> None:
    """The semicolon of an entity separates no tags."""
    found = article('<meta name="keywords" content="Rain, P&amp;amp;E, &amp;quot;Sun&amp;quot;, &amp;quot;">')
    assert found.tags == ("Rain", "P&E", '"Sun"')


def test_tags_on_the_page() -> None:
    """Topics printed with the article are its tags if no meta element has any; categories are not."""
    top = (
        '<h1>Rain falls on the hills</h1><aside class="tags"><a href="/tag/sun">Sun</a></aside>'
        '<a rel="category tag" href="/news">News</a> <a rel="tag" href="/tag/rain">#Rain</a>'
        '<ul class="tag-list"><li><a href="/tag/hills">Hills</a></li><li><a href="/tag/rain">#Rain</a></li></ul>'
    )
    assert article(top=top).tags == ("Rain", "Hills")
    assert article('<meta property="article:tag" content="Water">', top=top).tags == ("Water",)


FIGURE = '<figure><img src="/i/hill-800x600.jpg"><figcaption>A hill <span>Photo: J. Roe</span></figcaption></figure>'
OTHER = '<figure><img src="/i/harbour.jpg"><figcaption>The harbour</figcaption></figure>'


FRENCH_TEXT = (
    "La pluie est tombée sur les collines du nord pendant toute la nuit, et les routes ont été coupées dans plusieurs "
    "villages de la vallée. Les habitants se sont réveillés avec de l'eau dans leurs caves, selon la mairie."
)
UKRAINIAN_TEXT = (
    "Дощ падав на пагорби всю ніч, і дороги до кількох сіл у долині були закриті. Мешканці прокинулися з водою у "
    "підвалах, але про це не повідомили, як і про те, що міст також під водою. Його закрили до ранку."
)
GALICIAN_TEXT = (
    "O Concello de Santiago anunciou que a nova estación de autobuses non estará lista ata o ano que vén. Unha "
    "fonte municipal explicou que as obras foron máis lentas do previsto e que os veciños da zona non recibiron "
    "información na semana pasada. A alcaldesa dixo que o goberno local traballa para que os servizos sexan "
    "mellores."
)
PORTUGUESE_TEXT = (
    "A Câmara de Lisboa anunciou que a nova estação de autocarros não ficará pronta antes do próximo ano. Uma "
    "fonte municipal explicou que as obras foram mais lentas do que o previsto e que os moradores da zona não "
    "receberam informação na semana passada. A autarca disse que o governo trabalha para que os serviços sejam "
    "melhores."
)
AFRIKAANS_TEXT = (
    "Die stadsraad het gesê dat die nuwe busstasie nie voor volgende jaar gereed sal wees nie. 'n Woordvoerder "
    "het verduidelik dat die werk stadiger was as wat verwag is en dat inwoners van die gebied nie verlede week "
    "ingelig is nie. Die burgemeester het bygevoeg dat die regering hard werk om dienste te verbeter."
)
ENGLISH_TEXT = (
    "The city council said that the new bus station will not be ready before next year. A spokesman said that the"
    " work was slower than expected and that the people of the area were not told about it last week. The mayor "
    "added that the government is working hard to make the services better for all."
)
GERMAN_TEXT = (
    "Der Stadtrat hat mitgeteilt, dass der neue Busbahnhof nicht vor dem nächsten Jahr fertig sein wird. Ein "
    "Sprecher erklärte, dass die Arbeiten langsamer als erwartet vorangehen und die Bewohner des Viertels in der "
    "vergangenen Woche nicht informiert wurden. Es ist auch für die Stadt von Bedeutung."
)


@pytest.mark.parametrize(
    ("text", "stated", "language"),
    [
        (FRENCH_TEXT, "", "fr"),
        (FRENCH_TEXT, "en", "fr"),
        (FRENCH_TEXT, "fr-CA", "fr"),
        (FRENCH_TEXT, "oc", "oc"),
        (UKRAINIAN_TEXT, "", "uk"),
        (UKRAINIAN_TEXT, "en", "uk"),
        (UKRAINIAN_TEXT, "ru", "uk"),
        (GALICIAN_TEXT, "", "gl"),
        (PORTUGUESE_TEXT, "", "pt"),
        (AFRIKAANS_TEXT, "", "af"),
        (AFRIKAANS_TEXT, "en", "af"),
        (ENGLISH_TEXT, "ja", "en"),
        (
            ENGLISH_TEXT
            + "市政府宣布新的公交车站在明年之前不会完工。发言人说工程比预期的慢,而且该地区的居民上周没有得到通知。" * 2,
            "zh",
            "zh",
        ),
        (ENGLISH_TEXT, "shn", "shn"),
        ("Rain 2024: Ferry, Harbour, Bridge, Winter. " * 9, "en", "en"),
    ],
)
def test_the_language_of_the_words(text: str, stated: str, language: str) -> None:
    """Believe what a page states, unless the most frequent words of its text are clearly those of another."""
    page = f"<html lang='{stated}'><body><h1>2024</h1>{'<p>' + text + '</p>'}<p>{text}</p></body></html>"
    article = extract_page(page.encode(), "https://www.gazette.example/2024/03/rain-falls-on-the-hills").article
    assert article is not None
    assert article.language == language


def test_the_language_is_that_of_the_body() -> None:
    """Long notices, comments and a footer in another language are not the article's text."""
    panel = f"<div class='consent-banner' role='dialog'>{f'<p>{GERMAN_TEXT * 2}</p>' * 5}</div>"
    text = f"<article><h1>Rain falls on the hills</h1>{f'<p>{ENGLISH_TEXT}</p>' * 8}</article>"
    footer = f"<footer>{f'<p>{GERMAN_TEXT * 2}</p>' * 2}</footer>"
    page = f"<html lang='en'><body>{panel}{text}{footer}</body></html>"
    article = extract_page(page.encode(), "https://www.gazette.example/2024/03/rain-falls-on-the-hills").article
    assert article is not None
    assert article.language == "en"


@pytest.mark.parametrize(
    ("image", "figures", "expected"),
    [
        (
            "https://cdn.example/hill-1200x630.jpg?w=9",
            FIGURE,
            ("https://cdn.example/hill-1200x630.jpg?w=9", "A hill Photo: J. Roe"),
        ),
        ("https://cdn.example/harbour.jpg", FIGURE + OTHER, ("https://cdn.example/harbour.jpg", "The harbour")),
        ("https://cdn.example/share.jpg", FIGURE + OTHER, ("https://cdn.example/share.jpg", "A hill Photo: J. Roe")),
        ("", FIGURE, ("https://www.dailyexample.example/i/hill-800x600.jpg", "A hill Photo: J. Roe")),
        ("https://cdn.example/hill.jpg", "", ("https://cdn.example/hill.jpg", None)),
    ],
    ids=["the same file", "the second figure's", "no figure shows it", "no meta element", "no figure"],
)
def test_captions(image: str, figures: str, expected: tuple[str, str | None]) -> None:
    """The caption of an image is that of the figure with the same file, else of the one under the headline."""
    head = f'<meta property="og:image" content="{image}">' if image else ""
    found = article(head, f"<h1>Rain falls on the hills</h1>{figures}").image
    assert found == Image(url=expected[0], caption=expected[1])


def test_a_body_in_jsonld_is_read() -> None:
    """If the page prints no text, JSON-LD's articleBody is the body, except on pages that are not free."""
    story = "Rain fell on the hills all night. " * 12
    node = {"@type": "NewsArticle", "headline": "Rain falls on the hills", "articleBody": f"{story}\n\nIt stopped."}
    page = (
        '<html><head><meta property="og:type" content="article"><script type="application/ld+json">{}</script></head>'
        '<body><h1>Rain falls on the hills</h1><div id="app">Loading</div></body></html>'
    )
    reading = read(page.format(json.dumps(node)).encode(), PageInput(url=URL))
    assert reading.article is not None
    assert [p.text for p in reading.article.paragraphs if p.role is Role.TEXT] == [story.strip(), "It stopped."]
    paid = read(page.format(json.dumps(node | {"isAccessibleForFree": False})).encode(), PageInput(url=URL))
    assert paid.article is None


def test_separate_elements_are_not_joined() -> None:
    """A byline and a date without white space between them are separated."""
    top = (
        '<h1>Rain falls on the hills</h1><p class="meta"><span class="byline">By Jane Roe</span>'
        "<time>May 19, 2024</time></p>"
    )
    assert "By Jane Roe May 19, 2024" in [p.text for p in article(top=top).paragraphs]


def test_a_canonical_front_page_is_ignored() -> None:
    """Some templates name the front page as canonical for every article, which would make all of them one."""
    assert article('<link rel="canonical" href="https://www.dailyexample.example/">').canonical_url == URL


@pytest.mark.parametrize(
    "line",
    [
        *("Updated 3 May", "Modified:", "Changed on", "last update", "Aktualisiert am", "GEÄNDERT", "Stand: 5. Mai"),
        *(
            "Mis à jour",
            "modifié le",
            "MODIFIE",
            "Modificado",
            "modificato",
            "Ultima modifica",
            "Actualizado",
            "atualizada",
        ),
        *("aggiornato", "Aggiornamento", "Bijgewerkt", "Última actualización", "última atualização", "Uppdaterad"),
        *("opdateret", "Oppdatert", "PÄIVITETTY", "zaktualizowano", "Aktualizacja", "Aktualizováno", "diperbarui"),
        *("Cập nhật", "Обновлено", "ИЗМЕНЕНО", "оновлено", "更新", "수정", "업데이트", "GÜNCELLEME", "Ενημέρωση"),
        *("ΕΝΗΜΕΡΏΘΗΚΕ", "تحديث", "به روز رسانی", "בעדכון", "עודכן", "अपडेट", "अद्यतन", "อัปเดต", "อัพเดท", "แก้ไขล่าสุด"),
    ],
)
def test_update_words_of_every_language(line: str) -> None:
    """Lines without any of these words are skipped: the quick test must cover all of them."""
    found = _find_update_word(f"5 May 2026, {line} 6 May 2026")
    assert found is not None
    assert found[0].casefold() in line.casefold()


@pytest.mark.parametrize(
    ("head", "tag", "asks"),
    [
        ("", "", False),
        ("", "noarchive", True),
        ("", "MAX-snippet: 20, NoArchive", True),
        ("", "otherbot: noarchive", False),
        ('<meta name="robots" content="noarchive">', "otherbot: noarchive", True),
    ],
)
def test_noarchive_is_read_from_the_page_and_its_headers(head: str, tag: str, asks: bool) -> None:
    """A page outside of an archive asks by either, as one in an archive does."""
    page = (
        f"<html><head><title>Harbour</title>{head}</head><body><h1>Harbour</h1><p>It is open again.</p></body></html>"
    )
    found = extract_page(page.encode(), "https://news.example/a", [("X-Robots-Tag", tag)]).article
    assert found is not None
    assert found.noarchive is asks
