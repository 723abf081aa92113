"""Authentication, host names, cross-site requests and rate limits."""

import base64
import re
from collections.abc import Callable, Iterator

import pytest
from starlette.testclient import TestClient

from newsarchive.web.middleware.auth import hash_token
from newsarchive.web.serve_options import ServeOptions

Browsers = Callable[..., TestClient]

# Hashes of n = 2: one of hash_secret takes 0.2 s to make, and to compare.
ADA = "scrypt:1:8:1:c2FsdA==:5Tu6/mjCQganVYAHZoCaOhd6/lKZOv3gWrhvQfJb2W4XkZLl2RgTvpv8WKLMjeYKOReZ2+A7ghc6HeBWuFxk4Q=="
FEED = hash_token("t0ken")
GUARDED = ServeOptions(auth=True, users={"ada": ADA}, tokens={"feed": FEED})


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.fixture
def guarded(browsers: Browsers) -> Iterator[TestClient]:
    with browsers(GUARDED, clock=lambda: 0.0) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/sites", "/staticstyle.css", "/api/v1/articles", "/cdx?url=a", "/nowhere"])
def test_requests_without_credentials_are_refused(guarded: TestClient, path: str) -> None:
    """Pages, APIs, files and unknown URLs: all return 401 with a challenge."""
    answer = guarded.get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert "content-security-policy" in answer.headers
    assert "Plain" not in answer.text


def test_the_page_of_a_refusal_has_its_styles(guarded: TestClient) -> None:
    """Its style sheet and icon are had without credentials; nothing else is by an address that begins like theirs."""
    page = guarded.get("/", headers={"accept": "text/html"})
    assert page.status_code == 401
    named = re.findall(r'href="(/static/[^"]+)"', page.text)
    assert {guarded.get(address).status_code for address in named} == {200}
    assert len(named) == 2
    for address in ("/static/../sites", "/static/%2e%2e/sites", "/static/..%2fsites", "/static//sites"):
        assert guarded.get(address).status_code in {401, 404}


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (basic("ada", "wrong"), 401),
        (basic("eve", "open sesame"), 401),
        (f"Bearer {ADA}", 401),
        (basic("ada", "open sesame"), 200),
        ("Bearer t0ken", 200),
    ],
)
def test_valid_credentials_are_accepted(guarded: TestClient, words: str, status: int) -> None:
    """A user's password or a token; not the hash in the settings."""
    assert guarded.get("/", headers={"authorization": words}).status_code == status


def test_robots_txt_needs_no_credentials(guarded: TestClient) -> None:
    """robots.txt is public."""
    assert guarded.get("/robots.txt").status_code == 200


def test_failed_attempts_are_limited(guarded: TestClient) -> None:
    """After several failures even the right password must wait; authenticated clients continue."""
    right = {"authorization": basic("ada", "open sesame")}
    assert guarded.get("/help", headers=right).status_code == 200
    tries = [guarded.get("/help", headers={"authorization": basic("ada", str(n))}).status_code for n in range(12)]
    assert tries[0] == 401
    assert tries[-1] == 429
    assert guarded.get("/help", headers={"authorization": "Bearer t0ken"}).status_code == 429
    assert guarded.get("/help", headers=right).status_code == 200


def test_valid_credentials_are_no_failed_attempts(guarded: TestClient) -> None:
    """Each process verifies those of a reader for itself: more of them than failures are allowed."""
    headers = [f"Bearer {' ' * number}t0ken" for number in range(12)]
    assert {guarded.get("/help", headers={"authorization": each}).status_code for each in headers} == {200}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("[::1]:8000", 200),
        ("replay.localhost:8000", 200),
        ("morgue.example", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example:8000", 421),
        ("", 421),
        ("127.0.0.1:80@evil.example", 400),
        ("evil.example@127.0.0.1", 400),
    ],
)
def test_unknown_host_names_are_refused(browsers: Browsers, host: str, status: int) -> None:
    """DNS rebinding gives no access to a private archive."""
    options = ServeOptions(public_url="https://morgue.example").validate()
    with browsers(options) as client:
        assert client.get("/help", headers={"host": host}).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 405),
        ({"sec-fetch-site": "same-origin"}, 405),
        ({"sec-fetch-site": "none"}, 405),
        ({"origin": "http://127.0.0.1:8000"}, 405),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_cross_site_requests_are_refused(browser: TestClient, headers: dict[str, str], status: int) -> None:
    """Cross-site forms are refused; pages are read-only for all."""
    assert browser.post("/sites", headers=headers).status_code == status


def test_the_rate_limit_applies(browsers: Browsers) -> None:
    """Then 429 with Retry-After; static files do not count, and tokens refill."""
    now = [0.0]
    options = ServeOptions(rate_limited=True, rate_burst=3, rate_limit=1)
    with browsers(options, clock=lambda: now[0]) as client:
        assert [client.get("/help").status_code for _ in range(4)] == [200, 200, 200, 429]
        assert client.get("/help").headers["retry-after"] == "2"
        assert client.get("/static/app.js").status_code == 200
        now[0] = 1.0
        assert [client.get("/help").status_code for _ in range(2)] == [200, 429]


def test_the_rate_limit_does_not_apply_on_loopback(browsers: Browsers) -> None:
    """On loopback there is no rate limit."""
    with browsers(ServeOptions(rate_burst=1).validate()) as client:
        assert {client.get("/help").status_code for _ in range(5)} == {200}


def test_long_urls_are_refused(browser: TestClient) -> None:
    """414 before any handler."""
    assert browser.get("/help?x=" + "y" * 9_000).status_code == 414
