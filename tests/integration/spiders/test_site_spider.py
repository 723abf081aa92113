"""A site's own spider: an API without pages, a login, errors, rebuilds."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import Response

from newsarchive.archive import Archive
from newsarchive.config.schema import SiteConfig
from newsarchive.crawl.site_spider import SpiderRun
from storage.errors import ConfigError
from storage.index.frontier.url_queue import find_urls
from storage.index.queries.articles import iter_captures
from storage.index.views.articles import ALL_CAPTURES
from storage.model import Discovery, DueUrl, UrlKind
from storage.warc.reader import CaptureRecord, read_captures, read_records
from tests.in_process import run_in_process
from tests.integration.spiders.conftest import BEGIN, JSON_SPIDER, LOGIN_SPIDER, PASSWORD, tell

HOUR = timedelta(hours=1)
ROOT = Path(__file__).parents[3]
Build = Callable[..., Any]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def index_url(request: pytest.FixtureRequest) -> str:
    """The `index` setting for each database."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


def articles(rig: Any) -> dict[str, Any]:
    """Return the articles by their path."""
    with Archive.open(rig.folder) as archive:
        found = [archive.article(n) for n in range(1, 40)]
        return {each.url.removeprefix(rig.newsroom.url): each for each in found if each is not None}


def outcomes(rig: Any) -> list[tuple[str, str, str]]:
    """Return path, outcome and reason of each capture, in their order."""
    with Archive.open(rig.folder) as archive:
        rows = archive.index.stream(iter_captures, ALL_CAPTURES)
        return [(each.url.removeprefix(rig.newsroom.url), each.outcome.value, each.reason) for each in rows]


def assert_rebuilds(rig: Any, dump: Any, different: Any) -> None:
    """Assert that a rebuild gives the same rows, and that the archive verifies."""
    with Archive.open(rig.folder) as archive:
        before = dump(archive.index)
    (rig.folder / "spiders" / "courier.py").unlink()
    done = run_in_process("rebuild", "--archive", rig.folder)
    assert done.returncode == 0, done.stderr
    with Archive.open(rig.folder) as archive:
        assert different(before, dump(archive.index)) == {}
    verified = run_in_process("verify", "--deep", "--archive", rig.folder)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_newsroom_of_json_alone(build: Build, newsroom: Any, index_url: str, dump: Any, different: Any) -> None:
    """Each answer of the API is a capture, the item its reading; an edit makes a version; a rebuild needs no spider."""
    rig = build(JSON_SPIDER, index=index_url)
    report = rig.crawl(BEGIN)
    assert report.problems == ()
    found = articles(rig)
    assert sorted(found) == [f"/news/{n}" for n in range(1, 8)]
    first = found["/news/3"]
    assert first.current.headline == tell(3)["title"]
    assert [each.text for each in first.current.paragraphs] == tell(3)["text"]
    assert first.current.published.isoformat() == "2026-11-04T06:30:00+01:00"
    assert [each.url for each in first.captures] == [f"{newsroom.url}/api/articles/3"]
    assert newsroom.log.count("GET /api/articles/3") == 1
    assert not [path for path in newsroom.log if "/news/" in path]

    newsroom.stories[3] = tell(3, "burnt")
    newsroom.stories[8] = tell(8)
    rig.crawl(BEGIN + 2 * HOUR)
    rig.crawl(BEGIN + 30 * HOUR)
    found = articles(rig)
    assert len(found) == 8
    assert [len(found[f"/news/{n}"].versions) for n in range(1, 9)] == [1, 1, 2, 1, 1, 1, 1, 1]
    assert newsroom.log.count("GET /api/articles/1") == 3
    assert_rebuilds(rig, dump, different)


@pytest.mark.slow
def test_a_newsroom_behind_a_login(
    build: Build, newsroom: Any, dump: Any, different: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each run logs in before anything else; no secret is in any file; pages are read as usual."""
    monkeypatch.setenv("COURIER_PASSWORD", PASSWORD)
    rig = build(LOGIN_SPIDER)
    assert rig.crawl(BEGIN).problems == ()
    newsroom.stories[3] = tell(3, "burnt")
    assert rig.crawl(BEGIN + 2 * HOUR).problems == ()
    assert (newsroom.logins, newsroom.unauthorized) == (2, [])
    assert [each for each in outcomes(rig) if each[1] == "error"] == []
    found = articles(rig)
    assert sorted(found) == [f"/news/{n}" for n in range(1, 8)]
    assert [len(found[f"/news/{n}"].versions) for n in range(1, 8)] == [1, 1, 2, 1, 1, 1, 1]
    records = [r for path in (rig.folder / "warc").glob("*.warc.gz") for r in read_records(path)]
    logins = [r for r in records if r.type == "request" and r.block.startswith(b"POST ")]
    assert len(logins) == 2
    assert re.search(rb"\r\nContent-Length: (\d+)\r\n.*\r\n\r\n[0-9a-f]{56}", logins[0].block, re.DOTALL)
    blocks = b"".join(record.block for record in records)
    for secret in (b"battery", b"secret-session", b"first-visit"):
        assert secret not in blocks
    assert_rebuilds(rig, dump, different)


@pytest.mark.parametrize("source", [JSON_SPIDER, LOGIN_SPIDER], ids=["json", "login"])
@pytest.mark.parametrize(
    "by_scrapy",
    [
        pytest.param(False, id="newsarchive crawl"),
        # Two crawls in processes of their own.
        pytest.param(True, id="scrapy crawl news", marks=pytest.mark.slow),
    ],
)
def test_a_spider_in_a_process_of_scrapys(
    build: Build, newsroom: Any, source: str, by_scrapy: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With a [scrapy] table, and by Scrapy's own command, it does the same, logs in, and its errors are reported."""
    monkeypatch.setenv("COURIER_PASSWORD", PASSWORD)
    newsroom.broken.add(2)
    rig = build(source, more="[scrapy]\nCLOSESPIDER_TIMEOUT = 60\n")
    if by_scrapy:
        words = ["scrapy", "crawl", "news", "-s", "SPIDER_MODULES=spiders", "-a", f"archive={rig.folder}"]
        environment = os.environ | {"SCRAPY_SETTINGS_MODULE": "newsarchive.settings", "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    else:
        done = run_in_process("crawl", "--archive", rig.folder, at=tmp_path)
    assert done.returncode == 0, done.stderr
    broken = {2} if source is JSON_SPIDER else set()
    assert sorted(articles(rig)) == [f"/news/{n}" for n in range(1, 8) if n not in broken], done.stderr
    assert ("correct spiders/courier.py" in done.stderr) == bool(broken)
    # Scrapy's own command logs for debugging: with the traceback of the spider.
    assert done.stderr.count("Traceback") == (bool(broken) and by_scrapy), done.stderr
    assert (newsroom.logins, newsroom.unauthorized) == (int(not broken), [])


@pytest.mark.slow
def test_a_callback_that_never_returns_is_interrupted(build: Build, newsroom: Any) -> None:
    """Ctrl-C, twice, ends the run. The response is in the file, and its URL is fetched again."""
    rig = build(JSON_SPIDER)
    stuck = rig.folder / "stuck"
    wait = f"import pathlib, time\n        pathlib.Path({str(stuck)!r}).touch()\n        time.sleep(600)\n"
    rig.write_spider(JSON_SPIDER.replace("story = response.json()\n", f"{wait}        story = response.json()\n"))
    words = [sys.executable, "-m", "newsarchive", "crawl", "--archive", str(rig.folder)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}) as run:
        while not stuck.exists() and run.poll() is None:
            time.sleep(0.02)
        while run.poll() is None:
            run.send_signal(signal.SIGINT)
            time.sleep(0.3)
        assert run.stderr is not None
        assert (run.returncode, "aborted" in run.stderr.read()) == (130, True)
    rig.write_spider(JSON_SPIDER)
    assert [line for line in rig.crawl(datetime.now(UTC) + HOUR).problems if "interrupted" not in line] == []
    assert len(articles(rig)) == 7
    unread = [path for path, _, reason in outcomes(rig) if reason.startswith("the crawl ended before")]
    assert len(unread) == 1
    assert newsroom.log.count(f"GET {unread[0]}") == 2


@pytest.mark.slow
@pytest.mark.parametrize("where", ["parse_article", "start"])
def test_a_callback_that_never_returns_costs_its_site_alone(build: Build, newsroom: Any, where: str) -> None:
    """The run goes on after the time limit, keeps the response, and says what to correct; the next run fetches it."""
    rig = build(JSON_SPIDER)
    line = {"parse_article": "        story = response", "start": "        yield Request(self.site_url +"}[where]
    limited = JSON_SPIDER.replace("    def start", "    callback_timeout = 0.5\n\n    def start")
    rig.write_spider(limited.replace(line, f"        import time\n        time.sleep(60)\n{line}"))
    problems = rig.crawl(BEGIN).problems
    said = f"{where}: CallbackTimeout: it did not return within 0.5 seconds, and was left (spiders/courier.py)"
    assert any(said in line and "correct spiders/courier.py" in line for line in problems), problems
    assert any("Nothing more of it was requested; the next crawl tries again" in line for line in problems)
    rig.write_spider(JSON_SPIDER)
    assert rig.crawl(BEGIN + HOUR).problems == ()
    assert len(articles(rig)) == 7


@pytest.mark.slow
@pytest.mark.parametrize("where", ["parse_article", "start"])
def test_a_spider_that_exits_does_not_end_the_crawl(build: Build, where: str) -> None:
    """sys.exit in a spider is an error of it, and what it left is fetched by the next run."""
    rig = build(JSON_SPIDER)
    line = {"parse_article": "        story = response", "start": "        yield Request(self.site_url +"}[where]
    rig.write_spider(JSON_SPIDER.replace(line, f"        raise SystemExit(3)\n{line}"))
    problems = rig.crawl(BEGIN).problems
    assert any(f"{where}: SystemExit: 3 (spiders/courier.py, line" in line for line in problems), problems
    rig.write_spider(JSON_SPIDER)
    assert rig.crawl(BEGIN + HOUR).problems == ()
    assert len(articles(rig)) == 7


def test_no_callback_runs_beside_one_that_was_left(tmp_path: Path) -> None:
    """Responses that were under way when a callback did not return wait for the next run, without its time limit."""
    (tmp_path / "spiders").mkdir()
    (tmp_path / "spiders" / "slow.py").write_text(
        "import time\nfrom newsarchive.crawl.site_spider import SiteSpider\n\n\nclass Slow(SiteSpider):\n"
        "    callback_timeout = 0.1\n    calls = 0\n\n    def parse(self, response):\n        self.calls += 1\n"
        "        time.sleep(30)\n"
    )
    run = SpiderRun(tmp_path, [SiteConfig(name="slow", url="https://slow.example/", spider="slow")], Counter())
    found = Discovery(site="slow", kind=UrlKind.LISTING, callback="parse")
    for number in range(2):
        url = f"https://slow.example/{number}"
        due = DueUrl(url_id=number, url=url, discovery=found, due_at=BEGIN, priority=0, failure_count=0)
        output = run._call(due, "parse", Response(url))
        assert output.error is not None
        assert output.error.startswith("parse: CallbackTimeout")
    assert run._spiders["slow"].calls == 1  # type: ignore[attr-defined]  # of the class above


@pytest.mark.slow
def test_a_login_that_fails_leaves_the_site_for_the_next_run(
    build: Build, newsroom: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is requested as a stranger, and the problem names the URL and the remedy."""
    monkeypatch.setenv("COURIER_PASSWORD", "wrong")
    rig = build(LOGIN_SPIDER)
    report = rig.crawl(BEGIN)
    assert [line.partition(" ")[2] for line in report.problems] == [
        f"{newsroom.url}/login answered 403. Nothing more of it was requested; the next crawl tries again"
    ]
    assert newsroom.unauthorized == []
    monkeypatch.delenv("COURIER_PASSWORD")
    problems = rig.crawl(BEGIN + HOUR).problems
    assert any("log_in: KeyError: 'COURIER_PASSWORD'" in line for line in problems)
    assert newsroom.unauthorized == []
    monkeypatch.setenv("COURIER_PASSWORD", PASSWORD)
    assert rig.crawl(BEGIN + 2 * HOUR).problems == ()
    assert len(articles(rig)) == 7


@pytest.mark.slow
def test_an_error_in_a_callback_costs_no_page(build: Build, newsroom: Any, dump: Any, different: Any) -> None:
    """Its response is kept, its URL is named and fetched again, and the others are read."""
    newsroom.broken.update({2, 5})
    rig = build(JSON_SPIDER)
    report = rig.crawl(BEGIN)
    (line,) = report.problems
    assert line.startswith(f"courier: its spider failed, first for {newsroom.url}/api/articles/")
    where = "(spiders/courier.py, line 21)"
    advice = "The response is kept, and fetched again; correct spiders/courier.py"
    assert line.endswith(f": parse_article: KeyError: 'title' {where}. {advice}")
    assert report.run.counters["spider_errors"] == 2
    assert sorted(articles(rig)) == [f"/news/{n}" for n in (1, 3, 4, 6, 7)]
    failed = sorted(each for each in outcomes(rig) if each[1] == "error")
    why = f"a complete response, but the site's spider courier failed: parse_article: KeyError: 'title' {where}"
    assert failed == [("/api/articles/2", "error", why), ("/api/articles/5", "error", why)]
    newsroom.broken.clear()
    assert rig.crawl(BEGIN + HOUR).problems == ()
    assert len(articles(rig)) == 7
    assert_rebuilds(rig, dump, different)


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ("headlin='x'", "an ArticleItem has no field 'headlin'; did you mean 'headline'?"),
        ("headline='x', published='yesterday'", "the field 'published' of an ArticleItem cannot be 'yesterday'"),
        ("headline=''", "an ArticleItem needs a headline"),
        ("headline='x', tags='a'", "the field 'tags' of an ArticleItem cannot be 'a': list is expected"),
    ],
)
def test_a_wrong_item_is_named_with_its_spider_and_url(build: Build, newsroom: Any, field: str, problem: str) -> None:
    """The message has the field, the spider and the URL."""
    spider = JSON_SPIDER.partition("        yield ArticleItem(")[0] + f"        yield ArticleItem({field})\n"
    (line,) = build(spider).crawl(BEGIN).problems
    assert problem in line
    assert f"{newsroom.url}/api/articles/" in line
    assert "spiders/courier.py" in line


GRAPH_SPIDER = """
import json

from newsarchive import ArticleItem, SiteSpider
from scrapy import Request


class Graph(SiteSpider):
    def parse(self, response, page=1):
        for number in (1, 2):
            yield Request(
                self.site_url + "graphql", self.parse_story, method="POST", body=json.dumps({"story": number}),
                cb_kwargs={"number": number},
            )
        if page < 3:
            yield Request(self.site_url + f"?page={page + 1}", self.parse, cb_kwargs={"page": page + 1})

    def parse_story(self, response, number):
        story = response.json()
        assert story["id"] == number
        yield ArticleItem(headline=story["title"], body=story["text"][0], url=story["link"])
"""


@pytest.mark.slow
def test_answers_to_other_methods_may_be_articles(build: Build, newsroom: Any, dump: Any, different: Any) -> None:
    """They are requested in the run that finds them; arguments of durable callbacks are kept with their URLs."""
    newsroom.answers["/graphql"] = lambda body: (200, "application/json", json.dumps(tell(json.loads(body)["story"])))
    for path in ("/", "/?page=2", "/?page=3"):
        newsroom.answers[path] = lambda _: (200, "text/html", "<html><body><p>Front page</p></body></html>")
    rig = build(GRAPH_SPIDER)
    assert rig.crawl(BEGIN).problems == ()
    assert sorted(articles(rig)) == ["/news/1", "/news/2"]
    gets = [each for each in newsroom.log if each.startswith("GET")]
    assert gets == ["GET /robots.txt", "GET /", "GET /?page=2", "GET /?page=3"]
    assert newsroom.log.count("POST /graphql") == 6
    with Archive.open(rig.folder) as archive:
        (found,) = archive.index.read(find_urls, [f"{newsroom.url}/?page=3"])
        assert found.discovery.callback == 'parse {"page": 3}'
        assert archive.index.read(find_urls, [f"{newsroom.url}/graphql"]) == []
    assert_rebuilds(rig, dump, different)


def test_what_robots_txt_disallows_and_other_hosts_are_not_requested(build: Build, newsroom: Any) -> None:
    """A login there leaves the site for the next run; a link there is left out."""
    start = "\n    def start(self):\n        yield Request(self.site_url + 'private/login', dont_filter=True)\n"
    rig = build(JSON_SPIDER.partition("\n    def start")[0] + start)
    (problem,) = rig.crawl(BEGIN).problems
    assert "/private/login, on which the others depend, was not fetched: disallowed by robots.txt" in problem
    rig.write_spider(
        JSON_SPIDER.partition("\n    def start")[0] + start.replace("self.site_url + 'private", "'http://127.0.0.2:1")
    )
    (problem,) = rig.crawl(BEGIN + HOUR).problems
    assert "http://127.0.0.2:1/login is on no host of the site; add its host to `hosts`" in problem
    elsewhere = "\n    def parse(self, response):\n        yield Request('http://127.0.0.2:1/news/1', self.parse)\n"
    rig.write_spider(JSON_SPIDER.partition("\n    def parse(")[0] + elsewhere)
    assert rig.crawl(BEGIN + 2 * HOUR).problems == ()
    assert newsroom.log == ["GET /robots.txt", "GET /api/latest"]


@pytest.mark.slow
def test_a_url_that_failed_is_asked_for_the_whole_page(build: Build, newsroom: Any) -> None:
    """With the validators of the response that the spider could not read, it would get a 304 for ever."""
    newsroom.broken.add(2)
    newsroom.etag = '"same"'
    rig = build(JSON_SPIDER)
    rig.crawl(BEGIN)
    rig.write_spider(JSON_SPIDER.replace('story["title"]', 'story.get("title", "Untitled")'))
    assert rig.crawl(BEGIN + HOUR).problems == ()
    assert articles(rig)["/news/2"].current.headline == "Untitled"
    kinds = [each.capture.kind for path in (rig.folder / "warc").glob("*.gz") for each in read_captures(path)
             if isinstance(each, CaptureRecord) and each.capture.url.endswith("/articles/2")]  # fmt: skip
    assert kinds == ["response", "response"]


@pytest.mark.slow
def test_a_site_gets_a_spider_later(build: Build, newsroom: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """URLs that its `start` names are its own from then on, also those that the archive has fetched before."""
    monkeypatch.setenv("COURIER_PASSWORD", PASSWORD)
    rig = build(LOGIN_SPIDER)
    settings = rig.folder / "newsarchive.toml"
    settings.write_text(settings.read_text().replace('spider = "courier"', ""))
    rig.crawl(BEGIN)
    assert articles(rig) == {}
    settings.write_text(settings.read_text() + 'spider = "courier"\n')
    rig.crawl(BEGIN + 24 * HOUR)
    assert len(articles(rig)) == 7


def test_a_spider_that_cannot_be_loaded_stops_the_crawl(build: Build, newsroom: Any) -> None:
    """The error names the file, what is wrong with it, and the command; nothing is fetched."""
    rig = build("import nosuch\n")
    for source, problem in (("import nosuch\n", "No module named 'nosuch'"), ("", "not enough values to unpack")):
        rig.write_spider(source)
        with pytest.raises(ConfigError) as refused:
            rig.crawl(BEGIN)
        assert problem in str(refused.value)
        assert f"{rig.folder}/spiders/courier.py, the spider of courier, cannot be loaded" in str(refused.value)
    assert newsroom.log == []


def test_import_gives_the_same_articles(build: Build, tmp_path: Path) -> None:
    """Another archive that imports the files reads the items too; a file of another tool's has none."""
    rig = build(JSON_SPIDER)
    rig.crawl(BEGIN)
    (file,) = (rig.folder / "warc").glob("*.warc.gz")
    other = tmp_path / "other"
    assert run_in_process("init", other, "--contact", "tests@localhost").returncode == 0
    assert run_in_process("import", file, "--archive", other).returncode == 0
    lines = [run_in_process("export", "--archive", each).stdout.splitlines() for each in (rig.folder, other)]
    here, there = ([json.loads(line) for line in each] for each in lines)
    assert [each["headline"] for each in here] == [each["headline"] for each in there]
    assert len(here) == 7
    plain = tmp_path / "plain.warc.gz"
    with plain.open("wb") as out, file.open("rb") as source:
        for record in list(read_records(file))[1:]:  # without the warcinfo of the crawl
            source.seek(record.place.offset)
            out.write(source.read(record.place.length))
    third = tmp_path / "third"
    assert run_in_process("init", third, "--contact", "tests@localhost").returncode == 0
    assert run_in_process("import", plain, "--archive", third).returncode == 0
    assert run_in_process("export", "--archive", third).stdout == ""


def test_items_are_read_again_exported_and_taken_down(build: Build, newsroom: Any, dump: Any, different: Any) -> None:
    """The record of an item goes with its response: `reextract` changes nothing, and a takedown removes its text."""
    rig = build(JSON_SPIDER)
    rig.crawl(BEGIN)
    with Archive.open(rig.folder) as archive:
        before = dump(archive.index)
    assert run_in_process("reextract", "--all", "--archive", rig.folder).returncode == 0
    with Archive.open(rig.folder) as archive:
        assert different(before, dump(archive.index)) == {}
    copy = rig.folder / "out.warc.gz"
    assert run_in_process("export", "--format", "warc", "-o", copy, "--archive", rig.folder).returncode == 0
    outputs = [each for each in read_records(copy) if each.block.startswith(b"newsarchive-spider: ")]
    assert len(outputs) == len([each for each in newsroom.log if "/api/" in each])
    words = ("takedown", f"{newsroom.url}/news/3", "--reason", "x", "--yes", "--archive", rig.folder)
    assert run_in_process(*words).returncode == 0
    records = [each for path in (rig.folder / "warc").glob("*.warc.gz") for each in read_records(path)]
    blocks = b"".join(each.block for each in records)
    assert (b"of story 3:" in blocks, b"of story 2:" in blocks) == (False, True)


def test_a_start_url_that_fails_is_named(build: Build, newsroom: Any) -> None:
    """In the notes of the run and in `status`, with the command that shows its answer; when it is mended, no more."""
    newsroom.answers["/api/latest"] = lambda _: (500, "text/plain", "broken")
    rig = build(JSON_SPIDER)
    line = f"courier: {newsroom.url}/api/latest was not fetched or not read; it is fetched again. Its answer:"
    assert [each for each in rig.crawl(BEGIN).notes if each.startswith(line)]
    status = run_in_process("status", "--archive", rig.folder)
    assert f"{line} newsarchive show {newsroom.url}/api/latest\n" in status.stdout
    shown = run_in_process("show", f"{newsroom.url}/api/latest", "--archive", rig.folder)
    assert "and read as error (HTTP 500); it is fetched again" in shown.stderr
    del newsroom.answers["/api/latest"]
    assert not [each for each in rig.crawl(BEGIN + HOUR).notes if each.startswith(line)]
    assert line not in run_in_process("status", "--archive", rig.folder).stdout
