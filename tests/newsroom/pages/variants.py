"""The AMP and print pages of an article; both link the article page as canonical."""

from tests.newsroom import newspaper
from tests.newsroom.pages import markup
from tests.newsroom.pages.markup import escape_text
from tests.newsroom.site_view import PageContent, SiteView
from tests.newsroom.vocabulary import join_names


def amp(content: PageContent, view: SiteView) -> str:
    """Return the article's AMP page."""
    return (
        f'<!doctype html>\n<html amp lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape_text(content.state.headline)}</title>\n"
        f'<link rel="canonical" href="{view.url(content.path)}">\n'
        '<meta name="viewport" content="width=device-width">\n</head>\n'
        f"<body>\n<header>{newspaper.NAME}</header>\n{_text(content, view)}</body>\n</html>\n"
    )


def print_page(content: PageContent, view: SiteView) -> str:
    """Return the article's print page."""
    extra = (
        f'<link rel="canonical" href="{view.url(content.path)}">\n<meta name="robots" content="noindex, noarchive">\n'
    )
    return (
        markup.html_tag("en")
        + markup.head(content.state.headline, extra=extra)
        + f'<body class="print">\n{_text(content, view)}<p>{newspaper.NAME}</p></body>\n</html>\n'
    )


def _text(content: PageContent, view: SiteView) -> str:
    state, history = content.state, content.history
    dek = f'<p class="standfirst">{escape_text(state.dek)}</p>\n' if state.dek else ""
    story = "".join(markup.block_html(block, view) for block in state.blocks)
    return (
        f"<article><h1>{escape_text(state.headline)}</h1>\n{dek}"
        f"<p>By {escape_text(join_names(history.authors))}, {markup.short_day(history.summary.published)}</p>\n"
        f"{story}</article>\n"
    )
