"""A CSS selector finds what its plain translation to XPath finds, however it is looked for."""

import pytest
from cssselect import HTMLTranslator
from lxml.etree import XPath
from lxml.html import document_fromstring

from newsarchive.extract.selectors import Selector

PAGE = document_fromstring("""
<html lang="en-GB"><body class="page story"><div class="story lead" id="main" data-x="@data-x"><p class="Story">one</p>
<div class="by info" rel="author">two</div><span rel="author nofollow">three</span>
<div itemprop="articleBody">four</div>
<a href="https://a.example/x" class="by">five</a><a href="">six</a><a>seven</a><time class="date">eight</time></div>
<div class="storybook" lang="en">nine</div><div class="">ten</div><DIV CLASS="info&#9;story" REL="Author">eleven</DIV>
</body></html>""")


@pytest.mark.parametrize(
    "css",
    [
        ".story",
        "div.story",
        "DIV.story",
        "div.story, .by, time, [itemprop=articleBody]",
        "[rel=author], div.by, div.info",
        "[rel~=author]",
        "[rel=author i]",
        "[rel!=author]",
        "[lang|=en]",
        "a[href]",
        "a[href='']",
        "a[href^='https:']",
        "[href$=x], [href*='a.example']",
        "[href*='']",
        "[data-x='@data-x']",
        "#main",
        "#main, #main > p, p.Story",
        "div.story.lead",
        "div.story .by",
        "div:not(.story)",
        "div.story:first-child",
        "*",
        "[*|rel=author]",
    ],
)
def test_a_css_selector_finds_what_its_plain_translation_finds(css: str) -> None:
    plain = XPath(HTMLTranslator().css_to_xpath(css, prefix="descendant-or-self::"))(PAGE)
    assert Selector(css).elements(PAGE) == plain


def test_matches_come_in_the_pages_order_each_once() -> None:
    found = Selector("time, .info, a.by, .by").elements(PAGE)
    assert [element.text for element in found] == ["two", "five", "eight", "eleven"]
