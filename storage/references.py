"""Where a reference on a page leads (RFC 3986, section 5), the same under every Python.

    base                       reference     resolved
    https://news.example/a/b   ../c?#top     https://news.example/c#top

urljoin keeps a delimiter with nothing behind it in some releases of Python (3.14.8) and not in others (3.11): an
archive would know one page by two addresses. Nobody who links to "/story?" means another page than "/story". Only what
hardly any page has, such as "//?" and "/.;", they still take in different ways.
"""

from urllib.parse import urljoin


def resolved(base: str, reference: str) -> str:
    """Return the absolute URL that a reference means. ValueError where base or reference are no URLs.

    >>> resolved("https://news.example/a/b?c", "d?#e"), resolved("https://news.example/a/b?c", "?")
    ('https://news.example/a/d#e', 'https://news.example/a/b')
    """
    if reference.partition("#")[0] == "?":
        # An empty query stands for itself, and not for that of the base.
        base = base.partition("#")[0].partition("?")[0]
    url, hash_mark, fragment = urljoin(base, reference).partition("#")
    path, _, query = url.partition("?")
    if path.endswith(";") and path.rpartition("/")[2].count(";") == 1:
        path = path[:-1]
    return f"{path}{'?' if query else ''}{query}{hash_mark if fragment else ''}{fragment}"


def without_empty_query(url: str) -> str:
    """Return a URL without a question mark at its end that nothing follows.

    >>> without_empty_query("https://news.example/a?"), without_empty_query("https://news.example/a?b=?")
    ('https://news.example/a', 'https://news.example/a?b=?')
    """
    return url[:-1] if url.endswith("?") and url.index("?") == len(url) - 1 else url
