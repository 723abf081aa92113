"""A search, an author's page or a filter as a bibliography: in the browser, by the API and on the command line."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.export.citations import BIBLIOGRAPHIES, Citation
from newsarchive.web.app import create_app
from newsarchive.web.serve_options import DEFAULT_OPTIONS
from storage.index.queries.export import iter_archived_articles
from tests.in_process import run_in_process

BASE = "https://archive.example"
FIRST = datetime(2026, 3, 1, 5, tzinfo=UTC)
SHARED = (
    "The harbour of the old town was opened again on Monday after nine years of work that cost forty million euros.",
    "The first ships came in before noon, and the mayor thanked all who had taken part in the long rebuilding of it.",
    "Fishing boats will use the southern quay from next week on, and the ferries to the islands the northern one.",
)


def look(site: str, day: int, author: str, headline: str, *paragraphs: str) -> dict[str, object]:
    at = FIRST + timedelta(days=day)
    facts = {
        "@type": "NewsArticle", "headline": headline, "datePublished": at.isoformat(),
        "author": {"@type": "Person", "name": author}, "articleSection": "Town",
    }  # fmt: skip
    body = "".join(f"<p>{each}</p>" for each in paragraphs)
    page = (
        f'<script type="application/ld+json">{json.dumps(facts)}</script><h1>{headline}</h1><article>{body}</article>'
    )
    return {
        "url": f"https://{site}.example/2026/{headline.lower().replace(' ', '-')}-{day}.html",
        "body": page.encode(),
        "at": at,
    }


LOOKS = [
    look("wire", 1, "Ada Berg", "Harbour opens after nine years", *SHARED),
    look("north", 2, "Ada Berg", "Ships are back in the harbour", *SHARED),
    look(
        "wire", 3, "Ada Berg", "A museum for the town",
        "The museum of the town has found a house in the street of the weavers, where it will open in the autumn.",
        "Its keeper has collected two thousand pictures in thirty years, most of them given by families of the town.",
    ),
    look(
        "wire", 4, "Jo Lund", "School gets a garden",
        "The pupils of the school by the river have planted a garden in which vegetables for their kitchen will grow.",
        "Parents gave the tools, and a farmer of the next village comes every Friday to tell them what to do next.",
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def archive(shared_archive_of: Callable[..., Archive]) -> Archive:
    """Three articles of one author, two of them one text in two papers, and one of another author."""
    return shared_archive_of(*LOOKS)


@pytest.fixture(scope="module")
def client(archive: Archive) -> TestClient:
    """A browser of the archive at a public address."""
    return TestClient(create_app(archive, replace(DEFAULT_OPTIONS, public_url=BASE)), base_url=BASE)


def test_an_authors_page_leads_to_the_bibliography(client: TestClient) -> None:
    """In each format all articles of the author are cited, the newest first, and none of anybody else."""
    text = client.get("/author/Ada%20Berg").text
    paths = [each.replace("&amp;", "&") for each in re.findall(r'href="(/search\.(?:ris|bib|csl\.json)\?[^"]*)"', text)]
    assert len(paths) == 3, text[-3000:]
    ris, bibtex, csl = (client.get(path) for path in paths)
    assert re.findall(r"TI  - (.*)\r\n", ris.text) == [
        "A museum for the town", "Ships are back in the harbour", "Harbour opens after nine years",
    ]  # fmt: skip
    assert len(re.findall(r"^@online\{([^,]+),$", bibtex.text, re.MULTILINE)) == 3
    assert [item["title"] for item in csl.json()] == re.findall(r"TI  - (.*)\r\n", ris.text)
    assert {item["URL"].partition("/web/")[0] for item in csl.json()} == {BASE}
    assert all(item["archive_location"].startswith("urn:uuid:") for item in csl.json())
    assert [answer.headers["content-type"].partition(";")[0] for answer in (ris, bibtex, csl)] == [
        "application/x-research-info-systems", "application/x-bibtex", "application/vnd.citationstyles.csl+json",
    ]  # fmt: skip
    assert all(answer.headers["content-disposition"].endswith(path.partition("?")[0][8:] + '"')
               for answer, path in zip((ris, bibtex, csl), paths, strict=True))  # fmt: skip


def test_an_entry_is_the_citation_of_the_article(client: TestClient) -> None:
    """One serialiser: the list holds what the article's own page offers."""
    (hit,) = client.get("/api/v1/search?q=museum").json()["hits"]
    article = f"/article/{hit['article_id']}"
    assert client.get("/search.ris?q=museum").text == client.get(f"{article}/cite.ris").text
    assert client.get("/search.bib?q=museum").text == client.get(f"{article}/cite.bib").text
    assert client.get("/search.csl.json?q=museum").json() == client.get(f"{article}/cite.json").json()
    for suffix in ("bib", "ris", "json"):
        missing = client.get(f"/article/9999/cite.{suffix}")
        assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")


def test_downloads_fold_copies_as_the_page_does(client: TestClient) -> None:
    """The switch of the page holds for CSV, JSON Lines and bibliographies."""
    for query, expected in (("q=harbour", 1), ("q=harbour&copies=all", 2)):
        rows = list(csv.DictReader(io.StringIO(client.get(f"/search.csv?{query}").text.removeprefix("\ufeff"))))
        assert len(rows) == expected
        assert len(client.get(f"/search.jsonl?{query}").text.splitlines()) == expected
        assert client.get(f"/search.ris?{query}").text.count("TY  - NEWS") == expected


def test_the_api_has_the_same(client: TestClient) -> None:
    """By its own filters, in each format; an unknown format is refused."""
    titles = [item["title"] for item in client.get("/api/v1/bibliography?author=Berg").json()]
    assert len(titles) == 3
    assert client.get("/api/v1/bibliography?author=Berg&format=ris").text.count("ER  - ") == 3
    assert client.get("/api/v1/bibliography?q=garden&format=bibtex").text.count("@online{") == 1
    assert client.get("/api/v1/bibliography?q=nothingness").json() == []
    assert client.get("/api/v1/bibliography?format=word").status_code == 400


def test_the_command_line_writes_bibliographies(archive: Archive, tmp_path: Path) -> None:
    """By format or suffix; without a public URL an entry leads to the live page and names its record."""
    words = ("export", "--author", "Berg", "--archive", archive.folder)
    done = run_in_process(*words, "--format", "ris")
    assert (done.returncode, done.stdout.count("TY  - NEWS")) == (0, 3), done.stderr
    assert "UR  - https://wire.example/2026/harbour-opens-after-nine-years-1.html\r\n" in done.stdout
    made = run_in_process(*words, "-o", tmp_path / "berg.csl.json")
    assert "3 articles written" in made.stderr
    items = json.loads((tmp_path / "berg.csl.json").read_text())
    assert {item["archive_location"] for item in items} == {
        each.capture.record_id for each in archive.index.stream(iter_archived_articles) if "Ada Berg" in each.authors
    }
    assert run_in_process(*words, "-o", tmp_path / "berg.bib").stderr.startswith("3 articles written")
    assert (tmp_path / "berg.bib").read_text().count("@online{") == 3


def test_search_on_the_command_line_knows_stories(archive: Archive) -> None:
    """With the switch copies are listed under the oldest, and counted once."""
    words = ("search", "harbour", "--archive", archive.folder)
    plain = json.loads(run_in_process(*words, "--json").stdout)
    assert (plain["total"], plain["articles"]) == (2, 2)
    folded = json.loads(run_in_process(*words, "--stories", "--json").stdout)
    assert (folded["total"], folded["articles"]) == (1, 2)
    (hit,) = folded["hits"]
    assert (hit["site"], hit["papers"], [copy["site"] for copy in hit["copies"]]) == (
        "wire.example", 1, ["north.example"],
    )  # fmt: skip
    assert "in 1 other paper" in run_in_process(*words, "--stories").stdout


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=12)), max_size=4))
def test_no_text_breaks_a_bibliography(archive: Archive, texts: list[tuple[str, str]]) -> None:
    """Whatever headlines and names are: a tag a line, balanced braces, one JSON list, no key twice."""
    found = next(archive.index.stream(iter_archived_articles))
    versions = (
        replace(found, headline=headline, authors=(name,), canonical_url=f"{BASE}/{number}")
        for number, (headline, name) in enumerate(texts)
    )
    cited = [Citation(version=each, public_url=BASE, archive="a") for each in versions]
    ris = "".join(BIBLIOGRAPHIES["ris"](cited)).encode("utf-8", "surrogatepass")
    assert all(re.fullmatch(rb"[A-Z][A-Z0-9]  - .*", line) for line in ris.split(b"\r\n")[:-1])
    bibtex = "".join(BIBLIOGRAPHIES["bib"](cited))
    bare = re.sub(r"\\[{}]", "", bibtex)
    assert bare.count("{") == bare.count("}")
    keys = re.findall(r"^@online\{([^,]+),$", bibtex, re.MULTILINE)
    assert len(keys) == len(set(keys)) == len(texts)
    items = json.loads("".join(BIBLIOGRAPHIES["csl.json"](cited)))
    assert [item["id"] for item in items] == keys


@pytest.mark.parametrize(
    ("name", "language", "written"),
    [
        ("Ada Quill", "en", "Ada Quill"),
        ("John F. Kennedy", "en", "John F. Kennedy"),
        ("Ursula von der Leyen", "de", "Ursula von der Leyen"),
        ("Åsa & Örn", "sv", "{Åsa \\& Örn}"),
        ("Gabriel García Márquez", "es", "{Gabriel García Márquez}"),
        ("Kovács Anna", "hu-HU", "{Kovács Anna}"),
        ("Nguyễn An", "vi", "{Nguyễn An}"),
        ("王 小明", None, "{王 小明}"),
        ("Quill, Ada", "en", "{Quill, Ada}"),
        ("Quill and Berg", "en", "{Quill and Berg}"),
        ("Quill AND Berg", "en", "{Quill AND Berg}"),
        ("Reuters", "en", "{Reuters}"),
        ("", "en", "{}"),
    ],
)
def test_bibtex_takes_a_name_apart_only_where_it_is_clear(
    archive: Archive, name: str, language: str | None, written: str
) -> None:
    """Given name, initials, particles, family name; others stay whole, in braces."""
    found = next(archive.index.stream(iter_archived_articles))
    version = replace(found, authors=(name, name), language=language)
    bibtex = "".join(BIBLIOGRAPHIES["bib"]([Citation(version=version, public_url=BASE, archive="a")]))
    assert f"  author = {{{written} and {written}}},\n" in bibtex
