"""Stylesheets: every URL is replaced."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.extract.requisites import parse_srcset
from newsarchive.web.snapshot import css, url_slots
from newsarchive.web.snapshot.replay_links import EmbedKind

BASE = "https://news.example/css/main.css"


def map_url(url: str, kind: EmbedKind) -> str | None:
    """Return the archived URL; None for names with "gone"."""
    return None if "gone" in url else f"/web/1{kind}/{url}"


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("a{background:url(b.png)}", 'a{background:url("/web/1im_/https://news.example/css/b.png")}'),
        ("a{background:URL( 'b.png' )}", 'a{background:url("/web/1im_/https://news.example/css/b.png")}'),
        ('a{background:url("b\\"c.png")}', 'a{background:url("/web/1im_/https://news.example/css/b%22c.png")}'),
        ("a{background:\\75\\72\\6c(//e.example/x)}", 'a{background:url("/web/1im_/https://e.example/x")}'),
        ("a{background:url(gone.png)}", 'a{background:url("data:,")}'),
        ("a{background:url(javascript:x)}", 'a{background:url("data:,")}'),
        ("a{background:url(data:text/html,x)}", 'a{background:url("data:,")}'),
        ("a{background:url(data:image/png;base64,AA)}", 'a{background:url("data:image/png;base64,AA")}'),
        ("a{fill:url(#g)}", 'a{fill:url("#g")}'),
        ("@import 'x.css' print;", '@import url("/web/1cs_/https://news.example/css/x.css") print;'),
        ("@IMPORT url(x.css);", '@import url("/web/1cs_/https://news.example/css/x.css");'),
        ("@font-face{src:url(f.woff2?v=1)}", '@font-face{src:url("/web/1oe_/https://news.example/css/f.woff2?v=1")}'),
        ('@charset "gbk";a{}', "a{}"),
        ("@namespace svg url(http://www.w3.org/2000/svg);", "@namespace svg url(http://www.w3.org/2000/svg);"),
        ("/* url(x) */a{}", "a{}"),
        ("a{content:'url(x)'}", "a{content:'url(x)'}"),
        ('a{content:"\\4e2d"}', 'a{content:"\\4e2d"}'),
        ("a{b:image-set('x.png' 1x)}", 'a{b:image-set("/web/1im_/https://news.example/css/x.png" 1x)}'),
        ("a{}/* open", "a{}"),
    ],
)
def test_a_stylesheet_is_rewritten_exactly(written: str, left: str) -> None:
    """URLs lead into the archive or nowhere; everything else is unchanged."""
    assert css.rewrite_css(written, BASE, map_url) == left


@given(text=st.text(alphabet="url(\"')\\ /*@import;{}a75<\n", max_size=60))
def test_any_text_is_safe_in_a_style_element(text: str) -> None:
    """No text can end its <style> element or begin a tag."""
    left = css.escape_for_style_element(css.rewrite_css(text, BASE, map_url))
    assert "</" not in left
    assert not re.search(r"<[a-zA-Z!?]", left)


@given(value=st.text(alphabet="ab,. /1x2w()\t", max_size=60))
def test_a_srcset_round_trips(value: str) -> None:
    """Parsing a formatted srcset returns the same candidates."""
    found = [(url, descriptor) for url, descriptor in parse_srcset(value) if "," not in url + descriptor]
    assert all(url and not url.endswith(",") for url, _ in found)
    tame = [(url, descriptor) for url, descriptor in found if "(" not in descriptor and ")" not in descriptor]
    assert list(parse_srcset(url_slots.format_srcset(tame))) == tame
