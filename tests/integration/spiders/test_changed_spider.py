"""A site's own spider that is changed, or that fails: what is read again, and what is said of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from newsarchive.archive import Archive
from storage.index.queries.observations import list_changes
from tests.in_process import run_in_process
from tests.integration.spiders.conftest import BEGIN, JSON_SPIDER, tell

HOUR = timedelta(hours=1)
Build = Callable[..., Any]
WITH_DEK = JSON_SPIDER.replace(
    'published=story["at"],', 'published=story["at"], dek="Seen from the quay", tags=["harbour"],'
)


def read(rig: Any) -> tuple[dict[str, Any], list[Any]]:
    """Return the articles by path, and the changes."""
    with Archive.open(rig.folder) as archive:
        found = [archive.article(number) for number in range(1, 20)]
        articles = {each.url.removeprefix(rig.newsroom.url): each for each in found if each is not None}
        return articles, list(archive.index.ask(list_changes, limit=99))


def assert_rebuilds(rig: Any, dump: Any, different: Any) -> None:
    """Assert that a rebuild gives the same rows."""
    with Archive.open(rig.folder) as archive:
        before = dump(archive.index)
    done = run_in_process("rebuild", "--archive", rig.folder)
    assert done.returncode == 0, done.stderr
    with Archive.open(rig.folder) as archive:
        assert different(before, dump(archive.index)) == {}


def test_another_reading_of_the_same_bytes_is_no_edit(build: Build, newsroom: Any, dump: Any, different: Any) -> None:
    """A changed spider makes no version, no change and no event of metadata; the newest reading is shown."""
    rig = build(JSON_SPIDER)
    rig.crawl(BEGIN)
    rig.write_spider(WITH_DEK)
    rig.crawl(BEGIN + 30 * HOUR)
    found, changes = read(rig)
    assert changes == []
    assert [len(each.versions) for each in found.values()] == [1] * 7
    assert {each.current.dek for each in found.values()} == {"Seen from the quay"}
    assert not any(each.metadata_changes for each in found.values())
    exported = run_in_process("export", "--versions", "--archive", rig.folder).stdout
    assert exported.count("Seen from the quay") in (0, 7), exported

    newsroom.stories[3] = tell(3, "burnt")
    rig.crawl(BEGIN + 80 * HOUR)
    found, (change,) = read(rig)
    assert (change.version_before, change.version, "dek" in change.kinds) == (1, 2, False)
    assert [each.changed for each in found["/news/3"].versions] == [(), ("body",)]
    newsroom.stories[3] = tell(3)
    rig.write_spider(JSON_SPIDER)
    rig.crawl(BEGIN + 90 * HOUR)
    assert_rebuilds(rig, dump, different)


def test_a_changed_spider_reads_whole_responses(build: Build, newsroom: Any, dump: Any, different: Any) -> None:
    """Its first request of a URL has no validators; a 304 after it shows the newest reading of the bytes."""
    newsroom.etag = '"same"'
    rig = build(JSON_SPIDER)
    later = datetime.now(UTC) + HOUR
    rig.crawl(BEGIN)
    rig.write_spider(WITH_DEK)
    for at in (later, later + 30 * HOUR):
        rig.crawl(at)
        found, changes = read(rig)
        assert {each.current.dek for each in found.values()} == {"Seen from the quay"}
        assert (changes, [len(each.versions) for each in found.values()]) == ([], [1] * 7)
    reasons = sorted(each.reason for each in found["/news/2"].captures)
    assert reasons == ["HTTP 304: not modified", *["output of the site's spider courier"] * 2]
    assert_rebuilds(rig, dump, different)


def test_save_has_the_spider_read_an_unchanged_response(build: Build, newsroom: Any) -> None:
    """The request has no validators, and the line says what was done; `show` has the schedule of the API's address."""
    newsroom.etag = '"same"'
    rig = build(JSON_SPIDER)
    rig.crawl(datetime.now(UTC) - HOUR)
    saved = run_in_process("save", f"{newsroom.url}/api/articles/3", "--archive", rig.folder)
    assert saved.returncode == 0, saved.stderr
    assert "unchanged, read anew by its spider: Harbour story number 3" in saved.stdout
    shown = run_in_process("show", f"{newsroom.url}/news/3", "--archive", rig.folder)
    assert "fetched again from" in shown.stdout


def test_an_error_of_a_spider_is_named_wherever_it_is_asked_for(build: Build, newsroom: Any) -> None:
    """`show`, `status` and `status --check` have the error, the line of the file, and the next command."""
    newsroom.broken.add(2)
    rig = build(JSON_SPIDER)
    rig.crawl(datetime.now(UTC))
    line = next(n for n, text in enumerate(JSON_SPIDER.split("\n"), 1) if 'story["title"]' in text)
    url = f"{newsroom.url}/api/articles/2"
    error = f"parse_article: KeyError: 'title' (spiders/courier.py, line {line})"
    error = f"a complete response, but the site's spider courier failed: {error}"
    shown = run_in_process("show", url, "--archive", rig.folder)
    assert f"and read as error ({error}); it is fetched again" in shown.stderr
    assert shown.stderr.rstrip().endswith(f"to fetch it now: newsarchive save {url}")
    for words in (["status"], ["status", "--check"]):
        done = run_in_process(*words, "--archive", rig.folder)
        said = done.stdout + done.stderr
        assert f"courier: Its own spider could not read 1 complete response, such as that of {url}." in said
        assert f"{error}. Correct the spider. Next: newsarchive save {url}" in said
        assert done.returncode == len(words) - 1
    newsroom.broken.clear()
    assert run_in_process("save", url, "--archive", rig.folder).returncode == 0
    assert "Its own spider" not in run_in_process("status", "--archive", rig.folder).stdout
