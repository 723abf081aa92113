"""Every format of export: of the whole archive, of one article, and with exclusions."""

import csv
import gzip
import io
import json
import sqlite3
import subprocess
import sys
import zipfile
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from newsarchive.archive import Archive
from newsarchive.export.articles import csv_cell
from newsarchive.export.formats import FORMATS, Format
from newsarchive.export.records import RecordCopier
from newsarchive.export.request import ExportRequest
from storage.article_fields import TABLE_FIELDS, table_row
from storage.index.maintenance.datasette_copy import write_datasette_copy
from storage.index.queries.articles import find_article_id
from storage.index.queries.cdx import iter_cdx_lines_of_articles
from storage.index.queries.export import iter_export_lines
from storage.index.reader import Reader
from storage.index.views.articles import EVERYTHING, Exclusions, Filters
from storage.index.views.cdx import CdxLine
from storage.places import Places
from storage.warc.check import check_file
from storage.warc.reader import read_record, read_records
from storage.warc.record import sha256

STORY = "http://news.example/2026/03/01/harbour-wall"
CHINESE = "http://news.example/%E6%B8%AF%E5%8F%A3"
SECRET = "http://news.example/private/salaries"
HIDDEN = Exclusions(urlkeys=("example,news)/private",))
Exported = Callable[..., Path]


@pytest.fixture
def exported(small: Archive, tmp_path: Path) -> Exported:
    """Return a function that exports the small archive and returns the file."""

    def make(format_: Format, filters: Filters = EVERYTHING, index: Reader | None = None, **words: Any) -> Path:
        path = tmp_path / f"out{FORMATS[format_].suffix}"
        request = ExportRequest(index=index or small.index, places=small.places, filters=filters, **words)
        with path.open("w+b") as file:
            FORMATS[format_].write(request, file)
        return path

    return make


def story(archive: Archive) -> Filters:
    """Return the filters of the article that the tests use."""
    return Filters(articles=(archive.index.ask(find_article_id, STORY) or 0,))


def validated(path: Path) -> int:
    """Return the exit code of py-wacz's `wacz validate`."""
    script = Path(sys.executable).with_name("wacz")
    return subprocess.run([script, "validate", "-f", path], capture_output=True, timeout=120, check=False).returncode


def told(path: Path) -> list[tuple[str, str]]:
    """Type and URL of every record of a file."""
    return [(record.type, record.uri) for record in read_records(path)]


def test_a_slice_has_the_records_byte_for_byte(small: Archive, exported: Exported) -> None:
    """Each capture's own gzip member, with request and metadata beside it, behind a warcinfo record of its own."""
    path = exported(Format.WARC)
    data = path.read_bytes()
    lines = list(small.index.stream(iter_cdx_lines_of_articles))
    for line in lines:
        with (small.config.warc_folder / line.warc).open("rb") as file:
            file.seek(line.offset)
            assert file.read(line.length) in data
    kinds = [kind for kind, _ in told(path)]
    assert kinds[0] == "warcinfo"
    assert [kinds.count(kind) for kind in ("response", "revisit", "request", "metadata")] == [8, 3, 11, 11]
    assert len(lines) == 11


def test_an_export_slice_is_valid(exported: Exported) -> None:
    """The check that `newsarchive verify` makes finds nothing wrong in it."""
    report = check_file(exported(Format.WARC))
    assert (report.problems, report.records) == ([], 34)


def test_an_articles_slice_brings_what_it_needs(small: Archive, exported: Exported) -> None:
    """All looks at the article, its page's stylesheet and picture, and nothing of other articles."""
    uris = {uri for _, uri in told(exported(Format.WARC, story(small)))}
    assert uris == {"", STORY, "http://news.example/style.css", "http://news.example/wall.png"}


def test_a_revisit_brings_its_original(small: Archive) -> None:
    """Also where it alone was chosen, and its original is archived under another address; the original comes first."""
    revisit = next(line for line in small.index.stream(iter_cdx_lines_of_articles) if line.url.endswith("?from=feed"))
    written: list[bytes] = []
    copier = RecordCopier(ExportRequest(index=small.index, places=small.places), written.append)
    copied = [(one.kind, one.url) for one in copier.copy([revisit, revisit])]
    assert copied == [("response", STORY), ("revisit", revisit.url)]
    assert sum(map(len, written)) == copier.size


def test_an_original_that_is_left_out_is_not_missed(small: Archive) -> None:
    """One that the index no longer has is."""
    revisit = next(line for line in small.index.stream(iter_cdx_lines_of_articles) if line.url.endswith("?from=feed"))

    def missed_by(index: Reader, line: CdxLine) -> list[str]:
        missed: list[str] = []
        request = ExportRequest(index=index, places=small.places, report_missed=missed.append)
        list(RecordCopier(request, lambda _: None).copy([line]))
        return [why for why in missed if why.endswith("the original of a revisit is not available")]

    without = small.index.excluding(Exclusions(urlkeys=("example,news)/",)))
    assert missed_by(without, revisit) == []
    assert len(missed_by(small.index, revisit._replace(refers_to_id=10**6))) == 1


def test_a_wacz_is_valid_and_a_changed_byte_is_found(exported: Exported) -> None:
    """py-wacz validates it."""
    path = exported(Format.WACZ, title="Morgue")
    assert validated(path) == 0
    with zipfile.ZipFile(path) as opened:
        info = opened.getinfo("archive/data.warc.gz")
        assert (info.compress_type, opened.getinfo("indexes/index.cdx.gz").compress_type) == (0, 0)
    other = path.with_name("changed.wacz")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for each in old.infolist():
            content = bytearray(old.read(each))
            if each.filename == "archive/data.warc.gz":
                content[-1] ^= 1
            new.writestr(each.filename, bytes(content))
    assert validated(other) == 1


def test_a_wacz_is_signed_as_readers_of_wacz_check_it(small: Archive, exported: Exported) -> None:
    """By wacz-auth, anonymous: ECDSA P-384 with SHA-256 over the text of the hash, r and s of 48 bytes, key as SPKI."""
    with zipfile.ZipFile(exported(Format.WACZ)) as opened:
        digest = json.loads(opened.read("datapackage-digest.json"))
        package = opened.read("datapackage.json")
    signed = digest["signedData"]
    assert signed["hash"] == digest["hash"] == sha256(package)
    assert signed["created"] == json.loads(package)["created"]
    key = load_der_public_key(b64decode(signed["publicKey"]))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert isinstance(key.curve, ec.SECP384R1)
    both = b64decode(signed["signature"])
    assert len(both) == 96
    signature = encode_dss_signature(int.from_bytes(both[:48], "big"), int.from_bytes(both[48:], "big"))
    key.verify(signature, signed["hash"].encode(), ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        key.verify(signature, f"sha256:{'0' * 64}".encode(), ec.ECDSA(hashes.SHA256()))


def test_a_wacz_of_an_archive_without_a_key_is_not_signed(small: Archive, tmp_path: Path) -> None:
    """The export makes no key."""
    request = ExportRequest(index=small.index, places=replace(small.places, key=tmp_path / "no.key"))
    with (tmp_path / "out.wacz").open("w+b") as file:
        FORMATS[Format.WACZ].write(request, file)
    with zipfile.ZipFile(tmp_path / "out.wacz") as opened:
        assert json.loads(opened.read("datapackage-digest.json")).keys() == {"path", "hash"}
    assert validated(tmp_path / "out.wacz") == 0
    assert not (tmp_path / "no.key").exists()


def test_the_index_of_a_wacz_leads_to_its_records(exported: Exported, tmp_path: Path) -> None:
    """Blocks as index.idx says, lines sorted, and at each line's place the record that it names."""
    path = exported(Format.WACZ)
    with zipfile.ZipFile(path) as opened:
        opened.extract("archive/data.warc.gz", tmp_path)
        index, blocks = opened.read("indexes/index.cdx.gz"), opened.read("indexes/index.idx").decode().splitlines()
        pages = [json.loads(line) for line in opened.read("pages/pages.jsonl").splitlines()]
    assert blocks[0] == '!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}'
    place = json.loads(blocks[1].split(" ", 2)[2])
    lines = gzip.decompress(index[place["offset"] : place["offset"] + place["length"]]).decode().splitlines()
    assert lines == sorted(lines)
    assert len(lines) == 11
    for line in lines:
        fields = json.loads(line.split(" ", 2)[2])
        record = read_record(tmp_path / "archive" / fields["filename"], int(fields["offset"]))
        assert (record.uri, record.place.length) == (fields["url"], int(fields["length"]))
    assert pages[0] == {"format": "json-pages-1.0", "id": "pages", "title": "newsarchive", "hasText": True}
    shown = {(page["ts"], page["title"]) for page in pages[1:] if page["url"] == STORY}
    assert shown == {("2026-03-01T06:00:00Z", "The wall holds"), ("2026-03-01T06:30:00Z", "The wall falls")}


def test_cdxj_is_sorted_and_names_the_archives_files(small: Archive, exported: Exported) -> None:
    """A line a capture, as pywb reads it."""
    lines = exported(Format.CDXJ).read_text().splitlines()
    assert lines == sorted(lines)
    for line in lines:
        key, stamp, fields = line.split(" ", 2)
        told = json.loads(fields)
        record = read_record(small.config.warc_folder / told["filename"], int(told["offset"]))
        assert (record.uri, len(stamp), key[:13]) == (told["url"], 14, "example,news)")


def test_csv_has_a_line_an_article_and_no_formula(exported: Exported) -> None:
    """RFC 4180; names first."""
    rows = list(csv.DictReader(io.StringIO(exported(Format.CSV).read_bytes().decode(), newline="")))
    row = next(row for row in rows if row["url"] == STORY)
    assert (row["headline"], row["site"], row["published"]) == ("The wall falls", "news", "2026-03-01T05:00:00Z")
    # What was shown at another address, without a word of which is meant, is an article of its own.
    assert sorted(row["url"] for row in rows) == [CHINESE, STORY, f"{STORY}?from=feed", SECRET]


@pytest.mark.parametrize(
    "text", ["=HYPERLINK(A1)", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "  =1", "＝1", "\u00a0=1", "\0=1", '="a",b\n"c"']
)
def test_no_cell_is_a_formula(small: Archive, text: str) -> None:
    """Whatever the cell, and through quotes and line breaks: a headline is written by whoever is archived."""
    line = {
        **next(iter(small.index.stream(iter_export_lines))),
        "headline": text,
        "authors": [text, "Ada"],
        "section": text,
    }
    written = io.StringIO(newline="")
    csv.writer(written).writerow(map(csv_cell, table_row(line)))
    [row] = csv.reader(io.StringIO(written.getvalue(), newline=""))
    found = dict(zip((field.name for field in TABLE_FIELDS), row, strict=True))
    for name in ("headline", "authors", "section"):
        assert found[name].startswith(f"'{text.replace(chr(0), '')}")


def test_parquet_has_what_jsonl_has(exported: Exported) -> None:
    """Nested fields too; times are timestamps."""
    parquet = pytest.importorskip("pyarrow.parquet")
    lines = [json.loads(line) for line in exported(Format.JSONL).read_text().splitlines()]
    rows = parquet.read_table(exported(Format.PARQUET)).to_pylist()
    assert [row["headline"] for row in rows] == [line["headline"] for line in lines]
    assert [row["links"] for row in rows] == [line["links"] for line in lines]
    assert [row["capture"]["offset"] for row in rows] == [line["capture"]["offset"] for line in lines]
    assert rows[0]["first_seen"].tzinfo is not None


def test_the_sqlite_copy_is_searched_as_datasette_does(exported: Exported) -> None:
    """It finds the full-text table by its declaration: content in double quotes. Single quotes it would pass over."""
    path = exported(Format.SQLITE)
    with sqlite3.connect(path) as connection:
        # The query that Datasette looks for full text with (datasette/utils/__init__.py, detect_fts_sql).
        found = connection.execute(
            """select name from sqlite_master where rootpage = 0 and (
                sql like '%VIRTUAL TABLE%USING FTS%content="articles"%'
                or sql like '%VIRTUAL TABLE%USING FTS%content=[articles]%')"""
        ).fetchall()
        assert found == [("articles_fts",)]
        hits = connection.execute(
            "select headline from articles where rowid in (select rowid from articles_fts where articles_fts match ?)",
            ["fallen"],
        ).fetchall()
        assert hits == [("The wall falls",)]
        assert connection.execute("select count(*) from captures").fetchone() == (11,)
    connection.close()


def test_the_sqlite_copy_has_each_version(exported: Exported, small: Archive) -> None:
    """Versions are rows beside the newest ones; where these are asked for as articles, they stand there alone."""
    everything = list(small.index.stream(iter_export_lines, all_versions=True))
    assert len(everything) > len(list(small.index.stream(iter_export_lines)))
    with sqlite3.connect(exported(Format.SQLITE)) as connection:
        rows = connection.execute(
            "select articles.canonical_url, versions.version, versions.body from versions join articles on id = article"
        ).fetchall()
    connection.close()
    assert sorted(rows) == sorted((line["canonical_url"], line["version"], line["body"]) for line in everything)
    with sqlite3.connect(exported(Format.SQLITE, all_versions=True)) as connection:
        assert connection.execute("select count(*) from versions").fetchone() == (0,)
        assert connection.execute("select count(*) from articles").fetchone() == (len(everything),)
    connection.close()


def test_the_sqlite_copy_has_authors_and_tags_as_rows(small: Archive, tmp_path: Path) -> None:
    """In the order of the page; what is no article of the copy has no row."""
    first, second, *_ = small.index.stream(iter_export_lines)
    names = {"authors": ["Ann Lee", "Bo Chen"], "tags": ["port", "wall", "port"]}
    other = first | {"canonical_url": "https://elsewhere.example/"}
    write_datasette_copy(tmp_path / "copy.sqlite", [first, second | names], (), print, versions=[other])
    with sqlite3.connect(tmp_path / "copy.sqlite") as connection:
        for table, printed in names.items():
            rows = connection.execute(f"select article, position, name from {table}").fetchall()
            assert rows == [(2, place, name) for place, name in enumerate(printed)]
        assert connection.execute("select count(*) from versions").fetchone() == (0,)
    connection.close()


@pytest.mark.parametrize("format_", list(Format))
def test_no_format_has_what_is_excluded(small: Archive, exported: Exported, format_: Format) -> None:
    """Neither its URL nor its text is in the bytes, decompressed."""
    path = exported(format_, index=small.index.excluding(HIDDEN))
    data = path.read_bytes()
    if format_ is Format.WARC:
        data = b"".join(record.block + str(record.headers).encode() for record in read_records(path))
    if format_ is Format.WACZ:
        with zipfile.ZipFile(path) as opened:
            data = b"".join(map(opened.read, opened.namelist()))
            (path.parent / "inner.warc.gz").write_bytes(opened.read("archive/data.warc.gz"))
        data += gzip.decompress(zipfile.ZipFile(path).read("indexes/index.cdx.gz"))
        data += b"".join(
            record.block + str(record.headers).encode() for record in read_records(path.parent / "inner.warc.gz")
        )
    if format_ is Format.PARQUET:
        parquet = pytest.importorskip("pyarrow.parquet")
        data = str(parquet.read_table(path).to_pylist()).encode()
    assert b"salaries" not in data
    assert b"salary" not in data
    assert b"harbour-wall" in data


def test_damage_is_skipped_and_reported(small: Archive, exported: Exported, tmp_path: Path) -> None:
    """A missing file loses its own captures, not the export."""
    folder = tmp_path / "fewer"
    folder.mkdir()
    newest = max(small.config.warc_folder.glob("*.warc.gz"))
    for path in small.config.warc_folder.glob("*.warc.gz"):
        if path != newest:
            (folder / path.name).write_bytes(path.read_bytes())
    missed: list[str] = []
    request = ExportRequest(index=small.index, places=Places(folder=folder), report_missed=missed.append)
    into = tmp_path / "some.warc.gz"
    with into.open("w+b") as file:
        assert FORMATS[Format.WARC].write(request, file) == 7
    assert [kind for kind, _ in told(into)].count("response") == 7
    assert len(missed) == 4
    assert all(newest.name in what for what in missed)
