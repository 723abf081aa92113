"""`verify` compares what the index says with what the records hold: a lie in the index is found."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive

LIES = {
    "headline": "UPDATE versions SET headline = 'Harbour council resigns' WHERE id = 2",
    "a paragraph's text": "UPDATE paragraphs SET text = 'Nobody said anything.' WHERE id = 3",
    "the order of paragraphs": "UPDATE version_paragraphs SET role = 'quote' WHERE version_id = 3 AND position = 2",
    "publication date": "UPDATE versions SET published_at = '2026-02-28 05:00:00.000000' WHERE id = 1",
    "author": "UPDATE authors SET name = 'Ben Ash'",
    "section": "UPDATE versions SET section = NULL WHERE id = 4",
    "time of a capture": "UPDATE captures SET fetched_at = '2026-03-01 09:00:00.000000' WHERE id = 1",
    "status of a capture": "UPDATE captures SET status = 404 WHERE id = 2",
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
    assert [(each.article_id, each.url) for each in deep.problems] == [
        (None, "https://harbour.example/2026/03/01/pier.html")
    ]


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
