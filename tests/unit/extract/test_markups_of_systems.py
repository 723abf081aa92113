"""One article page as publishing systems, builders and printers of pages write it, each in another language.

See stories.py for its parts. None of the pages has metadata other than its title.
"""

from collections.abc import Callable

import pytest

from tests.unit.extract.languages import (
    AMHARIC,
    BENGALI,
    FRENCH,
    GEORGIAN,
    GREEK,
    HEBREW,
    INDONESIAN,
    ITALIAN,
    JAPANESE,
    KHMER,
    KOREAN,
    PERSIAN,
    POLISH,
    PORTUGUESE,
    SPANISH,
    SWEDISH,
    THAI,
    TURKISH,
    UKRAINIAN,
    VIETNAMESE,
)
from tests.unit.extract.stories import (
    ENGLISH,
    GERMAN,
    HINDI,
    Language,
    Story,
    assert_parts_are_apart,
    labelled,
    links,
    read_page,
    wrap,
)


def amp_page(story: Story) -> str:
    words = story.language
    boxes = "".join(f"<div class='box'><h4>{label}</h4><p>{notice}</p></div>" for label, notice in labelled(story))
    items = "".join(
        f"<div class=rel-item><a href='{url}'><amp-img src=/x.jpg width=1 height=1 layout=responsive></amp-img>"
        f"<span class=rel-title>{title}</span></a></div>"
        for title, url in story.related
    )
    return (
        f"<amp-sidebar id=side layout=nodisplay><ul><li><a href=/>{words.site}</a></li></ul></amp-sidebar>"
        f"<header><amp-img src=/logo.png width=1 height=1 alt='{words.site}'></amp-img><p>{words.motto}</p></header>"
        f"<article><h1>{story.headline}</h1><h2 class=sapo>{story.dek}</h2><div class=meta>{words.date}</div>"
        f"<amp-ad width=300 height=250 type=doubleclick></amp-ad>{wrap('p', story.paragraphs)}{boxes}"
        f"<amp-audio width=auto height=50 src=/a.mp3><div fallback>0:00 0:00 {words.close}</div></amp-audio></article>"
        f"<section class=rel><h3>{words.related}</h3>{items}</section><amp-analytics></amp-analytics>"
    )


def old_columns(story: Story) -> str:
    words = story.language

    def font(text: str, size: int = 2) -> str:
        return f"<font face=Verdana size={size}>{text}</font>"

    text = "".join(f"<P>{font(text)}" for text in story.paragraphs)
    boxes = "".join(f"<P>{font(f'<B>{label}</B>')}<BR>{font(notice, 1)}" for label, notice in labelled(story))
    items = "".join(f"<LI>{font(link)}" for link in links(story.related))
    return (
        f"<CENTER><TABLE WIDTH=760 BORDER=0 CELLPADDING=0><TR BGCOLOR=#003366><TD COLSPAN=3>{font(words.site, 6)}<BR>"
        f"{font(words.motto)}</TD></TR><TR><TD WIDTH=130 VALIGN=TOP><A HREF=/>Home</A><BR><A HREF=/a/>A</A></TD>"
        f"<TD WIDTH=10><IMG SRC=/spacer.gif WIDTH=10></TD><TD VALIGN=TOP>{font(words.date, 1)}<BR><BR>"
        f"{font(f'<B>{story.headline}</B>', 5)}<BR>{font(f'<I>{story.dek}</I>', 3)}{text}{boxes}"
        f"<P>{font(f'0:00 / 0:00 {words.close}', 1)}<HR NOSHADE>{font(f'<B>{words.related}</B>', 3)}<UL>{items}</UL>"
        "</TD></TR></TABLE></CENTER>"
    )


def slotted_elements(story: Story) -> str:
    words = story.language
    shadow = (
        "<template shadowrootmode=open><style>:host{display:block}</style><slot name=top></slot><slot></slot>"
        "</template>"
    )
    boxes = "".join(
        f"<nw-note>{shadow}<h4 slot=top>{label}</h4><p>{notice}</p></nw-note>" for label, notice in labelled(story)
    )
    items = "".join(f"<nw-item>{shadow}<a slot=top href='{url}'>{title}</a></nw-item>" for title, url in story.related)
    text = wrap("nw-text", (f"{shadow}<p>{text}</p>" for text in story.paragraphs))
    return (
        f"<nw-app>{shadow}<nw-head>{shadow}<b slot=top>{words.site}</b><p>{words.motto}</p></nw-head>"
        f"<nw-story>{shadow}<h1 slot=top>{story.headline}</h1><nw-dek>{story.dek}</nw-dek><nw-date>{words.date}"
        "</nw-date>"
        f"{text}</nw-story>{boxes}<nw-player>{shadow}<span>0:00</span><span>0:00</span><span>{words.close}</span>"
        f"</nw-player><nw-list>{shadow}<h3 slot=top>{words.related}</h3>{items}</nw-list></nw-app>"
    )


def strict_xhtml(story: Story) -> str:
    words = story.language
    boxes = "".join(
        f"<div class='encart'><p class='intertitre'>{label}</p><p>{notice}</p></div>"
        for label, notice in labelled(story)
    )
    return (
        "<div xmlns='http://www.w3.org/1999/xhtml' id='page'><div id='entete'>"
        f"<a href='/' title='accueil'>{words.site}</a>"
        f"<br /><em>{words.motto}</em></div><div id='contenu'><h2><a name='haut' id='haut' />{story.headline}</h2>"
        f"<p class='accroche'>{story.dek}</p><p class='infos'>{words.date}</p>{wrap('p', story.paragraphs)}{boxes}"
        f"<p>0:00 0:00 <input type='button' value='{words.close}' /></p><h3>{words.related}</h3>"
        f"<ul>{wrap('li', links(story.related))}</ul></div></div>"
    )


def roles_alone(story: Story) -> str:
    words = story.language

    def heading(text: str, level: int) -> str:
        return f"<div role=heading aria-level={level}>{text}</div>"

    text = wrap("div role=paragraph", story.paragraphs)
    boxes = "".join(f"<div role=note>{heading(label, 3)}<div>{notice}</div></div>" for label, notice in labelled(story))
    items = wrap("div role=listitem", (f"<div role=article>{heading(link, 4)}</div>" for link in links(story.related)))
    return (
        f"<div role=banner><div>{words.site}</div><div>{words.motto}</div></div><div role=main><div role=article>"
        f"{heading(story.headline, 1)}<div role=doc-subtitle>{story.dek}</div><div>{words.date}</div>{text}"
        f"</div>{boxes}"
        f"<div role=application>0:00 0:00 <span role=button>{words.close}</span></div>"
        f"<div role=region>{heading(words.related, 2)}<div role=list>{items}</div></div></div>"
    )


def one_description_list(story: Story) -> str:
    words = story.language
    text = wrap("dd", story.paragraphs)
    boxes = "".join(f"<dt>{label}</dt><dd>{notice}</dd>" for label, notice in labelled(story))
    items = wrap("dd", links(story.related))
    return (
        f"<p>{words.site}</p><p>{words.motto}</p><p>५ मार्च २०२४</p><dl><dt>{story.headline}</dt><dd>{story.dek}</dd>"
        f"{text}{boxes}<dt>0:00</dt><dd>0:00 {words.close}</dd><dt>{words.related}</dt>{items}</dl>"
    )


def flat_body(story: Story) -> str:
    words = story.language
    boxes = "".join(f"<h4>{label}</h4><p>{notice}</p>" for label, notice in labelled(story))
    return (
        f"<h5>{words.site}</h5><h6>{words.motto}</h6><h1>{story.headline}</h1><h2>{story.dek}</h2><p>{words.date}</p>"
        f"{wrap('p', story.paragraphs)}{boxes}<p>0:00 0:00 {words.close}</p><h3>{words.related}</h3>"
        f"{'<br>'.join(links(story.related))}"
    )


def print_version(story: Story) -> str:
    words = story.language
    boxes = "".join(f"<p><u>{label}</u></p><p>{notice}</p>" for label, notice in labelled(story))
    items = "".join(
        f"<li>{link} <span class=print-url>[{n}]</span></li>" for n, link in enumerate(links(story.related))
    )
    return (
        f"<div class=print-logo>{words.site}</div><div class=print-slogan>{words.motto}</div><hr>"
        f"<p><a href='javascript:window.print()'>Print this page</a></p><div class=print-date>{words.date}</div>"
        f"<h1 class=print-title>{story.headline}</h1><div class=print-content><p><b>{story.dek}</b></p>"
        f"{wrap('p', story.paragraphs)}</div>{boxes}<p>0:00 / 0:00 {words.close}</p><hr><p><u>{words.related}</u></p>"
        f"<ol>{items}</ol><p class=print-source>Source URL: https://www.gazette.example/21-slug-of-this-story</p>"
    )


def theme_of_blocks(story: Story) -> str:
    words = story.language
    boxes = "".join(
        f"<div class='wp-block-group has-background is-layout-constrained'><h2 class=wp-block-heading>{label}</h2>"
        f"<p class=has-small-font-size>{notice}</p></div>"
        for label, notice in labelled(story)
    )
    items = "".join(
        f"<li class='wp-block-post post type-post'><h3 class=wp-block-post-title>{link}</h3></li>"
        for link in links(story.related)
    )
    return (
        "<div class=wp-site-blocks><header class=wp-block-template-part><p class=wp-block-site-title>"
        f"<a href=/>{words.site}"
        f"</a></p><p class=wp-block-site-tagline>{words.motto}</p></header><main class=wp-block-group>"
        f"<h1 class=wp-block-post-title>{story.headline}</h1><div class=wp-block-post-excerpt>"
        f"<p class=wp-block-post-excerpt__excerpt>{story.dek}</p></div><div class=wp-block-post-date>{words.date}</div>"
        f"<div class='entry-content wp-block-post-content'>{wrap('p', story.paragraphs)}{boxes}"
        f"<figure class=wp-block-audio><span>0:00</span> <span>0:00</span> <span>{words.close}</span></figure></div>"
        f"<h2 class=wp-block-heading>{words.related}</h2><div class=wp-block-query>"
        f"<ul class=wp-block-post-template>{items}"
        "</ul></div></main></div>"
    )


def callouts(story: Story) -> str:
    words = story.language
    callout = "<div class='kg-card kg-callout-card kg-callout-card-blue'><div class=kg-callout-emoji>ℹ</div>{}</div>"
    boxes = "".join(
        callout.format(f"<div class=kg-callout-text><b><strong>{label}</strong></b><br>{notice}</div>")
        for label, notice in labelled(story)
    )
    items = "".join(
        f"<article class='post-card'><a class=post-card-content-link href='{url}'><header class=post-card-header>"
        f"<h2 class=post-card-title>{title}</h2></header></a></article>"
        for title, url in story.related
    )
    return (
        f"<div class=site-wrapper><header class=gh-navigation><a class=gh-navigation-logo href=/>{words.site}</a>"
        f"<span>{words.motto}</span></header><main class=gh-main><article class=gh-article><h1>{story.headline}</h1>"
        f"<p class=gh-article-excerpt>{story.dek}</p><span class=gh-article-meta>{words.date}</span>"
        f"<section class=gh-content>{wrap('p', story.paragraphs)}{boxes}<div class='kg-card kg-video-card'>"
        f"<span>0:00</span>/<span>0:00</span><button>{words.close}</button></div></section></article></main>"
        f"<aside class=read-more-wrap><h4>{words.related}</h4><div class='read-more inner'>{items}</div></aside></div>"
    )


def fields_of_nodes(story: Story) -> str:
    words = story.language

    def item(name: str, content: str) -> str:
        kind = f"field field--name-{name} field--type-text-long field--label-hidden"
        return f"<div class='{kind}'><div class=field__item>{content}</div></div>"

    boxes = "".join(
        f"<div class='block block-block-content block-block-content{n}'><h2>{label}"
        f"</h2>{item('body', f'<p>{notice}</p>')}"
        "</div>"
        for n, (label, notice) in enumerate(labelled(story))
    )
    rows = "".join(
        f"<div class=views-row><div class='views-field views-field-title'><span class=field-content>{link}</span>"
        "</div></div>"
        for link in links(story.related)
    )
    return (
        "<div class=dialog-off-canvas-main-canvas><header class=region-header><div class=site-name>"
        f"<a href=/>{words.site}"
        f"</a></div><div class=site-slogan>{words.motto}</div></header><div class=region-content>"
        "<div class='block block-core block-page-title-block'><h1 class=page-title>"
        f"<span class=field>{story.headline}</span>"
        f"</h1></div><article class='node node--type-article node--view-mode-full'>{item('field-subtitle', story.dek)}"
        f"<div class=node__meta>{words.date}</div>"
        f"<div class=node__content>{item('body', wrap('p', story.paragraphs))}</div>"
        f"</article></div><div class=region-content-below>{boxes}<div class=field-audio>0:00 0:00 {words.close}</div>"
        f"<div class='views-element-container block block-views'><h2>{words.related}</h2>"
        f"<div class=view-content>{rows}</div>"
        "</div></div></div>"
    )


def fluid_blocks(story: Story) -> str:
    words = story.language

    def block(content: str) -> str:
        return (
            f"<div class='fe-block fe-block-y1'><div class='sqs-block website-component-block'>"
            f"<div class=sqs-html-content data-sqsp-text-block-content>{content}</div></div></div>"
        )

    boxes = "".join(block(f"<h4>{label}</h4><p class=sqsrte-small>{notice}</p>") for label, notice in labelled(story))
    items = "".join(
        f"<div class=user-items-list-item><h2 class=list-item-content__title>{link}</h2></div>"
        for link in links(story.related)
    )
    return (
        f"<header class=header><a class=header-title-text href=/>{words.site}</a><div>{words.motto}</div></header>"
        f"<article class='blog-item-wrapper'><div class=blog-item-top-wrapper><div class=blog-item-title>"
        f"<h1 class=entry-title>{story.headline}</h1></div><div class=blog-meta-item>{words.date}</div></div>"
        f"<div class=blog-item-content-wrapper>{block(f'<p class=sqsrte-large>{story.dek}</p>')}"
        f"{block(wrap('p', story.paragraphs))}{boxes}{block(f'<p>0:00 0:00 {words.close}</p>')}</div></article>"
        f"<div class=user-items-list-section><h2>{words.related}</h2>{items}</div>"
    )


def numbered_components(story: Story) -> str:
    words = story.language

    def part(number: int, content: str) -> str:
        name = f"comp-kz{number}q"
        return f"<div id={name} class='HcOXKn {name} wixui-rich-text' data-testid=richTextElement>{content}</div>"

    def line(text: str) -> str:
        return f"<p class='font_8 wixui-rich-text__text'><span style='color:#111'>{text}</span></p>"

    boxes = "".join(
        part(20 + n, f"<h4 class=font_4><span>{label}</span></h4>") + part(30 + n, line(notice))
        for n, (label, notice) in enumerate(labelled(story))
    )
    cards = "".join(
        f"<div role=listitem class='T7n0L6'><div id=comp-r{n} class='comp-r wixui-box'>{part(60, line(link))}</div>"
        "</div>"
        for n, link in enumerate(links(story.related))
    )
    return (
        f"<div id=SITE_CONTAINER><div id=masterPage>{part(1, line(words.site))}{part(2, line(words.motto))}"
        f"<div id=PAGES_CONTAINER>{part(3, f'<h1 class=font_0><span>{story.headline}</span></h1>')}"
        f"{part(4, line(story.dek))}{part(5, line(words.date))}{part(6, ''.join(map(line, story.paragraphs)))}{boxes}"
        f"{part(40, line('0:00') + line('0:00') + line(words.close))}"
        f"{part(50, f'<h3 class=font_3><span>{words.related}</span></h3>')}<div role=list class=comp-rep>{cards}</div>"
        "</div></div></div>"
    )


def posts_of_a_blog(story: Story) -> str:
    words = story.language
    text = "<br /><br />".join(story.paragraphs)
    boxes = "".join(f"<br /><br /><b>{label}</b><br />{notice}" for label, notice in labelled(story))
    items = wrap("li", links(story.related))
    return (
        f"<div id=header><h1 class=title>{words.site}</h1><p class=description><span>{words.motto}</span></p></div>"
        f"<div class='main section' id=main><div class=date-outer><h2 class=date-header><span>{words.date}</span></h2>"
        f"<div class='post hentry'><a name=7213></a><h3 class='post-title entry-title'>{story.headline}</h3>"
        f"<div class='post-body entry-content' id=post-body-7213><i>{story.dek}</i><br /><br />{text}{boxes}<br />"
        "<br />"
        f"0:00 0:00 {words.close}<div style='clear: both;'></div></div></div></div></div><div class='sidebar section'>"
        f"<div class='widget LinkList'><h2>{words.related}</h2><div class=widget-content><ul>{items}</ul></div></div>"
        "</div>"
    )


def hashed_columns(story: Story) -> str:
    words = story.language
    text = "".join(
        f"<p id=b{n}f class='pw-post-body-paragraph ne nf fr ng b'>{text}</p>"
        for n, text in enumerate(story.paragraphs)
    )
    boxes = "".join(
        f"<h2 class='od oe fr be'>{label}</h2><p class='pw-post-body-paragraph ne nf'>{notice}</p>"
        for label, notice in labelled(story)
    )
    cards = "".join(
        f"<div class='l c'><article><div class='ab q'><a rel='noopener follow' href='{url}'><h2 class='be jk'>{title}"
        "</h2>"
        "</a></div></article></div>"
        for title, url in story.related
    )
    return (
        f"<div id=root><div class='a b c'><div class='l m'><a href=/>{words.site}</a><p>{words.motto}</p></div>"
        f"<article><div class=l><section><div class='fr fs ft'><h1 class='pw-post-title gq gr'>{story.headline}</h1>"
        f"<h2 class='pw-subtitle-paragraph hm'>{story.dek}</h2><div class='ab q'><span>5 min read</span><span>·</span>"
        f"<span>{words.date}</span></div>{text}{boxes}<div class='oa'>0:00<span>0:00</span><button>{words.close}"
        "</button>"
        f"</div></div></section></div></article><div class='pb l'><h2 class='be pc'>{words.related}</h2>"
        f"<div class='ab pd'>{cards}</div></div></div></div>"
    )


def letters_to_subscribers(story: Story) -> str:
    words = story.language
    (ai, disclaimer), (newsletter, offer) = labelled(story)
    items = "".join(
        f"<div class='container-Qnseki'><div class='_color-primary'><a class='pencraft' href='{url}'>{title}</a>"
        "</div></div>"
        for title, url in story.related
    )
    return (
        f"<div id=entry><div class=main-menu><h1><a href=/>{words.site}</a></h1><div>{words.motto}</div></div>"
        f"<article class='typography newsletter-post post'><div class='post-header'><h1 class='post-title published'>"
        f"{story.headline}</h1><h3 class=subtitle>{story.dek}</h3><div class='pencraft meta-EgzBVA'>{words.date}"
        "</div></div>"
        f"<div class=audio-player>0:00<span>0:00</span><button>{words.close}</button></div>"
        f"<div class=available-content><div class='body markup' dir=auto>{wrap('p', story.paragraphs)}<hr>"
        f"<p><strong>{ai}</strong></p><p>{disclaimer}</p></div></div></article><div class=subscription-widget-wrap>"
        f"<div class=subscription-widget><h4>{newsletter}</h4><p>{offer}</p><form><input type=email></form></div></div>"
        f"<div class=portable-archive><h4 class=head>{words.related}</h4>{items}</div></div>"
    )


def assets(story: Story) -> str:
    words = story.language
    text = "".join(f"<div class=subscriber-preview><p>{text}</p></div>" for text in story.paragraphs[:3])
    text += "".join(f"<div class=subscriber-only><p>{text}</p></div>" for text in story.paragraphs[3:])
    boxes = "".join(
        f"<div class='tnt-section block'><div class=block-title><h3>{label}</h3></div><div class=card-body>{notice}"
        "</div></div>"
        for label, notice in labelled(story)
    )
    cards = "".join(
        f"<article class='tnt-asset-type-article card summary'><div class=card-container><div class=card-headline>"
        f"<h3 class=tnt-headline><a class=tnt-asset-link href='{url}'>{title}</a></h3></div></div></article>"
        for title, url in story.related
    )
    return (
        f"<div id=site-container><header class=site-header><a href=/>{words.site}</a><span>{words.motto}</span>"
        "</header>"
        f"<article class='asset asset-article'><header class=asset-header><h1 class=headline><span>{story.headline}"
        "</span>"
        f"</h1><h2 class=subhead><span>{story.dek}</span></h2></header><ul class='list-inline'><li class=visible-print>"
        f"<time class=asset-date>{words.date}</time></li></ul><div id=article-body class='asset-content'>"
        f"<div class='asset-body'>{text}</div></div></article>{boxes}<div class=asset-audio>0:00 0:00 {words.close}"
        "</div>"
        f"<section class='block related'><div class=block-title><h3>{words.related}</h3></div>"
        f"<div class=card-grid>{cards}</div></section></div>"
    )


def stacks(story: Story) -> str:
    words = story.language
    text = wrap("p class='c-paragraph'", story.paragraphs)
    boxes = "".join(
        f"<div class='c-stack b-{n}' data-style-direction=vertical><h2 class=c-heading>{label}</h2>"
        "<p class=c-paragraph>"
        f"{notice}</p></div>"
        for n, (label, notice) in enumerate(labelled(story))
    )
    cards = "".join(
        f"<div class='c-stack b-card'><a class=c-link href='{url}'><h2 class=c-heading>{title}</h2></a></div>"
        for title, url in story.related
    )
    return (
        f"<div id=fusion-app class=layout><header class=b-header-nav-chain><a class=c-link href=/>{words.site}</a>"
        f"<p class=c-paragraph>{words.motto}</p></header><section role=main class=b-right-rail__main>"
        f"<h1 class='b-headline'>{story.headline}</h1><h2 class='b-subheadline'>{story.dek}</h2>"
        f"<time class='c-date b-date'>{words.date}</time><article class='b-article-body'>{text}</article>{boxes}"
        f"<div class=b-audio>0:00 0:00 <button class=c-button>{words.close}</button></div>"
        f"<div class='c-stack b-results-list'><h3 class=c-heading>{words.related}</h3>{cards}</div></section></div>"
    )


def rich_text_bodies(story: Story) -> str:
    words = story.language
    boxes = "".join(
        f"<div class=Enhancement><div class=Enhancement-item><div class=RichTextModule><div class=RichTextModule-title>"
        f"{label}</div><div class=RichTextModule-items>{notice}</div></div></div></div>"
        for label, notice in labelled(story)
    )
    items = "".join(
        f"<li class=PageListStandardH-items-item><bsp-custom-headline><div class=PagePromo-title>{link}</div>"
        "</bsp-custom-headline></li>"
        for link in links(story.related)
    )
    return (
        f"<div class=ArticlePage><div class=Page-header><a href=/>{words.site}</a><div>{words.motto}</div></div>"
        f"<main class=ArticlePage-main><h1 class=Page-headline>{story.headline}</h1>"
        f"<h2 class=Page-subHeadline>{story.dek}"
        f"</h2><div class=Page-datePublished>{words.date}</div><div class='RichTextStoryBody RichTextBody'>"
        f"{wrap('p', story.paragraphs)}{boxes}</div><div class=AudioPlayer>0:00 0:00 <bsp-close>{words.close}"
        "</bsp-close>"
        f"</div><div class=PageListStandardH><div class=PageListStandardH-header><div class=PageList-header-title>"
        f"{words.related}</div></div><ul class=PageListStandardH-items>{items}</ul></div></main></div>"
    )


def entry_boxes(story: Story) -> str:
    words = story.language
    boxes = "".join(
        f"<aside class='c-float-right c-box'><h3 class=c-box__title>{label}</h3><p>{notice}</p></aside>"
        for label, notice in labelled(story)
    )
    items = "".join(
        f"<li class=c-rock-list__item><div class='c-entry-box--compact'><h2 class=c-entry-box--compact__title>"
        f"<a data-analytics-link=article href='{url}'>{title}</a></h2></div></li>"
        for title, url in story.related
    )
    return (
        f"<header class=c-global-header><a href=/>{words.site}</a><p>{words.motto}</p></header><section class=c-skip>"
        f"<article class=l-segment><div class=c-entry-hero><h1 class=c-page-title>{story.headline}</h1>"
        f"<p class='c-entry-summary p-dek'>{story.dek}</p><div class=c-byline><span class=c-byline__item>"
        f"<time>{words.date}"
        "</time></span></div></div><div class=l-col__main>"
        f"<div class=c-entry-content>{wrap('p', story.paragraphs)}{boxes}"
        f"<div class=volume-audio>0:00 0:00 {words.close}</div></div></div></article><div class=c-rock-list>"
        f"<h2 class=c-rock-list__head>{words.related}</h2><ul class=c-rock-list__body>{items}</ul></div></section>"
    )


def news_records(story: Story) -> str:
    words = story.language
    boxes = "".join(
        f"<div id=c{n}4 class='frame frame-ruler-before'><h3 class=ce-headline>{label}</h3><p class=bodytext>{notice}"
        "</p></div>"
        for n, (label, notice) in enumerate(labelled(story))
    )
    items = "".join(f"<li><span class=news-related-news-date></span>{link}</li>" for link in links(story.related))
    return (
        f"<div id=logo>{words.site}</div><div id=claim>{words.motto}</div><div class='news news-single'>"
        f"<div class=article itemscope><div class=header><h3>{story.headline}</h3></div><div class=footer><p>"
        f"<span class=news-list-date>{words.date}</span></p></div><div class=teaser-text><p>{story.dek}</p></div>"
        f"<div class=news-text-wrap>{wrap('p class=bodytext', story.paragraphs)}</div>{boxes}"
        f"<div class=news-media>0:00 0:00 {words.close}</div><div class='news-related-wrap'>"
        f"<div class='news-related news-related-news'><h4>{words.related}</h4><ul>{items}</ul></div></div></div></div>"
    )


def skeleton_of_sections(story: Story) -> str:
    words = story.language
    boxes = "".join(
        f"<div class='rubrique'><h2 class=intertitre>{label}</h2><div class=spip>{notice}</div></div>"
        for label, notice in labelled(story)
    )
    items = "".join(f"<li class=item><a class=titre href='{url}'>{title}</a></li>" for title, url in story.related)
    return (
        f"<div id=page class=article><div class=header><strong id=logo_site_spip><a href=/>{words.site}</a></strong>"
        f"<div id=slogan_site_spip>{words.motto}</div></div><div class=main><div class='wrapper hfeed'>"
        "<div class=content>"
        f"<div class='hentry'><div class=cartouche><h1 class='crayon article-titre-7 entry-title'>{story.headline}</h1>"
        f"<p class='info-publi'>{words.date}</p></div><div class='crayon article-chapo-7 chapo surlignable'>"
        f"<p>{story.dek}</p></div><div class='crayon article-texte-7 texte entry-content surlignable'>"
        f"{wrap('p', story.paragraphs)}</div></div>{boxes}<p class=player>0:00 / 0:00 {words.close}</p></div></div>"
        f"<div class=aside><div class='menu articles'><h2>{words.related}</h2><ul>{items}</ul></div></div></div></div>"
    )


def module_tables(story: Story) -> str:
    words = story.language
    modules = "".join(
        f"<div class=moduletable><h3>{label}</h3><div class=custom>{notice}</div></div>"
        for label, notice in labelled(story)
    )
    items = "".join(
        f"<li><a class=mostread href='{url}'><span itemprop=name>{title}</span></a></li>"
        for title, url in story.related
    )
    return (
        f"<div id=rt-header><div class=rt-logo>{words.site}</div><div class=rt-slogan>{words.motto}</div></div>"
        f"<div class=item-page itemscope><div class=page-header><h2 itemprop=headline>{story.headline}</h2></div>"
        f"<dl class='article-info muted'><dt class=article-info-term></dt><dd class=published><time>{words.date}"
        "</time></dd>"
        f"</dl><div itemprop=articleBody><p><strong>{story.dek}</strong></p>{wrap('p', story.paragraphs)}</div></div>"
        f"{modules}<div class=moduletable>0:00 0:00 {words.close}</div><div class=moduletable><h3>{words.related}</h3>"
        f"<ul class='relateditems mod-list'>{items}</ul></div>"
    )


def styled_components(story: Story) -> str:
    words = story.language

    def div(number: int, content: str) -> str:
        return f"<div class='sc-{number}a8b9-0 kYx{number}Qp'>{content}</div>"

    boxes = "".join(div(8, div(9, label) + div(10, notice)) for label, notice in labelled(story))
    cards = "".join(div(14, f"<a class='sc-1x' href='{url}'>{div(15, title)}</a>") for title, url in story.related)
    return div(0, div(1, div(2, words.site) + div(3, words.motto))) + div(
        4,
        div(5, words.date)
        + div(6, story.headline)
        + div(16, story.dek)
        + div(7, "".join(div(17, text) for text in story.paragraphs))
        + boxes
        + div(11, "<span>0:00</span><span>0:00</span>" + div(12, words.close))
        + div(13, div(18, words.related) + div(19, cards)),
    )


def utility_classes(story: Story) -> str:
    words = story.language
    boxes = "".join(
        f"<div class='mt-8 rounded-lg border bg-gray-50 p-4'><p class='text-sm font-semibold'>{label}</p>"
        f"<p class='mt-1 text-sm text-gray-600'>{notice}</p></div>"
        for label, notice in labelled(story)
    )
    cards = "".join(
        f"<a class='group flex gap-4' href='{url}'><img src=/x.jpg alt='' class='h-16 w-16'>"
        f"<span class='line-clamp-2 font-medium'>{title}</span></a>"
        for title, url in story.related
    )
    return (
        f"<div class='flex items-center justify-between px-4'><a href=/ class='text-xl font-bold'>{words.site}</a>"
        f"<span class='text-xs'>{words.motto}</span></div><div class='mx-auto max-w-2xl'>"
        f"<h1 class='text-4xl font-bold tracking-tight'>{story.headline}</h1>"
        f"<p class='mt-4 text-xl text-gray-500'>{story.dek}</p><p class='mt-2 text-sm text-gray-400'>{words.date}</p>"
        f"<div class='prose prose-lg mt-8'>{wrap('p', story.paragraphs)}</div>{boxes}<div class='flex gap-2'>"
        "<span>0:00</span>"
        f"<span>0:00</span><button class='ml-auto'>{words.close}</button></div><div class='mt-12'>"
        f"<p class='text-lg font-semibold'>{words.related}</p><div class='grid grid-cols-2 gap-6'>{cards}</div></div>"
        "</div>"
    )


def mail_on_the_web(story: Story) -> str:
    words = story.language

    def table(content: str, style: str = "padding:10px") -> str:
        return (
            "<table role=presentation border=0 cellpadding=0 cellspacing=0 width=100%><tbody><tr>"
            f"<td style='{style}'>{content}</td></tr></tbody></table>"
        )

    text = "".join(table(f"<p style='margin:0'>{text}</p>") for text in story.paragraphs)
    boxes = "".join(table(f"<h3>{label}</h3><p style='margin:0'>{notice}</p>") for label, notice in labelled(story))
    items = "".join(table(link, "font-size:14px") for link in links(story.related))
    return (
        f"<div style='display:none;max-height:0'>{story.headline}</div>"
        + table(f"<a href=/>{words.site}</a><br>{words.motto}")
        + table(f"<h1 style='margin:0'>{story.headline}</h1>")
        + table(f"<p style='font-size:18px'>{story.dek}</p>")
        + table(f"<span style='color:#888'>{words.date}</span>")
        + text
        + boxes
        + table(f"0:00 0:00 {words.close}")
        + table(f"<h2>{words.related}</h2>")
        + items
    )


def entries_in_microformats(story: Story) -> str:
    words = story.language
    boxes = "".join(f"<aside><strong>{label}</strong><p>{notice}</p></aside>" for label, notice in labelled(story))
    items = "".join(
        f"<li class=h-cite><a class='u-url p-name' href='{url}'>{title}</a></li>" for title, url in story.related
    )
    return (
        f"<header class=h-card><a class='p-name u-url' href=/>{words.site}</a><p class=p-note>{words.motto}</p>"
        "</header>"
        f"<div class=h-entry><h1 class=p-name>{story.headline}</h1><p class=p-summary>{story.dek}</p>"
        f"<a class=u-url href=''><time class=dt-published>{words.date}</time></a><div class=e-content>"
        f"{wrap('p', story.paragraphs)}</div>{boxes}<p>0:00 0:00 <button>{words.close}</button></p></div>"
        f"<section><h2>{words.related}</h2><ol>{items}</ol></section>"
    )


def sections_named_by_ids(story: Story) -> str:
    words = story.language
    boxes = "".join(
        f"<section aria-labelledby=n{n}><h2 id=n{n}>{label}</h2><div>{notice}</div></section>"
        for n, (label, notice) in enumerate(labelled(story))
    )
    return (
        f"<section><b>{words.site}</b><i>{words.motto}</i></section><section aria-labelledby=t>"
        f"<h1 id=t>{story.headline}</h1>"
        f"<p>{story.dek}</p><p>{words.date}</p>{wrap('p', story.paragraphs)}</section>{boxes}"
        f"<section aria-label=audio>0:00 0:00 {words.close}</section><section aria-labelledby=r>"
        f"<h2 id=r>{words.related}</h2>"
        f"<ul>{wrap('li', links(story.related))}</ul></section>"
    )


def static_site(story: Story) -> str:
    words = story.language
    boxes = "".join(f"<h2 id=s{n}>{label}</h2>\n<p>{notice}</p>\n" for n, (label, notice) in enumerate(labelled(story)))
    return (
        f"<header class=site-header><a class=site-title href=/>{words.site}</a><div>{words.motto}</div></header>"
        f"<main class=page-content><article class='markdown-body'>\n<h1 id=story>{story.headline}</h1>\n"
        f"<p><em>{story.dek}</em></p>\n<p><small>{words.date}</small></p>\n{wrap('p', story.paragraphs)}<hr />\n{boxes}"
        f"<p>0:00 0:00 {words.close}</p>\n<h2 id=r>{words.related}</h2>\n<ul>\n{wrap('li', links(story.related))}"
        "</ul>\n"
        "</article></main>"
    )


def wiki_page(story: Story) -> str:
    words = story.language

    def heading(text: str) -> str:
        edit = "<span class=mw-editsection>[<a href='/w/index.php?action=edit'>modifica</a>]</span>"
        return f"<div class='mw-heading mw-heading2'><h2 id=x>{text}</h2>{edit}</div>"

    boxes = "".join(heading(label) + f"<p>{notice}</p>" for label, notice in labelled(story))
    return (
        f"<div class=mw-page-container><div class=vector-header><a href=/>{words.site}</a><span>{words.motto}</span>"
        "</div>"
        f"<main id=content class=mw-body><h1 id=firstHeading class=firstHeading><span class=mw-page-title-main>"
        f"{story.headline}</span></h1><div id=mw-content-text>"
        f"<div class='mw-content-ltr mw-parser-output'><p><b>{story.dek}</b></p><p>{words.date}</p>"
        f"{wrap('p', story.paragraphs)}{boxes}<p>0:00 0:00 {words.close}</p>{heading(words.related)}"
        f"<ul>{wrap('li', links(story.related))}</ul></div></div></main></div>"
    )


def capitals_without_ends(story: Story) -> str:
    words = story.language
    text = "".join(f"<P>{text}\n" for text in story.paragraphs)
    boxes = "".join(f"<H4>{label}</H4>\n<P>{notice}\n" for label, notice in labelled(story))
    items = "".join(f"<LI>{link}\n" for link in links(story.related))
    return (
        f"<A NAME=top></A><H2>{words.site}</H2>\n<I>{words.motto}</I>\n<HR>\n<TT>{words.date}</TT>\n"
        f"<H1>{story.headline}\n</H1>"
        f"<H3>{story.dek}</H3>\n{text}<HR>{boxes}<P>0:00 0:00 {words.close}<H3>{words.related}</H3><MENU>{items}</MENU>"
        "<A HREF=#top>Top</A>"
    )


def text_only(story: Story) -> str:
    words = story.language
    boxes = "".join(
        f"<p class=paragraph--lite>{label}</p><p class=paragraph--lite>{notice}</p>"
        for label, notice in labelled(story)
    )
    items = wrap("li class=card--lite", links(story.related))
    return (
        f"<header class=header--lite><a href=/>{words.site}</a> {words.motto}</header><section class=layout--lite>"
        f"<article class=article--lite><h2 class=headline>{story.headline}</h2>"
        f"<p class=paragraph--lite>{story.dek}</p><p class=timestamp--lite>{words.date}"
        f"</p>{wrap('p class=paragraph--lite', story.paragraphs)}{boxes}"
        f"<p class=paragraph--lite>0:00 0:00 {words.close}</p></article><p class=paragraph--lite>{words.related}</p>"
        f"<ul>{items}</ul></section>"
    )


MARKUPS: tuple[tuple[Callable[[Story], str], Language], ...] = (
    (amp_page, VIETNAMESE),
    (old_columns, ENGLISH),
    (slotted_elements, GEORGIAN),
    (strict_xhtml, FRENCH),
    (roles_alone, HEBREW),
    (one_description_list, HINDI),
    (flat_body, THAI),
    (print_version, ENGLISH),
    (theme_of_blocks, KHMER),
    (callouts, JAPANESE),
    (fields_of_nodes, AMHARIC),
    (fluid_blocks, ITALIAN),
    (numbered_components, TURKISH),
    (posts_of_a_blog, INDONESIAN),
    (hashed_columns, KOREAN),
    (letters_to_subscribers, POLISH),
    (assets, ENGLISH),
    (stacks, SPANISH),
    (rich_text_bodies, PORTUGUESE),
    (entry_boxes, ENGLISH),
    (news_records, GERMAN),
    (skeleton_of_sections, FRENCH),
    (module_tables, GREEK),
    (styled_components, THAI),
    (utility_classes, BENGALI),
    (mail_on_the_web, ENGLISH),
    (entries_in_microformats, SWEDISH),
    (sections_named_by_ids, PERSIAN),
    (static_site, UKRAINIAN),
    (wiki_page, ITALIAN),
    (capitals_without_ends, ENGLISH),
    (text_only, INDONESIAN),
)


@pytest.mark.parametrize(("markup", "language"), MARKUPS, ids=[markup.__name__ for markup, _ in MARKUPS])
def test_parts_are_read_apart(markup: Callable[[Story], str], language: Language) -> None:
    """From the first article of a site on, each part of the page has its own place, whatever its language."""
    story = Story.generate(language, 21)
    assert_parts_are_apart(story, read_page(story, markup(story)))
