"""Authors of pages whose metadata names none."""

import pytest

from newsarchive.extract import extract_page
from newsarchive.extract.authors import is_organisation, split_byline
from storage.article_fields import from_article

URL = "https://news.example/world/rain-falls-on-the-hills"
TEXT = "".join(
    f"<p>Sentence number {n} of a story about rain that falls on hills and fields, and about people who do not mind "
    "it at all, because they have waited for it.</p>"
    for n in range(20)
)
TITLE = "<h1>Rain falls on the hills</h1>"


def authors(top: str = TITLE, *, head: str = "", end: str = "", url: str = URL) -> tuple[str, ...]:
    page = (
        f"<html lang=en><head><meta property=og:type content=article>{head}</head>"
        f"<body><main><article>{top}{TEXT}{end}</article></main></body></html>"
    )
    article = extract_page(page.encode(), url).article
    assert article is not None
    return article.authors


@pytest.mark.parametrize(
    ("top", "head", "end"),
    [
        pytest.param(
            f"{TITLE}<div><span><a href=/authors/jane-roe>Jane Roe</a></span></div>", "", "", id="author page"
        ),
        pytest.param(f"{TITLE}<p>Posted on May 3, 2021 by Jane Roe</p>", "", "", id="behind the date"),
        pytest.param(f"{TITLE}<p>25.10.2022 - Jane Roe</p>", "", "", id="beside the date"),
        pytest.param(f"{TITLE}<div>Written by</div><div>Jane Roe</div>", "", "", id="below a label"),
        pytest.param(f"{TITLE}<p>Jane Roe</p>", "", "", id="a line of its own"),
        pytest.param(f"{TITLE}<p>By Jane Roe<br>May 3, 2021</p>", "", "", id="above the date"),
        pytest.param(f"{TITLE}<div>By Jane Roe May 3, 2021 4 min read</div>", "", "", id="before month, day and time"),
        pytest.param(f"{TITLE}<p>3 aprile 2024 di Jane Roe</p>", "", "", id="behind an Italian date"),
        pytest.param(f"{TITLE}<a href=/@jane><p>Jane Roe</p></a>", "", "", id="page with a sign"),
        pytest.param(
            f"<a rel=author href=/>The Hill Journal</a>{TITLE}<p><i class=author>Jane Roe</i> · 3 May 2021</p>",
            "",
            "",
            id="site and author",
        ),
        pytest.param(f"{TITLE}<p>Written by:Jane Roe</p>", "", "", id="colon without a space"),
        pytest.param(f"{TITLE}<div class=byline>ByJane Roe</div>", "", "", id="lead without a space"),
        pytest.param(f"{TITLE}<div class=teaser-info>von Jane Roe</div>", "", "", id="By, whatever the class is"),
        pytest.param(TITLE, "", "<div class=author-box><h4>Jane Roe</h4></div>", id="box below the text"),
        pytest.param(TITLE, "", "<p><b><i>Jane Roe</i></b></p>", id="signature"),
        pytest.param(TITLE, "", "<p>Erstellt von Jane Roe</p>", id="line below the text"),
        pytest.param(
            TITLE,
            "<meta name=twitter:label1 content='Verfasst von'><meta name=twitter:data1 content='Jane Roe'>",
            "",
            id="card of a blog system",
        ),
        pytest.param(
            TITLE,
            '<script type="application/ld+json">{"@graph":[{"@type":"WebPage","name":"Rain"},'
            '{"@type":"Person","name":"Jane Roe"}]}</script>',
            "",
            id="the only person of a graph",
        ),
    ],
)
def test_author_is_found_where_the_metadata_names_none(top: str, head: str, end: str) -> None:
    """Each form of byline gives the name, without the words around it."""
    assert authors(top, head=head, end=end) == ("Jane Roe",)


@pytest.mark.parametrize(
    "line",
    [
        "Read More",
        "Table of Contents",
        "Share this post",
        "Last updated",
        "Personal finance",
        "Written by",
        "9 min read",
        "Story Continues",
        "Key Points",
    ],
)
def test_other_lines_below_the_headline_are_no_names(line: str) -> None:
    """A bare line is taken only if it has the form of a name."""
    assert authors(f"{TITLE}<div>{line}</div>") == ()


def test_author_pages_on_cards_of_other_articles_are_not_followed() -> None:
    """The cards below the text name the authors of other articles."""
    card = "<div class=card><h4><a href=/b>Snow falls</a></h4><a href=/authors/ines-hale>Ines Hale</a></div>"
    assert authors(TITLE, end=card) == ()


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("執筆", "山田 花子"),
        ("作者", "王小明"),
        ("글", "홍길동"),
        ("بقلم", "ليلى منصور"),
        ("מאת", "דנה כהן"),
        ("लेखक", "अनिता वर्मा"),
        ("โดย", "สมชาย ใจดี"),
        ("ავტორი", "ნინო ბერიძე"),
        ("نویسنده", "مریم رضایی"),
    ],
)
@pytest.mark.parametrize(
    "markup",
    [
        "<div><a href=/author/x1>{name}</a></div>",
        "<div><a href=/author/x1>{name}</a> <time datetime=2026-05-19>2026-05-19</time></div>",
        "<p>{label}: {name}</p>",
        "<div><span>{label}</span></div><div><span>{name}</span></div>",
        "<div class=author-name>{name}</div>",
        "<div class=byline>{label} {name}</div>",
        "<p><span itemprop=author><span itemprop=name>{name}</span></span></p>",
    ],
)
def test_a_name_in_a_script_without_capitals_is_told_by_its_link_or_label(markup: str, label: str, name: str) -> None:
    """Its form does not tell it from other words."""
    assert authors(TITLE + markup.format(label=label, name=name)) == (name,)


@pytest.mark.parametrize("word", ["more", "さらに詳しく見る", "共同通信社編集部", "2026", ""])
def test_a_link_to_the_page_of_an_author_may_have_other_words(word: str) -> None:
    assert authors(f"{TITLE}<div><a href=/author/x1>{word}</a></div>") == ()


def test_a_line_between_paragraphs_is_no_name() -> None:
    paragraph = "Rain falls on the hills and fields, and people do not mind it at all."
    assert authors(f"{TITLE}<p>{paragraph}</p><p>{paragraph}</p><p>Marren Bridge</p>") == ()


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("新华社记者 王小明 李华", ("王小明", "李华")),
        ("（总台记者 张倩）", ("张倩",)),
        ("雨落在山上。" * 40 + "（总台记者 张倩）", ("张倩",)),
        ("2022-01-02 来源:转载 作者:孙仲旻", ("孙仲旻",)),
    ],
)
def test_chinese_bylines(byline: str, names: tuple[str, ...]) -> None:
    """Names behind the word for reporter or author."""
    assert authors(f"{TITLE}<p>{byline}</p>") == names


@pytest.mark.parametrize(
    "line",
    [
        "港务局否决了新桥的建设方案，此前各方已经争论数月。财政部仍在等待第二航站楼项目，费用去年已经增加了一倍，本报记者看到的一份文件显示了这一点。有关部门希望在冬季之前完成，市议会也同意了。"
        + "雨落在山上。" * 20,
        "记者看到，雨落在山上。",
        "记者从市政府获悉",
        "（本报记者从北京）",
        "记者从中获悉，雨落在山上。",
        "记者从港务 获悉，雨落在山上。",
        "本报记者获悉，雨落在山上。",
    ],
)
def test_what_a_chinese_reporter_saw_is_no_name(line: str) -> None:
    assert authors(f"{TITLE}<p>{line}</p>") == ()


def test_owner_of_a_personal_site_is_its_author() -> None:
    """A name of the site is no author, unless the address shows that the site is a person's."""
    head = "<meta property=og:site_name content='Jane Roester'><meta name=author content='Jane Roester'>"
    assert authors(head=head, url="https://roester.example/notes/rain-falls-on-the-hills") == ("Jane Roester",)
    assert authors(head=head, url="https://news.example/notes/rain-falls-on-the-hills") == ()


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("Jane Roe MS RD", ["Jane Roe"]),
        ("Recipe by Jane Roe", ["Jane Roe"]),
        ("Interview: Jane Roe", ["Jane Roe"]),
        ("Center for Rain and Snow", ["Center for Rain and Snow"]),
        ("Office for National Statistics", ["Office for National Statistics"]),
        ("Bureau of Investigative Journalism", ["Bureau of Investigative Journalism"]),
        ("Jane Roe | The Hill Journal", ["Jane Roe", "The Hill Journal"]),
        ("dpa", ["dpa"]),
        ("PHP Developer", []),
        ("Ana Kos, novinarka", ["Ana Kos"]),
        ("নিজস্ব প্রতিবেদক", []),
        ("Weitere Artikel", []),
        ("Por Jane Roe 5 de marzo de 2024", ["Jane Roe"]),
        ("By Jane Roe Saturday, March 5, 2024", ["Jane Roe"]),
        ("文：佐藤 健 2024年3月5日", ["佐藤 健"]),
        ("Νίκος Γεωργίου Δημοσίευση: 5 Μαρτίου 2024", ["Νίκος Γεωργίου"]),
        ("أحمد محمد وليد حسن", ["أحمد محمد وليد حسن"]),
        ("By Harbour 5, 2024", []),
        ("March 5, 2024", []),
    ],
)
def test_split_byline_separates_names_from_titles(byline: str, names: list[str]) -> None:
    """Degrees, leads and labels are no part of a name."""
    assert split_byline(byline) == names


@pytest.mark.parametrize(
    ("stated", "agencies"),
    [
        ('{"@type": "Organization", "name": "Agence France-Presse"}', ("AFP",)),
        ('["Reuters", {"name": "dpa"}]', ("Reuters", "dpa")),
        ('{"@type": "Organization", "name": "The Daily Tide"}', ()),
        ("7", ()),
    ],
)
def test_source_organization_names_an_agency(stated: str, agencies: tuple[str, ...]) -> None:
    """What JSON-LD states as the source of an article is an agency of it, unless it is the newspaper."""
    data = (
        f'{{"@type": "NewsArticle", "headline": "Ferry stuck", "author": "Ada Berg", "sourceOrganization": {stated}}}'
    )
    text = "<p>The ferry to the islands was stuck in the harbour for three hours, with ninety people on board.</p>" * 3
    page = f'<script type="application/ld+json">{data}</script><h1>Ferry stuck</h1><article>{text}</article>'
    article = extract_page(page.encode(), "https://tide.example/ferry-stuck").article
    assert article is not None
    assert article.authors == ("Ada Berg",)
    assert from_article(article).agencies == agencies


@pytest.mark.parametrize("key", ["comment", "comments"])
def test_a_reader_who_comments_is_no_author(key: str) -> None:
    """Comments in an article's JSON-LD are not searched for persons."""
    comment = '{"@type": "Comment", "text": "I think so.", "author": {"@type": "Person", "name": "Ann Reader"}}'
    data = f'{{"@type": "NewsArticle", "headline": "Ferry stuck", "{key}": [{comment}]}}'
    text = "<p>The ferry to the islands was stuck in the harbour for three hours, with ninety people on board.</p>" * 3
    page = f'<script type="application/ld+json">{data}</script><h1>Ferry stuck</h1><article>{text}</article>'
    article = extract_page(page.encode(), "https://tide.example/ferry-stuck").article
    assert article is not None
    assert article.authors == ()


@pytest.mark.parametrize(("line", "names"), [("Von dpa", ["dpa"]), ("Von Jane Roe, dpa", ["Jane Roe", "dpa"])])
def test_an_agency_in_small_letters_is_named(line: str, names: list[str]) -> None:
    assert split_byline(line) == names


@pytest.mark.parametrize("line", ["Von Jane Roe, dpa", "By Jane Roe and John Doe, Reuters"])
def test_a_byline_of_persons_and_an_agency_is_found_in_any_element(line: str) -> None:
    """The agency is an organisation, and the line is not passed over for it."""
    text = "".join(
        f"<p>Rain fell on the hills of the north for the {n}th day, and the roads were closed.</p>"
        for n in range(5, 12)
    )
    page = f"<h1>Rain falls on the hills</h1><p>Source</p><x-line>{line}</x-line>{text}<div>Current Poll</div>"
    article = extract_page(page.encode(), "https://news.example/2024/03/rain-falls-on-the-hills").article
    assert article is not None
    assert article.authors[0] == "Jane Roe"
    assert article.organisations == (line.rpartition(" ")[2],)


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("By Plácido Domingo, 5 March 2024", ["Plácido Domingo"]),
        ("Anna Sonntag, 5. März 2024", ["Anna Sonntag"]),
        ("Von Anna Sonntag und Jan Sobota, 5. März 2024", ["Anna Sonntag", "Jan Sobota"]),
        ("By Jane Roe Monday, November 18", ["Jane Roe"]),
        ("Jane Roe, Monday, November 18", ["Jane Roe"]),
        ("王小明 星期一, 3月5日", ["王小明"]),
    ],
)
def test_a_family_name_may_be_a_weekday(byline: str, names: list[str]) -> None:
    """A weekday is part of the date only behind a whole name, or alone between separators."""
    assert split_byline(byline) == names


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Story by Jane Roe Photos by Ann Lee", ["Jane Roe"]),
        ("Story by Jane Roe, Photographs by Ann Lee", ["Jane Roe"]),
        ("Words: Jane Roe / Pictures: Ann Lee", ["Jane Roe"]),
        ("Photos: Ann Lee / Text: Jane Roe", ["Jane Roe"]),
        ("Text und Fotos: Jana Rot", ["Jana Rot"]),
        ("Texte : Jean Dupont – Photos : Anne Roux", ["Jean Dupont"]),
        ("Текст: Иван Петров, фото: Анна Ли", ["Иван Петров"]),
        ("文/王小明 图/李华", ["王小明"]),
        ("取材・文／山田太郎", ["山田太郎"]),
        ("Penulis: Budi Santoso | Editor: Dewi Lestari", ["Budi Santoso"]),
        ("Reporting by Jane Roe; Editing by Ann Lee", ["Jane Roe"]),
        ("By Ann Lee as told to Jane Roe", ["Ann Lee", "Jane Roe"]),
        ("Aufgezeichnet von Jana Rot", ["Jana Rot"]),
        ("Par Jean Dupont Publié le 3 mai 2024", ["Jean Dupont"]),
        ("By Jane Roe and Ann Lee 2024-05-03", ["Jane Roe", "Ann Lee"]),
        ("Jean Dupont, à Lyon", ["Jean Dupont"]),
        ("홍길동·김영희 선임기자", ["홍길동", "김영희"]),
        ("نویسنده: علی رضایی", ["علی رضایی"]),
        ("रिपोर्ट: राजेश कुमार", ["राजेश कुमार"]),
    ],
)
def test_a_byline_names_those_who_wrote(line: str, names: list[str]) -> None:
    """Those who took the pictures or edited the text are no authors; words for the work are in many languages."""
    assert split_byline(line) == names


@pytest.mark.parametrize(
    "line", ["홍길동 기자", "[서울=뉴스] 홍길동 기자", "글·사진 홍길동", "홍길동 기자 hong@news.example"]
)
def test_korean_bylines(line: str) -> None:
    """A name stands before or behind the word for reporter, in any element, above or below the text."""
    assert authors(f"{TITLE}<p>{line}</p>") == authors(end=f"<p>{line}</p>") == ("홍길동",)


def test_a_surname_in_front_is_put_behind_in_metadata() -> None:
    """Catalogues print "Roe, Jane". In a visible line these may be two persons."""
    assert authors(head="<meta name=author content='Roe, Jane; Lee, Ann B.'>") == ("Jane Roe", "Ann B. Lee")
    assert split_byline("Adele, Björk") == ["Adele", "Björk"]


@pytest.mark.parametrize("title", ["By Royal Command", "Vom Studienprojekt zur Firma", "Par Ici Monnaie"])
@pytest.mark.parametrize(
    "form",
    ["<ul><li>{}</li><li>Rain</li></ul>", "<p><a href=/b>{}</a></p>", "<h4>{}</h4>", f"<p><b>{{}}</b></p>{TEXT}"],
)
def test_titles_that_begin_like_bylines_are_none(title: str, form: str) -> None:
    """A preposition begins titles of other articles and of parts, too; "Written by" does not."""
    assert authors(end=form.format(title)) == ()
    assert authors(end=form.format("Written by Jane Roe")) == ("Jane Roe",)


@pytest.mark.parametrize(
    "label",
    ["İlgili Haberler", "Son Dakika", "Noticias Relacionadas", "Más Leídas", "Leia Também", "Lees Ook", "Czytaj Także",
     "Читайте Также", "Baca Juga", "Tin Liên Quan", "Kapcsolódó Cikkek", "Διαβάστε Επίσης", "Sponsored Content",
     "Photo Gallery", "Compartir Noticia", "Real Estate"],
)  # fmt: skip
def test_labels_are_no_persons(label: str) -> None:
    """Labels with a capital in each word are no names: above the text, below it, and beside a date."""
    assert authors(f"{TITLE}<p>{label}</p>") == authors(end=f"<p><b>{label}</b></p>") == ()
    assert authors(f"{TITLE}<p>{label} | May 3, 2026</p>") == ()


@pytest.mark.parametrize(
    "line",
    [
        "Piše: Ana Kos", "Szerző: Ana Kos", "Írta: Ana Kos", "Autorius: Ana Kos", "Autors: Ana Kos", "Text: Ana Kos",
        "Συντάκτης: Ana Kos", "ΣΥΝΤΑΚΤΡΙΑ: Ana Kos", "خبرنگار: Ana Kos", "लेखक: Ana Kos", "লেখক: Ana Kos", "โดย Ana Kos",
        "Napsala Ana Kos", "Skrevet af Ana Kos", "Teksti: Ana Kos", "Egilea: Ana Kos", "Phóng viên: Ana Kos",
        "Ana Kos, Europa Press", "Ana Kos / Adnkronos", "Ana Kos, ΑΠΕ-ΜΠΕ", "Ana Kos | رويترز", "Ana Kos, Keystone-SDA",
        "Ana Kos, Укрінформ", "Ana Kos, Agência Brasil", "Ana Kos, İHA", "Ana Kos, Hina",
        "Ana Kos, 中央社", "Ana Kos, وكالات",
    ],
)  # fmt: skip
def test_leads_and_agencies_of_many_languages(line: str) -> None:
    first, *agencies = split_byline(line)
    assert (first, len(agencies)) == ("Ana Kos", line.startswith("Ana"))
    assert all(map(is_organisation, agencies))
