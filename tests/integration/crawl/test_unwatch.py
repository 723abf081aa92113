"""`newsarchive unwatch`: a person ends the visits of an article."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from newsarchive.archive import Archive
from newsarchive.config.toml_file import load_config
from newsarchive.crawl.run import crawl
from newsarchive.crawl.save import save
from storage.callbacks import utc_now
from tests.in_process import run_in_process
from tests.integration.crawl.test_renamed_site import OneStory, archive_at
from tests.newsroom import NewsroomServer, read_log, serve

ENDED = "a person has ended its visits"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NewsroomServer]:
    with serve(OneStory(articles=60), log=tmp_path / "log.jsonl") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path, server: NewsroomServer) -> Path:
    archive_at(tmp_path / "archive", server, "harbour").close()
    return tmp_path / "archive"


def visits(tmp_path: Path) -> int:
    """Return how often the story was requested."""
    return sum(b"GET /story-1 " in each.request for each in read_log(tmp_path / "log.jsonl"))


def crawl_in(folder: Path, **days: float) -> None:
    with Archive.open(folder) as archive:
        crawl(archive, now=lambda: utc_now() + timedelta(**days))


@pytest.mark.parametrize("by", ["number", "url"])
def test_an_unwatched_article_is_not_fetched_again(
    folder: Path, server: NewsroomServer, tmp_path: Path, by: str
) -> None:
    """Neither by later crawls nor after a rebuild, though the front page names it; `show` says who ended it."""
    url = f"{server.url.rstrip('/')}/story-1"
    done = run_in_process("unwatch", "1" if by == "number" else f"{url}#top", "--archive", folder)
    assert (done.returncode, done.stdout) == (0, f"{url} is not fetched again\n")
    assert load_config(folder).unwatched == (url,)
    crawl_in(folder, days=2)
    assert ENDED in run_in_process("show", url, "--archive", folder).stdout
    assert run_in_process("rebuild", "--archive", folder).returncode == 0
    assert ENDED in run_in_process("show", url, "--archive", folder).stdout
    crawl_in(folder, days=40)
    assert visits(tmp_path) == 1
    assert ENDED in run_in_process("show", url, "--archive", folder).stdout


def test_its_visits_can_be_resumed(folder: Path, server: NewsroomServer, tmp_path: Path) -> None:
    """It is due at once, and its plan goes on; the file has the setting without it."""
    other = "https://elsewhere.example/a"
    assert run_in_process("unwatch", "1", other, "--archive", folder).returncode == 0
    done = run_in_process("unwatch", "1", "--undo", "--archive", folder)
    assert "is fetched again from now on" in done.stdout
    assert load_config(folder).unwatched == (other,)
    crawl_in(folder, hours=1)
    assert visits(tmp_path) == 2
    assert "fetched again from" in run_in_process("show", "1", "--archive", folder).stdout


def test_a_person_may_save_it_all_the_same(folder: Path, server: NewsroomServer, tmp_path: Path) -> None:
    """It stays unwatched."""
    assert run_in_process("unwatch", "1", "--archive", folder).returncode == 0
    with Archive.open(folder) as archive:
        assert save(archive, [f"{server.url.rstrip('/')}/story-1"])[0].captures
    crawl_in(folder, days=9)
    assert visits(tmp_path) == 2


def test_an_unknown_number_is_refused(folder: Path) -> None:
    """Nothing is written."""
    before = (folder / "newsarchive.toml").read_bytes()
    assert run_in_process("unwatch", "77", "--archive", folder).returncode == 4
    assert (folder / "newsarchive.toml").read_bytes() == before
