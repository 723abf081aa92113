"""`until` has one meaning: a day, month or year is included, a time is excluded; everywhere, and `since` with it."""

import csv
import json
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from lxml import html
from starlette.testclient import TestClient

import newsarchive
from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from tests.in_process import run_in_process

HOST = "https://news.example"
TIMES = {
    "first": datetime(2026, 2, 27, 12, tzinfo=UTC),
    "last-minute": datetime(2026, 2, 28, 23, 59, tzinfo=UTC),
    "midnight": datetime(2026, 3, 1, tzinfo=UTC),
    "later": datetime(2026, 3, 1, 8, tzinfo=UTC),
}
TEXT = "".join(
    f"<p>Paragraph {n} tells of the harbour and its wall, which holds for another year.</p>" for n in range(9)
)
DAY, EXCLUDED = "2026-02-28", "2026-02-28T23:59Z"
WHOLE_DAY, BEFORE = {"first", "last-minute"}, {"first"}
PERIODS = [
    (None, DAY, WHOLE_DAY),
    (None, "2026-02", WHOLE_DAY),
    (None, "2026", {*TIMES}),
    (DAY, DAY, {"last-minute"}),
    ("2026-03", "2026-03", {"midnight", "later"}),
    (None, EXCLUDED, BEFORE),
    (EXCLUDED, "2026-03-01T00:00+00:00", {"last-minute"}),
    ("2026-03-01T00:00Z", None, {"midnight", "later"}),
]
DATES = [each for each in PERIODS if not any("T" in str(bound) for bound in each[:2])]


def story(name: str, at: datetime, word: str = "") -> bytes:
    """Return the page of an article."""
    facts = {"@type": "NewsArticle", "headline": f"Harbour: {name}", "datePublished": at.isoformat()}
    data = f'<script type="application/ld+json">{json.dumps(facts)}</script>'
    return f"<html lang=en><head>{data}</head><article><h1>Harbour: {name}</h1>{TEXT}<p>{word}</p></article>".encode()


@pytest.fixture(scope="module")
def archive(shared_archive_of: Callable[..., Archive]) -> Archive:
    """Articles around the end of a month, each captured when it was published, and edited at these times of April."""
    answers = [
        {"url": f"{HOST}/news/{name}", "body": story(name, at, word), "at": at + timedelta(days=days)}
        for name, at in TIMES.items()
        for word, days in (("", 0), ("Forty boats were counted on that day, not thirty as was said before.", 59))
    ]
    return shared_archive_of(*answers)


def names_of(urls: Iterable[Any]) -> set[str]:
    """Return the articles' names in their URLs."""
    return {str(url).rpartition("/")[2] for url in urls}


def options(since: str | None, until: str | None) -> list[str]:
    """Return the options of a command."""
    return [f"--{name}={value}" for name, value in (("since", since), ("until", until)) if value]


@pytest.mark.parametrize(("since", "until", "names"), PERIODS)
def test_until_has_one_meaning(archive: Archive, since: str | None, until: str | None, names: set[str]) -> None:
    """The API, the command line, exports and the Python library select the same."""
    client = TestClient(create_app(archive), base_url="http://127.0.0.1:8000")
    bounds: dict[str, Any] = {name: value for name, value in (("since", since), ("until", until)) if value}
    for path, rows in (("search", "hits"), ("articles", "articles")):
        told = client.get(f"/api/v1/{path}", params=bounds | ({"q": "harbour"} if path == "search" else {}))
        assert names_of(each["url"] for each in told.json()[rows]) == names, path
    where = ("--archive", archive.folder)
    for command in ("export", "export --all-versions", "search harbour --json"):
        done = run_in_process(*command.split(), *options(since, until), *where)
        assert done.returncode == 0, done.stderr
        lines = json.loads(done.stdout)["hits"] if "--json" in command else map(json.loads, done.stdout.splitlines())
        assert names_of(each["url"] for each in lines) == names, command
    for form in ("csv", "cdxj"):
        done = run_in_process("export", "--format", form, *options(since, until), *where)
        found = csv.DictReader(done.stdout.splitlines()) if form == "csv" else read_cdxj(done.stdout)
        assert names_of(each["url"] for each in found) == names, form
    library = newsarchive.Archive.open(archive.folder)
    for some in (library.articles(**bounds), library.versions(**bounds), library.search("harbour", **bounds)):
        assert names_of(each.url for each in some) == names
    library.close()


def read_cdxj(text: str) -> list[dict[str, str]]:
    """Return the JSON objects of CDXJ lines."""
    return [json.loads(line.split(" ", 2)[2]) for line in text.splitlines() if not line.startswith("!")]


@pytest.mark.parametrize(("since", "until", "names"), DATES)
def test_the_query_and_the_browser_mean_the_same(
    archive: Archive, since: str | None, until: str | None, names: set[str]
) -> None:
    """With dates; times of day have neither."""
    client = TestClient(create_app(archive), base_url="http://127.0.0.1:8000")
    bounds = {name: value for name, value in (("since", since), ("until", until)) if value}
    query = " ".join(["harbour", *(f"{name}:{value}" for name, value in bounds.items())])
    assert names_of(each["url"] for each in client.get("/api/v1/search", params={"q": query}).json()["hits"]) == names
    page = html.fromstring(client.get("/search", params={"q": "harbour", **bounds}).text)
    titles = {heading.text_content().partition(": ")[2].strip() for heading in page.xpath("//main//h3")}
    assert titles == names


@pytest.mark.parametrize(
    ("until", "names"),
    [("2026-04-28", WHOLE_DAY), ("2026-04", {*TIMES}), ("2026-04-28T23:59Z", BEFORE), (date(2026, 4, 28), WHOLE_DAY)],
)
def test_changes_and_captures_have_the_same_end(archive: Archive, until: str | date, names: set[str]) -> None:
    """By the time at which a change was seen, and by that of the request."""
    client = TestClient(create_app(archive), base_url="http://127.0.0.1:8000")
    told = client.get("/api/v1/changes", params={"until": str(until)}).json()["changes"]
    assert names_of(each["url"] for each in told) == names
    done = run_in_process("changes", "--json", "--until", str(until), "--archive", archive.folder)
    assert names_of(json.loads(line)["url"] for line in done.stdout.splitlines()) == names
    library = newsarchive.Archive.open(archive.folder)
    assert names_of(each.url for each in library.changes(until=until)) == names
    assert names_of(each.url for each in library.captures(since="2026-04", until=until)) == names
    library.close()
    captures = {
        name: len(
            client.get("/api/v1/captures", params={"url": f"{HOST}/news/{name}", "until": str(until)}).json()[
                "captures"
            ]
        )
        for name in TIMES
    }
    assert captures == {name: 1 + (name in names) for name in TIMES}


@pytest.mark.parametrize("until", ["9999", "9999-12", "9999-12-31"])
def test_the_last_period_includes_everything(archive: Archive, until: str) -> None:
    """At every door, although there is no later day."""
    test_until_has_one_meaning(archive, None, until, {*TIMES})
    test_the_query_and_the_browser_mean_the_same(archive, None, until, {*TIMES})
    client = TestClient(create_app(archive), base_url="http://127.0.0.1:8000")
    assert 'value="9999-12-31"' in client.get("/search", params={"q": "harbour", "until": until}).text


@pytest.mark.parametrize("text", ["0000", "7", "-5", "1e9", "99999", "20260504", "2026-W10", "2026-W10-1"])
def test_a_number_or_another_form_of_a_day_is_an_error(archive: Archive, text: str) -> None:
    """Neither a Unix time nor midnight: every door says that it is no date."""
    client = TestClient(create_app(archive), base_url="http://127.0.0.1:8000")
    library = newsarchive.Archive.open(archive.folder)
    for bound in ("since", "until"):
        for path in ("articles", "search?q=harbour", "changes", f"captures?url={HOST}/", f"placements?url={HOST}/"):
            told = client.get(f"/api/v1/{path}{'&' if '?' in path else '?'}{bound}={text}")
            assert (told.status_code, "not a date" in told.text) == (400, True), path
        for command in ("export", "search harbour", "changes"):
            done = run_in_process(*command.split(), f"--{bound}={text}", "--archive", archive.folder)
            assert (done.returncode, "not a date" in done.stderr) == (2, True), command
        with pytest.raises(newsarchive.ArchiveError, match="not a date"):
            [*library.articles(**{bound: text})]
        told = client.get("/api/v1/search", params={"q": f"harbour {bound}:{text}"})
        assert "is not a date" in str(told.json()["problems"])
        assert "is not a date" in client.get("/search", params={"q": "harbour", bound: text}).text
    library.close()


def test_those_before_the_first_counted_day_are_found_until_the_day_before(archive: Archive) -> None:
    """As the API describes `since` of a page of changes: none is there twice, none is lost."""
    client = TestClient(create_app(archive), base_url="http://127.0.0.1:8000")
    later = client.get("/api/v1/changes", params={"since": "2026-04-29"}).json()["changes"]
    earlier = client.get("/api/v1/changes", params={"until": "2026-04-28"}).json()["changes"]
    assert sorted(names_of(each["url"] for each in (*later, *earlier))) == sorted(TIMES)
    assert len(later) + len(earlier) == len(TIMES)


def test_reextract_reads_the_whole_day(archive: Archive) -> None:
    """Articles with a capture on the day that is named as the end are read, with all of their captures."""
    for until, count in ((DAY, 4), (EXCLUDED, 2)):
        done = run_in_process(
            "reextract", "--all", "--dry-run", "--json", "--until", until, "--archive", archive.folder
        )
        assert (done.returncode, json.loads(done.stdout)["captures"]) == (0, count), done.stdout + done.stderr
