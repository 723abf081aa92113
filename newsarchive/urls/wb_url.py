"""Archived URLs within the archive's URLs: /web/20260301060504id_/https://news.example/a?b=1"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):/*", re.IGNORECASE)
_QUOTED = re.compile(r"https?%3A", re.IGNORECASE)
_KEPT = "%:/?[]@!$&'()*+,;=-._~"


def archived_url(scope: Mapping[str, Any], prefix: str) -> str:
    """Return the archived URL after `prefix` in a request (ASGI), unchanged: "%2F" stays, and the query belongs to it.

    A missing scheme is added, and "https:/" (where a proxy has merged two slashes) is corrected.
    """
    raw = scope.get("raw_path") or quote(scope["path"], safe=_KEPT).encode()
    path = raw.partition(b"?")[0].decode("latin-1")
    url = path[len(prefix) :]
    if _QUOTED.match(url):
        # Some clients (cdx_toolkit) quote the whole URL once more.
        url = unquote(url)
    query = scope.get("query_string", b"").decode("latin-1")
    return ensure_scheme(f"{url}?{query}" if query else url)


def ensure_scheme(url: str) -> str:
    """Return an absolute URL; a missing scheme is http.

    >>> ensure_scheme("news.example/a"), ensure_scheme("https:/news.example/a"), ensure_scheme("//news.example")
    ('http://news.example/a', 'https://news.example/a', 'http://news.example')
    """
    url = url.strip()
    scheme = _SCHEME.match(url)
    if scheme and scheme[1].lower() in {"http", "https"}:
        return f"{scheme[1].lower()}://{url[scheme.end() :]}"
    return f"http://{url.lstrip('/')}"


def quote_url(url: str) -> str:
    """Quote a URL for the path of another URL, or for a Link header.

    >>> quote_url("https://news.example/a b?q=ü&x=%20>#d")
    'https://news.example/a%20b?q=%C3%BC&x=%20%3E%23d'
    """
    return quote(url, safe=_KEPT)


def is_http_url(url: str) -> bool:
    """Return True for an http or https URL with a host. Only such URLs of archived pages become links.

    >>> [is_http_url(url) for url in ("https://news.example/a", "javascript:alert(1)", " https://x", "http://")]
    [True, False, False, False]
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return url == url.strip() and parts.scheme in {"http", "https"} and bool(parts.hostname)
