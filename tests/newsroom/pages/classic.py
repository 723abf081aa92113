"""The classic template: headings and paragraphs, hardly any metadata."""

from html import escape

from tests.newsroom import newspaper
from tests.newsroom.pages import markup
from tests.newsroom.pages.markup import escape_text
from tests.newsroom.site_view import PageContent, SiteView
from tests.newsroom.vocabulary import join_names


def page(content: PageContent, view: SiteView) -> str:
    """Return the article's page."""
    state, history = content.state, content.history
    summary = history.summary
    dek = f'<h2 class="dek">{escape_text(state.dek)}</h2>\n' if state.dek else ""
    description = f'<meta name="description" content="{escape(state.dek)}">\n' if state.dek else ""
    story = "".join(markup.block_html(block, view, heading="<h3>") for block in state.blocks)
    extra = description + markup.feed_links(view)
    return (
        markup.html_tag(summary.language)
        + markup.head(f"{state.headline} - {newspaper.NAME}", extra=extra, charset=summary.special.encoding)
        + f'<body class="classic">\n<div id="top"><div class="name"><a href="/">{newspaper.NAME}</a></div>\n'
        f'<div class="tagline">{newspaper.TAGLINE}</div>\n<ul class="menu">{markup.menu_links()}</ul></div>\n'
        f'<div id="content">\n<div class="date">{markup.long_day(summary.published, summary.language)}</div>\n'
        f"<h1>{escape_text(state.headline)}</h1>\n{dek}"
        f'<div class="by">By {escape_text(join_names(history.authors))}</div>\n{markup.player()}'
        f'<div class="story">\n{story}<p>{newspaper.AI_DISCLAIMER}</p>\n</div>\n'
        f"{_newsletter()}{markup.player('button')}"
        f"{_related(content)}</div>\n{markup.footer()}</body>\n</html>\n"
    )


def _newsletter() -> str:
    return (
        f'<div class="newsletter"><h3>{newspaper.NEWSLETTER_HEAD}</h3><p>{newspaper.NEWSLETTER_TEXT}</p>'
        '<form action="/newsletter" method="post"><input name="email"> <button>Sign up</button></form></div>\n'
    )


def _related(content: PageContent) -> str:
    lines = "".join(
        f'<li><a href="{line.path}">{escape_text(line.text)}</a></li>\n' for line in content.related_box.links
    )
    return f'<div class="related"><h3>{content.related_box.label}</h3>\n<ul>\n{lines}</ul></div>\n'
