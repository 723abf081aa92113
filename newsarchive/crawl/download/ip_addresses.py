"""What kind of place an IP address is, and which host names are addresses in disguise.

    kind_of("169.254.169.254") --> "link-local address (where clouds keep their metadata)"
    kind_of("93.184.215.14")   --> None: the public internet

By IANA's registries of special-purpose addresses (RFC 6890 and its updates), spelt out here since Python's own
`is_global` changes from version to version. An IPv6 address that stands for an IPv4 one is what that one is.
"""

import ipaddress
import re
import socket

_V4 = (
    ("0.0.0.0/8", "address of this machine"),
    ("10.0.0.0/8", "private address"),
    ("100.64.0.0/10", "address behind a carrier's NAT"),
    ("127.0.0.0/8", "loopback address"),
    ("169.254.0.0/16", "link-local address (where clouds keep their metadata)"),
    ("172.16.0.0/12", "private address"),
    ("192.0.0.0/24", "address of a protocol"),
    ("192.0.2.0/24", "address for documentation"),
    ("192.88.99.0/24", "6to4 relay"),
    ("192.168.0.0/16", "private address"),
    ("198.18.0.0/15", "address for benchmarks"),
    ("198.51.100.0/24", "address for documentation"),
    ("203.0.113.0/24", "address for documentation"),
    ("224.0.0.0/4", "multicast address"),
    ("240.0.0.0/4", "reserved address"),
)
_V6 = (
    ("::/128", "address of this machine"),
    ("::1/128", "loopback address"),
    ("64:ff9b:1::/48", "NAT64 address of a private network"),
    ("100::/64", "address that discards"),
    ("2001::/32", "Teredo tunnel"),
    ("2001::/23", "address of a protocol"),
    ("2001:db8::/32", "address for documentation"),
    ("3fff::/20", "address for documentation"),
    ("5f00::/16", "segment routing address"),
    ("fc00::/7", "private address"),
    ("fe80::/10", "link-local address"),
    ("fec0::/10", "site-local address"),
    ("ff00::/8", "multicast address"),
)
_KINDS = tuple((ipaddress.ip_network(network), kind) for network, kind in (*_V4, *_V6))
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


def kind_of(address: str) -> str | None:
    """What kind of place an address is, where it is none of the public internet; None where it is.

    >>> kind_of("::ffff:10.0.0.1"), kind_of("93.184.215.14")
    ('private address', None)
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "no address"
    inner = _inner(ip) if isinstance(ip, ipaddress.IPv6Address) else None
    if inner is not None:
        return kind_of(str(inner))
    for network, kind in _KINDS:
        if ip.version == network.version and ip in network:
            return kind
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if (int(ip) >> 32) & 0xFFFFFFFF in _ISATAP:
        return kind_of(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return None if ip in _GLOBAL_V6 else "reserved address"


def _inner(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for; None where it stands for itself."""
    if ip.sixtofour is not None:
        return ip.sixtofour
    number = int(ip)
    if number > 1 and any(ip in network for network in _LOW_32):
        return ipaddress.IPv4Address(number & 0xFFFFFFFF)
    return None


def spelt_out(host: str) -> str | None:
    """The address that a host name is, however it is spelt; None for a name that only DNS can tell of.

    C libraries read numbers in decimal, octal and hexadecimal, and with fewer than three dots; browsers undo
    %-escapes and full-width digits before that.

    >>> spelt_out("0x7f.1"), spelt_out("2130706433"), spelt_out("[::1]"), spelt_out("news.example")
    ('127.0.0.1', '127.0.0.1', '::1', None)
    """
    bare = host.strip("[]").translate(_DOTS)
    if not bare.isascii():
        try:
            bare = bare.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    try:
        return str(ipaddress.ip_address(bare.partition("%")[0]))
    except ValueError:
        pass
    if not _NUMBER.fullmatch(bare):
        return None
    try:
        return socket.inet_ntoa(socket.inet_aton(bare.rstrip(".")))
    except OSError:
        return None
