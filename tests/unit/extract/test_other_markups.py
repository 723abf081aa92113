"""One article page in markups that its parts do not name, in six languages: see test_page_without_names.

Its headline is followed by dek and date, and the name of the site is not that of its host.
"""

from collections.abc import Callable

import pytest

from tests.unit.extract.stories import (
    LANGUAGES,
    Language,
    Story,
    assert_parts_are_apart,
    head,
    links,
    notices,
    read_page,
    wrap,
)


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


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
@pytest.mark.parametrize("markup", MARKUPS, ids=lambda markup: markup.__name__)
def test_parts_are_read_apart(markup: Callable[[Story], str], language: Language) -> None:
    """From the first article of a site on, each part of the page has its own place, whatever its language."""
    story = Story.generate(language, 21)
    assert_parts_are_apart(story, read_page(story, markup(story)))
