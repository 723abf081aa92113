import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.index.rows.interning import split_key
from storage.index.rows.site_registry import KnownSite, SiteRegistry, site_name_from_host
from storage.urls import surt, surt_host, url_host


def known(number: int, name: str, *hosts: str, configured: bool = True) -> KnownSite:
    """Return a site with these hosts."""
    return KnownSite(id=number, name=name, url=f"https://{hosts[0]}/", hosts=hosts, configured=configured)


BOOK = SiteRegistry(
    [
        known(1, "news", "news.example", "cdn.other.example"),
        known(2, "sport", "sport.news.example"),
        known(3, "other", "www.other.example"),
        known(4, "local", "localhost:8000"),
        known(5, "stranger.example", "stranger.example", configured=False),
        known(6, "other.example", "other.example", configured=False),
    ]
)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://news.example/a", "news"),
        ("http://www.news.example/a", "news"),
        ("https://deep.down.news.example/a", "news"),
        ("https://sport.news.example/a", "sport"),
        ("https://live.sport.news.example/a", "sport"),
        ("https://other.example/", "other"),
        ("https://www.other.example/", "other"),
        ("https://blog.other.example/", None),
        ("https://cdn.other.example/x.jpg", "news"),
        ("http://localhost:8000/", "local"),
        ("http://localhost/", None),
        ("https://www.stranger.example/", "stranger.example"),
        ("https://sub.stranger.example/", None),
        ("https://notnews.example/", None),
        ("mailto:x@news.example", None),
    ],
)
def test_the_longest_host_decides(url: str, name: str | None) -> None:
    """Configured sites have their hosts, with or without www, and the hosts below; others their own host alone."""
    site = BOOK.find(url)
    assert (site.name if site else None) == name


def test_the_requesting_site_decides_if_the_host_is_unknown() -> None:
    """A page of an unknown host belongs to the requesting site; a host's own site has precedence."""
    asked = BOOK.find_configured("https://cdn.example/x", "news")
    assert asked is not None
    assert asked.name == "news"
    own = BOOK.find_configured("https://sport.news.example/x", "news")
    assert own is not None
    assert own.name == "sport"
    assert BOOK.find_configured("https://cdn.example/x", "nobody") is None


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.News.example/A/b?Z=1&a=2", "example,news)/a/b?a=2&z=1"),
        ("http://user:pw@news.example:8080", "example,news:8080)/"),
        ("http://127.0.0.1:8000/x", "127.0.0.1:8000)/x"),
        ("http://[::1]:80/x", "[::1])/x"),
        ("urn:x", "urn:x"),
    ],
)
def test_keys_sort_by_host(url: str, key: str) -> None:
    """A URL's key begins with its host, reversed."""
    assert surt(url) == key


@given(st.text(max_size=2000))
def test_any_url_has_a_key(text: str) -> None:
    """Any link target has a key of bounded length, and the name of a site."""
    for url in (text, f"http://{text}", f"https://news.example/{text}"):
        assert len(surt(url)) <= 600
        assert isinstance(surt_host(url_host(url)), str)
        assert site_name_from_host(url)


@given(st.text(max_size=700), st.sampled_from(["", "http://", "https://www.news.example/", "https://News.example/a?"]))
def test_a_key_is_its_beginning_and_the_rest_of_the_url(text: str, before: str) -> None:
    """Databases put the key of any URL together from both, in ASCII lower case."""
    url = before + text.encode("utf-8", "ignore").decode()
    head, place = split_key(url)
    assert head + url[place - 1 :].encode().lower().decode() == surt(url)
