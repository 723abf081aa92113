import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient
from lxml import html

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from newsarchive.web.middleware.security import HEADERS
from newsarchive.web.serve_options import DEFAULT_OPTIONS

Browsers: TypeAlias = Callable[..., TestClient]

PAGES = (
    "/",
    "/sites",
    "/site/news",
    "/site/held",
    "/crawls",
    "/crawls/20260309T060000Z-0001",
    "/crawls/20260309T060000Z-0001?outcome=error",
    "/help",
    "/nowhere",
)
OUTSIDE = ("http", "//", "javascript:", "data:", "vbscript:")


@pytest.fixture(scope="module", params=PAGES)
def page(request: pytest.FixtureRequest, browser: TestClient) -> html.HtmlElement:
    """Each page, parsed."""
    return html.document_fromstring(browser.get(request.param).text)


def test_no_archived_script_runs(page: html.HtmlElement) -> None:
    """No inline script, style or handler, and no frame, for any archived text."""
    assert not page.xpath(
        "//script[not(@src)] | //style | //iframe | //object | //embed | //base | //meta[@http-equiv]"
    )
    assert not page.xpath("//@style | //@*[starts-with(name(), 'on')]")
    assert not [src for src in page.xpath("//@src | //link/@href") if src.startswith(OUTSIDE)]
    assert not page.xpath("//img")


def test_links_stay_in_the_archive(page: html.HtmlElement) -> None:
    """An external link is marked, sends no referrer, and is http."""
    for link in page.xpath("//a[@href]"):
        if link.get("href").startswith(OUTSIDE):
            assert link.get("href").startswith(("http://", "https://"))
            assert {"noreferrer", "external"} <= set(link.get("rel").split())


def test_pages_are_accessible(page: html.HtmlElement) -> None:
    """One h1, one main, a language, a title, a label for each input, unique ids."""
    assert len(page.xpath("//h1")) == 1
    assert len(page.xpath("//main")) == 1
    assert page.get("lang") == "en"
    assert page.xpath("//title")[0].text.strip()
    for field in page.xpath("//input | //select"):
        assert page.xpath(f"//label[@for='{field.get('id')}']")
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", [*PAGES, "/robots.txt", "/opensearch.xml", "/static/style.css", "/static/nothing.css"])
def test_every_response_has_security_headers(browser: TestClient, path: str) -> None:
    """Pages, files and errors alike."""
    headers = browser.get(path).headers
    assert headers["content-security-policy"] == HEADERS["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("path", PAGES)
def test_nothing_excluded_is_on_a_page(browser: TestClient, path: str) -> None:
    """No text, name or count of blocked URLs, hidden sites and embargoed captures."""
    text = browser.get(path).text
    assert "UNSEEN" not in text
    assert "secret" not in text
    assert "/private/" not in text


def test_home_shows_new_articles(browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts cover published captures; hostile text is escaped; findings of the health check are listed."""
    monkeypatch.setattr("newsarchive.web.health_monitor.MAX_WAIT", 60.0)
    text = " ".join(html.document_fromstring(browser.get("/").text).text_content().split())
    assert "6 articles" in text
    assert "7 captures" in text
    assert "2 sites" in text
    assert "Evil <script>alert(1)</script>" in text
    assert "a.warc.gz: The file is missing, and with it" in text


def test_cells_of_wide_tables_are_labelled(page: html.HtmlElement) -> None:
    """On phones rows of wide tables become lines without the table head."""
    for table in page.xpath("//table[contains(@class, 'stack')]"):
        heads = [head.text_content() for head in table.xpath("./thead//th")]
        for row in table.xpath("./tbody/tr"):
            assert [cell.get("data-label") for cell in row] == [None, *heads[1:]]


def test_a_site_is_shown_whole(browser: TestClient) -> None:
    """Coverage, sections, authors, captures by outcome."""
    page = html.document_fromstring(browser.get("/site/news").text)
    text = " ".join(page.text_content().split())
    assert "5 articles" in text
    assert "6 captures" in text
    assert "Ada Berg" in text
    assert page.xpath("//svg//rect")
    links = [link for link in page.xpath("//a/@href") if link.startswith("/section/")]
    assert links == [
        "/section/news/%3Cscript%3Ealert%281%29%3C%2Fscript%3E%22%27%3E%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E"
    ]


def test_a_crawl_shows_its_errors(browser: TestClient) -> None:
    """Errors by kind, each with its captures and the reason."""
    page = html.document_fromstring(browser.get("/crawls/20260309T060000Z-0001?outcome=error").text)
    rows = page.xpath("//table//tbody/tr")
    assert len(rows) == 1
    assert "https://news.example/broken?<b>" in rows[0].text_content()
    assert "answered <script>" in rows[0].text_content()
    assert re.search(r"error 500\s+1", page.xpath("//aside")[0].text_content())


@pytest.mark.parametrize("path", ["/site/secret", "/site/nobody", "/crawls/none", "/site/%00", "/crawls/x%2Fy"])
def test_a_hidden_site_is_not_found(browser: TestClient, path: str) -> None:
    """The responses for a hidden site and for an unknown one are the same."""
    answer = browser.get(path)
    assert answer.status_code == 404
    assert "Not in the archive" in answer.text


@pytest.mark.parametrize("path", ["/tag/", "/tag/%20", "/author/", "/author/%20%20", "/section/news/"])
def test_empty_names_are_not_found(browser: TestClient, path: str) -> None:
    """404, not all articles under an empty heading."""
    answer = browser.get(path)
    assert answer.status_code == 404
    assert "The URL has no name" in answer.text


def test_a_url_in_the_search_box_leads_to_its_captures(browser: TestClient) -> None:
    """A pasted address is no query; one among words is."""
    answer = browser.get("/search?q=https://news.example/a?b=1", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (
        302,
        "/calendar?url=https%3A%2F%2Fnews.example%2Fa%3Fb%3D1",
    )
    assert browser.get("/search?q=https://news.example/a+harbour", follow_redirects=False).status_code == 200


@pytest.mark.parametrize(
    "form", ["{bare}", "<{url}>", "{url}?utm_source=x&fbclid=y", "{url}#top", "{bare}?utm_medium=z"]
)
def test_a_url_is_found_as_people_paste_it(browser: TestClient, form: str) -> None:
    """Without its scheme, in angle brackets, with parameters of a campaign: it leads to the captures of the page."""
    url = browser.get("/api/v1/articles?limit=1").json()["articles"][0]["url"]
    pasted = form.format(url=url, bare=url.partition("://")[2])
    answer = browser.get(f"/search?{urlencode({'q': pasted})}")
    assert (answer.status_code, answer.url.path) == (200, "/calendar")


@pytest.mark.parametrize("words", ["harbour.example", "3.5", "body.news", '"news.example"'])
def test_words_that_could_be_a_url_are_searched(browser: TestClient, words: str) -> None:
    """Only what is archived is taken for a URL without a scheme."""
    answer = browser.get(f"/search?{urlencode({'q': words})}")
    assert (answer.status_code, answer.url.path) == (200, "/search")


def test_a_search_leads_to_an_export_of_what_it_finds(browsers: Browsers) -> None:
    """Query, filters and days are in the form; the end is inclusive in both."""
    search = "/search?q=body&site=news&language=en&until=2026-03&sort=rank"
    with browsers() as client:
        [address] = html.document_fromstring(client.get(search).text).xpath(
            "//main//a[starts-with(@href, '/exports')]/@href"
        )
        forms = html.document_fromstring(client.get(address).text).forms
    [form] = [form for form in forms if form.action == "/exports"]
    given = {name: value for name, value in form.form_values() if value}
    assert given == {"format": "jsonl", "q": "body", "site": "news", "language": "en", "until": "2026-03-31"}


def test_exports_are_not_linked_where_they_are_disabled(browsers: Browsers) -> None:
    """A public archive has no exports unless its owner allows them."""
    for options, leads in ((DEFAULT_OPTIONS, True), (replace(DEFAULT_OPTIONS, public=True), False)):
        with browsers(options) as client:
            for path in ("/help", "/search?q=body"):
                assert ('href="/exports' in client.get(path).text) is leads


def test_a_quiet_day_leads_to_its_own_articles(browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The link is a search for that day only."""
    monkeypatch.setattr("newsarchive.web.pages.bar_charts.is_thin", lambda count, expected: True)
    links = re.findall(r"since=(\d{4}-\d\d-\d\d)&amp;until=(\S+?)\"", browser.get("/site/news").text)
    assert links
    assert all(since == until for since, until in links)


@pytest.mark.parametrize("query", ["outcome=nothing", "page=0", "page=x", "page=101", "page=99999999999999999999"])
def test_invalid_parameters_are_400(browser: TestClient, query: str) -> None:
    """400, with the invalid parameter."""
    answer = browser.get(f"/crawls/20260309T060000Z-0001?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.text


@pytest.mark.parametrize("number", [0, 2**31, 2**63, 10**30])
@pytest.mark.parametrize("path", ["/article/{}", "/article/{}/compare", "/article/{}.wacz", "/record/{}"])
def test_huge_ids_are_not_found(browser: TestClient, path: str, number: int) -> None:
    """404, however large; the database is not queried with it."""
    answer = browser.get(path.format(number), headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert "Not in the archive" in answer.text


@pytest.mark.parametrize("path", ["/", "/sites", "/crawls", "/help"])
def test_an_empty_archive_has_instructions(empty: Archive, path: str) -> None:
    """It shows the first commands."""
    with TestClient(create_app(empty)) as client:
        answer = client.get(path)
    assert answer.status_code == 200
    assert "newsarchive" in answer.text
    if path == "/":
        assert "This archive is empty" in answer.text
        assert "newsarchive add" in answer.text


def test_static_files_are_cached_by_digest(browser: TestClient) -> None:
    """Their URLs change with their content; a URL without a digest is revalidated."""
    href = html.document_fromstring(browser.get("/").text).xpath("//link[@rel='stylesheet']/@href")[0]
    assert "immutable" in browser.get(href).headers["cache-control"]
    assert "immutable" not in browser.get("/static/style.css").headers["cache-control"]


def test_search_engines_are_kept_out(browser: TestClient) -> None:
    """Unless the owner lets them in."""
    assert "Disallow: /\n" in browser.get("/robots.txt").text


def test_head_is_get_without_the_body(browser: TestClient) -> None:
    """The same headers, no body."""
    head, whole = browser.head("/help"), browser.get("/help")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == whole.headers["content-length"]
