"""What stands around the content of every page: head, masthead, menu, footer."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from newsarchive.demo import paper
from newsarchive.demo.desk import SECTIONS
from newsarchive.demo.edition import Edition

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December")  # fmt: skip


def day(moment: datetime) -> str:
    """Return a day as the paper prints it, whatever the machine's locale.

    >>> from datetime import UTC
    >>> day(datetime(2026, 5, 4, tzinfo=UTC))
    'Monday, May 4, 2026'
    """
    return f"{_DAYS[moment.weekday()]}, {_MONTHS[moment.month - 1]} {moment.day}, {moment.year}"


def short_day(moment: datetime) -> str:
    """Return a day in the paper's other style.

    >>> from datetime import UTC
    >>> short_day(datetime(2026, 5, 4, tzinfo=UTC))
    '4 May 2026'
    """
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def feeds(edition: Edition) -> str:
    """Return the links by which readers of feeds find them."""
    return (
        f'<link rel="alternate" type="application/rss+xml" title="{paper.NAME}" href="{edition.url("/feed.xml")}">\n'
        f'<link rel="alternate" type="application/atom+xml" title="{paper.NAME} (Atom)" href="/atom.xml">\n'
    )


def head(title: str, *, extra: str = "", charset: str = "utf-8", style: str = "lantern") -> str:
    """Return a page's head; `extra` is markup."""
    return (
        f'<head>\n<meta charset="{charset}">\n<title>{escape(title, quote=False)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="stylesheet" href="/static/{style}.css">\n'
        f'<link rel="icon" href="/static/lantern.svg" type="image/svg+xml">\n{extra}</head>\n'
    )


def menu_links() -> str:
    """Return the links to the sections, as list items."""
    return "".join(f'<li><a href="/{section.name}/">{section.title}</a></li>' for section in SECTIONS)


def masthead() -> str:
    """Return the top of most pages, in the tags that were meant for it."""
    return (
        '<header class="masthead"><a class="name" href="/">'
        f'<img src="/static/lantern.svg" alt="" width="40" height="40">{paper.NAME}</a>'
        f'<p class="tagline">{paper.TAGLINE}</p></header>\n'
        f'<nav class="menu"><ul><li><a href="/">Front page</a></li>{menu_links()}</ul></nav>\n'
    )


def footer() -> str:
    """Return the foot of most pages."""
    return (
        '<footer class="foot"><ul><li><a href="/about">About us</a></li><li><a href="/contact">Contact</a></li>'
        '<li><a href="/feed.xml">RSS</a></li></ul>'
        f"<p>© 2026 {paper.NAME}. All people and places are invented.</p></footer>\n"
    )


def authors_line(authors: Sequence[str]) -> str:
    """Return names as a byline joins them.

    >>> authors_line(["A", "B", "C"])
    'A, B and C'
    """
    if len(authors) < 2:
        return "".join(authors)
    return f"{', '.join(authors[:-1])} and {authors[-1]}"
