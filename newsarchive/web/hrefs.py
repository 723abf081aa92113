"""Addresses that archived pages name: only those of the web become links."""

from urllib.parse import urlsplit


def is_web(url: str) -> bool:
    """True for http and https with a host; "javascript:" and all else is text.

    >>> is_web("https://news.example/a"), is_web("javascript:alert(1)"), is_web(" https://x"), is_web("http://")
    (True, False, False, False)
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return url == url.strip() and parts.scheme in {"http", "https"} and bool(parts.hostname)
