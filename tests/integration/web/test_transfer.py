"""How responses travel: compressed, cached by whom, and never changed."""

import re
from collections.abc import Callable, Iterator

import pytest
from starlette.testclient import TestClient

from newsarchive.web.middleware.auth import hash_token
from newsarchive.web.serve_options import ServeOptions

Browsers = Callable[..., TestClient]
PAGES = ("/", "/search?q=plain", "/sites", "/help")


def send(client: TestClient, path: str, coding: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers, and the body as transferred."""
    with client.stream("GET", path, headers={"accept-encoding": coding, **headers}) as answer:
        return answer.status_code, dict(answer.headers), b"".join(answer.iter_raw())


@pytest.mark.parametrize("path", [*PAGES, "/api/v1/articles", "/search.json", "/search.jsonl?q=plain"])
def test_html_and_json_are_compressed(browser: TestClient, path: str) -> None:
    """For clients that accept gzip; others get the same text."""
    status, headers, body = send(browser, path, "gzip")
    _, plain_headers, plain = send(browser, path, "identity")
    assert status == 200
    assert headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain_headers
    assert "accept-encoding" in headers["vary"].lower()
    assert "accept-encoding" in plain_headers["vary"].lower()
    assert len(body) < len(plain)


def test_a_compressed_page_is_another_representation(browser: TestClient) -> None:
    """Its entity tag is weak, and names the same state."""
    _, headers, _ = send(browser, "/search.json", "gzip")
    _, plain, _ = send(browser, "/search.json", "identity")
    assert headers["etag"] == f"W/{plain['etag']}"
    for tag in (headers["etag"], plain["etag"]):
        assert send(browser, "/search.json", "gzip", **{"if-none-match": tag})[0] == 304


@pytest.mark.parametrize("path", PAGES)
def test_assets_are_immutable_under_their_digest(browser: TestClient, path: str) -> None:
    """Every asset of a page has a digest in its URL and may be kept for ever; under another digest it may not."""
    assets = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', browser.get(path).text))
    assert assets
    for asset in assets:
        assert browser.get(asset).headers["cache-control"] == "public, max-age=31536000, immutable"
        stale = browser.get(re.sub(r"v=.*", "v=0123456789ab", asset))
        assert "immutable" not in stale.headers["cache-control"]


@pytest.fixture
def guarded(browsers: Browsers) -> Iterator[TestClient]:
    with browsers(ServeOptions(auth=True, tokens={"feed": hash_token("t0ken")})) as client:
        client.headers["authorization"] = "Bearer t0ken"
        yield client


@pytest.mark.parametrize("path", [*PAGES, "/api/v1/articles", "/cdx?url=news.example/*", "/nowhere"])
def test_pages_under_authentication_are_private(guarded: TestClient, path: str) -> None:
    """No cache between the archive and its reader may give them to others."""
    kept = guarded.get(path).headers["cache-control"].split(", ")
    assert kept[0] == "private"
    assert "public" not in kept


@pytest.mark.parametrize("path", [*PAGES, "/nowhere"])
def test_pages_allow_no_inline_scripts_and_set_no_cookies(browser: TestClient, path: str) -> None:
    """By their policy, which forbids frames around them too."""
    headers = browser.get(path).headers
    policy = {name: rest for name, *rest in map(str.split, headers["content-security-policy"].split(";"))}
    assert policy["default-src"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == ["'self'"]
    assert "set-cookie" not in headers
