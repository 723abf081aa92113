"""Sanitised pages: what runs or fetches is removed, the rest leads into the archive."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.web.snapshot.replay_links import EmbedKind, ReplayLinks
from newsarchive.web.snapshot.rewrite import MAX_CHARACTERS, MAX_ELEMENTS, SanitizedPage, TooLarge, sanitize_page

URL = "https://news.example/a/page.html"
LINKS = ReplayLinks(timestamp="20260301060000", token="s")


def page(html: str, url: str = URL) -> SanitizedPage:
    """Sanitise a page, which must succeed."""
    found = sanitize_page(html, url)
    assert isinstance(found, SanitizedPage)
    return found


def rewrite(html: str, *missing: str) -> str:
    """Rewrite a page in an archive that has all URLs but some."""
    return page(html).to_html(LINKS.page_url, lambda url, kind: None if url in missing else LINKS.embed_url(url, kind))


def body(html: str, *missing: str) -> str:
    """Return the rewritten content of a body."""
    found = re.search(r"<body>(.*)</body>", rewrite(f"<!doctype html><body>{html}</body>", *missing), re.DOTALL)
    assert found is not None
    return found[1].strip()


def test_a_page_is_rewritten_exactly() -> None:
    """Links lead to archived pages, embedded URLs to archived resources, and nothing else is left."""
    html = (
        '<!DOCTYPE html><html lang="en" onload="x()"><head><title>A page</title><base href="/b/">'
        '<link rel="stylesheet" href="s.css" integrity="sha256-x" crossorigin media="screen"><link rel="icon" href="i">'
        '<script>evil()</script></head><body class="c" onclick="y()"><a href="../c?d=1&amp;e=2#f" ping="/p">link</a>'
        '<img src="i.png" alt="An image" onerror="z()"><p style="color: red">text</p></body></html>'
    )
    assert rewrite(html) == (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<link rel="stylesheet" media="screen" href="/web/20260301060000cs_s/https://news.example/b/s.css"></head>'
        '<body class="c"><a target="_top" rel="nofollow noreferrer" '
        'href="/web/20260301060000/https://news.example/c?d=1&amp;e=2#f">link</a>'
        '<img alt="An image" src="/web/20260301060000im_s/https://news.example/b/i.png">'
        '<p style="color: red">text</p></body></html>'
    )


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<script>x</script>a", "a"),
        ("<noscript><b>for readers</b></noscript>", "<b>for readers</b>"),
        ("<iframe src=//x></iframe>a", "a"),
        ("<object data=//x><b>instead</b></object>", "<span><b>instead</b></span>"),
        ("<embed src=//x>a", "a"),
        ("<track src=//x>a", "a"),
        ("<math><mtext>x</mtext></math>a", "a"),
        ("<template><img src=x></template>a", "a"),
        ('<template shadowrootmode="open"><b>x</b></template>', "<div><b>x</b></div>"),
        ("<meta http-equiv=refresh content='0;//x'>a", "a"),
        ("<link rel=preconnect href=//x>a", "a"),
        ("<a href='javascript:x'>a</a>", "<a>a</a>"),
        ("<a href=' java\nscript:x'>a</a>", "<a>a</a>"),
        ("<a href='data:text/html,x'>a</a>", "<a>a</a>"),
        ("<a href='mailto:x@y.example'>a</a>", "<a>a</a>"),
        ("<a href='#here'>a</a>", '<a href="#here">a</a>'),
        (f"<a href='{URL}#here'>a</a>", '<a href="#here">a</a>'),
        ("<form action=//x method=post><button formaction=//y>b</button></form>", "<form><button>b</button></form>"),
        ("<input type=password>", '<input type="text" disabled>'),
        ("<input type=checkbox checked>", '<input type="checkbox" checked>'),
        ("<svg onload=x><script>y</script><use href='#a'></use></svg>", '<svg><use href="#a"></use></svg>'),
        ("<svg><use href='//x#a'></use><style>*{}</style></svg>", "<svg><use></use></svg>"),
        ("<svg><path fill='url(#g)' stroke='url(//x)'></path></svg>", '<svg><path fill="url(#g)"></path></svg>'),
        ("<news-card foo=1>x</news-card>", "<news-card>x</news-card>"),
        ("<unheard-of-4>x</unheard-of-4><nonsense>y</nonsense>", "<unheard-of-4>x</unheard-of-4><span>y</span>"),
        ("<p data-x='1' data-y='//x' aria-label=z>p</p>", '<p data-x="1" aria-label="z">p</p>'),
        ("<p onx=1 xonx=2 srcdoc=3 autofocus>p</p>", "<p>p</p>"),
    ],
)
def test_scripts_and_fetches_are_removed(html: str, left: str) -> None:
    """Elements and attributes that are not on the allowlist are removed; text is kept."""
    assert body(html) == left


def test_lazy_images_are_shown() -> None:
    """The URL in the attribute of a lazy loader becomes the URL of the image."""
    html = '<img class="lazy wide" src="data:image/gif;base64,AA" data-src="/real.jpg" data-srcset="/real-2.jpg 2x">'
    assert body(html) == (
        '<img class="lazyloaded wide" data-src="/real.jpg" data-srcset="/real-2.jpg 2x" '
        'src="/web/20260301060000im_s/https://news.example/real.jpg" '
        'srcset="/web/20260301060000im_s/https://news.example/real-2.jpg 2x">'
    )


def test_deferred_stylesheets_are_applied() -> None:
    """A stylesheet that is preloaded, or for print until a script runs, is part of the page's appearance."""
    html = (
        "<head><link rel=preload as=style href=a.css onload=\"this.rel='stylesheet'\">"
        "<link rel=stylesheet media=print href=b.css onload=\"this.media='all'\"></head><body>x</body>"
    )
    assert re.findall(r"<link[^>]*>", rewrite(html)) == [
        '<link rel="stylesheet" href="/web/20260301060000cs_s/https://news.example/a/a.css">',
        '<link rel="stylesheet" href="/web/20260301060000cs_s/https://news.example/a/b.css">',
    ]


def test_requisites_are_listed_once_in_order() -> None:
    """One index query looks up all embedded URLs; a URL that is not archived is not in the page."""
    html = (
        "<head><style>@import 'a.css';p{background:url(b.png)}</style><link rel=stylesheet href=gone.css></head>"
        "<body background=c.png><img src=d.png srcset='d.png 1x, gone.png 2x'><video src=e.mp4 poster=f.png></video>"
    )
    base = "https://news.example/a/"
    assert list(page(html).requisites().items()) == [
        (base + name, kind)
        for name, kind in (
            ("a.css", EmbedKind.STYLE),
            ("b.png", EmbedKind.IMAGE),
            ("gone.css", EmbedKind.STYLE),
            ("c.png", EmbedKind.IMAGE),
            ("d.png", EmbedKind.IMAGE),
            ("gone.png", EmbedKind.IMAGE),
            ("e.mp4", EmbedKind.OTHER),
            ("f.png", EmbedKind.IMAGE),
        )
    ]
    left = rewrite(html, f"{base}gone.css", f"{base}gone.png")
    assert "gone" not in left
    assert "srcset" in left


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("<!doctype html>", "<!DOCTYPE html>\n"),
        ("", ""),
        (
            '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN" "http://www.w3.org/TR/html4/loose.dtd">',
            '<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN" "http://www.w3.org/TR/html4/loose.dtd">\n',
        ),
        ('<!DOCTYPE html PUBLIC "<script>">', "<!DOCTYPE html>\n"),
    ],
)
def test_the_layout_mode_is_kept(written: str, kept: str) -> None:
    """Quirks mode or standards mode, as in the original."""
    assert rewrite(f"{written}<html><body>x</body></html>").startswith(f"{kept}<html>")


def test_a_frameset_becomes_a_list_of_its_frames() -> None:
    """Framed pages become links."""
    html = "<html><frameset cols=50%,50%><frame src=left.html name=Left><frame src=right.html></frameset></html>"
    left = rewrite(html)
    assert 'href="/web/20260301060000/https://news.example/a/left.html">Left</a>' in left
    assert 'href="/web/20260301060000/https://news.example/a/right.html">' in left


def test_a_meta_refresh_is_reported() -> None:
    """A refresh is not executed; its target is shown."""
    assert page("<meta http-equiv='Refresh' content='5; URL=/next'>x").refresh_url == "https://news.example/next"
    assert page("<meta http-equiv=refresh content=30>x").refresh_url is None


def test_too_large_pages_are_refused() -> None:
    """The limits bound time and memory; the exceeded one is named."""
    assert sanitize_page("<p>" + "x" * MAX_CHARACTERS, URL) == TooLarge(
        reason=f"{MAX_CHARACTERS + 3:,} characters of HTML; up to {MAX_CHARACTERS:,} are shown"
    )
    found = sanitize_page("<p>" * (MAX_ELEMENTS + 10), URL)
    assert isinstance(found, TooLarge)
    assert sanitize_page("", URL) is None


PIECES = st.sampled_from(
    "<script> </script> <svg> </svg> <style> </style> <math> <template> <noscript> </noscript> <title> <textarea> "
    "<img/src=x/onerror=e()> <a/href=javascript:e()> <iframe/src=//evil.example> <!-- --> ]]> <![CDATA[ &lt; \" ' "
    "<p/style=background:url(//evil.example)> <base/href=//evil.example> <link/rel=stylesheet/href=//evil.example> "
    "<table> <tr> <select> <option> <form/action=//evil.example> <mtext> <mglyph> <annotation-xml> text "
    "<object/data=//evil.example> <input/onfocus=e()/autofocus> \\75rl(//evil.example) @import'//evil.example' "
    "<foreignObject> <desc> <xmp> <plaintext> <noembed> <frameset> <meta/http-equiv=refresh/content=0;//e>".split()
)
OURS = re.compile(r"(?:/web/20260301060000|#|data:)")


@given(pieces=st.lists(PIECES, max_size=25))
def test_no_markup_can_run_or_leave_the_archive(pieces: list[str]) -> None:
    """However markup is nested, the result has no event handlers, no scripts, and only URLs of the archive."""
    found = sanitize_page("".join(pieces), URL)
    if not isinstance(found, SanitizedPage):
        return
    left = found.to_html(LINKS.page_url, LINKS.embed_url)
    tags = re.findall(r"<[a-zA-Z!/](?:[^>\"']|\"[^\"]*\"|'[^']*')*>", left)
    for tag in tags:
        assert not re.match(r"<(?:script|iframe|object|embed|base|math|template|noscript|frame|applet)\b", tag)
        assert not re.search(r"\s(?:on\w+|action|formaction|srcdoc|data|http-equiv)\s*=", tag)
        for value in re.findall(r"\s(?:href|src|srcset|poster|background)=(?:\"([^\"]*)\"|'([^']*)')", tag):
            assert OURS.match("".join(value))
    values = [unescape("".join(pair)) for tag in tags for pair in re.findall(r"=(?:\"([^\"]*)\"|'([^']*)')", tag)]
    for css in (*re.findall(r"<style\b[^>]*>(.*?)</style", left, re.DOTALL), *values):
        # What a string says that is no argument of url() is not fetched.
        for target in re.findall(r"url\(\s*[\"']?([^\"')]*)|\"[^\"\n]*\"|'[^'\n]*'", css):
            assert OURS.match(target) or "evil" not in target
