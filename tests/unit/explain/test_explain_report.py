"""The report on a page contains nothing of it that could be run, fetched, or mistaken for ours."""

import re
from pathlib import Path

import pytest
from lxml.html import HtmlElement, document_fromstring

from newsarchive.explain.explanation import explain
from newsarchive.explain.report import render_report

PAGES = sorted((Path(__file__).parents[2] / "pages").glob("*/page.html"))
URL = "https://courier.example/news/2026/05/lift-bridge-closes"
TAGS = frozenset(
    "html head meta title style body header main h1 h2 h3 p div span a strong br code bdi table thead tbody tr th td"
    " details summary ul ol li label input".split()
)
"""All tags of our own template."""
ATTRIBUTES = frozenset("lang charset http-equiv content name class id href rel dir scope type".split())
STORY = "".join(
    f"<p>Paragraph {number} of the story is long enough to be taken for text of it.</p>" for number in range(9)
)
HOSTILE = f"""<html><head><title>"><script>alert('title')</script></title>
<base href="javascript:alert('base')//">
<meta http-equiv="refresh" content="0; url=https://evil.example/refresh">
<meta property="og:title" content="&quot;&gt;&lt;script&gt;alert('og')&lt;/script&gt;">
<link rel="stylesheet" href="https://evil.example/sheet.css">
<style>@import "https://evil.example/import.css"; body {{ background: url(https://evil.example/css.png) }}</style>
<script>alert('head')</script><script src="https://evil.example/script.js"></script>
<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "<img src=x onerror=alert(1)>",
"image": "javascript:alert('image')", "author": "</td><script>alert('author')<\\/script>"}}</script></head>
<body onload="alert('load')" style="background: url(https://evil.example/style.png)">
<article class="a&quot;onmouseover=&quot;alert(1) story">
<h1 onclick="alert('click')">&lt;script&gt;alert('headline')&lt;/script&gt; in the harbour</h1>
{STORY}<p id="x'><svg onload=alert(2)>">Text with <a href="javascript:alert('link')">a link</a>,
<a href=" java&#10;script:alert(3)">another</a>, <a href="data:text/html,<script>alert(4)</script>">data</a>,
<a href='https://courier.example/"><script>alert(5)</script>'>one that breaks out</a> &lt;/p&gt;&lt;/style&gt;</p>
<p>&lt;/style&gt;&lt;script&gt;alert(6)&lt;/script&gt; {{{{ 7 * 191 }}}} {{% raw %}}</p>
<img src="https://evil.example/pixel.png" onerror="alert('img')"><iframe src="https://evil.example/frame"></iframe>
<object data="https://evil.example/object"></object><embed src="https://evil.example/embed">
<svg><script>alert('svg')</script><a xlink:href="javascript:alert(8)"><text>svg</text></a></svg>
<form action="https://evil.example/form"><input name="a"><button formaction="javascript:alert(9)">Go</button></form>
<video poster="https://evil.example/poster.png" src="https://evil.example/film.mp4" autoplay></video>
</article><aside class="related"><h3>Read <b onmouseover="alert(10)">also</b></h3>
<a href="/news/2026/05/one-story-of-several-words">One story of several words</a>
<a href="/news/2026/05/two-story-of-several-words">Two story of several words</a></aside></body></html>""".encode()


def parsed(payload: bytes, url: str = URL) -> HtmlElement:
    """Return the report as a browser parses it."""
    return document_fromstring(render_report(explain(payload, url)))


def assert_harmless(root: HtmlElement) -> None:
    """Check that there are only our own tags and attributes, and links only to the web or within the report."""
    for element in root.iter():
        assert element.tag in TAGS
        assert set(element.attrib) <= ATTRIBUTES
        if (href := element.get("href")) is not None:
            assert element.tag == "a"
            assert re.match(r"https?://|#", href)
            assert href.startswith("#") or element.get("rel") == "noopener noreferrer nofollow"
    styles = root.findall(".//style")
    assert len(styles) == 1
    assert "url(" not in (styles[0].text or "")
    assert "@import" not in (styles[0].text or "")
    equivalents = [meta.get("http-equiv") for meta in root.iter("meta") if meta.get("http-equiv")]
    assert equivalents == ["Content-Security-Policy"]
    assert [each.get("type") for each in root.iter("input")] == ["checkbox"]


def test_no_markup_of_a_hostile_page_is_kept() -> None:
    """Scripts, handlers, refreshes, styles, frames, forms and other URL schemes are removed; text is kept."""
    root = parsed(HOSTILE)
    assert_harmless(root)
    text = root.text_content()
    assert "<script>alert('headline')</script> in the harbour" in text
    assert "</style><script>alert(6)</script> {{ 7 * 191 }} {% raw %}" in text
    assert "1337" not in text
    hrefs = {str(a.get("href")) for a in root.iter("a")}
    assert not any("evil.example" in href or "script:" in href or href.startswith("data:") for href in hrefs)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", 'https://a.example/"><script>alert(1)</script>', "", "http://["]
)
def test_a_hostile_url_is_harmless(url: str) -> None:
    """--url may come from anywhere."""
    assert_harmless(parsed(HOSTILE, url))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_every_report_is_harmless(page: Path) -> None:
    """Whatever the page contains, the report consists of our own tags."""
    url = page.with_name("url.txt").read_text("utf-8").strip()
    assert_harmless(parsed(page.read_bytes(), url))


def test_the_policy_allows_only_the_reports_own_style() -> None:
    """Even markup that slipped through could neither be run nor fetch anything."""
    policy = next(meta.get("content") for meta in parsed(HOSTILE).iter("meta") if meta.get("http-equiv"))
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'", str(policy)
    )


def test_lines_are_in_page_order() -> None:
    """Each line once, in page order: its role, its text, its rule."""
    root = parsed(HOSTILE)
    texts = [p.text_content() for p in root.iterfind(".//p[@dir]") if "text" in (p.get("class") or "")]
    assert texts[0] == "<script>alert('headline')</script> in the harbour"
    assert texts[1:10] == [
        f"Paragraph {number} of the story is long enough to be taken for text of it." for number in range(9)
    ]
    assert texts.index("One story of several words Two story of several words") > texts.index("Read also") > 10
    marks = [mark.text_content().strip() for mark in root.iterfind(".//div[@class='mark']")]
    assert marks[:4] == ["headline", "text", "text", "text"]
    assert len(marks) == len(texts)
    assert all(why.text_content() for why in root.iterfind(".//div[@class='why']"))
