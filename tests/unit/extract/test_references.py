"""Resolution of relative references: the same URL under every Python version."""

from urllib.parse import urljoin

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsarchive.extract.tree import resolve_link
from storage.urls import drop_empty_query, resolve_url
from storage.warc.reader import redirect_target

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
def test_empty_parts_are_removed(reference: str, expected: str) -> None:
    """An empty query, fragment or parameter names no other page."""
    assert resolve_url(BASE, reference) == expected


@given(
    st.sampled_from((BASE, "http://127.0.0.1:8080", "https://news.example/a;b/c;d?e")),
    st.text(alphabet="ab/.;?#=:é %", max_size=10),
)
@example(BASE, "?")
@example(BASE, ";?#")
def test_other_references_are_resolved_like_urljoin(base: str, reference: str) -> None:
    """All other references are resolved as by urljoin."""
    try:
        joined = urljoin(base, reference)
    except ValueError:
        with pytest.raises(ValueError, match=r"."):
            resolve_url(base, reference)
        return
    found = resolve_url(base, reference)
    url, _, fragment = found.partition("#")
    assert drop_empty_query(url) == url
    assert bool(fragment) == ("#" in found)
    if reference.partition("#")[0] != "?":
        for mark in (";", "?", "#"):
            joined, found = joined.replace(mark, ""), found.replace(mark, "")
        assert found == joined


@pytest.mark.parametrize("link", ["/story?", "story?", "https://news.example/story?", "//news.example/story?#top"])
def test_a_page_has_one_url_however_it_is_linked(link: str) -> None:
    """From the root, relative, absolute, as a redirect: no requested URL has an empty query."""
    assert resolve_link("https://news.example/", link) == "https://news.example/story"
    assert redirect_target("https://news.example/", 301, (("Location", link),)) == "https://news.example/story"
