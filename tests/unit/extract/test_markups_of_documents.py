"""One article page as office programs, documentation generators and page builders write it.

See stories.py for its parts. None of the pages has metadata other than its title.
"""

from collections.abc import Callable, Iterable

import pytest

from tests.unit.extract.stories import (
    LANGUAGES,
    Language,
    Story,
    assert_parts_are_apart,
    labelled,
    links,
    listed,
    notices,
    read_page,
    top,
    wrap,
)


def word_document(story: Story) -> str:
    words = story.language

    def line(text: str, style: str = "") -> str:
        return f"<p class=MsoNormal style='{style}'><span style='font-family:Calibri'>{text}<o:p></o:p></span></p>"

    text = line(words.site) + line(words.motto) + f"<p class=MsoTitle><span>{story.headline}</span></p>"
    text += (
        f"<p class=MsoSubtitle><span>{story.dek}</span></p>" + line(words.date) + "".join(map(line, story.paragraphs))
    )
    text += "".join(line(f"<b>{label}</b>") + line(notice) for label, notice in labelled(story))
    text += line(f"0:00 0:00 {words.close}") + line(f"<b>{words.related}</b>")
    items = "".join(
        f"<p class=MsoListParagraph><![if !supportLists]><span>·<span>&nbsp;&nbsp;</span></span><![endif]>{link}</p>"
        for link in links(story.related)
    )
    return f"<div class=WordSection1>{text}{items}</div>"


def office_document(story: Story) -> str:
    words = story.language

    def line(text: str, name: str = "c3") -> str:
        return f"<p class='{name}'><span class=c1>{text}</span></p><p class='{name} c9'><span class=c1></span></p>"

    lines = line(words.site) + line(words.motto) + f"<p class='c5 title'><span class=c8>{story.headline}</span></p>"
    lines += f"<p class='c5 subtitle'><span class=c7>{story.dek}</span></p>" + line(words.date)
    lines += "".join(map(line, story.paragraphs))
    lines += "".join(f"<h2 class=c4><span>{label}</span></h2>{line(notice)}" for label, notice in labelled(story))
    lines += line(f"0:00 0:00 {words.close}") + f"<h2 class=c4><span>{words.related}</span></h2>"
    items = "".join(
        f"<li class='c2 li-bullet-0'><span class=c6><a class=c0 href='{url}'>{title}</a></span></li>"
        for title, url in story.related
    )
    return f"<div class=doc-content>{lines}<ul class='lst-kix start'>{items}</ul></div>"


def admonitions(story: Story) -> str:
    words = story.language
    boxes = "".join(
        f"<div class='admonition note'><p class=admonition-title>{label}</p><p>{notice}</p></div>"
        for label, notice in labelled(story)
    )
    items = "".join(
        f"<li><p><a class='reference internal' href='{url}'>{title}</a></p></li>" for title, url in story.related
    )
    related = f"<div class='topic'><p class=topic-title>{words.related}</p><ul class=simple>{items}</ul></div>"
    title = f"<h1>{story.headline}<a class=headerlink href='#story'>¶</a></h1><p class=subtitle>{story.dek}</p>"
    player = f"<p>0:00 0:00 {words.close}</p>"
    text = f"{title}<p>{words.date}</p>{wrap('p', story.paragraphs)}{boxes}{player}{related}"
    logo = f"<h1 class=logo><a href=/>{words.site}</a></h1><p>{words.motto}</p>"
    return f"<div class=sphinxsidebar>{logo}</div><div class=body role=main><section id=story>{text}</section></div>"


def toggle_cards(story: Story) -> str:
    words = story.language

    def card(label: str, content: str) -> str:
        heading = f"<div class=kg-toggle-heading><h4 class=kg-toggle-heading-text><span>{label}</span></h4></div>"
        return f"<div class='kg-card kg-toggle-card'>{heading}<div class=kg-toggle-content>{content}</div></div>"

    boxes = "".join(card(label, f"<p><span>{notice}</span></p>") for label, notice in labelled(story))
    items = "".join(
        f"<article class=gh-card><a class=gh-card-link href='{url}'><h3 class=gh-card-title>{title}</h3></a></article>"
        for title, url in story.related
    )
    player = (
        f"<div class='kg-card kg-audio-card'><span>0:00</span>/<span>0:00</span><button>{words.close}</button></div>"
    )
    return (
        f"<header class=gh-head><a href=/>{words.site}</a><p>{words.motto}</p></header><main><article>"
        f"<header><h1 class=gh-article-title>{story.headline}</h1><p class=gh-article-excerpt>{story.dek}</p>"
        f"<time>{words.date}</time></header><section class='gh-content gh-canvas'>{wrap('p', story.paragraphs)}{boxes}"
        f"{player}</section></article></main><div class=gh-outer><h2 class=gh-card-title>{words.related}</h2>"
        f"<div class=gh-feed>{items}</div></div>"
    )


def content_frames(story: Story) -> str:
    words = story.language

    def frame(number: int, kind: str, content: str) -> str:
        return f"<div id=c{number} class='frame frame-default frame-type-{kind}'>{content}</div>"

    def titled(number: int, label: str, content: str) -> str:
        return frame(number, "text", f"<header><h2>{label}</h2></header><div class=ce-bodytext>{content}</div>")

    intro = f"<header><h1>{story.headline}</h1><h2>{story.dek}</h2><p>{words.date}</p></header>"
    parts = [frame(1, "header", intro), frame(2, "text", f"<div class=ce-bodytext>{wrap('p', story.paragraphs)}</div>")]
    parts += [titled(n, label, f"<p>{notice}</p>") for n, (label, notice) in enumerate(labelled(story), 3)]
    parts += [frame(5, "html", f"0:00 0:00 {words.close}")]
    parts += [titled(6, words.related, f"<ul>{wrap('li', links(story.related))}</ul>")]
    return f"<div class=logo>{words.site}</div><div class=claim>{words.motto}</div>{''.join(parts)}"


def blocks_of_a_builder(story: Story) -> str:
    words = story.language

    def block(kind: str, content: str) -> str:
        return (
            f"<div class='sqs-block {kind}-block sqs-block-{kind}'><div class=sqs-block-content>{content}</div></div>"
        )

    parts = [
        block("html", f"<h1 style='white-space:pre-wrap'>{story.headline}</h1><p class=sqsrte-large>{story.dek}</p>")
    ]
    parts += [block("html", f"<p>{words.date}</p>")]
    parts += [block("html", f"<p style='white-space:pre-wrap'>{text}</p>") for text in story.paragraphs]
    parts += [block("html", f"<h4>{label}</h4><p>{notice}</p>") for label, notice in labelled(story)]
    parts += [block("audio", f"<div>0:00</div><div>0:00</div><div>{words.close}</div>")]
    parts += [block("html", f"<h3>{words.related}</h3>")]
    items = "".join(
        f"<div class=summary-item><div class=summary-title><a href='{url}'>{title}</a></div></div>"
        for title, url in story.related
    )
    parts += [block("summary-v2", f"<div class=summary-item-list>{items}</div>")]
    return f"<div class=Header>{words.site}<div>{words.motto}</div></div>{''.join(parts)}"


def notion(story: Story) -> str:
    words = story.language

    def line(text: str, number: int) -> str:
        inner = f"<div contenteditable=false style='max-width:100%;white-space:pre-wrap'>{text}</div>"
        return f"<div data-block-id=b{number} class=notion-selectable><div>{inner}</div></div>"

    lines = [words.date, *story.paragraphs]
    lines += [
        each for label, notice in labelled(story) for each in (f"<span style='font-weight:600'>{label}</span>", notice)
    ]
    lines += [f"0:00 0:00 {words.close}", f"<span style='font-weight:600'>{words.related}</span>"]
    items = [f"<div style='display:flex'><div>•</div>{link}</div>" for link in links(story.related)]
    text = "".join(line(text, n) for n, text in enumerate((*lines, *items)))
    top = f"<div>{words.site}</div><div>{words.motto}</div><div><h1 contenteditable=false>{story.headline}</h1></div>"
    return f"{top}<div class=page-description>{story.dek}</div><div class=notion-page-content>{text}</div>"


def list_under_its_label(story: Story) -> str:
    """The label is the item that holds the list."""
    words = story.language
    items = f"<ul><li>{words.related}<ul>{wrap('li', links(story.related))}</ul></li></ul>"
    boxes = "".join(f"<ul><li>{label}<ul><li>{notice}</li></ul></li></ul>" for label, notice in labelled(story))
    return f"{top(story)}{wrap('p', story.paragraphs)}{boxes}<p>0:00 0:00 {words.close}</p>{items}"


def menus_of_links(story: Story) -> str:
    related = f"<h2>{story.language.related}</h2><menu>{wrap('li', links(story.related))}</menu>"
    return f"{top(story)}{wrap('p', story.paragraphs)}{notices(story)}{related}"


def two_columns(story: Story) -> str:
    words = story.language
    left = f"<td width=200 valign=top><b>{words.related}</b><br>{'<br>'.join(links(story.related))}</td>"
    boxes = "".join(f"<p><b>{label}</b><br>{notice}</p>" for label, notice in labelled(story))
    title = f"<h2>{story.headline}</h2><p><i>{story.dek}</i></p><p>{words.date}</p>"
    player = f"<p>0:00 0:00 {words.close}</p>"
    right = f"<td valign=top>{title}{wrap('p', story.paragraphs)}{boxes}{player}</td>"
    return f"<table><tr><td colspan=2>{words.site}<br>{words.motto}</td></tr><tr>{left}{right}</tr></table>"


def shadow_roots(story: Story) -> str:
    words = story.language

    def element(name: str, content: str) -> str:
        return f"<{name}><template shadowrootmode=open>{content}</template></{name}>"

    title = f"<h1>{story.headline}</h1><p part=dek>{story.dek}</p><time>{words.date}</time>"
    boxes = "".join(f"<h4>{label}</h4><p>{notice}</p>" for label, notice in labelled(story))
    parts = (
        element("site-bar", f"<b>{words.site}</b><i>{words.motto}</i>"),
        element("story-view", title + wrap("p", story.paragraphs)),
        element("story-notes", boxes),
        element("story-sound", f"0:00 0:00 <button>{words.close}</button>"),
        element("story-list", listed(story)),
    )
    return "".join(parts)


def dialogs(story: Story) -> str:
    words = story.language
    boxes = "".join(
        f"<dialog open><h2>{label}</h2><p>{notice}</p><form method=dialog><button>OK</button></form></dialog>"
        for label, notice in labelled(story)
    )
    player = f"<div>0:00 0:00 {words.close}</div>"
    return f"{top(story)}<main>{wrap('p', story.paragraphs)}</main>{boxes}{player}{listed(story)}"


def rules_between(story: Story) -> str:
    """Nothing but rules separates the lines."""
    words = story.language
    lines = [words.site, words.motto, f"<big>{story.headline}</big>", story.dek, words.date, *story.paragraphs]
    lines += [f"{name}<hr>{notice}" for name, notice in labelled(story)]
    lines += [f"0:00 0:00 {words.close}", words.related, *links(story.related)]
    return "<hr>".join(lines)


def empty_paragraphs(story: Story) -> str:
    words = story.language
    lines = [f"<strong>{story.headline}</strong>", f"<em>{story.dek}</em>", words.date, *story.paragraphs]
    lines += [each for label, notice in labelled(story) for each in (f"<u>{label}</u>", notice)]
    lines += [f"0:00 0:00 {words.close}", f"<u>{words.related}</u>", *links(story.related)]
    return f"<p>{words.site}</p><p>{words.motto}</p>" + "".join(f"<p>{line}</p><p>&nbsp;</p>" for line in lines)


def sentences_in_spans(story: Story) -> str:
    end, space = story.language.end, story.language.space
    cut = "</span>" + space + "<span class=s>"
    text = (text.removesuffix(end).replace(end + space, end + cut) + end for text in story.paragraphs)
    return f"{top(story)}<div>{wrap('p', wrap_each('span class=s', text))}</div>{notices(story)}{listed(story)}"


def wrap_each(tag: str, texts: Iterable[str]) -> list[str]:
    return [wrap(tag, (text,)) for text in texts]


def linked_blocks(story: Story) -> str:
    """Each related headline is a block in a link, whose class is a hash."""
    words = story.language
    cards = "".join(
        f"<a class=_2bX href='{url}'><div class=_9kk><div class=_1aa>{title}</div></div></a>"
        for title, url in story.related
    )
    boxes = "".join(
        f"<div class=_4xx><div class=_8h>{label}</div><div class=_8t>{notice}</div></div>"
        for label, notice in labelled(story)
    )
    top = f"<div class=_0a><div>{words.site}</div><div>{words.motto}</div></div>"
    title = f"<div class=_h>{story.headline}</div><div class=_k>{story.dek}</div><div class=_d>{words.date}</div>"
    text = f"<div class=_1b>{title}</div><div class=_t>{wrap('div class=_p', story.paragraphs)}</div>"
    player = f"<div class=_pl><div>0:00</div><div>0:00</div><div>{words.close}</div></div>"
    return f"{top}{text}{boxes}{player}<div class=_4xx><div class=_8h>{words.related}</div>{cards}</div>"


MARKUPS: tuple[Callable[[Story], str], ...] = (
    word_document,
    office_document,
    admonitions,
    toggle_cards,
    content_frames,
    blocks_of_a_builder,
    notion,
    list_under_its_label,
    menus_of_links,
    two_columns,
    shadow_roots,
    dialogs,
    rules_between,
    empty_paragraphs,
    sentences_in_spans,
    linked_blocks,
)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
@pytest.mark.parametrize("markup", MARKUPS, ids=lambda markup: markup.__name__)
def test_parts_are_read_apart(markup: Callable[[Story], str], language: Language) -> None:
    """From the first article of a site on, each part of the page has its own place, whatever its language."""
    for number in (21, 24):
        story = Story.generate(language, number)
        assert_parts_are_apart(story, read_page(story, markup(story)))
