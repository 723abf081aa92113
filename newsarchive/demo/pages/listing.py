"""Front page, section pages, tag and author pages."""

from collections.abc import Sequence

from newsarchive.demo import paper
from newsarchive.demo.article import Brief, slug
from newsarchive.demo.edition import Edition
from newsarchive.demo.pages import dates, frame, plain
from newsarchive.demo.pages.frame import words
from newsarchive.demo.sections import SECTIONS, Section, Template

PER_PAGE = 8
ON_FRONT = 12
_LOOKED_THROUGH = 200
"""Of the newest articles, so many are looked through for a tag or an author."""


def front(edition: Edition) -> str:
    """Return the front page: the newest articles, then three of each section."""
    cards = "".join(_card(brief, edition) for brief in edition.newest()[:ON_FRONT])
    sections = "".join(_teasers(section, edition) for section in SECTIONS)
    body = (
        f'<p class="today">{dates.long_day(edition.midnight)}</p>\n'
        f'<section class="top"><h2>Latest</h2>\n{cards}</section>\n{sections}'
    )
    return _page(paper.NAME, body, edition)


def section_page(section: Section, number: int, edition: Edition) -> str | None:
    """Return one page of a section, counted from 1; None beyond the last."""
    briefs = edition.newest(section)
    last = last_page(section, edition)
    if not 1 <= number <= last:
        return None
    cards = "".join(_card(brief, edition) for brief in briefs[(number - 1) * PER_PAGE : number * PER_PAGE])
    if section.name == "long-reads" and number == 1:
        cards += _members_card()
    body = f'<h1>{section.title}</h1>\n<section class="list">\n{cards}</section>\n{_pager(section, number, last)}'
    extra = f'<link rel="next" href="{page_path(section, number + 1)}">\n' if number < last else ""
    return _page(f"{section.title} | {paper.NAME}", body, edition, extra=extra)


def last_page(section: Section, edition: Edition) -> int:
    """Return the number of a section's last page."""
    return max(1, -(-len(edition.newest(section)) // PER_PAGE))


def page_path(section: Section, number: int) -> str:
    """Return the path of one page of a section."""
    if number == 1:
        return f"/{section.name}/"
    return f"/{section.name}/?page={number}" if section.query_pager else f"/{section.name}/page/{number}/"


def collection_paths(edition: Edition) -> list[str]:
    """Return the paths of the tag and author pages that articles lead to."""
    linking = [brief for brief in edition.newest() if brief.template in (Template.MODERN, Template.LONGFORM)]
    items = [edition.desk.item(brief.number) for brief in linking[:_LOOKED_THROUGH]]
    tags = {f"/tag/{slug(tag)}" for item in items for tag in item.tags if item.brief.template is Template.MODERN}
    authors = {f"/author/{slug(author)}" for item in items for author in item.authors}
    return sorted(tags - {"/tag/"}) + sorted(authors)


def tag_page(name: str, edition: Edition) -> str | None:
    """Return the newest articles with a tag; None where there are none."""
    found = [(brief, edition.desk.item(brief.number).tags) for brief in edition.newest()[:_LOOKED_THROUGH]]
    title = next((tag for _, tags in found for tag in tags if slug(tag) == name), None)
    return title and _list_of(title, [brief for brief, tags in found if title in tags], edition)


def author_page(name: str, edition: Edition) -> str | None:
    """Return the newest articles of an author; None where there are none."""
    found = [(brief, edition.desk.item(brief.number).authors) for brief in edition.newest()[:_LOOKED_THROUGH]]
    author = next((author for _, authors in found for author in authors if slug(author) == name), None)
    return author and _list_of(author, [brief for brief, authors in found if author in authors], edition)


def _list_of(title: str, briefs: Sequence[Brief], edition: Edition) -> str:
    lines = "".join(
        f'<li><a href="{brief.path_at(edition.at)}">{words(edition.draft(brief).headline)}</a> '
        f"<span>{dates.short_day(brief.published)}</span></li>\n"
        for brief in briefs[: 2 * PER_PAGE]
    )
    return _page(f"{title} | {paper.NAME}", f"<h1>{words(title)}</h1>\n<ul>\n{lines}</ul>\n", edition)


def _page(title: str, body: str, edition: Edition, *, extra: str = "") -> str:
    return (
        frame.html_tag("en")
        + frame.head(title, extra=extra + frame.feeds(edition))
        + f'<body class="listing">\n{frame.masthead()}<main>\n{body}</main>\n{frame.footer()}</body>\n</html>\n'
    )


def _card(brief: Brief, edition: Edition) -> str:
    draft = edition.draft(brief)
    dek = f"<p>{words(draft.dek)}</p>" if draft.dek else ""
    return (
        f'<div class="card"><h3><a href="{brief.path_at(edition.at)}">{words(draft.headline)}</a></h3>\n'
        f"{dek}<span>{dates.short_day(brief.published)}</span></div>\n"
    )


def _members_card() -> str:
    return f'<div class="card"><h3><a href="{plain.MEMBERS}">{plain.MEMBERS_HEADLINE}</a></h3></div>\n'


def _teasers(section: Section, edition: Edition) -> str:
    lines = "".join(
        f'<li><a href="{brief.path_at(edition.at)}">{words(edition.draft(brief).headline)}</a></li>\n'
        for brief in edition.newest(section)[:3]
    )
    heading = f'<h2><a href="/{section.name}/">{section.title}</a></h2>'
    return f'<section class="teasers">{heading}\n<ul>\n{lines}</ul></section>\n'


def _pager(section: Section, number: int, last: int) -> str:
    newer = f'<a href="{page_path(section, number - 1)}">Newer</a> ' if number > 1 else ""
    older = f' <a rel="next" href="{page_path(section, number + 1)}">Older</a>' if number < last else ""
    return f'<div class="pager">{newer}Page {number} of {last}{older}</div>\n'
