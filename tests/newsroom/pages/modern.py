"""The modern template: JSON-LD, OpenGraph, figures, subheadings, a pull quote, a read-also card, a most-read box."""

from tests.newsroom import newspaper
from tests.newsroom.article import print_path, slug
from tests.newsroom.pages import markup, metadata
from tests.newsroom.pages.markup import escape_text
from tests.newsroom.site_view import CARD_AFTER, BoxLink, LinkBox, PageContent, SiteView

_PULL_AFTER = 9


def page(content: PageContent, view: SiteView) -> str:
    """Return the article's page."""
    state, history = content.state, content.history
    section = history.summary.section
    dek = f'<p class="standfirst">{escape_text(state.dek)}</p>\n' if state.dek else ""
    extra = metadata.head(content, view) + markup.feed_links(view)
    return (
        markup.html_tag(history.summary.language)
        + markup.head(f"{state.headline} | {newspaper.NAME}", extra=extra)
        + f'<body class="modern">\n{markup.masthead()}<main><article>\n'
        f'<a class="kicker" href="/{section.name}/">{section.title}</a>\n<h1>{escape_text(state.headline)}</h1>\n{dek}'
        f"{_byline(content)}{_figure(history.picture)}"
        f'<div class="body">\n{_story(content, view)}</div>\n{_tags(content)}'
        f'<div class="disclaimer"><p>{newspaper.AI_DISCLAIMER}</p></div>\n</article>\n{_related(content.related_box)}'
        f"{_most_read(content.latest_box)}{markup.newsletter()}</main>\n{markup.footer()}</body>\n</html>\n"
    )


def _byline(content: PageContent) -> str:
    history = content.history
    published = history.summary.published
    authors = ", ".join(
        f'<a class="author" rel="author" href="/author/{slug(author)}">{escape_text(author)}</a>'
        for author in history.authors
    )
    printing = f' · <a href="{print_path(content.path)}">Print</a>' if history.summary.special.variants else ""
    when = f"{markup.short_day(published, history.summary.language)}, {published:%H:%M} UTC"
    time = f'<time datetime="{published.isoformat()}">{when}</time>'
    return f'<div class="byline">By {authors} · {time}{printing}</div>\n'


def _figure(picture: int) -> str:
    return (
        f'<figure><img src="/media/{picture}.png" alt="The bay, seen from the north" width="640" height="360">'
        f"<figcaption>{metadata.caption(picture)}</figcaption></figure>\n"
    )


def _story(content: PageContent, view: SiteView) -> str:
    parts = [markup.block_html(block, view) for block in content.state.blocks]
    if len(parts) > _PULL_AFTER:
        parts.insert(_PULL_AFTER, f'<aside class="pull"><p>{escape_text(content.state.blocks[0].text)}</p></aside>\n')
    if content.read_also_link:
        parts.insert(CARD_AFTER, _card(content.read_also_link))
    return "".join(parts)


def _card(line: BoxLink) -> str:
    return f'<div class="read-also"><span>Read also</span> <a href="{line.path}">{escape_text(line.text)}</a></div>\n'


def _tags(content: PageContent) -> str:
    links = " ".join(
        f'<a rel="tag" href="/tag/{slug(tag)}">{escape_text(tag)}</a>' for tag in content.history.tags if slug(tag)
    )
    return f'<div class="tags">{links}</div>\n' if links else ""


def _related(box: LinkBox) -> str:
    cards = "".join(f'<li><a href="{line.path}"><h3>{escape_text(line.text)}</h3></a></li>\n' for line in box.links)
    return f'<section class="more"><h2>{box.label}</h2>\n<ul>\n{cards}</ul></section>\n'


def _most_read(box: LinkBox | None) -> str:
    if box is None:
        return ""
    items = "".join(f'<li><a href="{line.path}">{escape_text(line.text)}</a></li>\n' for line in box.links)
    return f'<aside class="most-read"><h2>{box.label}</h2>\n<ol>\n{items}</ol></aside>\n'
