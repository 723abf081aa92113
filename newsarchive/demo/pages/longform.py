"""The long-form template: lists and tables, live blogs, a soft paywall, today's date in the masthead."""

from newsarchive.demo import paper
from newsarchive.demo.article import slug
from newsarchive.demo.edition import Box, Edition, Sheet
from newsarchive.demo.pages import blocks, dates, frame, metadata
from newsarchive.demo.pages.frame import words

_FREE_BLOCKS = 3


def page(sheet: Sheet, edition: Edition) -> str:
    """Return the article's page."""
    draft, item = sheet.draft, sheet.item
    published = item.brief.published
    dek = f'<p class="lede">{words(draft.dek)}</p>\n' if draft.dek else ""
    authors = " and ".join(f'<a rel="author" href="/author/{slug(a)}">{words(a)}</a>' for a in item.authors)
    extra = metadata.head(sheet, edition) + frame.feeds(edition)
    return (
        frame.html_tag(item.brief.language)
        + frame.head(f"{draft.headline} | {paper.NAME}", extra=extra)
        + f'<body class="longform">\n{frame.masthead()}<div class="today">{dates.long_day(edition.midnight)}</div>\n'
        f"<main><article>\n<header><h1>{words(draft.headline)}</h1>\n{dek}"
        f'<address class="byline">By {authors}</address>\n'
        f'<time class="date" datetime="{published.isoformat()}">{dates.short_day(published)}</time></header>\n'
        f"{_story(sheet, edition)}{_bio(item.authors[0])}"
        f'<div class="small"><p>{paper.AI_DISCLAIMER}</p></div>\n</article>\n{_next(sheet.related)}'
        f"{frame.newsletter()}</main>\n{frame.footer()}</body>\n</html>\n"
    )


def _story(sheet: Sheet, edition: Edition) -> str:
    parts = [blocks.html(block, edition) for block in sheet.draft.blocks]
    if not sheet.item.brief.special.paywalled:
        return f'<div class="text">\n{"".join(parts)}</div>\n'
    free, paid = "".join(parts[:_FREE_BLOCKS]), "".join(parts[_FREE_BLOCKS:])
    box = '<aside class="paywall"><p>Subscribe to read on. From £1 a week.</p><button>Subscribe</button></aside>\n'
    return f'<div class="text">\n{free}<div class="paid">\n{paid}</div>\n</div>\n{box}'


def _bio(author: str) -> str:
    return f'<aside class="bio"><p>{words(author)} writes about the islands for the Lantern.</p></aside>\n'


def _next(box: Box) -> str:
    lines = "".join(f'<li><a href="{line.path}">{words(line.text)}</a></li>\n' for line in box.lines)
    return f'<section class="related"><h2>{box.label}</h2>\n<ul>\n{lines}</ul></section>\n'
