"""A record that is in two files is one capture, with the facts of the file that the crawl wrote (law 1)."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive
from storage.index.queries.articles import iter_captures
from storage.index.views.articles import ALL_CAPTURES


def read_facts(rig: Any) -> list[tuple[Any, ...]]:
    """Each capture with what its file says of it."""
    with Archive.open_to_read(rig.folder) as archive:
        found = archive.index.stream(iter_captures, ALL_CAPTURES)
        return sorted(
            (each.record_id, each.crawl or "", each.place.warc, each.place.offset, each.outcome, each.site)
            for each in found
        )


def require_honest(rig: Any, *options: str) -> str:
    """Check that `verify` finds nothing false; return what it says beside."""
    done = rig.run("verify", "--notes", *options)
    assert done.returncode == 0, done.stderr
    assert "compared with their records: no differences" in done.stdout
    return str(done.stderr)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def index_url(request: pytest.FixtureRequest) -> str:
    """The `index` setting for each database."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def rig(build: Callable[..., Any], index_url: str) -> Any:
    """A small archive after one crawl, on each database."""
    made = build(index=index_url)
    made.crawl(None, "--max-pages", "30")
    return made


@pytest.fixture
def copy(rig: Any, tmp_path: Path) -> Path:
    """A WACZ of all its records."""
    file = tmp_path / "older.wacz"
    assert rig.run("export", "--format", "wacz", "-o", str(file)).returncode == 0
    return file


@pytest.mark.slow
def test_a_copy_of_a_crawls_records_changes_nothing(rig: Any, copy: Path) -> None:
    """Imported into the same archive it is named by `verify`, which finds nothing false, before and after a rebuild."""
    facts, lines = read_facts(rig), rig.lines()
    assert all(crawl for _, crawl, *_ in facts)
    assert rig.run("import", str(copy)).returncode == 0
    assert (read_facts(rig), rig.lines()) == (facts, lines)
    notes = require_honest(rig)
    assert notes.count("(not damage) the same record as in newsarchive-") == len(facts)
    assert rig.run("rebuild").returncode == 0
    assert (read_facts(rig), rig.lines()) == (facts, lines)
    require_honest(rig, "--deep")


@pytest.mark.slow
def test_the_crawls_file_takes_the_place_of_its_copy_whenever_it_comes(rig: Any, copy: Path, tmp_path: Path) -> None:
    """While it is missing the copy stands; once it is back, its facts are those that it had."""
    facts, lines = read_facts(rig), rig.lines()
    assert rig.run("import", str(copy)).returncode == 0
    away = [
        Path(shutil.move(path, tmp_path / path.name)) for path in rig.warcs() if path.name.startswith("newsarchive")
    ]
    assert rig.run("rebuild", "--forget").returncode == 0
    without = read_facts(rig)
    assert [each[0] for each in without] == [each[0] for each in facts]
    assert all(not crawl and warc.startswith("import-older") for _, crawl, warc, *_ in without)
    assert "no differences" in rig.run("verify").stdout
    for path in away:
        shutil.move(path, rig.folder / "warc" / path.name)
    with Archive.open(rig.folder) as archive, archive.ingestor() as ingestor:
        archive.recover(ingestor)
    assert (read_facts(rig), rig.lines()) == (facts, lines)
    require_honest(rig, "--deep")
