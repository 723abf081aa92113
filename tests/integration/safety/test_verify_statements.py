"""`verify` compares what the index says with what the records hold: a lie in the index is found."""

import random
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive
from newsarchive.maintenance import verify_statements
from tests.integration.safety.conftest import build_page, build_record

LIES = {
    "headline": "UPDATE versions SET headline = 'Harbour council resigns' WHERE id = 2",
    "a paragraph's text": "UPDATE paragraphs SET text = 'Nobody said anything.' WHERE id = 3",
    "the order of paragraphs": "UPDATE version_paragraphs SET role = 'quote' WHERE version_id = 3 AND position = 2",
    "publication date": "UPDATE versions SET published_at = '2026-02-28 05:00:00.000000' WHERE id = 1",
    "author": "UPDATE authors SET name = 'Ben Ash'",
    "section": "UPDATE versions SET section = NULL WHERE id = 4",
    "time of a capture": "UPDATE captures SET fetched_at = '2026-03-01 09:00:00.000000' WHERE id = 1",
    "status of a capture": "UPDATE captures SET status = 404 WHERE id = 2",
    "a page's request not to be archived": "UPDATE captures SET noarchive = NOT noarchive WHERE id = 2",
    "first look": "UPDATE articles SET first_seen_at = '2026-01-01 06:00:00.000000' WHERE id = 2",
    "state": "UPDATE articles SET state = 'gone' WHERE id = 1",
    "address": "UPDATE urls SET url = url || '?page=2' WHERE id = (SELECT url_id FROM articles WHERE id = 1)",
}
Command = Callable[..., Any]


@pytest.mark.slow
@pytest.mark.parametrize("lie", LIES)
def test_a_lie_planted_in_the_index_is_found(
    lie: str, make_archive: Callable[..., Path], change_index: Callable[..., None]
) -> None:
    """Whatever it is about: text, date, name, time, state. A rebuild corrects it."""
    folder = make_archive()
    change_index(folder, "", LIES[lie])
    with Archive.open_to_read(folder) as archive:
        report = archive.verify(chance=random.Random(1))
    assert report.damaged, lie
    assert report.statements is not None
    assert report.statements.problems
    assert not any(file.problems for file in report.files)


@pytest.fixture(params=["sample", "deep"])
def how(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Options of `verify`."""
    return ("--deep",) if request.param == "deep" else ()


@pytest.mark.slow
def test_an_honest_index_is_found_honest_and_a_false_one_false(
    index_url: str, how: tuple[str, ...], make_archive: Callable[..., Path], newsarchive: Command,
    change_index: Callable[..., None],
) -> None:  # fmt: skip
    """The message has both values, and a rebuild corrects the index."""
    folder = make_archive(index=index_url)
    honest = newsarchive("verify", *how, "-A", folder)
    assert (honest.returncode, honest.stderr) == (0, "")
    assert "4 of 4 articles compared with their records: no differences" in honest.stdout
    change_index(folder, index_url, LIES["headline"])
    false = newsarchive("verify", *how, "-A", folder)
    assert false.returncode == 1
    assert "'Harbour council resigns' in the index, 'Harbour council votes on quay' by the records" in false.stderr
    assert "1 article with false statements" in false.stdout


def test_only_deep_finds_an_article_that_was_removed(
    make_archive: Callable[..., Path], change_index: Callable[..., None]
) -> None:
    """No sample of the index can have what the index lacks."""
    folder = make_archive()
    for sql in (
        "UPDATE captures SET article_id = NULL, version_id = NULL, outcome = 'other' WHERE article_id = 1",
        "DELETE FROM version_paragraphs WHERE version_id = 1",
        "DELETE FROM version_authors WHERE version_id = 1",
        "DELETE FROM versions WHERE article_id = 1",
        "DELETE FROM articles WHERE id = 1",
    ):
        change_index(folder, "", sql)
    with Archive.open_to_read(folder) as archive:
        sample, deep = archive.verify().statements, archive.verify(deep=True).statements
    assert sample is not None
    assert deep is not None
    assert (sample.problems, sample.compared) == ((), 3)
    [problem] = deep.problems[:1]
    assert (problem.article_id, problem.url) == (None, "https://harbour.example/2026/03/01/pier.html")
    assert "capture.shows an article is False in the index, True by the records" in problem.what


def test_articles_of_another_extractor_are_not_called_false(
    make_archive: Callable[..., Path], newsarchive: Command, change_index: Callable[..., None]
) -> None:
    """They are counted, and the command that reads them again is named."""
    folder = make_archive()
    change_index(folder, "", "UPDATE versions SET headline = 'As it was read then', extractor = '0.0.1' WHERE id = 2")
    done = newsarchive("verify", "-A", folder)
    assert done.returncode == 0
    assert "3 of 4 articles compared" in done.stdout
    assert "not compared: 1 article read by another version of the extractor (newsarchive reextract)" in done.stdout


def test_what_only_a_missing_file_tells_is_not_called_false(tmp_path: Path, newsarchive: Command) -> None:
    """A redirect to an article whose own record is missing shows none: it is not compared."""
    article = f"{HOST}/2026/03/01/mole.html"
    moved = f"301 Moved Permanently\r\nLocation: {article}"
    at = datetime(2026, 3, 2, 6, tzinfo=UTC)
    page = build_page("Harbour council votes on mole", "the mole is sound")
    folder = tmp_path / "archive"
    with Archive.init(folder) as archive:
        for number, (url, body, status) in enumerate([(article, page, "200 OK"), (f"{HOST}/old", b"", moved)]):
            source = tmp_path / f"{number}.warc.gz"
            source.write_bytes(build_record(url, body, at + timedelta(hours=number), status))
            archive.import_files([source])
    (lost, _) = sorted((folder / "warc").glob("*.warc.gz"))
    assert newsarchive("verify", "-A", folder).returncode == 0
    lost.unlink()
    for how in ((), ("--deep",)):
        done = newsarchive("verify", *how, "-A", folder)
        assert done.returncode == 1
        assert f"{lost.name}, byte 0: the file is missing" in done.stdout + done.stderr
        assert "by the records" not in done.stdout + done.stderr
        assert "To correct them: newsarchive rebuild" not in done.stdout
        assert "not compared: 1 article with records that cannot be read here" in done.stdout


HOST = "https://harbour.example"
NEWS_FEED = (
    "<?xml version='1.0'?><rss version='2.0'><channel><title>Harbour news</title><link>https://harbour.example/</link>"
    "<item><title>Harbour council votes on pier</title><link>https://harbour.example/2026/03/01/pier.html</link></item>"
    "</channel></rss>"
)


def front_page(names: Sequence[str]) -> bytes:
    """Return a front page with a list of articles."""
    cards = "".join(
        f'<article><h2><a href="/2026/03/01/{name}.html">Harbour council votes on {name}</a></h2></article>'
        for name in names
    )
    head = "<html lang='en'><head><title>The Harbour</title></head>"
    return f"{head}<body><main><section><h2>Top stories</h2>{cards}</section></main></body></html>".encode()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with a front page, a feed, edits, failed looks, a moved article and changed metadata."""
    place = tmp_path_factory.mktemp("told")
    names = ("pier", "quay", "lock", "dock", "mole", "buoy")
    at = (datetime(2026, 3, 1, 6, tzinfo=UTC) + timedelta(minutes=number) for number in count())
    records = [build_record(f"{HOST}/", front_page(names), next(at))]
    pages = {name: build_page(f"Harbour council votes on {name}", f"the {name} is sound") for name in names}
    page = pages["pier"]
    note = b"<p>Correction: An earlier version of this article misstated the number.</p></article>"
    later = [
        ("pier", page.replace(b"</article>", note), "200 OK"),
        ("pier", page, "200 OK"),
        ("quay", pages["quay"].replace(b"05:00:00Z", b"04:00:00Z"), "200 OK"),
        ("lock", b"gone", "404 Not Found"),
        ("dock", b"broken", "500 Internal Server Error"),
    ]
    for name, body, status in (*((name, body, "200 OK") for name, body in pages.items()), *later):
        records.append(build_record(f"{HOST}/2026/03/01/{name}.html", body, next(at), status))
    records.append(build_record(f"{HOST}/", front_page(names[::-1]), next(at)))
    records.append(build_record(f"{HOST}/feed.xml", NEWS_FEED.encode(), next(at)))
    (place / "told.warc.gz").write_bytes(b"".join(records))
    folder = place / "archive"
    with Archive.init(folder) as archive:
        archive.import_files([place / "told.warc.gz"])
    return folder


OTHER_LIES = {
    "label of links on a front page": ("UPDATE link_groups SET label = 'Latest'", "links[0].label is 'Latest'"),
    "text of a link": ("UPDATE links SET anchor = 'Read this' WHERE position = 1", "links[0].links[1].anchor"),
    "size of a link's box": ("UPDATE links SET box_size = '640x360' WHERE position = 1", "links[0].links[1].box_size"),
    "place of an article": ("UPDATE links SET position = position + 50 WHERE position = 1", "links[0].links[1].url"),
    "a front page that had nothing": ("DELETE FROM capture_groups", "links.length is 0"),
    "status of a front page": ("UPDATE captures SET status = 203 WHERE outcome = 'listing'", "status is 203"),
    "outcome of a feed": ("UPDATE captures SET outcome = 'other' WHERE outcome = 'feed'", "outcome is 'other'"),
    "status of a failed look": ("UPDATE captures SET status = 503 WHERE status = 500", "status is 503"),
    "outcome of a failed look": ("UPDATE captures SET outcome = 'gone' WHERE status = 500", "outcome is 'gone'"),
    "kind of a change": ("UPDATE changes SET kinds = 'typo' WHERE number = 2", "kinds[0] is 'typo'"),
    "notice of a change": ("UPDATE changes SET notice = 'silent' WHERE number = 2", "notice is 'silent'"),
    "time of a change": (
        "UPDATE changes SET seen_at = '2026-03-01 05:00:00' WHERE number = 2",
        "seen is 2026-03-01T05",
    ),
    "event": ("UPDATE changes SET event = 'moved' WHERE event = 'gone'", "event is 'moved'"),
    "changes that were deleted": ("DELETE FROM changes", "changes.length is 0"),
    "changed metadata": ("UPDATE metadata_changes SET old = '2026-01-01'", "metadata_changes[0][1] is '2026-01-01'"),
    "correction": ("UPDATE versions SET is_corrected = NOT is_corrected", "is_corrected is"),
    "current version": ("UPDATE versions SET is_current = NOT is_current WHERE article_id = 2", "is_current is"),
    "order of articles": ("UPDATE articles SET dated_at = '2020-01-01' WHERE id = 2", "dated_at is 2020"),
    "title of a site": ("UPDATE sites SET title = 'The Mast'", "title is 'The Mast'"),
    "name of a site": ("UPDATE sites SET name = 'mast.example'", "site is 'mast.example'"),
    "entries of a source": ("UPDATE sources SET entries = 99 WHERE kind = 'feed'", "entries is 99"),
}


@pytest.mark.slow
@pytest.mark.parametrize("lie", OTHER_LIES)
def test_deep_names_lies_about_anything_that_is_shown(
    lie: str, told: Path, tmp_path: Path, change_index: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listings, placements, failed looks, changes, sites, sources: with the value of the index and of the records."""
    monkeypatch.setattr(verify_statements, "MAX_FIELDS", 500)
    folder = tmp_path / "archive"
    shutil.copytree(told, folder)
    sql, expected = OTHER_LIES[lie]
    change_index(folder, "", sql)
    with Archive.open_to_read(folder) as archive:
        found = archive.verify(deep=True).statements
    assert found is not None
    assert any(expected in what and "by the records" in what for each in found.problems for what in each.what), lie


def test_deep_finds_an_honest_archive_of_all_kinds_honest(told: Path, newsarchive: Command) -> None:
    """Whatever pages, looks and changes it has, in the sample too."""
    for how in ((), ("--deep",)):
        done = newsarchive("verify", *how, "-A", told)
        assert (done.returncode, done.stderr) == (0, "")
        assert "6 of 6 articles compared with their records: no differences" in done.stdout
