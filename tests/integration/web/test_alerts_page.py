"""/alerts: made by readers who have signed in; for others the feed, and the lines for newsarchive.toml."""

import re
import tomllib
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from html import unescape
from xml.etree import ElementTree as ET

import pytest
from fastapi.testclient import TestClient

from newsarchive.alerts.matching import open_store
from newsarchive.archive import Archive
from newsarchive.config.toml_file import parse_config
from newsarchive.web.app import create_app
from newsarchive.web.middleware.auth import hash_token
from newsarchive.web.serve_options import DEFAULT_OPTIONS, ServeOptions

FACTS = '{"@type": "NewsArticle", "headline": "Harbour opens", "author": "Ada Berg"}'
PAGE = (
    f'<script type="application/ld+json">{FACTS}</script><h1>Harbour opens</h1>'
    "<article><p>The harbour opened on Monday after %s years of work, and the first ships came in before noon.</p>"
    "<p>The mayor said that the town had waited for it, and thanked all who had built it.</p></article>"
)
TOML = """
[[alert]]
name = "harbour"
query = "harbour"
mail = ["desk@paper.example"]

[[alert]]
name = "numbers"
kind = ["numbers", "names"]
query = "mayor"
"""


@pytest.fixture
def archive(archive_of: Callable[..., Archive]) -> Archive:
    """An archive with one article, in which a number was changed, and two alerts."""
    url = "https://news.example/2026/03/harbour.html"
    looks = [
        {"url": url, "body": (PAGE % years).encode(), "at": datetime(2026, 3, day, 5, tzinfo=UTC)}
        for day, years in ((1, "nine"), (2, "eleven"))
    ]
    return archive_of(*looks, config=TOML)


# Hashes of the passwords a and e with n = 2: one of hash_secret takes 0.2 s to make, and to compare.
ADA = "scrypt:1:8:1:c2FsdA==:BefwUtSfLl7Wol+W+W5i6U1zpHseblT1ogm9TeJzOYrwKMdxau/u7INez/pjKF0MuOfY9DZ+/VLGYq4ScsYaiw=="
EVE = "scrypt:1:8:1:c2FsdA==:yVNLMCqZSvsKvkLCJoqx1eTxdiF4yWfs+VDjlsBLLrMmt0WaNutqHvVuYP3U3Y2eLP0/2rhnSIB6NZ9k/AMPiQ=="


def sign_in(archive: Archive, name: str) -> TestClient:
    """Return a client of a reader; `robot` is one with a token."""
    options = ServeOptions(auth=True, users={"ada": ADA, "eve": EVE}, tokens={"robot": hash_token("t")})
    client = TestClient(create_app(archive, options))
    if name == "robot":
        client.headers["authorization"] = "Bearer t"
    else:
        client.auth = (name, name[0])
    return client


def test_a_search_leads_to_its_alert(archive: Archive) -> None:
    """With its words and filters; so does a list of changes."""
    client = TestClient(create_app(archive))
    page = client.get("/search?q=harbour&site=news.example&author=ada").text
    (link,) = [unescape(each) for each in re.findall(r'href="(/alerts\?[^"]+)"', page)]
    shown = client.get(link).text
    assert "harbour author:&#34;ada&#34;" in shown
    assert "/search.atom?q=harbour" in shown
    page = client.get("/changes?kind=numbers").text
    (link,) = [unescape(each) for each in re.findall(r'href="(/alerts\?[^"]+)"', page)]
    assert "/changes.atom?kind=numbers" in client.get(link).text


def test_the_lines_for_the_file_are_an_alert(archive: Archive) -> None:
    """As they stand there, whatever the words."""
    query = 'harbour "first ships" -x\\y <b>'
    shown = TestClient(create_app(archive)).get("/alerts", params={"query": query, "site": "a\nb"}).text
    (lines,) = re.findall(r"<code>(.*?)</code>", shown, re.DOTALL)
    assert tomllib.loads(unescape(lines))["alert"][0]["query"] == query
    (alert,) = parse_config(unescape(lines), archive.folder).alerts
    assert (alert.query, alert.site, alert.mail) == (query, ("a", "b"), ("you@paper.example",))


@pytest.mark.parametrize("name", ["ada", "robot"])
def test_a_reader_makes_and_deletes_alerts_that_others_do_not_see(archive: Archive, name: str) -> None:
    """A token counts as a reader."""
    client = sign_in(archive, name)
    assert 'method="post"' in client.get("/alerts?query=mayor").text
    fields = {
        "name": "mine",
        "query": "mayor",
        "site": "news.example",
        "webhook": "https://hook.example/",
        "every": "daily",
    }
    assert client.post("/alerts", data=fields, follow_redirects=False).status_code == 303
    with closing(open_store(archive.folder)) as store:
        (alert,) = [each for each in store.list_alerts(archive.config, stopped=True) if each.reader]
    assert (alert.name, alert.reader, alert.query, alert.every) == ("mine", name, "mayor", "daily")
    assert (alert.site, alert.webhook) == (("news.example",), "https://hook.example/")
    assert "<strong>mine</strong>" in client.get("/alerts").text
    other = sign_in(archive, "eve")
    assert "mine" not in other.get("/alerts").text
    assert other.get(f"/alerts/{alert.key}.atom").status_code == 404
    other.post("/alerts", data={"delete": alert.key})
    assert len(ET.fromstring(client.get(f"/alerts/{alert.key}.atom").text).findall("{*}entry")) == 1
    client.post("/alerts", data={"delete": alert.key})
    assert "mine" not in client.get("/alerts").text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "a b", "query": "x"}, "name must be letters"),
        ({"name": "a", "query": "x", "webhook": "file:///etc"}, "webhook must be a URL"),
        ({"name": "a", "query": "x", "mail": "a@b.example, c@d.example"}, "mail must be mail addresses"),
        ({"name": "a", "kind": "odd"}, "kind must be"),
        ({"name": "a", "query": "  "}, "it must be of words, of a filter, or of changes"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_saved(archive: Archive, fields: dict[str, str], said: str) -> None:
    """By the rules of the file."""
    answer = sign_in(archive, "ada").post("/alerts", data=fields)
    assert answer.status_code == 400
    assert f"The alert was not saved: {said}" in answer.text


def test_a_body_that_is_not_the_form_saves_no_alert(archive: Archive) -> None:
    """With a field that is passed over it would report more than was asked for."""
    client = sign_in(archive, "ada")
    fields = {"name": "mine", "query": "mayor"}
    assert client.post("/alerts", json=fields).status_code == 415
    answer = client.post("/alerts", data=fields | {"sit": "news.example"})
    assert (answer.status_code, "Unknown field sit" in answer.text) == (400, True)
    with closing(open_store(archive.folder)) as store:
        assert store.run("reader-alerts") == []


def test_a_request_to_delete_saves_nothing(archive: Archive) -> None:
    """Be it for an alert that is not the reader's, with the fields of one that would be saved."""
    client = sign_in(archive, "ada")
    for fields in ({"delete": "harbour"}, {"delete": "nothing", "name": "mine", "query": "mayor"}):
        assert client.post("/alerts", data=fields, follow_redirects=False).status_code == 303
    with closing(open_store(archive.folder)) as store:
        assert store.run("reader-alerts") == []


def test_without_names_nobody_makes_an_alert(archive: Archive) -> None:
    """Nor from another site; where all may read, those of the file are not shown."""
    client = TestClient(create_app(archive))
    assert client.post("/alerts", data={"name": "a", "query": "b"}).status_code == 403
    signed = sign_in(archive, "ada")
    crossing = {"sec-fetch-site": "cross-site"}
    assert signed.post("/alerts", data={"name": "a", "query": "b"}, headers=crossing).status_code == 403
    assert "harbour" in client.get("/alerts").text
    public = TestClient(create_app(archive, ServeOptions(public=True)))
    assert "harbour" not in public.get("/alerts").text
    assert public.get("/alerts/harbour.atom").status_code == 404
    assert DEFAULT_OPTIONS.public is False


@pytest.mark.parametrize(
    ("name", "title"), [("harbour", "Harbour opens"), ("numbers", "Harbour opens (numbers: without a notice)")]
)
def test_each_alert_has_a_feed(archive: Archive, name: str, title: str) -> None:
    """Of articles or of changes, by all of its filters."""
    client = TestClient(create_app(archive))
    (item,) = client.get(f"/alerts/{name}.json").json()["items"]
    assert item["title"] == title
    (entry,) = ET.fromstring(client.get(f"/alerts/{name}.atom").text).findall("{*}entry")
    assert entry.findtext("{*}title") == title
