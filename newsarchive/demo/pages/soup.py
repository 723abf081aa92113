"""The soup: menus and paragraphs are divs, cards are headers; microdata; byline and date are only visible."""

from html import escape

from newsarchive.demo import paper
from newsarchive.demo.edition import Box, Edition, Sheet
from newsarchive.demo.pages import blocks, dates, frame
from newsarchive.demo.pages.frame import words
from newsarchive.demo.sections import SECTIONS
from newsarchive.demo.words import names


def page(sheet: Sheet, edition: Edition) -> str:
    """Return the article's page."""
    draft, item = sheet.draft, sheet.item
    brief = item.brief
    story = "".join(
        blocks.html(block, edition, paragraph='<div class="par">', heading='<h3 class="sub">') for block in draft.blocks
    )
    dek = f'<div class="standfirst" itemprop="description">{words(draft.dek)}</div>\n' if draft.dek else ""
    published = brief.published
    when = f"{dates.short_day(published, brief.language)}, {published:%H:%M} UTC"
    return (
        frame.html_tag(brief.language)
        + frame.head(f"{draft.headline} – {paper.NAME}", extra=_head(sheet, edition))
        + f'<body class="soup">\n<div class="masthead"><div class="name">{paper.NAME}</div></div>\n{_bar()}'
        '<div class="page"><div itemscope itemtype="https://schema.org/NewsArticle">\n'
        f'<meta itemprop="articleSection" content="{brief.section.title}">\n'
        f'<div class="top-line"><h1 itemprop="headline">{words(draft.headline)}</h1></div>\n{dek}'
        f'<div class="info">By {words(names(item.authors))} | {when}</div>\n'
        f'<div class="picture"><img src="/media/{item.picture}.png" alt=""></div>\n{frame.player("div")}'
        f'<div itemprop="articleBody">\n{story}</div>\n<div class="small">{paper.AI_DISCLAIMER}</div>\n</div>\n'
        f"{_empty_box()}{_tiles(sheet.related)}{_strip(sheet.latest)}{frame.newsletter('div')}</div>\n"
        f"{frame.footer()}</body>\n</html>\n"
    )


def _head(sheet: Sheet, edition: Edition) -> str:
    canonical = f'<link rel="canonical" href="{escape(edition.url(sheet.path))}">\n'
    return canonical + frame.feeds(edition)


def _bar() -> str:
    links = "".join(f'<div><a href="/{section.name}/">{section.title}</a></div>' for section in SECTIONS)
    return f'<div class="bar"><div><a href="/">Home</a></div>{links}</div>\n'


def _empty_box() -> str:
    """A box that only a script would fill: its heading belongs to nothing on the page."""
    return (
        '<div class="reco"><div class="h">Recommended for you</div><div class="slot" data-widget="reco"></div></div>\n'
    )


def _tiles(box: Box) -> str:
    cards = "".join(
        f'<div class="tile"><header><a href="{line.path}">{words(line.text)}</a></header></div>\n' for line in box.lines
    )
    return f'<div class="box"><div class="h">{box.label}</div>\n<div class="tiles">\n{cards}</div></div>\n'


def _strip(box: Box | None) -> str:
    if box is None:
        return ""
    lines = "".join(f'<div><a href="{line.path}">{words(line.text)}</a></div>\n' for line in box.lines)
    return f'<div class="box"><div class="h">{box.label}</div>\n<div class="lines">\n{lines}</div></div>\n'
