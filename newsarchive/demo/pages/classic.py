"""The classic template: headings and paragraphs in a row, hardly any metadata. The page that started it all."""

from html import escape

from newsarchive.demo import paper
from newsarchive.demo.edition import Edition, Sheet
from newsarchive.demo.pages import blocks, dates, frame
from newsarchive.demo.pages.frame import words
from newsarchive.demo.words import names


def page(sheet: Sheet, edition: Edition) -> str:
    """Return the article's page."""
    draft, item = sheet.draft, sheet.item
    brief = item.brief
    dek = f'<h2 class="dek">{words(draft.dek)}</h2>\n' if draft.dek else ""
    description = f'<meta name="description" content="{escape(draft.dek)}">\n' if draft.dek else ""
    story = "".join(blocks.html(block, edition, heading="<h3>") for block in draft.blocks)
    extra = description + frame.feeds(edition)
    return (
        frame.html_tag(brief.language)
        + frame.head(f"{draft.headline} - {paper.NAME}", extra=extra, charset=brief.special.encoding)
        + f'<body class="classic">\n<div id="top"><div class="name"><a href="/">{paper.NAME}</a></div>\n'
        f'<div class="tagline">{paper.TAGLINE}</div>\n<ul class="menu">{frame.menu_links()}</ul></div>\n'
        f'<div id="content">\n<div class="date">{dates.long_day(brief.published, brief.language)}</div>\n'
        f"<h1>{words(draft.headline)}</h1>\n{dek}"
        f'<div class="by">By {words(names(item.authors))}</div>\n{frame.player()}'
        f'<div class="story">\n{story}<p>{paper.AI_DISCLAIMER}</p>\n</div>\n{_newsletter()}{frame.player("button")}'
        f"{_related(sheet)}</div>\n{frame.footer()}</body>\n</html>\n"
    )


def _newsletter() -> str:
    return (
        f'<div class="newsletter"><h3>{paper.NEWSLETTER_HEAD}</h3><p>{paper.NEWSLETTER_TEXT}</p>'
        '<form action="/newsletter" method="post"><input name="email"> <button>Sign up</button></form></div>\n'
    )


def _related(sheet: Sheet) -> str:
    lines = "".join(f'<li><a href="{line.path}">{words(line.text)}</a></li>\n' for line in sheet.related.lines)
    return f'<div class="related"><h3>{sheet.related.label}</h3>\n<ul>\n{lines}</ul></div>\n'
