"""The classic template: headings and paragraphs in a row, hardly any metadata. The page that started it all."""

from html import escape

from newsarchive.demo import paper
from newsarchive.demo.edition import Edition, Sheet
from newsarchive.demo.pages import blocks, frame


def page(sheet: Sheet, edition: Edition) -> str:
    """Return the article's page."""
    draft, item = sheet.draft, sheet.item
    dek = f'<h2 class="dek">{escape(draft.dek, quote=False)}</h2>\n' if draft.dek else ""
    description = f'<meta name="description" content="{escape(draft.dek or "")}">\n'
    story = "".join(blocks.html(block, edition, heading="h3") for block in draft.blocks)
    return (
        f'<!DOCTYPE html>\n<html lang="{item.language}">\n'
        f"{frame.head(f'{draft.headline} - {paper.NAME}', extra=description + frame.feeds(edition))}"
        f'<body class="classic">\n<div id="top"><div class="name"><a href="/">{paper.NAME}</a></div>\n'
        f'<div class="tagline">{paper.TAGLINE}</div>\n<ul class="menu">{frame.menu_links()}</ul></div>\n'
        f'<div id="content">\n<div class="date">{frame.day(item.brief.published)}</div>\n'
        f"<h1>{escape(draft.headline, quote=False)}</h1>\n{dek}"
        f'<div class="by">By {frame.authors_line(item.authors)}</div>\n{_player()}'
        f'<div class="story">\n{story}<p>{paper.AI_DISCLAIMER}</p>\n</div>\n{_newsletter()}{_player()}'
        f"{_related(sheet)}</div>\n{frame.footer()}</body>\n</html>\n"
    )


def _player() -> str:
    start, end, close = paper.PLAYER
    return f'<div class="player"><span>{start}</span> <span>{end}</span> <button>{close}</button></div>\n'


def _newsletter() -> str:
    return (
        f'<div class="newsletter"><h3>{paper.NEWSLETTER_HEAD}</h3><p>{paper.NEWSLETTER_TEXT}</p>'
        '<form action="/newsletter" method="post"><input name="email" placeholder="Your e-mail"> '
        "<button>Sign up</button></form></div>\n"
    )


def _related(sheet: Sheet) -> str:
    lines = "".join(
        f'<li><a href="{line.path}">{escape(line.text, quote=False)}</a></li>\n' for line in sheet.related.lines
    )
    return f'<div class="related"><h3>{sheet.related.label}</h3>\n<ul>\n{lines}</ul></div>\n'
