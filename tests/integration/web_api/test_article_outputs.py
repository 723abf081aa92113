"""One table of article fields: `extract`, JSONL, CSV, Parquet, the Datasette copy and the JSON API agree."""

import csv
import io
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.cli import app
from newsarchive.export.formats import FORMATS, Format
from newsarchive.export.request import ExportRequest
from newsarchive.web.app import create_app
from storage.article_fields import (
    CAPTURE_FIELDS,
    FIELDS,
    TABLE_FIELDS,
    ArchivedArticle,
    CaptureFields,
    FieldType,
    format_time,
    table_row,
)
from storage.index.queries.articles import find_article_id
from storage.index.schema.tables import VersionRow

URL = "https://news.example/2026/05/harbour-wall-falls"
FACTS = {
    "@context": "https://schema.org",
    "@type": "LiveBlogPosting",
    "headline": "Harbour wall falls",
    "datePublished": "2026-05-01T23:19:00+02:00",
    "dateModified": "2026-05-02T08:00:00+02:00",
    "author": [
        {"@type": "Person", "name": "Ada Quill", "url": "https://news.example/authors/ada-quill"},
        {"@type": "Person", "name": "Ben Ash"},
        {"@type": "Organization", "name": "Harbour Press Agency"},
    ],
    "sourceOrganization": {"@type": "Organization", "name": "Reuters"},
    "articleSection": "Harbour",
    "keywords": ["wall", "ships"],
    "isAccessibleForFree": False,
    "about": {"@type": "Place", "name": "Alder Bay", "sameAs": "https://www.wikidata.org/wiki/Q1"},
    "video": {"@type": "VideoObject", "name": "The fall", "contentUrl": "/fall.mp4", "duration": "PT1M5S"},
    "liveBlogUpdate": [
        {
            "@type": "BlogPosting",
            "headline": "It fell",
            "articleBody": "At eleven.",
            "datePublished": "2026-05-01T23:00Z",
        },
        {"@type": "BlogPosting", "articleBody": "Cracks were seen.", "datePublished": "2026-05-01"},
    ],
    "image": {"@type": "ImageObject", "url": "https://news.example/wall.jpg", "caption": "The wall in May"},
}
TEXT = "".join(
    f"<p>Paragraph {number} reports at length on the wall, the ships and the harbour board.</p>" for number in range(9)
)
PAGE = f"""<!doctype html><html lang=en><head><title>Harbour wall falls</title><meta name=robots content=noarchive>
<link rel=canonical href="{URL}"><script type="application/ld+json">{json.dumps(FACTS)}</script></head><body><article>
<p class=kicker>Ships and walls</p><h1>Harbour wall falls</h1><p class=dek>After a hundred years</p>{TEXT}
<figure><img src=/ships.jpg alt="Ships"><figcaption>Ships wait outside. Photo: Cy Lowe</figcaption></figure>
<p>The last paragraph reports on what the harbour board will do about the ships.</p>
<p>Correction: An earlier version of this article said that the wall was built in 1936.</p></article>
<aside><h3>Read also</h3><ul>
<li><a href="/2026/05/ships-return-to-the-bay">Ships return to the bay at last</a></li>
<li><a href="/2026/05/board-votes-on-the-wall">Board votes on the wall tonight</a></li></ul></aside></body></html>"""


@pytest.fixture
def archive(archive_of: Callable[..., Archive]) -> Archive:
    """An archive of one page whose fields are all set; an hour before it had another dek and other tags."""
    before = PAGE.replace("After a hundred years", "After ninety years").replace('"ships"', '"sea"')
    then = {"url": URL, "body": before.encode(), "at": datetime(2026, 3, 1, 5, tzinfo=UTC)}
    return archive_of(then, {"url": URL, "body": PAGE.encode()})


@pytest.fixture
def export(archive: Archive, tmp_path: Path) -> Callable[[Format], Path]:
    """Return a function that exports the archive."""

    def run(format_: Format) -> Path:
        path = tmp_path / f"all{FORMATS[format_].suffix}"
        with path.open("w+b") as file:
            FORMATS[format_].write(ExportRequest(index=archive.index, places=archive.places), file)
        return path

    return run


@pytest.fixture
def line(export: Callable[[Format], Path]) -> dict[str, Any]:
    """The article as JSONL has it."""
    [text] = export(Format.JSONL).read_text("utf-8").splitlines()
    values: dict[str, Any] = json.loads(text)
    return values


@pytest.fixture
def client(archive: Archive) -> Iterator[TestClient]:
    """A client of the API."""
    with TestClient(create_app(archive), base_url="http://localhost") as opened:
        yield opened


def test_jsonl_has_the_fields_of_the_table_in_their_order(line: dict[str, Any]) -> None:
    """Names, order and types; every field of the page is set, so that the comparisons below compare something."""
    assert list(line) == [field.name for field in FIELDS]
    assert list(line["capture"]) == [field.name for field in CAPTURE_FIELDS]
    types = {FieldType.TEXT: str, FieldType.TIME: str, FieldType.INTEGER: int, FieldType.BOOLEAN: bool}
    for field in FIELDS:
        if field.name != "boilerplate":
            assert line[field.name], field.name
        if field.type in types:
            assert isinstance(line[field.name], types[field.type])
    assert (line["published"], line["modified"]) == ("2026-05-01T23:19:00+02:00", "2026-05-02T08:00:00+02:00")


def test_extract_has_the_values_of_export(
    line: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All but the fields that only an archive knows, with the same values and in the same order."""
    file = tmp_path / "page.html"
    file.write_text(PAGE, "utf-8")
    capsys.readouterr()
    assert app.run(["extract", str(file), "--url", URL]) == 0
    extracted = json.loads(capsys.readouterr().out)
    expected = {field.name: line[field.name] for field in FIELDS if not field.archive_only}
    assert {name: extracted[name] for name in extracted if name in expected} == expected
    assert [name for name in extracted if name in expected] == list(expected)


def test_the_api_has_the_values_of_export(line: dict[str, Any], archive: Archive, client: TestClient) -> None:
    """A version has all fields of its text, an article those of its history; links and captures may say more."""
    article = client.get(f"/api/v1/articles/{archive.index.ask(find_article_id, URL)}").json()
    version = article["current"]
    assert client.get(f"/api/v1/versions/{version['id']}").json() == version
    for group in version["links"]:
        for link in group["links"]:
            del link["article_id"]
    history = {
        "version": version["number"],
        "versions": len(article["versions"]),
        "history": article["history"],
        "metadata_changes": article["metadata_changes"],
        "first_seen": article["first_seen"],
        "last_seen": article["last_seen"],
    }
    capture = {field.name: version["capture"][field.name] for field in CAPTURE_FIELDS}
    found = {**version, **history, "capture": capture}
    assert {field.name: found[field.name] for field in FIELDS} == line


def test_csv_has_the_values_of_export(line: dict[str, Any], export: Callable[[Format], Path]) -> None:
    """The fields that fit into a cell, lists joined, those of the capture last."""
    [row] = csv.DictReader(io.StringIO(export(Format.CSV).read_text("utf-8")))
    values = dict(zip((field.name for field in TABLE_FIELDS), table_row(line), strict=True))
    assert row == {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in values.items()
    }


def test_the_datasette_copy_has_the_values_of_export(line: dict[str, Any], export: Callable[[Format], Path]) -> None:
    """The same columns as CSV."""
    connection = sqlite3.connect(export(Format.SQLITE))
    [row] = connection.execute("SELECT * FROM articles")
    connection.close()
    assert list(row) == [1, *table_row(line)]


def test_parquet_has_the_values_of_export(line: dict[str, Any], export: Callable[[Format], Path]) -> None:
    """All fields, nested ones too, times as timestamps."""
    parquet = pytest.importorskip("pyarrow.parquet")
    [row] = parquet.read_table(export(Format.PARQUET)).to_pylist()
    for values, table in ((row, FIELDS), (row["capture"], CAPTURE_FIELDS)):
        for field in table:
            if field.type is FieldType.TIME:
                values[field.name] = format_time(values[field.name])
    for each in (*row["history"], *row["metadata_changes"]):
        each |= {name: format_time(value) for name, value in each.items() if isinstance(value, datetime)}
    assert row == line


def test_show_has_the_values_of_export(
    line: dict[str, Any], archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    """`show --json` has the text fields of the current version under the same names."""
    capsys.readouterr()
    assert app.run(["show", URL, "--json", "--archive", str(archive.folder)]) == 0
    current = json.loads(capsys.readouterr().out)["current"]
    for group in current["links"]:
        for link in group["links"]:
            del link["article_id"]
            assert link.pop("box_size") == ""  # listings alone have it
    of_article = {"version", "versions", "history", "metadata_changes", "first_seen", "last_seen", "capture"}
    names = [field.name for field in FIELDS if field.name not in of_article]
    assert {name: current[name] for name in names} == {name: line[name] for name in names}


def test_the_table_describes_the_classes() -> None:
    """Every field is an attribute of ArchivedArticle, and every column exists; citations alone name the record."""
    assert {field.name for field in FIELDS} - set(dir(ArchivedArticle)) == set()
    assert [*(field.name for field in CAPTURE_FIELDS), "record_id"] == [field.name for field in fields(CaptureFields)]
    columns = VersionRow.__table__.columns
    assert [field.column for field in FIELDS if field.column and field.column not in columns] == []
