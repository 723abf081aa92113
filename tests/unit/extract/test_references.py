"""Where references lead: the same address under every Python."""

from urllib.parse import urljoin

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsarchive.extract.tree import absolute
from storage.references import resolved, without_empty_query
from storage.warc.reader import redirect_of

BASE = "https://news.example/a/b?c=d#e"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("f", "https://news.example/a/f"),
        ("f?", "https://news.example/a/f"),
        ("f?#", "https://news.example/a/f"),
        ("f?#g", "https://news.example/a/f#g"),
        ("f#", "https://news.example/a/f"),
        ("f;", "https://news.example/a/f"),
        ("f;;", "https://news.example/a/f;;"),
        ("f;g=h", "https://news.example/a/f;g=h"),
        ("f??", "https://news.example/a/f??"),
        ("f?g=?", "https://news.example/a/f?g=?"),
        ("?", "https://news.example/a/b"),
        ("?#g", "https://news.example/a/b#g"),
        ("?g", "https://news.example/a/b?g"),
        ("#", "https://news.example/a/b?c=d"),
        ("#g?", "https://news.example/a/b?c=d#g?"),
        ("//other.example?", "https://other.example"),
        ("/../f", "https://news.example/f"),
        ("http://other.example/f?", "http://other.example/f"),
        ("mailto:ada@news.example", "mailto:ada@news.example"),
    ],
)
def test_what_delimits_nothing_is_gone(reference: str, expected: str) -> None:
    """An empty query, fragment or parameter names no other page."""
    assert resolved(BASE, reference) == expected


@given(
    st.sampled_from((BASE, "http://127.0.0.1:8080", "https://news.example/a;b/c;d?e")),
    st.text(alphabet="ab/.;?#=:é %", max_size=10),
)
@example(BASE, "?")
@example(BASE, ";?#")
def test_else_it_is_urljoin(base: str, reference: str) -> None:
    """But for such delimiters, whatever the reference is made of."""
    try:
        joined = urljoin(base, reference)
    except ValueError:
        with pytest.raises(ValueError, match=r"."):
            resolved(base, reference)
        return
    found = resolved(base, reference)
    url, _, fragment = found.partition("#")
    assert without_empty_query(url) == url
    assert bool(fragment) == ("#" in found)
    if reference.partition("#")[0] != "?":
        for mark in (";", "?", "#"):
            joined, found = joined.replace(mark, ""), found.replace(mark, "")
        assert found == joined


@pytest.mark.parametrize("link", ["/story?", "story?", "https://news.example/story?", "//news.example/story?#top"])
def test_a_page_has_one_address_however_it_is_linked(link: str) -> None:
    """From the root, relative, in full, as a redirect: what is asked for has no empty query either."""
    assert absolute("https://news.example/", link) == "https://news.example/story"
    assert redirect_of("https://news.example/", 301, (("Location", link),)) == "https://news.example/story"
