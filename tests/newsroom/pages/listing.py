"""Front page, section pages, tag and author pages."""

from collections.abc import Sequence

from tests.newsroom import newspaper
from tests.newsroom.article import ArticleSummary, slug
from tests.newsroom.newspaper import SECTIONS, PageTemplate, Section
from tests.newsroom.pages import markup, other_pages
from tests.newsroom.pages.markup import escape_text
from tests.newsroom.site_view import SiteView

PER_PAGE = 8
ON_FRONT = 12
_SEARCHED = 200
"""Number of newest articles that are searched for a tag or an author."""


def front(view: SiteView) -> str:
    """Return the front page: the newest articles, then three of each section."""
    cards = "".join(_card(summary, view) for summary in view.newest_articles()[:ON_FRONT])
    sections = "".join(_teasers(section, view) for section in SECTIONS)
    body = (
        f'<p class="today">{markup.long_day(view.midnight)}</p>\n'
        f'<section class="top"><h2>Latest</h2>\n{cards}</section>\n{sections}'
    )
    return _page(newspaper.NAME, body, view)


def section_page(section: Section, number: int, view: SiteView) -> str | None:
    """Return one page of a section, counted from 1; None beyond the last."""
    summaries = view.newest_articles(section)
    last = last_page(section, view)
    if not 1 <= number <= last:
        return None
    cards = "".join(_card(summary, view) for summary in summaries[(number - 1) * PER_PAGE : number * PER_PAGE])
    if section.name == "long-reads" and number == 1:
        cards += _members_card()
    body = f'<h1>{section.title}</h1>\n<section class="list">\n{cards}</section>\n{_pager(section, number, last)}'
    extra = f'<link rel="next" href="{page_path(section, number + 1)}">\n' if number < last else ""
    return _page(f"{section.title} | {newspaper.NAME}", body, view, extra=extra)


def last_page(section: Section, view: SiteView) -> int:
    """Return the number of a section's last page."""
    return max(1, -(-len(view.newest_articles(section)) // PER_PAGE))


def page_path(section: Section, number: int) -> str:
    """Return the path of one page of a section."""
    if number == 1:
        return f"/{section.name}/"
    return f"/{section.name}/?page={number}" if section.query_pager else f"/{section.name}/page/{number}/"


def collection_paths(view: SiteView) -> list[str]:
    """Return the paths of the linked tag and author pages."""
    linking = [
        summary
        for summary in view.newest_articles()
        if summary.template in (PageTemplate.MODERN, PageTemplate.LONGFORM)
    ]
    items = [view.catalogue.history(summary.number) for summary in linking[:_SEARCHED]]
    tags = {
        f"/tag/{slug(tag)}"
        for history in items
        for tag in history.tags
        if history.summary.template is PageTemplate.MODERN
    }
    authors = {f"/author/{slug(author)}" for history in items for author in history.authors}
    return sorted(tags - {"/tag/"}) + sorted(authors)


def tag_page(name: str, view: SiteView) -> str | None:
    """Return the page of a tag; None without articles."""
    found = [(summary, view.catalogue.history(summary.number).tags) for summary in view.newest_articles()[:_SEARCHED]]
    title = next((tag for _, tags in found for tag in tags if slug(tag) == name), None)
    return title and _list_of(title, [summary for summary, tags in found if title in tags], view)


def author_page(name: str, view: SiteView) -> str | None:
    """Return the page of an author; None without articles."""
    found = [
        (summary, view.catalogue.history(summary.number).authors) for summary in view.newest_articles()[:_SEARCHED]
    ]
    author = next((author for _, authors in found for author in authors if slug(author) == name), None)
    return author and _list_of(author, [summary for summary, authors in found if author in authors], view)


def _list_of(title: str, summaries: Sequence[ArticleSummary], view: SiteView) -> str:
    lines = "".join(
        f'<li><a href="{summary.path_at(view.at)}">{escape_text(view.current_state(summary).headline)}</a> '
        f"<span>{markup.short_day(summary.published)}</span></li>\n"
        for summary in summaries[: 2 * PER_PAGE]
    )
    return _page(f"{title} | {newspaper.NAME}", f"<h1>{escape_text(title)}</h1>\n<ul>\n{lines}</ul>\n", view)


def _page(title: str, body: str, view: SiteView, *, extra: str = "") -> str:
    return (
        markup.html_tag("en")
        + markup.head(title, extra=extra + markup.feed_links(view))
        + f'<body class="listing">\n{markup.masthead()}<main>\n{body}</main>\n{markup.footer()}</body>\n</html>\n'
    )


def _card(summary: ArticleSummary, view: SiteView) -> str:
    state = view.current_state(summary)
    dek = f"<p>{escape_text(state.dek)}</p>" if state.dek else ""
    return (
        f'<div class="card"><h3><a href="{summary.path_at(view.at)}">{escape_text(state.headline)}</a></h3>\n'
        f"{dek}<span>{markup.short_day(summary.published)}</span></div>\n"
    )


def _members_card() -> str:
    return f'<div class="card"><h3><a href="{other_pages.MEMBERS}">{other_pages.MEMBERS_HEADLINE}</a></h3></div>\n'


def _teasers(section: Section, view: SiteView) -> str:
    lines = "".join(
        f'<li><a href="{summary.path_at(view.at)}">{escape_text(view.current_state(summary).headline)}</a></li>\n'
        for summary in view.newest_articles(section)[:3]
    )
    heading = f'<h2><a href="/{section.name}/">{section.title}</a></h2>'
    return f'<section class="teasers">{heading}\n<ul>\n{lines}</ul></section>\n'


def _pager(section: Section, number: int, last: int) -> str:
    newer = f'<a href="{page_path(section, number - 1)}">Newer</a> ' if number > 1 else ""
    older = f' <a rel="next" href="{page_path(section, number + 1)}">Older</a>' if number < last else ""
    return f'<div class="pager">{newer}Page {number} of {last}{older}</div>\n'
