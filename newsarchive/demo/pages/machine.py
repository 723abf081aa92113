"""What machines read: feeds, sitemaps, robots.txt."""

import gzip
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

from newsarchive.demo import paper
from newsarchive.demo.article import Brief
from newsarchive.demo.edition import Edition
from newsarchive.demo.pages import plain
from newsarchive.demo.sections import SECTIONS

IN_FEED = 20
IN_SITEMAP = 5_000
_NEWS_SPAN = timedelta(days=2)
_SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"
_NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


def rss(edition: Edition) -> str:
    """Return the newest articles as RSS 2.0."""
    items = "".join(_rss_item(brief, edition) for brief in _in_feed(edition))
    return (
        f'{_XML}<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>{paper.NAME}</title>'
        f"<link>{edition.url('/')}</link><description>{paper.TAGLINE}</description>\n{items}</channel></rss>\n"
    )


def atom(edition: Edition) -> str:
    """Return the newest articles as Atom."""
    briefs = _in_feed(edition)
    entries = "".join(_atom_entry(brief, edition) for brief in briefs)
    updated = stamp(max(_changed_at(brief, edition) for brief in briefs))
    return (
        f'{_XML}<feed xmlns="http://www.w3.org/2005/Atom"><title>{paper.NAME}</title>'
        f"<id>tag:lantern.example,2026:feed</id><updated>{updated}</updated>\n"
        f'<link rel="self" href="{edition.url("/atom.xml")}"/>\n{entries}</feed>\n'
    )


def sitemap_index(edition: Edition) -> str:
    """Return the index of sitemaps."""
    maps = "".join(f"<sitemap><loc>{edition.url(path)}</loc></sitemap>\n" for path in sitemap_paths(edition))
    return f'{_XML}<sitemapindex xmlns="{_SITEMAPS}">\n{maps}</sitemapindex>\n'


def sitemap_paths(edition: Edition) -> list[str]:
    """Return the paths of the sitemaps that the index names."""
    parts = range(1, -(-edition.count // IN_SITEMAP) + 1)
    return ["/sitemaps/pages.xml", "/sitemaps/news.xml", *(article_map_path(part) for part in parts)]


def article_map_path(part: int) -> str:
    """Return the path of one of the sitemaps that list articles, counted from 1."""
    return f"/sitemaps/articles-{part}.xml.gz"


def article_map(part: int, edition: Edition) -> bytes | None:
    """Return one of the sitemaps that list articles, as a gzip file; None beyond the last."""
    numbers = range((part - 1) * IN_SITEMAP, min(part * IN_SITEMAP, edition.count))
    if not numbers:
        return None
    urls = "".join(
        f"<url><loc>{escape(edition.url(brief.path_at(edition.at)))}</loc>"
        f"<lastmod>{stamp(_changed_at(brief, edition))}</lastmod></url>\n"
        for brief in map(edition.desk.brief, numbers)
        if brief.special.in_sitemap and not brief.gone(edition.at)
    )
    return gzip.compress(f'{_XML}<urlset xmlns="{_SITEMAPS}">\n{urls}</urlset>\n'.encode(), mtime=0)


def page_map(edition: Edition) -> str:
    """Return the sitemap of what is no article, and of one that is there no longer."""
    paths = ["/", *(f"/{section.name}/" for section in SECTIONS), "/about", "/contact", plain.MEMBERS, plain.SOFT_404]
    urls = "".join(f"<url><loc>{edition.url(path)}</loc></url>\n" for path in paths)
    return f'{_XML}<urlset xmlns="{_SITEMAPS}">\n{urls}</urlset>\n'


def news_map(edition: Edition) -> str:
    """Return the news sitemap: the articles of two days."""
    urls = []
    for number in range(edition.count - 1, -1, -1):
        brief = edition.desk.brief(number)
        if edition.at - brief.published > _NEWS_SPAN:
            break
        if brief.special.in_sitemap and not brief.gone(edition.at):
            urls.append(_news_url(brief, edition))
    return f'{_XML}<urlset xmlns="{_SITEMAPS}" xmlns:news="{_NEWS}">\n{"".join(urls)}</urlset>\n'


def robots(edition: Edition) -> str:
    """Return robots.txt."""
    return (
        f"# {paper.NAME} is glad to be archived.\nUser-agent: *\nDisallow: /drafts/\nDisallow: /search\n\n"
        f"User-agent: greedy-bot\nDisallow: /\n\nSitemap: {edition.url('/sitemap.xml')}\n"
    )


def stamp(moment: datetime) -> str:
    """Return a moment as W3C date and time.

    >>> from datetime import UTC
    >>> stamp(datetime(2026, 5, 4, 8, tzinfo=UTC))
    '2026-05-04T08:00:00Z'
    """
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"


def _in_feed(edition: Edition) -> Sequence[Brief]:
    return [brief for brief in edition.newest()[: 2 * IN_FEED] if brief.special.in_feeds][:IN_FEED]


def _changed_at(brief: Brief, edition: Edition) -> datetime:
    """Return what sitemaps and feeds say of an article's last change; most articles never change."""
    if not brief.special.edits:
        return brief.published
    return edition.draft(brief).modified or brief.published


def _rss_item(brief: Brief, edition: Edition) -> str:
    draft = edition.draft(brief)
    author = edition.desk.item(brief.number).authors[0]
    return (
        f"<item><title>{escape(draft.headline)}</title><link>{edition.url(brief.path_at(edition.at))}</link>"
        f'<guid isPermaLink="false">lantern-{brief.number}</guid><dc:creator>{escape(author)}</dc:creator>'
        f"<description>{escape(draft.dek or '')}</description>"
        f"<pubDate>{format_datetime(brief.published, usegmt=True)}</pubDate>"
        f"<category>{brief.section.title}</category></item>\n"
    )


def _atom_entry(brief: Brief, edition: Edition) -> str:
    draft = edition.draft(brief)
    author = edition.desk.item(brief.number).authors[0]
    return (
        f'<entry><title>{escape(draft.headline)}</title><link rel="alternate" '
        f'href="{edition.url(brief.path_at(edition.at))}"/>'
        f"<id>tag:lantern.example,2026:{brief.number}</id><published>{stamp(brief.published)}</published>"
        f"<updated>{stamp(_changed_at(brief, edition))}</updated>"
        f"<author><name>{escape(author)}</name></author></entry>\n"
    )


def _news_url(brief: Brief, edition: Edition) -> str:
    return (
        f"<url><loc>{edition.url(brief.path_at(edition.at))}</loc><news:news><news:publication>"
        f"<news:name>{paper.NAME}</news:name><news:language>{brief.language}</news:language></news:publication>"
        f"<news:publication_date>{stamp(brief.published)}</news:publication_date>"
        f"<news:title>{escape(edition.draft(brief).headline)}</news:title></news:news></url>\n"
    )
