"""Pages that are neither articles nor listings."""

from newsarchive.demo import paper
from newsarchive.demo.edition import Edition
from newsarchive.demo.pages import frame


def page(title: str, body: str, edition: Edition) -> str:
    """Return a page with a title and some markup."""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n{frame.head(f"{title} | {paper.NAME}", extra=frame.feeds(edition))}'
        f'<body class="plain">\n{frame.masthead()}<main><h1>{title}</h1>\n{body}</main>\n'
        f"{frame.footer()}</body>\n</html>\n"
    )


def about(edition: Edition) -> str:
    """Return the page about the paper."""
    return page(
        "About us",
        f"<p>{paper.NAME} has printed the news of Alder Bay since 1911, first on a hand press above a chandler's shop, "
        "today from an office on Ropewalk Lane. It belongs to its readers: some nine hundred hold a share.</p>\n"
        "<p>All people, places and firms in these pages are invented.</p>\n",
        edition,
    )


def contact(edition: Edition) -> str:
    """Return the page with the paper's addresses."""
    return page("Contact", "<p>Newsroom: news@lantern.example</p>\n<p>Ropewalk Lane 7, Alder Bay</p>\n", edition)


def not_found(edition: Edition) -> str:
    """Return what stands where there is nothing."""
    return page("Page not found", '<p>There is nothing here. Try the <a href="/">front page</a>.</p>\n', edition)
