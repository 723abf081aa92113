"""Home page: description of the archive, and articles edited after publication."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from lxml import html
from starlette.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from newsarchive.web.serve_options import DEFAULT_OPTIONS

ArchiveOf = Callable[..., Archive]
Browsers = Callable[..., TestClient]
TEXT = "".join(
    f"<p>Sentence number {number} of a text that is long enough to be read as an article.</p>" for number in range(12)
)


def page(headline: str, more: str = "") -> bytes:
    """Return an article page with a paragraph of its own: one text under many headlines is a soft error."""
    own = f"<p>The word {headline.partition(' ')[0]} stands in no other story of this newspaper.</p>"
    return (
        f"<html lang=en><head><title>{headline}</title><meta property=og:type content=article></head>"
        f"<body><article><h1>{headline}</h1>{own}{TEXT}{more}</article></body></html>"
    ).encode()


def first_page(archive: Archive) -> html.HtmlElement:
    with TestClient(create_app(archive), base_url="http://127.0.0.1:8000") as client:
        return html.document_fromstring(client.get("/").text)


def edited(archive: Archive) -> list[str]:
    """Return the headlines below "Edited after publication"."""
    return [link.text_content() for link in first_page(archive).xpath("//ul[@class='edited']//a")]


def test_edited_articles_are_listed_newest_first(archive_of: ArchiveOf) -> None:
    """Articles with one version are not listed; each links to the comparison."""
    address = "https://news.example/2026/03/01/"
    told = (
        ("first-edited", page("First edited")),
        ("second-edited", page("Second edited")),
        ("left-alone", page("Left alone")),
        ("first-edited", page("First edited", "<p>More of it, a whole sentence.</p>")),
        ("second-edited", page("Second edited", "<p>And more here, a whole sentence.</p>")),
    )
    archive = archive_of(
        *(
            {"url": address + name, "body": body, "at": datetime(2026, 3, 1, hour, tzinfo=UTC)}
            for hour, (name, body) in enumerate(told, 6)
        )
    )
    assert edited(archive) == ["Second edited", "First edited"]
    link = first_page(archive).xpath("//ul[@class='edited']//a/@href")[0]
    with TestClient(create_app(archive), base_url="http://127.0.0.1:8000") as client:
        assert "And more here" in client.get(link).text


@pytest.mark.parametrize(
    "config",
    [
        '[serve]\nblocked = ["https://news.example/private/"]',
        '[[site]]\nname = "news.example"\nurl = "https://news.example/"\nhidden = true',
        '[[site]]\nname = "news.example"\nurl = "https://news.example/"\nembargo = "90000d"',
    ],
)
def test_excluded_articles_are_not_listed_as_edited(archive_of: ArchiveOf, config: str) -> None:
    """Blocked, hidden and embargoed articles are not listed."""
    url = "https://news.example/private/2026/03/01/edited"
    archive = archive_of(
        {"url": url, "body": page("UNSEEN"), "at": datetime(2026, 3, 1, 6, tzinfo=UTC)},
        {"url": url, "body": page("UNSEEN", "<p>More of it, a whole sentence.</p>")},
        config=config,
    )
    assert edited(archive) == []
    assert "UNSEEN" not in first_page(archive).text_content()


def test_the_description_of_the_archive_is_shown(browsers: Browsers) -> None:
    """Text and links; unsafe links remain text."""
    about = (
        "Kept by [the library](https://library.example/). <b>x</b> [bad](javascript:alert) [sly](//evil.example) "
        "[q](/search?q=a)"
    )
    with browsers(replace(DEFAULT_OPTIONS, about=about)) as client:
        said = html.document_fromstring(client.get("/").text).xpath("//p[contains(@class, 'about-archive')]")[0]
    assert said.text_content().startswith("Kept by the library. <b>x</b> [bad](javascript:alert) [sly](//evil.example)")
    assert said.xpath("./a/@href") == ["https://library.example/", "/search?q=a"]
    assert not said.xpath(".//b")


@pytest.mark.parametrize("path", ["/", "/search?q=plain", "/article/1", "/web/2026/https://news.example/0", "/help"])
def test_no_page_sets_a_cookie(browser: TestClient, path: str) -> None:
    """There is no session that could be stolen or planted."""
    assert "set-cookie" not in browser.get(path, follow_redirects=False).headers
