"""Matches of CSS selectors."""

from lxml.html import document_fromstring

from newsarchive.extract.site_layout import Selector

PAGE = document_fromstring("""
<html lang="en-GB"><body class="page story"><div class="story lead" id="main" data-x="@data-x"><p class="Story">one</p>
<div class="by info" rel="author">two</div><span rel="author nofollow">three</span>
<div itemprop="articleBody">four</div>
<a href="https://a.example/x" class="by">five</a><a href="">six</a><a>seven</a><time class="date">eight</time></div>
<div class="storybook" lang="en">nine</div><div class="">ten</div><DIV CLASS="info&#9;story" REL="Author">eleven</DIV>
</body></html>""")


def test_matches_are_in_page_order_each_once() -> None:
    found = Selector("time, .info, a.by, .by").elements(PAGE)
    assert [element.text for element in found] == ["two", "five", "eight", "eleven"]


def test_classes_are_separated_as_in_xpath() -> None:
    """A form feed or a no-break space is a part of the class."""
    page = document_fromstring("<p class='a\xa0b'>one<p class='a\tb'>two<p class='a\fb'>three")
    assert Selector(".a").values(page) == ["two"]
