"""Front page and section pages."""

from collections.abc import Sequence
from html import escape

from newsarchive.demo import paper
from newsarchive.demo.desk import SECTIONS, Brief, Section
from newsarchive.demo.edition import Edition
from newsarchive.demo.pages import frame

PER_PAGE = 10
ON_FRONT = 12


def front(edition: Edition) -> str:
    """Return the front page: the newest articles, then three of each section."""
    newest = edition.newest()[:ON_FRONT]
    cards = "".join(_card(brief, edition) for brief in newest)
    sections = "".join(_teasers(section, edition) for section in SECTIONS)
    body = (
        f'<p class="today">{frame.day(edition.at)}</p>\n'
        f'<section class="top"><h2>Latest</h2>\n{cards}</section>\n{sections}'
    )
    return _page(paper.NAME, body, edition)


def section_page(section: Section, number: int, edition: Edition) -> str | None:
    """Return one page of a section, counted from 1; None beyond the last."""
    briefs = edition.newest(section)
    last = max(1, -(-len(briefs) // PER_PAGE))
    if not 1 <= number <= last:
        return None
    cards = "".join(_card(brief, edition) for brief in briefs[(number - 1) * PER_PAGE : number * PER_PAGE])
    body = f'<h1>{section.title}</h1>\n<section class="list">\n{cards}</section>\n{_pager(section, number, last)}'
    extra = f'<link rel="next" href="{page_path(section, number + 1)}">\n' if number < last else ""
    return _page(f"{section.title} | {paper.NAME}", body, edition, extra=extra)


def page_path(section: Section, number: int) -> str:
    """Return the path of one page of a section."""
    return f"/{section.name}/" if number == 1 else f"/{section.name}/page/{number}/"


def _page(title: str, body: str, edition: Edition, *, extra: str = "") -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n{frame.head(title, extra=extra + frame.feeds(edition))}'
        f'<body class="listing">\n{frame.masthead()}<main>\n{body}</main>\n{frame.footer()}</body>\n</html>\n'
    )


def _card(brief: Brief, edition: Edition) -> str:
    item = edition.desk.item(brief.number)
    draft = item.draft(edition.at)
    return (
        f'<div class="card"><h3><a href="{brief.path}">{escape(draft.headline, quote=False)}</a></h3>\n'
        f"<p>{escape(draft.dek or '', quote=False)}</p><span>{frame.short_day(brief.published)}</span></div>\n"
    )


def _teasers(section: Section, edition: Edition) -> str:
    briefs: Sequence[Brief] = edition.newest(section)[:3]
    items = "".join(f'<li><a href="{b.path}">{escape(b.headline, quote=False)}</a></li>\n' for b in briefs)
    heading = f'<h2><a href="/{section.name}/">{section.title}</a></h2>'
    return f'<section class="teasers">{heading}\n<ul>\n{items}</ul></section>\n'


def _pager(section: Section, number: int, last: int) -> str:
    newer = f'<a href="{page_path(section, number - 1)}">Newer</a> ' if number > 1 else ""
    older = f' <a rel="next" href="{page_path(section, number + 1)}">Older</a>' if number < last else ""
    return f'<div class="pager">{newer}Page {number} of {last}{older}</div>\n'
