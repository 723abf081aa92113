"""Small archives of a few articles, in both databases, for tests of what commands must not destroy."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive
from newsarchive.config.toml_file import load_config
from newsarchive.maintenance.rebuild import transfer_archive_index
from storage.warc.record import HTTP_RESPONSE, build_member, new_record_id, sha256, warc_date
from tests.in_process import run_in_process

PAGE = """<!doctype html><html lang="en"><head><title>{headline}</title>
<script type="application/ld+json">{{"@context": "https://schema.org", "@type": "NewsArticle",
"headline": "{headline}", "datePublished": "2026-03-01T05:00:00Z", "author": {{"@type": "Person",
"name": "Ada Quill"}}, "articleSection": "Harbour"}}</script></head>
<body><article><h1>{headline}</h1><p>By Ada Quill</p>{paragraphs}</article></body></html>"""


def build_page(headline: str, said: str) -> bytes:
    """Return an article's page of six paragraphs, which name what is said."""
    sentence = (
        "The harbour master said on Sunday that {said}, point {number}, and that the ferries would follow the plan."
    )
    paragraphs = "".join(f"<p>{sentence.format(said=said, number=number)}</p>" for number in range(1, 7))
    return PAGE.format(headline=headline, paragraphs=paragraphs).encode()


def build_record(url: str, body: bytes, at: datetime, status: str = "200 OK") -> bytes:
    """Return a WARC response record of a page."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    block = head.encode() + body
    fields = [
        ("WARC-Record-ID", f"<{new_record_id()}>"),
        ("WARC-Date", warc_date(at)),
        ("WARC-Target-URI", url),
        ("WARC-Block-Digest", sha256(block)),
        ("WARC-Payload-Digest", sha256(body)),
        ("Content-Type", HTTP_RESPONSE),
    ]
    return build_member("response", fields, block)


def write_source(path: Path, names: tuple[str, ...], *, hour: int = 6) -> Path:
    """Write a WARC file with one article for each name."""
    records = [
        build_record(
            f"https://harbour.example/2026/03/01/{name}.html",
            build_page(f"Harbour council votes on {name}", f"the {name} is sound"),
            datetime(2026, 3, 1, hour, number, tzinfo=UTC),
        )
        for number, name in enumerate(names)
    ]
    path.write_bytes(b"".join(records))
    return path


Source = Callable[..., Path]
MakeArchive = Callable[..., Path]
Command = Callable[..., Any]


@pytest.fixture
def source() -> Source:
    """Writes a WARC file of another tool with one article for each name."""
    return write_source


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of two imported WARC files with two articles each, to be copied."""
    place = tmp_path_factory.mktemp("template")
    folder = place / "archive"
    Archive.init(folder).close()
    with Archive.open(folder) as archive:
        archive.import_files(
            [
                write_source(place / "1.warc.gz", ("pier", "quay")),
                write_source(place / "2.warc.gz", ("lock", "dock"), hour=7),
            ]
        )
    return folder


@pytest.fixture
def make_archive(tmp_path: Path, template: Path) -> MakeArchive:
    """Makes an archive of two imported WARC files with two articles each; returns its folder."""

    def make(name: str = "archive", index: str = "") -> Path:
        folder = tmp_path / name
        shutil.copytree(template, folder)
        if index:
            transfer_archive_index(load_config(folder), index, switch=True)
            (folder / "index.sqlite3").unlink()
        return folder

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def index_url(request: pytest.FixtureRequest) -> str:
    """The `index` setting for each database."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def newsarchive(tmp_path: Path) -> Command:
    """`newsarchive` in the process of the test, in an empty folder of the test's own."""

    def run(*words: str | Path, at: Path = tmp_path) -> object:
        return run_in_process(*words, at=at)

    return run


@pytest.fixture
def change_index() -> Callable[..., None]:
    """Runs SQL on an archive's index by hand, past newsarchive."""

    def change(folder: Path, index: str, sql: str) -> None:
        if index:
            import psycopg

            with psycopg.connect(index.replace("+psycopg", ""), autocommit=True) as connection:
                connection.execute(sql.encode())
        else:
            with closing(sqlite3.connect(folder / "index.sqlite3", isolation_level=None)) as file:
                file.execute(sql)

    return change
