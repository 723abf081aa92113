"""Stylesheets: every address is replaced, whatever stands around it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.web.snapshot import css, srcset
from newsarchive.web.snapshot.replay_links import Kind

BASE = "https://news.example/css/main.css"


def place(url: str, kind: Kind) -> str | None:
    """Where things are: nowhere for what is called gone."""
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
def test_a_stylesheet_is_rewritten_to_the_character(written: str, left: str) -> None:
    """Addresses lead into the archive or nowhere; the rest stands as it stood."""
    assert css.rewritten(written, BASE, place) == left


@given(text=st.text(alphabet="url(\"')\\ /*@import;{}a75<\n", max_size=60))
def test_any_text_can_be_rewritten_and_stand_in_a_page(text: str) -> None:
    """Nothing that is written ends the <style> that it stands in, or reaches a host."""
    left = css.inline(css.rewritten(text, BASE, place))
    assert "</" not in left
    assert not re.search(r"<[a-zA-Z!?]", left)


@given(value=st.text(alphabet="ab,. /1x2w()\t", max_size=60))
def test_candidates_of_any_srcset_can_be_written_again(value: str) -> None:
    """What is written from what was read reads the same."""
    found = [(url, descriptor) for url, descriptor in srcset.candidates(value) if "," not in url + descriptor]
    assert all(url and not url.endswith(",") for url, _ in found)
    tame = [(url, descriptor) for url, descriptor in found if "(" not in descriptor and ")" not in descriptor]
    assert list(srcset.candidates(srcset.joined(tame))) == tame
