"""Parts of all pages: head, masthead, menu, footer, text blocks, dates."""

from datetime import datetime
from html import escape

from storage.model import Role
from tests.newsroom import newspaper
from tests.newsroom.newspaper import SECTIONS
from tests.newsroom.site_view import SiteView
from tests.newsroom.story_template import StoryBlock


def escape_text(text: str) -> str:
    """Escape text for element content."""
    return escape(text, quote=False)


def feed_links(view: SiteView) -> str:
    """Return the autodiscovery links of the feeds."""
    return (
        f'<link rel="alternate" type="application/rss+xml" title="{newspaper.NAME}" href="{view.url("/feed.xml")}">\n'
        f'<link rel="alternate" type="application/atom+xml" title="{newspaper.NAME} (Atom)" href="/atom.xml">\n'
    )


def head(title: str, *, extra: str = "", charset: str = "utf-8") -> str:
    """Return a page's head; `extra` is markup."""
    return (
        f'<head>\n<meta charset="{charset}">\n<title>{escape_text(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="stylesheet" href="/static/lantern.css">\n'
        f'<link rel="icon" href="/static/lantern.svg" type="image/svg+xml">\n{extra}</head>\n'
    )


def html_tag(language: str) -> str:
    """Return the doctype and the <html> tag of a page."""
    direction = ' dir="rtl"' if language == "ar" else ""
    return f'<!DOCTYPE html>\n<html lang="{language}"{direction}>\n'


def menu_links() -> str:
    """Return the links to the sections, as list items."""
    return "".join(f'<li><a href="/{section.name}/">{section.title}</a></li>' for section in SECTIONS)


def masthead() -> str:
    """Return the header and menu of most pages, in semantic elements."""
    return (
        '<header class="masthead"><a class="name" href="/">'
        f'<img src="/static/lantern.svg" alt="" width="40" height="40">{newspaper.NAME}</a>'
        f'<p class="tagline">{newspaper.TAGLINE}</p></header>\n'
        f'<nav class="menu"><ul><li><a href="/">Front page</a></li>{menu_links()}</ul></nav>\n'
    )


def footer() -> str:
    """Return the footer of most pages."""
    return (
        '<footer class="foot"><ul><li><a href="/about">About us</a></li><li><a href="/contact">Contact</a></li>'
        '<li><a href="/search?q=harbour">Search</a></li><li><a href="/feed.xml">RSS</a></li></ul>'
        f"<p>© 2026 {newspaper.NAME}. All people and places are invented.</p></footer>\n"
    )


def newsletter(heading: str = "h2") -> str:
    """Return the newsletter sign-up box."""
    return (
        f'<section class="newsletter"><{heading}>{newspaper.NEWSLETTER_HEAD}</{heading}>'
        f"<p>{newspaper.NEWSLETTER_TEXT}</p>"
        '<form action="/newsletter" method="post"><input name="email" placeholder="Your e-mail"> '
        "<button>Sign up</button></form></section>\n"
    )


def player(element: str = "span") -> str:
    """Return the text of a video player without its script."""
    start, end, close = (f"<{element}>{text}</{element}>" for text in newspaper.PLAYER)
    return f'<div class="player">{start} {end} {close}</div>\n'


def block_text(block: StoryBlock, view: SiteView) -> str:
    """Return a block's text with its link."""
    if not block.anchor:
        return escape_text(block.text)
    before, found, after = block.text.partition(block.anchor)
    path = view.catalogue.summary(block.target).path
    return f'{escape_text(before)}<a href="{path}">{escape_text(found)}</a>{escape_text(after)}'


def block_html(block: StoryBlock, view: SiteView, *, paragraph: str = "<p>", heading: str = "<h2>") -> str:
    """Return a block as an element, with the template's opening tags for paragraphs and headings."""
    match block.role:
        case Role.HEADING:
            return _wrap(heading, block_text(block, view))
        case Role.QUOTE:
            return f"<blockquote><p>{block_text(block, view)}</p></blockquote>\n"
        case Role.LIST:
            items = "".join(f"<li>{escape_text(item)}</li>\n" for item in block.text.split("\n"))
            return f"<ul>\n{items}</ul>\n"
        case Role.TABLE:
            return _table(block.text)
        case Role.CORRECTION:
            return f'<p class="correction">{escape_text(block.text)}</p>\n'
        case _:
            return _wrap(paragraph, block_text(block, view))


def _wrap(opening: str, inner: str) -> str:
    r"""Wrap markup in an element, given its opening tag.

    >>> _wrap('<div class="par">', "text")
    '<div class="par">text</div>\n'
    """
    name = opening.strip("<>").split(maxsplit=1)[0]
    return f"{opening}{inner}</{name}>\n"


def _table(rows: str) -> str:
    head, *body = [row.split("\t") for row in rows.split("\n")]
    cells = "".join(f"<th>{escape_text(cell)}</th>" for cell in head)
    lines = "".join("<tr>" + "".join(f"<td>{escape_text(cell)}</td>" for cell in row) + "</tr>\n" for row in body)
    return f"<table>\n<thead><tr>{cells}</tr></thead>\n<tbody>\n{lines}</tbody>\n</table>\n"


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_RUSSIAN = (
    "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября",
    "декабря",
)  # fmt: skip


def long_day(moment: datetime, language: str = "en") -> str:
    """Format a day with its weekday, or in the form of the language.

    >>> from datetime import UTC
    >>> long_day(datetime(2026, 5, 4, tzinfo=UTC))
    'Monday, May 4, 2026'
    >>> long_day(datetime(2026, 5, 4, tzinfo=UTC), "zh")
    '2026年5月4日'
    """
    if language == "en":
        return f"{_DAYS[moment.weekday()]}, {_MONTHS[moment.month - 1]} {moment.day}, {moment.year}"
    return short_day(moment, language)


def short_day(moment: datetime, language: str = "en") -> str:
    """Format a day without its weekday.

    >>> from datetime import UTC
    >>> short_day(datetime(2026, 5, 4, tzinfo=UTC))
    '4 May 2026'
    """
    match language:
        case "zh":
            return f"{moment.year}年{moment.month}月{moment.day}日"
        case "ru":
            return f"{moment.day} {_RUSSIAN[moment.month - 1]} {moment.year}"
        case _:
            return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"
