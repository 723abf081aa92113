"""URLs: references resolved (RFC 3986, section 5), the host, and the SURT key of CDX files."""

import re
from urllib.parse import unquote, urljoin, urlsplit

URLKEY_LENGTH = 600
"""Characters kept of a key: an index entry of PostgreSQL may not exceed 2,700 bytes."""
HOST_LENGTH = 255
"""Longest DNS name; longer hosts are cut."""

_AUTHORITY_END = re.compile(r"[/?#\\]")
_UNRESERVED = re.compile(r"%(?:2[de]|5f|7e|3[0-9]|[46][1-9a-f]|[57][0-9a])", re.IGNORECASE)
_WWW = re.compile(r"^www\d*\.")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def resolve_url(base: str, reference: str) -> str:
    """Return the absolute URL of a reference, the same under every Python. ValueError for malformed URLs.

    Some releases of Python (3.14.8) keep a delimiter with nothing behind it in urljoin and others (3.11) do not, which
    would give one page two URLs; "/story?" and "/story" are the same page. Only rare forms ("//?", "/.;") still differ.

    >>> resolve_url("https://news.example/a/b?c", "d?#e"), resolve_url("https://news.example/a/b?c", "?")
    ('https://news.example/a/d#e', 'https://news.example/a/b')
    """
    if reference.partition("#")[0] == "?":
        # An empty query replaces the base's query.
        base = base.partition("#")[0].partition("?")[0]
    url, hash_mark, fragment = urljoin(base, reference).partition("#")
    path, _, query = url.partition("?")
    if path.endswith(";") and path.rpartition("/")[2].count(";") == 1:
        path = path[:-1]
    return f"{path}{'?' if query else ''}{query}{hash_mark if fragment else ''}{fragment}"


def drop_empty_query(url: str) -> str:
    """Return a URL without a trailing question mark that nothing follows.

    >>> drop_empty_query("https://news.example/a?"), drop_empty_query("https://news.example/a?b=?")
    ('https://news.example/a', 'https://news.example/a?b=?')
    """
    return url[:-1] if url.endswith("?") and url.index("?") == len(url) - 1 else url


def url_host(url: str) -> str:
    """Return a URL's host, lower case, with ":port" unless it is the scheme's default; "" without one.

    >>> url_host("https://WWW.News.example:443/a"), url_host("http://news.example:8080/")
    ('www.news.example', 'news.example:8080')
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return ""
    host = _AUTHORITY_END.split(rest, maxsplit=1)[0].rpartition("@")[2].lower()
    return host.removesuffix(_DEFAULT_PORTS.get(scheme.lower(), "\0"))[:HOST_LENGTH]


def strip_www(host: str) -> str:
    """Return a host without a leading "www.".

    >>> strip_www("www.news.example")
    'news.example'
    """
    return _WWW.sub("", host)


def surt_host(host: str) -> str:
    """Return the part of a SURT key that stands for a host, up to the following ")" or ",".

    >>> surt_host("sport.news.example:8080")
    'example,news,sport:8080'
    """
    name, colon, port = strip_www(host).partition(":")
    if name.startswith("[") or name.replace(".", "").isdigit():
        return host
    return ",".join(reversed(name.strip(".").split("."))) + colon + port


def surt(url: str) -> str:
    """Return the SURT key of a URL: host reversed, "www" and scheme dropped, lower case, query sorted.

    >>> surt("https://www.News.example/A?b=2&a=1#top")
    'example,news)/a?a=1&b=2'
    """
    if not (host := url_host(url)):
        return url.lower()[:URLKEY_LENGTH]
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.lower()[:URLKEY_LENGTH]
    # "%70rivate" is another spelling of "private" (RFC 3986, 6.2.2.2).
    path = _UNRESERVED.sub(lambda found: unquote(found[0]), parts.path) if "%" in parts.path else parts.path
    key = f"{surt_host(host)}){path or '/'}"
    if parts.query:
        key += "?" + "&".join(sorted(parts.query.lower().split("&")))
    return key.lower()[:URLKEY_LENGTH]
