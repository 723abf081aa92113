"""The doctor: what it finds, and that it changes nothing."""

import fcntl
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import pytest

from newsarchive.config.schema import Config
from newsarchive.config.toml_file import create_config_file, parse_config
from newsarchive.operations import doctor
from newsarchive.operations.health import Finding, Severity, check_disks
from storage.errors import IndexFailure, IndexTooNew, IndexTooOld

NOW = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


class NoIndex:
    """Stands in for the index, which has tests of its own."""

    @classmethod
    def open(cls, url: str, *, create: bool) -> "NoIndex":
        """Open only what is there."""
        assert not create
        if "broken" in url:
            raise IndexFailure("it is broken")
        if "down" in url:
            raise IndexFailure("the index cannot be used: no answer. See what is wrong with: newsarchive doctor")
        if "later" in url:
            raise IndexTooNew(found="0099", known="0011")
        if "former" in url:
            raise IndexTooOld(found="0013")
        return cls()

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A new archive with an index that opens."""
    monkeypatch.setattr(doctor, "Index", NoIndex)
    monkeypatch.setattr(doctor, "check_archive", lambda config, now: iter(()))
    config = create_config_file(tmp_path, contact="me@morgue.example")
    config.warc_folder.mkdir()
    return config


def by_name(findings: object) -> dict[str, Finding]:
    """Findings by what was looked at."""
    assert hasattr(findings, "__iter__")
    return {finding.subject: finding for finding in findings}


def test_a_new_archive_lacks_only_sites(archive: Config) -> None:
    """Every check runs, and the one thing that is missing is named with the next command."""
    found = by_name(doctor.run_checks(archive.folder, NOW.replace(year=2100)))
    assert set(found) >= {"Python", "Scrapy", "folder", "disk", "sites", "contact", "index", "open files"}
    assert found["sites"].severity is Severity.WARNING
    assert found["sites"].command == "newsarchive add https://..."
    assert [each for each in found.values() if each.severity is Severity.ERROR and each.subject != "disk"] == []


def test_a_missing_archive_is_a_remark(tmp_path: Path) -> None:
    """The installation can be looked at before there is an archive."""
    assert (
        by_name(doctor.run_checks(tmp_path / "none", NOW))["archive"].command == f"newsarchive init {tmp_path / 'none'}"
    )
    assert [finding.subject for finding in doctor.run_checks(None, NOW)] == ["Python", "Scrapy"]


def test_wrong_settings_are_the_finding(tmp_path: Path) -> None:
    """A newsarchive.toml that nobody can read is told of, and the rest is left."""
    (tmp_path / "newsarchive.toml").write_text("delya = 1")
    found = by_name(doctor.run_checks(tmp_path, NOW))
    assert found["settings"].severity is Severity.ERROR
    assert "line 1" in found["settings"].sentence


def test_an_unsupported_scrapy_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The download handler stands on one minor version."""
    real = metadata.version

    def other(name: str) -> str:
        return "2.20.1" if name == "scrapy" else real(name)

    monkeypatch.setattr(metadata, "version", other)
    assert by_name(doctor.run_checks(None, NOW))["Scrapy"].command.endswith(" 'scrapy~=2.19.0'")


def test_an_index_that_does_not_open_is_an_error(archive: Config) -> None:
    """The doctor says what opening said, and that rebuilding helps."""
    broken = parse_config('index = "broken.sqlite3"', archive.folder)
    finding = doctor.check_index(broken)
    assert (finding.severity, finding.sentence, finding.command) == (
        Severity.ERROR,
        "it is broken",
        "newsarchive rebuild",
    )


def test_a_server_that_is_down_is_reported_once(archive: Config) -> None:
    """What opening says sends its reader to the doctor; the doctor sends nobody to itself, nor to a rebuild first."""
    finding = doctor.check_index(parse_config('index = "postgresql://db.example/down"', archive.folder))
    assert finding.sentence == "the index cannot be used: no answer."
    assert finding.command == "check the server and your access to it; if the index is lost: newsarchive rebuild"


def test_an_index_of_a_later_version_is_reported_once(archive: Config) -> None:
    """What it is, what it means and the next command, each in its own place."""
    finding = doctor.check_index(parse_config('index = "later.sqlite3"', archive.folder))
    assert finding.sentence.endswith("later.sqlite3, which is newer than this newsarchive (schema 0011)")
    assert finding.sentence.startswith("schema 0099 in sqlite://")
    assert finding.meaning == "it was written by a later version; the WARC files are not affected"
    assert finding.command == "install that version again, or rebuild the index: newsarchive rebuild"


def test_an_index_of_before_the_first_release_is_to_be_rebuilt(archive: Config) -> None:
    """Also one in PostgreSQL, where other errors are first a matter of the server."""
    config = parse_config('index = "postgresql://db.example/former"', archive.folder)
    finding = doctor.check_index(config)
    assert finding.sentence.startswith("schema 0013 in postgresql+psycopg://")
    assert finding.command == "newsarchive rebuild"


def test_a_password_is_not_printed(archive: Config) -> None:
    """A database URL may hold one."""
    config = parse_config('index = "postgresql://me:secret@db.example/news"', archive.folder)
    assert doctor.check_index(config).sentence == "postgresql+psycopg://db.example/news has the schema of this version"


def test_open_files_running_and_left(archive: Config) -> None:
    """A file whose lock is held belongs to a crawl that runs; one without was left by one that was killed."""
    file = archive.warc_folder / "a.warc.gz.open"
    file.touch()
    assert "killed: a.warc.gz.open" in doctor._check_open_files(archive).sentence
    with file.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert doctor._check_open_files(archive).sentence == "a crawl is running: a.warc.gz.open"


def test_a_folder_without_write_permission_is_an_error(archive: Config) -> None:
    """Whatever the reason, with the folder's name."""
    archive.warc_folder.rmdir()
    archive.warc_folder.write_text("in the way")
    finding = doctor._check_folder(archive)
    assert finding.severity is Severity.ERROR
    assert str(archive.warc_folder) in finding.sentence


@pytest.mark.parametrize(
    ("free", "severity"),
    [(2_000_000_000, Severity.OK), (1_999_999_999, Severity.WARNING), (199_999_999, Severity.ERROR)],
)
def test_little_space(archive: Config, free: int, severity: Severity, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is nearly full is told of before it is full."""
    usage: Callable[[object], object] = lambda _: type("Usage", (), {"free": free})  # noqa: E731
    monkeypatch.setattr("shutil.disk_usage", usage)
    assert [each.severity for each in check_disks(archive)] == [severity]


def test_a_missing_contact_is_a_remark(archive: Config) -> None:
    """An archive works without, but a site's owner can then only block it."""
    assert doctor._check_contact(parse_config("", archive.folder)).severity is Severity.WARNING
    assert (
        doctor._check_contact(parse_config('user_agent = "bot (+https://x.example)"', archive.folder)).severity
        is Severity.OK
    )


DRAWN = '[[site]]\nname = "lantern"\nurl = "https://lantern.example/"\nrender = true\n'


def drawing(archive: Config, browser: str) -> Finding:
    """What is found of the browser, where a site's pages are to be drawn by that one."""
    toml = archive.folder / "newsarchive.toml"
    toml.write_text(f'contact = "me@morgue.example"\nbrowser = "{browser}"\n{DRAWN}')
    return by_name(doctor.run_checks(archive.folder, NOW))["browser"]


def test_doctor_starts_the_browser_where_pages_are_rendered(archive: Config) -> None:
    """As a crawl starts it; elsewhere nobody needs one."""
    pytest.importorskip("playwright")
    path = os.environ.get("NEWSARCHIVE_CHROMIUM") or "/usr/bin/chromium"
    if not Path(path).exists():
        pytest.skip(f"NEWSARCHIVE_CHROMIUM names no browser, and {path} is not there")
    assert "browser" not in by_name(doctor.run_checks(archive.folder, NOW))
    found = drawing(archive, path)
    assert (found.severity, found.sentence.startswith("Chromium ")) == (Severity.OK, True)


def test_a_driver_that_does_not_start_is_an_error(archive: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a library that it needs is missing, Playwright ends before there is a browser."""
    pytest.importorskip("playwright")
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", "/bin/false")
    found = drawing(archive, "")
    assert found.severity is Severity.ERROR
    assert found.sentence.startswith("Chromium does not start (")


def test_a_browser_that_does_not_start_is_an_error(archive: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages would be kept and not drawn; without Playwright nothing of the site can be crawled at all."""
    pytest.importorskip("playwright")
    found = drawing(archive, "/bin/false")
    assert found.severity is Severity.ERROR
    assert found.sentence.startswith("/bin/false does not start (")
    assert found.command == "playwright install --with-deps chromium"
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    missing = drawing(archive, "")
    assert (missing.severity, missing.sentence) == (Severity.ERROR, "Playwright is not installed")
    assert "lantern cannot be crawled" in missing.meaning
