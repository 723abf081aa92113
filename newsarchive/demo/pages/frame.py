"""What stands around the content of every page: head, masthead, menu, footer."""

from html import escape

from newsarchive.demo import paper
from newsarchive.demo.edition import Edition
from newsarchive.demo.sections import SECTIONS


def words(text: str) -> str:
    """Return text as it stands between tags."""
    return escape(text, quote=False)


def feeds(edition: Edition) -> str:
    """Return the links by which readers of feeds find them."""
    return (
        f'<link rel="alternate" type="application/rss+xml" title="{paper.NAME}" href="{edition.url("/feed.xml")}">\n'
        f'<link rel="alternate" type="application/atom+xml" title="{paper.NAME} (Atom)" href="/atom.xml">\n'
    )


def head(title: str, *, extra: str = "", charset: str = "utf-8") -> str:
    """Return a page's head; `extra` is markup."""
    return (
        f'<head>\n<meta charset="{charset}">\n<title>{words(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="stylesheet" href="/static/lantern.css">\n'
        f'<link rel="icon" href="/static/lantern.svg" type="image/svg+xml">\n{extra}</head>\n'
    )


def html_tag(language: str) -> str:
    """Return doctype and the opening tag of a page in a language."""
    direction = ' dir="rtl"' if language == "ar" else ""
    return f'<!DOCTYPE html>\n<html lang="{language}"{direction}>\n'


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
        '<li><a href="/search?q=harbour">Search</a></li><li><a href="/feed.xml">RSS</a></li></ul>'
        f"<p>© 2026 {paper.NAME}. All people and places are invented.</p></footer>\n"
    )


def newsletter(heading: str = "h2") -> str:
    """Return the box that asks for an e-mail address."""
    return (
        f'<section class="newsletter"><{heading}>{paper.NEWSLETTER_HEAD}</{heading}><p>{paper.NEWSLETTER_TEXT}</p>'
        '<form action="/newsletter" method="post"><input name="email" placeholder="Your e-mail"> '
        "<button>Sign up</button></form></section>\n"
    )


def player(element: str = "span") -> str:
    """Return what a video player leaves on the page."""
    start, end, close = (f"<{element}>{text}</{element}>" for text in paper.PLAYER)
    return f'<div class="player">{start} {end} {close}</div>\n'
