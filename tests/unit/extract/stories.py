"""The page of an article with its parts: headline, dek, text, notices, a player and fifty related links.

It is in six languages. The words of each part are generated; what its markup is, a test says.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from newsarchive.extract import extract_page
from storage.model import BODY_ROLES, Article, LinkKind, Outcome, Reading, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """The words of one language."""

    code: str
    words: tuple[str, ...]
    space: str
    short_headlines: tuple[str, ...]
    article: str
    end: str
    date: str
    site: str
    motto: str
    related: str
    popular: str
    ai: str
    disclaimer: str
    newsletter: str
    offer: str
    close: str


ENGLISH = Language(
    code="en",
    words=tuple("harbour ferry council bridge morning winter budget report minister village station market".split()),
    space=" ",
    short_headlines=("China, China, China!", "Ferry returns", "War", "2024", "Why? Why? Why?"),
    article="The ",
    end=".",
    date="Tuesday, March 5, 2024",
    site="The Dispatch",
    motto="News for people who think",
    related="Related Articles",
    popular="Most read",
    ai="AI Disclaimer",
    disclaimer=(
        "This article was produced with the help of artificial intelligence. Although our editors check each text, it "
        "may contain errors."
    ),
    newsletter="Newsletter",
    offer="Get the best of The Dispatch in your inbox every morning.",
    close="Close",
)
GERMAN = Language(
    code="de",
    words=tuple("Hafen Fähre Stadtrat Brücke Morgen Winter Haushalt Bericht Dorf Bahnhof Markt Bücherei".split()),
    space=" ",
    short_headlines=("China, China, China!", "Fähre fährt", "Krieg", "2024", "Warum?"),
    article="Die ",
    end=".",
    date="Dienstag, 5. März 2024",
    site="Der Nordbote",
    motto="Nachrichten für kluge Köpfe",
    related="Verwandte Artikel",
    popular="Meistgelesen",
    ai="KI-Hinweis",
    disclaimer=(
        "Dieser Artikel wurde mit Hilfe künstlicher Intelligenz erstellt. Obwohl unsere Redaktion jeden Text prüft, "
        "kann er Fehler enthalten."
    ),
    newsletter="Newsletter",
    offer="Das Beste aus dem Nordboten jeden Morgen in Ihrem Postfach.",
    close="Schließen",
)
CHINESE = Language(
    code="zh",
    words=tuple("港口渡轮议会桥梁早晨冬季预算报告村庄车站市场花园学校河流船长工程节日天气"),
    space="",
    short_headlines=("中国，中国，中国！", "渡轮归来", "战争", "2024", "为什么？"),
    article="",
    end="。",
    date="2024年3月5日",
    site="北方纪事报",
    motto="给思考者的新闻",
    related="相关文章",
    popular="热门文章",
    ai="人工智能声明",
    disclaimer="本文在人工智能的帮助下完成。虽然我们的编辑会检查每一篇文章，但其中仍可能存在错误。",
    newsletter="订阅通讯",
    offer="每天早晨在您的邮箱中收到《北方纪事报》的精选内容。",
    close="关闭",
)
ARABIC = Language(
    code="ar",
    words=tuple("الميناء العبارة المجلس الجسر الصباح الشتاء الميزانية التقرير القرية المحطة السوق".split()),
    space=" ",
    short_headlines=("الصين، الصين، الصين!", "عودة العبارة", "حرب", "2024", "لماذا؟"),
    article="",
    end=".",
    date="الثلاثاء 5 مارس 2024",
    site="صحيفة الشمال",
    motto="أخبار لمن يفكرون",
    related="مقالات ذات صلة",
    popular="الأكثر قراءة",
    ai="إخلاء مسؤولية الذكاء الاصطناعي",
    disclaimer="أُعد هذا المقال بمساعدة الذكاء الاصطناعي. ومع أن محررينا يراجعون كل نص فقد يحتوي على أخطاء.",
    newsletter="النشرة البريدية",
    offer="احصل على أفضل ما في صحيفة الشمال في بريدك كل صباح.",
    close="إغلاق",
)
RUSSIAN = Language(
    code="ru",
    words=tuple("гавань паром совет мост утро зима бюджет отчёт министр деревня станция рынок".split()),
    space=" ",
    short_headlines=("Китай, Китай, Китай!", "Паром вернулся", "Война", "2024", "Почему? Почему?"),
    article="Это ",
    end=".",
    date="5 марта 2024",
    site="Северный вестник",
    motto="Новости для думающих людей",
    related="Похожие статьи",
    popular="Самое читаемое",
    ai="Отказ от ответственности ИИ",
    disclaimer=(
        "Эта статья подготовлена с помощью искусственного интеллекта. Хотя наши редакторы проверяют каждый текст, в "
        "нём могут быть ошибки."
    ),
    newsletter="Рассылка",
    offer="Получайте лучшее из Северного вестника на почту каждое утро.",
    close="Закрыть",
)
HINDI = Language(
    code="hi",
    words=tuple("बंदरगाह नौका परिषद पुल सुबह सर्दी बजट रिपोर्ट मंत्री गाँव स्टेशन बाज़ार".split()),
    space=" ",
    short_headlines=("चीन, चीन, चीन!", "नौका लौटी", "युद्ध", "2024", "क्यों?"),
    article="यह ",
    end="।",
    date="मंगलवार, 5 मार्च 2024",
    site="उत्तरी समाचार",
    motto="सोचने वालों के लिए खबरें",
    related="संबंधित लेख",
    popular="सबसे ज़्यादा पढ़े गए",
    ai="एआई अस्वीकरण",
    disclaimer=(
        "यह लेख कृत्रिम बुद्धिमत्ता की सहायता से तैयार किया गया है। हमारे संपादक हर लेख की जाँच करते हैं, फिर भी इसमें त्रुटियाँ हो सकती हैं।"
    ),
    newsletter="न्यूज़लेटर",
    offer="हर सुबह अपने इनबॉक्स में उत्तरी समाचार की चुनिंदा खबरें पाएँ।",
    close="बंद करें",
)
LANGUAGES = (ENGLISH, GERMAN, CHINESE, ARABIC, RUSSIAN, HINDI)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The parts of one article."""

    language: Language
    headline: str
    dek: str
    paragraphs: tuple[str, ...]
    related: tuple[tuple[str, str], ...]
    """(headline, URL)."""
    popular: tuple[tuple[str, str], ...]

    @classmethod
    def generate(cls, language: Language, seed: int) -> "Story":
        random = Random(seed)
        letters = 1 if max(map(len, language.words)) > 1 else 4

        def words(count: int) -> str:
            return language.space.join(random.choice(language.words) for _ in range(count * letters))

        def paragraph() -> str:
            sentences = (
                language.article + words(random.randint(9, 16)) + language.end for _ in range(random.randint(1, 2))
            )
            return language.space.join(sentences)

        short = language.short_headlines
        titles = [*short, *(words(random.randint(5, 9)) for _ in range(50 - len(short)))]
        random.shuffle(titles)
        return cls(
            language=language,
            headline=f"{words(random.randint(6, 9))} {seed}",
            dek=words(14) + language.end,
            paragraphs=tuple(paragraph() for _ in range(20)),
            related=tuple((title, f"/{seed}/{n}-slug-of-story-{n}") for n, title in enumerate(titles)),
            popular=tuple((words(6), f"/{seed}/9{n}-popular-story-{n}") for n in range(6)),
        )


def wrap(tag: str, texts: Iterable[str]) -> str:
    name = tag.partition(" ")[0]
    return "".join(f"<{tag}>{text}</{name}>" for text in texts)


def links(pairs: Iterable[tuple[str, str]], inner: str = "{}") -> list[str]:
    return [f'<a href="{url}">{inner.format(title)}</a>' for title, url in pairs]


def head(story: Story, headline: str = "h1") -> str:
    words = story.language
    before = f"<div class=q1>{words.site}</div><div class=q2>{words.motto}</div><div class=q3>{words.date}</div>"
    title = f"<{headline} class=q4>{story.headline}</{headline}><div class=q5>{story.dek}</div>"
    return f"{before}{title}<div class=q6>{wrap('p', story.paragraphs)}</div>"


def top(story: Story, headline: str = "h1", dek: str = "p", date: str = "p") -> str:
    """Return the lines above the text: site, motto, headline, dek and date."""
    words = story.language
    lines = wrap("div", (words.site, words.motto)) + wrap(headline, (story.headline,))
    return lines + wrap(dek, (story.dek,)) + wrap(date, (words.date,))


def listed(story: Story) -> str:
    """Return the related links as a list below a heading."""
    return f"<h3>{story.language.related}</h3><ul>{wrap('li', links(story.related))}</ul>"


def labelled(story: Story) -> tuple[tuple[str, str], ...]:
    """Return the notices, each with its label."""
    words = story.language
    return ((words.ai, words.disclaimer), (words.newsletter, words.offer))


def notices(story: Story) -> str:
    boxes = "".join(f"<div class=q7><h4>{label}</h4><p>{text}</p></div>" for label, text in labelled(story))
    close = story.language.close
    return f"{boxes}<div class=q9><span>0:00</span> <span>0:00</span> <button>{close}</button></div>"


def texts_of(article: Article, role: Role) -> str:
    return "\n".join(p.text for p in article.paragraphs if p.role is role)


def read_page(story: Story, markup: str) -> Reading:
    """Read a page in the language of a story: its first, from a site that was never read before."""
    language = story.language
    direction = " dir=rtl" if language.code == "ar" else ""
    page = (
        f"<!DOCTYPE html><html lang={language.code}{direction}><head><meta charset=utf-8>"
        f"<title>{story.headline} - {language.site}</title></head><body>{markup}</body></html>"
    )
    return extract_page(page.encode(), "https://www.gazette.example/21-slug-of-this-story")


def assert_parts_are_apart(story: Story, reading: Reading) -> None:
    """Each part of the page has its own place."""
    language = story.language
    article = reading.article
    assert reading.outcome is Outcome.ARTICLE
    assert article is not None
    assert (article.headline, article.dek) == (story.headline, story.dek)
    assert article.published is not None
    assert f"{article.published.at:%Y-%m-%d}" == "2024-03-05"
    assert article.authors == ()
    assert [p.text for p in article.paragraphs if p.role in BODY_ROLES] == list(story.paragraphs)
    assert language.disclaimer in texts_of(article, Role.DISCLAIMER)
    assert language.offer in texts_of(article, Role.PROMO)
    [related] = [group for group in article.link_groups if group.label == language.related]
    assert related.kind is LinkKind.RELATED
    assert [link.anchor for link in related.links] == [title for title, _ in story.related]
