"""Protection against server-side request forgery: URLs that are never requested, addresses never connected to.

A page can link any URL, and a name can resolve to any address: the router, a database on this machine, a cloud's
metadata service. URLs are refused by their form, and addresses when a name is resolved; what was resolved is what is
connected to. Hosts whose owner set allow_private are connected to at any address.

    special_purpose("169.254.169.254") --> "link-local address (where clouds keep their metadata)"
    special_purpose("93.184.215.14")   --> None: the public internet

Addresses are judged by IANA's registries of special-purpose addresses (RFC 6890 and its updates), copied into
special_purpose.txt because Python's `is_global` changes between versions. An IPv6 address that stands for an IPv4 one
is judged like that.
"""

import ipaddress
import re
import socket
from collections.abc import Collection
from contextlib import suppress
from importlib.resources import files
from urllib.parse import urlsplit

MAX_URL_LENGTH = 2048
HOST = re.compile(rb"[A-Za-z0-9_.-]{1,253}")
"""Characters of host names; "_" is not allowed in them, but occurs."""
BAD_PORTS = frozenset(map(int, files("newsarchive.urls").joinpath("bad_ports.txt").read_text("utf-8").split()))
"""Ports of other protocols: the "bad ports" of the Fetch standard, which browsers refuse, too."""

_REGISTRY = files("newsarchive.urls").joinpath("special_purpose.txt").read_text("utf-8")
_KINDS = tuple((ipaddress.ip_network(each), str(kind)) for each, kind in re.findall(r"(?m)^(\S+) +(.+)$", _REGISTRY))
_GLOBAL_V6 = ipaddress.ip_network("2000::/3")

_LOW_32 = (
    ipaddress.ip_network("::ffff:0:0/96"),  # IPv4-mapped
    ipaddress.ip_network("::ffff:0:0:0/96"),  # IPv4-translated, RFC 2765
    ipaddress.ip_network("64:ff9b::/96"),  # NAT64, RFC 6052
    ipaddress.ip_network("::/96"),  # IPv4-compatible, long given up; sockets may still take it
)
_ISATAP = (0x00005EFE, 0x02005EFE)
"""Upper half of an interface identifier whose lower half is an IPv4 address (RFC 5214)."""

_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+)){0,3}\.?", re.IGNORECASE)
_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})


def url_refusal_reason(url: str) -> str | None:
    """Return why a URL is never requested, in a few words; None if it may be.

    >>> url_refusal_reason("https://news.example/2025/a-story"), url_refusal_reason("ftp://news.example/a")
    (None, 'not http or https')
    """
    if len(url) > MAX_URL_LENGTH:
        return "URL too long"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "not a URL"
    if parts.scheme not in ("http", "https"):
        return "not http or https"
    if not parts.netloc or parts.netloc.startswith(":") or any(c <= " " or c == "\x7f" for c in parts.netloc):
        return "not a URL"
    if "@" in parts.netloc:
        return "contains a password"
    return "port of another protocol" if port in BAD_PORTS else None


def has_valid_host(url: str) -> bool:
    """Return True if the host of a URL is an address or a name that DNS could be asked for.

    >>> hosts = ("news.example", "[::1]", "münchen.example", "a..b", "%31", "x" * 64)
    >>> [has_valid_host(f"https://{host}/") for host in hosts]
    [True, True, True, False, False, False]
    """
    host = urlsplit(url).hostname or ""
    if literal_address(host):
        return True
    try:
        name = host.encode("idna")
    except UnicodeError:
        return False
    return HOST.fullmatch(name) is not None


def is_public(address: str) -> bool:
    """Return True for an IP address of the public internet.

    >>> [is_public(each) for each in ("93.184.215.14", "127.0.0.1", "169.254.169.254", "10.1.2.3", "::ffff:10.0.0.1")]
    [True, False, False, False, False]
    """
    return special_purpose(address) is None


def is_loopback(host: str) -> bool:
    """Return True if only this machine can connect to a server on this host.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0"), is_loopback("news.example")
    (True, True, False, False)
    """
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class AddressGuard:
    """Decides which addresses may be connected to for which host."""

    def __init__(self, private_hosts: Collection[str] = ()) -> None:
        self._private = frozenset(host.lower() for host in private_hosts)

    def is_private(self, host: str) -> bool:
        """Return True for a host that the owner of the archive has declared private."""
        return host.lower().strip("[]") in self._private

    def refusal_reason(self, host: str, address: str) -> str | None:
        """Return why `address` must not be connected to for `host`, in a few words; None if it may be."""
        kind = None if self.is_private(host) else special_purpose(address)
        if kind is None:
            return None
        kind = kind if literal_address(host) == address else f"{kind} {address}"
        return f"{host} is not a public host: {kind}"


def special_purpose(address: str) -> str | None:
    """Return the kind of an address outside the public internet; None for a public one.

    >>> special_purpose("::ffff:10.0.0.1"), special_purpose("93.184.215.14")
    ('private address', None)
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "not an address"
    low = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if isinstance(ip, ipaddress.IPv6Address):
        stands_for_low = int(ip) > 1 and any(ip in network for network in _LOW_32)
        if (inner := ip.sixtofour or (low if stands_for_low else None)) is not None:
            return special_purpose(str(inner))
    kind = next((kind for network, kind in _KINDS if ip.version == network.version and ip in network), None)
    if kind is not None or isinstance(ip, ipaddress.IPv4Address):
        return kind
    if (int(ip) >> 32) & 0xFFFFFFFF in _ISATAP:
        return special_purpose(str(low))
    return None if ip in _GLOBAL_V6 else "reserved address"


def literal_address(host: str) -> str | None:
    """Return the address that a host name is another notation of; None for a name that DNS must resolve.

    C libraries parse decimal, octal and hexadecimal numbers; browsers decode %-escapes and full-width digits.

    >>> [literal_address(host) for host in ("0x7f.1", "2130706433", "[::1]", "news.example")]
    ['127.0.0.1', '127.0.0.1', '::1', None]
    """
    bare = host.strip("[]").translate(_DOTS)
    if not bare.isascii():
        try:
            bare = bare.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    with suppress(ValueError):
        return str(ipaddress.ip_address(bare.partition("%")[0]))
    if not _NUMBER.fullmatch(bare):
        return None
    try:
        return socket.inet_ntoa(socket.inet_aton(bare.rstrip(".")))
    except OSError:
        return None
