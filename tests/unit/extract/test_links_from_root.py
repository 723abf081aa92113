"""Links from the root of a site take a short way; it must lead where the long one does."""

from hypothesis import example, given
from hypothesis import strategies as st

from newsarchive.extract.tree import absolute
from storage.references import resolved

BASES = ("https://news.example/a/b.html?c#d", "http://127.0.0.1:8080/", "https://user:word@news.example")


@given(
    st.sampled_from(BASES),
    st.text(alphabet="/.;?#&= %aé\u00a0:\\@", max_size=12).map(lambda rest: f"/{rest}"),
)
@example("https://news.example/a/b.html?c#d", "//")
@example("https://news.example/a/b.html", "/\t/")
@example("https://news.example", "/a/../b")
@example("https://news.example", "/a;")
@example("https://news.example", "//other.example/a")
@example("https://news.example", "/a?#b")
@example("https://news.example", "/a?b=?")
def test_a_link_from_the_root_is_resolved_as_rfc_3986_says(base: str, href: str) -> None:
    """Whatever stands in the path, query or fragment: the same address as any link's, its fragment gone."""
    try:
        expected = resolved(base, href.strip())
    except ValueError:
        assert absolute(base, href) is None
        return
    assert absolute(base, href) == expected.partition("#")[0].replace(" ", "%20")
