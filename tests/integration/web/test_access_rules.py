"""Blocked URLs, hidden sites and embargoes apply to every page and every API."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, unquote

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import ROUTERS, create_app
from storage.index.queries.aggregates import list_author_spellings
from storage.index.queries.articles import find_article_id, get_article, iter_captures

EXCLUDED = {
    "blocked": "https://news.example/private/x",
    "hidden": "https://secret.example/a",
    "embargoed": "https://held.example/new",
}
OF_URLS = (
    "/listing?url={quoted}",
    "/api/v1/listings?url={quoted}",
    "/calendar?url={quoted}",
    "/web/20260309060000/{url}",
    "/web/20260309060000id_/{url}",
    "/web/20260309060000mp_/{url}",
    "/web/20260309060000~2026/{url}",
    "/web/20260309060000bare_/{url}",
    "/web/20260309060000mp_bare_/{url}",
    "/web/20260309060000cs_sealbare_/{url}",
    "/web/20260309060000im_/{url}",
    "/web/20260309060000cs_/{url}",
    "/web/20260309060000oe_/{url}",
    "/web/20260309060000im_seal/{url}",
    "/web/20260309060000cs_seal/{url}",
    "/web/20260309060000oe_seal/{url}",
    "/web/20260309060000th_/{url}",
    "/web/20260309060000th_seal/{url}",
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
    "/article/{number}/cite.ris",
    "/article/{number}.warc.gz",
    "/article/{number}.wacz",
    "/api/v1/articles/{number}",
    "/api/v1/articles/{number}/compare",
    "/api/v1/articles/{number}/links",
    "/api/v1/articles/{number}/similar",
    "/api/v1/articles/{number}/captures",
)
OF_CAPTURES = ("/record/{number}", "/api/v1/captures/{number}")
OF_SITES = (
    "/site/secret",
    "/search?site=secret",
    "/search?q=site:secret",
    "/search.jsonl?site=secret",
    "/section/secret/x",
    "/days?site=secret",
    "/2026?site=secret",
)
OF_ALL = (
    "/",
    "/sites",
    "/days",
    "/2026",
    "/2026/03",
    "/2026/03/01",
    "/2026/03/09",
    "/2026/03/10",
    "/changes",
    "/changes.atom",
    "/changes.json",
    "/alerts",
    "/alerts?query=body",
    "/changes.csv",
    "/changes.jsonl",
    "/trends?q=unseen&q=body",
    "/trends?site=secret&site=news",
    "/trends.csv?q=body&site=held",
    "/trends.svg?q=body",
    "/api/v1/trends?q=body&q=unseen",
    "/api/v1/changes",
    "/api/v1/placements?url=https://news.example/",
    "/crawls",
    "/crawls/20260309T060000Z-0001",
    "/search?q=unseen",
    "/search?q=body",
    "/search",
    "/search.atom",
    "/search.json",
    "/search.csv",
    "/search.jsonl",
    "/search.bib",
    "/search.ris",
    "/search.csl.json",
    "/api/v1/bibliography?q=body",
    "/api/v1/bibliography?q=unseen&format=ris",
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
    "/exports/{job_id}/{name}": "below, and every form in web_api/test_exports.py",
    "/warcs/{name}": "web_api/test_warc_downloads.py",
    "/alerts/{key}.atom": "test_alerts_page.py",
    "/alerts/{key}.json": "test_alerts_page.py",
}
"""Routes that need more than a URL."""


@pytest.fixture(scope="module")
def app(paper: Archive) -> FastAPI:
    return create_app(paper)


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, follow_redirects=False) as made:
        yield made


def get_text(client: TestClient, address: str, asked: str = "") -> str:
    """Return a response without the requested URL, which it may name."""
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
def test_no_route_knows_an_excluded_url(client: TestClient, address: str, url: str) -> None:
    """As if it had never been captured."""
    asked = address.format(url=url, quoted=quote(url, safe=""))
    text = get_text(client, asked, url)
    assert is_clean(text), text
    if "matchType" not in asked:
        never = url.replace("example/", "example/never-")
        other = client.get(address.format(url=never, quoted=quote(never, safe="")))
        assert client.get(asked).status_code == other.status_code


@pytest.mark.parametrize("address", OF_ARTICLES)
@pytest.mark.parametrize("url", EXCLUDED.values(), ids=EXCLUDED)
def test_excluded_articles_are_not_found_by_id(paper: Archive, client: TestClient, address: str, url: str) -> None:
    """404, as for an unknown id."""
    number = paper.index.ask(find_article_id, url)
    assert number is not None
    assert client.get(address.format(number=number)).status_code == 404
    assert is_clean(get_text(client, address.format(number=number)))
    assert client.get(address.format(number=10**6)).status_code == 404


@pytest.mark.parametrize("address", OF_CAPTURES)
def test_excluded_captures_are_not_found_by_id(paper: Archive, client: TestClient, address: str) -> None:
    """Every excluded capture is 404."""
    excluded = [capture.id for capture in paper.index.stream(iter_captures) if capture.url in EXCLUDED.values()]
    assert len(excluded) == 3
    assert {client.get(address.format(number=number)).status_code for number in excluded} == {404}


@pytest.mark.parametrize("address", [*OF_ALL, *OF_SITES])
def test_no_list_has_what_is_excluded(client: TestClient, address: str) -> None:
    """Searches, feeds, CSV and JSON Lines, lists of captures."""
    assert is_clean(get_text(client, address))


def test_no_page_names_a_site_that_is_excluded_whole(archive_of: Callable[..., Archive]) -> None:
    """Neither a site known only from captures, nor one in newsarchive.toml whose URL is blocked."""
    archive = archive_of(
        {"url": "https://stranger.example/a", "body": b"<p>A text.</p>"},
        config='[serve]\nblocked = ["https://stranger.example/", "https://ours.example/"]\n'
        '[[site]]\nname = "ours"\nurl = "https://ours.example/"',
    )
    with TestClient(create_app(archive)) as client:
        for address in ("/", "/sites", "/exports", "/help", "/api/v1/sites", "/crawls", "/search"):
            assert not re.search("stranger|ours", client.get(address).text.replace("yours", "")), address


def test_no_spelling_of_a_name_discloses_a_hidden_page(paper: Archive, client: TestClient) -> None:
    """The page of an author lists spellings of the name, but not those of hidden sites."""
    assert paper.index.ask(list_author_spellings, "ada berg") == ("Ada BERG", "Ada Berg")
    assert "Ada Berg" in client.get("/author/ada%20berg").text
    assert "Ada BERG" not in client.get("/author/ada%20berg").text


def test_excluded_versions_are_not_found_by_id(paper: Archive, client: TestClient) -> None:
    """Every excluded version is 404, one that is shown is not."""
    for url, status in (*((url, 404) for url in EXCLUDED.values()), ("https://news.example/evil", 200)):
        article = paper.index.ask(get_article, paper.index.ask(find_article_id, url) or 0)
        assert article is not None
        assert client.get(f"/api/v1/versions/{article.current.id}").status_code == status


@pytest.mark.parametrize("form", ["jsonl", "csv", "cdxj", "sqlite"])
def test_no_export_has_what_is_excluded(app: FastAPI, client: TestClient, form: str) -> None:
    """In the downloaded file."""
    assert client.post("/exports", data={"format": form}).status_code == 303
    app.state.exports.wait()
    job = app.state.exports.list_jobs()[0]
    try:
        file = client.get(re.findall(rf'href="(/exports/{job.id}/[^"]+)"', client.get("/exports").text)[0])
    finally:
        app.state.exports.remove(job.id)
    assert file.status_code == 200
    assert b"news.example/evil" in file.content
    assert is_clean(file.content.decode("latin-1"))


def test_every_route_is_tested(app: FastAPI) -> None:
    """Every route is tested in this file, or listed with the test that covers it."""
    words = {"url": "https://news.example/evil", "quoted": "x", "number": 1}
    lists = (OF_URLS, OF_ARTICLES, OF_CAPTURES, OF_SITES, OF_ALL)
    tried = [unquote(address.format(**words).partition("?")[0]) for each in lists for address in each]
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    asked = {route.path: route for route in routes if "GET" in (route.methods or ())}
    assert len(asked) > 40
    unknown = {path for path, route in asked.items() if not any(route.path_regex.match(each) for each in tried)}
    assert unknown == set(ELSEWHERE)


def test_a_listing_under_the_rules(archive_of: Callable[..., Archive]) -> None:
    """A blocked one is not archived; on a published one, links to what is blocked are left out."""
    links = "".join(f'<p><a href="/2026/03/01/story-{n}">Story {n} of the day is told here</a></p>' for n in range(9))
    body = f"<html><body><main><h2>News</h2>{links}</main></body></html>".encode()
    pages = [{"url": f"https://news.example/{name}", "body": body} for name in ("", "secret/")]
    blocked = ["https://news.example/secret/", "https://news.example/2026/03/01/story-4"]
    archive = archive_of(*pages, config=f"[serve]\nblocked = {blocked}")
    client = TestClient(create_app(archive), base_url="http://127.0.0.1:8000")
    shown = client.get("/api/v1/listings?url=https://news.example/")
    assert shown.json()["groups"][0]["links"][0]["url"] == "https://news.example/2026/03/01/story-0"
    assert "story-4" not in shown.text
    hidden = client.get("/api/v1/listings?url=https://news.example/secret/")
    assert hidden.status_code == client.get("/listing?url=https://news.example/secret/").status_code == 404


def test_no_list_of_the_api_has_what_is_excluded(app: FastAPI, client: TestClient) -> None:
    """All list calls of the OpenAPI document."""
    described = client.get("/openapi.json").json()["paths"]
    lists = [path for path in described if path.startswith("/api/") and "{" not in path and "get" in described[path]]
    assert len(lists) > 3
    for path in lists:
        assert is_clean(get_text(client, path)), path


@pytest.mark.parametrize("address", [*OF_URLS[2:], *OF_ARTICLES, *OF_CAPTURES, *OF_ALL])
def test_the_same_routes_show_published_captures(paper: Archive, client: TestClient, address: str) -> None:
    """The URLs tested above exist: for published captures they do not return 404."""
    url = "https://news.example/evil"
    number = paper.index.ask(find_article_id, url)
    if address in OF_CAPTURES:
        number = next(capture.id for capture in paper.index.stream(iter_captures) if capture.url == url)
    asked = address.format(url=url, quoted=quote(url, safe=""), number=number)
    assert client.get(asked).status_code != 404, asked
