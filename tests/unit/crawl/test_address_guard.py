import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.urls.ssrf import AddressGuard, is_public, url_refusal_reason

FINE = [
    "https://news.example/",
    "http://news.example:8080/2026/11/25/a-story-about-a-story-about-trade.html?page=2&lang=en",
    "https://news.example/world/asia/china/world/",
    "https://xn--bcher-kva.example/%E6%96%B0",
    "https://[2606:4700::1]/a",
    "https://news.example/sidebar/sidney?besides=1",
]
REFUSED = {
    "not http or https": [
        "ftp://news.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "//news.example/",
        "data:,x",
    ],
    "not a URL": [
        "http://",
        "http:///a",
        "http://[::1",
        "http://a.example:99999/",
        "http://a b.example/",
        "http://:80/",
    ],
    "contains a password": ["http://me:secret@news.example/", "http://me@news.example/"],
    "port of another protocol": ["http://news.example:25/", "http://news.example:22/"],
    "URL too long": ["https://news.example/" + "x" * 2048],
}


@pytest.mark.parametrize("url", FINE)
def test_usual_urls_pass(url: str) -> None:
    """No URL that news sites publish is refused."""
    assert url_refusal_reason(url) is None


@pytest.mark.parametrize(("why", "url"), [(why, url) for why, urls in REFUSED.items() for url in urls])
def test_refused_urls_have_their_reason(why: str, url: str) -> None:
    """Other schemes, invalid URLs, passwords, ports of other protocols."""
    assert url_refusal_reason(url) == why


@given(st.text(max_size=60).map(lambda text: f"http://{text}") | st.text(max_size=40))
def test_any_text_is_judged_as_a_url(url: str) -> None:
    """A result for any text, never an exception."""
    assert url_refusal_reason(url) is None or isinstance(url_refusal_reason(url), str)


PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1",
    "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:192.168.0.1", "2002:7f00:1::", "64:ff9b::a00:1", "",
    "not an address",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_special_addresses_are_not_public(address: str) -> None:
    """Loopback, private, link-local, metadata, multicast, documentation, and IPv6 addresses that embed such ones."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_public(address: str) -> None:
    """IPv4, IPv6 and mapped ones."""
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_judged_by_its_ipv4_address(address: ipaddress.IPv4Address) -> None:
    """IPv6 notations of an IPv4 address do not bypass the guard."""
    plain = is_public(str(address))
    assert is_public(f"::ffff:{address}") == plain
    assert is_public(str(ipaddress.IPv6Address((0x64FF9B << 96) | int(address)))) == plain


def test_only_configured_hosts_may_be_private() -> None:
    """allow_private is valid for the hosts of its site, by name, and for no others."""
    guard = AddressGuard(["Intranet.example", "127.0.0.1"])
    allowed = [
        guard.refusal_reason(host, "10.0.0.1") is None for host in ("intranet.example", "127.0.0.1", "evil.example")
    ]
    assert (allowed, guard.refusal_reason("evil.example", "8.8.8.8")) == ([True, True, False], None)
