"""What goes wrong around an archive ends in one clear line, the documented exit code, and a whole archive."""

import json
import os
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage.errors import ConfigError, DiskFull, IndexFailure, IndexTooNew, StorageError
from tests.newsroom.hostile import page


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'dealy = "1s"\n', "line 1: there is no setting 'dealy'; did you mean 'delay'? Nothing was done"),
        (b'[[site]]\nname = "a"\nurl = "https://a.example/"\nfeedz = []\n', "did you mean 'feeds'"),
        (b"sites = [\n", "is not TOML"),
        (b"# caf\xe9\n", "is not UTF-8 text (byte 5); nothing was done"),
    ],
    ids=["unknown-key", "unknown-site-key", "no-toml", "no-utf-8"],
)
def test_settings_that_are_wrong_are_named_and_nothing_is_done(rig: Any, text: bytes, said: str) -> None:
    """The file, the mistake, and what did you mean; no folder or index appears."""
    settings = rig.folder / "newsarchive.toml"
    settings.write_bytes(text)
    ended = rig.run("crawl")
    assert ended.code == ConfigError.exit_code
    assert str(settings) in ended.sentence()
    assert said in ended.sentence()
    assert list(rig.folder.iterdir()) == [settings]


def test_a_file_in_the_place_of_the_folder(rig: Any, nobody: str) -> None:
    """What cannot be made is named, and doctor; once it is out of the way, the archive is sound."""
    rig.configure(nobody)
    (rig.folder / "warc").write_text("in the way")
    ended = rig.crawl()
    assert ended.code == StorageError.exit_code
    assert f"{rig.folder / 'warc'} cannot be created" in ended.sentence()
    assert "newsarchive doctor" in ended.sentence()
    assert rig.run("doctor").code == 1
    (rig.folder / "warc").unlink()
    rig.assert_whole()


def test_a_folder_that_takes_no_writes(
    rig: Any, mount: Callable[..., None], site: Callable[..., Any], tmp_path: Path
) -> None:
    """On a disk that became read-only, a crawl says so and ends; made writable again, all is as it was."""
    rig.configure(site({}).url, index=f'"{tmp_path / "index.sqlite3"}"')
    (rig.folder / "warc").mkdir()
    mount(rig.folder / "warc", "size=8m")
    assert rig.crawl().code == 0
    before = rig.export()
    assert before
    mount(rig.folder / "warc", "ro")
    ended = rig.run("crawl")
    assert ended.code == StorageError.exit_code
    assert "Read-only file system" in ended.sentence()
    assert rig.export() == before, "reading needs no writing"
    mount(rig.folder / "warc", "rw")
    assert rig.export() == before
    rig.assert_whole()


def test_an_index_that_cannot_be_written(rig: Any, mount: Callable[..., None], nobody: str) -> None:
    """With the whole archive on a read-only disk, the index is named, and that the WARC files are untouched."""
    mount(rig.folder, "size=8m")
    rig.configure(nobody)
    assert rig.run("status").code == 0
    mount(rig.folder, "ro")
    ended = rig.run("crawl")
    assert ended.code in (IndexFailure.exit_code, StorageError.exit_code)
    assert str(rig.folder) in ended.sentence()
    assert "newsarchive doctor" in ended.sentence()
    mount(rig.folder, "rw")
    rig.assert_whole()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "room"), [("warc", 24_000), ("", 400_000)], ids=["the-warc-files", "the-index-and-all"]
)
def test_a_full_disk(
    rig: Any, mount: Callable[..., None], site: Callable[..., Any], sent: Callable[..., Any], where: str, room: int
) -> None:
    """What was committed is whole while the disk is full; with room again, the same command goes on to the end."""
    server = site({})
    origin = server.url.rstrip("/")
    names = [f"case-{number}" for number in range(40)]
    server.newsroom.pages.update({f"/{name}": sent(body=page(name, origin)) for name in names})
    disk = rig.folder / where
    disk.mkdir(exist_ok=True)
    mount(disk, "size=8m")
    rig.configure(server.url)
    assert rig.run("status").code == 0, "the empty index is there before the disk fills"
    free = os.statvfs(disk)
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(free.f_bavail * free.f_frsize - room))
    ended = rig.crawl()
    assert ended.code == DiskFull.exit_code
    assert "no space is left" in ended.sentence()
    assert re.search(r"(start|run) the same command again", ended.sentence())
    verified = rig.run("verify")
    assert verified.code == 0, verified.out + verified.err
    held = {json.loads(line)["capture"]["payload_digest"] for line in rig.export()}
    ballast.unlink()
    again = rig.crawl(later=True)
    assert again.code == 0, again.err
    lines = [json.loads(line) for line in rig.export()]
    assert sorted(line["url"] for line in lines) == sorted(f"{origin}/{name}" for name in ["good", *names])
    assert held <= {line["capture"]["payload_digest"] for line in lines}
    rig.assert_whole()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["no-such-name", "nobody-listens"])
def test_a_site_that_gives_no_answer(rig: Any, nobody: str, kind: str) -> None:
    """Cron sees exit code 1 and why; the archive is whole, and the site is due again within the hour or so."""
    # .invalid never resolves (RFC 6761, 6.4).
    rig.configure("http://no-such-host.invalid/" if kind == "no-such-name" else nobody)
    ended = rig.crawl()
    assert ended.code == 1
    problem, advice = ended.err.splitlines()
    said = {
        "no-such-name": "no-such-host.invalid robots.txt cannot be fetched (no such host)",
        "nobody-listens": "127.0.0.1 robots.txt cannot be fetched (Connection was refused",
    }
    assert problem.startswith(said[kind])
    assert "backed off for 3600 s" in problem
    assert "the archive is unchanged" in advice
    assert "newsarchive doctor" in advice
    rig.assert_whole()


def test_a_site_that_is_down_delays_no_other(rig: Any, nobody: str, site: Callable[..., Any]) -> None:
    """One site of two is down, by a name of its own: the other is archived, exit code 0, and the line is there."""
    rig.configure(nobody.replace("127.0.0.1", "localhost"))
    settings = rig.folder / "newsarchive.toml"
    settings.write_text(
        f'{settings.read_text()}\n[[site]]\nname = "up"\nurl = "{site({}).url}"\nallow_private = true\n'
    )
    ended = rig.crawl()
    assert ended.code == 0, ended.err
    (line,) = ended.err.splitlines()
    assert line.startswith("localhost robots.txt cannot be fetched (")
    assert len(rig.export()) == 1
    rig.assert_whole()


def test_an_index_of_a_later_version(rig: Any, site: Callable[..., Any]) -> None:
    """Every command refuses it and says what to do; the command that it names mends it."""
    rig.configure(site({}).url)
    assert rig.crawl().code == 0
    before = rig.export()
    index = sqlite3.connect(rig.folder / "index.sqlite3")
    with index:
        index.execute("UPDATE alembic_version SET version_num = '9999'")
    index.close()
    held = {path: path.read_bytes() for path in (rig.folder / "warc").glob("*.warc.gz*")}
    for words in (["crawl"], ["search", "harbour"], ["export"], ["verify"]):
        ended = rig.run(*words)
        assert ended.code == IndexTooNew.exit_code
        assert "written by a later version of newsarchive" in ended.sentence()
        assert "newsarchive rebuild" in ended.sentence()
    assert {path: path.read_bytes() for path in (rig.folder / "warc").glob("*.warc.gz*")} == held
    assert rig.run("rebuild").code == 0
    assert rig.export() == before
    assert rig.run("verify").code == 0
