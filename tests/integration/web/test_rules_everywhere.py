"""Blocked addresses, hidden sites and embargoes hold at every door: nobody reads there what must not be shown."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, unquote

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import ROUTERS, create_app

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
    "/web/20260309060000mp_/{url}",
    "/web/20260309060000~2026/{url}",
    "/web/20260309060000im_/{url}",
    "/web/20260309060000cs_/{url}",
    "/web/20260309060000oe_/{url}",
    "/web/20260309060000im_seal/{url}",
    "/web/20260309060000cs_seal/{url}",
    "/web/20260309060000oe_seal/{url}",
    "/web/*/{url}",
    "/web/{url}",
    "/cdx?url={quoted}",
    "/cdx?url={quoted}&matchType=prefix",
    "/cdx?url={quoted}&matchType=host",
    "/cdx?url={quoted}&matchType=domain",
    "/cdx/search/cdx?url={quoted}&output=json",
    "/timegate/{url}",
    "/timemap/link/{url}",
    "/timemap/json/{url}",
    "/timemap/1/link/{url}",
    "/timemap/1/json/{url}",
    "/api/v1/captures?url={quoted}",
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
    "/api/v1/articles/{number}/versions",
    "/api/v1/articles/{number}/links",
    "/api/v1/articles/{number}/captures",
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
    "/tag/%3Cscript%3Ealert(1)%3C/script%3E%22'%3E%3Cimg%20src=x%20onerror=alert(1)%3E",
    "/openapi.json",
    "/opensearch.xml",
    "/robots.txt",
    "/help",
    "/api",
    "/api/v1/sites",
    "/api/v1/articles",
    "/api/v1/search?q=body",
    "/api/v1/search?q=unseen",
    "/api/v1/crawls",
    "/api/v1/sources",
    "/exports",
)
ELSEWHERE = {
    "/api/v1/versions/{version_id}": "below",
    "/exports/{job_id}/{name}": "below, and every form in doors/test_exports.py",
    "/warcs/{name}": "doors/test_warcs_door.py",
}
"""Doors that want more than an address."""


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


def test_no_page_names_a_site_that_is_excluded_whole(archive_of: Callable[..., Archive]) -> None:
    """Neither one that is there for its captures alone, nor one in newsarchive.toml whose address is blocked."""
    archive = archive_of(
        {"url": "https://stranger.example/a", "body": b"<p>A text.</p>"},
        config='[serve]\nblocked = ["https://stranger.example/", "https://ours.example/"]\n'
        '[[site]]\nname = "ours"\nurl = "https://ours.example/"',
    )
    with TestClient(create_app(archive)) as client:
        for address in ("/", "/sites", "/exports", "/help", "/api/v1/sites", "/crawls", "/search"):
            assert not re.search("stranger|ours", client.get(address).text.replace("yours", "")), address


def test_no_spelling_of_a_name_tells_of_a_hidden_page(paper: Archive, client: TestClient) -> None:
    """An author's page names how the name is printed; not how a hidden site alone prints it."""
    assert paper.index.spellings("ada berg") == ("Ada BERG", "Ada Berg")
    assert "Ada Berg" in client.get("/author/ada%20berg").text
    assert "Ada BERG" not in client.get("/author/ada%20berg").text


def test_no_number_of_a_version_opens_it(paper: Archive, client: TestClient) -> None:
    """Every excluded version is 404, one that is shown is not."""
    for url, status in (*((url, 404) for url in EXCLUDED.values()), ("https://news.example/evil", 200)):
        article = paper.index.article(paper.index.find_article(url) or 0)
        assert article is not None
        assert client.get(f"/api/v1/versions/{article.current.id}").status_code == status


@pytest.mark.parametrize("form", ["jsonl", "csv", "cdxj", "sqlite"])
def test_no_export_has_what_is_excluded(app: FastAPI, client: TestClient, form: str) -> None:
    """As its reader downloads it."""
    assert client.post("/exports", data={"format": form}).status_code == 303
    app.state.exports.wait()
    job = app.state.exports.all()[0]
    try:
        file = client.get(re.findall(rf'href="(/exports/{job.id}/[^"]+)"', client.get("/exports").text)[0])
    finally:
        app.state.exports.remove(job.id)
    assert file.status_code == 200
    assert b"news.example/evil" in file.content
    assert is_clean(file.content.decode("latin-1"))


def test_no_door_is_forgotten(app: FastAPI) -> None:
    """Every address that can be asked for is tried in this file, or it is said where."""
    words = {"url": "https://news.example/evil", "quoted": "x", "number": 1}
    lists = (OF_URLS, OF_ARTICLES, OF_CAPTURES, OF_SITES, OF_ALL)
    tried = [unquote(address.format(**words).partition("?")[0]) for each in lists for address in each]
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    asked = {route.path: route for route in routes if "GET" in (route.methods or ())}
    assert len(asked) > 40
    unknown = {path for path, route in asked.items() if not any(route.path_regex.match(each) for each in tried)}
    assert unknown == set(ELSEWHERE)


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
