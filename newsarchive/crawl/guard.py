"""What the crawler never does: ask for what is no page, or connect to an address that is not public.

A page can name any URL, and a name can lead to any address: to the router, to a database on this machine, to a cloud's
metadata service (server-side request forgery). URLs are refused by their look; addresses when a name is resolved, and
what was resolved is what is connected to. Hosts whose owner set allow_private are connected to wherever they are.
"""

import ipaddress
import re
from collections import Counter
from collections.abc import Collection
from urllib.parse import urlsplit

URL_LENGTH = 2048
SAME_SEGMENT = 3
"""A path that has one segment more often than this turns in a circle: /a/b/a/b/a/b/a/b."""
SEGMENTS = 24
QUERY_FIELDS = 12
PORTS_OF_OTHERS = frozenset(
    {1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
     111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
     540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 5060, 5061, 6000,
     6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080}
)  # fmt: skip
"""Ports that speak something else: the Fetch standard's "bad ports", which browsers refuse too."""

_SESSION = re.compile(
    r"(?:^|[?&;/])(?:jsessionid|phpsessid|aspsessionid\w*|sessionid|session_id|sid|cfid|cftoken)=", re.IGNORECASE
)
_CALENDAR = re.compile(r"(?:^|&)(?:ical|outlook-ical|tribe-bar-date|eventdisplay)=", re.IGNORECASE)
# Translated addresses stand for others: 64:ff9b::/96 (RFC 6052) and 2002::/16 (6to4) carry an IPv4 address.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def refusal(url: str) -> str | None:
    """Why a URL is not asked for, in a few words; None where nothing speaks against it.

    >>> refusal("https://news.example/2025/a-story"), refusal("ftp://news.example/a")
    (None, 'not http or https')
    >>> refusal("https://news.example/a/b/a/b/a/b/a/b/")
    'path turns in a circle'
    """
    if len(url) > URL_LENGTH:
        return "URL too long"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "not a URL"
    if parts.scheme not in ("http", "https"):
        return "not http or https"
    return _place(parts.netloc, port) or _trap(parts.path, parts.query)


def _place(netloc: str, port: int | None) -> str | None:
    if not netloc or netloc.startswith(":") or any(c <= " " or c == "\x7f" for c in netloc):
        return "not a URL"
    if "@" in netloc:
        return "carries a password"
    return "port of another service" if port in PORTS_OF_OTHERS else None


def _trap(path: str, query: str) -> str | None:
    segments = [segment for segment in path.split("/") if segment]
    if len(segments) > SEGMENTS:
        return "path too deep"
    if segments and max(Counter(segments).values()) > SAME_SEGMENT:
        return "path turns in a circle"
    if _SESSION.search(f"{path}?{query}"):
        return "session id"
    if _CALENDAR.search(query) or query.count("&") >= QUERY_FIELDS:
        return "endless query"
    return None


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet.

    >>> [is_public(each) for each in ("93.184.215.14", "127.0.0.1", "169.254.169.254", "10.1.2.3", "::ffff:10.0.0.1")]
    [True, False, False, False, False]
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


class Guard:
    """Which addresses may be connected to on behalf of which host."""

    def __init__(self, private_hosts: Collection[str] = ()) -> None:
        self._private = frozenset(host.lower() for host in private_hosts)

    def is_private(self, host: str) -> bool:
        """Whether the owner says that this host is one of their own."""
        return host.lower().strip("[]") in self._private

    def allows(self, host: str, address: str) -> bool:
        """Whether a connection to `address` may be made for `host`."""
        return self.is_private(host) or is_public(address)
