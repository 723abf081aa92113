"""One article page as other tools write it: AsciiDoc, MediaWiki, e-books, mail, and boxes named in attributes.

See stories.py for its parts. None of the pages has metadata other than its title.
"""

from collections.abc import Callable

import pytest

from tests.unit.extract.stories import (
    LANGUAGES,
    Language,
    Story,
    assert_parts_are_apart,
    labelled,
    links,
    read_page,
    wrap,
)


def sections_named_by_labels(story: Story) -> str:
    words = story.language
    boxes = "".join(f"<section aria-label='{label}'><p>{notice}</p></section>" for label, notice in labelled(story))
    rel = f"<section aria-label='{words.related}'><ul>{wrap('li', links(story.related))}</ul></section>"
    return (
        f"<header>{words.site}<p>{words.motto}</p></header><main><h1>{story.headline}</h1>"
        f"<p class=standfirst>{story.dek}</p><time>{words.date}</time><section aria-label=Article>"
        f"{wrap('p', story.paragraphs)}</section>{boxes}"
        f"<section aria-label=Player>0:00 0:00 <button>{words.close}</button></section>{rel}</main>"
    )


def text_for_browsers_without_frames(story: Story) -> str:
    words = story.language
    boxes = "".join(f"<h3>{label}</h3><p>{notice}</p>" for label, notice in labelled(story))
    body = (
        f"<p>{words.site}</p><p>{words.motto}</p><h1>{story.headline}</h1><h2>{story.dek}</h2><p>"
        f"{words.date}</p>{wrap('p', story.paragraphs)}{boxes}<p>0:00 0:00 {words.close}</p><h3>"
        f"{words.related}</h3><ul>{wrap('li', links(story.related))}</ul>"
    )
    return (
        "<frameset cols='20%,80%'><frame src=/menu.html><frame src=/story.html><noframes><body>"
        f"{body}</body></noframes></frameset>"
    )


def asciidoc(story: Story) -> str:
    words = story.language
    text = "".join(f"<div class=paragraph><p>{text}</p></div>" for text in story.paragraphs)
    boxes = "".join(
        f"<div class='admonitionblock note'><table><tr><td class=icon><div class=title>{label}</div>"
        f"</td><td class=content>{notice}</td></tr></table></div>"
        for label, notice in labelled(story)
    )
    rel = (
        f"<div class=ulist><div class=title>{words.related}</div><ul>"
        f"{wrap('li', [f'<p>{link}</p>' for link in links(story.related)])}</ul></div>"
    )
    return (
        f"<div id=toplevel>{words.site}: {words.motto}</div><div id=header><h1>{story.headline}</h1>"
        f"<div class=details><span id=revdate>{words.date}</span></div></div><div id=content>"
        f"<div id=preamble><div class=sectionbody><div class='paragraph lead'><p>{story.dek}</p>"
        f"</div></div></div><div class=sect1><div class=sectionbody>{text}</div></div></div>{boxes}"
        f"<div class=audioblock>0:00 0:00 <a role=button>{words.close}</a></div>{rel}"
    )


def wiki(story: Story) -> str:
    words = story.language
    boxes = "".join(
        f"<div class=mw-message-box><b>{label}</b><p>{notice}</p></div>" for label, notice in labelled(story)
    )
    rel = f"<h2><span class=mw-headline>{words.related}</span></h2><ul>{wrap('li', links(story.related))}</ul>"
    return (
        f"<div id=mw-head>{words.site} – {words.motto}</div><div id=content class=mw-body>"
        f"<h1 id=firstHeading>{story.headline}</h1><div id=bodyContent><div id=siteSub>{story.dek}"
        f"</div><p><i>{words.date}</i></p><div id=mw-content-text><div class=mw-parser-output>"
        f"{wrap('p', story.paragraphs)}</div></div>{boxes}"
        f"<div class=mediaContainer>0:00 0:00 <button>{words.close}</button></div>{rel}</div></div>"
    )


def medium(story: Story) -> str:
    words = story.language
    text = "".join(
        f"<p id={number:04x} class='pw-post-body-paragraph gk gl'>{text}</p>"
        for number, text in enumerate(story.paragraphs)
    )
    boxes = "".join(
        f"<div class='l hu'><div class='ab'><h2 class='be fo'>{label}</h2><div class='bl'>"
        f"<p class='be b'>{notice}</p></div></div></div>"
        for label, notice in labelled(story)
    )
    rel = (
        f"<div class='ab ca'><h2 class='be ie'>{words.related}</h2><div class='lk ll'>"
        + "".join(
            f"<article><a href='{url}'><div><h2 class='be gx'>{title}</h2></div></a></article>"
            for title, url in story.related
        )
        + "</div></div>"
    )
    return (
        f"<div class='a b c'><div class='d e'>{words.site}</div><div>{words.motto}</div></div>"
        "<article><div class=l><section><div><div class='gr gs'><h1 class='pw-post-title gt'>"
        f"{story.headline}</h1></div><div><h2 class='pw-subtitle-paragraph hv'>{story.dek}</h2>"
        f"</div><div class='ab'><span>{words.date}</span></div>{text}</div></section></div>"
        f"</article>{boxes}<div><span>0:00</span> / <span>0:00</span><button>{words.close}</button>"
        f"</div>{rel}"
    )


def newsletter_in_tables(story: Story) -> str:
    words = story.language
    top = f"<tr><td><img src=/logo.png alt='{words.site}'></td></tr><tr><td>{words.motto}</td></tr>"
    title = f"<tr><td style='font-weight:bold'><span style='font-size:30px'>{story.headline}</span></td></tr>"
    dek = f"<tr><td><em>{story.dek}</em></td></tr><tr><td style='color:#999'>{words.date}</td></tr>"
    text = "".join(f"<tr><td style='padding:10px'>{text}</td></tr>" for text in story.paragraphs)
    boxes = "".join(
        f"<table width=100%><tr><td><b>{label}</b></td></tr><tr><td>{notice}</td></tr></table>"
        for label, notice in labelled(story)
    )
    player = f"<table><tr><td>0:00 0:00 {words.close}</td></tr></table>"
    items = "".join(f"<tr><td>{link}</td></tr>" for link in links(story.related))
    related = f"<table width=100%><tr><td><b>{words.related}</b></td></tr>{items}</table>"
    return f"<table width=600 align=center>{top}{title}{dek}{text}</table>{boxes}{player}{related}"


def capital_tags_that_do_not_end(story: Story) -> str:
    words = story.language
    boxes = "".join(f"<H4>{label}</H4>\n<P>{notice}\n" for label, notice in labelled(story))
    rel = f"<H4>{words.related}</H4><UL>" + "".join(f"<LI>{link}\n" for link in links(story.related)) + "</UL>"
    return (
        f"<CENTER><B>{words.site}</B><BR><I>{words.motto}</I></CENTER><HR><H1>{story.headline}"
        f"</H1>\n<H3><I>{story.dek}</I></H3>\n<P><SMALL>{words.date}</SMALL>\n"
        + "".join(f"<P>{text}\n" for text in story.paragraphs)
        + f"<HR>{boxes}<P>0:00 0:00 {words.close}<HR>{rel}"
    )


def summaries_of_details(story: Story) -> str:
    words = story.language
    boxes = "".join(
        f"<details><summary>{label}</summary><p>{notice}</p></details>" for label, notice in labelled(story)
    )
    rel = f"<details open><summary>{words.related}</summary><ul>{wrap('li', links(story.related))}</ul></details>"
    return (
        f"<header><b>{words.site}</b> {words.motto}</header><main><hgroup><h1>{story.headline}</h1>"
        f"<p>{story.dek}</p></hgroup><p><time>{words.date}</time></p>{wrap('p', story.paragraphs)}"
        f"{boxes}<p>0:00 0:00 <button>{words.close}</button></p>{rel}</main>"
    )


def epub(story: Story) -> str:
    words = story.language
    boxes = "".join(
        f"<aside epub:type=notice><h2>{label}</h2><p>{notice}</p></aside>" for label, notice in labelled(story)
    )
    rel = f"<section epub:type=seealso><h2>{words.related}</h2><ol>{wrap('li', links(story.related))}</ol></section>"
    return (
        f"<div epub:type=halftitle><p>{words.site}</p><p>{words.motto}</p></div>"
        f"<section epub:type=chapter><header><h1 epub:type=title>{story.headline}</h1>"
        f"<p epub:type=subtitle role=doc-subtitle>{story.dek}</p><p>{words.date}</p></header>"
        f"{wrap('p', story.paragraphs)}</section>{boxes}<div>0:00 0:00 <button>{words.close}"
        f"</button></div>{rel}"
    )


def a_section_for_each_paragraph(story: Story) -> str:
    words = story.language
    text = "".join(
        f"<section class='block block-text'><div class=inner><div class=rte><p>{text}</p></div></div></section>"
        for text in story.paragraphs
    )
    boxes = "".join(
        f"<section class='block block-note'><div class=inner><h2>{label}</h2><div class=rte><p>"
        f"{notice}</p></div></div></section>"
        for label, notice in labelled(story)
    )
    rel = (
        f"<section class='block block-list'><div class=inner><h2>{words.related}</h2><div class=grid>"
        + "".join(f"<div class=cell><a href='{url}'><span>{title}</span></a></div>" for title, url in story.related)
        + "</div></div></section>"
    )
    return (
        f"<header class=block><div class=inner>{words.site}<p>{words.motto}</p></div></header>"
        f"<section class='block block-hero'><div class=inner><h1>{story.headline}</h1>"
        f"<p class=intro>{story.dek}</p><span>{words.date}</span></div></section>{text}{boxes}"
        f"<section class='block block-audio'><div class=inner>0:00 0:00 <button>{words.close}"
        f"</button></div></section>{rel}"
    )


def roles_of_paragraphs(story: Story) -> str:
    words = story.language
    boxes = "".join(
        f"<div role=note><div role=heading aria-level=3>{label}</div><div role=paragraph>{notice}</div></div>"
        for label, notice in labelled(story)
    )
    rel = (
        f"<div><div role=heading aria-level=3>{words.related}</div><div role=list>"
        + "".join(f"<div role=listitem>{link}</div>" for link in links(story.related))
        + "</div></div>"
    )
    return (
        f"<div role=banner>{words.site} {words.motto}</div><div role=article>"
        f"<div role=heading aria-level=1>{story.headline}</div><div class=subtitle>{story.dek}</div>"
        f"<div>{words.date}</div>"
        + "".join(f"<div role=paragraph>{text}</div>" for text in story.paragraphs)
        + f"</div>{boxes}<div role=toolbar>0:00 0:00 <div role=button>{words.close}</div></div>{rel}"
    )


MARKUPS: tuple[Callable[[Story], str], ...] = (
    sections_named_by_labels,
    text_for_browsers_without_frames,
    asciidoc,
    wiki,
    medium,
    newsletter_in_tables,
    capital_tags_that_do_not_end,
    summaries_of_details,
    epub,
    a_section_for_each_paragraph,
    roles_of_paragraphs,
)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
@pytest.mark.parametrize("markup", MARKUPS, ids=lambda markup: markup.__name__)
def test_parts_are_read_apart(markup: Callable[[Story], str], language: Language) -> None:
    """From the first article of a site on, each part of the page has its own place, whatever its language."""
    for number in range(21, 25):
        story = Story.generate(language, number)
        assert_parts_are_apart(story, read_page(story, markup(story)))
