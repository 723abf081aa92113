"""The soup template: menus and paragraphs as divs, cards as headers; microdata; byline and date as text only."""

from html import escape

from tests.newsroom import newspaper
from tests.newsroom.newspaper import SECTIONS
from tests.newsroom.pages import markup
from tests.newsroom.pages.markup import escape_text
from tests.newsroom.site_view import LinkBox, PageContent, SiteView
from tests.newsroom.vocabulary import join_names


def page(content: PageContent, view: SiteView) -> str:
    """Return the article's page."""
    state, history = content.state, content.history
    summary = history.summary
    story = "".join(
        markup.block_html(block, view, paragraph='<div class="par">', heading='<h3 class="sub">')
        for block in state.blocks
    )
    dek = f'<div class="standfirst" itemprop="description">{escape_text(state.dek)}</div>\n' if state.dek else ""
    published = summary.published
    when = f"{markup.short_day(published, summary.language)}, {published:%H:%M} UTC"
    return (
        markup.html_tag(summary.language)
        + markup.head(f"{state.headline} – {newspaper.NAME}", extra=_head(content, view))
        + f'<body class="soup">\n<div class="masthead"><div class="name">{newspaper.NAME}</div></div>\n{_bar()}'
        '<div class="page"><div itemscope itemtype="https://schema.org/NewsArticle">\n'
        f'<meta itemprop="articleSection" content="{summary.section.title}">\n'
        f'<div class="top-line"><h1 itemprop="headline">{escape_text(state.headline)}</h1></div>\n{dek}'
        f'<div class="info">By {escape_text(join_names(history.authors))} | {when}</div>\n'
        f'<div class="picture"><img src="/media/{history.picture}.png" alt=""></div>\n{markup.player("div")}'
        f'<div itemprop="articleBody">\n{story}</div>\n<div class="small">{newspaper.AI_DISCLAIMER}</div>\n</div>\n'
        f"{_empty_box()}{_tiles(content.related_box)}{_strip(content.latest_box)}{markup.newsletter('div')}</div>\n"
        f"{markup.footer()}</body>\n</html>\n"
    )


def _head(content: PageContent, view: SiteView) -> str:
    canonical = f'<link rel="canonical" href="{escape(view.url(content.path))}">\n'
    return canonical + markup.feed_links(view)


def _bar() -> str:
    links = "".join(f'<div><a href="/{section.name}/">{section.title}</a></div>' for section in SECTIONS)
    return f'<div class="bar"><div><a href="/">Home</a></div>{links}</div>\n'


def _empty_box() -> str:
    """Return a box that only a script would fill, with a heading."""
    return (
        '<div class="reco"><div class="h">Recommended for you</div><div class="slot" data-widget="reco"></div></div>\n'
    )


def _tiles(box: LinkBox) -> str:
    cards = "".join(
        f'<div class="tile"><header><a href="{line.path}">{escape_text(line.text)}</a></header></div>\n'
        for line in box.links
    )
    return f'<div class="box"><div class="h">{box.label}</div>\n<div class="tiles">\n{cards}</div></div>\n'


def _strip(box: LinkBox | None) -> str:
    if box is None:
        return ""
    lines = "".join(f'<div><a href="{line.path}">{escape_text(line.text)}</a></div>\n' for line in box.links)
    return f'<div class="box"><div class="h">{box.label}</div>\n<div class="lines">\n{lines}</div></div>\n'
