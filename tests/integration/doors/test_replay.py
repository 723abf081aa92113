"""pywb 2.10, unmodified and in an environment of its own: over our index, and alone over what we export."""

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
from newsarchive.export.choice import Choice
from newsarchive.export.forms import FORMS, Format
from newsarchive.replay.environment import Environment, install
from newsarchive.replay.process import Program, Watch, running
from newsarchive.web.app import create_app
from newsarchive.web.serve_options import AS_USUAL
from storage.errors import ConfigError, ReplayFailure
from storage.index.views.articles import Filters

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

STORY = "http://news.example/2026/03/01/harbour-wall"


@pytest.fixture
def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def got(port: int, path: str, host: str = "replay.localhost") -> tuple[int, str]:
    """Status and text of what the replay answers."""
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": f"{host}:{port}"})
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode("utf-8", "replace")


@pytest.mark.slow
def test_pywb_replays_from_our_index(small: Archive, address: str, pywb: Environment, free_port: int) -> None:
    """Answers, both kinds of revisit, redirects, errors and requisites, each at its time; nothing under other names."""
    serving = replace(AS_USUAL, port=int(address.rpartition(":")[2]))
    with running(small, serving, port=free_port, environment=pywb) as served:
        assert served.replay == f"http://replay.localhost:{free_port}/archive"
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
def test_pywb_undoes_every_coding_that_the_crawl_takes(
    archive_of: Callable[..., Archive],
    at_address: Callable[[object], AbstractContextManager[str]],
    pywb: Environment,
    free_port: int,
) -> None:
    """A stylesheet in zstd is one in the replay too: pywb by itself hands it on as it is, its coding untold."""
    url, text = "http://news.example/style.css", "body { color: #123456 }\n" * 40
    coded = {"url": url, "mime": "text/css", "headers": {"Content-Encoding": "zstd"}}
    archive = archive_of({**coded, "body": zstd.compress(text.encode())})
    with at_address(create_app(archive)) as address:
        serving = replace(AS_USUAL, port=int(address.rpartition(":")[2]))
        with running(archive, serving, port=free_port, environment=pywb):
            assert got(free_port, f"/archive/20260301060000cs_/{url}") == (200, text)


@pytest.mark.slow
@pytest.mark.parametrize("form", [Format.WARC, Format.WACZ])
def test_an_export_replays_in_pywb_alone(
    small: Archive, pywb: Environment, free_port: int, tmp_path: Path, form: Format
) -> None:
    """The slice of one article, indexed by pywb itself; of a WACZ the records by the index that it brings."""
    article = small.index.find_article(STORY)
    assert article
    path = tmp_path / f"slice{FORMS[form].suffix}"
    choice = Choice(index=small.index, places=small.places, filters=Filters(articles=(article,)))
    with path.open("w+b") as file:
        FORMS[form].write(choice, file)
    index = tmp_path / "index.cdxj"
    if form is Format.WACZ:
        _unpacked(path, tmp_path, index)
    else:
        indexer = pywb.python.with_name("cdx-indexer")
        subprocess.run([indexer, "-j", "-s", "-o", index, path], check=True, capture_output=True, timeout=120)
    config = {"collections": {"slice": {"index_paths": str(index), "archive_paths": f"{tmp_path}/"}}}
    (tmp_path / "config.yaml").write_text(json.dumps(config))
    program = Program(environment=pywb, folder=tmp_path, port=free_port, hosts=("replay.localhost",))
    watch = Watch(program)
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
def test_what_dies_is_started_again(
    pywb: Environment, free_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replay that is killed comes back; one that cannot start says why."""
    monkeypatch.setattr("newsarchive.replay.process._LOOK_EVERY", 0.2)
    (tmp_path / "config.yaml").write_text("{}")
    program = Program(environment=pywb, folder=tmp_path, port=free_port, hosts=("replay.localhost",))
    watch = Watch(program)
    try:
        first = watch._process
        first.kill()
        first.wait()
        for _ in range(300):
            if watch._process is not first and program.is_well():
                break
            watch._stopped.wait(0.1)
        assert watch._process is not first
        assert program.is_well()
    finally:
        watch.stop()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port))
        with pytest.raises(ReplayFailure, match="did not come up"):
            Watch(program)


def test_without_pywb_the_way_to_it_is_told(small: Archive, tmp_path: Path) -> None:
    """Nothing is started."""
    nothing = Environment(folder=tmp_path / "none")
    with (
        pytest.raises(ReplayFailure, match="newsarchive replay install"),
        running(small, AS_USUAL, environment=nothing),
    ):
        pytest.fail("it ran")


@pytest.mark.parametrize("serving", [replace(AS_USUAL, auth=True), replace(AS_USUAL, host="0.0.0.0", public=True)])
def test_a_replay_is_not_opened_to_people_who_may_not_read(small: Archive, tmp_path: Path, serving: object) -> None:
    """Pywb knows no users: where the archive asks for names, the owner has to put a proxy before it."""
    folder = tmp_path / "installed"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").touch()
    (folder / "newsarchive-replay-2.txt").write_text("pywb 2.10.0")
    assert isinstance(serving, type(AS_USUAL))
    with pytest.raises(ConfigError, match="replay"), running(small, serving, environment=Environment(folder=folder)):
        pytest.fail("it ran")


def test_another_folder_is_left_alone(tmp_path: Path) -> None:
    """Making the environment anew removes the old one, and nothing that is none."""
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(ReplayFailure, match="left as it is"):
        install(Environment(folder=tmp_path), print)
    assert (tmp_path / "letters.txt").exists()
