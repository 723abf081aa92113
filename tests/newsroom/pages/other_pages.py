"""Pages that are neither articles nor listings: about, contact, errors, a paywall stub, hidden drafts."""

import json

from tests.newsroom import newspaper
from tests.newsroom.pages import markup, metadata
from tests.newsroom.site_view import SiteView

MEMBERS = "/long-reads/what-the-tide-mill-knew-90001"
MEMBERS_HEADLINE = "What the tide mill knew"
SOFT_404 = "/town/harbour-walk-2019"
"""A soft 404, which sitemaps still list."""
DEAD_LINK = "/town/noticeboard"
DRAFTS = ("/drafts/dues-2027-not-for-print", "/drafts/obituary-of-a-living-man", "/drafts/april-fool")
SEARCH = "/search?q=harbour"


def page(title: str, body: str, view: SiteView, *, extra: str = "") -> str:
    """Return a page with a title and some markup."""
    return (
        markup.html_tag("en")
        + markup.head(f"{title} | {newspaper.NAME}", extra=extra + markup.feed_links(view))
        + f'<body class="plain">\n{markup.masthead()}<main><h1>{title}</h1>\n{body}</main>\n'
        f"{markup.footer()}</body>\n</html>\n"
    )


def about(view: SiteView) -> str:
    """Return the page about the newspaper."""
    drafts = "".join(f'<li><a href="{path}">{path.rpartition("/")[2]}</a></li>' for path in DRAFTS)
    return page(
        "About us",
        f"<p>{newspaper.NAME} has printed the news of Alder Bay since 1911, first on a hand press above a chandler's "
        "shop, "
        "today from an office on Ropewalk Lane. It belongs to its readers: some nine hundred hold a share.</p>\n"
        "<p>All people, places and firms in these pages are invented.</p>\n"
        f"<p>For members of staff:</p><ul>{drafts}</ul>\n",
        view,
    )


def contact(view: SiteView) -> str:
    """Return the contact page, with a dead link."""
    return page(
        "Contact",
        "<p>Newsroom: news@lantern.example</p>\n<p>Ropewalk Lane 7, Alder Bay</p>\n"
        f'<p>Notices of meetings stand on the <a href="{DEAD_LINK}">noticeboard</a>.</p>\n',
        view,
    )


def members(view: SiteView) -> str:
    """Return a paywall stub of two sentences."""
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": MEMBERS_HEADLINE,
        "datePublished": "2026-04-30T06:00:00+01:00",
        "isAccessibleForFree": False,
        "image": view.url("/media/3.png"),
    }
    script = f'<script type="application/ld+json">{json.dumps(data)}</script>\n'
    return page(
        MEMBERS_HEADLINE,
        "<p>For three hundred years it ground the island's corn twice a day. Then somebody asked whose the tide was."
        "</p>\n"
        '<div class="paywall"><p>This article is for members only. Subscribe to continue reading.</p>'
        "<button>Subscribe</button> <button>Log in</button></div>\n",
        view,
        extra=script,
    )


def soft_404(view: SiteView) -> str:
    """Return the soft 404 page of a deleted article."""
    return page(
        "Page not found",
        "<p>Sorry, the page you are looking for could not be found. It may have been moved or deleted.</p>\n"
        '<p>Go back to the <a href="/">front page</a>.</p>\n',
        view,
    )


def not_found(view: SiteView) -> str:
    """Return the 404 page."""
    return page("Page not found", '<p>There is nothing here. Try the <a href="/">front page</a>.</p>\n', view)


def withdrawn(view: SiteView) -> str:
    """Return the page of a withdrawn article."""
    return page("Withdrawn", "<p>This article has been withdrawn by the editors.</p>\n", view)


def draft(view: SiteView) -> str:
    """Return a page that looks like an article and is disallowed by robots.txt."""
    body = "".join(f"<p>{metadata.caption(number)}: not for print, paragraph {number}.</p>\n" for number in range(12))
    return page("Draft, not for print", body, view)


def search(view: SiteView) -> str:
    """Return the search page, which robots.txt disallows."""
    return page("Search", "<p>The index is being rebuilt. Please come back tomorrow.</p>\n", view)
