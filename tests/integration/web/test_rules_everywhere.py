"""Blocked addresses, hidden sites and embargoes hold at every door: nobody reads there what must not be shown."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app

EXCLUDED = {
    "blocked": "https://news.example/private/x",
    "hidden": "https://secret.example/a",
    "embargoed": "https://held.example/new",
}
OF_URLS = (
    "/listing?url={quoted}",
    "/calendar?url={quoted}",
    "/web/20260309060000/{url}",
    "/web/20260309060000id_/{url}",
    "/web/{url}",
    "/cdx?url={quoted}",
    "/cdx?url={quoted}&matchType=prefix",
    "/cdx?url={quoted}&matchType=host",
    "/cdx?url={quoted}&matchType=domain",
    "/cdx/search/cdx?url={quoted}&output=json",
    "/timegate/{url}",
    "/timemap/link/{url}",
    "/timemap/json/{url}",
)
OF_ARTICLES = (
    "/article/{number}",
    "/article/{number}?version=1",
    "/article/{number}/compare?a=1&b=1",
    "/article/{number}/cite.bib",
    "/article/{number}/cite.json",
    "/article/{number}.warc.gz",
    "/article/{number}.wacz",
    "/api/v1/articles/{number}",
)
OF_CAPTURES = ("/record/{number}", "/api/v1/captures/{number}")
OF_SITES = (
    "/site/secret",
    "/search?site=secret",
    "/search?q=site:secret",
    "/search.jsonl?site=secret",
    "/section/secret/x",
)
OF_ALL = (
    "/",
    "/sites",
    "/crawls",
    "/crawls/20260309T060000Z-0001",
    "/search?q=unseen",
    "/search?q=body",
    "/search",
    "/search.atom",
    "/search.json",
    "/search.csv",
    "/search.jsonl",
    "/cdx?url=example&matchType=domain",
    "/cdx?url=*.example",
    "/listing",
    "/author/Ada%20Berg",
    "/openapi.json",
)


@pytest.fixture
def app(paper: Archive) -> FastAPI:
    return create_app(paper)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, follow_redirects=False) as made:
        yield made


def said(client: TestClient, address: str, asked: str = "") -> str:
    """What a door says, without what was asked: an answer may name that."""
    answer = client.get(address)
    text = answer.text + " ".join(answer.headers.get(name, "") for name in ("location", "link", "content-location"))
    assert answer.status_code < 500, (address, text[:300])
    for form in {asked, quote(asked, safe=""), quote(asked), asked.partition("//")[2]} - {""}:
        text = text.replace(form, "")
    return text


def is_clean(text: str) -> bool:
    return not re.search(r"UNSEEN|secret\.example|/private/|held\.example/new", text)


@pytest.mark.parametrize("address", OF_URLS)
@pytest.mark.parametrize("url", EXCLUDED.values(), ids=EXCLUDED)
def test_no_door_knows_an_excluded_address(client: TestClient, address: str, url: str) -> None:
    """As if it had never been captured."""
    asked = address.format(url=url, quoted=quote(url, safe=""))
    text = said(client, asked, url)
    assert is_clean(text), text
    if "matchType" not in asked:
        never = url.replace("example/", "example/never-")
        other = client.get(address.format(url=never, quoted=quote(never, safe="")))
        assert client.get(asked).status_code == other.status_code


@pytest.mark.parametrize("address", OF_ARTICLES)
@pytest.mark.parametrize("url", EXCLUDED.values(), ids=EXCLUDED)
def test_no_number_of_an_article_opens_it(paper: Archive, client: TestClient, address: str, url: str) -> None:
    """404, the same as for a number that is nobody's."""
    number = paper.index.find_article(url)
    assert number is not None
    assert client.get(address.format(number=number)).status_code == 404
    assert is_clean(said(client, address.format(number=number)))
    assert client.get(address.format(number=10**6)).status_code == 404


@pytest.mark.parametrize("address", OF_CAPTURES)
def test_no_number_of_a_capture_opens_it(paper: Archive, client: TestClient, address: str) -> None:
    """Every excluded capture is 404."""
    excluded = [capture.id for capture in paper.index.captures() if capture.url in EXCLUDED.values()]
    assert len(excluded) == 3
    assert {client.get(address.format(number=number)).status_code for number in excluded} == {404}


@pytest.mark.parametrize("address", [*OF_ALL, *OF_SITES])
def test_no_list_has_what_is_excluded(client: TestClient, address: str) -> None:
    """Searches, feeds, rows, lists of captures."""
    assert is_clean(said(client, address))


def test_no_list_of_the_api_has_what_is_excluded(app: FastAPI, client: TestClient) -> None:
    """All that the API lists, as it describes itself."""
    described = client.get("/openapi.json").json()["paths"]
    lists = [path for path in described if path.startswith("/api/") and "{" not in path and "get" in described[path]]
    assert len(lists) > 3
    for path in lists:
        assert is_clean(said(client, path)), path


@pytest.mark.parametrize("address", [*OF_URLS[1:], *OF_ARTICLES, *OF_CAPTURES, *OF_ALL])
def test_the_same_doors_know_what_is_shown(paper: Archive, client: TestClient, address: str) -> None:
    """What is tried above are doors: for what may be shown they do not say 404."""
    url = "https://news.example/evil"
    number = paper.index.find_article(url)
    if address in OF_CAPTURES:
        number = next(capture.id for capture in paper.index.captures() if capture.url == url)
    asked = address.format(url=url, quoted=quote(url, safe=""), number=number)
    assert client.get(asked).status_code != 404, asked
