"""Links from the root of a site are resolved by a shortcut with the same result."""

from hypothesis import example, given
from hypothesis import strategies as st

from newsarchive.extract.tree import resolve_link
from storage.urls import resolve_url

BASES = ("https://news.example/a/b.html?c#d", "http://127.0.0.1:8080/", "https://user:word@news.example")


@given(st.sampled_from(BASES), st.text(alphabet="/.;?#&= %aé\u00a0:\\@", max_size=12).map(lambda rest: f"/{rest}"))
@example("https://news.example/a/b.html?c#d", "//")
@example("https://news.example/a/b.html", "/\t/")
@example("https://news.example", "/a/../b")
@example("https://news.example", "/a;")
@example("https://news.example", "//other.example/a")
@example("https://news.example", "/a?#b")
@example("https://news.example", "/a?b=?")
def test_a_link_from_the_root_is_resolved_by_rfc_3986(base: str, href: str) -> None:
    """Whatever the path, query or fragment: the URL is that of RFC 3986, without fragment."""
    try:
        expected = resolve_url(base, href.strip())
    except ValueError:
        assert resolve_link(base, href) is None
        return
    assert resolve_link(base, href) == expected.partition("#")[0].replace(" ", "%20")
