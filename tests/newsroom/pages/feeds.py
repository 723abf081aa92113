"""Feeds, sitemaps and robots.txt."""

import gzip
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

from tests.newsroom import newspaper
from tests.newsroom.article import ArticleSummary
from tests.newsroom.newspaper import SECTIONS
from tests.newsroom.pages import other_pages
from tests.newsroom.site_view import SiteView

IN_FEED = 20
IN_SITEMAP = 5_000
_NEWS_SPAN = timedelta(days=2)
_SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"
_NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


def rss(view: SiteView) -> str:
    """Return the newest articles as RSS 2.0."""
    items = "".join(_rss_item(summary, view) for summary in _feed_articles(view))
    return (
        f'{_XML}<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>{newspaper.NAME}</title>'
        f"<link>{view.url('/')}</link><description>{newspaper.TAGLINE}</description>\n{items}</channel></rss>\n"
    )


def atom(view: SiteView) -> str:
    """Return the newest articles as Atom."""
    summaries = _feed_articles(view)
    entries = "".join(_atom_entry(summary, view) for summary in summaries)
    updated = format_w3c(max(_modified_at(summary, view) for summary in summaries))
    return (
        f'{_XML}<feed xmlns="http://www.w3.org/2005/Atom"><title>{newspaper.NAME}</title>'
        f"<id>tag:lantern.example,2026:feed</id><updated>{updated}</updated>\n"
        f'<link rel="self" href="{view.url("/atom.xml")}"/>\n{entries}</feed>\n'
    )


def sitemap_index(view: SiteView) -> str:
    """Return the index of sitemaps."""
    maps = "".join(f"<sitemap><loc>{view.url(path)}</loc></sitemap>\n" for path in sitemap_paths(view))
    return f'{_XML}<sitemapindex xmlns="{_SITEMAPS}">\n{maps}</sitemapindex>\n'


def sitemap_paths(view: SiteView) -> list[str]:
    """Return the paths of the sitemaps in the index."""
    parts = range(1, -(-view.count // IN_SITEMAP) + 1)
    return ["/sitemaps/pages.xml", "/sitemaps/news.xml", *(article_map_path(part) for part in parts)]


def article_map_path(part: int) -> str:
    """Return the path of an article sitemap, counted from 1."""
    return f"/sitemaps/articles-{part}.xml.gz"


def article_map(part: int, view: SiteView) -> bytes | None:
    """Return an article sitemap as a gzip file; None beyond the last."""
    numbers = range((part - 1) * IN_SITEMAP, min(part * IN_SITEMAP, view.count))
    if not numbers:
        return None
    urls = "".join(
        f"<url><loc>{escape(view.url(summary.path_at(view.at)))}</loc>"
        f"<lastmod>{format_w3c(_modified_at(summary, view))}</lastmod></url>\n"
        for summary in map(view.catalogue.summary, numbers)
        if summary.special.in_sitemap and not summary.is_withdrawn(view.at)
    )
    return gzip.compress(f'{_XML}<urlset xmlns="{_SITEMAPS}">\n{urls}</urlset>\n'.encode(), mtime=0)


def page_map(view: SiteView) -> str:
    """Return the sitemap of pages that are not articles, and of a deleted article."""
    paths = [
        "/",
        *(f"/{section.name}/" for section in SECTIONS),
        "/about",
        "/contact",
        other_pages.MEMBERS,
        other_pages.SOFT_404,
    ]
    urls = "".join(f"<url><loc>{view.url(path)}</loc></url>\n" for path in paths)
    return f'{_XML}<urlset xmlns="{_SITEMAPS}">\n{urls}</urlset>\n'


def news_map(view: SiteView) -> str:
    """Return the news sitemap: the articles of the last two days."""
    urls = []
    for number in range(view.count - 1, -1, -1):
        summary = view.catalogue.summary(number)
        if view.at - summary.published > _NEWS_SPAN:
            break
        if summary.special.in_sitemap and not summary.is_withdrawn(view.at):
            urls.append(_news_url(summary, view))
    return f'{_XML}<urlset xmlns="{_SITEMAPS}" xmlns:news="{_NEWS}">\n{"".join(urls)}</urlset>\n'


def robots(view: SiteView) -> str:
    """Return robots.txt."""
    return (
        f"# {newspaper.NAME} is glad to be archived.\nUser-agent: *\nDisallow: /drafts/\nDisallow: /search\n\n"
        f"User-agent: greedy-bot\nDisallow: /\n\nSitemap: {view.url('/sitemap.xml')}\n"
    )


def format_w3c(moment: datetime) -> str:
    """Format a time as W3C date and time.

    >>> from datetime import UTC
    >>> format_w3c(datetime(2026, 5, 4, 8, tzinfo=UTC))
    '2026-05-04T08:00:00Z'
    """
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"


def _feed_articles(view: SiteView) -> Sequence[ArticleSummary]:
    return [summary for summary in view.newest_articles()[: 2 * IN_FEED] if summary.special.in_feeds][:IN_FEED]


def _modified_at(summary: ArticleSummary, view: SiteView) -> datetime:
    """Return an article's modification date in sitemaps and feeds."""
    if not summary.special.edits:
        return summary.published
    return view.current_state(summary).modified or summary.published


def _rss_item(summary: ArticleSummary, view: SiteView) -> str:
    state = view.current_state(summary)
    author = view.catalogue.history(summary.number).authors[0]
    return (
        f"<item><title>{escape(state.headline)}</title><link>{view.url(summary.path_at(view.at))}</link>"
        f'<guid isPermaLink="false">lantern-{summary.number}</guid><dc:creator>{escape(author)}</dc:creator>'
        f"<description>{escape(state.dek or '')}</description>"
        f"<pubDate>{format_datetime(summary.published, usegmt=True)}</pubDate>"
        f"<category>{summary.section.title}</category></item>\n"
    )


def _atom_entry(summary: ArticleSummary, view: SiteView) -> str:
    state = view.current_state(summary)
    author = view.catalogue.history(summary.number).authors[0]
    return (
        f'<entry><title>{escape(state.headline)}</title><link rel="alternate" '
        f'href="{view.url(summary.path_at(view.at))}"/>'
        f"<id>tag:lantern.example,2026:{summary.number}</id><published>{format_w3c(summary.published)}</published>"
        f"<updated>{format_w3c(_modified_at(summary, view))}</updated>"
        f"<author><name>{escape(author)}</name></author></entry>\n"
    )


def _news_url(summary: ArticleSummary, view: SiteView) -> str:
    return (
        f"<url><loc>{view.url(summary.path_at(view.at))}</loc><news:news><news:publication>"
        f"<news:name>{newspaper.NAME}</news:name><news:language>{summary.language}</news:language></news:publication>"
        f"<news:publication_date>{format_w3c(summary.published)}</news:publication_date>"
        f"<news:title>{escape(view.current_state(summary).headline)}</news:title></news:news></url>\n"
    )
