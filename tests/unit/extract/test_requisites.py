from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.extract.requisites import MAX_REQUISITES, is_stylesheet, page_requisites, stylesheet_requisites
from newsarchive.extract.tree import Page, parse_page

BASE = "https://news.example/2026/story.html"


PICTURE = (
    '<picture><source type="image/x" srcset="/no.jpg"><source media="(max-width: 600px)" srcset="/phone.jpg">'
    '<source media="(min-width: 601px)" srcset="/desk.webp 1x"><img src="/old.jpg"></picture>'
)


def needs(body: str, head: str = "") -> list[str]:
    page = parse_page(f"<!DOCTYPE html><html><head>{head}</head><body>{body}<p>text</p></body></html>".encode(), BASE)
    assert isinstance(page, Page)
    return [url.removeprefix("https://news.example") for url in page_requisites(page)]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ('<img src="a.jpg">', ["/2026/a.jpg"]),
        ('<img src="a.jpg"><img src="a.jpg#x">', ["/2026/a.jpg"]),
        ('<img src="s.jpg" srcset="/s.jpg 320w, /m.jpg 1280w, /l.jpg 2560w">', ["/m.jpg"]),
        ('<img src="s.jpg" srcset="/s.jpg 320w, /m.jpg 640w">', ["/m.jpg"]),
        ('<img src="s.jpg" srcset="/one.jpg, /two.jpg 2x">', ["/one.jpg"]),
        ('<img srcset="/a,b.jpg 1300w,/c.jpg 100w">', ["/a,b.jpg"]),
        ('<img src="data:image/gif;base64,R0" data-src="/lazy.jpg">', ["/lazy.jpg"]),
        ('<img src="/holder.gif" data-srcset="/lazy.jpg 1400w">', ["/lazy.jpg"]),
        ('<img src="">', []),
        ('<img src="javascript:x"><img src="ftp://a/b"><img src="http://[::1">', []),
        (PICTURE, ["/desk.webp", "/old.jpg"]),
        ('<video poster="/p.jpg" src="/film.mp4"><source src="/film.webm"></video>', ["/p.jpg"]),
        ("<div style=\"background: url('/b.png')\">x</div>", ["/b.png"]),
        ("<style>@import '/a.css'; p { background: url(/c.png) }</style>", ["/a.css", "/c.png"]),
        ('<input type="image" src="/go.png"><input src="/no.png">', ["/go.png"]),
        ('<script src="/no.js"></script><a href="/no.html">x</a><iframe src="/no"></iframe>', []),
    ],
)
def test_images_and_backgrounds(body: str, wanted: list[str]) -> None:
    """Images in the size for a desktop, posters, backgrounds; no scripts, films or frames; each once."""
    assert needs(body) == wanted


@pytest.mark.parametrize(
    ("head", "wanted"),
    [
        ('<link rel="stylesheet" href="/a.css">', ["/a.css"]),
        ('<link rel="Stylesheet" media="screen and (min-width: 1000px)" href="/a.css">', ["/a.css"]),
        ('<link rel="stylesheet" media="print" href="/p.css">', []),
        ('<link rel="stylesheet" media="(max-width:700px)" href="/m.css">', []),
        ('<link rel="stylesheet" media="(min-width: 1280px) and (max-width: 1280px)" href="/d.css">', ["/d.css"]),
        ('<link rel="stylesheet" media="(min-width: 1281px)" href="/w.css">', []),
        ('<link rel="shortcut icon" href="/i.ico"><link rel="apple-touch-icon" href="/t.png">', ["/i.ico", "/t.png"]),
        ('<link rel="preload" as="font" href="/f.woff2"><link rel="preload" as="script" href="/s.js">', ["/f.woff2"]),
        ('<link rel="alternate" href="/feed"><link rel="canonical" href="/c"><link rel="next" href="/n">', []),
    ],
)  # fmt: skip
def test_stylesheets_and_icons(head: str, wanted: list[str]) -> None:
    """Stylesheets for screens, icons, preloaded fonts."""
    assert needs("", head) == wanted


def test_imports_and_images_of_a_stylesheet() -> None:
    """Imports in both forms, fonts, images, relative to the stylesheet; no comments, data: URLs and fragments."""
    text = """
    @import "base.css"; @IMPORT url( 'print.css' ) print;
    @font-face { font-family: X; src: url(f.woff2) format("woff2"), url("f.woff?#iefix") }
    p { background: url(data:image/png;base64,AA==); mask: url(#m) } /* url(no.png) */
    q { background-image: URL("a\\ b.png"), url('\\2e\\2e/up.png') }
    """
    found = stylesheet_requisites(text, "https://cdn.example/css/x/main.css")
    assert [url.removeprefix("https://cdn.example").replace(" ", "%20") for url in found] == [
        "/css/x/base.css", "/css/x/print.css", "/css/x/f.woff2", "/css/x/f.woff", "/css/x/a%20b.png", "/css/up.png",
    ]  # fmt: skip


@pytest.mark.parametrize(("mime", "url", "verdict"), [
    ("text/css", "https://a.example/x", True), ("", "https://a.example/x.css", True),
    ("text/plain", "https://a.example/x.CSS?v=1", True), ("text/html", "https://a.example/x.css", False),
    ("text/css", "https://a.example/x.png", False), ("image/png", "https://a.example/x", False),
])  # fmt: skip
def test_is_stylesheet(mime: str, url: str, verdict: bool) -> None:
    """A file named like an image is none, so that no chain of files goes on for ever."""
    assert is_stylesheet(mime, url) == verdict


def test_requisites_are_limited() -> None:
    """Of ten thousand images, the first are requisites."""
    assert len(needs("".join(f'<img src="/{n}.jpg">' for n in range(5_000)))) == MAX_REQUISITES


@given(st.text(max_size=200))
def test_any_stylesheet_is_read(text: str) -> None:
    """Any stylesheet gives absolute URLs, or none."""
    assert all(
        url.startswith(("http://", "https://")) for url in stylesheet_requisites(f"url({text}) @import '{text}'", BASE)
    )


@pytest.mark.parametrize(
    ("srcset", "wanted"),
    [
        # A comma is missing: browsers drop the candidate whose descriptor goes on.
        ("/a.jpg 140w, /b.jpg 360w, /c.jpg 200w\n /d.jpg 400w", "/b.jpg"),
        # A narrow no-break space is no white space of HTML.
        ("/8.30\u202fAM.jpg 1440w, /small.jpg 300w", "/8.30\u202fAM.jpg"),
    ],
)
def test_a_srcset_is_read_as_browsers_read_it(srcset: str, wanted: str) -> None:
    """The image that is kept is the one that a page shows."""
    assert [unquote(url) for url in needs(f"<img srcset='{srcset}'>")] == [wanted]
