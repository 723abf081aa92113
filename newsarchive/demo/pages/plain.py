"""Pages that are neither articles nor listings: about, contact, errors, a stub for members, hidden drafts."""

import json

from newsarchive.demo import paper
from newsarchive.demo.edition import Edition
from newsarchive.demo.pages import frame, metadata

MEMBERS = "/long-reads/what-the-tide-mill-knew-90001"
MEMBERS_HEADLINE = "What the tide mill knew"
SOFT_404 = "/town/harbour-walk-2019"
"""Status 200, and yet there is nothing: sitemaps list it still."""
DEAD_LINK = "/town/noticeboard"
DRAFTS = ("/drafts/dues-2027-not-for-print", "/drafts/obituary-of-a-living-man", "/drafts/april-fool")
SEARCH = "/search?q=harbour"


def page(title: str, body: str, edition: Edition, *, extra: str = "") -> str:
    """Return a page with a title and some markup."""
    return (
        frame.html_tag("en")
        + frame.head(f"{title} | {paper.NAME}", extra=extra + frame.feeds(edition))
        + f'<body class="plain">\n{frame.masthead()}<main><h1>{title}</h1>\n{body}</main>\n'
        f"{frame.footer()}</body>\n</html>\n"
    )


def about(edition: Edition) -> str:
    """Return the page about the paper."""
    drafts = "".join(f'<li><a href="{path}">{path.rpartition("/")[2]}</a></li>' for path in DRAFTS)
    return page(
        "About us",
        f"<p>{paper.NAME} has printed the news of Alder Bay since 1911, first on a hand press above a chandler's shop, "
        "today from an office on Ropewalk Lane. It belongs to its readers: some nine hundred hold a share.</p>\n"
        "<p>All people, places and firms in these pages are invented.</p>\n"
        f"<p>For members of staff:</p><ul>{drafts}</ul>\n",
        edition,
    )


def contact(edition: Edition) -> str:
    """Return the page with the paper's addresses, and a link that leads nowhere."""
    return page(
        "Contact",
        "<p>Newsroom: news@lantern.example</p>\n<p>Ropewalk Lane 7, Alder Bay</p>\n"
        f'<p>Notices of meetings stand on the <a href="{DEAD_LINK}">noticeboard</a>.</p>\n',
        edition,
    )


def members(edition: Edition) -> str:
    """Return a stub: two sentences, and the rest for those who pay."""
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": MEMBERS_HEADLINE,
        "datePublished": "2026-04-30T06:00:00+01:00",
        "isAccessibleForFree": False,
        "image": edition.url("/media/3.png"),
    }
    script = f'<script type="application/ld+json">{json.dumps(data)}</script>\n'
    return page(
        MEMBERS_HEADLINE,
        "<p>For three hundred years it ground the island's corn twice a day. Then somebody asked whose the tide was."
        "</p>\n"
        '<div class="paywall"><p>This article is for members only. Subscribe to continue reading.</p>'
        "<button>Subscribe</button> <button>Log in</button></div>\n",
        edition,
        extra=script,
    )


def soft_404(edition: Edition) -> str:
    """Return what the site says, with status 200, where an article has long been deleted."""
    return page(
        "Page not found",
        "<p>Sorry, the page you are looking for could not be found. It may have been moved or deleted.</p>\n"
        '<p>Go back to the <a href="/">front page</a>.</p>\n',
        edition,
    )


def not_found(edition: Edition) -> str:
    """Return what stands where there is nothing."""
    return page("Page not found", '<p>There is nothing here. Try the <a href="/">front page</a>.</p>\n', edition)


def gone(edition: Edition) -> str:
    """Return what stands where an article was withdrawn."""
    return page("Withdrawn", "<p>This article has been withdrawn by the editors.</p>\n", edition)


def draft(edition: Edition) -> str:
    """Return a page that robots.txt asks crawlers not to fetch, though it looks like an article."""
    body = "".join(f"<p>{metadata.caption(number)}: not for print, paragraph {number}.</p>\n" for number in range(12))
    return page("Draft, not for print", body, edition)


def search(edition: Edition) -> str:
    """Return a page of search results; robots.txt asks crawlers to stay away."""
    return page("Search", "<p>The index is being rebuilt. Please come back tomorrow.</p>\n", edition)
