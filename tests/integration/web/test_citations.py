"""Citations of an article in the forms that word processors, Wikipedia and other archives take."""

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from lxml import html
from starlette.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from newsarchive.web.serve_options import DEFAULT_OPTIONS

URL = "https://news.example/town/prices-rise-five-percent-1001?x=[1]&y={2}|b"
TITLE = 'Prices rise 5 % | "A {B}" [C] & <D> \u202eX'
DATA = {
    "@type": "NewsArticle",
    "headline": TITLE,
    "datePublished": "2026-03-01T05:00:00Z",
    "author": [{"@type": "Person", "name": "Ada Berg"}, {"@type": "Person", "name": "Jo Lund"}],
    "articleSection": "Town",
}
TEXT = "".join(
    f"<p>The {what} of the town opened again on Monday after {years} years without a guest, as {who} said.</p>"
    for what, years, who in (
        ("harbour", 9, "the mayor"),
        ("museum", 4, "its keeper"),
        ("market", 2, "a trader"),
        ("school", 3, "a pupil"),
        ("ferry", 5, "its crew"),
    )
)
PAGE = (
    f'<html lang="en"><head><title>t</title><script type="application/ld+json">{json.dumps(DATA)}</script></head>'
    f"<body><article><h1>Prices rise 5 % | &quot;A {{B}}&quot; [C] &amp; &lt;D&gt; \u202eX</h1>{TEXT}"
    "</article></body></html>"
).encode()
BASE = "https://archive.example"


@pytest.fixture(scope="module")
def archive(shared_archive_of: Callable[..., Archive]) -> Archive:
    """An archive with one article, whose headline and URL have characters that the forms give a meaning."""
    return shared_archive_of({"url": URL, "body": PAGE})


@pytest.fixture(scope="module")
def client(archive: Archive) -> TestClient:
    """A browser of the archive at a public address."""
    return TestClient(create_app(archive, replace(DEFAULT_OPTIONS, public_url=BASE)), base_url=BASE)


def test_ris_has_one_tag_a_line(client: TestClient) -> None:
    """From TY to ER, an author a line, the archived page as URL."""
    answer = client.get("/article/1/cite.ris")
    assert answer.headers["content-type"].startswith("application/x-research-info-systems"), answer.text[-1500:]
    lines = answer.text.removesuffix("\r\n").split("\r\n")
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]  - .*", line) for line in lines)
    tags = [line[:2] for line in lines]
    assert (tags[0], lines[0][6:], tags[-1]) == ("TY", "NEWS", "ER")
    assert [line[6:] for line in lines if line.startswith("AU")] == ["Ada Berg", "Jo Lund"]
    fields = {line[:2]: line[6:] for line in lines}
    assert fields["TI"].startswith('Prices rise 5 % | "A {B}" [C] & <D>')
    assert "\u202e" not in answer.text
    assert fields["DA"] == "2026/03/01"
    assert fields["UR"].startswith(f"{BASE}/web/2026")


def test_wikipedia_takes_the_citation_as_one_template(client: TestClient) -> None:
    """No character of headline or URL ends the template or begins another parameter."""
    page = html.fromstring(client.get("/article/1").text)
    [text] = [p.text for p in page.xpath("//section[@aria-labelledby='cite']//p[@data-copy]") if "{{cite" in p.text]
    assert text.startswith("{{cite news |")
    assert text.endswith("}}")
    inner = text.removeprefix("{{").removesuffix("}}").replace("{{!}}", "\0")
    assert not re.search(r"[{}\[\]]", inner)
    parameters = dict(part.strip().split("=", 1) for part in inner.split("|")[1:])
    assert parameters["author2"] == "Jo Lund"
    assert parameters["date"] == "2026-03-01"
    assert parameters["title"].replace("\0", "|").startswith('Prices rise 5 % | "A &#123;B&#125;" &#91;C&#93;')
    assert parameters["archive-url"].startswith(f"{BASE}/web/2026")
    day = parameters["archive-url"].removeprefix(f"{BASE}/web/")[:8]
    assert parameters["archive-date"].replace("-", "") == day


def test_a_robust_link_names_the_original_and_the_version(client: TestClient) -> None:
    """As HTML that is one link, whatever the headline holds."""
    page = html.fromstring(client.get("/article/1").text)
    [text] = [p.text for p in page.xpath("//section[@aria-labelledby='cite']//p[@data-copy]") if p.text[:3] == "<a "]
    link = html.fragment_fromstring(text)
    assert (link.tag, link.get("href"), len(link)) == ("a", URL, 0)
    assert link.get("data-versionurl", "").startswith(f"{BASE}/web/2026")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", link.get("data-versiondate", ""))
    assert str(link.text).startswith('Prices rise 5 % | "A {B}" [C] & <D>')


def test_bibtex_and_csl_hold_the_same(client: TestClient) -> None:
    """Authors, day and permalink; TeX's characters are escaped."""
    bibtex = client.get("/article/1/cite.bib").text
    assert "author = {Ada Berg and Jo Lund}" in bibtex
    assert r"5 \% | " in bibtex
    assert "date = {2026-03-01}" in bibtex
    [item] = client.get("/article/1/cite.json").json()
    assert item["author"] == [{"literal": "Ada Berg"}, {"literal": "Jo Lund"}]
    assert item["URL"].startswith(f"{BASE}/web/2026")


def test_a_loopback_address_says_that_it_is_no_permanent_link(archive: Archive, client: TestClient) -> None:
    """With the setting that makes one."""
    local = TestClient(create_app(archive), base_url="http://127.0.0.1:8000")
    assert "work on this machine only" in local.get("/article/1").text
    assert "public_url" in local.get("/article/1").text
    assert "work on this machine only" not in client.get("/article/1").text
