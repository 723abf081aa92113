"""Who is let in, by which name, and how much of it."""

import base64
from collections.abc import Callable, Iterator

import pytest
from starlette.testclient import TestClient

from newsarchive.web.middleware.auth import hashed
from newsarchive.web.serve_options import Limits, Serving

Browsers = Callable[..., TestClient]

ADA, FEED = hashed("open sesame"), hashed("t0ken")
GUARDED = Serving(auth=True, users={"ada": ADA}, tokens={"feed": FEED})


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.fixture
def guarded(browsers: Browsers) -> Iterator[TestClient]:
    with browsers(GUARDED, clock=lambda: 0.0) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/sites", "/static/style.css", "/api/v1/articles", "/cdx?url=a", "/nowhere"])
def test_who_is_not_known_gets_nothing(guarded: TestClient, path: str) -> None:
    """Pages, doors, files, and what is not there: all ask for a name, and say how."""
    answer = guarded.get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert "content-security-policy" in answer.headers
    assert "Plain" not in answer.text


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
def test_right_words_open(guarded: TestClient, words: str, status: int) -> None:
    """A user's password, a program's token; not the hash that stands in the settings."""
    assert guarded.get("/", headers={"authorization": words}).status_code == status


def test_robots_are_told_without_a_name(guarded: TestClient) -> None:
    """Who is kept out may know it."""
    assert guarded.get("/robots.txt").status_code == 200


def test_nobody_tries_passwords_for_long(guarded: TestClient) -> None:
    """After some wrong ones even the right one waits; who was let in before goes on."""
    right = {"authorization": basic("ada", "open sesame")}
    assert guarded.get("/help", headers=right).status_code == 200
    tries = [guarded.get("/help", headers={"authorization": basic("ada", str(n))}).status_code for n in range(12)]
    assert tries[0] == 401
    assert tries[-1] == 429
    assert guarded.get("/help", headers={"authorization": "Bearer t0ken"}).status_code == 429
    assert guarded.get("/help", headers=right).status_code == 200


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
    ],
)
def test_a_foreign_name_reads_nothing(browsers: Browsers, host: str, status: int) -> None:
    """A page elsewhere whose name leads to this machine (DNS rebinding) does not get at a private archive."""
    serving = Serving(base_url="https://morgue.example").checked()
    with browsers(serving) as client:
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
def test_another_site_changes_nothing(browser: TestClient, headers: dict[str, str], status: int) -> None:
    """Forms of other sites do not come through; pages are read-only for all."""
    assert browser.post("/sites", headers=headers).status_code == status


def test_a_client_has_its_share_and_no_more(browsers: Browsers) -> None:
    """Then 429 and when to come again; files of the pages are not counted, and time gives back."""
    now = [0.0]
    serving = Serving(limited=True, limits=Limits(burst=3, per_second=0.5))
    with browsers(serving, clock=lambda: now[0]) as client:
        assert [client.get("/help").status_code for _ in range(4)] == [200, 200, 200, 429]
        assert client.get("/help").headers["retry-after"] == "3"
        assert client.get("/static/app.js").status_code == 200
        now[0] = 2.0
        assert [client.get("/help").status_code for _ in range(2)] == [200, 429]


def test_an_owner_alone_is_not_counted(browsers: Browsers) -> None:
    """On the owner's own machine tools may ask as fast as they can."""
    with browsers(Serving(limits=Limits(burst=1)).checked()) as client:
        assert {client.get("/help").status_code for _ in range(5)} == {200}


def test_no_address_is_endless(browser: TestClient) -> None:
    """414 before anything reads it."""
    assert browser.get("/help?x=" + "y" * 9_000).status_code == 414
