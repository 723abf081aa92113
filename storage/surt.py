"""The sort-friendly form of URLs, as CDX files have it."""

import re
from urllib.parse import urlsplit

URLKEY_LENGTH = 600
"""Kept of a key: an index entry of PostgreSQL may not exceed 2,700 bytes."""
HOST_LENGTH = 255
"""Of a name that can be asked for; what is longer is cut."""

_AUTHORITY_END = re.compile(r"[/?#\\]")
_WWW = re.compile(r"^www\d*\.")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def host_of(url: str) -> str:
    """Host of a URL, lower case, with ":port" where it is not the scheme's own; "" where it has none.

    >>> host_of("https://WWW.News.example:443/a"), host_of("http://news.example:8080/")
    ('www.news.example', 'news.example:8080')
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return ""
    authority = _AUTHORITY_END.split(rest, maxsplit=1)[0]
    host = authority.rpartition("@")[2].lower()
    return host.removesuffix(_DEFAULT_PORTS.get(scheme.lower(), "\0"))[:HOST_LENGTH]


def without_www(host: str) -> str:
    """Host without a leading "www.".

    >>> without_www("www.news.example")
    'news.example'
    """
    return _WWW.sub("", host)


def host_key(host: str) -> str:
    """The part of a urlkey that stands for a host, up to where ")" or "," follows.

    >>> host_key("sport.news.example:8080")
    'example,news,sport:8080'
    """
    name, colon, port = without_www(host).partition(":")
    if name.startswith("[") or name.replace(".", "").isdigit():
        return host
    return ",".join(reversed(name.strip(".").split("."))) + colon + port


def surt(url: str) -> str:
    """The urlkey of a URL: host reversed, "www" and scheme gone, lower case, query sorted.

    >>> surt("https://www.News.example/A?b=2&a=1#top")
    'example,news)/a?a=1&b=2'
    """
    host = host_of(url)
    if not host:
        return url.lower()[:URLKEY_LENGTH]
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.lower()[:URLKEY_LENGTH]
    key = f"{host_key(host)}){parts.path or '/'}"
    if parts.query:
        key += "?" + "&".join(sorted(parts.query.lower().split("&")))
    return key.lower()[:URLKEY_LENGTH]
