"""The long-form template: lists and tables, live blogs, a soft paywall, the current date in the masthead."""

from tests.newsroom import newspaper
from tests.newsroom.article import slug
from tests.newsroom.pages import markup, metadata
from tests.newsroom.pages.markup import escape_text
from tests.newsroom.site_view import LinkBox, PageContent, SiteView

_FREE_BLOCKS = 3


def page(content: PageContent, view: SiteView) -> str:
    """Return the article's page."""
    state, history = content.state, content.history
    published = history.summary.published
    dek = f'<p class="lede">{escape_text(state.dek)}</p>\n' if state.dek else ""
    authors = " and ".join(f'<a rel="author" href="/author/{slug(a)}">{escape_text(a)}</a>' for a in history.authors)
    extra = metadata.head(content, view) + markup.feed_links(view)
    return (
        markup.html_tag(history.summary.language)
        + markup.head(f"{state.headline} | {newspaper.NAME}", extra=extra)
        + f'<body class="longform">\n{markup.masthead()}<div class="today">{markup.long_day(view.midnight)}</div>\n'
        f"<main><article>\n<header><h1>{escape_text(state.headline)}</h1>\n{dek}"
        f'<address class="byline">By {authors}</address>\n'
        f'<time class="date" datetime="{published.isoformat()}">{markup.short_day(published)}</time></header>\n'
        f"{_story(content, view)}{_bio(history.authors[0])}"
        f'<div class="small"><p>{newspaper.AI_DISCLAIMER}</p></div>\n</article>\n{_next(content.related_box)}'
        f"{markup.newsletter()}</main>\n{markup.footer()}</body>\n</html>\n"
    )


def _story(content: PageContent, view: SiteView) -> str:
    parts = [markup.block_html(block, view) for block in content.state.blocks]
    if not content.history.summary.special.paywalled:
        return f'<div class="text">\n{"".join(parts)}</div>\n'
    free, paid = "".join(parts[:_FREE_BLOCKS]), "".join(parts[_FREE_BLOCKS:])
    box = '<aside class="paywall"><p>Subscribe to read on. From £1 a week.</p><button>Subscribe</button></aside>\n'
    return f'<div class="text">\n{free}<div class="paid">\n{paid}</div>\n</div>\n{box}'


def _bio(author: str) -> str:
    return f'<aside class="bio"><p>{escape_text(author)} writes about the islands for the Lantern.</p></aside>\n'


def _next(box: LinkBox) -> str:
    lines = "".join(f'<li><a href="{line.path}">{escape_text(line.text)}</a></li>\n' for line in box.links)
    return f'<section class="related"><h2>{box.label}</h2>\n<ul>\n{lines}</ul></section>\n'
