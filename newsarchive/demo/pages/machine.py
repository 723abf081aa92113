"""What machines read: feeds, sitemaps, robots.txt."""

from datetime import datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape

from newsarchive.demo import paper
from newsarchive.demo.edition import Edition

IN_FEED = 20


def rss(edition: Edition) -> str:
    """Return the newest articles as RSS 2.0."""
    items = []
    for brief in [b for b in edition.newest() if b.special.in_feeds][:IN_FEED]:
        item = edition.desk.item(brief.number)
        draft = item.draft(edition.at)
        items.append(
            f"<item><title>{escape(draft.headline)}</title><link>{edition.url(brief.path)}</link>"
            f'<guid isPermaLink="false">lantern-{brief.number}</guid>'
            f"<description>{escape(draft.dek or '')}</description>"
            f"<pubDate>{format_datetime(brief.published, usegmt=True)}</pubDate>"
            f"<category>{brief.section.title}</category></item>\n"
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
        f"<title>{paper.NAME}</title><link>{edition.url('/')}</link><description>{paper.TAGLINE}</description>\n"
        f"{''.join(items)}</channel></rss>\n"
    )


def atom(edition: Edition) -> str:
    """Return the newest articles as Atom."""
    entries = []
    briefs = [b for b in edition.newest() if b.special.in_feeds][:IN_FEED]
    for brief in briefs:
        item = edition.desk.item(brief.number)
        draft = item.draft(edition.at)
        entries.append(
            f'<entry><title>{escape(draft.headline)}</title><link rel="alternate" href="{edition.url(brief.path)}"/>'
            f"<id>tag:lantern.example,2026:{brief.number}</id><published>{stamp(brief.published)}</published>"
            f"<updated>{stamp(draft.modified or brief.published)}</updated>"
            f"<author><name>{escape(item.authors[0])}</name></author></entry>\n"
        )
    updated = stamp(max((b.published for b in briefs), default=edition.at))
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>{paper.NAME}</title><id>tag:lantern.example,2026:feed</id><updated>{updated}</updated>\n"
        f"{''.join(entries)}</feed>\n"
    )


def sitemap_index(edition: Edition) -> str:
    """Return the index of sitemaps."""
    maps = "".join(f"<sitemap><loc>{edition.url(path)}</loc></sitemap>\n" for path in ("/sitemaps/articles.xml",))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex xmlns="{_SITEMAPS}">\n{maps}</sitemapindex>\n'


def articles_sitemap(edition: Edition) -> str:
    """Return all articles that sitemaps list."""
    briefs = [edition.desk.brief(number) for number in range(edition.count)]
    urls = "".join(
        f"<url><loc>{edition.url(b.path)}</loc><lastmod>{stamp(b.published)}</lastmod></url>\n"
        for b in briefs
        if b.special.in_sitemap
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{_SITEMAPS}">\n{urls}</urlset>\n'


def robots(edition: Edition) -> str:
    """Return robots.txt."""
    return f"User-agent: *\nDisallow: /drafts/\nDisallow: /search\n\nSitemap: {edition.url('/sitemap.xml')}\n"


def stamp(moment: datetime) -> str:
    """Return a moment as W3C date and time.

    >>> from datetime import UTC
    >>> stamp(datetime(2026, 5, 4, 8, tzinfo=UTC))
    '2026-05-04T08:00:00Z'
    """
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"


_SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"
