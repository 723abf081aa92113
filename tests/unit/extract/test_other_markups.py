"""One article page in markups that its parts do not name, in four languages: see test_page_without_names.

Its headline is followed by dek and date, and the name of the site is not that of its host.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

import pytest

from newsarchive.extract import extract_page
from storage.model import BODY_ROLES, Article, LinkKind, Outcome, Role


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
LANGUAGES = (ENGLISH, GERMAN, CHINESE, ARABIC)


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
        letters = 1 if language.space else 4

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


def notices(story: Story) -> str:
    words = story.language
    labelled = ((words.ai, words.disclaimer), (words.newsletter, words.offer))
    boxes = "".join(f"<div class=q7><h4>{label}</h4><p>{text}</p></div>" for label, text in labelled)
    return f"{boxes}<div class=q9><span>0:00</span> <span>0:00</span> <button>{words.close}</button></div>"


def nested_tables(story: Story) -> str:
    words = story.language
    menu = "<table><tr><td><a href=/a>A</a></td></tr><tr><td><a href=/b>B</a></td></tr></table>"
    lines = (f"<font size=5><b>{story.headline}</b></font>", f"<i>{story.dek}</i>", words.date, *story.paragraphs)
    text = f"<table width=100%>{''.join(f'<tr><td>{line}</td></tr>' for line in lines)}</table>"
    labelled = ((words.ai, words.disclaimer), (words.newsletter, words.offer))
    boxes = "".join(
        f"<table><tr><td><b>{label}</b></td></tr><tr><td>{notice}</td></tr></table>" for label, notice in labelled
    )
    player = f"<table><tr><td>0:00</td><td>0:00</td><td>{words.close}</td></tr></table>"
    rows = "".join(f"<tr><td>{link}</td></tr>" for link in links(story.related))
    related = f"<table><tr><td><b>{words.related}</b></td></tr>{rows}</table>"
    top = f"<table><tr><td><b>{words.site}</b></td></tr><tr><td>{words.motto}</td></tr></table>"
    row = f"<tr><td>{menu}</td><td>{text}{boxes}{player}{related}</td></tr>"
    return f"<table><tr><td colspan=2>{top}</td></tr>{row}</table>"


def definition_list_of_notices(story: Story) -> str:
    words = story.language
    top = wrap("div", (words.site, words.motto)) + f"<h1>{story.headline}</h1>"
    text = wrap("div", (story.dek, words.date, *story.paragraphs))
    listed = f"<dt>{words.ai}<dd>{words.disclaimer}<dt>{words.newsletter}<dd>{words.offer}"
    related = f"<dl><dt>{words.related}</dt>{wrap('dd', links(story.related))}</dl>"
    return f"{top}{text}<dl>{listed}</dl><div>0:00 0:00 {words.close}</div>{related}"


def definition_lists(story: Story) -> str:
    words = story.language
    top = f"<dl><dt>{words.site}</dt>{wrap('dd', (words.motto, words.date))}</dl>"
    text = f"<dl><dt>{story.headline}</dt>{wrap('dd', (story.dek, *story.paragraphs))}</dl>"
    labelled = ((words.ai, words.disclaimer), (words.newsletter, words.offer))
    boxes = "".join(f"<dl><dt>{label}</dt><dd>{notice}</dd></dl>" for label, notice in labelled)
    related = f"<dl><dt>{words.related}</dt>{wrap('dd', links(story.related))}</dl>"
    return f"{top}{text}{boxes}<div>0:00 0:00 {words.close}</div>{related}"


def aside_before_text(story: Story) -> str:
    words = story.language
    aside = f"<aside><h3>{words.related}</h3><ul>{wrap('li', links(story.related))}</ul></aside>"
    after = (f"<b>{words.ai}</b>", words.disclaimer, f"<b>{words.newsletter}</b>", words.offer)
    lines = wrap("p", (story.dek, words.date, *story.paragraphs, *after, f"0:00 0:00 {words.close}"))
    header = f"<header>{words.site} <small>{words.motto}</small></header>"
    return f"{header}{aside}<div><h1>{story.headline}</h1>{lines}</div>"


def divs_with_related_before_text(story: Story) -> str:
    words = story.language
    related = f"<div><div>{words.related}</div>{wrap('div', links(story.related))}</div>"
    text = f"<div>{wrap('div', (story.headline, story.dek, words.date, *story.paragraphs))}</div>"
    after = (words.ai, words.disclaimer, words.newsletter, words.offer, f"0:00 0:00 {words.close}")
    return f"{wrap('div', (words.site, words.motto))}{related}{text}<div>{wrap('div', after)}</div>"


def rows_of_five(story: Story) -> str:
    cells = links(story.related)
    return "".join(f"<tr>{wrap('td', cells[first : first + 5])}</tr>" for first in range(0, len(cells), 5))


def table_of_links(story: Story) -> str:
    label = f"<thead><tr><th colspan=5>{story.language.related}</th></tr></thead>"
    return f"{head(story)}{notices(story)}<table>{label}<tbody>{rows_of_five(story)}</tbody></table>"


def table_with_caption(story: Story) -> str:
    label = f"<caption>{story.language.related}</caption>"
    return f"{head(story, 'div')}{notices(story)}<table>{label}{rows_of_five(story)}</table>"


def background_images(story: Story) -> str:
    cards = "".join(
        f'<a class=z1 href="{url}"><div class=z2 style="background-image:url(/{n}.jpg)"></div><div>{title}</div></a>'
        for n, (title, url) in enumerate(story.related)
    )
    return f"{head(story, 'div')}{notices(story)}<div><div>{story.language.related}</div><div>{cards}</div></div>"


def tabs(story: Story) -> str:
    words = story.language
    names = f"<button role=tab id=t1>{words.related}</button><button role=tab id=t2>{words.popular}</button>"
    panels = "".join(
        f"<div role=tabpanel aria-labelledby={name} {state}><ul>{wrap('li', links(pairs))}</ul></div>"
        for name, pairs, state in (("t1", story.related, ""), ("t2", story.popular, "hidden"))
    )
    return f"{head(story)}{notices(story)}<div><div role=tablist>{names}</div>{panels}</div>"


def tabs_of_links(story: Story) -> str:
    words = story.language
    names = f"<ul><li><a href='#a'>{words.related}</a></li><li><a href='#b'>{words.popular}</a></li></ul>"
    lists = f"<div id=a>{wrap('div', links(story.related))}</div><div id=b>{wrap('div', links(story.popular))}</div>"
    return f"{head(story)}{notices(story)}<div>{names}{lists}</div>"


def template(story: Story) -> str:
    label = f"<h3>{story.language.related}</h3>"
    return f"{head(story)}{notices(story)}<template>{label}<ul>{wrap('li', links(story.related))}</ul></template>"


def notices_around(story: Story) -> str:
    words = story.language
    player = f"<div><span>0:00</span><span>0:00</span><button>{words.close}</button></div>"
    above = f"<div>{wrap('div', (words.ai, words.disclaimer))}</div><h1>{story.headline}</h1>"
    top = player + wrap("div", (words.site, words.motto)) + above + wrap("div", (story.dek, words.date))
    box = f"<div>{wrap('div', (words.newsletter, words.offer))}</div>"
    text = f"<div>{wrap('p', story.paragraphs[:8])}{box}{wrap('p', story.paragraphs[8:])}</div>"
    return f"{top}{text}<div><div>{words.related}</div>{wrap('div', links(story.related))}</div>"


def notices_after_links(story: Story) -> str:
    words = story.language
    top = wrap("div", (words.site, words.motto)) + f"<h2>{story.headline}</h2>"
    text = wrap("div", (story.dek, words.date, f"0:00 0:00 {words.close}", *story.paragraphs))
    related = f"<div>{words.related}</div>{wrap('div', links(story.related))}"
    return top + text + related + wrap("div", (words.ai, words.disclaimer, words.newsletter, words.offer))


def custom_elements(story: Story) -> str:
    words = story.language
    top = f"<x-header>{wrap('x-line', (words.site, words.motto))}</x-header>"
    title = f"<x-date>{words.date}</x-date><x-title>{story.headline}</x-title><x-lead>{story.dek}</x-lead>"
    text = f"<x-story>{title}{wrap('x-par', story.paragraphs)}</x-story>"
    labelled = ((words.ai, words.disclaimer), (words.newsletter, words.offer))
    boxes = "".join(f"<x-note><x-h>{label}</x-h><x-b>{notice}</x-b></x-note>" for label, notice in labelled)
    related = f"<x-more><x-h>{words.related}</x-h>{wrap('x-item', links(story.related))}</x-more>"
    return f"{top}{text}{boxes}<x-play>0:00 0:00 {words.close}</x-play>{related}"


def disclosures(story: Story) -> str:
    words = story.language
    labelled = (
        (words.ai, words.disclaimer), (words.newsletter, words.offer),
        (words.related, wrap("div", links(story.related))),
    )  # fmt: skip
    return head(story) + "".join(
        f"<details><summary>{label}</summary>{content}</details>" for label, content in labelled
    )


def ordered_list(story: Story) -> str:
    items = wrap("li", links(story.related, "<strong>{}</strong>"))
    return f"{head(story, 'p')}{notices(story)}<h4>{story.language.related}</h4><ol>{items}</ol>"


def unclosed_tags(story: Story) -> str:
    words = story.language
    labelled = ((words.ai, words.disclaimer), (words.newsletter, words.offer))
    boxes = "".join(f"<P><B>{label}</B><BR>{notice}" for label, notice in labelled)
    items = "".join(f'<LI><A HREF="{url}">{title}' for title, url in story.related)
    text = "<P>".join((story.dek, words.date, *story.paragraphs))
    player = f"<P>0:00 0:00 {words.close}"
    return f"<H2>{story.headline}</H2><P>{text}{boxes}{player}<P><B>{words.related}</B><UL>{items}"


def shadow_roots(story: Story) -> str:
    words = story.language
    parts = (
        f"<h1>{story.headline}</h1><div>{story.dek}</div><div>{words.date}</div>{wrap('p', story.paragraphs)}",
        f"<h4>{words.ai}</h4><p>{words.disclaimer}</p>", f"<h4>{words.newsletter}</h4><p>{words.offer}</p>",
        f"0:00 0:00 {words.close}", f"<h3>{words.related}</h3><ul>{wrap('li', links(story.related))}</ul>",
    )  # fmt: skip
    return wrap("x-part", (f"<template shadowrootmode=open>{part}</template>" for part in parts))


def links_over_cards(story: Story) -> str:
    cards = "".join(f'<div><h5>{title}</h5><a href="{url}"></a></div>' for title, url in story.related)
    return f"{head(story)}{notices(story)}<section><h3>{story.language.related}</h3>{cards}</section>"


def times_before_links(story: Story) -> str:
    lines = wrap("p", (f"05.03.2024 {link}" for link in links(story.related)))
    return f"{head(story, 'h2')}{notices(story)}<div><p>{story.language.related}</p>{lines}</div>"


def related_in_menu(story: Story) -> str:
    related = f"<nav><h2>{story.language.related}</h2><ul>{wrap('li', links(story.related))}</ul></nav>"
    return f"{head(story)}{notices(story)}{related}"


MARKUPS: tuple[Callable[[Story], str], ...] = (
    nested_tables,
    definition_list_of_notices,
    definition_lists,
    aside_before_text,
    divs_with_related_before_text,
    table_of_links,
    table_with_caption,
    background_images,
    tabs,
    tabs_of_links,
    template,
    notices_around,
    notices_after_links,
    custom_elements,
    disclosures,
    ordered_list,
    unclosed_tags,
    shadow_roots,
    links_over_cards,
    times_before_links,
    related_in_menu,
)


def texts_of(article: Article, role: Role) -> str:
    return "\n".join(p.text for p in article.paragraphs if p.role is role)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
@pytest.mark.parametrize("markup", MARKUPS, ids=lambda markup: markup.__name__)
def test_parts_are_read_apart(markup: Callable[[Story], str], language: Language) -> None:
    """From the first article of a site on, each part of the page has its own place, whatever its language."""
    story = Story.generate(language, 21)
    html = (
        f"<!DOCTYPE html><html lang={language.code}><head><meta charset=utf-8>"
        f"<title>{story.headline} - {language.site}</title></head><body>{markup(story)}</body></html>"
    )
    reading = extract_page(html.encode(), "https://www.gazette.example/21-slug-of-this-story")
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
