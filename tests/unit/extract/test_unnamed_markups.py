"""One article page whose text is a list, a grid, an accordion, or nothing but line breaks.

See stories.py for its parts. None of the pages has metadata other than its title.
"""

from collections.abc import Callable

import pytest

from storage.model import BODY_ROLES, Role
from tests.unit.extract.stories import (
    ENGLISH,
    LANGUAGES,
    Language,
    Story,
    assert_parts_are_apart,
    head,
    labelled,
    links,
    listed,
    notices,
    read_page,
    texts_of,
    top,
    wrap,
)


def items_with_paragraphs(story: Story) -> str:
    text = wrap("li", (f"<p>{text}</p>" for text in story.paragraphs))
    return f"{top(story)}<ol>{text}</ol>{notices(story)}{listed(story)}"


def items_of_prose(story: Story) -> str:
    return f"{top(story)}<ul class=x1>{wrap('li', story.paragraphs)}</ul>{notices(story)}{listed(story)}"


def one_list_of_everything(story: Story) -> str:
    words = story.language
    lines = [words.site, words.motto, f"<b>{story.headline}</b>", story.dek, words.date, *story.paragraphs]
    lines += [line for name, notice in labelled(story) for line in (f"<b>{name}</b>", notice)]
    lines += [f"0:00 0:00 {words.close}", f"<b>{words.related}</b>", *links(story.related)]
    return f"<ul>{wrap('li', lines)}</ul>"


def list_roles(story: Story) -> str:
    text = "".join(f"<div role=listitem><div>{text}</div></div>" for text in story.paragraphs)
    return f"{top(story)}<div role=list>{text}</div>{notices(story)}{listed(story)}"


def labels_between_breaks(story: Story) -> str:
    words = story.language
    boxes = "".join(f"<br><span>{label}</span><br>{notice}<br>" for label, notice in labelled(story))
    player = f"<br><span>0:00</span> <span>0:00</span> <span>{words.close}</span><br>"
    related = f"<br><span>{words.related}</span><br>{'<br>'.join(links(story.related))}"
    return f"<div>{top(story)}{wrap('p', story.paragraphs)}{boxes}{player}{related}</div>"


def nothing_but_breaks(story: Story) -> str:
    words = story.language
    lines = [words.site, words.motto, f"<span>{story.headline}</span>", story.dek, words.date, *story.paragraphs]
    lines += [line for name, notice in labelled(story) for line in (f"<span>{name}</span>", notice)]
    lines += [f"0:00 0:00 {words.close}", f"<span>{words.related}</span>", *links(story.related)]
    return f"<div>{'<br>'.join(lines)}</div>"


def two_breaks_and_span_labels(story: Story) -> str:
    words = story.language
    lines = [f"<span>{story.headline}</span>", story.dek, words.date, *story.paragraphs]
    lines += [f"<span>{name}</span><br>{notice}" for name, notice in labelled(story)]
    lines += [f"0:00 0:00 {words.close}", f"<span>{words.related}</span><br>{'<br>'.join(links(story.related))}"]
    return f"<div>{words.site}<br>{words.motto}</div><div>{'<br><br>'.join(lines)}</div>"


def accordions(story: Story) -> str:
    words = story.language

    def panel(number: int, label: str, content: str) -> str:
        button = f"<button aria-expanded=false aria-controls=p{number}>{label}</button>"
        return f"<div><h3>{button}</h3><div id=p{number} role=region hidden>{content}</div></div>"

    boxes = "".join(panel(n, name, f"<p>{notice}</p>") for n, (name, notice) in enumerate(labelled(story)))
    player = f"<div><span>0:00</span> <span>0:00</span> <button>{words.close}</button></div>"
    related = panel(9, words.related, f"<ul>{wrap('li', links(story.related))}</ul>")
    return f"{top(story)}<div>{wrap('p', story.paragraphs)}</div>{boxes}{player}{related}"


def accordions_by_script(story: Story) -> str:
    """Buttons that name their panel in an attribute of a script, and one that names none."""
    words = story.language

    def panel(number: int, label: str, content: str) -> str:
        target = f"data-bs-toggle=collapse data-bs-target='#c{number}'" if number else "class=toggle"
        button = f"<h2 class=accordion-header><button type=button {target}>{label}</button></h2>"
        return f"<div class=accordion-item>{button}<div id=c{number} class=collapse><div>{content}</div></div></div>"

    boxes = "".join(panel(n, name, notice) for n, (name, notice) in enumerate(labelled(story)))
    related = panel(9, words.related, wrap("p", links(story.related)))
    return f"{top(story)}<div>{wrap('p', story.paragraphs)}</div>{boxes}<p>0:00 0:00 {words.close}</p>{related}"


def accordion_buttons(story: Story) -> str:
    words = story.language

    def panel(number: int, label: str, content: str) -> str:
        button = f"<button class=acc-btn aria-expanded=true aria-controls=p{number}>{label}</button>"
        return f"{button}<div id=p{number}>{content}</div>"

    boxes = "".join(panel(n, name, f"<p>{notice}</p>") for n, (name, notice) in enumerate(labelled(story)))
    related = panel(9, words.related, f"<ul>{wrap('li', links(story.related))}</ul>")
    return f"{top(story)}<div>{wrap('p', story.paragraphs)}</div>{boxes}<p>0:00 0:00 {words.close}</p>{related}"


def closed_details(story: Story) -> str:
    words = story.language

    def panel(label: str, content: str) -> str:
        return f"<details><summary><span>{label}</span></summary><div>{content}</div></details>"

    boxes = "".join(panel(name, notice) for name, notice in labelled(story))
    related = panel(words.related, wrap("div", links(story.related)))
    return f"{top(story)}{wrap('p', story.paragraphs)}{boxes}<div>0:00 0:00 {words.close}</div>{related}"


def text_in_details(story: Story) -> str:
    words = story.language
    text = f"<details open><summary>{story.headline}</summary><p>{story.dek}</p><p>{words.date}</p>"
    text += f"{wrap('p', story.paragraphs)}</details>"
    return f"<div>{words.site}</div><div>{words.motto}</div>{text}{notices(story)}{listed(story)}"


def grid_of_divs(story: Story) -> str:
    words = story.language

    def cell(text: str, number: int) -> str:
        return f"<div class=_3xK{number}z style='grid-row:{number}'><div class=_9aQ><div>{text}</div></div></div>"

    lines = [words.site, words.motto, story.headline, story.dek, words.date, *story.paragraphs]
    cells = "".join(cell(line, number) for number, line in enumerate(lines, 1))
    boxes = "".join(f"<div class=_7u{n}>{cell(a, 1)}{cell(b, 2)}</div>" for n, (a, b) in enumerate(labelled(story)))
    player = f"<div class=_1pp>{cell('0:00', 1)}{cell('0:00', 2)}{cell(words.close, 3)}</div>"
    related = "".join(cell(link, n) for n, link in enumerate(links(story.related)))
    return (
        f"<div class=_a1 style='display:grid'>{cells}</div>{boxes}{player}<div class=_b7>{cell(words.related, 1)}"
        f"<div style='display:grid'>{related}</div></div>"
    )


def paragraphs_in_figures(story: Story) -> str:
    words = story.language
    text = "".join(f"<figure class=f><p>{text}</p></figure>" for text in story.paragraphs)
    boxes = "".join(f"<figure><h4>{label}</h4><p>{notice}</p></figure>" for label, notice in labelled(story))
    player = f"<figure>0:00 0:00 <button>{words.close}</button></figure>"
    related = f"<figure><h4>{words.related}</h4><ul>{wrap('li', links(story.related))}</ul></figure>"
    return f"{top(story)}{text}{boxes}{player}{related}"


def paragraphs_with_pictures(story: Story) -> str:
    text = "".join(
        f"<div><figure><img src=/{number}.jpg alt=''></figure><p>{text}</p></div>"
        for number, text in enumerate(story.paragraphs)
    )
    return f"{top(story)}{text}{notices(story)}{listed(story)}"


def paragraph_elements(story: Story) -> str:
    words = story.language
    text = wrap("x-paragraph", story.paragraphs)
    boxes = "".join(
        f"<x-box><x-label>{label}</x-label><x-text>{notice}</x-text></x-box>" for label, notice in labelled(story)
    )
    items = wrap("x-item", links(story.related))
    return (
        f"<x-page><x-top><x-name>{words.site}</x-name><x-motto>{words.motto}</x-motto></x-top>"
        f"<x-title>{story.headline}</x-title><x-lead>{story.dek}</x-lead><x-date>{words.date}</x-date>{text}{boxes}"
        f"<x-sound>0:00 0:00 <x-close>{words.close}</x-close></x-sound><x-box><x-label>{words.related}</x-label>"
        f"<x-items>{items}</x-items></x-box></x-page>"
    )


def tables_in_tables(story: Story) -> str:
    words = story.language

    def table(*rows: str) -> str:
        return f"<table border=0>{''.join(f'<tr><td>{row}</td></tr>' for row in rows)}</table>"

    text = table(*(table(text) for text in story.paragraphs))
    title = table(f"<font size=5>{story.headline}</font>", f"<i>{story.dek}</i>", words.date)
    boxes = [table(table(label), table(notice)) for label, notice in labelled(story)]
    related = table(table(words.related), table(*links(story.related)))
    return table(table(words.site, words.motto), title, text, *boxes, table(f"0:00 0:00 {words.close}"), related)


def amp_accordion(story: Story) -> str:
    words = story.language
    boxes = "".join(
        f"<section><h4 class=i-amphtml-accordion-header>{label}</h4><div class=i-amphtml-accordion-content>"
        f"<p>{notice}</p></div></section>"
        for label, notice in labelled(story)
    )
    items = "".join(f"<div role=listitem class=amp-item>{link}</div>" for link in links(story.related))
    related = f"<amp-list layout=fixed-height><h4>{words.related}</h4><div role=list>{items}</div></amp-list>"
    return (
        f"<header class=amp-header><a href=/>{words.site}</a><p>{words.motto}</p></header>"
        f"<article class=amp-wp-article><header><h1 class=amp-wp-title>{story.headline}</h1><p>{story.dek}</p>"
        f"<div class=amp-wp-meta><time>{words.date}</time></div></header><div class=amp-wp-article-content>"
        f"{wrap('p', story.paragraphs)}</div></article><amp-accordion>{boxes}</amp-accordion>"
        f"<amp-audio><div fallback>0:00 0:00 {words.close}</div></amp-audio>{related}"
    )


def bold_paragraphs_as_headings(story: Story) -> str:
    words = story.language
    lines = wrap("p", (words.site, words.motto, f"<b>{story.headline}</b>", f"<i>{story.dek}</i>", words.date))
    boxes = "".join(f"<p><b>{label}</b></p><p>{notice}</p>" for label, notice in labelled(story))
    items = wrap("p", links(story.related))
    return (
        f"{lines}{wrap('p', story.paragraphs)}{boxes}<p>0:00 0:00 {words.close}</p><p><b>{words.related}</b></p>{items}"
    )


def links_between_pipes(story: Story) -> str:
    related = f"<h4>{story.language.related}</h4><p>{' | '.join(links(story.related))}</p>"
    return f"{head(story)}{notices(story)}{related}"


def links_between_bullets(story: Story) -> str:
    related = f"<p><strong>{story.language.related}</strong> {' • '.join(links(story.related))}</p>"
    return f"{head(story)}{notices(story)}{related}"


def links_side_by_side(story: Story) -> str:
    related = f"<div><h4>{story.language.related}</h4>{''.join(links(story.related))}</div>"
    return f"{head(story)}{notices(story)}{related}"


def lead_and_rows(story: Story) -> str:
    """Rows and columns of a grid system; headings are <div class=h3>."""
    words = story.language

    def row(*columns: str) -> str:
        return f"<div class=row>{wrap('div class=col-md-12', columns)}</div>"

    text = "".join(row(f"<p class=txt>{text}</p>") for text in story.paragraphs)
    boxes = "".join(row(f"<div class=h3>{label}</div>", notice) for label, notice in labelled(story))
    cards = "".join(
        f"<div class=col-md-4><a href='{url}'><img src=/x.jpg alt=''><div class=h5>{title}</div></a></div>"
        for title, url in story.related
    )
    return (
        f"<div class=container>{row(words.site, words.motto)}{row(f'<div class=h1>{story.headline}</div>')}"
        f"{row(f'<div class=h4>{story.dek}</div>')}{row(words.date)}{text}{boxes}{row(f'0:00 0:00 {words.close}')}"
        f"{row(f'<div class=h3>{words.related}</div>')}<div class=row>{cards}</div></div>"
    )


def sections_with_headers(story: Story) -> str:
    words = story.language
    boxes = "".join(
        f"<section><header><h2>{label}</h2></header><div><p>{notice}</p></div></section>"
        for label, notice in labelled(story)
    )
    related = (
        f"<section><header><h2>{words.related}</h2></header><ol>"
        + "".join(f"<li><article><header><h3>{link}</h3></header></article></li>" for link in links(story.related))
        + "</ol></section>"
    )
    return (
        f"<header><strong>{words.site}</strong><em>{words.motto}</em></header><article><header><h1>{story.headline}</h1>"
        f"<p>{story.dek}</p><p>{words.date}</p></header><section>{wrap('p', story.paragraphs)}</section>"
        f"<footer>{boxes}</footer></article><div>0:00 0:00 <button>{words.close}</button></div>{related}"
    )


def description_lists_for_each_part(story: Story) -> str:
    words = story.language
    text = "".join(f"<dl><dd>{text}</dd></dl>" for text in story.paragraphs)
    boxes = "".join(f"<dl><dt>{label}<dd>{notice}</dl>" for label, notice in labelled(story))
    related = f"<dl><dt>{words.related}{''.join(f'<dd>{link}' for link in links(story.related))}</dl>"
    return f"{top(story)}{text}{boxes}<p>0:00 0:00 {words.close}</p>{related}"


def quotation_around_the_text(story: Story) -> str:
    return f"{top(story)}<blockquote>{wrap('p', story.paragraphs)}</blockquote>{notices(story)}{listed(story)}"


def links_with_numbers(story: Story) -> str:
    words = story.language
    cards = "".join(
        f"<div class=k><span class=n>{n}</span><a href='{url}'>{title}</a></div>"
        for n, (title, url) in enumerate(story.related, 1)
    )
    return f"{head(story)}{notices(story)}<div><div class=t>{words.related}</div>{cards}</div>"


def fieldsets(story: Story) -> str:
    words = story.language
    boxes = "".join(f"<fieldset><legend>{label}</legend>{notice}</fieldset>" for label, notice in labelled(story))
    related = f"<fieldset><legend>{words.related}</legend>{'<br>'.join(links(story.related))}</fieldset>"
    player = f"<fieldset>0:00 0:00 <button>{words.close}</button></fieldset>"
    return f"{top(story)}{wrap('p', story.paragraphs)}{boxes}{player}{related}"


def tabs_of_everything(story: Story) -> str:
    words = story.language
    names = (words.ai, words.newsletter, words.related)
    tabs = "".join(f"<button role=tab aria-controls=panel{n} id=tab{n}>{name}</button>" for n, name in enumerate(names))
    contents = (words.disclaimer, words.offer, wrap("div", links(story.related)))
    panels = "".join(
        f"<div role=tabpanel id=panel{n} aria-labelledby=tab{n}><h3>{name}</h3><div>{content}</div></div>"
        for n, (name, content) in enumerate(zip(names, contents, strict=True))
    )
    return (
        f"{top(story)}{wrap('p', story.paragraphs)}<p>0:00 0:00 {words.close}</p><div role=tablist>{tabs}</div>{panels}"
    )


def labels_that_begin_lines(story: Story) -> str:
    words = story.language
    boxes = "".join(f"<p><strong>{label}:</strong> {notice}</p>" for label, notice in labelled(story))
    items = "".join(f"<p>→ {link}</p>" for link in links(story.related))
    related = f"<p><strong>{words.related}</strong></p>{items}"
    return f"{top(story)}{wrap('p', story.paragraphs)}{boxes}<p>0:00 / 0:00 {words.close}</p>{related}"


def small_print_in_italics(story: Story) -> str:
    words = story.language
    boxes = "".join(f"<p><i><b>{label}</b> {notice}</i></p>" for label, notice in labelled(story))
    related = f"<hr><p><b>{words.related}</b></p><p>{'<br>'.join(links(story.related))}</p>"
    return f"{top(story)}{wrap('p', story.paragraphs)}<hr>{boxes}<hr><p>0:00 0:00 {words.close}</p>{related}"


def list_named_by_its_navigation(story: Story) -> str:
    """The boxes above the list have headings; its own name is an attribute."""
    words = story.language
    header = f"<header><p>{words.date}</p><h1>{story.headline}</h1><p>{story.dek}</p></header>"
    boxes = "".join(f"<aside><h2>{label}</h2><p>{notice}</p></aside>" for label, notice in labelled(story))
    player = f"<audio controls></audio><span>0:00</span><span>0:00</span><button>{words.close}</button>"
    article = f"<article>{header}{wrap('p', story.paragraphs)}{boxes}{player}</article>"
    related = f"<nav aria-label='{words.related}'><ul>{wrap('li', links(story.related))}</ul></nav>"
    return f"<header>{words.site}<br>{words.motto}</header>{article}{related}"


def items_of_each_part(story: Story) -> str:
    words = story.language
    text = "".join(f"<li><div><span>{text}</span></div></li>" for text in story.paragraphs)
    boxes = "".join(f"<li><h5>{label}</h5><p>{notice}</p></li>" for label, notice in labelled(story))
    player = f"<ul class=player><li>0:00</li><li>0:00</li><li>{words.close}</li></ul>"
    related = f"<ul class=rel><li class=lbl>{words.related}</li>{wrap('li', links(story.related))}</ul>"
    return f"{top(story)}<ul class=paras>{text}</ul><ul class=notes>{boxes}</ul>{player}{related}"


MARKUPS: tuple[Callable[[Story], str], ...] = (
    items_with_paragraphs,
    items_of_prose,
    one_list_of_everything,
    list_roles,
    labels_between_breaks,
    nothing_but_breaks,
    two_breaks_and_span_labels,
    accordions,
    accordions_by_script,
    accordion_buttons,
    closed_details,
    text_in_details,
    grid_of_divs,
    paragraphs_in_figures,
    paragraphs_with_pictures,
    paragraph_elements,
    tables_in_tables,
    amp_accordion,
    bold_paragraphs_as_headings,
    links_between_pipes,
    links_between_bullets,
    links_side_by_side,
    lead_and_rows,
    sections_with_headers,
    description_lists_for_each_part,
    quotation_around_the_text,
    links_with_numbers,
    fieldsets,
    tabs_of_everything,
    labels_that_begin_lines,
    small_print_in_italics,
    list_named_by_its_navigation,
    items_of_each_part,
)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
@pytest.mark.parametrize("markup", MARKUPS, ids=lambda markup: markup.__name__)
def test_parts_are_read_apart(markup: Callable[[Story], str], language: Language) -> None:
    """From the first article of a site on, each part of the page has its own place, whatever its language."""
    for number in (21, 24):
        story = Story.generate(language, number)
        assert_parts_are_apart(story, read_page(story, markup(story)))


@pytest.mark.parametrize("tag", ["ul", "ol", "blockquote"])
def test_a_short_list_or_quotation_in_an_article_stays_one(tag: str) -> None:
    """Only a list or a quotation that holds most of the running text is the article."""
    story = Story.generate(ENGLISH, 21)
    item, role = ("p", Role.QUOTE) if tag == "blockquote" else ("li", Role.LIST)
    inner = f"<{tag}>{wrap(item, story.paragraphs[8:12])}</{tag}>"
    text = wrap("p", story.paragraphs[:8]) + inner + wrap("p", story.paragraphs[12:])
    article = read_page(story, f"{top(story)}<div>{text}</div>").article
    assert article is not None
    assert texts_of(article, role).split("\n") == list(story.paragraphs[8:12])


def test_a_button_that_heads_no_panel_says_nothing() -> None:
    """A button that controls something elsewhere on the page is neither a label nor text."""
    story = Story.generate(ENGLISH, 21)
    button = "<p><button aria-controls=menu>Related Articles of the harbour</button></p>"
    article = read_page(story, f"{top(story)}<div>{wrap('p', story.paragraphs)}{button}</div>{notices(story)}").article
    assert article is not None
    assert [p.text for p in article.paragraphs if p.role in BODY_ROLES] == list(story.paragraphs)


def test_a_sign_by_which_a_heading_links_to_itself_is_no_text() -> None:
    story = Story.generate(ENGLISH, 21)
    sign = "<a href='#part'>¶</a>"
    text = wrap("p", story.paragraphs[:8]) + f"<h2>Winter{sign}</h2>" + wrap("p", story.paragraphs[8:])
    article = read_page(story, f"{top(story)}<div>{text}</div>").article
    assert article is not None
    assert texts_of(article, Role.HEADING) == "Winter"
