"""Damage in a closed file: whole records are indexed, and the damage is reported once."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from newsarchive.archive import Archive
from storage.index.queries.articles import iter_captures
from storage.index.queries.status import list_warc_files
from storage.index.views.articles import CaptureFilters
from storage.warc.record import build_member
from tests.in_process import run_in_process
from tests.rebuilding import rebuild

AT = datetime(2026, 5, 4, 8, tzinfo=UTC)


def page(name: str) -> bytes:
    """A record as another tool might have made it."""
    headers = [
        ("WARC-Record-ID", f"<urn:test:{name}>"),
        ("WARC-Date", "2024-03-01T12:00:00Z"),
        ("WARC-Target-URI", f"http://news.example/{name}"),
        ("Content-Type", "application/http; msgtype=response"),
    ]
    return build_member("response", headers, b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nNothing much.")


def test_damage_is_reported_once_and_its_file_counts_as_read(tmp_path: Path) -> None:
    """Law 1: the whole records of a damaged file are in the index, and the file is not read again at every start."""
    with Archive.init(tmp_path / "archive") as archive:
        (archive.config.warc_folder / "a.warc.gz").write_bytes(page("one") + b"\0" * 50 + page("two"))
        with archive.ingestor() as ingestor:
            first, second = archive.recover(ingestor), archive.recover(ingestor)
        assert (first.captures, len(first.problems)) == (2, 1)
        assert (second.captures, second.problems) == (0, ())
        files = archive.index.read(list_warc_files)
        assert [(file.name, file.state) for file in files] == [("a.warc.gz", "closed")]
        assert archive.verify().damaged
        assert len(rebuild(archive).problems) == 1
        assert archive.index.read(list_warc_files) == files
        assert len(list(archive.index.stream(iter_captures, CaptureFilters()))) == 2


def test_an_import_reports_damage(tmp_path: Path) -> None:
    """Damage that recovery finds before an import is reported once."""
    (tmp_path / "b.warc.gz").write_bytes(page("three"))
    with Archive.init(tmp_path / "archive") as archive:
        (archive.config.warc_folder / "a.warc.gz").write_bytes(page("one") + b"\0" * 50 + page("two"))
        told = archive.import_files([tmp_path / "b.warc.gz"])
        again = archive.import_files([tmp_path / "b.warc.gz"])
    assert (told.read.captures, len(told.read.problems), again.read.problems) == (1, 1, ())


def test_a_damaged_file_is_replaced_by_its_copy(archive_of: Callable[..., Archive]) -> None:
    """As docs/how-to/backup.md describes it: what is lost without the copy comes back with it."""
    text = "".join(f"<p>Paragraph {n} tells of the harbour and its wall, for another year.</p>" for n in range(9))
    pages = [
        {"url": f"https://news.example/{n}", "body": f"<h1>Story {n}</h1><article>{text}{n}".encode(), "at": AT}
        for n in range(5)
    ]
    archive = archive_of(*pages)
    (file,) = archive.config.warc_folder.glob("*.warc.gz")
    good = file.read_bytes()
    third = good.index(b"\x1f\x8b\x08", len(good) // 2)
    damaged = good[: third + 40] + bytes(30) + good[third + 70 :]

    def run(*words: str) -> tuple[int, str]:
        done = run_in_process(*words, "--archive", archive.folder)
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    assert run("verify")[0] == 0
    file.write_bytes(damaged)
    code, shown = run("verify")
    assert (code, f"{file.name}, byte {third}: corrupt gzip member" in shown) == (1, True)
    assert run("verify", "--repair")[0] == 1
    assert file.read_bytes() == damaged
    code, shown = run("rebuild")
    assert (code, "captures: 1" in shown) == (74, True)
    file.write_bytes(good)
    assert run("verify")[0] == 0

    file.write_bytes(damaged)
    code, shown = run("rebuild", "--forget")
    assert (code, "No longer in the index: 1 capture of 1 WARC file, see above." in shown) == (0, True)
    assert run("verify")[0] == 1
    file.write_bytes(good)
    code, shown = run("verify")
    assert (code, f"byte {third}: the index lacks this capture; run: newsarchive rebuild" in shown) == (1, True)
    assert "the index was made of another state of the file, which is as it was closed" in shown
    assert "has changed since" not in shown
    assert "Restore it" not in shown
    assert run("rebuild")[0] == 0
    assert run("verify")[0] == 0
