"""One article page in markups of many ages: AMP, nineties' tables, page builders, custom elements, microdata, and ARIA.

See stories.py for its parts. None of the pages has metadata other than its title.
"""

from collections.abc import Callable

import pytest

from tests.unit.extract.stories import (
    LANGUAGES,
    Language,
    Story,
    assert_parts_are_apart,
    head,
    labelled,
    links,
    read_page,
    wrap,
)


def amp(story: Story) -> str:
    words = story.language
    top = f"<header class=ampstart-headerbar><a href=/>{words.site}</a><p>{words.motto}</p></header>"
    text = wrap("p class=i-amphtml-text", story.paragraphs)
    title = f"<h1 class=amp-wp-title>{story.headline}</h1><h2>{story.dek}</h2>"
    date = f"<div class=amp-wp-meta><time>{words.date}</time></div>"
    boxes = "".join(
        f"<amp-accordion><section expanded><h4>{label}</h4><div>{notice}</div></section></amp-accordion>"
        for label, notice in labelled(story)
    )
    player = f"<amp-video-docking><span>0:00</span><span>0:00</span><button>{words.close}</button></amp-video-docking>"
    cards = wrap("div role=listitem", links(story.related, "<div class=amp-title>{}</div>"))
    related = f"<h3>{words.related}</h3><amp-list><div role=list>{cards}</div></amp-list>"
    return f"{top}<main><article>{title}{date}{text}</article>{boxes}{player}{related}</main>"


def article_in_table(story: Story) -> str:
    words = story.language
    text = f"<article><h1>{story.headline}</h1>{wrap('p', (story.dek, words.date, *story.paragraphs))}</article>"
    boxes = "".join(f"<p><b>{label}</b></p><p>{notice}</p>" for label, notice in labelled(story))
    related = f"<p><b>{words.related}</b></p><ul>{wrap('li', links(story.related))}</ul>"
    top = f"<tr><td colspan=2>{words.site}<br>{words.motto}</td></tr>"
    row = f"<tr><td width=70%>{text}{boxes}<p>0:00 0:00 {words.close}</p></td><td width=30%>{related}</td></tr>"
    return f"<table>{top}{row}</table>"


def definition_list_of_facts(story: Story) -> str:
    words = story.language
    facts = f"<dl><dt>{story.headline}</dt><dd>{words.date}</dd><dd>{story.dek}</dd></dl>"
    text = f"<dl>{wrap('dd', story.paragraphs)}</dl>"
    boxes = "".join(f"<dl><dt>{label}<dd>{notice}</dl>" for label, notice in labelled(story))
    related = f"<dl><dt>{words.related}{''.join(f'<dd>{link}' for link in links(story.related))}</dl>"
    return f"<h4>{words.site}</h4><h5>{words.motto}</h5>{facts}{text}{boxes}<p>0:00 0:00 {words.close}</p>{related}"


def centered_fonts(story: Story) -> str:
    words = story.language
    top = f"<CENTER><FONT SIZE=7>{words.site}</FONT><BR><FONT SIZE=2>{words.motto}</FONT><HR></CENTER>"
    title = f"<CENTER><FONT SIZE=6 COLOR=navy>{story.headline}</FONT></CENTER><P><FONT SIZE=4><I>{story.dek}</I></FONT>"
    date = f"<P><FONT SIZE=1>{words.date}</FONT>"
    text = "".join(f"<P><FONT FACE=Times>{paragraph}</FONT>" for paragraph in story.paragraphs)
    boxes = "".join(
        f"<HR><CENTER><FONT SIZE=2><B>{label}</B></FONT></CENTER><FONT SIZE=2>{notice}</FONT>"
        for label, notice in labelled(story)
    )
    items = "".join(f"<LI><FONT SIZE=2>{link}</FONT>" for link in links(story.related))
    related = f"<HR><CENTER><FONT SIZE=4><B>{words.related}</B></FONT></CENTER><UL>{items}</UL>"
    return f"{top}{title}{date}{text}{boxes}<HR><FONT SIZE=1>0:00 0:00 {words.close}</FONT>{related}"


def elementor(story: Story) -> str:
    words = story.language

    def widget(kind: str, content: str) -> str:
        inner = f"<div class=elementor-widget-container>{content}</div>"
        return f"<div class='elementor-element elementor-widget elementor-widget-{kind}'>{inner}</div>"

    def section(*widgets: str) -> str:
        column = f"<div class='elementor-column elementor-col-100'>{''.join(widgets)}</div>"
        return f"<section class='elementor-section elementor-top-section'>{column}</section>"

    top = section(widget("heading", words.site), widget("text-editor", f"<p>{words.motto}</p>"))
    title = section(
        widget("theme-post-title", f"<h1 class=elementor-heading-title>{story.headline}</h1>"),
        widget("post-info", f"<ul class=elementor-icon-list-items><li><span>{words.date}</span></li></ul>"),
        widget("theme-post-excerpt", story.dek),
    )
    text = section(widget("theme-post-content", wrap("p", story.paragraphs)))
    boxes = section(
        *(
            widget("heading", f"<h4 class=elementor-heading-title>{label}</h4>") + widget("text-editor", notice)
            for label, notice in labelled(story)
        )
    )
    player = section(widget("audio", f"<span>0:00</span><span>0:00</span><button>{words.close}</button>"))
    posts = cards_of(story.related, "article class='elementor-post elementor-grid-item'", "h3")
    label = widget("heading", f"<h2 class=elementor-heading-title>{words.related}</h2>")
    return f"{top}{title}{text}{boxes}{player}{section(label, widget('posts', posts))}"


def cards_of(pairs: tuple[tuple[str, str], ...], card: str, title: str) -> str:
    """Return a card with a linked title for each pair of headline and URL."""
    return wrap(card, (f"<{title}>{link}</{title.partition(' ')[0]}>" for link in links(pairs)))


def gutenberg(story: Story) -> str:
    words = story.language
    name = f"<p class=wp-block-site-title>{words.site}</p>"
    top = f"<header class=wp-block-template-part>{name}<p>{words.motto}</p></header>"
    date = f"<div class=wp-block-post-date><time>{words.date}</time></div>"
    title = f"<h1 class=wp-block-post-title>{story.headline}</h1>{date}"
    dek = f"<p class='has-large-font-size'>{story.dek}</p>"
    text = f"<div class='entry-content wp-block-post-content'>{dek}{wrap('p', story.paragraphs)}"
    boxes = "".join(
        f"<div class='wp-block-group has-background'><p><strong>{label}</strong></p><p>{notice}</p></div>"
        for label, notice in labelled(story)
    )
    player = f"<figure class=wp-block-audio><span>0:00</span> <span>0:00</span> <button>{words.close}</button></figure>"
    items = cards_of(story.related, "li class=wp-block-post", "h3 class=wp-block-post-title")
    related = f"<h2 class=wp-block-heading>{words.related}</h2><ul class=wp-block-post-template>{items}</ul>"
    return f"{top}<main>{title}{text}{boxes}{player}</div>{related}</main>"


def arc(story: Story) -> str:
    words = story.language
    top = f"<header class=c-header><span class=b-site>{words.site}</span><span>{words.motto}</span></header>"
    title = f"<h1 class=b-headline>{story.headline}</h1><h2 class=b-subheadline>{story.dek}</h2>"
    date = f"<div class=b-date><span class=c-date>{words.date}</span></div>"
    text = f"<article class=b-article-body>{wrap('p class=c-paragraph', story.paragraphs)}</article>"
    boxes = "".join(
        f"<div class='c-stack b-divider'><h3 class=c-heading>{label}</h3><p class=c-paragraph>{notice}</p></div>"
        for label, notice in labelled(story)
    )
    player = f"<div class=b-video><span>0:00</span><span>0:00</span><button>{words.close}</button></div>"
    cards = "".join(
        f"<div class=c-grid><a class=c-link href='{url}'><h4 class=c-heading>{title}</h4></a></div>"
        for title, url in story.related
    )
    label = f"<h2 class=c-heading>{words.related}</h2>"
    results = f"<div class=b-results-list>{label}<div class=c-stack>{cards}</div></div>"
    return f"{top}<main class=b-right-rail__main>{title}{date}{text}{boxes}{player}{results}</main>"


def drupal(story: Story) -> str:
    words = story.language

    def field(name: str, content: str) -> str:
        item = f"<div class=field__item>{content}</div>"
        return f"<div class='field field--name-{name} field--label-hidden'>{item}</div>"

    branding = f"<div class=site-name>{words.site}</div><div class=site-slogan>{words.motto}</div>"
    top = f"<div class=region-branding>{branding}</div>"
    title = f"<h1 class='page-title'><span class=field--name-title>{story.headline}</span></h1>"
    node = (
        field("field-date", words.date)
        + field("field-summary", f"<p>{story.dek}</p>")
        + field("body", wrap("p", story.paragraphs))
    )
    boxes = "".join(
        f"<div class='block block-block-content'><h2>{label}</h2>{field('body', f'<p>{notice}</p>')}</div>"
        for label, notice in labelled(story)
    )
    player = f"<div class=block-player>0:00 0:00 {words.close}</div>"
    rows = cards_of(story.related, "div class=views-row", "div class='views-field views-field-title'")
    label = f"<h2 class=block-title>{words.related}</h2>"
    related = f"<div class='block block-views'>{label}<div class=view-content>{rows}</div></div>"
    return f"{top}{title}<div class='node node--type-article'>{node}</div>{boxes}{player}{related}"


def utility_classes(story: Story) -> str:
    words = story.language
    home = f"<a class='font-bold' href=/>{words.site}</a>"
    top = f"<div class='flex px-4 h-12'>{home}<span class='text-xs'>{words.motto}</span></div>"
    title = f"<div class='max-w-2xl mx-auto'><div class='text-4xl font-black'>{story.headline}</div>"
    dek = f"<div class='text-xl mt-2'>{story.dek}</div><div class='text-sm text-gray-500'>{words.date}</div>"
    text = f"<div class='prose lg:prose-xl'>{wrap('div class=mb-4', story.paragraphs)}</div></div>"
    boxes = "".join(
        f"<div class='rounded bg-gray-100 p-4'><div class='font-bold'>{label}</div><div>{notice}</div></div>"
        for label, notice in labelled(story)
    )
    player = f"<div class='fixed bottom-0 flex'><div>0:00</div><div>0:00</div><div>{words.close}</div></div>"
    cards = wrap("div class='border-b py-2'", links(story.related, "<span class='line-clamp-2'>{}</span>"))
    related = f"<div class='grid gap-2'><div class='text-2xl font-bold'>{words.related}</div>{cards}</div>"
    return f"{top}{title}{dek}{text}{boxes}{player}{related}"


def styled_components(story: Story) -> str:
    words = story.language
    top = f"<div class=sc-aXZVg><div class=sc-gEvEer>{words.site}</div><div class=sc-eqUAA>{words.motto}</div></div>"
    title = f"<div class=sc-fqkvV><h2 class=sc-dcJsr>{story.headline}</h2><h3 class=sc-iGgWB>{story.dek}</h3></div>"
    date = f"<span class=sc-gsFSX>{words.date}</span>"
    text = f"<div class=sc-kAyceB><section>{wrap('span class=sc-imWYA', story.paragraphs)}</section></div>".replace(
        "</span><span", "</span><br><br><span"
    )
    boxes = "".join(
        f"<div class=sc-jXbUN><span class=sc-dhKdc>{label}</span><div class=sc-kpDqf>{notice}</div></div>"
        for label, notice in labelled(story)
    )
    player = f"<div class=sc-dAlyu><i>0:00</i> <i>0:00</i> <i>{words.close}</i></div>"
    cards = "".join(f"<a class=sc-jlZhe href='{url}'><p class=sc-cwHpt>{title}</p></a>" for title, url in story.related)
    related = f"<div class=sc-hLBbg><p class=sc-eDPEu>{words.related}</p><div class=sc-ikkxI>{cards}</div></div>"
    return f"{top}{title}{date}{text}{boxes}{player}{related}"


def roles_alone(story: Story) -> str:
    words = story.language
    top = f"<div role=banner><div>{words.site}</div><div>{words.motto}</div></div>"
    title = f"<div role=heading aria-level=1>{story.headline}</div><div role=doc-subtitle>{story.dek}</div>"
    text = f"<div role=article>{title}<div>{words.date}</div>{wrap('div role=paragraph', story.paragraphs)}</div>"
    boxes = "".join(
        f"<div role=note><div role=heading aria-level=3>{label}</div><div>{notice}</div></div>"
        for label, notice in labelled(story)
    )
    player = f"<div role=application><span>0:00</span><span>0:00</span><span role=button>{words.close}</span></div>"
    items = wrap("div role=listitem", links(story.related))
    related = f"<div role=heading aria-level=2>{words.related}</div><div role=list>{items}</div>"
    return f"{top}<div role=main>{text}{boxes}{player}</div><div role=complementary>{related}</div>"


def microdata(story: Story) -> str:
    words = story.language
    name = f"<b itemprop=name>{words.site}</b>"
    top = f"<div itemscope itemtype=https://schema.org/Organization>{name} {words.motto}</div>"
    title = f"<div itemprop=headline>{story.headline}</div><div itemprop=alternativeHeadline>{story.dek}</div>"
    date = f"<div itemprop=datePublished>{words.date}</div>"
    text = f"<div itemprop=articleBody>{wrap('p', story.paragraphs)}</div>"
    boxes = "".join(f"<div><strong>{label}</strong> <div>{notice}</div></div>" for label, notice in labelled(story))
    player = f"<div itemscope itemtype=https://schema.org/AudioObject>0:00 0:00 {words.close}</div>"
    items = "".join(
        f"<li itemscope itemtype=https://schema.org/NewsArticle><a itemprop=url href='{url}'><span itemprop=headline>"
        f"{title}</span></a></li>"
        for title, url in story.related
    )
    article = f"<div itemscope itemtype=https://schema.org/NewsArticle>{title}{date}{text}</div>"
    return f"{top}{article}{boxes}{player}<div><strong>{words.related}</strong><ol>{items}</ol></div>"


def text_in_pre(story: Story) -> str:
    words = story.language
    text = "\n\n".join((story.dek, words.date, *story.paragraphs))
    boxes = "".join(f"<h4>{label}</h4><pre>{notice}</pre>" for label, notice in labelled(story))
    items = "\n".join(f"* {link}" for link in links(story.related))
    top = f"<pre>{words.site}\n{words.motto}</pre>"
    player = f"<pre>0:00 0:00 {words.close}</pre>"
    return f"{top}<h1>{story.headline}</h1><pre>{text}</pre>{boxes}{player}<h3>{words.related}</h3><pre>{items}</pre>"


def labels_in_header_cells(story: Story) -> str:
    words = story.language
    lines = (story.dek, words.date, *story.paragraphs)
    text = f"<table><tr><th>{story.headline}</th></tr>{''.join(f'<tr><td>{line}</td></tr>' for line in lines)}</table>"
    boxes = "".join(
        f"<table><tr><th>{label}</th></tr><tr><td>{notice}</td></tr></table>" for label, notice in labelled(story)
    )
    rows = "".join(f"<tr><td>{link}</td></tr>" for link in links(story.related))
    related = f"<table><tr><th>{words.related}</th></tr>{rows}</table>"
    return f"<div>{words.site}</div><div>{words.motto}</div>{text}{boxes}<div>0:00 0:00 {words.close}</div>{related}"


def labels_beside_texts(story: Story) -> str:
    words = story.language
    rows = "".join(f"<tr><th>{label}</th><td>{notice}</td></tr>" for label, notice in labelled(story))
    listed = f"<tr><th>{words.related}</th><td>{'<br>'.join(links(story.related))}</td></tr>"
    player = f"<tr><th></th><td>0:00 0:00 {words.close}</td></tr>"
    return f"{head(story)}<table>{rows}{player}{listed}</table>"


def custom_elements_with_slots(story: Story) -> str:
    words = story.language
    top = f"<site-header><span slot=name>{words.site}</span><span slot=motto>{words.motto}</span></site-header>"
    title = f"<news-title slot=title>{story.headline}</news-title><news-dek slot=dek>{story.dek}</news-dek>"
    text = f"<div slot=body>{wrap('p', story.paragraphs)}</div>"
    page = f"<news-article>{title}<news-date slot=date>{words.date}</news-date>{text}</news-article>"
    boxes = "".join(
        f"<site-notice><h4 slot=label>{label}</h4><span>{notice}</span></site-notice>"
        for label, notice in labelled(story)
    )
    player = f"<audio-player><span>0:00</span><span>0:00</span><button>{words.close}</button></audio-player>"
    items = "".join(f"<news-card><a href='{url}'>{title}</a></news-card>" for title, url in story.related)
    return f"{top}{page}{boxes}{player}<card-list><h3 slot=label>{words.related}</h3>{items}</card-list>"


def aside_between_paragraphs(story: Story) -> str:
    """The player and the newsletter stand among the paragraphs, the disclaimer above the headline."""
    words = story.language
    notice = f"<div><h5>{words.ai}</h5><p>{words.disclaimer}</p></div>"
    top = f"<header><p>{words.site}</p><p>{words.motto}</p></header>{notice}"
    player = f"<aside><span>0:00</span> <span>0:00</span> <button>{words.close}</button></aside>"
    offer = f"<aside><h5>{words.newsletter}</h5><p>{words.offer}</p></aside>"
    first, second, third = (wrap("p", story.paragraphs[part]) for part in (slice(5), slice(5, 12), slice(12, None)))
    text = first + player + second + offer + third
    title = f"<h1>{story.headline}</h1><p><em>{story.dek}</em></p><p><small>{words.date}</small></p>"
    return f"{top}<main>{title}{text}</main><h4>{words.related}</h4><ul>{wrap('li', links(story.related))}</ul>"


MARKUPS: tuple[Callable[[Story], str], ...] = (
    amp,
    article_in_table,
    definition_list_of_facts,
    centered_fonts,
    elementor,
    gutenberg,
    arc,
    drupal,
    utility_classes,
    styled_components,
    roles_alone,
    microdata,
    text_in_pre,
    labels_in_header_cells,
    labels_beside_texts,
    custom_elements_with_slots,
    aside_between_paragraphs,
)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
@pytest.mark.parametrize("markup", MARKUPS, ids=lambda markup: markup.__name__)
def test_parts_are_read_apart(markup: Callable[[Story], str], language: Language) -> None:
    """From the first article of a site on, each part of the page has its own place, whatever its language."""
    story = Story.generate(language, 21)
    assert_parts_are_apart(story, read_page(story, markup(story)))
