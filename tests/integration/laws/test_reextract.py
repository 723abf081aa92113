"""Law 1 after an upgrade: reading again gives the same index as a rebuild."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from newsarchive.archive import Archive
from newsarchive.config.toml_file import load_config
from newsarchive.ingest.index_warcs import WarcRange, index_warcs
from newsarchive.ingest.originals import ArchivedOriginals
from newsarchive.ingest.pipeline import Batching, Ingestor
from newsarchive.ingest.tasks import ReadingTask
from newsarchive.locks.site_locks import lock_sites_locally
from newsarchive.maintenance.rebuild import transfer_archive_index
from newsarchive.reader_pool.read_page import read_task
from storage.index.queries.articles import iter_captures
from storage.index.queries.export import iter_export_lines
from storage.model import Article, LinkKind, Outcome, Reading

pytestmark = pytest.mark.slow
"""Each builds, reads again and rebuilds an archive."""

HOUR = timedelta(hours=1)
Dump = Callable[..., dict[str, list[str]]]
Difference = Callable[[dict[str, list[str]], dict[str, list[str]]], dict[str, tuple[set[str], set[str]]]]


class OldReaders:
    """Reads pages as an older version might have: worse in every way that an index can tell."""

    def submit(self, task: ReadingTask) -> Future[Reading]:
        """Read at once."""
        future: Future[Reading] = Future()
        future.set_result(_worse(read_task((task, 10_000_000)), task.url))
        return future


def _worse(reading: Reading, url: str) -> Reading:
    reading = replace(reading, extractor="0")
    article = reading.article
    chance = sum(url.encode()) % 7
    if article is None:
        if reading.outcome is Outcome.LISTING and chance % 2:
            return replace(reading, outcome=Outcome.OTHER, link_groups=reading.link_groups[:1])
        return reading
    if chance == 0:
        return replace(reading, outcome=Outcome.OTHER, article=None, link_groups=article.link_groups)
    if chance == 1:
        return replace(reading, outcome=Outcome.UNREADABLE, article=None, title=None)
    return replace(reading, article=_worse_article(article, chance))


def _worse_article(article: Article, chance: int) -> Article:
    changes: tuple[dict[str, Any], ...] = (
        {"canonical_url": re.sub(r"[^/]*$", "", article.canonical_url)},  # all of a folder are one article
        {
            "headline": f"{article.headline} | The Lantern",
            "paragraphs": article.paragraphs[len(article.paragraphs) // 2 :],
        },
        {
            "dek": article.paragraphs[0].text if article.paragraphs else None,
            "authors": ("By " + " and ".join(article.authors),),
        },
        {"link_groups": tuple(group for group in article.link_groups if group.kind is not LinkKind.RELATED)},
        {"published": None, "tags": (), "section": "News", "language": None, "image": None},
    )
    return replace(article, **changes[chance % len(changes)])


def make_old(folder: Path) -> None:
    """Fill the index anew as the older version would have."""
    with Archive.open(folder) as archive:
        archive.index.reset()
        ingestor = Ingestor(
            archive.index,
            OldReaders(),
            plan=archive.plan(),
            originals=ArchivedOriginals(archive.index, archive.places),
            batching=Batching(max_captures=20),
        )
        try:
            stretches = [WarcRange(file=file) for file in archive.places.files()]
            index_warcs(stretches, archive.places, ingestor)
        finally:
            ingestor.close()


def rows(folder: Path, dump: Dump) -> dict[str, list[str]]:
    """All rows of an archive's index that its WARC files decide."""
    with Archive.open(folder) as archive:
        return dump(archive.index, waiting=False)


@pytest.fixture
def rig(crawled: Any, index_url: str, tmp_path: Path) -> Any:
    """A copy of an archive of two crawls, on each database."""
    copied = crawled.copy(tmp_path / "archive")
    if index_url:
        transfer_archive_index(load_config(copied.folder), index_url, switch=True)
    return copied


def test_reextract_and_rebuild_give_the_same_index(rig: Any, dump: Dump, different: Difference) -> None:
    """Row for row: articles that were taken for others, for two, for none; their words, links, dates and search."""
    new, lines = rows(rig.folder, dump), rig.lines()
    make_old(rig.folder)
    assert different(new, rows(rig.folder, dump)).keys() > {"versions", "articles", "captures", "link_groups"}
    assert rig.lines() != lines
    done = rig.run("reextract")
    assert done.returncode == 0, done.stderr
    assert different(new, rows(rig.folder, dump)) == {}
    assert rig.lines() == lines
    assert rig.run("reextract").stdout == "0 captures extracted: nothing changed\n"
    assert rig.run("rebuild").returncode == 0
    assert different(new, rows(rig.folder, dump)) == {}


def test_a_dry_run_reports_changes_and_makes_none(rig: Any, dump: Dump, different: Difference) -> None:
    """The same numbers as the run itself tells, and until then every row as it was."""
    make_old(rig.folder)
    old = rows(rig.folder, dump)
    said = json.loads(rig.run("reextract", "--dry-run", "--json", "--show", "3").stdout)
    assert different(old, rows(rig.folder, dump)) == {}
    done = json.loads(rig.run("reextract", "--json", "--show", "3").stdout)
    assert said["dry_run"]
    assert not done["dry_run"]
    for name in ("captures", "pages", "taken", "problems"):
        assert said[name] == done[name]
    assert said["captures"] > 72
    assert {"new", "headline", "body", "links", "authors", "published"} <= said["articles"].keys()
    assert len(said["named"]) == 3
    assert said["pages"].keys() >= {"other -> article", "unreadable -> article"}


def test_an_import_killed_repeatedly_gives_the_same_archive(rig: Any, dump: Dump, different: Difference) -> None:
    """After SIGKILL between and within transactions the next run resumes, and the rows equal those of a rebuild."""
    new = rows(rig.folder, dump)
    make_old(rig.folder)
    for number in range(8):
        again = subprocess.Popen(
            rig.command("reextract", "--readers", "1"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(0.6 + 0.15 * number)
        again.kill()
        again.wait()
    done = rig.run("reextract")
    assert done.returncode == 0, done.stderr
    assert different(new, rows(rig.folder, dump)) == {}


def test_nothing_is_reread_during_a_crawl(crawled: Any, tmp_path: Path) -> None:
    """Exit 75 while a site is locked, without any change; exit 4 for an unknown site."""
    rig = crawled.copy(tmp_path / "archive")
    make_old(rig.folder)
    with Archive.open(rig.folder) as archive:
        before = list(archive.index.stream(iter_export_lines))
        with lock_sites_locally(rig.folder / "locks", ["lantern"], archive.now()):
            done = rig.run("reextract")
        assert done.returncode == 75
        assert "lantern is being crawled" in done.stderr
        assert list(archive.index.stream(iter_export_lines)) == before
    assert rig.run("reextract", "latern").returncode == 4


def test_a_changed_part_is_reread(crawled: Any, tmp_path: Path) -> None:
    """Only captures of the given time, with the others of their articles; the rest waits for another run."""
    rig = crawled.copy(tmp_path / "archive")
    make_old(rig.folder)
    with Archive.open(rig.folder) as archive:
        moments = sorted(capture.fetched_at for capture in archive.index.stream(iter_captures))
        later = next(at for at in moments if at > moments[0] + HOUR / 2)
    first = json.loads(rig.run("reextract", "--since", later.isoformat(), "--json").stdout)
    rest = json.loads(rig.run("reextract", "lantern", "--json").stdout)
    assert first["captures"] > 0
    assert rest["captures"] > 0
    assert rig.run("reextract").stdout == "0 captures extracted: nothing changed\n"


def test_new_layouts_apply_from_the_next_run(crawled: Any, tmp_path: Path, dump: Dump, different: Difference) -> None:
    """Changed layouts of a site count as another extractor version: its pages are read again once, as in a rebuild."""
    rig = replace(crawled.once, folder=shutil.copytree(crawled.once.folder, tmp_path / "archive"))
    settings = rig.folder / "newsarchive.toml"
    settings.write_text(settings.read_text() + '\n[[site.layout]]\nsection = "h1"\n')
    said = json.loads(rig.run("reextract", "--json").stdout)
    assert said["captures"] > 72
    assert said["articles"] == {"section": said["changed"]}
    assert said["changed"] > 60
    assert rig.run("reextract").stdout == "0 captures extracted: nothing changed\n"
    again = rows(rig.folder, dump)
    assert rig.run("rebuild").returncode == 0
    assert different(again, rows(rig.folder, dump)) == {}
