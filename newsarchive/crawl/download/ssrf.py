"""What the crawler never does: ask for what is no page, or connect to an address that is not public.

A page can name any URL, and a name can lead to any address: to the router, to a database on this machine, to a cloud's
metadata service (server-side request forgery). URLs are refused by their look; addresses when a name is resolved, and
what was resolved is what is connected to. Hosts whose owner set allow_private are connected to wherever they are.
"""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from newsarchive.crawl.download.ip_addresses import kind_of, spelt_out

URL_LENGTH = 2048
HOST = re.compile(rb"[A-Za-z0-9_.-]{1,253}")
"""What a host's name is made of; "_" is no letter of theirs, and met all the same."""
PORTS_OF_OTHERS = frozenset(
    {1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
     111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
     540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 5060, 5061, 6000,
     6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080}
)  # fmt: skip
"""Ports that speak something else: the Fetch standard's "bad ports", which browsers refuse too."""


def refusal(url: str) -> str | None:
    """Why a URL is not asked for, in a few words; None where nothing speaks against it.

    >>> refusal("https://news.example/2025/a-story"), refusal("ftp://news.example/a")
    (None, 'not http or https')
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
    return _place(parts.netloc, port)


def _place(netloc: str, port: int | None) -> str | None:
    if not netloc or netloc.startswith(":") or any(c <= " " or c == "\x7f" for c in netloc):
        return "not a URL"
    if "@" in netloc:
        return "carries a password"
    return "port of another service" if port in PORTS_OF_OTHERS else None


def has_host(url: str) -> bool:
    """Whether what a URL names as its host is one at all, so that DNS could be asked for it.

    >>> [has_host(f"https://{host}/") for host in ("news.example", "[::1]", "münchen.example", "a..b", "%31", "x" * 64)]
    [True, True, True, False, False, False]
    """
    host = urlsplit(url).hostname or ""
    if spelt_out(host):
        return True
    try:
        name = host.encode("idna")
    except UnicodeError:
        return False
    return HOST.fullmatch(name) is not None


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet.

    >>> [is_public(each) for each in ("93.184.215.14", "127.0.0.1", "169.254.169.254", "10.1.2.3", "::ffff:10.0.0.1")]
    [True, False, False, False, False]
    """
    return kind_of(address) is None


class Guard:
    """Which addresses may be connected to on behalf of which host."""

    def __init__(self, private_hosts: Collection[str] = ()) -> None:
        self._private = frozenset(host.lower() for host in private_hosts)

    def is_private(self, host: str) -> bool:
        """Whether the owner says that this host is one of their own."""
        return host.lower().strip("[]") in self._private

    def objection(self, host: str, address: str) -> str | None:
        """Why no connection to `address` may be made for `host`, in a few words; None where one may."""
        kind = None if self.is_private(host) else kind_of(address)
        if kind is None:
            return None
        named = kind if spelt_out(host) == address else f"{kind} {address}"
        return f"{host} is no public host: {named}"

    def allows(self, host: str, address: str) -> bool:
        """Whether a connection to `address` may be made for `host`."""
        return self.objection(host, address) is None
