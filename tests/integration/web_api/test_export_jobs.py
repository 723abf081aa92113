"""Exports that are made in the background."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from starlette.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.export import background
from newsarchive.export.background import ExportJob, ExportJobs, TooManyJobs
from newsarchive.export.formats import Format
from newsarchive.export.request import ExportRequest
from newsarchive.web.serve_options import DEFAULT_OPTIONS
from storage.index.views.articles import Filters

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
OTHER = 2**22 - 3
"""A process that is not there: the largest number that Linux gives is below."""


@pytest.fixture
def clock() -> list[datetime]:
    """The time, which a test moves."""
    return [NOON]


@pytest.fixture
def kept(small: Archive, tmp_path: Path, clock: list[datetime]) -> Callable[[], ExportJobs]:
    """Opens the jobs of a folder, as a server does when it starts."""

    def choice(filters: Filters) -> ExportRequest:
        return ExportRequest(index=small.index, places=small.places, filters=filters)

    return lambda: ExportJobs(tmp_path / "exports", choice, now=lambda: clock[0])


def test_an_export_is_made_and_kept(kept: Callable[[], ExportJobs]) -> None:
    """Done, counted, its file there; another server finds it again, to the field."""
    first = kept()
    job = first.submit(Format.JSONL, Filters(site="news", since=NOON - timedelta(days=9)))
    first.wait()
    done = first.get(job.id)
    assert done
    assert (done.state, done.count, done.finished_at) == ("done", 4, NOON)
    assert first.path(done).stat().st_size == done.size
    assert kept().get(job.id) == done


def test_an_export_interrupted_by_a_restart_is_failed(kept: Callable[[], ExportJobs], tmp_path: Path) -> None:
    """A server that was killed leaves a job that says "running"; the next one says what became of it."""
    first = kept()
    job = first.submit(Format.CSV)
    first.wait()
    first._save(replace(job, state="running", server=OTHER))
    found = kept().get(job.id)
    assert found
    assert (found.state, "stopped" in found.problem) == ("failed", True)
    # Another server of the same archive that is alive goes on with its own.
    first._save(replace(job, state="running", server=os.getppid()))
    still = kept().get(job.id)
    assert still
    assert still.state == "running"


def test_old_exports_go(kept: Callable[[], ExportJobs], clock: list[datetime], tmp_path: Path) -> None:
    """After a week nothing of them is left."""
    made = kept()
    made.submit(Format.JSONL)
    made.wait()
    clock[0] = NOON + timedelta(days=8)
    assert made.list_jobs() == ()
    assert list((tmp_path / "exports").iterdir()) == []


def test_only_some_may_wait(kept: Callable[[], ExportJobs], monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue is bounded, and says so."""
    monkeypatch.setattr(ExportJobs, "_work", lambda self: None)
    made = kept()
    for _ in range(background.MAX_WAITING):
        made.submit(Format.JSONL)
    with pytest.raises(TooManyJobs):
        made.submit(Format.JSONL)


def test_processes_make_one_export_at_a_time(kept: Callable[[], ExportJobs], monkeypatch: pytest.MonkeyPatch) -> None:
    """While one makes an export it has the turn, which another one waits for; those that wait count for both."""
    is_free: list[bool] = []
    monkeypatch.setattr(ExportJobs, "_run_job", lambda self, job: is_free.append(self._turn.acquire(block=False)))
    first, second = kept(), kept()
    for jobs in (first, second, first, second, first):
        jobs.submit(Format.JSONL)
    for jobs in (first, second):
        jobs.wait()
        with pytest.raises(TooManyJobs):
            jobs.submit(Format.JSONL)
    assert is_free == [False] * background.MAX_WAITING


def test_an_export_that_another_process_removes_is_stopped(
    kept: Callable[[], ExportJobs], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing of it is left."""
    monkeypatch.setattr("newsarchive.export.records._PROGRESS_EVERY", 1)
    first, second, update = kept(), kept(), ExportJobs._update
    removed: list[str] = []

    def remove(self: ExportJobs, job: ExportJob) -> None:
        update(self, job)
        if job.count and second.get(job.id):
            second.remove(job.id)
            removed.append(job.id)

    monkeypatch.setattr(ExportJobs, "_update", remove)
    job = first.submit(Format.WARC)
    first.wait()
    assert (removed, first.get(job.id), list((tmp_path / "exports").iterdir())) == ([job.id], None, [])


def test_an_export_beyond_its_limit_is_stopped(
    kept: Callable[[], ExportJobs], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It fails with a sentence, and its bytes are gone."""
    monkeypatch.setattr(background, "MAX_SIZE", 10)
    monkeypatch.setattr("newsarchive.export.records._PROGRESS_EVERY", 1)
    made = kept()
    job = made.submit(Format.WARC)
    made.wait()
    failed = made.get(job.id)
    assert failed
    assert (failed.state, "larger than" in failed.problem) == ("failed", True)
    assert [path.suffix for path in (tmp_path / "exports").iterdir()] == [".json"]


def test_the_exports_page_makes_lists_and_serves_files(client: TestClient) -> None:
    """A form without scripts: ask, look, download, remove."""
    answer = client.post("/exports", data={"format": "wacz", "site": "news", "q": "wall"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/exports")
    client.app.state.exports.wait()  # type: ignore[attr-defined]
    job = client.app.state.exports.list_jobs()[0]  # type: ignore[attr-defined]
    text = client.get("/exports").text
    address = f"/exports/{job.id}/newsarchive-{job.requested_at:%Y%m%d-%H%M%S}.wacz"
    assert f'href="{address}"' in text
    file = client.get(address)
    assert (file.status_code, file.content[:2], len(file.content)) == (200, b"PK", job.size)
    assert "attachment" in file.headers["content-disposition"]
    assert client.get(f"/exports/{job.id}/..%2F{job.id}.json").status_code == 404
    assert client.post(f"/exports/{job.id}/remove").status_code == 303
    assert client.get(address).status_code == 404


def test_every_search_filter_applies_to_exports(client: TestClient) -> None:
    """Each filter is taken, and named in the list of exports."""
    asked = {
        "section": ["Town", "Sea"], "author": "quill", "byline": "Ada Quill", "language": "en", "tag": "Sea",
        "agency": "dpa", "q": "wall", "since": "2026-03-01", "until": "2026-03-02",
    }  # fmt: skip
    form = html.fromstring(client.get("/exports", params=asked).text).xpath("//form[@class='export-form']")[0]
    given = [(name, value) for name, value in form.form_values() if value and name != "format"]
    assert sorted(given) == sorted(
        (name, each) for name, value in asked.items() for each in (value if isinstance(value, list) else [value])
    )
    assert client.post("/exports", data={"format": "csv", "all_versions": "1", **asked}).status_code == 303
    client.app.state.exports.wait()  # type: ignore[attr-defined]
    job = client.app.state.exports.list_jobs()[0]  # type: ignore[attr-defined]
    assert job.filters == Filters(
        section=("Town", "Sea"), author="quill", byline=("Ada Quill",), language=("en",), tag=("Sea",),
        agency=("dpa",), query="wall", since=datetime(2026, 3, 1, tzinfo=UTC), until=datetime(2026, 3, 3, tzinfo=UTC),
    )  # fmt: skip
    shown = " ".join(re.sub(r"<[^>]+>", " ", client.get("/exports").text).split())
    assert "section Town, Sea by quill language en tag Sea agency dpa “ wall ”" in shown
    client.app.state.exports.remove(job.id)  # type: ignore[attr-defined]


def test_other_sites_ask_for_nothing(client: TestClient) -> None:
    """A page elsewhere that sends the form here is refused, whichever of its two marks a browser sends."""
    for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert client.post("/exports", data={"format": "jsonl"}, headers=headers).status_code == 403


@pytest.mark.parametrize("fields", [{"format": "exe"}, {"since": "soon"}, {"article": "-1"}, {"q": "x" * 1001}])
def test_nonsense_is_refused(client: TestClient, fields: dict[str, str]) -> None:
    """400, and nothing is made."""
    assert client.post("/exports", data=fields).status_code == 400


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"json": {"format": "csv", "site": "news"}}, 415, "not as application/json"),
        ({"data": {"format": "csv"}, "files": {"a": b""}}, 415, "not as multipart/form-data"),
        ({"content": b'{"format": "csv"}'}, 400, "format must be one of jsonl, csv"),
        ({"content": b"format"}, 400, "format must be one of jsonl, csv"),
        ({}, 400, "format must be one of jsonl, csv"),
        ({"data": {"format": "csv", "sit": "news"}}, 400, "Unknown field sit. This request takes: "),
        ({"data": {"format": "csv", "problems": "1"}}, 400, "Unknown field problems"),
        ({"data": {"format": "csv", "all_versions": "no"}}, 400, "all_versions 1 or left out"),
    ],
)
def test_a_body_that_is_not_the_form_starts_no_export(
    client: TestClient, body: dict[str, Any], status: int, said: str
) -> None:
    """Nor one of everything, which a field that is passed over would leave."""
    answer = client.post("/exports", **body)
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    assert client.app.state.exports.list_jobs() == ()  # type: ignore[attr-defined]


def test_a_public_archive_makes_exports_only_if_allowed(opened: Callable[..., TestClient]) -> None:
    """Exports cost time and room; single articles are had by everybody."""
    public = opened(options=replace(DEFAULT_OPTIONS, public=True))
    assert (public.get("/exports").status_code, public.post("/exports").status_code) == (403, 403)
    article = public.get("/api/v1/articles").json()["articles"][0]["id"]
    assert public.get(f"/article/{article}.wacz").status_code == 200
    assert opened(options=replace(DEFAULT_OPTIONS, public=True, allow_exports=True)).get("/exports").status_code == 200


def test_an_export_made_under_other_access_rules_is_not_served(opened: Callable[..., TestClient]) -> None:
    """Its bytes may hold what is not to be shown any more."""
    before = opened()
    before.post("/exports", data={"format": "jsonl"})
    made = before.app.state.exports  # type: ignore[attr-defined]
    made.wait()
    job = made.list_jobs()[0]
    address = f"/exports/{job.id}/newsarchive-{job.requested_at:%Y%m%d-%H%M%S}.jsonl"
    assert before.get(address).status_code == 200
    after = opened(blocked=("example,news)/private",))
    assert after.get(address).status_code == 404
    assert "under other access rules" in after.get("/exports").text
    made.remove(job.id)


def test_one_article_at_once(opened: Callable[..., TestClient]) -> None:
    """As WARC and as WACZ; one that is hidden is not there."""
    client = opened()
    lines = client.get("/api/v1/articles").json()["articles"]
    secret = next(line["id"] for line in lines if "private" in line["url"])
    answer = client.get(f"/article/{secret}.warc.gz")
    assert (answer.status_code, answer.content[:2], answer.headers["content-type"]) == (
        200,
        b"\x1f\x8b",
        "application/warc",
    )
    assert int(answer.headers["content-length"]) == len(answer.content)
    hidden = opened(blocked=("example,news)/private",))
    assert hidden.get(f"/article/{secret}.warc.gz").status_code == 404
    assert hidden.get("/article/999999.wacz").status_code == 404
