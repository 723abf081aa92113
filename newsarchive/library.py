"""The public API. Its modules are imported by the first call that needs them: importing the names takes no time."""

from collections.abc import Sequence
from datetime import datetime

from storage.model import Reading


def extract_page(
    html: str | bytes,
    url: str | None = None,
    headers: Sequence[tuple[str, str]] = (),
    *,
    fetched: datetime | None = None,
) -> Reading:
    """Read one web page: say what kind of page it is, and return its text and fields.

    `reading.article` is None for pages served in place of content (challenges, consent walls, errors), of which
    `reading.reason` says what they are. The page of a listing or a gallery has what an article on it would have, so
    test `reading.outcome` too: "article", "paywall_stub", "listing" ... No page is an error, however broken.

    Args:
        html: The page. Text as it is; bytes in any encoding, without content coding (gzip, br).
        url: URL of the page, against which links are resolved; by default the one that the page names as its own.
            If it names none, relative links are left out.
        headers: HTTP response headers, in order: they may name the encoding.
        fetched: Time at which the page was fetched, aware, for dates such as "3 hours ago".

    Example: `extract_page("<h1>Ferry stuck</h1>", "https://news.example/ferry").outcome`
    """
    from newsarchive.extract.page import extract_page as read_payload
    from newsarchive.extract.page_input import PageInput

    payload = html.encode("utf-8", "replace") if isinstance(html, str) else bytes(html)
    return read_payload(payload, url or "", headers, PageInput(fetched_at=fetched))
