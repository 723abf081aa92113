"""The public API, as a program of a user's calls it, on an archive of the newsroom with edits."""

import asyncio
import gc
import inspect
import json
import re
import shutil
import subprocess
import sys
import tracemalloc
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

import newsarchive
from newsarchive import Archive, ArchivedArticle, ArchiveError, Outcome, SaveResult, read_warc
from newsarchive.access.access_rules import AccessRules
from newsarchive.archive import Archive as OpenedArchive
from newsarchive.export.articles import CHANGE_COLUMNS, view_to_json
from newsarchive.web.app import create_app
from storage.errors import ArchiveBusy, ConfigError, NoArchive, NotFound, WarcError
from storage.index.queries import articles, export, listings, observations
from storage.index.queries.export import iter_export_lines
from storage.index.queries.links import list_article_placements
from storage.index.queries.observations import iter_changes
from storage.index.queries.status import get_status
from storage.index.search.results import search_articles
from storage.index.views.history import ChangeFilters
from storage.warc.reader import CaptureRecord, read_captures
from tests.in_process import run_in_process
from tests.newsroom import Newsroom, NewsroomServer, serve

pytestmark = pytest.mark.slow

DOCS = Path(__file__).parents[2] / "docs" / "python.md"


@pytest.fixture(scope="module")
def server() -> Iterator[NewsroomServer]:
    with serve(Newsroom(articles=60)) as running:
        yield running


@pytest.fixture(scope="module")
def morgue(server: NewsroomServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive that was crawled three times; between the runs articles were edited. Tests only read it."""
    folder = tmp_path_factory.mktemp("library") / "morgue"
    Archive.init(str(folder), contact="tests@localhost").close()
    add_site(server, folder)
    for hours in (0, 1.5, 26.5):
        server.clock.set(datetime(2026, 5, 4, 8, tzinfo=UTC) + timedelta(hours=hours))
        clock = server.clock.now().isoformat()
        done = run_in_process("crawl", "--archive", folder, "--clock", clock, at=folder.parent)
        assert done.returncode == 0, done.stderr
    return folder


def add_site(server: NewsroomServer, folder: Path) -> None:
    words = ("add", server.url, "--name", "lantern", "--delay", "0s", "--archive", folder)
    assert run_in_process(*words, at=folder.parent).returncode == 0


@pytest.fixture
def archive(morgue: Path) -> Iterator[Archive]:
    with Archive.open(morgue) as opened:
        yield opened


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of three, so that there are many."""
    monkeypatch.setattr(export, "_KEYS", 3)
    monkeypatch.setattr(articles, "_AT_ONCE", 3)
    monkeypatch.setattr(listings, "_LISTINGS_AT_ONCE", 3)
    monkeypatch.setattr(observations, "_AT_ONCE", 3)
    monkeypatch.setattr("newsarchive.library.selection._AT_ONCE", 3)


def exported(morgue: Path, *, all_versions: bool = False) -> list[dict[str, Any]]:
    with OpenedArchive.open(morgue) as opened:
        return list(opened.index.stream(iter_export_lines, all_versions=all_versions))


def in_order_of_urls(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(lines, key=lambda line: (line["canonical_url"], line["version"]))


def test_articles_and_versions_are_those_of_an_export(morgue: Path, archive: Archive, small_batches: None) -> None:
    """Each once, with the same fields, whatever the size of a batch; newest first, and newest versions first."""
    shown = list(archive.articles())
    assert in_order_of_urls([each.to_dict() for each in shown]) == in_order_of_urls(exported(morgue))
    dates = [each.published.at if each.published else each.first_seen for each in shown]
    assert dates == sorted(dates, reverse=True)
    every = list(archive.versions())
    assert in_order_of_urls([each.to_dict() for each in every]) == in_order_of_urls(exported(morgue, all_versions=True))
    edited = next(each for each in shown if each.versions > 1)
    numbers = [each.version for each in archive.versions(url=edited.canonical_url)]
    assert numbers == list(range(edited.versions, 0, -1))


def test_filters_select_articles(archive: Archive, small_batches: None) -> None:
    """By site, times in every form, author, search and URL, as the same conditions on all articles do."""
    everything = list(archive.articles())

    def dated(article: ArchivedArticle) -> datetime:
        return article.published.at if article.published else article.first_seen

    noon = datetime(2026, 5, 3, 12, tzinfo=UTC)
    wanted = [each for each in everything if dated(each) >= noon]
    assert 0 < len(wanted) < len(everything)
    for since in (noon, "2026-05-03T12:00", "2026-05-03T14:00+02:00", noon.astimezone()):
        assert list(archive.articles(since=since)) == wanted
    day = [each for each in everything if dated(each).date() == date(2026, 5, 3)]
    assert list(archive.articles(since=date(2026, 5, 3), until="2026-05-03")) == day
    assert list(archive.articles(site=("lantern",), since="7000d")) == everything
    name = next(each.authors[0] for each in everything if each.authors)
    mine = list(archive.articles(author=name))
    assert mine
    assert mine == [each for each in everything if name in each.authors]
    found = {each.url for each in archive.articles(query="harbour")}
    assert {hit.url for hit in archive.search("harbour")} == {
        each.canonical_url for each in everything if each.url in found
    }
    (one,) = archive.articles(url=everything[5].url)
    assert one == everything[5]
    assert list(archive.articles(url="https://nowhere.example/")) == []
    assert list(archive.versions(url="https://nowhere.example/")) == []


def test_a_search_gives_all_hits_in_order(morgue: Path, archive: Archive, small_batches: None) -> None:
    """As the pages of the command's search, one after the other."""
    with OpenedArchive.open(morgue) as opened:
        for order in ("newest", "rank"):
            page = opened.index.ask(search_articles, "harbour", limit=1000, order=order)
            assert page.total > 6
            assert list(archive.search("harbour", order=order)) == list(page.hits)
            assert list(archive.search("harbour", order=order, limit=4)) == list(page.hits[:4])


def test_captures_and_listings_are_complete(morgue: Path, archive: Archive, small_batches: None) -> None:
    """Every capture once, newest first; those of listings with the links that the browser shows."""
    captures = list(archive.captures())
    with OpenedArchive.open(morgue) as opened:
        held = list(opened.index.stream(articles.iter_captures))
        assert captures == held
        url = Counter(each.url for each in captures).most_common(1)[0][0]
        assert [each for each in captures if each.url == url] == list(archive.captures(url=url))
        half = captures[len(captures) // 2].fetched_at
        assert [each for each in captures if each.fetched_at >= half] == list(archive.captures(since=half))
        gone = [each for each in captures if each.outcome is Outcome.GONE]
        assert gone == list(archive.captures(outcome=Outcome.GONE, site="lantern"))
        shown = list(archive.listings())
        assert [each.capture for each in shown] == [each for each in captures if each.outcome is Outcome.LISTING]
        for each in shown[:10]:
            view = opened.index.ask(listings.get_listing, each.capture.url, each.capture.fetched_at)
            assert view is not None
            assert (view.capture, view.groups) == (each.capture, each.groups)
        assert any(each.groups for each in shown)


def test_changes_are_those_of_the_command(morgue: Path, archive: Archive, small_batches: None) -> None:
    """In the same order, whatever the size of a batch, with the same filters."""
    changes = list(archive.changes())
    assert len(changes) > 3
    printed = run_in_process("changes", "--format", "jsonl", "--withheld", "--archive", morgue, at=morgue)
    assert [json.loads(line) for line in printed.stdout.splitlines()] == [
        view_to_json(each, CHANGE_COLUMNS) for each in changes
    ]
    with OpenedArchive.open(morgue) as opened:
        for limit in (0, 1, 3, 4, 1000):
            assert changes[:limit] == list(iter_changes(opened.index, ChangeFilters(), limit=limit))
    assert list(archive.changes(event="edited")) == [each for each in changes if each.event == "edited"]
    assert list(archive.changes(since=changes[1].seen)) == [each for each in changes if each.seen >= changes[1].seen]


def test_placements_are_those_of_the_api(morgue: Path, archive: Archive) -> None:
    """Row for row, by listing and by article; of one listing, of a site and in a period."""
    placements = list(archive.placements())
    assert len(placements) > 10
    with OpenedArchive.open(morgue) as opened:
        client = TestClient(create_app(opened))
        by_listing: dict[str, list[Any]] = {}
        for one in placements:
            by_listing.setdefault(one.url, []).append(one)
        assert len(by_listing) > 1
        for url, rows in by_listing.items():
            assert list(archive.placements(url=url)) == rows
            told = client.get("/api/v1/placements", params={"url": url}).json()["placements"]
            assert [(each["article_id"], each["position"], each["minutes"]) for each in told] == [
                (one.article_id, one.position, one.minutes) for one in rows
            ]
        for article_id in {one.article_id for one in placements}:
            own = opened.index.ask(list_article_placements, article_id)
            assert sorted(own, key=repr) == sorted(
                (one for one in placements if one.article_id == article_id), key=repr
            )
    assert list(archive.placements(site="lantern")) == placements
    assert list(archive.placements(url=placements[0].url, until="2000-01-01")) == []


CALLS: list[Callable[..., Iterator[Any]]] = [
    Archive.articles, Archive.versions, Archive.captures, Archive.listings, Archive.changes, Archive.placements,
    lambda archive, **chosen: archive.search("harbour", **chosen),
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_what_cannot_be_meant_is_refused_at_once(archive: Archive, call: Callable[..., Any]) -> None:
    """An unknown filter, site or time is an error of the call, not of the first step of the iterator."""
    with pytest.raises(TypeError, match="unexpected keyword argument 'sites'"):
        call(archive, sites="lantern")
    with pytest.raises(NotFound, match=r"no site nosuch; nothing was done\. It has: lantern"):
        call(archive, site="nosuch")
    for wrong in (datetime(2026, 5, 4, 8), "lately", 7):  # noqa: DTZ001 - without a time zone
        with pytest.raises(ConfigError, match=r"since .*not a date such as 2026-11-25"):
            call(archive, since=wrong)


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        ("search", {"query": "harbour", "order": "best"}),
        ("search", {"query": "harbour", "limit": -1}),
        ("changes", {"event": "deleted"}),
        ("changes", {"kind": ("headline", "deleted")}),
        ("changes", {"notice": "loud"}),
        ("captures", {"outcome": "missing"}),
        ("captures", {"outcome": ("article", "missing")}),
        ("captures", {"outcome": 3}),
        ("changes", {"kind": 3}),
        ("search", {"query": "harbour", "order": ["newest"]}),
    ],
)
def test_a_choice_that_does_not_exist_is_refused_at_once(archive: Archive, name: str, chosen: dict[str, Any]) -> None:
    """It is no empty result, no other order, and no damage."""
    with pytest.raises(ConfigError, match="nothing was done"):
        getattr(archive, name)(**chosen)


def test_an_outcome_may_be_named_by_its_text(archive: Archive) -> None:
    """As every other choice is."""
    by_name: Any = "listing"
    assert list(archive.captures(outcome=by_name)) == list(archive.captures(outcome=Outcome.LISTING)) != []


def test_several_outcomes_may_be_named(archive: Archive) -> None:
    """Captures of each, as of the other filters that are choices."""
    named = Outcome.LISTING, "article"
    found = list(archive.captures(outcome=named))
    assert found == [each for each in archive.captures() if each.outcome in named]
    assert {each.outcome for each in found} == {Outcome.LISTING, Outcome.ARTICLE}


def test_a_setting_that_is_wrong_leaves_nothing_behind(tmp_path: Path) -> None:
    """So that the corrected call finds no archive there."""
    with pytest.raises(ConfigError, match="not a duration"):
        Archive.init(tmp_path / "new", delay="fast")
    assert not (tmp_path / "new").exists()
    Archive.init(tmp_path / "new", delay="5s").close()


@pytest.mark.parametrize("call", CALLS)
def test_an_iterator_that_waits_holds_no_connection(
    archive: Archive, call: Callable[..., Iterator[Any]], small_batches: None
) -> None:
    """Between two batches the database may be replaced or changed; other threads and processes are not hindered."""
    waiting = call(archive)
    assert next(waiting)
    pool = archive._opened.index._database.engine.pool
    assert pool.checkedout() == 0  # type: ignore[attr-defined]  # of the pool that counts
    assert len(list(waiting)) > 3


def test_iterators_hold_no_memory(archive: Archive, small_batches: None) -> None:
    """Items that were consumed are not kept."""
    list(archive.versions())
    gc.collect()
    tracemalloc.start()
    try:
        rows = archive.captures()
        for _ in islice(rows, 30):
            pass
        early = tracemalloc.get_traced_memory()[0]
        for _ in rows:
            pass
        assert tracemalloc.get_traced_memory()[0] - early < 300_000
    finally:
        tracemalloc.stop()


def test_the_owner_sees_what_readers_do_not(morgue: Path, tmp_path: Path) -> None:
    """The settings withhold articles from readers of the browser; the library is the owner's."""
    copy = shutil.copytree(morgue, tmp_path / "copy", ignore=shutil.ignore_patterns("*-shm", "*-wal"))
    settings = copy / "newsarchive.toml"
    settings.write_text(settings.read_text().replace("[[site]]", "[[site]]\nhidden = true"))
    with OpenedArchive.open(copy) as opened:
        assert AccessRules.from_config(opened.config).exclusions(opened.now())
    with Archive.open(copy) as archive:
        assert next(archive.articles()).site == next(archive.listings()).capture.site == "lantern"


def test_an_archive_is_opened_by_text_and_by_path(morgue: Path, tmp_path: Path) -> None:
    """A folder that holds none, a second one in its place and an unknown setting are errors."""
    with Archive.open(str(morgue)) as archive:
        assert next(archive.articles()).site == "lantern"
    with pytest.raises(NoArchive):
        Archive.open(tmp_path)
    with pytest.raises(ConfigError, match="already"):
        Archive.init(morgue)
    with pytest.raises(ConfigError, match="no setting is named 'contct'"):
        Archive.init(tmp_path / "new", contct="me@example")
    assert not (tmp_path / "new").exists()


def test_a_crawl_runs_in_a_process_of_its_own(server: NewsroomServer, tmp_path: Path) -> None:
    """It blocks, can be called again and where an event loop runs, and says what it did, or why it could not begin."""
    with Archive.init(tmp_path / "new", contact="tests@localhost"):
        add_site(server, tmp_path / "new")
        with Archive.open(tmp_path / "new") as again:
            first = again.crawl(max_pages=20)
            assert (first.exit_code, first.outcome) == (0, "stopped")
            assert first.captures == first.counts["captures"] >= 20

            async def notebook() -> Any:
                return again.crawl("lantern", max_time="10m")

            second = asyncio.run(notebook())
            assert (second.exit_code, second.outcome) == (0, "finished")
            assert len(list(again.captures())) == first.captures + second.captures
            with pytest.raises(ConfigError, match="no site is named 'nosuch'"):
                again.crawl(["nosuch"])
            with pytest.raises(ConfigError, match=r"--max-time: .soon. is not a duration"):
                again.crawl(max_time="soon")
            held = run_python(tmp_path, HOLD_LOCK)
            try:
                assert held.stdout is not None
                assert held.stdout.readline() == b"held\n"
                with pytest.raises(ArchiveBusy, match="lantern"):
                    again.crawl()
                with pytest.raises(ArchiveBusy, match="lantern"):
                    again.save(server.url)
            finally:
                held.kill()
                held.communicate()


def test_a_page_is_saved_in_a_process_of_its_own(server: NewsroomServer, morgue: Path, tmp_path: Path) -> None:
    """It says what the page is and its article, or why it was not saved; what is no URL is an error."""
    with Archive.open(morgue) as archive:
        known = next(archive.articles(query="harbour"))
    with Archive.init(tmp_path / "new", contact="tests@localhost") as archive:
        add_site(server, tmp_path / "new")
        page = archive.save(known.url)
        (capture,) = archive.captures(outcome=Outcome.ARTICLE)
        assert page == SaveResult(
            saved=True, outcome=Outcome.ARTICLE, reason=capture.reason, article_id=capture.article_id
        )
        assert page.article_id is not None
        missing = archive.save(f"{server.url}/nothing/here")
        assert (missing.saved, missing.outcome, missing.article_id) == (False, Outcome.GONE, None)
        refused = archive.save(f"http://127.0.0.2:{server.port}/a")
        assert (refused.saved, refused.outcome) == (False, None)
        assert refused.reason.startswith("not fetched: ")
        for wrong in ("mailto:a@b.example", "-"):
            with pytest.raises(ConfigError, match=r"nothing was (done|saved)"):
                archive.save(wrong)


HOLD_LOCK = """
import time
from pathlib import Path
from newsarchive.archive import Archive
from newsarchive.locks.site_locks import lock_sites
with Archive.open(Path("new")) as archive, lock_sites(archive.config, "crawl", ["lantern"]):
    print("held", flush=True)
    time.sleep(600)
"""
INTERRUPTED = """
import os, signal, threading, time
from contextlib import suppress
from pathlib import Path
from newsarchive import Archive

def is_crawling():
    with suppress(FileNotFoundError):  # renamed meanwhile
        return any(file.stat().st_size > 5_000 for file in Path("new/warc").glob("*.warc.gz*"))

def interrupt():
    while not is_crawling():
        time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGINT)

# A background job of a shell begins with the signal ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
with Archive.open("new") as archive:
    threading.Thread(target=interrupt).start()
    try:
        archive.crawl()
    except KeyboardInterrupt:
        print("interrupted")
"""


def run_python(at: Path, script: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", script], cwd=at, stdout=subprocess.PIPE)


def test_an_interrupt_stops_a_crawl_in_order(server: NewsroomServer, tmp_path: Path) -> None:
    """The child ends, and what it fetched is in the index."""
    Archive.init(tmp_path / "new", contact="tests@localhost").close()
    words = ("add", server.url, "--name", "lantern", "--delay", "0.2s", "--archive", tmp_path / "new")
    assert run_in_process(*words, at=tmp_path).returncode == 0
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout == "interrupted\n", done.stderr
    with OpenedArchive.open(tmp_path / "new") as opened:
        assert opened.index.ask(get_status, opened.now()).last_crawl is not None
        assert opened.index.ask(get_status, opened.now()).last_crawl.outcome == "stopped"  # type: ignore[union-attr]  # it is not None


def test_warc_files_of_every_kind_are_read(morgue: Path, tmp_path: Path) -> None:
    """A file, a folder, a .wacz and a stream give the captures of their files, in order, and the same readings."""
    folder = morgue / "warc"
    files = sorted(folder.glob("*.warc.gz"))
    assert len(files) == 3
    wanted = [item.capture for file in files for item in read_captures(file) if isinstance(item, CaptureRecord)]
    readings = [(capture.record_id, reading) for file in files for capture, reading in read_warc(file)]
    assert [name for name, _ in readings] == [each.record_id for each in wanted]
    assert [capture for capture, _ in read_warc(str(folder))] == wanted
    with zipfile.ZipFile(tmp_path / "all.wacz", "w") as packed:
        for file in files:
            packed.write(file, f"archive/{file.name}")
    assert [(capture.record_id, reading) for capture, reading in read_warc(tmp_path / "all.wacz")] == readings
    (tmp_path / "deep" / "er").mkdir(parents=True)
    shutil.move(tmp_path / "all.wacz", tmp_path / "deep" / "er" / "all.wacz")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("no WARC file")
    with pytest.raises(NotFound, match="empty holds no such file"):
        next(read_warc(tmp_path / "empty"))
    assert [(capture.record_id, reading) for capture, reading in read_warc(tmp_path / "deep")] == readings
    script = (
        "import sys, newsarchive\nfor capture, reading in newsarchive.read_warc(sys.stdin.buffer): print(capture.url)"
    )
    piped = subprocess.run(
        f"cat {folder}/*.warc.gz | {sys.executable} -c '{script}'",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert piped.stdout.splitlines() == [each.url for each in wanted]


def test_damage_costs_no_other_record(morgue: Path, tmp_path: Path) -> None:
    """It is raised after all whole records, those of other files too."""
    files = sorted((morgue / "warc").glob("*.warc.gz"))
    for number, file in enumerate(files):
        content = bytearray(file.read_bytes())
        if number == 0:
            content = content[:-40]
        (tmp_path / file.name).write_bytes(content)
    seen: list[str] = []
    with pytest.raises(WarcError, match=files[0].name):
        seen.extend(capture.record_id for capture, _ in read_warc(tmp_path))
    with (tmp_path / files[0].name).open("rb") as stream:
        some: list[str] = []
        with pytest.raises(ArchiveError, match="stream"):
            some.extend(capture.record_id for capture, _ in read_warc(stream))
    assert seen[: len(some)] == some
    assert len(seen) > len(some) > 20


class Frames:
    """Stands for pandas and polars: makes a table of an iterable of dicts."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def DataFrame(self, rows: Any, **options: Any) -> None:  # noqa: N802 - as they call it
        self.rows = list(rows)


def list_examples() -> Iterator[tuple[str, str]]:
    """Yield the examples of docstrings of public names, and of the public methods of Archive."""
    for name in newsarchive.__all__:
        public = getattr(newsarchive, name)
        members = [(name, public)]
        if public is Archive:
            members += [(f"Archive.{key}", getattr(Archive, key)) for key in vars(Archive) if not key.startswith("_")]
        for label, each in members:
            text = " ".join(inspect.getdoc(each).split())  # type: ignore[union-attr]  # each has one
            (found,) = re.findall(r"Example: `([^`]+)`\.?$", text)
            yield label, found


@pytest.mark.parametrize(("name", "example"), list(list_examples()))
def test_the_example_of_a_name_runs(
    name: str, example: str, morgue: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each public name and method has one, which runs in the folder of an archive."""
    (tmp_path / "morgue").symlink_to(morgue)
    if name in {"Archive.crawl", "Archive.save", "CrawlResult", "SaveResult"}:
        (tmp_path / "morgue").unlink()
        shutil.copytree(morgue, tmp_path / "morgue", ignore=shutil.ignore_patterns("*-shm", "*-wal"))
    monkeypatch.chdir(tmp_path)
    with Archive.open("morgue") as archive:
        url = next(archive.articles()).url
        known = {each: getattr(newsarchive, each) for each in newsarchive.__all__}
        frames = Frames()
        result = eval(example, known | {"archive": archive, "url": url, "html": "<p>", "pandas": frames})
    if isinstance(result, list):
        assert result
    assert name != "Archive.articles" or len(frames.rows) > 50


def test_the_docs_page_runs(
    server: NewsroomServer, morgue: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its blocks of Python, one after the other, in the folder of an archive; and it names the public API."""
    shutil.copytree(morgue, tmp_path / "morgue", ignore=shutil.ignore_patterns("*-shm", "*-wal"))
    monkeypatch.chdir(tmp_path)
    for name in ("pandas", "polars"):
        if find_spec(name) is None:
            monkeypatch.setitem(sys.modules, name, Frames())
    page = DOCS.read_text("utf-8")
    known: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) > 5
    for block in blocks:
        exec(block, known)
    assert known["result"].exit_code == 0
    assert known["reading"].reason
    named = re.search(r"## Stability\n\n.*?\n\n(.*?)\n\n", page, re.DOTALL)
    assert named is not None
    assert re.findall(r"`(\w+)`", named[1]) == newsarchive.__all__
    methods = [name for name in vars(Archive) if not name.startswith("_")]
    assert [name for name in methods if f"{name}(" not in page] == ["close"]  # which a with statement calls


def test_the_counts_per_day_of_the_page_on_research_data_are_those_of_the_archive(
    morgue: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its code runs as it stands, and counts each article once."""
    monkeypatch.chdir(morgue.parent)
    (block,) = re.findall(r"```python\n(.*?)```", (DOCS.parent / "how-to" / "research-data.md").read_text(), re.DOTALL)
    exec(block, {})
    counts = [line.split(";") for line in capsys.readouterr().out.splitlines()]
    with Archive.open(morgue) as archive:
        found = len(list(archive.articles(since=date(2026, 1, 1), until=date(2026, 6, 30))))
    assert (sum(int(count) for _, _, count in counts), {site for site, _, _ in counts}) == (found, {"lantern"})


def test_the_example_prints_changed_headlines(morgue: Path) -> None:
    """Each edit has the text that went and the text that came."""
    program = DOCS.parents[1] / "examples" / "changed_headlines.py"
    done = subprocess.run([sys.executable, program, morgue], capture_output=True, text=True, check=True)
    with Archive.open(morgue) as archive:
        edits = [each for each in archive.changes() if "headline-wording" in each.kinds]
    assert edits
    assert all(each.url in done.stdout for each in edits)
    assert done.stdout.count("    - ") == done.stdout.count("    + ") == len(edits)


USER_PROGRAM = """
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

from newsarchive import (
    Archive, ArchiveError, ArchivedArticle, Article, ArticleItem, Capture, CaptureView, ChangeView, CrawlResult,
    ListingCapture, Outcome, Placement, Reading, SaveResult, SearchHit, SiteSpider, extract_page, read_warc,
)
from scrapy import Request
from scrapy.http import Response

def use(folder: Path) -> list[dict[str, Any]]:
    reading: Reading = extract_page("<p>", fetched=datetime.now(timezone.utc))
    article: Article | None = extract_page(b"<p>", "https://news.example/", [("Content-Type", "text/html")]).article
    text: str = article.body if article and reading.outcome is Outcome.ARTICLE else ""
    try:
        with Archive.open(folder) as archive, Archive.init(str(folder), contact=text) as other:
            shown: Iterator[ArchivedArticle] = archive.articles(site=("a", "b"), since=date(2026, 5, 4), until="7d")
            versions: Iterator[ArchivedArticle] = archive.versions(url="https://news.example/a")
            hits: list[SearchHit] = list(archive.search("harbour", order="rank", limit=3))
            captures: Iterator[CaptureView] = archive.captures(outcome=Outcome.GONE)
            listings: Iterator[ListingCapture] = archive.listings(site="a")
            changes: Iterator[ChangeView] = archive.changes(event=("gone", "back"))
            places: Iterator[Placement] = archive.placements(site="a")
            result: CrawlResult = other.crawl(["a"], max_time="1h")
            counts: int = result.counts["captures"]
            saved: SaveResult = other.save("https://news.example/a")
            kind: Outcome | None = saved.outcome
            print(next(versions).version, hits[0].url, next(captures).status, next(listings).groups, counts)
            print(next(changes).kinds, next(places).minutes, kind)
            return [each.to_dict() for each in shown]
    except ArchiveError as problem:
        sys.exit(problem.exit_code)

def read() -> Iterator[Capture]:
    for source in ("folder", Path("a.wacz"), sys.stdin.buffer):
        for capture, reading in read_warc(source, timeout=3):
            if reading.article:
                yield capture

class Courier(SiteSpider):
    headers = {"Accept": "application/json"}

    async def start(self) -> AsyncIterator[Request]:
        yield Request(self.site_url + "latest", callback=self.parse)

    def parse(self, response: Response) -> Iterator[Request]:
        yield response.follow("/api/1", callback=self.parse_article, cb_kwargs={"day": "2026-05-04"})

    def parse_article(self, response: Response, day: str) -> Iterator[ArticleItem]:
        yield ArticleItem(headline=response.text, published=day)

print(Courier().try_callback("parse", Path("page.html"), "https://news.example/").requests)
"""
WRONG_PROGRAM = """
from datetime import datetime
import newsarchive
from newsarchive import Archive, extract_page

newsarchive.extract_pages
extract_page(3)
with Archive.open("morgue") as archive:
    archive.articles(sites="lantern")
    archive.search("harbour", order="best")
    headline: int = next(archive.articles()).headline
"""


def test_types_hold_outside_of_the_checkout(tmp_path: Path) -> None:
    """A program of a user's that uses every public name passes mypy --strict, and each mistake is found."""
    pytest.importorskip("mypy")
    assert [name for name in newsarchive.__all__ if len(re.findall(rf"\b{name}\b", USER_PROGRAM)) < 2] == []
    (tmp_path / "right.py").write_text(USER_PROGRAM)
    (tmp_path / "wrong.py").write_text(WRONG_PROGRAM)
    words = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", str(tmp_path / "cache")]
    right = subprocess.run([*words, "right.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (right.returncode, right.stdout) == (0, "")
    wrong = subprocess.run([*words, "wrong.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    lines = {int(line.split(":")[1]) for line in wrong.stdout.splitlines() if ": error:" in line}
    assert lines == {6, 7, 9, 10, 11}


def test_importing_the_names_is_cheap(tmp_path: Path) -> None:
    """No library is imported before it is needed, and of newsarchive only the names."""
    script = "import sys; from newsarchive import Archive, extract_page; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    packages = {name.partition(".")[0] for name in done.stdout.split()}
    assert packages.isdisjoint(
        {"alembic", "fastapi", "lxml", "pydantic", "scrapy", "sqlalchemy", "trafilatura", "twisted"}
    )
    assert {name for name in done.stdout.split() if name.startswith(("newsarchive", "storage"))} == {
        "newsarchive", "newsarchive.library", "newsarchive.library.public",
    }  # fmt: skip
