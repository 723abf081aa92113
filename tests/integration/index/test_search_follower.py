"""The search folder follows the index, whatever happens to either."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from storage.errors import DiskFull, SearchDamaged, SearchNotReady
from storage.index import Index
from storage.index.fulltext.folder import FulltextFolder
from storage.index.search import follower
from storage.index.search.results import search_articles
from storage.model import Ingest, NextVisit, Site, VisitResult

Make = Callable[..., Ingest]
Plan = Callable[[VisitResult], NextVisit]
NEWS = Site(name="news", url="https://news.example/")


@pytest.fixture
def filled(index: Index, article_at: Make, plan: Plan) -> Index:
    """An index with twenty articles, and its search folder."""
    index.register_sites([NEWS])
    index.commit([article_at(f"https://news.example/{n}", f"harbour w{n}", site="news") for n in range(20)], plan)
    index.update_search()
    return index


def count(index: Index, query: str = "harbour") -> int:
    """Return the number of articles that a search finds."""
    return index.ask(search_articles, query).total


def in_use(index: Index) -> Path:
    """Return the folder of the engine's files."""
    state = index.folder.read_state()
    assert state is not None
    return index.folder.path / state.index


def test_a_change_is_followed_without_making_the_folder_anew(filled: Index, article_at: Make, plan: Plan) -> None:
    """A new article costs one document; nothing is there twice."""
    before = in_use(filled)
    filled.commit([article_at("https://news.example/new", "harbour new", site="news")], plan)
    assert (count(filled), count(filled, "new"), in_use(filled)) == (21, 1, before)


@pytest.mark.parametrize("room", [100, 1_000, 3_000])
def test_a_full_disk_is_named_and_costs_the_newest_articles_alone(
    filled: Index, article_at: Make, plan: Plan, room: int
) -> None:
    """Whatever part of the engine notices it. With room again the next command goes on, without making it anew."""
    before = in_use(filled)
    articles = [article_at(f"https://news.example/more/{n}", f"more m{n} " * 200, site="news") for n in range(50)]
    filled.commit(articles, plan)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        with pytest.raises(DiskFull, match="the search folder; the index and the WARC files are intact"):
            filled.update_search()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    filled.update_search()
    assert (count(filled), count(filled, "more"), in_use(filled)) == (20, 50, before)


def test_a_deleted_folder_is_made_anew(filled: Index) -> None:
    """By the next search of a process that may write."""
    shutil.rmtree(filled.folder.path)
    assert count(filled) == 20


@pytest.mark.parametrize("name", ["state.json", "meta.json"])
def test_a_damaged_file_of_the_state_has_the_folder_made_anew(filled: Index, name: str) -> None:
    """It is as if there were no folder."""
    file = filled.folder.path / name if name == "state.json" else in_use(filled) / name
    file.write_text("{")
    assert count(filled) == 20


def test_damaged_documents_are_found_and_made_anew(filled: Index) -> None:
    """By their checksums: the engine opens them, and counts wrong."""
    for file in in_use(filled).glob("*.idx"):
        data = bytearray(file.read_bytes())
        data[: len(data) // 2] = bytes(len(data) // 2)
        file.write_bytes(data)
    state = filled.folder.read_state()
    assert state is not None
    assert filled.folder.find_damage(state) != []
    filled.folder._opened = None
    try:
        count(filled)
    except SearchDamaged:
        pass
    else:
        filled.folder.discard()
    assert count(filled) == 20


@pytest.mark.parametrize("suffix", ["idx", "term", "store", "fast"])
def test_a_missing_file_is_found_and_made_anew(filled: Index, article_at: Make, plan: Plan, suffix: str) -> None:
    """Both where the folder is opened to read, and where a change is applied."""
    for change in (False, True):
        next(in_use(filled).glob(f"*.{suffix}")).unlink()
        filled.folder._opened = None
        if change:
            filled.commit([article_at("https://news.example/more", "harbour more", site="news")], plan)
        for _ in range(2):
            with suppress(SearchDamaged):
                count(filled)
        assert count(filled) == 20 + change


def test_a_folder_that_cannot_be_opened_is_made_anew_by_a_command(filled: Index, article_at: Make, plan: Plan) -> None:
    """An import or a rebuild does not end with an error of what can be derived again."""
    for file in in_use(filled).glob("*.store"):
        file.unlink()
    filled.folder._opened = None
    filled.commit([article_at("https://news.example/more", "harbour more", site="news")], plan)
    filled.update_search()
    assert count(filled) == 21


def test_a_folder_of_an_earlier_analyser_is_made_anew(filled: Index) -> None:
    """Its words are others."""
    before = in_use(filled)
    file = filled.folder.path / "state.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"analyzer": 0}))
    assert count(filled) == 20
    assert in_use(filled) != before


def test_a_folder_of_another_index_is_made_anew(filled: Index, article_at: Make, plan: Plan) -> None:
    """After a rebuild the ids are others, though the log has as many changes."""
    filled.reset()
    filled.register_sites([NEWS])
    filled.commit([article_at(f"https://news.example/{n}", f"harbour w{n}", site="news") for n in range(40)], plan)
    assert count(filled) == 40


def test_a_folder_with_a_tenth_of_deleted_documents_is_made_anew(filled: Index, article_at: Make, plan: Plan) -> None:
    """They count in the ranking until their segment is merged."""
    before = in_use(filled)
    changed = [article_at(f"https://news.example/{n}", "harbour edited", minute=60, site="news") for n in range(5)]
    filled.commit(changed, plan)
    assert (count(filled), count(filled, "edited")) == (20, 5)
    state = filled.folder.read_state()
    assert state is not None
    assert in_use(filled) != before
    assert filled.folder.deleted_share(state) == 0


def test_two_processes_never_write(filled: Index, article_at: Make, plan: Plan) -> None:
    """While another holds the folder, a search answers from what is there, and changes nothing."""
    filled.commit([article_at("https://news.example/new", "harbour new", site="news")], plan)
    with FulltextFolder(filled.folder.path).lock() as is_ours:
        assert is_ours
        assert count(filled) == 20
    assert count(filled) == 21


def test_a_search_says_how_much_is_indexed_instead_of_a_wrong_count(filled: Index) -> None:
    """While another process makes the folder."""
    (filled.folder.path / "state.json").unlink()
    with FulltextFolder(filled.folder.path).lock():
        filled.folder.report_progress(0.4)
        with pytest.raises(SearchNotReady, match="40 %"):
            count(filled)
    assert count(filled) == 20


def test_a_search_leaves_much_work_to_the_follower(filled: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page does not wait for thousands of articles."""
    shutil.rmtree(filled.folder.path)
    monkeypatch.setattr(follower, "INLINE_ARTICLES", 10)
    with pytest.raises(SearchNotReady, match="0 %"):
        count(filled)
    filled.update_search()
    assert count(filled) == 20


def test_a_batch_between_its_commit_and_its_mark_is_repeated(filled: Index, article_at: Make, plan: Plan) -> None:
    """A crash there leaves an older mark; nothing is twice afterwards."""
    mark = (filled.folder.path / "state.json").read_text()
    filled.commit([article_at("https://news.example/new", "harbour new", site="news")], plan)
    assert count(filled) == 21
    (filled.folder.path / "state.json").write_text(mark)
    assert count(filled) == 21


def test_a_folder_is_read_through_links_where_nothing_can_be_written(
    filled: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine makes a lock file even to read."""
    filled.folder._opened = None
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    before = {file.name for file in in_use(filled).iterdir()}
    assert count(filled) == 20
    assert {file.name for file in in_use(filled).iterdir()} == before


KILLED = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from storage.index import Index
    index = Index.open(sys.argv[1], search_folder=Path(sys.argv[2]))
    while True:
        index.write(lambda connection: connection.exec_driver_sql(
            "UPDATE articles SET dated_at = first_seen_at WHERE id % 3 = 0"))
        index.write(lambda connection: connection.exec_driver_sql(
            "UPDATE versions SET is_corrected = NOT is_corrected WHERE id % 2 = 0"))
        index.update_search()
        print("followed", flush=True)
    """
)


@pytest.mark.slow
def test_a_killed_follower_loses_and_doubles_nothing(
    index: Index, index_url: str, tmp_path: Path, article_at: Make, plan: Plan
) -> None:
    """SIGKILL at any moment: afterwards all counts are exact."""
    index.register_sites([NEWS])
    pages = [article_at(f"https://news.example/{n}", f"harbour w{n}", site="news") for n in range(300)]
    index.commit(pages, plan)
    folder = tmp_path / "search"
    with closing(Index.open(index_url, search_folder=folder)) as watched:
        for turn in range(12):
            child = subprocess.Popen(
                [sys.executable, "-c", KILLED, index_url, str(folder)], stdout=subprocess.PIPE, cwd=Path.cwd()
            )
            assert child.stdout is not None
            for _ in range(1 + turn % 3):
                child.stdout.readline()
            child.send_signal(signal.SIGKILL)
            child.communicate()
            watched.update_search()
            corrected = watched.ask(search_articles, "is:corrected").total
            with watched._database.read_transaction() as connection:
                wanted = connection.exec_driver_sql("SELECT count(*) FROM versions WHERE is_corrected").scalar()
            assert (count(watched), corrected, count(watched, "w7")) == (300, wanted, 1)
            state = watched.folder.read_state()
            assert state is not None
            assert watched.folder.find_damage(state) == []
