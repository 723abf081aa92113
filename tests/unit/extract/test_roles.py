"""Lines around and within a text that belong to it, or do not, by their position."""

import pytest

from newsarchive.extract import extract_page, phrases
from storage.model import BODY_ROLES, Role

URL = "https://news.example/2026/03/01/harbour-wall-is-repaired"
LINES = tuple(f"Sentence number {i} of a text that is long enough to be read by all of us here." for i in range(12))
TEXT = "".join(f"<p>{line}</p>" for line in LINES)


def paragraphs(body: str) -> list[tuple[Role, str]]:
    """Read a page under a headline."""
    page = f"<html><head><title>Harbour wall</title></head><body><h1>Harbour wall</h1>{body}</body></html>"
    article = extract_page(page.encode(), URL).article
    assert article is not None
    return [(each.role, each.text) for each in article.paragraphs]


@pytest.mark.parametrize("label", ["<p>5 Comments</p>", "<div>Kommentar</div>", "<h3>Comments</h3>"])
def test_text_under_a_comment_counter_is_text(label: str) -> None:
    """Also under the name of a column, which in German is the same word; readers' comments come after the text."""
    told = paragraphs(f"<p>The wall of the harbour is repaired, and the ferry goes again.</p><div>{label}{TEXT}</div>")
    assert [line for role, line in told if role is Role.TEXT and line in LINES] == list(LINES)
    readers = "".join(
        f"<p>Reader number {i} says that this is a wall, and that it stands in the sea.</p>" for i in "12"
    )
    told = paragraphs(f"<div>{TEXT}</div><div>{label}{readers}</div>")
    assert [line for role, line in told if role is Role.TEXT] == list(LINES)


def test_a_line_beside_a_picture_is_its_caption() -> None:
    """In a box of its own, within the text; but not a line that introduces the pictures."""
    told = paragraphs(f"{TEXT}<div><img src='a.jpg'><p>The wall in the morning</p></div>{TEXT}")
    assert (Role.CAPTION, "The wall in the morning") in told
    told = paragraphs(
        f"{TEXT}<div><p>Ships that came to the harbour:</p><img src='a.jpg'><img src='b.jpg'></div>{TEXT}"
    )
    assert (Role.TEXT, "Ships that came to the harbour:") in told


FIGURE = "<figure><img src='a.jpg'><figcaption>The wall in the morning{}</figcaption></figure>"


@pytest.mark.parametrize(
    "page",
    [
        f"{FIGURE.format('')}<h1>The wall is repaired again</h1>{TEXT}",
        f"<h1>The wall is repaired again</h1><div>{TEXT}<div hidden>{FIGURE.format('')}</div>{TEXT}</div>",
        f"<h1>The wall is repaired again</h1><div><div>{TEXT}</div>{FIGURE.format('')}</div>",
    ],
    ids=["above the headline", "hidden in a gallery", "after the text"],
)
def test_captions_of_the_articles_own_pictures_are_kept(page: str) -> None:
    """Also where the picture stands outside the text."""
    assert (Role.CAPTION, "The wall in the morning") in paragraphs(f"<article>{page}</article>")


AROUND = (
    "<section><div class='related'><h2>Related stories</h2><a href='/a'>Another story of the day</a></div>"
    "<p class='comments'>37 comments</p><div class='newsletter'><p>Sign up for our newsletter.</p></div></section>"
)


@pytest.mark.parametrize(
    "page",
    [
        f"<article>{TEXT}<p>Nothing missed - <a href='/newsletter'>The letter of the week</a></p></article>",
        f"<div><div>1 March 2026<br>{' '.join(LINES)}</div><p><a href='JavaScript:history.back()'>Back</a></p></div>",
    ],
    ids=["newsletter", "button"],
)
def test_offers_and_buttons_under_a_text_are_none_of_it(page: str) -> None:
    """Whether the page ends there, or boxes follow that trafilatura may select."""
    for around in ("", AROUND):
        told = paragraphs(page + around)
        assert not [text for role, text in told if role in BODY_ROLES and text.startswith(("Nothing", "Back"))]


def test_captions_of_other_articles_pictures_are_not_kept() -> None:
    """Pictures in lists of related articles, or in boxes after the article's own, change from day to day."""
    others = f"<div class='related'>{FIGURE.format(' of the north')}</div><div>{FIGURE.format(' of the south')}</div>"
    told = paragraphs(f"<main><article><h1>The wall is repaired again</h1><div>{TEXT}</div></article>{others}</main>")
    assert not [line for role, line in told if role is Role.CAPTION]


def test_a_heading_with_a_relative_date_is_a_heading() -> None:
    """In a column that looks back; under a headline such a line is its date."""
    assert (Role.HEADING, "10 days ago") in paragraphs(f"<div>{TEXT}<h2>10 days ago</h2>{TEXT}</div>")
    assert (Role.DATELINE, "10 days ago") in paragraphs(f"<div><p>10 days ago</p>{TEXT}</div>")


@pytest.mark.parametrize(
    "line",
    ["Este artículo es clave para el suscriptor de la ley, dijo.", "Materiał był tylko dla dzieci, mówi dyrektor."],
)
def test_a_sentence_that_begins_like_a_notice_is_text(line: str) -> None:
    """Words of notices to subscribers occur in sentences, too; the rest of the sentence tells them apart."""
    assert (Role.TEXT, line) in paragraphs(f"{TEXT}<p>{line}</p>{TEXT}")
    notice = "Este artículo es solo para suscriptores."
    assert (Role.PROMO, notice) in paragraphs(f"{TEXT}<p>{notice}</p>")


def test_id_of_a_heading_is_made_of_its_text() -> None:
    """A heading is no share bar and no list of links because its anchor has such a word."""
    for name in ("social-benefits", "popular-instruments", "related-work"):
        assert (Role.HEADING, "Why we sing") in paragraphs(f"<div>{TEXT}<h2 id='{name}'>Why we sing</h2>{TEXT}</div>")


def test_last_line_that_announces_others_is_not_body() -> None:
    """The links that it announces are not part of the text; within the text such a line is."""
    line = "More helpful articles by the harbour:"
    assert (Role.TEASER, line) in paragraphs(f"<div>{TEXT}<p>{line}</p></div>")
    assert (Role.TEXT, line) in paragraphs(f"<div>{TEXT}<p>{line}</p>{TEXT}</div>")


@pytest.mark.parametrize("line", ["[Image via Harbour Office/AP]", "Titelbild: Hafenamt", "Bildquelle: Hafenamt"])
def test_credit_of_a_picture_is_not_body(line: str) -> None:
    """Also at the end of a text, away from the picture."""
    assert (Role.TEXT, line) not in paragraphs(f"<div>{TEXT}<p>{line}</p></div>")


@pytest.mark.parametrize(
    ("role", "line"),
    [
        (Role.PROMO, "Want to keep up with the harbour? Subscribe to our email newsletter."),
        (Role.PROMO, "Our journalism needs your support. Please subscribe today."),
        (Role.PROMO, "This story is funded by readers like you."),
        (Role.PROMO, "Follow us on social media"),
        (Role.DISCLAIMER, "This interview has been lightly edited and condensed for clarity."),
        (Role.DISCLAIMER, "This post may contain affiliate links."),
        (Role.DISCLAIMER, "When you buy something through our retail links, we may earn a commission."),
        (Role.DISCLAIMER, "Dieses Interview wurde gekürzt."),
        (Role.BYLINE, "Cross-posted from the Harbour Gazette."),
        (Role.BYLINE, "Materials provided by the Institute of Tides."),
        (Role.BYLINE, "This story about walls was produced by the Tide Report, a newsroom without profit."),
        (Role.BIO, "Contact staff writer Jane Roe at 555-0100, or jroe@news.example."),
        (Role.COMMENT, "Comments are closed."),
        (Role.SHARE, "Share this post"),
    ],
)
def test_closing_notes_are_no_text(role: Role, line: str) -> None:
    """Notes after the last paragraph, in the words of many newsrooms."""
    assert (role, line) in paragraphs(f"{TEXT}<p>{line}</p>")


@pytest.mark.parametrize("line", ["Jan 23", "Updated: Sep 19", "Feb. 24"])
def test_days_without_a_year_are_dates_above_a_text_and_cells_in_a_table(line: str) -> None:
    """A table of dates, such as the matches of a season, keeps its first column."""
    assert (Role.DATELINE, line) in paragraphs(f"<p>{line}</p>{TEXT}")
    cells = f"<tr><td>{line}</td><td>The harbour against the river</td></tr><tr><td>4 May 2026</td><td>Home</td></tr>"
    told = [text for role, text in paragraphs(f"{TEXT}<table>{cells}</table>{TEXT}") if role is Role.TABLE]
    assert any(line in text for text in told)
    assert any("4 May 2026" in text for text in told)


def test_the_title_of_a_table_of_contents_is_no_heading() -> None:
    """Above the list of the page's own headings."""
    assert (Role.TAGS, "Table of Contents") in paragraphs(f"<h2>Table of Contents</h2>{TEXT}")


def test_a_name_alone_above_the_text_is_its_byline() -> None:
    """Within the text it is the name of somebody in it."""
    told = paragraphs(f"<p>Jane Roe</p>{TEXT}<p>John Doe</p>{TEXT}")
    assert told[0] == (Role.BYLINE, "Jane Roe")
    assert (Role.TEXT, "John Doe") in told


def test_a_heading_in_the_words_of_the_headline_is_the_heading_of_a_part() -> None:
    """Above the text it is the headline again."""
    heading = "<h2>How the old harbour wall was repaired again</h2>"
    page = "<title>How the old harbour wall was repaired</title><h1>How the old harbour wall was repaired</h1>{}"
    text = TEXT.replace("here.", "here, on the quay.")
    for body, is_kept in ((f"{heading}{text}", False), (f"{text}{heading}{text}", True)):
        article = extract_page(page.format(body).encode(), URL).article
        assert article is not None
        headings = [each.text for each in article.paragraphs if each.role is Role.HEADING]
        assert headings == ["How the old harbour wall was repaired again"] * is_kept


def test_a_box_about_the_author_after_the_text_is_a_biography() -> None:
    """Under its label, whatever the words are."""
    box = "<h3>About the Author</h3><p>Jane Roe, Senior Editor</p><p>Tides have been her subject for ten years now.</p>"
    told = paragraphs(f"<div>{TEXT}</div><div>{box}</div>")
    assert [text for role, text in told if role is Role.BIO][-1] == "Tides have been her subject for ten years now."


def test_a_list_of_links_after_the_text_is_a_list_of_other_articles() -> None:
    """Also with short anchors, which in the text are an enumeration."""
    links = "".join(f"<li><a href='/news/{word}'>{word} on the quay</a></li>" for word in ("Cranes", "Ropes", "Gulls"))
    told = paragraphs(f"<div class='article-body'>{TEXT}<ul>{links}</ul></div>")
    assert not [text for role, text in told if role is Role.LIST]


def test_a_caption_below_a_text_without_any_box_is_kept() -> None:
    """Paragraphs and figures of the article stand side by side in <body>."""
    days = (
        f"<p>Rain fell on the hills of the north for the {n}th day, and roads were closed.</p>" for n in range(5, 12)
    )
    text = "".join(days)
    figure = "<figure><img src=/b.jpg><figcaption>The ferry in winter</figcaption></figure>"
    page = f"<h1>Rain falls on the hills</h1><p>March 5, 2024</p>{text}{figure}"
    article = extract_page(page.encode(), "https://news.example/2024/03/rain-falls-on-the-hills").article
    assert article is not None
    assert [each.text for each in article.paragraphs if each.role is Role.CAPTION] == ["The ferry in winter"]


ABOUT_AI = """
    This article examines the effects of AI on hospitals.
    This article is about the effects of AI on hospitals.
    Αυτό το άρθρο εξετάζει τις επιπτώσεις της τεχνητής νοημοσύνης στα νοσοκομεία.
    Эта статья рассматривает влияние ИИ на больницы.
    Эту новость о влиянии ИИ на больницы обсуждают врачи.
    Ovaj članak istražuje učinke umjetne inteligencije na bolnice.
    Овај чланак испитује утицај вештачке интелигенције на болнице.
    Ez a cikk a mesterséges intelligencia kórházakra gyakorolt hatásait vizsgálja.
    Acest articol analizează efectele inteligenței artificiale asupra spitalelor.
    Tämä artikkeli tarkastelee tekoälyn vaikutuksia sairaaloihin.
    Цей текст розглядає вплив ШІ на лікарні.
    Ця стаття розглядає вплив штучного інтелекту на лікарні.
    บทความนี้สำรวจผลกระทบของ AI ต่อโรงพยาบาล
    Den här artikeln är en granskning av AI i sjukhus.
    Den här artikeln har fokus på AI i vården.
    AI-gebruik in ziekenhuizen neemt toe
    AI-användning bland elever ökar
    Dit artikel is een onderzoek naar AI in ziekenhuizen.
    Este artículo se centra en los efectos de la inteligencia artificial en los hospitales.
    Este artigo foi dedicado aos efeitos da inteligência artificial nos hospitais.
    Cet article est consacré aux effets de l'IA sur les hôpitaux.
    Questo articolo è stato dedicato agli effetti dell'intelligenza artificiale.
    Bu makale yapay zekânın hastaneler üzerindeki etkilerini inceliyor.
    Artikel ini membahas dampak AI terhadap rumah sakit.
    Bài viết này xem xét tác động của AI đối với bệnh viện.
    この記事はAIが病院に与える影響を検証する。
    이 기사는 인공지능이 병원에 미치는 영향을 살펴본다.
    यह लेख अस्पतालों पर एआई के प्रभाव की जाँच करता है।
    این مقاله تأثیر هوش مصنوعی بر بیمارستان‌ها را بررسی می‌کند.
    כתבה זו בוחנת את השפעת בינה מלאכותית על בתי חולים.
    Ten artykuł bada wpływ AI na szpitale.
    Tento článek zkoumá dopady umělé inteligence na nemocnice.
    Tento článok skúma vplyv umelej inteligencie na nemocnice.
    Тази статия разглежда ефекта на изкуствения интелект върху болниците.
    Ta članek preučuje vpliv umetne inteligence na bolnišnice.
    ეს სტატია იკვლევს ხელოვნური ინტელექტის გავლენას საავადმყოფოებზე.
    Այս հոդվածը ուսումնասիրում է արհեստական բանականության ազդեցությունը հիվանդանոցների վրա։
    Makala haya yanachunguza athari za akili bandia kwa hospitali.
    এই প্রতিবেদন হাসপাতালে কৃত্রিম বুদ্ধিমত্তার প্রভাব পরীক্ষা করে।
    இந்தக் கட்டுரை மருத்துவமனைகளில் செயற்கை நுண்ணறிவின் விளைவுகளை ஆராய்கிறது.
    یہ مضمون ہسپتالوں پر مصنوعی ذہانت کے اثرات کا جائزہ لیتا ہے۔
    អត្ថបទនេះពិនិត្យមើលផលប៉ះពាល់នៃបញ្ញាសិប្បនិម្មិតលើមន្ទីរពេទ្យ។
    ይህ ጽሑፍ ሰው ሰራሽ አስተውሎት በሆስፒታሎች ላይ ያለውን ተጽዕኖ ይመረምራል።
    本文在人工智能研究的基础上讨论医院。
    AI-generated images flood social networks before the vote.
    Information om AI i skolan når fler elever.
    Hinweis zur KI im Krankenhaus kam zu spät.
    AI transparency rules take effect in Europe.
    AIの利用が広がる
    Note sur l'IA dans les hôpitaux
    Застереження щодо ШІ лунають дедалі частіше.
    Эта статья написана об ИИ в больницах.
"""


@pytest.mark.parametrize("line", ABOUT_AI.strip().splitlines())
def test_reporting_about_artificial_intelligence_is_text(line: str) -> None:
    """A disclaimer says that the text was made with it, or is a label of its own."""
    assert not phrases.DISCLAIMER.match(line.strip())


@pytest.mark.parametrize(
    "line",
    [
        "This article was translated by AI.",
        "This story was produced with the help of artificial intelligence.",
        "Ten tekst przetłumaczono przy użyciu AI.",
        "Эту новость перевёл ИИ.",
        "Acest articol a fost scris cu ajutorul inteligenței artificiale.",
        "Ez a cikk mesterséges intelligencia segítségével készült.",
        "Tämä juttu on tehty tekoälyn avulla.",
        "Ovaj članak je napisan uz pomoć umjetne inteligencije.",
        "Dit artikel is geschreven met behulp van AI.",
        "Este artículo ha sido traducido por IA.",
        "Cet article a été traduit à l'aide de l'IA.",
        "Тази статия е преведена с помощта на изкуствен интелект.",
        "Makala hii imeandikwa kwa msaada wa akili bandia.",
        "本文由AI翻译",
        "Information om AI",
        "AI-generated content",
    ],
)
def test_a_text_made_with_artificial_intelligence_is_named_so(line: str) -> None:
    """The verb may stand on either side, as in each language; a label is the whole line."""
    assert phrases.DISCLAIMER.match(line)


def test_of_a_long_text_the_wording_of_both_ends_is_examined() -> None:
    """The text between them gets its roles by the markup: examining thousands of lines takes most of the time."""
    line = "<p>The wall of the harbour has {} stones, and each of them was counted by hand.</p>"
    lines = [line.format(number) for number in range(2_000)]
    at = 100, 1_000, 1_900
    for index in at:
        lines[index] = f"<p>Correction: An earlier version of this article said that it has {index} stones.</p>"
    told = paragraphs(f"<article>{''.join(lines)}</article>")
    assert len(told) == len(lines)
    assert [told[index][0] for index in at] == [Role.CORRECTION, Role.TEXT, Role.CORRECTION]


@pytest.mark.parametrize("link", ["<a href=https://a.example/s>Share this</a>", "<a href='javascript:a()'>Open</a>"])
def test_buttons_within_a_long_text_are_no_text(link: str) -> None:
    """Such as below each post of a live blog."""
    post = f"<p>{'The ferry leaves the quay at the same time each day. ' * 2}</p><p>{link}</p><p>Advertisement</p>"
    page = f"<html><body><article><h1>The ferry leaves</h1>{post * 500}</article></body></html>"
    article = extract_page(page.encode(), "https://news.example/2026/03/01/the-ferry-leaves").article
    assert article is not None
    assert {p.text[:9] for p in article.paragraphs if p.role in BODY_ROLES} == {"The ferry"}
