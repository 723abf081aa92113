"""Archived addresses within the archive's own: /web/20260301060504id_/https://news.example/a?b=1"""

import re
from urllib.parse import quote, unquote

from fastapi import Request

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):/*", re.IGNORECASE)
_QUOTED = re.compile(r"https?%3A", re.IGNORECASE)
_KEPT = "%:/?[]@!$&'()*+,;=-._~"


def asked_url(request: Request, prefix: str) -> str:
    """The archived URL that a request names behind `prefix`, to the character: "%2F" is no "/", and the query is its
    own. What is written without a scheme, or with one slash because something on the way folded two, is mended.
    """
    raw = request.scope.get("raw_path") or quote(request.url.path, safe=_KEPT).encode()
    path = raw.partition(b"?")[0].decode("latin-1")
    url = path[len(prefix) :]
    if _QUOTED.match(url):
        # Some clients (cdx_toolkit) quote all of it, once more than it was.
        url = unquote(url)
    query = request.scope.get("query_string", b"").decode("latin-1")
    return mended(f"{url}?{query}" if query else url)


def mended(url: str) -> str:
    """An absolute URL from what people write.

    >>> mended("news.example/a"), mended("https:/news.example/a"), mended("//news.example")
    ('http://news.example/a', 'https://news.example/a', 'http://news.example')
    """
    url = url.strip()
    scheme = _SCHEME.match(url)
    if scheme and scheme[1].lower() in {"http", "https"}:
        return f"{scheme[1].lower()}://{url[scheme.end() :]}"
    return f"http://{url.lstrip('/')}"


def in_path(url: str) -> str:
    """A URL as it stands behind a prefix in an address, and between angle brackets in a Link header.

    >>> in_path("https://news.example/a b?q=ü&x=%20>#d")
    'https://news.example/a%20b?q=%C3%BC&x=%20%3E%23d'
    """
    return quote(url, safe=_KEPT)
