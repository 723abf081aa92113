"""One article page in many markups that name nothing: headline, dek, date, text, notices and fifty related links apart.

The page has the parts of a small news site: its name and motto, the date in words, headline, dek, twenty paragraphs, a
disclaimer, a newsletter, the remains of a player, and related headlines, of which some are a word or a number.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

import pytest

from newsarchive.extract import extract_page
from storage.model import BODY_ROLES, Article, LinkKind, Outcome, Role

WORDS = (
    "harbour ferry council bridge morning winter budget report minister village station market library garden school "
    "river captain engineer ticket festival weather signal tunnel archive letter museum railway journey"
).split()
SHORT_HEADLINES = ("China, China, China!", "Ferry returns", "War", "2024", "Why?")
DISCLAIMER = (
    "This article was produced with the help of artificial intelligence. Although our editors check each text, it may "
    "contain errors. Readers should consult the original sources before they rely on any statement made here."
)
NEWSLETTER = "Get the best of The Northern Ledger in your inbox every morning."
SITE, MOTTO, DATE = "The Northern Ledger", "News for people who think", "Tuesday, March 5, 2024"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The parts of one article."""

    headline: str
    dek: str
    paragraphs: tuple[str, ...]
    related: tuple[tuple[str, str], ...]
    """(headline, URL)."""

    @classmethod
    def generate(cls, seed: int) -> "Story":
        random = Random(seed)

        def words(count: int) -> str:
            return " ".join(random.choice(WORDS) for _ in range(count))

        def paragraph() -> str:
            return " ".join(f"The {words(random.randint(9, 16))}." for _ in range(random.randint(1, 2)))

        titles = [*SHORT_HEADLINES, *(words(random.randint(5, 9)).capitalize() for _ in range(45))]
        random.shuffle(titles)
        return cls(
            headline=f"{words(random.randint(5, 9)).capitalize()} {seed}",
            dek=f"A {words(14)}.",
            paragraphs=tuple(paragraph() for _ in range(20)),
            related=tuple((title, f"/{seed}/{n}-{title.lower().replace(' ', '-')}") for n, title in enumerate(titles)),
        )


def wrap(tag: str, texts: Iterable[str]) -> str:
    name = tag.partition(" ")[0]
    return "".join(f"<{tag}>{text}</{name}>" for text in texts)


def links(story: Story, inner: str = "{}") -> list[str]:
    return [f'<a href="{url}">{inner.format(title)}</a>' for title, url in story.related]


def lines(story: Story, tag: str, headline: str) -> str:
    """Return the page as one line after the other, all in the same tag but the headline."""
    before, after = (
        (SITE, MOTTO, DATE),
        ("AI Disclaimer", DISCLAIMER, "Newsletter", NEWSLETTER, "0:00", "0:00", "Close"),
    )
    text = wrap(tag, before) + headline + wrap(tag, (story.dek, *story.paragraphs, *after, "Related Articles"))
    return text + wrap(tag, links(story))


def plain_divs(story: Story) -> str:
    return lines(story, "div", f"<h1>{story.headline}</h1>")


def plain_divs_without_h1(story: Story) -> str:
    return lines(story, "div", f"<div>{story.headline}</div>")


def bold_headline(story: Story) -> str:
    return lines(story, "div", f"<div><b>{story.headline}</b></div>")


def nested_divs(story: Story) -> str:
    return plain_divs(story).replace("<div>", "<div><div>").replace("</div>", "</div></div>")


def paragraphs(story: Story) -> str:
    return f"<div class=container>{lines(story, 'p', f'<h1>{story.headline}</h1>')}</div>"


def table_with_breaks(story: Story) -> str:
    head = f"<b>{SITE}</b><br>{MOTTO}"
    text = "<br><br>".join((f"<font size=5><b>{story.headline}</b></font>", f"<i>{story.dek}</i>", *story.paragraphs))
    notices = (
        f"<b>AI Disclaimer</b><br>{DISCLAIMER}",
        f"<b>Newsletter</b><br>{NEWSLETTER}",
        "0:00 / 0:00 <a href='#'>Close</a>",
    )
    cells = (head, DATE, text, *notices, "<b>Related Articles</b><br>" + "<br>".join(links(story)))
    return f"<table>{''.join(f'<tr><td>{cell}</td></tr>' for cell in cells)}</table>"


def table_of_rows(story: Story) -> str:
    return f"<table>{lines(story, 'tr', f'<tr><td><h1>{story.headline}</h1></td></tr>')}</table>".replace(
        "<tr>", "<tr><td>"
    ).replace("<tr><td><td>", "<tr><td>")


def hashed_classes(story: Story) -> str:
    def box(name: str, *parts: str) -> str:
        return f'<div class="css-{name}x9a">{"".join(parts)}</div>'

    text = box("8x", *(box("9y", each) for each in story.paragraphs))
    main = box("4t", box("5u", DATE), f"<h1 class=css-6v>{story.headline}</h1>", box("7w", story.dek), text)
    notices = box("au", box("bv", "AI Disclaimer"), box("cw", DISCLAIMER))
    notices += box("dx", box("ey", "Newsletter"), box("fz", NEWSLETTER)) + box(
        "g0", box("h1z", "0:00 / 0:00"), box("i2", "Close")
    )
    related = box("j3", box("k4", "Related Articles"), *(box("l5", each) for each in links(story, box("n7", "{}"))))
    return box("1q", box("2r", SITE), box("3s", MOTTO)) + main + notices + related


def hashed_classes_without_h1(story: Story) -> str:
    return hashed_classes(story).replace("<h1", "<div").replace("</h1>", "</div>")


def sections(story: Story) -> str:
    text = f"<time>{DATE}</time><h1>{story.headline}</h1><h2>{story.dek}</h2>{wrap('p', story.paragraphs)}"
    form = "<form><input><button>Subscribe</button></form>"
    notices = (
        f"<section><h3>AI Disclaimer</h3><p>{DISCLAIMER}</p></section><section><h3>Newsletter</h3>"
        f"<p>{NEWSLETTER}</p>{form}"
    )
    player = "</section><div><span>0:00</span> <span>0:00</span> <button>Close</button></div>"
    related = f"<section><h3>Related Articles</h3><ul>{wrap('li', links(story))}</ul></section>"
    return (
        f"<header><a href=/>{SITE}</a><p>{MOTTO}</p></header><main><article>{text}"
        f"</article>{notices}{player}{related}</main>"
    )


def headings(story: Story) -> str:
    text = f"<h2>{story.headline}</h2><h4>{story.dek}</h4><div>{DATE}</div>{wrap('p', story.paragraphs)}"
    notices = (
        f"<h3>AI Disclaimer</h3><p>{DISCLAIMER}</p><h3>Newsletter</h3><p>{NEWSLETTER}"
        f"</p>{wrap('div', ('0:00', '0:00', 'Close'))}"
    )
    return (
        f"<div><div>{SITE}</div><div>{MOTTO}</div></div><div>{text}{notices}<h3>Related Articles"
        f"</h3>{wrap('h4', links(story))}</div>"
    )


def spans_and_breaks(story: Story) -> str:
    text = "".join(f"<span>{each}</span><br><br>" for each in story.paragraphs)
    head = (
        f"<div><span>{SITE}</span><br><span>{MOTTO}</span></div><div><span>{DATE}</span></div><h1>{story.headline}</h1>"
    )
    notices = (
        f"<div><span>AI Disclaimer</span><br><span>{DISCLAIMER}</span></div><div><span>Newsletter"
        f"</span><br><span>{NEWSLETTER}</span></div>"
    )
    related = "<br>".join(links(story, "<span>{}</span>"))
    player = "<div><span>0:00</span><span>0:00</span><span>Close</span></div>"
    return (
        f"{head}<div><em>{story.dek}</em></div><div>{text}</div>{notices}{player}<div>"
        f"<span>Related Articles</span><br>{related}</div>"
    )


def cards(story: Story) -> str:
    head = f"<div class=x1><a href=/>{SITE}</a><small>{MOTTO}</small></div>"
    text = f"<span class=x3>{DATE}</span><h1 class=x4>{story.headline}</h1><p class=x5>{story.dek}</p>"
    notices = "".join(
        f"<div class=x8><p class=x9>{label}</p><p class=y1>{notice}</p></div>"
        for label, notice in (("AI Disclaimer", DISCLAIMER), ("Newsletter", NEWSLETTER))
    )
    player = "<div class=y2><video></video><div>0:00</div><div>0:00</div><button>Close</button></div>"
    related = "".join(
        f'<div class=y5><a href="{url}"><img src=/i.jpg alt=""></a><a href="{url}"><p>{title}</p></a></div>'
        for title, url in story.related
    )
    body = f"<div class=x6>{wrap('p class=x7', story.paragraphs)}</div>"
    return (
        f"<div id=app>{head}<div class=x2>{text}{body}</div>{notices}{player}<div class=y3>"
        f"<p class=x9>Related Articles</p><div class=y4>{related}</div></div></div>"
    )


def open_tags(story: Story) -> str:
    text = "<p>".join(("", *story.paragraphs))
    head = (
        f"<center><b>{SITE}</b><br>{MOTTO}</center><hr><small>{DATE}</small><h1>{story.headline}</h1><b>{story.dek}</b>"
    )
    notices = f"<hr><b>AI Disclaimer</b><p>{DISCLAIMER}<hr><b>Newsletter</b><p>{NEWSLETTER}<hr>0:00 0:00 Close<hr>"
    return f"{head}{text}{notices}<b>Related Articles</b><ul>{'<li>'.join(('', *links(story)))}</ul>"


MARKUPS: tuple[Callable[[Story], str], ...] = (
    plain_divs,
    plain_divs_without_h1,
    bold_headline,
    nested_divs,
    paragraphs,
    table_with_breaks,
    table_of_rows,
    hashed_classes,
    hashed_classes_without_h1,
    sections,
    headings,
    spans_and_breaks,
    cards,
    open_tags,
)


def texts_of(article: Article, role: Role) -> str:
    return "\n".join(p.text for p in article.paragraphs if p.role is role)


@pytest.mark.parametrize("seed", [11, 12, 13, 14])
@pytest.mark.parametrize("markup", MARKUPS, ids=lambda markup: markup.__name__)
def test_parts_without_names_are_read_apart(markup: Callable[[Story], str], seed: int) -> None:
    """From the first article of a site on, each part of the page has its own place."""
    story = Story.generate(seed)
    html = (
        f"<!DOCTYPE html><html><head><title>{story.headline} - {SITE}</title></head><body>{markup(story)}</body></html>"
    )
    slug = story.headline.lower().replace(" ", "-")
    reading = extract_page(html.encode(), f"https://www.northernledger.example/{seed}-{slug}")
    article = reading.article
    assert reading.outcome is Outcome.ARTICLE
    assert article is not None
    assert article.headline == story.headline
    assert article.dek == story.dek
    assert article.published is not None
    assert f"{article.published.at:%Y-%m-%d}" == "2024-03-05"
    assert article.authors == ()
    assert [p.text for p in article.paragraphs if p.role in BODY_ROLES] == list(story.paragraphs)
    assert DISCLAIMER in texts_of(article, Role.DISCLAIMER)
    assert NEWSLETTER in texts_of(article, Role.PROMO) or markup is sections
    [related] = [group for group in article.link_groups if len(group.links) > 1]
    assert (related.kind, related.label) == (LinkKind.RELATED, "Related Articles")
    assert [link.anchor for link in related.links] == [title for title, _ in story.related]
