"""On a front page whose links do not look like those of articles, all links outside its menus are followed."""

from itertools import product

import pytest

from newsarchive.extract import read
from newsarchive.extract.page_input import PageInput
from storage.model import Discovery, Outcome, Reading, UrlKind

BOXES = {
    "paragraphs": "<p>{}</p>",
    "list": "<li>{}</li>",
    "headings": "<h2>{}</h2>",
    "boxes": "<div class=card>{}</div>",
    "table": "<table><tr><td>{}</td></tr></table>",
    "lines": "{}<br>",
}
URLS = ("/{}", "/{}.html", "/news/{}/", "/w{}", "/article/{}", "/?id={}", "/Story{}", "/posts/post{}.html")
ANCHORS = ("Bridge{}", "Bridge {}", "The bridge {}", "The bridge of the town {} opens")
MENU = '<nav><a href="/sport">Sport</a><a href="/politics">Politics</a></nav>'
FOOTER = '<footer><a href="/about">About</a> <a href="/logo.png">Logo</a></footer>'


def read_front_page(content: str, kind: UrlKind = UrlKind.LISTING, scripts: str = "") -> Reading:
    """Return the reading of a front page; `kind`: what its URL was requested as."""
    page = f"<html><head><title>Gazette</title>{scripts}</head><body>{content}</body></html>".encode()
    headers = (("Content-Type", "text/html; charset=utf-8"),)
    discovery = Discovery(site="gazette", kind=kind)
    return read(page, PageInput(url="https://gazette.example/", headers=headers, status=200, discovery=discovery))


def list_paths(reading: Reading) -> list[str]:
    """Return the paths of all links of a reading, in order."""
    return [link.url.removeprefix("https://gazette.example") for group in reading.link_groups for link in group.links]


@pytest.mark.parametrize("box", BOXES)
def test_no_link_of_a_front_page_is_too_short(box: str) -> None:
    """One to nine links, in any markup, with any form of URL and text: each is found, none of a menu or footer."""
    for url, anchor, count, menu in product(URLS, ANCHORS, (1, 3, 5, 9), ("", MENU)):
        links = "".join(
            BOXES[box].format(f'<a href="{url.format(number)}">{anchor.format(number)}</a>') for number in range(count)
        )
        reading = read_front_page(f"{menu}<h1>Gazette</h1>{links}{FOOTER}")
        assert list_paths(reading) == [url.format(number) for number in range(count)], (url, anchor, count, menu)
        assert count < 5 or reading.outcome is Outcome.LISTING


def test_links_that_look_like_articles_stand_alone() -> None:
    """Other links of such a front page are not followed: tags, authors, services."""
    cards = "".join(
        f"<h2><a href='/town/10{n}{n}4/the-bridge-of-the-town-opens-{n}'>The bridge opens on day {n}</a></h2>"
        for n in range(6)
    )
    assert len(list_paths(read_front_page(f"{cards}<p><a href='/x'>Subscribe</a></p>"))) == 6


def test_a_page_found_otherwise_is_no_listing_for_its_short_links() -> None:
    links = "".join(f'<p><a href="/w{number}">Bridge {number}</a></p>' for number in range(5))
    reading = read_front_page(links, UrlKind.ARTICLE)
    assert (reading.outcome, reading.link_groups) == (Outcome.OTHER, ())


def test_a_notice_in_place_of_a_front_page_is_no_listing() -> None:
    """Its few links are followed all the same."""
    reading = read_front_page('<h1>Back soon</h1><p>See <a href="/status">status</a>.</p>')
    assert (reading.outcome, list_paths(reading)) == (Outcome.OTHER, ["/status"])


def test_a_script_shell_is_one_with_a_link_in_it() -> None:
    reading = read_front_page('<div id="app"></div><a href="/help">Help</a>', scripts='<script src="/app.js"></script>')
    assert (reading.outcome, reading.reason) == (Outcome.EMPTY, "no text before scripts run")
