"""pywb 2.10, unmodified and in its own environment: over our index, and alone over our exports."""

import gzip
import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from newsarchive.archive import Archive
from newsarchive.export.formats import FORMATS, Format
from newsarchive.export.request import ExportRequest
from newsarchive.replay.environment import ReplayEnvironment, install
from newsarchive.replay.process import PywbProgram, PywbSupervisor, run_pywb
from newsarchive.web.app import create_app
from newsarchive.web.serve_options import DEFAULT_OPTIONS
from storage.errors import ConfigError, ReplayFailure
from storage.index.queries.articles import find_article_id
from storage.index.views.articles import Filters

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

STORY = "http://news.example/2026/03/01/harbour-wall"


@pytest.fixture
def free_port() -> int:
    """Return a free port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def got(port: int, path: str, host: str = "replay.localhost") -> tuple[int, str]:
    """Return status and text of a response of the replay."""
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": f"{host}:{port}"})
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode("utf-8", "replace")


@pytest.mark.slow
def test_pywb_replays_from_our_index(small: Archive, address: str, pywb: ReplayEnvironment, free_port: int) -> None:
    """Responses, both kinds of revisit, redirects, errors and requisites, each at its time."""
    options = replace(DEFAULT_OPTIONS, port=int(address.rpartition(":")[2]))
    with run_pywb(small, options, port=free_port, environment=pywb) as served:
        assert served.replay_url == f"http://replay.localhost:{free_port}/archive"
        for time, word in (("060000", "holds"), ("061000", "holds"), ("062000", "holds"), ("063000", "falls")):
            status, text = got(free_port, f"/archive/20260301{time}mp_/{STORY}")
            assert (status, f"The wall {word}" in text) == (200, True), time
        for path in ("060006mp_/http://news.example/style.css", "060030mp_/http://news.example/%E6%B8%AF%E5%8F%A3"):
            assert got(free_port, f"/archive/20260301{path}")[0] == 200
        assert got(free_port, "/archive/20260301060024mp_/http://news.example/gone")[0] == 404
        assert got(free_port, "/archive/2026mp_/http://nobody.example/")[0] == 404
        assert got(free_port, f"/archive/2026mp_/{STORY}", host="evil.example")[0] == 421
    with pytest.raises(urllib.error.URLError):
        got(free_port, "/")


@pytest.mark.slow
def test_pywb_decodes_every_coding_of_the_crawl(
    archive_of: Callable[..., Archive],
    at_address: Callable[[object], AbstractContextManager[str]],
    pywb: ReplayEnvironment,
    free_port: int,
) -> None:
    """A stylesheet in zstd is decoded: pywb alone would pass it on encoded, without Content-Encoding."""
    url, text = "http://news.example/style.css", "body { color: #123456 }\n" * 40
    coded = {"url": url, "mime": "text/css", "headers": {"Content-Encoding": "zstd"}}
    archive = archive_of({**coded, "body": zstd.compress(text.encode())})
    with at_address(create_app(archive)) as address:
        options = replace(DEFAULT_OPTIONS, port=int(address.rpartition(":")[2]))
        with run_pywb(archive, options, port=free_port, environment=pywb):
            assert got(free_port, f"/archive/20260301060000cs_/{url}") == (200, text)


@pytest.mark.slow
@pytest.mark.parametrize("form", [Format.WARC, Format.WACZ])
def test_an_export_replays_in_pywb_alone(
    small: Archive, pywb: ReplayEnvironment, free_port: int, tmp_path: Path, form: Format
) -> None:
    """The WARC file of one article, indexed by pywb; a WACZ by its own index."""
    article = small.index.ask(find_article_id, STORY)
    assert article
    path = tmp_path / f"slice{FORMATS[form].suffix}"
    choice = ExportRequest(index=small.index, places=small.places, filters=Filters(articles=(article,)))
    with path.open("w+b") as file:
        FORMATS[form].write(choice, file)
    index = tmp_path / "index.cdxj"
    if form is Format.WACZ:
        _unpacked(path, tmp_path, index)
    else:
        indexer = pywb.python.with_name("cdx-indexer")
        subprocess.run([indexer, "-j", "-s", "-o", index, path], check=True, capture_output=True, timeout=120)
    config = {"collections": {"slice": {"index_paths": str(index), "archive_paths": f"{tmp_path}/"}}}
    (tmp_path / "config.yaml").write_text(json.dumps(config))
    program = PywbProgram(environment=pywb, folder=tmp_path, port=free_port, hosts=("replay.localhost",))
    watch = PywbSupervisor(program)
    try:
        for time, word in (("060000", "holds"), ("061000", "holds"), ("063000", "falls")):
            status, text = got(free_port, f"/slice/20260301{time}mp_/{STORY}")
            assert (status, f"The wall {word}" in text) == (200, True), time
        for requisite in ("style.css", "wall.png"):
            assert got(free_port, f"/slice/20260301060000mp_/http://news.example/{requisite}")[0] == 200
    finally:
        watch.stop()


def _unpacked(path: Path, folder: Path, index: Path) -> None:
    with zipfile.ZipFile(path) as opened:
        (folder / "data.warc.gz").write_bytes(opened.read("archive/data.warc.gz"))
        index.write_bytes(gzip.decompress(opened.read("indexes/index.cdx.gz")))


@pytest.mark.slow
def test_a_killed_pywb_is_restarted(
    pywb: ReplayEnvironment, free_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replay that is killed is restarted; one that cannot start has an error message."""
    monkeypatch.setattr("newsarchive.replay.process._CHECK_INTERVAL", 0.2)
    (tmp_path / "config.yaml").write_text("{}")
    program = PywbProgram(environment=pywb, folder=tmp_path, port=free_port, hosts=("replay.localhost",))
    watch = PywbSupervisor(program)
    try:
        first = watch._process
        first.kill()
        first.wait()
        for _ in range(300):
            if watch._process is not first and program.is_responding():
                break
            watch._stopped.wait(0.1)
        assert watch._process is not first
        assert program.is_responding()
    finally:
        watch.stop()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port))
        with pytest.raises(ReplayFailure, match="did not start"):
            PywbSupervisor(program)


def test_without_pywb_the_install_command_is_named(small: Archive, tmp_path: Path) -> None:
    """Nothing is started."""
    nothing = ReplayEnvironment(folder=tmp_path / "none")
    with (
        pytest.raises(ReplayFailure, match="newsarchive replay install"),
        run_pywb(small, DEFAULT_OPTIONS, environment=nothing),
    ):
        pytest.fail("it ran")


@pytest.mark.parametrize(
    "options", [replace(DEFAULT_OPTIONS, auth=True), replace(DEFAULT_OPTIONS, host="0.0.0.0", public=True)]
)
def test_a_replay_is_not_open_to_unauthenticated_users(small: Archive, tmp_path: Path, options: object) -> None:
    """Pywb has no authentication: if the archive requires it, the owner needs a proxy."""
    folder = tmp_path / "installed"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").touch()
    (folder / "newsarchive-replay-2.txt").write_text("pywb 2.10.0")
    assert isinstance(options, type(DEFAULT_OPTIONS))
    with (
        pytest.raises(ConfigError, match="replay"),
        run_pywb(small, options, environment=ReplayEnvironment(folder=folder)),
    ):
        pytest.fail("it ran")


def test_another_folder_is_left_alone(tmp_path: Path) -> None:
    """Recreating the environment removes the old one, but no other folder."""
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(ReplayFailure, match="was not changed"):
        install(ReplayEnvironment(folder=tmp_path), print)
    assert (tmp_path / "letters.txt").exists()
