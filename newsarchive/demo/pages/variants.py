"""The same article under other addresses: AMP and print. Both name the article's own page as canonical."""

from newsarchive.demo import paper
from newsarchive.demo.edition import Edition, Sheet
from newsarchive.demo.pages import blocks, dates, frame
from newsarchive.demo.pages.frame import words
from newsarchive.demo.words import names


def amp(sheet: Sheet, edition: Edition) -> str:
    """Return the article's AMP page."""
    return (
        f'<!doctype html>\n<html amp lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{words(sheet.draft.headline)}</title>\n"
        f'<link rel="canonical" href="{edition.url(sheet.path)}">\n'
        '<meta name="viewport" content="width=device-width">\n</head>\n'
        f"<body>\n<header>{paper.NAME}</header>\n{_text(sheet, edition)}</body>\n</html>\n"
    )


def printed(sheet: Sheet, edition: Edition) -> str:
    """Return the article's page for print."""
    extra = (
        f'<link rel="canonical" href="{edition.url(sheet.path)}">\n<meta name="robots" content="noindex, noarchive">\n'
    )
    return (
        frame.html_tag("en")
        + frame.head(sheet.draft.headline, extra=extra)
        + f'<body class="print">\n{_text(sheet, edition)}<p>{paper.NAME}</p></body>\n</html>\n'
    )


def _text(sheet: Sheet, edition: Edition) -> str:
    draft, item = sheet.draft, sheet.item
    dek = f'<p class="standfirst">{words(draft.dek)}</p>\n' if draft.dek else ""
    story = "".join(blocks.html(block, edition) for block in draft.blocks)
    return (
        f"<article><h1>{words(draft.headline)}</h1>\n{dek}"
        f"<p>By {words(names(item.authors))}, {dates.short_day(item.brief.published)}</p>\n{story}</article>\n"
    )
