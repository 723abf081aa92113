"""`newsarchive import` of pages that browsers and other programs saved."""

import base64
import json
import os
import quopri
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.archive import Archive
from newsarchive.config.toml_file import load_config
from newsarchive.ingest.page_files import parse_page_file
from newsarchive.locks.site_locks import lock_sites
from storage.index.queries.articles import iter_captures
from storage.warc.reader import read_records
from tests.in_process import run_in_process
from tests.integration.crawl.test_save import STORY, configure, contents, reply
from tests.rebuilding import rebuild

URL = "https://gazette.example/news/tide"
SINGLE_FILE = (
    f"<!--\n Page saved with SingleFile \n url: {URL}-2#top \n saved date: Wed Nov 25 2026 10:00:00 GMT+0100"
    " (Central European Standard Time)\n-->"
)
MTIME = datetime(2026, 5, 4, 6, tzinfo=UTC)
PICTURE = b"\x89PNG\r\n\x1a\n picture"


def mhtml(page: str, url: str = f"{URL}-3", date: str = "Tue, 24 Nov 2026 09:00:00 -0000") -> bytes:
    """Return a page with a picture as Chrome saves it."""
    parts = [
        "From: <Saved by Blink>", f"Snapshot-Content-Location: {url}", "Subject: The tide", f"Date: {date}",
        "MIME-Version: 1.0", 'Content-Type: multipart/related;\r\n\ttype="text/html";\r\n\tboundary="----b"', "", "",
        "------b", 'Content-Type: text/html; charset="utf-8"', "Content-ID: <frame@mhtml.blink>",
        "Content-Transfer-Encoding: quoted-printable", f"Content-Location: {url}", "",
        quopri.encodestring(page.encode()).decode(), "------b", "Content-Type: image/png",
        "Content-Transfer-Encoding: base64", "Content-Location: https://gazette.example/dot.png", "",
        base64.b64encode(PICTURE).decode(), "------b", "Content-Type: text/css",
        "Content-Location: cid:css@mhtml.blink", "", "p {}", "------b--", "",
    ]  # fmt: skip
    return "\r\n".join(parts).encode()


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    folder = tmp_path / "saved"
    (folder / "below").mkdir(parents=True)
    (folder / "b.html").write_text(f"<!-- saved from url=(0034){URL}-1 -->\n{STORY}")
    (folder / "below" / "a.htm").write_text(SINGLE_FILE + STORY.replace("Boat 3", "Boat 33").replace("tide", "ebb"))
    (folder / "c.mhtml").write_bytes(mhtml(STORY.replace("tide", "flood").replace("Boat 5", "Böat 55")))
    (folder / "picture.png").write_bytes(PICTURE)
    for file in folder.rglob("*.html"):
        os.utime(file, (MTIME.timestamp(), MTIME.timestamp()))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "archive").mkdir()
    configure(tmp_path / "archive", "https://other.example")
    return tmp_path / "archive"


def test_a_host_that_is_no_site_has_nothing_due(folder: Path, saved: Path) -> None:
    """No crawl asks for the imported pages of a host that newsarchive.toml does not have."""
    assert run_in_process("import", saved, "--archive", folder).returncode == 0
    (site,) = [
        each
        for each in json.loads(run_in_process("status", "--json", "--archive", folder).stdout)["sites"]
        if each["name"] == "gazette.example"
    ]
    assert site["articles"] > 0
    assert [site[name] for name in ("next_due", "due", "scheduled", "older")] == [None, 0, 0, 0]


def test_saved_pages_become_articles_and_resource_records(folder: Path, saved: Path) -> None:
    """Each has its own URL and date; no response is invented; a rebuild gives the same (law 1)."""
    done = run_in_process("import", saved, "--archive", folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "saved-pages.warc.gz: 4 records\n4 captures and 3 article versions imported." in done.stdout
    with Archive.open(folder) as archive:
        captures = {each.url: each for each in archive.index.stream(iter_captures)}
        dates = {url.removeprefix(URL): each.fetched_at for url, each in captures.items()}
        assert dates.pop("https://gazette.example/dot.png") == datetime(2026, 11, 24, 9, tzinfo=UTC)
        assert dates == {
            "-1": MTIME,
            "-2": datetime(2026, 11, 25, 9, tzinfo=UTC),
            "-3": datetime(2026, 11, 24, 9, tzinfo=UTC),
        }
        assert {(each.kind, each.status, each.site) for each in captures.values()} == {
            ("resource", None, "gazette.example")
        }
        live = contents(archive)
        assert len(live[2]) == 3
        assert any("Böat 55" in str(line["body"]) for line in live[2])
        rebuild(archive)
        assert contents(archive) == live
    (warc,) = (folder / "warc").glob("*.warc.gz")
    records = list(read_records(warc))
    assert [record.type for record in records] == ["resource"] * 4
    assert (saved / "b.html").read_bytes() in [record.block for record in records]
    assert PICTURE in [record.block for record in records]
    assert run_in_process("verify", "--archive", folder).returncode == 0


def test_a_page_is_imported_once(folder: Path, saved: Path) -> None:
    """Together with others, and under another file name too."""
    assert run_in_process("import", saved / "b.html", "--archive", folder).returncode == 0
    done = run_in_process("import", saved / "b.html", "--archive", folder)
    assert "There was nothing new" in done.stdout
    done = run_in_process("import", saved, "--archive", folder)
    assert "3 captures and 2 article versions imported. 1 capture was in the archive already." in done.stdout


def test_a_page_without_a_url_needs_one(folder: Path, tmp_path: Path) -> None:
    """The message has the command, the other files are imported, and the exit code is 1."""
    (tmp_path / "plain.html").write_text(STORY)
    (tmp_path / "known.mht").write_bytes(mhtml(STORY))
    done = run_in_process("import", tmp_path / "plain.html", tmp_path / "known.mht", "--archive", folder)
    assert done.returncode == 1
    assert f"newsarchive import {tmp_path / 'plain.html'} --url URL" in done.stderr
    assert "2 captures and 1 article version imported" in done.stdout
    done = run_in_process("import", tmp_path / "plain.html", "--url", f"{URL}-9", "--archive", folder)
    assert done.returncode == 0
    assert (
        json.loads(run_in_process("show", f"{URL}-9", "--json", "--archive", folder).stdout)["site"]
        == "gazette.example"
    )


@pytest.mark.parametrize(
    "words", [["saved", "--url", URL], ["x.html", "y.html", "--url", URL], ["x.html", "--url", "x"]]
)
def test_a_url_is_that_of_one_page(folder: Path, saved: Path, words: list[str]) -> None:
    """Two pages can't have one URL, and a URL has a host; nothing is imported."""
    done = run_in_process("import", *words, "--archive", folder, at=saved.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert not list((folder).glob("warc/*"))


def test_a_page_and_a_list_of_urls_from_standard_input(tmp_path: Path, server: Any) -> None:
    """A list is saved: its URLs are fetched."""
    configure(tmp_path, server.base)
    done = run_in_process("import", "-", "--url", f"{URL}-4", "--archive", tmp_path, stdin=STORY)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 capture and 1 article version imported" in done.stdout
    server.say("/news/tide", reply(200, STORY.replace("Boat 3", "Boat 33")))
    (tmp_path / "list.txt").write_text(f"{server.base}/news/tide\n\n{server.base}/news/none")
    done = run_in_process("import", tmp_path / "list.txt", "--archive", tmp_path)
    assert done.returncode == 1, "one of them is not there"
    assert f"{server.base}/news/tide: article " in done.stdout
    assert "nothing new" not in done.stdout
    assert server.of("/news/none")
    (tmp_path / "list.txt").write_text(f"{server.base}/news/tide")
    (tmp_path / "plain.html").write_text(STORY)
    done = run_in_process("import", tmp_path / "list.txt", tmp_path / "plain.html", "--archive", tmp_path)
    assert f"{server.base}/news/tide: article " in done.stdout
    assert done.returncode == 1, "a page has no URL, though all of the list was saved"


def test_what_was_imported_is_printed_as_json_also_where_the_pages_of_a_list_cannot_be_saved(
    saved: Path, tmp_path: Path, server: Any
) -> None:
    """The site is being crawled: one value with the files and the problem, the message, and exit code 75."""
    configure(tmp_path, server.base)
    (tmp_path / "list.txt").write_text(f"{server.base}/news/tide")
    words: list[str | Path] = ["import", saved, tmp_path / "list.txt", "--json", "--archive", tmp_path]
    with lock_sites(load_config(tmp_path), "crawl", ["example"]):
        done = run_in_process(*words)
    value = json.loads(done.stdout)
    assert (done.returncode, value["saved"], server.log) == (75, [], [])
    assert value["imported"]["read"]["captures"] > 0
    assert value["problems"][-1] in " ".join(done.stderr.split())


@pytest.mark.parametrize("command", ["import", "extract"])
def test_a_folder_without_such_files_is_an_error(folder: Path, command: str) -> None:
    """Nothing to read must not look like nothing new."""
    (folder / "notes").mkdir()
    done = run_in_process(command, folder / "notes", "--archive", folder)
    assert (done.returncode, done.stdout) == (4, "")
    assert "notes holds no such file; nothing was read. Names end with .html" in done.stderr


@given(st.binary(max_size=300), st.sampled_from(["", SINGLE_FILE, "Content-Type: multipart/related\n\n"]))
def test_no_file_breaks_the_parser(data: bytes, before: str) -> None:
    """Whatever a file holds, its page is returned; what is no MHTML is kept byte for byte."""
    whole = before.encode() + data
    pages = parse_page_file(whole)
    if not before.startswith("Content"):
        assert [page.payload for page in pages] == [whole]
    assert all(page.url is None or page.url.startswith("https://") for page in pages)


@pytest.mark.parametrize(("blank", "kept"), [(" ", " "), ("\r\n ", ""), ("\r\n\t", "")], ids=["blank", "fold", "tab"])
def test_a_fold_is_removed_from_a_url_but_a_blank_is_not(blank: str, kept: str) -> None:
    """A URL without its blanks would be another one."""
    page, _ = parse_page_file(mhtml(STORY, url=f"{URL}{blank}b.html"))
    assert page.url == f"{URL}{kept}b.html"


@pytest.mark.parametrize("date", ["", "yesterday", "Tue, 99 Nov 2026 09:00:00", "Tue, 24 Nov 99999 09:00:00 +0000"])
def test_a_date_that_is_none_is_unknown(date: str) -> None:
    """The time of the file is taken then."""
    assert parse_page_file(mhtml(STORY, date=date))[0].saved_at is None


def test_a_zone_is_not_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    """-0000 is UTC without a zone, whatever this machine's is."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    (page, picture) = parse_page_file(mhtml(STORY))
    assert page.saved_at == picture.saved_at == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert (page.mime, picture.mime, picture.payload) == ("text/html; charset=utf-8", "image/png", PICTURE)


@pytest.mark.parametrize("first", ["From", "Content-Type"])
def test_an_mhtml_file_is_known_by_its_header(folder: Path, first: str) -> None:
    """From standard input too, whichever field is the first, and where the lines of its URLs are folded."""
    head, _, rest = mhtml(STORY).decode().replace("\r\n\t", "").partition("\r\n\r\n")
    fields = sorted(head.splitlines(), key=lambda line: not line.startswith(first))
    whole = "\r\n".join([*fields, "", rest]).replace("Location: ", "Location: \r\n ").replace("/news/", "/ne\r\n ws/")
    done = run_in_process("import", "-", "--archive", folder, stdin=whole)
    assert (done.returncode, done.stderr) == (0, "")
    with Archive.open(folder) as archive:
        found = {each.url for each in archive.index.stream(iter_captures)}
    assert found == {f"{URL}-3", "https://gazette.example/dot.png"}
